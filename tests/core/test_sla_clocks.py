"""Timelines: what happens to a ticket, and what its clocks make of it."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from core.sla_office import HOUR, OFFICE, moscow, promise, timeline

from maild.sla.calendar import Calendar, Span
from maild.sla.deadlines import (
    ClockState,
    TicketClock,
    is_breached,
    meet,
    pause,
    recompute,
    resume,
    spent_at,
    start,
    state_at,
)
from maild.sla.events import Happening
from maild.sla.promise import Target

FIRST = ("20T16:00", Happening.FIRST_MAIL, "new")
ANSWER = ("23T10:00", Happening.ANSWERED, "pending")


def only(clocks: tuple[TicketClock, ...], target: Target) -> TicketClock:
    """The one clock of this target."""
    (found,) = (clock for clock in clocks if clock.target is target)
    return found


def test_the_first_mail_starts_first_response_and_resolution() -> None:
    """Four office hours from Friday 16:00 end on Monday at 11:00."""
    clocks = timeline(FIRST)
    assert [clock.target for clock in clocks] == [Target.FIRST_RESPONSE, Target.RESOLUTION]
    assert only(clocks, Target.FIRST_RESPONSE).due_at == moscow("23T11:00")
    assert only(clocks, Target.RESOLUTION).due_at == moscow("27T16:00")


def test_an_answer_in_time_meets_the_first_response_and_pauses_the_resolution() -> None:
    """The promise pauses while the customer's answer is pending."""
    clocks = timeline(FIRST, ANSWER)
    response, resolution = only(clocks, Target.FIRST_RESPONSE), only(clocks, Target.RESOLUTION)
    assert (response.state, response.ended_at, response.spent) == (ClockState.MET, moscow("23T10:00"), 3 * HOUR)
    assert (resolution.state, resolution.due_at, resolution.spent) == (ClockState.PAUSED, None, 3 * HOUR)


def test_an_answer_at_the_very_due_time_is_in_time_and_a_second_later_too_late() -> None:
    """What is promised within four hours may take four hours."""
    met = timeline(FIRST, ("23T11:00", Happening.ANSWERED, "pending"))
    late = timeline(FIRST, ("23T11:00:01", Happening.ANSWERED, "pending"))
    assert only(met, Target.FIRST_RESPONSE).state is ClockState.MET
    assert only(late, Target.FIRST_RESPONSE).state is ClockState.BREACHED


def test_a_reply_starts_next_response_and_the_resolution_goes_on() -> None:
    """Two days of waiting for the customer are not counted."""
    clocks = timeline(FIRST, ANSWER, ("25T10:00", Happening.CUSTOMER_REPLY, "open"))
    following, resolution = only(clocks, Target.NEXT_RESPONSE), only(clocks, Target.RESOLUTION)
    assert following.due_at == moscow("26T10:00")
    assert (resolution.spent, resolution.resumed_at) == (3 * HOUR, moscow("25T10:00"))
    assert resolution.due_at == OFFICE.add(moscow("25T10:00"), 37 * HOUR)


def test_a_second_mail_before_the_answer_starts_nothing() -> None:
    """We owe one answer, from the first mail on, whichever clock runs for it."""
    again = ("20T17:00", Happening.CUSTOMER_REPLY, "new")
    assert timeline(FIRST, again) == timeline(FIRST)
    reply, more = ("24T10:00", Happening.CUSTOMER_REPLY, "open"), ("24T11:00", Happening.CUSTOMER_REPLY, "open")
    assert timeline(FIRST, ANSWER, reply, more) == timeline(FIRST, ANSWER, reply)


def test_every_round_has_a_next_response_of_its_own() -> None:
    """Ended clocks stay for the ticket's history."""
    rounds = [("24T10:00", Happening.CUSTOMER_REPLY, "open"), ("24T11:00", Happening.ANSWERED, "pending")]
    rounds += [("25T10:00", Happening.CUSTOMER_REPLY, "open"), ("25T12:00", Happening.ANSWERED, "pending")]
    clocks = timeline(FIRST, ANSWER, *rounds)
    assert [c.spent for c in clocks if c.target is Target.NEXT_RESPONSE] == [HOUR, 2 * HOUR]


def test_solving_ends_all_that_runs() -> None:
    """Nothing is left to be answered on a solved ticket."""
    clocks = timeline(FIRST, ("20T17:00", Happening.SOLVED, "solved"))
    assert {clock.state for clock in clocks} == {ClockState.MET}
    assert timeline(FIRST, ("20T17:00", Happening.SOLVED, "solved"), ("25T10:00", Happening.SOLVED, "closed")) == clocks


def test_solving_a_paused_ticket_meets_its_resolution() -> None:
    """The time of the pause does not count against us."""
    clocks = timeline(FIRST, ANSWER, ("30T10:00", Happening.SOLVED, "solved"))
    assert (only(clocks, Target.RESOLUTION).state, only(clocks, Target.RESOLUTION).spent) == (ClockState.MET, 3 * HOUR)


@pytest.mark.parametrize("happening", [Happening.CUSTOMER_REPLY, Happening.REOPENED, Happening.ANSWER_BOUNCED])
def test_opening_a_solved_ticket_starts_its_resolution_again(happening: Happening) -> None:
    """A new clock from zero; only when the customer waits for words is a response owed."""
    clocks = timeline(FIRST, ANSWER, ("23T11:00", Happening.SOLVED, "solved"), ("24T09:00", happening, "open"))
    resolutions = [clock for clock in clocks if clock.target is Target.RESOLUTION]
    assert [clock.ended for clock in resolutions] == [True, False]
    assert (resolutions[1].started_at, resolutions[1].spent) == (moscow("24T09:00"), timedelta(0))
    owed = [clock for clock in clocks if clock.target is Target.NEXT_RESPONSE]
    assert len(owed) == (0 if happening is Happening.REOPENED else 1)


def test_hold_and_open_pause_and_resume_without_losing_a_second() -> None:
    """Orders that change the status alone move no clock but by the pause."""
    hold, back = ("20T17:00", Happening.STATUS_CHANGED, "hold"), ("24T09:30", Happening.STATUS_CHANGED, "open")
    clocks = timeline(FIRST, hold, back)
    assert only(clocks, Target.FIRST_RESPONSE).due_at == moscow("24T12:30")
    assert timeline(FIRST, hold, ("23T12:00", Happening.STATUS_CHANGED, "pending"), back) == clocks


def test_a_promise_may_pause_the_resolution_alone() -> None:
    """Then holding a ticket does not buy time for the first answer."""
    strict = promise(pauses=frozenset({Target.RESOLUTION}))
    clocks = timeline(FIRST, ("20T17:00", Happening.STATUS_CHANGED, "hold"), under=strict)
    assert [clock.state for clock in clocks] == [ClockState.RUNNING, ClockState.PAUSED]


def test_spam_and_merged_tickets_keep_ended_clocks_alone() -> None:
    """Nobody waits there any more, and nothing was met either."""
    clocks = timeline(FIRST, ANSWER, ("24T10:00", Happening.DROPPED, "merged"))
    assert [clock.target for clock in clocks] == [Target.FIRST_RESPONSE]


def test_an_answer_that_is_owed_elsewhere_is_owed_no_more_here() -> None:
    """What was met is history, and the solution is still promised."""
    clocks = timeline(FIRST, ("20T17:00", Happening.ANSWERED, "open"), ("20T17:30", Happening.CUSTOMER_REPLY, "open"))
    assert [c.target for c in clocks] == [Target.FIRST_RESPONSE, Target.RESOLUTION, Target.NEXT_RESPONSE]
    gone = ("20T17:40", Happening.MOVED_AWAY, "open")
    steps = (FIRST, ("20T17:00", Happening.ANSWERED, "open"), ("20T17:30", Happening.CUSTOMER_REPLY, "open"))
    assert timeline(*steps, gone) == clocks[:2]


def test_what_is_not_promised_has_no_clock() -> None:
    """A promise of a resolution alone."""
    bare = promise(first_response=None, next_response=None)
    clocks = timeline(FIRST, ("20T17:00", Happening.CUSTOMER_REPLY, "new"), under=bare)
    assert [clock.target for clock in clocks] == [Target.RESOLUTION]


def test_an_overdue_clock_is_breached_for_people_and_stays_so_through_a_pause() -> None:
    """Waiting for somebody else does not repair a broken promise."""
    clock = start(promise(), Target.FIRST_RESPONSE, moscow("20T16:00"))
    assert clock is not None
    late = moscow("23T12:00")
    assert (clock.state, state_at(clock, late)) == (ClockState.RUNNING, ClockState.BREACHED)
    still = pause(clock, promise(), late)
    assert (still.state, still.due_at, state_at(still, late)) == (ClockState.PAUSED, clock.due_at, ClockState.BREACHED)
    again = resume(still, promise(), moscow("24T12:00"))
    assert (again.due_at, again.spent, is_breached(again, moscow("24T12:00"))) == (clock.due_at, 5 * HOUR, True)
    assert meet(again, promise(), moscow("24T13:00")).state is ClockState.BREACHED


def test_a_clock_of_the_machine_that_steps_back_breaches_nothing() -> None:
    """Nothing is spent, nothing is due earlier."""
    clock = start(promise(), Target.FIRST_RESPONSE, moscow("20T16:00"))
    assert clock is not None
    assert not is_breached(clock, moscow("19T16:00"))
    assert pause(clock, promise(), moscow("20T15:00")).spent == timedelta(0)


def test_another_promise_keeps_the_time_that_is_spent() -> None:
    """Two of four hours are spent, so of six there are four left."""
    clock = start(promise(), Target.FIRST_RESPONSE, moscow("20T16:00"))
    assert clock is not None
    moved = recompute(clock, promise(), promise(name="slow", first_response=6 * HOUR), moscow("23T09:00"))
    assert (moved.spent, moved.due_at, moved.started_at) == (2 * HOUR, moscow("23T13:00"), clock.started_at)


def test_another_calendar_counts_from_now_on_only() -> None:
    """The night before was no working time, and stays none, when the desk opens around the clock."""
    always = Calendar(name="always", timezone="UTC", hours=None)
    clock = start(promise(), Target.FIRST_RESPONSE, moscow("20T17:00"))
    assert clock is not None
    moved = recompute(clock, promise(), promise(calendar=always), moscow("21T03:00"))
    assert (moved.spent, moved.due_at) == (HOUR, moscow("21T06:00"))


def test_a_tighter_promise_is_due_now_and_never_in_the_past() -> None:
    """Three hours are spent when only one is allowed any more."""
    clock = start(promise(), Target.FIRST_RESPONSE, moscow("20T16:00"))
    assert clock is not None
    moved = recompute(clock, promise(), promise(first_response=HOUR), moscow("23T10:00"))
    assert (moved.due_at, is_breached(moved, moscow("23T10:00"))) == (moscow("23T10:00"), False)


def test_a_broken_promise_stays_broken_under_another_one_as_tight_and_is_healed_by_a_wider_one() -> None:
    """Five hours are spent, four were allowed."""
    clock = start(promise(), Target.FIRST_RESPONSE, moscow("20T16:00"))
    assert clock is not None
    now = moscow("23T12:00")
    same = recompute(clock, promise(), promise(name="same"), now)
    wider = recompute(clock, promise(), promise(first_response=8 * HOUR), now)
    assert (same.due_at, wider.due_at) == (moscow("23T11:00"), moscow("23T16:00"))


def test_a_paused_clock_moves_to_another_promise_without_running() -> None:
    """It has no due time until it is resumed, and then what the new promise leaves."""
    clock = start(promise(), Target.FIRST_RESPONSE, moscow("20T16:00"))
    assert clock is not None
    wider = promise(first_response=8 * HOUR)
    moved = recompute(pause(clock, promise(), moscow("20T17:00")), promise(), wider, moscow("23T10:00"))
    assert (moved.state, moved.due_at, moved.spent) == (ClockState.PAUSED, None, HOUR)
    assert resume(moved, wider, moscow("24T09:00")).due_at == moscow("24T17:00")


def test_a_broken_promise_that_is_paused_is_healed_by_a_wider_one_alone() -> None:
    """Five hours are spent; eight would be allowed, or four as before."""
    clock = start(promise(), Target.FIRST_RESPONSE, moscow("20T16:00"))
    assert clock is not None
    still = pause(clock, promise(), moscow("23T12:00"))
    wider = recompute(still, promise(), promise(first_response=8 * HOUR), moscow("23T13:00"))
    same = recompute(still, promise(), promise(name="same"), moscow("23T13:00"))
    assert (wider.due_at, same.due_at) == (None, clock.due_at)


def test_ended_clocks_are_history_and_unpromised_ones_stand_still() -> None:
    """Another promise does not judge what has been met; of a target it does not name nothing is counted or due."""
    clock = start(promise(), Target.FIRST_RESPONSE, moscow("20T16:00"))
    assert clock is not None
    met = meet(clock, promise(), moscow("20T17:00"))
    none = promise(first_response=None)
    assert recompute(met, promise(), none, moscow("23T10:00")) == met
    still = recompute(clock, promise(), none, moscow("23T10:00"))
    assert (still.state, still.spent, still.resumed_at, still.due_at) == (ClockState.PAUSED, 3 * HOUR, None, None)


def test_a_promise_that_was_forgotten_is_counted_by_the_new_calendar() -> None:
    """Rules may have been edited while the desk was down."""
    mornings = Calendar(name="mornings", timezone="Europe/Moscow", hours={4: (Span(time(9), time(17)),)})
    clock = start(promise(), Target.FIRST_RESPONSE, moscow("20T16:00"))
    assert clock is not None
    moved = recompute(clock, None, promise(calendar=mornings), moscow("20T18:00"))
    assert moved.spent == HOUR
    assert spent_at(moved, mornings, moscow("27T10:00")) == 2 * HOUR
