"""A written letter whose people have changed before it left: its To and Cc made anew, all else as it was.

Who gets it was decided elsewhere; here are bytes in and bytes out. The signature covers both fields, so it is made anew
as well, with the time of the letter, so that the same letter always gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Protocol

from maild.messages.mail import Address
from maild.outgoing.headers import address_field

_FIELD = re.compile(rb"([!-9;-~]+):(?:[^\r\n]|\r\n[ \t])*\r\n")
_MADE_ANEW = frozenset((b"to", b"cc", b"dkim-signature"))


class Signs(Protocol):
    """Whoever signs our letters."""

    def sign(self, raw: bytes, at: datetime, /) -> bytes:
        """The mail with its signature on top."""
        ...


def readdressed(raw: bytes, to: Sequence[Address], cc: Sequence[Address], signer: Signs | None) -> bytes:
    """A letter of ours, printed for these people and nobody else; the first of a copy where nobody else is left."""
    head, end, body = raw.partition(b"\r\n\r\n")
    if not to:
        to, cc = cc[:1], cc[1:]
    people = (address_field("To", to) + address_field("Cc", cc)).encode("utf-8", "replace")
    kept, date = list[bytes](), b""
    for field in _FIELD.finditer(head + b"\r\n"):
        name = field[1].lower()
        if name not in _MADE_ANEW:
            kept.append(field[0])
        if name == b"from":
            kept.append(people)
        elif name == b"date":
            date = field[0].partition(b":")[2].strip()
    anew = b"".join(kept).removesuffix(b"\r\n") + end + body
    return signer.sign(anew, parsedate_to_datetime(date.decode("ascii"))) if signer is not None else anew
