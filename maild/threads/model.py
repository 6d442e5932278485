"""The ticket and what hangs on it. A "thread" is always a conversation. Values only; change means a new copy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from maild.messages.mail import Address, MailClass
from maild.sla.deadlines import TicketClock

IMPORTED = "import"
"""The channel of old mail, and of the tickets that it opened."""
TRIAL = "shadow"
"""The kind of event that tells what a rule on trial would have done."""
TRIAL_ONLY, TRIAL_NEXT, NO_CHANGE = "only written down; ", "; ", "no change"
"""What stands before the changes in it, between them, and in place of them."""


class Status(StrEnum):
    """Where a ticket stands; `states.py` holds every way from one to another."""

    NEW = "new"  # nobody of ours has answered yet
    OPEN = "open"  # it is our turn
    PENDING = "pending"  # it is the customer's turn
    HOLD = "hold"  # waits for somebody else
    SOLVED = "solved"  # answered for good; the customer may still object
    CLOSED = "closed"  # done; a later mail opens a new ticket
    SPAM = "spam"
    MERGED = "merged"  # goes on in another ticket


class Priority(StrEnum):
    """How urgent a ticket is, lowest first."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


UNFINISHED = (Status.NEW, Status.OPEN, Status.PENDING, Status.HOLD)
"""Where a ticket stands while somebody still waits for something."""


class Direction(StrEnum):
    """Whether a message came to the desk or left it."""

    IN = "in"
    OUT = "out"


class Visibility(StrEnum):
    """Who may ever see a message."""

    PUBLIC = "public"
    INTERNAL = "internal"


class InboxState(StrEnum):
    """What became of an accepted mail; every mail ends in exactly one."""

    WAITING = "waiting"
    TICKETED = "ticketed"
    DUPLICATE = "duplicate"
    AUTOMATIC = "automatic"
    BOUNCE = "bounce"
    OWN = "own"
    SPAM = "spam"
    QUARANTINED = "quarantined"


class OutboxState(StrEnum):
    """Where a letter of ours stands."""

    WAITING = "waiting"  # to be sent at `next_at`
    HELD = "held"  # stopped by a person
    SENDING = "sending"  # claimed by a sender that has not reached the final dot
    SENT = "sent"  # the relay took it
    FAILED = "failed"  # refused for good, or given up
    UNCERTAIN = "uncertain"  # the final dot was sent and no reply was read: the same bytes go again
    RECALLED = "recalled"  # taken back before it left


@dataclass(frozen=True, kw_only=True, slots=True)
class Participant:
    """Somebody in the conversation. Proposed ones may add text; only confirmed ones are sent text."""

    address: Address
    confirmed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Deadline:
    """A time by which a ticket is to be done, beside what is promised; `set_by` is the agent's id, or "admin"."""

    at: datetime
    set_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticket:
    """A conversation with its state. `id` is the plain number, `number` what people see ("SUP-1001")."""

    id: int
    number: str
    status: Status
    subject: str
    base_subject: str
    queue: str
    line: int
    assignee: str | None
    priority: Priority
    tags: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    requester: Address | None
    participants: tuple[Participant, ...] = ()
    language: str
    channel: str
    created_at: datetime
    updated_at: datetime
    solved_at: datetime | None = None
    due_at: datetime | None = None
    promise: str | None = None
    promise_set: bool = False
    """Whether a rule has said which promise it has: then no other takes its place."""
    promises_fitted: tuple[str, ...] | None = None
    """The promises that look at the mail and fitted the one that opened it; None where that was not written down."""
    wake_at: datetime | None = None
    """When a ticket that was put off opens again."""
    deadline: Deadline | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AttachmentNote:
    """What is remembered of an attachment; its content stays in the raw mail."""

    filename: str
    content_type: str
    size: int
    sha256: str
    inline: bool
    content_id: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One mail of a ticket. `proposed`: attached on doubtful evidence. `author`: the id of the agent who wrote it."""

    at: datetime
    direction: Direction
    visibility: Visibility
    mail_class: MailClass
    sender: Address | None
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    message_id: str | None
    subject: str
    text: str
    reply: str
    attachments: tuple[AttachmentNote, ...] = ()
    author: str | None = None
    proposed: bool = False
    unverified: bool = False
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    id: int | None = None
    """By which it is kept; None before it is."""
    inbox_id: int | None = None
    """The accepted mail that it is; None where no mail brought it, and before it is kept."""
    moved_from: int | None = None
    """The ticket it came to first, where another one was merged into this, or this was split from another."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something that happened to a ticket: what, who did it, the detail, and because of what."""

    at: datetime
    kind: str
    actor: str
    detail: str
    because: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A tie to another ticket: follow_up_of, followed_up_by, merged_into, merged_from, split_into, split_from."""

    kind: str
    ticket: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Touched:
    """A ticket before and after an action, with its clocks before; `before` None: the action made it."""

    before: Ticket | None
    after: Ticket
    clocks: tuple[TicketClock, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Undo:
    """One action of one agent. `letters`: Message-IDs of the answers that it sent; `kept`: proposals it accepted.

    `left`: when the first of its letters left; None while all of them can be stopped.
    """

    actor: str
    at: datetime
    what: str
    ticket: Touched
    others: tuple[Touched, ...] = ()
    letters: tuple[str, ...] = ()
    kept: tuple[int, ...] = ()
    id: int = 0
    left: bool = False

    @property
    def tickets(self) -> frozenset[int]:
        """Every ticket that it touched."""
        return frozenset(touched.after.id for touched in (self.ticket, *self.others))


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldAnswer:
    """An answer that was written while a colleague's went out: it waits for its writer's word."""

    message_id: str
    author: str
    at: datetime
