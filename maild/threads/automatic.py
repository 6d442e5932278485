"""Mail that no person wrote and nobody answers: bounces, delays, absences, receipts, challenges, abuse reports.

It is tied to the ticket it fits, else it stands alone in the inbox. It starts no clock and changes no status, with one
exception: an answer of ours that did not arrive opens its ticket again, and the agents are told. An automatic letter
that came back says only that its address may be dead.
"""

from __future__ import annotations

from dataclasses import replace

from maild.messages.addresses import normal
from maild.messages.mail import MailClass
from maild.messages.tokens import Purpose
from maild.sla.events import Happening as ClockHappening
from maild.threads.case import Case
from maild.threads.dead import DeadAddress, Refusal, after_refusals
from maild.threads.draft import Draft, incoming
from maild.threads.model import InboxState, Ticket, Visibility
from maild.threads.notices import News, notifications
from maild.threads.out_of_office import said_by_machine
from maild.threads.plan import Plan
from maild.threads.sharing import pass_on
from maild.threads.undelivered import reopened, worth_counting

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
    if (absence := said_by_machine(draft)) is not None:
        draft.absences += (absence,)
        draft.note("away", f"{absence.agent} until {absence.until:%Y-%m-%d %H:%M} UTC", "his mail program says so")
    if ticket is None:
        return draft.seal(state, f"{mail.mail_class}: {mail.class_reason}")
    draft.message = incoming(draft.case, draft.at, visibility=Visibility.INTERNAL)
    draft.note("message", f"{mail.mail_class} mail", mail.class_reason)
    if mail.mail_class is MailClass.BOUNCE and _answer_was_lost(draft, ticket):
        _undelivered(draft, ticket)
    else:
        draft.change(ticket, "automatic mail")
    plan = draft.seal(state, f"{mail.mail_class} on {ticket.number}: {mail.class_reason}")
    return replace(plan, dead=_dead_by_report(draft.case)) if mail.mail_class is MailClass.BOUNCE else plan


def _dead_by_report(case: Case) -> tuple[DeadAddress, ...]:
    """What a report says of those whom the letter went to. Of nobody else: anybody can write a report."""
    facts, practice = case.facts, case.practice
    reported = case.mail.bounce.recipients if case.mail.bounce is not None else ()
    found = [
        Refusal(address=r.address, status=r.status or "5.0.0", reason=r.diagnostic or "")
        for r in reported
        if r.kind == "hard" and normal(r.address) in facts.returned_from
    ]
    return after_refusals(facts.dead, worth_counting(practice, found), facts.now, practice.suppress_for)


def _answer_was_lost(draft: Draft, ticket: Ticket) -> bool:
    claim = draft.thread.claim
    by_return_path = claim is not None and claim.purpose is Purpose.BOUNCE
    return by_return_path or draft.case.facts.answer_lost == ticket.id


def _undelivered(draft: Draft, before: Ticket) -> None:
    draft.change(reopened(before), "an answer of ours did not arrive")
    draft.run_clocks(ClockHappening.ANSWER_BOUNCED)
    assert draft.ticket is not None
    pass_on(draft)
    news = News(event="undelivered", respond_by=draft.respond_by(), background=draft.background(), why=draft.why_in)
    draft.letters.extend(notifications(draft.pen, draft.ticket, draft.case.mail, news=news, sender=None))
