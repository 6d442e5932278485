"""The mail that a report brings back: its Message-ID and whom it went to, in whatever dress it comes.

As a part of its own (RFC 3462, RFC 6522, RFC 6533), also encoded, as a bare header, inside the text, or as a file.
"""

from __future__ import annotations

import re
from email.message import Message

from maild.messages import bounce_json, bounce_patterns, dsn, transfer

_LONGEST_TEXT = 200_000
_TYPES = frozenset(
    {
        "message/rfc822",
        "message/global",
        "text/rfc822-headers",
        "text/rfc822-header",
        "message/rfc822-headers",
        "message/global-headers",
    }
)
_ID = re.compile(r"<[^<>\s]{3,500}>")
_MESSAGE_ID = re.compile(
    r"^[\s>|]{0,8}(?:X-)?(?:Original-)?Message-ID\s?:\s{0,4}(?:\r?\n[ \t]{1,4})?(<[^<>\s]{3,500}>)",
    re.IGNORECASE | re.MULTILINE,
)


def message_id(message: Message, text: str) -> str | None:
    """The Message-ID of the mail that came back: from its part, the status part, the text, or References."""
    own = str(message.get("Message-ID") or "").strip()
    if (told := bounce_json.message_id(text)) is not None:
        return told
    for part in _parts(message):
        found = _ID.search(_field(part, "Message-ID")) or _MESSAGE_ID.search(decoded(part))
        if found:
            return found[found.lastindex or 0]
    if found := _ID.search(dsn.field(message, "X-Original-Message-ID") or dsn.field(message, "Original-Message-ID")):
        return found[0]
    for source in (text, all_text(message)):
        for found in _MESSAGE_ID.finditer(source[:_LONGEST_TEXT]):
            if found[1] != own:
                return found[1]
    named = _ID.search(str(message.get("In-Reply-To") or message.get("References") or ""))
    return named[0] if named else None


def addressees(message: Message, returned_text: str) -> tuple[str, ...]:
    """The addresses in To of the mail that came back, each once; () where there is none."""
    value = next((v for part in _parts(message) if (v := _field(part, "To"))), "")
    value = value or bounce_patterns.field("To", returned_text)
    return tuple(dict.fromkeys(dsn.clean_address(a) for a in dsn.ADDRESS.findall(value[:20_000])))


def inner_report(message: Message) -> Message | None:
    """The report inside a report: gateways and list servers pack the one that they were sent."""
    for part in _parts(message):
        inner = _inner(part)
        if inner is not None and part.get_content_type() == "message/rfc822" and dsn.is_delivery_report(inner):
            return inner
    return None


def decoded(part: Message) -> str:
    """The text of one part, its transfer encoding undone; "" of a part that has parts."""
    payload = part.get_payload(decode=True)
    if isinstance(payload, bytes):
        return payload[:_LONGEST_TEXT].decode("utf-8", "replace")
    plain = part.get_payload()
    if isinstance(plain, str):
        return plain[:_LONGEST_TEXT]
    return _encoded_inside(part) if part.get_content_type() in _TYPES else ""


def all_text(message: Message) -> str:
    """All text parts, whatever they are called: some servers return the mail as an attachment of no fitting type."""
    return "\n".join(decoded(p) for p in dsn.parts(message) if not p.is_multipart())[:_LONGEST_TEXT]


def _parts(message: Message) -> list[Message]:
    return [p for p in dsn.parts(message) if p is not message and p.get_content_type() in _TYPES]


def _inner(part: Message) -> Message | None:
    payload = part.get_payload()
    first = payload[0] if isinstance(payload, list) and payload else None
    return first if isinstance(first, Message) else None


def _field(part: Message, name: str) -> str:
    """A field of a returned mail; the parser has read it already, unless the part was encoded or is called text."""
    inner = _inner(part)
    encoding = str(part.get("Content-Transfer-Encoding") or "7bit").strip().lower()
    value = str(inner.get(name) or "") if inner is not None and encoding in ("7bit", "8bit", "binary") else ""
    return value or bounce_patterns.field(name, decoded(part)[:50_000])


def _encoded_inside(part: Message) -> str:
    """A message/rfc822 part may not be encoded (RFC 2046, 5.2.1); some servers do it all the same."""
    encoding, inner = str(part.get("Content-Transfer-Encoding") or ""), _inner(part)
    if inner is None or not encoding:
        return ""
    header = "".join(f"{name}: {value}\n" for name, value in inner.items()[:200])
    body = inner.get_payload()
    whole = f"{header}\n{body}" if isinstance(body, str) else header
    return transfer.decode(whole.strip()[:_LONGEST_TEXT].encode("utf-8", "replace"), encoding).decode(
        "utf-8", "replace"
    )
