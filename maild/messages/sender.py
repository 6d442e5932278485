"""Who wrote: the From that counts, and the person behind mailing lists that write their own address into From.

`from` is what a DMARC checker judges, or nothing (RFC 7489, 6.6.1). The person behind a list is what its software says,
which anyone can write: it shows whom a mail is from, and proves nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence

from maild.messages.addresses import normal, read_list
from maild.messages.lookalike import marks, unicode_domain
from maild.messages.mail import Address, Writer

_FROMS_CAP = 5
_FROM_CAP = 4_000
_VIA = re.compile(r"\s+(?:via|über|через|par)\s+.+\Z|\s*\((?:via|on behalf of)\s[^()]*\)\Z", re.IGNORECASE)
_BEHALF = re.compile(r"\(on behalf of ([^()]+)\)\Z", re.IGNORECASE)
_COMMENT = re.compile(r"\((?:[^()\\]|\\.)*\)")
_HIDING = re.compile(r'=\?[^?\s]*\?[bBqQ]\?[^?\s]*\?=|"(?:[^"\\]|\\.)*"(?!@)')
_TOKEN = re.compile(r'(?:"[^"]*"|[^ \t<>()\[\],;:"])+@(?:\[[^\] \t]*\]|[^ \t<>()\[\],;:"]+)')
_AT = re.compile(r"([A-Za-z0-9._%+-]{1,64}) at ([A-Za-z0-9.-]{1,250}\.[A-Za-z]{2,24})")
_DOMAIN = r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}"
_GROUPS_IO = re.compile(rf"([^\s@=]{{1,64}})=({_DOMAIN})@(?:[a-z0-9-]{{1,63}}\.){{0,3}}groups\.io")

Fields = Mapping[str, Sequence[bytes]]
"""Raw values by field name in lower case."""


def from_address(froms: Sequence[bytes], body_charset: str | None) -> tuple[Address, ...]:
    """The mailboxes of From, the one that counts first; none where it cannot be said whose domain would be judged.

    That is so where several differ in their domains, in one field or in two; where the only address stands in a quoted
    name, a comment or an encoded word; and where an address holds what programs read in more than one way.
    """
    if any(len(value) > _FROM_CAP for value in froms):
        return ()
    found = [
        (person, in_the_open)
        for value in froms[:_FROMS_CAP]
        for in_the_open in (_in_the_open(value),)
        for person in read_list(value, body_charset)
    ]
    domains = {normal(person.address).rpartition("@")[2] for person, _ in found}
    if len(domains) > 1 or any(_odd(person.address) for person, _ in found):
        return ()
    return tuple(p for p, in_the_open in found if "@" not in p.address or in_the_open(p.address))


def _in_the_open(value: bytes) -> Callable[[str], bool]:
    """Tells of an address whether it stands where the grammar has addresses, and reads as one thing only."""
    try:
        raw = value.decode("utf-8")
    except UnicodeError:
        raw = value.decode("latin-1")
    text = _HIDING.sub(" ", _COMMENT.sub("", raw))
    tokens = frozenset(token.lower().strip("'") for token in _TOKEN.findall(text))
    if "<@" in text.replace(" ", "") or any("@" in token.rpartition("@")[0].rpartition('"')[2] for token in tokens):
        return lambda _address: False
    return lambda address: address.lower().strip("'") in tokens


def _odd(address: str) -> bool:
    """Whether an address holds what programs drop, cut at or do not show."""
    return not address.isascii() and any(
        char == "\ufffd" or unicodedata.category(char) in ("Cc", "Cf", "Zs", "Zl", "Zp", "Co", "Cn") for char in address
    )


def writer(sender: Address, fields: Fields) -> Writer:
    """The person who wrote a mail with this From, and what is odd about From."""
    person, software = sender, ""
    if any(name in fields for name in ("list-id", "list-post", "x-beenthere", "x-google-group-id")):
        for called, rule in _RULES:
            found = rule(sender, fields)
            if found is not None and normal(found.address) != normal(sender.address) and not _odd(found.address):
                person, software = found, called
                break
    return Writer(
        person=person,
        via=sender.address if software else None,
        software=software,
        marks=marks(sender),
        shown_domain=unicode_domain(sender.address),
    )


def _addresses(fields: Fields, name: str) -> tuple[Address, ...]:
    return tuple(person for value in fields.get(name, ())[:3] for person in read_list(value[:4000]))


def _is_lists_own(sender: Address, fields: Fields) -> bool:
    """From is the address that the list takes mail at (RFC 2369, 3.4), or stands below the list's name (RFC 2919)."""
    address = normal(sender.address)
    domain = address.rpartition("@")[2]
    posts = b" ".join((*fields.get("list-post", ()), *fields.get("x-beenthere", ()))).lower()
    ids = b" ".join(fields.get("list-id", ())).lower()
    named = re.escape(domain.encode("ascii", "replace"))
    return address.encode("utf-8") in posts or re.search(rb"[.<]" + named + rb">?\s*(?:$|\()", ids) is not None


def _named(sender: Address, person: Address) -> Address:
    """The person under his own name, which the list has put before its own."""
    name = _VIA.sub("", sender.name).strip(" '\"")
    name = "" if _AT.fullmatch(name) or "@" in name or _BEHALF.search(sender.name) else name
    return Address(name=person.name or name, address=person.address)


def _google_groups(sender: Address, fields: Fields) -> Address | None:
    """`'Anna' via Support` with X-Original-From, and X-Original-Sender beside it."""
    if "x-google-group-id" not in fields or not _VIA.search(sender.name):
        return None
    found = _addresses(fields, "x-original-from") or _addresses(fields, "x-original-sender")
    return _named(sender, found[0]) if len(found) == 1 else None


def _groups_io(sender: Address, _fields: Fields) -> Address | None:
    """`Anna via groups.io` with the address inside the local part."""
    found = _GROUPS_IO.fullmatch(sender.address.lower())
    return _named(sender, Address(address=f"{found[1]}@{found[2]}")) if found else None


def _sympa(sender: Address, fields: Fields) -> Address | None:
    """`Anna (via cooks Mailing List)` or `cooks (on behalf of anna@...)` with X-Original-From."""
    if not _is_lists_own(sender, fields) or not (_VIA.search(sender.name) or _BEHALF.search(sender.name)):
        return None
    found = _addresses(fields, "x-original-from")
    return _named(sender, found[0]) if len(found) == 1 else None


def _mailman(sender: Address, fields: Fields) -> Address | None:
    """`Anna via Cooks` from the list's own address: who wrote stands in Reply-To, or in Cc where Reply-To is the list.

    A writer without a name is called `anna at example.org via Cooks`.
    """
    if not _is_lists_own(sender, fields) or not _VIA.search(sender.name):
        return None
    own = {normal(sender.address)}
    posts = b" ".join((*fields.get("list-post", ()), *fields.get("x-beenthere", ()))).lower()
    called = _AT.match(sender.name)
    for name in ("reply-to", "cc"):
        others = [one for one in _addresses(fields, name) if normal(one.address) not in own]
        others = [one for one in others if normal(one.address).encode() not in posts]
        if called:
            others = [one for one in others if normal(one.address) == f"{called[1]}@{called[2]}".lower()]
        elif name == "cc":
            others = [one for one in others if one.name and one.name == _named(sender, Address(address="")).name]
        if len(others) == 1:
            return _named(sender, others[0])
    return Address(address=f"{called[1]}@{called[2].lower()}") if called else None


_RULES: tuple[tuple[str, Callable[[Address, Fields], Address | None]], ...] = (
    ("Google Groups", _google_groups),
    ("groups.io", _groups_io),
    ("Sympa", _sympa),
    ("Mailman", _mailman),
)
"""List software that rewrites From for DMARC's sake; no-reply relays of social networks stay who they are."""
