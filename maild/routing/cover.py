"""Rules that several earlier ones hide together, and values of a test that an earlier rule takes away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from maild.routing.cases import Case, cases_of, joined
from maild.routing.checks import Check
from maild.routing.conditions import AllOf, AnyOf, Condition, Not, Path, checks_of, events_of
from maild.routing.fields import Field, Kind
from maild.routing.lint import ALWAYS_THERE, ONE_OF, Decider, at_event, implies, refuted
from maild.routing.rules import SCHEDULE, Rule

_MOST_RULES = 12
"""Earlier rules that are looked at together for one: the work is bounded."""
_MOST_CASES = 100
_Complements = frozenset[tuple[str, str, object]]
"""Field, test and value of what some rule wants not to be so: only there two texts make a whole."""


class _Earlier(NamedTuple):
    """A rule above others that decides, at one event: the parts that it asks for, their fields, which have an end."""

    rule: Rule
    parts: tuple[tuple[Condition, frozenset[str], bool], ...]


def hidden_together(
    rules: Sequence[Rule], known: frozenset[str], fields: Mapping[str, Field]
) -> Iterator[tuple[Rule, tuple[Rule, ...]]]:
    """Rules that never have their turn since each mail of theirs is taken by one or another of several earlier ones.

    `known`: rules of which that is known already.
    """
    complements = _complements(rules)
    earlier: dict[str, list[_Earlier]] = {}
    for rule in rules:
        if rule.when is None:
            continue
        events = {event: at_event(rule.when, event, fields) for event in sorted(events_of(rule.when) - {SCHEDULE})}
        if events and rule.name not in known and (takers := _takers(events, earlier, fields)):
            yield rule, takers
        if not rule.continues and not rule.shadow:
            for event, left in events.items():
                parts = _parts(left, complements, fields)
                if any(has_an_end for _, _, has_an_end in parts):
                    earlier.setdefault(event, []).append(_Earlier(rule, parts))


def _complements(rules: Sequence[Rule]) -> _Complements:
    found = set[tuple[str, str, object]]()
    todo = [rule.when for rule in rules if rule.when is not None]
    while todo:
        match todo.pop():
            case Check(field=field, test="exists", values=values):
                found.add((field, "exists", not values[0]))
            case Not(part=part):
                found.update((check.field, check.test, value) for check in checks_of(part) for value in check.values)
            case AllOf(parts=parts) | AnyOf(parts=parts):
                todo.extend(parts)
            case _:
                pass
    return frozenset(found)


def _parts(
    left: Condition | bool, complements: _Complements, fields: Mapping[str, Field]
) -> tuple[tuple[Condition, frozenset[str], bool], ...]:
    """What a rule asks for at an event, each with its fields, and whether by itself or with another it can be all."""
    if isinstance(left, bool):
        return ()
    found = []
    for part in left.parts if isinstance(left, AllOf) else (left,):
        checks = list(checks_of(part))
        has_an_end = all(_has_an_end(check, complements, fields) for check in checks)
        found.append((part, frozenset(check.field for check in checks), has_an_end))
    return tuple(found)


def _has_an_end(check: Check, complements: _Complements, fields: Mapping[str, Field]) -> bool:
    if any((check.field, check.test, value) in complements for value in check.values):
        return True
    field = fields.get(check.field)
    if field is None or check.field not in ALWAYS_THERE:
        return False
    return bool(field.choices) or field.kind in (Kind.NUMBER, Kind.SIZE, Kind.DURATION)


def _takers(
    events: Mapping[str, Condition | bool], earlier: Mapping[str, Sequence[_Earlier]], fields: Mapping[str, Field]
) -> tuple[Rule, ...]:
    used: dict[str, Rule] = {}
    for event, own in events.items():
        if isinstance(own, bool):
            return ()
        asked = frozenset(check.field for check in checks_of(own))
        shared = ((one.rule, _shares(own, asked, one)) for one in earlier.get(event, ()))
        near = [(rule, left) for rule, left in shared if left is not None]
        takers = _covering(own, near[-_MOST_RULES:], fields)
        if not takers:
            return ()
        used |= {taker.name: taker for taker in takers}
    return tuple(used.values())


def _shares(own: Condition, asked: frozenset[str], other: _Earlier) -> Condition | None:
    """What the other rule asks for beyond this condition, where all of that has an end."""
    if any(not has_an_end and named.isdisjoint(asked) for _, named, has_an_end in other.parts):
        return None
    open_parts: list[Condition] = []
    for part, named, has_an_end in other.parts:
        if named.isdisjoint(asked) or not implies(own, part):
            if not has_an_end:
                return None
            open_parts.append(part)
    return open_parts[0] if len(open_parts) == 1 else AllOf(parts=tuple(open_parts))


def _covering(own: Condition, others: Sequence[tuple[Rule, Condition]], fields: Mapping[str, Field]) -> list[Rule]:
    """Those of the other rules that take all that this condition holds for; none where something is left."""
    used = _uncovered_after(own, others, fields)
    if used is None:
        return []
    for one in list(used):
        fewer = [pair for pair in used if pair is not one]
        if fewer and _uncovered_after(own, fewer, fields) is not None:
            used = fewer
    return [rule for rule, _ in used]


def _uncovered_after(
    own: Condition, others: Sequence[tuple[Rule, Condition]], fields: Mapping[str, Field]
) -> list[tuple[Rule, Condition]] | None:
    """The rules that were needed until nothing was left; None where something is, or nobody can tell."""
    left: list[Case] | None = cases_of(own)
    used: list[tuple[Rule, Condition]] = []
    for rule, condition in others:
        rest = joined(left, cases_of(condition, negated=True))
        if left is None or rest is None or len(rest) > _MOST_CASES:
            continue
        rest = [case for case in rest if not refuted(case, fields)]
        if rest != left:
            used.append((rule, condition))
        left = rest
        if not left:
            return used
    return None


def taken_away(
    rule: Rule, tests: Sequence[tuple[Path, Check]], earlier: Sequence[Decider]
) -> Iterator[tuple[Path, str, Rule]]:
    """Single values, and parts of an `any`, that never count since an earlier rule takes every mail of theirs.

    With the place in the `when`, the value as it is written, and that rule.
    """
    assert rule.when is not None
    events = events_of(rule.when) - {SCHEDULE}
    asked = frozenset(check.field for check in checks_of(rule.when))
    near = [one for one in earlier if one.needed <= asked and events <= one.events]
    for path, check in tests if events and near else ():
        if "not" in path or check.test not in ONE_OF:
            continue
        several = len(check.values) > 1
        pairs = zip(check.values, check.shown, strict=False)
        for place, (value, shown) in enumerate(pairs if several or "any" in path else ()):
            case = narrowed(rule.when, check, replace(check, values=(value,), shown=(shown,)))
            taker = next((one.rule for one in near if implies(case, one.condition)), None)
            if taker is not None:
                yield ((*path, place) if several else path), shown, taker


def narrowed(condition: Condition, test: Check, to: Check) -> Condition:
    """The condition with one of its tests made another, and nothing else where that is one of several ways."""
    match condition:
        case Check():
            return to if condition is test else condition
        case AllOf():
            return AllOf(parts=tuple(narrowed(part, test, to) for part in condition.parts))
        case AnyOf():
            within = [part for part in condition.parts if any(check is test for check in checks_of(part))]
            return narrowed(within[0], test, to) if within else condition
        case Not():
            return condition
