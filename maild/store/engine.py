"""The database: how it is opened, and the two kinds of transaction there are.

SQLite's defaults would lose updates: its driver opens no transaction before a SELECT, so that two who read, think and
write overwrite each other without an error. Here a writing transaction starts with BEGIN IMMEDIATE, in WAL mode with
synchronous=FULL: what was committed is on the disk. PostgreSQL gets the same by row locks.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError

from maild.errors import CannotCreate, RetryLater, Unavailable

_BUSY_SECONDS = 10.0
"""How long a writer waits for another process' transaction before it says "try again"."""


class Database:
    """One database and its connections. Safe to share between workers."""

    def __init__(self, url: str) -> None:
        self.url = self.parse(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        # SQLite has one writer anyway. Waiting for it here is fair and quick; its own busy handler sleeps and starves.
        self._writer: Any = threading.RLock() if self.is_sqlite else _NoLock()
        self.engine = self._open_sqlite() if self.is_sqlite else self._open_server()

    @staticmethod
    def parse(url: str) -> sa.URL:
        """A database's address, taken apart. Raises Unavailable where it is none."""
        try:
            return sa.make_url(url)
        except ArgumentError as error:
            raise Unavailable(f"database.url {url!r} is no database address: {error}") from error

    def _open_sqlite(self) -> Engine:
        path = Path(self.url.database or "")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                path.touch(mode=0o600)
        except OSError as error:
            raise CannotCreate(
                f"cannot create the database {path}: {error.strerror}; is its folder writable?"
            ) from error
        engine = sa.create_engine(self.url, connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    def _open_server(self) -> Engine:
        try:
            return sa.create_engine(self.url, pool_pre_ping=True, pool_size=8, connect_args={"connect_timeout": 10})
        except ModuleNotFoundError as error:
            raise Unavailable(
                f"this database needs a driver that is not installed: {error.name}; try pip install 'maild[postgres]'"
            ) from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only looks. Raises RetryLater when the database does not answer."""
        with _troubles(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that sees the newest state and keeps others from changing it; durable when it ends well."""
        with self._writer, _troubles(), self.engine.connect() as connection:
            connection.execution_options(maild_writes=True)
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


class _NoLock:
    """Stands where no lock is needed, since the server locks rows."""

    def __enter__(self) -> None:
        """Nothing to wait for."""

    def __exit__(self, *_: object) -> None:
        """Nothing to give back."""


@contextmanager
def _troubles() -> Iterator[None]:
    """A database that is locked, full or away means "try again", never a loss and never a bounce."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise RetryLater(f"the database does not take it now: {_first_line(error)}") from error


def _first_line(error: DBAPIError) -> str:
    return str(error.orig or error).splitlines()[0]


def _prepare_sqlite(connection: DBAPIConnection, _: object) -> None:
    connection.isolation_level = None  # the driver opens no transaction of its own
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "fullfsync=ON", "cache_size=-16000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    # SQLite's own lower() folds ASCII alone, and Russian would be searched differently on the two databases.
    connection.create_function("maild_fold", 1, _fold, deterministic=True)


def _fold(text: str | None) -> str | None:
    return text.casefold() if text is not None else None


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("maild_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
