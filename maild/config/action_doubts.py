"""What a rule says that comes to nothing: actions that shut each other out, people, lines and moments nobody has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from maild.config.files import nearest
from maild.config.report import Found
from maild.config.schema import RuleTable, Then
from maild.errors import Finding
from maild.messages.addresses import normal, split_plus
from maild.people.team import Team
from maild.routing.checks import Check
from maild.routing.conditions import AllOf, Condition, checks_of, events_of
from maild.routing.fields import NAMED
from maild.routing.patterns import groups_of
from maild.routing.rules import SCHEDULE, Rule
from maild.sla.promise import At

_END = "100%"
_IN_SPAM = ("reply", "forward", "status")
_IN_NEW_SPAM = ("letter", "tell", "note", "webhook", "sla")
_OF_NO_TICKET = ("queue", "line", "assignee", "priority", "tags", "untag", "fields", "letter", "spam")


def idle_actions(found: Found, rule: Rule) -> Iterator[Finding]:
    """Actions that have no effect beside the others of the same rule, and a rule that has none at all."""
    table: RuleTable = found.table
    then, events = table.then, events_of(rule.when)
    if then.reject:
        yield from _idle(found, then, _OF_NO_TICKET, "a mail that is rejected opens no ticket")
    elif then.spam:
        keys = (*_IN_SPAM, *_IN_NEW_SPAM) if events == {"new"} else _IN_SPAM
        yield from _idle(found, then, keys, "nothing is done with spam, and nobody is told of it")
    if then.letter and (then.reply or then.acknowledge is False):
        other = "acknowledge" if then.acknowledge is False else "reply"
        yield from _idle(found, then, ("letter",), f"with {other} there is no acknowledgement")
    for place, tag in enumerate(then.untag):
        if tag in then.tags:
            message, hint = f"the tag '{tag}' is added and taken away at once", "leave it out of one of the two"
            yield found.doubt(("then", "untag", place), "no-effect", message, hint)
    nothing = then == Then() and not captures_of(rule.when)
    if nothing and rule.when is not None and (table.continues or (events == {SCHEDULE} and not table.stop)):
        hint = "give it a then; to end the asking leave continue out"
        yield found.doubt(("name",), "no-effect", f"'{table.name}' does nothing", hint)


def _idle(found: Found, then: Then, keys: Sequence[str], why: str) -> Iterator[Finding]:
    for key in keys:
        if getattr(then, key):
            yield found.doubt(("then", key), "no-effect", f"{why}, so {key} has no effect", "leave it out")


def captures_of(when: Condition | None) -> frozenset[str]:
    """The names of all groups that the patterns of a condition may catch."""
    checks = checks_of(when) if when is not None else ()
    patterns = (str(value) for check in checks if check.test == "matches" for value in check.values)
    return frozenset(name for pattern in patterns for name in groups_of(pattern))


def fields_made(rules: Sequence[Rule]) -> list[str]:
    """The names of all fields that rules give to tickets: nobody else does."""
    made = [name for rule in rules for name in (*rule.then.fields, *sorted(captures_of(rule.when)))]
    return list(dict.fromkeys(made))


def unknown_field(found: Found, path: tuple[str | int, ...], check: Check, made: Sequence[str]) -> Iterator[Finding]:
    """A test on a field of tickets that no rule ever makes; that it is absent may be asked of any."""
    name = check.field.removeprefix(NAMED)
    if check.field.startswith(NAMED) and name not in made and not (check.test == "exists" and not check.values[0]):
        message = f"no rule gives a ticket the field '{name}'"
        hint = nearest(name, list(made)) or "then.fields or a named group of a pattern makes one"
        yield found.doubt(path, "unknown-field", message, hint)


def unknown_moment(
    found: Found, path: tuple[str | int, ...], check: Check, moments: Sequence[str]
) -> Iterator[Finding]:
    """A `step` that no promise has, or that is written otherwise than the desk writes it."""
    if check.field != "step" or check.test != "is":
        return
    known = list(dict.fromkeys((_END, *moments)))
    for place, said in enumerate(check.shown):
        try:
            plain = str(At.parse(said.strip()))
        except ValueError as error:
            yield found.doubt((*path, place), "unknown-step", str(error), nearest(said, known))
            continue
        if plain not in known:
            yield found.doubt(
                (*path, place), "unknown-step", f"no promise has a step at '{said}'", nearest(said, known)
            )
        elif plain != said.strip():
            message = f"this moment is called '{plain}'"
            yield found.doubt((*path, place), "unknown-step", message, f"write '{plain}': it is compared as a text")


def nowhere_told(
    found: Found, path: tuple[str | int, ...], words: Sequence[str], own: frozenset[str]
) -> Iterator[Finding]:
    """Addresses of the desk itself among those who are told: its own letters are not read."""
    for place, word in enumerate(words):
        local, _, domain = split_plus(normal(word)) if "@" in word else ("", "", "")
        if f"{local}@{domain}" in own:
            message = f"{word} is the desk's own: nobody is told by a letter to it"
            yield found.doubt((*path, place), "forward-loop", message, "name a queue's agents by queue, or an agent")


def back_to_sender(found: Found, rule: Rule) -> Iterator[Finding]:
    """A mail that would be passed on to nobody but who wrote it."""
    parts = rule.when.parts if isinstance(rule.when, AllOf) else (rule.when,)
    senders = [part for part in parts if isinstance(part, Check) and (part.field, part.test) == ("from", "is")]
    for place, address in enumerate(found.table.then.forward):
        if any(set(check.values) == {normal(address)} for check in senders):
            message, hint = f"the mail is {address}'s own, and does not go back there", "name somebody else"
            yield found.doubt(("then", "forward", place), "forward-loop", message, hint)


def nobody_on_line(
    found: Found, line: int, path: tuple[str | int, ...], queue: str | None, team: Team
) -> Iterator[Finding]:
    """A support line that nobody serves, neither of the queue nor at all."""
    known = team.queue(queue)
    if (queue is not None and (known is None or not known.everybody)) or team.line_or_others(queue, line):
        return
    if queue is None and any(line in one.lines for one in team.queues):
        return
    where = f" of the queue '{queue}'" if queue is not None else ""
    hint = f"teams.toml: an agent{' of the queue' if where else ''} with line = {line}"
    hint += f", or lines = {{ {line} = [...] }}" if where else ""
    yield found.doubt(path, "queue-unserved", f"nobody serves line {line}{where}", hint)
