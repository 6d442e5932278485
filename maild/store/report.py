"""The rows that a report is counted from: tickets, what happened on them, their clocks. Nothing is counted here.

A year of a large desk is hundreds of thousands of rows, so each is made in one go, in the order of its columns.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.messages.mail import MailClass
from maild.sla.deadlines import ClockState
from maild.sla.promise import Target
from maild.store.tables import clocks, events, messages, tickets
from maild.threads.model import NO_CHANGE, TRIAL, TRIAL_NEXT, TRIAL_ONLY, UNFINISHED, Direction, Status, Visibility
from maild.threads.periods import Period
from maild.threads.report import ClockRow, Moment, Rows, TicketRow, TrialRow

_LEFT_OUT = (Status.SPAM, Status.MERGED)
_FINISHED = (Status.SOLVED, Status.CLOSED)


def report_rows(connection: Connection, period: Period) -> Rows:
    """Everything of a period, of all queues."""
    return Rows(
        tickets=_tickets(connection, period),
        reopened=_reopened(connection, period),
        answers=_messages(connection, period, Direction.OUT),
        mails=_messages(connection, period, Direction.IN),
        clocks=_clocks(connection, period),
        trials=_trials(connection, period),
    )


def any_ticket_before(connection: Connection, moment: datetime) -> bool:
    """Whether there was anything to report on by then."""
    query = sa.select(tickets.c.id).where(tickets.c.created_at < moment).limit(1)
    return connection.scalar(query) is not None


def _within(column: sa.Column[Any], period: Period) -> sa.ColumnElement[bool]:
    return sa.and_(column >= period.since, column < period.until)


def _tickets(connection: Connection, period: Period) -> list[TicketRow]:
    t = tickets.c
    query = sa.select(t.id, t.queue, t.assignee, t.status, t.created_at, t.solved_at, t.requester_key).where(
        t.status.not_in(_LEFT_OUT),
        sa.or_(t.status.in_(UNFINISHED), _within(t.created_at, period), _within(t.solved_at, period)),
    )
    return [
        TicketRow(number, queue, assignee, Status(status), *rest)
        for number, queue, assignee, status, *rest in connection.execute(query)
    ]


def _reopened(connection: Connection, period: Period) -> list[Moment]:
    """Whenever the history says that a finished ticket became an unfinished one."""
    ways = [f"{before} -> {after}" for before in _FINISHED for after in UNFINISHED]
    query = (
        sa.select(events.c.ticket_id, tickets.c.queue, events.c.at)
        .join(tickets, tickets.c.id == events.c.ticket_id)
        .where(events.c.kind == "status", events.c.detail.in_(ways), _within(events.c.at, period))
        .where(tickets.c.status.not_in(_LEFT_OUT))
    )
    return [Moment(*row) for row in connection.execute(query)]


def _trials(connection: Connection, period: Period) -> list[TrialRow]:
    """What the history says of rules on trial."""
    e = events.c
    query = (
        sa.select(e.ticket_id, tickets.c.queue, e.at, e.because, e.detail)
        .join(tickets, tickets.c.id == e.ticket_id)
        .where(e.kind == TRIAL, _within(e.at, period), tickets.c.status.not_in(_LEFT_OUT))
    )
    return [
        TrialRow(ticket, queue, at, rule, _changes(detail))
        for ticket, queue, at, rule, detail in connection.execute(query)
    ]


def _changes(detail: str) -> tuple[str, ...]:
    said = detail.partition(TRIAL_ONLY)[2]
    return tuple(change for change in said.split(TRIAL_NEXT) if change and change != NO_CHANGE)


def _messages(connection: Connection, period: Period, direction: Direction) -> list[Moment]:
    """What customers have seen or written: what an agent wrote to them, and what persons wrote to us."""
    m = messages.c
    query = (
        sa.select(m.ticket_id, tickets.c.queue, m.at, m.author)
        .join(tickets, tickets.c.id == m.ticket_id)
        .where(m.direction == direction, m.visibility == Visibility.PUBLIC, _within(m.at, period))
        .where(tickets.c.status.not_in(_LEFT_OUT))
    )
    if direction is Direction.OUT:
        query = query.where(m.author.is_not(None))
    else:
        query = query.where(m.mail_class == MailClass.PERSON)
    return [Moment(*row) for row in connection.execute(query)]


def _clocks(connection: Connection, period: Period) -> list[ClockRow]:
    c, t = clocks.c, tickets.c
    query = (
        sa.select(c.ticket_id, t.queue, t.assignee, c.target, c.spent_microseconds, c.due_at, c.ended_at, c.state)
        .join(tickets, t.id == c.ticket_id)
        .where(sa.or_(_within(c.ended_at, period), _within(c.due_at, period)), t.status.not_in(_LEFT_OUT))
    )
    return [
        ClockRow(number, queue, assignee, Target(target), timedelta(microseconds=spent), due, ended, ClockState(state))
        for number, queue, assignee, target, spent, due, ended, state in connection.execute(query)
    ]
