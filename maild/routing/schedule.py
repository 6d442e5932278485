"""Rules that only time brings about: when one of them can hold next. Moments in, moments out; no clock is read here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from maild.routing.checks import Check
from maild.routing.conditions import AllOf, AnyOf, Condition, Not, checks_of

_SECOND = timedelta(seconds=1)
_HOUR = timedelta(hours=1)
_HOURS_AHEAD = 24 * 7
"""Whatever hours and days a rule wants, they come within a week."""
_BY_THE_CLOCK = frozenset(("hour", "weekday"))
_LENGTHS = frozenset(("silence", "age"))

Fits = Callable[[datetime], bool]
"""Whether a rule would hold at a moment, if nothing but time passes until then."""


class Began(NamedTuple):
    """Since when a ticket is silent, and when it was opened."""

    silence: datetime
    age: datetime


def has_threshold(condition: Condition) -> bool:
    """Whether it holds only after some silence or age: without that it could hold all the time."""
    match condition:
        case AllOf():
            return any(has_threshold(part) for part in condition.parts)
        case AnyOf():
            return all(has_threshold(part) for part in condition.parts)
        case Not():
            return False
        case _:
            return condition.test == "above" and condition.field in _LENGTHS


def whatever_the_clock(condition: Condition) -> Condition:
    """The condition without what it says of hours and days; it holds wherever the whole may at another hour."""
    if isinstance(condition, AllOf):
        return AllOf(parts=tuple(whatever_the_clock(part) for part in condition.parts))
    by_the_clock = any(check.field in _BY_THE_CLOCK for check in checks_of(condition))
    return AllOf(parts=()) if by_the_clock else condition


def _earliest(condition: Condition, began: Began) -> datetime | None:
    """The moment before which a condition cannot hold, by the lengths that it wants; None where nothing is sure."""
    match condition:
        case AllOf():
            found = (_earliest(part, began) for part in condition.parts)
            return max((at for at in found if at is not None), default=None)
        case AnyOf():
            each = [_earliest(part, began) for part in condition.parts]
            sure = [at for at in each if at is not None]
            return min(sure) if len(sure) == len(each) else None
        case Check() if condition.test == "above" and condition.field in _LENGTHS:
            length = timedelta(seconds=min(int(value) for value in condition.values))
            start: datetime = getattr(began, condition.field)
            return start + length + _SECOND
        case _:
            return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """One such rule."""

    rule: str
    when: Condition
    shadow: bool = False

    def key(self, began: Began) -> str:
        """What names the one time that it is done: for this silence, or for the ticket where it asks of age alone.

        What a rule on trial only wrote down is not done: switched on, it has its turn as a new rule has.
        """
        of_silence = any(check.field == "silence" for check in checks_of(self.when))
        name = f"{'trial of ' if self.shadow else ''}rule {self.rule}"
        return f"{name} {began.silence:%Y%m%dT%H%M%S.%fZ}" if of_silence else name

    def next_at(self, fits: Fits, began: Began, now: datetime, at_some_hour: Fits | None = None) -> datetime | None:
        """The first moment from now on at which it holds; None where it does not before something else happens.

        `at_some_hour`: the same, whatever it says of hours and days; a week of hours is only looked through after that.
        """
        return next((at for at in self._moments(began, now, at_some_hour or fits) if fits(at)), None)

    def _moments(self, began: Began, now: datetime, at_some_hour: Fits) -> Iterator[datetime]:
        """Every moment at which what it says may become so."""
        ahead, first = {now}, _earliest(self.when, began)
        clocked = False
        for check in checks_of(self.when):
            clocked = clocked or check.field in _BY_THE_CLOCK
            if check.field in _LENGTHS:
                start = getattr(began, check.field)
                # Lengths are told in whole seconds, so that "above" begins one second behind.
                moments = (start + timedelta(seconds=int(value)) + _SECOND for value in check.values)
                ahead.update(at for at in moments if at > now)
        for at in sorted(at for at in ahead if first is None or at >= first):
            yield at
            if clocked and at_some_hour(at):
                hour = at.replace(minute=0, second=0, microsecond=0)
                yield from (hour + _HOUR * number for number in range(1, _HOURS_AHEAD + 1))
