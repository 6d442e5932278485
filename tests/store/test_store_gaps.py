"""What customers ask that the knowledge base does not answer, on real databases and by the command."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from office import NOW, eml
from store.pieces import OFFICE, arrival, handle_all

from maild.cli.main import run
from maild.clock import FixedClock
from maild.desk.handle import Desk
from maild.desk.orders import give_order
from maild.store.keep import Keep
from maild.store.questions import asked_in
from maild.threads.gaps import MAX_TEXT
from maild.threads.periods import Period

CLOCK = FixedClock(NOW)
DAY = Period(since=NOW - timedelta(hours=1), until=NOW + timedelta(hours=1))


def test_the_first_mail_of_a_person_is_what_a_ticket_asks(keep: Keep) -> None:
    """Not what was added later, nor by us, nor spam; of the period, of a queue, and no more than is looked at."""
    keep.inbox.add([arrival(message_id="<1@x>")])
    keep.inbox.add([arrival(sender="Win <win@casino.example>", subject="Casino", message_id="<2@x>")])
    keep.inbox.add([arrival("ёж " * 2000, sender="Olga <o@other.example>", subject="Long", message_id="<3@x>")])
    handle_all(Desk(keep, lambda: OFFICE, CLOCK))
    give_order(keep, OFFICE, CLOCK, "1002", "spam", "")
    give_order(keep, OFFICE, CLOCK, "1001", "note", "He called.")
    with keep.database.read() as connection:
        found = asked_in(connection, DAY)
        assert [(q.number, q.queue, q.subject) for q in found] == [
            ("SUP-1001", "support", "Printer"),
            ("SUP-1003", "support", "Long"),
        ]
        assert found[0].text == "My printer is on fire."
        assert len(found[1].text) == MAX_TEXT
        assert asked_in(connection, DAY, "billing") == []
        assert asked_in(connection, Period(since=DAY.until, until=DAY.until + timedelta(days=1))) == []


@pytest.fixture
def settings(tmp_path: Path) -> str:
    """A desk as `maild init` makes it, with three questions about a printer and one about a password."""
    assert run(["init", str(tmp_path)]) == 0
    mails = tmp_path / "mails"
    mails.mkdir()
    asked = ["Printer prints empty pages"] * 3 + ["Forgot my password"]
    for number, subject in enumerate(asked):
        mail = eml("Hello!", subject=subject, sender=f"A <a{number}@customer.example>", message_id=f"<{number}@x>")
        (mails / f"{number}.eml").write_bytes(mail)
    file = str(tmp_path / "settings.toml")
    assert run(["--config", file, "ingest", *map(str, sorted(mails.iterdir()))]) == 0
    return file


def test_the_command_shows_groups_and_their_sum(settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As objects, each with its samples; and in words."""
    capsys.readouterr()
    assert run(["--config", settings, "kb", "gaps", "--json", "--limit", "5"]) == 0
    group, whole = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert group == {
        "queue": "support",
        "words": ["printer", "prints", "empty", "pages"],
        "tickets": 3,
        "samples": [{"ticket": f"SUP-{n}", "subject": "Printer prints empty pages"} for n in (1001, 1002, 1003)],
        "nearest": None,
    }
    assert whole == {"tickets": 4, "answered": 1, "unanswered": 3, "alone": 0, "groups": 1}
    assert run(["--config", settings, "kb", "gaps"]) == 0
    assert "3\tsupport\tprinter prints empty pages\t\tSUP-1001 Printer" in capsys.readouterr().out
    assert run(["--config", settings, "kb", "gaps", "--queue", "billing"]) == 0
    assert "0 tickets" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "status"), [(["--queue", "nope"], 66), (["--since", "2999-01-01"], 64), (["--since", "soonish"], 64)]
)
def test_a_queue_that_is_not_there_or_a_time_that_is_none_is_refused(
    settings: str, words: list[str], status: int
) -> None:
    """By the exit status for it."""
    assert run(["--config", settings, "kb", "gaps", *words]) == status
