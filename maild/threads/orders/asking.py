"""Orders that only ask: they change nothing. What they ask is gathered here, and answered in a letter of its own.

The letter is written when all orders of the mail are done, so that it shows what they have led to.
"""

from __future__ import annotations

from dataclasses import replace

from maild.threads.lookups import MAX_LOOKUPS, OF_TICKET, Ask, AskError, Lookup, read_lookup
from maild.threads.order_lines import Order
from maild.threads.orders.work import Handler, Setting, Work, WrongError


def asking(ask: Ask) -> Handler:
    """The order that asks this."""

    def handler(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
        lookup = asked(ask, order, setting, work.ticket.id)
        if len(work.asked) >= MAX_LOOKUPS:
            raise WrongError(setting.say("too_many_asked", limit=MAX_LOOKUPS))
        return replace(work, asked=(*work.asked, (order.line, lookup))), setting.say("asked")

    return handler


def asked(ask: Ask, order: Order, setting: Setting, at_hand: int | None) -> Lookup:
    """What an order asks, its ticket named; `at_hand` is the one that it may leave out. Raises WrongError."""
    practice = setting.practice
    try:
        lookup = read_lookup(ask, order.argument, setting.agent, setting.team, practice.tag)
    except AskError as error:
        raise WrongError(setting.say(error.phrase, **error.values)) from error
    if ask not in OF_TICKET:
        return lookup
    number = at_hand if lookup.ticket is None else lookup.ticket
    if number is None:
        raise WrongError(setting.say("ask_of_a_ticket", name=ask, tag=practice.tag))
    if number not in setting.tickets:
        raise WrongError(setting.say("no_such_ticket", number=practice.ticket_number(number)))
    return replace(lookup, ticket=number)
