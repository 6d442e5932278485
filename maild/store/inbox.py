"""The inbox: every accepted mail with its raw bytes, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.errors import NotFound, UsageError
from maild.messages.envelope import Arrival, Envelope
from maild.store.engine import Database
from maild.store.tables import inbox, inbox_raw, left_mails, tickets
from maild.threads.model import InboxState

Row = Mapping[Any, Any]
T = TypeVar("T")


_BATCH_BYTES = 4_000_000
_NO_FIRST_COPY = (InboxState.DUPLICATE, InboxState.QUARANTINED)
_BYTES_REMOVED = (
    sa.select(inbox.c.id)
    .join(inbox_raw, inbox_raw.c.inbox_id == inbox.c.id)
    .where(inbox.c.id == sa.bindparam("wanted"), inbox.c.size > 0, sa.func.length(inbox_raw.c.raw) == 0)
)
# Built once: SQLAlchemy spends more on making a statement than SQLite on carrying it out.
_FINISH = (
    inbox.update()
    .where(inbox.c.id == sa.bindparam("wanted"))
    .values(
        attempts=inbox.c.attempts + 1,
        **{name: sa.bindparam(name) for name in ("state", "ticket_id", "reason", "decision", "finished_at")},
    )
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """An accepted mail that nothing has been decided about."""

    id: int
    received_at: datetime
    envelope: Envelope
    message_id: str | None
    digest: str
    attempts: int
    raw: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed(Generic[T]):
    """Mails in the hands of one worker; no connection where there are none."""

    connection: Connection | None
    mails: Sequence[tuple[Waiting, T]]


class InboxStore:
    """Every query on the inbox. Those that take a connection are part of somebody else's transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, arrivals: Sequence[Arrival]) -> list[int]:
        """Keep these mails for good: when it returns they are on the disk. All or none; ids in their order."""
        with self._database.write() as connection:
            return insert_arrivals(connection, arrivals)

    @contextmanager
    def claim(
        self, now: datetime, only: int | None, understand: Callable[[Sequence[Waiting]], Sequence[T]], limit: int = 1
    ) -> Iterator[Claimed[T]]:
        """The next mails, understood, inside the transaction that shall finish them.

        SQLite has one writer for all, so there the mails are read before the transaction begins, and looked at again
        in it: somebody else may have finished one. On PostgreSQL the rows are locked first, and others take the next.
        """
        if not self._database.is_sqlite:
            with self._database.write() as connection:
                locked = self.waiting(connection, now, only, limit)
                yield Claimed(connection=connection, mails=list(zip(locked, understand(locked), strict=True)))
            return
        with self._database.read() as connection:
            found = self.waiting(connection, now, only, limit)
        understood = list(zip(found, understand(found), strict=True))
        if not understood:
            yield Claimed(connection=None, mails=[])
            return
        with self._database.write() as connection:
            mine = self._still_waiting(connection, [waiting.id for waiting in found])
            yield Claimed(connection=connection, mails=[(w, u) for w, u in understood if w.id in mine])

    def waiting(self, connection: Connection, now: datetime, only: int | None, limit: int) -> list[Waiting]:
        """The oldest mails whose time has come (or this one); PostgreSQL locks them and leaves out what is locked."""
        query = (
            sa.select(inbox, inbox_raw.c.raw)
            .join(inbox_raw, inbox_raw.c.inbox_id == inbox.c.id)
            .where(inbox.c.state == InboxState.WAITING)
            .order_by(inbox.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True, of=inbox)
        )
        query = query.where(inbox.c.next_at <= now) if only is None else query.where(inbox.c.id == only)
        return _within(_BATCH_BYTES, [_to_waiting(row) for row in connection.execute(query).mappings()])

    def _still_waiting(self, connection: Connection, ids: Sequence[int]) -> set[int]:
        query = sa.select(inbox.c.id).where(inbox.c.id.in_(ids), inbox.c.state == InboxState.WAITING)
        return set(connection.scalars(query))

    def finish(
        self,
        connection: Connection,
        inbox_id: int,
        *,
        state: InboxState,
        ticket: int | None,
        reason: str,
        decision: Mapping[str, object] | None,
        now: datetime,
    ) -> None:
        """The mail has come to its end; what decided it is kept with it."""
        values = {"state": state, "ticket_id": ticket, "reason": reason, "decision": decision, "finished_at": now}
        connection.execute(_FINISH, values | {"wanted": inbox_id})

    def postpone(self, inbox_id: int, *, reason: str, next_at: datetime, traceback: str | None = None) -> None:
        """Handling failed; the mail waits, with the reason, until `next_at`."""
        with self._database.write() as connection:
            connection.execute(
                inbox.update()
                .where(inbox.c.id == inbox_id, inbox.c.state == InboxState.WAITING)
                .values(reason=reason, next_at=next_at, attempts=inbox.c.attempts + 1, traceback=traceback)
            )

    def quarantine(self, inbox_id: int, *, reason: str, traceback: str | None, now: datetime) -> None:
        """Put the mail aside, where `inbox --state quarantined` shows it and `inbox retry` brings it back."""
        with self._database.write() as connection:
            connection.execute(
                inbox.update()
                .where(inbox.c.id == inbox_id, inbox.c.state == InboxState.WAITING)
                .values(
                    state=InboxState.QUARANTINED,
                    reason=reason,
                    traceback=traceback,
                    finished_at=now,
                    attempts=inbox.c.attempts + 1,
                )
            )

    def listing(self, states: Sequence[str] = (), inbox_id: int | None = None, limit: int | None = None) -> list[Row]:
        """The ledger, oldest first, without raw bytes; the ticket as its number."""
        columns = [c for c in inbox.c if c.name not in ("decision", "traceback")]
        first = inbox.alias("first")
        ticket_id = sa.func.coalesce(inbox.c.ticket_id, first.c.ticket_id)
        query = (
            sa.select(*columns, tickets.c.number.label("ticket"))
            .outerjoin(first, first.c.id == inbox.c.duplicate_of)
            .outerjoin(tickets, tickets.c.id == ticket_id)
            .order_by(inbox.c.id)
        )
        if states:
            query = query.where(inbox.c.state.in_(states))
        if inbox_id is not None:
            query = query.where(inbox.c.id == inbox_id)
        with self._database.read() as connection:
            return list(connection.execute(query.limit(limit)).mappings())

    def get(self, inbox_id: int) -> Row:
        """One row whole, with its decision and traceback. Raises NotFound."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(inbox).where(inbox.c.id == inbox_id)).mappings().first()
        if row is None:
            raise _no_mail(inbox_id)
        return row

    def raw(self, inbox_id: int) -> bytes:
        """The bytes as they came. Raises NotFound."""
        size = self.get(inbox_id)["size"]
        with self._database.read() as connection:
            raw = connection.scalar(sa.select(inbox_raw.c.raw).where(inbox_raw.c.inbox_id == inbox_id)) or b""
        if size and not raw:
            raise NotFound(f"the bytes of mail {inbox_id} are kept no longer")
        return bytes(raw)

    def bytes_in(self, connection: Connection, inbox_id: int) -> bytes:
        """The bytes as they came, read in a transaction that goes on; b"" where they are kept no longer."""
        return bytes(connection.scalar(sa.select(inbox_raw.c.raw).where(inbox_raw.c.inbox_id == inbox_id)) or b"")

    def retry(self, inbox_id: int, now: datetime) -> None:
        """A mail that was put aside or waits is handled as if it had just come. Raises NotFound, UsageError."""
        with self._database.write() as connection:
            state = _state_locked(connection, inbox_id)
            if state not in (InboxState.QUARANTINED, InboxState.WAITING):
                raise UsageError(f"mail {inbox_id} is {state}; only what is quarantined or waiting can be tried again")
            if connection.scalar(_BYTES_REMOVED, {"wanted": inbox_id}):
                raise UsageError(
                    f"the bytes of mail {inbox_id} are kept no longer; `maild inbox drop` removes the rest"
                )
            connection.execute(
                inbox.update()
                .where(inbox.c.id == inbox_id)
                .values(state=InboxState.WAITING, next_at=now, attempts=0, finished_at=None)
            )

    def drop(self, inbox_id: int) -> None:
        """Remove a quarantined mail for good. Raises NotFound, UsageError."""
        with self._database.write() as connection:
            state = _state_locked(connection, inbox_id)
            if state != InboxState.QUARANTINED:
                raise UsageError(f"mail {inbox_id} is {state}; only what is quarantined can be dropped")
            leave_for_good(connection, [inbox_id])
            connection.execute(inbox_raw.delete().where(inbox_raw.c.inbox_id == inbox_id))
            connection.execute(inbox.delete().where(inbox.c.id == inbox_id))

    def next_time(self) -> datetime | None:
        """When the earliest waiting mail is to be looked at; None where none waits."""
        with self._database.read() as connection:
            query = sa.select(sa.func.min(inbox.c.next_at)).where(inbox.c.state == InboxState.WAITING)
            return connection.execute(query).scalar_one()  # type: ignore[no-any-return]


def _no_mail(inbox_id: int) -> NotFound:
    return NotFound(f"there is no mail {inbox_id} in the inbox; `maild inbox` lists what there is")


def _state_locked(connection: Connection, inbox_id: int) -> InboxState:
    """A mail's state, which nobody changes until the end of this transaction. Raises NotFound."""
    query = sa.select(inbox.c.state).where(inbox.c.id == inbox_id).with_for_update()
    state = connection.scalar(query)
    if state is None:
        raise _no_mail(inbox_id)
    return InboxState(state)


def leave_for_good(connection: Connection, inbox_ids: Sequence[int]) -> None:
    """Remember polled mails whose rows are about to be removed: they may still lie in their mailbox."""
    query = sa.select(inbox.c.source).where(inbox.c.id.in_(inbox_ids), inbox.c.channel == "imap").distinct()
    known = sa.select(left_mails.c.source)
    connection.execute(left_mails.insert().from_select(["source"], query.where(inbox.c.source.not_in(known))))


def insert_arrivals(connection: Connection, arrivals: Sequence[Arrival]) -> list[int]:
    """Write mails and their raw bytes; for the ledger and for mailboxes, whose cursor moves in the same transaction."""
    rows = [_arrival_row(a) for a in arrivals]
    _mark_copies(connection, rows)
    statement = inbox.insert().returning(inbox.c.id, sort_by_parameter_order=True)
    ids = [int(row.id) for row in connection.execute(statement, rows)]
    connection.execute(inbox_raw.insert(), [{"inbox_id": i, "raw": a.raw} for i, a in zip(ids, arrivals, strict=True)])
    return ids


def _mark_copies(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """A mail that is here already needs no second look: it is told to be a duplicate at once.

    Copies within one group, and those that two processes accept at the same instant, are found when they are handled.
    """
    query = (
        sa.select(inbox.c.digest, sa.func.min(inbox.c.id))
        .where(inbox.c.digest.in_({row["digest"] for row in rows}), inbox.c.state.not_in(_NO_FIRST_COPY))
        .group_by(inbox.c.digest)
    )
    first = {row[0]: row[1] for row in connection.execute(query)}
    for row in rows:
        number = first.get(row["digest"])
        if number is not None:
            reason = f"the same mail as inbox {number}"
            row |= {"state": InboxState.DUPLICATE, "duplicate_of": number, "reason": reason}


def _arrival_row(arrival: Arrival) -> dict[str, Any]:
    envelope = arrival.envelope
    return {
        "received_at": arrival.received_at,
        "channel": envelope.channel,
        "source": envelope.source,
        "envelope_from": envelope.sender,
        "envelope_to": list(envelope.recipients),
        "peer": envelope.peer,
        "login": envelope.login,
        "trusted": envelope.trusted,
        "backlog": envelope.backlog,
        "message_id": arrival.message_id,
        "digest": arrival.digest,
        "size": len(arrival.raw),
        "state": InboxState.WAITING,
        "duplicate_of": None,
        "reason": "",
        "attempts": 0,
        "next_at": arrival.received_at,
    }


def _within(size: int, mails: list[Waiting]) -> list[Waiting]:
    """As many of the first mails as keep to a size; one at least."""
    total = 0
    for position, mail in enumerate(mails):
        total += len(mail.raw)
        if position and total > size:
            return mails[:position]
    return mails


def _to_waiting(row: Row) -> Waiting:
    return Waiting(
        id=row["id"],
        received_at=row["received_at"],
        envelope=Envelope(
            channel=row["channel"],
            source=row["source"],
            sender=row["envelope_from"],
            recipients=tuple(row["envelope_to"]),
            peer=row["peer"],
            login=row["login"],
            trusted=row["trusted"],
            backlog=row["backlog"],
            confirmed=row["confirmed"],
        ),
        message_id=row["message_id"],
        digest=row["digest"],
        attempts=row["attempts"],
        raw=bytes(row["raw"]),
    )
