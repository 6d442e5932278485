"""Rules in their order, and the route that they give a mail. The admins' files are read in `maild/config`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from maild.routing.conditions import Condition, Judge, Missed, compile_condition, vocabulary_of
from maild.routing.fields import Values
from maild.routing.view import View
from maild.routing.words import Vocabulary

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Actions:
    """What a rule makes of a mail; None: it says nothing of that."""

    queue: str | None = None
    line: int | None = None
    assignee: str | None = None
    priority: str | None = None
    tags: tuple[str, ...] = ()
    letter: str | None = None
    acknowledge: bool | None = None
    spam: bool | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One rule. `when` is None for the default, which holds for every mail.

    `continues`: the rules below it are asked too. `shadow`: it is only written down what it would have done.
    """

    name: str
    file: str = ""
    line: int = 0
    when: Condition | None
    then: Actions = field(default_factory=Actions)
    continues: bool = False
    shadow: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleTrace:
    """One rule that was asked: whether it held, and if not, what in it did not."""

    rule: str
    held: bool
    missed: tuple[str, ...] = ()
    shadow: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """What the rules say of a mail. What is None is left to the address written to and to the defaults.

    `rule` is the one that decided ("" where none held). `timeouts` names the rules of which a pattern was cut off or
    not tried, because all patterns together had used up their time: those did not hold.
    """

    queue: str | None = None
    line: int | None = None
    assignee: str | None = None
    priority: str | None = None
    tags: tuple[str, ...] = ()
    letter: str | None = None
    acknowledge: bool = True
    spam: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)
    rule: str = ""
    trace: tuple[RuleTrace, ...] = ()
    timeouts: tuple[str, ...] = ()


def _no_time_passes() -> float:
    return 0.0


class _Compiled:
    """A rule ready to be asked. Traces are kept, since most mails miss a rule in one of a few ways."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.judge: Judge = compile_condition(rule.when) if rule.when is not None else lambda _view: ()
        self._traces: dict[Missed, RuleTrace] = {}

    def trace(self, missed: Missed) -> RuleTrace:
        found = self._traces.get(missed)
        if found is None:
            rule = self.rule
            found = RuleTrace(rule=rule.name, held=not missed, missed=missed, shadow=rule.shadow)
            self._traces[missed] = found
        return found


@dataclass(frozen=True, kw_only=True)
class RuleSet:
    """All rules in their order. `stopwatch` counts seconds, for the time that patterns may take for one mail."""

    rules: tuple[Rule, ...] = ()
    stopwatch: Callable[[], float] = _no_time_passes
    _compiled: tuple[_Compiled, ...] = field(init=False, repr=False, compare=False)
    _vocabulary: Vocabulary = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        conditions = (rule.when for rule in self.rules if rule.when is not None)
        object.__setattr__(self, "_compiled", tuple(_Compiled(rule) for rule in self.rules))
        object.__setattr__(self, "_vocabulary", vocabulary_of(conditions))

    def route(self, values: Values) -> Route:
        """What the rules say of a mail: the first that holds decides, and those before it that went on add to it."""
        view = View(values, self._vocabulary, self.stopwatch)
        held: list[tuple[Actions, list[tuple[str, str]]]] = []
        trace: list[RuleTrace] = []
        timeouts: list[str] = []
        decided = ""
        for compiled in self._compiled:
            rule = compiled.rule
            missed = compiled.judge(view)
            trace.append(compiled.trace(missed))
            if view.timed_out:
                timeouts.append(rule.name)
                view.timed_out = False
            if missed or rule.shadow:
                view.captured.clear()
                continue
            held.append((rule.then, view.captured.copy()))
            view.captured.clear()
            if not rule.continues:
                decided = rule.name
                break
        return _joined(held, decided, tuple(trace), tuple(timeouts))


def _joined(
    held: list[tuple[Actions, list[tuple[str, str]]]],
    rule: str,
    trace: tuple[RuleTrace, ...],
    timeouts: tuple[str, ...],
) -> Route:
    """One route of all that held: the first to speak of a thing has the say, tags add up."""
    actions = [then for then, _ in held]
    fields: dict[str, str] = {}
    for then, captured in held:
        for name, value in (*then.fields.items(), *captured):
            fields.setdefault(name, value)
    acknowledge = _first(then.acknowledge for then in actions)
    return Route(
        queue=_first(then.queue for then in actions),
        line=_first(then.line for then in actions),
        assignee=_first(then.assignee for then in actions),
        priority=_first(then.priority for then in actions),
        tags=tuple(dict.fromkeys(tag for then in actions for tag in then.tags)),
        letter=_first(then.letter for then in actions),
        acknowledge=True if acknowledge is None else acknowledge,
        spam=bool(_first(then.spam for then in actions)),
        fields=fields,
        rule=rule,
        trace=trace,
        timeouts=timeouts,
    )


def _first(values: Iterable[T | None]) -> T | None:
    return next((value for value in values if value is not None), None)


@dataclass(frozen=True, kw_only=True)
class Predicate:
    """A condition by itself, as a promise has one; without one it fits everything."""

    when: Condition | None
    stopwatch: Callable[[], float] = _no_time_passes
    _judge: Judge = field(init=False, repr=False, compare=False)
    _vocabulary: Vocabulary = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        judge: Judge = compile_condition(self.when) if self.when is not None else lambda _view: ()
        object.__setattr__(self, "_judge", judge)
        object.__setattr__(self, "_vocabulary", vocabulary_of(iter((self.when,) if self.when is not None else ())))

    def __call__(self, values: Values) -> bool:
        """Whether it holds for these fields."""
        return not self._judge(View(values, self._vocabulary, self.stopwatch))
