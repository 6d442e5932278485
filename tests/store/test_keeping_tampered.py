"""Backups and exports that somebody has put his hand to: told in one line with the place, and the desk left whole."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from store.pieces import BOTH
from store.places import FreshUrl, Place, make_place, talk

Line = dict[str, Any]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The lines of a desk's export."""
    folder = tmp_path_factory.mktemp("exported")
    place = make_place(folder / "desk", f"sqlite:///{folder}/desk.db")
    talk(place)
    place.do("export", str(folder / "out"))
    return (folder / "out/desk.jsonl").read_text().splitlines()


@pytest.fixture(params=BOTH)
def empty(request: pytest.FixtureRequest, fresh: FreshUrl, tmp_path: Path) -> Place:
    """A desk that nobody has written to."""
    return make_place(tmp_path / "empty", fresh(request.param))


def first_of(lines: list[str], table: str) -> int:
    """Where its first row stands."""
    return next(n for n, line in enumerate(lines) if f'"table": "{table}"' in line)


def changed(lines: list[str], table: str, **values: Any) -> list[str]:
    """With other values in the first row of a table."""
    at = first_of(lines, table)
    data = json.loads(lines[at])
    data["row"] |= values
    return [*lines[:at], json.dumps(data), *lines[at + 1 :]]


def with_line(lines: list[str], line: str, at: int = 3) -> list[str]:
    """With one line more, and the last line knowing of it."""
    count = json.loads(lines[-1])["rows"]
    return [*lines[:at], line, *lines[at:-1], json.dumps({"end": True, "rows": count + 1})]


def without_rows(lines: list[str], table: str) -> list[str]:
    """Without the rows of a table, which others refer to."""
    left = [line for line in lines[:-1] if f'"table": "{table}"' not in line]
    return [*left, json.dumps({"end": True, "rows": len(left) - 1})]


HARMS: dict[str, Callable[[list[str]], list[str]]] = {
    "depth": lambda lines: with_line(lines, "[" * 100_000),
    "a deep row": lambda lines: with_line(lines, '{"table": "tickets", "row": ' + '{"a":' * 100_000),
    "a huge number": lambda lines: changed(lines, "tickets", id=10**30),
    "endless digits": lambda lines: with_line(lines, '{"table": "tickets", "row": {"id": ' + "9" * 5000 + "}}"),
    "no number": lambda lines: changed(lines, "tickets", id=[1]),
    "a table in a text": lambda lines: changed(lines, "tickets", subject={"a": 1}),
    "no time": lambda lines: changed(lines, "tickets", created_at="soon"),
    "a time without a zone": lambda lines: changed(lines, "tickets", created_at="2026-11-01T12:00:00"),
    "nothing where something must be": lambda lines: changed(lines, "inbox", received_at=None),
    "another column": lambda lines: changed(lines, "tickets", nonsense=1),
    "a column of SQL": lambda lines: changed(lines, "tickets", **{"id) SELECT 1 --": 1}),
    "another table": lambda lines: with_line(lines, '{"table": "sqlite_master", "row": {"name": "x"}}'),
    "the version": lambda lines: with_line(lines, '{"table": "alembic_version", "row": {"version_num": "9999"}}'),
    "a lease": lambda lines: with_line(lines, '{"table": "leases", "row": {"name": "x", "holder": "y"}}'),
    "a row that is a list": lambda lines: with_line(lines, '{"table": "tickets", "row": []}'),
    "a table that is a number": lambda lines: with_line(lines, '{"table": 5, "row": {}}'),
    "a line that is a list": lambda lines: with_line(lines, "[1, 2]"),
    "a line that is nothing": lambda lines: with_line(lines, "null"),
    "a header that is a list": lambda lines: ['{"maild_export": 1}', *lines[1:]],
    "the same row twice": lambda lines: with_line(
        lines, lines[first_of(lines, "tickets")], first_of(lines, "tickets") + 1
    ),
    "no tickets": lambda lines: without_rows(lines, "tickets"),
    "no mails": lambda lines: without_rows(lines, "inbox"),
    "another order": lambda lines: [lines[0], *reversed(lines[1:-1]), lines[-1]],
    "cut in the middle of a row": lambda lines: [*lines[:6], lines[6][: len(lines[6]) // 2]],
    "a last line too early": lambda lines: [*lines[:5], lines[-1], *lines[5:-1]],
    "a mail outside": lambda lines: changed(lines, "inbox_raw", raw={"file": "../../../etc/hostname"}),
    "a mail in the root": lambda lines: changed(lines, "inbox_raw", raw={"file": "/etc/hostname"}),
    "a mail behind a link": lambda lines: changed(lines, "inbox_raw", raw={"file": "link"}),
    "a mail in a pipe": lambda lines: changed(lines, "inbox_raw", raw={"file": "pipe"}),
    "a mail in a hole": lambda lines: changed(lines, "inbox_raw", raw={"file": "hole"}),
    "a mail of less than nothing": lambda lines: changed(
        lines, "inbox_raw", raw={"file": "hole", "at": 0, "length": -1}
    ),
    "a mail of terabytes": lambda lines: changed(lines, "inbox_raw", raw={"file": "hole", "at": 0, "length": 1 << 40}),
    "a mail that is no base64": lambda lines: changed(lines, "inbox_raw", raw={"base64": "?" * 40}),
    "a mail that is a number": lambda lines: changed(lines, "inbox_raw", raw=5),
}


def put(folder: Path, lines: list[str]) -> Path:
    """An export of these lines, with traps beside it."""
    folder.mkdir()
    (folder / "desk.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "link").symlink_to("/etc/hostname")
    os.mkfifo(folder / "pipe")
    with (folder / "hole").open("wb") as file:
        file.truncate(1 << 40)
    return folder


ON_THE_SERVER = ("a huge number", "no number", "a table in a text", "no time", "no tickets", "another order")
"""What is told by the database itself."""


def test_a_tampered_export_is_told_at_its_place_and_takes_nothing_in(
    exported: list[str], empty: Place, tmp_path: Path
) -> None:
    """One line, 65, an empty desk; and the true export goes in afterwards."""
    for number, harm in enumerate(HARMS if empty.url.startswith("sqlite") else ON_THE_SERVER):
        status, _, complaint = empty.run("import", str(put(tmp_path / f"out{number}", HARMS[harm](exported))))
        assert (status, len(complaint.strip().splitlines())) == (65, 1), (harm, complaint)
        assert "nothing was taken" in complaint, harm
        assert len(complaint) < 500, harm
        assert {name: rows for name, rows in empty.tables("counters").items() if rows} == {}, harm
    empty.do("import", str(put(tmp_path / "true", exported)))
    assert "the database is whole" in empty.do("db", "check")


@pytest.mark.parametrize("text", ["half \ud800 a letter", "a \x00 in it"])
def test_letters_that_no_database_takes_are_told_or_replaced(
    text: str, exported: list[str], empty: Place, tmp_path: Path
) -> None:
    """As they are where a mail brings them."""
    status, _, complaint = empty.run("import", str(put(tmp_path / "out", changed(exported, "tickets", subject=text))))
    assert status in (0, 65)
    assert "Traceback" not in complaint


def test_what_the_rows_say_against_each_other_is_told(exported: list[str], tmp_path: Path) -> None:
    """An import looks at the whole desk once, as `db check` does."""
    place = make_place(tmp_path / "empty", f"sqlite:///{tmp_path}/x.db")
    lines = [line.replace('{"name": "tickets", "value": 1004}', '{"name": "tickets", "value": 7}') for line in exported]
    assert lines != exported
    status, said, _ = place.run("import", str(put(tmp_path / "out", lines)))
    assert status == 1
    assert "db check: " in said


def test_an_endless_line_is_not_read_whole(
    exported: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hole of a terabyte behind the first line."""
    monkeypatch.setattr("maild.store.portable.LONGEST_LINE", 1 << 20)
    folder = put(tmp_path / "out", exported[:1])
    with (folder / "desk.jsonl").open("r+b") as file:
        file.truncate(1 << 40)
    place = make_place(tmp_path / "empty", f"sqlite:///{tmp_path}/x.db")
    status, _, complaint = place.run("import", str(folder))
    assert status == 65
    assert "line 2 of this export is longer" in complaint


# -- backups -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of a desk, which is copied by who changes it."""
    folder = tmp_path_factory.mktemp("backed")
    place = make_place(folder / "desk", f"sqlite:///{folder}/desk.db")
    talk(place)
    place.do("backup", str(folder / "backup"))
    return folder / "backup"


def copy_of(backup: Path, folder: Path) -> Path:
    """The same backup again."""
    subprocess.run(["cp", "-a", str(backup), str(folder)], check=True)
    return folder


def retold(folder: Path, **values: Any) -> None:
    """A manifest that says something else."""
    file = folder / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def about(raw: bytes) -> dict[str, Any]:
    """What a manifest says of a file."""
    return {"size": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}


def with_database(folder: Path, raw: bytes) -> None:
    """Another database, and a manifest that fits it."""
    (folder / "database.db").write_bytes(raw)
    files = json.loads((folder / "manifest.json").read_text())["files"]
    retold(folder, files=files | {"database.db": about(raw)})


def with_sql(folder: Path, sql: str) -> None:
    """A database in which somebody wrote."""
    with closing(sqlite3.connect(folder / "database.db")) as connection:
        connection.executescript(sql)
    with_database(folder, (folder / "database.db").read_bytes())


def linked(folder: Path, name: str) -> None:
    """A file that is a link to the very same file elsewhere."""
    moved = folder.with_name(f"{folder.name}-{name}")
    (folder / name).rename(moved)
    (folder / name).symlink_to(moved)


def named(folder: Path, name: str) -> None:
    """A manifest with one file more."""
    files = json.loads((folder / "manifest.json").read_text())["files"]
    retold(folder, files=files | {name: about(b"")})


BACKUP_HARMS: dict[str, Callable[[Path], object]] = {
    "depth": lambda folder: (folder / "manifest.json").write_text("[" * 100_000),
    "no numbers": lambda folder: retold(folder, files={"database.db": {"size": "x", "sha256": 5}}),
    "no files": lambda folder: retold(folder, files={}),
    "files that are a list": lambda folder: retold(folder, files=["database.db"]),
    "files that say nothing": lambda folder: retold(folder, files={"database.db": None}),
    "no time": lambda folder: retold(folder, made_at="soon"),
    "no zone": lambda folder: retold(folder, made_at="2026-11-01T12:00:00"),
    "a time that is a number": lambda folder: retold(folder, made_at=5),
    "another form": lambda folder: retold(folder, form=99),
    "one word more": lambda folder: retold(folder, more=1),
    "outside": lambda folder: named(folder, "../x"),
    "root": lambda folder: named(folder, "/etc/hostname"),
    "a NUL": lambda folder: named(folder, "rules/a\0b"),
    "a folder": lambda folder: named(folder, "rules"),
    "a link": lambda folder: linked(folder, "secret"),
    "a database behind a link": lambda folder: linked(folder, "database.db"),
    "a terabyte": lambda folder: os.truncate(folder / "manifest.json", 1 << 40),
    "no database": lambda folder: with_database(folder, b"no database" * 1000),
    "an empty one": lambda folder: with_database(folder, b""),
    "of a newer maild": lambda folder: with_sql(folder, "UPDATE alembic_version SET version_num = '9999'"),
    "without a table": lambda folder: with_sql(folder, "DROP TABLE outbox_raw; DROP TABLE outbox"),
    "without a version": lambda folder: with_sql(folder, "DROP TABLE alembic_version"),
}


def test_a_tampered_backup_is_told_and_nothing_is_put_in_place(backed_up: Path, tmp_path: Path) -> None:
    """Neither a database nor a file; and the true backup goes in afterwards."""
    place = make_place(tmp_path / "empty", f"sqlite:///{tmp_path}/x.db")
    before = sorted(place.folder.rglob("*"))
    for number, (harm, do) in enumerate(BACKUP_HARMS.items()):
        folder = copy_of(backed_up, tmp_path / f"backup{number}")
        do(folder)
        status, _, complaint = place.run("restore", str(folder))
        assert status not in (0, 1), (harm, complaint)
        assert "Traceback" not in complaint, (harm, complaint)
        assert 0 < len(complaint.strip()) < 600, (harm, complaint)
        assert place.tables()["inbox"] == [], harm
        after = [
            path for path in sorted(place.folder.rglob("*")) if path not in before and path.name != "keeping.jsonl"
        ]
        assert after == [], harm
        assert not list(tmp_path.glob(".restore-*")), harm
    place.do("restore", str(backed_up))
    assert len(place.rows("tickets")) == 3


KILLED = """
import os, signal, sys
import maild.desk.backups as backups
from maild.cli.main import run
real = getattr(backups, sys.argv[1])
def die(*args, **options):
    if sys.argv[2] == "after":
        real(*args, **options)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(backups, sys.argv[1], die)
run(sys.argv[3:])
"""


@pytest.mark.parametrize(
    ("step", "when"), [("copy_file", "after"), ("put_in_place", "before"), ("put_in_place", "after")]
)
def test_a_restore_that_is_killed_is_done_again(step: str, when: str, backed_up: Path, tmp_path: Path) -> None:
    """Whatever it had come to: the desk is empty, or whole; and no copy of the mails stays behind."""
    place = make_place(tmp_path / "empty", f"sqlite:///{tmp_path}/empty/var/maild.db")
    words = ["--config", str(place.settings), "restore", str(backed_up)]
    done = subprocess.run([sys.executable, "-c", KILLED, step, when, *words], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    if (step, when) == ("put_in_place", "after"):
        assert place.run("restore", str(backed_up))[0] == 73
    else:
        assert place.tables()["inbox"] == []
        place.do("restore", str(backed_up))
    assert len(place.rows("tickets")) == 3
    assert "the database is whole" in place.do("db", "check")
    assert not list((place.folder / "var").glob(".restore-*"))
