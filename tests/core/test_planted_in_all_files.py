"""Mistakes that were planted into every file of a rules folder: each is found in its file, at its line and column."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import pytest

from maild.config.policy import check_policy
from maild.config.settings import load_settings
from maild.errors import Finding
from maild.routing.patterns import is_slow

DESK = load_settings(None).desk
FILES = {
    "teams.toml": """[[agent]]
id = "anna"
name = "Anna"
address = "anna@desk.example"
language = "en"
cap = 9

[[queue]]
name = "support"
agents = ["anna"]
lead = "anna"
default = true

[[queue]]
name = "billing"
agents = ["anna"]
lead = "anna"
""",
    "sla.toml": """[[calendar]]
name = "office"
timezone = "Europe/Moscow"
hours = { mon-fri = ["09:00-18:00"] }
extra = { "2026-12-26" = ["10:00-14:00"] }

[[promise]]
name = "standard"
calendar = "office"
first_response = "4h"

[[promise.step]]
target = "first_response"
at = "75%"
tell = ["lead"]
""",
    "lists/vip.txt": "# the best\nkim@x.example\n@bank.example\n",
    "lists/angry.txt": "outrage\n",
    "letters/canned/thanks.txt": "Thanks.\n",
    "routing.toml": """[[rule]]
name = "A"
when.subject = "planted"
then.priority = "high"

[[rule.example]]
mail = { subject = "planted" }

[[rule]]
name = "VIP"
continue = true
when.any = [{ from = { in_list = "vip.txt" } }, { reply = { in_list = "angry.txt" } }]
then.tell = ["lead"]

[[rule.example]]
mail = { from = "kim@x.example" }

[[rule]]
name = "Rest"
default = true
""",
}
WHEN, THEN = 'when.subject = "planted"', 'then.priority = "high"'
EXAMPLE = 'mail = { subject = "planted" }'


class Planted(NamedTuple):
    """What is changed in which file, and where it is to be found by which code (in that file, if none is named)."""

    file: str
    old: str
    new: str
    code: str
    line: int
    column: int
    at: str = ""


R, T, S = "routing.toml", "teams.toml", "sla.toml"
MISTAKES = [
    # -- TOML itself: the place of the mistake, not that where the reader gave it up
    Planted(R, '"A"', '"A', "bad-toml", 2, 10),
    Planted(R, 'then.tell = ["lead"]', 'then.tell = ["lead"', "bad-toml", 13, 13),
    Planted(R, THEN, f"{THEN}\n{THEN}", "bad-toml", 5, 1),
    Planted(R, '[[rule]]\nname = "A"', '<<<<<<< HEAD\n[[rule]]\nname = "A"', "bad-toml", 1, 1),
    # -- keys, at the key
    Planted(R, "[[rule.example]]\nmail", "[rule.example]\nmail", "bad-value", 6, 1),
    Planted(R, WHEN, 'when.size = { words = "x" }', "bad-value", 3, 15),
    Planted(R, THEN, 'then.fields."a b" = "c"', "bad-value", 4, 13),
    Planted(S, "mon-fri", "monday", "bad-value", 4, 11),
    Planted(S, '"2026-12-26"', '"26.12."', "bad-value", 5, 11),
    Planted(T, 'lead = "anna"\ndefault', 'lines = { second = ["anna"] }\nlead = "anna"\ndefault', "bad-value", 11, 11),
    # -- names that nobody has
    Planted(R, WHEN, 'when.event = "reply"\nwhen.assignee = "ana"', "unknown-agent", 4, 17),
    Planted(R, WHEN, 'when.from = { in_list = ["vip.txt", "vips.txt"] }', "unknown-list", 3, 37),
    Planted(R, WHEN, 'when.language = "russian"', "bad-value", 3, 17),
    Planted(R, EXAMPLE, f'{EXAMPLE}\nexpect = {{ assignee = "ana" }}', "unknown-agent", 8, 23),
    Planted(R, EXAMPLE, f'{EXAMPLE}\nexpect = {{ tell = ["leed"] }}', "unknown-agent", 8, 20),
    Planted(R, EXAMPLE, f'{EXAMPLE}\nexpect = {{ rule = "AA" }}', "unknown-rule", 8, 19),
    Planted(R, EXAMPLE, f'{EXAMPLE}\nexpect = {{ reply = "thankss" }}', "unknown-canned", 8, 20),
    Planted(R, EXAMPLE, f'{EXAMPLE}\nexpect = {{ letter = "thanks" }}', "unknown-letter", 8, 21),
    Planted(R, EXAMPLE, f'{EXAMPLE}\nexpect = {{ sla = "standart" }}', "unknown-promise", 8, 18),
    Planted(R, EXAMPLE, f'{EXAMPLE}\nexpect = {{ status = "done" }}', "bad-value", 8, 21),
    Planted(R, EXAMPLE, 'mail = { subject = "planted", queue = "biling" }', "unknown-queue", 7, 39),
    Planted(R, EXAMPLE, 'mail = { subject = "planted", from = "Kim" }', "bad-value", 7, 38),
    # -- what comes to nothing
    Planted(R, THEN, 'then.spam = true\nthen.reply = "thanks"', "no-effect", 5, 14),
    Planted(R, THEN, 'then.reject = true\nthen.queue = "billing"', "no-effect", 5, 14),
    Planted(R, THEN, 'then.acknowledge = false\nthen.letter = "acknowledgement"', "no-effect", 5, 15),
    Planted(R, THEN, 'then.reply = "thanks"\nthen.letter = "acknowledgement"', "no-effect", 5, 15),
    Planted(R, THEN, 'then.tags = ["a"]\nthen.untag = ["b", "a"]', "no-effect", 5, 20),
    Planted(R, THEN, "continue = true", "no-effect", 2, 8),
    Planted(R, THEN, "then.line = 3", "queue-unserved", 4, 13),
    Planted(R, THEN, 'then.tell = ["support+x@desk.example"]', "forward-loop", 4, 14),
    Planted(R, WHEN + "\n" + THEN, 'when.from = "a@b.example"\nthen.forward = "a@b.example"', "forward-loop", 4, 16),
    Planted(R, WHEN, 'when.event = "reply"\nwhen.field.ordr = "1"', "unknown-field", 4, 19),
    Planted(R, WHEN, 'when.event = "due"\nwhen.step = "33%"', "unknown-step", 4, 13),
    Planted(R, WHEN, 'when.event = "due"\nwhen.step = "75"', "unknown-step", 4, 13),
    Planted(R, WHEN, "when.subject = { matches = '(a|a)*b' }", "slow-pattern", 3, 28),
    # -- teams and promises
    Planted(T, 'lead = "anna"\ndefault', "default", "no-lead", 9, 8),
    Planted(T, 'language = "en"', 'language = "fr"', "missing-letter", 5, 12),
    Planted(S, 'at = "75%"', 'at = "-4h"', "early-step", 14, 6),
    Planted(S, '"09:00-18:00"', '"09:00-18:00", "17:00-24:00"', "bad-value", 4, 37),
    Planted(S, 'tell = ["lead"]', 'tell = ["lead", "support@desk.example"]', "forward-loop", 15, 17),
    # -- lists
    Planted("lists/vip.txt", "@bank", "a@x.example, b@x.example\n@bank", "list-entry", 3, 1),
    Planted("lists/vip.txt", "@bank", "  *@x.example\n@bank", "list-entry", 3, 3),
    Planted("lists/vip.txt", "@bank", "Kim <a@x.example>\n@bank", "list-entry", 3, 1),
    Planted("lists/vip.txt", "@bank.example", "@com", "too-broad", 3, 1),
    Planted("lists/angry.txt", "outrage", "outrage\n!!!", "list-entry", 2, 1),
    Planted("lists/angry.txt", "outrage", "outrage\nне", "too-broad", 2, 1),
    Planted("lists/angry.txt", "outrage", "# nobody", "empty-list", 1, 1),
    # -- files that nothing reads
    Planted("20-more.tml", "", "x", "stray-file", 0, 0),
    Planted("more/20.toml", "", "x", "stray-file", 0, 0),
    Planted("vip.txt", "", "x", "stray-file", 0, 0),
    Planted("lists/vip.csv", "", "x", "stray-file", 0, 0),
    Planted("letters/acknowledgement.txt", "", "Subject: x\n\nx\n", "stray-file", 0, 0),
    Planted("letters/english/acknowledgement.txt", "", "Subject: x\n\nx\n", "stray-file", 0, 0),
    Planted("letters/en/acknowledgment.txt", "", "Subject: x\n\nx\n", "unsent-letter", 0, 0),
    Planted("letters/canned/Thanks.txt", "", "x", "alike-names", 0, 0, "letters/canned/thanks.txt"),
    Planted("examples/a.eml", "", "Subject: x\n\nx\n", "no-file", 0, 0, "examples/a.toml"),
]


def written(folder: Path, planted: Planted | None = None) -> Path:
    """A good folder, with the mistake in it."""
    files = dict(FILES)
    if planted is not None:
        assert planted.old in files.get(planted.file, "")
        files[planted.file] = files.get(planted.file, "").replace(planted.old, planted.new, 1) or planted.new
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def told(folder: Path) -> list[Finding]:
    """What is found, but for examples that fail, or are missing, in the course of it."""
    found = check_policy(folder, DESK, fields_of=lambda _raw, _team: {})
    return [one for one in found if one.code not in ("uncovered", "example-fails")]


def test_the_folder_without_a_mistake_is_well(tmp_path: Path) -> None:
    """Nothing is told of it, nor of what people keep beside their rules."""
    folder = written(tmp_path)
    for name in ("README.md", ".git/x.toml", "routing.toml~", ".#routing.toml", "keys/anna.asc", "schema/rules.json"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("x")
    assert told(folder) == []


@pytest.mark.parametrize("planted", MISTAKES, ids=lambda p: f"{p.code} {p.new.splitlines()[-1]}")
def test_a_planted_mistake_is_found_in_its_file_at_its_place(planted: Planted, tmp_path: Path) -> None:
    """It alone is told; a doubt says what to do about it."""
    found = told(written(tmp_path, planted))
    at = planted.at or planted.file
    assert [(f.file, f.code, f.line, f.column) for f in found] == [
        (str(tmp_path / at), planted.code, planted.line, planted.column)
    ]
    assert found[0].hint or found[0].severity == "error"


@pytest.mark.parametrize("name", ["zz.toml", "lists/zz.txt", "examples/zz.eml"])
def test_a_pipe_in_place_of_a_file_is_told_and_not_waited_for(name: str, tmp_path: Path) -> None:
    """Nobody writes into it: reading it would hold up the daemon for ever."""
    folder = written(tmp_path)
    (folder / name).parent.mkdir(exist_ok=True)
    os.mkfifo(folder / name)
    (folder / "examples").mkdir(exist_ok=True)
    (folder / "examples" / "zz.toml").write_text('expect = { queue = "support" }\n')
    if name != "examples/zz.eml":
        (folder / "examples" / "zz.toml").unlink()
    assert {f.code for f in told(folder)} == {"no-file"}


def test_a_file_of_many_megabytes_is_told_and_not_read(tmp_path: Path) -> None:
    """At every start it would be read for many seconds."""
    folder = written(tmp_path)
    (folder / "00.toml").write_bytes(b"# x\n" * 1_300_000)
    assert [(f.code, "larger" in f.message) for f in told(folder)] == [("no-file", True)]


def test_a_list_in_another_encoding_is_told_at_its_place(tmp_path: Path) -> None:
    """By line and column, as any other file."""
    folder = written(tmp_path)
    (folder / "lists" / "vip.txt").write_bytes(b"kim@x.example\nf\xfcr@x.example\n")
    assert [(f.code, f.line, f.column) for f in told(folder)] == [("bad-encoding", 2, 2)]


@pytest.mark.parametrize("name", ["letters/en/acknowledgement.txt", "lists/more.txt", "letters/canned/more.txt"])
def test_a_link_that_leads_nowhere_is_told(name: str, tmp_path: Path) -> None:
    """A letter that is one would silently be the built-in one."""
    folder = written(tmp_path)
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).symlink_to(Path(name).name)
    assert {f.code for f in told(folder)} <= {"stray-file", "no-file"} != set()


def test_doubts_are_told_beside_mistakes(tmp_path: Path) -> None:
    """Nobody mends ten mistakes to be told of ten doubts then; what hangs on a mistake waits for it."""
    folder = written(tmp_path, Planted(R, THEN, 'then.queue = "biling"', "", 0, 0))
    text = (folder / R).read_text()
    more = (
        "when.subject = { matches = '(a|a)*b' }\nthen.line = 2",
        'when.subject = { words = "red" }\nthen.spam = true\nthen.reply = "thanks"',
        'when.subject = { words = ["reds", "blue"] }\nthen.tags = ["t"]',
        'when.event = "reply"\nwhen.field.ordr = "1"\nthen.tags = ["t"]',
    )
    rules = "".join(f'[[rule]]\nname = "R{n}"\n{keys}\n\n' for n, keys in enumerate(more))
    (folder / R).write_text(text.replace('[[rule]]\nname = "Rest"', f'{rules}[[rule]]\nname = "Rest"'))
    (folder / "more.tml").write_text("x")
    found = told(folder)
    assert [f.code for f in found] == ["stray-file", "unknown-queue", "slow-pattern", "no-effect", "partly-hidden"]


def test_a_file_without_anybody_in_it_is_told_once(tmp_path: Path) -> None:
    """And not wherever a rule names a queue of it."""
    folder = written(tmp_path, Planted(R, THEN, 'then.queue = "billing"', "", 0, 0))
    (folder / T).write_text("")
    assert [f.code for f in told(folder)] == ["no-default-queue"]


def test_examples_of_a_rule_that_cannot_be_read_are_not_blamed(tmp_path: Path) -> None:
    """Where the condition has a typo, its event is not known: that the example has a ticket is no mistake."""
    reply = 'when.event = "reply"\nwhen.subjct = "x"'
    planted = Planted(R, WHEN, reply, "unknown-key", 4, 6)
    folder = written(tmp_path, planted)
    text = (folder / R).read_text().replace(EXAMPLE, f'{EXAMPLE}\nticket = {{ status = "open" }}')
    (folder / R).write_text(text)
    assert [(f.code, f.line, f.column) for f in told(folder)] == [("unknown-key", 4, 6)]


@pytest.mark.parametrize(
    ("planted", "words"),
    [
        (Planted(R, THEN, 'then.priority = "hihg"', "", 0, 0), "did you mean 'high'?"),
        (Planted(R, THEN, "then.line = 0", "", 0, 0), "1 or more"),
        (Planted(R, THEN, 'then.tags = ["a b"]', "", 0, 0), "a tag is one word"),
        (Planted(R, THEN, 'then.assignee = { by = "load", among = [] }', "", 0, 0), "there is nothing in it"),
        (Planted(T, 'id = "anna"', 'id = "Anna"', "", 0, 0), "small letters"),
        (Planted(S, '{ mon-fri = ["09:00-18:00"] }', '"24/7"', "", 0, 0), "'always' or a table is wanted here"),
        (Planted(R, '"A"', '"A', "", 0, 0), "close its quote"),
        (Planted(R, '"A"', "A", "", 0, 0), "straight quotes"),
        (Planted(R, '"A"', r'"\d"', "", 0, 0), "single quotes"),
        (Planted(R, "[[rule.example]]\nmail", "[rule.example]\nmail", "", 0, 0), "write [[rule.example]]"),
        (Planted(R, THEN, 'then.letter = "thanks"', "", 0, 0), "then.reply sends it"),
        (Planted(R, THEN, 'then.tell = ["anna", "bill"]', "", 0, 0), "assignee, queue, lead, anna"),
    ],
)
def test_what_is_told_says_what_to_do(planted: Planted, words: str, tmp_path: Path) -> None:
    """In the words of somebody who writes rules, not of those who read them."""
    found = told(written(tmp_path, planted))
    assert any(words in f"{f.message} {f.hint}" for f in found), found


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?:order|заказ\w*)\s*(?:№|#|no\.?)?\s*(?P<order>\d{4,10})",
        r"^Product: *(?P<product>\S.*?) *$",
        r"\w+@\w+\.\w+",
        r"\.(exe|scr|js)$",
        r"^\*{8,}",
    ],
)
def test_patterns_of_every_day_are_not_called_slow(pattern: str) -> None:
    """What grows with the square of a text at most is quick enough."""
    assert not is_slow(pattern)
