"""The poller of a mailbox: one worker with one connection, which it opens again whenever it is lost.

    connect, log in -> take what is new -> wait (IDLE, or the poll interval) -> take what is new -> ...

Any trouble ends the connection, never the worker: it tries again after a pause that grows and is never the same for two
mailboxes. What is taken and how it is committed stands in `imap_intake.py`, the protocol in `imap_session.py`.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from maild.clock import Clock
from maild.errors import MaildError
from maild.ingest.imap_intake import MailboxIntake
from maild.ingest.imap_session import CommandRefused, ImapSession, LoginRefused, Timeouts
from maild.ingest.mailbox import AccessToken, Mailbox, MailboxHealth, MailboxLedger, NotTaken, Secret

log = logging.getLogger(__name__)

COMPARE_EVERY = timedelta(days=1)
"""How often all that lies in the folder is held against the ledger."""
NOTE_EVERY = timedelta(minutes=1)
"""How often at most it is written down that the folder was searched."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How long to wait for what, in seconds. Pauses are stretched or shortened by up to a fifth."""

    timeouts: Timeouts = field(default_factory=Timeouts)
    idle: float = 60.0
    """The longest wait for the server's word before the folder is searched anyway."""
    first_idle: float = 1.0
    """The first such wait after mail has come; each further one is twice as long. What is said between a search and
    IDLE is heard by nobody, and most mail comes behind other mail."""
    first_pause: float = 1.0
    """Before the first new connection; each further one that does not last waits twice as long."""
    longest_pause: float = 300.0
    longest_pause_known: float = 15.0
    """The same where the connection that was lost had worked."""
    login_pause: float = 60.0
    """At least, after a refused login: servers lock accounts that try more often."""
    steady: float = 60.0
    """A connection that lasted so long was a good one."""


class MailboxPoller:
    """Takes the mail of one mailbox until it is stopped.

    `secret` is asked for before each login, so that a changed file is noticed; `chance` gives numbers from 0 to 1;
    `on_missing` hears of mails that had been passed by and were taken after all.
    """

    def __init__(
        self,
        mailbox: Mailbox,
        secret: Callable[[], Secret],
        ledger: MailboxLedger,
        clock: Clock,
        chance: Callable[[], float],
        pace: Pace | None = None,
        on_missing: Callable[[Sequence[NotTaken]], None] = lambda _: None,
    ) -> None:
        self._mailbox = mailbox
        self._secret = secret
        self._ledger = ledger
        self._on_missing = on_missing
        self._noted: datetime | None = None
        self._compared: datetime | None = None
        self._clock = clock
        self._chance = chance
        self._pace = pace or Pace()
        self._intake = MailboxIntake(mailbox, ledger, clock)
        self._stop = threading.Event()
        self._bell, self._ring = socket.socketpair()
        self._worker: threading.Thread | None = None
        self._session: ImapSession | None = None
        self._pauses = 0
        self._looks = 0
        self._idle_refusals = 0
        self._idle_hints = 0
        self._idle_seconds = self._pace.first_idle
        self._health = MailboxHealth(name=mailbox.name)

    @property
    def health(self) -> MailboxHealth:
        """How the mailbox does right now."""
        return self._health

    def start(self) -> None:
        """Begin, in a worker of its own; returns at once, whether the server is there or not."""
        self._worker = threading.Thread(target=self._run, name=f"imap-{self._mailbox.name}", daemon=True)
        self._worker.start()

    def stop(self, deadline: float) -> bool:
        """End within so many seconds: after the group in hand, or by cutting the connection; whether it has ended."""
        self._stop.set()
        with suppress(OSError):  # it was stopped before
            self._ring.send(b"!")
        worker = self._worker
        if worker is not None:
            worker.join(max(deadline - 1.0, deadline / 2))
            if worker.is_alive() and (session := self._session) is not None:
                session.abort()
            worker.join(min(1.0, deadline / 2))
            if worker.is_alive():
                return False
        self._bell.close()
        self._ring.close()
        return True

    def once(self) -> int:
        """Take what is there now, in the caller's own worker; how many mails that were. Raises what goes wrong."""
        with open_session(self._mailbox, self._secret, self._pace.timeouts) as session:
            return self._look(session)

    def _run(self) -> None:
        while not self._stop.is_set():
            began = time.monotonic()
            looks = self._looks
            try:
                self._work()
            except LoginRefused as error:
                self._failed(error)
                self._pause(self._pace.login_pause, self._pace.longest_pause, least=self._pace.login_pause)
            except Exception as error:  # noqa: BLE001 - whatever it is, the next connection may do better
                self._failed(error)
                if time.monotonic() - began > self._pace.steady:
                    self._pauses = 0
                known = self._looks > looks
                self._pause(
                    self._pace.first_pause, self._pace.longest_pause_known if known else self._pace.longest_pause
                )

    def _work(self) -> None:
        """One connection, from the login to its end."""
        with open_session(self._mailbox, self._secret, self._pace.timeouts) as session:
            self._session = session
            try:
                self._look_until_empty(session)
                while not self._stop.is_set():
                    self._wait(session)
                    self._look_until_empty(session)
            finally:
                self._session = None
                self._health = replace(self._health, connected=False)

    def _look_until_empty(self, session: ImapSession) -> None:
        """Until a search finds nothing: a server may tell of new mail in its answer to MOVE, and not again in IDLE."""
        while not self._stop.is_set() and self._look(session):
            pass

    def _look(self, session: ImapSession) -> int:
        taken = self._intake.round(session, self._stop.is_set)
        self._looks += 1
        if taken:
            self._idle_hints, self._idle_seconds = 0, self._pace.first_idle
        now, problem = self._clock.now(), self._intake.problem
        if not self._stop.is_set():
            self._note(session, now)
        self._health = replace(
            self._health,
            connected=True,
            taken=self._health.taken + taken,
            last_look=now,
            problem=problem,
            failing_since=(self._health.failing_since or now) if problem else None,
        )
        return taken

    def _note(self, session: ImapSession, now: datetime) -> None:
        """Write down that all new mail has been taken; and once a day look whether that is so of the old one."""
        if self._noted is None or now - self._noted >= NOTE_EVERY:
            self._ledger.note_look(self._mailbox.key, now)
            self._noted = now
        if self._compared is None:
            self._compared = self._ledger.compared_at(self._mailbox.key)
        if self._compared is not None and now - self._compared >= COMPARE_EVERY:
            self._compare(session)
        elif self._compared is not None:
            return
        self._ledger.note_comparison(self._mailbox.key, now)
        self._compared = now

    def _compare(self, session: ImapSession) -> None:
        lost = self._intake.compare(session, take=True)
        for mail in lost[:20]:
            log.error(
                "mailbox %s: a mail was not taken when it came, and is looked at now: %s", self._mailbox.key, mail
            )
        log.info("mailbox %s was compared with the ledger: %d mails were missing", self._mailbox.key, len(lost))
        if lost:
            self._on_missing(lost)

    def _wait(self, session: ImapSession) -> None:
        """Until there may be new mail: the server says so, or it has not been looked for a while."""
        poll = self._mailbox.poll.total_seconds()
        if self._idle_refusals >= 3 or not session.can("IDLE"):
            self._stop.wait(poll)
            return
        try:
            hinted = session.idle(min(self._idle_seconds, self._pace.idle, poll), self._bell)
        except CommandRefused:
            self._idle_refusals += 1
            raise
        # Servers also speak of flags and of other people's doings: words that bring no mail are listened to less often.
        self._idle_hints = self._idle_hints + 1 if hinted else 0
        self._idle_seconds = min(2 * self._idle_seconds, self._pace.idle)
        if self._idle_hints > 1:
            self._stop.wait(min(0.05 * 2 ** min(self._idle_hints, 10), 5.0))

    def _pause(self, first: float, longest: float, least: float = 0.0) -> None:
        pause = min(first * 2 ** min(self._pauses, 20), max(longest, first)) * (0.8 + 0.4 * self._chance())
        self._pauses += 1
        self._stop.wait(max(pause, least))

    def _failed(self, error: Exception) -> None:
        if self._stop.is_set():
            return
        # Errors of ours are sentences for people; anything else may be a mistake in this program, so its place is told.
        text = str(error) if isinstance(error, MaildError) else f"{type(error).__name__}: {error}"
        log.warning(
            "mailbox %s: %s",
            self._mailbox.key,
            text,
            exc_info=not isinstance(error, MaildError),
            extra={"mailbox": self._mailbox.name},
        )
        since = self._health.failing_since or self._clock.now()
        self._health = replace(self._health, connected=False, problem=text, failing_since=since)


def open_session(mailbox: Mailbox, secret: Callable[[], Secret], timeouts: Timeouts) -> ImapSession:
    """A connection that is logged in; a token that is refused is renewed once, since servers may end one early."""
    first = secret()
    try:
        return ImapSession.open(mailbox, first, timeouts)
    except LoginRefused:
        if not isinstance(first, AccessToken) or first.renew is None:
            raise
        return ImapSession.open(mailbox, first.renew(), timeouts)


def check_mailbox(
    mailbox: Mailbox,
    secret: Callable[[], Secret],
    ledger: MailboxLedger | None,
    clock: Clock,
    timeouts: Timeouts | None = None,
) -> list[NotTaken]:
    """Log in, open the folder for reading, leave again; the mails in it that the ledger should have and has not.

    Nothing is taken and nothing marked. Raises what goes wrong.
    """
    with open_session(mailbox, secret, timeouts or Timeouts()) as session:
        session.select(mailbox.folder, writing=False)
        return MailboxIntake(mailbox, ledger, clock).compare(session, take=False) if ledger else []
