"""Conditions: tests joined by all, any and not; read from a `when`, said in words, made into one fast function.

The function answers what did not hold: nothing where the condition holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from maild.routing.checks import TESTS, Check, ChoiceError, Test, shown
from maild.routing.fields import EVENTS, HEADER, NAMED, Field, Kind, header_field, named_field
from maild.routing.fold import fold
from maild.routing.view import View
from maild.routing.words import Vocabulary

Missed = tuple[str, ...]
Judge = Callable[[View], Missed]
Path = tuple[str | int, ...]
Lists = Mapping[str, tuple[str, ...]]
"""The entries of each list file by its name."""
JOINS = {
    "all": "a list of conditions, all of which must hold",
    "any": "a list of conditions, one of which is enough",
    "not": "a condition that must not hold",
}
_HOLDS: Missed = ()
_CALLED = {"assignee": "agent"}
"""What the value of a field is, where it is called otherwise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AllOf:
    """Every part must hold."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class AnyOf:
    """One part is enough."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Not:
    """The part must not hold."""

    part: Condition


Condition = Check | AllOf | AnyOf | Not


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """What is wrong with a condition: where in it, a stable code, the words, and the words that were possible.

    `of_key`: it is the key at this place that is wrong, and not its value.
    """

    path: Path
    code: str
    message: str
    known: tuple[str, ...] = ()
    of_key: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A condition as far as it could be read, and all that is wrong with it. `spoken`: each field, and where; `tests`:
    each test, and where its values stand.
    """

    condition: Condition | None
    problems: tuple[Problem, ...]
    spoken: tuple[tuple[Path, Field], ...] = ()
    tests: tuple[tuple[Path, Check], ...] = ()


def read_condition(
    when: object,
    fields: Mapping[str, Field],
    queues: tuple[str, ...],
    lists: Lists | None = None,
    organisations: tuple[str, ...] = (),
    agents: tuple[str, ...] | None = None,
) -> Reading:
    """Read a `when`: its fields are those given, `queue` is one of the queues, `in_list` names one of the lists,
    `organisation` is one of the organisations, `assignee` one of the agents (anybody where they are None).
    """
    names = {"queue": queues, "organisation": organisations}
    reader = _Reader(fields, names if agents is None else {**names, "assignee": agents}, lists or {})
    condition = reader.table(when, ())
    return Reading(
        condition=None if reader.problems else condition,
        problems=tuple(reader.problems),
        spoken=tuple(reader.spoken),
        tests=tuple(reader.done),
    )


class _Reader:
    """Reads one `when` and gathers what is wrong with it."""

    def __init__(self, fields: Mapping[str, Field], names: Mapping[str, tuple[str, ...]], lists: Lists) -> None:
        self.fields = fields
        self.names = names
        self.lists = lists
        self.problems: list[Problem] = []
        self.spoken: list[tuple[Path, Field]] = []
        self.done: list[tuple[Path, Check]] = []

    def wrong(
        self, path: Path, message: str, code: str = "bad-value", known: tuple[str, ...] = (), *, of_key: bool = False
    ) -> None:
        of_key = of_key or code == "unknown-key"
        self.problems.append(Problem(path=path, code=code, message=message, known=known, of_key=of_key))

    def table(self, table: object, path: Path) -> Condition:
        """All keys of a table together."""
        if not isinstance(table, Mapping) or not table:
            self.wrong(path, 'a condition is wanted here, such as { subject = { words = ["invoice"] } }')
            return AllOf(parts=())
        parts = tuple(part for key, value in table.items() for part in self.key(key, value, (*path, key)))
        return parts[0] if len(parts) == 1 else AllOf(parts=parts)

    def key(self, key: str, value: object, path: Path) -> Iterator[Condition]:
        if key in ("any", "all"):
            parts = self.several(value, path)
            yield AnyOf(parts=parts) if key == "any" else AllOf(parts=parts)
        elif key == "not":
            yield Not(part=self.table(value, path))
        elif key in ("header", "field"):
            yield from self.by_name(key, value, path)
        elif (field := self.field(key)) is not None:
            yield from self.tests(field, value, path)
        else:
            known = (*self.fields, "header", "field", *JOINS)
            self.wrong(path, f"unknown key '{key}'", "unknown-key", known)

    def field(self, key: str) -> Field | None:
        if key.startswith(HEADER) and len(key) > len(HEADER):
            return header_field(key.removeprefix(HEADER))
        if key.startswith(NAMED) and len(key) > len(NAMED):
            return named_field(key.removeprefix(NAMED))
        return self.fields.get(key)

    def several(self, value: object, path: Path) -> tuple[Condition, ...]:
        if not isinstance(value, list) or not value:
            self.wrong(path, f"{path[-1]} wants a list of conditions, such as [{{ ... }}, {{ ... }}]")
            return ()
        return tuple(self.table(part, (*path, number)) for number, part in enumerate(value))

    def by_name(self, key: str, value: object, path: Path) -> Iterator[Condition]:
        """Header lines, and a ticket's own fields: each is tested by its name."""
        if not isinstance(value, Mapping) or not value:
            what = 'a header line: header.X-Mailer = "..."' if key == "header" else 'a field: field.order = "..."'
            self.wrong(path, f"{key} wants the name of {what}")
            return
        make = header_field if key == "header" else named_field
        for name, tests in value.items():
            yield from self.tests(make(name), tests, (*path, name))

    def tests(self, field: Field, value: object, path: Path) -> Iterator[Condition]:
        """Every test on one field; a bare value is what the field is."""
        self.spoken.append((path, field))
        if not isinstance(value, Mapping):
            yield from self.test(field, "is", value, path)
        elif not value:
            self.wrong(path, f"{path[-1]} wants a value or a test")
        else:
            for name, wanted in value.items():
                yield from self.test(field, name, wanted, (*path, name))

    def test(self, field: Field, name: str, value: object, path: Path) -> Iterator[Condition]:
        test = TESTS.get(name)
        if test is None:
            self.wrong(path, f"unknown test '{name}'", "unknown-key", tuple(TESTS))
            return
        if field.kind not in test.kinds:
            possible = tuple(other for other, t in TESTS.items() if field.kind in t.kinds)
            self.wrong(path, f"{field.name} cannot be tested with {name}", "bad-value", possible, of_key=True)
            return
        written = value if isinstance(value, list) else [value]
        if test is TESTS["in_list"]:
            yield from self.in_list(field, written, path, several=written is value)
            return
        if not written:
            self.wrong(path, "an empty list can never hold", "never-holds")
        read = [self.value(field, test, v, (*path, n) if written is value else path) for n, v in enumerate(written)]
        values = tuple(v for v in read if v is not None)
        if values and len(values) == len(written):
            said = tuple(shown(field, v) for v in written)
            check = Check(field=field.name, test=name, values=values, shown=said, kind=field.kind)
            self.done.append((path, check))
            yield check

    def in_list(self, field: Field, names: list[object], path: Path, *, several: bool) -> Iterator[Condition]:
        """The entries of list files; an entry that this field can make nothing of is left out of the test."""
        for place, name in enumerate(names):
            if name not in self.lists:
                what = f"there is no list '{name}' in rules/lists/"
                self.wrong((*path, place) if several else path, what, "unknown-list", tuple(self.lists))
        entries = [entry for name in names for entry in self.lists.get(str(name), ())]
        values = list[str | int | bool]()
        for entry in dict.fromkeys(entries):
            with suppress(ValueError):
                values.append(TESTS["in_list"].read(field, entry))
        said = tuple(str(name) for name in names)
        if not names:
            self.wrong(path, "an empty list can never hold", "never-holds")
        check = Check(
            field=field.name, test="in_list", values=tuple(dict.fromkeys(values)), shown=said, kind=field.kind
        )
        self.done.append((path, check))
        yield check

    def value(self, field: Field, test: Test, value: object, path: Path) -> str | int | bool | None:
        try:
            read = test.read(field, value)
        except ChoiceError as error:
            self.wrong(path, str(error), "bad-value", field.choices)
        except ValueError as error:
            self.wrong(path, str(error), "bad-pattern" if test is TESTS["matches"] else "bad-value")
        else:
            names = self.names.get(field.name)
            if names is not None and test is TESTS["is"] and read not in {fold(name) for name in names}:
                what = _CALLED.get(field.name, field.name)
                self.wrong(path, f"there is no {what} '{value}'", f"unknown-{what}", names)
            elif problem := _out_of_range(field, test, read):
                self.wrong(path, problem, "never-holds")
            else:
                return read
        return None


def _out_of_range(field: Field, test: Test, value: str | int | bool) -> str | None:
    """Why a number can never be so, by what the field can be at all."""
    if field.kind is not Kind.NUMBER or isinstance(value, bool) or not isinstance(value, int):
        return None
    least, most = field.least, field.most
    above, below = test is TESTS["above"], test is TESTS["below"]
    if below and value <= least:
        return f"{field.name} is never below {value}: it is {least} or more"
    if not below and most is not None and (value > most or (above and value == most)):
        return f"{field.name} is {most} at most"
    if not above and not below and value < least:
        return f"{field.name} is {least} or more"
    return None


def checks_of(condition: Condition) -> Iterator[Check]:
    """Every test in a condition."""
    match condition:
        case Check():
            yield condition
        case Not():
            yield from checks_of(condition.part)
        case AllOf() | AnyOf():
            for part in condition.parts:
                yield from checks_of(part)


def vocabulary_of(conditions: Iterator[Condition]) -> Vocabulary:
    """Every stem that any of the conditions asks for."""
    asked = (check for condition in conditions for check in checks_of(condition) if _of_words(check))
    return Vocabulary(frozenset(stem for check in asked for value in check.values for stem in str(value).split(" ")))


def _of_words(check: Check) -> bool:
    return check.test == "words" or (check.test == "in_list" and check.kind is Kind.TEXT)


def events_of(condition: Condition | None) -> frozenset[str]:
    """The events at which a condition may hold; at new tickets alone where it says nothing of them."""
    if condition is None or all(check.field != "event" for check in checks_of(condition)):
        return frozenset(("new",))
    return frozenset(event for event in EVENTS if _possible(condition, event)[0])


def _possible(condition: Condition, event: str) -> tuple[bool, bool]:
    """Whether a condition may hold at an event, and whether it may not, whatever else is so."""
    match condition:
        case Check():
            if condition.field != "event":
                return True, True
            holds = TESTS[condition.test].make(condition)(View({"event": event}, Vocabulary(frozenset()), lambda: 0.0))
            return holds, not holds
        case Not():
            may, may_not = _possible(condition.part, event)
            return may_not, may
        case AllOf():
            parts = [_possible(part, event) for part in condition.parts]
            return all(may for may, _ in parts), any(may_not for _, may_not in parts)
        case AnyOf():
            parts = [_possible(part, event) for part in condition.parts]
            return any(may for may, _ in parts), all(may_not for _, may_not in parts)


def words(condition: Condition) -> str:
    """A condition in words."""
    match condition:
        case Check():
            return condition.words()
        case Not():
            return f"not ({words(condition.part)})"
        case AllOf():
            return " and ".join(_bracketed(part) for part in condition.parts)
        case AnyOf():
            return " or ".join(_bracketed(part) for part in condition.parts)


def _bracketed(condition: Condition) -> str:
    return f"({words(condition)})" if isinstance(condition, AllOf | AnyOf) else words(condition)


def compile_condition(condition: Condition) -> Judge:
    """The condition as a function of a mail: what did not hold, nothing where all is well."""
    match condition:
        case Check():
            return _judge_check(condition)
        case Not():
            return _judge_not(condition)
        case AllOf():
            return _judge_all(condition)
        case AnyOf():
            return _judge_any(condition)


def _judge_check(check: Check) -> Judge:
    holds = TESTS[check.test].make(check)
    missed = (check.missed(),)
    return lambda view: _HOLDS if holds(view) else missed


def _judge_not(condition: Not) -> Judge:
    judge = compile_condition(condition.part)
    missed = (f"it must not be that {words(condition.part)}",)

    def judged(view: View) -> Missed:
        caught = len(view.captured)
        found = judge(view)
        del view.captured[caught:]
        return _HOLDS if found else missed

    return judged


def _judge_all(condition: AllOf) -> Judge:
    """Patterns are tried last, and only where everything else holds: they alone can take long."""
    cheap = tuple(compile_condition(part) for part in condition.parts if not _has_pattern(part))
    dear = tuple(compile_condition(part) for part in condition.parts if _has_pattern(part))

    def judged(view: View) -> Missed:
        missed = _HOLDS
        for judge in cheap:
            missed += judge(view)
        if missed:
            return missed
        caught = len(view.captured)
        for judge in dear:
            if missed := judge(view):
                del view.captured[caught:]
                return missed
        return _HOLDS

    return judged


def _judge_any(condition: AnyOf) -> Judge:
    parts = sorted(condition.parts, key=_has_pattern)
    judges = tuple(compile_condition(part) for part in parts)

    def judged(view: View) -> Missed:
        missed = _HOLDS
        for judge in judges:
            found = judge(view)
            if not found:
                return _HOLDS
            missed += found
        return missed

    return judged


def _has_pattern(condition: Condition) -> bool:
    return any(check.test == "matches" for check in checks_of(condition))
