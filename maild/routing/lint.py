"""Doubts about rules: those that can never hold, and those that an earlier one always forestalls.

Everything is judged by the conditions alone. What is told is so; not everything that is so is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

from maild.routing.cases import Case, cases_of, no_value_left
from maild.routing.checks import TESTS, Check
from maild.routing.conditions import AllOf, AnyOf, Condition, Not, checks_of, events_of
from maild.routing.fields import EVENTS, EVERYWHERE, Field, Kind
from maild.routing.fold import fold
from maild.routing.rules import SCHEDULE, Predicate, Rule

_OF_MAIL = ("size", "class", "hour", "weekday", "queue", "event", "auth")
_OF_TICKET = ("status", "priority", "line", "messages", "silence", "age", "target")
ALWAYS_THERE = frozenset((*_OF_MAIL, *_OF_TICKET))
"""What every mail has, or every ticket, at the events at which it is there at all."""
ONE_OF = frozenset(("is", "words", "contains", "domain"))
_ABSENT = "at the event {} it asks for what is not there then"


def impossible(condition: Condition, fields: Mapping[str, Field]) -> str | None:
    """Why a condition can hold at none of its events; None where at one of them nothing speaks against it.

    At each event what it says of `event` is settled, and fields that are not there then are empty.
    """
    first = never_holds(condition, fields)
    if first is not None:
        return first
    if not events_of(condition):
        return "no event is left to it"
    reasons = []
    for event in EVENTS:
        if event not in events_of(condition):
            continue
        left = at_event(condition, event, fields)
        reason = _why_not(left, fields) if not isinstance(left, bool) else None if left else _ABSENT.format(event)
        if reason is None:
            return None
        reasons.append(reason)
    return next(iter(dict.fromkeys(reasons)), None)


def _why_not(condition: Condition, fields: Mapping[str, Field]) -> str | None:
    """The same for what is left of a condition at an event, where its fields are there: in each of its cases."""
    reason = never_holds(condition, fields)
    if reason is not None:
        return reason
    cases = cases_of(condition)
    reasons = [refuted(case, fields) for case in cases] if cases is not None else [""]
    return reasons[0] if reasons and all(reasons) else None


def refuted(case: Case, fields: Mapping[str, Field]) -> str:
    """Why a case cannot be, at an event where its fields are there; "" where nothing speaks against it."""
    found = next(_contradictions(AllOf(parts=case), fields), "")
    if found:
        return found
    there = {name: field for name, field in fields.items() if name in ALWAYS_THERE}
    name = no_value_left(case, there, lambda value, check: _fits(value, check.field, check))
    return f"every {name} is shut out" if name else ""


def at_event(condition: Condition, event: str, fields: Mapping[str, Field]) -> Condition | bool:
    """What is left of a condition at one event; True or False where that alone says whether it holds."""
    match condition:
        case Check():
            return _at_event(condition, event, fields)
        case Not():
            left = at_event(condition.part, event, fields)
            return not left if isinstance(left, bool) else Not(part=left)
        case AllOf() | AnyOf():
            ends = isinstance(condition, AnyOf)
            parts = [at_event(part, event, fields) for part in condition.parts]
            if any(part is ends for part in parts):
                return ends
            open_parts = tuple(part for part in parts if not isinstance(part, bool))
            if any(Not(part=part) in open_parts for part in open_parts):
                return ends
            if not open_parts:
                return not ends
            return open_parts[0] if len(open_parts) == 1 else type(condition)(parts=open_parts)


def _at_event(check: Check, event: str, fields: Mapping[str, Field]) -> Condition | bool:
    field = fields.get(check.field)
    if check.field == "event":
        return _fits(event, "event", check)
    if field is not None and event not in field.at:
        return check.test == "exists" and not check.values[0]
    if check.test == "exists" and check.values[0] and check.field in ALWAYS_THERE:
        return True
    if field is not None and _covers_all(check, field):
        return True
    return check


def _covers_all(check: Check, field: Field) -> bool:
    """Whether a test holds whatever the field is."""
    if field.choices and field.name in ALWAYS_THERE and check.test == "is":
        return {fold(choice) for choice in field.choices} <= {fold(str(value)) for value in check.values}
    if field.kind is Kind.NUMBER and check.test == "below":
        return field.most is not None and any(int(value) > field.most for value in check.values)
    return field.kind is Kind.SIZE and check.test == "above" and any(int(value) <= 0 for value in check.values)


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
    yield from _nothing_left(condition, fields)
    yield from _older_than_it_is(condition)


def _older_than_it_is(condition: AllOf) -> Iterator[str]:
    """A silence that is longer than the ticket is old."""
    checks = [part for part in condition.parts if isinstance(part, Check)]
    silences = [c for c in checks if (c.field, c.test) == ("silence", "above")]
    for age in (c for c in checks if (c.field, c.test) == ("age", "below")):
        for silence in silences:
            if max(map(int, age.values)) - min(map(int, silence.values)) <= 1:
                yield f"{silence.words()}, and {age.words()}: no ticket is silent for longer than it is there"


def _nothing_left(condition: AllOf, fields: Mapping[str, Field]) -> Iterator[str]:
    """Fields of a few words of which every one is forbidden."""
    barred: dict[str, set[str]] = {}
    for part in condition.parts:
        inner = part.part if isinstance(part, Not) else None
        for check in inner.parts if isinstance(inner, AnyOf) else (inner,):
            if isinstance(check, Check) and check.test == "is":
                barred.setdefault(check.field, set()).update(fold(str(value)) for value in check.values)
    for name, values in barred.items():
        field = fields.get(name)
        if field is not None and field.choices and field.at == EVERYWHERE and {*map(fold, field.choices)} <= values:
            yield f"every {name} is forbidden"


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


def _fits(value: object, field: str, test: Check) -> bool:
    given = value if isinstance(value, str | int) else str(value)
    return Predicate(when=test)({field: given})


def hidden_rules(rules: tuple[Rule, ...]) -> Iterator[tuple[Rule, tuple[Rule, ...]]]:
    """Each rule that never has its turn, with the earlier ones that take all its mails: one, or several together.

    A rule of time has its turn whatever the others do.
    """
    earlier: list[Decider] = []
    for rule in rules:
        if rule.when is None:
            continue
        own = frozenset(check.field for check in checks_of(rule.when))
        events = events_of(rule.when) - {SCHEDULE}
        if events:
            near = [e for e in earlier if e.needed <= own and events <= e.events]
            if takers := _takers(rule.when, near):
                yield rule, takers
        earlier.extend(deciders((rule,)))


class Decider(NamedTuple):
    """A rule that decides, above others."""

    rule: Rule
    condition: Condition
    needed: frozenset[str]
    events: frozenset[str]


def deciders(rules: Sequence[Rule]) -> Iterator[Decider]:
    """Those of the rules behind which no other is asked, but for the default."""
    for rule in rules:
        if rule.when is not None and not rule.continues and not rule.shadow:
            yield Decider(rule, rule.when, _needed(rule.when), events_of(rule.when))


def _takers(condition: Condition, earlier: Sequence[Decider]) -> tuple[Rule, ...]:
    """The rules that take whatever this condition holds for: of a test with several values each may have its own."""
    for one in earlier:
        if implies(condition, one.condition):
            return (one.rule,)
    takers: list[Rule] = []
    cases = _cases(condition)
    for case in cases if len(cases) > 1 else ():
        taker = next((one.rule for one in earlier if implies(case, one.condition)), None)
        if taker is None:
            return ()
        takers.append(taker)
    return tuple({rule.name: rule for rule in takers}.values())


def _cases(condition: Condition) -> list[Condition]:
    """The ways in which a condition may hold: one for each value of a test, each part of an `any`."""
    match condition:
        case Check() if len(condition.values) > 1 and condition.test in ONE_OF:
            pairs = zip(condition.values, condition.shown, strict=False)
            return [replace(condition, values=(value,), shown=(shown,)) for value, shown in pairs]
        case AnyOf():
            return [case for part in condition.parts for case in _cases(part)]
        case AllOf():
            for place, part in enumerate(condition.parts):
                if len(cases := _cases(part)) > 1:
                    others = (*condition.parts[:place], *condition.parts[place + 1 :])
                    return [AllOf(parts=(case, *others)) for case in cases]
    return [condition]


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


@lru_cache(maxsize=65_536)
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
