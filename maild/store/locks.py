"""What a mail that is handled keeps others from, where several desks share a PostgreSQL.

Two mails of one conversation must not be decided side by side: the reply would not see the ticket that the mail before
it is about to open, a second copy not the first, and a flood of one sender not its own acknowledgements. What is not
there yet cannot be locked as a row, so names are locked: each Message-ID that a mail names, its content, its sender.

The order is the same for everybody, so that no two can wait for each other:

    1 older mails that are in other hands, by their numbers; no older mail ever waits for a younger one
    2 names, by their hashes
    3 tickets, by their numbers; then those that went on from closed ones among them
    4 the counter of tickets

The one way to wait for each other that is left, a follow-up locked behind a ticket of a higher number, the server ends
within a second: one of the two mails is undone and tried again.

All of it is let go by the end of the transaction. SQLite has one writer, and needs none of this.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.store.tables import inbox
from maild.threads.facts import Clues
from maild.threads.model import InboxState

_LOCK = sa.text("SELECT pg_advisory_xact_lock(name) FROM unnest(CAST(:names AS bigint[])) AS name")
# Built once: SQLAlchemy spends more on making a statement than the server on carrying it out.
_ELDERS = (
    sa.select(inbox.c.id)
    .where(
        inbox.c.state == InboxState.WAITING,
        inbox.c.id < sa.bindparam("inbox_id"),
        sa.or_(
            inbox.c.digest == sa.bindparam("digest"),
            inbox.c.message_id.in_(sa.bindparam("ids", expanding=True)),
        ),
    )
    .order_by(inbox.c.id)
    .with_for_update(read=True)
)


def lock_conversation(connection: Connection, clues: Clues, inbox_id: int, digest: str) -> None:
    """Wait for the mails that this one may go on from, and keep everybody else from its conversation."""
    if connection.dialect.name == "sqlite":
        return
    ids = {name for one in clues.all for name in (*one.ids, one.own_id) if name}
    connection.execute(_ELDERS, {"inbox_id": inbox_id, "digest": digest, "ids": sorted(ids)}).all()
    senders = [f"sender {one.sender}" for one in clues.all if one.sender]
    names = [f"id {i}" for i in ids] + [f"content {digest}"] + senders
    connection.execute(_LOCK, {"names": lock_names(names)})


def lock_names(names: Iterable[str]) -> Collection[int]:
    """The numbers that PostgreSQL locks for these names, in the order in which everybody takes them."""
    hashes = (hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest() for name in names)
    return sorted({int.from_bytes(found[:8], signed=True) for found in hashes})
