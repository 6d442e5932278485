"""What of an agent's mail may leave the house: his own words, and the files he meant to send.

Reading tells his text from what he quoted. This is the net below it, for the mail client that nobody has met yet: where
a line of ours is still in the text, it is cut, and where that would cut his own words, nothing is sent at all.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from urllib.parse import unquote

from maild.errors import UsageError
from maild.messages.addresses import normal
from maild.messages.mail import Attachment, Mail
from maild.messages.tokens import Mint
from maild.threads.order_lines import read_order
from maild.threads.practice import Practice

_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:]{1,64}@[^\s<>()\[\]\"',;:]{1,255}")
_TARGET = re.compile(r"[ \t\u00a0]?(?:<(?=[^<>]{0,2000}>)([^<>\s]{3,2000})>|\[(mailto:[^\[\]\s]{3,2000})\])")
"""Behind the words of a link, as they are written into plain text: <https://...>, [mailto:...]."""
_MARGIN = " \t\u00a0>|*"
_ENCODED_TIMES = 4
_RULE = " \t\u00a0>|*-_="
_NOT_SENT = frozenset(
    {
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/pgp-signature",
        "application/pgp-keys",
        "application/ms-tnef",
        "text/vcard",
        "text/x-vcard",
        "text/directory",
    }
)
"""Parts that mail clients add by themselves; a card holds the agent's own address."""
_OWN_MARK = b"x-maild-loop"
_MARK_WITHIN = 64_000


class Withheld(UsageError):
    """The text cannot be sent; its text is the key of a phrase that says why."""


def words_to_send(
    text: str,
    number: str,
    own_addresses: Collection[str],
    orders: Collection[str],
    mint: Mint,
    within: Collection[str] = (),
    unlinked: Collection[str] = (),
) -> str:
    """The agent's words for the customer. `number` is the ticket's, `orders` the names of all orders.

    `within` are those that may stand among his words; `unlinked` is what no target of a link may hold that a reader of
    HTML has written behind the link's words. Raises Withheld where his words cannot be told from ours for sure, or
    where an order stands below them.
    """
    lines = text.split("\n")
    ours = [i for i, line in enumerate(lines) if _is_ours(line, number, orders, mint)]
    if ours:
        if any(line.strip(_RULE) for line in lines[ours[-1] + 1 :]):
            raise Withheld("words_below_ours")
        lines = lines[: ours[0]]
        while lines and not lines[-1].strip(_RULE):
            lines.pop()
    if any(_is_order(line.strip(), orders) and not _is_order(line.strip(), within) for line in lines):
        raise Withheld("order_below")
    kept = [line for line in lines if normal(line.strip(" \t\u00a0<>").removeprefix("mailto:")) not in own_addresses]
    words = "\n".join(_without_targets(line, unlinked) for line in kept).strip("\n")
    return "" if words.lstrip().startswith(("-- \n", "--\n")) or not words.strip(_RULE + "\n") else words


def _is_ours(line: str, number: str, orders: Collection[str], mint: Mint) -> bool:
    """Whether a line can only come from a letter of ours: its facts, its list of orders, a signed address."""
    bare = line.strip(_MARGIN)
    if bare.startswith(f"{number}: "):
        return True
    if _is_order(bare, orders) and (" - " in bare or " — " in bare):
        return True
    # The address of a button stands in a link, with its plus sign encoded; links in links have it encoded again.
    for _ in range(_ENCODED_TIMES if "%" in line else 0):
        line = unquote(line)
    return "+" in line and any(mint.read_address(address) for address in _ADDRESS.findall(line))


def _without_targets(line: str, unlinked: Collection[str]) -> str:
    """A line without the addresses of agents that stand in it only since a link goes there."""

    def kept(found: re.Match[str]) -> str:
        target = found[1] or found[2]
        for _ in range(_ENCODED_TIMES if "%" in target else 0):
            target = unquote(target)
        return "" if any(word in normal(target) for word in unlinked) else found[0]

    return _TARGET.sub(kept, line) if unlinked and ("<" in line or "[mailto:" in line) else line


def _is_order(line: str, orders: Collection[str]) -> bool:
    order = read_order(line)
    return order is not None and order.name in orders


def unlinked(practice: Practice) -> frozenset[str]:
    """What no link in an answer may hold: an agent's address, and what our signed addresses begin with."""
    agents = (normal(address) for agent in practice.team.agents for address in agent.addresses)
    signed = (f"{address.partition('@')[0]}+" for address in practice.own_addresses)
    return frozenset(word for word in (*agents, *signed) if word not in ("", "+"))


def agents_named(words: str, practice: Practice, known: Collection[str]) -> tuple[str, ...]:
    """Agents' own addresses among words for a customer, as they are written there: he needs none of them.

    Not those that a signature in the files tells anyway, nor those in `known`: the customer's, where he is an agent.
    """
    found = dict.fromkeys(address.rstrip(".") for address in _ADDRESS.findall(words)) if "@" in words else {}
    return tuple(
        address
        for address in found
        if practice.is_staff(address) and normal(address) not in known and not _is_public(normal(address), practice)
    )


def _is_public(address: str, practice: Practice) -> bool:
    team = practice.team
    signatures = (*(agent.signature for agent in team.agents), *(queue.signature for queue in team.queues))
    return any(address in normal(text) for one in signatures for _, text in one.by_language)


def without(words: str, addresses: Iterable[str], instead: str) -> str:
    """The words with another address in the place of these."""
    for address in sorted(addresses, key=len, reverse=True):
        words = re.sub(rf"(?<![\w.+-]){re.escape(address)}(?![\w-])", instead.replace("\\", r"\\"), words)
    return words


def files_to_send(mail: Mail) -> tuple[Attachment, ...]:
    """The files for the customer: what is attached, and the pictures that the text shows; never a letter of ours."""
    return tuple(
        a for a in mail.attachments if a.content_type not in _NOT_SENT and _meant(a, mail) and not _is_letter(a)
    )


def _meant(attachment: Attachment, mail: Mail) -> bool:
    if not attachment.inline:
        return True
    shown = attachment.content_id is not None and mail.html is not None
    return shown and f"cid:{str(attachment.content_id).strip('<>')}" in str(mail.html)


def _is_letter(attachment: Attachment) -> bool:
    """Whatever a mail program calls it: a saved letter is often sent as a file of no known kind."""
    head = attachment.content[:_MARK_WITHIN].lower()
    return _OWN_MARK in head or _OWN_MARK.decode("ascii").encode("utf-16-le") in head
