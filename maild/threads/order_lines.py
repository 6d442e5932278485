"""The lines of a mail that order something, told from its text. What they mean stands in the table of orders."""

from __future__ import annotations

import re
from dataclasses import dataclass

from maild.messages.mail import Mail
from maild.messages.quotes import MarkKind, find_marks, is_quoted
from maild.messages.reply import split_reply

_LOOKED_AT = 5_000
"""Lines among which the beginning of a reply is looked for."""
_UNSEEN = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"
_SPACES = dict.fromkeys(map(ord, "\t\u00a0\u2007\u2009\u202f"), " ")
"""What clients put between words in place of a space."""
_DECK = r"(?:(?:[-–—*•·▪◦‣●]+|\d{1,2}[.)])\s*)?[\"“”„«»'‘’`]?"
_BEGINS = re.compile(rf"[\s{_UNSEEN}]*{_DECK}[/\\／]")
_ORDER = re.compile(r"[/／]\s*(?P<name>[^\s:=,;.!]*)[:=,;.!]*(?P<words>.*)", re.DOTALL)
_DECKED = re.compile(rf"{_DECK}[/\\／](?P<order>[^\W\d_][\w-]*(?![^\s:=,;.!\"“”»'’`*]).*?)[\"“”»'’`*]*", re.DOTALL)
_SIGNATURE = 2_000
"""Characters of a text that may be a signature and nothing else."""
_MOST_JOINED = 20
"""Lines of a mail that are taken for the rest of an order above them."""
_FIRST_WORD_OUT = 70
"""A line that would be longer than this with the next one's first word was broken by the client."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """One line: what it orders and upon what. `name` is as it was written, in lower case."""

    name: str
    argument: str
    line: str


def read_order(line: str) -> Order | None:
    """The order on a line; None where the line is none. An order is a line that starts with "/".

    What clients make of such a line is looked through: bullets and quotation marks around it, a backslash or a wide
    slash before a plain word, colons and full stops behind the name, spaces of other kinds.
    """
    bare = line.translate(_SPACES).strip(f" \r\n{_UNSEEN}")
    found = _ORDER.fullmatch(bare)
    if found is None and _BEGINS.match(bare) and (decked := _DECKED.fullmatch(bare)) is not None:
        found = _ORDER.fullmatch(f"/{decked['order']}")
    if found is None:
        return None
    return Order(name=found["name"].lower().replace("ё", "е"), argument=found["words"].strip(), line=bare)


def split_orders(text: str) -> tuple[tuple[Order, ...], str]:
    """The orders on top of a text, and the text without them; the first line that is none ends them."""
    if not _BEGINS.match(text):
        return (), text  # nearly every mail: its lines need not be looked at
    lines = text.split("\n")
    orders: list[Order] = []
    position, above, joined = 0, "", 0
    for position, line in enumerate(lines):  # noqa: B007  # where the loop ends is the answer
        order = read_order(line)
        if order is not None:
            orders.append(order)
        elif orders and joined < _MOST_JOINED and _goes_on(above, line):
            joined += 1
            orders[-1] = read_order(f"{orders[-1].line} {line.strip()}") or orders[-1]
        elif line.strip():
            break
        above = line
    else:
        position = len(lines)
    return tuple(orders), "\n".join(lines[position:]).strip("\n")


def _goes_on(above: str, line: str) -> bool:
    """Whether a line is the rest of an order above it that the writer's client broke: it stands right below, does not
    begin as a sentence does, and its first word had no more room above, or a comma stands there.
    """
    order, words = read_order(above), line.split()
    if order is None and not above.strip():
        return False
    if not words or line[:1].isspace() or words[0][:1].isupper() or (order is not None and not order.argument):
        return False
    return above.rstrip().endswith(",") or len(above.rstrip()) + 1 + len(words[0]) > _FIRST_WORD_OUT


def said_first(mail: Mail) -> tuple[tuple[Order, ...], str]:
    """The orders that a mail begins with, and its text without them; a mail without text may be one in its subject."""
    orders, text = split_orders(mail.reply)
    if not orders and mail.subject.lstrip().startswith("/") and _only_signs(text):
        return split_orders(mail.subject)
    return orders, text


def _only_signs(text: str) -> bool:
    """Whether a text is nothing but a signature, such as a phone puts below a mail without words."""
    # A signature alone counts as text, so it is looked for as if words stood above it.
    return not split_reply(f"-\n{text[:_SIGNATURE]}").reply.removeprefix("-").strip()


def orders_on_top(mail: Mail) -> tuple[tuple[Order, ...], str]:
    """The orders on top of what somebody wrote, and his text without them.

    Where a client marks no quotes, what stands below its "On ... wrote:" may be the words of whoever is answered: an
    order there is nobody's.
    """
    orders, text = said_first(mail)
    return ((), mail.reply) if orders and _below_attribution(mail) else (orders, text)


def _below_attribution(mail: Mail) -> bool:
    """Whether a client's line stands above the reply, with nothing between them that is marked as a quote."""
    first = next((line.strip() for line in mail.reply.split("\n") if line.strip()), "")
    lines = mail.text.split("\n")
    at = next((i for i, line in enumerate(lines[:_LOOKED_AT]) if line.strip() == first), 0)
    above = (mark for mark in find_marks(lines[:_LOOKED_AT]) if mark.end <= at) if at else ()
    return any(mark.kind is MarkKind.ATTRIBUTION and not any(map(is_quoted, lines[mark.end : at])) for mark in above)


def ticket_numbers(words: str, tag: str) -> tuple[int, ...]:
    """The tickets that words behind an order name: SUP-1007, sup1007, #1007, №1007 or 1007."""
    found = re.findall(
        rf"(?<![\w-])(?:{re.escape(tag)}[-–— ]?|[#№] ?)?(\d{{1,12}})(?![\w-])", words[:998], re.IGNORECASE
    )
    return tuple(dict.fromkeys(int(n) for n in found))
