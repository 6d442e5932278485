"""The promise: what is accepted is durable. One writer commits whatever is waiting, then everybody is answered.

All ways in (listener, mailboxes, pipe) hand their mails over here. How a mail is stored is the ledger's business, what
it means is the desk's; neither lives here.

    accept ---.                       .--> number of the row          (after the commit, never before)
    accept ---+--> waiting --> add ---+
    accept ---'    (bounded)          '--> RetryLater, NoRoom         (nothing was kept)
"""

from __future__ import annotations

import asyncio
import errno
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol

from maild.errors import MaildError, RetryLater
from maild.messages.envelope import Arrival

log = logging.getLogger(__name__)

GROUP_MAILS = 64
GROUP_BYTES = 8_000_000
WAITING_BYTES = 64_000_000
LONGEST_WAIT = 0.005
"""Seconds that a mail may wait for others to share its commit."""
SINGLES_WITHIN = 5.0
"""Seconds after the start of a failed group in which its mails may still be tried one by one."""


_FULL_DISK = (errno.ENOSPC, errno.EDQUOT)


class Ledger(Protocol):
    """Where arrivals are kept for good."""

    def add(self, arrivals: Sequence[Arrival]) -> list[int]:
        """Keep these mails and return their numbers in the same order, only after a commit that survives a power cut.

        All or none: when it raises, nothing of the group was kept. A `MaildError` says that no mail of the group is at
        fault; after anything else each mail is tried alone.
        """
        ...


class NoRoom(RetryLater):
    """No room at the moment: the disk or the queue of waiting mails is full; at the SMTP door 452."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    """An arrival and the one who waits for it: a loop's future, or that of a blocking caller (then `loop` is None)."""

    arrival: Arrival
    loop: asyncio.AbstractEventLoop | None
    future: asyncio.Future[int] | Future[int]


_Outcome = tuple[_Waiting, int | RetryLater]


class Inbox:
    """Takes mails from every way in and has them committed in groups by one writer.

    `on_accepted` is called after each commit that kept something, when its callers have their answers: what begins to
    work on a mail then does not keep its sender waiting. It must be quick and must not block.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        on_accepted: Callable[[], None] | None = None,
        group_mails: int = GROUP_MAILS,
        group_bytes: int = GROUP_BYTES,
        waiting_bytes: int = WAITING_BYTES,
    ) -> None:
        self._ledger = ledger
        self._on_accepted = on_accepted
        self._group_mails, self._group_bytes, self._waiting_bytes = group_mails, group_bytes, waiting_bytes
        self._changed = threading.Condition()
        self._waiting: deque[_Waiting] = deque()
        self._bytes = 0
        self._wanted = 1
        self._last_group = 1
        self._last_commit = 0.0
        self._open = False
        self._in_trouble = False
        self._worker: threading.Thread | None = None

    def start(self) -> None:
        """Begin to take mails."""
        with self._changed:
            if self._worker is not None:
                return
            self._open = True
            # A daemon worker: a process that is ending need not wait for mails that nobody was promised anything about.
            self._worker = threading.Thread(target=self._run, name="inbox-writer", daemon=True)
            self._worker.start()

    def stop(self) -> None:
        """Take nothing new, finish what is waiting, then return (blocking)."""
        with self._changed:
            worker, self._worker, self._open = self._worker, None, False
            self._changed.notify_all()
        if worker is not None:
            worker.join()

    def __enter__(self) -> Inbox:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    async def accept(self, arrival: Arrival) -> int:
        """Keep a mail and return its number once it is durable; raises RetryLater or NoRoom, then nothing was kept.

        A caller that is cancelled takes nothing back: the mail goes in all the same.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[int] = loop.create_future()
        self._put(_Waiting(arrival, loop, future))
        return await future

    def accept_now(self, arrival: Arrival) -> int:
        """Like `accept`, for callers that may block."""
        future: Future[int] = Future()
        self._put(_Waiting(arrival, None, future))
        return future.result()

    def _put(self, entry: _Waiting) -> None:
        size = len(entry.arrival.raw)
        with self._changed:
            if not self._open:
                raise RetryLater("maild is stopping")
            # A mail of any size gets in when nothing else waits, so no mail can be too big for ever.
            if self._bytes and self._bytes + size > self._waiting_bytes:
                raise NoRoom(f"{self._bytes} bytes of mail are waiting to be written")
            self._bytes += size
            self._waiting.append(entry)
            if len(self._waiting) >= self._wanted:
                self._changed.notify()

    def _run(self) -> None:
        while group := self._take():
            began = time.monotonic()
            outcomes = list(self._write(group))
            self._last_commit = time.monotonic() - began
            if self._last_commit > SINGLES_WITHIN:
                outcomes += self._turn_away(outcomes[-1][1])
            with self._changed:
                self._bytes -= sum(len(entry.arrival.raw) for entry, _ in outcomes)
            kept = any(isinstance(result, int) for _, result in outcomes)
            _answer(outcomes, self._tell if kept else None)

    def _turn_away(self, result: int | RetryLater) -> list[_Outcome]:
        """What failed slowly for a group has been waited for by all who came meanwhile: they need not wait again."""
        if isinstance(result, int):
            return []
        with self._changed:
            late = list(self._waiting)
            self._waiting.clear()
        return [(entry, result) for entry in late]

    def _take(self) -> list[_Waiting]:
        """What is waiting, up to a group; nothing once the inbox is closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or not self._open)
            self._await_the_others()
            group: list[_Waiting] = []
            size = 0
            while self._waiting and len(group) < self._group_mails:
                size += len(self._waiting[0].arrival.raw)
                if group and size > self._group_bytes:
                    break
                group.append(self._waiting.popleft())
            self._last_group = len(group)
            return group

    def _await_the_others(self) -> None:
        """Give as many as came together last time a moment to come together again.

        Clients that were answered together send their next mails within a moment. Without this the first of them is
        committed alone while the others gather, and every second commit is spent on a single mail. A lone client never
        waits, and nobody longer than half of what the last commit took.
        """
        wanted = min(self._last_group, self._group_mails)
        if len(self._waiting) >= wanted:
            return
        self._wanted = wanted
        patience = min(self._last_commit / 2, LONGEST_WAIT)
        self._changed.wait_for(lambda: len(self._waiting) >= wanted or not self._open, patience)
        self._wanted = 1

    def _write(self, group: Sequence[_Waiting]) -> Iterator[_Outcome]:
        """Commit a group; where it fails and a single mail may be the reason, each mail alone."""
        began = time.monotonic()
        try:
            numbers = self._add(group)
        except Exception as error:  # noqa: BLE001 - whatever the ledger raises, the callers must be answered
            if len(group) == 1 or isinstance(error, MaildError):
                trouble = self._note(error, group)
                yield from ((entry, trouble) for entry in group)
                return
            yield from self._write_singly(group, began, error)
        else:
            yield from zip(group, numbers, strict=True)

    def _write_singly(self, group: Sequence[_Waiting], began: float, error: Exception) -> Iterator[_Outcome]:
        # A database that answers only after its own waiting time would keep the last of 64 callers for minutes: when
        # the group itself was slow, nobody waits a second time.
        for at, entry in enumerate(group):
            if time.monotonic() - began > SINGLES_WITHIN:
                trouble = self._note(error, group[at:])
                yield from ((late, trouble) for late in group[at:])
                return
            yield from self._write([entry])

    def _add(self, group: Sequence[_Waiting]) -> list[int]:
        numbers = self._ledger.add([entry.arrival for entry in group])
        if len(numbers) != len(group):
            raise RuntimeError(f"the ledger gave {len(numbers)} numbers for {len(group)} mails")
        if self._in_trouble:
            self._in_trouble = False
            log.info("mails can be stored again")
        return numbers

    def _note(self, error: Exception, group: Sequence[_Waiting]) -> RetryLater:
        """The answer to a failure; its details are logged once, until a mail goes in again."""
        if not self._in_trouble:
            self._in_trouble = True
            log.error("%d mail(s) cannot be stored, their senders are told to try again", len(group), exc_info=error)
        if _disk_full(error):
            return NoRoom("the disk is full")
        return error if isinstance(error, RetryLater) else RetryLater("the mail cannot be stored now")

    def _tell(self) -> None:
        if self._on_accepted is None:
            return
        try:
            self._on_accepted()
        except Exception:  # the mail is safe: who is told about it must not stop the writer
            log.exception("the word of a new mail did not arrive")


def _disk_full(error: BaseException | None) -> bool:
    """True when this error or one of its causes says so: ENOSPC, EDQUOT, SQLite's FULL, PostgreSQL's 53100."""
    while error is not None:
        if getattr(error, "errno", None) in _FULL_DISK or getattr(error, "sqlite_errorname", "") == "SQLITE_FULL":
            return True
        if getattr(error, "sqlstate", "") == "53100":
            return True
        error = error.__cause__ or error.__context__
    return False


def _answer(outcomes: Sequence[_Outcome], then: Callable[[], None] | None) -> None:
    """Wake everyone who waits, and do `then`; the callers of one loop with one call, since each call wakes the loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Outcome]] = {}
    for outcome in outcomes:
        if outcome[0].loop is not None:
            by_loop.setdefault(outcome[0].loop, []).append(outcome)
        else:
            _settle(outcome)
    for loop, theirs in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed, so nobody waits there any more
            loop.call_soon_threadsafe(_settle_all, theirs, loop, then)
            then = None
    if then is not None:
        then()


def _settle_all(outcomes: Sequence[_Outcome], loop: asyncio.AbstractEventLoop, then: Callable[[], None] | None) -> None:
    for outcome in outcomes:
        _settle(outcome)
    if then is not None:
        loop.call_soon(then)  # behind the callers that were woken just now, who give their answers in the same turn


def _settle(outcome: _Outcome) -> None:
    entry, result = outcome
    if entry.future.done():  # the caller went away
        return
    if isinstance(result, int):
        entry.future.set_result(result)
    else:
        entry.future.set_exception(result)
