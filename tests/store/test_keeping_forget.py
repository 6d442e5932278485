"""Erasing a person through the command; afterwards nothing of the address is anywhere that the report does not name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from office import eml
from store.places import Place

from maild.clock import SystemClock
from maild.messages.read import read_mail
from maild.store.traces import Trace

IVAN = "ivan@customer.example"
SECRET = b"the plague"


@pytest.fixture
def told(place: Place) -> Place:
    """Ivan wrote, Olga quotes him in a ticket of hers, a machine told of him, an agent was told, a mail is broken."""
    place.ingest(
        eml(
            "I have the plague.",
            message_id="<p.ivan@customer.example>",
            subject="My plague",
            Cc="Petr <petr@x.example>",
        ),
        eml(
            "Me too.\n\nOn Mon, Ivan <ivan@customer.example> wrote:\n> I have the plague.\n",
            sender="Petr <petr@x.example>",
            to=f"support@desk.example, {IVAN.upper()}",
            message_id="<petr@x.example>",
            In_Reply_To="<p.ivan@customer.example>",
        ),
        eml("Not ivan@customer.example.org, not xivan@customer.example", sender="Q <q@x.example>", message_id="<q@x>"),
    )
    return place


def texts(place: Place) -> str:
    """Everything in every table but the raw mails."""
    return repr(place.tables("inbox_raw", "outbox_raw"))


@pytest.mark.fault("H9")
def test_nothing_of_a_person_is_left_that_is_not_named(told: Place) -> None:
    """Texts, headers, letters, participants; others' raw mails are named, others' words stay."""
    before = {row["number"]: row for row in told.rows("tickets")}
    assert Trace(IVAN).is_in(texts(told))
    [report] = told.rows("forget", IVAN, "--yes")
    assert report["erased"]
    assert not Trace(IVAN).is_in(texts(told))
    assert "plague" not in texts(told)
    [named] = re.findall(r"as they came: inbox ([\d, ]+)", "\n".join(report["remains"]))
    tables = told.tables()
    holding = [r["inbox_id"] for r in tables["inbox_raw"] if Trace(IVAN).stands_in(bytes(r["raw"]))]
    assert holding == [int(n) for n in named.split(", ")]
    assert not any(Trace(IVAN).stands_in(bytes(r["raw"])) for r in tables["outbox_raw"])
    assert "Me too." in texts(told)
    assert "xivan@customer.example" in texts(told)
    after = {row["number"]: row for row in told.rows("tickets")}
    for number, row in before.items():
        kept = ("status", "queue", "created_at", "messages", "due_at", "line", "priority")
        assert [row[k] for k in kept] == [after[number][k] for k in kept]
        if row["requester"] and row["requester"]["address"] == IVAN:
            assert (after[number]["requester"], after[number]["subject"]) == (None, "")
    assert "the database is whole" in told.do("db", "check")


@pytest.mark.fault("H9")
def test_the_bytes_are_gone_from_the_files(told: Place) -> None:
    """Not in the SQLite file, not in its write-ahead log: only in the mail that is named."""
    if not told.url.startswith("sqlite"):
        return  # PostgreSQL's files are the server's
    told.do("forget", IVAN, "--yes")
    path = Path(told.url.removeprefix("sqlite:///"))
    bytes_left = b"".join(file.read_bytes() for file in path.parent.glob(path.name + "*"))
    assert bytes_left.count(SECRET) == 1
    assert b"My plague" not in bytes_left


def test_letters_that_have_not_left_never_leave(told: Place) -> None:
    """Those to him and those that tell agents of him; others' letters go."""
    his = {row["number"] for row in told.rows("tickets") if row["requester"] and row["requester"]["address"] == IVAN}
    told.do("forget", IVAN, "--yes")
    states = {row["ticket"]: row["state"] for row in told.rows("outbox")}
    assert {states[number] for number in his if number in states} == {"recalled"}
    assert "waiting" in states.values()
    status, _, complaint = told.run("outbox", "retry", str(told.rows("outbox", "--state", "recalled")[0]["id"]))
    assert (status, "recalled" in complaint) == (64, True)


def test_a_person_who_is_forgotten_twice_was_forgotten_once(told: Place) -> None:
    """The second time nothing is found; a mail of his that comes later is a new one."""
    told.do("forget", IVAN, "--yes")
    assert "nothing is kept" in told.do("forget", IVAN, "--yes")
    told.ingest(eml("I am back", message_id="<back@customer.example>"))
    assert told.rows("tickets")[0]["requester"]["address"] == IVAN


def test_a_mail_that_was_erased_and_comes_again_is_a_duplicate(told: Place) -> None:
    """Its content key stays, so that an old copy does not bring the person back."""
    raw = eml(
        "I have the plague.", message_id="<p.ivan@customer.example>", subject="My plague", Cc="Petr <petr@x.example>"
    )
    told.do("forget", IVAN, "--yes")
    told.ingest(raw)
    assert told.rows("inbox")[-1]["state"] == "duplicate"


def test_looking_changes_nothing(told: Place) -> None:
    """--dry-run tells the same figures; without a word on a terminal nothing is done."""
    before = told.tables()
    [looked] = told.rows("forget", IVAN, "--dry-run")
    assert not looked["erased"]
    status, _, complaint = told.run("forget", IVAN)
    assert (status, "--yes" in complaint) == (64, True)
    assert told.tables() == before
    [done] = told.rows("forget", IVAN, "--yes")
    assert {k: v for k, v in done.items() if k != "erased"} == {k: v for k, v in looked.items() if k != "erased"}


def test_backups_that_hold_a_person_are_named_and_a_restore_says_so(told: Place, tmp_path: Path) -> None:
    """Each that still stands; after a restore of one the person is there again, and that is told."""
    told.do("backup", str(tmp_path / "backup"))
    assert f"remains: the backup {tmp_path}/backup" in told.do("forget", IVAN, "--yes")
    for table in ("letter_news", "outbox_raw", "outbox", "messages", "participants", "events", "clocks", "mail_ids"):
        told.change(f"DELETE FROM {table}")
    for table in ("steps_done", "links", "tickets", "inbox_raw", "inbox"):
        told.change(f"DELETE FROM {table}")
    assert "1 persons were forgotten since" in told.do("restore", str(tmp_path / "backup"))


@pytest.mark.parametrize("address", ["support@desk.example", "anna@desk.example", "nobody", ""])
def test_only_a_person_outside_can_be_forgotten(address: str, place: Place) -> None:
    """The desk's own addresses, its agents and what is no address: 64."""
    status, _, complaint = place.run("forget", address, "--yes")
    assert status == 64
    assert complaint.startswith("maild: ")


def test_bytes_that_are_gone_are_told_so(told: Place) -> None:
    """`inbox raw` does not answer with an empty mail."""
    told.do("forget", IVAN, "--yes")
    gone = next(r["id"] for r in told.rows("inbox") if r["reason"].startswith("erased"))
    status, _, complaint = told.run("inbox", "raw", str(gone))
    assert (status, "kept no longer" in complaint) == (66, True), complaint


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("<ivan@customer.example>", True),
        ("IVAN@Customer.Example.", True),
        ("mailto:ivan@customer.example?x", True),
        ("ivan@customer.example.org", False),
        ("xivan@customer.example", False),
        ("ivan@customer.example-two", False),
        ("a.ivan@customer.example", False),
    ],
)
def test_an_address_is_not_found_in_a_longer_one(text: str, there: bool) -> None:
    """Nobody else is erased with him."""
    assert Trace(IVAN).is_in(text) is there
    assert Trace(IVAN).stands_in(text.encode()) is there


@pytest.mark.fault("H9")
def test_answers_to_agents_questions_hold_nothing_of_him_though_their_bytes_are_encoded(place: Place) -> None:
    """Lists and figures belong to no ticket; his address, and what his tickets are called, go from them, too."""
    settings = place.settings.read_text(encoding="utf-8")
    place.settings.write_text(settings.replace("authserv_ids = []", 'authserv_ids = ["mx.desk.example"]'), "utf-8")
    now = SystemClock().now()
    proof = {"Authentication_Results": "mx.desk.example; dmarc=pass header.from=desk.example", "date": now}
    anna = {"sender": "anna@desk.example", **proof}
    place.ingest(eml("Я болен.", subject="My plague", message_id="<i@customer.example>", date=now))
    orders = ("/search plague", "/report", "/list queue:support", "/kb printer")
    place.ingest(*(eml(one, message_id=f"<{n}@desk.example>", **anna) for n, one in enumerate(orders)))
    unticketed = {row["id"] for row in place.tables()["outbox"] if row["ticket_id"] is None}
    assert len(unticketed) == len(orders)
    place.do("forget", IVAN, "--yes")
    raws = [bytes(row["raw"]) for row in place.tables()["outbox_raw"] if row["outbox_id"] in unticketed]
    left = [read_mail(raw).text for raw in raws if raw]
    assert not [text for text in left if IVAN in text or "plague" in text or "SUP-1001" in text]
    assert any("/kb" in text for text in left)


@pytest.mark.fault("H9")
def test_neither_his_name_nor_his_words_are_left_where_the_address_is_not(place: Place) -> None:
    """In orders that can be taken back, in news for a digest, in letters' From, in the history of a subject."""
    settings = place.settings.read_text(encoding="utf-8")
    place.settings.write_text(settings.replace("[limits]", "[limits]\nnotifications = 2", 1), encoding="utf-8")
    ivan = "Ivanushka Plaguebearer <ivan@customer.example>"
    for number in range(4):
        place.ingest(eml("I have it.", sender=ivan, subject="My plague", message_id=f"<{number}@customer.example>"))
    place.do("ticket", "tag", "1001", "illness")
    place.do("ticket", "subject", "1001", "A plague on both")
    assert texts(place).lower().count("plague") > 20
    place.do("forget", IVAN, "--yes")
    left = [(name, row) for name, rows in place.tables("inbox_raw", "outbox_raw").items() for row in rows]
    assert not [(name, row) for name, row in left if "plague" in repr(row).lower()]
    assert "the database is whole" in place.do("db", "check")
