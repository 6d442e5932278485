"""A mail is handled: taken from the inbox, understood, decided, and everything saved in one transaction.

Before its commit the mail still waits; after it all is done. A bug is rolled back and shelved with its traceback in a
second transaction, and the mails behind it go on.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from maild.clock import Clock
from maild.errors import RetryLater, Unreadable
from maild.messages.envelope import Envelope
from maild.messages.mail import Mail
from maild.messages.read import read_mail
from maild.messages.unreadable import unreadable_mail
from maild.outgoing.compose import write_letter
from maild.outgoing.letters import Letters
from maild.store.inbox import Claimed, Waiting
from maild.store.keep import Keep
from maild.store.tickets import Asked
from maild.threads.decide import decide
from maild.threads.facts import read_clues
from maild.threads.model import InboxState
from maild.threads.plan import Plan
from maild.threads.practice import Practice

_log = logging.getLogger("maild.desk")
_TRIES = 3
_BETWEEN_TRIES = timedelta(seconds=2)


@dataclass(frozen=True, kw_only=True, slots=True)
class Office:
    """How the desk works at this moment: a reload makes a new one, and a mail in hand keeps its own."""

    practice: Practice
    letters: Letters


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """A mail that was taken in hand, and the state it is in now."""

    inbox_id: int
    state: InboxState
    letters: int


class Desk:
    """Handles mails one by one; safe to be used by several processes on one database."""

    def __init__(self, keep: Keep, office: Callable[[], Office], clock: Clock) -> None:
        self._keep = keep
        self._office = office
        self._clock = clock

    def take_next(self, only: int | None = None) -> Taken | None:
        """Handle the oldest mail that waits (or this one); None where none does. Raises RetryLater."""
        in_hand: list[Waiting] = []
        office = self._office()

        def understand(waiting: Waiting) -> Mail:
            in_hand.append(waiting)
            return understand_mail(waiting.raw, waiting.envelope, office.practice)

        try:
            with self._keep.inbox.claim(self._clock.now(), only, understand) as claimed:
                if claimed is None:
                    return None
                if claimed.gone:
                    return Taken(inbox_id=claimed.waiting.id, state=InboxState.WAITING, letters=0)
                return self._handle(claimed, office)
        except RetryLater:
            raise
        except Exception as bug:  # whatever it is, the mail must be kept and the next one handled
            if not in_hand:
                raise
            return self._shelve(in_hand[0], bug)

    def _handle(self, claimed: Claimed[Mail], office: Office) -> Taken:
        waiting, connection = claimed.waiting, claimed.connection
        plan = self.judge(connection, claimed.understood, waiting, office.practice)
        written = [write_letter(letter, office.letters) for letter in plan.letters]
        self._keep.apply(connection, plan, written, inbox_id=waiting.id, digest=waiting.digest, now=self._clock.now())
        return Taken(inbox_id=waiting.id, state=plan.state, letters=len(written))

    def judge(self, connection: object, mail: Mail, waiting: Waiting, practice: Practice) -> Plan:
        """Gather the facts and decide; nothing is changed by it."""
        clues = read_clues(mail, waiting.envelope, practice.mint, practice.tag)
        asked = Asked(
            inbox_id=waiting.id,
            received_at=waiting.received_at,
            digest=waiting.digest,
            bounced_id=mail.bounce.original_message_id if mail.bounce else None,
        )
        facts = self._keep.tickets.gather(connection, clues, asked, self._clock.now())  # type: ignore[arg-type]
        return decide(mail, waiting.envelope, clues, facts, practice)

    def _shelve(self, waiting: Waiting, bug: Exception) -> Taken:
        """A bug: tried again twice, then put aside where the admin finds it with its traceback."""
        reason = f"{type(bug).__name__}: {str(bug)[:300]}"
        lines = traceback.format_exc()
        now = self._clock.now()
        if waiting.attempts + 1 < _TRIES:
            self._keep.inbox.postpone(waiting.id, reason=reason, next_at=now + _BETWEEN_TRIES, traceback=lines)
            return Taken(inbox_id=waiting.id, state=InboxState.WAITING, letters=0)
        _log.error("mail put aside", extra={"inbox_id": waiting.id, "reason": reason}, exc_info=bug)
        self._keep.inbox.quarantine(waiting.id, reason=reason, traceback=lines, now=now)
        return Taken(inbox_id=waiting.id, state=InboxState.QUARANTINED, letters=0)

    def explain(self, waiting: Waiting) -> Mapping[str, object]:
        """What would be done with a mail now: the same gathering and judging, and nothing is kept."""
        practice = self._office().practice
        mail = understand_mail(waiting.raw, waiting.envelope, practice)
        with self._keep.database.read() as connection:
            return self.judge(connection, mail, waiting, practice).explanation


def understand_mail(raw: bytes, envelope: Envelope, practice: Practice) -> Mail:
    """The mail as it is read; one that cannot be read is a mail all the same, with its bytes attached."""
    try:
        return read_mail(raw, envelope_sender=envelope.sender, is_own=practice.mint.is_own)
    except Unreadable as reason:
        return unreadable_mail(raw, str(reason))
