"""News that waits for a digest: a durable line each, and each in exactly one digest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.messages.mail import Address
from maild.store.engine import Database
from maild.store.rows import key_of
from maild.store.tables import gathered, outbox, tickets
from maild.threads.plan import LetterKind

# Built once: SQLAlchemy spends more on making a statement than SQLite on carrying it out.
_INSERT = gathered.insert()
_WAITING = gathered.c.told_at.is_(None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One piece of news as the digest tells it: plain values for its template."""

    to: Address
    language: str
    ticket: int | None
    view: Mapping[str, Any]


class DigestStore:
    """Every query on news that waits."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, connection: Connection, lines: Iterable[tuple[Line, datetime]], now: datetime) -> None:
        """Keep lines, each with the moment from which on a digest may take it."""
        rows = [
            {
                "recipient_key": key_of(line.to) or "",
                "address": line.to.address,
                "name": line.to.name,
                "language": line.language,
                "ticket_id": line.ticket,
                "view": dict(line.view),
                "at": now,
                "ready_at": ready_at,
                "told_at": None,
            }
            for line, ready_at in lines
        ]
        if rows:
            connection.execute(_INSERT, rows)

    def due(self, now: datetime, every: timedelta) -> list[str]:
        """Whose news is ready, and whose last digest is long enough ago."""
        ready = sa.select(gathered.c.recipient_key).where(_WAITING, gathered.c.ready_at <= now).distinct()
        with self._database.read() as connection:
            people = list(connection.scalars(ready))
            return [person for person in people if not _had_one(connection, person, now - every)]

    def take(self, connection: Connection, person: str, now: datetime, *, every: timedelta, limit: int) -> list[Line]:
        """What waits for a person, oldest first, told by the letter of this transaction and by no other.

        Nothing where another process was quicker.
        """
        query = sa.select(gathered).where(gathered.c.recipient_key == person, _WAITING).order_by(gathered.c.id)
        rows = connection.execute(query.limit(limit).with_for_update()).mappings().all()
        if not rows or _had_one(connection, person, now - every):
            return []
        told = gathered.update().where(gathered.c.recipient_key == person, _WAITING, gathered.c.id <= rows[-1]["id"])
        connection.execute(told.values(told_at=now))
        return [
            Line(
                to=Address(name=row["name"], address=row["address"]),
                language=row["language"],
                ticket=row["ticket_id"],
                view=row["view"],
            )
            for row in rows
        ]

    def due_times(self, connection: Connection, lines: Iterable[Line]) -> dict[int, datetime | None]:
        """What the tickets of these lines are due at as they stand now, by their ids; None where nobody waits."""
        wanted = {line.ticket for line in lines if line.ticket is not None}
        query = sa.select(tickets.c.id, tickets.c.due_at).where(tickets.c.id.in_(wanted))
        return {row.id: row.due_at for row in connection.execute(query)}

    def forget(self, before: datetime) -> None:
        """Throw away what was told before then."""
        with self._database.write() as connection:
            connection.execute(gathered.delete().where(gathered.c.told_at < before))


def _had_one(connection: Connection, person: str, since: datetime) -> bool:
    query = (
        sa.select(outbox.c.id)
        .where(outbox.c.kind == LetterKind.DIGEST, outbox.c.recipient_key == person, outbox.c.created_at > since)
        .limit(1)
    )
    return connection.execute(query).first() is not None
