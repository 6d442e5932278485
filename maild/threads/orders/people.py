"""Orders about who takes part: copies, people let in and out, whose ticket it is."""

from __future__ import annotations

import re
from dataclasses import replace

from maild.messages.addresses import normal, read_list
from maild.messages.mail import Address
from maild.people.names import fold, who_is_meant
from maild.threads.facts import usable
from maild.threads.lookups import names_without_address
from maild.threads.model import Participant, Ticket
from maild.threads.order_lines import Order
from maild.threads.orders.known import known_as
from maild.threads.orders.tickets import kept_here, proposed_mails
from maild.threads.orders.work import Setting, Work, WrongError, bare, needed
from maild.threads.participants import MAX_PARTICIPANTS

_NAMED = re.compile(r'(?:"[^"]*"|[^",])+|"')
"""What stands between commas, those in quotation marks left aside."""
_AND = frozenset(("and", "to", "и", "для", "&", "+"))


def cc(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
    """These people get every answer from now on."""
    ticket, people = work.ticket, _people(order, work, setting)
    for person in people:
        ticket = confirmed(ticket, person, setting)
    names = ", ".join(p.address for p in people)
    return replace(work, ticket=ticket), setting.say("in_copy", names=names)


def uncc(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
    """These people get nothing more; what they write still comes in."""
    ticket = work.ticket
    people = _people(order, work, setting)
    for person in people:
        key = normal(person.address)
        if ticket.requester is not None and normal(ticket.requester.address) == key:
            raise WrongError(setting.say("is_requester", address=person.address))
        if key not in {normal(p.address.address) for p in ticket.participants if p.confirmed}:
            raise WrongError(setting.say("not_in_copy", address=person.address))
        ticket = _marked(ticket, key, is_confirmed=False)
    return replace(work, ticket=ticket), setting.say("not_in_copy_now", names=", ".join(p.address for p in people))


def add(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
    """Let a stranger in: whoever is named, or everybody whose mail is proposed or who was put in copy.

    Proposed mails of whoever is let in belong here then.
    """
    proposed = proposed_mails(work, setting)
    if order.argument:
        named = {normal(p.address) for p in _people(order, work, setting)}
        theirs = [m for m in proposed if m.sender is not None and normal(m.sender.address) in named]
        return cc(kept_here(work, theirs, order, setting) if theirs else work, order, setting)
    staff = setting.practice.is_staff
    if proposed:
        work = kept_here(work, proposed, order, setting)
    waiting = [p.address for p in work.ticket.participants if not p.confirmed and not staff(p.address.address)]
    if not waiting:
        raise WrongError(setting.say("nobody_waits"))
    ticket = work.ticket
    for person in waiting:
        ticket = confirmed(ticket, person, setting)
    return replace(work, ticket=ticket), setting.say("in_copy", names=", ".join(p.address for p in waiting))


def requester(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
    """Whose ticket it is: answers go there, and whose it was takes no part in it any more."""
    people = _people(order, work, setting)
    if len(people) != 1:
        raise WrongError(setting.say("one_address"))
    before, key = work.ticket.requester, normal(people[0].address)
    ticket = work.ticket
    if before is not None and normal(before.address) != key:
        left = tuple(p for p in ticket.participants if normal(p.address.address) != normal(before.address))
        ticket = replace(ticket, participants=left)
    ticket = confirmed(ticket, people[0], setting, asks=True)
    person = next(p.address for p in ticket.participants if normal(p.address.address) == key)
    effect = setting.say("requester", address=person.address)
    if before is not None and normal(before.address) != key:
        effect += setting.say("requester_before", address=before.address)
    return replace(work, ticket=replace(ticket, requester=person)), effect


def confirmed(ticket: Ticket, person: Address, setting: Setting, *, asks: bool = False) -> Ticket:
    """The ticket with this person among those who are sent text. Raises WrongError for an address of ours.

    `asks`: it is who asked; only as that an agent is a customer.
    """
    if setting.practice.is_ours(person.address):
        raise WrongError(setting.say("our_address", address=person.address))
    key = normal(person.address)
    if setting.practice.is_staff(key) and not asks:
        raise WrongError(setting.say("agents_address", address=person.address))
    if key in {normal(p.address.address) for p in ticket.participants}:
        return _marked(ticket, key, is_confirmed=True)
    if len(ticket.participants) >= MAX_PARTICIPANTS:
        raise WrongError(setting.say("too_many_people", limit=MAX_PARTICIPANTS))
    return replace(ticket, participants=(*ticket.participants, Participant(address=person, confirmed=True)))


def _marked(ticket: Ticket, key: str, *, is_confirmed: bool) -> Ticket:
    """The ticket with one of its participants let in or out."""
    people = (
        replace(p, confirmed=is_confirmed) if normal(p.address.address) == key else p for p in ticket.participants
    )
    return replace(ticket, participants=tuple(people))


def _people(order: Order, work: Work, setting: Setting) -> tuple[Address, ...]:
    words = needed(order, setting)
    people = read_list(", ".join(_pieces(words)).encode())
    # A piece that is no address is not left out: the agent would believe that he, too, gets the answers.
    if len(people) != len(_pieces(words)) or not all(usable(p) for p in people):
        raise _no_address(words, work, setting)
    return people


def _pieces(words: str) -> list[str]:
    """The words of each person: "a@x.example b@y.example" is meant as two, and no mail header could say so."""
    plain = words.replace(";", ",").removeprefix("/")
    if "<" not in words:
        plain = plain.replace(" ", ",")
    pieces = (_address(piece) for piece in _NAMED.findall(plain))
    return [piece for piece in pieces if piece and fold(piece) not in _AND]


def _address(piece: str) -> str:
    """What of a piece names a person: quotation marks are part of a name, and those around an address are not."""
    return piece.strip(" .;!") if "<" in piece else bare(piece).removeprefix("mailto:")


def _no_address(words: str, work: Work, setting: Setting) -> WrongError:
    """What is wrong with words that are no addresses: whose names they are, where that is known."""
    names = names_without_address(words)
    if meant := known_as(names, work.ticket, setting):
        return WrongError(setting.say("no_address_but", words=words, names=meant))
    agents = [agent for name in names for agent in who_is_meant(name, setting.team.agents)]
    if agents:
        return WrongError(setting.say("agents_address", address=agents[0].name))
    return WrongError(setting.say("no_address", words=words))
