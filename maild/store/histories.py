"""The histories of past tickets, for holding other promises against them: read in blocks, in the order of numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.messages.mail import MailClass
from maild.sla.deadlines import TicketClock
from maild.store.blocks import Rows, in_blocks, within
from maild.store.engine import Database
from maild.store.rows import to_address, to_clock, to_ticket
from maild.store.tables import clocks, events, inbox, messages, tickets
from maild.threads.model import Direction, Event, Message, Ticket, Visibility

_AT_ONCE = 400
_OF_MESSAGE = ("ticket_id", "at", "author", "sender_name", "sender_address")


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """A ticket with all that was written down of it. `tags`: those that its first mail gave it."""

    ticket: Ticket
    events: tuple[Event, ...]
    messages: tuple[Message, ...]
    clocks: tuple[TicketClock, ...]
    tags: tuple[str, ...]


def read_histories(database: Database, since: datetime | None, until: datetime | None) -> Iterator[History]:
    """The tickets that were opened from one moment to another, each with its history."""
    wanted = sa.select(tickets).where(*within(tickets.c.created_at, since, until))
    return in_blocks(database, wanted, tickets.c.id, _AT_ONCE, _with_all)


def _with_all(connection: Connection, rows: Rows) -> Iterator[History]:
    some = [to_ticket(row, ()) for row in rows]
    ids = [ticket.id for ticket in some]
    told = _by_ticket(connection, sa.select(events), events, ids)
    written = _by_ticket(connection, sa.select(*(messages.c[name] for name in _OF_MESSAGE)), messages, ids)
    counted = _by_ticket(connection, sa.select(clocks), clocks, ids)
    changed = [i for i in ids if any(e["kind"] == "tags" for e in told[i])]
    first = _first_tags(connection, changed)
    for ticket in some:
        yield History(
            ticket=ticket,
            events=tuple(_event(row) for row in told[ticket.id]),
            messages=tuple(_message(row) for row in written[ticket.id]),
            clocks=tuple(to_clock(row) for row in counted[ticket.id]),
            tags=first.get(ticket.id, ticket.tags if ticket.id not in changed else ()),
        )


def _by_ticket(
    connection: Connection, query: sa.Select[Any], table: sa.Table, ids: Sequence[int]
) -> dict[int, list[Mapping[Any, Any]]]:
    found: dict[int, list[Mapping[Any, Any]]] = defaultdict(list)
    for row in connection.execute(query.where(table.c.ticket_id.in_(ids)).order_by(table.c.id)).mappings():
        found[row["ticket_id"]].append(row)
    return found


def _first_tags(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """What the decision on the first mail of each ticket says of its tags."""
    opened = sa.select(sa.func.min(inbox.c.id)).where(inbox.c.ticket_id.in_(ids)).group_by(inbox.c.ticket_id)
    rows = connection.execute(sa.select(inbox.c.ticket_id, inbox.c.decision).where(inbox.c.id.in_(opened)))
    return {row.ticket_id: tuple(((row.decision or {}).get("result") or {}).get("tags") or ()) for row in rows}


def _event(row: Mapping[Any, Any]) -> Event:
    return Event(at=row["at"], kind=row["kind"], actor=row["actor"], detail=row["detail"], because=row["because"])


def _message(row: Mapping[Any, Any]) -> Message:
    """A message as far as its story asks: when it was accepted, and whose it is."""
    address = row["sender_address"]
    sender = to_address({"name": row["sender_name"] or "", "address": address}) if address is not None else None
    return Message(
        at=row["at"],
        direction=Direction.IN,
        visibility=Visibility.PUBLIC,
        mail_class=MailClass.PERSON,
        sender=sender,
        to=(),
        cc=(),
        message_id=None,
        subject="",
        text="",
        reply="",
        author=row["author"],
    )
