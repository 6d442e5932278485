"""What somebody outside writes back to whom a rule has passed a mail on (`forwarding.py`): an internal note.

Whoever has that letter can add words to the ticket by its reply address, and nothing else: no order is read, no clock,
status or rule hears of it, he takes part in nothing, and nothing of it ever goes to the customer.
"""

from __future__ import annotations

from maild.messages.mail import MailClass
from maild.messages.tokens import Purpose
from maild.threads.automatic import STANDS_ALONE
from maild.threads.draft import Draft, incoming
from maild.threads.model import InboxState, Ticket, Visibility
from maild.threads.notices import News, notifications
from maild.threads.plan import Plan
from maild.threads.words import say


def is_partners(draft: Draft) -> bool:
    """Whether a mail came to the address in such a letter. That it did not arrive is news, too; that he is away not."""
    claim, found = draft.thread.claim, draft.case.mail.mail_class
    came = claim is not None and claim.purpose is Purpose.OUTSIDER and draft.ticket is not None
    return came and (found not in STANDS_ALONE or found is MailClass.BOUNCE)


def partners_mail(draft: Draft, ticket: Ticket) -> Plan:
    """Keep it for colleagues, flagged as nobody's proven word, and tell them."""
    mail = draft.case.mail
    bounced = mail.mail_class is MailClass.BOUNCE
    draft.message = incoming(draft.case, draft.at, visibility=Visibility.INTERNAL, unverified=True)
    draft.note("partner", "a mail that was passed on did not arrive" if bounced else "an answer to a mail passed on")
    draft.change(ticket, "a partner's mail")
    news = News(
        event="partner",
        why=lambda language: say(language, "partner_lost" if bounced else "partner"),
        respond_by=draft.respond_by(),
        background=draft.background(),
        purpose=Purpose.NOTE,
    )
    draft.letters.extend(notifications(draft.pen, ticket, mail, news=news, sender=draft.case.sender.address))
    state = InboxState.BOUNCE if bounced else InboxState.TICKETED
    return draft.seal(state, f"{'a forward bounced' if bounced else 'an answer to a forward'} on {ticket.number}")
