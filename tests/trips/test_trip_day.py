"""A day of a desk: five agents and forty people outside, by the programs that they really write with.

Who writes what stands in tests/day_script.py, what then lies in each mailbox in tests/mails/day.txt: every letter with
its kind, its subject and the words of all texts that it tells something of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from difflib import unified_diff
from pathlib import Path

import pytest
from daemon import ended_at_last, make_desk, write_users
from day import HERE, SERVER, Day, deliveries, leaks
from day_script import AGENTS, DAY, PEOPLE, PROMISES, RULES, TEAMS

BEGINS = datetime(2026, 11, 23, 9, 30, tzinfo=HERE)
BOOK = Path(__file__).parents[1] / "mails" / "day.txt"


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """The day, when it is over."""
    settings = {"outgoing.undo_delay": "15s", "trust.authserv_ids": [SERVER], "limits.notifications": 1000}
    desk = make_desk(tmp_path_factory.mktemp("day") / "d", settings)
    for name, text in (("teams", TEAMS), ("routing", RULES), ("sla", PROMISES)):
        (desk.folder / "rules" / f"{name}.toml").write_text(text)
    write_users(desk.folder / "var" / "users", AGENTS)
    played = Day(desk=desk, people=PEOPLE, begins=BEGINS)
    with ended_at_last(desk):
        played.start()
        played.play(DAY)
        yield played


def test_every_mailbox_holds_what_it_should_and_nothing_else(day: Day) -> None:
    """All letters of all people, in their order; where one differs the lines say which."""
    wanted, found = BOOK.read_text(encoding="utf-8"), day.book()
    lines = unified_diff(wanted.splitlines(), found.splitlines(), "as it should be", "as it is", lineterm="", n=2)
    assert wanted == found, "\n" + "\n".join(lines)


def test_nobody_outside_is_told_what_is_not_for_him(day: Day) -> None:
    """No note, no order, no address or id of an agent's letter; no word, name or address of another customer."""
    assert leaks(day.letters(), day.sent, PEOPLE) == []


def test_every_answer_reaches_everybody_it_is_for_once(day: Day) -> None:
    """Held, taken back, merged, sent after a while: none is lost and none comes twice."""
    counts = deliveries(day.letters(), day.sent, PEOPLE)
    assert len(counts) > 40
    assert {name: count for name, count in counts.items() if count != 1} == {}


def test_every_mail_has_ended_somewhere(day: Day) -> None:
    """One state each, and no bug on the way."""
    rows = day.desk.cli("inbox")
    ends = Counter(row["state"] for row in rows if row["state"] != "ticketed")
    assert ends == {"duplicate": 1, "automatic": 1, "bounce": 1, "own": 2, "spam": 1}
    assert max(row["attempts"] for row in rows) == 1
    assert {row["state"] for row in day.desk.cli("outbox")} == {"sent", "recalled"}
    assert day.desk.log().count("Traceback") == 0


def test_a_leak_would_be_seen(day: Day) -> None:
    """Letters that have been tampered with: what stands in another's box, in base64, or as an address is told."""
    letters, olga = day.letters(), PEOPLE["olga"].address
    note = next(x for x in letters if x.recipient == PEOPLE["anna"].address and "boris4zq" in x.everything)
    assert any("text boris4" in one for one in leaks([*letters, replace(note, recipient=olga)], day.sent, PEOPLE))
    petr = next(x for x in letters if x.recipient == PEOPLE["petr"].address)
    found = leaks([*letters, replace(petr, recipient=olga)], day.sent, PEOPLE)
    assert any("petr@petr-house.example" in one for one in found)
    twice = [*letters, next(x for x in letters if x.recipient == olga and "anna1zq" in x.everything)]
    assert deliveries(twice, day.sent, PEOPLE)["anna1 to olga"] == 2
