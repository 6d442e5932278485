"""The judgement on one mail: values in, a Plan out. The order of the way stands here, once.

is it our own?  have we had it?  which ticket?  who wrote it, and is it proven?  what then?
"""

from __future__ import annotations

from dataclasses import replace

from maild.messages.envelope import Envelope
from maild.messages.mail import Mail, MailClass
from maild.threads.agents import agent_mail, gate_closed
from maild.threads.assignment import present
from maild.threads.automatic import STANDS_ALONE, automatic_mail
from maild.threads.case import Case, identify
from maild.threads.customers import customer_mail, is_requester
from maild.threads.draft import Draft
from maild.threads.drafting import begin_draft
from maild.threads.facts import Clues, Facts
from maild.threads.forwards import forwarded_mail
from maild.threads.imported import imported_mail
from maild.threads.match import Thread, find_thread
from maild.threads.model import IMPORTED, InboxState
from maild.threads.order_mail import is_order_mail, order_mail
from maild.threads.partners import is_partners, partners_mail
from maild.threads.plan import Plan
from maild.threads.practice import Practice
from maild.threads.presence import but_for, came_back, presence_mail, with_return
from maild.threads.seals import known_by
from maild.threads.undelivered import revived
from maild.threads.unproven import confirm, confirming, unverified

_NO_THREAD = Thread(ticket=None, rung=None, certain=False, tried=())


def decide(mail: Mail, envelope: Envelope, clues: Clues, facts: Facts, practice: Practice) -> Plan:
    """What is to be done with this mail. Touches nothing, asks nobody; the same facts give the same Plan."""
    sender = identify(mail, envelope, practice)
    returned = came_back(mail, sender, facts) if envelope.channel != IMPORTED else ()
    practice = present(practice, but_for(facts.absences, returned), facts.workload, facts.now)
    if sender.address is not None and practice.is_ours(sender.address) and _is_form(mail, practice):
        sender = replace(sender, address=None, agent=None)
    case = Case(mail=mail, envelope=envelope, clues=clues, facts=facts, practice=practice, sender=sender)
    if (reason := _own(case)) and (envelope.channel != IMPORTED or mail.mail_class is MailClass.OWN):
        return begin_draft(case, _NO_THREAD).seal(InboxState.OWN, reason)
    if facts.duplicate is not None:
        first = facts.duplicate
        thread = Thread(ticket=first.ticket, rung=None, certain=True, tried=())
        reason = f"the same mail as inbox {first.inbox_id}"
        return begin_draft(case, thread, load=False).seal(InboxState.DUPLICATE, reason)
    thread = find_thread(mail, clues, facts, practice.mint, practice.team, proven=sender.proof.holds)
    plan = _judge(begin_draft(case, thread))
    if envelope.channel == IMPORTED:
        return plan
    plan = with_return(plan, returned)
    return replace(plan, revived=revived(case, thread), wrong_tokens=thread.wrong)


def _judge(draft: Draft) -> Plan:
    case, ticket = draft.case, draft.ticket
    if case.envelope.channel == IMPORTED:
        return imported_mail(draft, _own(case))
    if ticket is not None and is_partners(draft):
        return partners_mail(draft, ticket)
    if case.mail.mail_class in STANDS_ALONE and case.mail.surely_automatic:
        return automatic_mail(draft)
    if (passed_on := forwarded_mail(draft)) is not None:
        return passed_on
    if (about_himself := presence_mail(draft)) is not None:
        return about_himself
    if is_order_mail(draft):
        return order_mail(draft)
    if case.sender.agent is None or ticket is None:
        return customer_mail(draft)
    if (confirmed := confirming(draft)) is not None:
        return confirm(draft, ticket, confirmed)
    closed = gate_closed(draft)
    if closed is None:
        draft.known_as = (*draft.known_as, *known_by(case))
        return agent_mail(draft, ticket)
    if is_requester(case, ticket) and not _came_to_agent_address(draft):
        return customer_mail(draft)  # an agent may be a customer too, and then he has a customer's rights
    return unverified(draft, ticket, closed)


def _came_to_agent_address(draft: Draft) -> bool:
    agent = draft.case.sender.agent
    return draft.thread.claim is not None and agent is not None and draft.thread.holder == agent.id


def _is_form(mail: Mail, practice: Practice) -> bool:
    """Whether it was written in our name by a form on our own site, which names a stranger in Reply-To, or by a mailing
    list that the desk's address is: DMARC makes such a list put itself into From.
    """
    if mail.writer is not None and mail.writer.via is not None:
        return mail.mail_class is not MailClass.OWN
    return not mail.mail_class.automatic and any(not practice.is_ours(a.address) for a in mail.reply_to)


def _own(case: Case) -> str | None:
    if case.mail.mail_class is MailClass.OWN:
        return case.mail.class_reason
    if case.sender.address is not None and case.practice.is_ours(case.sender.address):
        return "From is an address of this desk"
    return None
