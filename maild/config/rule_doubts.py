"""What is not wrong in the rules but hardly meant: each doubt with its place, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from maild.config.action_doubts import (
    back_to_sender,
    fields_made,
    idle_actions,
    nobody_on_line,
    nowhere_told,
    unknown_field,
    unknown_moment,
)
from maild.config.files import Source
from maild.config.letters import Letters
from maild.config.positions import Path
from maild.config.report import Found
from maild.config.rule_checks import Named
from maild.config.rule_files import Ruling
from maild.config.schema import RuleTable
from maild.errors import Finding
from maild.people.team import Team
from maild.routing.broad import too_broad
from maild.routing.checks import Check
from maild.routing.conditions import AllOf, Condition, events_of
from maild.routing.cover import hidden_together, taken_away
from maild.routing.fields import FIELDS, Kind
from maild.routing.fold import fold
from maild.routing.lint import Decider, at_event, deciders, hidden_rules, impossible
from maild.routing.patterns import is_slow
from maild.routing.rules import Rule

_BY_MAIL = frozenset(("new", "reply", "answer"))
_PERSON = Check(field="class", test="is", values=("person",), shown=("person",), kind=Kind.CHOICE)


def rule_doubts(
    ruling: Ruling, team: Team, letters: Letters, languages: Sequence[str], named: Named, moments: Sequence[str]
) -> Iterator[Finding]:
    """Rules that never have their turn or take everything, tests that choose nothing, letters that never go.

    `moments`: those of the promises' steps, as rules may ask for them.
    """
    rules = ruling.rules.rules
    hidden = dict(_by_name(hidden_rules(rules)))
    hidden |= dict(_by_name(hidden_together(rules, frozenset(hidden), FIELDS)))
    for rule, others in hidden.values():
        takes = " and ".join(f"'{other.name}' ({other.file}:{other.line})" for other in others)
        message = f"'{rule.name}' never has its turn: {takes} {'takes' if len(others) == 1 else 'take'} all its mails"
        hint = "put it above, or write continue = true in the other"
        yield ruling.found[rule.name].doubt(("name",), "hidden-by", message, hint)
    yield from _partly_hidden(ruling, frozenset(hidden))
    made = fields_made(ruling.rules.rules)
    for name, tests in ruling.tests.items():
        for path, check in tests:
            found = ruling.found[name]
            yield from _of_test(found, ("when", *path), check)
            yield from unknown_field(found, ("when", *path), check, made)
            yield from unknown_moment(found, ("when", *path), check, moments)
    by_name = {rule.name: rule for rule in ruling.rules.rules}
    for name, found in ruling.found.items():
        yield from _of_rule(found, by_name[name])
        yield from _of_canned(found, letters, languages)
        yield from _of_then(found, by_name[name], team, named)
    yield from _alike(ruling)


def _by_name(pairs: Iterable[tuple[Rule, tuple[Rule, ...]]]) -> Iterator[tuple[str, tuple[Rule, tuple[Rule, ...]]]]:
    return ((rule.name, (rule, others)) for rule, others in pairs)


def _partly_hidden(ruling: Ruling, hidden: frozenset[str]) -> Iterator[Finding]:
    """Values of which an earlier rule leaves nothing; a rule of which it leaves nothing at all is told by itself."""
    earlier: list[Decider] = []
    for rule in ruling.rules.rules:
        tests = ruling.tests.get(rule.name, ()) if rule.name not in hidden else ()
        found = list(taken_away(rule, tests, earlier)) if rule.when is not None else []
        earlier.extend(deciders((rule,)))
        for path, shown, taker in found:
            message = f"'{shown}' never counts here: '{taker.name}' ({taker.file}:{taker.line}) takes all its mails"
            hint = "leave it out, put this rule above, or write continue = true in the other"
            yield ruling.found[rule.name].doubt(("when", *path), "partly-hidden", message, hint)


def _of_test(found: Found, path: Path, check: Check) -> Iterator[Finding]:
    """A pattern that may be cut off, a value that stands everywhere."""
    for place, value in enumerate(check.values):
        if check.test == "matches" and is_slow(str(value)):
            message = f"the pattern {value} may take very long: a text can be cut in it in too many ways"
            hint = "it is cut off after 0.1 s and then does not match"
            yield found.doubt((*path, place), "slow-pattern", message, hint)
    for place, why in too_broad(check):
        hint = f"write what you look for, or exists = true where any {check.field} will do"
        yield found.doubt((*path, place), "too-broad", why, hint)


def _of_rule(found: Found, rule: Rule) -> Iterator[Finding]:
    table: RuleTable = found.table
    if rule.when is None:
        return
    events = events_of(rule.when)
    decides = not rule.continues and not rule.shadow
    if decides and "new" in events and at_event(rule.when, "new", FIELDS) is True:
        message = f"'{rule.name}' takes every new mail, so no rule below it is asked"
        hint = "default = true in the last rule of all is meant for that; else say for which mails it is"
        yield found.doubt(("when",), "takes-all", message, hint)
    for key in ("reply", "letter"):
        if getattr(table.then, key) and events <= _BY_MAIL and impossible(_and_a_person(rule.when), FIELDS):
            message = f"the {key} is never sent: '{rule.name}' holds for automatic mail alone"
            hint = "no letter of ours answers a machine: leave it out"
            yield found.doubt(("then", key), "never-sent", message, hint)


def _of_then(found: Found, rule: Rule, team: Team, named: Named) -> Iterator[Finding]:
    then = found.table.then
    yield from idle_actions(found, rule)
    yield from nowhere_told(found, ("then", "tell"), then.tell, named.own)
    yield from back_to_sender(found, rule)
    if then.line is not None:
        yield from nobody_on_line(found, then.line, ("then", "line"), then.queue, team)


def _and_a_person(when: Condition) -> AllOf:
    parts = when.parts if isinstance(when, AllOf) else (when,)
    return AllOf(parts=(*parts, _PERSON))


def _of_canned(found: Found, letters: Letters, languages: Sequence[str]) -> Iterator[Finding]:
    """A text for the customer that some of them cannot read."""
    name = found.table.then.reply
    absent = letters.canned_missing(name, languages) if name else []
    if absent:
        message = f"the canned text '{name}' does not exist in {', '.join(absent)}"
        hint = f"write letters/canned/{absent[0]}/{name}.txt, or letters/canned/{name}.txt for every language"
        yield found.doubt(("then", "reply"), "missing-letter", message, hint)


def _alike(ruling: Ruling) -> Iterator[Finding]:
    """Names that people take for one: in an explanation nobody tells them apart."""
    seen: dict[str, str] = {}
    for rule in ruling.rules.rules:
        other = seen.setdefault(fold(rule.name), rule.name)
        if other != rule.name:
            message = f"'{rule.name}' and '{other}' differ in case or spaces alone"
            yield ruling.found[rule.name].doubt(("name",), "alike-names", message, "give one of them another name")


def idle_agents(source: Source, team: Team, named: Sequence[str]) -> Iterator[Finding]:
    """Agents whom nothing reaches: in no queue, nobody's deputy, and named by no rule and no promise."""
    busy = {agent for queue in team.queues for agent in (*queue.everybody, queue.lead)}
    busy |= {agent.deputy for agent in team.agents} | set(named)
    for place, agent in enumerate(team.agents):
        # One of a higher line hears of what comes up to it, from queues in which nobody serves that line.
        if agent.id not in busy and agent.line == 1:
            message = f"'{agent.id}' serves no queue: no ticket comes to him, and he is told of none"
            hint = "write him into the agents of a queue, or take him out"
            yield source.finding(("agent", place, "id"), "no-queue", message, hint, severity="warning", at_value=True)
