"""What the budgets are counted from: acknowledgements by domain and in all, news by person. Found by indexes alone.

Every count stops at its limit, so that a storm makes none of them dearer. What is allowed is judged in
`threads/budget.py` and `threads/ladder.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.messages.mail import Address
from maild.store.engine import Database
from maild.store.rows import key_of
from maild.store.tables import acknowledged, beats, gathered, outbox
from maild.store.troubles import is_open
from maild.threads.budget import DOMAIN_WINDOW, STORM_WINDOW, Spent
from maild.threads.model import OutboxState
from maild.threads.plan import LetterKind

NEWS = (LetterKind.NOTIFICATION, LetterKind.ESCALATION)
"""What a person is told by one letter each, until there are too many and a digest tells it."""


def _counted(found: sa.Select[Any], limit: str) -> sa.ScalarSelect[int]:
    few = found.limit(sa.bindparam(limit, type_=sa.Integer)).subquery()
    return sa.select(sa.func.count()).select_from(few).scalar_subquery()


# Built once: SQLAlchemy spends more on making a statement than SQLite on carrying it out.
_INSERT = acknowledged.insert()
_WANTED = _counted(sa.select(acknowledged.c.id).where(acknowledged.c.at > sa.bindparam("storm_since")), "storm_limit")
_SPENT = sa.select(
    _counted(
        sa.select(acknowledged.c.id).where(
            acknowledged.c.domain == sa.bindparam("domain"),
            acknowledged.c.at > sa.bindparam("domain_since"),
        ),
        "domain_limit",
    ).label("to_domain"),
    _WANTED.label("wanted"),
)
_NEWS = sa.select(
    _counted(
        sa.select(outbox.c.id).where(
            outbox.c.kind.in_(NEWS),
            outbox.c.recipient_key == sa.bindparam("person"),
            outbox.c.created_at > sa.bindparam("since"),
        ),
        "limit",
    )
    + _counted(
        sa.select(gathered.c.id).where(
            gathered.c.recipient_key == sa.bindparam("person"), gathered.c.at > sa.bindparam("since")
        ),
        "limit",
    )
)
_OF_KIND = (
    sa.select(outbox.c.created_at)
    .where(
        outbox.c.kind == sa.bindparam("kind"),
        outbox.c.recipient_key == sa.bindparam("person"),
        outbox.c.created_at > sa.bindparam("since"),
    )
    .order_by(outbox.c.created_at.desc())
    .limit(sa.bindparam("limit", type_=sa.Integer))
)


class BudgetStore:
    """Every count that stops a storm; with a connection, part of the transaction that decides."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def spent(
        self, connection: Connection, domain: str, now: datetime, *, cause: str, per_domain: int, storm: int
    ) -> Spent:
        """What a domain and all together wanted, given or not; the breaker is open while this cause of trouble is."""
        values = {
            "domain": domain,
            "domain_since": now - DOMAIN_WINDOW,
            "domain_limit": per_domain,
            "storm_since": now - STORM_WINDOW,
            "storm_limit": storm,
        }
        row = connection.execute(_SPENT, values).one()
        return Spent(to_domain=row.to_domain, wanted=row.wanted, stopped=is_open(connection, cause))

    def wanted(self, connection: Connection, now: datetime, storm: int) -> int:
        """How many acknowledgements were wanted from us lately, counted no further than `storm`."""
        values = {"storm_since": now - STORM_WINDOW, "storm_limit": storm}
        return int(connection.execute(sa.select(_WANTED), values).scalar_one())

    def note(self, connection: Connection, domain: str, now: datetime, *, given: bool) -> None:
        """One acknowledgement was wanted, and given or not."""
        connection.execute(_INSERT, {"domain": domain, "at": now, "given": given})

    def news_to(self, connection: Connection, address: str, since: datetime, limit: int) -> int:
        """How many letters of news were made for a person since then, those in digests counted; at most 2 * limit."""
        values = {"person": key_of(Address(address=address)), "since": since, "limit": limit}
        return int(connection.execute(_NEWS, values).scalar_one())

    def sent_of_kind(
        self, connection: Connection, kind: LetterKind, address: str, since: datetime, limit: int
    ) -> list[datetime]:
        """When letters of this kind were made for this address, whatever they are about; newest first."""
        values = {"kind": kind, "person": key_of(Address(address=address)), "since": since, "limit": limit}
        return list(connection.scalars(_OF_KIND, values))

    def sent_since(self, at: datetime) -> bool:
        """Whether any letter has left since then."""
        query = sa.select(outbox.c.id).where(outbox.c.state == OutboxState.SENT, outbox.c.sent_at > at).limit(1)
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def forget(self, now: datetime) -> None:
        """Throw away what no budget looks at any more."""
        with self._database.write() as connection:
            connection.execute(acknowledged.delete().where(acknowledged.c.at < now - 2 * DOMAIN_WINDOW))

    def beat(self, name: str, now: datetime) -> None:
        """Write down that something regular was done, for `maild check`."""
        with self._database.write() as connection:
            done = connection.execute(beats.update().where(beats.c.name == name).values(at=now))
            if not done.rowcount:
                connection.execute(beats.insert().values(name=name, at=now))

    def last_beat(self, name: str) -> datetime | None:
        """When it was done last; None where it never was."""
        with self._database.read() as connection:
            return connection.scalar(sa.select(beats.c.at).where(beats.c.name == name))
