"""A mail is handled: taken from the inbox, understood, decided, and everything saved in one transaction.

Before its commit the mail still waits; after it all is done. A bug is rolled back and shelved with its traceback in a
second transaction, and the mails behind it go on.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

from maild.clock import Clock
from maild.desk.brake import carry_through
from maild.desk.causes import Cause
from maild.desk.guesses import Guesses
from maild.desk.signatures import Signatures
from maild.errors import DataError, MaildError, RetryLater, Unreadable
from maild.guard.limits import PastLimits
from maild.guard.readers import Readers, Request, shared_readers
from maild.messages.envelope import Envelope
from maild.messages.hops import MOST_SERVERS, count_received
from maild.messages.mail import Mail, MailClass
from maild.messages.unreadable import unreadable_mail
from maild.outgoing.letters import Letters
from maild.store.inbox import Waiting
from maild.store.keep import Keep
from maild.store.tickets import Asked
from maild.threads.assignment import counted
from maild.threads.decide import decide
from maild.threads.facts import read_clues
from maild.threads.model import IMPORTED
from maild.threads.plan import Plan
from maild.threads.practice import Practice
from maild.threads.promises import Promises

_log = logging.getLogger("maild.desk")
_AT_ONCE = 16
_TRIES = 3
_BETWEEN_TRIES = timedelta(seconds=2)
_ASKED_AGAIN_AFTER = timedelta(minutes=1)
"""How long an agent's mail waits for a DNS that does not answer; after the second time it goes on unproven."""


class GoesInCircles(DataError):
    """A mail that more servers have passed on than any honest one: whatever is answered to it comes back, too."""


class NotNow(MaildError):
    """What proves an agent's mail cannot be asked for now, and may be in a minute."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Office:
    """How the desk works at this moment: a reload makes a new one, and a mail in hand keeps its own."""

    practice: Practice
    letters: Letters
    signatures: Signatures = field(default_factory=Signatures)
    promises_text: str = ""
    """The text of what is promised, as the file has it."""
    earlier_promises: Callable[[str], Promises | None] = lambda _: None
    """What an earlier text promised, as far as it can be read now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """How many mails were taken in hand, and how many letters came of them."""

    mails: int
    letters: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Understood:
    """A mail that was read, and how it came, with what its own signatures say."""

    mail: Mail
    envelope: Envelope


class Desk:
    """Handles mails one by one; safe to be used by several processes on one database."""

    def __init__(self, keep: Keep, office: Callable[[], Office], clock: Clock, readers: Readers | None = None) -> None:
        self._keep = keep
        self._office = office
        self._clock = clock
        self._readers = readers or shared_readers()
        self._guesses = Guesses()

    def take_next(self, only: int | None = None) -> Taken:
        """Handle the mails that have waited longest (or this one) in one transaction. Raises RetryLater.

        Several share a commit, since the disk is what a mail waits for; each has a savepoint of its own, so that one
        that fails takes none with it.
        """
        office, shelved, letters = self._office(), list[tuple[Waiting, Exception]](), 0
        limit = _AT_ONCE if only is None and self._keep.database.is_sqlite else 1
        now, understand = self._clock.now(), partial(self._understand, office)
        with self._keep.inbox.claim(now, only, understand, limit) as claimed:
            for waiting, understood in claimed.mails:
                try:
                    if isinstance(understood, Exception):
                        raise understood
                    letters += self._handle(claimed.connection, waiting, understood, office)
                except RetryLater:
                    raise
                except Exception as bug:  # noqa: BLE001  # the mail must be kept and the next one handled
                    shelved.append((waiting, bug))
        for waiting, error in shelved:
            self._shelve(waiting, error)
        return Taken(mails=len(claimed.mails), letters=letters)

    def _understand(self, office: Office, found: Sequence[Waiting]) -> list[_Understood | Exception]:
        """The mails, or why one could not be understood: that is this mail's trouble, and no other's.

        One that cannot be read is a mail all the same, with its bytes attached. Raises RetryLater.
        """
        return [self._vouched(office, one, read) for one, read in zip(found, self._read(office, found), strict=True)]

    def _vouched(self, office: Office, waiting: Waiting, read: Mail | Exception) -> _Understood | Exception:
        """The mail with what its signatures say; they are asked before the transaction, for it may take its time."""
        if isinstance(read, Exception):
            return read
        try:
            now = self._clock.now()
            found = office.signatures.look_at(read, waiting.raw, waiting.envelope, office.practice, now)
        except Exception as bug:  # noqa: BLE001  # this mail's trouble, and no other's
            return bug
        return _Understood(mail=read, envelope=replace(waiting.envelope, vouched=found) if found else waiting.envelope)

    def _read(self, office: Office, found: Sequence[Waiting]) -> list[Mail | Exception]:
        requests = (Request(raw=one.raw, envelope_sender=one.envelope.sender) for one in found)
        results = self._readers.read_each(requests, office.practice.mint.is_own)
        return [_as_meant(one, result) for one, result in zip(found, results, strict=True)]

    def _handle(self, connection: Any, waiting: Waiting, understood: _Understood, office: Office) -> int:
        vouched = understood.envelope.vouched
        if vouched is not None and vouched.not_now and waiting.attempts < _TRIES - 1:
            raise NotNow(vouched.reason)
        with connection.begin_nested():
            plan = self._judge(connection, understood, waiting, office.practice)
            self._guesses.note(waiting.envelope, plan.wrong_tokens, self._clock.now())
            return carry_through(
                self._keep,
                connection,
                plan,
                office.letters,
                office.practice,
                now=self._clock.now(),
                inbox_id=waiting.id,
                digest=waiting.digest,
            )

    def _judge(self, connection: Any, understood: _Understood, waiting: Waiting, practice: Practice) -> Plan:
        """Gather the facts and decide; nothing is changed by it."""
        mail, envelope = understood.mail, understood.envelope
        clues = read_clues(mail, envelope, practice.mint, practice.tag, practice.team)
        if clues.claims and self._guesses.too_many(waiting.envelope, self._clock.now()):
            clues = replace(clues, claims=(), guessed=True)
        asked = Asked(
            inbox_id=waiting.id,
            received_at=waiting.received_at,
            digest=waiting.digest,
            bounced_id=mail.bounce.original_message_id if mail.bounce else None,
            reported=tuple(r.address for r in mail.bounce.recipients) if mail.bounce else (),
            counted=counted(practice, orders=clues.agent is not None and clues.has_orders),
        )
        facts = self._keep.tickets.gather(connection, clues, asked, self._clock.now())
        return decide(mail, envelope, clues, facts, practice)

    def _shelve(self, waiting: Waiting, bug: Exception) -> None:
        """A bug: tried again twice, then put aside where the admin finds it with its traceback.

        A mail that takes too much to read, or goes in circles, is put aside at once: it would be so the next time.
        """
        if isinstance(bug, PastLimits | GoesInCircles):
            _log.error("mail %d is put aside: %s", waiting.id, bug, extra={"inbox_id": waiting.id})
            self._put_aside(waiting, str(bug), None)
            return
        if isinstance(bug, NotNow):
            self._keep.inbox.postpone(waiting.id, reason=str(bug), next_at=self._clock.now() + _ASKED_AGAIN_AFTER)
            return
        reason = f"{type(bug).__name__}: {str(bug)[:300]}"
        lines = "".join(traceback.format_exception(bug))
        now = self._clock.now()
        if waiting.attempts + 1 < _TRIES:
            self._keep.inbox.postpone(waiting.id, reason=reason, next_at=now + _BETWEEN_TRIES, traceback=lines)
            return
        _log.error("mail %d is put aside: %s", waiting.id, reason, exc_info=bug, extra={"inbox_id": waiting.id})
        self._put_aside(waiting, reason, lines)

    def _put_aside(self, waiting: Waiting, reason: str, lines: str | None) -> None:
        now, cause = self._clock.now(), Cause.MAIL_QUARANTINED
        self._keep.inbox.quarantine(waiting.id, reason=reason, traceback=lines, now=now)
        self._keep.troubles.tell(cause, f"mail {waiting.id}: {reason}", now, about="", lasts=cause.lasts)

    def explain(self, waiting: Waiting) -> Mapping[str, object]:
        """What would be done with a mail now, with every rule that is asked; nothing is kept.

        Raises PastLimits or GoesInCircles for a mail that would be put aside.
        """
        office = self._office()
        [understood] = self._understand(office, [waiting])
        if isinstance(understood, Exception):
            raise understood
        practice = replace(office.practice, rules=office.practice.rules.plain())
        with self._keep.database.read() as connection:
            return self._judge(connection, understood, waiting, practice).explanation


def _as_meant(waiting: Waiting, result: Mail | Exception) -> Mail | Exception:
    """What reading came to: a mail, with its bytes attached where it cannot be read, or why it has to be put aside."""
    mail = unreadable_mail(waiting.raw, str(result)) if isinstance(result, Unreadable) else result
    if isinstance(mail, Exception) or mail.mail_class is MailClass.OWN or waiting.envelope.channel == IMPORTED:
        return mail
    passed = count_received(waiting.raw)
    return GoesInCircles(f"it goes in circles: {passed} servers have passed it on") if passed > MOST_SERVERS else mail
