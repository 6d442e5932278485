"""Whole mails in rules/examples/, through the command: read as the desk reads mail, with a diff where one fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from maild.cli.main import run

Capture = pytest.CaptureFixture[str]
MAIL = "From: Kim <kim@shop.example>\nTo: {to}\nSubject: Hello\nDate: Mon, 23 Nov 2026 03:30:00 +0300\n\n{text}\n"
RULES = """
[[rule]]
name = "Refunds"
when.reply = { words = ["refund"] }
then.queue = "billing"
then.tags = ["money"]

[[rule]]
name = "At night"
when.hour = { below = 4 }
then.priority = "low"

[[rule]]
name = "Proven"
when.event = "reply"
when.auth = "verified"
when.status_before = "solved"
then.priority = "high"

[[rule]]
name = "Everything else"
default = true
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> Path:
    """A new desk in the folder where the commands run, with three rules and no examples; rules/examples/ of it."""
    monkeypatch.chdir(tmp_path)
    assert run(["init", "."]) == 0
    Path("rules/routing.toml").write_text(RULES)
    for file in Path("rules/examples").iterdir():
        file.unlink()
    capsys.readouterr()
    return Path("rules/examples")


def write(folder: Path, name: str, toml: str, text: str = "I want a refund.", to: str = "support@desk.example") -> None:
    """A mail and what is expected of it."""
    (folder / f"{name}.eml").write_text(MAIL.format(to=to, text=text))
    (folder / f"{name}.toml").write_text(toml)


def findings(capsys: Capture) -> list[dict[str, Any]]:
    """What `rules check` says."""
    capsys.readouterr()
    run(["rules", "check", "--json"])
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_shipped_whole_mails_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """One in Russian, one in English; both are run by `rules test` and by `check`."""
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert run(["init", "."]) == 0
    capsys.readouterr()
    assert run(["rules", "test", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    whole = [row for row in rows if row["file"].startswith("rules/examples/")]
    assert [Path(row["file"]).name for row in whole] == ["error-page-en.toml", "wrong-invoice-ru.toml"]
    assert all(row["ok"] for row in whole)
    assert findings(capsys) == []


def test_a_whole_mail_is_read_as_the_desk_reads_it(folder: Path, capsys: Capture) -> None:
    """What is quoted is not said, the hour is that of its Date in the desk's zone, and a queue's address counts."""
    write(folder, "quoted", 'expect = { queue = "support", rule = "At night" }', "Thanks.\n\nYou wrote:\n> refund\n")
    write(folder, "written-to", 'expect = { queue = "billing" }', "Hi", "billing@desk.example")
    write(folder, "by-day", 'mail = { hour = 12 }\nexpect = { rule = "Everything else" }', "Hi")
    assert run(["rules", "test"]) == 0
    assert "3 examples hold, 0 fail" in capsys.readouterr().out


def test_the_file_beside_the_mail_says_what_no_mail_can(folder: Path, capsys: Capture) -> None:
    """How far the sender is proven, the event, and the ticket that he writes on."""
    toml = 'rule = "Proven"\nmail = { auth = "verified" }\nticket = { status_before = "solved" }\n'
    write(folder, "reply", toml + 'expect = { priority = "high" }')
    assert run(["rules", "test"]) == 0
    write(folder, "reply", toml.replace("verified", "none") + 'expect = { priority = "high" }')
    assert run(["rules", "test"]) == 1


def test_a_mail_that_an_agent_forwards_is_the_customers(folder: Path, capsys: Capture) -> None:
    """As on the desk, where the agent is proven: its words, its sender, and who passed it on; his own stays his."""
    rule = '[[rule]]\nname = "Passed on"\nwhen.from = "kim@shop.example"\nwhen.forwarded_by = "anna@desk.example"\n'
    Path("rules/routing.toml").write_text(rule + 'when.reply = { words = "refund" }\nthen.queue = "billing"\n' + RULES)
    head = "From: Anna <anna@desk.example>\nTo: support@desk.example\nDate: Mon, 23 Nov 2026 09:30:00 +0300\n"
    forward = (
        "---------- Forwarded message ---------\nFrom: Kim <kim@shop.example>\nDate: Mon, 23 Nov 2026 at 09:00\n"
        "Subject: Hello\nTo: Anna <anna@desk.example>\n\n\nI want a refund.\n"
    )
    (folder / "on.eml").write_text(f"{head}Subject: Fwd: Hello\n\nPlease see below.\n\n{forward}")
    (folder / "on.toml").write_text('rule = "Passed on"\nexpect = { queue = "billing", rule = "Passed on" }\n')
    (folder / "own.eml").write_text(f"{head}Subject: Hello\n\nI want a refund.\n")
    (folder / "own.toml").write_text('expect = { rule = "Refunds" }\n')
    assert run(["rules", "test", "--json"]) == 0, capsys.readouterr().out


def test_a_whole_mail_that_fails_is_told_with_what_its_rule_missed(folder: Path, capsys: Capture) -> None:
    """A minus for what was expected, a plus for what came of it, who decided, and which test missed; 1."""
    write(folder, "wrong", 'rule = "Refunds"\nexpect = { queue = "billing" }\n', "I want my money back.")
    write(folder, "right", 'rule = "Refunds"\n')
    assert run(["rules", "test"]) == 1
    said = capsys.readouterr().out
    assert "rules/examples/wrong.toml:2: example of 'Refunds' fails, decided by 'At night'" in said
    assert '  - queue = "billing"\n  + queue = "support"\n' + "    'Refunds' misses: reply" in said
    assert "1 examples hold, 1 fail" in said
    [failed] = [f for f in findings(capsys) if f["code"] == "example-fails"]
    assert (failed["file"], failed["line"], failed["rule"]) == ("rules/examples/wrong.toml", 2, "Refunds")
    assert "'Refunds' misses: reply" in failed["hint"]
    assert run(["rules", "test", "rules/examples/right.eml"]) == 0
    assert run(["rules", "test", "rules/examples/none.eml"]) == 66


def test_coverage_counts_for_each_rule_the_examples_that_make_it_hold(folder: Path, capsys: Capture) -> None:
    """Whole mails count, too; rules that none reaches are named."""
    write(folder, "one", 'rule = "Refunds"\n')
    assert run(["rules", "test", "--coverage", "--json"]) == 0
    *_, first, second, third = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first == {"rule": "Refunds", "examples": 1}
    assert (second["examples"], third["examples"]) == (0, 0)
    assert run(["rules", "test"]) == 0
    assert "no example shows 'At night' at work\nno example shows 'Proven' at work\n" in capsys.readouterr().out
    assert [f["rule"] for f in findings(capsys) if f["code"] == "uncovered"] == ["At night", "Proven"]


@pytest.mark.parametrize(
    ("toml", "code", "line", "column"),
    [
        ('rule = "Refund"\n', "unknown-rule", 1, 8),
        ('rule = "Refunds"\nexpect = { queue = "biling" }\n', "unknown-queue", 2, 20),
        ('rule = "Refunds"\nexpect = { que = "billing" }\n', "unknown-key", 2, 12),
        ('rule = "Refunds"\nmail = { autth = "none" }\n', "unknown-key", 2, 10),
        ('rule = "Refunds"\nmail = { hour = "3" }\n', "bad-value", 2, 17),
        ('mail = { auth = "none" }\n', "missing-key", 1, 1),
        ('expect = { queue = "billing"\n', "bad-toml", 1, 10),
    ],
)
def test_what_is_wrong_beside_a_mail_is_told_with_its_place(
    folder: Path, capsys: Capture, toml: str, code: str, line: int, column: int
) -> None:
    """File, line, column and code, as in any file of the rules; `rules test` answers 78."""
    write(folder, "mail", toml)
    [found] = [f for f in findings(capsys) if f["severity"] == "error"]
    assert (found["file"], found["code"]) == ("rules/examples/mail.toml", code)
    assert (found["line"], found["column"]) == (line, column)
    assert run(["rules", "test"]) == 78


def test_a_mail_without_its_file_and_a_file_without_its_mail_are_told(folder: Path, capsys: Capture) -> None:
    """Both halves are named."""
    (folder / "alone.eml").write_text(MAIL.format(to="x@y.example", text="Hi"))
    (folder / "lonely.toml").write_text('rule = "Refunds"\n')
    found = [(f["file"], f["code"]) for f in findings(capsys) if f["severity"] == "error"]
    assert found == [("rules/examples/alone.toml", "no-file"), ("rules/examples/lonely.toml", "no-file")]


def test_a_file_that_is_no_mail_is_told(folder: Path, capsys: Capture) -> None:
    """An empty one cannot be read; the other examples are run all the same."""
    write(folder, "empty", 'rule = "Refunds"\n')
    (folder / "empty.eml").write_bytes(b"")
    write(folder, "wrong", 'rule = "Refunds"\nexpect = { queue = "billing" }\n', "Hi")
    told = [f for f in findings(capsys) if f["severity"] == "error"]
    assert [(f["file"], f["code"]) for f in told] == [
        ("rules/examples/empty.toml", "no-file"),
        ("rules/examples/wrong.toml", "example-fails"),
    ]
    assert "empty.eml cannot be read" in told[0]["message"]


def test_a_mail_whose_rule_is_gone_is_left_aside(folder: Path, capsys: Capture) -> None:
    """The shipped mails do no harm beside rules of the admin's own."""
    write(folder, "old", 'rule = "Something of long ago"\nexpect = { queue = "billing" }\n', "Hi")
    assert [f for f in findings(capsys) if f["severity"] == "error"] == []
    assert run(["rules", "test"]) == 0
    assert "rules/examples/old.eml is left aside: the rule that it shows is not there" in capsys.readouterr().out
