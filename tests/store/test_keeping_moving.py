"""Export and import through the command: our own desk out and in again, and old mail from elsewhere."""

from __future__ import annotations

import json
import mailbox
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from office import eml
from store.pieces import BOTH
from store.places import FreshUrl, Place, make_place, shown, talk

from maild.messages.arrival_time import arrival_time

FORMATS = ("jsonl", "maildir", "mbox")
THEN = datetime(2024, 3, 1, 9, 30, tzinfo=UTC)
CUSTOMER = "Ivan <ivan@customer.example>"


@pytest.fixture(params=BOTH)
def empty(request: pytest.FixtureRequest, fresh: FreshUrl, tmp_path: Path) -> Place:
    """A desk that nobody has written to."""
    return make_place(tmp_path / "empty", fresh(request.param))


def archive(folder: Path) -> Path:
    """An mbox from another desk: a question, answers of desk and agent, thanks, an order, an absence, another."""
    mails = [
        eml("My printer is on fire.", message_id="<q@customer.example>", date=THEN),
        eml(
            "We come.",
            sender="support@desk.example",
            to=CUSTOMER,
            subject="Re: Printer",
            message_id="<a@old.example>",
            date=THEN + timedelta(hours=1),
            In_Reply_To="<q@customer.example>",
        ),
        eml(
            "I was there.",
            sender="Anna <anna@desk.example>",
            to=CUSTOMER,
            subject="Re: Printer",
            message_id="<b@old.example>",
            date=THEN + timedelta(hours=2),
            In_Reply_To="<q@customer.example>",
        ),
        eml(
            "Thanks!",
            subject="Re: Printer",
            message_id="<t@customer.example>",
            date=THEN + timedelta(hours=3),
            In_Reply_To="<b@old.example>",
        ),
        eml(
            "/close",
            sender="Anna <anna@desk.example>",
            subject="Fwd",
            message_id="<c@old.example>",
            date=THEN + timedelta(hours=4),
            In_Reply_To="<t@customer.example>",
        ),
        eml("I am away.", message_id="<x@customer.example>", Auto_Submitted="auto-replied", date=THEN),
        eml("From here on\nFrom afar", sender="Olga <olga@client.example>", message_id="<o@client.example>", date=THEN),
    ]
    box = mailbox.mbox(folder / "old.mbox")
    for raw in mails:
        box.add(raw)
    box.close()
    return folder / "old.mbox"


@pytest.mark.parametrize(
    ("kind", "other", "form"), [*product(BOTH, BOTH, ["jsonl"]), *product(["sqlite"], ["postgresql"], FORMATS[1:])]
)
def test_what_is_exported_comes_back_whole(kind: str, other: str, form: str, fresh: FreshUrl, tmp_path: Path) -> None:
    """Tickets, messages, events, raw bytes, numbers: row by row; a reply to an old letter finds its ticket."""
    place = make_place(tmp_path / "desk", fresh(kind))
    talk(place)
    place.do("export", str(tmp_path / "out"), "--format", form)
    copy = make_place(tmp_path / "copy", fresh(other))
    copy.do("import", str(tmp_path / "out"))
    assert place.tables("outbox", "mail_ids") == copy.tables("outbox", "mail_ids")
    assert [r for r in place.tables()["mail_ids"] if r not in copy.tables()["mail_ids"]] == []
    assert shown(place) == shown(copy)
    before, after = place.rows("outbox"), copy.rows("outbox")
    assert {r["state"] for r in after} == {"held"}
    assert [r["message_id"] for r in before] == [r["message_id"] for r in after]
    answered = next(r for r in after if r["kind"] == "acknowledgement")
    copy.ingest(eml("One more thing", message_id="<later@x>", In_Reply_To=answered["message_id"]))
    assert copy.rows("inbox")[-1]["ticket"] == answered["ticket"]
    assert "the database is whole" in copy.do("db", "check")


def test_an_import_that_comes_twice_doubles_nothing(place: Place, empty: Place, tmp_path: Path) -> None:
    """Neither an export of ours nor an archive; and an export is not mixed into another desk (73)."""
    place.do("export", str(tmp_path / "out"))
    empty.do("import", str(tmp_path / "out/desk.jsonl"))
    before = empty.tables()
    assert "here already" in empty.do("import", str(tmp_path / "out"))
    box = archive(tmp_path)
    assert empty.rows("import", str(box))[0]["new"] == 7
    again = empty.rows("import", str(box), "--closed")
    assert [(r["new"], r["tickets"]) for r in again] == [(0, 0)]
    assert len(empty.tables()["inbox"]) == len(before["inbox"]) + 7
    other = make_place(tmp_path / "third", f"sqlite:///{tmp_path}/third.db")
    other.ingest(eml("Something else", message_id="<e@e>"))
    status, _, complaint = other.run("import", str(tmp_path / "out"))
    assert status == 73
    assert "of its own" in complaint


def test_what_is_no_mail_becomes_no_ticket(empty: Place, tmp_path: Path) -> None:
    """A folder of old mail holds other things as well: they are left out and named; a backup is a case for restore."""
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / "1.eml").write_bytes(eml("It prints no more.", message_id="<1@e>"))
    (folder / "list.txt").write_text("1.eml is about the printer\n")
    (folder / "index.db").write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 9)
    (folder / "empty").touch()
    status, said, complaint = empty.run("import", str(folder), "--json")
    done = json.loads(said)
    assert (status, done["mails"], done["tickets"]) == (65, 1, 1)
    assert [Path(name).name for name in done["no_mails"]] == ["empty", "index.db", "list.txt"]
    assert f"{folder}/list.txt: this is no mail: not one header field stands at its beginning; left out" in complaint
    empty.do("backup", str(tmp_path / "backup"))
    status, _, complaint = empty.run("import", str(tmp_path / "backup"))
    assert (status, f"`maild restore {tmp_path}/backup`" in complaint) == (65, True)
    assert len(empty.rows("tickets")) == 1


def test_old_mail_makes_tickets_and_nobody_hears_of_it(empty: Place, tmp_path: Path) -> None:
    """Threaded, at its own time; no letter, no clock, no order carried out."""
    [done] = empty.rows("import", str(archive(tmp_path)))
    assert (done["mails"], done["tickets"]) == (7, 2)
    assert done["states"] == {"ticketed": 6, "automatic": 1}
    tickets = shown(empty)
    assert empty.rows("outbox") == []
    assert [t["clocks"] for t in tickets] == [[], []]
    assert {t["due_at"] for t in tickets} == {None}
    printer = next(t for t in tickets if t["requester"]["address"] == "ivan@customer.example")
    assert [(m["direction"], m["visibility"]) for m in printer["messages"]] == [
        ("in", "public"), ("out", "public"), ("out", "public"), ("in", "public"), ("in", "internal"),
    ]  # fmt: skip
    assert printer["status"] == "new"
    assert printer["created_at"] == "2024-03-01T09:30:00Z"
    assert printer["updated_at"] == "2024-03-01T13:30:00Z"
    assert printer["requester"]["address"] == "ivan@customer.example"


def test_old_mail_does_not_wake_a_ticket_that_stands_here(empty: Place, tmp_path: Path) -> None:
    """A solved one stays solved, and its agents are told nothing."""
    empty.ingest(eml("My printer is on fire.", message_id="<q@customer.example>"))
    empty.do("ticket", "close", "1001")
    letters = empty.rows("outbox")
    reply = tmp_path / "reply.eml"
    reply.write_bytes(
        eml("Old words", message_id="<r@customer.example>", date=THEN, In_Reply_To="<q@customer.example>")
    )
    empty.do("import", str(reply))
    ticket = empty.rows("ticket", "show", "1001")[0]
    assert ticket["status"] == "closed"
    assert len(ticket["messages"]) == 2
    assert empty.rows("outbox") == letters


def test_old_conversations_may_be_closed_at_once(empty: Place, tmp_path: Path) -> None:
    """So that nobody has to work through an archive; a reply that comes now opens a new ticket, tied to the old."""
    [done] = empty.rows("import", str(archive(tmp_path)), "--closed")
    assert done["closed"] == 2
    assert {t["status"] for t in empty.rows("tickets")} == {"closed"}
    empty.ingest(eml("Again on fire", message_id="<n@customer.example>", In_Reply_To="<b@old.example>"))
    newest = empty.rows("ticket", "show", empty.rows("tickets")[0]["number"])[0]
    assert [link["kind"] for link in newest["links"]] == ["follow_up_of"]


@pytest.mark.parametrize("form", FORMATS)
def test_the_mails_lie_where_the_tickets_say(form: str, place: Place, tmp_path: Path) -> None:
    """Other programs find each raw mail of a ticket by its line, byte by byte; everything is for its owner alone."""
    out = tmp_path / "out"
    place.do("export", str(out), "--format", form)
    lines = [json.loads(line) for line in (out / "tickets.jsonl").read_text().splitlines()]
    told = {row["number"]: row for row in place.rows("tickets")}
    assert [line["number"] for line in lines] == sorted(told)
    assert not list(out.glob(".frozen*"))
    assert {p.stat().st_mode & 0o077 for p in [out, *out.rglob("*")]} == {0}
    raws = {r["inbox_id"]: bytes(r["raw"]) for r in place.tables()["inbox_raw"]}
    for line in lines:
        for mail in line["mails"]:
            if mail["direction"] == "in" and form == "maildir":
                assert (out / mail["file"]).read_bytes() == raws[mail["id"]]
    if form == "mbox":
        box = mailbox.mbox(out / "mails.mbox")
        assert len(box) == len(raws) + len(place.tables()["outbox_raw"])
        box.close()


def test_a_part_can_be_exported(place: Place, empty: Place, tmp_path: Path) -> None:
    """One queue, or what changed since; it comes back with its numbers, and new ones go on behind them."""
    place.do("ticket", "queue", "1002", "billing")
    [done] = place.rows("export", str(tmp_path / "out"), "--queue", "billing")
    assert (done["tickets"], done["mails"]) == (1, 1)
    [none] = place.rows("export", str(tmp_path / "none"), "--since", "2999-01-01T00:00:00Z")
    assert (none["tickets"], none["mails"], none["letters"]) == (0, 0, 0)
    empty.do("import", str(tmp_path / "out"))
    assert [t["number"] for t in empty.rows("tickets")] == ["SUP-1002"]
    empty.ingest(eml("New", message_id="<n@n>"))
    assert [t["number"] for t in empty.rows("tickets")] == ["SUP-1003", "SUP-1002"]
    assert "the database is whole" in empty.do("db", "check")


@pytest.mark.parametrize("harm", ["cut", "line", "mail", "schema"])
def test_a_broken_export_takes_nothing_in(harm: str, place: Place, tmp_path: Path) -> None:
    """Cut off, with a line that is none, without a mail, of another version: 65, and the desk stays empty."""
    out = tmp_path / "out"
    place.do("export", str(out), "--format", "maildir")
    file = out / "desk.jsonl"
    lines = file.read_text().splitlines(keepends=True)
    if harm == "cut":
        file.write_text("".join(lines[:-1]))
    elif harm == "line":
        file.write_text("".join([*lines[:3], "{]\n", *lines[3:]]))
    elif harm == "mail":
        next((out / "mails/cur").iterdir()).unlink()
    else:
        file.write_text("".join([lines[0].replace('"schema": "', '"schema": "9'), *lines[1:]]))
    other = make_place(tmp_path / "other", f"sqlite:///{tmp_path}/other.db")
    status, _, complaint = other.run("import", str(out))
    assert (status, len(complaint.strip().splitlines())) == (65, 1)
    assert other.tables()["inbox"] == []
    assert other.rows("tickets") == []


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["import"], 64),
        (["import", "nowhere.mbox"], 66),
        (["export"], 64),
        (["export", "out", "--format", "zip"], 64),
        (["export", "out", "--since", "yesterday"], 64),
        (["export", "."], 73),
    ],
)
def test_wrong_words_are_told(words: list[str], status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence each."""
    place = make_place(tmp_path / "desk", f"sqlite:///{tmp_path}/x.db")
    monkeypatch.chdir(place.folder)
    got, _, complaint = place.run(*words)
    assert got == status, complaint
    assert complaint.startswith("maild: ")


@pytest.mark.parametrize(
    ("head", "at"),
    [
        ("Received: from a by b; Fri, 1 Mar 2024 12:30:00 +0300 (MSK)\nDate: Thu, 1 Jan 1970 00:00:00 +0000", THEN),
        ("Date: Fri, 01 Mar 2024 09:30:00 +0000", THEN),
        ("Received: from a by b\nDate: Fri, 01 Mar 2024 09:30:00 +0000", THEN),
        ("Subject: none", None),
    ],
)
def test_the_last_server_knows_when_a_mail_arrived(head: str, at: datetime | None) -> None:
    """The topmost Received first, then Date."""
    assert arrival_time(f"{head}\n\nx\n".encode()) == at
