"""The outbox: every letter of ours with its bytes, and how far it has come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.errors import NotFound, RetryLater, UsageError
from maild.messages.mail import Address
from maild.store.engine import Database
from maild.store.mailboxes import renew
from maild.store.rows import address_row, key_of
from maild.store.tables import leases, outbox, outbox_raw, tickets
from maild.threads.model import OutboxState
from maild.threads.plan import LetterKind, Outcome, OutgoingMail, WrittenLetter

Row = Mapping[Any, Any]
# Built once: SQLAlchemy spends more on making a statement than SQLite on carrying it out.
_INSERT = outbox.insert().returning(outbox.c.id)
_CLAIM = timedelta(seconds=30)
"""How long a claim is certainly not taken for a dead one's."""
_STOPPABLE = (OutboxState.WAITING, OutboxState.UNCERTAIN)
_STOPPED = (OutboxState.HELD, OutboxState.RECALLED)
_RETRYABLE = (OutboxState.FAILED, OutboxState.HELD, OutboxState.WAITING, OutboxState.UNCERTAIN)


class OutboxStore:
    """Every query on the outbox. Those that take a connection are part of the transaction that decided the letter."""

    def __init__(self, database: Database, holder: str = "") -> None:
        self._database = database
        self._holder = holder

    def add(self, connection: Connection, written: WrittenLetter, now: datetime) -> int | None:
        """Keep a letter to be sent; None where one with its unique key stands there already."""
        letter = written.letter
        if letter.unique is not None:
            taken = sa.select(outbox.c.id).where(outbox.c.unique_key == letter.unique)
            if connection.scalar(taken) is not None:
                return None
        by_address: dict[str, Address] = {}
        for one in (*letter.to, *letter.cc):
            by_address.setdefault(one.address, one)
        recipients = list(by_address.values())
        row = {
            "message_id": letter.message_id,
            "kind": str(letter.kind),
            "header_from": address_row(letter.sender),
            "envelope_from": letter.envelope_from,
            "recipients": [address_row(a) | {"state": "waiting", "error": ""} for a in recipients],
            "recipient_key": key_of(recipients[0]) or "",
            "subject": written.subject,
            "ticket_id": letter.ticket,
            "unique_key": letter.unique,
            "state": OutboxState.WAITING,
            "attempts": 0,
            "created_at": now,
            "next_at": letter.not_before or now,
            "last_error": "",
        }
        outbox_id = connection.execute(_INSERT, row).scalar_one()
        connection.execute(outbox_raw.insert(), {"outbox_id": outbox_id, "raw": written.raw})
        return int(outbox_id)

    def sent_about(self, connection: Connection, ticket: int, address: str, since: datetime) -> list[datetime]:
        """When letters about this ticket were made for this address, answers left aside; 100 at most, newest first."""
        query = (
            sa.select(outbox.c.created_at)
            .where(
                outbox.c.ticket_id == ticket,
                outbox.c.recipient_key == key_of(Address(address=address)),
                outbox.c.created_at > since,
                outbox.c.kind != LetterKind.ANSWER,
            )
            .order_by(outbox.c.id.desc())
            .limit(100)
        )
        return list(connection.scalars(query))

    def claim(self, now: datetime, limit: int) -> list[OutgoingMail]:
        """Letters that are due, marked as being sent by us; nobody else gets them. Durable when it returns."""
        with self._database.write() as connection:
            query = (
                sa.select(outbox, outbox_raw.c.raw)
                .join(outbox_raw, outbox_raw.c.outbox_id == outbox.c.id)
                .where(outbox.c.state.in_((OutboxState.WAITING, OutboxState.UNCERTAIN)), outbox.c.next_at <= now)
                .order_by(outbox.c.next_at, outbox.c.id)
                .limit(limit)
                .with_for_update(skip_locked=True, of=outbox)
            )
            rows = connection.execute(query).mappings().all()
            ids = [row["id"] for row in rows]
            if ids:
                claimed = {"state": OutboxState.SENDING, "claimed_by": self._holder, "attempts": outbox.c.attempts + 1}
                connection.execute(outbox.update().where(outbox.c.id.in_(ids)).values(**claimed))
                if not self._database.is_sqlite:
                    # A command that sends by itself has no daemon to renew a lease for it.
                    renew(connection, f"claims:{self._holder}", self._holder, _CLAIM)
        return [_to_outgoing(row) for row in rows]

    def mark_uncertain(self, outbox_id: int, until: datetime) -> None:
        """The final dot is about to be sent: a crash leaves it uncertain now, to go again at `until`. Durable.

        Raises RetryLater where the letter is not ours any more: a desk that was cut off for long finds that others took
        its claims for a dead one's, and must not send what they have sent.
        """
        with self._database.write() as connection:
            ours = self._claimed().where(outbox.c.id == outbox_id)
            if not connection.execute(ours.values(state=OutboxState.UNCERTAIN, next_at=until)).rowcount:
                raise RetryLater(f"letter {outbox_id} went on in other hands")

    def settle(self, outbox_id: int, outcome: Outcome, now: datetime, next_at: datetime | None) -> None:
        """Write down what became of a try; `next_at` None: nothing more is tried. Done twice, it is done once."""
        with self._database.write() as connection:
            query = sa.select(outbox.c.recipients, outbox.c.state, outbox.c.sent_at)
            before = connection.execute(query.where(outbox.c.id == outbox_id).with_for_update()).one()
            recipients = _after(before.recipients, outcome, final=next_at is None)
            state = _state(recipients, outcome)
            left = state in (OutboxState.WAITING, OutboxState.UNCERTAIN)
            if left and before.state in _STOPPED:
                # A person stopped it while it was on its way: what has not arrived stays here.
                state, next_at = before.state, None
            reached = not left and any(r["state"] == "sent" for r in recipients)
            connection.execute(
                outbox.update()
                .where(outbox.c.id == outbox_id)
                .values(
                    recipients=recipients,
                    state=state,
                    next_at=next_at if left else None,
                    sent_at=before.sent_at or now if reached else None,
                    last_error=outcome.error or _errors(recipients),
                    claimed_by=None,
                )
            )

    def release(self, ids: Sequence[int], reason: str, next_at: datetime) -> None:
        """Claimed letters that were not tried wait until `next_at`, the try given back; reason "" leaves the old."""
        values: dict[str, Any] = {"state": OutboxState.WAITING, "next_at": next_at, "claimed_by": None}
        if reason:
            values["last_error"] = reason
        with self._database.write() as connection:
            ours = self._claimed().where(outbox.c.id.in_(list(ids)))
            connection.execute(ours.values(attempts=outbox.c.attempts - 1, **values))

    def _claimed(self) -> sa.Update:
        """What this process has claimed, and not begun to hand over."""
        return outbox.update().where(outbox.c.state == OutboxState.SENDING, outbox.c.claimed_by == self._holder)

    def recover(self) -> int:
        """What a dead sender had claimed and not begun to hand over waits again, due at once; says how many.

        On SQLite there is one daemon, so every claim found at a start is a dead one's. Desks that share a PostgreSQL
        leave alone the claims of those whose lease still runs, their own among them, so it may be asked at any time.
        """
        with self._database.write() as connection:
            query = outbox.update().where(outbox.c.state == OutboxState.SENDING)
            if not self._database.is_sqlite:
                alive = sa.select(leases.c.holder).where(leases.c.until > sa.func.clock_timestamp())
                query = query.where(outbox.c.claimed_by.not_in(alive))
            return connection.execute(query.values(state=OutboxState.WAITING, claimed_by=None)).rowcount

    def next_time(self) -> datetime | None:
        """When the next letter is due; None where none is."""
        states = (OutboxState.WAITING, OutboxState.UNCERTAIN)
        with self._database.read() as connection:
            query = sa.select(sa.func.min(outbox.c.next_at)).where(outbox.c.state.in_(states))
            return connection.execute(query).scalar_one()  # type: ignore[no-any-return]

    def listing(self, states: Sequence[str] = (), limit: int | None = None) -> list[Row]:
        """The letters, oldest first, without their bytes; the ticket as its number."""
        query = (
            sa.select(outbox, tickets.c.number.label("ticket"))
            .outerjoin(tickets, tickets.c.id == outbox.c.ticket_id)
            .order_by(outbox.c.id)
            .limit(limit)
        )
        if states:
            query = query.where(outbox.c.state.in_(states))
        with self._database.read() as connection:
            return list(connection.execute(query).mappings())

    def raw(self, outbox_id: int) -> bytes:
        """A letter's bytes. Raises NotFound."""
        with self._database.read() as connection:
            raw = connection.scalar(sa.select(outbox_raw.c.raw).where(outbox_raw.c.outbox_id == outbox_id))
        if raw is None:
            raise _no_letter(outbox_id)
        return bytes(raw)

    def retry(self, outbox_id: int, now: datetime) -> None:
        """Send it now, the very same bytes, to whom it has not reached. Raises NotFound, UsageError."""
        self._move(outbox_id, _RETRYABLE, "tried again", now, state=OutboxState.WAITING, next_at=now)

    def hold(self, outbox_id: int, now: datetime) -> None:
        """Stop it until `outbox retry`. Raises NotFound, UsageError."""
        self._move(outbox_id, _STOPPABLE, "held", now, state=OutboxState.HELD, next_at=None)

    def drop(self, outbox_id: int, now: datetime) -> None:
        """Take it back for good. Raises NotFound, UsageError."""
        wanted = (*_STOPPABLE, OutboxState.HELD)
        self._move(outbox_id, wanted, "dropped", now, state=OutboxState.RECALLED, next_at=None)

    def _move(self, outbox_id: int, wanted: Sequence[OutboxState], what: str, now: datetime, **values: Any) -> None:
        with self._database.write() as connection:
            query = sa.select(outbox.c.state, outbox.c.recipients).where(outbox.c.id == outbox_id).with_for_update()
            row = connection.execute(query).first()
            if row is None:
                raise _no_letter(outbox_id)
            if row.state not in wanted:
                raise UsageError(f"letter {outbox_id} is {row.state} and cannot be {what}")
            if values["state"] is OutboxState.WAITING:
                # Whoever has it does not get it again; whoever was given up gets another chance.
                values["recipients"] = [r if r["state"] == "sent" else r | {"state": "waiting"} for r in row.recipients]
                values["created_at"] = now
            connection.execute(outbox.update().where(outbox.c.id == outbox_id).values(**values))


def _no_letter(outbox_id: int) -> NotFound:
    return NotFound(f"there is no letter {outbox_id} in the outbox; `maild outbox` lists what there is")


def _to_outgoing(row: Row) -> OutgoingMail:
    return OutgoingMail(
        id=row["id"],
        message_id=row["message_id"],
        envelope_from=row["envelope_from"],
        recipients=tuple(r["address"] for r in row["recipients"] if r["state"] == "waiting"),
        raw=bytes(row["raw"]),
        attempts=row["attempts"] + 1,
        created_at=row["created_at"],
    )


def _after(recipients: list[dict[str, str]], outcome: Outcome, *, final: bool) -> list[dict[str, str]]:
    refused, deferred = dict(outcome.refused), dict(outcome.deferred)

    def one(recipient: dict[str, str]) -> dict[str, str]:
        address = recipient["address"]
        if recipient["state"] != "waiting":
            return recipient
        if address in outcome.accepted:
            return recipient | {"state": "sent", "error": ""}
        if address in refused:
            return recipient | {"state": "failed", "error": refused[address]}
        error = deferred.get(address, outcome.error)
        return recipient | {"state": "failed" if final else "waiting", "error": error}

    return [one(r) for r in recipients]


def _state(recipients: list[dict[str, str]], outcome: Outcome) -> OutboxState:
    states = {r["state"] for r in recipients}
    if "waiting" in states:
        return OutboxState.UNCERTAIN if outcome.uncertain else OutboxState.WAITING
    return OutboxState.FAILED if "failed" in states else OutboxState.SENT


def _errors(recipients: list[dict[str, str]]) -> str:
    return "; ".join(f"{r['address']}: {r['error']}" for r in recipients if r["error"])
