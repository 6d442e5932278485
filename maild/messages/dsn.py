"""Delivery status notifications that keep to RFC 3464 (and RFC 6533 for addresses beyond ASCII)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from email.parser import HeaderParser

from maild.messages import statuses
from maild.messages.mail import BounceRecipient

STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
ADDRESS = re.compile(r"[^\s<>\[\]()\",;:'`=|\\]{1,64}@[^\s<>\[\]()\",;:'`=|\\]{1,253}")
_MOST_PARTS = 200
_MOST_RECIPIENTS = 200
_MOST_BLOCKS = 400
_LONGEST_PART = 200_000
_LONGEST_DIAGNOSTIC = 1_000
_ACTIONS = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})


def parts(message: Message, most: int = _MOST_PARTS) -> Iterator[Message]:
    """The parts of a message, the returned mail's own parts left out, at most `most`."""
    waiting, count = [message], 0
    while waiting and count < most:
        part = waiting.pop(0)
        count += 1
        yield part
        payload = part.get_payload()
        if isinstance(payload, list) and part.get_content_maintype() == "multipart":
            waiting += [p for p in payload[:most] if isinstance(p, Message)]


def recipients(message: Message) -> tuple[BounceRecipient, ...]:
    """The recipients that the status parts speak of, each once; () where there is no status part with one."""
    found: dict[str, BounceRecipient] = {}
    for part in parts(message):
        if part.get_content_type() not in STATUS_TYPES:
            continue
        for block in _blocks(part):
            recipient = _recipient(block)
            if recipient is not None and len(found) < _MOST_RECIPIENTS:
                found.setdefault(recipient.address.lower(), recipient)
    return tuple(found.values())


def recipients_in_text(text: str) -> tuple[BounceRecipient, ...]:
    """The same from a text that holds the fields: gateways and old servers write them without a part of their own."""
    if "inal-recipient:" not in text[:_LONGEST_PART].lower():
        return ()
    found: dict[str, BounceRecipient] = {}
    for block in _blocks_of(re.sub(r"(?m)^[> \t]{1,8}(?=[A-Z][\w-]{3,40}:)", "", text)):
        recipient = _recipient(block) if block.get("Action") or block.get("Status") else None
        if recipient is not None and len(found) < _MOST_RECIPIENTS:
            found.setdefault(recipient.address.lower(), recipient)
    return tuple(found.values())


def field(message: Message, name: str) -> str:
    """The value of a field of the status parts, "" where there is none."""
    blocks = (block for part in parts(message) if part.get_content_type() in STATUS_TYPES for block in _blocks(part))
    return next((str(value) for block in blocks if (value := block.get(name))), "")


def is_delivery_report(message: Message) -> bool:
    """A multipart/report of type delivery-status, or one with a status part (RFC 6522)."""
    if str(message.get_param("report-type") or "").lower() in ("delivery-status", "global-delivery-status"):
        return True
    return any(part.get_content_type() in STATUS_TYPES for part in parts(message))


def _blocks(part: Message) -> list[Message]:
    """The groups of fields in a status part; the parser has split them already, unless the part was encoded."""
    payload = part.get_payload()
    if isinstance(payload, list):
        blocks = [p for p in payload[:_MOST_BLOCKS] if isinstance(p, Message)]
        if any(block.keys() for block in blocks):
            # Some write all fields in one group, or the per-message group after the first recipient.
            return [b for block in blocks for b in (block, *_blocks_of(_body(block)))]
        return [b for block in blocks for b in _blocks_of(_decoded(part, _body(block)))]
    return _blocks_of(_decoded(part, str(payload or "")))


def _body(block: Message) -> str:
    payload = block.get_payload()
    return payload if isinstance(payload, str) else ""


def _decoded(part: Message, text: str) -> str:
    holder = Message()
    holder["Content-Transfer-Encoding"] = str(part.get("Content-Transfer-Encoding") or "7bit")
    holder.set_payload(text)
    raw = holder.get_payload(decode=True)
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else text


def _blocks_of(text: str) -> list[Message]:
    groups = re.split(r"\n[ \t]{0,200}\n", text[:_LONGEST_PART].replace("\r\n", "\n"))[:_MOST_BLOCKS]
    parser = HeaderParser()
    return [parser.parsestr(group.strip("\n")) for group in groups if ":" in group]


def _recipient(block: Message) -> BounceRecipient | None:
    address = next((a for name in _ADDRESS_FIELDS if (a := _address(_value(block, name)))), None)
    if address is None or is_masked(address):
        return None
    action = _value(block, "Action").split("(")[0].strip().lower()
    diagnostic = " ".join(_value(block, "Diagnostic-Code").split())[:_LONGEST_DIAGNOSTIC] or None
    status = statuses.best(_value(block, "Status"), diagnostic)
    known = next((a for a in _ACTIONS if action.startswith(a)), None) or ("failed" if status else None)
    return BounceRecipient(
        address=address,
        status=status,
        action=known,
        kind=statuses.kind_of(status, known),
        diagnostic=diagnostic.partition(";")[2].strip() or diagnostic if diagnostic else None,
    )


def _value(block: Message, name: str) -> str:
    """A field as it stands, UTF-8 where it is not ASCII (RFC 6533, 3): the parser gives such values up."""
    wanted = name.lower()
    raw = next((str(value) for key, value in block.raw_items() if key.lower() == wanted), "")
    return raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def is_masked(address: str) -> bool:
    """`********@client.example`: some servers tell nobody whom they mean."""
    return not address.rpartition("@")[0].strip("*.")


# As we sent it, as the last server knew it, and the odd names of old servers.
_ADDRESS_FIELDS = ("Original-Recipient", "Final-Recipient", "X-Actual-Recipient", "X-Original-Recipient", "Recipient")


def _address(value: str) -> str | None:
    """`rfc822; <anna@b.example>` without its type; None for an X.400 name or a phone number."""
    text = value.rpartition(";")[2] if ";" in value else value
    found = ADDRESS.search(text.replace("%40", "@") if "@" not in text else text)
    return clean_address(found[0]) if found else None


def clean_address(address: str) -> str:
    """The address without what clings to it, its domain in lower case."""
    local, _, domain = address.strip("<>.,;:!?'\"").rpartition("@")
    return f"{local}@{domain.lower().rstrip('.')}"
