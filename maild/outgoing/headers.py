"""Header fields of our own mails, as bytes that no value can break out of.

Python's email package folds and encodes too, but up to 3.11.7 it lets a line break in a value begin a new field
(CVE-2024-6923), it breaks message identifiers of 78 and more characters, and it writes encoded words into addresses.
So each kind of value has its own small writer here; each drops what may not stand in a field at all.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from maild.messages.mail import Address

LINE = 76
"""Columns after which a field is folded, where it can be (RFC 5322, 2.1.1: 78 should be kept)."""
HARD_LINE = 990
"""Longest line that is ever written (RFC 5322, 2.1.1: 998 must be kept)."""
MAX_REFERENCES = 60
"""Identifiers kept in References: the first, which names the conversation, and the last ones."""

# Controls, line ends of all alphabets, lone surrogates, and the marks that turn the direction of writing.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff]+")
_TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ATOM_WORDS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+\Z")
_IDENTIFIER = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e](?:[\x20-\x3b\x3d\x3f-\x7e]{0,900}[\x21-\x3b\x3d\x3f-\x7e])?>")
_LOCAL = re.compile(r"[^\s<>@,;:\"\\()\[\]\x00-\x20\x7f-\x9f]{1,64}\Z")
_QUOTED_LOCAL = re.compile(r'"(?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e]){1,62}"\Z')
_DOMAIN = re.compile(
    r"(?=.{1,253}\Z)[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*\Z"
)
_LITERAL = re.compile(r"\[[0-9A-Za-z.:]{2,60}\]\Z")


def clean(value: str) -> str:
    """A header value on one line: forbidden characters become a space, runs of white space one space."""
    return " ".join(_TURNING.sub("", _FORBIDDEN.sub(" ", value)).split())


def wire_address(address: str) -> str:
    """The address as it stands in a field and in the envelope: a non-ASCII domain in its xn-- form (RFC 5890).

    Raises ValueError for what is no address (RFC 5321, 4.1.2); the local part may be non-ASCII (RFC 6531).
    """
    local, at, domain = address.rpartition("@")
    if not at or not (_LOCAL.match(local) or _QUOTED_LOCAL.match(local)) or _FORBIDDEN.search(local):
        raise ValueError(f"not an address: {clean(address)[:100]}")
    if not domain.isascii():
        try:
            domain = domain[:255].encode("idna").decode("ascii")
        except UnicodeError as error:
            raise ValueError(f"not a domain: {clean(domain)[:100]}") from error
    if not (_DOMAIN.match(domain) or _LITERAL.match(domain)):
        raise ValueError(f"not a domain: {clean(domain)[:100]}")
    return f"{local}@{domain}"


def text_field(name: str, value: str) -> str:
    """A field of free text: as it is where it is plain ASCII, else in encoded words (RFC 2047)."""
    return _folded(name, _text_pieces(clean(value)))


def raw_field(name: str, value: str) -> str:
    """A field with a value of our own making that must stand on one line; ASCII only."""
    return f"{name}: {clean(value).encode('ascii', 'replace').decode('ascii')[:HARD_LINE]}\r\n"


def address_field(name: str, addresses: Iterable[Address]) -> str:
    """From, To, Cc ...; addresses that are none are left out, and the field is "" where nothing is left."""
    entries: list[list[str]] = []
    for entry in addresses:
        try:
            entries.append(_mailbox(entry))
        except ValueError:
            continue
    if not entries:
        return ""
    for entry_pieces in entries[:-1]:
        entry_pieces[-1] += ","
    return _folded(name, [piece for entry_pieces in entries for piece in entry_pieces])


def identifier_field(name: str, identifiers: Iterable[str]) -> str:
    """Message-ID, In-Reply-To, References: each identifier byte for byte and whole; "" where none can be written."""
    kept = [identifier for identifier in identifiers if _IDENTIFIER.fullmatch(identifier)]
    if len(kept) > MAX_REFERENCES:
        kept = [kept[0], *kept[-MAX_REFERENCES + 1 :]]
    return _folded(name, kept) if kept else ""


def encoded_words(text: str) -> list[str]:
    """RFC 2047: base64 words of at most 75 characters, each of whole UTF-8 characters."""
    words: list[str] = []
    chunk = b""
    for character in text:
        encoded = character.encode("utf-8", "replace")
        if len(chunk) + len(encoded) > 45:
            words.append(_word(chunk))
            chunk = b""
        chunk += encoded
    return [*words, _word(chunk)] if chunk else words


def _word(chunk: bytes) -> str:
    return f"=?utf-8?b?{base64.b64encode(chunk).decode('ascii')}?="


def _text_pieces(text: str) -> list[str]:
    """Plain words as they are, so that every program can read a ticket's number; the others encoded, run by run."""
    pieces: list[str] = []
    for plain, run in groupby(text.split(" "), key=_is_plain):
        words = list(run)
        pieces.extend(words if plain else encoded_words(" ".join(words)))
    return pieces


def _is_plain(word: str) -> bool:
    return word.isascii() and "=?" not in word and len(word) < HARD_LINE // 2


def _mailbox(who: Address) -> list[str]:
    address = wire_address(who.address)
    name = clean(who.name)
    if not name:
        return [address]
    if name.isascii() and "=?" not in name and len(name) < 200:
        plain = _ATOM_WORDS.match(name)
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return [name if plain else f'"{escaped}"', f"<{address}>"]
    return [*encoded_words(name[:500]), f"<{address}>"]


def _folded(name: str, pieces: Iterable[str]) -> str:
    return "\r\n ".join(_lines(name, pieces)) + "\r\n"


def _lines(name: str, pieces: Iterable[str]) -> Iterator[str]:
    """Lines of pieces; a piece is never broken, and the first always stands on the line of the name."""
    line, empty = f"{name}:", True
    for piece in pieces:
        if not empty and len(line) + 1 + len(piece) > LINE:
            yield line
            line = piece
        else:
            line = f"{line} {piece}"
        empty = False
    yield line
