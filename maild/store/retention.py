"""What is kept no longer goes: ended tickets with their mails, raw bytes, lines of the ledger. Nothing unless told so.

Everything goes a little at a time, so that nobody waits for long: a transaction takes on what fits into a tenth of a
second, and lets others in before the next one.

The line of a mail whose ticket is gone stays in the ledger without names, with its content key: an old mail that comes
again is a duplicate and makes no new ticket. Only `keep_ledger` ends that, too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.store.engine import Database
from maild.store.invariants import bytes_removed
from maild.store.tables import inbox, inbox_raw, links, messages, metadata, outbox, outbox_raw, tickets
from maild.threads.model import InboxState, OutboxState, Status

REASON = "its ticket is kept no longer"
_ENDED = (Status.SOLVED, Status.CLOSED, Status.SPAM, Status.MERGED)
_LEFT = (OutboxState.SENT, OutboxState.RECALLED, OutboxState.FAILED)
_OF_NO_TICKET = (
    InboxState.AUTOMATIC,
    InboxState.BOUNCE,
    InboxState.DUPLICATE,
    InboxState.OWN,
    InboxState.SPAM,
    InboxState.TICKETED,
)
_LOOKED_AT = 200
_LOCK_SECONDS, _REST_SECONDS = 0.1, 0.02
_PAGES = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Keeping:
    """How long things are kept; None: for ever. `queues` goes before `tickets`."""

    tickets: timedelta | None = None
    queues: Mapping[str, timedelta] = field(default_factory=dict)
    raw: timedelta | None = None
    ledger: timedelta | None = None

    @property
    def for_ever(self) -> bool:
        return self.tickets is None and not self.queues and self.raw is None and self.ledger is None


@dataclass(frozen=True, kw_only=True, slots=True)
class Tidied:
    """How many tickets, bytes of mails and letters, and lines of the ledger went; the longest time others waited."""

    tickets: int
    raw: int
    ledger: int
    longest: float


def count_old(database: Database, keeping: Keeping, now: datetime) -> Tidied:
    """What would go now; nothing is changed. Raises RetryLater."""
    with database.read() as connection:

        def count(query: sa.Select[int] | None) -> int:
            if query is None:
                return 0
            return connection.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one()

        raw = sum(count(query) for query in (_old_mail_bytes(keeping, now), _old_letter_bytes(keeping, now)))
        ledger = sum(count(query) for query in (_old_mails(keeping, now), _old_letters(keeping, now)))
        return Tidied(tickets=count(_old_tickets(keeping, now)), raw=raw, ledger=ledger, longest=0.0)


def tidy(database: Database, keeping: Keeping, now: datetime, go_on: Callable[[], bool] = lambda: True) -> Tidied:
    """Take away what is old, a little at a time, until nothing is left or `go_on` says no. Raises RetryLater."""
    worker = _Worker(database, go_on)
    done = Tidied(
        tickets=worker.all_of(_old_tickets(keeping, now), _remove_ticket),
        raw=worker.all_of(_old_mail_bytes(keeping, now), _empty_mail)
        + worker.all_of(_old_letter_bytes(keeping, now), _empty_letter),
        ledger=worker.all_of(_old_mails(keeping, now), _remove_mail)
        + worker.all_of(_old_letters(keeping, now), _remove_letter),
        longest=0.0,
    )
    worker.give_back_pages()
    return Tidied(tickets=done.tickets, raw=done.raw, ledger=done.ledger, longest=worker.longest)


class _Worker:
    """Does one thing after the other in short transactions, and remembers how long the longest one was."""

    def __init__(self, database: Database, go_on: Callable[[], bool]) -> None:
        self._database = database
        self._go_on = go_on
        self.longest = 0.0

    def all_of(self, query: sa.Select[int] | None, remove: Callable[[Connection, int], None]) -> int:
        """Remove everything that a query finds; how many that were."""
        done = 0
        while query is not None and self._go_on():
            with self._database.read() as connection:
                found = list(connection.scalars(query.limit(_LOOKED_AT)))
            if not found:
                break
            while found and self._go_on():
                taken = self._some(query, found, remove)
                done += taken
                found = found[max(taken, 1) :]
                time.sleep(_REST_SECONDS)
        return done

    def _some(self, query: sa.Select[int], found: Sequence[int], remove: Callable[[Connection, int], None]) -> int:
        """As many as fit into a moment; each is looked at again, since it may have come to life meanwhile."""
        column = query.selected_columns[0]
        taken = 0
        with self._database.write() as connection:
            began = time.monotonic()
            for number in found:
                if connection.scalar(query.where(column == number)) is not None:
                    remove(connection, number)
                taken += 1
                if time.monotonic() - began > _LOCK_SECONDS:
                    break
            self.longest = max(self.longest, time.monotonic() - began)
        return taken

    def give_back_pages(self) -> None:
        """SQLite gives empty pages back to the disk, a few at a time; the server does so by itself."""
        if not self._database.is_sqlite:
            return
        free = 1
        while free and self._go_on():
            with self._database.write() as connection:
                began = time.monotonic()
                before = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
                # One by one: a statement without columns is a single step for Python, which gives a single page back,
                # whatever number it names.
                for _ in range(_PAGES):
                    connection.exec_driver_sql("PRAGMA incremental_vacuum(1)")
                    if time.monotonic() - began > _LOCK_SECONDS:
                        break
                after = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
                self.longest = max(self.longest, time.monotonic() - began)
            free = after if after < before else 0
            time.sleep(_REST_SECONDS)


def _old_tickets(keeping: Keeping, now: datetime) -> sa.Select[int] | None:
    old = [(tickets.c.queue == name) & (tickets.c.updated_at < now - length) for name, length in keeping.queues.items()]
    if keeping.tickets is not None:
        others = tickets.c.queue.not_in(list(keeping.queues))
        old.append(others & (tickets.c.updated_at < now - keeping.tickets))
    if not old:
        return None
    return sa.select(tickets.c.id).where(tickets.c.status.in_(_ENDED), sa.or_(*old)).order_by(tickets.c.id)


def _ticket_ended(column: sa.Column[int]) -> sa.ColumnElement[bool]:
    ended = sa.select(tickets.c.id).where(tickets.c.id == column, tickets.c.status.in_(_ENDED))
    return sa.or_(column.is_(None), ended.exists())


def _old_mail_bytes(keeping: Keeping, now: datetime) -> sa.Select[int] | None:
    if keeping.raw is None:
        return None
    kept = sa.select(inbox_raw.c.inbox_id).where(
        inbox_raw.c.inbox_id == inbox.c.id, sa.func.length(inbox_raw.c.raw) > 0
    )
    old = (inbox.c.state.in_(_OF_NO_TICKET), inbox.c.received_at < now - keeping.raw, _ticket_ended(inbox.c.ticket_id))
    return sa.select(inbox.c.id).where(*old, kept.exists()).order_by(inbox.c.id)


def _old_letter_bytes(keeping: Keeping, now: datetime) -> sa.Select[int] | None:
    if keeping.raw is None:
        return None
    kept = sa.select(outbox_raw.c.outbox_id).where(
        outbox_raw.c.outbox_id == outbox.c.id, sa.func.length(outbox_raw.c.raw) > 0
    )
    old = (outbox.c.state.in_(_LEFT), outbox.c.created_at < now - keeping.raw, _ticket_ended(outbox.c.ticket_id))
    return sa.select(outbox.c.id).where(*old, kept.exists()).order_by(outbox.c.id)


def _old_mails(keeping: Keeping, now: datetime) -> sa.Select[int] | None:
    """Lines of the ledger that no ticket needs; the newest stays, so that its number is not given again."""
    if keeping.ledger is None:
        return None
    in_ticket = sa.select(messages.c.id).where(messages.c.inbox_id == inbox.c.id)
    newest = sa.select(sa.func.max(inbox.c.id)).scalar_subquery()
    done = sa.or_(inbox.c.state != InboxState.TICKETED, inbox.c.ticket_id.is_(None) & bytes_removed())
    return (
        sa.select(inbox.c.id)
        .where(inbox.c.state.in_(_OF_NO_TICKET), inbox.c.received_at < now - keeping.ledger, done)
        .where(sa.not_(in_ticket.exists()), inbox.c.id < newest)
        .order_by(inbox.c.id)
    )


def _old_letters(keeping: Keeping, now: datetime) -> sa.Select[int] | None:
    if keeping.ledger is None:
        return None
    newest = sa.select(sa.func.max(outbox.c.id)).scalar_subquery()
    old = (outbox.c.state.in_(_LEFT), outbox.c.created_at < now - keeping.ledger, outbox.c.ticket_id.is_(None))
    return sa.select(outbox.c.id).where(*old, outbox.c.id < newest).order_by(outbox.c.id)


def _remove_ticket(connection: Connection, ticket_id: int) -> None:
    newest = connection.scalar(sa.select(sa.func.max(outbox.c.id)))
    for letter in list(connection.scalars(sa.select(outbox.c.id).where(outbox.c.ticket_id == ticket_id))):
        if letter == newest:
            _empty_letter(connection, letter)
            nobody: dict[str, Any] = {"ticket_id": None, "subject": "", "recipients": [], "recipient_key": ""}
            connection.execute(outbox.update().where(outbox.c.id == letter).values(**nobody))
        else:
            _remove_letter(connection, letter)
    for mail in list(connection.scalars(sa.select(inbox.c.id).where(inbox.c.ticket_id == ticket_id))):
        _empty_mail(connection, mail)
    blank: dict[str, Any] = {
        "ticket_id": None,
        "envelope_from": None,
        "envelope_to": [],
        "message_id": None,
        "reason": REASON,
    }
    mails = inbox.update().where(inbox.c.ticket_id == ticket_id)
    connection.execute(mails.values(**blank, peer="", login=None, decision=None, traceback=None))
    for table in reversed(metadata.sorted_tables):
        if "ticket_id" in table.c and table is not inbox and table is not outbox:
            connection.execute(table.delete().where(table.c.ticket_id == ticket_id))
    connection.execute(links.delete().where(links.c.other_id == ticket_id))
    connection.execute(tickets.delete().where(tickets.c.id == ticket_id))


def _empty_mail(connection: Connection, inbox_id: int) -> None:
    connection.execute(inbox_raw.update().where(inbox_raw.c.inbox_id == inbox_id).values(raw=b""))


def _empty_letter(connection: Connection, outbox_id: int) -> None:
    connection.execute(outbox_raw.update().where(outbox_raw.c.outbox_id == outbox_id).values(raw=b""))


def _remove_mail(connection: Connection, inbox_id: int) -> None:
    _remove(connection, inbox, inbox_id)


def _remove_letter(connection: Connection, outbox_id: int) -> None:
    _remove(connection, outbox, outbox_id)


def _remove(connection: Connection, owner: sa.Table, number: int) -> None:
    """A row, and first those of other tables that refer to it."""
    for table in metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.column.table is owner:
                connection.execute(table.delete().where(key.parent == number))
    connection.execute(owner.delete().where(owner.c.id == number))
