"""What waits for a time, after the clock was set back: it waits as long as it would have, and no hour more.

Deadlines are times of day and stay what they are. What "so long from now" came to is moved with the clock.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from maild.store.engine import Database
from maild.store.tables import gathered, inbox, leases, outbox
from maild.threads.model import InboxState, OutboxState

_WAITS = (
    (inbox, inbox.c.next_at, inbox.c.state == InboxState.WAITING),
    (outbox, outbox.c.next_at, outbox.c.state.in_((OutboxState.WAITING, OutboxState.UNCERTAIN))),
    (gathered, gathered.c.ready_at, gathered.c.told_at.is_(None)),
)
"""What is tried again, may be taken back for a while, or is gathered for a digest."""


def newest(database: Database) -> datetime | None:
    """When the newest mail or letter was written down; None where there is none. Raises RetryLater."""
    with database.read() as connection:
        found = [
            connection.scalar(sa.select(at).order_by(table.c.id.desc()).limit(1))
            for table, at in ((inbox, inbox.c.received_at), (outbox, outbox.c.created_at))
        ]
    return max((at for at in found if at is not None), default=None)


def due_as_before(database: Database, now: datetime, by: timedelta) -> int:
    """The clock was set back by so much and says `now`: move what lies ahead; how many rows. Raises RetryLater."""
    with database.write() as connection:
        moved = 0
        for table, column, waits in _WAITS:
            rows = connection.execute(sa.select(table.c.id, column).where(waits, column > now)).all()
            if rows:
                # No name here may be that of a column: SQLAlchemy keeps those for itself.
                one = table.update().where(table.c.id == sa.bindparam("wanted")).values({column: sa.bindparam("new")})
                connection.execute(one, [{"wanted": number, "new": max(now, at - by)} for number, at in rows])
            moved += len(rows)
    return moved


def shorten_leases(database: Database, longest: timedelta) -> None:
    """No lease lasts longer than it was given for, though the server's clock was set back. Raises RetryLater.

    It is shortened and not taken: whoever lives renews it, whoever has died loses it in time.
    """
    if database.is_sqlite:
        return
    latest = sa.func.clock_timestamp(type_=sa.DateTime(timezone=True)) + sa.literal(longest, sa.Interval)
    with database.write() as connection:
        connection.execute(leases.update().where(leases.c.until > latest).values(until=latest))
