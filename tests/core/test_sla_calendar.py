"""Working time against hand-made examples and a brute-force counter of minutes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.sla.calendar import Calendar, Span
from maild.sla.daysoff import days_off, known_country

MINUTE = timedelta(minutes=1)
OFFICE = (Span(time(9), time(13)), Span(time(14), time(18)))
WEEKDAYS = dict.fromkeys(range(5), OFFICE)


def office(**changes: object) -> Calendar:
    """Monday to Friday, 9 to 13 and 14 to 18 in Moscow, changed as a test needs it."""
    parts: dict[str, object] = {"name": "office", "timezone": "Europe/Moscow", "hours": WEEKDAYS} | changes
    return Calendar(**parts)  # type: ignore[arg-type]


def moscow(text: str) -> datetime:
    """A moment in Moscow's wall-clock time."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Moscow"))


def berlin(text: str) -> datetime:
    """A moment in Berlin's wall-clock time."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin"))


def test_four_hours_from_friday_afternoon_end_on_monday_morning() -> None:
    """Nights, weekends and the lunch break do not count, and the answer is in UTC."""
    due = office().add(moscow("2026-11-20T16:00"), timedelta(hours=4))
    assert due == moscow("2026-11-23T11:00")
    assert due.tzinfo is UTC


def test_work_that_fills_a_day_ends_with_the_day_and_not_with_the_next_morning() -> None:
    """The first moment at which so much has passed is meant."""
    assert office().add(moscow("2026-11-20T09:00"), timedelta(hours=8)) == moscow("2026-11-20T18:00")


def test_no_work_takes_no_time_even_at_night() -> None:
    """A promise of nothing is due where it starts."""
    assert office().add(moscow("2026-11-21T03:00"), timedelta(0)) == moscow("2026-11-21T03:00")


def test_forty_hours_run_over_the_russian_new_year_with_its_moved_days() -> None:
    """31 December 2025 and 1 to 9 January 2026 are off, the weekend behind them too."""
    calendar = office(holidays="RU")
    assert calendar.add(moscow("2025-12-30T14:00"), timedelta(hours=5)) == moscow("2026-01-12T10:00")


def test_a_working_saturday_has_the_hours_of_the_friday_before() -> None:
    """1 November 2025 was worked in Russia, Monday the 3rd and Tuesday the 4th were off."""
    short_fridays = WEEKDAYS | {4: (Span(time(9), time(13)),)}
    calendar = office(holidays="RU", hours=short_fridays)
    spans = calendar.spans_between(moscow("2025-11-01T00:00"), moscow("2025-11-05T00:00"))
    assert spans == ((moscow("2025-11-01T09:00"), moscow("2025-11-01T13:00")),)


def test_worked_days_are_found_under_their_own_year_and_are_days_of_a_weekend() -> None:
    """28 December 2024 was a working Saturday."""
    found = sorted(day for year in range(2015, 2027) for day in days_off("RU", year).worked)
    assert date(2024, 12, 28) in found
    assert all(day.weekday() >= 5 for day in found)


def test_closed_days_and_extra_spans_override_the_week() -> None:
    """A closed date has no hours; an extra date has its own, even on a closed day or a holiday."""
    extra = {date(2026, 11, 21): (Span(time(10), time(12)),), date(2026, 11, 4): (Span(time(10), time(11)),)}
    calendar = office(holidays="RU", closed=frozenset({date(2026, 11, 20), date(2026, 11, 21)}), extra=extra)
    assert calendar.between(moscow("2026-11-20T00:00"), moscow("2026-11-22T00:00")) == timedelta(hours=2)
    assert calendar.between(moscow("2026-11-04T00:00"), moscow("2026-11-05T00:00")) == timedelta(hours=1)


def test_an_always_open_desk_counts_every_second_and_shows_one_span() -> None:
    """Hours of None are around the clock, and days that touch are one interval."""
    calendar = office(hours=None)
    start = moscow("2026-11-20T16:17:18")
    assert calendar.add(start, timedelta(days=30, seconds=1)) == start + timedelta(days=30, seconds=1)
    assert calendar.spans_between(start, start + timedelta(days=9)) == ((start, start + timedelta(days=9)),)


def test_a_night_shift_is_an_hour_shorter_when_summer_begins_and_longer_when_it_ends() -> None:
    """Spans are wall-clock time, what is counted is real time."""
    night = dict.fromkeys(range(7), (Span(time(0), time(6)), Span(time(22), time(0))))
    calendar = Calendar(name="night", timezone="Europe/Berlin", hours=night)
    assert calendar.between(berlin("2026-03-29T00:00"), berlin("2026-03-29T12:00")) == timedelta(hours=5)
    assert calendar.between(berlin("2026-10-25T00:00"), berlin("2026-10-25T12:00")) == timedelta(hours=7)


def test_a_span_that_begins_in_the_hour_that_is_leapt_over_begins_with_the_leap() -> None:
    """02:30 does not exist in Berlin on 29 March 2026: the clock jumps from 02:00 to 03:00."""
    calendar = Calendar(
        name="early", timezone="Europe/Berlin", hours={6: (Span(time(1), time(2, 15)), Span(time(2, 30), time(4)))}
    )
    spans = calendar.spans_between(berlin("2026-03-29T00:00"), berlin("2026-03-29T12:00"))
    assert spans == ((berlin("2026-03-29T01:00"), berlin("2026-03-29T04:00")),)


def test_an_hour_that_comes_twice_is_taken_at_its_first_showing() -> None:
    """02:30 comes twice in Berlin on 25 October 2026; a span up to it ends at the first one."""
    calendar = Calendar(name="early", timezone="Europe/Berlin", hours={6: (Span(time(1), time(2, 30)),)})
    assert calendar.between(berlin("2026-10-25T00:00"), berlin("2026-10-25T12:00")) == timedelta(minutes=90)


def test_open_and_next_open_agree_at_the_edges_of_a_span() -> None:
    """The start belongs to a span, its end does not."""
    calendar = office()
    assert calendar.is_open(moscow("2026-11-20T09:00"))
    assert not calendar.is_open(moscow("2026-11-20T13:00"))
    assert calendar.next_open(moscow("2026-11-20T13:00")) == moscow("2026-11-20T14:00")
    assert calendar.next_open(moscow("2026-11-20T18:00")) == moscow("2026-11-23T09:00")
    assert calendar.next_open(moscow("2026-11-20T10:30")) == moscow("2026-11-20T10:30")


def test_time_does_not_run_backwards() -> None:
    """When the machine's clock steps back nothing is counted."""
    assert office().between(moscow("2026-11-20T12:00"), moscow("2026-11-20T10:00")) == timedelta(0)


def test_a_calendar_that_never_opens_says_so_instead_of_searching_for_ever() -> None:
    """No hours at all, or a last opening that has passed."""
    with pytest.raises(ValueError, match="never opens again"):
        office(hours={}).add(moscow("2026-11-20T12:00"), timedelta(hours=1))
    once = office(hours={}, extra={date(2026, 11, 20): OFFICE})
    assert once.add(moscow("2026-11-19T12:00"), timedelta(hours=8)) == moscow("2026-11-20T18:00")
    with pytest.raises(ValueError, match="never opens again"):
        once.next_open(moscow("2026-11-20T18:00"))


def test_a_calendar_that_opens_every_six_years_is_no_calendar_that_never_opens() -> None:
    """Only years without any opening on end are given up."""
    rare = office(hours={}, extra={date(year, 5, 4): OFFICE for year in (2026, 2032, 2038)})
    assert rare.add(moscow("2026-11-20T12:00"), timedelta(hours=16)) == moscow("2038-05-04T18:00")


def test_a_time_without_a_zone_is_refused() -> None:
    """Naive times mean nothing here, neither to add to nor to count between."""
    with pytest.raises(ValueError, match="without a zone"):
        office().add(datetime(2026, 11, 20), timedelta(hours=1))  # noqa: DTZ001
    with pytest.raises(ValueError, match="without a zone"):
        office().between(moscow("2026-11-20T12:00"), datetime(2026, 11, 20))  # noqa: DTZ001


def test_work_is_counted_forwards_only() -> None:
    """Less than no work is a mistake of the caller."""
    with pytest.raises(ValueError, match="forwards"):
        office().add(moscow("2026-11-20T12:00"), -MINUTE)


@pytest.mark.parametrize("text", ["09:00-13:00", "00:00-24:00", "14:00-24:00"])
def test_a_span_reads_what_it_writes(text: str) -> None:
    """24:00 is the end of the day."""
    assert str(Span.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "9-13", "09:00", "13:00-09:00", "09:00-09:00", "00:00-00:00", "09:00-25:00", "24:00-24:00", "22:00-06:00"],
)
def test_what_is_no_span_is_refused(text: str) -> None:
    """A night shift over midnight is two spans."""
    with pytest.raises(ValueError, match=r"span|shift"):
        Span.parse(text)


@pytest.mark.parametrize(
    ("code", "known"), [("RU", True), ("DE-BY", True), ("XX", False), ("DE-XX", False), ("", False)]
)
def test_countries_are_known_by_their_codes(code: str, known: bool) -> None:
    """A part of a country is written behind a dash; what is unknown is refused where it is used."""
    assert known_country(code) == known
    if code and not known:
        with pytest.raises(ValueError, match="no holidays are known"):
            office(holidays=code).add(moscow("2026-11-20T12:00"), MINUTE)


ZONES = ["Europe/Moscow", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]
# Wall-clock times that come twice in one of the zones are left out: there a counter of minutes and a span that is
# taken at its first showing differ on purpose.
EDGES = [0, 15, 60, 185, 360, 539, 540, 541, 780, 840, 1080, 1320, 1425]


@st.composite
def days(draw: st.DrawFn) -> tuple[Span, ...]:
    """Any number of spans of a day, overlapping ones too."""
    pairs = draw(st.lists(st.tuples(st.sampled_from(EDGES), st.sampled_from([*EDGES[1:], 1440])), max_size=3))
    return tuple(Span(time(a // 60, a % 60), time(b // 60 % 24, b % 60)) for a, b in pairs if a < b)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Any week, with some days closed and some with hours of their own."""
    return Calendar(
        name="any",
        timezone=draw(st.sampled_from(ZONES)),
        hours=draw(st.none() | st.dictionaries(st.integers(0, 6), days())),
        holidays=draw(st.sampled_from([None, "RU"])),
        closed=draw(st.frozensets(st.sampled_from(NEAR), max_size=2)),
        extra=draw(st.dictionaries(st.sampled_from(NEAR), days(), max_size=2)),
    )


# Around the ends and beginnings of summer time, New Year, and a working Saturday.
STARTS = [datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 10, 23, tzinfo=UTC), datetime(2026, 4, 3, tzinfo=UTC)]
STARTS += [datetime(2026, 3, 6, tzinfo=UTC), datetime(2025, 12, 30, tzinfo=UTC), datetime(2025, 10, 31, tzinfo=UTC)]
NEAR = [(start + timedelta(days=n)).date() for start in STARTS for n in (1, 3)]


def counted_as_open(calendar: Calendar, day: date) -> tuple[Span, ...]:
    """The spans of a day, by the description of a calendar and not by its code."""
    if day in calendar.extra:
        return calendar.extra[day]
    if day in calendar.closed:
        return ()
    whole = (Span(time(0), time(0)),)
    week = dict.fromkeys(range(7), whole) if calendar.hours is None else calendar.hours
    if calendar.holidays and day in days_off("RU", day.year).worked:
        return next((week[n] for n in (4, 3, 2, 1, 0) if week.get(n)), ())
    if calendar.holidays and day in days_off("RU", day.year).off:
        return ()
    return week.get(day.weekday(), ())


def open_minutes(calendar: Calendar, start: datetime, end: datetime) -> list[datetime]:
    """Every minute from start to end at which the wall clock stands within a span."""
    zone, found, at = ZoneInfo(calendar.timezone), [], start
    spans: dict[date, tuple[Span, ...]] = {}
    while at < end:
        wall = at.astimezone(zone)
        today, clock = wall.date(), wall.time()
        for span in spans.setdefault(today, counted_as_open(calendar, today)):
            if span.start <= clock and (clock < span.end or span.end == time(0)):
                found.append(at)
                break
        at += MINUTE
    return found


@given(calendars(), st.sampled_from(STARTS), st.integers(0, 3000), st.integers(0, 5000), st.data())
def test_a_counter_of_minutes_agrees(
    calendar: Calendar, base: datetime, offset: int, length: int, data: st.DataObject
) -> None:
    """Time between two moments, the way from one by so much work, the spans and the openings are all the same."""
    start = base + offset * MINUTE
    end = start + length * MINUTE
    minutes = open_minutes(calendar, start, end)
    assert calendar.between(start, end) == len(minutes) * MINUTE
    assert sum((b - a for a, b in calendar.spans_between(start, end)), timedelta(0)) == len(minutes) * MINUTE
    if minutes:
        work = data.draw(st.integers(1, len(minutes)))
        assert calendar.add(start, work * MINUTE) == minutes[work - 1] + MINUTE
        assert calendar.next_open(start) == minutes[0]
        assert calendar.is_open(start) == (minutes[0] == start)


@given(st.sampled_from(ZONES), st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), st.integers(1, 10**10))  # noqa: DTZ001
def test_adding_and_counting_are_each_others_inverse(zone: str, at: datetime, microseconds: int) -> None:
    """Down to the microsecond, from any moment, over far distances too."""
    calendar, work = office(timezone=zone, holidays="DE-BY"), timedelta(microseconds=microseconds)
    start = at.replace(tzinfo=UTC)
    due = calendar.add(start, work)
    assert calendar.between(start, due) == work
    assert calendar.between(start, due - timedelta(microseconds=1)) < work
