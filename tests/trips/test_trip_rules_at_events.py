"""Rules on a real desk: silence reminds and closes once, over restarts and edits; a reply wakes one."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from clients import write_mail, write_reply
from daemon import SUPPORT, Daemon, ended_at_last, make_desk
from traps import trap

IVAN = "ivan@customer.example"
DAY = timedelta(days=1)
REST = '\n[[rule]]\nname = "Everything else"\ndefault = true\n'
SILENT = """
[[rule]]
name = "Remind"
when.event = "schedule"
when.status = "pending"
when.silence = { above = "3d" }
then.reply = "still-there"

[[rule]]
name = "Close"
when.event = "schedule"
when.status = "pending"
when.silence = { above = "14d" }
then.status = "solved"
then.reply = "closing"
then.tags = ["silent"]
"""
EVENTS = """
[[rule]]
name = "No ads"
when.subject = { words = "lottery" }
then.reject = true

[[rule]]
name = "Angry"
when.event = "reply"
when.reply = { words = "lawyer" }
then.priority = "urgent"
then.tell = ["boss@desk.example"]
then.note = "He speaks of lawyers."
"""


def write_rules(desk: Daemon, rules: str) -> None:
    """These rules, and the texts that they send."""
    folder = desk.folder / "rules"
    texts = folder / "letters" / "canned" / "en"
    texts.mkdir(parents=True, exist_ok=True)
    (texts / "still-there.txt").write_text("Do you still need us? It is about {{ ticket.number }}.\n", encoding="utf-8")
    (texts / "closing.txt").write_text("We take it that all is well.\n", encoding="utf-8")
    (folder / "routing.toml").write_text(rules + REST, encoding="utf-8")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Daemon]:
    """A desk with one ticket that waits for the customer; the daemon does not run, and no rule speaks of time yet."""
    made = make_desk(tmp_path / "d")
    write_rules(made, "")
    with ended_at_last(made):
        made.cli("ingest", "--sender", IVAN, "--recipient", SUPPORT, given=write_mail("Please help me.", sender=IVAN))
        assert made.run("run", "--once").returncode == 0
        made.order("ticket", "pending", "1001")
        yield made


def test_silence_reminds_and_closes_once_over_restarts_and_edits(desk: Daemon) -> None:
    """The rules come after the ticket: it follows them at the next tick, and each is done once."""
    begun = datetime.fromisoformat(desk.cli("tickets")[0]["created_at"])
    write_rules(desk, SILENT)
    assert desk.run("rules", "check").returncode == 0

    def tick(days: float) -> None:
        desk.order("tick", "--now", (begun + days * DAY).isoformat())

    for days in (2.9, 3.1, 10):
        tick(days)
    assert desk.ticket("1001")["status"] == "pending"
    reminders = [letter for letter in desk.letters(IVAN) if "still need us" in letter.text]
    assert len(reminders) == 1
    assert "SUP-1001" in reminders[0].text
    assert reminders[0]["Auto-Submitted"] == "auto-replied"
    assert reminders[0]["Precedence"] == "bulk"
    write_rules(desk, SILENT + '\n[[rule]]\nname = "More"\nwhen.subject = "x"\n')
    for days in (14.1, 40):
        tick(days)
    found = desk.ticket("1001")
    assert (found["status"], found["tags"]) == ("solved", ["silent"])
    assert len([letter for letter in desk.letters(IVAN) if "all is well" in letter.text]) == 1
    told = [(e["kind"], e["because"]) for e in found["events"] if e["actor"] == "rule"]
    assert told.count(("status", "Close")) == 1
    assert told.count(("replied", "Remind")) == 1
    assert desk.order("db", "check")


@pytest.mark.parametrize(
    "place",
    [
        ("maild.store.keep", "Keep", "apply_passed", "after"),
        ("maild.store.rules_in_force", "RulesInForce", "come", "after"),
    ],
    ids=["while it is done", "on the walk"],
)
def test_a_desk_that_is_killed_does_a_rule_of_time_once(desk: Daemon, tmp_path: Path, place: tuple[str, ...]) -> None:
    """What was not committed is done by the next tick; one that dies says so by its signal."""
    begun = datetime.fromisoformat(desk.cli("tickets")[0]["created_at"])
    write_rules(desk, SILENT)
    when = ("tick", "--now", (begun + 20 * DAY).isoformat())
    module, owner, method, moment = place
    killed = desk.run(*when, given=b"", **trap(tmp_path / "trap", module, owner, method, moment))
    assert killed.returncode == -signal.SIGKILL
    assert desk.ticket("1001")["status"] == "pending"
    for _ in range(2):
        desk.order(*when)
    told = [(e["kind"], e["because"]) for e in desk.ticket("1001")["events"] if e["actor"] == "rule"]
    assert told.count(("status", "Close")) == 1
    assert [told.count(("replied", rule)) for rule in ("Remind", "Close")] == [1, 1]
    assert len([letter for letter in desk.letters(IVAN) if letter["Auto-Submitted"] == "auto-replied"]) == 3


def test_rules_answer_what_happens_while_the_desk_runs(tmp_path: Path) -> None:
    """A customer's reply wakes a rule; a mail that a rule rejects opens nothing and is answered to nobody unproven."""
    desk = make_desk(tmp_path / "d")
    write_rules(desk, EVENTS)
    with ended_at_last(desk):
        desk.start()
        desk.send(write_mail("My printer burns.", sender=IVAN), IVAN)
        [first] = desk.wait_letters(1, IVAN)
        desk.send(write_reply(first, "I shall see my lawyer.", sender=f"Ivan <{IVAN}>"), IVAN, first["Reply-To"])
        desk.wait_letters(1, "boss@desk.example")
        found = desk.ticket("1001")
        assert found["priority"] == "urgent"
        assert ("note", "He speaks of lawyers.", "Angry") in [
            (e["kind"], e["detail"], e["because"]) for e in found["events"]
        ]
        desk.send(write_mail("You won!", sender="eve@elsewhere.example", subject="Lottery"), "eve@elsewhere.example")
        desk.wait_idle()
        [ad] = [row for row in desk.cli("inbox") if row["envelope_from"] == "eve@elsewhere.example"]
        assert (ad["state"], ad["ticket"]) == ("spam", None)
        assert ad["reason"].startswith("rule 'No ads' rejects it; the sender is not told")
        assert desk.letters("eve@elsewhere.example") == []
