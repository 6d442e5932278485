"""A ticket as rules look at it, at any event but its opening; docs/rules.md describes each field."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from maild.messages.mail import MailClass
from maild.routing.schedule import Began
from maild.threads.facts import TicketFacts
from maild.threads.model import Direction, Message, Status, Ticket, Visibility
from maild.threads.practice import Practice
from maild.threads.promises import Fields


@dataclass(frozen=True, kw_only=True, slots=True)
class Talk:
    """What was said on a ticket, as far as rules ask: the last messages, oldest first, and how many there are."""

    messages: tuple[Message, ...] = ()
    count: int = 0

    def and_then(self, *messages: Message | None) -> Talk:
        """With what comes now."""
        new = tuple(message for message in messages if message is not None)
        return Talk(messages=(*self.messages, *new), count=self.count + len(new))

    @property
    def last(self) -> Message | None:
        """The last message that customer and agents both know."""
        return next(iter(_public(reversed(self.messages))), None)

    @property
    def last_of_customer(self) -> Message | None:
        """The customer's last mail."""
        return next((m for m in _public(reversed(self.messages)) if m.direction is Direction.IN), None)

    @property
    def answered(self) -> bool:
        """Whether an agent has answered, and so looked at whom he writes to."""
        return any(m.direction is Direction.OUT and m.author is not None for m in _public(self.messages))


def talk_of(facts: TicketFacts | None) -> Talk:
    """What was said on a ticket, as far as it was gathered; nothing on one that is only being opened."""
    if facts is None:
        return Talk()
    return Talk(messages=facts.messages, count=max(facts.count, len(facts.messages)))


def _public(messages: Iterable[Message]) -> Iterable[Message]:
    return (m for m in messages if m.visibility is Visibility.PUBLIC and not m.proposed)


@dataclass(frozen=True, kw_only=True, slots=True)
class Occasion:
    """Something that has happened to a ticket: the event, and what is known of it.

    `cause` is the same for ever for the same thing, and so names what rules do because of it.
    """

    event: str
    cause: str
    at: datetime
    talk: Talk
    before: Status | None = None
    """The status before it, where it may have changed."""
    mail: Fields = field(default_factory=dict)
    """The fields of the mail that did it."""
    also: Fields = field(default_factory=dict)
    """What only this event has."""
    silent: str | None = None
    """Why no automatic letter may answer it."""
    proven: bool = False
    """Whether the customer is proven by the mail that did it."""
    inbox_id: int | None = None
    """The accepted mail that did it, where that is as its sender wrote it: none that an agent has passed on."""
    old: bool = False
    """Whether that mail lay in its mailbox before the desk began to read it."""


def began(ticket: Ticket, talk: Talk) -> Began:
    """Since when a ticket is silent, and how long there it is."""
    last = talk.last
    return Began(silence=last.at if last is not None else ticket.created_at, age=ticket.created_at)


def event_fields(practice: Practice, ticket: Ticket, occasion: Occasion) -> Fields:
    """The flat set of fields at an event on a ticket that there is."""
    talk, asked = occasion.talk, ticket.requester
    last = talk.last
    fields: dict[str, str | int | tuple[str, ...]] = {
        "subject": ticket.subject,
        "language": ticket.language,
        **occasion.mail,
        "customer": (asked.address, asked.name) if asked is not None else (),
        "organisation": practice.organisation_of(asked.address if asked is not None else None),
        "event": occasion.event,
        "queue": ticket.queue,
        "status": str(ticket.status),
        "status_before": str(occasion.before or ""),
        "priority": str(ticket.priority),
        "tags": ticket.tags,
        "line": ticket.line,
        "assignee": ticket.assignee or "",
        "messages": talk.count,
        "last_from": "" if last is None else "customer" if last.direction is Direction.IN else "agent",
        **occasion.also,
        **time_fields(practice, began(ticket, talk), occasion.at),
    }
    return fields | {f"field.{name}": value for name, value in ticket.fields.items()}


def time_fields(practice: Practice, since: Began, at: datetime) -> Fields:
    """Those of the fields that change when nothing but time passes."""
    now = at.astimezone(practice.zone)
    return {
        "hour": now.hour,
        "weekday": now.strftime("%a").lower(),
        "silence": _seconds(since.silence, at),
        "age": _seconds(since.age, at),
    }


def _seconds(since: datetime, now: datetime) -> int:
    return max(0, int((now - since).total_seconds()))


def automatic_only(talk: Talk) -> bool:
    """Whether what the customer wrote last was written by a machine, which must not be answered by one."""
    last = talk.last_of_customer
    return last is not None and last.mail_class is not MailClass.PERSON
