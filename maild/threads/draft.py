"""A decision in the making: what has been concluded so far, until it is sealed as a Plan."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from maild.messages.mail import Attachment, Mail
from maild.sla.deadlines import TicketClock
from maild.sla.events import Happening as ClockHappening
from maild.sla.promise import Target
from maild.threads.case import Case
from maild.threads.correspondence import Pen
from maild.threads.explanation import explain_decision
from maild.threads.facts import TicketFacts
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
    Visibility,
)
from maild.threads.plan import Letter, Plan, Remembered
from maild.threads.promises import move_clocks, next_look
from maild.threads.route import Routed

_ENDED = (Status.SOLVED, Status.CLOSED)


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
        self.ticket, self.clocks = move_clocks(
            self.case.practice.promises, self.ticket, self.clocks, happenings, self.at
        )

    def respond_by(self) -> datetime | None:
        """When the customer may expect our next answer."""
        responses = (Target.FIRST_RESPONSE, Target.NEXT_RESPONSE)
        return min((c.due_at for c in self.clocks if c.target in responses and not c.ended and c.due_at), default=None)

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
            remember=remembered(case.mail) if ticket else (),
            events=tuple(self.events),
            links=tuple(self.links),
            clocks=self.clocks,
            next_step_at=look,
            letters=tuple(self.letters),
        )
        return replace(plan, explanation=explain_decision(case, self.thread, self.routed, plan))


def remembered(mail: Mail) -> tuple[Remembered, ...]:
    """The ids by which a later mail finds this one's ticket."""
    ids = [Remembered(message_id=mail.message_id, stored=True)] if mail.message_id else []
    referred = (mail.in_reply_to, *mail.references[-50:])
    ids.extend(Remembered(message_id=i, stored=False) for i in dict.fromkeys(referred) if i)
    return tuple(ids)


def differences(before: Ticket, after: Ticket) -> list[tuple[str, str]]:
    """What changed between two states of a ticket: kind and detail of an event each."""
    found = []
    for name in ("status", "assignee", "priority", "queue", "line"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            found.append((name, f"{old or '-'} -> {new or '-'}"))
    if before.tags != after.tags:
        found.append(("tags", ", ".join(after.tags) or "-"))
    return found


def clock_happenings(before: Ticket, after: Ticket) -> tuple[ClockHappening, ...]:
    """What an order's change of status means to the clocks."""
    if before.status == after.status:
        return ()
    if after.status in _ENDED and before.status not in _ENDED:
        return (ClockHappening.SOLVED,)
    if before.status in _ENDED and after.status not in _ENDED:
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
