"""Time passes over a real desk: promises in letters, escalation step by step, rules that change while it runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from clients import write_mail
from daemon import SUPPORT, Daemon, ended_at_last, make_desk, running_desk, wait_for

ANNA, BORIS, VERA, GLEB = "anna@desk.example", "boris@desk.example", "vera@desk.example", "gleb@desk.example"
ADMIN = "admin@desk.example"
IVAN = "ivan@customer.example"
LADDER = """
[[calendar]]
name = "always"
timezone = "Europe/Moscow"
hours = "always"

[[promise]]
name = "standard"
calendar = "always"
first_response = "4h"
next_response = "8h"
resolution = "40h"
pause = ["pending", "hold"]

[[promise.step]]
target = "first_response"
at = "50%"
tell = ["queue"]

[[promise.step]]
target = "first_response"
at = "-30m"
tell = ["boris"]
line = "up"

[[promise.step]]
target = "first_response"
at = "100%"
tell = ["lead", "boss@desk.example"]
priority = "high"

[[promise.step]]
target = "first_response"
at = "+2h"
tell = ["lead"]
line = "up"
"""


def ask(text: str = "Please help me, my printer burns.", sender: str = IVAN, **more: object) -> bytes:
    """A customer's mail."""
    return write_mail(text, sender=sender, subject="Printer", **more)  # type: ignore[arg-type]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Daemon]:
    """A desk with four steps to climb and one ticket; the daemon does not run."""
    made = make_desk(tmp_path / "d")
    (made.folder / "rules" / "sla.toml").write_text(LADDER)
    with ended_at_last(made):
        made.cli("ingest", "--sender", IVAN, "--recipient", SUPPORT, given=ask())
        assert made.run("run", "--once").returncode == 0
        yield made


def escalations(desk: Daemon) -> list[str]:
    """To whom escalations went, in order."""
    return [to["address"] for row in desk.cli("outbox") if row["kind"] == "escalation" for to in row["to"]]


def tick(desk: Daemon, begun: datetime, after: timedelta) -> None:
    """Do what is due so long after the ticket came."""
    desk.order("tick", "--now", (begun + after).isoformat())


def begun(desk: Daemon) -> datetime:
    """When the ticket came."""
    return datetime.fromisoformat(desk.cli("tickets")[0]["created_at"])


@pytest.mark.fault("I2")
def test_each_step_is_climbed_once_whatever_restarts_come_between(desk: Daemon) -> None:
    """Warning, raise, breach, two hours later: every step at its time, none twice, letters handed over at once."""
    start, hour = begun(desk), timedelta(hours=1)
    told: list[str] = []
    ladder = [
        (1.9 * hour, []),
        (2.0 * hour, [ANNA, BORIS]),
        (3.4 * hour, []),
        (3.5 * hour, [BORIS]),
        (4.0 * hour, [VERA, "boss@desk.example"]),
        (5.9 * hour, []),
        (6.0 * hour, [VERA, GLEB]),
        (60 * hour, []),
    ]
    for after, people in ladder:
        told += people
        for _ in range(2):
            tick(desk, start, after)
            assert escalations(desk) == told, after
        if people == [BORIS]:
            desk.start()
            desk.kill()
    ticket = desk.ticket("1001")
    assert (ticket["priority"], ticket["line"]) == ("high", 3)
    assert [e["kind"] for e in ticket["events"]].count("escalated") == 4
    assert {row["state"] for row in desk.cli("outbox")} == {"sent"}
    assert [letter.recipient for letter in desk.letters()][3:] == told
    for letter in desk.letters()[3:]:
        assert letter["Auto-Submitted"] == "auto-generated"
        assert letter.return_path == ""


@pytest.mark.fault("I1")
def test_after_a_long_absence_every_step_is_climbed_in_order_and_once(desk: Daemon) -> None:
    """The machine was away for days: all steps at the first look, earliest first, beside the running daemon too."""
    start = begun(desk)
    desk.start()
    tick(desk, start, timedelta(days=3))
    assert escalations(desk) == [ANNA, BORIS, BORIS, VERA, "boss@desk.example", VERA, GLEB]
    desk.kill()
    desk.start()
    tick(desk, start, timedelta(days=4))
    assert len(escalations(desk)) == 7
    details = [e["detail"] for e in desk.ticket("1001")["events"] if e["kind"] == "escalated"]
    assert [d.rpartition(" at ")[2].partition(" of ")[0] for d in details] == ["50%", "-30m", "100%", "+2h"]


def test_an_answered_ticket_climbs_no_step(desk: Daemon) -> None:
    """The first response was given, so its deadline says nothing any more."""
    start = begun(desk)
    desk.order("ticket", "close", "1001")
    tick(desk, start, timedelta(days=3))
    assert escalations(desk) == []


@pytest.mark.fault("I1")
def test_a_clock_that_was_set_back_takes_no_step_back(desk: Daemon) -> None:
    """A tick of yesterday does nothing; the steps that were climbed stay climbed."""
    start = begun(desk)
    tick(desk, start, timedelta(hours=2))
    tick(desk, start, -timedelta(days=1))
    tick(desk, start, timedelta(hours=2))
    assert escalations(desk) == [ANNA, BORIS]


@pytest.mark.parametrize(("subject", "language"), [("Срочно! Всё горит, помогите", "ru"), ("Urgent: printer", "en")])
def test_the_time_in_the_acknowledgement_is_the_clocks_own(tmp_path: Path, subject: str, language: str) -> None:
    """What the customer is promised is the due time of the first response, in the desk's time zone."""
    with running_desk(tmp_path / "d") as desk:
        text = "Здравствуйте, помогите!" if language == "ru" else "Hello, please help me!"
        desk.deliver(write_mail(text, sender=IVAN, subject=subject), IVAN)
        clock = next(c for c in desk.ticket("1001")["clocks"] if c["target"] == "first_response")
        due = datetime.fromisoformat(clock["due_at"])
        assert due - datetime.fromisoformat(clock["started_at"]) == timedelta(minutes=30)
        local = due.astimezone(ZoneInfo("Europe/Moscow"))
        words = f"до {local:%H:%M} (Europe/Moscow)" if language == "ru" else f"by {local:%H:%M} (Europe/Moscow)"
        assert words in desk.letters(IVAN)[0].text
        assert str(local.day) in desk.letters(IVAN)[0].text
        assert desk.ticket("1001")["due_at"] == clock["due_at"]


@pytest.mark.fault("I4")
def test_a_mail_from_the_past_is_promised_from_now(tmp_path: Path) -> None:
    """Date says 1970 or 2099; the clock starts when the mail came."""
    with running_desk(tmp_path / "d") as desk:
        for number, year in enumerate((1970, 2099), 1):
            desk.deliver(ask(sender=f"c{number}@customer.example", date=datetime(year, 1, 2, tzinfo=UTC)), IVAN)
            clock = desk.ticket(f"100{number}")["clocks"][0]
            assert abs(datetime.now(UTC) - datetime.fromisoformat(clock["started_at"])) < timedelta(minutes=1)


PRINTERS = """
[[rule]]
name = "Printers"
when.subject = { words = ["printer"] }
then.queue = "technical"
then.tags = ["printers"]

"""


def test_a_changed_rule_is_in_force_within_five_seconds(tmp_path: Path) -> None:
    """Without a signal or a restart; tickets that came before stay where they are. A busy machine has three tries."""
    with running_desk(tmp_path / "d") as desk:
        desk.deliver(ask(sender="c0@customer.example"), IVAN)
        rules = desk.folder / "rules" / "routing.toml"
        text, took = PRINTERS + rules.read_text(), 5.0
        for tries in range(3):
            rules.write_text(text + "# again\n" * tries)
            changed = time.monotonic()
            wait_for(lambda: desk.log().count("rules are in force") > tries, "the new rules", 20)  # noqa: B023
            if (took := time.monotonic() - changed) < 5:
                break
        assert took < 5
        desk.deliver(ask(sender="c1@customer.example"), IVAN)
        assert [(t["queue"], t["tags"]) for t in desk.cli("tickets")] == [("technical", ["printers"]), ("support", [])]


@pytest.mark.fault("A9", "H5")
def test_a_half_saved_rules_file_keeps_the_old_set_and_mails_the_admin_once(tmp_path: Path) -> None:
    """Mail goes on by the former rules; the admin reads file and line once, and again only for another mistake."""
    with running_desk(tmp_path / "d", {"desk.admin": ADMIN}) as desk:
        rules = desk.folder / "rules" / "routing.toml"
        good = rules.read_text()
        rules.write_text(PRINTERS + good[: len(good) // 2] + "\n[[rule")
        (letter,) = desk.wait_letters(1, ADMIN)
        assert "routing.toml" in letter.text
        assert letter["Auto-Submitted"] == "auto-generated"
        desk.deliver(ask(), IVAN)
        assert desk.cli("tickets")[0]["queue"] == "support"
        rules.touch()
        time.sleep(3)
        assert len(desk.letters(ADMIN)) == 1
        rules.write_text(PRINTERS + good)
        wait_for(lambda: "rules are in force" in desk.log(), "the mended rules", 20)
        desk.deliver(ask(sender="c1@customer.example"), IVAN)
        assert desk.cli("tickets")[0]["queue"] == "technical"
        rules.write_text(good.replace('then.queue = "billing"', 'then.queue = "biling"', 1))
        second = desk.wait_letters(2, ADMIN)[1]
        assert "biling" in second.text
        assert len(desk.letters(ADMIN)) == 2


@pytest.mark.fault("A9")
def test_an_own_letter_is_used_as_soon_as_it_is_there(tmp_path: Path) -> None:
    """A text under rules/letters shadows the built-in one; a broken one is refused and the old text stays."""
    with running_desk(tmp_path / "d") as desk:
        own = desk.folder / "rules" / "letters" / "en" / "acknowledgement.txt"
        own.parent.mkdir(parents=True)
        own.write_text("Subject: [{{ ticket.number }}] Ahoy\n\nAhoy! We are on it.\n")
        wait_for(lambda: "rules are in force" in desk.log(), "the new letter", 20)
        desk.deliver(ask(), IVAN)
        assert "Ahoy! We are on it." in desk.letters(IVAN)[0].text
        own.write_text("Subject: x\n\n{{ ticket.number \n")
        wait_for(lambda: "the rules are broken" in desk.log(), "the broken letter", 20)
        desk.deliver(ask(sender="c1@customer.example"), IVAN)
        assert "Ahoy! We are on it." in desk.letters("c1@customer.example")[0].text
