"""Which promise a ticket has, and how its clocks and due times follow from what happens to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from maild.messages.addresses import normal
from maild.people.organisations import Organisations
from maild.routing.fields import NAMED
from maild.sla.calendar import Calendar
from maild.sla.deadlines import TicketClock, recompute
from maild.sla.events import ClockEvent, Happening, apply_event, follow_status, newly_promised
from maild.sla.explain import explain
from maild.sla.promise import Promise, Target
from maild.sla.steps import next_step_at
from maild.threads.model import IMPORTED, UNFINISHED, Deadline, Status, Ticket

FITS_NOW = "it is the first that fits the ticket now"
"""Why a ticket has another promise, where no rule says so."""
Fields = Mapping[str, str | int | tuple[str, ...]]

_COUNTED = (*UNFINISHED, Status.SOLVED, Status.CLOSED)
_STARTED: Mapping[Status, tuple[Target, ...]] = {
    Status.NEW: (Target.FIRST_RESPONSE, Target.RESOLUTION),
    Status.OPEN: (Target.NEXT_RESPONSE, Target.RESOLUTION),
    Status.PENDING: (Target.RESOLUTION,),
    Status.HOLD: (Target.RESOLUTION,),
}
"""What a customer waits for in each status, so what starts where it is promised from now on."""
_NO_PROMISE = Promise(name="", calendar=Calendar(name="", timezone="UTC", hours=None))
"""For a ticket whose promise is gone or never was: nothing starts, what ran ends as it would."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """A promise and the condition under which it is given."""

    promise: Promise
    fits: Callable[[Fields], bool]
    by_mail: bool = False
    """Whether it looks at more than a ticket has: then what it said of the first mail holds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Promises:
    """All promises, in their order; the first one that fits holds."""

    given: tuple[Given, ...] = ()
    organisations: Organisations = field(default_factory=Organisations)
    """By which a customer's organisation is known."""

    def opened(self, ticket: Ticket, mail: Fields) -> Ticket:
        """A new ticket with its promise: by what it is, and by the fields of the mail that opens it."""
        fields = {**mail, **stored_fields(ticket, self.organisations)}
        fitted = tuple(g.promise.name for g in self.given if g.by_mail and g.fits(fields))
        ticket = replace(ticket, promises_fitted=fitted)
        return replace(ticket, promise=self.fitting(ticket))

    def fitting(self, ticket: Ticket) -> str | None:
        """The name of the promise that a ticket is to have now, as it stands."""
        if ticket.promise_set and self.named(ticket.promise) is not _NO_PROMISE:
            return ticket.promise
        fields = stored_fields(ticket, self.organisations)
        fitted = (ticket.promise,) if ticket.promises_fitted is None else ticket.promises_fitted
        fits = (g for g in self.given if (g.promise.name in fitted if g.by_mail else g.fits(fields)))
        return next((g.promise.name for g in fits), None)

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
    """The clocks after what happened, the promise that fits the ticket now, and the ticket with its due time.

    What happened is judged by the promise that the ticket had until then, unless that is gone from the files.
    """
    if ticket.promise is not None and promises.named(ticket.promise) is _NO_PROMISE:
        ticket, clocks = keep_fitting(promises, ticket, clocks, now)
    promise = promises.named(ticket.promise)
    for happening in happenings:
        clocks = apply_event(clocks, promise, ClockEvent(happening=happening, status=ticket.status), now)
    return keep_fitting(promises, ticket, clocks, now)


def keep_fitting(
    promises: Promises,
    ticket: Ticket,
    clocks: tuple[TicketClock, ...],
    now: datetime,
    before: Promises | None = None,
) -> tuple[Ticket, tuple[TicketClock, ...]]:
    """The ticket under the promise that fits it as it stands, its clocks recomputed where that is another one.

    `before`: the promises by which they were counted until now, where the files have changed. A ticket that came from
    an archive, or that nobody waits on any more, keeps what it has.
    """
    if ticket.status not in _COUNTED or (ticket.channel == IMPORTED and ticket.promise is None):
        return with_due(ticket, clocks), clocks
    return _under(promises, ticket, clocks, promises.fitting(ticket), now, before or promises)


def change_promise(
    promises: Promises, ticket: Ticket, clocks: tuple[TicketClock, ...], name: str, now: datetime
) -> tuple[Ticket, tuple[TicketClock, ...]]:
    """The ticket under the promise that a rule names, for good: no other one takes its place by its condition."""
    return _under(promises, replace(ticket, promise_set=True), clocks, name, now, promises)


def _under(
    promises: Promises,
    ticket: Ticket,
    clocks: tuple[TicketClock, ...],
    name: str | None,
    now: datetime,
    before: Promises,
) -> tuple[Ticket, tuple[TicketClock, ...]]:
    after = promises.named(name)
    moved = tuple(_moved(clock, ticket, before, after, now) for clock in clocks)
    if name != ticket.promise and ticket.status in _STARTED:
        moved = newly_promised(moved, before.named(ticket.promise), after, _STARTED[ticket.status], now)
    if moved != clocks:
        moved = follow_status(moved, after, ticket.status, now)
    return with_due(ticket if name == ticket.promise else replace(ticket, promise=name), moved), moved


def _moved(clock: TicketClock, ticket: Ticket, before: Promises, after: Promise, now: datetime) -> TicketClock:
    """A clock that has not ended, under the promise that holds now."""
    until_now = before.named(clock.promise or ticket.promise)
    if clock.ended or until_now is after or until_now == after:
        return clock
    return recompute(clock, until_now if until_now is not _NO_PROMISE else None, after, now)


def stored_fields(ticket: Ticket, organisations: Organisations) -> Fields:
    """What promises can see of a ticket at any time; what else they look at was seen once, when it was opened."""
    asked = ticket.requester
    found = organisations.of(normal(asked.address)) if asked is not None else None
    fields: dict[str, str | int | tuple[str, ...]] = {
        "queue": ticket.queue,
        "line": ticket.line,
        "priority": str(ticket.priority),
        "tags": ticket.tags,
        "customer": (asked.address, asked.name) if asked is not None else (),
        "organisation": found.name if found is not None else "",
    }
    return fields | {f"{NAMED}{name}": value for name, value in ticket.fields.items()}


def with_due(ticket: Ticket, clocks: tuple[TicketClock, ...]) -> Ticket:
    """The ticket with its due time: the earliest of its clocks that have not ended and of a deadline set by hand."""
    times = [c.due_at for c in clocks if not c.ended]
    if ticket.deadline is not None and ticket.status in UNFINISHED:
        times.append(ticket.deadline.at)
    due_at = min((at for at in times if at is not None), default=None)
    return ticket if due_at == ticket.due_at else replace(ticket, due_at=due_at)


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
    return [explain(c, promises.named(c.promise or ticket.promise), now, language) for c in clocks]
