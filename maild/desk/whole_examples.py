"""Whole mails as examples of rules: read as the desk reads mail, and made into the fields that its rules look at.

An example comes over no wire: nobody is proven by it, and its hour is that of its Date. What it has to say besides
stands in the file beside it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from maild.config.policy import Policy
from maild.config.settings import Settings
from maild.config.whole_mails import FieldsOf
from maild.desk.assembly import make_practice
from maild.guard.readers import Request, shared_readers
from maild.messages.envelope import Envelope
from maild.messages.tokens import Key, Mint
from maild.people.proof import Proof
from maild.people.team import Team
from maild.routing.fields import Values
from maild.routing.rules import RuleSet
from maild.threads.case import Case, Sender, identify
from maild.threads.facts import Clues, Facts, recipients, sender_key
from maild.threads.forwards import mail_passed_on
from maild.threads.passed_on import PassedOn
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
        case = _as_the_customers(case)
        _, queue = queue_written_to(case)
        fields = mail_fields(case, queue)
        absent = ("hour", "weekday") if mail.date is None else ()
        return {name: value for name, value in fields.items() if name not in absent}

    return fields_of


def _as_the_customers(case: Case) -> Case:
    """The mail that an agent forwards to the desk, in place of his: an example takes him for proven, as most are."""
    agent = case.sender.agent
    found = mail_passed_on(case)
    if agent is None or found is None:
        return case
    inner = found.mail
    return replace(
        case,
        mail=inner,
        sender=Sender(address=sender_key(inner), agent=None, proof=Proof(kind="none", reason="")),
        envelope=replace(case.envelope, recipients=recipients(case.mail, case.envelope)),
        passed_on=PassedOn(agent=agent, words="", orders=(), dated="", attached=False),
    )
