"""Which rules may hold for a mail, found by what stands in it instead of by asking each of them.

A rule is found by the tests in it that want something to be there: a word, an address, a domain, a header line. The
index may find too many rules, never too few: whoever is found is asked all the same. A rule that could only miss by one
test is found, too, since that is worth telling.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

from maild.routing.checks import Check
from maild.routing.conditions import AllOf, AnyOf, Condition
from maild.routing.fields import HEADER, NAMED, Kind
from maild.routing.view import View


class _By(IntEnum):
    """By what a rule is found: the most telling first."""

    EXACT = 0  # the whole field
    DOMAIN = 1
    STEM = 2  # a word, or the first of several
    CHOICE = 3  # the whole field, of which there are few
    PRESENT = 4  # the field is there at all


class _Key(NamedTuple):
    by: _By
    field: str
    value: str


_RARE = ("cc", "attachment", "attachment_type", "forwarded_by")
"""Fields that most mails do not have."""
_ENOUGH = 2
"""Of so many parts of a condition one holds wherever no more than one of all parts fails."""


def keys_of(condition: Condition) -> tuple[_Key, ...] | None:
    """One of these stands in every mail for which the condition holds; None where that cannot be said."""
    match condition:
        case Check():
            return _keys_of_check(condition)
        case AnyOf():
            found = [keys_of(part) for part in condition.parts]
            return tuple(key for keys in found for key in keys or ()) if all(found) else None
        case AllOf():
            return min((keys for part in condition.parts if (keys := keys_of(part))), key=_cost, default=None)
        case _:
            return None


def _keys_of_check(check: Check) -> tuple[_Key, ...] | None:
    field, values = check.field, [str(value) for value in check.values]
    match check.test:
        case "words":
            return tuple(_Key(_By.STEM, field, value.partition(" ")[0]) for value in values)
        case "is" if check.kind is Kind.CHOICE and field != "event":
            return tuple(_Key(_By.CHOICE, field, value) for value in values)
        case "is" if check.kind in (Kind.TEXT, Kind.PEOPLE):
            return tuple(_Key(_By.EXACT, field, value) for value in values)
        case "domain":
            return tuple(_Key(_By.DOMAIN, field, value) for value in values)
        case "in_list":
            return _keys_of_list(check, values)
        case "contains" | "matches" if field in _RARE or field.startswith((HEADER, NAMED)):
            return (_Key(_By.PRESENT, field, ""),)
        case "exists" if check.values[0] and (field in _RARE or field.startswith((HEADER, NAMED))):
            return (_Key(_By.PRESENT, field, ""),)
        case _:
            return None


def _keys_of_list(check: Check, values: Iterable[str]) -> tuple[_Key, ...] | None:
    if check.kind is Kind.TEXT:
        return tuple(_Key(_By.STEM, check.field, value.partition(" ")[0]) for value in values)
    kinds = (_By.EXACT, _By.DOMAIN) if check.kind is Kind.PEOPLE else (_By.CHOICE,)
    return tuple(_Key(by, check.field, value) for by in kinds for value in values)


def _cost(keys: tuple[_Key, ...]) -> tuple[int, int]:
    """How little these keys tell: by the worst of them, then by their number."""
    return max(key.by for key in keys), len(keys)


def found_by(condition: Condition) -> tuple[Condition, ...]:
    """The parts of a condition by which a rule is found: the two that tell the most, of those that tell anything."""
    parts = condition.parts if isinstance(condition, AllOf) else (condition,)
    keyed = [(keys, part) for part in parts if (keys := keys_of(part))]
    return tuple(part for _, part in sorted(keyed, key=lambda pair: _cost(pair[0]))[:_ENOUGH])


class Index:
    """The conditions of rules by their positions; None is a rule that holds always."""

    def __init__(self, conditions: Sequence[Condition | None]) -> None:
        self._always: list[int] = []
        self._tables: dict[tuple[_By, str], dict[str, list[int]]] = {}
        for position, condition in enumerate(conditions):
            parts = found_by(condition) if condition is not None else ()
            if not parts:
                self._always.append(position)
            for part in parts:
                for key in keys_of(part) or ():
                    self._tables.setdefault((key.by, key.field), {}).setdefault(key.value, []).append(position)

    def candidates(self, view: View) -> list[int]:
        """The positions of the rules that may hold for a mail, or miss by one test; in their order."""
        found = set(self._always)
        for (by, field), table in self._tables.items():
            for value in _there(view, by, field, table):
                found.update(table[value])
        return sorted(found)


def _there(view: View, by: _By, field: str, table: dict[str, list[int]]) -> Iterable[str]:
    """Which of a table's values stand in a field of the mail."""
    match by:
        case _By.STEM:
            return table.keys() & view.stems[field]
        case _By.DOMAIN:
            return table.keys() & view.domains[field]
        case _By.PRESENT:
            return table if view.texts[field] else ()
        case _:
            return table.keys() & view.folded[field]
