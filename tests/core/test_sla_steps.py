"""Escalation steps: which are due, in which order, and how each is told apart for ever."""

from __future__ import annotations

from datetime import timedelta

from core.sla_office import HOUR, moscow, promise, timeline
from hypothesis import given
from hypothesis import strategies as st

from maild.sla.deadlines import TicketClock
from maild.sla.events import Happening
from maild.sla.promise import At, Step, Target
from maild.sla.steps import next_step_at, step_key, steps_due

FIRST = ("20T16:00", Happening.FIRST_MAIL, "new")
NONE: frozenset[str] = frozenset()


def first_response(*events: tuple[str, Happening, str]) -> TicketClock:
    """The clock of the first response after the first mail and more."""
    return timeline(FIRST, *events)[0]


def test_a_warning_is_due_at_three_quarters_of_the_working_time() -> None:
    """Three of four hours from Friday 16:00 are over on Monday at 10:00, not a second earlier."""
    clock = first_response()
    assert next_step_at(clock, promise(), NONE) == moscow("23T10:00")
    assert steps_due(clock, promise(), NONE, moscow("23T09:59:59")) == []
    (due,) = steps_due(clock, promise(), NONE, moscow("23T10:00"))
    assert (due.step.tell, due.at) == (("assignee",), moscow("23T10:00"))


def test_after_a_week_of_downtime_every_step_comes_once_and_in_order() -> None:
    """Late ones keep the time at which they were due."""
    late = steps_due(first_response(), promise(), NONE, moscow("30T10:00"))
    assert [due.at for due in late] == [moscow("23T10:00"), moscow("23T11:00"), moscow("23T13:00")]
    assert [due.step.line for due in late] == [None, None, "up"]
    done = frozenset(due.key for due in late)
    assert steps_due(first_response(), promise(), done, moscow("30T10:00")) == []
    assert next_step_at(first_response(), promise(), done) is None


def test_a_step_that_is_done_makes_way_for_the_next_one() -> None:
    """The moment to look again moves on."""
    clock = first_response()
    done = frozenset({step_key(clock, promise(), 0)})
    assert next_step_at(clock, promise(), done) == moscow("23T11:00")


def test_nothing_is_escalated_after_the_answer_or_while_the_ticket_waits() -> None:
    """Met and paused clocks have no steps."""
    met = first_response(("20T17:00", Happening.ANSWERED, "open"))
    held = first_response(("20T17:00", Happening.STATUS_CHANGED, "hold"))
    for clock in (met, held):
        assert next_step_at(clock, promise(), NONE) is None
        assert steps_due(clock, promise(), NONE, moscow("30T10:00")) == []


def test_a_pause_moves_the_steps_that_are_to_come() -> None:
    """One hour was spent on Friday; the ticket was held over Monday."""
    clock = first_response(
        ("20T17:00", Happening.STATUS_CHANGED, "hold"), ("24T09:00", Happening.STATUS_CHANGED, "open")
    )
    assert [due.at for due in steps_due(clock, promise(), NONE, moscow("30T10:00"))] == [
        moscow("24T11:00"),
        moscow("24T12:00"),
        moscow("24T15:00"),
    ]


def test_steps_missed_before_a_pause_come_when_it_ends_in_the_order_of_their_times() -> None:
    """Both moments had passed, so both are due at the resumption, the earlier one first."""
    reverse = promise(
        steps=(
            Step(target=Target.FIRST_RESPONSE, at=At.parse("100%"), tell=("lead",)),
            Step(target=Target.FIRST_RESPONSE, at=At.parse("50%"), tell=("assignee",)),
        )
    )
    clock = first_response(
        ("23T12:00", Happening.STATUS_CHANGED, "hold"), ("24T09:00", Happening.STATUS_CHANGED, "open")
    )
    due = steps_due(clock, reverse, NONE, moscow("24T09:00"))
    assert [(d.step.tell, d.at) for d in due] == [(("assignee",), moscow("24T09:00")), (("lead",), moscow("24T09:00"))]


def test_keys_tell_clocks_apart_and_survive_an_edit_of_the_rules() -> None:
    """A step put in front does not make the others look new; the second of one moment has a number."""
    step = Step(target=Target.FIRST_RESPONSE, at=At.parse("75%"))
    clock, other = first_response(), timeline(("23T09:00", Happening.FIRST_MAIL, "new"))[0]
    wider = promise(steps=(Step(target=Target.FIRST_RESPONSE, at=At.parse("10%")), *promise().steps, step))
    assert step_key(clock, promise(), 0) == "standard/first_response/75%/20261120T130000.000000Z"
    assert step_key(clock, wider, 1) == step_key(clock, promise(), 0)
    assert step_key(clock, wider, 5) == "standard/first_response/75%#2/20261120T130000.000000Z"
    assert step_key(other, promise(), 0) != step_key(clock, promise(), 0)


def test_steps_of_another_target_do_not_fire() -> None:
    """The warning of the resolution belongs to its own clock."""
    resolution = timeline(FIRST)[1]
    assert [due.step.tell for due in steps_due(resolution, promise(), NONE, moscow("30T10:00"))] == [("queue",)]
    assert next_step_at(resolution, promise(), NONE) == moscow("27T15:30")


@given(st.lists(st.integers(0, 20000), max_size=12))
def test_whenever_the_desk_looks_each_step_comes_exactly_once(minutes: list[int]) -> None:
    """Looks at any times, in any rhythm, find the same steps in the same order as one late look."""
    clock, done, seen = first_response(), NONE, []
    for minute in [*sorted(minutes), 20001]:
        now = clock.started_at + timedelta(minutes=minute)
        before = next_step_at(clock, promise(), done)
        due = steps_due(clock, promise(), done, now)
        assert bool(due) == (before is not None and before <= now)
        seen += [d.key for d in due]
        done |= {d.key for d in due}
    assert seen == [d.key for d in steps_due(clock, promise(), NONE, clock.started_at + 400 * HOUR)]
