"""Polled mailboxes: how far each has been read, written in the transaction that keeps its mails; and leases.

A lease says which of several desks on one database reads a mailbox or ticks; who dies loses it in time.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from maild.messages.envelope import Arrival
from maild.store.engine import Database
from maild.store.inbox import insert_arrivals
from maild.store.tables import inbox, leases, mailboxes


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """How far a folder has been read: every UID up to `last_uid`, under this UIDVALIDITY."""

    uidvalidity: int
    last_uid: int


class MailboxStore:
    """Every query on mailboxes and leases."""

    def __init__(self, database: Database, holder: str) -> None:
        self._database = database
        self._holder = holder

    def place(self, mailbox: str) -> Place | None:
        """How far this mailbox has been read; None where it never was."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(mailboxes).where(mailboxes.c.name == mailbox)).first()
        return Place(uidvalidity=row.uidvalidity, last_uid=row.last_uid) if row else None

    def add(self, mailbox: str, arrivals: Sequence[Arrival], place: Place, now: datetime) -> list[int]:
        """Keep these mails (or none) and the place in one transaction; durable when it returns."""
        values = {"uidvalidity": place.uidvalidity, "last_uid": place.last_uid, "read_at": now}
        with self._database.write() as connection:
            ids = insert_arrivals(connection, arrivals) if arrivals else []
            moved = connection.execute(mailboxes.update().where(mailboxes.c.name == mailbox).values(**values))
            if not moved.rowcount:
                connection.execute(mailboxes.insert().values(name=mailbox, **values))
            return ids

    def taken(self, sources: Collection[str]) -> frozenset[str]:
        """Which of these mails, by their sources, are kept."""
        with self._database.read() as connection:
            query = sa.select(inbox.c.source).where(inbox.c.source.in_(list(sources)), inbox.c.channel == "imap")
            return frozenset(connection.scalars(query))

    def lease(self, name: str, now: datetime, length: timedelta) -> bool:
        """Take or renew a lease; False while another desk holds it."""
        try:
            with self._database.write() as connection:
                free = sa.or_(leases.c.holder == self._holder, leases.c.until <= now)
                query = leases.update().where(leases.c.name == name, free)
                if connection.execute(query.values(holder=self._holder, until=now + length)).rowcount:
                    return True
                if connection.scalar(sa.select(leases.c.holder).where(leases.c.name == name)) is not None:
                    return False
                connection.execute(leases.insert().values(name=name, holder=self._holder, until=now + length))
                return True
        except IntegrityError:
            return False  # another desk was quicker

    def give_back(self) -> None:
        """Let go of every lease of ours."""
        with self._database.write() as connection:
            connection.execute(leases.delete().where(leases.c.holder == self._holder))
