"""Which version of the tables a database has, and how it gets the one that this maild knows."""

from __future__ import annotations

import logging
from typing import Literal

import sqlalchemy as sa

from maild.errors import ConfigError, Finding
from maild.store.engine import Database
from maild.store.search import make_index
from maild.store.tables import counters, metadata, schema_version

VERSION = "0012"
EMPTY = "none"
"""What stands in place of a version where there is none."""
"""The newest migration; `migrations/versions/` holds the way to it."""

FIRST_NUMBERS = {"tickets": 1001, "orders": 1, "ticks": 1}
"""Where each counter starts; a row of its own each, locked by whoever takes a number."""


_UNSAFE = {
    "fsync": "a power cut may damage the whole database",
    "full_page_writes": "a power cut may damage the whole database",
}

_log = logging.getLogger("maild.store")


def prepare(database: Database) -> None:
    """Make the tables of an empty database; refuse one of another version. Raises ConfigError, RetryLater.

    A server that keeps no promise of durability is named in the log.
    """
    findings = server_findings(database)
    if errors := [f for f in findings if f.severity == "error"]:
        raise ConfigError(errors)
    for finding in findings:
        _log.warning("%s", finding)
    version = read_version(database)
    if version is None:
        _create(database)
    elif version != VERSION:
        raise ConfigError([wrong_version(database, version)])


def server_findings(database: Database) -> list[Finding]:
    """How a PostgreSQL is set up wrongly: an error where it cannot be used, a warning where mail may be lost."""
    if database.is_sqlite:
        return []
    with database.read() as connection:
        query = sa.text("SELECT name, setting FROM pg_settings WHERE name = ANY(:names)")
        rows = connection.execute(query, {"names": ["server_encoding", *_UNSAFE]}).all()
    settings = {row.name: row.setting for row in rows}
    found = [
        _finding(
            database,
            "unsafe-server",
            f"PostgreSQL runs with {name} = off: {danger}",
            f"set {name} = on in postgresql.conf",
            severity="warning",
        )
        for name, danger in _UNSAFE.items()
        if settings[name] == "off"
    ]
    if settings["server_encoding"] != "UTF8":
        message = f"this database keeps texts in {settings['server_encoding']}, which cannot hold every mail"
        hint = "make it anew with CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0"
        found.append(_finding(database, "encoding", message, hint))
    return found


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
            make_index(connection)
            connection.execute(schema_version.insert().values(version_num=VERSION))
            connection.execute(counters.insert(), [{"name": n, "value": v} for n, v in FIRST_NUMBERS.items()])


def wrong_version(database: Database, version: str) -> Finding:
    """What an admin is told of a database that another version of maild made, or that none has made yet."""
    if version == EMPTY:
        return _finding(database, "schema", "this database is empty", "the first start of maild makes its tables")
    return _finding(
        database,
        "schema",
        f"this database has schema {version}, and this maild knows {VERSION}",
        "it was made by a newer maild: upgrade maild"
        if version > VERSION
        else "run `maild db upgrade`, after a backup",
    )


def _finding(
    database: Database, code: str, message: str, hint: str, *, severity: Literal["error", "warning"] = "error"
) -> Finding:
    where = database.url.render_as_string(hide_password=True)
    return Finding(file=where, line=0, column=0, severity=severity, code=code, message=message, hint=hint)
