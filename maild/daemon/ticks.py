"""What comes regularly while the daemon runs. No ticket ever lives here, so nothing is lost when a tick comes late.

The scheduler counts by the wall clock, and that may be set: after a step back it would stand still for as long, after a
step ahead it would make up a list of every second in between. So a tick is due so long after the one before, whatever
the clock says, and a beat, which no clock prolongs, looks once a second whether a tick lies further ahead than it may.
"""

from __future__ import annotations

import asyncio
import logging
import select
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from maild.clock import Clock

_BEAT_SECONDS = 1.0
_LATE = timedelta(seconds=1)
"""A clock that is further behind what it said than this was set back; less is how clocks are put right."""
_log = logging.getLogger("maild.daemon")


class _After(BaseTrigger):  # type: ignore[misc]  # the package brings no types
    """So long after the last time."""

    def __init__(self, length: timedelta) -> None:
        self.length = length

    # The package's own types are wrong: None is what it takes for "never".
    def get_next_fire_time(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        previous_fire_time: datetime | None,  # noqa: ARG002
        now: datetime,
    ) -> datetime:
        """From now on, so that a step ahead makes one tick due and not a million."""
        return now + self.length


class Ticks:
    """The ticks and the beat; made, started and stopped in the loop that they run in."""

    def __init__(self, clock: Clock, on_beat: Callable[[], None], on_set_back: Callable[[timedelta], None]) -> None:
        """`on_beat` is called once a second in the loop; `on_set_back` hears by how much the clock was set back."""
        self._clock, self._on_beat, self._on_set_back = clock, on_beat, on_set_back
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._jobs = list[Any]()
        self._every: dict[str, float] = {}
        self._ended: dict[str, int] = {}
        self._beats = 0
        self.last: datetime | None = None
        """When a tick ended last, by the wall clock."""
        self._said = clock.now()
        self._beat = Beat(self._look, _BEAT_SECONDS)

    def add(self, name: str, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        """Do this so many seconds after it was done last; one at a time."""
        told = told_once(name, work)

        async def tick() -> None:
            try:
                await told()
            finally:
                self.alive(name)
                self.last = self._clock.now()

        self._every[name] = seconds
        trigger = _After(timedelta(seconds=seconds))
        job = self._scheduler.add_job(
            tick, trigger=trigger, id=name, coalesce=True, max_instances=1, misfire_grace_time=None
        )
        self._jobs.append(job)

    def alive(self, name: str) -> None:
        """Say that a tick has ended, or has just got a step further. May be called by any worker."""
        self._ended[name] = self._beats

    def start(self) -> None:
        """Begin."""
        for name in self._every:
            self.alive(name)
        self._scheduler.start()
        self._beat.start()

    def stop(self) -> None:
        """No tick begins any more."""
        self._beat.stop()
        with suppress(Exception):
            self._scheduler.shutdown(wait=False)

    def overdue(self, patience: float) -> list[str]:
        """The ticks that have not come for so many beats, that is seconds, beyond their time, or hang."""
        return [name for name, every in self._every.items() if self._beats - self._ended[name] > every + patience]

    def _look(self) -> None:
        self._beats += 1
        now, before = self._clock.now(), self._said
        self._said = now
        if now < before - _LATE:
            _log.warning("the clock was set back from %s to %s", f"{before:%F %T}", f"{now:%F %T}")
            self._on_set_back(before - now)
        for job in self._jobs:
            if job.next_run_time is not None and job.next_run_time > now + job.trigger.length + _LATE:
                job.modify(next_run_time=now)
        self._on_beat()


class Beat:
    """Calls a function of the loop's once a second, from a thread of its own that waits in the kernel.

    A loop's own timers, and a lock's, end at a time of day of the machine's clocks; a poll ends after so long, even
    where a clock is pretended to the whole process. Calls that the loop has not come to do not pile up.
    """

    def __init__(self, work: Callable[[], None], seconds: float) -> None:
        self._work, self._seconds = work, seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting = False
        self._bell, self._ring = socket.socketpair()
        self._thread = threading.Thread(target=self._live, name="maild-beat", daemon=True)

    def start(self) -> None:
        """Begin; called in the loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for it."""
        with suppress(OSError):  # it was stopped before
            self._ring.send(b"!")
        if self._thread.is_alive():
            self._thread.join()
        self._bell.close()
        self._ring.close()

    def _live(self) -> None:
        poll = select.poll()
        poll.register(self._bell, select.POLLIN)
        while not poll.poll(self._seconds * 1000):
            if self._loop is not None and not self._waiting:
                self._waiting = True
                with suppress(RuntimeError):  # the loop has ended before us
                    self._loop.call_soon_threadsafe(self._come)

    def _come(self) -> None:
        self._waiting = False
        self._work()


def told_once(name: str, work: Callable[[], Awaitable[None]]) -> Callable[[], Coroutine[Any, Any, None]]:
    """The same work; a bug in it is logged when it comes and not again before it has gone. The next tick tries anew."""
    troubled = False

    async def tick() -> None:
        nonlocal troubled
        try:
            await work()
            troubled = False
        except Exception as error:  # noqa: BLE001  # the top of a tick: it must not be silent, nor end the ticks
            if not troubled:
                _log.error("the tick of %s fails: %s", name, error, exc_info=error)
            troubled = True

    return tick
