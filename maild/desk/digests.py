"""The digests are written: news that waits, one letter a person, each piece told exactly once."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from maild.desk.handle import Office
from maild.errors import DataError
from maild.outgoing.compose import write_letter
from maild.store.digests import Line
from maild.store.keep import Keep
from maild.threads.correspondence import Pen
from maild.threads.digest import digest_letter

_AT_MOST = 10_000
"""Lines of one digest; what is over comes with the next. A letter of so many has about three million characters."""

_log = logging.getLogger("maild.desk")


def write_digests(keep: Keep, office: Office, now: datetime) -> int:
    """Write the digests that are due; how many. Raises RetryLater."""
    every = office.practice.budgets.digest_every
    return sum(_write_one(keep, office, person, now) for person in keep.digests.due(now, every))


def _write_one(keep: Keep, office: Office, person: str, now: datetime) -> int:
    with keep.database.write() as connection:
        every = office.practice.budgets.digest_every
        lines = keep.digests.take(connection, person, now, every=every, limit=_AT_MOST)
        return _written(keep, connection, office, lines, now) if lines else 0


def _written(keep: Keep, connection: Any, office: Office, lines: list[Line], now: datetime) -> int:
    practice, newest = office.practice, lines[-1]
    pen = Pen(practice=practice, source="t", number=keep.tickets.take_number(connection, "ticks"), now=now)
    due = keep.digests.due_times(connection, lines)
    letter = digest_letter(pen, newest.to, newest.language, [(line.view, due.get(line.ticket or 0)) for line in lines])
    try:
        keep.outbox.add(connection, write_letter(letter, office.letters), now)
    except DataError as error:
        # Nobody can be written to there: the lines are done with, as a letter to him would have been left out.
        _log.warning("the digest to %s is left out: %s", newest.to.address, error)
        return 0
    return 1
