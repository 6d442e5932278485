"""Mail that no person wrote and nobody answers: bounces, delays, absences, receipts, challenges, abuse reports.

It is tied to the ticket it fits, else it stands alone in the inbox. It starts no clock and changes no status, with one
exception: an answer of ours that did not arrive opens its ticket again, and the agents are told.
"""

from __future__ import annotations

from dataclasses import replace

from maild.messages.mail import MailClass
from maild.messages.tokens import Purpose
from maild.sla.events import Happening as ClockHappening
from maild.threads import states
from maild.threads.draft import Draft, incoming
from maild.threads.model import InboxState, Ticket, Visibility
from maild.threads.notices import News, notifications
from maild.threads.plan import Plan
from maild.threads.states import Happening

STANDS_ALONE = frozenset(
    {
        MailClass.BOUNCE,
        MailClass.DELAY,
        MailClass.OUT_OF_OFFICE,
        MailClass.RECEIPT,
        MailClass.CHALLENGE,
        MailClass.ABUSE_REPORT,
    }
)
"""Classes that never open a ticket."""


def automatic_mail(draft: Draft) -> Plan:
    """Keep it, tie it to its ticket where there is one, tell the agents of a lost answer."""
    mail, ticket = draft.case.mail, draft.ticket
    state = InboxState.BOUNCE if mail.mail_class is MailClass.BOUNCE else InboxState.AUTOMATIC
    if ticket is None:
        return draft.seal(state, f"{mail.mail_class}: {mail.class_reason}")
    draft.message = incoming(draft.case, draft.at, visibility=Visibility.INTERNAL)
    draft.note("message", f"{mail.mail_class} mail", mail.class_reason)
    if mail.mail_class is MailClass.BOUNCE and _answer_was_lost(draft, ticket):
        _undelivered(draft, ticket)
    else:
        draft.change(ticket, "automatic mail")
    return draft.seal(state, f"{mail.mail_class} on {ticket.number}: {mail.class_reason}")


def _answer_was_lost(draft: Draft, ticket: Ticket) -> bool:
    claim = draft.thread.claim
    by_return_path = claim is not None and claim.purpose is Purpose.BOUNCE
    return by_return_path or draft.case.facts.answer_lost == ticket.id


def _undelivered(draft: Draft, before: Ticket) -> None:
    after = replace(before, status=states.after(before.status, Happening.UNDELIVERED), solved_at=None)
    draft.change(after, "an answer of ours did not arrive")
    draft.run_clocks(ClockHappening.ANSWER_BOUNCED)
    assert draft.ticket is not None
    news = News(event="undelivered", respond_by=draft.respond_by())
    draft.letters.extend(notifications(draft.pen, draft.ticket, draft.case.mail, news=news, sender=None))
