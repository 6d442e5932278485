"""Tickets with what hangs on them, read for a decision: a few queries for all of them, however many there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.store.rows import to_clock, to_message, to_participant, to_ticket
from maild.store.tables import clocks, messages, participants, steps_done, tickets
from maild.threads.facts import TicketFacts
from maild.threads.model import Message, Visibility

_RECENT = 20
_WANTED: sa.BindParameter[Any] = sa.bindparam("wanted", expanding=True)


def _of_each(table: sa.Table) -> sa.Select[Any]:
    return sa.select(table).where(table.c.ticket_id.in_(_WANTED)).order_by(table.c.id)


def _newest_by_number() -> sa.Select[Any]:
    """For SQLite, which knows no LATERAL and finds a row by its number at once."""
    one = messages.alias("newest")
    few = sa.select(one.c.id).where(one.c.ticket_id == tickets.c.id).order_by(one.c.id.desc()).limit(_RECENT)
    there = messages.c.id.in_(few.correlate(tickets))
    return sa.select(messages).select_from(tickets.join(messages, there)).where(tickets.c.id.in_(_WANTED))


def _newest_aside() -> sa.Select[Any]:
    """For PostgreSQL, which would look at every message in turn where it is asked for a list of numbers."""
    few = sa.select(messages).where(messages.c.ticket_id == tickets.c.id)
    # Ordered by a sum, so that it goes by the ticket: by the numbers of all messages, from the last one back, it would
    # go on to the first where a ticket has few.
    newest = few.order_by((messages.c.id + 0).desc()).limit(_RECENT).lateral("newest")
    return sa.select(newest).select_from(tickets.join(newest, sa.true())).where(tickets.c.id.in_(_WANTED))


# Built once: SQLAlchemy spends more on making a statement than SQLite on carrying it out.
_TICKETS = sa.select(tickets).where(tickets.c.id.in_(_WANTED)).order_by(tickets.c.id).with_for_update()
_PEOPLE, _CLOCKS = _of_each(participants), _of_each(clocks)
_STEPS_DONE = sa.select(steps_done.c.ticket_id, steps_done.c.key).where(steps_done.c.ticket_id.in_(_WANTED))
_NEWEST = {"sqlite": _newest_by_number(), "postgresql": _newest_aside()}
_COUNT = (
    sa.select(messages.c.ticket_id, sa.func.count())
    .where(messages.c.ticket_id.in_(_WANTED))
    .group_by(messages.c.ticket_id)
)
_LAST_PUBLIC = (
    sa.select(messages)
    .where(messages.c.ticket_id == sa.bindparam("ticket"))
    .where(messages.c.visibility == Visibility.PUBLIC, messages.c.proposed.is_(False))
    .order_by(messages.c.id.desc())
    .limit(1)
)


def load_tickets(connection: Connection, ids: Sequence[int]) -> dict[int, TicketFacts]:
    """Tickets with participants, last messages, clocks and steps done; locked in the order of their numbers."""
    if not ids:
        return {}
    rows = connection.execute(_TICKETS, {"wanted": list(ids)}).mappings().all()
    there = [row["id"] for row in rows]
    if not there:
        return {}
    # Only now that they are locked: what somebody wrote while we waited for them is seen.
    people, times = _rows_of(connection, _PEOPLE, there), _rows_of(connection, _CLOCKS, there)
    done = _rows_of(connection, _STEPS_DONE, there)
    talks = _talks(connection, there)
    found: dict[int, TicketFacts] = {}
    for row in rows:
        number = row["id"]
        last, count = talks[number]
        found[number] = TicketFacts(
            ticket=to_ticket(row, tuple(to_participant(p) for p in people[number])),
            messages=last,
            count=count,
            clocks=tuple(to_clock(c) for c in times[number]),
            steps_done=frozenset(s["key"] for s in done[number]),
        )
    return found


def _talks(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[tuple[Message, ...], int]]:
    """Of each ticket its last messages, oldest first, and how many it has in all."""
    rows = _rows_of(connection, _NEWEST[connection.dialect.name], ids)
    talks = {i: tuple(to_message(m) for m in sorted(rows[i], key=lambda m: int(m["id"]))) for i in ids}
    long = [i for i in ids if len(talks[i]) == _RECENT]
    counts = {row[0]: row[1] for row in connection.execute(_COUNT, {"wanted": long})} if long else {}
    for i in long:
        if not any(m.visibility is Visibility.PUBLIC and not m.proposed for m in talks[i]):
            # Whatever colleagues wrote among themselves since, this is what the customer heard or said last.
            before = connection.execute(_LAST_PUBLIC, {"ticket": i}).mappings()
            talks[i] = (*(to_message(m) for m in before), *talks[i])
    return {i: (talk, counts.get(i, len(talk))) for i, talk in talks.items()}


def _rows_of(
    connection: Connection, query: sa.Select[*tuple[Any, ...]], ids: Sequence[int]
) -> dict[int, list[Mapping[Any, Any]]]:
    """The rows of each ticket, in the order of the query."""
    found: dict[int, list[Mapping[Any, Any]]] = defaultdict(list)
    for row in connection.execute(query, {"wanted": list(ids)}).mappings():
        found[row["ticket_id"]].append(row)
    return found
