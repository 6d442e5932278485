"""The mailboxes that are read: their pollers, on the store's ledger."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from functools import partial

from maild.clock import Clock
from maild.config.settings import Mailbox as MailboxSettings
from maild.config.settings import Settings
from maild.desk.assembly import password_of
from maild.ingest.imap import MailboxPoller, check_mailbox
from maild.ingest.mailbox import After, Cursor, Mailbox, Security, Start
from maild.messages.envelope import Arrival
from maild.store.keep import Keep
from maild.store.mailboxes import Place

LEASE = timedelta(seconds=30)
"""How long a desk that died keeps others from its mailboxes; renewed every few seconds."""


class StoreLedger:
    """The store as a poller sees it."""

    def __init__(self, keep: Keep, clock: Clock, on_accepted: Callable[[], None]) -> None:
        self._keep = keep
        self._clock = clock
        self._on_accepted = on_accepted

    def cursor(self, mailbox: str) -> Cursor | None:
        """How far this mailbox has been read."""
        place = self._keep.mailboxes.place(mailbox)
        return Cursor(uidvalidity=place.uidvalidity, last_uid=place.last_uid) if place else None

    def add_from_mailbox(self, mailbox: str, arrivals: Sequence[Arrival], cursor: Cursor) -> list[int]:
        """Mails and cursor in one transaction; then the desk is woken."""
        place = Place(uidvalidity=cursor.uidvalidity, last_uid=cursor.last_uid)
        ids = self._keep.mailboxes.add(mailbox, arrivals, place, self._clock.now())
        if ids:
            self._on_accepted()
        return ids

    def taken(self, sources: Collection[str]) -> frozenset[str]:
        """Which of these mails are kept."""
        return self._keep.mailboxes.taken(sources)


def to_mailbox(settings: MailboxSettings) -> Mailbox:
    """A mailbox as its poller wants it."""
    return Mailbox(
        name=settings.name,
        host=settings.host,
        port=settings.port,
        security=Security(settings.security),
        username=settings.username or "",
        folder=settings.folder,
        after=After(settings.after),
        move_to=settings.move_to,
        poll=settings.poll,
        start=Start(settings.start),
    )


class Mailboxes:
    """All pollers of a desk. Each mailbox is read by the one desk that holds its lease."""

    def __init__(self, settings: Settings, keep: Keep, clock: Clock, on_accepted: Callable[[], None]) -> None:
        self._keep = keep
        self._clock = clock
        self._ledger = StoreLedger(keep, clock, on_accepted)
        self._all = {to_mailbox(one).key: one for one in settings.imap}
        self._running: dict[str, MailboxPoller] = {}

    def hold(self) -> None:
        """Renew the leases; begin to read what became ours, stop what is not ours any more. Raises RetryLater."""
        for key, settings in self._all.items():
            ours = self._keep.mailboxes.lease(f"mailbox:{key}", self._clock.now(), LEASE)
            if ours and key not in self._running:
                self._running[key] = self._poller(settings)
                self._running[key].start()
            elif not ours and key in self._running:
                self._running.pop(key).stop(1.0)

    def once(self) -> int:
        """Take what is in every mailbox now; how many mails. Raises what goes wrong."""
        return sum(self._poller(settings).once() for settings in self._all.values())

    def stop(self, seconds: float) -> None:
        """Let every poller finish its group, for at most so long in all."""
        for poller in self._running.values():
            poller.stop(seconds / max(1, len(self._running)))
        self._running.clear()

    def _poller(self, settings: MailboxSettings) -> MailboxPoller:
        password = partial(_password, settings)
        return MailboxPoller(to_mailbox(settings), password, self._ledger, self._clock, random.random)


def check_mailboxes(settings: Settings) -> list[tuple[str, str]]:
    """Log in to every mailbox and look at its folder: name and trouble of each that does not answer."""
    found = []
    for one in settings.imap:
        try:
            check_mailbox(to_mailbox(one), _password(one))
        except Exception as error:  # noqa: BLE001  # a server may answer anything, and all of it is news here
            found.append((one.name, str(error) or type(error).__name__))
    return found


def _password(settings: MailboxSettings) -> str:
    return password_of(settings.password_file, settings.password_env) or ""
