"""Escalation: which steps of a promise are due on a clock, in which order, and when the next one comes.

What a step does is done elsewhere, exactly once, by the help of its key. Only a running clock has steps: nothing is
escalated while a ticket waits for somebody else, or after what was promised has happened.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from maild.sla.deadlines import ClockState, TicketClock
from maild.sla.promise import Promise, Step


@dataclass(frozen=True, kw_only=True, slots=True)
class StepDue:
    """A step that is to be done now. `key` is the same for ever, on every machine: it is done once for each key."""

    key: str
    step: Step
    at: datetime
    """When it was due; in the past where the desk was down meanwhile."""
    worked: timedelta
    """After how much working time it comes: the order of those that are due at the same moment."""


class _Ahead(NamedTuple):
    """A step that is not done yet; the order of the fields is the order of doing."""

    at: datetime
    worked: timedelta
    position: int
    key: str


def step_key(clock: TicketClock, promise: Promise, position: int) -> str:
    """What names one step (by its position, from 0) of one clock: promise, target, moment, start of the clock.

    The moment stands for the position, and only steps of the same moment are numbered: so a step that an admin puts in
    before the others does not make those look new.
    """
    step = promise.steps[position]
    earlier = sum(other.target is step.target and other.at == step.at for other in promise.steps[:position])
    moment = f"{step.at}#{earlier + 1}" if earlier else str(step.at)
    return f"{promise.name}/{clock.target}/{moment}/{clock.started_at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}"


def steps_due(clock: TicketClock, promise: Promise, done: frozenset[str], now: datetime) -> list[StepDue]:
    """The steps whose time has come and whose keys are not in `done`, earliest first, however late it is."""
    ahead = sorted(step for step in _ahead(clock, promise, done) if step.at <= now)
    return [StepDue(key=step.key, step=promise.steps[step.position], at=step.at, worked=step.worked) for step in ahead]


def next_step_at(clock: TicketClock, promise: Promise, done: frozenset[str]) -> datetime | None:
    """When to look at this clock again, in the past where a step is late; None where nothing is to come."""
    return min((step.at for step in _ahead(clock, promise, done)), default=None)


def _ahead(clock: TicketClock, promise: Promise, done: frozenset[str]) -> Iterator[_Ahead]:
    allowed = promise.allowed(clock.target)
    if clock.state is not ClockState.RUNNING or clock.resumed_at is None or allowed is None:
        return
    for position, step in enumerate(promise.steps):
        if step.target is clock.target and (key := step_key(clock, promise, position)) not in done:
            worked = step.at.after_start(allowed)
            # A moment that had passed before the clock was resumed is due at once, in the order of the promise.
            left = max(worked - clock.spent, timedelta(0))
            yield _Ahead(promise.calendar.add(clock.resumed_at, left), worked, position, key)
