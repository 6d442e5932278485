"""Which version of the tables a database has, and how it gets the one that this maild knows."""

from __future__ import annotations

import sqlalchemy as sa

from maild.errors import ConfigError, Finding
from maild.store.engine import Database
from maild.store.tables import counters, metadata, schema_version

VERSION = "0001"
"""The newest migration; `migrations/versions/` holds the way to it."""

FIRST_NUMBERS = {"tickets": 1001, "orders": 1, "ticks": 1}
"""Where each counter starts; a row of its own each, locked by whoever takes a number."""


def prepare(database: Database) -> None:
    """Make the tables of an empty database; refuse one of another version. Raises ConfigError, RetryLater."""
    version = read_version(database)
    if version is None:
        _create(database)
    elif version != VERSION:
        raise ConfigError([wrong_version(database, version)])


def read_version(database: Database) -> str | None:
    """The version that the database has; None where it is empty."""
    with database.read() as connection:
        if not sa.inspect(connection).has_table(schema_version.name):
            return None
        return connection.scalar(sa.select(schema_version.c.version_num))


def _create(database: Database) -> None:
    with database.write() as connection:
        if sa.inspect(connection).has_table(schema_version.name):
            return  # another process was quicker
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(71066)"))
        metadata.create_all(connection)
        if connection.scalar(sa.select(schema_version.c.version_num)) is None:
            connection.execute(schema_version.insert().values(version_num=VERSION))
            connection.execute(counters.insert(), [{"name": n, "value": v} for n, v in FIRST_NUMBERS.items()])


def wrong_version(database: Database, version: str) -> Finding:
    """What an admin is told of a database that another version of maild made."""
    newer = version > VERSION
    return Finding(
        file=database.url.render_as_string(hide_password=True),
        line=0,
        column=0,
        severity="error",
        code="schema",
        message=f"this database has schema {version}, and this maild knows {VERSION}",
        hint="it was made by a newer maild: upgrade maild" if newer else "run `maild db upgrade`, after a backup",
    )
