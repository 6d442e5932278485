"""Past tickets under other promises: each story is told twice, and what became of every clock is compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

from maild.config.files import read_source
from maild.config.lists import lists_of
from maild.config.settings import Settings
from maild.config.sla_file import read_levels
from maild.desk.assembly import given_promises
from maild.errors import ConfigError, NotFound
from maild.people.team import Team
from maild.sla.deadlines import ClockState, TicketClock, spent_at, state_at
from maild.sla.promise import Target
from maild.store.histories import History, read_histories
from maild.store.keep import Keep
from maild.threads.promises import Promises
from maild.threads.replay import read_past, tell

_STATES = {ClockState.MET: "kept", ClockState.BREACHED: "breached"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of one target of a ticket: kept, breached, or still running; `spent` is working time."""

    target: Target
    promise: str
    state: str
    spent: timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Replayed:
    """One ticket under the promises that are in force and under the others; None where its story cannot be told."""

    number: str
    outcomes: tuple[tuple[Outcome, ...], tuple[Outcome, ...]] | None

    @property
    def differs(self) -> bool:
        """Whether another promise, or another end of one, would have been."""
        if self.outcomes is None:
            return False
        before, after = ([(o.target, o.promise, o.state) for o in some] for some in self.outcomes)
        return before != after


@dataclass(kw_only=True, slots=True)
class Sum:
    """How often a target of a promise was kept, and the working time that it took."""

    kept: int = 0
    breached: int = 0
    running: int = 0
    spent: list[float] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """One ticket more."""
        setattr(self, outcome.state, getattr(self, outcome.state) + 1)
        if outcome.state != "running":
            self.spent.append(outcome.spent.total_seconds())

    @property
    def median_spent(self) -> timedelta | None:
        """The middle one of those that have ended; None where none has."""
        return timedelta(seconds=round(median(self.spent))) if self.spent else None


Sums = Mapping[tuple[str, str, str], Sum]
"""By "before" or "after", promise and target."""


def promises_of(path: Path, settings: Settings, team: Team) -> Promises:
    """The promises of a file that is written like sla.toml. Raises NotFound, and ConfigError with every mistake."""
    if not path.is_file():
        raise NotFound(f"there is no file {path}; write one like {settings.paths.rules / 'sla.toml'}")
    source = read_source(path, str(path))
    lists = lists_of(settings.paths.rules)
    levels, findings = read_levels(source, path.parent, settings.desk, team, webhooks=settings.webhooks, lists=lists)
    broken = [source.broken] if source.broken is not None else findings
    if broken:
        raise ConfigError(broken)
    return given_promises(levels.promises, team)


def unseen(before: Promises, after: Promises) -> list[str]:
    """The promises that look at mails and were not there when those came: they are taken to fit no past ticket."""
    known = {given.promise.name for given in before.given if given.by_mail}
    return [given.promise.name for given in after.given if given.by_mail and given.promise.name not in known]


def replay_promises(
    keep: Keep, before: Promises, after: Promises, now: datetime, since: datetime | None, until: datetime | None
) -> Iterator[Replayed]:
    """Each ticket that was opened in that time, told under both, in the order of their numbers."""
    for history in read_histories(keep.database, since, until):
        yield _replayed(history, before, after, now)


def _replayed(history: History, before: Promises, after: Promises, now: datetime) -> Replayed:
    past = read_past(history.ticket, history.events, history.messages, history.tags)
    if past is None:
        return Replayed(number=history.ticket.number, outcomes=None)
    first, second = (tuple(_outcomes(tell(past, p)[1], p, now)) for p in (before, after))
    return Replayed(number=history.ticket.number, outcomes=(first, second))


def _outcomes(clocks: Iterable[TicketClock], promises: Promises, now: datetime) -> Iterator[Outcome]:
    for clock in clocks:
        promise = promises.named(clock.promise)
        if not clock.ended and promise.allowed(clock.target) is None:
            continue  # it stands still, for a target that is not promised any more
        yield Outcome(
            target=clock.target,
            promise=clock.promise,
            state=_STATES.get(state_at(clock, now), "running"),
            spent=spent_at(clock, promise.calendar, now),
        )


def sums_of(replayed: Iterable[Replayed]) -> Sums:
    """The sums under both, of the tickets whose story can be told."""
    sums: dict[tuple[str, str, str], Sum] = {}
    for one in replayed:
        for when, outcomes in zip(("before", "after"), one.outcomes or (), strict=False):
            for outcome in outcomes:
                sums.setdefault((when, outcome.promise, str(outcome.target)), Sum()).add(outcome)
    return sums
