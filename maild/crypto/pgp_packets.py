"""OpenPGP data as packets (RFC 9580, 4): what a key file or a signature is made of, before any program looks at it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator

SIGNATURE, SECRET_KEY, PUBLIC_KEY, SECRET_SUBKEY = 2, 5, 6, 7
_ARMOUR = re.compile(
    rb"-----BEGIN PGP ([A-Z ]{1,40})-----[ \t]*\r?\n"  # what it is
    rb"(?:[A-Za-z-]{1,40}: [^\r\n]*\r?\n)*[ \t]*\r?\n"  # fields for people, and an empty line
    rb"([A-Za-z0-9+/=\s]*?)"  # the data
    rb"(?:^=[A-Za-z0-9+/]{4}[ \t]*\r?\n)?"  # a sum that proves nothing
    rb"-----END PGP \1-----",
    re.MULTILINE,
)
_MANY = 10_000


def dearmoured(data: bytes) -> bytes:
    """The octets in the one armour that there is (RFC 9580, 6), or the data itself where it has none.

    Raises ValueError.
    """
    count = data.count(b"-----BEGIN ")
    if count == 0:
        return data
    found = _ARMOUR.search(data)
    if count > 1 or found is None:
        raise ValueError("it is not one block of PGP data")
    try:
        return base64.b64decode(b"".join(found[2].split()), validate=True)
    except binascii.Error as error:
        raise ValueError("its armour is broken") from error


def packets(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and content of each packet. Raises ValueError where the data is anything else."""
    position = 0
    for _ in range(_MANY):
        if position == len(data):
            return
        head = data[position]
        if not head & 0x80:
            break
        if head & 0x40:
            kind, (start, length) = head & 0x3F, _new_length(data, position + 1)
        else:
            kind, (start, length) = head >> 2 & 0x0F, _old_length(data, position + 1, head & 3)
        if start + length > len(data):
            break
        yield kind, data[start : start + length]
        position = start + length
    raise ValueError("it is no PGP data")


def fingerprint(key: bytes) -> str:
    """The fingerprint of a public key by its packet's content, in capitals (RFC 9580, 5.5.4). Raises ValueError."""
    version = key[0] if key else 0
    if version == 4:
        data = b"\x99" + len(key).to_bytes(2, "big") + key
        return hashlib.sha1(data, usedforsecurity=False).hexdigest().upper()
    if version in (5, 6):
        return hashlib.sha256(bytes([0x95 + version]) + len(key).to_bytes(4, "big") + key).hexdigest().upper()
    raise ValueError("its key is of a kind that is no longer used")


def _new_length(data: bytes, at: int) -> tuple[int, int]:
    """Where the content starts, and how long it is (RFC 9580, 4.2.1); in pieces it may not be here."""
    first = data[at] if at < len(data) else 0xE0
    if first < 0xC0:
        return at + 1, first
    if first < 0xE0 and at + 1 < len(data):
        return at + 2, (first - 0xC0 << 8) + data[at + 1] + 0xC0
    if first == 0xFF:
        return at + 5, int.from_bytes(data[at + 1 : at + 5], "big")
    raise ValueError("it is no PGP data")


def _old_length(data: bytes, at: int, kind: int) -> tuple[int, int]:
    """The same in the old way (RFC 9580, 4.2.2)."""
    if kind == 3:
        raise ValueError("it is no PGP data")
    size = 1 << kind
    return at + size, int.from_bytes(data[at : at + size], "big")
