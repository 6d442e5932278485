"""Everything of one database carried into another, SQLite or PostgreSQL: the one reader and the one writer of all rows.

Tables are taken as `tables.py` knows them, so that one which is added there is carried, too. Left out are the version,
which the target has, and leases, which belong to processes.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.errors import CannotCreate, ConfigError, RetryLater, Unavailable
from maild.store import schema
from maild.store.engine import Database
from maild.store.search import build_index
from maild.store.tables import inbox, leases, metadata, outbox, schema_version, tickets

Progress = Callable[[str, int, int], None]
"""Told the table, how many of its rows are done, and how many there are."""

_LEFT_OUT = frozenset({schema_version.name, leases.name})
_ROWS, _RAW_ROWS = 500, 4
"""Rows that are in memory at once; a raw mail may have 25 MB."""


def carried_tables() -> list[sa.Table]:
    """Every table that is carried, each behind those that it refers to."""
    return [table for table in metadata.sorted_tables if table.name not in _LEFT_OUT]


@contextmanager
def snapshot(database: Database) -> Iterator[Connection]:
    """A transaction that sees the database as it is at its first look, whatever others write meanwhile."""
    with database.engine.connect() as connection:
        if not database.is_sqlite:
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield connection


def read_rows(
    connection: Connection, table: sa.Table, wanted: sa.ColumnElement[bool] | None = None
) -> Iterator[Sequence[dict[str, Any]]]:
    """A table's rows in the order of their keys, some at a time; never the table as a whole."""
    raw = any(isinstance(column.type, sa.LargeBinary) for column in table.c)
    query = sa.select(table).order_by(*table.primary_key.columns)
    if wanted is not None:
        query = query.where(wanted)
    rows = connection.execution_options(stream_results=True).execute(query).mappings()
    for group in rows.partitions(_RAW_ROWS if raw else _ROWS):
        yield [dict(row) for row in group]


def count_rows(connection: Connection) -> dict[str, int]:
    """How many rows each carried table has."""
    return {
        t.name: connection.execute(sa.select(sa.func.count()).select_from(t)).scalar_one() for t in carried_tables()
    }


def is_empty(connection: Connection) -> bool:
    """Whether nothing has ever been kept here: no mail, no ticket, no letter."""
    tables = (inbox, tickets, outbox)
    return all(connection.execute(sa.select(sa.literal(1)).select_from(t).limit(1)).first() is None for t in tables)


def make_room(connection: Connection) -> None:
    """Take away what a first start wrote (counters, mailboxes), so that the rows of another database fit in.

    Nobody else writes until the transaction ends. Raises CannotCreate where something is kept here, be it a mail that a
    listener took a moment ago.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("LOCK TABLE inbox, tickets, outbox IN SHARE ROW EXCLUSIVE MODE"))
    if not is_empty(connection):
        raise _not_empty(connection.engine.url)
    for table in reversed(carried_tables()):
        connection.execute(table.delete())


def mend_sequences(connection: Connection) -> None:
    """PostgreSQL counts ids beside the table; after rows came with their ids it goes on behind the highest."""
    if connection.dialect.name == "sqlite":
        return
    for table in carried_tables():
        if table.autoincrement_column is None:
            continue
        highest = connection.scalar(sa.select(sa.func.max(table.c.id)))
        if highest is not None:
            query = "SELECT setval(pg_get_serial_sequence(:name, 'id'), :highest)"
            connection.execute(sa.text(query), {"name": table.name, "highest": highest})


def open_empty(url: str) -> Database:
    """A database to be filled, with our tables. Raises CannotCreate where something is kept in it already."""
    database = Database(url)
    schema.prepare(database)
    with database.read() as connection:
        empty = is_empty(connection)
    if not empty:
        database.close()
        raise _not_empty(database.url)
    return database


def _not_empty(url: sa.URL) -> CannotCreate:
    where = url.render_as_string(hide_password=True)
    return CannotCreate(f"{where} holds mails or tickets already and is not touched; name an empty database")


def copy_rows(reading: Connection, writing: Connection, progress: Progress) -> dict[str, int]:
    """Every row of one database into the empty tables of another; how many of each table."""
    totals = count_rows(reading)
    for table in carried_tables():
        done = 0
        for rows in read_rows(reading, table):
            writing.execute(table.insert(), rows)
            done += len(rows)
            progress(table.name, done, totals[table.name])
    return totals


def pour(source: Database, target: Database, progress: Progress) -> dict[str, int]:
    """Carry all rows in one transaction, from one moment of the source; how many of each table. All or nothing.

    Raises ConfigError for a source of another version, RetryLater where the counts do not agree at the end,
    CannotCreate where something has come into the target meanwhile.
    """
    version = schema.read_version(source)
    if version != schema.VERSION:
        raise ConfigError([schema.wrong_version(source, version or schema.EMPTY)])
    with snapshot(source) as reading, target.write() as writing:
        make_room(writing)
        totals = copy_rows(reading, writing, progress)
        mend_sequences(writing)
        build_index(writing)
        arrived = count_rows(writing)
        if arrived != totals:
            raise RetryLater(f"not every row arrived: {_differences(totals, arrived)}; nothing was kept")
    return totals


def _differences(wanted: Mapping[str, int], found: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {found[name]} of {n}" for name, n in wanted.items() if found[name] != n)


def freeze(database: Database, path: Path, progress: Progress) -> dict[str, int]:
    """All of it as an SQLite file of one moment, on the disk when it returns; how many rows of each table.

    Nobody is kept from writing meanwhile. Raises CannotCreate, RetryLater, Unavailable, ConfigError.
    """
    version = schema.read_version(database)
    if version != schema.VERSION:
        raise ConfigError([schema.wrong_version(database, version or schema.EMPTY)])
    if database.is_sqlite:
        _vacuum_into(database, path)
        counts = _count_in(path)
    else:
        target = open_empty(f"sqlite:///{path}")
        try:
            counts = pour(database, target, progress)
        finally:
            target.close()
    path.chmod(0o600)
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return counts


def _vacuum_into(database: Database, path: Path) -> None:
    # Outside of any transaction, so past SQLAlchemy, which opens one by itself.
    lent = database.engine.raw_connection()
    try:
        lent.cursor().execute("VACUUM INTO ?", (str(path),))
    except sqlite3.OperationalError as error:
        if "unable to open" in str(error) or "full" in str(error):
            raise CannotCreate(f"cannot write {path}: {error}") from error
        raise RetryLater(f"the database does not take it now: {error}") from error
    except sqlite3.DatabaseError as error:
        raise Unavailable(f"the database is damaged: {error}; `maild db check` says more") from error
    finally:
        lent.close()


def _count_in(path: Path) -> dict[str, int]:
    file = Database(f"sqlite:///{path}")
    try:
        with file.read() as connection:
            return count_rows(connection)
    finally:
        file.close()


def silent(_table: str, _done: int, _total: int) -> None:
    """Progress that nobody looks at."""
