"""Where everything lies safe: one database, SQLite or PostgreSQL, spoken to here and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from maild.store.inbox import InboxStore
    from maild.store.keep import Keep


def open_keep(url: str, holder: str) -> Keep:
    """Open a database whose tables are the ones we know. Raises RetryLater, Unavailable, CannotCreate, ConfigError."""
    from maild.store.engine import Database
    from maild.store.keep import Keep
    from maild.store.schema import prepare

    database = Database(url)
    prepare(database)
    return Keep(database, holder)


def open_inbox(url: str) -> InboxStore:
    """The same, for who only accepts: a pipe starts once per mail, and loads no more than it needs."""
    from maild.store.engine import Database
    from maild.store.inbox import InboxStore
    from maild.store.schema import prepare

    database = Database(url)
    prepare(database)
    return InboxStore(database)
