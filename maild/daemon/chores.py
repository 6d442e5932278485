"""What the ticks do: look for work, hold leases, deadlines, rules, the night's tidying, words to the admin."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from maild.clock import Clock
from maild.config.settings import Settings
from maild.daemon.ticks import Ticks, told_once
from maild.desk.alarms import Alarms
from maild.desk.causes import Cause
from maild.desk.disk import look_at_disk
from maild.desk.mailboxes import LEASE, Mailboxes
from maild.desk.rulebook import Rulebook
from maild.desk.tick import do_due, keep_house
from maild.desk.tidying import tidy_at_night
from maild.desk.worker import DeskWorker
from maild.errors import RetryLater
from maild.outgoing.sender import Senders
from maild.store.keep import Keep
from maild.store.set_back import due_as_before, newest, shorten_leases

_log = logging.getLogger("maild.daemon")
_AWAY_LONG = timedelta(seconds=30)
"""How long the database may take nothing before the admin is told of it."""
_BEATS_UNSEEN = 10
"""After so many beats is looked even where nobody seems to have written."""
_CLOCKS_DIFFER = timedelta(minutes=1)
"""By so much may the clocks of desks on one database differ before a mail from the future is a wonder."""


class Chores:
    """Each is done again at the next tick, so what cannot be done now is put off and told, never lost."""

    def __init__(
        self,
        *,
        settings: Settings,
        clock: Clock,
        keep: Keep,
        alarms: Alarms,
        rulebook: Rulebook,
        mailboxes: Mailboxes,
        worker: DeskWorker,
        sender: Senders,
    ) -> None:
        self._settings, self._clock, self._keep = settings, clock, keep
        self._alarms, self._rulebook, self._mailboxes = alarms, rulebook, mailboxes
        self._worker, self._sender = worker, sender
        self.leads = False
        """Whether this desk, of those on a database, is the one that does what time asks for."""
        self._away_since: datetime | None = None
        self._away_why = ""
        self._mark: object = None
        self._next: datetime | None = None
        self._unseen = _BEATS_UNSEEN
        self._look_told = told_once("look", self._look)
        self._looking: asyncio.Task[None] | None = None
        self._set_back_by = timedelta(0)
        self._ticks = Ticks(clock, self._beat, self._set_back)
        self._on_beat: Callable[[], None] = lambda: None

    def make_ticks(self) -> Ticks:
        """All of them, not started."""
        self._ticks.add("leases", 5, self._hold)
        self._ticks.add("deadlines", 5, self._escalate)
        self._ticks.add("rules", 2, self.reread)
        self._ticks.add("keeping", 600, self._tidy)
        self._ticks.add("alarms", 5, self._tell)
        return self._ticks

    def begin(self) -> None:
        """Before the first tick: leases, and what waits since the clock was set back while nobody ran. RetryLater."""
        self.hold_leases()
        now, last = self._clock.now(), newest(self._keep.database)
        if last is not None and last > now + _CLOCKS_DIFFER:
            due_as_before(self._keep.database, now, last - now)

    # -- work that has come, or has become due -------------------------------------------------------------------------

    def also(self, on_beat: Callable[[], None]) -> None:
        """Do this once a second, too."""
        self._on_beat = on_beat

    def _beat(self) -> None:
        """Once a second: look for work, where there may be any."""
        self._on_beat()
        if (self._looking is None or self._looking.done()) and self._may_be_work():
            self._looking = asyncio.get_running_loop().create_task(self._look_told())

    def _may_be_work(self) -> bool:
        """Whether somebody wrote, or something known is due. What costs nothing is asked before the database is."""
        self._unseen += 1
        mark = self._keep.database.mark()
        due = self._next is not None and self._next <= self._clock.now()
        return due or mark is None or mark != self._mark or self._unseen > _BEATS_UNSEEN or bool(self._set_back_by)

    async def _look(self) -> None:
        """Wake whoever has something due: a letter whose time has come, a mail that another process accepted."""
        mark = self._keep.database.mark()
        try:
            inbox_at, outbox_at = await asyncio.to_thread(self._due_times)
        except RetryLater as error:
            _log.warning("cannot look for work: %s", error)
            return
        self._mark, self._unseen = mark, 0
        self._next = min((at for at in (inbox_at, outbox_at) if at is not None), default=None)
        now = self._clock.now()
        if inbox_at is not None and inbox_at <= now:
            self._worker.wake()
        if outbox_at is not None and outbox_at <= now:
            self._sender.wake()

    def _due_times(self) -> tuple[datetime | None, datetime | None]:
        by = self._set_back_by
        if by:
            due_as_before(self._keep.database, self._clock.now(), by)
            self._set_back_by -= by
        return self._keep.inbox.next_time(), self._keep.outbox.next_time()

    def _set_back(self, by: timedelta) -> None:
        """The clock was set back; the next look moves what waits."""
        self._set_back_by += by

    # -- ticks ---------------------------------------------------------------------------------------------------------

    async def _hold(self) -> None:
        try:
            await asyncio.to_thread(self.hold_leases)
        except RetryLater as error:
            _log.warning("leases wait: %s", error)

    def hold_leases(self) -> None:
        """One desk of those on a database ticks and reads a mailbox; who dies loses both in time. RetryLater."""
        now, leases = self._clock.now(), self._keep.mailboxes
        shorten_leases(self._keep.database, LEASE)
        leases.lease("alive:" + self._keep.holder, now, LEASE)
        self.leads = leases.lease("ticks", now, LEASE)
        self._mailboxes.hold()
        if not self._keep.database.is_sqlite and self._keep.outbox.recover():
            self._sender.wake()

    async def _escalate(self) -> None:
        """Do what deadlines ask for; what cannot be done now is as due at the next tick."""
        if not self.leads:
            return
        office, now = self._rulebook.office(), self._clock.now()
        try:
            letters = await asyncio.to_thread(do_due, self._keep, office, now, on_some=self._still_escalating)
        except RetryLater as error:
            _log.warning("deadlines wait: %s", error)
            return
        if letters:
            self._sender.wake()

    def _still_escalating(self) -> None:
        """After a long absence one tick may have very much to do: it does not hang while it gets on."""
        self._ticks.alive("deadlines")
        self._sender.wake()

    async def _tidy(self) -> None:
        """Once a night, take away what is kept no longer; a stop waits for one short transaction at most."""
        if not self.leads:
            return
        office, now = self._rulebook.office(), self._clock.now()
        with suppress(RetryLater):
            await asyncio.to_thread(tidy_at_night, self._keep, office, self._settings, now, self._may_tidy)

    def _may_tidy(self) -> bool:
        self._ticks.alive("keeping")
        return self.leads

    async def reread(self) -> None:
        """Look whether the rules or letters have changed."""
        await asyncio.to_thread(self._rulebook.look)

    async def _tell(self) -> None:
        """Look at the machine, and write to the admin what he has not been told."""
        try:
            letters = await asyncio.to_thread(self._look_around)
        except RetryLater as error:
            self._away_since = self._away_since or self._clock.now()
            self._away_why = str(error)
            return
        self._database_is_back()
        if letters:
            self._sender.wake()

    def _look_around(self) -> int:
        look_at_disk(self._settings, self._alarms)
        letters = self._alarms.look()
        if self.leads:
            letters += keep_house(self._keep, self._rulebook.office(), self._clock.now())
        return letters

    def _database_is_back(self) -> None:
        """Nothing can be mailed without the database, so that it was away is told when it is there again."""
        since, self._away_since = self._away_since, None
        away = self._clock.now() - since if since is not None else timedelta(0)
        if away >= _AWAY_LONG:
            self._alarms.tell(Cause.DATABASE_AWAY, f"for {int(away.total_seconds())} seconds: {self._away_why}")
