"""Looking: what the command shows of tickets. Nothing here is part of a decision."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from maild.errors import NotFound, UsageError
from maild.sla.deadlines import TicketClock
from maild.store.engine import Database
from maild.store.lookups import judged_of
from maild.store.rows import to_clock, to_message, to_participant, to_ticket
from maild.store.search import by_the_index, holding, rank
from maild.store.tables import clocks, events, links, messages, participants, tickets
from maild.threads.lookups import Judged
from maild.threads.model import Message, Status, Ticket
from maild.threads.search import read_query

Row = Mapping[Any, Any]
_UPPER = "".join(map(chr, range(0x400, 0x430)))
"""Cyrillic capitals, the Ukrainian, Belarusian and Serbian ones among them."""


class fold(GenericFunction[str]):  # noqa: N801  # it is written like a function of the database
    """A text without upper case, Russian too: by Python on SQLite, by the server on PostgreSQL."""

    type = sa.Text()
    inherit_cache = True


@compiles(fold, "sqlite")
def _fold_by_python(element: fold, compiler: sa.Compiled, **options: Any) -> str:
    return f"maild_fold({compiler.process(element.clauses, **options)})"


@compiles(fold)
def _fold_by_server(element: fold, compiler: sa.Compiled, **options: Any) -> str:
    # A server whose locale is C folds ASCII alone.
    return f"lower(translate({compiler.process(element.clauses, **options)}, '{_UPPER}', '{_UPPER.lower()}'))"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which tickets to list; without a status all but spam and merged."""

    status: str | None = None
    queue: str | None = None
    assignee: str | None = None
    overdue_at: datetime | None = None
    search: str | None = None
    limit: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """A ticket with the number of its messages."""

    ticket: Ticket
    messages: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Whole:
    """One ticket with everything that hangs on it, in the order in which it happened."""

    ticket: Ticket
    messages: tuple[tuple[int, Message], ...]
    """With the id of each."""
    events: tuple[Row, ...]
    clocks: tuple[TicketClock, ...]
    links: tuple[Row, ...]
    """kind and number."""


class Views:
    """Every query that only looks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def tickets(self, wanted: Wanted) -> list[Listed]:
        """The tickets that are wanted, newest first; of a search those that fit best first. Raises UsageError."""
        with self._database.read() as connection:
            with by_the_index(connection) if wanted.search is not None else nullcontext():
                rows = connection.execute(_list_query(wanted, connection.dialect.name)).mappings().all()
            ids = [row["id"] for row in rows]
            people = _people_of(connection, ids)
            counts = _message_counts(connection, ids)
        return [Listed(ticket=to_ticket(r, people.get(r["id"], ())), messages=counts.get(r["id"], 0)) for r in rows]

    def ticket(self, number: str, tag: str) -> Whole:
        """One ticket by its number, SUP-1001 or 1001. Raises NotFound."""
        ticket_id = ticket_id_of(number, tag)
        with self._database.read() as connection:
            row = connection.execute(sa.select(tickets).where(tickets.c.id == ticket_id)).mappings().first()
            if row is None:
                raise NotFound(f"there is no ticket {number}; `maild tickets` lists what there is")

            def rows_of(table: sa.Table) -> list[Any]:
                query = sa.select(table).where(table.c.ticket_id == ticket_id).order_by(table.c.id)
                return list(connection.execute(query).mappings())

            return Whole(
                ticket=to_ticket(row, tuple(to_participant(p) for p in rows_of(participants))),
                messages=tuple((m["id"], to_message(m)) for m in rows_of(messages)),
                events=tuple(rows_of(events)),
                clocks=tuple(to_clock(c) for c in rows_of(clocks)),
                links=tuple({"kind": link["kind"], "ticket": f"{tag}-{link['other_id']}"} for link in rows_of(links)),
            )

    def judged(self, ticket_id: int) -> tuple[Judged, ...]:
        """What was written down about the mail that opened a ticket, and about its last one."""
        with self._database.read() as connection:
            return judged_of(connection, ticket_id)


def ticket_id_of(number: str, tag: str) -> int:
    """The plain number in "SUP-1001", "sup-1001" or "1001". Raises NotFound where it is neither."""
    found = re.fullmatch(rf"(?:{re.escape(tag)}-)?(\d{{1,15}})", number.strip(), re.IGNORECASE | re.ASCII)
    if not found:
        raise NotFound(f"{number!r} is no ticket number such as {tag}-1001 or 1001")
    return int(found[1])


def _list_query(wanted: Wanted, dialect: str) -> sa.Select[Any]:
    query = sa.select(tickets).limit(wanted.limit)
    if wanted.search is not None:
        sought = read_query(wanted.search)
        if sought.empty:
            raise UsageError(f"there is no word in {wanted.search!r} that could be searched for")
        query = query.where(*holding(dialect, sought)).order_by(rank(dialect, sought))
    query = query.order_by(tickets.c.id.desc())
    if wanted.status:
        query = query.where(tickets.c.status == wanted.status)
    else:
        query = query.where(tickets.c.status.not_in((Status.SPAM, Status.MERGED)))
    if wanted.queue:
        query = query.where(tickets.c.queue == wanted.queue)
    if wanted.assignee:
        query = query.where(tickets.c.assignee == wanted.assignee)
    if wanted.overdue_at:
        query = query.where(tickets.c.due_at < wanted.overdue_at)
    return query


def _people_of(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[Any, ...]]:
    found: dict[int, tuple[Any, ...]] = {}
    for start in range(0, len(ids), 500):
        query = (
            sa.select(participants)
            .where(participants.c.ticket_id.in_(ids[start : start + 500]))
            .order_by(participants.c.id)
        )
        for row in connection.execute(query).mappings():
            found[row["ticket_id"]] = (*found.get(row["ticket_id"], ()), to_participant(row))
    return found


def _message_counts(connection: Connection, ids: Sequence[int]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for start in range(0, len(ids), 500):
        query = (
            sa.select(messages.c.ticket_id, sa.func.count())
            .where(messages.c.ticket_id.in_(ids[start : start + 500]))
            .group_by(messages.c.ticket_id)
        )
        counts |= {row[0]: row[1] for row in connection.execute(query)}
    return counts
