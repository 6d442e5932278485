"""Polled mailboxes: how far each has been read, written in the transaction that keeps its mails; and leases.

A lease says which of several desks on one database reads a mailbox or ticks; who dies loses it in time.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.messages.envelope import Arrival
from maild.store.engine import Database
from maild.store.inbox import insert_arrivals
from maild.store.tables import inbox, leases, left_mails, mailboxes

_IS_POLLED = inbox.c.channel == sa.literal_column("'imap'")
"""The condition of the index of polled mails, word by word."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """How far a folder has been read: every UID up to `last_uid`, under this UIDVALIDITY.

    The UIDs up to `left_uid` were left alone on purpose; `began_at` is when the folder was read for the first time.
    """

    uidvalidity: int
    last_uid: int
    left_uid: int = 0
    began_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    """When a mailbox was last searched to its end, and when all that it holds was last compared with the ledger."""

    read_at: datetime
    compared_at: datetime | None


class MailboxStore:
    """Every query on mailboxes and leases."""

    def __init__(self, database: Database, holder: str) -> None:
        self._database = database
        self._holder = holder

    def place(self, mailbox: str) -> Place | None:
        """How far this mailbox has been read; None where it never was."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(mailboxes).where(mailboxes.c.name == mailbox)).first()
        if row is None:
            return None
        return Place(uidvalidity=row.uidvalidity, last_uid=row.last_uid, left_uid=row.left_uid, began_at=row.began_at)

    def looked(self, mailbox: str) -> Looked | None:
        """When this mailbox was looked at; None where it never was."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(mailboxes).where(mailboxes.c.name == mailbox)).first()
        return Looked(read_at=row.read_at, compared_at=row.compared_at) if row else None

    def note(self, mailbox: str, *, read_at: datetime | None = None, compared_at: datetime | None = None) -> None:
        """Write down when a mailbox was searched to its end, or compared with the ledger."""
        values = {"read_at": read_at, "compared_at": compared_at}
        given = {name: at for name, at in values.items() if at is not None}
        with self._database.write() as connection:
            connection.execute(mailboxes.update().where(mailboxes.c.name == mailbox).values(**given))

    def add(self, mailbox: str, arrivals: Sequence[Arrival], place: Place, now: datetime) -> list[int]:
        """Keep these mails (or none) and the place in one transaction; durable when it returns."""
        values = {
            "uidvalidity": place.uidvalidity,
            "last_uid": place.last_uid,
            "left_uid": place.left_uid,
            "began_at": place.began_at,
            "read_at": now,
        }
        with self._database.write() as connection:
            ids = insert_arrivals(connection, arrivals) if arrivals else []
            moved = connection.execute(mailboxes.update().where(mailboxes.c.name == mailbox).values(**values))
            if not moved.rowcount:
                connection.execute(mailboxes.insert().values(name=mailbox, **values))
            return ids

    def taken(self, sources: Collection[str]) -> frozenset[str]:
        """Which of these mails, by their sources, are kept, or were removed from the ledger on purpose."""
        wanted = list(sources)
        with self._database.read() as connection:
            kept = connection.scalars(sa.select(inbox.c.source).where(inbox.c.source.in_(wanted), _IS_POLLED)).all()
            left = connection.scalars(sa.select(left_mails.c.source).where(left_mails.c.source.in_(wanted))).all()
        return frozenset([*kept, *left])

    def known(self, digests: Collection[str]) -> frozenset[str]:
        """Which of these mails, by their content keys, are kept, whatever way they came."""
        with self._database.read() as connection:
            return frozenset(connection.scalars(sa.select(inbox.c.digest).where(inbox.c.digest.in_(list(digests)))))

    def lease(self, name: str, _now: datetime, length: timedelta) -> bool:
        """Take or renew a lease; False while another desk holds it. By the server's clock: those of desks differ."""
        if self._database.is_sqlite:
            return True  # its one daemon holds a lock on the file: whoever had a lease before is dead
        with self._database.write() as connection:
            return renew(connection, name, self._holder, length)

    def give_back(self) -> None:
        """Let go of every lease of ours."""
        if not self._database.is_sqlite:
            with self._database.write() as connection:
                connection.execute(leases.delete().where(leases.c.holder == self._holder))


def renew(connection: Connection, name: str, holder: str, length: timedelta) -> bool:
    """Take or renew a lease on PostgreSQL as a part of somebody else's transaction; False while another has it."""
    # Loaded here, since a pipe on SQLite starts once per mail and never needs it.
    from sqlalchemy.dialects.postgresql import insert

    time = sa.func.clock_timestamp(type_=sa.DateTime(timezone=True))
    until = {"holder": holder, "until": time + sa.literal(length, sa.Interval)}
    taken = (
        insert(leases)
        .values(name=name, **until)
        .on_conflict_do_update(
            index_elements=[leases.c.name],
            set_=until,
            where=sa.or_(leases.c.holder == holder, leases.c.until <= time),
        )
        .returning(leases.c.name)
    )
    return connection.execute(taken).first() is not None
