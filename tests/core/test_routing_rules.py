"""Rules in their order: which decides, what each adds, why the others did not hold, and how long patterns may take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest

from maild.routing.conditions import read_condition
from maild.routing.fields import MAIL_FIELDS
from maild.routing.patterns import compile_pattern, is_slow
from maild.routing.rules import Actions, Route, Rule, RuleSet

Then = dict[str, Any]
DEFAULT = Rule(name="rest", when=None)


def rule(name: str, when: dict[str, Any], *, continues: bool = False, shadow: bool = False, **then: Any) -> Rule:
    """A rule from its `when` and its actions."""
    reading = read_condition(when, MAIL_FIELDS, ("a", "b"))
    assert reading.problems == ()
    return Rule(name=name, when=reading.condition, then=Actions(**then), continues=continues, shadow=shadow)


def route(*rules: Rule, stopwatch: Callable[[], float] | None = None, **mail: Any) -> Route:
    """What rules say of a mail."""
    return RuleSet(rules=(*rules, DEFAULT), stopwatch=stopwatch or (lambda: 0.0)).route(mail)


def test_the_first_rule_that_holds_decides() -> None:
    """Those below are not asked."""
    found = route(
        rule("one", {"subject": "x"}, queue="a"),
        rule("two", {"subject": "y"}, queue="b"),
        rule("three", {"subject": "y"}),
        subject="y",
    )
    assert (found.queue, found.rule) == ("b", "two")
    assert [(t.rule, t.held) for t in found.trace] == [("one", False), ("two", True)]


def test_the_default_takes_what_is_left_and_leaves_the_rest_open() -> None:
    """Queue, line and priority then come from elsewhere."""
    found = route(rule("one", {"subject": "x"}, queue="a"), subject="y")
    assert (found.queue, found.line, found.priority, found.letter, found.acknowledge, found.rule) == (
        None, None, None, None, True, "rest",
    )  # fmt: skip


def test_without_any_rule_the_route_is_open() -> None:
    """As for a team that has no rules yet."""
    assert RuleSet().route({"subject": "x"}) == Route()


def test_a_rule_that_continues_adds_its_part_and_what_was_said_first_stands() -> None:
    """Tags add up, fields are joined, everything else is the word of the first to speak of it."""
    found = route(
        rule(
            "one",
            {"subject": "x"},
            continues=True,
            priority="high",
            tags=("t", "u"),
            fields={"f": "1"},
            acknowledge=False,
        ),
        rule("two", {"subject": "z"}, continues=True, priority="low"),
        rule(
            "three",
            {"subject": "x"},
            queue="a",
            priority="low",
            tags=("u", "v"),
            fields={"f": "2", "g": "3"},
            acknowledge=True,
        ),
        subject="x",
    )
    assert (found.queue, found.priority, found.tags, found.rule) == ("a", "high", ("t", "u", "v"), "three")
    assert found.fields == {"f": "1", "g": "3"}
    assert found.acknowledge is False


def test_a_shadow_rule_is_written_down_and_does_nothing() -> None:
    """Neither its actions nor what its patterns caught."""
    found = route(rule("one", {"subject": {"matches": "(?P<n>x)"}}, shadow=True, queue="a", tags=("t",)), subject="x")
    assert (found.queue, found.tags, found.fields, found.rule) == (None, (), {}, "rest")
    assert [(t.held, t.shadow) for t in found.trace] == [(True, True), (True, False)]


def test_spam_and_letter_and_line_and_assignee_reach_the_route() -> None:
    """Every action has its place."""
    found = route(rule("one", {"subject": "x"}, spam=True, letter="l", line=2, assignee="anna"), subject="x")
    assert (found.spam, found.letter, found.line, found.assignee) == (True, "l", 2, "anna")


def test_named_groups_become_fields_of_the_ticket() -> None:
    """As one line, and only of the patterns that took part in holding."""
    never = {"subject": {"matches": "(?P<never>o)"}}
    half = {"subject": {"matches": "(?P<no>order)"}, "body": {"matches": "nothing"}}
    found = route(
        rule("one", {"subject": {"matches": "order (?P<order>\\d+)(?P<none>z)?"}, "hour": 3}, continues=True),
        rule("two", {"any": [half, {"subject": {"matches": "order"}}]}, continues=True),
        rule("three", {"any": [{"not": never}, {"body": {"matches": "a"}}]}, continues=True),
        rule("four", {"body": {"matches": "(?P<two>a\\s+b)"}}),
        subject="Order 77", hour=3, body="x a\n b",
    )  # fmt: skip
    assert found.fields == {"order": "77", "two": "a b"}


def test_what_did_not_hold_is_said_in_words() -> None:
    """Every test of the rule that failed; patterns only where all else held."""
    asked = ["invoice", "счёт"]
    found = route(
        rule("one", {"subject": {"words": asked}, "from": {"domain": "x.example"}, "body": {"matches": "a"}}),
        rule("two", {"any": [{"hour": 3}, {"subject": {"contains": "y"}}]}),
        rule("three", {"not": {"subject": "x"}}),
        rule("four", {"subject": {"matches": ["a", "b"]}}),
        rule("five", {"size": {"above": "5MB"}, "header": {"X-A": {"exists": True}}}),
        subject="x", size=7,
    )  # fmt: skip
    assert [t.missed for t in found.trace] == [
        ("subject has none of the words invoice, счёт", "from is not of the domain x.example"),
        ("hour is not 3", "subject does not contain y"),
        ("it must not be that subject is x",),
        ("subject matches none of a, b",),
        ("size is not above 5MB", "there is no header.x-a"),
        (),
    ]


def ticking(step: float) -> Callable[[], float]:
    """A stopwatch that goes on by a step each time it is looked at."""
    times: Iterator[float] = (n * step for n in count())
    return lambda: next(times)


@pytest.mark.fault("H4")
def test_all_patterns_together_have_a_tenth_of_a_second() -> None:
    """What is left then counts as not matching, and is named; other tests go on."""
    slow = [rule(f"p{n}", {"subject": {"matches": "y" if n < 5 else "x"}}, queue="a") for n in range(8)]
    found = route(*slow, rule("words", {"subject": {"words": "x"}}, queue="b"), stopwatch=ticking(0.03), subject="x")
    assert (found.queue, found.timeouts) == ("b", ("p4", "p5", "p6", "p7"))


def test_each_mail_has_the_whole_time_again() -> None:
    """Nothing is carried over from a mail that used it up."""
    rules = RuleSet(
        rules=(*(rule(f"p{n}", {"subject": {"matches": "y"}}) for n in range(8)), DEFAULT), stopwatch=ticking(0.03)
    )
    assert rules.route({"subject": "x"}).timeouts == rules.route({"subject": "x"}).timeouts != ()


@pytest.mark.fault("H4")
def test_a_pattern_that_would_take_for_ever_is_cut_off() -> None:
    """Ten of them on a long subject: the mail is routed all the same, in time."""
    evil = r"(?:x?){25}(?:\w*\d*\w*){6}$(?<=!!)"
    rules = [rule(f"evil {n}", {"subject": {"matches": evil}}, queue="a") for n in range(10)]
    started = time.thread_time()
    found = route(*rules, stopwatch=time.thread_time, subject="x" * 80_000)
    assert time.thread_time() - started < 0.5
    assert found.rule == "rest"
    assert len(found.timeouts) == 10


def test_once_a_pattern_was_cut_off_no_other_is_tried() -> None:
    """Also where nobody holds a stopwatch."""
    evil = r"(?:x?){25}(?:\w*\d*\w*){6}$(?<=!!)"
    rules = [rule(f"evil {n}", {"subject": {"matches": evil}}) for n in range(10)]
    started = time.thread_time()
    assert len(route(*rules, subject="x" * 80_000).timeouts) == 10
    assert time.thread_time() - started < 0.5


@pytest.mark.parametrize(
    "pattern", ["(", "[a", "*", "(?P<n>a)(?P<1>b)", "a" * 3000, "((a{1000}){1000}){1000}", "(?P<x", "\\"]
)
def test_a_broken_pattern_is_refused_in_words(pattern: str) -> None:
    """Also one that would take all memory while it is compiled."""
    with pytest.raises(ValueError, match="pattern"):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(\\w+\\s?)+!", "((a+))*", "(a+|b)*c", "(a+?)+", "(?:.*)*", "([a-z]+)*", "(a{2,})+"]
)
@pytest.mark.fault("H4")
def test_repeats_of_repeats_are_told(pattern: str) -> None:
    """The shapes that take exponential time."""
    assert is_slow(pattern)


@pytest.mark.parametrize(
    "pattern",
    ["a+b*", "(\\w+,)*", "(ab)+", "\\(a+\\)+", "[(+]+(x)", "(?P<n>\\d+)-(?P<m>\\d+)", "(a+)?", "(a+){3}", ")("],
)
def test_other_patterns_are_not_told(pattern: str) -> None:
    """Escapes, classes, parts that divide the repeats, counted repeats."""
    assert not is_slow(pattern)


def test_a_thousand_rules_are_quick() -> None:
    """Far within ten milliseconds a mail, for a slow machine's sake; the benchmark measures the real figure."""
    kinds: tuple[Callable[[int], dict[str, Any]], ...] = (
        lambda n: {"from": {"domain": f"client{n}.example"}},
        lambda n: {"subject": {"words": [f"слово{n}", "приветствие"]}},
        lambda n: {"body": {"contains": f"needle {n}"}},
        lambda n: {"subject": {"matches": rf"order #?{n}\d"}},
    )
    rules = RuleSet(rules=(*(rule(f"r{n}", kinds[n % 4](n)) for n in range(1000)), DEFAULT), stopwatch=time.thread_time)
    mail = {
        "from": ("bob@x.example",),
        "subject": "Вопрос про order # 77",
        "body": "Добрый день, у нас не работает принтер. " * 130,
    }
    rules.route(mail)
    took = []
    for _ in range(10):
        started = time.thread_time()
        assert rules.route(mail).rule == "rest"
        took.append(time.thread_time() - started)
    assert min(took) < 0.01  # the others may have met a busy machine
