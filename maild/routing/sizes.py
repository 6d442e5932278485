"""Sizes of mails as people write them, and plain words for them again."""

from __future__ import annotations

import re

_UNITS = {"": 1, "B": 1, "KB": 1000, "MB": 1000**2, "GB": 1000**3}
_SIZE = re.compile(r"(\d{1,12})\s?(B|KB|MB|GB)?", re.ASCII | re.IGNORECASE)


def parse_size(text: str) -> int:
    """Read "500KB" or "25MB" as bytes; a kB is 1000 bytes, as disks and mail servers count. ValueError for else."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f'{text!r} is no size such as "500KB" or "25MB"')
    return int(found[1]) * _UNITS[(found[2] or "").upper()]


def size_text(size: int) -> str:
    """A number of bytes in the largest unit that leaves nothing over."""
    for unit in ("GB", "MB", "KB"):
        if size and size % _UNITS[unit] == 0:
            return f"{size // _UNITS[unit]}{unit}"
    return f"{size}B"
