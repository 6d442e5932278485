"""A backup's database put in place: in a work file everything is made ready, then it is taken over whole.

What has happened since the backup is not known to it. Letters that had not left then may have left since, so they are
held; numbers given since may stand in customers' letters, so they are not given again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from maild.errors import CannotCreate, DataError, Unavailable
from maild.files import sync_folder
from maild.store import schema
from maild.store.care import check_database, upgrade_database
from maild.store.engine import Database
from maild.store.tables import counters, inbox, inbox_raw, leases, outbox, tickets
from maild.store.transfer import Progress, count_rows, is_empty, open_empty, pour
from maild.threads.model import InboxState, OutboxState

HELD = "held by a restore: it may have left after the backup; `maild outbox retry` sends it, `maild outbox drop` not"
_UNSENT = (OutboxState.WAITING, OutboxState.SENDING, OutboxState.UNCERTAIN)
_LEAST_GAP, _STEP = 100, 100
_DAYS_LOOKED_AT = 30
_SIDECARS = ("-wal", "-shm", "-journal")


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored:
    """What a restore came to."""

    counts: dict[str, int]
    held: int
    """Letters that wait for a person's word."""
    next_ticket: int
    findings: list[str]
    """What `db check` says of it."""


def refuse_unless_empty(url: str) -> None:
    """Raises CannotCreate where a database keeps mails or tickets, Unavailable where a desk runs on it."""
    database = Database(url)
    where = database.url.render_as_string(hide_password=True)
    try:
        if schema.read_version(database) is None:
            return
        with database.read() as connection:
            empty = is_empty(connection)
            alive = connection.scalar(sa.select(leases.c.holder).where(leases.c.until > sa.func.now()).limit(1))
        if not empty:
            text = f"{where} holds mails or tickets already, and nothing is overwritten"
            raise CannotCreate(f"{text}; move it away, or name another database in [database] url")
        if alive is not None and not database.is_sqlite:
            raise Unavailable(f"a desk ({alive}) runs on {where}; stop it first")
    finally:
        database.close()


def make_ready(work: Path, told: Mapping[str, int], made_at: datetime, now: datetime, skip: int | None) -> Restored:
    """Bring a copy of a backup to our version and to what may be done with it now; `skip`: numbers to leave out.

    Raises DataError where it is no database of ours, or has not the mails, tickets and letters that are told of it.
    """
    database = Database(f"sqlite:///{work}")
    try:
        with _as_maild_makes_it():
            upgrade_database(database)
        with _as_maild_makes_it(), database.write() as connection:
            held = _hold_letters(connection)
            gap = skip if skip is not None else _likely_gap(connection, made_at, now)
            counts = count_rows(connection)
            _compare(counts, told)
            following = _leave_out_numbers(connection, gap, made_at, now)
        findings = check_database(database)
    finally:
        database.close()
    return Restored(counts=counts, held=held, next_ticket=following, findings=findings)


@contextmanager
def _as_maild_makes_it() -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, ValueError, TypeError) as error:
        told = next(iter(str(getattr(error, "orig", None) or error).splitlines()), "")[:200]
        raise DataError(f"the database of this backup is not as maild makes it: {told}") from error


def _compare(counts: Mapping[str, int], told: Mapping[str, int]) -> None:
    for table in (inbox, tickets, outbox):
        if counts[table.name] != told.get(table.name):
            text = f"{counts[table.name]} rows of {table.name}, and its manifest says {told.get(table.name)}"
            raise DataError(f"this backup is damaged: its database has {text}")


def hold_unsent(connection: Connection, reason: str) -> int:
    """Letters that have not left, or perhaps have, leave only on a person's word; how many those are."""
    values = {"state": OutboxState.HELD, "next_at": None, "claimed_by": None, "last_error": reason}
    return connection.execute(outbox.update().where(outbox.c.state.in_(_UNSENT)).values(**values)).rowcount


def _hold_letters(connection: Connection) -> int:
    return hold_unsent(connection, HELD)


def _likely_gap(connection: Connection, made_at: datetime, now: datetime) -> int:
    """Three times as many numbers as were probably given since the backup, 100 at least."""
    since = made_at - timedelta(days=_DAYS_LOOKED_AT)
    query = sa.select(sa.func.count()).select_from(tickets).where(tickets.c.created_at > since)
    lately = connection.execute(query).scalar_one()
    days = max((now - made_at) / timedelta(days=1), 0.0)
    likely = int(3 * lately * days / _DAYS_LOOKED_AT)
    return -(-max(likely, _LEAST_GAP) // _STEP) * _STEP


def _leave_out_numbers(connection: Connection, gap: int, made_at: datetime, now: datetime) -> int:
    """A number given since the backup must not name another customer's ticket: his reply would end there.

    The same holds for the ledger's numbers, from which the Message-IDs of our letters are made. A row that says so
    keeps the place, since SQLite goes on behind the highest row.
    """
    numbers = counters.update().where(counters.c.name.in_(schema.FIRST_NUMBERS))
    connection.execute(numbers.values(value=counters.c.value + gap))
    highest = connection.scalar(sa.select(sa.func.max(inbox.c.id))) or 0
    reason = f"a restore of the backup of {made_at:%Y-%m-%d %H:%M} UTC left out the numbers since {highest}"
    row: dict[str, Any] = {
        "id": highest + 10 * gap,
        "received_at": now,
        "channel": "restore",
        "source": "",
        "envelope_to": [],
        "peer": "",
        "trusted": False,
        "digest": hashlib.sha256(f"{reason} {now.isoformat()}".encode()).hexdigest(),
        "size": 0,
        "state": InboxState.OWN,
        "reason": reason,
        "attempts": 0,
        "next_at": now,
        "finished_at": now,
    }
    if gap:
        connection.execute(inbox.insert(), row)
        connection.execute(inbox_raw.insert(), {"inbox_id": row["id"], "raw": b""})
    return int(connection.execute(sa.select(counters.c.value).where(counters.c.name == "tickets")).scalar_one())


def put_in_place(work: Path, url: str, progress: Progress) -> None:
    """The work file becomes the database, or is poured into it; whole or not at all. Raises as `pour` does."""
    target = Database.parse(url)
    if target.get_backend_name() == "sqlite":
        path = Path(target.database or "")
        for ending in _SIDECARS:
            path.with_name(path.name + ending).unlink(missing_ok=True)
        work.replace(path)
        sync_folder(path.parent)
        return
    source, emptied = Database(f"sqlite:///{work}"), open_empty(url)
    try:
        pour(source, emptied, progress)
    finally:
        source.close()
        emptied.close()
