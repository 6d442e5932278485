"""Texts that lie ready for answers: what one says for a ticket, and where it stands among an agent's own words.

Which there are, and how they are written, is the business of whoever keeps them (`texts.py`); whether an order names
one that there is stands in `orders/sending.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from maild.errors import UsageError
from maild.threads.brand import shown_desk
from maild.threads.correspondence import ticket_context
from maild.threads.model import Ticket
from maild.threads.order_lines import Order, read_order
from maild.threads.orders.sending import canned_called
from maild.threads.orders.work import Setting
from maild.threads.practice import Practice
from maild.threads.texts import BrokenText

MAX_CANNED = 10
"""Texts that one answer may be made of."""


def canned_text(practice: Practice, ticket: Ticket, name: str, agent: str = "") -> str:
    """What the canned text of this name says to the ticket's customer, in his language; `agent` is who answers.

    Raises NotFound where there is none of this name, BrokenText where it cannot be written for this ticket.
    """
    values = ticket_context(practice, ticket, agent)
    values |= {"desk": shown_desk(practice, ticket), "fields": dict(ticket.fields)}
    return practice.canned.write(name, ticket.language, values)


@dataclass(frozen=True, kw_only=True, slots=True)
class Filled:
    """An answer with its canned texts, whole; `above` are those called on top of it.

    `instead`: the lines of the agent's words that call a text, each with what it says.
    """

    above: str
    whole: str
    instead: tuple[tuple[str, str], ...]


def with_canned(ticket: Ticket, orders: Iterable[Order], text: str, words: Collection[str], setting: Setting) -> Filled:
    """The agent's text with canned ones: those called on top above it, those called in it in their places.

    `words` are those by which the order is called. Raises UsageError, with a sentence for the agent, where a text is
    unknown, or cannot be written for this ticket.
    """
    top = [order for order in orders if order.name in words]
    lines = [(line, _call(line, words)) for line in text.split("\n")]
    names = [name for o in (*top, *(o for _, o in lines if o)) for name in canned_called(ticket, o, setting)]
    if len(names) > MAX_CANNED:
        raise UsageError(setting.say("too_many_canned", limit=MAX_CANNED))
    pieces, own, instead = list[str](), list[str](), list[tuple[str, str]]()
    for line, order in lines:
        if order is None:
            own.append(line)
        else:
            instead.append((line.strip(), _written(ticket, order, setting)))
            pieces.extend(("\n".join(own), instead[-1][1]))
            own = []
    above = _joined(_written(ticket, order, setting) for order in top)
    return Filled(above=above, whole=_joined((above, *pieces, "\n".join(own))), instead=tuple(instead))


def _call(line: str, words: Collection[str]) -> Order | None:
    order = read_order(line)
    return order if order is not None and order.name in words else None


def _joined(pieces: Iterable[str]) -> str:
    return "\n\n".join(bare for piece in pieces if (bare := piece.strip("\n")))


def _written(ticket: Ticket, order: Order, setting: Setting) -> str:
    writer = setting.agent.name if setting.agent is not None else ""
    try:
        names = canned_called(ticket, order, setting)
        return _joined(canned_text(setting.practice, ticket, name, writer) for name in names)
    except BrokenText as broken:
        raise UsageError(_told(broken, setting)) from broken


def _told(broken: BrokenText, setting: Setting) -> str:
    """What an agent is told of a text that cannot be written; the mistake itself is its admin's, who has `check`."""
    if broken.empty:
        return setting.say("canned_empty", name=broken.name)
    if broken.missing:
        return setting.say("canned_lacks", name=broken.name, field=broken.missing)
    return setting.say("canned_broken", name=broken.name, line=broken.line)
