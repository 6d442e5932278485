"""What the delivering server wrote on top of a mail in a mailbox: the envelope that IMAP does not have.

Only these trace fields are looked at, as bytes; the mail itself is read elsewhere.
"""

from __future__ import annotations

import re

from maild.messages.envelope import Envelope

_HEADER_CAP = 256 * 1024
_END_OF_HEADER = re.compile(rb"\r?\n\r?\n|\A\r?\n")
_TRACE = re.compile(
    rb"^(?P<name>return-path|delivered-to|x-original-to)[ \t]*:(?P<value>[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)",
    re.IGNORECASE | re.MULTILINE,
)
_RECIPIENTS_KEPT = 50


def polled_envelope(raw: bytes, source: str, *, backlog: bool = False) -> Envelope:
    """The envelope of a polled mail: sender from the topmost Return-Path (RFC 5321, 4.4), recipients from Delivered-To
    and X-Original-To in their order. The server that keeps the mailbox counts as the peer that brought the mail.
    """
    end = _END_OF_HEADER.search(raw, 0, _HEADER_CAP)
    header = raw[: end.start() if end else _HEADER_CAP]
    sender: str | None = None
    recipients: dict[str, None] = {}
    for field in _TRACE.finditer(header):
        address = _address(field["value"])
        if field["name"].lower() == b"return-path":
            sender = address if sender is None else sender
        elif address and len(recipients) < _RECIPIENTS_KEPT:
            recipients[address] = None
    kept = tuple(recipients)
    return Envelope(channel="imap", source=source, sender=sender, recipients=kept, trusted=True, backlog=backlog)


def _address(value: bytes) -> str | None:
    """The address of a trace field: "" for the null path, None where there is none that can be shown."""
    text = value.decode("utf-8", "replace").strip()
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1].strip()
    elif not text:
        return None
    return text if text.isprintable() and len(text) <= 320 and not re.search(r"[\s<>]", text) else None
