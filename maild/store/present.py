"""What an admin should know of the present state: how much waits, is put aside, or could not be sent. Only looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from maild.store import schema
from maild.store.budgets import BudgetStore
from maild.store.engine import Database
from maild.store.tables import inbox, outbox
from maild.store.troubles import Row, TroubleStore
from maild.threads.model import InboxState, OutboxState

_TOLD = (OutboxState.HELD, OutboxState.FAILED, OutboxState.UNCERTAIN)


@dataclass(frozen=True, kw_only=True, slots=True)
class Present:
    """How things stand. `letters` counts those held, failed lately or uncertain; `troubles` are those that last."""

    quarantined: int
    letters: dict[str, int]
    overdue_mails: int
    last_tick: datetime | None
    troubles: list[Row]


def present_state(database: Database, *, beat: str, failed_since: datetime, waiting_since: datetime) -> Present | None:
    """The present state; None for a database that has not our tables. Raises RetryLater.

    Letters that failed before `failed_since` are old news; mails accepted before `waiting_since` have waited for long.
    """
    if schema.read_version(database) != schema.VERSION:
        return None
    recent = sa.or_(outbox.c.state != OutboxState.FAILED, outbox.c.created_at > failed_since)
    letters = (
        sa.select(outbox.c.state, sa.func.count()).where(outbox.c.state.in_(_TOLD), recent).group_by(outbox.c.state)
    )
    aside = sa.select(sa.func.count()).where(inbox.c.state == InboxState.QUARANTINED)
    waiting = sa.select(sa.func.count()).where(inbox.c.state == InboxState.WAITING, inbox.c.received_at < waiting_since)
    with database.read() as connection:
        counts = {row[0]: row[1] for row in connection.execute(letters)}
        quarantined, overdue = connection.execute(aside).scalar_one(), connection.execute(waiting).scalar_one()
    return Present(
        quarantined=quarantined,
        letters=counts,
        overdue_mails=overdue,
        last_tick=BudgetStore(database).last_beat(beat),
        troubles=TroubleStore(database).present(),
    )
