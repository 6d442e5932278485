"""Working time against a counter that looks at every minute: any calendar, any zone, both changes of the clocks.

The counter knows nothing but what the wall clock shows in each minute. A span begins in the first minute in which the
wall clock of its day has come to its start or is past it, and ends in the first in which it has come to its end.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from maild.sla.calendar import Calendar, Span
from maild.sla.closures import read_closed_days
from maild.sla.daysoff import days_off
from maild.sla.deadlines import TicketClock, meet, pause, resume, spent_at, start
from maild.sla.promise import Promise, Target

MINUTE = timedelta(minutes=1)
DAYS = 9
# Whole, half and quarter hours, changes by half an hour and at midnight, a day that was left out, none at all.
PLACES = [
    ("Europe/Berlin", "2026-03-26"),
    ("Europe/Berlin", "2026-10-22"),
    ("America/New_York", "2026-03-05"),
    ("America/New_York", "2026-10-29"),
    ("Australia/Lord_Howe", "2026-04-02"),
    ("Australia/Lord_Howe", "2026-10-01"),
    ("America/St_Johns", "2026-10-29"),
    ("Asia/Kolkata", "2025-12-28"),
    ("Asia/Kathmandu", "2026-05-06"),
    ("America/Sao_Paulo", "2018-02-15"),
    ("America/Sao_Paulo", "2018-11-01"),
    ("Africa/Casablanca", "2026-02-12"),
    ("Pacific/Apia", "2011-12-27"),
    ("Europe/Moscow", "2025-12-27"),
    ("Europe/Moscow", "2025-10-30"),
    ("Europe/Moscow", "2014-10-23"),
    ("UTC", "2024-02-25"),
]


@lru_cache(maxsize=len(PLACES))
def walls(zone: str, first: str) -> tuple[datetime, list[datetime]]:
    """The first minute of some days, and what the wall clock shows in it and in each one behind it."""
    begin = datetime.fromisoformat(first).replace(tzinfo=UTC) - timedelta(days=1)
    place = ZoneInfo(zone)
    minutes = (DAYS + 2) * 24 * 60
    return begin, [(begin + n * MINUTE).astimezone(place).replace(tzinfo=None) for n in range(minutes)]


def any_span(chance: random.Random) -> Span:
    """Any part of a day, to the minute; often up to its end."""
    first = chance.choice([0, chance.randrange(1439), chance.randrange(60, 200)])
    last = chance.choice([1440, chance.randrange(first + 1, 1440) if first < 1439 else 1440])
    return Span(time(first // 60, first % 60), time(last // 60 % 24, last % 60))


def any_spans(chance: random.Random) -> tuple[Span, ...]:
    """None, one or several, which may overlap."""
    return tuple(any_span(chance) for _ in range(chance.choice([0, 1, 1, 2, 3])))


def any_calendar(chance: random.Random, zone: str, first: date) -> Calendar:
    """Any week; a few days closed, imported, or with hours of their own; perhaps Russia's holidays."""
    near = [first + timedelta(days=n) for n in range(DAYS)]
    events = "".join(
        f"BEGIN:VEVENT\nDTSTART;VALUE=DATE:{day:%Y%m%d}\n{rule}END:VEVENT\n"
        for day in chance.sample(near, chance.choice([0, 0, 1, 2]))
        for rule in [chance.choice(["", "RRULE:FREQ=YEARLY\n", "RRULE:FREQ=DAILY;INTERVAL=3\n"])]
    )
    imported, _ = read_closed_days(f"BEGIN:VCALENDAR\n{events}END:VCALENDAR\n")
    return Calendar(
        name="any",
        timezone=zone,
        hours=None if chance.random() < 0.15 else {day: any_spans(chance) for day in range(7)},
        holidays="RU" if chance.random() < 0.3 else None,
        closed=frozenset(chance.sample(near, chance.choice([0, 0, 1, 2]))),
        extra={day: any_spans(chance) for day in chance.sample(near, chance.choice([0, 0, 1, 2]))},
        imported=(imported,),
    )


def spans_of(calendar: Calendar, day: date) -> tuple[Span, ...]:
    """What a day has, by the description of a calendar."""
    if day in calendar.extra:
        return calendar.extra[day]
    if day in calendar.closed or any(day in file for file in calendar.imported):
        return ()
    whole = (Span(time(0), time(0)),)
    week = dict.fromkeys(range(7), whole) if calendar.hours is None else calendar.hours
    if calendar.holidays and day in days_off(calendar.holidays, day.year).worked:
        return next((week[n] for n in (4, 3, 2, 1, 0) if week.get(n)), ())
    if calendar.holidays and day in days_off(calendar.holidays, day.year).off:
        return ()
    return week.get(day.weekday(), ())


def open_minutes(calendar: Calendar, shown: list[datetime], first: date) -> list[bool]:
    """Of each minute whether it is open."""
    # The first minute in which the wall clock has come so far: it may go back behind it, and does not count then.
    reached: dict[datetime, int] = {}
    furthest = shown[0]
    reached[furthest] = 0
    for place, wall in enumerate(shown):
        while furthest < wall:
            furthest += MINUTE
            reached.setdefault(furthest, place)
    found = [False] * len(shown)
    for number in range(-1, DAYS + 1):
        day = first + timedelta(days=number)
        for span in spans_of(calendar, day):
            begins = datetime.combine(day, span.start)
            ends = datetime.combine(day + timedelta(days=span.end == time(0)), span.end)
            # What is not there lies before all that we see, or behind it.
            places = [0 if at < shown[0] else reached.get(at, len(shown)) for at in (begins, ends)]
            for place in range(*places):
                found[place] = True
    return found


@pytest.mark.fault("I4")
def test_a_counter_of_minutes_agrees_with_any_calendar_in_any_zone(
    size: Callable[[int, int], int], figure: Callable[[str], None]
) -> None:
    """Between two moments, from one by so much work, the spans, the openings, and a clock with pauses."""
    chance, cases = random.Random(20261122), size(150, 6000)
    for _ in range(cases):
        zone, text = chance.choice(PLACES)
        first = date.fromisoformat(text)
        begin, shown = walls(zone, text)
        calendar = any_calendar(chance, zone, first)
        is_open = open_minutes(calendar, shown, first)
        begins, ends = sorted(chance.sample(range(24 * 60, (DAYS + 1) * 24 * 60), 2))
        a, b = begin + begins * MINUTE, begin + ends * MINUTE
        counted = sum(is_open[begins:ends])
        assert calendar.between(a, b) == counted * MINUTE, (calendar, a, b)
        spans = calendar.spans_between(a, b)
        assert sum((y - x for x, y in spans), timedelta(0)) == counted * MINUTE, (calendar, a, b)
        assert all(x < y for x, y in spans)
        assert all(y < x for (_, y), (x, _) in pairwise(spans)), (calendar, a, b)
        if counted:
            work = chance.randint(1, counted)
            places = [n for n in range(begins, ends) if is_open[n]]
            assert calendar.add(a, work * MINUTE) == begin + (places[work - 1] + 1) * MINUTE, (calendar, a, work)
            assert calendar.next_open(a) == begin + places[0] * MINUTE, (calendar, a)
            assert calendar.is_open(a) == is_open[begins], (calendar, a)
            look_at_pauses(calendar, chance, begin, is_open, (begins, ends))
    figure(f"{cases} calendars in {len({zone for zone, _ in PLACES})} zones: each minute agrees")


def look_at_pauses(
    calendar: Calendar, chance: random.Random, begin: datetime, is_open: list[bool], within: tuple[int, int]
) -> None:
    """A clock that is paused and resumed counts the open minutes in which it ran, and is due by what is left."""
    begins, ends = within
    allowed = sum(is_open[begins:ends]) * MINUTE
    promise = Promise(name="p", calendar=calendar, resolution=allowed)
    clock: TicketClock | None = start(promise, Target.RESOLUTION, begin + begins * MINUTE)
    assert clock is not None
    turns = sorted(chance.sample(range(begins, ends), min(chance.choice([2, 4, 6]), (ends - begins) // 2 * 2)))
    ran = sum(is_open[begins : turns[0]]) if turns else 0
    for still, again in zip(turns[::2], turns[1::2], strict=True):
        clock = resume(pause(clock, promise, begin + still * MINUTE), promise, begin + again * MINUTE)
        following = turns[turns.index(again) + 1] if again != turns[-1] else ends
        ran += sum(is_open[again:following])
    if not turns:
        ran = sum(is_open[begins:ends])
    assert spent_at(clock, calendar, begin + ends * MINUTE) == ran * MINUTE, (calendar, turns)
    assert meet(clock, promise, begin + ends * MINUTE).spent == ran * MINUTE
    left = allowed - ran * MINUTE
    if left:
        assert clock.due_at is not None
        assert calendar.between(begin + ends * MINUTE, clock.due_at) == left
