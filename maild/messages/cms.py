"""CMS messages (RFC 5652), as S/MIME wraps them, read in DER or BER: what they are, what they hold, who signed how.

Nothing is verified here, and nothing that is read here says that a signature is good.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

_SIGNED_DATA, _ENVELOPED, _AUTH_ENVELOPED = (
    bytes.fromhex(oid) for oid in ("2a864886f70d010702", "2a864886f70d010703", "2a864886f70d0109100117")
)
_SIGNING_TIME = bytes.fromhex("2a864886f70d010905")
_UTC_TIME, _GENERALIZED_TIME = 0x17, 0x18
_DEPTH_CAP = 12
_PIECES_CAP = 30_000
_SIGNERS_CAP = 20


class _Broken(Exception):
    """The bytes are no DER or BER."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CmsSigner:
    """One signature of a SignedData, by its own word: its algorithms as hexadecimal object identifiers, its time."""

    digest: str
    algorithm: str
    signed_at: datetime | None


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


def cms_signers(content: bytes) -> tuple[CmsSigner, ...]:
    """Every signature of a SignedData (RFC 5652, 5.3); () where there is none, or anything about them is odd.

    Never raises.
    """
    try:
        data = memoryview(content)
        _, start, stop, end = _element(data, 0, len(data), 0x30)
        _, first, last, after = _element(data, start, stop, 0x06)
        if end != len(data) or bytes(data[first:last]) != _SIGNED_DATA:
            return ()
        _, start, stop, _ = _element(data, after, stop, 0xA0)
        _, start, stop, _ = _element(data, start, stop, 0x30)
        # The version, the digest algorithms and the content come first, then certificates and revocations, if any.
        for wanted in (0x02, 0x31, 0x30):
            start = _element(data, start, stop, wanted)[3]
        while start < stop and data[start] in (0xA0, 0xA1):
            start = _element(data, start, stop)[3]
        _, start, stop, _ = _element(data, start, stop, 0x31)
        signers: list[CmsSigner] = []
        while start < stop and len(signers) < _SIGNERS_CAP:
            _, first, last, start = _element(data, start, stop, 0x30)
            signers.append(_signer(data, first, last))
        return tuple(signers)
    except (_Broken, ValueError):
        return ()


def _signer(data: memoryview, start: int, stop: int) -> CmsSigner:
    """One SignerInfo: its version, whose it is, the digest, what is signed beside it, the signature's algorithm."""
    start = _element(data, start, stop, 0x02)[3]
    start = _element(data, start, stop)[3]
    digest, start = _algorithm(data, start, stop)
    signed_at = None
    if start < stop and data[start] == 0xA0:
        _, first, last, start = _element(data, start, stop)
        signed_at = _signing_time(data, first, last)
    return CmsSigner(digest=digest, algorithm=_algorithm(data, start, stop)[0], signed_at=signed_at)


def _algorithm(data: memoryview, start: int, stop: int) -> tuple[str, int]:
    """The object identifier of an AlgorithmIdentifier, and where the next element begins."""
    _, first, last, after = _element(data, start, stop, 0x30)
    _, first, last, _ = _element(data, first, last, 0x06)
    return bytes(data[first:last]).hex(), after


def _signing_time(data: memoryview, start: int, stop: int) -> datetime | None:
    """The signing time among signed attributes (RFC 5652, 11.3); None where there is not exactly one."""
    found: list[datetime] = []
    while start < stop:
        _, first, last, start = _element(data, start, stop, 0x30)
        _, begin, end, after = _element(data, first, last, 0x06)
        if bytes(data[begin:end]) == _SIGNING_TIME:
            _, first, last, _ = _element(data, after, last, 0x31)
            tag, begin, end, after = _element(data, first, last)
            if after != last:
                return None
            found.append(_time(tag, bytes(data[begin:end]).decode("ascii", "replace")))
    return found[0] if len(found) == 1 else None


def _time(tag: int, text: str) -> datetime:
    """A UTCTime or GeneralizedTime in UTC (RFC 5652, 11.3). Raises ValueError."""
    if tag == _UTC_TIME:
        # Two digits of a year mean 1950 to 2049.
        text = ("19" if text[:2] >= "50" else "20") + text
    elif tag != _GENERALIZED_TIME:
        raise _Broken
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
