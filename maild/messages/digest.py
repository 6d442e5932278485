"""The content key of a mail: the same bytes from the same sender are recognised, whatever relays did on the way.

Used at the moment of accepting, before anything is parsed: one pass, no decoding.
"""

from __future__ import annotations

import hashlib
import re

from maild.messages.words import unfold

_END = re.compile(rb"\n\r?\n")
_FIELD = re.compile(rb"^(message-id|from|date|subject)[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)", re.IGNORECASE | re.MULTILINE)
_HEADER_CAP = 256 * 1024
_SPACE = b" \t\r\n"
_BRACKETED = re.compile(rb"<([^<>]{1,2000})>")
_ID_CAP = 998


def content_key(raw: bytes) -> tuple[str | None, str]:
    """The Message-ID as on the wire (None where there is none), and the hex SHA-256 of what the sender wrote.

    The digest covers Message-ID, From, Date, Subject and the body; added trace headers, folding, line ends and empty
    lines at the end make no difference.
    """
    start = len(raw) - len(raw.lstrip(b"\r\n"))
    end = _END.search(raw, start)
    header_stop = end.start() if end else len(raw)
    body = raw[end.end() if end else len(raw) :]
    digest = hashlib.sha256()
    found: dict[bytes, list[bytes]] = {}
    capped = min(header_stop, start + _HEADER_CAP)
    if capped < header_stop:
        # Fields may hide behind a header of that size, so here every byte of it counts.
        digest.update(raw[start:header_stop])
    for field in _FIELD.finditer(raw, start, capped):
        found.setdefault(field[1].lower(), []).append(field[2])
    for name in (b"message-id", b"from", b"date", b"subject"):
        for value in found.get(name, ()):
            digest.update(name + b":" + value.translate(None, _SPACE) + b"\n")
    digest.update(b"\n")
    if b"\r" in body:
        body = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    digest.update(body.rstrip(b"\n"))
    ids = found.get(b"message-id")
    return message_id(ids[0]) if ids else None, digest.hexdigest()


def message_id(value: bytes) -> str | None:
    """The id in a Message-ID field, with its brackets where it has any; without folding and control characters."""
    bracketed = _BRACKETED.search(value)
    text = bracketed[0] if bracketed else unfold(value)
    word = "".join(text.decode("utf-8", "replace").split())
    return "".join(char for char in word if char.isprintable())[:_ID_CAP] or None


def message_ids(value: bytes) -> tuple[str, ...]:
    """Every id of an In-Reply-To or References field, leftmost first, each once (RFC 5322, 3.6.4)."""
    found = (message_id(match[0]) for match in _BRACKETED.finditer(value))
    return tuple(dict.fromkeys(one for one in found if one))
