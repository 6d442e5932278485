"""What is told of rules that never hold, or never have their turn, is so for every mail that can be thought of."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from random import Random

import pytest

from maild.routing.conditions import Reading, read_condition
from maild.routing.cover import hidden_together, narrowed, taken_away
from maild.routing.fields import FIELDS
from maild.routing.lint import deciders, hidden_rules, impossible
from maild.routing.rules import Actions, Rule, RuleSet

HOURS = (0, 5, 8, 9, 12, 17, 23)
MAILS = [
    {"event": "new", "subject": subject, "from": sender, "hour": hour, "auth": auth, "class": "person", "size": size}
    for subject, sender, hour, auth, size in product(
        ("", "red", "blue", "red blue"),
        (("a@x.example",), ("a@sub.x.example", "b@y.example"), ("c@z.example",)),
        HOURS,
        ("none", "verified", "agent"),
        (1, 2_000_000),
    )
]


def one_test(random: Random) -> dict[str, object]:
    """A test on one field."""
    return random.choice(
        [
            {"subject": {"words": random.sample(["red", "blue"], random.choice([1, 2]))}},
            {"subject": {"exists": random.random() < 0.5}},
            {"from": {"domain": random.sample(["x.example", "sub.x.example", "y.example"], random.choice([1, 2]))}},
            {"hour": {random.choice(["above", "below"]): random.choice([5, 8, 9, 12])}},
            {"auth": random.sample(["none", "verified", "agent"], random.choice([1, 2]))},
            {"size": {random.choice(["above", "below"]): "1MB"}},
        ]
    )


def any_condition(random: Random, depth: int = 2) -> dict[str, object]:
    """A condition of a few tests, joined in some way."""
    kind = random.choice(["test", "test", "all", "any", "not"]) if depth else "test"
    if kind == "test":
        return one_test(random)
    if kind == "not":
        return {"not": any_condition(random, depth - 1)}
    return {kind: [any_condition(random, depth - 1) for _ in range(2)]}


def rules_of(random: Random, count: int) -> tuple[list[Rule], dict[str, Reading]]:
    """Some rules, and how each was read."""
    rules, readings = [], {}
    for number in range(count):
        reading = read_condition(any_condition(random), FIELDS, ("support",))
        if reading.condition is not None:
            name = f"R{number}"
            readings[name] = reading
            rules.append(Rule(name=name, when=reading.condition, then=Actions(line=2)))
    return rules, readings


@pytest.mark.parametrize("seed", range(120))
def test_a_rule_that_is_told_to_be_hidden_decides_no_mail(seed: int) -> None:
    """Whether one earlier rule hides it, or several do; nor does one hold of which that is told to be impossible."""
    rules, _ = rules_of(Random(seed), 7)
    hidden = {rule.name for rule, _ in hidden_rules(tuple(rules))}
    hidden |= {rule.name for rule, _ in hidden_together(rules, frozenset(hidden), FIELDS)}
    hidden |= {rule.name for rule in rules if rule.when is not None and impossible(rule.when, FIELDS)}
    whole = RuleSet(rules=tuple(rules), indexed=False)
    assert not hidden & {whole.route(mail).rule for mail in MAILS}


@pytest.mark.parametrize("seed", range(60))
def test_a_value_that_is_told_to_be_taken_away_changes_nothing(seed: int) -> None:
    """With that value alone its rule decides no mail."""
    rules, readings = rules_of(Random(seed), 6)
    for place, rule in enumerate(rules):
        tests = dict(readings[rule.name].tests)
        for path, shown, taker in taken_away(rule, tuple(tests.items()), tuple(deciders(rules[:place]))):
            check = tests.get(path) or tests[path[:-1]]
            value = check.values[check.shown.index(shown)]
            assert rule.when is not None
            alone = Rule(name="alone", when=narrowed(rule.when, check, replace(check, values=(value,))), then=Actions())
            asked = RuleSet(rules=(*rules[:place], alone), indexed=False)
            assert not [mail for mail in MAILS if asked.route(mail).rule == "alone"], (path, taker)


def test_doubts_are_told_at_all() -> None:
    """The rules that are made up here have some of each kind, or nothing was tried."""
    together = alone = away = 0
    for seed in range(120):
        rules, readings = rules_of(Random(seed), 7)
        known = frozenset(rule.name for rule, _ in hidden_rules(tuple(rules)))
        alone += len(known)
        together += sum(1 for _ in hidden_together(rules, known, FIELDS))
        for place, rule in enumerate(rules):
            away += sum(1 for _ in taken_away(rule, readings[rule.name].tests, tuple(deciders(rules[:place]))))
    assert (alone > 50, together > 20, away > 20) == (True, True, True), (alone, together, away)
