"""From a folder on a server into the ledger, over any number of connections: what is new is taken in bounded groups,
committed with the cursor in one transaction, and only then marked on the server.

    select -> mark what a crash left unmarked -> windows of UIDs -> groups -> fetch -> COMMIT -> mark

Nothing here depends on flags, dates or sequence numbers. A mail that is taken twice does no harm: its content tells.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from maild.clock import Clock
from maild.ingest.arrival import make_arrival
from maild.ingest.imap_envelope import polled_envelope
from maild.ingest.imap_session import DONE, CommandRefused, ConnectionLost, Folder, ImapSession, Overlong, Senseless
from maild.ingest.mailbox import After, Cursor, Mailbox, MailboxLedger, NotTaken, Start
from maild.messages.envelope import Arrival

log = logging.getLogger(__name__)

GROUP_MAILS = 50
GROUP_BYTES = 8 << 20
PIECE_BYTES = 1 << 20
LARGE_MAIL = 4 << 20
"""Mails from this size on are fetched in pieces, so that a line which breaks loses a piece and not the mail."""
LARGEST_MAIL = 128 << 20
"""Of a mail beyond this only the beginning is taken, and it stays on the server whatever is set."""

BELIEVED = timedelta(minutes=1)
"""How long a server must say that its numbers went back."""
GIVEN_UP = timedelta(minutes=10)
"""How long a mail is asked for whose answers break the connection by what they say; others wait behind it."""

_SIZES_AT_ONCE = 200
_WINDOW = 5_000
_WIDEST = 50_000
"""So many UIDs fit into an answer of less than a million bytes, where the standard library gives up."""
_TRIES = 3


class _Sized(NamedTuple):
    uid: int
    size: int | None = None
    """None where the server does not tell, which means that the mail has gone meanwhile."""
    arrived_at: datetime | None = None


class Renumbering:
    """How often all mails of a folder may be looked at again because their numbers mean nothing any more.

    The first time at once, then after a minute, and each further time after four times as long: for a server that
    numbers anew at each look, all mails would be fetched again without a pause.
    """

    def __init__(self) -> None:
        self._not_before: datetime | None = None
        self._pause = timedelta()

    def waits_until(self, now: datetime) -> datetime | None:
        """None, and that counts as one more; or when the next may be."""
        if self._not_before is not None and now < self._not_before:
            return self._not_before
        if self._not_before is not None and now > self._not_before + timedelta(days=2):
            self._pause = timedelta()
        self._pause = min(4 * self._pause or timedelta(minutes=1), timedelta(days=1))
        self._not_before = now + self._pause
        return None


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
        self._senseless: dict[str, datetime] = {}
        self._overlong: set[str] = set()
        self._renumbering = Renumbering()
        self._behind_since: datetime | None = None
        self._begun: tuple[str, bytearray] = ("", bytearray())
        self.problem: str | None = None

    def round(self, session: ImapSession, stopping: Callable[[], bool]) -> int:
        """Take everything that is new and return how many mails that were; between two groups it may be stopped.

        Raises what the session and the ledger raise: nothing has been marked then that is not kept.
        """
        folder = session.select(self._mailbox.folder, writing=self._mailbox.after is not After.KEEP)
        cursor = self._cursor(session, folder)
        # Where numbers are given a second time, what has a known number need not be what was taken under it.
        if session is not self._marked_up and self._behind_since is None:
            self._mark_leftovers(session, folder, cursor.last_uid)
            self._marked_up = session
        taken = 0
        for uids in _windows(session, folder, cursor.last_uid):
            for group in self._groups(session, uids):
                if stopping():
                    return taken
                taken += self._take(session, cursor, folder, group)
        return taken

    def compare(self, session: ImapSession, *, take: bool) -> list[NotTaken]:
        """What lies in the folder, was passed by the cursor and is not in the ledger; it is taken now, if so wanted.

        A mail that is in the ledger under another name (the folder was copied, another mailbox brought it) is none of
        them. Memory is bounded by a group of mails, whatever the folder holds.
        """
        folder = session.select(self._mailbox.folder, writing=take and self._mailbox.after is not After.KEEP)
        cursor = self._ledger.cursor(self._mailbox.key)
        if cursor is None or cursor.uidvalidity != folder.uidvalidity:
            return []
        lost: list[NotTaken] = []
        for uids in self._untaken(session, folder, cursor):
            for group in self._groups(session, uids):
                lost += self._compare_group(session, folder, cursor, group, take=take)
        return lost

    def _untaken(self, session: ImapSession, folder: Folder, cursor: Cursor) -> Iterator[list[int]]:
        for uids in _windows(session, folder, cursor.left_uid, cursor.last_uid):
            for start in range(0, len(uids), _SIZES_AT_ONCE):
                sources = {self._mailbox.source(folder.uidvalidity, u): u for u in uids[start : start + _SIZES_AT_ONCE]}
                kept = self._ledger.taken(sources)
                if untaken := [uid for source, uid in sources.items() if source not in kept]:
                    yield untaken

    def _compare_group(
        self, session: ImapSession, folder: Folder, cursor: Cursor, group: Sequence[_Sized], *, take: bool
    ) -> list[NotTaken]:
        bodies = self._fetch(session, folder, group)
        arrivals = self._arrivals(cursor, group, bodies)
        known = self._ledger.known({arrival.digest for arrival in arrivals.values()})
        if take and arrivals:
            self._ledger.add_from_mailbox(self._mailbox.key, list(arrivals.values()), cursor)
            self._mark(session, folder, [mail for mail in group if mail.uid in bodies])
        there = [mail for mail in group if mail.size is not None]
        return [
            NotTaken(uid=mail.uid, message_id=arrival.message_id if arrival else None, arrived_at=mail.arrived_at)
            for mail in there
            if (arrival := arrivals.get(mail.uid)) is None or arrival.digest not in known
        ]

    def _cursor(self, session: ImapSession, folder: Folder) -> Cursor:
        """How far the folder has been read; under another UIDVALIDITY the old UIDs mean nothing (RFC 3501, 2.3.1.1)."""
        known = self._ledger.cursor(self._mailbox.key)
        now = self._clock.now()
        if known is not None and known.uidvalidity == folder.uidvalidity and not self._went_back(known, folder, now):
            return known
        if known is not None:
            cursor = self._from_the_start(known, folder, now)
        else:
            left = 0
            if self._mailbox.start is Start.NEW:
                left = folder.uidnext - 1 if folder.uidnext else max(session.search(1, None), default=0)
            cursor = Cursor(uidvalidity=folder.uidvalidity, last_uid=left, left_uid=left, began_at=now)
        self._ledger.add_from_mailbox(self._mailbox.key, [], cursor)
        return cursor

    def _from_the_start(self, known: Cursor, folder: Folder, now: datetime) -> Cursor:
        if known.uidvalidity != folder.uidvalidity and (until := self._renumbering.waits_until(now)) is not None:
            raise ConnectionLost(
                f"the server numbers its mails anew again and again: they are looked at next at {until:%H:%M} UTC"
            )
        log.warning("mailbox %s: the server numbers its mails anew, all are looked at again", self._mailbox.key)
        return Cursor(uidvalidity=folder.uidvalidity, last_uid=0, began_at=known.began_at)

    def _went_back(self, known: Cursor, folder: Folder, now: datetime) -> bool:
        """Whether UIDs are given anew that were given before: the server was set back to an older state.

        It is believed when it is so for a minute: servers may be late in telling their next UID.
        """
        if not 0 < folder.uidnext <= known.last_uid:
            self._behind_since = None
            return False
        self._behind_since = self._behind_since or now
        return now - self._behind_since >= BELIEVED and self._renumbering.waits_until(now) is None

    def _groups(self, session: ImapSession, uids: Sequence[int]) -> Iterator[list[_Sized]]:
        """Mails that are fetched together: at most so many, at most so many bytes; after trouble one at a time."""
        group: list[_Sized] = []
        for start in range(0, len(uids), _SIZES_AT_ONCE):
            chunk = uids[start : start + _SIZES_AT_ONCE]
            outlines = session.outlines(chunk)
            for uid in chunk:
                told = outlines.get(uid)
                mail = _Sized(uid, told.size, told.arrived_at) if told else _Sized(uid)
                most = 1 if self._one_by_one or _is_large(mail) or _is_large(*group[-1:]) else GROUP_MAILS
                if group and (len(group) >= most or _bytes([*group, mail]) > GROUP_BYTES):
                    yield group
                    group = []
                group.append(mail)
        if group:
            yield group

    def _take(self, session: ImapSession, cursor: Cursor, folder: Folder, group: Sequence[_Sized]) -> int:
        # When anything breaks in here, single mails are taken for a while: so one that breaks the server or the ledger
        # holds up none but itself.
        singly, self._one_by_one = self._one_by_one, GROUP_MAILS
        bodies = self._fetch(session, folder, group)
        missing = [mail.uid for mail in group if mail.uid not in bodies]
        self._account_for(session, missing, partial(self._mailbox.source, cursor.uidvalidity))
        arrivals = list(self._arrivals(cursor, group, bodies).values())
        # From here on the mails are ours, and not before may the server be told so.
        self._ledger.add_from_mailbox(self._mailbox.key, arrivals, replace(cursor, last_uid=group[-1].uid))
        self._one_by_one = max(singly - 1, 0)
        self._mark(session, folder, [mail for mail in group if mail.uid in bodies])
        return len(bodies)

    def _arrivals(self, cursor: Cursor, group: Sequence[_Sized], bodies: Mapping[int, bytes]) -> dict[int, Arrival]:
        """The mails as the inbox takes them, by UID; what came before the folder was first read is told to be old."""
        now = self._clock.now()
        # A server tells the second in which a mail came; one that came in the very second of the start is new.
        began = cursor.began_at.replace(microsecond=0) if cursor.began_at else None
        arrivals = {}
        for mail in group:
            if (raw := bodies.get(mail.uid)) is not None:
                old = began is not None and mail.arrived_at is not None and mail.arrived_at < began
                envelope = polled_envelope(raw, self._mailbox.source(cursor.uidvalidity, mail.uid), backlog=old)
                arrivals[mail.uid] = make_arrival(raw, envelope, now)
        return arrivals

    def _fetch(self, session: ImapSession, folder: Folder, group: Sequence[_Sized]) -> dict[int, bytes]:
        """The bodies that the server gives; none when it refuses one of them, and then they come one by one later."""
        source = partial(self._mailbox.source, folder.uidvalidity)
        there = [mail for mail in group if mail.size is not None and not self._is_given_up(source(mail.uid))]
        if not there:
            return {}
        first = source(there[0].uid)
        try:
            if len(there) == 1 and (_is_large(there[0]) or first in self._overlong):
                return self._fetch_pieces(session, folder, there[0])
            return session.bodies([mail.uid for mail in there], _bytes(there))
        except CommandRefused:
            return {}
        except Senseless as error:
            if len(there) == 1:
                self._senseless.setdefault(first, self._clock.now())
                # One that is far larger than the server told may come piece by piece.
                self._overlong |= {first} if isinstance(error, Overlong) else set()
            self._one_by_one = GROUP_MAILS
            raise

    def _is_given_up(self, source: str) -> bool:
        """Whether a server had long enough to make sense of a mail, while those behind it waited."""
        since = self._senseless.get(source)
        return since is not None and self._clock.now() - since >= GIVEN_UP

    def _fetch_pieces(self, session: ImapSession, folder: Folder, mail: _Sized) -> dict[int, bytes]:
        """A large mail; what came of it over a connection that broke is not asked for again.

        It ends where the server has no more, since servers err in sizes.
        """
        source, size = self._mailbox.source(folder.uidvalidity, mail.uid), mail.size or 0
        if self._begun[0] != source:
            self._begun = (source, bytearray())
        body = self._begun[1]
        while len(body) < LARGEST_MAIL:
            piece = session.piece(mail.uid, len(body), min(PIECE_BYTES, LARGEST_MAIL - len(body)))
            if piece is None and len(body) < size:
                return {}
            if not piece:
                break
            body += piece
        else:
            log.warning("%s has %d bytes: only the beginning is taken", source, size)
        self._begun = ("", bytearray())
        return {mail.uid: bytes(body)}

    def _account_for(self, session: ImapSession, missing: Sequence[int], source: Callable[[int], str]) -> None:
        """Mails that came without a body: gone meanwhile, or there and not given, which is tried again a few times."""
        for uid in missing:
            if not session.search(uid, uid):
                continue
            self._withheld[uid] += 1
            if self._withheld[uid] < _TRIES and not self._is_given_up(source(uid)):
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
            outlines = session.outlines(ours)
            self._mark(session, folder, [_Sized(uid, outlines[uid].size) for uid in ours if uid in outlines])

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


def _windows(session: ImapSession, folder: Folder, after: int, until: int | None = None) -> Iterator[list[int]]:
    """The UIDs behind one, in answers of a bounded size: a folder may hold any number of mails.

    Windows grow where UIDs are sparse. Without an end the last one is open, since UIDNEXT is only foretold.
    """
    first, width = after + 1, _WINDOW
    end = folder.uidnext if until is None else until + 1
    while folder.exists > _WIDEST and first < end:
        last = min(first + width, end) - 1
        if found := session.search(first, last):
            yield found
        width = min(2 * width, _WIDEST) if len(found) < _WINDOW // 10 else _WINDOW
        first = last + 1
    if (until is None or first <= until) and (found := session.search(first, until)):
        yield found


def _is_large(*mails: _Sized) -> bool:
    return any((mail.size or 0) > LARGE_MAIL for mail in mails)


def _bytes(group: Sequence[_Sized]) -> int:
    return sum(mail.size or 0 for mail in group)
