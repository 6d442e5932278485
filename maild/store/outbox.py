"""The outbox: every letter of ours with its bytes, and how far it has come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.errors import NotFound, RetryLater, UsageError
from maild.messages.mail import Address
from maild.store.dead import known_dead
from maild.store.engine import Database
from maild.store.mailboxes import renew
from maild.store.rows import address_row, key_of
from maild.store.tables import leases, letter_news, outbox, outbox_raw, tickets
from maild.threads.model import OutboxState
from maild.threads.plan import LetterKind, Outcome, OutgoingMail, WrittenLetter
from maild.threads.undelivered import LetterNews, NotReached

Row = Mapping[Any, Any]
# Built once: SQLAlchemy spends more on making a statement than SQLite on carrying it out.
_INSERT = outbox.insert().returning(outbox.c.id)
Reprint = Callable[[bytes, Sequence[Address], Sequence[Address]], bytes]
"""A letter's bytes, for whom it is now, and who is in copy: the bytes that leave."""
_CLAIM = timedelta(seconds=30)
"""How long a claim is certainly not taken for a dead one's."""
_STOPPABLE = (OutboxState.WAITING, OutboxState.UNCERTAIN)
_STOPPED = (OutboxState.HELD, OutboxState.RECALLED)
_RETRYABLE = (OutboxState.FAILED, OutboxState.HELD, OutboxState.WAITING, OutboxState.UNCERTAIN)


class OutboxStore:
    """Every query on the outbox. Those that take a connection are part of the transaction that decided the letter."""

    def __init__(self, database: Database, holder: str = "", webhook: str = "") -> None:
        """`webhook`: whose calls a sender gets out of it; "" gives him the letters."""
        self._database = database
        self._holder = holder
        of_webhook = (outbox.c.kind == LetterKind.WEBHOOK) & (outbox.c.recipient_key == webhook)
        self._lane = of_webhook if webhook else outbox.c.kind != LetterKind.WEBHOOK
        self._is_webhook = bool(webhook)
        self._reprint: Reprint | None = None

    def print_anew_by(self, reprint: Reprint) -> None:
        """Letters whose people have changed since they were written are printed anew by this before they leave."""
        self._reprint = reprint

    def add(self, connection: Connection, written: WrittenLetter, now: datetime) -> int | None:
        """Keep a letter to be sent; None where one with its unique key stands there already."""
        letter = written.letter
        if letter.unique is not None and self.has(connection, letter.unique):
            return None
        by_address: dict[str, Address] = {}
        for one in (*letter.to, *letter.cc):
            by_address.setdefault(one.address, one)
        recipients = list(by_address.values())
        copies = {one.address for one in letter.cc} - {one.address for one in letter.to}
        row = {
            "message_id": letter.message_id,
            "kind": str(letter.kind),
            "header_from": address_row(letter.sender),
            "envelope_from": letter.envelope_from,
            "recipients": [_recipient_row(a, copy=a.address in copies) for a in recipients],
            "recipient_key": recipients[0].name if letter.kind is LetterKind.WEBHOOK else key_of(recipients[0]) or "",
            "subject": written.subject,
            "ticket_id": letter.ticket,
            "unique_key": letter.unique,
            "state": OutboxState.HELD if letter.held else OutboxState.WAITING,
            "attempts": 0,
            "created_at": now,
            "next_at": None if letter.held else letter.not_before or now,
            "last_error": letter.held,
        }
        outbox_id = connection.execute(_INSERT, row).scalar_one()
        connection.execute(outbox_raw.insert(), {"outbox_id": outbox_id, "raw": written.raw})
        if letter.delay_notice_at is not None:
            connection.execute(letter_news.insert(), {"outbox_id": outbox_id, "look_at": letter.delay_notice_at})
        return int(outbox_id)

    def has(self, connection: Connection, unique: str) -> bool:
        """Whether a letter with this unique key stands here."""
        return connection.scalar(sa.select(outbox.c.id).where(outbox.c.unique_key == unique)) is not None

    def calls_to(self, webhook: str) -> OutboxStore:
        """The same outbox for the sender of one webhook: only its calls are given out."""
        return OutboxStore(self._database, self._holder, webhook)

    def fail_calls(self, known: Sequence[str], now: datetime) -> int:
        """Calls to webhooks that the settings do not name any more have failed; says how many."""
        with self._database.read() as connection:
            query = sa.select(outbox.c.id, outbox.c.recipient_key, outbox.c.recipients).where(
                outbox.c.kind == LetterKind.WEBHOOK,
                outbox.c.state.in_((OutboxState.WAITING, OutboxState.UNCERTAIN)),
                outbox.c.recipient_key.not_in(list(known)),
            )
            rows = connection.execute(query).all()
        for row in rows:
            error = f"the settings know no webhook '{row.recipient_key}'"
            refused = tuple((recipient["address"], error) for recipient in row.recipients)
            self.settle(row.id, Outcome(refused=refused, error=error), now, None)
        return len(rows)

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
                .where(self._lane)
                .order_by(outbox.c.next_at, outbox.c.id)
                .limit(limit)
                .with_for_update(skip_locked=True, of=outbox)
            )
            rows = [self._printed(connection, row) for row in connection.execute(query).mappings().all()]
            ids = [row["id"] for row in rows]
            if ids:
                claimed = {"state": OutboxState.SENDING, "claimed_by": self._holder, "attempts": outbox.c.attempts + 1}
                connection.execute(outbox.update().where(outbox.c.id.in_(ids)).values(**claimed))
                if not self._database.is_sqlite:
                    # A command that sends by itself has no daemon to renew a lease for it.
                    renew(connection, f"claims:{self._holder}", self._holder, _CLAIM)
        return [_to_outgoing(row) for row in rows]

    def _printed(self, connection: Connection, row: Row) -> Row:
        """A due letter; where people were let in or out since it was written, it is printed for those whom it is for.

        One that may have arrived goes as it went.
        """
        people = row["recipients"]
        if (
            self._reprint is None
            or row["state"] != OutboxState.WAITING
            or not any(r["state"] == "let_out" or "moved" in r for r in people)
        ):
            return row
        there = [r for r in people if r["state"] != "let_out"]
        to = [_address(r) for r in there if not r.get("copy", r is not people[0])]
        cc = [_address(r) for r in there if r.get("copy", r is not people[0])]
        raw = self._reprint(bytes(row["raw"]), to, cc)
        if raw != row["raw"]:
            connection.execute(outbox_raw.update().where(outbox_raw.c.outbox_id == row["id"]).values(raw=raw))
        return {**row, "raw": raw}

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
            query = sa.select(outbox.c.recipients, outbox.c.state, outbox.c.sent_at, outbox.c.kind)
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
            if any(_is_news(r) for r in recipients):
                _look_at(connection, outbox_id, now)
            elif not left and before.kind in (LetterKind.ANSWER, LetterKind.WEBHOOK):
                connection.execute(letter_news.delete().where(letter_news.c.outbox_id == outbox_id))

    def release(self, ids: Sequence[int], reason: str, next_at: datetime) -> None:
        """Claimed letters that were not tried wait until `next_at`, the try given back; reason "" leaves the old.

        A reason is what keeps everything here, so all that is due until then shows it.
        """
        values: dict[str, Any] = {"state": OutboxState.WAITING, "next_at": next_at, "claimed_by": None}
        if reason:
            values["last_error"] = reason
        with self._database.write() as connection:
            ours = self._claimed().where(outbox.c.id.in_(list(ids)))
            connection.execute(ours.values(attempts=outbox.c.attempts - 1, **values))
            if reason:
                waiting = outbox.update().where(outbox.c.state == OutboxState.WAITING, outbox.c.next_at <= next_at)
                waiting = waiting.where(self._lane)
                if self._is_webhook:
                    # They all wait until then: what is due lies before the eyes of whoever looks for due letters.
                    connection.execute(waiting.values(last_error=reason, next_at=next_at))
                else:
                    connection.execute(waiting.where(outbox.c.last_error != reason).values(last_error=reason))

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
            if self._is_webhook:
                query = query.where(self._lane)  # the others' senders may be at work already
            if not self._database.is_sqlite:
                alive = sa.select(leases.c.holder).where(leases.c.until > sa.func.clock_timestamp())
                query = query.where(outbox.c.claimed_by.not_in(alive))
            return connection.execute(query.values(state=OutboxState.WAITING, claimed_by=None)).rowcount

    def with_news(self, now: datetime, limit: int) -> list[int]:
        """Letters that somebody may have to be told about now, the longest due first."""
        query = (
            sa.select(letter_news.c.outbox_id)
            .where(letter_news.c.look_at <= now)
            .order_by(letter_news.c.look_at)
            .limit(limit)
        )
        with self._database.read() as connection:
            return list(connection.scalars(query))

    def news(self, connection: Connection, outbox_id: int) -> tuple[int | None, LetterNews] | None:
        """A letter's ticket and what there is to tell of it, kept from others until the end; None: told already."""
        query = (
            sa.select(outbox)
            .join(letter_news, letter_news.c.outbox_id == outbox.c.id)
            .where(outbox.c.id == outbox_id)
            .with_for_update(of=outbox)
        )
        row = connection.execute(query).mappings().first()
        if row is None:
            return None
        refused = [r for r in row["recipients"] if _is_news(r)]
        news = LetterNews(
            kind=LetterKind(row["kind"]),
            message_id=row["message_id"],
            state=OutboxState(row["state"]),
            created_at=row["created_at"],
            next_at=row["next_at"],
            last_error=row["last_error"],
            refused=tuple(NotReached(address=_address(r), error=r["error"]) for r in refused),
            waiting=tuple(_address(r) for r in row["recipients"] if r["state"] == "waiting"),
            known=known_dead(connection, [r["address"] for r in refused]),
        )
        return row["ticket_id"], news

    def told(self, connection: Connection, outbox_id: int, *, again: datetime | None = None) -> None:
        """What `news` said has been told, and is not told again; `again`: when there may be more to tell."""
        current = connection.scalar(sa.select(outbox.c.recipients).where(outbox.c.id == outbox_id)) or []
        told = [r | {"told": True} if _is_news(r) else r for r in current]
        connection.execute(outbox.update().where(outbox.c.id == outbox_id).values(recipients=told))
        if again is not None:
            _look_at(connection, outbox_id, again)
        else:
            connection.execute(letter_news.delete().where(letter_news.c.outbox_id == outbox_id))

    def look_again(self, outbox_id: int, at: datetime) -> None:
        """Tell it later: now it could not be told."""
        with self._database.write() as connection:
            _look_at(connection, outbox_id, at)

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
            bytes_kept = sa.select(sa.func.length(outbox_raw.c.raw)).where(outbox_raw.c.outbox_id == outbox_id)
            if values["state"] is OutboxState.WAITING and not connection.scalar(bytes_kept):
                raise UsageError(f"the bytes of letter {outbox_id} are kept no longer; it cannot be sent")
            if values["state"] is OutboxState.WAITING:
                # Whoever has it, or was let out, does not get it; whoever was given up gets another chance.
                values["recipients"] = [r if r["state"] in ("sent", "let_out") else _again(r) for r in row.recipients]
                values["created_at"] = now
            connection.execute(outbox.update().where(outbox.c.id == outbox_id).values(**values))


def _look_at(connection: Connection, outbox_id: int, at: datetime) -> None:
    """There may be something to tell about a letter, at this time."""
    ours = letter_news.c.outbox_id == outbox_id
    if not connection.execute(letter_news.update().where(ours).values(look_at=at)).rowcount:
        connection.execute(letter_news.insert(), {"outbox_id": outbox_id, "look_at": at})


def _is_news(recipient: Row) -> bool:
    """Whether somebody is to be told: it failed, or nobody was left whom the letter could go to."""
    lost = recipient["state"] == "failed" or (recipient["state"] == "let_out" and recipient.get("alone", False))
    return lost and not recipient.get("told", False)


def _again(recipient: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in recipient.items() if name != "told"} | {"state": "waiting"}


def _recipient_row(person: Address, *, copy: bool) -> dict[str, Any]:
    return address_row(person) | {"state": "waiting", "error": "", "copy": copy}


def _address(recipient: Row) -> Address:
    return Address(name=recipient.get("name", ""), address=recipient["address"])


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
        if recipient["state"] == "let_out" and address in outcome.accepted:
            return recipient | {"state": "sent", "error": ""}  # it was on its way already
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
    if "failed" in states:
        return OutboxState.FAILED
    return OutboxState.SENT if "sent" in states else OutboxState.RECALLED


def _errors(recipients: list[dict[str, str]]) -> str:
    return "; ".join(f"{r['address']}: {r['error']}" for r in recipients if r["error"])
