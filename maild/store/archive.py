"""Queries for mail that is brought from archives: what is here already, what became of it, what is done with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa

from maild.store.engine import Database
from maild.store.tables import events, inbox, tickets
from maild.threads.model import InboxState, Status

_AT_ONCE = 500


def known_digests(database: Database, digests: Sequence[str]) -> set[str]:
    """Which of these mails, by their content keys, are in the ledger."""
    with database.read() as connection:
        return set(connection.scalars(sa.select(inbox.c.digest).where(inbox.c.digest.in_(digests))))


def what_became(database: Database, ids: Sequence[int]) -> Iterator[tuple[str, set[int], int]]:
    """For each state of these mails: the tickets that they belong to, and how many mails those are."""
    query = sa.select(inbox.c.state, inbox.c.ticket_id).where(inbox.c.id.in_(ids))
    with database.read() as connection:
        rows = connection.execute(query).all()
    for state in dict.fromkeys(row.state for row in rows):
        of_state = [row.ticket_id for row in rows if row.state == state]
        yield state, {t for t in of_state if t is not None}, len(of_state)


def close_imported(database: Database, ids: Sequence[int], now: datetime) -> int:
    """Close the tickets among these that hold imported mail alone and were never worked on; how many those are."""
    closed = 0
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        live = sa.select(inbox.c.ticket_id).where(
            inbox.c.ticket_id.in_(some), inbox.c.channel != "import", inbox.c.state == InboxState.TICKETED
        )
        idle = tickets.c.id.in_(some) & (tickets.c.status == Status.NEW) & tickets.c.id.not_in(live)
        with database.write() as connection:
            done = list(connection.scalars(sa.select(tickets.c.id).where(idle)))
            if not done:
                continue
            change = tickets.update().where(tickets.c.id.in_(done))
            connection.execute(change.values(status=Status.CLOSED, solved_at=tickets.c.updated_at))
            event = {"at": now, "kind": "status", "actor": "maild", "detail": "new -> closed", "because": "imported"}
            connection.execute(events.insert(), [{"ticket_id": i, **event} for i in done])
            closed += len(done)
    return closed
