"""Ticks that are killed: run as a program, it forks children that tick one desk, and kills them in the middle.

`python tests/killing.py SETTINGS NOW KILLS AT_ONCE`: so many children are killed, some at once, each at its own random
moment; then as many run to their end. Prints how many were killed with deadlines still due. A fork costs milliseconds
where a whole new process would cost most of a second, so that kills hit the work and not the start.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from datetime import datetime
from pathlib import Path

from maild.cli.app import App
from maild.desk.handle import Office
from maild.desk.tick import do_due
from maild.store import open_keep


def tick(url: str, office: Office, now: datetime) -> int:
    """A child that does everything due; its number. It opens the database for itself."""
    child = os.fork()
    if child:
        return child
    try:
        keep = open_keep(url, "child")
        do_due(keep, office, now, now)
        keep.database.close()
    except BaseException:  # noqa: BLE001  # whatever it is, no child goes on as its parent
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


def still_due(url: str, now: datetime) -> bool:
    """Whether a deadline waits."""
    keep = open_keep(url, "parent")
    try:
        return bool(keep.tickets.due(now, 1))
    finally:
        keep.database.close()


def main(settings: str, at: str, kills: str, at_once: str) -> None:
    """Kill, then let the last ones do what is left."""
    app, now, chance = App(Path(settings)), datetime.fromisoformat(at), random.Random(7)
    url, office = app.settings.database.url, app.office
    killed = hit = 0
    while killed < int(kills):
        children = [tick(url, office, now) for _ in range(int(at_once))]
        for child in children:
            time.sleep(chance.uniform(0.02, 0.25))
            os.kill(child, signal.SIGKILL)
            killed += os.WIFSIGNALED(os.waitpid(child, 0)[1])
        hit += still_due(url, now)
    ended = [os.waitpid(child, 0)[1] for child in [tick(url, office, now) for _ in range(int(at_once))]]
    if any(ended):
        raise SystemExit(f"a tick failed: {ended}")
    print(killed, hit)


if __name__ == "__main__":
    main(*sys.argv[1:])
