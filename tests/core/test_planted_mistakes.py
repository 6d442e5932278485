"""Mistakes that were planted into the rules: each is found with its code at its line and column, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from maild.config.policy import check_policy
from maild.config.settings import load_settings

DESK = load_settings(None).desk
TEAMS = """[[agent]]
id = "anna"
name = "Anna"
address = "anna@desk.example"

[[queue]]
name = "support"
agents = ["anna"]
default = true

[[queue]]
name = "billing"
address = "billing@desk.example"
agents = ["anna"]
"""
SLA = """[[calendar]]
name = "always"

[[promise]]
name = "standard"
calendar = "always"
first_response = "4h"
"""
LAST = '\n[[rule]]\nname = "Rest"\ndefault = true\n'


class Planted(NamedTuple):
    """A rule with a mistake; where it is to be found, counted from the first line of the rule, and by which code."""

    code: str
    line: int
    column: int
    rule: str


def rule(keys: str, name: str = "A") -> str:
    """A rule in lines: its name is the second one, its keys begin on the third."""
    return f'[[rule]]\nname = "{name}"\n{keys}\n'


ERRORS = [
    Planted("unknown-key", 3, 6, rule('when.subjct = "x"')),
    Planted("unknown-key", 3, 18, rule('when.subject = { wrds = ["x"] }')),
    Planted("unknown-key", 4, 6, rule('when.subject = "x"\nthen.qeue = "billing"')),
    Planted("unknown-key", 3, 1, rule('wen.subject = "x"\nwhen.subject = "y"')),
    Planted("missing-key", 1, 1, rule('then.queue = "billing"')),
    Planted("bad-value", 3, 14, rule("when.class = 7")),
    Planted("bad-value", 3, 14, rule('when.class = "human"')),
    Planted("bad-value", 3, 13, rule('when.hour = "9"')),
    Planted("bad-value", 3, 23, rule('when.size = { above = "5 apples" }')),
    Planted("bad-value", 4, 17, rule('when.subject = "x"\nthen.priority = "now"')),
    Planted("bad-value", 4, 14, rule('when.subject = "x"\nthen.tags = ["two words"]')),
    Planted("bad-pattern", 3, 28, rule("when.subject = { matches = '(x' }")),
    Planted("unknown-queue", 4, 14, rule('when.subject = "x"\nthen.queue = "biling"')),
    Planted("unknown-queue", 3, 14, rule('when.queue = "biling"')),
    Planted("unknown-agent", 4, 17, rule('when.subject = "x"\nthen.assignee = "ana"')),
    Planted("unknown-agent", 4, 22, rule('when.subject = "x"\nthen.tell = ["lead", "ana"]')),
    Planted("unknown-letter", 4, 15, rule('when.subject = "x"\nthen.letter = "acknowlegement"')),
    Planted("unknown-canned", 4, 14, rule('when.subject = "x"\nthen.reply = "thanks"')),
    Planted("unknown-promise", 4, 12, rule('when.subject = "x"\nthen.sla = "standart"')),
    Planted("unknown-list", 3, 25, rule('when.from = { in_list = "vipp.txt" }')),
    Planted("unknown-organisation", 3, 21, rule('when.organisation = "Acme"')),
    Planted("no-threshold", 3, 1, rule('when.event = "schedule"\nwhen.status = "open"')),
    Planted("never-holds", 3, 23, rule("when.hour = { above = 23 }")),
    Planted("never-holds", 3, 13, rule("when.hour = 31")),
    Planted("never-holds", 3, 1, rule('when.class = "person"\nwhen.not.class = "person"')),
    Planted("never-holds", 3, 1, rule("when.hour = { above = 9, below = 8 }")),
    Planted("never-holds", 3, 1, rule('when.all = [{ language = "ru" }, { language = "en" }]')),
    Planted("never-holds", 3, 1, rule('when.subject = { is = "x", contains = "y" }')),
    Planted("never-holds", 4, 6, rule('when.event = "due"\nwhen.body = { words = ["x"] }')),
    Planted("never-holds", 3, 6, rule('when.status = "open"')),
    Planted(
        "never-holds",
        3,
        30,
        rule('when.any = [{ event = "due", auth = "none" }, { event = "status", target = "resolution" }]'),
    ),
    Planted(
        "never-holds",
        3,
        1,
        rule('when.all = [{ event = ["new", "due"] }, { auth = "none" }, { target = "resolution" }]'),
    ),
    Planted("never-holds", 3, 1, rule('when.not.weekday = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]')),
    *(
        Planted("never-holds", 3, 1, rule(when))
        for when in (
            'when.event = "schedule"\nwhen.silence = { above = "7d" }\nwhen.age = { below = "3d" }',
            'when.all = [{ any = [{ language = "ru" }, { language = "uk" }] }, { any = [{ language = "en" }] }]',
            'when.not.any = [{ auth = "none" }, { auth = "verified" }, { auth = "agent" }]',
            "when.not.any = [{ hour = { above = 8 } }, { hour = { below = 9 } }]",
            'when.event = "reply"\nwhen.status = ["solved", "closed"]\nwhen.not.status = ["closed", "solved", "open"]',
        )
    ),
    Planted("bad-value", 4, 6, rule('when.event = "reply"\nthen.acknowledge = false')),
    Planted("bad-value", 5, 6, rule('when.subject = "x"\nthen.reject = true\nthen.note = "spam"')),
    Planted("forward-loop", 4, 16, rule('when.subject = "x"\nthen.forward = "billing@desk.example"')),
    Planted("forward-loop", 4, 16, rule('when.subject = "x"\nthen.forward = "anna@desk.example"')),
    Planted("bad-value", 5, 17, rule('when.subject = "x"\n[[rule.example]]\nmail = { hour = 25 }')),
    Planted("unknown-key", 5, 10, rule('when.subject = "x"\n[[rule.example]]\nmail = { subjct = "x" }')),
]

DOUBTS = [
    Planted("too-broad", 3, 28, rule("when.subject = { matches = '.*' }")),
    Planted("too-broad", 3, 28, rule("when.subject = { matches = 'x*' }")),
    Planted("too-broad", 3, 28, rule("when.subject = { matches = '(?:order|)' }")),
    Planted("too-broad", 3, 28, rule(r"when.subject = { matches = '\w' }")),
    Planted("too-broad", 3, 38, rule("when.subject = { matches = ['order', '.'] }")),
    Planted("too-broad", 3, 29, rule('when.subject = { contains = "s" }')),
    Planted("too-broad", 3, 39, rule('when.subject = { contains = ["order", "я"] }')),
    Planted("too-broad", 3, 26, rule('when.subject = { words = "the" }')),
    Planted("too-broad", 3, 35, rule('when.subject = { words = ["счёт", "и"] }')),
    Planted("too-broad", 3, 24, rule('when.from = { domain = "com" }')),
    Planted("too-broad", 4, 26, rule('when.any = [{ subject = "xy" },\n  { reply = { contains = "e" } }]')),
    Planted("slow-pattern", 3, 28, rule("when.subject = { matches = '(a+)+b' }")),
    Planted("never-sent", 4, 14, rule('when.class = ["bulk", "list"]\nthen.reply = "known"')),
    Planted("never-sent", 4, 15, rule('when.class = "out_of_office"\nthen.letter = "acknowledgement"')),
    Planted("missing-letter", 4, 14, rule('when.subject = "x"\nthen.reply = "half"')),
    Planted("queue-unserved", 5, 13, rule('when.subject = "x"\nthen.queue = "billing"\nthen.line = 3')),
    Planted("hidden-by", 6, 8, rule('when.subject = "x"') + "\n" + rule('when.subject = "X"', "B")),
    Planted(
        "hidden-by",
        10,
        8,
        rule('when.subject = "one"')
        + "\n"
        + rule('when.subject = "two"', "B")
        + "\n"
        + rule('when.subject = ["one", "two"]', "C"),
    ),
    Planted(
        "hidden-by",
        10,
        8,
        rule('when.from = { domain = "x.example" }')
        + "\n"
        + rule('when.from = { domain = "y.example" }', "B")
        + "\n"
        + rule('when.from = { domain = ["a.x.example", "y.example"] }\nwhen.class = "person"', "C"),
    ),
    *(
        Planted("hidden-by", 12, 8, rule(one) + "\n" + rule(other, "B") + "\n" + rule(third, "C"))
        for one, other, third in (
            (
                'when.hour = { below = 12 }\nwhen.subject = "q"',
                'when.hour = { above = 11 }\nwhen.subject = "q"',
                'when.subject = "q"\n',
            ),
            (
                'when.auth = "none"\nwhen.subject = "q"',
                'when.auth = ["verified", "agent"]\nwhen.subject = "q"',
                'when.subject = "q"\n',
            ),
            (
                'when.from = { domain = "x.example" }\nwhen.subject = "q"',
                'when.not.from = { domain = "x.example" }\nwhen.subject = "q"',
                'when.subject = "q"\n',
            ),
        )
    ),
    Planted(
        "partly-hidden",
        8,
        27,
        rule('when.subject = { words = "one" }\n') + "\n" + rule('when.subject = { words = ["ones", "two"] }', "B"),
    ),
    Planted(
        "partly-hidden",
        8,
        35,
        rule('when.subject = { words = "one" }\n')
        + "\n"
        + rule('when.any = [{ subject = { words = "ones" } }, { reply = { words = "q" } }]', "B"),
    ),
    Planted("alike-names", 6, 8, rule('when.subject = "one"') + "\n" + rule('when.subject = "two"', "a")),
    Planted("takes-all", 3, 1, rule('when.event = ["new", "reply"]')),
    Planted("takes-all", 3, 1, rule('when.any = [{ class = "bulk" }, { not.class = "bulk" }]')),
    Planted("takes-all", 3, 1, rule('when.auth = ["none", "verified", "agent"]')),
    Planted("takes-all", 3, 1, rule("when.hour = { below = 24 }")),
    Planted("uncovered", 2, 8, rule('when.subject = "x"')),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A good folder, with a canned text for everybody and one in Russian alone."""
    rules = tmp_path / "rules"
    (rules / "letters" / "canned" / "ru").mkdir(parents=True)
    (rules / "letters" / "canned" / "known.txt").write_text("Known.\n")
    (rules / "letters" / "canned" / "ru" / "half.txt").write_text("Half.\n")
    (rules / "teams.toml").write_text(TEAMS)
    (rules / "sla.toml").write_text(SLA)
    return rules


def found(folder: Path, routing: str) -> list[tuple[str, int, int]]:
    """What `rules check` finds in the rules: code, line and column; that they have no examples is left aside."""
    (folder / "routing.toml").write_text(routing)
    told = check_policy(folder, DESK)
    assert all(one.hint for one in told if one.severity == "warning"), told
    return [(one.code, one.line, one.column) for one in told]


@pytest.mark.parametrize("planted", ERRORS, ids=lambda p: f"{p.code} {p.rule.splitlines()[-1]}")
def test_a_planted_error_is_found_at_its_place(planted: Planted, folder: Path) -> None:
    """It alone is told, and refuses the folder."""
    assert found(folder, planted.rule + LAST) == [planted[:3]]


@pytest.mark.parametrize("planted", DOUBTS, ids=lambda p: f"{p.code} {p.rule.splitlines()[-1]}")
def test_a_planted_doubt_is_found_at_its_place(planted: Planted, folder: Path) -> None:
    """Beside it only the missing examples are told."""
    told = found(folder, planted.rule + LAST)
    assert planted[:3] in told
    assert {code for code, _, _ in told} <= {planted.code, "uncovered"} | ({"hidden-by"} & {planted.code})


def test_all_planted_errors_are_found_at_once(folder: Path) -> None:
    """One file with every one of them: nothing is hidden behind something else."""
    text, wanted = "", []
    for number, planted in enumerate(ERRORS):
        start = text.count("\n")
        wanted.append((planted.code, start + planted.line, planted.column))
        text += planted.rule.replace('name = "A"', f'name = "A{number:02}"') + "\n"
    assert found(folder, text + LAST) == sorted(wanted, key=lambda place: place[1:])


def test_the_same_rules_without_the_mistakes_are_well(folder: Path) -> None:
    """Rules that look like planted ones and are meant: no false alarm."""
    keys = (
        "when.subject = { matches = 'order *[0-9]+' }",
        'when.subject = { contains = "№" }',
        'when.subject = { words = "to pay" }',
        'when.from = { domain = "shop.com" }',
        'when.class = ["bulk", "person"]\nthen.reply = "known"',
        'when.event = "reply"\nthen.tell = ["queue"]\ncontinue = true',
        'when.any = [{ event = "due", target = "resolution" }, { event = "reply", auth = "none" }]',
        'when.event = ["new", "due"]\nwhen.not.auth = "verified"\nwhen.subject = "q"',
        'when.subject = ["two", "three"]\nthen.tags = ["t"]\ncontinue = true',
        'when.subject = "three"',
        'when.event = "schedule"\nwhen.silence = { above = "3d" }\nthen.reply = "known"',
    )
    text = "".join(rule(key, f"R{number}") + "\n" for number, key in enumerate(keys))
    assert {code for code, _, _ in found(folder, text + LAST)} == {"uncovered"}


@pytest.mark.parametrize(
    ("file", "old", "new", "code", "line"),
    [
        ("teams.toml", 'agents = ["anna"]\ndefault', "agents = []\ndefault", "queue-unserved", 7),
        (
            "teams.toml",
            'address = "anna@',
            'address = "a@desk.example"\n\n[[agent]]\nid = "eve"\nname = "Eve"\naddress = "anna@',
            "no-queue",
            7,
        ),
        (
            "sla.toml",
            'first_response = "4h"\n',
            (
                'first_response = "4h"\n\n[[promise]]\nname = "vip"\ncalendar = "always"\nresolution = "1h"\n'
                'when.priority = "urgent"\n'
            ),
            "hidden-by",
            10,
        ),
        (
            "sla.toml",
            'first_response = "4h"\n',
            'first_response = "4h"\nwhen.all = [{ priority = "low" }, { priority = "high" }]\n',
            "never-holds",
            8,
        ),
        (
            "sla.toml",
            'name = "always"\n\n[[promise]]\nname = "standard"\ncalendar = "always"\nfirst_response = "4h"\n',
            (
                'name = "always"\nhours = { mon = ["09:00-09:01"] }\n\n[[promise]]\nname = "standard"\n'
                'calendar = "always"\nfirst_response = "365d"\n'
            ),
            "bad-value",
            8,
        ),
        (
            "sla.toml",
            'first_response = "4h"\n',
            (
                'first_response = "4h"\n\n[[promise.step]]\ntarget = "first_response"\nat = "+999999d"\n'
                'priority = "high"\n'
            ),
            "bad-value",
            11,
        ),
    ],
)
def test_mistakes_in_the_other_files_are_found(
    folder: Path, file: str, old: str, new: str, code: str, line: int
) -> None:
    """Queues that nobody serves, agents whom nothing reaches, promises that are never given."""
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new))
    assert [place[:2] for place in found(folder, LAST)] == [(code, line)]


def test_a_thousand_rules_are_looked_at_in_little_time(folder: Path) -> None:
    """Every pair of them may hide one another; the work is bounded all the same."""
    kinds = ('when.from = { domain = ["d{n}.example", "e{n}.example"] }', 'when.subject = {{ words = ["w{n}"] }}')
    text = "".join(
        rule(kinds[n % 2].replace("{{", "{").replace("}}", "}").replace("{n}", str(n)), f"R{n}") for n in range(1000)
    )
    assert {code for code, _, _ in found(folder, text + LAST)} == {"uncovered"}


def test_a_promise_that_a_rule_gives_is_not_hidden(folder: Path) -> None:
    """It stands below one that fits every ticket, and has its turn by the rule's word."""
    more = '\n[[promise]]\nname = "vip"\ncalendar = "always"\nresolution = "1h"\n'
    (folder / "sla.toml").write_text(SLA + more)
    assert {code for code, _, _ in found(folder, LAST)} == {"hidden-by"}
    assert {code for code, _, _ in found(folder, rule('when.subject = "x"\nthen.sla = "vip"') + LAST)} == {"uncovered"}
