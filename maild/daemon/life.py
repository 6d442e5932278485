"""The daemon: builds the parts, starts the edges last and stops them first, reloads the rules.

start   readers -> database -> rules -> mailboxes -> inbox writer -> sender -> desk -> listener (now mail may come)
stop    listener -> mailboxes -> inbox writer -> desk -> readers -> sender (all that was promised is kept by then)
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from maild.clock import Clock
from maild.config.settings import Settings
from maild.daemon.chores import Chores
from maild.daemon.notify import Notifier
from maild.daemon.parts import lock_database, make_listener
from maild.daemon.ticks import Ticks
from maild.daemon.vitals import CountedOutbox, Durations, Parts, Vitals
from maild.daemon.watch import SignsOfLife, make_web
from maild.desk.alarms import Alarms
from maild.desk.assembly import make_reprint, make_transports
from maild.desk.callers import call_senders
from maild.desk.causes import Cause
from maild.desk.disk import look_at_disk
from maild.desk.handle import Desk
from maild.desk.mailboxes import Mailboxes
from maild.desk.rulebook import Rulebook
from maild.desk.tick import do_due, keep_house
from maild.desk.tidying import tidy_at_night
from maild.desk.worker import DeskWorker
from maild.errors import MaildError, RetryLater, Unavailable
from maild.guard.readers import shared_readers
from maild.ingest.inbox import Inbox
from maild.ingest.smtp import Listener
from maild.outgoing.sender import Sender, Senders, SendingRules
from maild.store import open_keep

_log = logging.getLogger("maild.daemon")
_STOP_SECONDS = 4.0
_SWITCH_SECONDS = 0.0005


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
        self._outbox, self._handling = CountedOutbox(self._keep), Durations()
        self._outbox.print_anew_by(make_reprint(self._rulebook.office))
        rules = SendingRules(give_up=settings.outgoing.give_up, uncertain_after=settings.outgoing.uncertain_after)
        mail = Sender(
            self._outbox,
            make_transports(settings),
            clock,
            rules=rules,
            on_trouble=lambda reason: self._alarms.tell(Cause.RELAY_AWAY, reason),
            on_recovered=lambda: self._alarms.over(Cause.RELAY_AWAY),
        )
        self._sender = Senders([mail, *call_senders(settings, self._keep, clock, self._alarms)])
        self._worker = DeskWorker(self._desk, self._sender.wake, self._handling.add)
        self._mailboxes = Mailboxes(settings, self._keep, clock, self._worker.wake, self._alarms)
        self._chores = Chores(
            settings=settings,
            clock=clock,
            keep=self._keep,
            alarms=self._alarms,
            rulebook=self._rulebook,
            mailboxes=self._mailboxes,
            worker=self._worker,
            sender=self._sender,
        )

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
        await asyncio.to_thread(self._chores.begin)
        ticks = self._chores.make_ticks()
        notifier, vitals = Notifier(os.environ), self._vitals(ticks, listener)
        web = make_web(self._settings.metrics, vitals)
        self._chores.also(SignsOfLife(notifier, vitals).beat)
        try:
            # The listener last: when it answers, whatever it takes is handled and sent.
            inbox.start()
            self._sender.start()
            self._worker.start()
            if web is not None:
                await vitals.look()  # what adds up is counted from here on
                await web.start()
            await listener.start()
            ticks.start()
            ready(listener.port)
            status = f"mail comes in on {self._settings.smtp.host}, port {listener.port}"
            self._on_hangup(loop, listener, notifier, status)
            notifier.ready(status)
            await stopping.wait()
        finally:
            notifier.stopping()
            self._chores.leads = False
            ticks.stop()
            vitals.close()
            if web is not None:
                await web.stop()
            await listener.stop(timedelta(seconds=_STOP_SECONDS / 2))
            await asyncio.to_thread(self._stop, inbox)

    def _on_hangup(self, loop: asyncio.AbstractEventLoop, listener: Listener, notifier: Notifier, status: str) -> None:
        """SIGHUP reads the rules, the letters and the listener's certificate at once, changed or not."""
        reloads = set[asyncio.Task[None]]()

        async def reload() -> None:
            notifier.reloading()
            try:
                listener.reload_certificate()
            except Unavailable as error:
                _log.error("the certificate that was in use stays: %s", error)
            self._rulebook.forget()
            await self._chores.reread()
            broken = "; the rules are broken, older ones are in force" if self._rulebook.broken else ""
            notifier.ready(status + broken)

        def hangup() -> None:
            task = loop.create_task(reload())
            reloads.add(task)
            task.add_done_callback(reloads.discard)

        loop.add_signal_handler(signal.SIGHUP, hangup)

    def _vitals(self, ticks: Ticks, listener: Listener) -> Vitals:
        return Vitals(
            Parts(
                settings=self._settings,
                clock=self._clock,
                keep=self._keep,
                rulebook=self._rulebook,
                mailboxes=self._mailboxes,
                worker=self._worker,
                outbox=self._outbox,
                readers=self._readers,
                handling=self._handling,
                ticks=ticks,
                listener=listener,
            )
        )

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
