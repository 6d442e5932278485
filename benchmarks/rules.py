"""What the rules cost a mail: with the index and asked one after another, in the same run.

`python benchmarks/rules.py [--rounds N] [--mails N]`: CPU time per mail in microseconds, the two taken in turns, the
median of the rounds; for 1, 100 and 1,000 rules of a mix: sender domains (40 %), words of the subject or text (30 %),
parts of a text (15 %), regular expressions (15 %), a third of them with a second condition.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from typing import Any

from maild.routing.conditions import read_condition
from maild.routing.fields import FIELDS, Values
from maild.routing.rules import Actions, Rule, RuleSet

_SYLLABLES = ("ka", "lo", "mi", "ter", "ван", "ри", "сто", "na", "ple", "го", "ше", "den", "co", "ба", "лин", "er")
_TEXT = 3000


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--mails", type=int, default=100)
    given = options.parse_args()
    chance = random.Random(7)  # noqa: S311  # the same rules and mails each time
    words = sorted({"".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4))) for _ in range(6000)})
    mails = [_mail(chance, words) for _ in range(given.mails)]
    size = statistics.median(len(str(mail["body"]).encode()) for mail in mails)
    print(f"{given.mails} mails of {size:.0f} bytes of text, {given.rounds} rounds, microseconds of CPU time per mail")
    for count in (1, 100, 1000):
        rules = RuleSet(rules=(*(_rule(chance, words, n) for n in range(count)), Rule(name="rest", when=None)))
        quick, plain = _rounds(rules, rules.plain(), mails, given.rounds)
        ratio = statistics.median(a / b for a, b in zip(quick, plain, strict=True))
        shown = [f"{statistics.median(s):8.0f} ({min(s):.0f} to {max(s):.0f})" for s in (quick, plain)]
        print(f"  {count:5} rules: with the index {shown[0]}, one after another {shown[1]}, ratio {ratio:.2f}")


def _rounds(quick: RuleSet, plain: RuleSet, mails: list[Values], rounds: int) -> tuple[list[float], list[float]]:
    """Microseconds per mail of each round for both, taken in turns; the first round only warms up."""
    spent: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 1):
        sums = [0, 0]
        for mail in mails:
            for place, rules in enumerate((quick, plain)):
                start = time.process_time_ns()
                rules.route(mail)
                sums[place] += time.process_time_ns() - start
        if number:
            for place in (0, 1):
                spent[place].append(sums[place] / 1000 / len(mails))
    return spent


def _mail(chance: random.Random, words: list[str]) -> Values:
    text: list[str] = []
    while sum(len(word.encode()) + 1 for word in text) < _TEXT:
        text.extend(chance.choices(words, k=20))
    body = " ".join(text)
    return {
        "from": (f"{chance.choice(words)}@mail.firm{chance.randint(0, 5000)}.example", "Somebody"),
        "to": ("support@desk.example",),
        "subject": " ".join(chance.choices(words, k=6)),
        "body": body,
        "reply": body,
        "class": "person",
        "language": "ru",
        "size": len(body) * 2,
        "hour": 10,
        "header.x-mailer": ("Mailer 1.0",),
    }


def _rule(chance: random.Random, words: list[str], number: int) -> Rule:
    kind, word = chance.random(), chance.choice(words)
    when: dict[str, Any]
    if kind < 0.4:
        when = {"from": {"domain": f"firm{chance.randint(0, 5000)}.example"}}
    elif kind < 0.7:
        when = {
            chance.choice(("subject", "subject", "reply")): {"words": [f"{word}ый", f"{chance.choice(words)} {word}"]}
        }
    elif kind < 0.85:
        when = {chance.choice(("subject", "body")): {"contains": f"{word}-{number}"}}
    else:
        when = {chance.choice(("subject", "subject", "body")): {"matches": rf"\b{word}\s*#?(?P<n>\d{{4,}})"}}
    if chance.random() < 0.33:
        when |= chance.choice(({"class": "person"}, {"hour": {"above": 18}}, {"header": {"X-Spam": "yes"}}))
    reading = read_condition(when, FIELDS, ())
    return Rule(name=f"rule {number}", when=reading.condition, then=Actions(tags=(word,)))


if __name__ == "__main__":
    main()
