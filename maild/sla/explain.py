"""The arithmetic of a clock in words, so that a person can check it with a wall calendar."""

from __future__ import annotations

from datetime import datetime, timedelta

from maild.sla.calendar import Calendar
from maild.sla.deadlines import ClockState, TicketClock, is_breached, spent_at
from maild.sla.promise import Promise, duration_text

_SPANS_SHOWN = 6


def explain(clock: TicketClock, promise: Promise, now: datetime) -> str:
    """Promise, start, pauses taken off, every span counted, what is spent and left; in the calendar's own time zone.

    One line of English sentences, for `ticket show`, `explain` and `/why`.
    """
    allowed = promise.allowed(clock.target)
    name = clock.target.replace("_", " ")
    if allowed is None:
        return f"{name} is not promised by {promise.name}."
    calendar = promise.calendar
    sentences = [
        f"{name}: {duration_text(allowed)} of {calendar.name} time ({calendar.timezone}) by the promise {promise.name}",
        f"started {_moment(clock.started_at, calendar)}",
        *_before(clock, calendar),
        *_counted(clock, calendar, now),
        *_outcome(clock, calendar, allowed, now),
    ]
    return ". ".join(sentences) + "."


def _before(clock: TicketClock, calendar: Calendar) -> list[str]:
    """What was counted before the last pause, and what the pauses took off."""
    if clock.resumed_at is None or clock.resumed_at <= clock.started_at:
        return []
    paused = calendar.between(clock.started_at, clock.resumed_at) - clock.spent
    off = f", {duration_text(paused)} of pauses taken off" if paused > timedelta(0) else ""
    return [f"{duration_text(clock.spent)} spent until {_moment(clock.resumed_at, calendar)}{off}"]


def _counted(clock: TicketClock, calendar: Calendar, now: datetime) -> list[str]:
    """The spans from the last start: up to the due time while it is ahead, else up to now."""
    if clock.resumed_at is None:
        return []
    end = max(now, clock.due_at) if clock.due_at is not None else now
    spans = calendar.spans_between(clock.resumed_at, end)
    if not spans:
        return ["no working time since"]
    shown = [_span(a, b, calendar) for a, b in spans]
    if len(shown) > _SPANS_SHOWN:
        left_out = sum(((b - a) for a, b in spans[_SPANS_SHOWN - 2 : -1]), timedelta(0))
        middle = f"{len(shown) - _SPANS_SHOWN + 1} more spans ({duration_text(left_out)})"
        shown = [*shown[: _SPANS_SHOWN - 2], middle, shown[-1]]
    return ["counted " + ", ".join(shown)]


def _outcome(clock: TicketClock, calendar: Calendar, allowed: timedelta, now: datetime) -> list[str]:
    spent = spent_at(clock, calendar, now)
    if clock.ended_at is not None:
        word = "met" if clock.state is ClockState.MET else "too late"
        return [f"{word} {_moment(clock.ended_at, calendar)} after {duration_text(spent)}"]
    left = max(allowed - spent, timedelta(0))
    if is_breached(clock, now):
        over = duration_text(max(spent - allowed, timedelta(0)))
        due = f"due {_moment(clock.due_at, calendar)}" if clock.due_at is not None else "due"
        return [f"{due}, {duration_text(spent)} spent, over by {over}"]
    if clock.due_at is None:
        return [f"paused after {duration_text(spent)}, {duration_text(left)} left"]
    return [f"{duration_text(spent)} spent, {duration_text(left)} left, due {_moment(clock.due_at, calendar)}"]


def _moment(at: datetime, calendar: Calendar) -> str:
    return f"{at.astimezone(calendar.zone):%a %Y-%m-%d %H:%M}"


def _span(start: datetime, end: datetime, calendar: Calendar) -> str:
    """A span with its length, a long one with both its days."""
    here, there = (at.astimezone(calendar.zone) for at in (start, end))
    until = f"{there:%H:%M}" if here.date() == there.date() else _moment(end, calendar)
    return f"{_moment(start, calendar)}-{until} ({duration_text(end - start)})"
