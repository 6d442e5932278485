"""What the tests of the poller share: a ledger in memory, mails, and a poller that is in a hurry."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from maild.clock import FixedClock
from maild.ingest.imap import MailboxPoller, Pace
from maild.ingest.imap_session import Timeouts
from maild.ingest.mailbox import Cursor, Mailbox, Security
from maild.messages.envelope import Arrival

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FAST = Pace(
    timeouts=Timeouts(connect=5.0, read=5.0), idle=2.0, first_pause=0.05, longest_pause=0.2, longest_pause_known=0.2
)


class MemoryLedger:
    """Keeps what it is given; `trouble` is raised by the next commits, `committed` says what has been done at each."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.cursors: dict[str, Cursor] = {}
        self.looks: dict[str, datetime] = {}
        self.comparisons: dict[str, datetime] = {}
        self.groups: list[int] = []
        self.trouble: list[Exception] = []
        self.after_commit: Callable[[], None] = lambda: None
        self._changed = threading.Condition()

    def cursor(self, mailbox: str) -> Cursor | None:
        """The cursor as the last commit left it."""
        return self.cursors.get(mailbox)

    def add_from_mailbox(self, mailbox: str, arrivals: Sequence[Arrival], cursor: Cursor) -> list[int]:
        """All or nothing."""
        if self.trouble:
            raise self.trouble.pop(0)
        with self._changed:
            self.arrivals += arrivals
            self.cursors[mailbox] = cursor
            if arrivals:
                self.groups.append(len(arrivals))
            self._changed.notify_all()
        if arrivals:
            self.after_commit()
        return list(range(len(self.arrivals) - len(arrivals), len(self.arrivals)))

    def taken(self, sources: Collection[str]) -> frozenset[str]:
        """Which of them are kept."""
        return frozenset(sources) & {arrival.envelope.source for arrival in self.arrivals}

    def known(self, digests: Collection[str]) -> frozenset[str]:
        """Which contents are kept."""
        return frozenset(digests) & {arrival.digest for arrival in self.arrivals}

    def note_look(self, mailbox: str, at: datetime) -> None:
        """The last look."""
        self.looks[mailbox] = at

    def compared_at(self, mailbox: str) -> datetime | None:
        """The last comparison."""
        return self.comparisons.get(mailbox)

    def note_comparison(self, mailbox: str, at: datetime) -> None:
        """A comparison."""
        self.comparisons[mailbox] = at

    def wait_for(self, count: int, seconds: float = 20.0) -> list[bytes]:
        """The first lines of the bodies of all mails, once there are so many."""
        with self._changed:
            self._changed.wait_for(lambda: len(self.arrivals) >= count, seconds)
        assert len(self.arrivals) >= count, f"{len(self.arrivals)} of {count} mails after {seconds} s"
        return self.texts

    @property
    def texts(self) -> list[bytes]:
        """The first lines of the bodies of all mails kept."""
        return [arrival.raw.partition(b"\r\n\r\n")[2].partition(b"\r\n")[0] for arrival in self.arrivals]


def mail(text: str, size: int = 0) -> bytes:
    """A mail with this text; padded to about so many bytes."""
    raw = f"From: Ivan <ivan@customers.test>\r\nTo: help@desk.test\r\nMessage-ID: <{text}@customers.test>\r\n"
    raw += f"Subject: {text}\r\n\r\n{text}\r\n"
    return raw.encode() + b"0123456789abcde\r\n" * ((size - len(raw)) // 17 if size else 0)


def mailbox(port: int, **changes: object) -> Mailbox:
    """The help desk's INBOX on this machine, without TLS unless a test says so."""
    parts: dict[str, object] = {
        "name": "main",
        "host": "127.0.0.1",
        "port": port,
        "security": Security.NONE,
        "username": "help",
        "poll": timedelta(seconds=60),
    }
    return Mailbox(**(parts | changes))  # type: ignore[arg-type]


def poller(box: Mailbox, ledger: MemoryLedger, pace: Pace = FAST, password: str = "secret") -> MailboxPoller:
    """A poller without jitter."""
    return MailboxPoller(box, lambda: password, ledger, FixedClock(NOW), lambda: 0.5, pace)


@contextmanager
def polling(box: Mailbox, ledger: MemoryLedger, pace: Pace = FAST, password: str = "secret") -> Iterator[MailboxPoller]:
    """A poller that runs meanwhile and must end when it is told so."""
    running = poller(box, ledger, pace, password)
    running.start()
    try:
        yield running
    finally:
        assert running.stop(20.0), "the poller did not end"


def eventually(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until something holds, and fail when it does not."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not after {seconds} s"
        time.sleep(0.01)
