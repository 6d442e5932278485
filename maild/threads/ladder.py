"""The ladder that stops what loops: only so many automatic letters to one address about one ticket."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

RUNGS = tuple(
    (timedelta(minutes=minutes), letters) for minutes, letters in ((10, 10), (30, 15), (60, 25), (180, 50), (600, 100))
)
"""Within each of these times at most so many letters."""
LONGEST = RUNGS[-1][0]


def full(sent: Sequence[datetime], now: datetime) -> str | None:
    """Which rung is full, in words; None where another letter may go. `sent` are the times of those before."""
    for time, letters in RUNGS:
        if sum(at > now - time for at in sent) >= letters:
            return f"{letters} letters within {int(time.total_seconds() // 60)} minutes"
    return None
