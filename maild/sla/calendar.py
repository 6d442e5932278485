"""Business time: when a desk is open, and how much working time lies between two moments.

A calendar is written in wall-clock time of its zone and counted in real elapsed time: a night shift on the day of the
change to summer time is an hour shorter. What is promised in that time, and to whom, is not known here.

Every day belongs to a week, and each week is worked out once: its open intervals as whole microseconds since 1970 and
their sum. Far moments are reached by leaping over whole weeks.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate, count, pairwise
from zoneinfo import ZoneInfo

from maild.sla.closures import ClosedDays
from maild.sla.daysoff import days_off

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_MIDNIGHT = time(0, 0)
_SPAN = re.compile(r"\s*(?P<start>([01]\d|2[0-3]):[0-5]\d)\s*-\s*(?P<end>([01]\d|2[0-3]):[0-5]\d|24:00)\s*", re.ASCII)
_WEEKS_KEPT = 4000
_WEEKS_IDLE = 530
"""A calendar with no working time for ten years will never have any."""


@dataclass(frozen=True, slots=True)
class Span:
    """A part of one day in wall-clock time, its end left out. An end of 00:00 is the end of the day, written 24:00."""

    start: time
    end: time

    def __post_init__(self) -> None:
        if self.end != _MIDNIGHT and self.end <= self.start:
            raise ValueError(f"{self} ends before it starts: a night shift is two spans, up to 24:00 and from 00:00")

    @classmethod
    def parse(cls, text: str) -> Span:
        """Read "09:00-13:00"; ValueError where it is something else."""
        found = _SPAN.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no span of a day such as 09:00-13:00 or 14:00-24:00")
        return cls(time.fromisoformat(found["start"]), _MIDNIGHT if found["end"] == "24:00" else _end(found["end"]))

    def overlaps(self, other: Span) -> bool:
        """Whether some time is in both."""
        ends = (self.end == _MIDNIGHT or other.start < self.end, other.end == _MIDNIGHT or self.start < other.end)
        return all(ends)

    def __str__(self) -> str:
        end = "24:00" if self.end == _MIDNIGHT else f"{self.end:%H:%M}"
        return f"{self.start:%H:%M}-{end}"


def _end(text: str) -> time:
    end = time.fromisoformat(text)
    if end == _MIDNIGHT:
        raise ValueError("a span cannot end at 00:00: the end of a day is written 24:00")
    return end


WHOLE_DAY = (Span(_MIDNIGHT, _MIDNIGHT),)


@dataclass(frozen=True, slots=True)
class _Week:
    """The open intervals of one week and, beside each, how much was open before it in that week."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    before: tuple[int, ...]
    total: int

    @classmethod
    def of(cls, spans: Iterable[tuple[int, int]]) -> _Week:
        merged: list[list[int]] = []
        for start, end in sorted(spans):
            if merged and start <= merged[-1][1]:
                merged[-1][1] = max(merged[-1][1], end)
            else:
                merged.append([start, end])
        sums = list(accumulate((end - start for start, end in merged), initial=0))
        return cls(tuple(m[0] for m in merged), tuple(m[1] for m in merged), tuple(sums[:-1]), sums[-1])

    def passed(self, at: int) -> int:
        """Working time of this week that lies before a moment."""
        last = bisect_right(self.starts, at) - 1
        return 0 if last < 0 else self.before[last] + min(at, self.ends[last]) - self.starts[last]

    def reach(self, worked: int) -> int:
        """The first moment at which so much of this week's working time (above zero) has passed."""
        index = bisect_right(self.before, worked - 1) - 1
        return self.starts[index] + worked - self.before[index]


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """When work is done. `hours` maps a weekday (0 is Monday) to its spans; None is every day, around the clock.

    What a day has is decided by the first of: `extra` (spans of that very date), `closed` and `imported` (none), a
    worked day of a weekend in the country `holidays` (the hours of the last weekday before it that has any), a day off
    there (none), `hours`. `holidays` is an ISO 3166 code such as "RU" or "DE-BY", `imported` what iCalendar files
    close. ZoneInfoNotFoundError for an unknown time zone.
    """

    name: str
    timezone: str
    hours: Mapping[int, tuple[Span, ...]] | None
    holidays: str | None = None
    closed: frozenset[date] = frozenset()
    extra: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)
    imported: tuple[ClosedDays, ...] = ()
    _zone: ZoneInfo = field(init=False, repr=False, compare=False)
    _weeks: dict[int, _Week] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_zone", ZoneInfo(self.timezone))

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which the hours are written."""
        return self._zone

    @property
    def weekly(self) -> timedelta:
        """The working time of a week that has no holidays and no change of the clock."""
        plain = Calendar(name=self.name, timezone="UTC", hours=self.hours)
        return plain.between(_EPOCH, _EPOCH + timedelta(weeks=1))

    def add(self, start: datetime, work: timedelta) -> datetime:
        """The first moment, in UTC, at which so much working time has passed since `start`.

        ValueError for a time without a zone, for less than no work, and for a calendar that never opens again.
        """
        left, at = work // _TICK, _ticks(start)
        if left < 0:
            raise ValueError("working time is counted forwards only")
        if left == 0:
            return start.astimezone(UTC)
        idle = 0
        for number in count(self._week_number(start)):
            week = self._week(number)
            passed = week.passed(at)
            held = week.total - passed
            if held >= left:
                return _moment(week.reach(passed + left))
            left -= held
            idle = 0 if held else idle + 1
            if idle > _WEEKS_IDLE:
                break
        raise ValueError(f"the calendar {self.name!r} never opens again after {start.isoformat()}")

    def between(self, a: datetime, b: datetime) -> timedelta:
        """Working time from `a` to `b`; none where `b` is not later. ValueError for a time without a zone."""
        start, end = _ticks(a), _ticks(b)
        if end <= start:
            return timedelta(0)
        weeks = (self._week(n) for n in range(self._week_number(a), self._week_number(b) + 1))
        return timedelta(microseconds=sum(week.passed(end) - week.passed(start) for week in weeks))

    def spans_between(self, a: datetime, b: datetime) -> tuple[tuple[datetime, datetime], ...]:
        """The open intervals from `a` to `b` in UTC, for showing how a time was counted."""
        found: list[tuple[datetime, datetime]] = []
        for start, end in self._open_between(_ticks(a), _ticks(b), self._week_number(a), self._week_number(b)):
            if found and found[-1][1] == _moment(start):
                found[-1] = (found[-1][0], _moment(end))
            else:
                found.append((_moment(start), _moment(end)))
        return tuple(found)

    def is_open(self, at: datetime) -> bool:
        """Whether work is done at that moment."""
        return self.next_open(at) == at

    def next_open(self, at: datetime) -> datetime:
        """`at` itself while it is open, else the moment of the next opening, in UTC; ValueError where none comes."""
        # One tick of work ends one tick behind the moment at which it could begin.
        return self.add(at, _TICK) - _TICK

    def _open_between(self, start: int, end: int, first: int, last: int) -> Iterator[tuple[int, int]]:
        for number in range(first, last + 1):
            week = self._week(number)
            for opens, closes in zip(week.starts, week.ends, strict=True):
                if max(opens, start) < min(closes, end):
                    yield max(opens, start), min(closes, end)

    def _week_number(self, at: datetime) -> int:
        """Weeks since the first Monday there is (0001-01-01 was one), by the date in our zone."""
        return (at.astimezone(self._zone).toordinal() - 1) // 7

    def _week(self, number: int) -> _Week:
        week = self._weeks.get(number)
        if week is None:
            if len(self._weeks) >= _WEEKS_KEPT:
                self._weeks.clear()
            week = self._weeks[number] = _Week.of(self._spans_of_week(number))
        return week

    def _spans_of_week(self, number: int) -> Iterator[tuple[int, int]]:
        days = [date.fromordinal(number * 7 + 1 + n) for n in range(8)]
        for today, tomorrow in pairwise(days):
            for span in self._hours_of(today):
                end = self._instant(tomorrow if span.end == _MIDNIGHT else today, span.end)
                yield self._instant(today, span.start), end

    def _hours_of(self, day: date) -> tuple[Span, ...]:
        if day in self.extra:
            return self.extra[day]
        if day in self.closed or any(day in file for file in self.imported):
            return ()
        if self.holidays is not None:
            known = days_off(self.holidays, day.year)
            if day in known.worked:
                return self._weekday_hours()
            if day in known.off:
                return ()
        return WHOLE_DAY if self.hours is None else self.hours.get(day.weekday(), ())

    def _weekday_hours(self) -> tuple[Span, ...]:
        """What a worked Saturday or Sunday has: the hours of the last day from Monday to Friday that has any."""
        if self.hours is None:
            return WHOLE_DAY
        return next((self.hours[day] for day in (4, 3, 2, 1, 0) if self.hours.get(day)), ())

    def _instant(self, day: date, at: time) -> int:
        """When the wall clock first shows this time or, where the time is leapt over, the moment of the leap."""
        wall = datetime.combine(day, at, tzinfo=self._zone)
        moment = wall.astimezone(UTC)
        if moment.astimezone(self._zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
            return _ticks(moment)
        return self._leap(wall)

    def _leap(self, wall: datetime) -> int:
        """Where clocks go forward over this time: read by the rule after the leap it lies before it, and vice versa."""
        low, high = (_ticks(wall.replace(fold=fold)) for fold in (1, 0))
        while high - low > 1:
            middle = (low + high) // 2
            shown = _moment(middle).astimezone(self._zone).replace(tzinfo=None)
            low, high = (middle, high) if shown < wall.replace(tzinfo=None) else (low, middle)
        return high


def _ticks(at: datetime) -> int:
    if at.tzinfo is None:
        raise ValueError("a time without a zone means nothing here")
    return (at - _EPOCH) // _TICK


def _moment(ticks: int) -> datetime:
    return _EPOCH + timedelta(microseconds=ticks)
