"""The tests that a rule can make on a field: what each wants, how it is done on a mail, and how it is said in words.

How tests are joined is in `conditions.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from maild.durations import parse_duration
from maild.routing.fields import Field, Kind
from maild.routing.fold import fold, wire_domain
from maild.routing.patterns import compile_pattern, literal_in
from maild.routing.sizes import parse_size, size_text
from maild.routing.view import View
from maild.routing.words import stem, words_of

Holds = Callable[[View], bool]
Value = str | int | bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One test on one field; with several values, one of them is enough."""

    field: str
    test: str
    values: tuple[Value, ...]
    shown: tuple[str, ...]
    """The values as the admin wrote them."""
    kind: Kind = Kind.TEXT
    """What the field holds."""

    def words(self) -> str:
        """What it wants, in words."""
        holds = TESTS[self.test].holds if len(self.shown) == 1 else TESTS[self.test].holds_many
        return self._said(holds)

    def missed(self) -> str:
        """What was not so, in words."""
        misses = TESTS[self.test].misses if len(self.shown) == 1 else TESTS[self.test].misses_many
        return self._said(misses)

    def _said(self, words: str) -> str:
        if self.test == "exists" and not self.values[0]:
            words = TESTS["exists"].misses if words == TESTS["exists"].holds else TESTS["exists"].holds
        return words.format(field=self.field, values=", ".join(self.shown))


@dataclass(frozen=True, kw_only=True, slots=True)
class Test:
    """A kind of test: the fields it makes sense of, how its value is read, how it is done, how it is said."""

    __test__ = False  # no test of ours, whatever its name

    meaning: str
    kinds: frozenset[Kind]
    read: Callable[[Field, object], Value]
    """From one value as written; ValueError where it cannot be used."""
    make: Callable[[Check], Holds]
    holds: str
    holds_many: str
    misses: str
    misses_many: str


class ChoiceError(ValueError):
    """A word that a field can never be."""


def _text(field: Field, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"a text in quotes is wanted for {field.name}")
    folded = fold(value)
    if not folded:
        raise ValueError("an empty text says nothing: use exists = false")
    return folded


def _exact(field: Field, value: object) -> Value:
    if field.kind in _COUNTED:
        return _number(field, value)
    folded = _text(field, value)
    if field.choices and folded not in field.choices:
        raise ChoiceError(f"{field.name} is never '{value}': it is one of {', '.join(field.choices)}")
    if field.name == "language" and not (folded.isalpha() and 2 <= len(folded) <= 3):
        raise ValueError(f"language is never '{value}': it is written by its two or three letters, such as en or ru")
    return folded


def _number(field: Field, value: object) -> int:
    if field.kind is Kind.SIZE:
        if not isinstance(value, str):
            raise ValueError('a size in quotes is wanted, such as "5MB"')
        return parse_size(value)
    if field.kind is Kind.DURATION:
        if not isinstance(value, str):
            raise ValueError('a duration in quotes is wanted, such as "12h" or "7d"')
        return int(parse_duration(value).total_seconds())
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"a whole number is wanted for {field.name}")
    return value


def _flag(_field: Field, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false is wanted for exists")
    return value


def _domain(field: Field, value: object) -> str:
    domain = wire_domain(_text(field, value).removeprefix("@").removeprefix("."))
    if not domain or " " in domain or "@" in domain:
        raise ValueError(f"'{value}' is no domain such as example.org")
    return domain


def _words(field: Field, value: object) -> str:
    """The stems of a word, or of several in a row, with spaces between them."""
    stems = " ".join(stem(word) for word in words_of(_text(field, value)))
    if not stems:
        raise ValueError(f"there is no word in '{value}': use contains")
    return stems


def _listed(field: Field, value: object) -> str:
    """One entry of a list file: what it is compared with."""
    if field.kind is Kind.TEXT:
        return _words(field, value)
    folded = _text(field, value)
    if field.kind is Kind.PEOPLE and " " not in folded and ("@" not in folded or folded.startswith("@")):
        return wire_domain(folded.removeprefix("@").removeprefix("."))
    return folded


def _pattern(_field: Field, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a pattern in quotes is wanted")
    compile_pattern(value)
    return value


def _make_is(check: Check) -> Holds:
    field = check.field
    if isinstance(check.values[0], int):
        numbers = frozenset(check.values)
        return lambda view: view.number(field) in numbers
    wanted = frozenset(str(value) for value in check.values)
    return lambda view: not wanted.isdisjoint(view.folded[field])


def _make_words(check: Check) -> Holds:
    field = check.field
    values = [str(value) for value in check.values]
    single = frozenset(value for value in values if " " not in value)
    rows: dict[str, list[str]] = {}
    for value in values:
        if " " in value:
            rows.setdefault(value.partition(" ")[0], []).append(f" {value} ")
    if not rows:
        return lambda view: not single.isdisjoint(view.stems[field])

    def holds(view: View) -> bool:
        stems = view.stems[field]
        if not single.isdisjoint(stems):
            return True
        begun = rows.keys() & stems
        return bool(begun) and any(row in view.stem_line[field] for first in begun for row in rows[first])

    return holds


def _make_contains(check: Check) -> Holds:
    field = check.field
    wanted = tuple(str(value) for value in check.values)
    if len(wanted) == 1:
        only = wanted[0]
        return lambda view: only in view.line[field]

    def holds(view: View) -> bool:
        line = view.line[field]
        return any(text in line for text in wanted)

    return holds


def _make_matches(check: Check) -> Holds:
    field = check.field
    patterns = tuple((literal_in(str(value)), compile_pattern(str(value))) for value in check.values)

    def holds(view: View) -> bool:
        # What a pattern cannot do without is looked for first: that costs a hundredth of trying the pattern.
        return any(literal in view.caseless[field] and view.search(pattern, field) for literal, pattern in patterns)

    return holds


def _make_domain(check: Check) -> Holds:
    field = check.field
    wanted = frozenset(str(value) for value in check.values)
    return lambda view: not wanted.isdisjoint(view.domains[field])


def _make_in_list(check: Check) -> Holds:
    if check.kind is Kind.TEXT:
        return _make_words(check)
    field = check.field
    wanted = frozenset(str(value) for value in check.values)
    if check.kind is Kind.CHOICE:
        return lambda view: not wanted.isdisjoint(view.folded[field])
    return lambda view: not wanted.isdisjoint(view.folded[field]) or not wanted.isdisjoint(view.domains[field])


def _make_above(check: Check) -> Holds:
    field, least = check.field, min(int(value) for value in check.values)
    return lambda view: (number := view.number(field)) is not None and number > least


def _make_below(check: Check) -> Holds:
    field, most = check.field, max(int(value) for value in check.values)
    return lambda view: (number := view.number(field)) is not None and number < most


def _make_exists(check: Check) -> Holds:
    field, wanted = check.field, bool(check.values[0])
    return lambda view: bool(view.texts[field]) is wanted


_WRITING = frozenset({Kind.TEXT, Kind.PEOPLE})
_COUNTED = frozenset({Kind.NUMBER, Kind.SIZE, Kind.DURATION})
_NAMED = frozenset({Kind.TEXT, Kind.PEOPLE, Kind.CHOICE})

TESTS: Mapping[str, Test] = {
    "is": Test(
        meaning="the whole field is one of the values; case, е or ё and runs of space do not matter",
        kinds=frozenset(Kind) - {Kind.DURATION},
        read=_exact,
        make=_make_is,
        holds="{field} is {values}",
        holds_many="{field} is one of {values}",
        misses="{field} is not {values}",
        misses_many="{field} is none of {values}",
    ),
    "words": Test(
        meaning="has one of the words, in any inflected form; several words in one value must follow each other",
        kinds=_WRITING,
        read=_words,
        make=_make_words,
        holds="{field} has the word {values}",
        holds_many="{field} has one of the words {values}",
        misses="{field} has not the word {values}",
        misses_many="{field} has none of the words {values}",
    ),
    "contains": Test(
        meaning="has one of the values anywhere, also inside a word; case, е or ё and runs of space do not matter",
        kinds=_WRITING,
        read=_text,
        make=_make_contains,
        holds="{field} contains {values}",
        holds_many="{field} contains one of {values}",
        misses="{field} does not contain {values}",
        misses_many="{field} contains none of {values}",
    ),
    "matches": Test(
        meaning="a regular expression is found in the text as it was written; named groups become fields of the ticket",
        kinds=_WRITING,
        read=_pattern,
        make=_make_matches,
        holds="{field} matches {values}",
        holds_many="{field} matches one of {values}",
        misses="{field} does not match {values}",
        misses_many="{field} matches none of {values}",
    ),
    "domain": Test(
        meaning="an address in the field is of one of the domains, or of a domain inside it",
        kinds=frozenset({Kind.PEOPLE}),
        read=_domain,
        make=_make_domain,
        holds="{field} is of the domain {values}",
        holds_many="{field} is of one of the domains {values}",
        misses="{field} is not of the domain {values}",
        misses_many="{field} is of none of the domains {values}",
    ),
    "in_list": Test(
        meaning="is in a file of rules/lists/: as an address, domain or name of people, as words of a text, or as `is`",
        kinds=_NAMED,
        read=_listed,
        make=_make_in_list,
        holds="{field} is in the list {values}",
        holds_many="{field} is in one of the lists {values}",
        misses="{field} is not in the list {values}",
        misses_many="{field} is in none of the lists {values}",
    ),
    "above": Test(
        meaning="the number, the size or the time is larger",
        kinds=_COUNTED,
        read=_number,
        make=_make_above,
        holds="{field} is above {values}",
        holds_many="{field} is above one of {values}",
        misses="{field} is not above {values}",
        misses_many="{field} is above none of {values}",
    ),
    "below": Test(
        meaning="the number, the size or the time is smaller",
        kinds=_COUNTED,
        read=_number,
        make=_make_below,
        holds="{field} is below {values}",
        holds_many="{field} is below one of {values}",
        misses="{field} is not below {values}",
        misses_many="{field} is below none of {values}",
    ),
    "exists": Test(
        meaning="true: the mail or ticket has the field, with something in it; false: it has not",
        kinds=frozenset(Kind),
        read=_flag,
        make=_make_exists,
        holds="there is {field}",
        holds_many="there is {field}",
        misses="there is no {field}",
        misses_many="there is no {field}",
    ),
}
"""Every test by its name in the files."""


def shown(field: Field, value: object) -> str:
    """A value as it is said in words."""
    if field.kind is Kind.SIZE and isinstance(value, str):
        return size_text(parse_size(value))
    return str(value)
