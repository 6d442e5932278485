"""Examples that stand beside the rules, as their tests: a mail in a few words, and what should become of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from maild.routing.conditions import events_of
from maild.routing.fields import Values
from maild.routing.rules import SCHEDULE, Choice, Route, RuleSet

Outcome = Mapping[str, object]
EXPECTABLE = {
    "queue": "the queue, after the address written to and the default queue have had their say",
    "line": "the support line",
    "assignee": 'the agent\'s id; of a choice its way, such as `{ by = "load" }`',
    "priority": "the priority",
    "tags": "all the tags, in any order",
    "letter": "the letter that acknowledges",
    "acknowledge": "whether it is acknowledged",
    "spam": "whether it is put away as spam",
    "reject": "whether it is rejected",
    "status": "the status",
    "reply": "the canned text that goes to the customer",
    "note": "a note that is written",
    "tell": "everybody who is told, in any order, as the rules name them",
    "forward": "the addresses to which the mail is passed on, in any order",
    "webhook": "the webhooks that are called, in any order",
    "sla": "the promise that a rule names",
    "fields": "these fields of the ticket; it may have more",
    "rule": "the name of the rule that decides",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """One example: the rule that it stands under, the fields, what is expected (only what is stated counts).

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
    missed: tuple[str, ...] = ()
    """Where it fails, what its own rule has missed; nothing where that rule holds, or the example names none."""


def run_example(example: Example, rules: RuleSet, queue: str) -> ExampleResult:
    """Route the mail of an example. `queue` is where it goes if the rules name none."""
    of_time = example.mail.get("event") == SCHEDULE
    route = rules.route_by(example.rule, example.mail) if of_time else rules.route(example.mail)
    held = tuple(trace.rule for trace in route.trace if trace.held)
    outcome = {**outcome_of(route, example.mail, queue), "rule": route.rule}
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
        missed=() if ok else missed_by(rules, example.rule, example.mail),
    )


def missed_by(rules: RuleSet, name: str, values: Values) -> tuple[str, ...]:
    """What a rule misses, asked by itself, wherever it stands; nothing where it holds or there is no such rule."""
    rule = next((rule for rule in rules.rules if rule.name == name), None)
    if rule is None or rule.when is None:
        return ()
    event = str(values.get("event", "new"))
    if event not in events_of(rule.when):
        return (f"it is not asked at the event {event}",)
    alone = RuleSet(rules=(rule,), stopwatch=rules.stopwatch)
    route = alone.route_by(name, values) if event == SCHEDULE else alone.route(values)
    return route.trace[0].missed


def as_written(value: object) -> str:
    """A value of an outcome as an admin would write it into `expect`."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key} = {as_written(one)}" for key, one in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(as_written, value))}]"
    return json.dumps(value, ensure_ascii=False)


def outcome_of(route: Route, before: Values, queue: str) -> dict[str, object]:
    """What is so afterwards: what no rule speaks of stays as it was, or is as usual of a new ticket."""
    tags = before.get("tags", ())
    known = tags if isinstance(tags, tuple) else ()
    return {
        "queue": route.queue or queue,
        "line": route.line or before.get("line", 1),
        "assignee": _assignee(route, before),
        "priority": route.priority or before.get("priority", "normal"),
        "tags": tuple(tag for tag in dict.fromkeys((*known, *route.tags)) if tag not in route.untag),
        "letter": route.letter or "acknowledgement",
        "acknowledge": route.acknowledge,
        "spam": route.spam,
        "reject": route.reject,
        "status": route.status or before.get("status", "new"),
        "reply": route.reply,
        "note": tuple(then.note for _, then in route.parts if then.note),
        "tell": tuple(dict.fromkeys(word for _, then in route.parts for word in then.tell)),
        "forward": tuple(dict.fromkeys(address for _, then in route.parts for address in then.forward)),
        "webhook": tuple(dict.fromkeys(name for _, then in route.parts for name in then.webhook)),
        "sla": route.sla,
        "fields": dict(route.fields),
    }


def _assignee(route: Route, before: Values) -> object:
    """Whom an example can expect: an agent, or the way in which one is chosen; who it will be nobody knows here."""
    chosen = route.assignee
    if not isinstance(chosen, Choice):
        return chosen or before.get("assignee")
    return {"by": chosen.by, "among": chosen.among} if chosen.among else {"by": chosen.by}


def _meets(key: str, wanted: object, got: object) -> bool:
    if key == "note" and isinstance(got, tuple):
        return wanted in got
    if key in ("tags", "tell", "forward", "webhook") and isinstance(wanted, tuple) and isinstance(got, tuple):
        return set(wanted) == set(got)
    if key == "fields" and isinstance(wanted, Mapping) and isinstance(got, Mapping):
        return all(got.get(name) == value for name, value in wanted.items())
    return wanted == got
