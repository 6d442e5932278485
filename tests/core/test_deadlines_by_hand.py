"""A deadline that an agent sets by hand: what it is set to, whom its coming tells, how it is told in words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from office import ANNA, NOW, TEAM, practice, ticket

from maild.people.team import Agent, Team
from maild.sla.deadlines import start
from maild.sla.promise import Target
from maild.threads.correspondence import Pen
from maild.threads.deadlines import explain_deadline
from maild.threads.facts import TicketFacts
from maild.threads.model import Deadline, Status, Ticket
from maild.threads.order_lines import split_orders
from maild.threads.orders.table import Carried, carry_out
from maild.threads.orders.work import Setting
from maild.threads.overdue import decide_due
from maild.threads.plan import Plan
from maild.threads.practice import Practice
from maild.threads.promises import next_look, with_due

VERA = Agent(id="vera", name="Vera", address="vera@desk.example", language="en")
LED = Team(
    agents=(*TEAM.agents, VERA),
    queues=(replace(TEAM.queues[0], lead="vera"), TEAM.queues[1]),
)
SOON = Deadline(at=NOW + timedelta(hours=1), set_by="anna")


def ordered(text: str, before: Ticket, *others: Ticket, language: str = "en") -> Carried:
    """Anna's orders, on a Monday at nine."""
    known = {t.id: TicketFacts(ticket=t) for t in (before, *others)}
    setting = Setting(agent=ANNA, language=language, now=NOW, practice=practice(), tickets=known, next_ticket=1042)
    return carry_out(before, split_orders(text)[0], setting)


def come(one: Ticket, *, at: datetime, done: frozenset[str] = frozenset(), how: Practice | None = None) -> Plan:
    """What time does to a ticket."""
    ways = how or practice(team=LED)
    pen = Pen(practice=ways, source="t", number=1, now=at)
    return decide_due(TicketFacts(ticket=one, steps_done=done), ways, pen, at)


@pytest.mark.parametrize(
    ("order", "at"),
    [
        ("/due tomorrow 18:30", datetime(2026, 11, 24, 18, 30, tzinfo=UTC)),
        ("/срок пятница", datetime(2026, 11, 27, 18, 0, tzinfo=UTC)),
        ("/due today", datetime(2026, 11, 23, 18, 0, tzinfo=UTC)),
        ("/deadline 2026-12-01 midnight", datetime(2026, 12, 1, 0, 0, tzinfo=UTC)),
        ("/due 4h", NOW + timedelta(hours=4)),
    ],
)
def test_a_deadline_is_set_as_people_speak(order: str, at: datetime) -> None:
    """A day without an hour means its evening, since something is to be done by then; who set it is known."""
    assert Deadline(at=at, set_by="anna") == ordered(order, ticket()).ticket.deadline


def test_a_deadline_is_taken_away_by_off_and_by_nyet() -> None:
    """Where there is one."""
    for word in ("off", "Нет", "снять"):
        assert ordered(f"/due {word}", ticket(deadline=SOON)).ticket.deadline is None
    assert ordered("/due off", ticket()).done[0].effect == "no deadline is set by hand on this ticket"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("2026-11-20 10:00", "“2026-11-20 10:00” is Fri 2026-11-20 10:00, which has passed"),
        ("today 08:00", "“today 08:00” is Mon 2026-11-23 08:00, which has passed"),
        ("2036-01-01", "more than three years away"),
        ("99999 weeks", "more than three years away"),
        ("soonish", "write 3d, 2h, tomorrow 10:00"),
    ],
)
def test_a_time_that_cannot_be_meant_is_refused_with_what_it_was_taken_for(words: str, told: str) -> None:
    """Nothing is set then."""
    carried = ordered(f"/due {words}", ticket())
    assert (carried.error, carried.ticket.deadline) == (True, None)
    assert told in carried.done[0].effect


def test_a_finished_ticket_gets_no_deadline() -> None:
    """There is nothing to be done by then."""
    assert ordered("/due friday", ticket(status=Status.SOLVED)).error


def test_the_due_time_is_the_earlier_one() -> None:
    """Of the clocks and of the deadline, as long as the ticket is unfinished; the wall clock knows no pauses."""
    promise = practice().promises.named("standard")
    clock = start(promise, Target.FIRST_RESPONSE, NOW)
    assert clock is not None
    assert with_due(ticket(deadline=SOON), (clock,)).due_at == SOON.at
    assert with_due(ticket(deadline=SOON, status=Status.HOLD), ()).due_at == SOON.at
    late = Deadline(at=NOW + timedelta(days=9), set_by="anna")
    assert with_due(ticket(deadline=late), (clock,)).due_at == clock.due_at
    assert with_due(ticket(deadline=SOON, status=Status.CLOSED), ()).due_at is None


def test_its_coming_tells_who_works_on_it_and_the_lead_once() -> None:
    """The queue where nobody has it; never again for the same time, but for another one."""
    plan = come(ticket(deadline=SOON), at=SOON.at)
    assert [x.to[0].address.partition("@")[0] for x in plan.letters] == ["anna", "boris", "vera"]
    assert {x.context["set_by"] for x in plan.letters} == {ANNA.name}
    assert [e.detail for e in plan.events] == ["deadline by hand, set by anna"]
    assert plan.ticket is not None
    assert (plan.ticket.due_at, plan.next_step_at) == (SOON.at, None)
    again = come(plan.ticket, at=SOON.at + timedelta(hours=9), done=frozenset(plan.steps_done))
    assert (again.letters, again.events, again.steps_done) == ((), (), ())
    moved = replace(plan.ticket, deadline=replace(SOON, at=SOON.at + timedelta(hours=2)))
    assert next_look(practice().promises, moved, (), frozenset(plan.steps_done)) == SOON.at + timedelta(hours=2)
    [to_anna, to_lead] = come(ticket(deadline=SOON, assignee="anna"), at=SOON.at).letters
    assert (to_anna.to[0].address, to_lead.to[0].address) == (ANNA.address, VERA.address)


def test_before_its_time_nobody_is_told() -> None:
    """The ticket is looked at then."""
    plan = come(ticket(deadline=SOON), at=NOW)
    assert (plan.letters, plan.next_step_at) == ((), SOON.at)


@pytest.mark.parametrize("status", [Status.SOLVED, Status.CLOSED, Status.SPAM, Status.MERGED])
def test_on_a_finished_ticket_it_goes_quietly(status: Status) -> None:
    """So that the ticket is not late the moment it is opened again."""
    plan = come(ticket(deadline=SOON, status=status), at=SOON.at)
    assert plan.letters == ()
    assert plan.ticket is not None
    assert plan.ticket.deadline is None
    assert [e.detail for e in plan.events] == ["2026-11-23 10:00 UTC -> -"]
    assert next_look(practice().promises, ticket(deadline=SOON, status=status), (), frozenset()) == SOON.at


def test_a_merged_ticket_takes_its_deadline_along() -> None:
    """The earlier of the two; one that is split off has none."""
    carried = ordered("/merge 1007", ticket(deadline=SOON), ticket(1007))
    assert carried.work.also[0].ticket.deadline == SOON
    later = Deadline(at=NOW + timedelta(days=3), set_by="boris")
    carried = ordered("/merge 1007", ticket(deadline=later), ticket(1007, deadline=SOON))
    assert carried.work.also[0].ticket.deadline == SOON


def test_the_arithmetic_is_told_in_words() -> None:
    """Who set it, when, what is left or over, and which due time holds."""
    promise = practice().promises.named("standard")
    clock = start(promise, Target.FIRST_RESPONSE, NOW)
    assert clock is not None
    one = ticket(deadline=SOON)
    [told] = explain_deadline(practice(), one, (clock,), NOW, "en")
    assert told == (
        "Deadline by hand: Mon 2026-11-23 10:00 (UTC), set by Анна Петрова; 1h left by the wall clock, pauses count"
        " too. It comes before what is promised (first response, Mon 2026-11-23 13:00), so it is the ticket's due time."
    )
    [late] = explain_deadline(practice(), one, (), NOW + timedelta(hours=3), "ru")
    assert late == "Срок вручную (Анна Петрова): пн 2026-11-23 10:00 (UTC); просрочено на 2 ч."
    [rests] = explain_deadline(practice(), ticket(deadline=SOON, status=Status.SOLVED), (), NOW, "en")
    assert rests.endswith("it does not count while the ticket is finished.")
    assert explain_deadline(practice(), ticket(), (clock,), NOW, "en") == []
