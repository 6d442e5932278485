"""Doubts about rules: those that can never hold, and those that an earlier one always forestalls.

Everything is judged by the conditions alone. What is told is so; not everything that is so is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from maild.routing.checks import TESTS, Check
from maild.routing.conditions import AllOf, AnyOf, Condition, Not, checks_of, events_of
from maild.routing.fields import Field
from maild.routing.rules import SCHEDULE, Predicate, Rule


def never_holds(condition: Condition, fields: Mapping[str, Field]) -> str | None:
    """Why a condition can never hold: two of its tests cannot be so at once. None where nothing speaks against it."""
    if isinstance(condition, AnyOf):
        reasons = [never_holds(part, fields) for part in condition.parts]
        return reasons[0] if all(reasons) else None
    if not isinstance(condition, AllOf):
        return None
    for part in condition.parts:
        if reason := never_holds(part, fields):
            return reason
    return next(_contradictions(condition, fields), None)


def _contradictions(condition: AllOf, fields: Mapping[str, Field]) -> Iterator[str]:
    for one, other in combinations(condition.parts, 2):
        if isinstance(one, Not) and implies(other, one.part):
            yield f"that {_said(other)} is wanted and forbidden at once"
        elif isinstance(other, Not) and implies(one, other.part):
            yield f"that {_said(one)} is wanted and forbidden at once"
        elif isinstance(one, Check) and isinstance(other, Check) and _exclude(one, other, fields):
            yield f"{one.words()}, and {other.words()}: both at once cannot be"


def _said(condition: Condition) -> str:
    return next(checks_of(condition)).words()


def _exclude(one: Check, other: Check, fields: Mapping[str, Field]) -> bool:
    """Whether two tests on one field cannot both hold."""
    if one.field != other.field:
        return False
    for absent, present in ((one, other), (other, one)):
        if absent.test == "exists" and not absent.values[0]:
            return not (present.test == "exists" and not present.values[0])
    field = fields.get(one.field)
    if field is None or field.many:
        return False
    for exact, test in ((one, other), (other, one)):
        if exact.test == "is" and test.test != "matches":
            return not any(_fits(value, exact.field, test) for value in exact.values)
    tests = {one.test: one, other.test: other}
    if tests.keys() == {"above", "below"}:
        above, below = (int(end(tests[t].values)) for t, end in (("above", min), ("below", max)))
        return below - above <= 1
    return False


def _fits(value: str | int | bool, field: str, test: Check) -> bool:
    return Predicate(when=test)({field: value})


def hidden_rules(rules: tuple[Rule, ...]) -> Iterator[tuple[Rule, Rule]]:
    """Each rule that never has its turn, with the earlier one that takes all its mails.

    A rule of time has its turn whatever the others do.
    """
    earlier: list[tuple[Rule, Condition, frozenset[str]]] = []
    for rule in rules:
        if rule.when is None:
            continue
        own = frozenset(check.field for check in checks_of(rule.when))
        events = events_of(rule.when) - {SCHEDULE}
        for other, condition, needed in earlier:
            if needed <= own and events and events <= events_of(condition) and implies(rule.when, condition):
                yield rule, other
                break
        if not rule.continues and not rule.shadow:
            earlier.append((rule, rule.when, _needed(rule.when)))


def _needed(condition: Condition) -> frozenset[str]:
    """The fields that another condition has to speak of to imply this one; a quick way to leave most pairs out."""
    if isinstance(condition, Check):
        return frozenset((condition.field,))
    if isinstance(condition, AllOf):
        return frozenset().union(*(_needed(part) for part in condition.parts))
    return frozenset()


def implies(strong: Condition, weak: Condition) -> bool:
    """Whether the weak condition surely holds wherever the strong one does."""
    if strong == weak:
        return True
    if isinstance(strong, AnyOf):
        return all(implies(part, weak) for part in strong.parts)
    if isinstance(weak, AllOf):
        return all(implies(strong, part) for part in weak.parts)
    if isinstance(weak, AnyOf) and any(implies(strong, part) for part in weak.parts):
        return True
    if isinstance(strong, AllOf):
        return any(implies(part, weak) for part in strong.parts)
    if isinstance(strong, Not) and isinstance(weak, Not):
        return implies(weak.part, strong.part)
    if isinstance(strong, Check) and isinstance(weak, Check) and strong.field == weak.field:
        return _check_implies(strong, weak)
    return False


def _check_implies(strong: Check, weak: Check) -> bool:
    """The same for two tests on one field."""
    if weak.test == "exists":
        return bool(weak.values[0]) and strong.test != "exists"
    if strong.test == "is" and weak.test != "matches":
        return all(_fits(value, strong.field, weak) for value in strong.values)
    if strong.test != weak.test or strong.test not in TESTS:
        return False
    return all(any(_covers(strong.test, value, wider) for wider in weak.values) for value in strong.values)


def _covers(test: str, value: str | int | bool, wider: str | int | bool) -> bool:
    """Whether a test with the value holds only where the one with the wider value does."""
    if isinstance(value, int) and isinstance(wider, int):
        return value == wider or (test == "above" and value > wider) or (test == "below" and value < wider)
    narrow, wide = str(value), str(wider)
    match test:
        case "words":
            return f" {wide} " in f" {narrow} "
        case "contains":
            return wide in narrow
        case "domain":
            return narrow == wide or narrow.endswith(f".{wide}")
        case _:
            return narrow == wide
