"""Customers by their names: whom an order means that names somebody without an address. Nobody is taken by it; whoever
orders is shown the addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from maild.messages.addresses import normal
from maild.messages.mail import Address
from maild.messages.words import plain_line
from maild.people.names import best_named
from maild.threads.model import Ticket
from maild.threads.orders.work import Setting

_MOST = 5
"""People that are shown."""


def known_as(names: Iterable[str], ticket: Ticket, setting: Setting) -> str:
    """The customers whom these names may mean, of this ticket before those of others; "" where nobody is known so."""
    found: dict[str, Address] = {}
    for name in names:
        here, elsewhere = _people(ticket, setting), iter(setting.people)
        for person in _meant(name, here, setting) or _meant(name, elsewhere, setting):
            found.setdefault(normal(person.address), person)
    return ", ".join(_shown(person) for person in list(found.values())[:_MOST])


def _shown(person: Address) -> str:
    name = plain_line(person.name)
    return f"{person.address} ({name})" if name else person.address


def _meant(name: str, people: Iterable[Address], setting: Setting) -> tuple[Address, ...]:
    known = {
        normal(person.address): person
        for person in people
        if not setting.practice.is_staff(person.address) and not setting.practice.is_ours(person.address)
    }
    return best_named(name, ((person, (key.partition("@")[0], key, person.name)) for key, person in known.items()))


def _people(ticket: Ticket, setting: Setting) -> Iterator[Address]:
    """Whoever takes part, wrote, or stood in copy."""
    facts = setting.tickets.get(ticket.id)
    for message in facts.messages if facts is not None else ():
        yield from (*((message.sender,) if message.sender is not None else ()), *message.to, *message.cc)
    yield from (participant.address for participant in ticket.participants)
    if ticket.requester is not None:
        yield ticket.requester
