"""rules/sla.toml: calendars, promises and their steps, made into the values of `maild/sla`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from maild.config.action_doubts import nowhere_told
from maild.config.closure_files import ClosureFiles
from maild.config.files import Source, nearest
from maild.config.lead_doubts import early_steps
from maild.config.letters import canned_key
from maild.config.report import Found, names_given, read_tables
from maild.config.rule_checks import own_addresses, tell_findings, webhook_findings
from maild.config.rule_files import condition_findings
from maild.config.schema import SLA_TABLES, ChoiceTable, StepTable
from maild.config.settings import Desk
from maild.config.stopwatch import computed_seconds
from maild.errors import Finding
from maild.people.team import Team
from maild.routing.conditions import Condition, Lists, checks_of, read_condition
from maild.routing.fields import TICKET_FIELDS, WEEKDAYS, is_stored
from maild.routing.lint import implies, never_holds
from maild.routing.rules import Predicate
from maild.sla.calendar import Calendar, Span
from maild.sla.daysoff import known_country
from maild.sla.promise import LEAD, At, Promise, Step, Target, parse_duration

T = TypeVar("T")
_DEEDS = ("tell", "priority", "line", "queue", "tags", "assignee", "letter", "webhook")
"""What a step can do; `quiet` alone is nothing."""
_CENTURY = 5218  # weeks


@dataclass(frozen=True, kw_only=True, slots=True)
class GivenPromise:
    """A promise, and the condition on a ticket's fields under which it is given; the first that fits holds."""

    promise: Promise
    fits: Predicate
    by_mail: bool
    """Whether its condition looks at the mail, of which a ticket does not keep all that can be tested."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Levels:
    """Everything that sla.toml says."""

    calendars: tuple[Calendar, ...] = ()
    promises: tuple[GivenPromise, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    """The iCalendar files that it names, by their names."""
    doubts: tuple[Finding, ...] = ()
    """What is not wrong but hardly meant."""
    hidden: Mapping[str, Finding] = field(default_factory=dict)
    """By its name the doubt about a promise that fits no ticket first; a rule may give it all the same."""


def read_levels(
    source: Source,
    folder: Path,
    desk: Desk,
    team: Team,
    canned: frozenset[str] | None = None,
    webhooks: tuple[str, ...] | None = None,
    lists: Lists | None = None,
) -> tuple[Levels, list[Finding]]:
    """Calendars and promises as far as they can be read, and everything that is wrong with them.

    iCalendar files are looked for in `folder`, and in `calendars/` below it. `canned`: the keys of the texts that steps
    may send; `webhooks`: those of the settings; None where nobody knows. `lists`: what `in_list` can name.
    """
    tables, findings = read_tables(source, SLA_TABLES)
    reader = _Reader(ClosureFiles(folder, source), desk, team, findings, canned, webhooks)
    reader.lists = lists or {}
    calendars = reader.calendars(tables["calendar"])
    reader.known_calendars = names_given(source, "calendar", "name")
    promises = reader.promises(tables["promise"], calendars)
    levels = Levels(
        calendars=tuple(calendars.values()),
        promises=promises,
        sources=reader.closures.sources,
        doubts=(*reader.closures.doubts, *reader.doubts),
        hidden=dict(_hidden(reader.conditions)),
    )
    return levels, findings


def _hidden(conditions: list[tuple[Found, Condition | None]]) -> Iterator[tuple[str, Finding]]:
    """Promises that are never given by themselves, since an earlier one fits all their tickets."""
    for place, (found, condition) in enumerate(conditions):
        for other, wider in conditions[:place]:
            if wider is None or (condition is not None and implies(condition, wider)):
                name, line = other.table.name, other.line
                message = f"'{found.table.name}' is never given: '{name}' (line {line}) fits all its tickets"
                path, hint = (*found.path, "name"), "put it above: the first promise that fits holds"
                doubt = found.source.finding(path, "hidden-by", message, hint, severity="warning", at_value=True)
                yield found.table.name, doubt
                break


class _Reader:
    """Makes values of tables and gathers what is wrong."""

    def __init__(
        self,
        closures: ClosureFiles,
        desk: Desk,
        team: Team,
        findings: list[Finding],
        canned: frozenset[str] | None,
        webhooks: tuple[str, ...] | None,
    ) -> None:
        self.canned = canned
        self.webhooks = webhooks
        self.closures = closures
        self.desk = desk
        self.team = team
        self.own = own_addresses(desk, team)
        self.findings = findings
        self.known_calendars: list[str] = []
        self.lists: Lists = {}
        self.conditions: list[tuple[Found, Condition | None]] = []
        self.doubts: list[Finding] = []

    def tried(
        self, found: Found, path: tuple[str | int, ...], make: Callable[[], T], *, at_value: bool = True
    ) -> T | None:
        """The value, or a finding with the words of the ValueError."""
        try:
            return make()
        except ValueError as error:
            self.findings.append(found.finding(path, "bad-value", str(error), at_value=at_value))
            return None

    def calendars(self, tables: list[Found]) -> dict[str, Calendar]:
        calendars: dict[str, Calendar] = {}
        for found in tables:
            name = found.table.name
            if name in calendars:
                self.findings.append(found.finding(("name",), "duplicate-name", f"two calendars are named '{name}'"))
            calendars[name] = self.calendar(found)
        return calendars

    def calendar(self, found: Found) -> Calendar:
        table = found.table
        if table.holidays is not None and not known_country(table.holidays):
            message = f"no holidays are known for '{table.holidays}'"
            self.findings.append(found.finding(("holidays",), "bad-value", message, "a code such as RU, DE or DE-BY"))
        hours = None if table.hours == "always" else self.hours(found, table.hours)
        opens = hours is None or any(hours.values())
        if table.hours != "always" and not any(table.hours.values()):
            self.findings.append(found.finding(("hours",), "bad-value", "this calendar never opens"))
        calendar = Calendar(
            name=table.name,
            timezone=table.timezone or self.desk.timezone,
            hours=hours,
            holidays=table.holidays,
            closed=frozenset(table.closed),
            extra=self.special_days(found),
            imported=self.closures.read(found, self.findings),
        )
        if opens:
            self.look_at_closures(found, calendar)
        return calendar

    def look_at_closures(self, found: Found, calendar: Calendar) -> None:
        """Whether files close every day for good: with such a calendar no clock could be started, and no mail taken."""
        # Holidays leave days in every week of their country. Not to ask for them spares the package's slow start.
        plain = replace(calendar, holidays=None, extra={})
        for start in sorted({series.start for file in calendar.imported for series in file.series}):
            try:
                plain.next_open(datetime.combine(start, time(), UTC))
            except ValueError:
                message = f"from {start} on no day is left on which this calendar opens"
                hint = "a series in the file has no end: give it UNTIL or COUNT"
                self.findings.append(found.finding(("ics",), "bad-value", message, hint))
                return

    def hours(self, found: Found, written: Mapping[str, tuple[str, ...]]) -> dict[int, tuple[Span, ...]]:
        hours: dict[int, tuple[Span, ...]] = {}
        for key, texts in written.items():
            days = self.tried(found, ("hours", key), partial(weekdays, key), at_value=False) or ()
            for day in days:
                if day in hours:
                    message = f"{WEEKDAYS[day]} is given twice"
                    self.findings.append(found.finding(("hours", key), "bad-value", message, at_value=False))
                hours[day] = self.spans(found, ("hours", key), texts)
        return hours

    def special_days(self, found: Found) -> dict[date, tuple[Span, ...]]:
        return {day: self.spans(found, ("extra", day.isoformat()), texts) for day, texts in found.table.extra.items()}

    def spans(self, found: Found, path: tuple[str | int, ...], texts: tuple[str, ...]) -> tuple[Span, ...]:
        read = [self.tried(found, (*path, n), partial(Span.parse, text)) for n, text in enumerate(texts)]
        for place, span in enumerate(read):
            for other in read[:place]:
                if span is not None and other is not None and span.overlaps(other):
                    message, hint = (
                        f"'{span}' overlaps '{other}'",
                        "an hour is worked once: write one span, or mend an end",
                    )
                    self.findings.append(found.finding((*path, place), "bad-value", message, hint))
        return tuple(span for span in read if span is not None)

    def promises(self, tables: list[Found], calendars: Mapping[str, Calendar]) -> tuple[GivenPromise, ...]:
        given: dict[str, GivenPromise] = {}
        for found in tables:
            if found.table.name in given:
                message = f"two promises are named '{found.table.name}'"
                self.findings.append(found.finding(("name",), "duplicate-name", message))
            given[found.table.name] = self.promise(found, calendars)
        return tuple(given.values())

    def promise(self, found: Found, calendars: Mapping[str, Calendar]) -> GivenPromise:
        table = found.table
        calendar = calendars.get(table.calendar)
        if table.calendar not in self.known_calendars:
            message = f"there is no calendar '{table.calendar}'"
            hint = nearest(table.calendar, self.known_calendars)
            self.findings.append(found.finding(("calendar",), "unknown-calendar", message, hint))
        allowed = {target: self.duration(found, target, calendar) for target in Target}
        if not any(getattr(table, target) for target in Target):
            message = f"the promise '{table.name}' promises nothing"
            hint = "give it first_response, next_response or resolution"
            self.findings.append(found.finding((), "bad-value", message, hint, at_value=False))
        promise = Promise(
            name=table.name,
            calendar=calendar or Calendar(name=table.calendar, timezone="UTC", hours=None),
            first_response=allowed[Target.FIRST_RESPONSE],
            next_response=allowed[Target.NEXT_RESPONSE],
            resolution=allowed[Target.RESOLUTION],
            pause=frozenset(table.pause),
            steps=tuple(self.steps(found, calendar)),
        )
        self.doubts.extend(early_steps(found, promise))
        when = self.when(found)
        by_mail = when is not None and not all(is_stored(check.field) for check in checks_of(when))
        return GivenPromise(promise=promise, fits=Predicate(when=when, stopwatch=computed_seconds), by_mail=by_mail)

    def duration(self, found: Found, target: Target, calendar: Calendar | None) -> timedelta | None:
        written = getattr(found.table, target)
        if written is None:
            return None
        duration = self.tried(found, (target.value,), partial(parse_duration, written))
        if duration == timedelta(0):
            self.findings.append(found.finding((target.value,), "bad-value", "no time at all cannot be kept"))
        self.look_at_length(found, (target.value,), calendar, duration)
        return duration

    def look_at_length(
        self, found: Found, path: tuple[str | int, ...], calendar: Calendar | None, work: timedelta | None
    ) -> None:
        """Whether a clock could be due at all: there is no date beyond the year 9999."""
        week = calendar.weekly if calendar is not None else timedelta(0)
        if work is not None and week and work > week * _CENTURY:
            message = f"so much working time of the calendar '{found.table.calendar}' takes more than a hundred years"
            self.findings.append(found.finding(path, "bad-value", message))

    def when(self, found: Found) -> Condition | None:
        if found.table.when is None:
            self.conditions.append((found, None))
            return None
        queues, organisations = tuple(q.name for q in self.team.queues), self.team.organisations.names
        reading = read_condition(found.table.when, TICKET_FIELDS, queues, self.lists, organisations)
        self.findings.extend(condition_findings(found, reading))
        if reading.condition is not None:
            self.conditions.append((found, reading.condition))
            if reason := never_holds(reading.condition, TICKET_FIELDS):
                message = f"the promise '{found.table.name}' never fits: {reason}"
                self.findings.append(found.finding(("when",), "never-holds", message))
        return reading.condition

    def steps(self, found: Found, calendar: Calendar | None) -> Iterator[Step]:
        for position, step in enumerate(found.table.step):
            path = ("step", position)
            at = self.tried(found, (*path, "at"), partial(At.parse, step.at))
            self.look_at_step(found, path, step)
            self.doubts.extend(nowhere_told(found, (*path, "tell"), step.tell, self.own))
            if at is not None:
                self.look_at_length(found, (*path, "at"), calendar, at.distance)
                yield _step(step, at, step.quiet or found.table.quiet)

    def look_at_step(self, found: Found, path: tuple[str | int, ...], step: Any) -> None:
        if getattr(found.table, step.target) is None:
            message = f"the promise '{found.table.name}' has no {step.target}: this step would never come"
            self.findings.append(found.finding((*path, "target"), "never-holds", message))
        if not any(getattr(step, deed) for deed in _DEEDS):
            message = "this step does nothing"
            hint = f"give it {', '.join(_DEEDS[:-1])} or {_DEEDS[-1]}"
            self.findings.append(found.finding(path, "bad-value", message, hint, at_value=False))
        self.findings.extend(tell_findings(found, (*path, "tell"), step.tell, self.team))
        self.findings.extend(webhook_findings(found, (*path, "webhook"), step.webhook, self.webhooks))
        self.look_at_names(found, path, step)

    def look_at_names(self, found: Found, path: tuple[str | int, ...], step: StepTable) -> None:
        """Whether the queue, the agents and the text of a step are there."""
        queues, agents = [q.name for q in self.team.queues], [agent.id for agent in self.team.agents]
        if step.queue is not None and step.queue not in queues:
            message, hint = f"there is no queue '{step.queue}'", nearest(step.queue, queues)
            self.findings.append(found.finding((*path, "queue"), "unknown-queue", message, hint))
        said = step.assignee
        one = said if isinstance(said, str) and said != LEAD else None
        named: list[tuple[tuple[str | int, ...], str]] = [((), one)] if one is not None else []
        if isinstance(said, ChoiceTable):
            named = [(("among", n), agent) for n, agent in enumerate(said.among or ())]
        for inner, agent in named:
            if agent not in agents:
                message, hint = f"there is no agent '{agent}'", nearest(agent, agents)
                self.findings.append(found.finding((*path, "assignee", *inner), "unknown-agent", message, hint))
        if step.letter is not None and self.canned is not None and canned_key(step.letter) not in self.canned:
            message = f"there is no canned text '{step.letter}'"
            hint = nearest(step.letter, sorted(self.canned)) or f"write letters/canned/{step.letter}.txt"
            self.findings.append(found.finding((*path, "letter"), "unknown-canned", message, hint))


def _step(table: StepTable, at: At, quiet: str | None) -> Step:
    choice = table.assignee if isinstance(table.assignee, ChoiceTable) else None
    return Step(
        target=table.target,
        at=at,
        tell=table.tell,
        priority=table.priority,
        line=table.line,
        queue=table.queue,
        tags=table.tags,
        assignee=table.assignee if isinstance(table.assignee, str) else None,
        share_by=choice.by if choice is not None else None,
        share_among=(choice.among or ()) if choice is not None else (),
        letter=table.letter,
        webhook=table.webhook,
        quiet=quiet,
    )


def weekdays(text: str) -> tuple[int, ...]:
    """The days of "mon-fri", "sat" or "mon,wed" as numbers, Monday being 0. ValueError for anything else."""
    days: list[int] = []
    for part in text.lower().split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
            raise ValueError(f"'{text}' is no day such as mon, no days such as mon-fri or sat,sun")
        start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        days.extend(range(start, end + 1) if start <= end else (*range(start, 7), *range(end + 1)))
    return tuple(dict.fromkeys(days))
