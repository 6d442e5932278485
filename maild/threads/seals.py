"""What a PGP or S/MIME signature proves beside who wrote: that the mail was meant for this address, and only once.

Such a signature is made over the text. It stays good for whoever has got the mail, in whatever envelope he puts it,
with whatever header. So it does not count by itself:

- its own time, not the Date that anybody can write, has to be within a week;
- words that were signed once are carried out once: they are remembered with their ticket, and known again on any other;
- where the signed part holds a copy of To (RFC 9788), that has to be the agent's own address of the ticket. Where it
  does not, as with most clients, the signed text itself has to name the ticket, as it does where our letter is quoted,
  and to be no older than a day. A button says all that matters by its address, which is then signed by nobody; nor may
  anybody be in Cc whom the ticket does not know.

What does not pass may be confirmed by one reply. What is left to an attacker is a text that the agent signed within a
day, that names this very ticket, and that was never sent to us; and he needs the agent's signed address for it, too.
"""

from __future__ import annotations

import re
from datetime import timedelta

from maild.messages.addresses import normal
from maild.messages.tokens import Claim
from maild.people.proof import date_fits
from maild.threads.case import Case
from maild.threads.draft import Draft
from maild.threads.facts import id_hash, signature_name
from maild.threads.match import belongs
from maild.threads.model import Ticket

SEALS = ("pgp", "smime")
"""Kinds of proof that are signatures over the text."""
_FRESH = timedelta(days=1)


def seal_closed(draft: Draft) -> str | None:
    """Why a signature over the text counts for nothing here, as the key of a phrase; None where it does, or is none."""
    case, found = draft.case, draft.case.envelope.vouched
    if case.sender.proof.kind not in SEALS or found is None:
        return None
    if not date_fits(found.signed_at, draft.at):
        return "too_old"
    seen = {id_hash(name) for name in known_by(case)}
    return "replayed" if not seen or any(known.id_hash in seen for known in case.facts.known) else None


def seal_elsewhere(draft: Draft, claim: Claim) -> str | None:
    """Why a signature over the text does not hold for the address that the mail came to, or None."""
    found, ticket = draft.case.envelope.vouched, draft.ticket
    if draft.case.sender.proof.kind not in SEALS or covers_to(draft.case):
        return None
    fresh = found is not None and found.signed_at is not None and draft.at - found.signed_at <= _FRESH
    if ticket is None or not fresh or claim.verb is not None or not _named(draft, ticket, claim):
        return "signed_elsewhere"
    strangers = (a for a in draft.case.mail.cc if not _is_known(draft, ticket, normal(a.address)))
    return "signed_elsewhere" if any(strangers) else None


def covers_to(case: Case) -> bool:
    """Whether the proof holds for the To of a mail; every DKIM signature that counts does."""
    found = case.envelope.vouched
    return case.sender.proof.kind not in SEALS or (found is not None and found.covers_to)


def known_by(case: Case) -> tuple[str, ...]:
    """The name by which words that prove their writer by a signature are known again; () where nothing does so."""
    name = signature_name(case.envelope)
    return (name,) if name is not None and case.sender.proof.kind in SEALS else ()


def _named(draft: Draft, ticket: Ticket, claim: Claim) -> bool:
    """Whether the signed text, quotes included, names the ticket, or the one that was merged into it."""
    mail, practice = draft.case.mail, draft.case.practice
    numbers = "|".join(re.escape(n) for n in (ticket.number, practice.ticket_number(claim.ticket)))
    named = re.compile(rf"(?<![\w-])(?:{numbers})(?![\w-])", re.IGNORECASE)
    return any(named.search(text) is not None for text in (mail.text, mail.text_from_html or ""))


def _is_known(draft: Draft, ticket: Ticket, address: str) -> bool:
    practice = draft.case.practice
    agent = practice.team.agent_by_address(address)
    return agent is not None or practice.is_ours(address) or belongs(address, ticket)
