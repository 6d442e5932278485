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
# Found in tables: an enum takes many times as long to find its member.
_STATUS = {str(one): one for one in Status}
_TARGET = {str(one): one for one in Target}
_STATE = {str(one): one for one in ClockState}


def report_rows(connection: Connection, period: Period) -> Rows:
    """Everything of a period, of all queues."""
    answers, mails = _messages(connection, period)
    reopened, trials = _events(connection, period)
    return Rows(
        tickets=_tickets(connection, period),
        reopened=reopened,
        answers=answers,
        mails=mails,
        clocks=_clocks(connection, period),
        trials=trials,
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
        TicketRow(number, queue, assignee, _STATUS[status], opened, solved, customer)
        for number, queue, assignee, status, opened, solved, customer in connection.execute(query)
    ]


def _events(connection: Connection, period: Period) -> tuple[list[Moment], list[TrialRow]]:
    """Out of the history: when a finished ticket became an unfinished one, and what rules on trial would have done."""
    e, reopened, trials = events.c, list[Moment](), list[TrialRow]()
    ways = [f"{before} -> {after}" for before in _FINISHED for after in UNFINISHED]
    query = (
        sa.select(e.kind, e.ticket_id, tickets.c.queue, e.at, e.because, e.detail)
        .join(tickets, tickets.c.id == e.ticket_id)
        .where(sa.or_(sa.and_(e.kind == "status", e.detail.in_(ways)), e.kind == TRIAL), _within(e.at, period))
        .where(tickets.c.status.not_in(_LEFT_OUT))
    )
    for kind, ticket, queue, at, rule, detail in connection.execute(query):
        if kind == TRIAL:
            trials.append(TrialRow(ticket, queue, at, rule, _changes(detail)))
        else:
            reopened.append(Moment(ticket, queue, at))
    return reopened, trials


def _changes(detail: str) -> tuple[str, ...]:
    said = detail.partition(TRIAL_ONLY)[2]
    return tuple(change for change in said.split(TRIAL_NEXT) if change and change != NO_CHANGE)


def _messages(connection: Connection, period: Period) -> tuple[list[Moment], list[Moment]]:
    """What customers have seen, of what agents wrote to them, and what persons wrote to us.

    Both by one query: the table holds every text, so that nothing else of a report takes as long as to go through it.
    """
    m, answers, mails = messages.c, list[Moment](), list[Moment]()
    written = sa.and_(m.direction == Direction.OUT, m.author.is_not(None))
    came = sa.and_(m.direction == Direction.IN, m.mail_class == MailClass.PERSON)
    query = (
        sa.select(m.direction, m.ticket_id, tickets.c.queue, m.at, m.author)
        .join(tickets, tickets.c.id == m.ticket_id)
        .where(sa.or_(written, came), m.visibility == Visibility.PUBLIC, _within(m.at, period))
        .where(tickets.c.status.not_in(_LEFT_OUT))
    )
    kept = {str(Direction.OUT): answers, str(Direction.IN): mails}
    for direction, *rest in connection.execute(query):
        kept[direction].append(Moment(*rest))
    return answers, mails


def _clocks(connection: Connection, period: Period) -> list[ClockRow]:
    c, t = clocks.c, tickets.c
    query = (
        sa.select(c.ticket_id, t.queue, t.assignee, c.target, c.spent_microseconds, c.due_at, c.ended_at, c.state)
        .join(tickets, t.id == c.ticket_id)
        .where(sa.or_(_within(c.ended_at, period), _within(c.due_at, period)), t.status.not_in(_LEFT_OUT))
    )
    return [
        ClockRow(number, queue, who, _TARGET[target], timedelta(microseconds=spent), due, ended, _STATE[state])
        for number, queue, who, target, spent, due, ended, state in connection.execute(query)
    ]
