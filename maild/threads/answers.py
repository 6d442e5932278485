"""The letter that answers what an agent asked: lists, a ticket whole, its history, and why it is where it is.

It goes to the agent's own address and to nobody else. It shows what his other orders have led to, if there were any.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote

from maild.messages.mail import Address, Mail
from maild.messages.reply import split_reply
from maild.messages.tokens import Purpose
from maild.people.team import Agent
from maild.sla.deadlines import TicketClock
from maild.threads.correspondence import Pen, desk_view, person_view, sane_id, ticket_view
from maild.threads.deadlines import explain_deadline
from maild.threads.facts import TicketFacts
from maild.threads.kb_words import kb_lines
from maild.threads.lookups import MAX_EVENTS, MAX_ROWS, OF_TICKET, Answer, Ask, Found, Listing, Lookup, Past
from maild.threads.model import Event, Message, Ticket, Visibility
from maild.threads.plan import Letter, LetterKind
from maild.threads.practice import Practice
from maild.threads.promises import explain_clocks
from maild.threads.report import Rows, make_report
from maild.threads.report_words import report_lines
from maild.threads.said import because_told, detail_told, kind_told
from maild.threads.why import turning_points, why_lines
from maild.threads.words import WORDS, say, value_word

MAX_MESSAGES = 5
MAX_LINES = 20
MAX_CHANGES = 20
_LONGEST_LINE = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """Everything that answers are made of, as it is after the mail that asks: tickets by number, their new events."""

    tickets: Mapping[int, TicketFacts]
    answers: Mapping[Lookup, Answer]
    events: Mapping[int, tuple[Event, ...]]
    now: datetime


def answers_letter(pen: Pen, agent: Agent, mail: Mail, asked: Sequence[tuple[str, Lookup]], known: Known) -> Letter:
    """One letter with a section a question. Where all are about one ticket, a reply to it is a reply to that ticket."""
    practice, parent = pen.practice, sane_id(mail.message_id)
    numbers = {lookup.ticket for _, lookup in asked}
    one = numbers.pop() if len(numbers) == 1 else None
    root = practice.mint.root_id(Purpose.AGENT_ID, one) if one is not None else None
    language = practice.language_for(agent.language)
    return Letter(
        kind=LetterKind.ASKED,
        template="asked",
        language=language,
        to=(Address(name=agent.name, address=agent.address),),
        sender=practice.sender(),
        reply_to=practice.mint.address(Purpose.AGENT, one, agent.id) if one is not None else None,
        context={
            "desk": desk_view(practice),
            "agent": {"name": agent.name},
            "sections": [section(line, lookup, known, practice, agent, language) for line, lookup in asked],
        },
        message_id=pen.message_id(Purpose.AGENT_ID, one or 0),
        date=pen.now,
        in_reply_to=parent or root,
        references=tuple(i for i in (root, parent) if i is not None),
        automatic=True,
        loop_mark=practice.mint.loop_mark(),
        ticket=one,
    )


def section(
    line: str, lookup: Lookup, known: Known, practice: Practice, agent: Agent | None, language: str
) -> dict[str, object]:
    """The answer to one question, as the letter and the command line see it."""
    told: dict[str, object] = {"line": line, "kind": str(lookup.kind), "rows": [], "total": 0, "more": 0}
    told |= {name: [] for name in ("people", "clocks", "messages", "events", "reasons", "lines", "links", "changes")}
    answer = known.answers.get(lookup)
    if lookup.span is not None:
        report = make_report(
            answer if isinstance(answer, Rows) else Rows(),
            lookup.span.period(known.now, practice.timezone),
            known.now,
            practice.zone,
            lookup.queue,
        )
        names = {a.id: a.name for a in practice.team.agents}
        return told | {"lines": report_lines(report, language, practice.timezone, names)}
    if lookup.kind is Ask.KB:
        return told | {"lines": kb_lines(practice.kb, lookup.words, language)}
    if lookup.kind not in OF_TICKET:
        found = _as_now(answer if isinstance(answer, Found) else Found(), lookup.listing, known)
        told["rows"] = [_row(ticket, known, practice, agent) for ticket in found.tickets]
        return told | {"total": found.total, "more": found.total - len(found.tickets)}
    facts = known.tickets.get(lookup.ticket) if lookup.ticket is not None else None
    if facts is None:
        return told
    past = answer if isinstance(answer, Past) else Past(messages=facts.messages)
    told |= {"rows": [_row(facts.ticket, known, practice, agent)], "total": 1}
    if lookup.kind is Ask.HISTORY:
        return told | _history(past, known.events.get(facts.ticket.id, ()), practice, language)
    told["links"] = link_lines(past, practice, language)
    clocks = explain_clocks(practice.promises, facts.ticket, facts.clocks, known.now, language)
    told["clocks"] = [*clocks, *explain_deadline(practice, facts.ticket, facts.clocks, known.now, language)]
    if lookup.kind is Ask.WHY:
        reasons = [
            {"at": j.at, "mail": j.inbox_id, "lines": why_lines(j.decision, language, practice.zone)}
            for j in past.judged
        ]
        everything = (*past.events, *known.events.get(facts.ticket.id, ()))
        changes = [everything[place] for place in turning_points([e.kind for e in everything])]
        return told | {"reasons": reasons, "changes": _told_events(changes[-MAX_CHANGES:], practice, language)}
    return told | _whole(facts.ticket, past, practice)


def _as_now(found: Found, listing: Listing | None, known: Known) -> Found:
    """A list after the orders beside it: what fits no longer goes, what fits now comes, each as it is now."""
    rows = list(found.tickets)
    total = found.total
    for number, facts in known.tickets.items():
        ticket = facts.ticket
        place = next((i for i, row in enumerate(rows) if row.id == number), None)
        fits = listing is None or listing.fits(ticket, known.now)
        if place is not None and fits:
            rows[place] = ticket
        elif place is not None:
            del rows[place]
            total -= 1
        elif fits and listing is not None and number in known.events:
            rows.append(ticket)
            total += 1
    return Found(tickets=tuple(rows[:MAX_ROWS]), total=max(total, len(rows)))


def _row(ticket: Ticket, known: Known, practice: Practice, agent: Agent | None) -> dict[str, object]:
    seen = ticket_view(practice, ticket)
    overdue = ticket.due_at is not None and ticket.due_at < known.now
    link = ""
    if agent is not None:
        address = practice.mint.address(Purpose.AGENT, ticket.id, agent.id)
        # The tag in the subject is for people: what finds the ticket is the signed address.
        link = f"mailto:{quote(address, safe='@+')}?subject={quote(f'[{ticket.number}]', safe='')}"
    return {
        **{name: seen[name] for name in ("number", "subject", "status", "queue", "priority", "line", "tags", "fields")},
        **{name: seen[name] for name in ("due_by", "due_set_by", "organisation")},
        "assignee": seen["assignee"] or "",
        "customer": person_view(ticket.requester),
        "created_at": ticket.created_at,
        "due_at": ticket.due_at,
        "overdue": overdue,
        "link": link,
    }


def link_lines(past: Past, practice: Practice, language: str) -> list[str]:
    """What a ticket has to do with others."""
    known = ((f"link_{kind}", practice.ticket_number(number)) for kind, number in past.links)
    return [say(language, key, number=number) for key, number in known if key in WORDS["en"]]


def _whole(ticket: Ticket, past: Past, practice: Practice) -> dict[str, object]:
    said = [m for m in past.messages if not _orders_alone(m)]
    shown = said[-MAX_MESSAGES:]
    people = [{**person_view(p.address), "confirmed": p.confirmed} for p in ticket.participants]
    more = max(past.message_count, len(past.messages)) - (len(past.messages) - len(said)) - len(shown)
    return {"people": people, "messages": [_message(m, practice) for m in shown], "more": more}


def _orders_alone(message: Message) -> bool:
    """An agent's mail that says nothing: what it did stands in the history."""
    if message.author is None or message.visibility is not Visibility.INTERNAL or message.attachments:
        return False
    lines = (message.reply or split_reply(message.text).reply).strip().split("\n")
    return all(line.lstrip().startswith("/") or not line.strip() for line in lines)


def _message(message: Message, practice: Practice) -> dict[str, object]:
    author = practice.team.agent(message.author)
    # What is kept of an agent's mail of orders alone has no reply; the letter that it quotes says nothing new.
    said = message.reply or (split_reply(message.text).reply if author is not None else "") or message.text
    lines = [line[:_LONGEST_LINE].rstrip() for line in said.strip("\n").split("\n")]
    return {
        "sender": {"name": author.name, "address": ""} if author is not None else _writer(message),
        "at": message.at,
        "text": "\n".join(lines[:MAX_LINES]),
        "cut": max(len(lines) - MAX_LINES, 0),
        "direction": str(message.direction),
        "internal": message.visibility is Visibility.INTERNAL,
        "proposed": message.proposed,
        "attachments": [a.filename for a in message.attachments],
    }


def _writer(message: Message) -> dict[str, str]:
    if message.sender is None and message.author:
        return {"name": message.author, "address": ""}
    return person_view(message.sender)


def _history(past: Past, new: tuple[Event, ...], practice: Practice, language: str) -> dict[str, object]:
    everything = (*past.events, *new)
    shown = everything[-MAX_EVENTS:]
    seen = _told_events(shown, practice, language)
    return {"events": seen, "more": max(past.event_count, len(past.events)) + len(new) - len(shown)}


def _told_events(shown: Sequence[Event], practice: Practice, language: str) -> list[dict[str, object]]:
    actors = {agent.id: agent.name for agent in practice.team.agents}
    return [
        {
            "at": e.at,
            "kind": kind_told(e.kind, language),
            "actor": actors.get(e.actor, value_word(language, e.actor)),
            "detail": detail_told(e, language, practice.zone),
            "because": because_told(e, language, practice.zone),
        }
        for e in shown
    ]


def with_change(
    known: TicketFacts, ticket: Ticket, clocks: tuple[TicketClock, ...], message: Message | None
) -> TicketFacts:
    """What is known of a ticket after a mail has changed it."""
    written = (*known.messages, message) if message is not None else known.messages
    return replace(known, ticket=ticket, clocks=clocks, messages=written)
