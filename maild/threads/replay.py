"""What happened to a ticket, told again out of its history, so that other promises can be held against it.

Clocks are not looked at: the happenings are rebuilt from events and messages, in their order, and any promises can be
run over them. What people, rules and steps did stays as it was. A ticket that came from an archive, or that was merged
or split, has a part of its story elsewhere, and is not told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby

from maild.messages.addresses import normal
from maild.messages.mail import Address
from maild.sla.deadlines import TicketClock
from maild.sla.events import Happening
from maild.threads.changes import clock_happenings
from maild.threads.model import IMPORTED, Event, Message, Priority, Status, Ticket
from maild.threads.promises import Promises, change_promise, move_clocks

RULE = "rule"
"""Who acts when a rule does."""
CREATED, SPLIT, MERGED = "created", "split", "merge"
_BEGINS = frozenset((CREATED, "message", "answer", "escalated", "woken", "rule", "not_delivered", "undone"))
"""Kinds of events with which another step of the story begins, though it was told at the same moment."""
_LOST = "an answer of ours did not arrive"
_SETTERS: Mapping[str, Callable[[Ticket, str], Ticket]] = {
    "status": lambda ticket, new: replace(ticket, status=Status(new)),
    "queue": lambda ticket, new: replace(ticket, queue=new),
    "line": lambda ticket, new: replace(ticket, line=int(new)),
    "priority": lambda ticket, new: replace(ticket, priority=Priority(new)),
    "requester": lambda ticket, new: replace(ticket, requester=_person(new)),
}
"""What an event "old -> new" sets, of what clocks and promises look at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """A ticket as it was opened, and each step of its story: when it was, and what was written down of it."""

    opened: Ticket
    steps: tuple[tuple[datetime, tuple[Event, ...]], ...]


@dataclass(kw_only=True, slots=True)
class _Told:
    """A ticket and its clocks on their way through the story."""

    promises: Promises
    ticket: Ticket
    clocks: tuple[TicketClock, ...] = ()
    before: dict[datetime, tuple[TicketClock, ...]] = field(default_factory=dict)
    """The clocks before each moment of the story, for what was taken back."""


def read_past(ticket: Ticket, events: Sequence[Event], messages: Sequence[Message], tags: Sequence[str]) -> Past | None:
    """The story of a ticket; None where a part of it lies elsewhere. `tags`: those that it was opened with."""
    kinds = {event.kind for event in events}
    if CREATED not in kinds or kinds & {SPLIT, MERGED} or ticket.channel == IMPORTED:
        return None
    # A rule that named the promise later has left an event; one that opened the ticket has not.
    named = ticket.promise_set and not any(_names_promise(event) for event in events)
    opened = replace(
        ticket,
        status=Status.NEW,
        promise=ticket.promise if named else None,
        promise_set=named,
        solved_at=None,
        wake_at=None,
        deadline=None,
        tags=tuple(tags),
        fields={name: value for name, value in ticket.fields.items() if not _is_set_later(name, events)},
    )
    for event in reversed(events):
        if event.kind in _SETTERS and event.kind != "status":
            opened = _SETTERS[event.kind](opened, event.detail.partition(" -> ")[0])
    return Past(opened=opened, steps=tuple(_steps(events, list(messages))))


def tell(past: Past, promises: Promises) -> tuple[Ticket, tuple[TicketClock, ...]]:
    """The ticket and its clocks at the end of the story, had these promises been in force."""
    told = _Told(promises=promises, ticket=replace(past.opened, promise=promises.fitting(past.opened)))
    for at, events in past.steps:
        told.before.setdefault(events[0].at, told.clocks)
        _go_on(told, at, events)
    return told.ticket, told.clocks


def _go_on(told: _Told, at: datetime, events: tuple[Event, ...]) -> None:
    before = told.ticket
    after = before
    for event in events:
        after = _after(after, event)
    first = events[0]
    if first.kind == CREATED:
        at = before.created_at
    if first.kind == "undone":
        told.clocks = told.before.get(datetime.fromisoformat(first.because.removeprefix("done ")), told.clocks)
    named = next((e for e in events if _names_promise(e)), None)
    if named is not None:
        name = named.detail.partition(" -> ")[2].partition(",")[0]
        after, told.clocks = change_promise(told.promises, after, told.clocks, name, at)
    told.ticket, told.clocks = move_clocks(told.promises, after, told.clocks, _happened(before, after, events), at)


def _after(ticket: Ticket, event: Event) -> Ticket:
    """The ticket after what an event tells."""
    new = event.detail.partition(" -> ")[2]
    if event.kind in _SETTERS and new:
        return _SETTERS[event.kind](ticket, new)
    if event.kind == "woken" and new:
        return replace(ticket, status=Status(new))
    if event.kind == "tags":
        return replace(ticket, tags=tuple(tag for tag in event.detail.split(", ") if tag != "-"))
    if event.kind == "field":
        name, _, value = event.detail.partition(" = ")
        return replace(ticket, fields={**ticket.fields, name: value})
    return ticket


def _happened(before: Ticket, after: Ticket, events: tuple[Event, ...]) -> tuple[Happening, ...]:
    """What the clocks hear of a step."""
    first = events[0]
    if first.kind == CREATED:
        return (Happening.FIRST_MAIL, *clock_happenings(before, after))
    if first.kind == "message" and first.detail == "customer's reply":
        return () if after.status is Status.SPAM else (Happening.CUSTOMER_REPLY,)
    if (first.kind == "not_delivered" and _was_for(before, first)) or any(e.because == _LOST for e in events):
        return (Happening.ANSWER_BOUNCED,)
    if first.kind == "woken":
        return (Happening.STATUS_CHANGED,)
    answered = (Happening.ANSWERED,) if first.kind == "answer" else ()
    return (*answered, *clock_happenings(before, after))


def _was_for(ticket: Ticket, event: Event) -> bool:
    """Whether an answer that could not be handed over was the requester's."""
    kind, _, whom = event.detail.partition(" to ")
    asked = normal(ticket.requester.address) if ticket.requester is not None else None
    return kind == "answer" and asked in {normal(address) for address in whom.split(", ")}


def _steps(events: Sequence[Event], messages: list[Message]) -> Iterator[tuple[datetime, tuple[Event, ...]]]:
    """The events of each step, and when it was: a mail counts from its acceptance, whenever it was handled."""
    for at, together in groupby(events, key=lambda event: event.at):
        told = list(together)
        counts = _accepted(told, messages, at)
        step: list[Event] = []
        for event in told:
            if step and event.kind in _BEGINS:
                yield counts, tuple(step)
                step = []
            step.append(event)
        yield counts, tuple(step)


def _accepted(events: Sequence[Event], messages: list[Message], at: datetime) -> datetime:
    """When the mail was accepted that these events tell of; the moment of the events where it was none."""
    actors = {event.actor for event in events}
    for place in range(len(messages) - 1, -1, -1):
        message = messages[place]
        sender = normal(message.sender.address) if message.sender is not None else None
        if message.at <= at and (message.author in actors or (message.author is None and sender in actors)):
            del messages[: place + 1]
            return message.at
    return at


def _names_promise(event: Event) -> bool:
    return event.kind == "promise" and event.actor == RULE


def _is_set_later(name: str, events: Sequence[Event]) -> bool:
    return any(event.kind == "field" and event.detail.startswith(f"{name} = ") for event in events)


def _person(address: str) -> Address | None:
    return None if address == "-" else Address(name="", address=address)
