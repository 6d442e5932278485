"""The arithmetic in words."""

from __future__ import annotations

import re
from datetime import timedelta

from core.sla_office import HOUR, moscow, promise, timeline
from hypothesis import given
from hypothesis import strategies as st

from maild.durations import parse_duration
from maild.sla.calendar import Calendar
from maild.sla.deadlines import pause, recompute
from maild.sla.events import Happening, follow_status
from maild.sla.explain import explain

FIRST = ("20T16:00", Happening.FIRST_MAIL, "new")


def test_a_running_clock_shows_each_span_to_its_due_time() -> None:
    """Friday afternoon and Monday morning make the four hours."""
    assert explain(timeline(FIRST)[0], promise(), moscow("23T10:00")) == (
        "First response: 4h of office time (Europe/Moscow) by the promise standard. Started Fri 2026-11-20 16:00. "
        "Counted Fri 2026-11-20 16:00-18:00 (2h), Mon 2026-11-23 09:00-11:00 (2h). "
        "3h spent, 1h left, due Mon 2026-11-23 11:00."
    )


def test_pauses_are_taken_off_in_words() -> None:
    """The ticket was on hold from Friday 17:00 to Tuesday 09:00, nine working hours."""
    clocks = timeline(
        FIRST, ("20T17:00", Happening.STATUS_CHANGED, "hold"), ("24T09:00", Happening.STATUS_CHANGED, "open")
    )
    assert explain(clocks[0], promise(), moscow("24T10:00")) == (
        "First response: 4h of office time (Europe/Moscow) by the promise standard. Started Fri 2026-11-20 16:00. "
        "1h spent until Tue 2026-11-24 09:00, 9h of pauses taken off. "
        "Counted Tue 2026-11-24 09:00-12:00 (3h). 2h spent, 2h left, due Tue 2026-11-24 12:00."
    )


def test_a_paused_clock_says_how_much_is_left() -> None:
    """It has no due time."""
    clocks = timeline(FIRST, ("20T17:00", Happening.STATUS_CHANGED, "hold"))
    assert explain(clocks[0], promise(), moscow("24T10:00")).endswith(". Paused after 1h, 3h left.")


def test_an_overdue_clock_says_by_how_much() -> None:
    """In working time."""
    assert explain(timeline(FIRST)[0], promise(), moscow("23T12:30")).endswith(
        ". Due Mon 2026-11-23 11:00, 5h30m spent, over by 1h30m."
    )


def test_ended_clocks_say_when_and_whether_in_time() -> None:
    """Met or too late."""
    met = timeline(FIRST, ("20T17:00", Happening.ANSWERED, "open"))[0]
    late = timeline(FIRST, ("23T12:00", Happening.ANSWERED, "open"))[0]
    assert explain(met, promise(), moscow("30T10:00")).endswith(". Met Fri 2026-11-20 17:00 after 1h.")
    assert explain(late, promise(), moscow("30T10:00")).endswith(". Too late Mon 2026-11-23 12:00 after 5h.")


def test_many_spans_are_summed_up_in_the_middle() -> None:
    """The parts still make the whole."""
    text = explain(timeline(FIRST)[1], promise(), moscow("20T17:00"))
    assert "Mon 2026-11-23 14:00-18:00 (4h), Tue 2026-11-24 09:00-13:00 (4h), 6 more spans (24h), " in text
    assert "Fri 2026-11-27 14:00-16:00 (2h)" in text


def test_a_target_that_is_not_promised_any_more_is_named() -> None:
    """The rules may have changed since."""
    bare = promise(first_response=None, resolution=HOUR)
    assert explain(timeline(FIRST)[0], bare, moscow("23T10:00")) == "First response is not promised by standard."


def test_the_arithmetic_is_told_in_russian_too() -> None:
    """The same figures, with Russian words and days."""
    assert explain(timeline(FIRST)[0], promise(), moscow("23T10:00"), "ru") == (
        "Первый ответ: обещано за 4 ч рабочего времени (обещание standard, календарь office, Europe/Moscow). "
        "Отсчёт начат пт 2026-11-20 16:00. "
        "Учтено: пт 2026-11-20 16:00-18:00 (2 ч), пн 2026-11-23 09:00-11:00 (2 ч). "
        "Прошло 3 ч, осталось 1 ч, срок пн 2026-11-23 11:00."
    )


URGENT = promise(name="urgent", calendar=Calendar(name="always", timezone="UTC", hours=None), first_response=2 * HOUR)


def test_what_another_promise_has_counted_is_told_as_its_own() -> None:
    """A night that it did not count is no pause."""
    moved = recompute(timeline(FIRST)[0], promise(), URGENT, moscow("21T03:00"))
    assert explain(moved, URGENT, moscow("21T02:30")) == (
        "First response: 2h of always time (UTC) by the promise urgent. Started Fri 2026-11-20 13:00. "
        "2h spent until Sat 2026-11-21 00:00, a part of it as standard counted it. No working time since. "
        "2h spent, 0s left, due Sat 2026-11-21 00:00."
    )
    late = explain(moved, URGENT, moscow("21T05:00"), "ru")
    assert "До сб 2026-11-21 00:00 прошло 2 ч, часть из них — по прежнему обещанию standard. " in late
    assert late.endswith(" Срок сб 2026-11-21 00:00, прошло 4 ч, просрочено на 2 ч.")


def test_a_breach_and_a_pause_are_told_in_russian() -> None:
    """The same figures as in English."""
    clock = timeline(FIRST)[0]
    assert explain(clock, promise(), moscow("23T12:30"), "ru").endswith(
        " Срок пн 2026-11-23 11:00, прошло 5 ч 30 мин, просрочено на 1 ч 30 мин."
    )
    still = pause(clock, promise(), moscow("20T17:00"))
    assert explain(still, promise(), moscow("24T10:00"), "ru").endswith(" Пауза, прошло 1 ч, осталось 3 ч.")
    clocks = timeline(
        FIRST, ("20T17:00", Happening.STATUS_CHANGED, "hold"), ("24T09:00", Happening.STATUS_CHANGED, "open")
    )
    assert "До вт 2026-11-24 09:00 прошло 1 ч, паузы вычтены: 9 ч. " in explain(
        clocks[0], promise(), moscow("24T10:00"), "ru"
    )


def test_a_start_between_two_minutes_does_not_spoil_the_sums() -> None:
    """Who adds up what is printed comes to what was promised."""
    clock = timeline(("20T16:00:41.700000", Happening.FIRST_MAIL, "new"))[0]
    assert explain(clock, promise(), moscow("23T10:00:05")).endswith(
        "Started Fri 2026-11-20 16:00. "
        "Counted Fri 2026-11-20 16:00-18:00 (2h), Mon 2026-11-23 09:00-11:00 (2h). "
        "3h spent, 1h left, due Mon 2026-11-23 11:00."
    )


@given(st.lists(st.integers(1, 5 * 3600), max_size=6), st.integers(60, 3600 * 8))
def test_what_is_printed_adds_up_to_what_is_promised(lengths: list[int], later: int) -> None:
    """Whatever the seconds at which the ticket was put aside and taken up again."""
    at, status = moscow("20T11:00:07.250000"), "new"
    [clock] = timeline(("20T11:00:07.250000", Happening.FIRST_MAIL, status), under=promise(resolution=None))
    for length in lengths:
        at, status = at + timedelta(seconds=length), "hold" if status != "hold" else "open"
        [clock] = follow_status((clock,), promise(), status, at)
    told = explain(clock, promise(), at + timedelta(seconds=later))
    spent = sum((parse_duration(one) for one in re.findall(r"\(([\dhms]+)\)", told)), timedelta(0))
    before = re.search(r"(\w+) spent until", told)
    spent += parse_duration(before[1]) if before is not None else timedelta(0)
    running = re.search(r"(\w+) spent, (\w+) left, due", told)
    over = re.search(r"(\w+) spent, over by (\w+)\.", told)
    if running is not None:
        assert parse_duration(running[1]) + parse_duration(running[2]) == spent == 4 * HOUR
    elif over is not None:
        assert parse_duration(over[1]) - parse_duration(over[2]) == 4 * HOUR
        assert parse_duration(over[1]) == spent or status == "hold"
    else:
        still = re.search(r"Paused after (\w+), (\w+) left\.", told)
        assert still is not None or status == "hold"
        assert still is None or parse_duration(still[1]) + parse_duration(still[2]) == 4 * HOUR


def test_what_was_decided_within_a_minute_is_told_to_the_second() -> None:
    """Else it would read: due 11:00, over by nothing."""
    clock = timeline(("20T16:00:41", Happening.FIRST_MAIL, "new"))[0]
    assert explain(clock, promise(), moscow("23T11:01:10")).endswith(
        "Started Fri 2026-11-20 16:00:41. "
        "Counted Fri 2026-11-20 16:00:41-18:00 (1h59m19s), Mon 2026-11-23 09:00-11:01:10 (2h1m10s). "
        "Due Mon 2026-11-23 11:00:41, 4h29s spent, over by 29s."
    )


def test_an_ended_clock_shows_what_was_counted_and_what_pauses_took_off() -> None:
    """What was a ticket's time is asked most of all when it is over."""
    met = timeline(FIRST, ("23T10:00", Happening.ANSWERED, "open"))[0]
    assert explain(met, promise(), moscow("30T10:00")).endswith(
        ". Counted Fri 2026-11-20 16:00-18:00 (2h), Mon 2026-11-23 09:00-10:00 (1h). Met Mon 2026-11-23 10:00 after 3h."
    )
    held = ("20T17:00:30", Happening.STATUS_CHANGED, "hold"), ("23T09:30:50", Happening.STATUS_CHANGED, "open")
    paused = timeline(FIRST, *held, ("23T10:00", Happening.ANSWERED, "open"))[0]
    assert explain(paused, promise(), moscow("30T10:00")).endswith(
        "Mon 2026-11-23 09:00-10:00 (1h), 1h31m of pauses taken off. Met Mon 2026-11-23 10:00 after 1h29m."
    )
    other = promise(calendar=Calendar(name="office", timezone="UTC", hours={}))
    assert explain(met, other, moscow("30T10:00")).endswith(
        "Started Fri 2026-11-20 13:00. Met Mon 2026-11-23 07:00 after 3h."
    )


def test_a_clock_that_was_due_at_once_is_over_since_then_alone() -> None:
    """More was spent than the new promise allows; that alone makes nobody late by as much."""
    tight = promise(name="tight", first_response=HOUR / 2)
    moved = recompute(timeline(FIRST)[0], promise(), tight, moscow("20T17:00"))
    assert explain(moved, tight, moscow("20T17:10")).endswith(
        "1h spent until Fri 2026-11-20 17:00, a part of it as standard counted it. "
        "Counted Fri 2026-11-20 17:00-17:10 (10m). "
        "Due Fri 2026-11-20 17:00, at the change, since more than 30m was spent by then, over by 10m."
    )
    assert explain(moved, tight, moscow("20T17:10"), "ru").endswith(
        " Срок пт 2026-11-20 17:00, в момент смены обещания: уже прошло больше, чем 30 мин; просрочено на 10 мин."
    )


def test_what_was_counted_before_an_edit_of_the_promise_is_told_as_that() -> None:
    """It bears the same name: "standard, as standard counted it" would tell nothing."""
    moved = recompute(timeline(FIRST)[0], promise(), promise(first_response=2 * HOUR), moscow("20T17:00"))
    told = explain(moved, promise(first_response=2 * HOUR), moscow("20T17:10"))
    assert "1h spent until Fri 2026-11-20 17:00, a part of it before the promise was edited. Counted" in told
