"""A deadline that somebody set on a ticket by hand: what happens when it comes, and how it is told in words.

What is promised by the rules, and its steps, stand in `overdue.py` and in `sla/`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from maild.sla.deadlines import TicketClock
from maild.sla.explain import clock_name, moment_text
from maild.sla.promise import duration_text
from maild.threads.buttons import for_news
from maild.threads.correspondence import Pen, setter_of, to_agent
from maild.threads.model import UNFINISHED, Event, Ticket
from maild.threads.plan import Letter, LetterKind
from maild.threads.practice import Practice
from maild.threads.promises import deadline_key
from maild.threads.rule_fields import Talk
from maild.threads.rule_letters import last_mail
from maild.threads.words import say

_CLOCK = "clock"


@dataclass(frozen=True, kw_only=True, slots=True)
class Come:
    """What the coming of a deadline leads to; `step` is done with it, once."""

    ticket: Ticket
    events: tuple[Event, ...] = ()
    letters: tuple[Letter, ...] = ()
    step: str | None = None


def deadline_come(pen: Pen, ticket: Ticket, talk: Talk, done: frozenset[str], now: datetime) -> Come:
    """Whoever works on the ticket and the lead are told once. On a ticket that is finished it is quietly taken away.

    Were it kept there, a ticket that was done in time would be late as soon as the customer writes again.
    """
    deadline = ticket.deadline
    if deadline is None or deadline.at > now:
        return Come(ticket=ticket)
    if ticket.status not in UNFINISHED:
        gone = Event(at=now, kind="deadline", actor=_CLOCK, detail=f"{deadline.at:%Y-%m-%d %H:%M} UTC -> -")
        return Come(
            ticket=replace(ticket, deadline=None, updated_at=now),
            events=(replace(gone, because=f"the ticket is {ticket.status}"),),
        )
    key = deadline_key(deadline)
    if key in done:
        return Come(ticket=ticket)
    told = Event(
        at=now,
        kind="escalated",
        actor=_CLOCK,
        detail=f"deadline by hand, set by {deadline.set_by}",
        because=f"due {deadline.at:%Y-%m-%d %H:%M} UTC",
    )
    return Come(ticket=replace(ticket, updated_at=now), events=(told,), letters=_letters(pen, ticket, talk), step=key)


def _letters(pen: Pen, ticket: Ticket, talk: Talk) -> tuple[Letter, ...]:
    """To the assignee, else the queue; and to the lead."""
    practice, deadline = pen.practice, ticket.deadline
    assert deadline is not None
    team = practice.team
    lead = team.lead(ticket.queue)
    told = dict.fromkeys((*team.who_is_told(ticket.queue, ticket.assignee, ticket.line), *((lead,) if lead else ())))
    setter = setter_of(practice, deadline)
    letters = []
    for agent in told:
        language = practice.language_for(agent.language)
        context: dict[str, object] = {
            "target": "by_hand",
            "due_at": deadline.at,
            "overdue": True,
            "set_by": setter,
            "why": say(language, "deadline_set_by", name=setter),
            "message": last_mail(talk),
        }
        letter = to_agent(
            pen,
            ticket,
            agent,
            kind=LetterKind.ESCALATION,
            template="escalation",
            context=context,
            buttons=for_news("due", ticket, agent),
        )
        letters.append(letter)
    return tuple(letters)


def explain_deadline(
    practice: Practice, ticket: Ticket, clocks: tuple[TicketClock, ...], now: datetime, language: str
) -> list[str]:
    """When the deadline is, who set it, what is left by the wall clock, and which due time holds; nothing without one.

    A sentence or two, in English or Russian; times are those of the desk's wall clock.
    """
    deadline = ticket.deadline
    if deadline is None:
        return []
    zone = ZoneInfo(practice.timezone)
    at = moment_text(deadline.at, zone, language)
    told = say(language, "deadline_is", at=at, zone=practice.timezone, name=setter_of(practice, deadline))
    if ticket.status not in UNFINISHED:
        return [told + say(language, "deadline_rests")]
    if now <= deadline.at:
        told += say(language, "deadline_left", left=duration_text(deadline.at - now, language))
    else:
        told += say(language, "deadline_over", over=duration_text(now - deadline.at, language))
    running = [c for c in clocks if not c.ended and c.due_at is not None]
    first = min(running, key=lambda c: c.due_at or now, default=None)
    if first is not None and first.due_at is not None:
        key = "deadline_first" if deadline.at <= first.due_at else "deadline_second"
        name = clock_name(first.target, language)
        told += say(language, key, target=name, at=moment_text(first.due_at, zone, language))
    return [told]
