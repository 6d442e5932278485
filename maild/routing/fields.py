"""What rules may look at: a flat set of fields, each with its kind, its meaning and the events at which it is there.

docs/rules.md shows the same table. Whoever judges a mail or a ticket fills the fields in; nothing here knows either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Values = Mapping[str, str | int | tuple[str, ...]]
"""A mail as rules see it. A field that the mail does not have is left out, or is empty."""

HEADER = "header."
"""In front of a header's name in lower case: `header.x-mailer`."""
NAMED = "field."
"""In front of the name of a ticket's own field: `field.order`."""

EVENTS: Mapping[str, str] = {
    "new": "a mail opens a ticket",
    "reply": "a customer's mail comes on a ticket that there is",
    "answer": "an agent's answer goes to the customer",
    "status": "the ticket's status has changed, by whomever",
    "due": "a step of the ticket's promise comes, or a promised time has passed",
    "schedule": "nothing but time passes",
}
"""What may happen, and so when a rule is asked."""
PROMISES = "promises"
"""Where promises are given: once the rules have opened a ticket. It is no event."""

EVERYWHERE = frozenset((*EVENTS, PROMISES))
_MAIL = frozenset(("new", "reply", "answer", PROMISES))
_TICKET = EVERYWHERE - {"new", PROMISES}
_KEPT = _TICKET | {PROMISES}
_CHANGED = frozenset(("reply", "answer", "status"))
_PASSED_ON = frozenset(("new", "reply", PROMISES))
_DUE = frozenset(("due",))


class Kind(StrEnum):
    """What a field holds, and so which tests make sense of it."""

    TEXT = "text"  # any writing
    PEOPLE = "people"  # addresses, and the names beside them
    NUMBER = "number"
    SIZE = "size"  # bytes, written "5MB"
    DURATION = "duration"  # seconds, written "7d"
    CHOICE = "choice"  # one of a few words


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One thing that can be tested. `choices` are all the words it can be; empty where they are not fixed."""

    name: str
    kind: Kind
    meaning: str
    choices: tuple[str, ...] = ()
    least: int = 0
    most: int | None = None
    many: bool = False
    """A mail may have several of it."""
    at: frozenset[str] = EVERYWHERE
    """The events at which it is there, and PROMISES."""

    @property
    def where(self) -> str:
        """The events at which it is there, in words."""
        named = [name for name in (*EVENTS, PROMISES) if name in self.at]
        return "everywhere" if self.at == EVERYWHERE else ", ".join(named)


_CLASSES = (
    "person",
    "bounce",
    "delay",
    "out_of_office",
    "receipt",
    "list",
    "bulk",
    "challenge",
    "abuse_report",
    "auto_generated",
    "own",
)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PRIORITIES = ("low", "normal", "high", "urgent")
_STATUSES = ("new", "open", "pending", "hold", "solved", "closed", "spam")

_ALL = (
    Field(name="from", kind=Kind.PEOPLE, many=True, at=_MAIL, meaning="who wrote: address and name"),
    Field(
        name="to",
        kind=Kind.PEOPLE,
        many=True,
        at=_MAIL,
        meaning="whom it was sent to: the To line and the recipients on the wire",
    ),
    Field(name="cc", kind=Kind.PEOPLE, many=True, at=_MAIL, meaning="who else got it: the Cc line"),
    Field(name="subject", kind=Kind.TEXT, meaning="the subject: of the mail; of the ticket where no mail comes"),
    Field(name="body", kind=Kind.TEXT, at=_MAIL, meaning="the whole readable text, quoted mail and signature with it"),
    Field(
        name="reply",
        kind=Kind.TEXT,
        at=_MAIL,
        meaning="what the sender wrote this time: no quoted mail, no signature",
    ),
    Field(name="attachment", kind=Kind.TEXT, many=True, at=_MAIL, meaning="the file names of the attachments"),
    Field(
        name="attachment_type",
        kind=Kind.TEXT,
        many=True,
        at=_MAIL,
        meaning="the types of the attachments, such as application/pdf",
    ),
    Field(name="size", kind=Kind.SIZE, at=_MAIL, meaning="the size of the whole mail"),
    Field(name="class", kind=Kind.CHOICE, at=_MAIL, meaning="what kind of sender wrote it", choices=_CLASSES),
    Field(
        name="language",
        kind=Kind.CHOICE,
        meaning='the language of the mail ("ru", "en", ...), if it could be told; of the ticket where no mail comes',
    ),
    Field(
        name="auth",
        kind=Kind.CHOICE,
        at=_MAIL,
        meaning="how far the sender is proven",
        choices=("none", "verified", "agent"),
    ),
    Field(
        name="hour", kind=Kind.NUMBER, meaning="the hour in which it happens, 0 to 23, in the desk's time zone", most=23
    ),
    Field(name="weekday", kind=Kind.CHOICE, meaning="the day on which it happens", choices=WEEKDAYS),
    Field(
        name="queue",
        kind=Kind.CHOICE,
        meaning="the ticket's queue; of a new one that of the address written to, else the default queue",
    ),
    Field(name="customer", kind=Kind.PEOPLE, meaning="the address of the customer"),
    Field(
        name="organisation",
        kind=Kind.CHOICE,
        meaning="the customer's organisation, as teams.toml names it; empty where it names none",
    ),
    Field(
        name="forwarded_by",
        kind=Kind.PEOPLE,
        many=True,
        at=_PASSED_ON,
        meaning="the addresses of the agent who forwarded the customer's mail to the desk",
    ),
    Field(name="event", kind=Kind.CHOICE, meaning="what happens", choices=tuple(EVENTS)),
    Field(name="status", kind=Kind.CHOICE, at=_TICKET, meaning="where the ticket stands", choices=_STATUSES),
    Field(
        name="status_before",
        kind=Kind.CHOICE,
        at=_CHANGED,
        meaning="where the ticket stood before it happened",
        choices=_STATUSES,
    ),
    Field(name="priority", kind=Kind.CHOICE, at=_KEPT, meaning="the ticket's priority", choices=PRIORITIES),
    Field(name="tags", kind=Kind.TEXT, many=True, at=_KEPT, meaning="the ticket's tags"),
    Field(name="line", kind=Kind.NUMBER, at=_KEPT, meaning="the ticket's support line", least=1),
    Field(name="assignee", kind=Kind.CHOICE, at=_TICKET, meaning="the id of the agent who has the ticket, if one has"),
    Field(name="messages", kind=Kind.NUMBER, at=_TICKET, meaning="how many messages the ticket has, notes counted"),
    Field(
        name="last_from",
        kind=Kind.CHOICE,
        at=_TICKET,
        meaning="whose the last public message is",
        choices=("customer", "agent"),
    ),
    Field(name="silence", kind=Kind.DURATION, at=_TICKET, meaning="how long ago the last public message was"),
    Field(name="age", kind=Kind.DURATION, at=_TICKET, meaning="how long ago the ticket was opened"),
    Field(
        name="target",
        kind=Kind.CHOICE,
        at=_DUE,
        meaning="what was promised",
        choices=("first_response", "next_response", "resolution"),
    ),
    Field(
        name="step",
        kind=Kind.TEXT,
        at=_DUE,
        meaning='which moment of the promise comes, as sla.toml writes it ("75%", "-30m", "+2h"); "100%" is its end',
    ),
)

FIELDS: Mapping[str, Field] = {field.name: field for field in _ALL}
"""Every field but header lines and the tickets' own: what rules can test, each at its events."""
MAIL_FIELDS: Mapping[str, Field] = {field.name: field for field in _ALL if "new" in field.at}
"""What can be tested of the mail that opens a ticket."""
TICKET_FIELDS: Mapping[str, Field] = {field.name: field for field in _ALL if PROMISES in field.at}
"""What promises can test; `queue` is the ticket's own there."""

STORED = frozenset(("queue", "line", "priority", "tags", "customer", "organisation"))
"""What promises see of a ticket whenever it changes, beside its own fields; all else is of its first mail."""


def is_stored(name: str) -> bool:
    """Whether promises see a field at any time."""
    return name in STORED or name.startswith(NAMED)


def header_field(name: str) -> Field:
    """The field of any header line."""
    return Field(
        name=f"{HEADER}{name.lower()}", kind=Kind.TEXT, many=True, at=_MAIL, meaning=f"the {name} line of the mail"
    )


def named_field(name: str) -> Field:
    """One of the fields that a ticket has of its own: caught by a pattern, or set by a rule."""
    return Field(name=f"{NAMED}{name}", kind=Kind.TEXT, at=_KEPT, meaning=f"the ticket's field {name}")
