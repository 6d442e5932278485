"""What has to be known before anything is decided: the clues in a mail, and the facts that they lead to.

`read_clues` looks at the mail alone; the store gathers `Facts` for them; `match.py` and `decide.py` judge. Nothing here
asks anybody.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from maild.messages.addresses import normal
from maild.messages.envelope import Envelope
from maild.messages.mail import Address, Mail
from maild.messages.passed_on import PassedAlong, passed_along
from maild.messages.subject import base_subject, is_reply
from maild.messages.thread_index import read_thread_index
from maild.messages.tokens import Claim, Mint, SignedId
from maild.people.absence import Absence
from maild.people.team import Team
from maild.sla.deadlines import TicketClock
from maild.threads.dead import DeadAddress
from maild.threads.lookups import Answer, Found, Lookup, people_sought, read_lookups
from maild.threads.model import HeldAnswer, Message, Status, Ticket, Undo
from maild.threads.order_lines import Order, said_first, ticket_numbers
from maild.threads.workload import Workload

_MAX_REFERENCES = 100
_MAX_CLAIMS = 20
_MAX_TAGS = 5
_MAX_ORDERS = 20
_USABLE = re.compile(r"[^\s@<>]{1,64}@[^\s@<>.]+(?:\.[^\s@<>.]+)*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Clues:
    """Everything in a mail that may name its ticket."""

    claims: tuple[Claim, ...]
    """Tokens in recipients, unchecked."""
    signed: tuple[SignedId, ...]
    """Message-IDs of ours whose signature holds, nearest first."""
    ids: tuple[str, ...]
    """In-Reply-To, References from the right, and what a delivery report was about; nearest first."""
    own_id: str | None
    tickets_named: tuple[int, ...]
    """Ticket numbers in subject tags."""
    has_orders: bool = False
    """Whether it begins with an order, or came by a button."""
    tickets_ordered: tuple[int, ...] = ()
    """Ticket numbers behind orders: no evidence of anything, but what an agent's order may need."""
    sender: str | None
    """Normalised."""
    agent: str | None = None
    """The id of the agent whose address stands in From, proven or not."""
    lookups: tuple[Lookup, ...] = ()
    """What its first lines ask, where an agent's address stands in From."""
    index: str | None = None
    """The Thread-Index of a reply, as it is remembered."""
    has_past: bool = False
    """Whether a person outside wrote, whose earlier tickets agents may like to see."""
    answered_subject: str = ""
    """The base subject of a customer's reply; "" for what is none."""
    guessed: bool = False
    """Whether tokens were left out, since their peer guesses."""
    signature: str | None = None
    """The name by which signed words are known again; None where no signature of an agent's holds for them."""
    subject: str = ""
    """The base subject of a mail that was passed on: who passes on the same one again may not say which it is."""
    passed_on: Clues | None = None
    """Those of the mail that one with an agent's address in From passes on, as if it had come by itself."""

    @property
    def all(self) -> tuple[Clues, ...]:
        """These, and those of the mail that is passed on."""
        return (self,) if self.passed_on is None else (self, self.passed_on)

    def tickets(self) -> set[int]:
        """The tickets that tokens, signed ids and tags speak of."""
        claimed = {c.ticket for c in self.claims} | {s.ticket for s in self.signed}
        return claimed | set(self.tickets_named) | set(self.tickets_ordered)


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownId:
    """A Message-ID that a ticket knows: of a mail stored in it, or one that such a mail refers to."""

    id_hash: str
    ticket: int
    stored: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Duplicate:
    """The first copy of a mail that came again."""

    inbox_id: int
    ticket: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class EarlierTicket:
    """What an agent is shown of another ticket of the same customer; `at`: when something last happened on it."""

    id: int
    number: str
    subject: str
    status: Status
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketFacts:
    """A ticket that may be meant, with its last messages (oldest first) and its clocks."""

    ticket: Ticket
    messages: tuple[Message, ...] = ()
    clocks: tuple[TicketClock, ...] = ()
    steps_done: frozenset[str] = frozenset()
    count: int = 0
    """How many messages it has, where those are not all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What the store knows about a mail's clues. `next_ticket` is reserved by the transaction that gathered it."""

    now: datetime
    inbox_id: int
    received_at: datetime
    next_ticket: int
    duplicate: Duplicate | None = None
    known: tuple[KnownId, ...] = ()
    same_subject: tuple[int, ...] = ()
    """The sender's own open tickets that have the subject which his reply answers, newest first."""
    earlier: tuple[EarlierTicket, ...] = ()
    """The sender's own tickets, newest first: no more than a letter shows, and the one at hand."""
    tickets: Mapping[int, TicketFacts] = field(default_factory=dict)
    followed_by: Mapping[int, int] = field(default_factory=dict)
    """Of each closed ticket the newest that went on from it, of each merged one the ticket it went on in."""
    undo: Mapping[int, Undo] = field(default_factory=dict)
    """Of each ticket that orders may be about the sender's last action that can be taken back."""
    held: Mapping[int, tuple[HeldAnswer, ...]] = field(default_factory=dict)
    """Of each such ticket the answers that wait for their writers' word."""
    unseen: frozenset[str] = frozenset()
    """Message-IDs of answers of ours that were written after the letter which an agent's mail replies to."""
    acknowledged_last_hour: int = 0
    acknowledged_last_day: int = 0
    answer_lost: int | None = None
    """The ticket whose answer a delivery report is about, if it was an answer of ours."""
    returned_from: tuple[str, ...] = ()
    """Whom the letter of ours went to that a delivery report is about, normalised; () where it is about none."""
    workload: Workload = field(default_factory=Workload)
    """What tickets are shared out by; nothing where nobody shares out any."""
    absences: tuple[Absence, ...] = ()
    """What is said of agents who are away, by themselves or by their mail programs."""
    lookups: Mapping[Lookup, Answer] = field(default_factory=dict)
    """What the mail asks, and the answers."""
    passed_on: Facts | None = None
    """The same about the mail that an agent passes on: other tickets of its sender, and what he was sent."""
    dead: Mapping[str, DeadAddress] = field(default_factory=dict)
    """What is known of addresses that refused mail, by their keys: the sender's, those that a report names, and the
    people of the tickets."""

    @property
    def people(self) -> tuple[Address, ...]:
        """Who asked in the tickets that were found by a mail's orders: whom a name in them may mean."""
        return people_of(self.lookups.values())


def people_of(answers: Iterable[Answer]) -> tuple[Address, ...]:
    """Who asked in the tickets that were found."""
    found = (t.requester for answer in answers if isinstance(answer, Found) for t in answer.tickets)
    return tuple(dict.fromkeys(person for person in found if person is not None))


EARLIER_SHOWN = 5
"""Tickets of a customer's past that a letter shows."""
SAME_SUBJECT_WITHIN = timedelta(days=30)
"""How long ago something must have happened on a ticket that a reply's subject alone may name."""


def index_name(base: bytes) -> str:
    """The 22 bytes of a Thread-Index as they are remembered: among the Message-IDs, of which none looks like this."""
    return f"thread-index:{base.hex()}"


def signature_name(envelope: Envelope) -> str | None:
    """What is remembered of signed words: among the Message-IDs, too, and no evidence of where a mail belongs."""
    found = envelope.vouched
    return f"signature:{found.digest}" if found is not None and found.digest is not None else None


def _index_of(mail: Mail) -> str | None:
    found = read_thread_index(mail.first("Thread-Index"))
    return index_name(found[0]) if found is not None and found[1] else None


def _answered_subject(mail: Mail, sender: str | None) -> str:
    """What a person's reply answers, told by its subject; a machine's mails may all be called the same."""
    answers = is_reply(mail.subject) or bool(mail.in_reply_to or mail.references)
    return base_subject(mail.subject) if answers and sender is not None and not mail.mail_class.automatic else ""


def id_hash(message_id: str) -> str:
    """The key by which a Message-ID is found again, whatever its length."""
    return hashlib.sha256(message_id.strip().encode("utf-8", "surrogatepass")).hexdigest()


def sender_key(mail: Mail) -> str | None:
    """The sender's address for comparing; None where there is no usable one ("MAILER-DAEMON" alone is none)."""
    return normal(mail.sender.address) if mail.sender is not None and usable(mail.sender) else None


def usable(person: Address) -> bool:
    """Whether an address is one that a mail could be sent to."""
    return len(person.address) <= 320 and _USABLE.fullmatch(person.address) is not None


def recipients(mail: Mail, envelope: Envelope) -> tuple[str, ...]:
    """Every address the mail was sent to: envelope first, then the fields that name recipients."""
    found = [*envelope.recipients]
    for name in ("Delivered-To", "X-Original-To", "Envelope-To"):
        found.extend(value.strip("<> ") for value in mail.all(name))
    found.extend(a.address for a in (*mail.to, *mail.cc))
    return tuple(dict.fromkeys(found))


def read_clues(mail: Mail, envelope: Envelope, mint: Mint, tag: str, team: Team) -> Clues:
    """Everything in the mail and its envelope that may name a ticket."""
    claims = [claim for address in recipients(mail, envelope) if (claim := mint.read_address(address))]
    ids = [mail.in_reply_to, *reversed(mail.references[-_MAX_REFERENCES:])]
    if mail.bounce is not None:
        ids.append(mail.bounce.original_message_id)
    sender = sender_key(mail)
    agent = team.agent_by_address(sender) if sender is not None else None
    orders, _ = said_first(mail)
    inner = mail_passed_along(team, mail) if agent is not None and envelope.channel != "import" else None
    near_first = tuple(dict.fromkeys(i for i in ids if i))
    foreign = agent is None and envelope.channel != "import"
    return Clues(
        claims=tuple(claims[:_MAX_CLAIMS]),
        signed=tuple(s for i in near_first if (s := mint.read_message_id(i))),
        ids=near_first,
        own_id=mail.message_id,
        tickets_named=_tags(mail.subject, tag),
        has_orders=bool(orders) or any(c.verb for c in claims),
        tickets_ordered=_ordered(orders, tag),
        sender=sender,
        agent=agent.id if agent is not None else None,
        lookups=(*read_lookups(orders, agent, team, tag), *people_sought(orders, team)) if agent is not None else (),
        index=_index_of(mail),
        signature=signature_name(envelope),
        # What lies in an archive is no answer to what is open here.
        answered_subject=_answered_subject(mail, sender) if foreign else "",
        has_past=foreign and sender is not None and not mail.mail_class.automatic,
        passed_on=_of_passed_on(inner, envelope, mint, tag, team) if inner is not None else None,
    )


def passed_along_by(team: Team, mail: Mail) -> PassedAlong | None:
    """What an agent's mail passes on, also when a colleague of the team had passed it on to him."""
    return passed_along(mail, lambda address: team.agent_by_address(address) is not None)


def mail_passed_along(team: Team, mail: Mail) -> Mail | None:
    """The innermost mail of it; None where nothing is passed on."""
    found = passed_along_by(team, mail)
    return found.mail if found is not None else None


def _of_passed_on(inner: Mail, envelope: Envelope, mint: Mint, tag: str, team: Team) -> Clues | None:
    """Who passed a mail on chose its recipients anew; one of a colleague's passes on nothing of a customer's."""
    sender = sender_key(inner)
    if sender is None or team.agent_by_address(sender) is not None:
        return None
    clues = read_clues(inner, replace(envelope, recipients=()), mint, tag, team)
    return replace(clues, subject=base_subject(inner.subject))


def _ordered(orders: Sequence[Order], tag: str) -> tuple[int, ...]:
    numbers = (n for order in orders[:_MAX_ORDERS] for n in ticket_numbers(order.argument, tag))
    return tuple(dict.fromkeys(numbers))[:_MAX_ORDERS]


def _tags(subject: str, tag: str) -> tuple[int, ...]:
    pattern = rf"\[\s*{re.escape(tag)}-(\d{{1,12}})\s*\]"
    return tuple(dict.fromkeys(int(n) for n in re.findall(pattern, subject[:998], re.IGNORECASE)))[:_MAX_TAGS]
