"""Conditions written out as the cases in which they hold, and whether one of them can be at all.

A case is a list of tests that hold and of tests that do not. All that is told is so; where there are too many cases
nothing is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from maild.routing.checks import Check
from maild.routing.conditions import AllOf, AnyOf, Condition, Not
from maild.routing.fields import Field, Kind
from maild.routing.fold import fold

Literal = Check | Not
"""A test, or that it does not hold."""
Case = tuple[Literal, ...]
Impossible = Callable[[Sequence[Literal]], bool]
_MOST = 200
_COUNTED = (Kind.NUMBER, Kind.SIZE, Kind.DURATION)


def cases_of(condition: Condition, *, negated: bool = False) -> list[Case] | None:
    """The cases in which a condition holds (`negated`: in which it does not); None where there are very many."""
    match condition:
        case Check():
            return [(Not(part=condition) if negated else condition,)]
        case Not():
            return cases_of(condition.part, negated=not negated)
        case AllOf() | AnyOf():
            parts = [cases_of(part, negated=negated) for part in condition.parts]
            if isinstance(condition, AnyOf) is not negated:
                return _limited([case for part in parts for case in part or ()]) if None not in parts else None
            found: list[Case] | None = [()]
            for part in parts:
                found = joined(found, part)
            return found


def joined(some: list[Case] | None, others: list[Case] | None) -> list[Case] | None:
    """Every case of the one with every case of the other; None where there are very many."""
    if some is None or others is None or len(some) * len(others) > _MOST:
        return None
    return [tuple(dict.fromkeys((*one, *other))) for one in some for other in others]


def _limited(cases: list[Case]) -> list[Case] | None:
    return cases if len(cases) <= _MOST else None


def no_value_left(case: Iterable[Literal], fields: Mapping[str, Field], fits: Callable[[object, Check], bool]) -> str:
    """The field that could have no value at all in this case, of those that everything has; "" where there is none.

    `fits` says whether a test holds for a value.
    """
    of_field: dict[str, list[Literal]] = {}
    for literal in case:
        check = literal if isinstance(literal, Check) else literal.part
        if isinstance(check, Check):
            of_field.setdefault(check.field, []).append(literal)
    for name, literals in of_field.items():
        field = fields.get(name)
        if field is None or field.many:
            continue
        if field.choices and not any(_all_fit(fold(choice), literals, fits) for choice in field.choices):
            return name
        if field.kind in _COUNTED and not any(_all_fit(v, literals, fits) for v in _telling(field, literals)):
            return name
    return ""


def _telling(field: Field, literals: Iterable[Literal]) -> list[int]:
    """The numbers at and beside every limit: between them nothing changes."""
    numbers = {field.least, field.least + 1, *((field.most,) if field.most is not None else (2**40,))}
    for literal in literals:
        check = literal if isinstance(literal, Check) else literal.part
        if isinstance(check, Check) and check.test in ("is", "above", "below"):
            numbers.update(near for value in check.values for near in (int(value) - 1, int(value), int(value) + 1))
    most = field.most if field.most is not None else 2**41
    return sorted(number for number in numbers if field.least <= number <= most)


def _all_fit(value: object, literals: Iterable[Literal], fits: Callable[[object, Check], bool]) -> bool:
    for literal in literals:
        if isinstance(literal, Check):
            if not fits(value, literal):
                return False
        elif isinstance(literal.part, Check) and fits(value, literal.part):
            return False
    return True
