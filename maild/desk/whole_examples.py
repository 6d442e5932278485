"""Whole mails as examples of rules: read as the desk reads mail, and made into the fields that its rules look at.

An example comes over no wire: nobody is proven by it, and its hour is that of its Date. What it has to say besides
stands in the file beside it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from maild.config.policy import Policy
from maild.config.settings import Settings
from maild.config.whole_mails import FieldsOf
from maild.desk.assembly import make_practice
from maild.guard.readers import Request, shared_readers
from maild.messages.envelope import Envelope
from maild.messages.tokens import Key, Mint
from maild.people.team import Team
from maild.routing.fields import Values
from maild.routing.rules import RuleSet
from maild.threads.case import Case, identify
from maild.threads.facts import Clues, Facts
from maild.threads.route import mail_fields, queue_written_to

_NO_CLUES = Clues(claims=(), signed=(), ids=(), own_id=None, tickets_named=(), sender=None)
_WITHOUT_DATE = datetime(2000, 1, 1, tzinfo=UTC)


def reader_of_fields(settings: Settings) -> FieldsOf:
    """What makes the fields of a whole mail. Raises Unreadable, PastLimits, ReadingFailed, RetryLater when called."""
    # Examples are no mail of this desk: nothing in them is signed by it, and its secret is not asked for.
    mint = Mint((Key(id="a", secret=bytes(32)),), settings.desk.address, settings.desk.reply_domain)

    def fields_of(raw: bytes, team: Team) -> Values:
        policy = Policy(
            rules=RuleSet(),
            team=team,
            promises=(),
            calendars=(),
            examples=(),
            letters_dir=settings.paths.rules / "letters",
            revision="",
        )
        practice = make_practice(settings, policy, mint)
        mail = shared_readers().read(Request(raw=raw), mint.is_own)
        envelope = Envelope(channel="file", source="example", sender=None)
        at = mail.date or _WITHOUT_DATE
        case = Case(
            mail=mail,
            envelope=envelope,
            clues=_NO_CLUES,
            facts=Facts(now=at, inbox_id=0, received_at=at, next_ticket=0),
            practice=practice,
            sender=identify(mail, envelope, practice),
        )
        _, queue = queue_written_to(case)
        fields = mail_fields(case, queue)
        absent = ("hour", "weekday") if mail.date is None else ()
        return {name: value for name, value in fields.items() if name not in absent}

    return fields_of
