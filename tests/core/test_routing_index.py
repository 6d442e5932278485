"""The index over rules finds what asking each of them finds, and tells of what is worth telling."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from maild.routing.conditions import AllOf, read_condition
from maild.routing.fields import FIELDS, Values
from maild.routing.index import found_by
from maild.routing.patterns import compile_pattern, literal_in
from maild.routing.rules import TRACE_KEPT, Actions, Predicate, Route, Rule, RuleSet, RuleTrace, is_usual, worth_telling

WORDS = (
    "invoice",
    "счёт",
    "оплата",
    "printer",
    "принтер",
    "возврат",
    "refund",
    "error",
    "ошибка",
    "доступ",
    "paid",
    "42",
)
FORMS = (*WORDS, "счета", "оплаты", "принтеры", "ошибок", "invoices", "printing", "pay", "Ё", "x")
DOMAINS = ("a.example", "mail.a.example", "b.example", "c.example", "кто.рф")
PEOPLE = tuple(f"{name}@{domain}" for name in ("ivan", "olga", "bob") for domain in DOMAINS)
LISTS = {"vip.txt": ("ivan@a.example", "b.example", "@кто.рф", "Bob"), "words.txt": ("refund", "счёт на оплату", "x y")}


def test_a_thousand_rules_with_an_index_say_what_they_say_one_after_another() -> None:
    """Random rules and mails: the same route, and of the trace what is worth telling."""
    chance = random.Random(4711)
    for _ in range(60):
        rules = tuple(_rule(chance, number) for number in range(chance.randint(31, 90)))
        quick = RuleSet(rules=(*rules, Rule(name="rest", when=None)))
        plain = quick.plain()
        for _ in range(12):
            mail = _mail(chance)
            found, wanted = quick.route(mail), plain.route(mail)
            assert replace(found, trace=()) == replace(wanted, trace=()), mail
            assert found.trace == _told(quick, wanted, mail)


def _told(rules: RuleSet, route: Route, mail: Values) -> tuple[RuleTrace, ...]:
    """What is worth telling of a whole trace, by the words of the page."""
    by_name = {rule.name: rule for rule in rules.rules}
    return worth_telling(t for t in route.trace if t.held or _nearly(by_name[t.rule], t, mail))


def _nearly(rule: Rule, trace: RuleTrace, mail: Values) -> bool:
    if len(trace.missed) != 1 or not isinstance(rule.when, AllOf):
        return False
    return any(Predicate(when=part)(mail) for part in found_by(rule.when) if not is_usual(part))


def _rule(chance: random.Random, number: int) -> Rule:
    reading = read_condition(_when(chance, 2), FIELDS, ("a", "b"), LISTS)
    assert reading.problems == ()
    then = Actions(tags=(f"t{number}",), queue=chance.choice((None, "a")), fields={"n": str(number)})
    return Rule(
        name=f"rule {number}",
        when=reading.condition,
        then=then,
        continues=chance.random() < 0.9,
        shadow=chance.random() < 0.1,
        stop=False,
    )


def _when(chance: random.Random, depth: int) -> dict[str, Any]:
    when: dict[str, Any] = {}
    for _ in range(chance.choice((1, 1, 2, 2, 3))):
        when |= chance.choice(_TESTS)(chance)
    if depth and chance.random() < 0.4:
        join = chance.choice(("any", "all", "not"))
        inner = [_when(chance, depth - 1) for _ in range(chance.choice((1, 2)))]
        when[join] = inner[0] if join == "not" else inner
    return when


def _some(chance: random.Random, values: tuple[str, ...]) -> list[str]:
    return chance.sample(values, chance.choice((1, 1, 2)))


_TESTS: tuple[Any, ...] = (
    lambda c: {c.choice(("subject", "body")): {"words": [" ".join(_some(c, WORDS)) for _ in range(c.choice((1, 2)))]}},
    lambda c: {c.choice(("subject", "body")): {"contains": _some(c, ("nvoi", "счет", "опл", "42", "x"))}},
    lambda c: {
        "subject": {"matches": c.choice((r"№\s*(?P<order>\d+)", r"invoice|счёт", r"(?P<w>err)or?", r"[pп]r\w+"))}
    },
    lambda c: {"from": {"domain": _some(c, ("a.example", "b.example", "example", "кто.рф"))}},
    lambda c: {c.choice(("from", "to", "cc")): _some(c, PEOPLE)},
    lambda c: {c.choice(("from", "subject")): {"in_list": _some(c, tuple(LISTS))}},
    lambda c: {"class": _some(c, ("person", "bulk", "list"))},
    lambda c: {"hour": {c.choice(("above", "below")): c.randint(5, 18)}},
    lambda c: {
        "header": {"X-A": c.choice(({"exists": c.random() < 0.5}, {"contains": "1"}, "1", {"matches": "[12]"}))}
    },
    lambda c: {"attachment": {"contains": "pdf"}},
)


def _mail(chance: random.Random) -> Values:
    text = " ".join(chance.choices(FORMS, k=12))
    mail: dict[str, Any] = {
        "from": (chance.choice(PEOPLE), chance.choice(("Bob", "Ivan"))),
        "to": tuple(chance.sample(PEOPLE, chance.randint(0, 2))),
        "subject": " ".join(chance.choices(FORMS, k=chance.randint(0, 4))) + chance.choice(("", " № 77")),
        "body": text,
        "class": chance.choice(("person", "bulk")),
        "hour": chance.randint(0, 23),
    }
    if chance.random() < 0.4:
        mail["header.x-a"] = (chance.choice(("1", "2", "11")),)
    if chance.random() < 0.3:
        mail |= {"cc": (chance.choice(PEOPLE),), "attachment": ("a.PDF",)}
    return mail


def test_what_is_told_of_very_many_rules_fits_a_page() -> None:
    """All that held, and so many that nearly did."""
    near = [_of(f"near {n}", {"subject": "x", "hour": {"above": 12}}) for n in range(100)]
    held = [_of(f"held {n}", {"subject": "x"}, continues=True) for n in range(5)]
    other = [_of(f"other {n}", {"subject": "y", "hour": {"above": 12}}) for n in range(100)]
    rules = RuleSet(rules=(*near, *other, *held, Rule(name="rest", when=None)))
    trace = rules.route({"subject": "x", "hour": 3}).trace
    assert len(trace) == TRACE_KEPT
    assert [t.rule for t in trace if t.held] == [*(f"held {n}" for n in range(5)), "rest"]
    assert {t.rule.split()[0] for t in trace if not t.held} == {"near"}
    assert len(rules.plain().route({"subject": "x", "hour": 3}).trace) == 206


def test_a_rule_of_which_only_the_usual_holds_did_not_nearly_hold() -> None:
    """That a mail is a person's, and that he is not proven, is so of most: the other test alone is no news."""
    usual = [
        _of(f"usual {n}", {"subject": {"words": f"w{n}"}, **also})
        for n in range(40)
        for also in ({"class": "person"}, {"auth": "none"})
    ]
    telling = _of("telling", {"subject": {"words": "prize"}, "from": {"domain": "x.example"}})
    rules = RuleSet(rules=(*usual, telling, Rule(name="rest", when=None)))
    trace = rules.route({"subject": "hi", "class": "person", "auth": "none", "from": ("a@x.example",)}).trace
    assert [t.rule for t in trace] == ["telling", "rest"]


def test_few_rules_are_all_told_of() -> None:
    """Where a page has room for every one."""
    rules = RuleSet(rules=(*(_of(f"r{n}", {"subject": "y"}) for n in range(5)), Rule(name="rest", when=None)))
    assert len(rules.route({"subject": "x"}).trace) == 6


def _of(name: str, when: dict[str, Any], *, continues: bool = False) -> Rule:
    return Rule(name=name, when=read_condition(when, FIELDS, ()).condition, continues=continues)


@pytest.mark.parametrize(
    ("pattern", "literal"),
    [
        (r"order\s*#?(?P<n>\d+)", "order"),
        (r"\bЗаказ\w*", "заказ"),
        (r"err|fault", ""),
        (r"(?:error|fault)", ""),
        (r"colou?r", "colo"),
        (r"abc*d", ""),
        (r"abcd{0,2}", "abc"),
        (r"abc+def", "abc"),
        (r"(?x) a b c", ""),
        (r"(?-i:ABC)xyz", ""),
        (r"invoice", "nvo"),
        (r"[abc]def", "def"),
        (r"a.c", ""),
    ],
)
def test_what_a_pattern_cannot_do_without_is_found(pattern: str, literal: str) -> None:
    """Nothing that may be absent, stands in a group, or has more forms than case folding knows."""
    assert literal_in(pattern) == literal


def test_no_text_that_a_pattern_is_found_in_lacks_its_literal() -> None:
    """Every letter of the first plane, wherever the pattern takes it for one of its own."""
    letters = "abcdefghjklmnopqrstuvwxyzßабвгдеёжзийклмнопрстуфхцчшщъыьэюя0123456789àéöñςσ"
    for letter in letters:
        pattern = compile_pattern(letter * 3)
        literal = literal_in(letter * 3)
        for point in range(0x20, 0x10000):
            other = chr(point)
            if other.isalpha() and (other.lower() == letter or other.upper() == letter.upper() or not other.isascii()):
                text = other * 3
                if pattern.search(text, timeout=1) is not None:
                    assert literal in text.casefold(), (letter, hex(point))
