"""Why somebody gets no automatic letter of ours (RFC 3834, section 2): machines must not answer each other.

What rules and budgets have against one is not known here.
"""

from __future__ import annotations

from maild.messages.addresses import normal
from maild.messages.mail import MailClass
from maild.threads.case import Case
from maild.threads.facts import usable
from maild.threads.model import Ticket
from maild.threads.practice import Practice
from maild.threads.rule_fields import Talk, automatic_only

_UNANSWERABLE = ("mailer-daemon", "postmaster", "no-reply", "noreply", "do-not-reply", "donotreply")


def mail_unanswerable(case: Case) -> str | None:
    """Why no automatic letter may answer this mail; None where one may."""
    mail, sender, practice = case.mail, case.mail.sender, case.practice
    checks = (
        (mail.mail_class is not MailClass.PERSON, f"automatic mail: {mail.class_reason}"),
        (sender is None or case.sender.address is None, "no usable sender"),
        (not any(mail.all("From")), "there is no From, so nobody says that the address is the sender's"),
        (sender is not None and normal(sender.address) in practice.on_behalf, "From writes for somebody else"),
        (case.envelope.sender == "", "null return path"),
        (case.envelope.backlog, "it lay in its mailbox before the desk began to read it"),
        (sender is not None and nobody_reads(sender.address), "an address that nobody reads"),
    )
    return next((reason for holds, reason in checks if holds), None)


def customer_unanswerable(practice: Practice, ticket: Ticket, talk: Talk) -> str | None:
    """Why a ticket's customer gets no automatic letter where no mail of his is answered; None where he may."""
    asked = ticket.requester
    if asked is None or not usable(asked):
        return "there is nobody to write to"
    checks = (
        (automatic_only(talk), "the customer's last mail is automatic"),
        (normal(asked.address) in practice.on_behalf, "From writes for somebody else"),
        (practice.is_ours(asked.address), "the customer's address is ours"),
        (nobody_reads(asked.address), "an address that nobody reads"),
    )
    return next((reason for holds, reason in checks if holds), None)


def nobody_reads(address: str) -> bool:
    """Whether an address says by its name that mail to it is lost, or goes to a program."""
    local = address.rpartition("@")[0].lower()
    return local.startswith((*_UNANSWERABLE, "owner-")) or local.endswith(("-request", "-bounces", "-owner"))
