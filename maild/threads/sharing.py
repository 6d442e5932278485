"""Tickets given to somebody while a decision is made: new ones shared out, those of absent agents passed on.

Whom it falls on is judged in `assignment.py`; here the decision learns of it, and its history.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from maild.threads.assignment import Relief, by_queue, choose, relief
from maild.threads.changes import differences
from maild.threads.correspondence import Pen
from maild.threads.draft import Draft
from maild.threads.model import IMPORTED, Event, Ticket
from maild.threads.notices import passed_on_notice
from maild.threads.plan import Letter
from maild.threads.workload import Turn

MAILD = "maild"
"""Who acts where nobody did."""


def share_out(draft: Draft) -> None:
    """A new ticket that no rule gave to somebody goes to one of several, where a rule or its queue says so."""
    ticket, routed, case = draft.ticket, draft.routed, draft.case
    assert ticket is not None
    assert routed is not None
    # Old mail that is brought from elsewhere is nobody's work, and takes nobody's turn.
    if ticket.assignee is not None or routed.spam or case.envelope.channel == IMPORTED:
        return
    practice = case.practice
    if routed.choice is not None:
        chosen = choose(practice, ticket, draft.now, routed.choice)
    elif (by_its_queue := by_queue(practice, ticket, draft.now)) is not None:
        chosen = by_its_queue
    else:
        return
    draft.chosen = chosen
    if chosen.agent is None:
        draft.note("unassigned", "nobody", chosen.said("en"), MAILD)
        return
    draft.turns = (*draft.turns, *((chosen.turn,) if chosen.turn else ()))
    draft.note("assignee", f"- -> {chosen.agent.id}", chosen.said("en"), MAILD)
    draft.ticket = replace(ticket, assignee=chosen.agent.id)


def pass_on(draft: Draft) -> None:
    """There is news: the ticket of somebody who is away goes to his deputy or back to its queue, before it is told."""
    assert draft.ticket is not None
    if draft.case.envelope.channel == IMPORTED:
        return
    found = relieve(draft.pen, draft.ticket, draft.now)
    if found is None:
        return
    draft.ticket, draft.relief = found.ticket, found.relief
    draft.events.extend(found.events)
    draft.letters.append(found.letter)
    draft.turns += found.turns


@dataclass(frozen=True, kw_only=True, slots=True)
class Relieved:
    """A ticket that was passed on, with what comes of that."""

    ticket: Ticket
    relief: Relief
    events: tuple[Event, ...]
    letter: Letter
    """To the agent who is away; it waits for him."""
    turns: tuple[Turn, ...]


def relieve(pen: Pen, ticket: Ticket, now: datetime) -> Relieved | None:
    """Pass the ticket of somebody who is away on; None where it stays with whom it is."""
    found = relief(pen.practice, ticket, now)
    if found is None:
        return None
    after = replace(ticket, assignee=found.taker.id if found.taker is not None else None)
    why = found.why(pen.practice, "en")
    events = (Event(at=now, kind=k, actor=MAILD, detail=d, because=why) for k, d in differences(ticket, after))
    chosen = found.chosen
    return Relieved(
        ticket=after,
        relief=found,
        events=tuple(events),
        letter=passed_on_notice(pen, after, found),
        turns=(chosen.turn,) if chosen is not None and chosen.turn is not None else (),
    )
