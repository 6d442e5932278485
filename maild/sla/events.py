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
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto

from maild.sla.deadlines import ClockState, TicketClock, is_breached, meet, pause, resume, spent_at, start
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
    MOVED_AWAY = auto()  # the mail that waits for its next answer waits on another ticket now
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
    return follow_status(_RULES[event.happening](clocks, promise, now), promise, event.status, now)


def follow_status(clocks: Clocks, promise: Promise, status: str, now: datetime) -> Clocks:
    """The clocks as the ticket's status wants them: still or running. What is not promised (any more) stays still."""
    return tuple(_follow(c, promise, status, now) if promise.allowed(c.target) is not None else c for c in clocks)


def waited_longer(clocks: Clocks, promise: Promise, since: datetime, spent: timedelta, now: datetime) -> Clocks:
    """The clocks of a ticket into which another one was merged, whose customer has waited since then, for so long.

    An answer that is owed on both is owed as the one that waits longer: a merge gains nobody time. Where more is spent
    than promised, it is due now, never in the past.
    """
    return tuple(
        resume(replace(pause(clock, promise, now), started_at=since, spent=spent), promise, now)
        if clock.target in _RESPONSES
        and clock.state is ClockState.RUNNING
        and promise.allowed(clock.target) is not None
        and not is_breached(clock, now)
        and spent_at(clock, promise.calendar, now) < spent
        else clock
        for clock in clocks
    )


def newly_promised(clocks: Clocks, before: Promise, after: Promise, targets: Iterable[Target], now: datetime) -> Clocks:
    """The clocks, and a new one for each of these targets that `after` promises and `before` did not."""
    for target in targets:
        owed = target is Target.NEXT_RESPONSE and _open(clocks, Target.FIRST_RESPONSE)
        if before.allowed(target) is None and not owed:
            clocks = _started(clocks, after, target, now)
    return clocks


def _first_mail(clocks: Clocks, promise: Promise, now: datetime) -> Clocks:
    return _started(_started(clocks, promise, Target.FIRST_RESPONSE, now), promise, Target.RESOLUTION, now)


def _customer_waits(clocks: Clocks, promise: Promise, now: datetime) -> Clocks:
    promised = (clock for clock in clocks if promise.allowed(clock.target) is not None)
    owed = any(clock.target in _RESPONSES and not clock.ended for clock in promised)
    waiting = clocks if owed else _started(clocks, promise, Target.NEXT_RESPONSE, now)
    return _started(waiting, promise, Target.RESOLUTION, now)


def _answered(clocks: Clocks, promise: Promise, now: datetime) -> Clocks:
    return _met(clocks, promise, _RESPONSES, now)


def _solved(clocks: Clocks, promise: Promise, now: datetime) -> Clocks:
    return _met(clocks, promise, tuple(Target), now)


def _met(clocks: Clocks, promise: Promise, targets: tuple[Target, ...], now: datetime) -> Clocks:
    """What was promised has happened; a clock that only stood still for a target that is not promised any more goes."""
    return tuple(
        meet(clock, promise, now) if clock.target in targets else clock
        for clock in clocks
        if clock.ended or clock.target not in targets or promise.allowed(clock.target) is not None
    )


def _reopened(clocks: Clocks, promise: Promise, now: datetime) -> Clocks:
    return _started(clocks, promise, Target.RESOLUTION, now)


def _moved_away(clocks: Clocks, promise: Promise, now: datetime) -> Clocks:  # noqa: ARG001 - one shape for every rule
    return tuple(clock for clock in clocks if clock.ended or clock.target is not Target.NEXT_RESPONSE)


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
    Happening.MOVED_AWAY: _moved_away,
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
