"""The mails that opened tickets, with what was decided when they came: read in blocks, in the order of the tickets.

What the rules would make of them now is the business of `desk/rules_replay.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.store.blocks import Rows, in_blocks, within
from maild.store.engine import Database
from maild.store.rows import to_message
from maild.store.tables import inbox, inbox_raw, messages, tickets
from maild.threads.model import Direction, Message, Visibility

_AT_ONCE = 200
_HEAD = 64 * 1024
LEDGER = ("id", "received_at", "channel", "source", "envelope_from", "envelope_to", "size", "reason", "decision")
"""What of a mail's line in the ledger its decision is told by."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """A ticket, and where its first mail is known: its line in the ledger, its message, the first bytes of it.

    `head` is None where no bytes were asked for, and b"" where they are kept no longer.
    """

    ticket: int
    number: str
    ledger: Mapping[str, Any] | None = None
    message: Message | None = None
    head: bytes | None = None


def read_openings(
    database: Database, since: datetime | None, until: datetime | None, *, heads: bool
) -> Iterator[Opening]:
    """The tickets that were opened from one moment to another; with the first 64 kB of their mails where wanted."""
    wanted = sa.select(tickets.c.id, tickets.c.number).where(*within(tickets.c.created_at, since, until))
    with database.read() as connection:
        moved = _moved(connection)

    def openings(connection: Connection, rows: Rows) -> Iterable[Opening]:
        return _openings(connection, {row["id"]: row["number"] for row in rows}, moved, heads=heads)

    return in_blocks(database, wanted, tickets.c.id, _AT_ONCE, openings)


def whole_mail_of(database: Database, inbox_id: int) -> bytes:
    """All bytes of a mail; b"" where they are kept no longer."""
    with database.read() as connection:
        return bytes(connection.scalar(sa.select(inbox_raw.c.raw).where(inbox_raw.c.inbox_id == inbox_id)) or b"")


def _moved(connection: Connection) -> dict[int, int]:
    """Of each ticket whose messages went to another one the mail that came first."""
    query = (
        sa.select(messages.c.moved_from, sa.func.min(messages.c.inbox_id))
        .where(messages.c.moved_from.is_not(None), messages.c.inbox_id.is_not(None))
        .group_by(messages.c.moved_from)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _openings(
    connection: Connection, numbers: Mapping[int, str], moved: Mapping[int, int], *, heads: bool
) -> list[Opening]:
    own = _first_mails(connection, list(numbers))
    known = {ticket: _known(own.get(ticket), moved.get(ticket)) for ticket in numbers}
    first = {ticket: min(found) for ticket, found in known.items() if found}
    mails = sorted(set(first.values()))
    ledger = {row["id"]: dict(row) for row in _rows(connection, _ledger(), inbox.c.id, mails)}
    said = _messages(connection, mails)
    bytes_of = _heads(connection, mails) if heads else {}
    return [
        Opening(
            ticket=ticket,
            number=number,
            ledger=ledger.get(first.get(ticket, 0)),
            message=said.get(first.get(ticket, 0)),
            head=bytes_of.get(first.get(ticket, 0), b"") if heads else None,
        )
        for ticket, number in numbers.items()
    ]


def _known(*found: int | None) -> list[int]:
    return [one for one in found if one is not None]


def _first_mails(connection: Connection, ids: Sequence[int]) -> dict[int, int]:
    query = (
        sa.select(messages.c.ticket_id, sa.func.min(messages.c.inbox_id))
        .where(messages.c.ticket_id.in_(ids), messages.c.inbox_id.is_not(None), messages.c.moved_from.is_(None))
        .group_by(messages.c.ticket_id)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _ledger() -> sa.Select[Any]:
    return sa.select(*(inbox.c[name] for name in LEDGER))


def _rows(
    connection: Connection, query: sa.Select[*tuple[Any, ...]], column: sa.Column[Any], ids: Sequence[int]
) -> Sequence[Mapping[Any, Any]]:
    return connection.execute(query.where(column.in_(ids))).mappings().all()


def _messages(connection: Connection, mails: Sequence[int]) -> dict[int, Message]:
    """The customer's message of each mail: what an agent said of one that he passed on stands beside it."""
    query = sa.select(messages).where(messages.c.direction == Direction.IN, messages.c.author.is_(None))
    found: dict[int, Message] = {}
    for row in _rows(connection, query.order_by(messages.c.id), messages.c.inbox_id, mails):
        before = found.get(row["inbox_id"])
        if before is None or row["visibility"] == Visibility.PUBLIC or before.visibility is not Visibility.PUBLIC:
            found[row["inbox_id"]] = to_message(row)
    return found


def _heads(connection: Connection, mails: Sequence[int]) -> dict[int, bytes]:
    query = sa.select(inbox_raw.c.inbox_id, sa.func.substr(inbox_raw.c.raw, 1, _HEAD).label("head"))
    return {row["inbox_id"]: bytes(row["head"] or b"") for row in _rows(connection, query, inbox_raw.c.inbox_id, mails)}
