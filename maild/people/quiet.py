"""When an agent wants to be left alone: his quiet hours. What waits meanwhile, and where, is decided elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Quiet:
    """A part of each day by the clock on the wall, its end left out; one that ends before it begins lasts overnight."""

    begins: time
    ends: time

    @classmethod
    def parse(cls, text: str) -> Quiet:
        """Read "20:00-08:00"; ValueError where it is something else, or the whole day."""
        found = _SPAN.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no part of a day such as 20:00-08:00")
        begins, ends = time(int(found[1]), int(found[2])), time(int(found[3] or 0), int(found[4] or 0))
        if begins == ends:
            raise ValueError(f"{text!r} is the whole day: nobody would ever be told anything")
        return cls(begins=begins, ends=ends)

    def end_after(self, local: datetime) -> datetime | None:
        """When it ends next, if it holds at this local time."""
        clock = local.time()
        overnight = self.ends <= self.begins
        holds = clock >= self.begins or clock < self.ends if overnight else self.begins <= clock < self.ends
        if not holds:
            return None
        day = local.date() + timedelta(days=1 if overnight and clock >= self.begins else 0)
        return datetime.combine(day, self.ends, tzinfo=local.tzinfo)


def quiet_until(spans: tuple[Quiet, ...], timezone: str, at: datetime) -> datetime | None:
    """Until when (UTC) it is quiet at this moment; None where it is not. Spans that touch are one.

    Where they leave no part of the day, a day is the most that anything waits.
    """
    zone, until = ZoneInfo(timezone), at
    while until < at + timedelta(days=1):
        local = until.astimezone(zone)
        ends = [end for span in spans if (end := span.end_after(local)) is not None]
        # An hour that the clocks leave out, or go through twice, must not bring an end that is not later.
        later = max((end.astimezone(UTC) for end in ends), default=until)
        if later <= until:
            break
        until = later
    return until if until > at else None
