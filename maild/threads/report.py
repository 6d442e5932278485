"""Figures of the desk over a period: what each counts is said beside it, and the tickets behind it can be named.

Pure: rows in, figures out. Spam and merged tickets are in none of them. How a report is told in words stands in
`report_words.py`, its page in `outgoing/report_page.py`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from maild.sla.deadlines import ClockState
from maild.sla.promise import Target
from maild.threads.model import UNFINISHED, Status
from maild.threads.periods import Period

CUSTOMERS_SHOWN = 10
AGES: tuple[tuple[str, timedelta | None], ...] = (
    ("1d", timedelta(days=1)),
    ("3d", timedelta(days=3)),
    ("7d", timedelta(days=7)),
    ("30d", timedelta(days=30)),
    ("older", None),
)
"""How old an unfinished ticket is: younger than this, and not in an earlier group."""


class TicketRow(NamedTuple):
    """A ticket that was opened or solved in the period, or is unfinished now."""

    id: int
    queue: str
    assignee: str | None
    status: Status
    created_at: datetime
    solved_at: datetime | None
    customer: str | None


class Moment(NamedTuple):
    """Something that happened on a ticket; `who` is the agent who did it, or nobody."""

    ticket: int
    queue: str
    at: datetime
    who: str | None = None


class ClockRow(NamedTuple):
    """A clock that ended in the period, or was due in it."""

    ticket: int
    queue: str
    assignee: str | None
    target: Target
    spent: timedelta
    due_at: datetime | None
    ended_at: datetime | None
    state: ClockState


class TrialRow(NamedTuple):
    """A rule on trial that held for a ticket, and what it would have made another."""

    ticket: int
    queue: str
    at: datetime
    rule: str
    changes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """The record of one rule on trial: how often it held, and each change that it would have made."""

    rule: str
    held: int
    changes: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    """Everything that figures are counted from; there may be more of it than the period has."""

    tickets: Sequence[TicketRow] = ()
    reopened: Sequence[Moment] = ()
    answers: Sequence[Moment] = ()
    mails: Sequence[Moment] = ()
    clocks: Sequence[ClockRow] = ()
    trials: Sequence[TrialRow] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Speed:
    """How long something took in working time, as the clocks counted it; `within` of `count` were in time.

    The median and the 90th percentile are nearest ranks: values that occurred. None where there is nothing to count.
    """

    count: int = 0
    within: int = 0
    median: timedelta | None = None
    p90: timedelta | None = None

    @property
    def share(self) -> float | None:
        """The part that was in time, from 0 to 1."""
        return self.within / self.count if self.count else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """The figures of one queue, or of one agent: of tickets that lie there, and of answers that he wrote."""

    name: str
    opened: int
    solved: int
    answered: int
    breached: int
    backlog: int
    first_response: Speed


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """The figures of a period; `behind` has the tickets of each, by its name, in the order of their numbers."""

    period: Period
    queue: str | None
    opened: int
    solved: int
    reopened: int
    answered: int
    first_response: Speed
    resolution: Speed
    breached: int
    backlog: int
    ages: tuple[tuple[str, int], ...]
    queues: tuple[Line, ...]
    agents: tuple[Line, ...]
    customers: tuple[tuple[str, int], ...]
    hours: tuple[int, ...]
    days: tuple[tuple[date, int, int], ...]
    """Of each day how many were opened and how many solved."""
    trials: tuple[Trial, ...] = ()
    """Rules on trial, by their names."""
    behind: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


FIGURES = ("opened", "solved", "reopened", "answered", "first_response", "resolution", "breached", "backlog")
"""The figures whose tickets can be named."""


def make_report(rows: Rows, period: Period, now: datetime, zone: ZoneInfo, queue: str | None = None) -> Report:
    """Count everything, of one queue or of all; days and hours are those of the zone."""
    rows = _of(rows, queue)
    opened = [t for t in rows.tickets if period.holds(t.created_at)]
    solved = [t for t in rows.tickets if t.status not in UNFINISHED and period.holds(t.solved_at)]
    backlog = [t for t in rows.tickets if t.status in UNFINISHED]
    reopened = {m.ticket for m in rows.reopened if period.holds(m.at)}
    answers = [m for m in rows.answers if period.holds(m.at)]
    breached = [c for c in rows.clocks if _broken(c, period, now)]
    firsts, ends = (_ended(rows.clocks, target, period) for target in (Target.FIRST_RESPONSE, Target.RESOLUTION))
    behind: dict[str, Iterable[int]] = {
        "opened": (t.id for t in opened),
        "solved": (t.id for t in solved),
        "reopened": reopened,
        "answered": (m.ticket for m in answers),
        "first_response": (c.ticket for c in firsts),
        "resolution": (c.ticket for c in ends),
        "breached": (c.ticket for c in breached),
        "backlog": (t.id for t in backlog),
    }
    counted = _Counted(opened, solved, backlog, answers, breached, firsts)
    return Report(
        period=period,
        queue=queue,
        opened=len(opened),
        solved=len(solved),
        reopened=len(reopened),
        answered=len(answers),
        first_response=_speed(firsts),
        resolution=_speed(ends),
        breached=len(breached),
        backlog=len(backlog),
        ages=_ages(backlog, now),
        queues=counted.by_queue(),
        agents=counted.by_agent(),
        customers=tuple(_most(t.customer for t in opened if t.customer)),
        hours=_hours(rows.mails, period, zone),
        days=_days(opened, solved, period, zone),
        trials=_trials(row for row in rows.trials if period.holds(row.at)),
        behind={name: tuple(sorted(set(numbers))) for name, numbers in behind.items()},
    )


def _of(rows: Rows, queue: str | None) -> Rows:
    if queue is None:
        return rows
    return Rows(
        tickets=[t for t in rows.tickets if t.queue == queue],
        reopened=[m for m in rows.reopened if m.queue == queue],
        answers=[m for m in rows.answers if m.queue == queue],
        mails=[m for m in rows.mails if m.queue == queue],
        clocks=[c for c in rows.clocks if c.queue == queue],
        trials=[t for t in rows.trials if t.queue == queue],
    )


def _broken(clock: ClockRow, period: Period, now: datetime) -> bool:
    """Whether a clock's due time lay in the period and passed without what was promised."""
    if clock.due_at is None or not period.holds(clock.due_at) or clock.due_at >= now:
        return False
    return clock.ended_at is None or clock.state is ClockState.BREACHED


def _ended(clocks: Iterable[ClockRow], target: Target, period: Period) -> list[ClockRow]:
    return [c for c in clocks if c.target is target and period.holds(c.ended_at)]


def _speed(clocks: Sequence[ClockRow]) -> Speed:
    if not clocks:
        return Speed()
    spent = sorted(c.spent for c in clocks)
    within = sum(c.state is ClockState.MET for c in clocks)
    return Speed(count=len(spent), within=within, median=_rank(spent, 0.5), p90=_rank(spent, 0.9))


def _rank(ordered: Sequence[timedelta], part: float) -> timedelta:
    """The nearest rank: the smallest value that at least this part of all do not exceed."""
    return ordered[max(math.ceil(part * len(ordered)) - 1, 0)]


def _ages(backlog: Iterable[TicketRow], now: datetime) -> tuple[tuple[str, int], ...]:
    found = Counter(_age(now - t.created_at) for t in backlog)
    return tuple((name, found[name]) for name, _ in AGES)


def _trials(rows: Iterable[TrialRow]) -> tuple[Trial, ...]:
    held, changes = Counter[str](), dict[str, Counter[str]]()
    for row in rows:
        held[row.rule] += 1
        changes.setdefault(row.rule, Counter()).update(row.changes)
    ordered = {rule: sorted(changes[rule].items(), key=lambda pair: (-pair[1], pair[0])) for rule in sorted(held)}
    return tuple(Trial(rule=rule, held=held[rule], changes=tuple(found)) for rule, found in ordered.items())


def _age(old: timedelta) -> str:
    return next(name for name, limit in AGES if limit is None or old < limit)


def _most(names: Iterable[str]) -> list[tuple[str, int]]:
    """Those that occur most often, the most frequent first, equal ones by their names."""
    return sorted(Counter(names).items(), key=lambda pair: (-pair[1], pair[0]))[:CUSTOMERS_SHOWN]


def _hours(mails: Iterable[Moment], period: Period, zone: ZoneInfo) -> tuple[int, ...]:
    """Customers' mails of each hour of the day."""
    quarters = Counter(int(m.at.timestamp()) // 900 for m in mails if period.holds(m.at))
    found = [0] * 24
    for quarter, count in quarters.items():
        found[datetime.fromtimestamp(quarter * 900, zone).hour] += count
    return tuple(found)


def _days(
    opened: Iterable[TicketRow], solved: Iterable[TicketRow], period: Period, zone: ZoneInfo
) -> tuple[tuple[date, int, int], ...]:
    came = Counter(t.created_at.astimezone(zone).date() for t in opened)
    went = Counter(t.solved_at.astimezone(zone).date() for t in solved if t.solved_at is not None)
    day, last = period.since.astimezone(zone).date(), (period.until - timedelta.resolution).astimezone(zone).date()
    found = []
    while day <= last:
        found.append((day, came[day], went[day]))
        day += timedelta(days=1)
    return tuple(found)


class _Counted:
    """The same things once more, by queue and by agent."""

    def __init__(
        self,
        opened: Sequence[TicketRow],
        solved: Sequence[TicketRow],
        backlog: Sequence[TicketRow],
        answers: Sequence[Moment],
        breached: Sequence[ClockRow],
        firsts: Sequence[ClockRow],
    ) -> None:
        self._tickets = {"opened": opened, "solved": solved, "backlog": backlog}
        self._answers, self._clocks = answers, {"breached": breached, "firsts": firsts}

    def by_queue(self) -> tuple[Line, ...]:
        """A line a queue, by name."""
        counts = {what: Counter(t.queue for t in found) for what, found in self._tickets.items()}
        counts["answered"] = Counter(m.queue for m in self._answers)
        counts["breached"] = Counter(c.queue for c in self._clocks["breached"])
        firsts = _grouped((c.queue, c) for c in self._clocks["firsts"])
        return _lines(counts, firsts)

    def by_agent(self) -> tuple[Line, ...]:
        """A line an agent, by id: what he wrote, and how the tickets fare that are his."""
        counts = {what: Counter(t.assignee for t in found if t.assignee) for what, found in self._tickets.items()}
        counts["answered"] = Counter(m.who for m in self._answers if m.who)
        counts["breached"] = Counter(c.assignee for c in self._clocks["breached"] if c.assignee)
        firsts = _grouped((c.assignee, c) for c in self._clocks["firsts"] if c.assignee)
        return _lines(counts, firsts)


def _grouped(pairs: Iterable[tuple[str, ClockRow]]) -> dict[str, list[ClockRow]]:
    found: dict[str, list[ClockRow]] = {}
    for name, clock in pairs:
        found.setdefault(name, []).append(clock)
    return found


def _lines(counts: Mapping[str, Counter[str]], firsts: Mapping[str, Sequence[ClockRow]]) -> tuple[Line, ...]:
    names = sorted({name for counter in counts.values() for name in counter} | set(firsts))
    return tuple(
        Line(name=name, first_response=_speed(firsts.get(name, ())), **{what: c[name] for what, c in counts.items()})
        for name in names
    )
