"""Figures of the present state for who watches over a desk: each by an index, and none that grows with the tickets.

What only adds up (mails taken, mails handled) is counted from where the counting began, a little at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.store.engine import Database
from maild.store.tables import acknowledged, gathered, inbox, outbox, troubles
from maild.threads.model import InboxState, OutboxState
from maild.threads.plan import LetterKind

OUTBOX_SHOWN = (
    OutboxState.WAITING,
    OutboxState.HELD,
    OutboxState.SENDING,
    OutboxState.FAILED,
    OutboxState.UNCERTAIN,
)
"""The states of letters that have not left."""
T = TypeVar("T")
_TO_COME = (OutboxState.WAITING, OutboxState.UNCERTAIN)
_SERVER_PATIENCE = "SET LOCAL statement_timeout = '3s'"


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """How much there is of what at one moment, and how much came since the counting began."""

    waiting: int
    waiting_since: datetime | None
    quarantined: int
    letters: Mapping[str, int]
    due_since: datetime | None
    """When the letter was due that should have left first; None where none is to leave."""
    gathered: int
    troubles: frozenset[str]
    """The causes of troubles that last."""
    accepted: Mapping[str, int]
    """Mails by the channel they came by."""
    ended: Mapping[str, int]
    """Mails by the state that they ended in."""
    unanswered: int
    """Acknowledgements that were wanted and not given, since a budget was spent."""
    bytes: int


class Counting:
    """Reads figures; remembers where it has come to. Used by one thread at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._begun = False
        self._settled = self._seen = self._answered = 0
        self._accepted, self._ended = Counter[str](), Counter[str]()
        self._unanswered = 0

    def read(self) -> Figures:
        """The figures of now. Raises RetryLater."""
        with self._database.read() as connection:
            if not self._database.is_sqlite:
                connection.exec_driver_sql(_SERVER_PATIENCE)
            if not self._begun:
                self._begin(connection)
            accepted, ended = self._mails(connection)
            by_state = sa.select(outbox.c.state, sa.func.count()).where(outbox.c.state.in_(OUTBOX_SHOWN))
            # A webhook that is slow or away is its own trouble, and no sign that the desk is stuck.
            letters = outbox.c.state.in_(_TO_COME) & (outbox.c.kind != LetterKind.WEBHOOK)
            first_due = sa.select(sa.func.min(outbox.c.next_at)).where(letters)
            untold = sa.select(sa.func.count()).select_from(gathered).where(gathered.c.told_at.is_(None))
            return Figures(
                waiting=_count(connection, InboxState.WAITING),
                waiting_since=_first_waiting(connection, inbox.c.received_at),
                quarantined=_count(connection, InboxState.QUARANTINED),
                letters={row[0]: row[1] for row in connection.execute(by_state.group_by(outbox.c.state))},
                due_since=connection.scalar(first_due),
                gathered=connection.scalar(untold) or 0,
                troubles=frozenset(connection.scalars(sa.select(troubles.c.cause).where(troubles.c.open))),
                accepted=accepted,
                ended=ended,
                unanswered=self._not_given(connection),
                bytes=self._size(connection),
            )

    def _begin(self, connection: Connection) -> None:
        first = _first_waiting(connection, inbox.c.id)
        last = connection.scalar(sa.select(sa.func.max(inbox.c.id))) or 0
        self._settled = self._seen = last if first is None else min(last, first - 1)
        self._answered = connection.scalar(sa.select(sa.func.max(acknowledged.c.id))) or 0
        self._begun = True

    def _mails(self, connection: Connection) -> tuple[Counter[str], Counter[str]]:
        """Since the counting began. Up to the first that waits all have ended: they are not counted a second time.

        What came since the reading before is, for a server may show a mail later than one with a higher number.
        """
        first = _first_waiting(connection, inbox.c.id)
        last = connection.scalar(sa.select(sa.func.max(inbox.c.id))) or 0
        until = max(self._settled, min(self._seen, last if first is None else first - 1))
        self._seen = last
        settled = _by_channel_and_state(connection, self._settled, until)
        self._settled = until
        for (channel, state), number in settled.items():
            self._accepted[channel] += number
            self._ended[state] += number
        accepted, ended = self._accepted.copy(), self._ended.copy()
        for (channel, state), number in _by_channel_and_state(connection, until, last).items():
            accepted[channel] += number
            if state != InboxState.WAITING:
                ended[state] += number
        return accepted, ended

    def _not_given(self, connection: Connection) -> int:
        query = sa.select(sa.func.max(acknowledged.c.id), sa.func.count().filter(~acknowledged.c.given))
        last, number = connection.execute(query.where(acknowledged.c.id > self._answered)).one()
        self._answered = last or self._answered
        self._unanswered += number
        return self._unanswered

    def _size(self, connection: Connection) -> int:
        if not self._database.is_sqlite:
            return int(connection.scalar(sa.select(sa.func.pg_database_size(sa.func.current_database()))) or 0)
        files = (Path(f"{self._database.url.database}{end}") for end in ("", "-wal"))
        return sum(file.stat().st_size for file in files if file.is_file())


def _count(connection: Connection, state: InboxState) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(inbox).where(inbox.c.state == state)) or 0


def _first_waiting(connection: Connection, column: sa.ColumnElement[T]) -> T | None:
    query = sa.select(column).where(inbox.c.state == InboxState.WAITING).order_by(inbox.c.id).limit(1)
    return connection.scalar(query)


def _by_channel_and_state(connection: Connection, after: int, until: int) -> dict[tuple[str, str], int]:
    query = sa.select(inbox.c.channel, inbox.c.state, sa.func.count()).where(inbox.c.id > after, inbox.c.id <= until)
    rows = connection.execute(query.group_by(inbox.c.channel, inbox.c.state))
    return {(row[0], row[1]): row[2] for row in rows}
