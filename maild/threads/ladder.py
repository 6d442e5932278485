"""The ladders that stop what loops: only so many automatic letters to one address, about one ticket and over all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

Rungs = Sequence[tuple[timedelta, int]]


def _rungs(*pairs: tuple[int, int]) -> tuple[tuple[timedelta, int], ...]:
    return tuple((timedelta(minutes=minutes), letters) for minutes, letters in pairs)


RUNGS = _rungs((10, 10), (30, 15), (60, 25), (180, 50), (600, 100))
"""About one ticket: within each of these times at most so many letters."""
WIDE_RUNGS = _rungs((10, 60), (30, 120), (60, 180), (180, 300), (600, 500))
"""Letters of one kind over all tickets: more than a person can cause by hand."""
LONGEST = RUNGS[-1][0]


def full(sent: Sequence[datetime], now: datetime, rungs: Rungs = RUNGS) -> str | None:
    """Which rung is full, in words; None where another letter may go. `sent` are the times of those before."""
    for time, letters in rungs:
        if sum(at > now - time for at in sent) >= letters:
            return f"{letters} letters within {int(time.total_seconds() // 60)} minutes"
    return None
