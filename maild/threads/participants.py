"""Who takes part in a ticket: how people join it by mails and orders, and how many there may be."""

from __future__ import annotations

from collections.abc import Iterable

from maild.messages.addresses import normal
from maild.messages.mail import Address
from maild.threads.facts import usable
from maild.threads.model import Participant, Ticket
from maild.threads.practice import Practice

MAX_PARTICIPANTS = 100


def joined(
    ticket: Ticket, people: Iterable[Address | None], practice: Practice, *, proven: bool = False
) -> tuple[Participant, ...]:
    """The participants with these people among them, ours left out; of the new ones only the requester is confirmed.

    `proven`: somebody of the conversation named them, beyond doubt; then colleagues who take part together are, too.
    """
    asked = normal(ticket.requester.address) if ticket.requester is not None else None
    known = {normal(p.address.address): p for p in ticket.participants}
    for person in (ticket.requester, *people):
        if person is None or not usable(person) or practice.is_ours(person.address):
            continue
        key = normal(person.address)
        requester = key == asked
        if practice.is_staff(key) and not requester:
            continue  # our own people take part by other ways
        if key not in known and len(known) < MAX_PARTICIPANTS:
            colleague = proven and practice.team.organisations.colleagues(key, (asked,))
            known[key] = Participant(address=person, confirmed=requester or colleague)
    return tuple(known.values())


def waiting_in_copy(ticket: Ticket, people: Iterable[Address]) -> list[str]:
    """Those of these people who are sent nothing before an agent lets them in."""
    named = {normal(person.address) for person in people}
    return [p.address.address for p in ticket.participants if not p.confirmed and normal(p.address.address) in named]


def left_out(ticket: Ticket, people: Iterable[Address], practice: Practice) -> int:
    """How many of these people could not join, since so many take part already."""
    if len(ticket.participants) < MAX_PARTICIPANTS:
        return 0
    known = {normal(p.address.address) for p in ticket.participants}
    named = {normal(p.address) for p in people if usable(p)}
    return sum(not (practice.is_ours(key) or practice.is_staff(key)) for key in named - known)
