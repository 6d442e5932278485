"""Durations as people write them, and as they are said. Which ones are allowed is known to those who ask for them."""

from __future__ import annotations

import re
from datetime import timedelta

_DURATION = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?", re.ASCII)


def parse_duration(text: str) -> timedelta:
    """Read "90s", "30m", "4h", "2d" or "1h30m"; a day is 24 hours. ValueError where it is something else."""
    found = _DURATION.fullmatch(text)
    if not text or found is None:
        raise ValueError(f"{text!r} is no duration such as 90s, 30m, 4h, 2d or 1h30m")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def duration_text(value: timedelta, language: str = "en") -> str:
    """A duration as people write it, to the second and in hours at most: "40h", "1h30m", "0s"; in Russian "1 ч 30 мин".

    Only the English one can be read again.
    """
    seconds = value // timedelta(seconds=1)
    units, between = ((" ч", " мин", " с"), " ") if language == "ru" else (("h", "m", "s"), "")
    numbers = (seconds // 3600, seconds % 3600 // 60, seconds % 60)
    return between.join(f"{n}{unit}" for n, unit in zip(numbers, units, strict=True) if n) or f"0{units[2]}"
