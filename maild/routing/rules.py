"""Rules in their order, and the route that they give a mail. The admins' files are read in `maild/config`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from maild.routing.checks import Check
from maild.routing.conditions import AllOf, Condition, Judge, Missed, compile_condition, events_of, vocabulary_of
from maild.routing.fields import Values
from maild.routing.index import Index, found_by
from maild.routing.schedule import Schedule, whatever_the_clock
from maild.routing.view import View
from maild.routing.words import Vocabulary

T = TypeVar("T")
TRACE_KEPT = 30
"""Rules that a decision tells of, where there are very many."""
_FEW = TRACE_KEPT
"""So many rules are asked one after another, and each is told of."""
_USUAL = {"class": "person", "auth": "none", "last_from": "customer"}
SCHEDULE = "schedule"
"""The event at which each rule is asked by itself, since each has a time of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One of several agents: `by` "load" or "turn", `among` their ids; (): those who serve the ticket's queue and line.

    Whom it falls on is not known here.
    """

    by: str
    among: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"by {self.by}" + (f" among {', '.join(self.among)}" if self.among else "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Actions:
    """What a rule does; None: it says nothing of that. docs/rules.md tells each."""

    queue: str | None = None
    line: int | None = None
    assignee: str | Choice | None = None
    priority: str | None = None
    tags: tuple[str, ...] = ()
    letter: str | None = None
    acknowledge: bool | None = None
    spam: bool | None = None
    reject: bool | None = None
    untag: tuple[str, ...] = ()
    status: str | None = None
    reply: str | None = None
    note: str | None = None
    tell: tuple[str, ...] = ()
    forward: tuple[str, ...] = ()
    webhook: tuple[str, ...] = ()
    sla: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One rule. `when` is None for the default, which holds for every mail that opens a ticket.

    `continues`: the rules below it are asked too. `stop`: neither they nor those of what follows from the same cause.
    `shadow`: it is only written down what it would have done.
    """

    name: str
    file: str = ""
    line: int = 0
    when: Condition | None
    then: Actions = field(default_factory=Actions)
    continues: bool = False
    stop: bool = False
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
    """What the rules say. What is None is left to the address written to and to the defaults, or stays as it is.

    `rule` is the one that decided ("" where none held). `parts` are those that held, with what each does. `timeouts`
    names the rules of which a pattern was cut off or not tried, because all patterns together had used up their time:
    those did not hold.
    """

    queue: str | None = None
    line: int | None = None
    assignee: str | Choice | None = None
    priority: str | None = None
    tags: tuple[str, ...] = ()
    letter: str | None = None
    acknowledge: bool = True
    spam: bool = False
    reject: bool = False
    untag: tuple[str, ...] = ()
    status: str | None = None
    reply: str | None = None
    sla: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    rule: str = ""
    stopped: bool = False
    parts: tuple[tuple[str, Actions], ...] = ()
    trace: tuple[RuleTrace, ...] = ()
    timeouts: tuple[str, ...] = ()

    def by(self, *actions: str) -> str:
        """The rule whose word counts for one of these actions; the one that decided where none speaks of it."""
        said = (r for r, then in self.parts if any(getattr(then, a) not in (None, (), {}) for a in actions))
        return next(said, self.rule)

    @property
    def shadows(self) -> tuple[str, ...]:
        """The rules that held and are only written down."""
        return tuple(asked.rule for asked in self.trace if asked.held and asked.shadow)


def _no_time_passes() -> float:
    return 0.0


def is_usual(part: Condition) -> bool:
    """Whether a test holds for most mails, so that nothing is told by its holding."""
    return isinstance(part, Check) and _USUAL.get(part.field) in part.values


class _Compiled:
    """A rule ready to be asked. Traces are kept, since most mails miss a rule in one of a few ways."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.judge: Judge = compile_condition(rule.when) if rule.when is not None else lambda _view: ()
        self._traces: dict[Missed, RuleTrace] = {}
        telling = found_by(rule.when) if isinstance(rule.when, AllOf) else ()
        self._telling: tuple[Judge, ...] = tuple(compile_condition(part) for part in telling if not is_usual(part))

    def nearly(self, view: View, missed: Missed) -> bool:
        """Whether one test of several missed, and a part that tells much held."""
        if len(missed) != 1:
            return False
        caught, late = len(view.captured), view.timed_out
        held = any(not judge(view) for judge in self._telling)
        del view.captured[caught:]
        view.timed_out = late
        return held

    def trace(self, missed: Missed) -> RuleTrace:
        found = self._traces.get(missed)
        if found is None:
            rule = self.rule
            found = RuleTrace(rule=rule.name, held=not missed, missed=missed, shadow=rule.shadow)
            self._traces[missed] = found
        return found


class _Event:
    """The rules of one event in their order. Events that no rule speaks of cost nothing.

    With an index only the rules that may hold are asked, with the same outcome; then the trace is short: those that
    held, and those that missed by one test.
    """

    def __init__(self, rules: Iterable[Rule], stopwatch: Callable[[], float], *, indexed: bool) -> None:
        self._compiled = tuple(_Compiled(rule) for rule in rules)
        conditions = [c.rule.when for c in self._compiled]
        self._vocabulary = vocabulary_of(when for when in conditions if when is not None)
        self._stopwatch = stopwatch
        self._index = Index(conditions) if indexed else None

    def route(self, values: Values) -> Route:
        """The first that holds decides, and those before it that went on add to it."""
        view = View(values, self._vocabulary, self._stopwatch)
        held: list[tuple[Rule, list[tuple[str, str]]]] = []
        trace: list[RuleTrace] = []
        timeouts: list[str] = []
        decided = ""
        for compiled in self._asked(view):
            rule = compiled.rule
            missed = compiled.judge(view)
            if self._index is None or not missed or compiled.nearly(view, missed):
                trace.append(compiled.trace(missed))
            if view.timed_out:
                timeouts.append(rule.name)
                view.timed_out = False
            if missed or rule.shadow:
                view.captured.clear()
                continue
            held.append((rule, view.captured.copy()))
            view.captured.clear()
            if rule.stop or not rule.continues:
                decided = rule.name
                break
        told = tuple(trace) if self._index is None else worth_telling(trace)
        return _joined(held, decided, told, tuple(timeouts))

    def holds(self, values: Values) -> bool:
        """Whether its first rule does, and nothing else: what is asked far more often than anything is done."""
        return not self._compiled[0].judge(View(values, self._vocabulary, self._stopwatch))

    def _asked(self, view: View) -> Iterable[_Compiled]:
        if self._index is None:
            return self._compiled
        return (self._compiled[position] for position in self._index.candidates(view))


def worth_telling(trace: Iterable[RuleTrace]) -> tuple[RuleTrace, ...]:
    """All that held, and of those that nearly did no more than fit a page."""
    asked = tuple(trace)
    room = TRACE_KEPT - sum(one.held for one in asked)
    kept = []
    for one in asked:
        if one.held or room > 0:
            kept.append(one)
            room -= not one.held
    return tuple(kept)


@dataclass(frozen=True, kw_only=True)
class RuleSet:
    """All rules in their order. `stopwatch` counts seconds, for the time that patterns may take for one mail."""

    rules: tuple[Rule, ...] = ()
    stopwatch: Callable[[], float] = _no_time_passes
    indexed: bool = True
    """Whether only those rules are asked that may hold; without it every one is, and traced."""
    schedules: tuple[Schedule, ...] = field(init=False, repr=False, compare=False)
    """The rules that only time brings about, each asked by itself."""
    _events: Mapping[str, _Event] = field(init=False, repr=False, compare=False)
    _scheduled: Mapping[str, _Event] = field(init=False, repr=False, compare=False)
    _whenever: Mapping[str, _Event] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        of_event: dict[str, list[Rule]] = {}
        for rule in self.rules:
            for event in events_of(rule.when):
                of_event.setdefault(event, []).append(rule)
        timed = [(rule, rule.when) for rule in of_event.pop(SCHEDULE, []) if rule.when is not None]
        events = {
            event: _Event(rules, self.stopwatch, indexed=self.indexed and len(rules) > _FEW)
            for event, rules in of_event.items()
        }
        object.__setattr__(self, "_events", events)
        alone = {rule.name: _Event((rule,), self.stopwatch, indexed=False) for rule, _ in timed}
        object.__setattr__(self, "_scheduled", alone)
        relaxed = (replace(rule, when=whatever_the_clock(when)) for rule, when in timed)
        by_day = {rule.name: _Event((rule,), self.stopwatch, indexed=False) for rule in relaxed}
        object.__setattr__(self, "_whenever", by_day)
        schedules = tuple(Schedule(rule=rule.name, when=when, shadow=rule.shadow) for rule, when in timed)
        object.__setattr__(self, "schedules", schedules)

    def plain(self) -> RuleSet:
        """The same rules, asked one after another: slower, and each is traced."""
        return replace(self, indexed=False)

    def speaks_of(self, event: str) -> bool:
        """Whether any rule is asked at this event."""
        return event in self._events or (event == SCHEDULE and bool(self.schedules))

    def route(self, values: Values) -> Route:
        """What the rules say of what has happened: `event` names it, a new ticket where it is left out."""
        event = self._events.get(str(values.get("event", "new")))
        return event.route(values) if event is not None else Route()

    def route_by(self, rule: str, values: Values) -> Route:
        """What one of the rules of time says, asked by itself."""
        return self._scheduled[rule].route(values)

    def would_hold(self, rule: str, values: Values, *, at_some_hour: bool = False) -> bool:
        """Whether one of the rules of time holds; `at_some_hour`: whatever it says of hours and days."""
        return (self._whenever if at_some_hour else self._scheduled)[rule].holds(values)


def _joined(
    held: list[tuple[Rule, list[tuple[str, str]]]],
    rule: str,
    trace: tuple[RuleTrace, ...],
    timeouts: tuple[str, ...],
) -> Route:
    """One route of all that held: the first to speak of a thing has the say, tags add up."""
    actions = [rule.then for rule, _ in held]
    fields: dict[str, str] = {}
    for one, captured in held:
        for name, value in (*one.then.fields.items(), *captured):
            fields.setdefault(name, value)
    acknowledge = _first(then.acknowledge for then in actions)
    assignee: str | Choice | None = next((t.assignee for t in actions if t.assignee is not None), None)
    return Route(
        queue=_first(then.queue for then in actions),
        line=_first(then.line for then in actions),
        assignee=assignee,
        priority=_first(then.priority for then in actions),
        tags=_all(then.tags for then in actions),
        letter=_first(then.letter for then in actions),
        acknowledge=True if acknowledge is None else acknowledge,
        spam=bool(_first(then.spam for then in actions)),
        reject=bool(_first(then.reject for then in actions)),
        untag=_all(then.untag for then in actions),
        status=_first(then.status for then in actions),
        reply=_first(then.reply for then in actions),
        sla=_first(then.sla for then in actions),
        fields=fields,
        rule=rule,
        stopped=any(one.stop for one, _ in held),
        parts=tuple((one.name, _with_captured(one.then, captured)) for one, captured in held),
        trace=trace,
        timeouts=timeouts,
    )


def _with_captured(then: Actions, captured: list[tuple[str, str]]) -> Actions:
    """What a rule does: what its patterns caught is set as well, so that it is known whose word it is."""
    return replace(then, fields={**dict(reversed(captured)), **then.fields}) if captured else then


def _all(values: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for some in values for value in some))


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
