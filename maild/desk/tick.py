"""Deadlines: what is due is found by an index and done ticket by ticket, in one transaction, each step once."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from maild.desk.brake import carry_through
from maild.desk.handle import Office
from maild.errors import RetryLater
from maild.store.keep import Keep
from maild.threads.correspondence import Pen
from maild.threads.overdue import decide_due

_AT_ONCE = 500
_AFTER_BUG = timedelta(minutes=10)
_log = logging.getLogger("maild.desk")


def do_due(keep: Keep, office: Office, now: datetime, letters_at: datetime | None = None) -> int:
    """Do every escalation step due at `now`; how many letters came, due then or at `letters_at`. Raises RetryLater."""
    letters = 0
    while due := keep.tickets.due(now, _AT_ONCE):
        for ticket_id in due:
            letters += _one(keep, office, ticket_id, now, letters_at)
    return letters


def _one(keep: Keep, office: Office, ticket_id: int, now: datetime, letters_at: datetime | None) -> int:
    try:
        return _steps(keep, office, ticket_id, now, letters_at)
    except RetryLater:
        raise
    except Exception:  # noqa: BLE001  # a bug with one ticket must not silence the deadlines of all others
        _log.exception("the deadlines of ticket %d cannot be handled; tried again later", ticket_id)
        keep.tickets.look_again(ticket_id, now + _AFTER_BUG)
        return 0


def _steps(keep: Keep, office: Office, ticket_id: int, now: datetime, letters_at: datetime | None) -> int:
    with keep.database.write() as connection:
        facts = keep.tickets.load(connection, [ticket_id])[ticket_id]
        number = keep.tickets.take_number(connection, "ticks")
        pen = Pen(practice=office.practice, source="t", number=number, now=now)
        plan = decide_due(facts, office.practice, pen, now)
        return carry_through(keep, connection, plan, office.letters, now=now, letters_at=letters_at)
