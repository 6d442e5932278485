"""A deadline nears or has passed: what the promise's steps do to a ticket, and who is told. In order."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from maild.messages.mail import Address
from maild.messages.tokens import Purpose
from maild.people.team import Agent
from maild.sla.deadlines import TicketClock
from maild.sla.events import Happening as ClockHappening
from maild.sla.steps import StepDue, steps_due
from maild.threads import states
from maild.threads.buttons import for_news
from maild.threads.correspondence import Pen, ticket_context, to_agent
from maild.threads.deadlines import deadline_come
from maild.threads.draft import differences
from maild.threads.facts import TicketFacts
from maild.threads.model import LAST_LINE, Event, InboxState, Priority, Ticket
from maild.threads.notices import woken
from maild.threads.plan import Letter, LetterKind, Plan
from maild.threads.practice import Practice
from maild.threads.promises import move_clocks, next_look, response_due, with_due

CLOCK = "clock"
"""Who acts when time does."""


def decide_due(facts: TicketFacts, practice: Practice, pen: Pen, now: datetime) -> Plan:
    """Every step that is due on this ticket, earliest first; with none due, only the next look is set anew."""
    promise = practice.promises.named(facts.ticket.promise)
    due = sorted(
        ((step, clock) for clock in facts.clocks for step in steps_due(clock, promise, facts.steps_done, now)),
        key=lambda pair: pair[0].at,
    )
    ticket, events, letters = facts.ticket, list[Event](), list[Letter]()
    for step, clock in due:
        after = _changed(ticket, step)
        because = f"{clock.target} at {step.step.at} of {promise.name}"
        events.append(
            Event(at=now, kind="escalated", actor=CLOCK, detail=because, because=f"due {step.at:%Y-%m-%d %H:%M} UTC")
        )
        changes = differences(ticket, after)
        events.extend(Event(at=now, kind=k, actor=CLOCK, detail=d, because=because) for k, d in changes)
        letters.extend(_letters(pen, after, step, clock, now))
        ticket = replace(after, updated_at=now)
    clocks = facts.clocks
    if ticket.wake_at is not None and ticket.wake_at <= now:
        awake = _awake(ticket)
        events.append(Event(at=now, kind="woken", actor=CLOCK, detail=f"{ticket.status} -> {awake.status}"))
        awake, clocks = move_clocks(practice.promises, awake, clocks, (ClockHappening.STATUS_CHANGED,), now)
        ticket = replace(awake, updated_at=now)
        letters.extend(woken(pen, ticket, facts.messages, response_due(clocks)))
    done = tuple(step.key for step, _ in due)
    come = deadline_come(pen, ticket, facts.steps_done, now)
    if come.events:
        ticket = with_due(come.ticket, clocks)
        events.extend(come.events)
        letters.extend(come.letters)
        done += (come.step,) if come.step is not None else ()
    return Plan(
        state=InboxState.TICKETED,
        reason="a deadline",
        belongs_to=ticket.id,
        ticket=ticket,
        events=tuple(events),
        letters=tuple(letters),
        clocks=clocks,
        steps_done=done,
        next_step_at=next_look(practice.promises, ticket, clocks, facts.steps_done | frozenset(done)),
    )


def _awake(ticket: Ticket) -> Ticket:
    """A ticket whose rest is over: open again, where it still rests."""
    can = states.can(ticket.status, states.Happening.WAKE)
    status = states.after(ticket.status, states.Happening.WAKE) if can else ticket.status
    return replace(ticket, status=status, wake_at=None)


def _changed(ticket: Ticket, due: StepDue) -> Ticket:
    """The ticket after a step: its priority is only ever raised, and no line is above the last."""
    step = due.step
    if step.priority is not None and _rank(Priority(step.priority)) > _rank(ticket.priority):
        ticket = replace(ticket, priority=Priority(step.priority))
    if step.line is not None:
        line = min(ticket.line + 1, LAST_LINE) if step.line == "up" else int(step.line)
        ticket = replace(ticket, line=line)
    return ticket


def _rank(priority: Priority) -> int:
    return list(Priority).index(priority)


def _letters(pen: Pen, ticket: Ticket, due: StepDue, clock: TicketClock, now: datetime) -> list[Letter]:
    agents, addresses = _told(pen.practice, ticket, due)
    context: dict[str, object] = {
        "target": str(clock.target),
        "due_at": clock.due_at,
        "overdue": clock.due_at is not None and now > clock.due_at,
        "step": str(due.step.at),
        "why": f"{ticket.promise}: {clock.target} {due.step.at}",
    }
    letters = [
        to_agent(
            pen,
            ticket,
            agent,
            kind=LetterKind.ESCALATION,
            template="escalation",
            context=context,
            buttons=for_news("due", ticket, agent),
        )
        for agent in agents
    ]
    return letters + [_to_address(pen, ticket, address, context) for address in addresses]


def _told(practice: Practice, ticket: Ticket, due: StepDue) -> tuple[list[Agent], list[str]]:
    """Whom a step tells: agents, each once, and plain addresses. A step that only moves the line tells the new line."""
    agents: list[Agent] = []
    addresses: list[str] = []
    team = practice.team
    for word in due.step.tell:
        if word == "assignee":
            agents.extend(team.who_is_told(ticket.queue, ticket.assignee))
        elif word == "queue":
            agents.extend(team.members(ticket.queue))
        elif word == "lead":
            lead = team.lead(ticket.queue)
            agents.extend((lead,) if lead else team.who_is_told(ticket.queue, None))
        elif (agent := team.agent(word)) is not None:
            agents.append(agent)
        elif "@" in word:
            addresses.append(word)
    if not due.step.tell and due.step.line is not None:
        agents.extend(team.who_serves(ticket.queue, ticket.line) or team.who_is_told(ticket.queue, ticket.assignee))
    return list(dict.fromkeys(agents)), list(dict.fromkeys(addresses))


def _to_address(pen: Pen, ticket: Ticket, address: str, context: dict[str, object]) -> Letter:
    """To somebody who is no agent: a letter that cannot be answered with orders."""
    practice = pen.practice
    root = practice.mint.root_id(Purpose.AGENT_ID, ticket.id)
    return Letter(
        kind=LetterKind.ESCALATION,
        template="escalation",
        language=practice.languages[0],
        to=(Address(address=address),),
        sender=practice.sender(),
        subject=f"[{ticket.number}] {ticket.subject}".strip(),
        context=ticket_context(practice, ticket, "") | context,
        message_id=pen.message_id(Purpose.AGENT_ID, ticket.id),
        date=pen.now,
        in_reply_to=root,
        references=(root,),
        automatic=True,
        loop_mark=practice.mint.loop_mark(),
        ticket=ticket.id,
    )
