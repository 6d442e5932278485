"""Backup, restore and copying between databases, through the command, from each kind of database to each."""

from __future__ import annotations

import json
import stat
from itertools import product
from pathlib import Path

import pytest
from postgres import opened
from store.pieces import BOTH
from store.places import FreshUrl, Place, make_place, shown, talk

from maild.cli.main import run
from maild.config.settings import load_settings
from maild.daemon import lock_database
from maild.errors import CannotCreate
from maild.store.care import check_database
from maild.store.engine import Database
from maild.store.invariants import broken_rules
from maild.store.transfer import open_empty, pour, silent

WAYS = list(product(BOTH, BOTH))


@pytest.mark.parametrize(("kind", "other"), WAYS)
def test_a_backup_put_in_place_is_the_desk_as_it_was(kind: str, other: str, fresh: FreshUrl, tmp_path: Path) -> None:
    """Every row of every table, whichever databases the two are; only what had not left is held."""
    place = make_place(tmp_path / "desk", fresh(kind))
    talk(place)
    folder = tmp_path / "backup"
    place.do("backup", str(folder))
    copy = make_place(tmp_path / "other", fresh(other))
    said = copy.do("restore", str(folder), "--skip", "0")
    assert "ATTENTION" in said
    before, after = place.tables("outbox"), copy.tables("outbox")
    assert before == after
    letters = place.tables()["outbox"]
    held = [r | {"state": "held", "next_at": None, "claimed_by": None, "last_error": ""} for r in letters]
    assert held == [r | {"last_error": ""} for r in copy.tables()["outbox"]]
    assert shown(place) == shown(copy)
    assert copy.do("db", "check")
    assert (copy.folder / "var/secret").read_bytes() == (place.folder / "var/secret").read_bytes()


def test_what_a_restore_makes_is_for_its_owner_alone(tmp_path: Path) -> None:
    """The folder of the database, too, as `maild init` makes it; and both count the same mails."""
    desk, new = make_place(tmp_path / "desk", "sqlite:///var/maild.db"), tmp_path / "new"
    talk(desk)
    mails = f"{len(desk.rows('inbox'))} mails, "
    assert mails in desk.do("backup", str(tmp_path / "backup"))
    new.mkdir()
    assert mails in Place(folder=new, url=desk.url).do("restore", str(tmp_path / "backup"))
    assert stat.S_IMODE((new / "var").stat().st_mode) == 0o700


def test_a_desk_that_never_ran_has_nothing_to_back_up(tmp_path: Path) -> None:
    """Its database is empty, and no newer maild has made it."""
    status, _, complaint = make_place(tmp_path / "desk", "sqlite:///var/maild.db").run("backup", str(tmp_path / "b"))
    assert status == 78
    assert "this database is empty (the first start of maild makes its tables)" in complaint


def test_what_had_not_left_leaves_on_a_word_alone(place: Place, fresh: FreshUrl, tmp_path: Path) -> None:
    """It may have left since the backup: it is told loudly, and `outbox retry` releases it."""
    place.do("backup", str(tmp_path / "backup"))
    copy = make_place(tmp_path / "other", fresh("sqlite"))
    said = copy.do("restore", str(tmp_path / "backup"))
    held = copy.rows("outbox", "--state", "held")
    assert f"ATTENTION: {len(held)} letters had not left" in said
    assert "restore" in held[0]["last_error"]
    copy.do("run", "--once")
    assert not list((copy.folder / "var/outgoing/new").glob("*"))
    copy.do("outbox", "retry", str(held[0]["id"]))
    copy.do("run", "--once")
    assert len(list((copy.folder / "var/outgoing/new").glob("*"))) == 1


def test_numbers_given_since_the_backup_are_not_given_again(place: Place, fresh: FreshUrl, tmp_path: Path) -> None:
    """A customer's reply to a number of the lost days must not end in another customer's ticket."""
    place.do("backup", str(tmp_path / "backup"))
    copy = make_place(tmp_path / "other", fresh("sqlite"))
    copy.do("restore", str(tmp_path / "backup"))
    copy.ingest(b"From: new@x.example\nTo: support@desk.example\nSubject: x\nMessage-ID: <n@x>\n\nx\n")
    newest = copy.rows("tickets")[0]["number"]
    assert int(newest.removeprefix("SUP-")) >= 1100
    assert max(r["id"] for r in copy.rows("inbox")) > max(r["id"] for r in place.rows("inbox")) + 1000


def test_a_backup_is_for_its_owner_alone_and_says_what_it_lacks(place: Place, tmp_path: Path) -> None:
    """Modes 700 and 600; passwords and keys are named, and not in it."""
    text = place.settings.read_text(encoding="utf-8")
    text = text.replace('transport = "maildir"', 'transport = "smtp"\nusername = "x"\npassword_file = "relay-password"')
    text = text.replace("[outgoing]", '[outgoing]\nsecurity = "tls"', 1)
    place.settings.write_text(text, encoding="utf-8")
    (place.folder / "relay-password").write_text("hunter2\n")
    folder = tmp_path / "backup"
    said = place.do("backup", str(folder))
    assert "not in this backup" in said
    assert "relay-password ([outgoing] password_file)" in said
    for path in [folder, *folder.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert not any(b"hunter2" in p.read_bytes() for p in folder.rglob("*") if p.is_file())
    manifest = json.loads((folder / "manifest.json").read_text())
    assert set(manifest["files"]) >= {"database.db", "secret", "settings.toml", "rules/teams.toml"}
    assert manifest["counts"]["tickets"] == len(place.tables()["tickets"])


@pytest.mark.parametrize("harm", ["manifest", "database", "missing", "outside"])
def test_a_backup_that_is_not_whole_is_not_restored(harm: str, place: Place, fresh: FreshUrl, tmp_path: Path) -> None:
    """Without its manifest, with a changed file, without a file, with a name that leads elsewhere: 65."""
    folder = tmp_path / "backup"
    place.do("backup", str(folder))
    manifest = folder / "manifest.json"
    if harm == "manifest":
        manifest.unlink()
    elif harm == "database":
        raw = bytearray((folder / "database.db").read_bytes())
        raw[-1] ^= 1
        (folder / "database.db").write_bytes(raw)
    elif harm == "missing":
        (folder / "rules/teams.toml").unlink()
    else:
        manifest.write_text(manifest.read_text().replace('"rules/teams.toml"', '"../teams.toml"'))
    copy = make_place(tmp_path / "other", fresh("sqlite"))
    status, _, complaint = copy.run("restore", str(folder))
    assert (status, len(complaint.strip().splitlines())) == (65, 1)
    assert copy.tables()["inbox"] == []


def test_nothing_that_stands_somewhere_is_overwritten(place: Place, tmp_path: Path) -> None:
    """Neither a folder with something in it, nor a file, nor a database with mails: 73, with what to do."""
    folder = tmp_path / "backup"
    place.do("backup", str(folder))
    assert place.run("backup", str(folder))[0] == 73
    assert place.run("backup", str(place.settings))[0] == 73
    before = place.tables()
    status, _, complaint = place.run("restore", str(folder))
    assert status == 73
    assert "nothing is overwritten" in complaint
    assert place.tables() == before
    assert place.run("restore", str(tmp_path / "nowhere"))[0] == 66
    assert place.run("backup")[0] == 64


def test_a_desk_that_runs_is_not_restored_over(fresh: FreshUrl, tmp_path: Path) -> None:
    """Its daemon would not know of it: 69, stop it first."""
    place = make_place(tmp_path / "desk", fresh("sqlite"))
    place.do("backup", str(tmp_path / "backup"))
    lock = lock_database(load_settings(place.settings))
    assert lock is not None
    with lock:
        status, _, complaint = place.run("restore", str(tmp_path / "backup"))
    assert status == 69
    assert "stop it first" in complaint


def test_on_a_new_machine_the_backup_brings_its_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One command in an empty folder, and the desk stands."""
    place = make_place(tmp_path / "desk", f"sqlite:///{tmp_path}/desk/var/maild.db")
    place.settings.write_text(place.settings.read_text().replace(str(place.folder / "var/maild.db"), "var/maild.db"))
    talk(place)
    place.do("backup", str(tmp_path / "backup"))
    (tmp_path / "new").mkdir()
    assert run(["--config", str(tmp_path / "new/settings.toml"), "restore", str(tmp_path / "backup")]) == 0
    copy = Place(folder=tmp_path / "new", url=f"sqlite:///{tmp_path}/new/var/maild.db")
    assert shown(copy) == shown(place)
    assert (copy.folder / "rules/sla.toml").read_bytes() == (place.folder / "rules/sla.toml").read_bytes()
    assert "restored" in capsys.readouterr().out


@pytest.mark.parametrize(("kind", "other"), WAYS)
def test_a_database_copied_into_another_loses_nothing(kind: str, other: str, fresh: FreshUrl, tmp_path: Path) -> None:
    """Row by row the same, letters that wait among them; and the desk goes on in it."""
    place = make_place(tmp_path / "desk", fresh(kind))
    talk(place)
    url = fresh(other)
    said = place.do("db", "copy", url)
    assert "copied and counted" in said
    copy = make_place(tmp_path / "other", url)
    assert copy.tables() == place.tables()
    copy.ingest(b"From: new@x.example\nTo: support@desk.example\nSubject: x\nMessage-ID: <n@x>\n\nx\n")
    assert len(copy.rows("tickets")) == len(place.rows("tickets")) + 1


def test_a_copy_goes_into_an_empty_database_alone(place: Place, fresh: FreshUrl) -> None:
    """73 for one with mails, 64 for what is no address and for itself."""
    url = fresh("sqlite")
    place.do("db", "copy", url)
    assert place.run("db", "copy", url)[0] == 73
    assert place.run("db", "copy", "mysql://x/y")[0] == 64
    assert place.run("db", "copy", place.url)[0] == 64


@pytest.mark.parametrize("kind", BOTH)
def test_a_mail_that_comes_while_a_copy_begins_is_not_wiped_away(place: Place, fresh: FreshUrl, kind: str) -> None:
    """A listener may take one after the target was found empty: nothing is copied then, and the mail stays."""
    url = fresh(kind)
    source, target = Database(place.url), open_empty(url)
    late = make_place(place.folder / "late", url)
    late.ingest(b"From: new@x.example\nTo: support@desk.example\nSubject: x\nMessage-ID: <n@x>\n\nx\n")
    with pytest.raises(CannotCreate, match="holds mails or tickets already"):
        pour(source, target, silent)
    source.close()
    target.close()
    assert [row["message_id"] for row in late.rows("inbox")] == ["<n@x>"]


HARMS = [
    ("DELETE FROM inbox_raw WHERE inbox_id = 1", "mail 1 has lost its bytes"),
    ("UPDATE inbox SET state = 'lost' WHERE id = 1", "mail 1 is in no state that there is"),
    ("UPDATE inbox SET ticket_id = NULL WHERE id = 1", "mail 1 is ticketed and has no ticket"),
    ("UPDATE inbox SET ticket_id = 77 WHERE id = 1", "mail 1 belongs to a ticket that does not exist"),
    ("UPDATE inbox SET finished_at = NULL WHERE id = 1", "mail 1 is finished and does not say when"),
    ("UPDATE outbox SET ticket_id = 77 WHERE id = 1", "letter 1 belongs to a ticket that does not exist"),
    ("UPDATE messages SET inbox_id = 77 WHERE inbox_id = 1", "was made of a mail that does not exist"),
    ("UPDATE clocks SET resumed_at = NULL WHERE ticket_id = 1001", "a clock of ticket 1001 is in a state"),
    ("UPDATE counters SET value = 1002 WHERE name = 'tickets'", "the next ticket would be number 1002"),
    ("UPDATE inbox SET state = 'lost' WHERE id = 1", "the ledger does not add up"),
]


def test_what_must_not_be_is_found(place: Place) -> None:
    """Each harm is told in a sentence; before it nothing is."""
    with opened(place.url) as database:
        assert check_database(database) == []
        for harm, told in HARMS:
            with database.engine.connect() as connection, connection.begin() as change:
                connection.exec_driver_sql(harm)
                found = list(broken_rules(connection))
                change.rollback()
            assert any(told in sentence for sentence in found), (harm, found)
        assert check_database(database) == []


def test_a_damaged_ledger_ends_with_1(fresh: FreshUrl, tmp_path: Path) -> None:
    """A sentence for each mistake, an object with --json."""
    place = make_place(tmp_path / "desk", fresh("sqlite"))
    talk(place)
    assert "the database is whole: 6 mails = 1 automatic + 1 duplicate + 4 ticketed" in place.do("db", "check")
    place.change("UPDATE inbox SET ticket_id = NULL WHERE id = 1")
    assert place.run("db", "check")[:2] == (1, "mail 1 is ticketed and has no ticket\n")
    assert json.loads(place.run("db", "check", "--json")[1]) == {"trouble": "mail 1 is ticketed and has no ticket"}
