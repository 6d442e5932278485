"""What is promised: how soon a customer hears from us, and who is told when that gets doubtful. Values only.

Which promise a ticket gets is decided elsewhere, and so is what a step's words (a person, a line) come to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction

from maild.durations import duration_text as duration_text
from maild.durations import parse_duration as parse_duration
from maild.sla.calendar import Calendar

_PERCENT = re.compile(r"(\d{1,4}(?:\.\d{1,3})?)%", re.ASCII)


LEAD = "lead"
"""In place of an agent's id: whoever leads the ticket's queue."""


class Target(StrEnum):
    """What a clock measures."""

    FIRST_RESPONSE = "first_response"  # from the customer's first mail to our first answer
    NEXT_RESPONSE = "next_response"  # from a later mail of the customer to our answer
    RESOLUTION = "resolution"  # from the first mail until the ticket is solved


class AtKind(StrEnum):
    """How the moment of a step is given."""

    PERCENT = "percent"  # a part of the promised time
    BEFORE = "before"  # so long before its end
    AFTER = "after"  # so long after its end


@dataclass(frozen=True, kw_only=True, slots=True)
class At:
    """When a step is due, in working time of the promise: `percent` for PERCENT, `distance` for BEFORE and AFTER."""

    kind: AtKind
    percent: Fraction = Fraction(0)
    distance: timedelta = timedelta(0)

    @classmethod
    def parse(cls, text: str) -> At:
        """Read "75%", "100%", "-30m" (before the end) or "+2h" (after it); ValueError where it is something else."""
        if found := _PERCENT.fullmatch(text):
            return cls(kind=AtKind.PERCENT, percent=Fraction(found[1]))
        if text[:1] in ("-", "+"):
            kind = AtKind.BEFORE if text[0] == "-" else AtKind.AFTER
            return cls(kind=kind, distance=parse_duration(text[1:]))
        raise ValueError(f'{text!r} is no moment of a promise such as "75%", "-30m" or "+2h"')

    def after_start(self, promised: timedelta) -> timedelta:
        """The working time from a clock's start to this moment; never less than none."""
        match self.kind:
            case AtKind.PERCENT:
                return promised * self.percent.numerator / (100 * self.percent.denominator)
            case AtKind.BEFORE:
                return max(promised - self.distance, timedelta(0))
            case AtKind.AFTER:
                return promised + self.distance

    def __str__(self) -> str:
        if self.kind is AtKind.PERCENT:
            return f"{float(self.percent):.7g}%"
        return ("-" if self.kind is AtKind.BEFORE else "+") + duration_text(self.distance)


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What is done at a moment of one target: people told, the ticket changed, given to somebody, a text sent.

    `tell` holds the admin's words: assignee, queue, lead, an agent's id, an address. `line` is "up" or a number,
    `assignee` an agent's id or "lead"; with `share_by` ("load" or "turn") it is one of `share_among`. `letter` names a
    canned text for the customer, `webhook` the programs that are called. `quiet` says whether what is told comes
    through people's quiet hours ("through"), or waits for their end ("wait"); None: it comes through for an urgent
    ticket.
    """

    target: Target
    at: At
    tell: tuple[str, ...] = ()
    priority: str | None = None
    line: str | int | None = None
    queue: str | None = None
    tags: tuple[str, ...] = ()
    assignee: str | None = None
    share_by: str | None = None
    share_among: tuple[str, ...] = ()
    letter: str | None = None
    webhook: tuple[str, ...] = ()
    quiet: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
    """How soon, in working time of `calendar`; a target of None is not promised.

    `pause` names the statuses in which the clocks of `pauses` stand still.
    """

    name: str
    calendar: Calendar
    first_response: timedelta | None = None
    next_response: timedelta | None = None
    resolution: timedelta | None = None
    pause: frozenset[str] = frozenset()
    pauses: frozenset[Target] = frozenset(Target)
    steps: tuple[Step, ...] = ()

    def allowed(self, target: Target) -> timedelta | None:
        """The working time promised for a target."""
        match target:
            case Target.FIRST_RESPONSE:
                return self.first_response
            case Target.NEXT_RESPONSE:
                return self.next_response
            case Target.RESOLUTION:
                return self.resolution
