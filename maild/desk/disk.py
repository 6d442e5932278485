"""How much room is left where the database lies."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from maild.config.settings import Settings
from maild.desk.alarms import Alarms
from maild.desk.causes import Cause
from maild.store.engine import Database


def little_room(settings: Settings) -> str | None:
    """What is told where less than `[limits] disk_free` is left; None where there is enough, or nobody can tell."""
    for folder in _folders(settings):
        with suppress(OSError):
            free = shutil.disk_usage(folder).free
            if free < settings.limits.disk_free:
                return f"{free // 1_000_000} MB are left in {folder}"
    return None


def look_at_disk(settings: Settings, alarms: Alarms) -> None:
    """Tell the admin when there is little room, and when there is enough again. Raises RetryLater."""
    alarms.tell_state(Cause.DISK_NEARLY_FULL, little_room(settings))


def _folders(settings: Settings) -> list[Path]:
    """Where what we keep is written: our own folder and, with SQLite, that of the database."""
    url = Database.parse(settings.database.url)
    database = [Path(url.database).parent] if url.get_backend_name() == "sqlite" and url.database else []
    return [*dict.fromkeys((settings.paths.data, *database))]
