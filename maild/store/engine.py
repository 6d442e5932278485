"""The database: how it is opened, and the two kinds of transaction there are.

SQLite's defaults would lose updates: its driver opens no transaction before a SELECT, so that two who read, think and
write overwrite each other without an error. Here a writing transaction starts with BEGIN IMMEDIATE, in WAL mode with
synchronous=FULL: what was committed is on the disk. PostgreSQL gets the same by row locks and advisory locks, under
READ COMMITTED: whoever has waited for a lock must see what its holder has written.

A database that is locked, full or away is told as RetryLater by the very statement that met it, so that nobody takes it
for a bug of the mail in hand.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import ArgumentError, InterfaceError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from maild.errors import CannotCreate, MaildError, RetryLater, Unavailable

_BUSY_SECONDS = 10.0
"""How long a writer waits for another process' transaction before it says "try again"."""
_NO_WAIT = 0.1
"""Seconds in the queue of our own writers that need not be taken off it."""
_SQLITE_TROUBLES = frozenset({5, 6, 7, 8, 9, 10, 13, 14, 15})
"""Busy, locked, no memory, read-only, interrupted, I/O error, full, cannot open, protocol: no statement's fault."""
_SQLITE_BROKEN = frozenset({11, 26})
"""A damaged file, and one that is no database."""
_SERVER_TROUBLES = ("08", "25", "40", "53", "55", "57", "58")
"""Classes of SQLSTATE: connection, transaction cut off, rolled back, no room, locked, shut down, system error."""
_SERVER_SILENT = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30000,
}
"""A server whose machine has died sends no word of it: without these a worker would wait for it for hours."""
_SERVER_SESSION = f"""
SELECT set_config('lock_timeout', '{_BUSY_SECONDS:.0f}s', false),
       set_config('idle_in_transaction_session_timeout', '60s', false),
       set_config('TimeZone', 'UTC', false),
       CASE WHEN current_setting('synchronous_commit') IN ('off', 'local')
            THEN set_config('synchronous_commit', 'on', false) END
"""
"""Nobody waits for ever for a lock, no desk that hangs keeps one for ever, and what was committed is on the disk. Times
come in UTC, whatever zone the server has: a report reads a million of them, and has not to convert each.
"""


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
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not path.exists():
                path.touch(mode=0o600)
        except OSError as error:
            raise CannotCreate(
                f"cannot create the database {path}: {error.strerror}; is its folder writable?"
            ) from error
        engine = sa.create_engine(self.url, connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        event.listen(engine, "handle_error", _as_trouble, retval=True)
        return engine

    def _open_server(self) -> Engine:
        if self.url.get_backend_name() != "postgresql":
            raise Unavailable(f"database.url: {self.url.drivername} is not known here; sqlite and postgresql are")
        try:
            engine = sa.create_engine(
                self.url,
                pool_pre_ping=True,
                pool_size=8,
                isolation_level="READ COMMITTED",
                connect_args=_SERVER_SILENT,
            )
        except (ModuleNotFoundError, NoSuchModuleError) as error:
            raise Unavailable(
                f"this database needs a driver that is not installed: {error}; try pip install 'maild[postgres]'"
            ) from error
        event.listen(engine, "connect", _prepare_server)
        event.listen(engine, "handle_error", _as_trouble, retval=True)
        return engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only looks. Raises RetryLater when the database does not answer."""
        with _troubles(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that sees the newest state and keeps others from changing it; durable when it ends well.

        Raises RetryLater where it cannot begin within ten seconds.
        """
        began = time.monotonic()
        if not self._writer.acquire(timeout=_BUSY_SECONDS):
            raise RetryLater("the database does not take it now: other writers have waited for it as long")
        try:
            with _troubles(), self.engine.connect() as connection:
                connection.execution_options(maild_writes=True, maild_waited=time.monotonic() - began)
                with connection.begin():
                    yield connection
        finally:
            self._writer.release()

    def mark(self) -> object:
        """Becomes another one when anybody has written to an SQLite file; None where only a query can tell."""
        if not self.is_sqlite:
            return None
        found = []
        for name in (f"{self.url.database}-wal", str(self.url.database)):
            with suppress(OSError):
                status = os.stat(name)
                found.append((status.st_mtime_ns, status.st_size))
        return tuple(found)

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


class _NoLock:
    """Stands where no lock is needed, since the server locks rows."""

    def acquire(self, **_: object) -> bool:
        """Nothing to wait for."""
        return True

    def release(self) -> None:
        """Nothing to give back."""


@contextmanager
def _troubles() -> Iterator[None]:
    """Every connection in use for too long is one more way to be away; the others are told by `_as_trouble`."""
    try:
        yield
    except PoolTimeout as error:
        raise RetryLater("the database does not take it now: all connections to it are in use") from error


def _as_trouble(context: ExceptionContext) -> MaildError | None:
    """The database's own trouble as RetryLater, a file that is none as Unavailable; None for what is a bug."""
    error = context.original_exception
    first_line = next(iter(str(error).splitlines()), type(error).__name__)
    sqlite_code = getattr(error, "sqlite_errorcode", None)
    if sqlite_code is not None:
        if sqlite_code & 0xFF in _SQLITE_BROKEN:
            return Unavailable(f"the database is damaged, or is no database: {first_line}")
        troubled = sqlite_code & 0xFF in _SQLITE_TROUBLES
    elif state := getattr(error, "sqlstate", None):
        troubled = state.startswith(_SERVER_TROUBLES)
    else:
        troubled = isinstance(context.sqlalchemy_exception, OperationalError | InterfaceError)
    return RetryLater(f"the database does not take it now: {first_line}") if troubled else None


def _prepare_server(connection: DBAPIConnection, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute(_SERVER_SESSION)
    cursor.close()
    connection.commit()


def _prepare_sqlite(connection: DBAPIConnection, _: object) -> None:
    connection.isolation_level = None  # the driver opens no transaction of its own
    cursor = connection.cursor()
    # First of all, since it counts for a file without any page alone: what is removed later is given back to the disk.
    cursor.execute("PRAGMA auto_vacuum=INCREMENTAL")
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "fullfsync=ON", "cache_size=-16000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    # SQLite's own lower() folds ASCII alone, and Russian would be searched differently on the two databases.
    connection.create_function("maild_fold", 1, _fold, deterministic=True)


def _fold(text: str | None) -> str | None:
    return text.casefold() if text is not None else None


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("maild_writes"):
        connection.exec_driver_sql("BEGIN")
        return
    # Whoever stood in the queue of our own writers while another process had the file has waited for it already: else
    # the second in the queue would wait twice as long, the third three times, and so would the mail server at the door.
    waited = options["maild_waited"]
    if waited < _NO_WAIT:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        return
    connection.exec_driver_sql(f"PRAGMA busy_timeout={max(0, round((_BUSY_SECONDS - waited) * 1000))}")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={round(_BUSY_SECONDS * 1000)}")
