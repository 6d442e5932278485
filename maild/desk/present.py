"""What `maild check` says of the present state: mails put aside, letters that do not go, troubles that last."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from maild.config.settings import Settings
from maild.desk.causes import Cause
from maild.desk.disk import little_room
from maild.desk.tick import TICKS
from maild.errors import Finding, MaildError
from maild.store.engine import Database
from maild.store.present import Present, present_state

_OLD_NEWS = timedelta(days=7)
"""Letters that failed longer ago are told no more."""
_WAITS_LONG = timedelta(minutes=10)
_TICK_LATE = timedelta(minutes=5)
_HINTS = {
    "held": "maild outbox --state held; `outbox retry` lets one go",
    "failed": "maild outbox --state failed shows why",
    "uncertain": "they go again by themselves; maild outbox --state uncertain",
}


def present_findings(settings: Settings, now: datetime) -> list[Finding]:
    """What is wrong at this moment. Nothing is made or changed; a database that is not there yet is none of it."""
    found = []
    if (trouble := little_room(settings)) is not None:
        found.append(_finding("disk", trouble, "make room: without it no mail can be taken", "error"))
    url = Database.parse(settings.database.url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        return found
    try:
        database = Database(settings.database.url)
        state = present_state(database, beat=TICKS, failed_since=now - _OLD_NEWS, waiting_since=now - _WAITS_LONG)
        database.close()
    except MaildError as error:
        return [*found, _finding("database", str(error), "", "error")]
    return found + (list(_told(state, now)) if state is not None else [])


def _told(state: Present, now: datetime) -> Iterator[Finding]:
    if state.quarantined:
        message = f"{_so_many(state.quarantined, 'mail')} put aside: not handled, seen by nobody"
        yield _finding("inbox", message, "maild inbox --state quarantined; then `inbox retry` or `inbox drop`", "error")
    if state.overdue_mails:
        message = f"{_so_many(state.overdue_mails, 'mail')} waiting for more than ten minutes"
        yield _finding("inbox", message, "is the daemon running? maild inbox --state waiting", "warning")
    for name, count in sorted(state.letters.items()):
        yield _finding("outbox", f"{_so_many(count, 'letter')} {name}", _HINTS[name], "warning")
    if state.last_tick is not None and now - state.last_tick > _TICK_LATE:
        message = f"deadlines were last looked at on {state.last_tick:%Y-%m-%d at %H:%M} UTC"
        yield _finding("daemon", message, "is the daemon running?", "warning")
    for row in state.troubles:
        # Of mailboxes `mailbox_checks.py` tells, and of the rules and the disk what they are now has been told.
        if row["cause"] not in (Cause.MAILBOX_UNREAD, Cause.RULES_BROKEN, Cause.DISK_NEARLY_FULL, Cause.TOKEN_DYING):
            message = f"{row['cause']}: {row['text']}, since {row['since']:%Y-%m-%d %H:%M} UTC"
            yield _finding("trouble", message, "docs/operations.md says what to do", "warning")


def _so_many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _finding(section: str, message: str, hint: str, severity: Literal["error", "warning"]) -> Finding:
    return Finding(file=f"[{section}]", line=0, column=0, severity=severity, code="present", message=message, hint=hint)
