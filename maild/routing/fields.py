"""What rules may look at: a flat set of fields, each with its kind and its meaning. docs/rules.md shows the same table.

Whoever judges a mail fills them in; nothing here knows a mail or a ticket.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Values = Mapping[str, str | int | tuple[str, ...]]
"""A mail as rules see it. A field that the mail does not have is left out, or is empty."""

HEADER = "header."
"""In front of a header's name in lower case: `header.x-mailer`."""


class Kind(StrEnum):
    """What a field holds, and so which tests make sense of it."""

    TEXT = "text"  # any writing
    PEOPLE = "people"  # addresses, and the names beside them
    NUMBER = "number"
    SIZE = "size"  # bytes, written "5MB"
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
    of_ticket: bool = False
    """Known only of a ticket, once the rules have run: for promises, not for rules."""


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
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PRIORITIES = ("low", "normal", "high", "urgent")

_ALL = (
    Field(name="from", kind=Kind.PEOPLE, many=True, meaning="who wrote: address and name"),
    Field(
        name="to",
        kind=Kind.PEOPLE,
        many=True,
        meaning="whom it was sent to: the To line and the recipients on the wire",
    ),
    Field(name="cc", kind=Kind.PEOPLE, many=True, meaning="who else got it: the Cc line"),
    Field(name="subject", kind=Kind.TEXT, meaning="the subject"),
    Field(name="body", kind=Kind.TEXT, meaning="the whole readable text, quoted mail and signature with it"),
    Field(name="reply", kind=Kind.TEXT, meaning="what the sender wrote this time: no quoted mail, no signature"),
    Field(name="attachment", kind=Kind.TEXT, many=True, meaning="the file names of the attachments"),
    Field(
        name="attachment_type",
        kind=Kind.TEXT,
        many=True,
        meaning="the types of the attachments, such as application/pdf",
    ),
    Field(name="size", kind=Kind.SIZE, meaning="the size of the whole mail"),
    Field(name="class", kind=Kind.CHOICE, meaning="what kind of sender wrote it", choices=_CLASSES),
    Field(name="language", kind=Kind.CHOICE, meaning='the language of the text ("ru", "en", ...), if it could be told'),
    Field(
        name="auth",
        kind=Kind.CHOICE,
        meaning="how far the sender is proven",
        choices=("none", "verified", "agent"),
    ),
    Field(
        name="hour", kind=Kind.NUMBER, meaning="the hour in which it came, 0 to 23, in the desk's time zone", most=23
    ),
    Field(name="weekday", kind=Kind.CHOICE, meaning="the day on which it came", choices=_WEEKDAYS),
    Field(name="queue", kind=Kind.CHOICE, meaning="the queue of the address written to, else the default queue"),
    Field(name="customer", kind=Kind.PEOPLE, meaning="the address of the customer"),
    Field(name="event", kind=Kind.CHOICE, meaning="what happens: a new ticket", choices=("new",)),
    Field(name="priority", kind=Kind.CHOICE, meaning="the ticket's priority", choices=PRIORITIES, of_ticket=True),
    Field(name="tags", kind=Kind.TEXT, many=True, meaning="the ticket's tags", of_ticket=True),
    Field(name="line", kind=Kind.NUMBER, meaning="the ticket's support line", least=1, of_ticket=True),
)

MAIL_FIELDS: Mapping[str, Field] = {field.name: field for field in _ALL if not field.of_ticket}
"""What rules can test."""
TICKET_FIELDS: Mapping[str, Field] = {field.name: field for field in _ALL}
"""What promises can test; `queue` is the ticket's own there."""


def header_field(name: str) -> Field:
    """The field of any header line."""
    return Field(name=f"{HEADER}{name.lower()}", kind=Kind.TEXT, many=True, meaning=f"the {name} line of the mail")
