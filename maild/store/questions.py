"""What customers asked first in the tickets of a period: what the knowledge base is held against. Nothing is judged."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.messages.mail import MailClass
from maild.store.tables import Words, messages, tickets
from maild.threads.gaps import MAX_TEXT, Question
from maild.threads.model import Direction, Status, Visibility
from maild.threads.periods import Period


def asked_in(connection: Connection, period: Period, queue: str | None = None) -> list[Question]:
    """The first mail of a person in each ticket that was opened in the period, oldest first, but spam and merged."""
    m, t = messages.c, tickets.c
    opened = sa.and_(t.created_at >= period.since, t.created_at < period.until)
    wanted = sa.and_(opened, t.status.not_in((Status.SPAM, Status.MERGED)), *([t.queue == queue] if queue else []))
    first = (
        sa.select(sa.func.min(m.id))
        .join(tickets, t.id == m.ticket_id)
        .where(wanted, m.direction == Direction.IN, m.visibility == Visibility.PUBLIC)
        .where(m.mail_class == MailClass.PERSON)
        .group_by(m.ticket_id)
    )
    said = sa.case((m.reply != "", m.reply), else_=m.text)
    text = sa.func.substr(said, 1, MAX_TEXT, type_=Words())
    query = (
        sa.select(t.number, t.queue, m.subject, text)
        .join(messages, t.id == m.ticket_id)
        .where(m.id.in_(first))
        .order_by(t.id)
    )
    return [
        Question(number=number, queue=of, subject=subject, text=words)
        for number, of, subject, words in connection.execute(query)
    ]
