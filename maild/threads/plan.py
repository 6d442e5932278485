"""The Plan: everything that one mail, deadline or order leads to, before any of it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from maild.messages.mail import Address, Attachment
from maild.people.absence import Absence, HereAgain
from maild.sla.deadlines import TicketClock
from maild.threads.buttons import Buttons
from maild.threads.dead import DeadAddress
from maild.threads.model import Event, InboxState, Link, Message, Ticket, Undo
from maild.threads.workload import Turn


class LetterKind(StrEnum):
    """What a letter of ours is for."""

    ACKNOWLEDGEMENT = "acknowledgement"  # to the customer: we have it, expect an answer by then
    ANSWER = "answer"  # an agent's words to the customer
    REPLY = "reply"  # to the customer: words that a rule has ready
    NOTIFICATION = "notification"  # to an agent: something came in
    TRANSCRIPT = "transcript"  # to an agent: what your orders did
    ASKED = "asked"  # to an agent: what you asked for
    COLLISION = "collision"  # to two agents: you have both answered
    CONFIRMATION = "confirmation"  # to an agent: was this mail yours?
    ESCALATION = "escalation"  # to an agent, a lead or an address: a deadline nears or has passed
    DIGEST = "digest"  # to an agent: much at once, gathered in one letter
    FORWARD = "forward"  # to an address outside: a customer's mail, passed on by a rule
    REPORT = "report"  # to whom the settings name: the figures of a week
    WEBHOOK = "webhook"  # no mail: a call to another program, by HTTP
    ALARM = "alarm"  # to the admin


@dataclass(frozen=True, kw_only=True, slots=True)
class Enclosed:
    """An accepted mail by its number in the inbox, and the file that it becomes in a letter."""

    inbox_id: int
    filename: str
    sender: str = ""
    """The normalised address that has to stand in its From, or it does not go along: somebody has passed it on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnHtml:
    """An agent's answer in the HTML of his mail, as it came: not cut, not clean, and never to be sent as it is.

    `words` is what of it has been released, and the measure of what leaves; `orders` are the lines that stood above
    it, `above` what the letter puts before it, `instead` what it puts in the place of a line of them. `unlinked` is
    what no link to a customer may hold, in lower case; in the place of the addresses `unsaid` the customer reads that
    of the `desk`, in `words` already.
    """

    html: str = field(repr=False)
    words: str
    orders: tuple[str, ...] = ()
    above: str = ""
    instead: tuple[tuple[str, str], ...] = ()
    unlinked: frozenset[str] = frozenset()
    unsaid: tuple[str, ...] = ()
    desk: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """A mail of ours, ready to be written: everything is decided but its bytes.

    `template` names the text (maild/templates/LANGUAGE/TEMPLATE.txt, or the admin's own in rules/letters/),
    `context` holds plain values for it. `subject` None: the template's own. `envelope_from` "" is the null return path
    (RFC 5321, 4.5.5). `automatic` letters are marked as RFC 3834 asks. `unique`: at most one letter with this key is
    ever stored. `not_before`: the moment from which it may leave.

    A call to a webhook is one, too: `to` is its name and its address, `context` the object that is sent, and there is
    no template.
    """

    kind: LetterKind
    template: str
    language: str
    to: tuple[Address, ...]
    cc: tuple[Address, ...] = ()
    sender: Address
    """The From that is shown: the desk's own address, with a display name."""
    reply_to: str | None = None
    envelope_from: str = ""
    subject: str | None = None
    context: Mapping[str, object] = field(default_factory=dict)
    message_id: str
    date: datetime
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    thread_index: bytes = b""
    """Outlook's name of the conversation (MS-OXOMSG 2.2.1.3); b"" for a letter that belongs to none."""
    thread_topic: str = ""
    """The subject of that conversation; "" where nothing of it may be told."""
    automatic: bool
    loop_mark: str
    attachments: tuple[Attachment, ...] = ()
    buttons: Buttons | None = None
    """What its reader can press; a letter that is never written needs none of their links."""
    own_html: OwnHtml | None = None
    """The writer's own HTML; the plain text alone counts, and this may only say the same."""
    enclosed: tuple[Enclosed, ...] = ()
    """Mails that go along as they came."""
    ticket: int | None = None
    unique: str | None = None
    not_before: datetime | None = None
    held: str = ""
    """Why it waits for somebody's word; "" for one that leaves when it is due."""
    delay_notice_at: datetime | None = None
    """When the agents are told, should it not have left by then."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WrittenLetter:
    """A letter with its bytes fixed: what the outbox keeps and the relay gets, however often it is tried."""

    letter: Letter
    subject: str
    text: str
    """The plain text as written, for the ticket's history."""
    raw: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class OutgoingMail:
    """A stored letter as a sender sees it. Recipients that are done or refused for good are left out."""

    id: int
    message_id: str
    envelope_from: str
    recipients: tuple[str, ...]
    raw: bytes
    attempts: int
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of one try: recipients accepted, refused for good (with the reply), or to be tried again."""

    accepted: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    deferred: tuple[tuple[str, str], ...] = ()
    uncertain: bool = False
    """The final dot was sent and no reply was read."""
    error: str = ""
    rest: timedelta | None = None
    """How long the other side asks us to wait at least before the next try."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Remembered:
    """A Message-ID by which the ticket shall be found: of a mail stored in it, or one that such a mail refers to."""

    message_id: str
    stored: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Return:
    """The messages that `ticket` got from another one go back there; with `whole` all that it has."""

    ticket: int
    to: int
    whole: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What a decision does to one more ticket than the one it is about: the other half of a merge or a split.

    `messages` are the ids of kept messages that move to this ticket, and their Message-IDs go along; with `whole` all
    of them do.
    """

    ticket: Ticket
    is_new: bool = False
    clocks: tuple[TicketClock, ...] = ()
    steps_done: frozenset[str] = frozenset()
    next_step_at: datetime | None = None
    links: tuple[tuple[str, int], ...] = ()
    messages: tuple[int, ...] = ()
    whole: bool = False
    returns: tuple[Return, ...] = ()
    events: tuple[Event, ...] = ()
    kind: str
    """Of the event that stands in this ticket's history."""
    detail: str
    because: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What is to be done, whole: applied in one transaction, or printed and not done at all.

    `ticket` is the ticket as it is afterwards, `is_new` says whether it exists yet; None where none changes.
    `belongs_to` is the ticket the mail is tied to, changed or not. `explanation` is what `maild explain` prints.
    """

    state: InboxState
    reason: str
    belongs_to: int | None = None
    ticket: Ticket | None = None
    is_new: bool = False
    message: Message | None = None
    beside: Message | None = None
    """What the same mail holds beside its message: an agent's own words above a mail that he passes on."""
    remember: tuple[Remembered, ...] = ()
    events: tuple[Event, ...] = ()
    links: tuple[Link, ...] = ()
    clocks: tuple[TicketClock, ...] = ()
    next_step_at: datetime | None = None
    steps_done: tuple[str, ...] = ()
    """Keys of the escalation steps that this plan does."""
    kept: tuple[int, ...] = ()
    """Ids of messages that are no longer only proposed."""
    released: tuple[str, ...] = ()
    """Message-IDs of held answers that leave now."""
    recalled: tuple[str, ...] = ()
    """Message-IDs of answers that are taken back before they leave."""
    undo: Undo | None = None
    """What an agent did by this, so that he can take it back."""
    undone: int | None = None
    """The number of the action that is taken back."""
    unkept: tuple[int, ...] = ()
    """Ids of messages that are only proposed again."""
    confirmed: tuple[int, str] | None = None
    """An accepted mail that is judged anew, and the agent whose it is by his own word."""
    also: tuple[Change, ...] = ()
    letters: tuple[Letter, ...] = ()
    turns: tuple[Turn, ...] = ()
    """Whose turn it was where tickets were shared out."""
    absences: tuple[Absence, ...] = ()
    """Who is away from now on, or says that he is back; each takes the place of what the same source said before."""
    returned: tuple[HereAgain, ...] = ()
    """Who is here again."""
    dead: tuple[DeadAddress, ...] = ()
    """What is known from now on of addresses that refused mail."""
    wrong_tokens: int = 0
    """How many signed addresses of the mail did not hold."""
    revived: str | None = None
    """The normalised address that has shown that it takes mail."""
    explanation: Mapping[str, object] = field(default_factory=dict)
