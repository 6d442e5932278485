"""Thread-Index: how Outlook and Exchange keep a conversation together (MS-OXOMSG 2.2.1.3).

22 bytes name the conversation: 01, five bytes of the time when it began, sixteen that nobody else has. Each reply adds
five bytes: the time since then, and a byte of chance.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime, timedelta

BASE = 22
"""Bytes that all mails of a conversation share."""
CHILD = 5
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_LONGEST = 4_000
_FINE_BITS, _COARSE_BITS = 18, 23
_DELTA = 0x7FFFFFFF
_COARSE = 0x80000000


def read_thread_index(value: str | None) -> tuple[bytes, bool] | None:
    """The 22 bytes that a field names, and whether it is a reply's; None where it is no Thread-Index."""
    if not value or len(value) > _LONGEST:
        return None
    try:
        raw = base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) < BASE or raw[0] != 1 or (len(raw) - BASE) % CHILD:
        return None
    return raw[:BASE], len(raw) > BASE


def conversation(began: datetime, unique: bytes) -> bytes:
    """The 22 bytes of a conversation; of `unique` the first sixteen count."""
    return b"\x01" + ((_ticks(began) >> 16) & 0xFFFFFFFFFF).to_bytes(5, "big") + unique[:16].ljust(16, b"\0")


def reply_index(base: bytes, at: datetime, chance: int) -> bytes:
    """The Thread-Index of one mail in a conversation; `chance`: a byte that tells it from others of that moment."""
    passed = max(0, _ticks(at) - (int.from_bytes(base[:6], "big") << 16))
    fine, coarse = passed >> _FINE_BITS, passed >> _COARSE_BITS
    delta = fine if fine <= _DELTA else _COARSE | (coarse & _DELTA)
    return base + delta.to_bytes(4, "big") + bytes((chance & 0xFF,))


def _ticks(at: datetime) -> int:
    """Tenths of microseconds since 1601, as a FILETIME counts."""
    return (at - _EPOCH) // timedelta(microseconds=1) * 10
