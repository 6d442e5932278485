"""A step that moves a ticket a line up: whose it is then, who is told, and that they read where it came from."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest
from office import ANNA, BORIS, NOW, STANDARD, message, practice, ticket

from maild.outgoing.compose import write_letter
from maild.outgoing.letters import Letters
from maild.people.absence import Absence, Source
from maild.people.team import Agent, By, Queue, Team
from maild.sla.deadlines import ClockState, TicketClock
from maild.sla.promise import At, Step, Target
from maild.threads.correspondence import Pen
from maild.threads.facts import TicketFacts
from maild.threads.overdue import decide_due
from maild.threads.plan import Plan
from maild.threads.promises import Given, Promises
from maild.threads.telling import told as words_told

VERA = Agent(id="vera", name="Vera", address="vera@desk.example")
DUE = NOW + timedelta(hours=4)


def late(
    *, assign: By | None = None, assignee: str | None = "anna", away: str = "", tell: tuple[str, ...] = ()
) -> Plan:
    """What becomes of a ticket of Anna's, on the first line, when its promised time is over."""
    lines = MappingProxyType({1: ("anna",), 2: ("boris", "vera")})
    queue = Queue(name="support", agents=("anna",), default=True, assign=assign, lines=lines)
    step = Step(target=Target.FIRST_RESPONSE, at=At.parse("100%"), tell=tell, line="up")
    promises = Promises(given=(Given(promise=replace(STANDARD, steps=(step,)), fits=lambda _: True),))
    team = Team(agents=(replace(ANNA, deputy="vera"), BORIS, VERA), queues=(queue,))
    if away:
        team = team.as_of((Absence(agent=away, source=Source.ORDER, since=NOW, until=None),), NOW)
    how = replace(practice(team=team), promises=promises)
    clock = TicketClock(
        target=Target.FIRST_RESPONSE, started_at=NOW, resumed_at=NOW, due_at=DUE, state=ClockState.RUNNING
    )
    known = TicketFacts(ticket=ticket(assignee=assignee), messages=(message(),), clocks=(clock,))
    return decide_due(known, how, Pen(practice=how, source="t", number=1, now=DUE), DUE)


def told(plan: Plan) -> list[str]:
    """Who hears of it."""
    return [x.to[0].address.partition("@")[0] for x in plan.letters if x.template == "escalation"]


def has(plan: Plan) -> tuple[int, str | None]:
    """The line, and whose it is."""
    assert plan.ticket is not None
    return plan.ticket.line, plan.ticket.assignee


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_new_line_has_it_and_reads_where_it_came_from(language: str) -> None:
    """It is nobody's: who had it does not serve that line of the queue."""
    plan = late()
    assert (has(plan), told(plan)) == ((2, None), ["boris", "vera"])
    text = write_letter(replace(plan.letters[0], language=language), Letters(None, ("ru", "en"), "UTC")).text
    assert {"en": "from line 1 to line 2", "ru": "с линии 1 на линию 2"}[language] in text


def test_whoever_hears_of_it_reads_what_the_customer_wrote_last() -> None:
    """An agent, who may answer at once; not an address outside, a phone's say."""
    plan = late(tell=("sms@phone.example",))
    texts = {x.to[0].address: write_letter(x, Letters(None, ("en",), "UTC")).text for x in plan.letters}
    assert {who: "> My printer is on fire." in text for who, text in texts.items()} == {
        "boris@desk.example": True,
        "vera@desk.example": True,
        "sms@phone.example": False,
    }


def test_who_serves_the_new_line_as_well_keeps_it() -> None:
    """And is the one who is told."""
    plan = late(assignee="vera")
    assert (has(plan), told(plan)) == ((2, "vera"), ["vera"])


def test_a_queue_that_shares_out_gives_it_to_one_of_the_new_line() -> None:
    """Who alone is told."""
    plan = late(assign=By.TURN)
    assert (has(plan), told(plan)) == ((2, "boris"), ["boris"])
    assert [(t.pool, t.agent) for t in plan.turns] == [("support/2", "boris")]


def test_a_step_that_tells_others_tells_the_new_line_too() -> None:
    """Else nobody of it would know that it is theirs."""
    assert told(late(tell=("anna",))) == ["anna", "boris", "vera"]


def test_the_ticket_of_an_absent_agent_is_passed_on_before_the_step() -> None:
    """To his deputy, who may serve the new line."""
    plan = late(away="anna")
    assert (has(plan), told(plan)) == ((2, "vera"), ["vera"])
    assert [e.detail for e in plan.events if e.kind == "assignee"] == ["anna -> vera"]


def test_steps_that_are_due_at_one_moment_are_done_in_the_order_of_their_working_time() -> None:
    """A ticket that came under a tighter promise with more spent climbs its whole ladder, and ends at its top."""
    ladder = (("+2h", 3), ("50%", 1), ("100%", 2), ("100%", 4))
    steps = tuple(Step(target=Target.FIRST_RESPONSE, at=At.parse(at), line=line) for at, line in ladder)
    promises = Promises(given=(Given(promise=replace(STANDARD, steps=steps), fits=lambda _: True),))
    clock = TicketClock(
        target=Target.FIRST_RESPONSE,
        started_at=NOW,
        resumed_at=DUE,
        due_at=DUE,
        spent=timedelta(hours=9),
        state=ClockState.RUNNING,
    )
    how = replace(practice(), promises=promises)
    known = TicketFacts(ticket=ticket(line=9), messages=(message(),), clocks=(clock,))
    plan = decide_due(known, how, Pen(practice=how, source="t", number=1, now=DUE), DUE)
    moves = [event.detail for event in plan.events if event.kind == "line"]
    assert moves == ["9 -> 1", "1 -> 2", "2 -> 4", "4 -> 3"]


def test_what_goes_to_somebody_who_is_away_and_has_no_deputy_is_told_to_who_is_here() -> None:
    """A lead on holiday, and a line whose agents are all away: the letter that matters most must not wait for them."""
    lines = MappingProxyType({1: ("anna",), 2: ("boris", "vera")})
    queue = Queue(name="support", agents=("anna",), lead="vera", default=True, lines=lines)
    team = Team(agents=(ANNA, BORIS, VERA), queues=(queue,))
    vera_gone = team.as_of((Absence(agent="vera", source=Source.ORDER, since=NOW, until=None),), NOW)
    boris_too = (*vera_gone.away.values(), Absence(agent="boris", source=Source.ORDER, since=NOW, until=None))
    assert words_told(team, ticket(), ("lead", "boris"))[0] == [VERA, BORIS]
    assert words_told(vera_gone, ticket(), ("lead",))[0] == [VERA, ANNA]
    assert words_told(vera_gone, ticket(), ("vera",))[0] == [VERA, ANNA]
    deputed = replace(vera_gone, agents=(ANNA, BORIS, replace(VERA, deputy="boris")))
    assert words_told(deputed, ticket(), ("lead",))[0] == [BORIS]
    assert vera_gone.who_serves("support", 2) == (BORIS,)
    assert team.as_of(boris_too, NOW).who_serves("support", 2) == (BORIS, VERA, ANNA)
