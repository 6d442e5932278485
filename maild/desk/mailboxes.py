"""The mailboxes that are read: their pollers, on the store's ledger, and the watch on them.

What an admin is told of them on demand stands in `mailbox_checks.py`.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from maild.clock import Clock
from maild.config.settings import Mailbox as MailboxSettings
from maild.config.settings import Settings
from maild.desk.assembly import password_of
from maild.desk.causes import Cause
from maild.errors import MaildError
from maild.ingest.imap import MailboxPoller
from maild.ingest.mailbox import After, Cursor, Mailbox, MailboxHealth, NotTaken, Secret, Security, Start
from maild.ingest.oauth2 import TokenAccount, Tokens
from maild.messages.envelope import Arrival
from maild.store.keep import Keep
from maild.store.mailboxes import MailboxStore, Place

LEASE = timedelta(seconds=30)
"""How long a desk that died keeps others from its mailboxes; renewed every few seconds."""
MICROSOFT_LIFE = timedelta(days=90)
"""How long Microsoft lets a refresh token live that nobody uses."""
_NAMED = 10
_START = timedelta(minutes=1)

_log = logging.getLogger("maild.mailboxes")


class Troubles(Protocol):
    """Who is told of mailboxes in trouble; `about` is the mailbox. Called by several workers; must not raise."""

    def tell(self, cause: Cause, text: str, about: str = "") -> None:
        """A trouble has come."""
        ...

    def over(self, cause: Cause, about: str | None = None) -> None:
        """It has ended, or was never there."""
        ...


class LoggedTroubles:
    """Troubles that are told to the log and nobody else."""

    def __init__(self) -> None:
        self._open: set[tuple[Cause, str | None]] = set()

    def tell(self, cause: Cause, text: str, about: str = "") -> None:
        """One line."""
        self._open.add((cause, about))
        _log.warning("%s (%s): %s", cause, about, text)

    def over(self, cause: Cause, about: str | None = None) -> None:
        """One line, where there was one before."""
        if (cause, about) in self._open:
            self._open.discard((cause, about))
            _log.info("%s (%s): over", cause, about)


class StoreLedger:
    """The store as a poller sees it."""

    def __init__(self, store: MailboxStore, clock: Clock, on_accepted: Callable[[], None] = lambda: None) -> None:
        self._store = store
        self._clock = clock
        self._on_accepted = on_accepted

    def cursor(self, mailbox: str) -> Cursor | None:
        """How far this mailbox has been read."""
        place = self._store.place(mailbox)
        if place is None:
            return None
        return Cursor(
            uidvalidity=place.uidvalidity, last_uid=place.last_uid, left_uid=place.left_uid, began_at=place.began_at
        )

    def add_from_mailbox(self, mailbox: str, arrivals: Sequence[Arrival], cursor: Cursor) -> list[int]:
        """Mails and cursor in one transaction; then the desk is woken."""
        place = Place(
            uidvalidity=cursor.uidvalidity, last_uid=cursor.last_uid, left_uid=cursor.left_uid, began_at=cursor.began_at
        )
        ids = self._store.add(mailbox, arrivals, place, self._clock.now())
        if ids:
            self._on_accepted()
        return ids

    def taken(self, sources: Collection[str]) -> frozenset[str]:
        """Which of these mails are kept."""
        return self._store.taken(sources)

    def known(self, digests: Collection[str]) -> frozenset[str]:
        """Which of these contents are kept."""
        return self._store.known(digests)

    def note_look(self, mailbox: str, at: datetime) -> None:
        """When the folder was last searched to its end."""
        self._store.note(mailbox, read_at=at)

    def compared_at(self, mailbox: str) -> datetime | None:
        """When the folder was last compared with the ledger."""
        looked = self._store.looked(mailbox)
        return looked.compared_at if looked else None

    def note_comparison(self, mailbox: str, at: datetime) -> None:
        """It was compared now."""
        self._store.note(mailbox, compared_at=at)


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


def token_account(settings: MailboxSettings) -> TokenAccount | None:
    """Where the tokens of a mailbox come from; None where it has a password."""
    wanted = settings.oauth2
    if wanted is None:
        return None
    return TokenAccount(
        name=settings.name,
        command=wanted.token_command,
        token_url=wanted.token_url or "",
        client_id=wanted.client_id or "",
        client_secret_file=wanted.client_secret_file,
        refresh_token_file=wanted.refresh_token_file,
        scope=wanted.scope or "",
        life=MICROSOFT_LIFE if wanted.provider == "microsoft" else None,
    )


def secret_of(settings: MailboxSettings, tokens: Tokens | None) -> Secret:
    """What to log in with now. Raises TokenRefused, Unavailable, ConfigError, CannotCreate."""
    if tokens is not None:
        return tokens.get()
    return password_of(settings.password_file, settings.password_env) or ""


def patience(settings: MailboxSettings) -> timedelta:
    """How long a mailbox may go unread; one that is looked at more seldom than that is given two looks."""
    return max(settings.alarm_after, 2 * settings.poll)


class Mailboxes:
    """All pollers of a desk. Each mailbox is read by the one desk that holds its lease."""

    def __init__(
        self,
        settings: Settings,
        keep: Keep,
        clock: Clock,
        on_accepted: Callable[[], None],
        troubles: Troubles | None = None,
    ) -> None:
        self._keep = keep
        self._clock = clock
        self._troubles = troubles or LoggedTroubles()
        self._ledger = StoreLedger(keep.mailboxes, clock, on_accepted)
        self._all = {to_mailbox(one).key: one for one in settings.imap}
        accounts = {key: token_account(one) for key, one in self._all.items()}
        self._tokens = {key: Tokens(account, clock) for key, account in accounts.items() if account}
        self._running: dict[str, MailboxPoller] = {}
        self._since: dict[str, datetime] = {}
        self._state: dict[tuple[Cause, str], str | None] = {}

    def hold(self) -> None:
        """Renew the leases; begin to read what became ours, stop what is not ours any more; tell of what is not well.

        Raises RetryLater.
        """
        for key, settings in self._all.items():
            ours = self._keep.mailboxes.lease(f"mailbox:{key}", self._clock.now(), LEASE)
            if ours and key not in self._running:
                self._since[key] = self._clock.now()
                self._running[key] = self._poller(settings)
                self._running[key].start()
            elif not ours and key in self._running:
                self._running.pop(key).stop(1.0)
        for key, poller in self._running.items():
            self._watch(key, poller)

    def _watch(self, key: str, poller: MailboxPoller) -> None:
        """Whether it is read, and whether its login will hold; each change is told once."""
        now, health, allowed = self._clock.now(), poller.health, patience(self._all[key])
        if health.last_look is not None and now - health.last_look <= allowed:
            self._tell(Cause.MAILBOX_UNREAD, key, None)
        # A desk that was away for a night has a minute to catch up.
        elif now - self._since[key] > min(allowed, _START):
            looked = self._keep.mailboxes.looked(key)
            read_at = max((at for at in (health.last_look, looked.read_at if looked else None) if at), default=None)
            if now - (read_at or self._since[key]) > allowed:
                self._tell(Cause.MAILBOX_UNREAD, key, unread_text(read_at, health.problem))
        if key in self._tokens:
            self._tell(Cause.TOKEN_DYING, key, self._tokens[key].warning())

    def _tell(self, cause: Cause, key: str, text: str | None) -> None:
        first = (cause, key) not in self._state
        before = self._state.get((cause, key))
        self._state[cause, key] = text
        if text is not None and before is None:
            self._troubles.tell(cause, text, about=key)
        elif text is None and (first or before is not None):
            self._troubles.over(cause, about=key)

    def _missing(self, key: str, lost: Sequence[NotTaken]) -> None:
        """Mails were found that had been passed by; they are taken by now."""
        named = "; ".join(str(mail) for mail in lost[:_NAMED])
        more = f"; and {len(lost) - _NAMED} more" if len(lost) > _NAMED else ""
        self._troubles.tell(Cause.MAIL_MISSED, f"{len(lost)} mails were taken late: {named}{more}", about=key)

    def healths(self) -> dict[str, MailboxHealth]:
        """How each mailbox does that this desk reads, by its name in the settings."""
        return {poller.health.name: poller.health for poller in self._running.values()}

    def once(self) -> int:
        """Take what is in every mailbox now; how many mails. Raises what went wrong after all have been tried."""
        taken, trouble = 0, None
        for key, settings in self._all.items():
            try:
                taken += self._poller(settings).once()
            except MaildError as error:
                _log.warning("mailbox %s: %s", key, error)
                trouble = error
        if trouble is not None:
            raise trouble
        return taken

    def stop(self, seconds: float) -> None:
        """Let every poller finish its group, for at most so long in all."""
        for poller in self._running.values():
            poller.stop(seconds / max(1, len(self._running)))
        self._running.clear()

    def _poller(self, settings: MailboxSettings) -> MailboxPoller:
        mailbox = to_mailbox(settings)
        secret = partial(secret_of, settings, self._tokens.get(mailbox.key))
        missing = partial(self._missing, mailbox.key)
        return MailboxPoller(mailbox, secret, self._ledger, self._clock, random.random, on_missing=missing)


def unread_text(read_at: datetime | None, problem: str | None) -> str:
    """A mailbox that is not read, in a sentence."""
    since = f"since {read_at:%Y-%m-%d %H:%M} UTC" if read_at else "at all"
    return f"not read {since}: {problem or 'its server does not answer'}"
