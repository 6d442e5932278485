"""An export that an older maild made: its rows go into tables as they were then, which are brought to ours as any older
database is.

That is done in an SQLite file of its own, whatever database the rows go into at last; nothing else sees it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.store import schema
from maild.store.care import make_tables, upgrade_database
from maild.store.engine import Database
from maild.store.tables import Instant, metadata, schema_version

FIRST_VERSION = "0001"


def is_older(version: object) -> bool:
    """Whether a version is one that there was before ours, and has a way to ours."""
    return isinstance(version, str) and version.isdecimal() and FIRST_VERSION <= version < schema.VERSION


class OlderTables:
    """A work file with the tables of an older version, empty; then with rows; then with our tables."""

    def __init__(self, work: Path, version: str) -> None:
        self.database = Database(f"sqlite:///{work}")
        make_tables(self.database, version)
        with self.database.write() as connection:
            self._tables = _tables_of(connection)
            for table in reversed(self._tables.sorted_tables):
                connection.execute(table.delete())  # what a first start writes by itself

    def table(self, name: str) -> sa.Table:
        """A table as it was then. Raises KeyError."""
        return self._tables.tables[name]

    def bring_up(self) -> Database:
        """The same file with our tables, and the rows in them."""
        upgrade_database(self.database)
        return self.database

    def close(self) -> None:
        """Give the file back."""
        self.database.close()


def _tables_of(connection: Connection) -> sa.MetaData:
    """The tables with kinds that read what an export says; the full-text index is made anew, and has none."""
    found = sa.MetaData()
    found.reflect(connection, only=_names(connection))
    for table in found.tables.values():
        ours = metadata.tables.get(table.name)
        for column in table.c:
            if ours is not None and column.name in ours.c:
                column.type = ours.c[column.name].type
            elif isinstance(column.type, sa.DateTime):
                column.type = Instant()
    return found


def _names(connection: Connection) -> Sequence[str]:
    """Every table but the version, those of SQLite itself, and virtual ones with all that belongs to them."""
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'table'"
    rows = [(str(row.name), str(row.sql)) for row in connection.execute(sa.text(query))]
    virtual = tuple(name for name, sql in rows if sql.upper().startswith("CREATE VIRTUAL"))
    return [name for name, _ in rows if not _is_left_out(name, virtual)]


def _is_left_out(name: str, virtual: Sequence[str]) -> bool:
    return (
        name == schema_version.name
        or name.startswith("sqlite_")
        or any(name == one or name.startswith(f"{one}_") for one in virtual)
    )
