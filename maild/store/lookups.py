"""What orders that only ask want to know, looked up while the facts of their mail are gathered. Nothing is changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.store.rows import to_ticket
from maild.store.search import by_the_index, holding, rank
from maild.store.tables import events, inbox, links, messages, tickets
from maild.threads.facts import TicketFacts
from maild.threads.lookups import (
    MAX_EVENTS,
    MAX_LOOKUPS,
    MAX_ROWS,
    OF_TICKET,
    Answer,
    Ask,
    Found,
    Judged,
    Listing,
    Lookup,
    Past,
)
from maild.threads.model import Event, Status
from maild.threads.orders.tickets import MERGED_INTO
from maild.threads.periods import Period
from maild.threads.search import read_query

_DAY = timedelta(days=1)
_MOST_MERGES = 50


def answer_all(
    connection: Connection,
    lookups: Iterable[Lookup],
    candidates: Mapping[int, TicketFacts],
    near: Iterable[int],
    now: datetime,
) -> dict[Lookup, Answer]:
    """The answers. A question about the ticket at hand is answered for each of those that may be: `near`."""
    found: dict[Lookup, Answer] = {}
    nearest = [number for number in dict.fromkeys(near) if number in candidates][:MAX_LOOKUPS]
    for lookup in lookups:
        if lookup.span is not None:
            from maild.store.report import report_rows  # one order of an agent's asks for it

            # Whose days are meant is known where it is counted; no zone is further away than a day.
            meant = lookup.span.period(now, "UTC")
            found[lookup] = report_rows(connection, Period(since=meant.since - _DAY, until=meant.until + _DAY))
        elif lookup.kind is Ask.KB:
            continue
        elif lookup.kind not in OF_TICKET:
            found[lookup] = _tickets(connection, lookup, now)
        else:
            for number in nearest if lookup.ticket is None else [lookup.ticket]:
                if number in candidates:
                    found[replace(lookup, ticket=number)] = past_of(connection, candidates[number])
    return found


def _tickets(connection: Connection, lookup: Lookup, now: datetime) -> Found:
    query = sa.select(tickets, sa.func.count().over().label("total")).limit(MAX_ROWS)
    if lookup.listing is not None:
        query = _listed(query, lookup.listing, now)
    else:
        dialect, sought = connection.dialect.name, read_query(lookup.words)
        query = query.where(tickets.c.status.not_in((Status.SPAM, Status.MERGED)), *holding(dialect, sought))
        query = query.order_by(rank(dialect, sought), tickets.c.id.desc())
    with by_the_index(connection) if lookup.listing is None else nullcontext():
        rows = connection.execute(query).mappings().all()
    return Found(tickets=tuple(to_ticket(row, ()) for row in rows), total=rows[0]["total"] if rows else 0)


def _listed(query: sa.Select[Any], listing: Listing, now: datetime) -> sa.Select[Any]:
    """What is due first stands first, what has no due time last."""
    query = query.where(tickets.c.status.in_(listing.statuses))
    if listing.assignee is not None:
        query = query.where(tickets.c.assignee == listing.assignee)
    if listing.queues is not None:
        query = query.where(tickets.c.queue.in_(listing.queues))
    if listing.overdue:
        query = query.where(tickets.c.due_at < now)
    return query.order_by(tickets.c.due_at.is_(None), tickets.c.due_at, tickets.c.id)


def past_of(connection: Connection, known: TicketFacts) -> Past:
    """What happened on a ticket, and what was written down about its first and its last mail."""
    number = known.ticket.id
    last = sa.select(events).where(events.c.ticket_id == number).order_by(events.c.id.desc()).limit(MAX_EVENTS)
    rows = list(reversed(connection.execute(last).all()))
    return Past(
        messages=known.messages,
        message_count=_count(connection, messages, number),
        events=tuple(Event(at=r.at, kind=r.kind, actor=r.actor, detail=r.detail, because=r.because) for r in rows),
        event_count=_count(connection, events, number),
        judged=judged_of(connection, number),
        links=tuple((r.kind, r.other_id) for r in connection.execute(_links_of(number))),
    )


def _count(connection: Connection, table: sa.Table, number: int) -> int:
    query = sa.select(sa.func.count()).select_from(table).where(table.c.ticket_id == number)
    return connection.execute(query).scalar_one()


def _links_of(number: int) -> sa.Select[Any, Any]:
    return sa.select(links.c.kind, links.c.other_id).where(links.c.ticket_id == number).order_by(links.c.id)


def judged_of(connection: Connection, number: int) -> tuple[Judged, ...]:
    """What was written down about the mail that opened a ticket, and about its last one if that is another.

    The mails of a merged ticket lie in the one that it goes on in, among others that came with other merges.
    """
    home = _home(connection, number)
    born = connection.scalar(sa.select(tickets.c.created_at).where(tickets.c.id == number))
    query = (
        sa.select(inbox.c.id, inbox.c.received_at, inbox.c.ticket_id)
        .join(messages, messages.c.inbox_id == inbox.c.id)
        .where(messages.c.ticket_id == home)
        .order_by(messages.c.id)
    )
    mails = [row for row in connection.execute(query) if home == number or row.ticket_id == number]
    if not mails:
        return ()
    # A mail that was split off belonged to another ticket, so the time counts for more than the number.
    first = min(mails, key=lambda row: (row.received_at != born, row.ticket_id != number, row.id))
    wanted = sa.select(inbox.c.id, inbox.c.received_at, inbox.c.decision)
    rows = connection.execute(wanted.where(inbox.c.id.in_({first.id, mails[-1].id})))
    found = (Judged(inbox_id=r.id, at=r.received_at, decision=r.decision) for r in rows)
    return tuple(sorted(found, key=lambda one: one.inbox_id != first.id))


def _home(connection: Connection, number: int) -> int:
    """Where the mails of a ticket lie: in itself, or at the end of its merges."""
    for _ in range(_MOST_MERGES):
        into = sa.select(links.c.other_id).where(links.c.ticket_id == number, links.c.kind == MERGED_INTO)
        found = connection.scalar(into.order_by(links.c.id.desc()).limit(1))
        if found is None:
            break
        number = found
    return number
