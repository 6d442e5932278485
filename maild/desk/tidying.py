"""Once a night what is kept no longer goes: how long, say the settings, and each queue for its own tickets."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from maild.config.settings import Settings
from maild.desk.handle import Office
from maild.store.keep import Keep
from maild.store.retention import Keeping, Tidied, tidy

_NAME = "keeping"
_HOUR = 3
_log = logging.getLogger("maild.keeping")


def keeping_of(settings: Settings, office: Office) -> Keeping:
    """How long this desk keeps what."""
    queues = {queue.name: queue.keep for queue in office.practice.team.queues if queue.keep is not None}
    said = settings.keeping
    return Keeping(tickets=said.keep, queues=queues, raw=said.keep_raw, ledger=said.keep_ledger)


def tidy_at_night(
    keep: Keep, office: Office, settings: Settings, now: datetime, go_on: Callable[[], bool] = lambda: True
) -> Tidied | None:
    """The same once a day, after three in the desk's own night; None where it is not time. Raises RetryLater."""
    keeping = keeping_of(settings, office)
    zone = office.practice.zone
    here, last = now.astimezone(zone), keep.budgets.last_beat(_NAME)
    done_today = last is not None and last.astimezone(zone).date() >= here.date()
    if keeping.for_ever or here.hour < _HOUR or done_today:
        return None
    done = tidy(keep.database, keeping, now, go_on)
    if go_on():
        keep.budgets.beat(_NAME, now)
    words = "kept no longer: %d tickets, bytes of %d mails and letters, %d lines of the ledger (longest lock %.2f s)"
    _log.info(words, done.tickets, done.raw, done.ledger, done.longest)
    return done
