"""Whether the desk can do its work at this moment, in sentences. What an admin is told on demand is in `present.py`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from maild.config.settings import Settings
from maild.desk.causes import Cause
from maild.desk.disk import little_room
from maild.errors import MaildError
from maild.store.figures import Figures
from maild.store.keep import Keep

STUCK = timedelta(minutes=10)
"""How long a mail may wait to be handled, or a letter to leave, before something must be wrong."""
_AT_WORK = (Cause.MAILBOX_UNREAD, Cause.RELAY_AWAY)
"""Troubles that keep a desk from its work; the others are for a person, and no reason to call for help at once."""
_BEAT = "health"


def unwritable(settings: Settings, keep: Keep, now: datetime) -> list[str]:
    """Why nothing can be kept here, found by trying; empty where it can."""
    found = [trouble] if (trouble := little_room(settings)) is not None else []
    try:
        keep.budgets.beat(_BEAT, now)
    except MaildError as error:
        found.append(str(error))
    return found


def stuck(figures: Figures, now: datetime) -> Iterator[str]:
    """What does not get on, by the figures."""
    if figures.waiting_since is not None and now - figures.waiting_since > STUCK:
        yield f"mail waits to be handled since {figures.waiting_since:%Y-%m-%d %H:%M} UTC"
    if figures.due_since is not None and now - figures.due_since > STUCK:
        yield f"letters wait to be sent since {figures.due_since:%Y-%m-%d %H:%M} UTC"
    yield from (f"trouble: {cause}" for cause in _AT_WORK if cause in figures.troubles)
