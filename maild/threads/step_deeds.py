"""What a step of a promise does beside telling people: to the ticket, and to the customer.

A further deed is a key of `[[promise.step]]` (config/schema.py), a field of `Step` (sla/promise.py), and a few lines
here: what changes the ticket in `changed` or `given_to`, what is sent in a function of its own that overdue.py calls
behind them. A step is done in one transaction, once for its key: whatever leaves the desk has to leave by the outbox.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from maild.errors import DataError, NotFound
from maild.people.team import LAST_LINE, Team
from maild.routing.rules import Choice
from maild.sla.deadlines import TicketClock
from maild.sla.promise import LEAD, Step
from maild.sla.steps import StepDue
from maild.threads.as_json import stamp
from maild.threads.assignment import Chosen, by_queue, choose, has_it, on_line
from maild.threads.calls import calls
from maild.threads.correspondence import Pen
from maild.threads.model import Priority, Ticket
from maild.threads.plan import Letter
from maild.threads.practice import Practice
from maild.threads.reticence import customer_unanswerable
from maild.threads.rule_fields import Talk
from maild.threads.rule_letters import automatic_reply


def changed(team: Team, ticket: Ticket, step: Step) -> Ticket:
    """The ticket after a step: its priority is only ever raised, and no line is above the last.

    In another queue it is nobody's, as by the order; a queue or an agent that is gone from the files changes nothing.
    """
    if step.priority is not None and _rank(Priority(step.priority)) > _rank(ticket.priority):
        ticket = replace(ticket, priority=Priority(step.priority))
    if step.tags:
        ticket = replace(ticket, tags=tuple(dict.fromkeys((*ticket.tags, *step.tags))))
    if step.queue is not None and step.queue != ticket.queue and team.queue(step.queue) is not None:
        ticket = replace(ticket, queue=step.queue, assignee=None)
    if step.line is not None:
        line = min(ticket.line + 1, LAST_LINE) if step.line == "up" else int(step.line)
        ticket = on_line(team, ticket, line) if line != ticket.line else ticket
    agent = team.lead(ticket.queue) if step.assignee == LEAD else team.agent(step.assignee)
    return ticket if agent is None else replace(ticket, assignee=team.instead(agent).id)


def given_to(practice: Practice, before: Ticket, ticket: Ticket, step: Step, now: datetime) -> Chosen | None:
    """Which of several the ticket is given to: as the step says, else as its new place does where nobody has it."""
    if step.share_by is not None:
        choice = Choice(by=step.share_by, among=step.share_among)
        return None if has_it(practice.team, ticket, choice) else choose(practice, ticket, now, choice)
    moved = (before.queue, before.line) != (ticket.queue, ticket.line)
    return by_queue(practice, ticket, now) if moved and ticket.assignee is None else None


def letter_to_customer(pen: Pen, ticket: Ticket, step: Step, because: str, talk: Talk) -> tuple[Letter | None, str]:
    """The text that a step sends to the customer, at most once for a ticket and a step; else why none goes."""
    assert step.letter is not None
    refused = customer_unanswerable(pen.practice, ticket, talk)
    if refused is not None:
        return None, refused
    unique = f"step:{ticket.id}:{because}:{step.letter}"
    try:
        return automatic_reply(pen, ticket, step.letter, talk, proven=talk.answered, unique=unique), ""
    except (NotFound, DataError) as error:
        return None, str(error)


def called(
    pen: Pen, ticket: Ticket, due: StepDue, clock: TicketClock, promise: str, talk: Talk
) -> tuple[list[Letter], list[tuple[str, str]]]:
    """The calls to other programs that a step makes, and what the history says of each."""
    step = {
        "promise": promise,
        "target": str(clock.target),
        "at": str(due.step.at),
        "due_at": stamp(clock.due_at),
        "state": str(clock.state),
    }
    made, unknown = calls(
        pen,
        ticket,
        due.step.webhook,
        event="due",
        because={"rule": None, "step": step},
        message=talk.last_of_customer,
        unique=f"{ticket.id}:{due.key}",
    )
    notes = [("called", letter.to[0].name) for letter in made]
    return made, notes + [("not_called", f"{name}: the settings know no such webhook") for name in unknown]


def _rank(priority: Priority) -> int:
    return list(Priority).index(priority)
