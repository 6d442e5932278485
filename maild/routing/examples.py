"""Examples that stand beside the rules, as their tests: a mail in a few words, and what should become of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from maild.routing.fields import Values
from maild.routing.rules import Route, RuleSet

Outcome = Mapping[str, object]
EXPECTABLE = {
    "queue": "the queue, after the address written to and the default queue have had their say",
    "line": "the support line",
    "assignee": "the agent's id",
    "priority": "the priority",
    "tags": "all the tags, in any order",
    "letter": "the letter that acknowledges",
    "acknowledge": "whether it is acknowledged",
    "spam": "whether it is put away as spam",
    "fields": "these fields of the ticket; it may have more",
    "rule": "the name of the rule that decides",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """One example: the rule that it stands under, the mail's fields, what is expected (only what is stated counts).

    With nothing expected, the rule itself must hold: decide, or add to the route, or (in shadow) be written down.
    """

    file: str
    line: int
    rule: str
    mail: Values
    expect: Outcome


@dataclass(frozen=True, kw_only=True, slots=True)
class ExampleResult:
    """What became of an example."""

    file: str
    line: int
    rule: str
    ok: bool
    expected: Outcome
    got: Outcome
    decided_by: str
    held: tuple[str, ...]
    """Every rule that held."""


def run_example(example: Example, rules: RuleSet, queue: str) -> ExampleResult:
    """Route the mail of an example. `queue` is where it goes if the rules name none."""
    route = rules.route(example.mail)
    held = tuple(trace.rule for trace in route.trace if trace.held)
    outcome = _outcome(route, queue)
    got = {key: outcome[key] for key in example.expect}
    ok = all(_meets(key, wanted, got[key]) for key, wanted in example.expect.items())
    if not example.expect:
        ok, got = example.rule in held, {"rule": route.rule}
    return ExampleResult(
        file=example.file,
        line=example.line,
        rule=example.rule,
        ok=ok,
        expected=example.expect or {"rule": example.rule},
        got=got,
        decided_by=route.rule,
        held=held,
    )


def _outcome(route: Route, queue: str) -> dict[str, object]:
    return {
        "queue": route.queue or queue,
        "line": route.line or 1,
        "assignee": route.assignee,
        "priority": route.priority or "normal",
        "tags": route.tags,
        "letter": route.letter or "acknowledgement",
        "acknowledge": route.acknowledge,
        "spam": route.spam,
        "fields": dict(route.fields),
        "rule": route.rule,
    }


def _meets(key: str, wanted: object, got: object) -> bool:
    if key == "tags" and isinstance(wanted, tuple) and isinstance(got, tuple):
        return set(wanted) == set(got)
    if key == "fields" and isinstance(wanted, Mapping) and isinstance(got, Mapping):
        return all(got.get(name) == value for name, value in wanted.items())
    return wanted == got
