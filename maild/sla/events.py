"""What happens to a ticket, as its clocks see it: which event starts, meets, pauses or drops which clock.

| event | first response | next response | resolution |
|---|---|---|---|
| FIRST_MAIL | starts | | starts |
| CUSTOMER_REPLY, ANSWER_BOUNCED | | starts, unless we owe an answer | goes on; starts again where it had ended |
| ANSWERED | met | met | |
| STATUS_CHANGED | | | |
| SOLVED | met | met | met |
| REOPENED | | | starts again |
| DROPPED | gone | gone | gone |

After each of them every clock that the promise pauses stands still or runs, as the ticket's new status says. Automatic
mail, notes and our acknowledgements are no events here. A target that is not promised has no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from maild.sla.deadlines import TicketClock, meet, pause, resume, start
from maild.sla.promise import Promise, Target

_RESPONSES = (Target.FIRST_RESPONSE, Target.NEXT_RESPONSE)

Clocks = tuple[TicketClock, ...]


class Happening(Enum):
    """What happened to the ticket."""

    FIRST_MAIL = auto()  # the customer's first mail made the ticket
    CUSTOMER_REPLY = auto()  # the customer wrote again
    ANSWER_BOUNCED = auto()  # an answer of ours did not arrive: the customer still waits
    ANSWERED = auto()  # an agent's public answer
    STATUS_CHANGED = auto()  # an order or a timer changed the status, and nothing else
    SOLVED = auto()  # solved or closed
    REOPENED = auto()  # opened again by an agent
    DROPPED = auto()  # spam, or merged into another ticket: nobody waits here any more


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockEvent:
    """What happened, and the ticket's status after it."""

    happening: Happening
    status: str


def apply_event(clocks: Clocks, promise: Promise, event: ClockEvent, now: datetime) -> Clocks:
    """The clocks after an event, in the order in which they started; ended ones are kept for the ticket's history.

    An order that does two things at once (an answer with `/solve`) is two events. `now` is the time of the event: for a
    mail, the time at which it was accepted.
    """
    changed = _RULES[event.happening](clocks, promise, now)
    return tuple(_follow(clock, promise, event.status, now) for clock in changed)


def _first_mail(clocks: Clocks, promise: Promise, now: datetime) -> Clocks:
    return _started(_started(clocks, promise, Target.FIRST_RESPONSE, now), promise, Target.RESOLUTION, now)


def _customer_waits(clocks: Clocks, promise: Promise, now: datetime) -> Clocks:
    owed = any(clock.target in _RESPONSES and not clock.ended for clock in clocks)
    waiting = clocks if owed else _started(clocks, promise, Target.NEXT_RESPONSE, now)
    return _started(waiting, promise, Target.RESOLUTION, now)


def _answered(clocks: Clocks, promise: Promise, now: datetime) -> Clocks:
    return tuple(meet(clock, promise, now) if clock.target in _RESPONSES else clock for clock in clocks)


def _solved(clocks: Clocks, promise: Promise, now: datetime) -> Clocks:
    return tuple(meet(clock, promise, now) for clock in clocks)


def _reopened(clocks: Clocks, promise: Promise, now: datetime) -> Clocks:
    return _started(clocks, promise, Target.RESOLUTION, now)


def _dropped(clocks: Clocks, promise: Promise, now: datetime) -> Clocks:  # noqa: ARG001 - one shape for every rule
    return tuple(clock for clock in clocks if clock.ended)


def _unchanged(clocks: Clocks, promise: Promise, now: datetime) -> Clocks:  # noqa: ARG001 - one shape for every rule
    return clocks


_RULES: dict[Happening, Callable[[Clocks, Promise, datetime], Clocks]] = {
    Happening.FIRST_MAIL: _first_mail,
    Happening.CUSTOMER_REPLY: _customer_waits,
    Happening.ANSWER_BOUNCED: _customer_waits,
    Happening.ANSWERED: _answered,
    Happening.STATUS_CHANGED: _unchanged,
    Happening.SOLVED: _solved,
    Happening.REOPENED: _reopened,
    Happening.DROPPED: _dropped,
}


def _started(clocks: Clocks, promise: Promise, target: Target, now: datetime) -> Clocks:
    """One clock more, unless one of this target has not ended yet."""
    if _open(clocks, target):
        return clocks
    clock = start(promise, target, now)
    return clocks if clock is None else (*clocks, clock)


def _open(clocks: Iterable[TicketClock], target: Target) -> bool:
    return any(clock.target is target and not clock.ended for clock in clocks)


def _follow(clock: TicketClock, promise: Promise, status: str, now: datetime) -> TicketClock:
    """The clock as the ticket's status wants it: still or running."""
    if clock.target in promise.pauses and status in promise.pause:
        return pause(clock, promise, now)
    return resume(clock, promise, now)
