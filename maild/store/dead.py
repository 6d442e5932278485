"""Addresses that refused mail for good: what is known of each.

What follows from a refusal, and what shows that an address lives, stands in `threads/dead.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.errors import NotFound
from maild.messages.mail import Address
from maild.store.engine import Database
from maild.store.rows import key_of
from maild.store.tables import dead_addresses
from maild.threads.dead import DeadAddress

_KNOWN = sa.select(dead_addresses).where(dead_addresses.c.key.in_(sa.bindparam("keys", expanding=True)))


def known_dead(connection: Connection, addresses: Iterable[str]) -> dict[str, DeadAddress]:
    """What is known of these addresses, by their keys; of most of them nothing is."""
    keys = sorted({_key(a) for a in addresses})
    if not keys:
        return {}
    return {row.key: _to_dead(row) for row in connection.execute(_KNOWN, {"keys": keys})}


class DeadStore:
    """Every query on dead addresses."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, connection: Connection, found: Iterable[DeadAddress]) -> None:
        """Write down what is known now."""
        for one in found:
            key = _key(one.address)
            values = {
                "address": one.address,
                "bounces": one.bounces,
                "last_at": one.last_at,
                "until": one.until,
                "status": one.status[:16],
                "reason": one.reason,
            }
            changed = connection.execute(dead_addresses.update().where(dead_addresses.c.key == key).values(**values))
            if not changed.rowcount:
                connection.execute(dead_addresses.insert().values(key=key, **values))

    def forget(self, connection: Connection, address: str) -> bool:
        """Nothing is held against this address any more; whether anything was."""
        gone = connection.execute(dead_addresses.delete().where(dead_addresses.c.key == _key(address)))
        return gone.rowcount > 0

    def suppressed(self, now: datetime) -> list[DeadAddress]:
        """The addresses that get no automatic letters now, the last one first."""
        query = sa.select(dead_addresses).where(dead_addresses.c.until > now).order_by(dead_addresses.c.last_at.desc())
        with self._database.read() as connection:
            return [_to_dead(row) for row in connection.execute(query)]

    def unsuppress(self, address: str) -> None:
        """Let an address have automatic letters again. Raises NotFound."""
        with self._database.write() as connection:
            if not self.forget(connection, address):
                raise NotFound(f"{address} is not held back; `maild outbox suppressed` lists who is")


def _key(address: str) -> str:
    return key_of(Address(address=address)) or ""


def _to_dead(row: sa.Row[Any]) -> DeadAddress:
    return DeadAddress(
        address=row.address,
        bounces=row.bounces,
        last_at=row.last_at,
        until=row.until,
        status=row.status,
        reason=row.reason,
    )
