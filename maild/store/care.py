"""Care for a database: whether it is whole, and the way from an older version to ours."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import Connection

from maild.errors import ConfigError
from maild.store import schema
from maild.store.engine import Database
from maild.store.invariants import broken_rules, mails_by_state
from maild.store.search import build_index, unindexed


def check_database(database: Database) -> list[str]:
    """What is wrong with a database, a sentence each; nothing where it is whole. Raises RetryLater."""
    version = schema.read_version(database)
    if version is None:
        return ["the database is empty; the first start makes its tables"]
    if version != schema.VERSION:
        return [f"the database has schema {version}, this maild knows {schema.VERSION}"]
    with database.read() as connection:
        return [*_broken_pages(connection), *broken_rules(connection), *unindexed(connection)]


def count_mails(database: Database) -> dict[str, int]:
    """How many mails came, by what became of each. Raises RetryLater."""
    with database.read() as connection:
        return mails_by_state(connection)


def reindex(database: Database) -> None:
    """Make the index of the full-text search anew. Raises RetryLater, ConfigError for a database of another version."""
    version = schema.read_version(database)
    if version != schema.VERSION:
        raise ConfigError([schema.wrong_version(database, version or schema.EMPTY)])
    with database.write() as connection:
        build_index(connection)


def _broken_pages(connection: Connection) -> list[str]:
    if connection.dialect.name != "sqlite":
        return []
    rows = connection.exec_driver_sql("PRAGMA integrity_check(20)").scalars().all()
    found = [f"the file is damaged: {row}" for row in rows if row != "ok"]
    orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    return found + [f"row {row[1]} of {row[0]} refers to a row of {row[2]} that does not exist" for row in orphans[:20]]


def upgrade_database(database: Database) -> tuple[str | None, str]:
    """Bring the tables to our version; the version before and after. Raises ConfigError for one newer than ours."""
    before = schema.read_version(database)
    if before is None:
        schema.prepare(database)
    elif before > schema.VERSION:
        raise ConfigError([schema.wrong_version(database, before)])
    elif before < schema.VERSION:
        _migrate(database)
    return before, schema.VERSION


def make_tables(database: Database, version: str) -> None:
    """The tables of an older version in an empty database."""
    _migrate(database, version)


def _migrate(database: Database, to: str = "head") -> None:
    # Alembic takes a second of processor time to import, and is needed here alone.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, to)
