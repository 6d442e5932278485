"""Stretches of time that figures are asked for: "week", "last month", "прошлый месяц", "2026-11-01 2026-12-01".

Pure. A span is what was said; it becomes a period, with a beginning and an end, once the present is known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """From `since` (within) until `until` (without), both aware."""

    since: datetime
    until: datetime

    def holds(self, at: datetime | None) -> bool:
        """Whether a moment is in it."""
        return at is not None and self.since <= at < self.until


@dataclass(frozen=True, kw_only=True, slots=True)
class Weekly:
    """Who gets it, on which day of the week (0 is Monday), from which hour on by the desk's clock."""

    to: tuple[str, ...] = ()
    weekday: int = 0
    hour: int = 8

    def due(self, now: datetime, zone: ZoneInfo) -> datetime:
        """The last moment at which it was due, in UTC."""
        local = now.astimezone(zone)
        day = local.date() - timedelta(days=(local.weekday() - self.weekday) % 7)
        moment = datetime.combine(day, time(self.hour), zone)
        if moment > local:
            moment = datetime.combine(day - timedelta(days=7), time(self.hour), zone)
        return moment.astimezone(UTC)


def week_before(moment: datetime, zone: ZoneInfo) -> Period:
    """The seven whole days before the day of a moment, by the desk's clock."""
    day = moment.astimezone(zone).date()
    since, until = (datetime.combine(d, time(), zone).astimezone(UTC) for d in (day - timedelta(days=7), day))
    return Period(since=since, until=until)


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """What was asked for: a name of the table below, or whole days from `first` to `last`, both within."""

    name: str = "week"
    first: date | None = None
    last: date | None = None

    def period(self, now: datetime, timezone: str) -> Period:
        """The period that is meant at this moment, by the days of a time zone."""
        zone = ZoneInfo(timezone)
        today = now.astimezone(zone).date()
        if self.first is not None:
            last = self.last if self.last is not None else today
            return Period(since=_midnight(self.first, zone), until=_midnight(last + timedelta(days=1), zone))
        if (days := _BACK.get(self.name)) is not None:
            return Period(since=now - timedelta(days=days), until=now)
        first, end = _calendar(self.name, today)
        return Period(since=_midnight(first, zone), until=min(_midnight(end, zone), now))


_BACK = {"week": 7, "month": 30, "year": 365}
_WORDS = {
    word: name
    for name, words in {
        "today": "today day сегодня день сутки",
        "yesterday": "yesterday вчера",
        "week": "week неделя неделю неделе",
        "month": "month месяц",
        "year": "year год",
        "this_week": "this_week эта_неделя эту_неделю этой_неделе",
        "this_month": "this_month этот_месяц этом_месяце",
        "last_week": "last_week прошлая_неделя прошлую_неделю прошлой_неделе",
        "last_month": "last_month прошлый_месяц прошлом_месяце",
    }.items()
    for word in words.split()
}
_FILLERS = frozenset({"for", "the", "of", "за", "на", "в", "с", "по", "from", "to", "since", "until", "-", "—", "–"})
_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})\.(\d{1,2})\.(\d{4})")


def read_span(text: str) -> tuple[Span, str]:
    """The span that the first words name (a week where none do), and the words behind it."""
    words = [w for w in text.split() if w.casefold() not in _FILLERS]
    for count in (2, 1):
        name = _WORDS.get("_".join(words[:count]).casefold().replace("ё", "е")) if len(words) >= count else None
        if name is not None:
            return Span(name=name), " ".join(words[count:])
    first = _day(words[0]) if words else None
    if first is None:
        return Span(), " ".join(words)
    last = _day(words[1]) if len(words) > 1 else None
    return Span(name="days", first=first, last=last), " ".join(words[1 if last is None else 2 :])


def _day(word: str) -> date | None:
    found = _DAY.fullmatch(word)
    if found is None:
        return None
    numbers = found.group(1, 2, 3) if found[1] else found.group(6, 5, 4)
    try:
        return date(*(int(n) for n in numbers))
    except ValueError:
        return None


def _calendar(name: str, today: date) -> tuple[date, date]:
    """The first day, and the first that is not within any more."""
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    return {
        "today": (today, today + timedelta(days=1)),
        "yesterday": (today - timedelta(days=1), today),
        "this_week": (monday, today + timedelta(days=1)),
        "last_week": (monday - timedelta(days=7), monday),
        "this_month": (first, today + timedelta(days=1)),
        "last_month": ((first - timedelta(days=1)).replace(day=1), first),
    }[name]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
