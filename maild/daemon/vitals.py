"""How the daemon is, for its watchers: whether its parts move, what they have done, whether it can do its work.

Everything that needs the database is asked in one worker, for a limited time, and kept for some seconds: whoever asks
often costs nothing, and a database that does not answer holds up nobody who asks.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from maild.clock import Clock
from maild.config.settings import Settings
from maild.daemon.ticks import Ticks
from maild.desk.health import stuck, unwritable
from maild.desk.mailboxes import Mailboxes
from maild.desk.rulebook import Rulebook
from maild.desk.worker import DeskWorker
from maild.errors import MaildError
from maild.guard.readers import Readers
from maild.ingest.smtp import Listener
from maild.store.figures import Counting, Figures
from maild.store.keep import Keep
from maild.store.outbox import OutboxStore
from maild.threads.plan import Outcome

BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Seconds."""
_PATIENCE = 2.0
"""How long whoever asks waits for the database, in seconds."""
_FRESH = 5.0
"""For how many seconds an answer is kept."""
_TICK_LATE = 60.0
_TURN_LONG = 180.0
"""Seconds after which a turn of the desk's worker hangs: each of its sixteen mails may keep a reader for a while."""


class Durations:
    """A histogram; written by one worker."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.total = 0.0

    def add(self, number: int, seconds: float) -> None:
        """So many mails took so long together."""
        each = seconds / number
        place = next((place for place, most in enumerate(BUCKETS) if each <= most), len(BUCKETS))
        self.counts[place] += number
        self.total += seconds


class CountedOutbox(OutboxStore):
    """The outbox as the sender sees it; what became of its tries is counted."""

    def __init__(self, keep: Keep) -> None:
        super().__init__(keep.database, keep.holder)
        self.tries = Counter[str]()

    def settle(self, outbox_id: int, outcome: Outcome, now: datetime, next_at: datetime | None) -> None:
        """The same, and counted once it is written down."""
        super().settle(outbox_id, outcome, now, next_at)
        if next_at is not None:
            self.tries["uncertain" if outcome.uncertain else "deferred"] += 1
        elif outcome.refused or outcome.deferred or outcome.uncertain:
            self.tries["failed"] += 1
        else:
            self.tries["sent"] += 1


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What is looked at."""

    settings: Settings
    clock: Clock
    keep: Keep
    rulebook: Rulebook
    mailboxes: Mailboxes
    worker: DeskWorker
    outbox: CountedOutbox
    readers: Readers
    handling: Durations
    ticks: Ticks
    listener: Listener


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the database said when it was asked last."""

    figures: Figures | None = None
    troubles: Sequence[str] = ()
    at: float = float("-inf")


class Vitals:
    """Looks at the parts of a running daemon. Used in the loop."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._turn: int | None = None
        self._turn_since = 0.0
        self._counting = Counting(parts.keep.database)
        self._answer = Answer()
        self._asked: Future[Answer] | None = None
        self._asker: ThreadPoolExecutor | None = None

    def hangs(self) -> list[str]:
        """What does not move that should: the desk's worker, the ticks. The loop itself moves, since it asks."""
        parts, now = self.parts, monotonic()
        turn = parts.worker.turn_in_hand
        if turn is None or turn != self._turn:
            self._turn, self._turn_since = turn, now
        found = []
        if not parts.worker.lives:
            found.append("the worker that handles mails has ended")
        elif turn is not None and now - self._turn_since > _TURN_LONG:
            found.append("the worker that handles mails is stuck")
        found += [f"the tick of {name} stands still" for name in parts.ticks.overdue(_TICK_LATE)]
        return found

    async def look(self) -> Answer:
        """What the database says, or said some seconds ago; `troubles` where it does not answer in time."""
        if monotonic() - self._answer.at < _FRESH:
            return self._answer
        if self._asked is None:
            # A worker of its own: the loop's others must not all wait for a database that is locked.
            self._asker = self._asker or ThreadPoolExecutor(1, thread_name_prefix="maild-figures")
            self._asked = self._asker.submit(self._ask)
        try:
            asked = asyncio.shield(asyncio.wrap_future(self._asked))
            self._answer = await asyncio.wait_for(asked, _PATIENCE)
        except TimeoutError:
            return Answer(troubles=("the database does not answer",))
        self._asked = None
        return self._answer

    def close(self) -> None:
        """Ask no more."""
        if self._asker is not None:
            self._asker.shutdown(wait=False, cancel_futures=True)

    def _ask(self) -> Answer:
        parts = self.parts
        now = parts.clock.now()
        troubles, figures = unwritable(parts.settings, parts.keep, now), None
        try:
            figures = self._counting.read()
            troubles += stuck(figures, now)
        except MaildError as error:
            troubles.append(str(error))
        return Answer(figures=figures, troubles=tuple(dict.fromkeys(troubles)), at=monotonic())
