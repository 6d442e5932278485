"""rules/*.toml: the rules and their examples, made into the values of `maild/routing`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from maild.config.example_names import Names, unknown_names
from maild.config.examples import read_example
from maild.config.files import Source, nearest
from maild.config.letters import Letters, canned_key
from maild.config.positions import Path
from maild.config.report import Found, names_given, read_tables
from maild.config.rule_checks import Named, action_findings, event_findings
from maild.config.schema import ROUTING_TABLES, ChoiceTable, ExampleTable, RuleTable
from maild.config.stopwatch import computed_seconds
from maild.errors import Finding
from maild.people.team import Team
from maild.routing.checks import Check
from maild.routing.conditions import Condition, Reading, events_of, read_condition
from maild.routing.examples import Example
from maild.routing.fields import EVENTS, FIELDS
from maild.routing.lint import impossible, never_holds
from maild.routing.rules import Actions, Choice, Rule, RuleSet

_FIELD_NAME = re.compile(r"[^\W\d]\w{0,39}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Ruling:
    """All rules with their examples, and where each stands."""

    rules: RuleSet
    examples: tuple[Example, ...]
    found: Mapping[str, Found]
    tests: Mapping[str, tuple[tuple[Path, Check], ...]] = field(default_factory=dict)
    """Every test of each rule, and where in its `when` it stands."""


def read_rules(
    sources: Iterable[Source], team: Team, letters: Letters, named: Named | None = None
) -> tuple[Ruling, list[Finding]]:
    """The rules of all files in their order as far as they can be read, and everything that is wrong with them."""
    tables: list[Found] = []
    findings: list[Finding] = []
    sources = tuple(sources)
    for source in sources:
        read, wrong = read_tables(source, ROUTING_TABLES)
        tables.extend(read["rule"])
        findings.extend(wrong)
    reader = _Reader(
        team, letters, named or Named(), [name for s in sources for name in names_given(s, "rule", "name")]
    )
    rules = [reader.rule(found) for found in tables]
    examples = [example for found in tables for example in reader.examples(found)]
    findings.extend(reader.findings)
    findings.extend(_same_names(tables))
    ruling = Ruling(
        rules=RuleSet(rules=tuple(rules), stopwatch=computed_seconds),
        examples=tuple(examples),
        found={found.table.name: found for found in reversed(tables)},
        tests=reader.tests,
    )
    return ruling, findings


def default_findings(
    rules: tuple[Rule, ...], found: Mapping[str, Found], last_file: str, *, whole: bool
) -> Iterator[Finding]:
    """The default: one, with no `when`, at the very end. Not `whole`: some rule could not be read, maybe this one."""
    defaults = [rule for rule in rules if rule.when is None and found[rule.name].table.default]
    if not defaults and whole:
        message = "the last rule of all has to be a default: a mail that no rule fits would have no word"
        hint = 'add at the end: [[rule]] with name = "Everything else" and default = true'
        yield Finding(file=last_file, line=0, column=0, severity="error", code="no-default", message=message, hint=hint)
    for rule in defaults:
        if rule is not rules[-1]:
            message = f"'{rule.name}' takes every mail, so no rule below it would have its turn"
            yield found[rule.name].finding(("default",), "default-not-last", message, "move it to the end of all rules")


def condition_findings(found: Found, reading: Reading) -> Iterator[Finding]:
    """What is wrong with the `when` of a table."""
    for problem in reading.problems:
        last = next((part for part in reversed(problem.path) if isinstance(part, str)), "")
        word = re.search(r"'([^']*)'", problem.message)
        hint = nearest(word[1] if word else last, list(problem.known)) if problem.known else ""
        where = ("when", *problem.path)
        yield found.finding(where, problem.code, problem.message, hint, at_value=not problem.of_key)


def _same_names(tables: list[Found]) -> Iterator[Finding]:
    seen: dict[str, Found] = {}
    for found in tables:
        first = seen.setdefault(found.table.name, found)
        if first is not found:
            message = f"another rule has this name: {first.source.name}:{first.line}"
            yield found.finding(("name",), "duplicate-name", message)


def names_of(team: Team, letters: Letters, named: Named, rules: Sequence[str]) -> Names:
    """Everything that an example can name."""
    return Names(
        queues=[queue.name for queue in team.queues],
        agents=[agent.id for agent in team.agents],
        organisations=team.organisations.names,
        rules=rules,
        letters=letters.names(),
        canned=sorted(letters.canned),
        promises=named.promises,
        webhooks=named.webhooks,
    )


def _only_event(condition: Condition | None) -> str:
    """The event of a rule's examples: its own, where it has one alone."""
    events = events_of(condition)
    return next(iter(events)) if len(events) == 1 else "new"


def _event_meant(example: ExampleTable, when: Mapping[str, Any] | None) -> str:
    """The event of an example whose rule cannot be read: of its mistakes those are told that do not come of that."""
    said = (when or {}).get("event")
    return said if isinstance(said, str) and said in EVENTS else "reply" if example.ticket else "new"


def _choice(said: str | ChoiceTable | None) -> str | Choice | None:
    return Choice(by=said.by, among=said.among or ()) if isinstance(said, ChoiceTable) else said


class _Reader:
    """Makes rules of tables and gathers what is wrong."""

    def __init__(self, team: Team, letters: Letters, named: Named, rules: list[str]) -> None:
        self.team = team
        self.named = named
        self.letters = letters
        self.queues = tuple(queue.name for queue in team.queues)
        self.names = names_of(team, letters, named, rules)
        self.conditions: dict[str, Condition | None] = {}
        self.tests: dict[str, tuple[tuple[Path, Check], ...]] = {}
        self.findings: list[Finding] = []

    def rule(self, found: Found) -> Rule:
        table: RuleTable = found.table
        self.actions(found)
        when = self.conditions[table.name] = self.when(found)
        self.findings.extend(action_findings(found, when, self.team, self.named))
        return Rule(
            name=table.name,
            file=found.source.name,
            line=found.line,
            when=when,
            then=Actions(**{**dict(table.then), "assignee": _choice(table.then.assignee)}),
            continues=table.continues,
            stop=table.stop,
            shadow=table.shadow,
        )

    def when(self, found: Found) -> Any:
        table: RuleTable = found.table
        if table.default:
            for key, there in (("when", table.when), ("continue", table.continues), ("shadow", table.shadow)):
                if there:
                    message = f"the default takes every mail that is left: it has no {key}"
                    self.findings.append(found.finding((key,), "bad-value", message, at_value=False))
            return None
        if table.when is None:
            message = f"'{table.name}' has no when"
            hint = "say for which mails it is, or write default = true in the last rule of all"
            self.findings.append(found.finding((), "missing-key", message, hint, at_value=False))
            return None
        organisations, agents = self.team.organisations.names, tuple(agent.id for agent in self.team.agents)
        reading = read_condition(table.when, FIELDS, self.queues, self.named.lists, organisations, agents)
        self.findings.extend(condition_findings(found, reading))
        if reading.condition is None:
            return None
        self.tests[table.name] = reading.tests
        told = list(event_findings(found, reading.condition, reading))
        self.findings.extend(told)
        reason = never_holds(reading.condition, FIELDS) or (None if told else impossible(reading.condition, FIELDS))
        if reason:
            self.findings.append(found.finding(("when",), "never-holds", f"'{table.name}' can never hold: {reason}"))
        return reading.condition

    def actions(self, found: Found) -> None:
        """Whether everything that the rule names is there."""
        then = found.table.then
        if then.queue is not None and self.team.queue(then.queue) is None:
            self.wrong(found, "queue", "unknown-queue", f"there is no queue '{then.queue}'", list(self.queues))
        self.assignees(found)
        if then.letter is not None and not self.letters.languages(then.letter):
            known, letter = self.letters.names(), then.letter
            message, hint = f"there is no letter '{letter}'", nearest(letter, known)
            if canned_key(letter) in self.letters.canned:
                hint = f"'{letter}' is a canned text: then.reply sends it"
            self.findings.append(found.finding(("then", "letter"), "unknown-letter", message, hint))
        for name in then.fields:
            if _FIELD_NAME.fullmatch(name) is None:
                message = f"'{name}' is no name for a field: letters, digits and _"
                self.findings.append(found.finding(("then", "fields", name), "bad-value", message, at_value=False))

    def assignees(self, found: Found) -> None:
        """Whether everybody is there whom the rule gives tickets to."""
        said, known = found.table.then.assignee, [agent.id for agent in self.team.agents]
        named: list[tuple[tuple[str | int, ...], str]] = [((), said)] if isinstance(said, str) else []
        if isinstance(said, ChoiceTable):
            named = [(("among", n), agent) for n, agent in enumerate(said.among or ())]
        for path, agent in named:
            if agent not in known:
                where, message = ("then", "assignee", *path), f"there is no agent '{agent}'"
                self.findings.append(found.finding(where, "unknown-agent", message, nearest(agent, known)))

    def wrong(self, found: Found, key: str, code: str, message: str, known: list[str]) -> None:
        word = getattr(found.table.then, key)
        self.findings.append(found.finding(("then", key), code, message, nearest(word, known)))

    def examples(self, found: Found) -> Iterator[Example]:
        condition = self.conditions.get(found.table.name)
        unread = condition is None and not found.table.default
        for position, table in enumerate(found.table.example):
            path = ("example", position)
            event = table.event or (_event_meant(table, found.table.when) if unread else _only_event(condition))
            values, problems = read_example(table.mail, table.ticket, event, self.team)
            for inner, code, message, known in problems:
                where = (*path, *inner)
                hint = nearest(str(inner[-1]), known) if inner else ""
                self.findings.append(found.finding(where, code, message, hint, at_value=code != "unknown-key"))
            for inner, code, message, hint in unknown_names(self.names, table.mail, table.ticket, table.expect):
                self.findings.append(found.finding((*path, *inner), code, message, hint))
            expect = table.expect.model_dump(exclude_none=True)
            line = found.source.positions.key((*found.path, *path)).line
            yield Example(file=found.source.name, line=line, rule=found.table.name, mail=values, expect=expect)
