"""The clock of one target on one ticket: started, paused, resumed, ended, moved to another promise. Values only.

    start -> running <-> paused
                |           |
                '-----+-----'
                      v
          met (in time) or breached (too late)

A running clock that is past its due time is still kept as running, so that the steps behind the deadline go on;
`state_at` tells its state as people see it. Which events move which clock stands in `events.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from maild.sla.calendar import Calendar
from maild.sla.promise import Promise, Target

_NOTHING = timedelta(0)


class ClockState(StrEnum):
    """Where a clock stands."""

    RUNNING = "running"  # working time is being counted
    PAUSED = "paused"  # the ticket is in a status in which the promise does not count
    MET = "met"  # ended in time
    BREACHED = "breached"  # ended too late or, as people see it, still running past its due time


@dataclass(frozen=True, kw_only=True, slots=True)
class Missed:
    """A due time that passed under an earlier promise of the ticket, and how much working time that had allowed."""

    allowed: timedelta
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketClock:
    """How far one target of a ticket has come.

    `spent` is the working time that had been counted before `resumed_at` (None unless it runs). `due_at` is None while
    it is paused, unless it had been overdue before. `promise` names the promise that it counts for, or counted for when
    it ended. All times are aware and in UTC.
    """

    target: Target
    started_at: datetime
    spent: timedelta = _NOTHING
    resumed_at: datetime | None
    due_at: datetime | None
    state: ClockState = ClockState.RUNNING
    ended_at: datetime | None = None
    promise: str = ""
    missed: tuple[Missed, ...] = ()
    moved_from: str | None = None
    """The promise that it counted for before, where a part of `spent` was counted by another one or another text."""

    @property
    def ended(self) -> bool:
        """Whether what was promised has happened, in time or not."""
        return self.ended_at is not None


def start(promise: Promise, target: Target, now: datetime) -> TicketClock | None:
    """A clock that starts to run now, or None where the promise says nothing of this target."""
    allowed = promise.allowed(target)
    if allowed is None:
        return None
    at = now.astimezone(UTC)
    due_at = promise.calendar.add(at, allowed)
    return TicketClock(target=target, started_at=at, resumed_at=at, due_at=due_at, promise=promise.name)


def spent_at(clock: TicketClock, calendar: Calendar, now: datetime) -> timedelta:
    """The working time counted until now; a clock that does not run counts nothing more."""
    if clock.resumed_at is None:
        return clock.spent
    return clock.spent + calendar.between(clock.resumed_at, now)


def pause(clock: TicketClock, promise: Promise, now: datetime) -> TicketClock:
    """The clock stands still from now on; one that does not run stays as it is."""
    if clock.state is not ClockState.RUNNING:
        return clock
    return replace(
        clock,
        spent=spent_at(clock, promise.calendar, now),
        resumed_at=None,
        due_at=clock.due_at if is_breached(clock, now) else None,
        state=ClockState.PAUSED,
    )


def resume(clock: TicketClock, promise: Promise, now: datetime) -> TicketClock:
    """The clock goes on with the time that is left; one that is not paused stays as it is."""
    if clock.state is not ClockState.PAUSED:
        return clock
    at = now.astimezone(UTC)
    running = replace(clock, resumed_at=at, state=ClockState.RUNNING)
    return running if clock.due_at is not None else replace(running, due_at=_due(promise, running, at))


def meet(clock: TicketClock, promise: Promise, now: datetime) -> TicketClock:
    """What was promised has happened: met when that was in time, else breached; an ended clock stays as it is."""
    if clock.ended:
        return clock
    return replace(
        clock,
        spent=spent_at(clock, promise.calendar, now),
        resumed_at=None,
        state=ClockState.BREACHED if is_breached(clock, now) else ClockState.MET,
        ended_at=now.astimezone(UTC),
    )


def is_breached(clock: TicketClock, now: datetime) -> bool:
    """Whether the promise is broken by now; what happens at the very due time is in time."""
    if clock.ended or clock.due_at is None:
        return clock.state is ClockState.BREACHED
    return clock.state is ClockState.PAUSED or now > clock.due_at


def state_at(clock: TicketClock, now: datetime) -> ClockState:
    """The state as people see it: an overdue clock is breached, also before it ends."""
    return ClockState.BREACHED if is_breached(clock, now) else clock.state


def recompute(clock: TicketClock, before: Promise | None, after: Promise, now: datetime) -> TicketClock:
    """The clock under another promise, or under one whose text has changed.

    Fair to both sides: time spent until now stays spent, as the old promise's calendar counted it (`before` None: it is
    not known any more, the new calendar counts), the rest runs by the new one. Where more has been spent than is
    allowed now, the clock is due now, never in the past. A due time that has passed is remembered: it is missed again
    as soon as the ticket is back under a promise as tight, so nothing is gained by moving it to and fro. A target that
    is not promised any more stands still, in case the ticket comes back. An ended clock stays as it is.
    """
    if clock.ended:
        return clock
    allowed = after.allowed(clock.target)
    missed = _all_missed(clock, before, now)
    spent = spent_at(clock, (before or after).calendar, now)
    settled = replace(clock, spent=spent, promise=after.name, missed=missed, moved_from=clock.promise or None)
    if allowed is None:
        return replace(settled, resumed_at=None, due_at=None, state=ClockState.PAUSED)
    passed = min((m.at for m in missed if allowed <= m.allowed), default=None)
    if clock.state is ClockState.PAUSED:
        return replace(settled, due_at=passed)
    at = now.astimezone(UTC)
    return replace(settled, resumed_at=at, due_at=passed or _due(after, settled, at))


def _all_missed(clock: TicketClock, before: Promise | None, now: datetime) -> tuple[Missed, ...]:
    """What the clock has missed so far, with the due time that it is past now; each allowance at its first passing."""
    allowed = before.allowed(clock.target) if before is not None else None
    if allowed is None or clock.due_at is None or not is_breached(clock, now):
        return clock.missed
    if any(m.allowed >= allowed and m.at <= clock.due_at for m in clock.missed):
        return clock.missed
    return (*clock.missed, Missed(allowed=allowed, at=clock.due_at))


def _due(promise: Promise, clock: TicketClock, now: datetime) -> datetime | None:
    allowed = promise.allowed(clock.target)
    return None if allowed is None else promise.calendar.add(now, max(allowed - clock.spent, _NOTHING))
