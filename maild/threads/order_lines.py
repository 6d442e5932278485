"""The lines of a mail that order something, told from its text. What they mean stands in the table of orders."""

from __future__ import annotations

import re
from dataclasses import dataclass

from maild.messages.mail import Mail
from maild.messages.quotes import MarkKind, find_marks, is_quoted

_LOOKED_AT = 5_000
"""Lines among which the beginning of a reply is looked for."""
_BEGINS = re.compile(r"\s*/")


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """One line: what it orders and upon what. `name` is as it was written, in lower case."""

    name: str
    argument: str
    line: str


def read_order(line: str) -> Order | None:
    """The order on a line; None where the line is none. An order is a line that starts with "/"."""
    bare = line.strip()
    if not bare.startswith("/"):
        return None
    name, _, argument = bare[1:].lstrip().partition(" ")
    return Order(name=name.lower().replace("ё", "е"), argument=argument.strip(), line=bare)


def split_orders(text: str) -> tuple[tuple[Order, ...], str]:
    """The orders on top of a text, and the text without them; the first line that is none ends them."""
    if not _BEGINS.match(text):
        return (), text  # nearly every mail: its lines need not be looked at
    lines = text.split("\n")
    orders: list[Order] = []
    position = 0
    for position, line in enumerate(lines):  # noqa: B007  # where the loop ends is the answer
        order = read_order(line)
        if order is not None:
            orders.append(order)
        elif line.strip():
            break
    else:
        position = len(lines)
    return tuple(orders), "\n".join(lines[position:]).strip("\n")


def orders_on_top(mail: Mail) -> tuple[tuple[Order, ...], str]:
    """The orders on top of what somebody wrote, and his text without them.

    Where a client marks no quotes, what stands below its "On ... wrote:" may be the words of whoever is answered: an
    order there is nobody's.
    """
    orders, text = split_orders(mail.reply)
    return ((), mail.reply) if orders and _below_attribution(mail) else (orders, text)


def _below_attribution(mail: Mail) -> bool:
    """Whether a client's line stands above the reply, with nothing between them that is marked as a quote."""
    first = next((line.strip() for line in mail.reply.split("\n") if line.strip()), "")
    lines = mail.text.split("\n")
    at = next((i for i, line in enumerate(lines[:_LOOKED_AT]) if line.strip() == first), 0)
    above = (mark for mark in find_marks(lines[:_LOOKED_AT]) if mark.end <= at) if at else ()
    return any(mark.kind is MarkKind.ATTRIBUTION and not any(map(is_quoted, lines[mark.end : at])) for mark in above)


def ticket_numbers(words: str, tag: str) -> tuple[int, ...]:
    """The tickets that words behind an order name: SUP-1007, sup-1007, #1007 or 1007."""
    found = re.findall(rf"(?<![\w-])(?:{re.escape(tag)}-|#)?(\d{{1,12}})(?![\w-])", words[:998], re.IGNORECASE)
    return tuple(dict.fromkeys(int(n) for n in found))
