"""Troubles the admin has to know of: noted where they happen, told once an hour at most, over when they are over.

A row a cause (and what it is about), so that restarts and several processes agree on what was told. What a cause is
called, and the words of the letter, stand in `desk/causes.py` and `desk/alarms.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.store.engine import Database
from maild.store.tables import clean, troubles

Row = Mapping[Any, Any]
_MAX_TEXT = 20_000
_MAX_ABOUT = 255
_IS_OPEN = sa.select(troubles.c.cause).where(troubles.c.cause == sa.bindparam("cause"), troubles.c.open).limit(1)


def is_open(connection: Connection, cause: str) -> bool:
    """Whether a trouble of this cause lasts."""
    return connection.execute(_IS_OPEN, {"cause": cause}).first() is not None


class TroubleStore:
    """Every query on troubles."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, connection: Connection, cause: str, text: str, now: datetime, *, about: str, lasts: bool) -> None:
        """A trouble came, as a part of somebody's transaction. `lasts`: it is there until `over` says otherwise."""
        about = clean(about)[:_MAX_ABOUT]
        of = (troubles.c.cause == cause, troubles.c.about == about)
        since = sa.case((troubles.c.open, troubles.c.since), else_=sa.literal(now, troubles.c.since.type))
        values = {"text": text[:_MAX_TEXT], "last_at": now, "open": lasts}
        again = troubles.update().where(*of).values(since=since, untold=troubles.c.untold + 1, **values)
        if not connection.execute(again).rowcount:
            row = {"cause": cause, "about": about, "since": now, "untold": 1, "told_at": None, "announced": False}
            connection.execute(troubles.insert(), row | values)

    def tell(self, cause: str, text: str, now: datetime, *, about: str, lasts: bool) -> None:
        """The same in a transaction of its own. Raises RetryLater."""
        with self._database.write() as connection:
            self.note(connection, cause, text, now, about=about, lasts=lasts)

    def over(self, connection: Connection, cause: str, now: datetime, about: str | None = None) -> bool:
        """A lasting trouble has ended (all of this cause where `about` is None); whether there was one."""
        query = troubles.update().where(troubles.c.cause == cause, troubles.c.open)
        if about is not None:
            query = query.where(troubles.c.about == clean(about)[:_MAX_ABOUT])
        return connection.execute(query.values(open=False, last_at=now)).rowcount > 0

    def listing(self, connection: Connection) -> list[Row]:
        """All there are and were, locked until the end of a writing transaction."""
        query = sa.select(troubles).order_by(troubles.c.cause, troubles.c.about).with_for_update()
        return list(connection.execute(query).mappings())

    def any_to_tell(self) -> bool:
        """Whether there may be a letter to write: the cheap look of a tick."""
        query = sa.select(troubles.c.cause).where(sa.or_(troubles.c.untold > 0, troubles.c.announced)).limit(1)
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def any_open(self, cause: str) -> bool:
        """Whether a trouble of this cause lasts."""
        with self._database.read() as connection:
            return is_open(connection, cause)

    def told(self, connection: Connection, rows: Sequence[Row], now: datetime) -> None:
        """A letter has told these."""
        for row in rows:
            values = {"told_at": now, "untold": 0, "announced": row["open"]}
            connection.execute(troubles.update().where(*_of(row)).values(**values))

    def end_told(self, connection: Connection, rows: Sequence[Row]) -> None:
        """The end of these is told, or need not be."""
        for row in rows:
            connection.execute(troubles.update().where(*_of(row)).values(announced=False))

    def present(self) -> list[Row]:
        """The troubles that last."""
        query = sa.select(troubles).where(troubles.c.open).order_by(troubles.c.since)
        with self._database.read() as connection:
            return list(connection.execute(query).mappings())


def _of(row: Row) -> tuple[sa.ColumnElement[bool], ...]:
    return troubles.c.cause == row["cause"], troubles.c.about == row["about"]
