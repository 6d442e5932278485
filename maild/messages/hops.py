"""How many servers a mail has passed: one that comes round again and again is told by it (RFC 5321, 6.3)."""

from __future__ import annotations

import re

MOST_SERVERS = 50
"""Postfix' hopcount_limit; an honest mail passes five or ten."""
_HEADER_CAP = 256 * 1024
_END_OF_HEADER = re.compile(rb"\n\r?\n")
_RECEIVED = re.compile(rb"^received[ \t]*:", re.IGNORECASE | re.MULTILINE)


def count_received(raw: bytes) -> int:
    """How many Received fields stand in the header: each is a server that passed the mail on."""
    start = len(raw) - len(raw[:_HEADER_CAP].lstrip(b"\r\n")) if raw[:1] in (b"\r", b"\n") else 0
    start = min(start, _HEADER_CAP)
    end = _END_OF_HEADER.search(raw, start, _HEADER_CAP)
    return sum(1 for _ in _RECEIVED.finditer(raw, start, end.start() if end else _HEADER_CAP))
