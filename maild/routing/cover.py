"""Rules that several earlier ones hide together, and values of a test that an earlier rule takes away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from maild.routing.cases import Case, cases_of, joined
from maild.routing.checks import Check
from maild.routing.conditions import AllOf, AnyOf, Condition, Not, Path, checks_of, events_of
from maild.routing.fields import Field, Kind
from maild.routing.lint import ALWAYS_THERE, ONE_OF, at_event, implies, refuted
from maild.routing.rules import SCHEDULE, Rule

_MOST_RULES = 40
"""Earlier rules that are looked at together for one: the work is bounded."""
_MOST_CASES = 300


def hidden_together(
    rules: Sequence[Rule], known: frozenset[str], fields: Mapping[str, Field]
) -> Iterator[tuple[Rule, tuple[Rule, ...]]]:
    """Rules that never have their turn since each mail of theirs is taken by one or another of several earlier ones.

    `known`: rules of which that is known already.
    """
    negated = _negated_fields(rules)
    earlier: list[Rule] = []
    for rule in rules:
        if rule.when is None:
            continue
        events = events_of(rule.when) - {SCHEDULE}
        if events and rule.name not in known and (takers := _takers(rule, events, earlier, negated, fields)):
            yield rule, takers
        if not rule.continues and not rule.shadow and _can_share(rule.when, negated, fields):
            earlier.append(rule)


def _negated_fields(rules: Sequence[Rule]) -> frozenset[str]:
    """Fields of which some rule wants that a test does not hold: only there two tests can make a whole."""
    names = set[str]()
    todo = [rule.when for rule in rules if rule.when is not None]
    while todo:
        match todo.pop():
            case Check(field=field, test="exists"):
                names.add(field)
            case Not(part=part):
                names.update(check.field for check in checks_of(part))
            case AllOf(parts=parts) | AnyOf(parts=parts):
                todo.extend(parts)
            case _:
                pass
    return frozenset(names)


def _can_share(condition: Condition, negated: frozenset[str], fields: Mapping[str, Field]) -> bool:
    """Whether a rule can be one of several that take everything: it splits by something that has an end."""
    return any(_has_an_end(check, negated, fields) for check in checks_of(condition))


def _has_an_end(check: Check, negated: frozenset[str], fields: Mapping[str, Field]) -> bool:
    field = fields.get(check.field)
    if check.field in negated:
        return True
    if field is None or check.field not in ALWAYS_THERE:
        return False
    return bool(field.choices) or field.kind in (Kind.NUMBER, Kind.SIZE, Kind.DURATION)


def _takers(
    rule: Rule, events: frozenset[str], earlier: Sequence[Rule], negated: frozenset[str], fields: Mapping[str, Field]
) -> tuple[Rule, ...]:
    assert rule.when is not None
    used: dict[str, Rule] = {}
    for event in sorted(events):
        own = at_event(rule.when, event, fields)
        if isinstance(own, bool):
            return ()
        near = [(other, left) for other in earlier if (left := _shares(own, other, event, negated, fields)) is not None]
        takers = _covering(own, near[-_MOST_RULES:], fields)
        if not takers:
            return ()
        used |= {taker.name: taker for taker in takers}
    return tuple(used.values())


def _shares(
    own: Condition, other: Rule, event: str, negated: frozenset[str], fields: Mapping[str, Field]
) -> Condition | None:
    """What the other rule asks at an event, where all of it is implied here or has an end."""
    assert other.when is not None
    if event not in events_of(other.when):
        return None
    left = at_event(other.when, event, fields)
    if isinstance(left, bool):
        return None
    parts = left.parts if isinstance(left, AllOf) else (left,)
    open_parts = [part for part in parts if not implies(own, part)]
    if all(_has_an_end(check, negated, fields) for part in open_parts for check in checks_of(part)):
        return AllOf(parts=tuple(open_parts)) if len(open_parts) != 1 else open_parts[0]
    return None


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
    rule: Rule, tests: Sequence[tuple[Path, Check]], earlier: Sequence[Rule]
) -> Iterator[tuple[Path, str, Rule]]:
    """Single values, and parts of an `any`, that never count since an earlier rule takes every mail of theirs.

    With the place in the `when`, the value as it is written, and that rule.
    """
    assert rule.when is not None
    events = events_of(rule.when) - {SCHEDULE}
    near = [
        o for o in earlier if o.when is not None and not o.continues and not o.shadow and events <= events_of(o.when)
    ]
    for path, check in tests if events and near else ():
        if "not" in path or check.test not in ONE_OF:
            continue
        several = len(check.values) > 1
        pairs = zip(check.values, check.shown, strict=False)
        for place, (value, shown) in enumerate(pairs if several or "any" in path else ()):
            case = narrowed(rule.when, check, replace(check, values=(value,), shown=(shown,)))
            taker = next((other for other in near if other.when is not None and implies(case, other.when)), None)
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
