"""The worker that handles waiting mails, one after the other, for as long as the daemon lives."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread
from time import monotonic

from maild.desk.handle import Desk
from maild.errors import RetryLater

_LOOK_AGAIN = 30.0
"""Seconds after which it looks by itself, should nobody wake it."""
_AFTER_TROUBLE = 1.0

_log = logging.getLogger("maild.desk")


class DeskWorker:
    """One OS thread. `on_letters` is called when a mail led to letters, `on_turn` hears of each turn that took mails.

    A turn is told as the number of its mails and the seconds it took in all.
    """

    def __init__(
        self, desk: Desk, on_letters: Callable[[], None], on_turn: Callable[[int, float], None] = lambda *_: None
    ) -> None:
        self._desk = desk
        self._on_letters = on_letters
        self._on_turn = on_turn
        self._turn = 0
        self._busy = False
        self._awake, self._stopping = Event(), Event()
        self._thread = Thread(target=self._live, name="maild-desk", daemon=True)

    def start(self) -> None:
        """Begin to look for work."""
        self._thread.start()

    def wake(self) -> None:
        """Something may wait; returns at once."""
        self._awake.set()

    @property
    def lives(self) -> bool:
        """Whether the thread is there."""
        return self._thread.is_alive()

    @property
    def turn_in_hand(self) -> int | None:
        """The number of the turn that it is busy with; None while it waits. One that never changes is stuck."""
        return self._turn if self._busy else None

    def stop(self, seconds: float) -> bool:
        """Let it finish the mail in hand, for at most so long; says whether it did. What is cut off waits again."""
        self._stopping.set()
        self._awake.set()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _live(self) -> None:
        troubled = False
        while not self._stopping.is_set():
            try:
                while not self._stopping.is_set() and self._one():
                    pass
                troubled = False
            except Exception as error:  # noqa: BLE001  # the top of the loop: it outlives every outage
                if not troubled:
                    _log.error("mails wait: %s", error, exc_info=None if isinstance(error, RetryLater) else error)
                troubled = True
                self._stopping.wait(_AFTER_TROUBLE)
                continue
            self._awake.wait(_LOOK_AGAIN)
            self._awake.clear()

    def _one(self) -> bool:
        self._turn, self._busy, began = self._turn + 1, True, monotonic()
        try:
            taken = self._desk.take_next()
        finally:
            self._busy = False
        if taken.mails:
            self._on_turn(taken.mails, monotonic() - began)
        if taken.letters:
            self._on_letters()
        return taken.mails > 0
