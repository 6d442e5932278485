"""Closed days out of iCalendar files (RFC 5545): the only door to `dateutil`, imported when a day repeats.

Whole days alone close anything: an event with a time of day is told as a doubt and left out. Events that are cancelled
(STATUS), or do not take up time (TRANSP), close nothing either. Lines are read here and not by a package, since every
mistake is told with its line, and a package's start would be paid with each mail that comes by a pipe.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dateutil.rrule import rrule

_LINE = re.compile(r'([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=(?:"[^"]*"|[^";:])*)*):(.*)', re.DOTALL)
_DAY = re.compile(r"(\d{4})(\d\d)(\d\d)(T000000)?", re.ASCII)
_TIMED = re.compile(r"\d{8}T\d{6}Z?", re.ASCII)
_LENGTH = re.compile(r"\+?P(?:(\d{1,4})W|(\d{1,5})D)(?:T0[HMS])?", re.ASCII)
_UNTIL = re.compile(r"(UNTIL=\d{8})T\d{6}Z?", re.ASCII | re.IGNORECASE)
_REPEATS = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY")
_PARTS = frozenset(
    (
        "FREQ",
        "UNTIL",
        "COUNT",
        "INTERVAL",
        "WKST",
        "BYMONTH",
        "BYMONTHDAY",
        "BYYEARDAY",
        "BYWEEKNO",
        "BYDAY",
        "BYSETPOS",
    )
)
"""What whole days repeat by (RFC 5545, 3.3.10); hours make many occurrences of one day."""
_LOOKED_AT = ("_bymonth", "_bymonthday", "_bynmonthday", "_byyearday", "_byweekday", "_byweekno")
_MOST_LOOKS = 400 * 366
"""After so many days the calendar begins anew, so a rule that has met none of them never will."""
_MOST_DAYS, _MOST_SERIES = 200_000, 2_000
"""Of one file: some hundred years of them, and more than any calendar that people keep."""
_LONGEST = 3660
_LAST_YEAR = 9900
_ONE_DAY = timedelta(days=1)


class Doubt(NamedTuple):
    """What is wrong with a file (`fatal`), or hardly meant: the line, the words, what to do."""

    line: int
    message: str
    hint: str = ""
    fatal: bool = True


class _WrongError(ValueError):
    """A line that cannot be used."""

    def __init__(self, line: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.doubt = Doubt(line, message, hint)


class _NeverError(ValueError):
    """A rule that no day fits."""


class _Patient(tuple[object, ...]):
    """What days are held against, as long as one of them may still fit: the package would try until the year 9999."""

    looks = 0

    def __contains__(self, one: object) -> bool:
        self.looks += 1
        if self.looks > _MOST_LOOKS:
            raise _NeverError("no day fits it")
        return super().__contains__(one)


@dataclass(frozen=True, kw_only=True)
class Series:
    """Days that come again by a rule, `days` of them in a row, but for those occurrences that are left out."""

    rule: str
    start: date
    days: int
    without: frozenset[date] = frozenset()

    @cached_property
    def _rule(self) -> rrule:
        from dateutil.rrule import rrule, rrulestr

        found = rrulestr(self.rule, dtstart=_midnight(self.start))
        assert isinstance(found, rrule)
        return found

    def _occurrences(self, since: datetime, last: datetime) -> list[datetime]:
        """Those of a time. Raises _NeverError."""
        for name in _LOOKED_AT:
            if values := getattr(self._rule, name):
                setattr(self._rule, name, _Patient(values))
        return list(self._rule.between(since, last, inc=True))

    def days_in(self, year: int) -> Iterator[date]:
        """The days of one year that it closes."""
        first, last = date(year, 1, 1), date(year, 12, 31)
        # What began before New Year may reach over it.
        since = max(first.toordinal() - self.days, 1)
        for at in self._occurrences(_midnight(date.fromordinal(since)), _midnight(last)):
            if at.date() not in self.without:
                began = max(at.date(), first)
                ends = min(at.date() + (self.days - 1) * _ONE_DAY, last)
                yield from _row(began, (ends - began).days + 1)


@dataclass(frozen=True, kw_only=True)
class ClosedDays:
    """The days that one file closes: single ones, and series that are worked out a year at a time."""

    single: frozenset[date] = frozenset()
    series: tuple[Series, ...] = ()
    _years: dict[int, frozenset[date]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __contains__(self, day: date) -> bool:
        return day in self.single or (bool(self.series) and day in self._in_year(day.year))

    def _in_year(self, year: int) -> frozenset[date]:
        if year not in self._years:
            found = set[date]()
            for series in self.series:
                with suppress(_NeverError):  # none comes any more
                    found.update(series.days_in(year))
            self._years[year] = frozenset(found)
        return self._years[year]


class _Property(NamedTuple):
    line: int
    value: str


_Event = dict[str, list[_Property]]


def read_closed_days(text: str) -> tuple[ClosedDays, list[Doubt]]:
    """The closed days of an iCalendar file as far as it can be read, and everything that is wrong with it."""
    doubts: list[Doubt] = []
    try:
        events = list(_events(_content_lines(text)))
    except _WrongError as error:
        return ClosedDays(), [error.doubt]
    moved = _moved(events)
    single, series = set[date](), list[Series]()
    days = 0
    for event in events:
        try:
            for found in _closed_by(event, moved, doubts):
                days += 0 if found.rule else found.days
                if days > _MOST_DAYS or len(series) >= _MOST_SERIES:
                    doubts.append(Doubt(_first_line(event), "this file closes more days than anybody can mean"))
                    return ClosedDays(), doubts
                single.update(_row(found.start, found.days) if not found.rule else ())
                series.extend((found,) if found.rule else ())
        except _WrongError as error:
            doubts.append(error.doubt)
    if not single and not series and not doubts:
        hint = "events that are cancelled or marked as free (TRANSP:TRANSPARENT) close nothing"
        doubts.append(Doubt(1, "no day is closed by this file", hint, fatal=False))
    return ClosedDays(single=frozenset(single), series=tuple(series)), doubts


def _content_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, folded ones put together (RFC 5545, 3.1)."""
    number, whole = 0, ""
    for position, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if line[:1] in (" ", "\t") and whole:
            whole += line[1:]
            continue
        if whole.strip():
            yield number, whole
        number, whole = position, line
    if whole.strip():
        yield number, whole


def _events(lines: Iterable[tuple[int, str]]) -> Iterator[_Event]:
    """The properties of each VEVENT; those of parts inside it, such as an alarm, are not its own."""
    inside: list[str] = []
    event: _Event = {}
    number = 1
    for number, line in lines:
        found = _LINE.fullmatch(line)
        if found is None:
            raise _WrongError(number, "this is no line of an iCalendar file", "NAME:VALUE is wanted (RFC 5545)")
        name, value = found[1].upper(), found[3].strip()
        if not inside and (name, value.upper()) != ("BEGIN", "VCALENDAR"):
            raise _WrongError(number, "this is no iCalendar file: it does not begin with BEGIN:VCALENDAR")
        if name == "BEGIN":
            inside.append(value.upper())
            event = {} if inside[-1] == "VEVENT" else event
        elif name == "END":
            if inside.pop() != value.upper():
                raise _WrongError(number, f"END:{value} ends nothing that has begun")
            if value.upper() == "VEVENT":
                yield event
        elif inside[-1] == "VEVENT":
            event.setdefault(name, []).append(_Property(number, value))
    if inside or number == 1:
        raise _WrongError(number, "the file ends in the middle of something", "was it saved whole?")


def _moved(events: Iterable[_Event]) -> Mapping[str, frozenset[date]]:
    """By UID the occurrences of a series that an event of their own stands for."""
    found: dict[str, frozenset[date]] = {}
    for event in events:
        for one in event.get("RECURRENCE-ID", ()):
            uid, day = _text(event, "UID"), one.value[:8]
            if _DAY.fullmatch(day):
                found[uid] = found.get(uid, frozenset()) | {_day(one._replace(value=day))}
    return found


def _closed_by(event: _Event, moved: Mapping[str, frozenset[date]], doubts: list[Doubt]) -> Iterator[Series]:
    """What an event closes: a series, or single days as series without a rule."""
    if _text(event, "STATUS").upper() == "CANCELLED" or _text(event, "TRANSP").upper() == "TRANSPARENT":
        return
    start = _only(event, "DTSTART")
    if start is None:
        raise _WrongError(_first_line(event), "this event does not say when it is: it has no DTSTART")
    end = _only(event, "DTEND")
    if any(p is not None and _TIMED.fullmatch(p.value) and not _DAY.fullmatch(p.value) for p in (start, end)):
        message = f"'{_text(event, 'SUMMARY') or 'an event'}' is not of whole days, so it closes nothing"
        doubts.append(Doubt(start.line, message, "write it into closed or extra of the calendar", fatal=False))
        return
    one = Series(rule="", start=_day(start), days=_days(event, start, end))
    days = {day for p in event.get("RDATE", ()) for day in _list(p)}
    without = frozenset(day for p in event.get("EXDATE", ()) for day in _list(p))
    rule = _only(event, "RRULE")
    if rule is not None:
        if "RECURRENCE-ID" not in event:
            without |= moved.get(_text(event, "UID"), frozenset())
        yield _checked(replace(one, rule=_UNTIL.sub(r"\1", rule.value), without=without), rule)
    else:
        days.add(one.start)
    yield from (replace(one, start=day) for day in sorted(days - without))


def _checked(series: Series, rule: _Property) -> Series:
    """A series whose rule can be worked out."""
    freq = re.search(r"FREQ=(\w+)", rule.value, re.IGNORECASE)
    if freq is None or freq[1].upper() not in _REPEATS:
        raise _WrongError(rule.line, "whole days repeat yearly, monthly, weekly or daily", "such as FREQ=YEARLY")
    if re.search(r"INTERVAL=0*(;|$)", rule.value, re.IGNORECASE):  # the package would look for ever
        raise _WrongError(rule.line, "an INTERVAL is 1 or more")
    strange = [part for part in rule.value.upper().split(";") if part and part.partition("=")[0] not in _PARTS]
    if strange:
        raise _WrongError(
            rule.line, f"this RRULE cannot be read: whole days do not repeat by {strange[0][:40]}", "RFC 5545, 3.3.10"
        )
    try:
        list(series.days_in(series.start.year))
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        raise _WrongError(rule.line, f"this RRULE cannot be read: {error}", "RFC 5545, 3.3.10") from error
    return series


def _days(event: _Event, start: _Property, end: _Property | None) -> int:
    """How many days an event lasts: up to its DTEND, which is no part of it, or for its DURATION; else one."""
    length = _only(event, "DURATION")
    if end is not None:
        days = (_day(end) - _day(start)).days or 1
        if days < 0:
            raise _WrongError(end.line, "this event ends before it starts")
    elif length is not None:
        found = _LENGTH.fullmatch(length.value)
        if found is None:
            raise _WrongError(length.line, f"'{length.value}' is no number of whole days", "such as P1D or P2W")
        days = int(found[1] or 0) * 7 or int(found[2] or 0) or 1
    else:
        return 1
    if days > _LONGEST:
        raise _WrongError(start.line, "this event lasts longer than ten years")
    if _day(start).year > _LAST_YEAR:  # the days behind it are worked out, too, and there is none after the year 9999
        raise _WrongError(start.line, f"'{start.value}' is too far away")
    return days


def _only(event: _Event, name: str) -> _Property | None:
    return next(iter(event.get(name, ())), None)


def _text(event: _Event, name: str) -> str:
    found = _only(event, name)
    return re.sub(r"\\([\\;,])", r"\1", found.value) if found is not None else ""


def _first_line(event: _Event) -> int:
    return min((p.line for many in event.values() for p in many), default=1)


def _list(written: _Property) -> Iterator[date]:
    return (_day(written._replace(value=part.strip())) for part in written.value.split(","))


def _day(written: _Property) -> date:
    message = f"'{written.value}' is no day such as 20261231"
    found = _DAY.fullmatch(written.value)
    if found is None:
        raise _WrongError(written.line, message)
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError as error:
        raise _WrongError(written.line, message) from error


def _row(start: date, days: int) -> Iterator[date]:
    return (start + n * _ONE_DAY for n in range(days))


def _midnight(day: date) -> datetime:
    """Whole days are counted without a zone: the calendar that closes them has one."""
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001
