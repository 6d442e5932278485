"""Words to the admin: what he must know while nobody looks at a log.

Troubles are noted in the database where they happen; a tick turns them into letters: at most one an hour for each
cause, with what came since counted in it, and one when a lasting trouble is over.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from threading import Lock
from typing import Any

from maild.clock import Clock
from maild.desk.causes import Cause
from maild.desk.handle import Office
from maild.errors import MaildError
from maild.messages.mail import Address
from maild.messages.tokens import Purpose
from maild.outgoing.compose import write_letter
from maild.store.keep import Keep
from maild.store.troubles import Row
from maild.threads.correspondence import Pen, desk_view
from maild.threads.plan import Letter, LetterKind

BETWEEN_LETTERS = timedelta(hours=1)
"""The least time between two letters about one cause."""
_REMEMBERED = 100
"""Troubles that are kept in memory while the database takes none."""

_log = logging.getLogger("maild.alarms")


class Alarms:
    """The one way to tell the admin something. Without an admin in the settings troubles are noted all the same."""

    def __init__(self, keep: Keep, office: Callable[[], Office], admin: str | None, clock: Clock) -> None:
        self._keep, self._office, self._admin, self._clock = keep, office, admin, clock
        self._lock = Lock()
        self._unwritten: list[Callable[[], None]] = []

    def now(self) -> datetime:
        """The time by the desk's clock."""
        return self._clock.now()

    def tell(self, cause: Cause, text: str, about: str = "") -> None:
        """A trouble has come, or come again. Never raises; what cannot be written now is written by a later `look`.

        `about` tells apart what may be in trouble each by itself, such as two mailboxes.
        """
        now = self._clock.now()
        first = text.splitlines()[0] if text else ""
        _log.warning("%s%s: %s", cause, f" ({about})" if about else "", first, extra={"cause": cause, "about": about})
        self._write(lambda: self._keep.troubles.tell(cause, text, now, about=about, lasts=cause.lasts))

    def over(self, cause: Cause, about: str | None = None) -> None:
        """A lasting trouble has ended. Never raises, costs one look where there was none."""
        now = self._clock.now()

        def end() -> None:
            if self._keep.troubles.any_open(cause):
                with self._keep.database.write() as connection:
                    self._keep.troubles.over(connection, cause, now, about)

        self._write(end)

    def tell_state(self, cause: Cause, trouble: str | None) -> None:
        """What a regular look found: told when it begins and when it is over, and not while it stays. RetryLater."""
        stands = self._keep.troubles.any_open(cause)
        if trouble is not None and not stands:
            self.tell(cause, trouble)
        elif trouble is None and stands:
            self.over(cause)

    def look(self) -> int:
        """Write the letters that are due; how many. Raises RetryLater."""
        self._write_rest()
        if self._admin is None or not self._keep.troubles.any_to_tell():
            return 0
        return _tell_due(self._keep, self._office(), self._admin, self._clock)

    def _write(self, work: Callable[[], None]) -> None:
        with self._lock:
            self._unwritten.append(work)
            del self._unwritten[:-_REMEMBERED]
        try:
            self._write_rest()
        except MaildError as error:
            _log.error("the database does not take it now, it is written later: %s", error)

    def _write_rest(self) -> None:
        """In order, each once; the first that fails stays with those behind it."""
        with self._lock:
            while self._unwritten:
                self._unwritten[0]()
                del self._unwritten[0]


def _tell_due(keep: Keep, office: Office, admin: str, clock: Clock) -> int:
    now, letters = clock.now(), 0
    with keep.database.write() as connection:
        writer = _Writer(keep=keep, connection=connection, office=office, admin=admin, now=now)
        for (name, _), group in groupby(keep.troubles.listing(connection), key=_matter):
            cause, rows = Cause(name), list(group)
            ended = [row for row in rows if row["announced"] and not row["open"]]
            keep.troubles.end_told(connection, ended)
            if ended and cause.tells_end:
                letters += writer.write(cause, ended, over=True)
            told = max((row["told_at"] for row in rows if row["told_at"]), default=None)
            due = [row for row in rows if row["untold"] and _is_due(cause, row, now)]
            if due and (told is None or now - told >= BETWEEN_LETTERS):
                keep.troubles.told(connection, due, now)
                letters += writer.write(cause, due, over=False)
    return letters


def _matter(row: Row) -> tuple[str, str]:
    """What a letter may be about: all of a cause, or each of its troubles by itself."""
    return row["cause"], row["about"] if Cause(row["cause"]).apart else ""


def _is_due(cause: Cause, row: Row, now: datetime) -> bool:
    """What was over before anybody was told of it is worth no letter, but counts in the next one."""
    return not cause.lasts or (row["open"] and now - row["since"] >= cause.patience)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Writer:
    """Writes letters to the admin into one transaction."""

    keep: Keep
    connection: Any
    office: Office
    admin: str
    now: datetime

    def write(self, cause: Cause, rows: Sequence[Row], *, over: bool) -> int:
        practice = self.office.practice
        number = self.keep.tickets.take_number(self.connection, "ticks")
        pen = Pen(practice=practice, source="t", number=number, now=self.now)
        letter = Letter(
            kind=LetterKind.ALARM,
            template="rules_broken" if cause is Cause.RULES_BROKEN else "alarm",
            language=practice.languages[0],
            to=(Address(address=self.admin),),
            sender=practice.sender(),
            context={"desk": desk_view(practice), **_told(cause, rows, over=over)},
            message_id=pen.message_id(Purpose.AGENT_ID, 0),
            date=self.now,
            automatic=True,
            loop_mark=practice.mint.loop_mark(),
        )
        self.keep.outbox.add(self.connection, write_letter(letter, self.office.letters), self.now)
        return 1


def _told(cause: Cause, rows: Sequence[Row], *, over: bool) -> dict[str, object]:
    if cause is Cause.RULES_BROKEN:
        return {"findings": [row["text"] for row in rows], "file": rows[0]["about"].partition(":")[0]}
    return {"cause": str(cause), "over": over, "troubles": [_view(row) for row in rows]}


def _view(row: Row) -> dict[str, object]:
    """A trouble as the letter sees it; `more`: how often it came besides, since the letter before."""
    return {
        "about": row["about"],
        "text": row["text"],
        "since": row["since"],
        "last_at": row["last_at"],
        "more": max(0, row["untold"] - 1),
    }
