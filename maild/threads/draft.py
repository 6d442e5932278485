"""A decision in the making: what has been concluded so far, until it is sealed as a Plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from maild.messages.addresses import normal
from maild.messages.mail import Address, Attachment, Mail
from maild.messages.thread_index import read_thread_index
from maild.messages.tokens import Mint, Purpose
from maild.sla.deadlines import TicketClock
from maild.sla.events import Happening as ClockHappening
from maild.threads.case import Case
from maild.threads.correspondence import Pen
from maild.threads.explanation import explain_decision
from maild.threads.facts import TicketFacts, index_name
from maild.threads.match import Thread
from maild.threads.model import (
    AttachmentNote,
    Direction,
    Event,
    InboxState,
    Link,
    Message,
    Status,
    Ticket,
    Undo,
    Visibility,
)
from maild.threads.notices import Background, split_off
from maild.threads.orders.work import Work
from maild.threads.plan import Change, Letter, Plan, Remembered
from maild.threads.practice import Practice
from maild.threads.promises import FITS_NOW, move_clocks, next_look, response_due, with_due
from maild.threads.route import Routed

_ENDED = (Status.SOLVED, Status.CLOSED)
_DROPPED = (Status.SPAM, Status.MERGED)


@dataclass(kw_only=True, slots=True)
class Draft:
    """Grows while a case is decided; nothing outside sees it before `seal`."""

    case: Case
    thread: Thread
    pen: Pen
    ticket: Ticket | None = None
    is_new: bool = False
    clocks: tuple[TicketClock, ...] = ()
    steps_done: frozenset[str] = frozenset()
    message: Message | None = None
    events: list[Event] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    kept: tuple[int, ...] = ()
    also: tuple[Change, ...] = ()
    confirmed: tuple[int, str] | None = None
    undo: Undo | None = None
    undone: Undo | None = None
    released: tuple[str, ...] = ()
    recalled: tuple[str, ...] = ()
    new_steps: tuple[str, ...] = ()
    routed: Routed | None = None

    @property
    def now(self) -> datetime:
        return self.case.facts.now

    def turn_to(self, found: TicketFacts) -> None:
        """The mail is about this ticket, whichever one it named."""
        self.ticket, self.clocks, self.steps_done = found.ticket, found.clocks, found.steps_done
        self.thread = replace(self.thread, ticket=found.ticket.id)

    @property
    def at(self) -> datetime:
        """When the mail was accepted: what counts for every promise, whatever its Date says."""
        return self.case.facts.received_at

    def note(self, kind: str, detail: str, because: str = "", actor: str | None = None) -> None:
        """One event more in the ticket's history."""
        who = actor or self.case.sender.address or "somebody without an address"
        self.events.append(Event(at=self.now, kind=kind, actor=who, detail=detail, because=because))

    def change(self, after: Ticket, because: str, actor: str | None = None) -> None:
        """The ticket becomes this one; each difference is an event."""
        if self.ticket is not None:
            for kind, detail in differences(self.ticket, after):
                self.note(kind, detail, because, actor)
        self.ticket = replace(after, updated_at=self.now)

    def run_clocks(self, *happenings: ClockHappening) -> None:
        """Move the ticket's clocks by what happened, in order."""
        assert self.ticket is not None
        before = self.ticket
        self.ticket, self.clocks = move_clocks(self.case.practice.promises, before, self.clocks, happenings, self.at)
        for kind, detail in differences(before, self.ticket):
            self.note(kind, detail, FITS_NOW, "maild")

    def take_over(self, work: Work, actor: str) -> None:
        """What orders do beside the ticket itself: messages kept, other tickets changed, ties made."""
        assert self.ticket is not None
        self.kept, self.released = work.kept, work.released
        if work.undone is not None:
            # What the clocks have heard of the action, an answer above all, is unheard.
            self.undone, self.clocks = work.undone
            self.recalled = self.undone.letters
            self.ticket = with_due(self.ticket, self.clocks)
        self.also = sealed_changes(work.also, self.case.practice, actor, self.now)
        self.letters.extend(new_tickets_told(self.pen, self.also, self.case.facts.tickets[self.ticket.id]))
        self.links.extend(Link(kind=kind, ticket=other) for kind, other in work.links)

    def background(self) -> Background:
        """What agents are reminded of when they are told of the mail."""
        facts, ticket = self.case.facts, self.ticket
        asked = ticket.requester if ticket is not None else None
        of_asker = asked is not None and normal(asked.address) == self.case.sender.address
        known = facts.tickets.get(ticket.id) if ticket is not None else None
        return Background(history=known.messages if known else (), earlier=facts.earlier if of_asker else ())

    def respond_by(self) -> datetime | None:
        """When the customer may expect our next answer."""
        return response_due(self.clocks)

    def seal(self, state: InboxState, reason: str) -> Plan:
        """The finished decision."""
        case = self.case
        practice, ticket = case.practice, self.ticket
        look = next_look(practice.promises, ticket, self.clocks, self.steps_done) if ticket else None
        plan = Plan(
            state=state,
            reason=reason,
            belongs_to=ticket.id if ticket else self.thread.ticket,
            ticket=ticket,
            is_new=self.is_new,
            message=self.message,
            remember=remembered(case.mail, ticket, practice.mint) if ticket else (),
            events=tuple(self.events),
            links=tuple(self.links),
            clocks=self.clocks,
            next_step_at=look,
            steps_done=self.new_steps,
            confirmed=self.confirmed,
            undo=self.undo,
            undone=self.undone.id if self.undone else None,
            unkept=self.undone.kept if self.undone else (),
            released=self.released,
            recalled=self.recalled,
            kept=self.kept,
            also=self.also,
            letters=tuple(self.letters),
        )
        return replace(plan, explanation=explain_decision(case, self.thread, self.routed, plan))


def remembered(mail: Mail, ticket: Ticket, mint: Mint) -> tuple[Remembered, ...]:
    """The ids by which a later mail finds this one's ticket: its own, those it refers to, the names Outlook gives."""
    ids = [Remembered(message_id=mail.message_id, stored=True)] if mail.message_id else []
    referred = [mail.in_reply_to, *mail.references[-50:]]
    if (theirs := read_thread_index(mail.first("Thread-Index"))) is not None:
        referred.append(index_name(theirs[0]))
    referred.append(index_name(mint.conversation(Purpose.PUBLIC_ID, ticket.id, ticket.created_at)))
    ids.extend(Remembered(message_id=i, stored=False) for i in dict.fromkeys(referred) if i)
    return tuple(ids)


def differences(before: Ticket, after: Ticket) -> list[tuple[str, str]]:
    """What changed between two states of a ticket: kind and detail of an event each."""
    found = []
    for name in ("status", "assignee", "priority", "queue", "line", "subject"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            found.append((name, f"{old or '-'} -> {new or '-'}"))
    if before.requester != after.requester:
        found.append(("requester", f"{_address_of(before.requester)} -> {_address_of(after.requester)}"))
    if before.wake_at != after.wake_at:
        found.append(("rests", f"until {after.wake_at:%Y-%m-%d %H:%M} UTC" if after.wake_at else "no longer"))
    if before.promise != after.promise:
        found.append(("promise", _promises(before, after)))
    if before.deadline != after.deadline:
        found.append(("deadline", f"{_deadline_of(before)} -> {_deadline_of(after)}"))
    found.extend(_let_in_or_out(before, after))
    if before.tags != after.tags:
        found.append(("tags", ", ".join(after.tags) or "-"))
    return found


def _promises(before: Ticket, after: Ticket) -> str:
    old, new = (f"{t.due_at:%Y-%m-%d %H:%M} UTC" if t.due_at is not None else "-" for t in (before, after))
    return f"{before.promise or '-'} -> {after.promise or '-'}, due {old} -> {new}"


def _deadline_of(ticket: Ticket) -> str:
    return f"{ticket.deadline.at:%Y-%m-%d %H:%M} UTC" if ticket.deadline is not None else "-"


def _address_of(person: Address | None) -> str:
    return person.address if person is not None else "-"


def _let_in_or_out(before: Ticket, after: Ticket) -> list[tuple[str, str]]:
    """Whom an order let in, or takes nothing more."""
    old = {p.address.address: p.confirmed for p in before.participants}
    new = {p.address.address: p.confirmed for p in after.participants}
    let_in = [a for a, confirmed in new.items() if confirmed and not old.get(a, False)]
    let_out = [a for a, confirmed in old.items() if confirmed and not new.get(a, False)]
    return [("let_in", a) for a in let_in] + [("let_out", a) for a in let_out]


def clock_happenings(before: Ticket, after: Ticket) -> tuple[ClockHappening, ...]:
    """What an order's change of status means to the clocks."""
    if before.status == after.status:
        return ()
    if after.status in _DROPPED:
        return (ClockHappening.DROPPED,)
    if after.status in _ENDED and before.status not in _ENDED:
        return (ClockHappening.SOLVED,)
    if before.status in (*_ENDED, *_DROPPED) and after.status not in _ENDED:
        return (ClockHappening.REOPENED,)
    return (ClockHappening.STATUS_CHANGED,)


def incoming(
    case: Case, at: datetime, *, visibility: Visibility, proposed: bool = False, unverified: bool = False
) -> Message:
    """The case's mail as a message of a ticket."""
    mail = case.mail
    return Message(
        at=at,
        direction=Direction.IN,
        visibility=visibility,
        mail_class=mail.mail_class,
        sender=mail.sender,
        to=mail.to,
        cc=mail.cc,
        message_id=mail.message_id,
        in_reply_to=mail.in_reply_to,
        references=mail.references,
        subject=mail.subject,
        text=mail.text,
        reply=mail.reply,
        attachments=attachment_notes(mail.attachments),
        proposed=proposed,
        unverified=unverified,
    )


def attachment_notes(attachments: tuple[Attachment, ...]) -> tuple[AttachmentNote, ...]:
    """What a ticket remembers of attachments; their content stays in the raw mail."""
    return tuple(
        AttachmentNote(
            filename=a.filename,
            content_type=a.content_type,
            size=a.size,
            sha256=a.sha256,
            inline=a.inline,
            content_id=a.content_id,
        )
        for a in attachments
    )


def new_tickets_told(pen: Pen, changes: Iterable[Change], origin: TicketFacts) -> list[Letter]:
    """A ticket that was split off must not stay silent: its agents get the mail that it begins with."""
    letters = []
    for change in changes:
        if change.is_new:
            message = next((m for m in origin.messages if m.id in change.messages), None)
            letters.extend(split_off(pen, change.ticket, message, response_due(change.clocks)))
    return letters


def sealed_changes(changes: Iterable[Change], practice: Practice, actor: str, now: datetime) -> tuple[Change, ...]:
    """Changes of other tickets, each with its place in the history and the time at which it is looked at next."""
    sealed = []
    for change in changes:
        event = Event(at=now, kind=change.kind, actor=actor, detail=change.detail)
        look = next_look(practice.promises, change.ticket, change.clocks, change.steps_done)
        sealed.append(replace(change, events=(*change.events, event), next_step_at=look))
    return tuple(sealed)
