"""A mail that a rule rejects opens no ticket; who wrote it is told, where that harms nobody."""

from __future__ import annotations

from dataclasses import replace

from maild.messages.mail import Address
from maild.threads.case import Case
from maild.threads.draft import Draft
from maild.threads.model import IMPORTED, InboxState
from maild.threads.plan import Plan
from maild.threads.reticence import mail_unanswerable
from maild.threads.route import Routed, language_of
from maild.threads.rule_letters import rejected
from maild.threads.undelivered import held_back


def may_be_rejected(case: Case) -> bool:
    """Whether a rule's word counts: not against old mail, nor against what an agent has passed on by hand."""
    return case.envelope.channel != IMPORTED and case.passed_on is None


def reject(draft: Draft, routed: Routed) -> Plan:
    """No ticket: the mail ends as spam does, its reason names the rule, and its sender hears of it if he may."""
    case = draft.case
    rule = routed.said.by("reject")
    refused = mail_unanswerable(case) or held_back(case, draft.thread)
    if refused is None and not case.sender.proof.holds:
        # Whoever forges a stranger's address must not have us write to him.
        refused = f"the sender is not proven: {case.sender.proof.reason}"
    draft.ticket, draft.clocks, draft.steps_done = None, (), frozenset()
    draft.thread = replace(draft.thread, ticket=None)
    if refused is None:
        sender = case.mail.sender
        assert sender is not None
        to = Address(name=sender.name, address=sender.address)
        unique = f"rejected:{case.facts.inbox_id}"
        draft.letters.append(rejected(draft.pen, case.mail, to, language_of(case.mail, routed), unique))
    told = "the sender is told" if refused is None else f"the sender is not told: {refused}"
    return draft.seal(InboxState.SPAM, f"rule {rule!r} rejects it; {told}")
