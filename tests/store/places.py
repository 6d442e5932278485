"""A desk in a folder on any database, spoken to by its command alone: what the tests of keeping start from."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from office import eml

from maild.cli.main import run
from maild.store import open_keep
from maild.store.engine import Database
from maild.store.transfer import carried_tables, read_rows, snapshot

FreshUrl = Callable[[str], str]
"""From a kind of database to the address of a fresh one."""


OWN_FILE = "sqlite:///var/maild.db"


@dataclass(frozen=True)
class Place:
    """A folder with settings.toml, and the database that they name."""

    folder: Path
    url: str

    @property
    def settings(self) -> Path:
        """The settings file."""
        return self.folder / "settings.toml"

    def run(self, *words: str) -> tuple[int, str, str]:
        """`maild WORDS`: its status, what it said, what it complained of."""
        out = TextIOWrapper(BytesIO(), encoding="utf-8", newline="")
        with redirect_stdout(out), redirect_stderr(StringIO()) as err:
            status = run(["--config", str(self.settings), *words])
            out.seek(0)
            return status, out.read(), err.getvalue()

    def do(self, *words: str) -> str:
        """The same, which has to go well; what it said."""
        status, said, complaint = self.run(*words)
        assert status == 0, (words, status, said, complaint)
        return said

    def rows(self, *words: str) -> list[dict[str, Any]]:
        """`maild WORDS --json`: its rows."""
        return [json.loads(line) for line in self.do(*words, "--json").splitlines()]

    def tables(self, *left_out: str) -> dict[str, list[dict[str, Any]]]:
        """Every row of every table, but those of some."""
        database = Database(self.url)
        try:
            with snapshot(database) as connection:
                return {
                    table.name: [row for rows in read_rows(connection, table) for row in rows]
                    for table in carried_tables()
                    if table.name not in left_out
                }
        finally:
            database.close()

    def change(self, *statements: str) -> None:
        """Statements of SQL, carried out."""
        database = Database(self.url)
        try:
            with database.write() as connection:
                for statement in statements:
                    connection.exec_driver_sql(statement)
        finally:
            database.close()

    def ingest(self, *mails: bytes) -> None:
        """Let mails come in, one after the other, and handle them."""
        with TemporaryDirectory() as folder:
            files = [Path(folder) / f"{number}.eml" for number in range(len(mails))]
            for file, raw in zip(files, mails, strict=True):
                file.write_bytes(raw)
            self.do("ingest", *map(str, files))


def make_place(folder: Path, url: str) -> Place:
    """A desk as `maild init` makes it, on this database; its tables are made, but those of its own file."""
    assert run(["init", str(folder)]) == 0
    place = Place(folder=folder, url=url)
    text = place.settings.read_text(encoding="utf-8")
    place.settings.write_text(text.replace(f'url = "{OWN_FILE}"', f'url = "{url}"'), encoding="utf-8")
    if url != OWN_FILE:
        open_keep(url, "test").database.close()
    return place


def talk(place: Place) -> None:
    """Two conversations, one of them with an attachment, a bounce and a note; and a second copy of a mail."""
    ivan = eml("My printer is on fire.\nFrom here it looks bad.", Return_Path="<ivan@customer.example>")
    olga = eml(
        "Счёт неверный",
        sender="Ольга <olga@client.example>",
        subject="=?utf-8?b?0KHRh9GR0YI=?=",
        message_id="<o1@client.example>",
        Cc="Petr <petr@client.example>",
    )
    reply = eml(
        "Still on fire.", subject="Re: Printer", message_id="<2@customer.example>", In_Reply_To="<1@customer.example>"
    )
    away = eml(
        "I am away.", subject="Automatic reply", message_id="<3@customer.example>", Auto_Submitted="auto-replied"
    )
    place.ingest(ivan, olga, reply, away, ivan, b"Subject: broken\xff\n\nno sender, no end")
    place.do("ticket", "note", "1001", "Called him")
    place.do("ticket", "tag", "1002", "money")


def shown(place: Place) -> list[dict[str, Any]]:
    """Every ticket as `ticket show` tells it."""
    return [place.rows("ticket", "show", row["number"])[0] for row in place.rows("tickets")]
