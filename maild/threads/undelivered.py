"""A letter of ours did not leave for long, or was refused: who is told, and what it does to the ticket.

Told by the sender, not by a delivery report; that is a mail, and stands in `automatic.py`. Only an answer matters to
the ticket; of an automatic letter it stays a line in the history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from maild.messages.addresses import normal
from maild.messages.mail import Address
from maild.messages.statuses import from_text, kind_of
from maild.sla.deadlines import TicketClock
from maild.sla.events import Happening as ClockHappening
from maild.threads import states
from maild.threads.case import Case
from maild.threads.changes import differences
from maild.threads.correspondence import Pen, to_agent
from maild.threads.dead import DeadAddress, Refusal, after_refusals, lives
from maild.threads.facts import Facts, TicketFacts
from maild.threads.match import Thread
from maild.threads.model import Event, InboxState, Message, OutboxState, Ticket
from maild.threads.notices import undelivered
from maild.threads.plan import Letter, LetterKind, Plan
from maild.threads.practice import Practice
from maild.threads.promises import move_clocks, response_due
from maild.threads.rule_fields import Occasion, talk_of
from maild.threads.ruled import Ruled, ask_rules, look_at
from maild.threads.sharing import relieve
from maild.threads.states import Happening
from maild.threads.workload import Turn

SENDER = "sender"
"""Who acts when a letter could not be handed over."""
_UNDER_WAY = (OutboxState.WAITING, OutboxState.SENDING, OutboxState.UNCERTAIN)


@dataclass(frozen=True, kw_only=True, slots=True)
class NotReached:
    """A recipient whom a letter has not reached, and the relay's words ("" where it has said nothing)."""

    address: Address
    error: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LetterNews:
    """What the outbox says of a letter: who was refused and nobody has been told of, and for whom it still waits."""

    kind: LetterKind
    message_id: str
    state: OutboxState
    created_at: datetime
    next_at: datetime | None
    last_error: str
    refused: tuple[NotReached, ...] = ()
    waiting: tuple[Address, ...] = ()
    known: Mapping[str, DeadAddress] = field(default_factory=dict)
    """What is known of the refused addresses, by their keys."""


def decide_news(facts: TicketFacts, news: LetterNews, practice: Practice, pen: Pen) -> Plan:
    """What follows for the ticket. The same news give the same Plan."""
    if news.refused:
        return _refused(facts, news, practice, pen)
    if news.kind is LetterKind.ANSWER and news.waiting and news.state in _UNDER_WAY:
        return _delayed(facts, news, practice, pen)
    return _plan(facts, facts.ticket, practice, pen.now)


def refusals(news: LetterNews) -> list[Refusal]:
    """The refusals that the relay gave a reason for."""
    return [
        Refusal(address=r.address.address, status=status, reason=r.error)
        for r in news.refused
        if (status := from_text(r.error)) is not None
    ]


def reopened(before: Ticket) -> Ticket:
    """The ticket whose answer did not arrive: it is our turn again."""
    return replace(before, status=states.after(before.status, Happening.UNDELIVERED), solved_at=None)


def worth_counting(practice: Practice, found: list[Refusal]) -> list[Refusal]:
    """Those of people outside: our own agents are never called dead, they must be told whatever happens."""
    team = practice.team
    return [r for r in found if not practice.is_ours(r.address) and team.agent_by_address(r.address) is None]


def revived(case: Case, thread: Thread) -> str | None:
    """The sender whose address was taken for dead, where his mail shows that it lives."""
    sender = case.sender.address
    known = case.facts.dead.get(sender) if sender is not None else None
    if known is None:
        return None
    has_our_letter = thread.claim is not None and thread.holder == sender
    return sender if lives(known, case.facts.now, proven=case.sender.proof.holds or has_our_letter) else None


def held_back(case: Case, thread: Thread) -> str | None:
    """Why the sender gets no automatic letter: his address is taken for dead, and this mail does not show otherwise."""
    sender = case.sender.address
    known = case.facts.dead.get(sender) if sender is not None else None
    if known is None or not known.suppressed(case.facts.now) or revived(case, thread) is not None:
        return None
    return f"this address refuses mail ({known.status}); `maild outbox suppressed` says until when it gets none"


def dead_among(facts: Facts, people: Iterable[Address]) -> list[DeadAddress]:
    """Those of these people whose addresses are taken for dead."""
    known = (facts.dead.get(normal(p.address)) for p in people)
    return [one for one in known if one is not None and one.suppressed(facts.now)]


def _refused(facts: TicketFacts, news: LetterNews, practice: Practice, pen: Pen) -> Plan:
    whom = "; ".join(f"{r.address.address}: {r.error or 'given up'}" for r in news.refused)
    events = [_event(pen, "not_delivered", f"{news.kind} to {', '.join(_addresses(news))}", whom)]
    ticket, clocks, letters, own = facts.ticket, facts.clocks, list[Letter](), tuple[Letter, ...]()
    turns: tuple[Turn, ...] = ()
    if news.kind is LetterKind.ANSWER:
        if _concerns_requester(ticket, news):
            after, clocks = move_clocks(
                practice.promises, reopened(ticket), clocks, (ClockHappening.ANSWER_BOUNCED,), pen.now
            )
            events += [
                _event(pen, kind, detail, "an answer of ours did not arrive")
                for kind, detail in differences(ticket, after)
            ]
            ticket = replace(after, updated_at=pen.now)
            ruled = _ruled(facts, ticket, clocks, pen)
            ticket, clocks = ruled.ticket, ruled.clocks
            events.extend(ruled.events)
            own, turns = ruled.letters, ruled.turns
        if (relieved := relieve(pen, ticket, pen.now)) is not None:
            ticket = relieved.ticket
            events.extend(relieved.events)
            own, turns = (*own, relieved.letter), (*turns, *relieved.turns)
        shown: list[dict[str, object]] = [_bounced(r) for r in news.refused]
        letters = undelivered(pen, ticket, _answer(facts, news), shown, response_due(clocks))
    counted = [] if news.kind is LetterKind.WEBHOOK else worth_counting(practice, refusals(news))
    dead = after_refusals(news.known, counted, pen.now, practice.suppress_for)
    plan = _plan(replace(facts, clocks=clocks), ticket, practice, pen.now)
    return replace(plan, events=tuple(events), letters=(*letters, *own), dead=dead, turns=turns)


def _ruled(facts: TicketFacts, ticket: Ticket, clocks: tuple[TicketClock, ...], pen: Pen) -> Ruled:
    """What rules make of a ticket that is open again."""
    if ticket.status is facts.ticket.status:
        return Ruled(ticket=ticket, clocks=clocks)
    talk = talk_of(facts)
    occasion = Occasion(
        event="status",
        cause=f"{pen.source}{pen.number}",
        at=pen.now,
        talk=talk,
        before=facts.ticket.status,
        silent="an answer to this address did not arrive",
    )
    return ask_rules(pen, ticket, clocks, occasion)


def _delayed(facts: TicketFacts, news: LetterNews, practice: Practice, pen: Pen) -> Plan:
    ticket = facts.ticket
    message = _answer(facts, news)
    letters = [
        to_agent(
            pen,
            ticket,
            agent,
            kind=LetterKind.NOTIFICATION,
            template="delayed",
            context={
                "event": "delayed",
                "recipients": [a.address for a in news.waiting],
                "since": news.created_at,
                "next_at": news.next_at,
                "perhaps": news.state is OutboxState.UNCERTAIN,
                "reason": news.last_error,
                "text": message.reply if message else "",
            },
        )
        for agent in practice.team.who_is_told(ticket.queue, ticket.assignee, ticket.line)
    ]
    event = _event(pen, "delayed", f"answer to {', '.join(a.address for a in news.waiting)}", news.last_error)
    return replace(_plan(facts, ticket, practice, pen.now), events=(event,), letters=tuple(letters))


def _plan(facts: TicketFacts, ticket: Ticket, practice: Practice, now: datetime) -> Plan:
    talk = talk_of(facts)
    return Plan(
        state=InboxState.TICKETED,
        reason="news of a letter",
        belongs_to=ticket.id,
        ticket=ticket,
        clocks=facts.clocks,
        next_step_at=look_at(practice, ticket, facts.clocks, talk, facts.steps_done, now),
    )


def _answer(facts: TicketFacts, news: LetterNews) -> Message | None:
    return next((m for m in reversed(facts.messages) if m.message_id == news.message_id), None)


def _concerns_requester(ticket: Ticket, news: LetterNews) -> bool:
    """Whether who asked did not get the answer; a copy that was lost is told and leaves the ticket as it is."""
    requester = normal(ticket.requester.address) if ticket.requester else None
    return any(normal(a) == requester for a in _addresses(news))


def _addresses(news: LetterNews) -> list[str]:
    return [r.address.address for r in news.refused]


def _bounced(one: NotReached) -> dict[str, object]:
    status = from_text(one.error)
    return {
        "address": one.address.address,
        "status": status,
        "action": "failed",
        "kind": kind_of(status, "failed"),
        "diagnostic": one.error,
    }


def _event(pen: Pen, kind: str, detail: str, because: str) -> Event:
    return Event(at=pen.now, kind=kind, actor=SENDER, detail=detail, because=because)
