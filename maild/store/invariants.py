"""What must be true of the rows, whatever happened to them: each rule a query whose answers are the mistakes.

A mail whose bytes were removed on purpose (retention, a person forgotten) has empty bytes where its size says more;
such a mail may have lost its ticket as well.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.sla.deadlines import ClockState
from maild.store.tables import (
    clocks,
    counters,
    events,
    inbox,
    inbox_raw,
    links,
    mail_ids,
    messages,
    outbox,
    outbox_raw,
    participants,
    tickets,
)
from maild.threads.model import InboxState, OutboxState, Status

_MOST = 20
_LONE = frozenset({InboxState.WAITING, InboxState.QUARANTINED})


def broken_rules(connection: Connection) -> Iterator[str]:
    """Every mistake in a sentence; at most 20 of a kind."""
    yield from _without_bytes(connection)
    yield from _strange_states(connection)
    yield from _lost_tickets(connection)
    yield from _mails_of_messages(connection)
    yield from _wrong_clocks(connection)
    yield from _numbers_behind(connection)
    yield from _sum_of_the_ledger(connection)


def mails_by_state(connection: Connection) -> dict[str, int]:
    """The ledger's sum: how many mails are in each state."""
    query = sa.select(inbox.c.state, sa.func.count()).group_by(inbox.c.state).order_by(inbox.c.state)
    return {row[0]: row[1] for row in connection.execute(query)}


def bytes_removed() -> sa.ColumnElement[bool]:
    """That a mail's bytes were removed on purpose; inbox has to be in the query."""
    kept = sa.select(sa.literal(1)).where(inbox_raw.c.inbox_id == inbox.c.id, sa.func.length(inbox_raw.c.raw) == 0)
    return sa.and_(inbox.c.size > 0, kept.exists())


def _ids(connection: Connection, query: sa.Select[int]) -> list[int]:
    return list(connection.scalars(query.limit(_MOST)))


def _without_bytes(connection: Connection) -> Iterator[str]:
    for table, raw, key, what in ((inbox, inbox_raw, "inbox_id", "mail"), (outbox, outbox_raw, "outbox_id", "letter")):
        query = sa.select(table.c.id).outerjoin(raw, raw.c[key] == table.c.id).where(raw.c[key].is_(None))
        for row in _ids(connection, query.order_by(table.c.id)):
            yield f"{what} {row} has lost its bytes"


def _strange_states(connection: Connection) -> Iterator[str]:
    for table, states, what in (
        (inbox, InboxState, "mail"),
        (outbox, OutboxState, "letter"),
        (tickets, Status, "ticket"),
    ):
        column = table.c.status if table is tickets else table.c.state
        query = sa.select(table.c.id, column).where(column.not_in([str(s) for s in states])).limit(_MOST)
        for number, state in connection.execute(query):
            yield f"{what} {number} is in no state that there is: {state!r}"
    unfinished = inbox.c.state.not_in((*_LONE, InboxState.DUPLICATE)) & inbox.c.finished_at.is_(None)
    for row in _ids(connection, sa.select(inbox.c.id).where(unfinished)):
        yield f"mail {row} is finished and does not say when"


def _lost_tickets(connection: Connection) -> Iterator[str]:
    for table, what in (
        (inbox, "mail"),
        (outbox, "letter"),
        (messages, "message"),
        (participants, "participant"),
        (events, "event"),
        (clocks, "clock"),
        (mail_ids, "Message-ID"),
        (links, "link"),
    ):
        query = sa.select(table.c.id).outerjoin(tickets, tickets.c.id == table.c.ticket_id)
        query = query.where(table.c.ticket_id.is_not(None), tickets.c.id.is_(None))
        for row in _ids(connection, query):
            yield f"{what} {row} belongs to a ticket that does not exist"
    lost = sa.select(inbox.c.id).where(
        inbox.c.state == InboxState.TICKETED, inbox.c.ticket_id.is_(None), sa.not_(bytes_removed())
    )
    for row in _ids(connection, lost):
        yield f"mail {row} is ticketed and has no ticket"


def _mails_of_messages(connection: Connection) -> Iterator[str]:
    query = sa.select(messages.c.id).outerjoin(inbox, inbox.c.id == messages.c.inbox_id)
    for row in _ids(connection, query.where(messages.c.inbox_id.is_not(None), inbox.c.id.is_(None))):
        yield f"message {row} was made of a mail that does not exist"


def _wrong_clocks(connection: Connection) -> Iterator[str]:
    running = clocks.c.state == ClockState.RUNNING
    ended = clocks.c.state.in_((ClockState.MET, ClockState.BREACHED))
    wrong = sa.or_(
        clocks.c.state.not_in([str(s) for s in ClockState]),
        running & clocks.c.resumed_at.is_(None),
        running & clocks.c.ended_at.is_not(None),
        ended & clocks.c.ended_at.is_(None),
    )
    for row in _ids(connection, sa.select(clocks.c.ticket_id).where(wrong)):
        yield f"a clock of ticket {row} is in a state that its times contradict"


def _numbers_behind(connection: Connection) -> Iterator[str]:
    following = connection.scalar(sa.select(counters.c.value).where(counters.c.name == "tickets"))
    highest = connection.scalar(sa.select(sa.func.max(tickets.c.id))) or 0
    if following is None:
        yield "the counter of tickets is missing"
    elif following <= highest:
        yield f"the next ticket would be number {following}, and {highest} is taken"


def _sum_of_the_ledger(connection: Connection) -> Iterator[str]:
    mails = connection.execute(sa.select(sa.func.count()).select_from(inbox)).scalar_one()
    known = sum(n for state, n in mails_by_state(connection).items() if state in set(InboxState))
    if known != mails:
        yield f"the ledger does not add up: {mails} mails came, {known} of them are accounted for"
