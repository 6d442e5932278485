"""From a folder on a server into the ledger, over any number of connections: what is new is taken in bounded groups,
committed with the cursor in one transaction, and only then marked on the server.

    select -> mark what a crash left unmarked -> windows of UIDs -> groups -> fetch -> COMMIT -> mark

Nothing here depends on flags, dates or sequence numbers. A mail that is taken twice does no harm: its content tells.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from maild.clock import Clock
from maild.ingest.arrival import make_arrival
from maild.ingest.imap_envelope import polled_envelope
from maild.ingest.imap_session import DONE, CommandRefused, ConnectionLost, Folder, ImapSession
from maild.ingest.mailbox import After, Cursor, Mailbox, MailboxLedger, Start

log = logging.getLogger(__name__)

GROUP_MAILS = 50
GROUP_BYTES = 8 << 20
LARGEST_MAIL = 128 << 20
"""Of a mail beyond this only the beginning is taken, and it stays on the server whatever is set."""

_SIZES_AT_ONCE = 200
_WINDOW = 5_000
_WIDEST = 50_000
"""So many UIDs fit into an answer of less than a million bytes, where the standard library gives up."""
_TRIES = 3


class _Sized(NamedTuple):
    uid: int
    size: int | None
    """None where the server does not tell, which means that the mail has gone meanwhile."""


class MailboxIntake:
    """Takes what is new in one folder. It outlives connections; `problem` is what went wrong beside the taking."""

    def __init__(self, mailbox: Mailbox, ledger: MailboxLedger, clock: Clock) -> None:
        self._mailbox = mailbox
        self._ledger = ledger
        self._clock = clock
        self._marked_up: ImapSession | None = None
        self._target: str | None = None
        self._one_by_one = 0
        self._withheld: Counter[int] = Counter()
        self.problem: str | None = None

    def round(self, session: ImapSession, stopping: Callable[[], bool]) -> int:
        """Take everything that is new and return how many mails that were; between two groups it may be stopped.

        Raises what the session and the ledger raise: nothing has been marked then that is not kept.
        """
        folder = session.select(self._mailbox.folder, writing=self._mailbox.after is not After.KEEP)
        last_uid = self._last_uid(session, folder)
        if session is not self._marked_up:
            self._mark_leftovers(session, folder, last_uid)
            self._marked_up = session
        taken = 0
        for uids in _windows(session, folder, last_uid):
            for group in self._groups(session, uids):
                if stopping():
                    return taken
                taken += self._take(session, folder, group)
        return taken

    def _last_uid(self, session: ImapSession, folder: Folder) -> int:
        """How far the folder has been read; under another UIDVALIDITY the old UIDs mean nothing (RFC 3501, 2.3.1.1)."""
        known = self._ledger.cursor(self._mailbox.key)
        if known is not None and known.uidvalidity == folder.uidvalidity:
            return known.last_uid
        last_uid = 0
        if known is not None:
            log.warning("mailbox %s: the server numbers its mails anew, all are looked at again", self._mailbox.key)
        elif self._mailbox.start is Start.NEW:
            last_uid = folder.uidnext - 1 if folder.uidnext else max(session.search(1, None), default=0)
        self._ledger.add_from_mailbox(self._mailbox.key, [], Cursor(uidvalidity=folder.uidvalidity, last_uid=last_uid))
        return last_uid

    def _groups(self, session: ImapSession, uids: Sequence[int]) -> Iterator[list[_Sized]]:
        """Mails that are fetched together: at most so many, at most so many bytes; after trouble one at a time."""
        group: list[_Sized] = []
        for start in range(0, len(uids), _SIZES_AT_ONCE):
            chunk = uids[start : start + _SIZES_AT_ONCE]
            sizes = session.sizes(chunk)
            for uid in chunk:
                mail = _Sized(uid, sizes.get(uid))
                most = 1 if self._one_by_one else GROUP_MAILS
                if group and (len(group) >= most or _bytes([*group, mail]) > GROUP_BYTES):
                    yield group
                    group = []
                group.append(mail)
        if group:
            yield group

    def _take(self, session: ImapSession, folder: Folder, group: Sequence[_Sized]) -> int:
        # When anything breaks in here, single mails are taken for a while: so one that breaks the server or the ledger
        # holds up none but itself.
        singly, self._one_by_one = self._one_by_one, GROUP_MAILS
        bodies = _fetch(session, group)
        self._account_for(session, [mail.uid for mail in group if mail.uid not in bodies])
        now = self._clock.now()
        arrivals = [
            make_arrival(raw, polled_envelope(raw, self._mailbox.source(folder.uidvalidity, uid)), now)
            for uid, raw in bodies.items()
        ]
        # From here on the mails are ours, and not before may the server be told so.
        cursor = Cursor(uidvalidity=folder.uidvalidity, last_uid=group[-1].uid)
        self._ledger.add_from_mailbox(self._mailbox.key, arrivals, cursor)
        self._one_by_one = max(singly - 1, 0)
        self._mark(session, folder, [mail for mail in group if mail.uid in bodies])
        return len(bodies)

    def _account_for(self, session: ImapSession, missing: Sequence[int]) -> None:
        """Mails that came without a body: gone meanwhile, or there and not given, which is tried again a few times."""
        for uid in missing:
            if not session.search(uid, uid):
                continue
            self._withheld[uid] += 1
            if self._withheld[uid] < _TRIES:
                raise ConnectionLost(f"the mail with UID {uid} is there, but the server does not give it")
            log.error("mailbox %s: UID %d cannot be fetched and is left on the server", self._mailbox.key, uid)

    def _mark_leftovers(self, session: ImapSession, folder: Folder, last_uid: int) -> None:
        """Mark what was committed right before a crash: the last mails read, as far as the ledger has them."""
        if not last_uid or not self._can_mark(folder):
            return
        unmarked = ("UNKEYWORD", DONE.decode()) if self._mailbox.after is After.FLAG else ("UNDELETED",)
        uids = session.search(max(1, last_uid - _WIDEST), last_uid, *unmarked)
        while uids:
            uids, chunk = uids[:-GROUP_MAILS], uids[-GROUP_MAILS:]
            kept = self._ledger.taken({self._mailbox.source(folder.uidvalidity, uid) for uid in chunk})
            ours = [uid for uid in chunk if self._mailbox.source(folder.uidvalidity, uid) in kept]
            if not ours:
                return
            sizes = session.sizes(ours)
            self._mark(session, folder, [_Sized(uid, sizes[uid]) for uid in ours if uid in sizes])

    def _mark(self, session: ImapSession, folder: Folder, mails: Sequence[_Sized]) -> None:
        """Do on the server what is set; that it says no is told to people, and no reason to stop taking mail."""
        uids = [mail.uid for mail in mails if mail.size is not None and mail.size <= LARGEST_MAIL]
        if not uids or not self._can_mark(folder):
            return
        try:
            match self._mailbox.after:
                case After.FLAG:
                    session.add_keyword(uids)
                case After.MOVE:
                    self._move(session, uids)
                case After.DELETE:
                    session.delete(uids)
                case After.KEEP:
                    pass
            self.problem = None
        except CommandRefused as error:
            self._target = None
            self.problem = f"mails are taken but not marked: {error}"
            log.warning("mailbox %s: %s", self._mailbox.key, self.problem)

    def _move(self, session: ImapSession, uids: Sequence[int]) -> None:
        if self._target is None:
            self._target = session.find_folder(self._mailbox.move_to or "")
        session.move(uids, self._target)

    def _can_mark(self, folder: Folder) -> bool:
        if self._mailbox.after is After.KEEP:
            return False
        if not folder.writable:
            self.problem = f"mails are taken but not marked: {self._mailbox.folder} can only be read"
            return False
        return folder.keywords or self._mailbox.after is not After.FLAG


def _windows(session: ImapSession, folder: Folder, last_uid: int) -> Iterator[list[int]]:
    """The UIDs behind the last one, in answers of a bounded size: a folder may hold any number of mails.

    Windows grow where UIDs are sparse. The last one is open, since UIDNEXT is only what the server foresaw.
    """
    first, width = last_uid + 1, _WINDOW
    while folder.exists > _WIDEST and first < folder.uidnext:
        last = min(first + width, folder.uidnext) - 1
        if found := session.search(first, last):
            yield found
        width = min(2 * width, _WIDEST) if len(found) < _WINDOW // 10 else _WINDOW
        first = last + 1
    if found := session.search(first, None):
        yield found


def _fetch(session: ImapSession, group: Sequence[_Sized]) -> dict[int, bytes]:
    """The bodies that the server gives; none when it refuses one of them, and then they come one by one later."""
    there = [mail for mail in group if mail.size is not None]
    if len(there) == 1 and _bytes(there) > LARGEST_MAIL:
        log.warning("UID %d has %d bytes: only the beginning is taken", there[0].uid, _bytes(there))
        return session.beginning(there[0].uid, LARGEST_MAIL)
    if not there:
        return {}
    try:
        return session.bodies([mail.uid for mail in there], _bytes(there))
    except CommandRefused:
        return {}


def _bytes(group: Sequence[_Sized]) -> int:
    return sum(mail.size or 0 for mail in group)
