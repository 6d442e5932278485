"""Which promise a ticket has, and how its clocks and due times follow from what happens to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from maild.sla.calendar import Calendar
from maild.sla.deadlines import TicketClock
from maild.sla.events import ClockEvent, Happening, apply_event
from maild.sla.explain import explain
from maild.sla.promise import Promise, Target
from maild.sla.steps import next_step_at
from maild.threads.model import UNFINISHED, Deadline, Ticket

Fields = Mapping[str, str | int | tuple[str, ...]]

_NO_PROMISE = Promise(name="", calendar=Calendar(name="", timezone="UTC", hours=None))
"""For a ticket whose promise is gone or never was: nothing starts, what ran ends as it would."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """A promise and the condition under which it is given."""

    promise: Promise
    fits: Callable[[Fields], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Promises:
    """All promises, in their order; the first one that fits holds."""

    given: tuple[Given, ...] = ()

    def choose(self, fields: Fields) -> Promise | None:
        """The promise for a ticket with these fields."""
        return next((g.promise for g in self.given if g.fits(fields)), None)

    def named(self, name: str | None) -> Promise:
        """The promise of this name; one that promises nothing where there is none."""
        return next((g.promise for g in self.given if g.promise.name == name), _NO_PROMISE)


def move_clocks(
    promises: Promises,
    ticket: Ticket,
    clocks: tuple[TicketClock, ...],
    happenings: tuple[Happening, ...],
    now: datetime,
) -> tuple[Ticket, tuple[TicketClock, ...]]:
    """The clocks after what happened, and the ticket with its due time."""
    promise = promises.named(ticket.promise)
    for happening in happenings:
        clocks = apply_event(clocks, promise, ClockEvent(happening=happening, status=ticket.status), now)
    return with_due(ticket, clocks), clocks


def with_due(ticket: Ticket, clocks: tuple[TicketClock, ...]) -> Ticket:
    """The ticket with its due time: the earliest of its clocks that have not ended and of a deadline set by hand."""
    times = [c.due_at for c in clocks if not c.ended]
    if ticket.deadline is not None and ticket.status in UNFINISHED:
        times.append(ticket.deadline.at)
    return replace(ticket, due_at=min((at for at in times if at is not None), default=None))


def response_due(clocks: tuple[TicketClock, ...]) -> datetime | None:
    """When the customer may expect our next answer."""
    responses = (Target.FIRST_RESPONSE, Target.NEXT_RESPONSE)
    return min((c.due_at for c in clocks if c.target in responses and not c.ended and c.due_at), default=None)


def next_look(
    promises: Promises, ticket: Ticket, clocks: tuple[TicketClock, ...], done: frozenset[str]
) -> datetime | None:
    """When a ticket is to be looked at: its next escalation step, its rest ends, a deadline. The index of the tick."""
    promise = promises.named(ticket.promise)
    times = [next_step_at(c, promise, done) for c in clocks]
    if (deadline := ticket.deadline) is not None and not (
        ticket.status in UNFINISHED and deadline_key(deadline) in done
    ):
        times.append(deadline.at)
    return min((at for at in (*times, ticket.wake_at) if at is not None), default=None)


def deadline_key(deadline: Deadline) -> str:
    """What names the one step of a deadline that was set by hand: it is told once for each time it was set to."""
    return f"by hand/{deadline.at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}"


def explain_clocks(
    promises: Promises, ticket: Ticket, clocks: tuple[TicketClock, ...], now: datetime, language: str = "en"
) -> list[str]:
    """The arithmetic of every clock, in words."""
    promise = promises.named(ticket.promise)
    return [explain(clock, promise, now, language) for clock in clocks]
