"""An export that an older maild made is imported by this one, into either database."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from office import eml
from store.pieces import BOTH
from store.places import FreshUrl, make_place
from store.test_store_schema import FIRST_ROWS

from maild.store import care as care_module
from maild.store import schema
from maild.store.engine import Database

VERSIONS = ("0001", "0009", f"{int(schema.VERSION) - 1:04d}")
KINDS: dict[str, Callable[[object], object]] = {
    "DATETIME": lambda value: f"{datetime.fromisoformat(str(value)).isoformat()}+00:00",
    "JSON": lambda value: json.loads(str(value)),
    "BLOB": lambda value: {"base64": base64.b64encode(bytes(value)).decode()},  # type: ignore[call-overload]
    "BOOLEAN": bool,
}


def older_desk(path: Path, version: str) -> None:
    """A desk of that version with a mail that waits and a ticket, as an older maild left it."""
    database = Database(f"sqlite:///{path}")
    care_module._migrate(database, "0001")
    with database.write() as connection:
        for row in FIRST_ROWS.format(raw="x'610d0a'", utc="").split(";"):
            connection.exec_driver_sql(row)
        connection.exec_driver_sql("UPDATE counters SET value = 1002 WHERE name = 'tickets'")
    care_module._migrate(database, version)
    database.close()


def export_of(path: Path, folder: Path, version: str, *, whole: bool = True) -> Path:
    """What `maild export` of that version wrote: each table's rows with the columns of that time."""
    folder.mkdir()
    lines: list[object] = [
        {"maild_export": 1, "schema": version, "made_at": "2026-11-02T00:00:00+00:00", "whole": whole}
    ]
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        made = {r["name"]: r["sql"] for r in connection.execute("SELECT * FROM sqlite_master WHERE type = 'table'")}
        index = [name for name, sql in made.items() if "VIRTUAL" in sql]
        tables = [name for name in made if not name.startswith(("sqlite_", "alembic_", "leases", *index))]
        first = ["tickets", "inbox"]
        for table in [*first, *(name for name in tables if name not in first)]:
            kinds = {row["name"]: row["type"] for row in connection.execute(f"PRAGMA table_info({table})")}
            for row in connection.execute(f"SELECT * FROM {table}"):
                told = {
                    name: KINDS[kinds[name]](row[name]) if kinds[name] in KINDS and row[name] is not None else row[name]
                    for name in kinds
                }
                lines.append({"table": table, "row": told})
    lines.append({"end": True, "rows": len(lines) - 1})
    (folder / "desk.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("version", VERSIONS)
def test_an_export_of_an_older_maild_becomes_the_desk_that_an_upgrade_makes(
    version: str, kind: str, fresh: FreshUrl, tmp_path: Path
) -> None:
    """Row by row; its mail waits and is answered, its numbers go on, and the search finds it."""
    older_desk(tmp_path / "older.db", version)
    out = export_of(tmp_path / "older.db", tmp_path / "out", version)
    copy = make_place(tmp_path / "copy", fresh(kind))
    assert "imported: 1 tickets, 1 mails" in copy.do("import", str(out))
    upgraded = make_place(tmp_path / "upgraded", f"sqlite:///{tmp_path}/fresh.db")
    upgraded.settings.write_text(upgraded.settings.read_text().replace("/fresh.db", "/older.db"))
    upgraded.do("db", "upgrade")
    here, there = copy.tables(), type(upgraded)(upgraded.folder, f"sqlite:///{tmp_path}/older.db").tables()
    assert here == there
    assert "the database is whole" in copy.do("db", "check")
    copy.ingest(eml("Another", message_id="<n@n>"))
    numbers = [row["number"] for row in copy.rows("tickets")]
    assert len(numbers) == len(set(numbers)) >= 2
    assert not list((copy.folder / "var").glob(".import-*"))


@pytest.mark.parametrize("kind", BOTH)
def test_an_older_export_of_some_tickets_is_imported_with_counters_that_fit(
    kind: str, fresh: FreshUrl, tmp_path: Path
) -> None:
    """It has none of its own."""
    older_desk(tmp_path / "older.db", "0003")
    with closing(sqlite3.connect(tmp_path / "older.db")) as connection:
        connection.execute("DELETE FROM counters")
        connection.commit()
    out = export_of(tmp_path / "older.db", tmp_path / "out", "0003", whole=False)
    copy = make_place(tmp_path / "copy", fresh(kind))
    copy.do("import", str(out))
    assert {row["name"]: row["value"] for row in copy.tables()["counters"]} == {
        "tickets": 1002,
        "orders": 1,
        "ticks": 1,
    }


def test_an_older_export_that_comes_twice_doubles_nothing(tmp_path: Path) -> None:
    """It is known by the same marks as one of ours."""
    older_desk(tmp_path / "older.db", "0002")
    out = export_of(tmp_path / "older.db", tmp_path / "out", "0002")
    copy = make_place(tmp_path / "copy", f"sqlite:///{tmp_path}/copy.db")
    copy.do("import", str(out))
    before = copy.tables()
    assert "everything is here already" in copy.do("import", str(out))
    assert copy.tables() == before


@pytest.mark.parametrize("version", ["head", "+1", "0000", "9999", "0001:0003", "base", "../../x", "", "١٢٣٤"])
def test_a_version_that_there_never_was_is_told_with_what_to_do(version: str, tmp_path: Path) -> None:
    """None of these words comes near the migrations."""
    older_desk(tmp_path / "older.db", "0002")
    out = export_of(tmp_path / "older.db", tmp_path / "out", version)
    copy = make_place(tmp_path / "copy", f"sqlite:///{tmp_path}/copy.db")
    status, _, complaint = copy.run("import", str(out))
    assert (status, len(complaint.strip().splitlines())) == (65, 1)
    assert "upgrade" in complaint
    assert copy.tables()["inbox"] == []


def test_an_older_export_with_a_column_of_later_is_told_at_its_line(tmp_path: Path) -> None:
    """And leaves neither rows nor a file."""
    older_desk(tmp_path / "older.db", "0002")
    out = export_of(tmp_path / "older.db", tmp_path / "out", "0001")
    copy = make_place(tmp_path / "copy", f"sqlite:///{tmp_path}/copy.db")
    status, _, complaint = copy.run("import", str(out))
    assert (status, "line " in complaint, "nothing was taken" in complaint) == (65, True, True)
    assert copy.tables()["inbox"] == []
    assert not list(copy.folder.rglob(".import-*"))
