"""Signed and encrypted mail (RFC 8551, RFC 3156, RFC 9580): recognised, and what is readable read.

Nothing is verified and nothing decrypted here: a label says what a mail calls itself, never that a signature is good.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from maild.messages.fixed import FixedEnum

CMS_TYPES = frozenset(("application/pkcs7-mime", "application/x-pkcs7-mime"))
SIGNATURE_TYPES = frozenset(
    ("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature")
)
_SIGNED_DATA, _ENVELOPED, _AUTH_ENVELOPED = (
    bytes.fromhex(oid) for oid in ("2a864886f70d010702", "2a864886f70d010703", "2a864886f70d0109100117")
)
_DEPTH_CAP = 12
_PIECES_CAP = 30_000
_SIGNED_BEGIN = re.compile(r"^-----BEGIN PGP SIGNED MESSAGE-----[ \t]*\n", re.MULTILINE)
_DASH = re.compile(r"^- ", re.MULTILINE)
_ARMOR_FIELD = re.compile(r"(?:[A-Za-z-]{1,40}: [^\n]{0,200}\n)*[ \t]*\n")
_RUSSIAN = re.compile("[а-яё]", re.IGNORECASE)


class Seal(FixedEnum):
    """By which of the two ways a mail is signed or encrypted."""

    SMIME = "smime"
    PGP = "pgp"


class _Broken(Exception):
    """The bytes are no DER or BER."""


def signed_by(content_type: str, params: Mapping[str, str]) -> Seal | None:
    """The way in which a multipart/signed is signed (RFC 1847, 2.1); None for anything else."""
    if content_type != "multipart/signed":
        return None
    protocol = params.get("protocol", "").lower()
    return Seal.PGP if "pgp" in protocol else Seal.SMIME if "pkcs7" in protocol else None


def encrypted_by(content_type: str, params: Mapping[str, str]) -> Seal | None:
    """The way in which a multipart/encrypted is encrypted (RFC 3156, 4); None for anything else."""
    pgp = content_type == "multipart/encrypted" and "pgp" in params.get("protocol", "application/pgp-encrypted").lower()
    return Seal.PGP if pgp else None


def cms_kind(content: bytes) -> tuple[str, bytes | None]:
    """What a CMS message is, "signed", "encrypted" or "", and the content of a signed one (RFC 5652, 3 and 5.1).

    The content is None where the message holds none. Reads DER and BER; never raises.
    """
    try:
        data = memoryview(content)
        _, start, stop, _ = _element(data, 0, len(data), 0x30)
        _, first, last, after = _element(data, start, stop, 0x06)
        oid = bytes(data[first:last])
        if oid in (_ENVELOPED, _AUTH_ENVELOPED):
            return "encrypted", None
        return ("signed", _signed_content(data, after, stop)) if oid == _SIGNED_DATA else ("", None)
    except _Broken:
        return "", None


def _signed_content(data: memoryview, position: int, stop: int) -> bytes | None:
    """The encapContentInfo of SignedData: behind the version and the digest algorithms."""
    try:
        _, start, stop, _ = _element(data, position, stop, 0xA0)
        _, start, stop, _ = _element(data, start, stop, 0x30)
        _, _, _, position = _element(data, start, stop, 0x02)
        _, _, _, position = _element(data, position, stop, 0x31)
        _, start, stop, _ = _element(data, position, stop, 0x30)
        _, _, _, position = _element(data, start, stop, 0x06)
        _, start, stop, _ = _element(data, position, stop, 0xA0)
        pieces: list[bytes] = []
        _octets(data, start, stop, pieces, 0)
        return b"".join(pieces)
    except _Broken:
        return None


def _octets(data: memoryview, start: int, stop: int, pieces: list[bytes], depth: int) -> int:
    """One octet string, whole or in pieces (X.690, 8.7); the answer is where it ends."""
    tag, first, last, after = _element(data, start, stop)
    if tag == 0x04:
        pieces.append(bytes(data[first:last]))
    elif tag == 0x24 and depth < _DEPTH_CAP:
        while first < last and len(pieces) < _PIECES_CAP:
            first = _octets(data, first, last, pieces, depth + 1)
    else:
        raise _Broken
    return after


def _element(data: memoryview, position: int, stop: int, wanted: int | None = None) -> tuple[int, int, int, int]:
    """Tag, where its content starts and stops, and where the next element begins (X.690, 8.1)."""
    if position + 2 > stop or (wanted is not None and data[position] != wanted):
        raise _Broken
    tag, size = data[position], data[position + 1]
    start = position + 2
    if size == 0x80:
        last = _end_of_contents(data, start, stop)
        return tag, start, last, last + 2
    if size > 0x80:
        count = size & 0x7F
        if count > 4 or start + count > stop:
            raise _Broken
        size = int.from_bytes(data[start : start + count], "big")
        start += count
    if start + size > stop:
        raise _Broken
    return tag, start, start + size, start + size


def _end_of_contents(data: memoryview, position: int, stop: int) -> int:
    """Where an element of indefinite length ends: its elements are passed over, in one walk and without recursion."""
    depth = 0
    for _ in range(_PIECES_CAP):
        if position + 2 > stop:
            break
        if data[position] == 0 and data[position + 1] == 0:
            if depth == 0:
                return position
            depth -= 1
            position += 2
        elif data[position + 1] == 0x80:
            depth += 1
            position += 2
        else:
            position = _element(data, position, stop)[3]
    raise _Broken


def open_clearsigned(text: str) -> tuple[str, bool]:
    """Text without the frame of an inline PGP signature (RFC 9580, 7), and whether it had one.

    Text around the frame stays, since nobody says which of it was signed.
    """
    begin = _SIGNED_BEGIN.search(text) if "-----BEGIN PGP SIGNED" in text else None
    head = _ARMOR_FIELD.match(text, begin.end()) if begin else None
    signature = _frame(text, "SIGNATURE", head.end()) if head else None
    if begin is None or head is None or signature is None:
        return text, False
    inside = _DASH.sub("", text[head.end() : signature[0]])
    return text[: begin.start()] + inside + text[signature[1] :], True


def take_out_encrypted(text: str) -> tuple[str, str | None]:
    """Text without an inline PGP message, and that message, or None where there is none."""
    found = _frame(text, "MESSAGE", 0)
    return (text[: found[0]] + text[found[1] :], text[found[0] : found[1]]) if found else (text, None)


def _frame(text: str, what: str, position: int) -> tuple[int, int] | None:
    """Where the first armour of a kind begins and ends; the marks stand at the start of their lines."""
    line = f"-----BEGIN PGP {what}-----"
    while (start := text.find(line, position)) > 0 and text[start - 1] != "\n":
        position = start + 1
    end = text.find(f"\n-----END PGP {what}-----", start) if start >= 0 else -1
    if end < 0:
        return None
    after = text.find("\n", end + 1)
    return start, len(text) if after < 0 else after + 1


def encrypted_note(seal: Seal, subject: str) -> str:
    """The sentence that stands for a text which only its recipient can read, in the language of the subject."""
    name = {Seal.SMIME: "S/MIME", Seal.PGP: "PGP"}[seal]
    if _RUSSIAN.search(subject):
        return f"Это письмо зашифровано ({name}); его содержание во вложении."
    return f"This mail is encrypted ({name}); its content is in the attachment."
