"""The time between `--since` and `--until`, as verbs that look back take it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from maild.cli.output import time_of
from maild.errors import UsageError
from maild.threads.periods import Period


def period_of(since: str | None, until: str | None, now: datetime, zone: ZoneInfo, usual: timedelta) -> Period:
    """What was given; else it ends now, and begins so long before its end. Raises UsageError."""
    end = _time(until, zone) if until else now
    period = Period(since=_time(since, zone) if since else end - usual, until=end)
    if period.since >= period.until:
        raise UsageError("the time ends before it begins: --since has to be earlier than --until")
    return period


def _time(text: str, zone: ZoneInfo) -> datetime:
    """A time, in the desk's zone where it names none; a day alone is its first moment. Raises UsageError."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return time_of(text)
    return found.astimezone(UTC) if found.tzinfo is not None else found.replace(tzinfo=zone).astimezone(UTC)
