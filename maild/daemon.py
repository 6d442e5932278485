"""The daemon: builds the parts, starts the edges last and stops them first, reloads the rules.

start   readers -> database -> rules -> mailboxes -> inbox writer -> sender -> desk -> listener (now mail may come)
stop    listener -> mailboxes -> inbox writer -> desk -> readers -> sender (all that was promised is kept by then)
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from maild.clock import Clock
from maild.config.settings import Settings
from maild.desk.alarms import Alarms
from maild.desk.assembly import make_transports
from maild.desk.causes import Cause
from maild.desk.disk import look_at_disk
from maild.desk.handle import Desk
from maild.desk.mailboxes import LEASE, Mailboxes
from maild.desk.rulebook import Rulebook
from maild.desk.tick import do_due, keep_house
from maild.desk.tidying import tidy_at_night
from maild.desk.worker import DeskWorker
from maild.errors import CannotCreate, MaildError, RetryLater, Unavailable
from maild.guard.readers import shared_readers
from maild.ingest.inbox import Inbox
from maild.ingest.smtp import Listener
from maild.ingest.smtp_gate import Limits
from maild.ingest.users import Users
from maild.outgoing.sender import Sender, SendingRules
from maild.store import open_keep
from maild.store.engine import Database

_log = logging.getLogger("maild.daemon")
_STOP_SECONDS = 4.0
_SWITCH_SECONDS = 0.0005
_AWAY_LONG = timedelta(seconds=30)
"""How long the database may take nothing before the admin is told of it."""


class Daemon:
    """One running desk."""

    def __init__(self, settings: Settings, clock: Clock, holder: str) -> None:
        # First of all: they are forked while there is one thread, and neither database nor lock file to hold.
        self._readers = shared_readers()
        self._readers.start()
        self._settings = settings
        self._clock = clock
        self._lock = lock_database(settings)
        self._keep = open_keep(settings.database.url, holder)
        self._alarms = Alarms(self._keep, lambda: self._rulebook.office(), settings.desk.admin, clock)
        self._rulebook = Rulebook(settings, self._alarms)
        self._desk = Desk(self._keep, self._rulebook.office, clock, self._readers)
        rules = SendingRules(give_up=settings.outgoing.give_up, uncertain_after=settings.outgoing.uncertain_after)
        transports = make_transports(settings)
        self._sender = Sender(
            self._keep.outbox,
            transports,
            clock,
            rules=rules,
            on_trouble=lambda reason: self._alarms.tell(Cause.RELAY_AWAY, reason),
            on_recovered=lambda: self._alarms.over(Cause.RELAY_AWAY),
        )
        self._worker = DeskWorker(self._desk, self._sender.wake)
        self._mailboxes = Mailboxes(settings, self._keep, clock, self._worker.wake, self._alarms)
        self._holder = holder
        self._ticks = False
        self._away_since: datetime | None = None
        self._away_why = ""

    async def serve(self, ready: Callable[[int], None]) -> None:
        """Run until SIGTERM or SIGINT; `ready` gets the port when mail may come. SIGHUP reads the rules."""
        # The loop must not wait 5 ms for a worker at every turn, or intake starves while mails are handled.
        sys.setswitchinterval(_SWITCH_SECONDS)
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        loop.add_signal_handler(signal.SIGHUP, self._rulebook.forget)
        inbox = Inbox(self._keep.inbox, on_accepted=self._worker.wake)
        listener = make_listener(self._settings, inbox, self._clock, self._rulebook)
        await asyncio.to_thread(self._hold_leases)
        scheduler = self._scheduler()
        try:
            # The listener last: when it answers, whatever it takes is handled and sent.
            inbox.start()
            self._sender.start()
            self._worker.start()
            await listener.start()
            scheduler.start()
            ready(listener.port)
            await stopping.wait()
        finally:
            self._ticks = False
            with suppress(Exception):
                scheduler.shutdown(wait=False)
            await listener.stop(timedelta(seconds=_STOP_SECONDS / 2))
            await asyncio.to_thread(self._stop, inbox)

    def _scheduler(self) -> AsyncIOScheduler:
        """A handful of ticks; no ticket ever lives in it, so nothing is lost when one is late or left out."""
        scheduler = AsyncIOScheduler(timezone="UTC")
        common = {"trigger": "interval", "coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        scheduler.add_job(told_once("look", self._look), seconds=1, id="look", **common)
        scheduler.add_job(told_once("leases", self._hold), seconds=5, id="leases", **common)
        scheduler.add_job(told_once("deadlines", self._escalate), seconds=5, id="deadlines", **common)
        scheduler.add_job(told_once("rules", self._reread), seconds=2, id="rules", **common)
        scheduler.add_job(told_once("keeping", self._tidy), minutes=10, id="keeping", **common)
        scheduler.add_job(told_once("alarms", self._tell), seconds=3, id="alarms", **common)
        return scheduler

    async def _look(self) -> None:
        """Wake whoever has something due: a letter whose time has come, a mail that another process accepted."""
        try:
            inbox_at, outbox_at = await asyncio.to_thread(
                lambda: (self._keep.inbox.next_time(), self._keep.outbox.next_time())
            )
        except RetryLater as error:
            _log.warning("cannot look for work: %s", error)
            return
        now = self._clock.now()
        if inbox_at is not None and inbox_at <= now:
            self._worker.wake()
        if outbox_at is not None and outbox_at <= now:
            self._sender.wake()

    async def _hold(self) -> None:
        try:
            await asyncio.to_thread(self._hold_leases)
        except RetryLater as error:
            _log.warning("leases wait: %s", error)

    def _hold_leases(self) -> None:
        """One desk of those on a database ticks and reads a mailbox; who dies loses both in time."""
        now = self._clock.now()
        self._keep.mailboxes.lease("alive:" + self._holder, now, LEASE)
        self._ticks = self._keep.mailboxes.lease("ticks", now, LEASE)
        self._mailboxes.hold()
        if not self._keep.database.is_sqlite and self._keep.outbox.recover():
            self._sender.wake()

    async def _escalate(self) -> None:
        """Do what deadlines ask for; what cannot be done now is as due at the next tick."""
        if not self._ticks:
            return
        try:
            letters = await asyncio.to_thread(do_due, self._keep, self._rulebook.office(), self._clock.now())
        except RetryLater as error:
            _log.warning("deadlines wait: %s", error)
            return
        if letters:
            self._sender.wake()

    async def _tidy(self) -> None:
        """Once a night, take away what is kept no longer; a stop waits for one short transaction at most."""
        if not self._ticks:
            return
        office, now = self._rulebook.office(), self._clock.now()
        with suppress(RetryLater):
            await asyncio.to_thread(tidy_at_night, self._keep, office, self._settings, now, lambda: self._ticks)

    async def _reread(self) -> None:
        await asyncio.to_thread(self._rulebook.look)

    async def _tell(self) -> None:
        """Look at the machine, and write to the admin what he has not been told."""
        try:
            await asyncio.to_thread(look_at_disk, self._settings, self._alarms)
            letters = await asyncio.to_thread(self._alarms.look)
            if self._ticks:
                await asyncio.to_thread(keep_house, self._keep, self._rulebook.office(), self._clock.now())
        except RetryLater as error:
            self._away_since = self._away_since or self._clock.now()
            self._away_why = str(error)
            return
        self._database_is_back()
        if letters:
            self._sender.wake()

    def _database_is_back(self) -> None:
        """Nothing can be mailed without the database, so that it was away is told when it is there again."""
        since, self._away_since = self._away_since, None
        away = self._clock.now() - since if since is not None else timedelta(0)
        if away >= _AWAY_LONG:
            self._alarms.tell(Cause.DATABASE_AWAY, f"for {int(away.total_seconds())} seconds: {self._away_why}")

    def _stop(self, inbox: Inbox) -> None:
        self._mailboxes.stop(_STOP_SECONDS)
        inbox.stop()
        if self._worker.stop(_STOP_SECONDS):
            self._readers.close()
        self._sender.stop(_STOP_SECONDS)
        with suppress(RetryLater):
            self._keep.mailboxes.give_back()
        self._keep.database.close()
        if self._lock is not None:
            self._lock.close()

    def once(self) -> tuple[int, int]:
        """Handle everything that waits, send everything that is due, and end: how many mails and letters."""
        try:
            self._keep.outbox.recover()
            handled = 0
            trouble: MaildError | None = None
            try:
                self._mailboxes.once()
            except MaildError as error:
                trouble = error  # what is here already does not wait for it
            while taken := self._desk.take_next().mails:
                handled += taken
            office = self._rulebook.office()
            do_due(self._keep, office, self._clock.now())
            keep_house(self._keep, office, self._clock.now())
            tidy_at_night(self._keep, office, self._settings, self._clock.now())
            look_at_disk(self._settings, self._alarms)
            self._alarms.look()
            sent = self._sender.send_due(self._clock.now())
            if trouble is not None:
                raise trouble
            return handled, sent
        finally:
            self._readers.close()
            self._keep.database.close()
            if self._lock is not None:
                self._lock.close()


def told_once(name: str, work: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
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


def make_listener(settings: Settings, inbox: Inbox, clock: Clock, rulebook: Rulebook) -> Listener:
    """The SMTP or LMTP port as the settings want it. Raises Unavailable, DataError."""
    smtp, limits = settings.smtp, settings.limits
    return Listener(
        host=smtp.host,
        port=smtp.port,
        inbox=inbox,
        clock=clock,
        accepts=rulebook.accepts,
        knows_domain=rulebook.knows_domain,
        protocol="lmtp" if smtp.protocol == "lmtp" else "smtp",
        hostname=settings.desk.reply_domain,
        max_size=smtp.max_size,
        tls_cert=smtp.tls_cert,
        tls_key=smtp.tls_key,
        users=Users(smtp.users_file) if smtp.users_file is not None else None,
        limits=Limits(
            connections=limits.max_connections,
            per_peer=limits.per_peer,
            recipients=limits.recipients,
            errors=limits.errors,
            commands=limits.commands,
            session=limits.session,
            min_rate=limits.min_rate,
        ),
        trusted_relays=settings.trust.relays,
        spool_dir=str(settings.paths.data) if settings.paths.data.is_dir() else None,
        proxy_protocol=smtp.proxy_protocol,
        xclient_login=smtp.xclient_login,
    )


def lock_database(settings: Settings) -> IO[str] | None:
    """A SQLite database is one daemon's. Raises Unavailable where another has it, CannotCreate."""
    url = Database.parse(settings.database.url)
    if url.get_backend_name() != "sqlite":
        return None
    path = Path(f"{url.database}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = open(path, "a+", encoding="ascii")  # noqa: SIM115  # it is held for as long as the daemon lives
    except OSError as error:
        raise CannotCreate(f"cannot write {path}: {error.strerror}; is its folder writable?") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise Unavailable(f"another maild (process {holder}) runs on {url.database}; stop it first") from error
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file
