"""A Mail as the object that `maild read --json` prints; the names and shapes are a promise to other programs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from maild.messages.mail import Address, Attachment, Bounce, Forwarded, Mail, Writer


def as_json(mail: Mail, file: str) -> dict[str, Any]:
    """The object for one file; every value is plain JSON. `file` is printed as it was given."""
    return {
        "file": file,
        "message_id": mail.message_id,
        "in_reply_to": mail.in_reply_to,
        "references": list(mail.references),
        "date": _time(mail.date),
        "from": address(mail.sender) if mail.sender else None,
        "reply_to": _addresses(mail.reply_to),
        "to": _addresses(mail.to),
        "cc": _addresses(mail.cc),
        "subject": mail.subject,
        "language": mail.language,
        "text": mail.text,
        "text_from_html": mail.text_from_html,
        "reply": mail.reply,
        "quoted": mail.quoted,
        "signature": mail.signature,
        "html": mail.html is not None,
        "attachments": [_attachment(one) for one in mail.attachments],
        "class": mail.mail_class.value,
        "class_reason": mail.class_reason,
        "bounce": _bounce(mail.bounce) if mail.bounce else None,
        "forwarded": _forwarded(mail.forwarded) if mail.forwarded else None,
        "defects": list(mail.defects),
        "signed": mail.signed,
        "encrypted": mail.encrypted,
        "sender": _writer(mail.writer) if mail.writer else None,
    }


def address(value: Address) -> dict[str, str]:
    """An address as everywhere in the JSON: name ("" where there is none) and address."""
    return {"name": value.name, "address": value.address}


def _writer(value: Writer) -> dict[str, Any]:
    """Who wrote, via which address of From, and what is odd about it; nothing of it is proven."""
    return {
        **address(value.person),
        "via": value.via,
        "software": value.software or None,
        "marks": list(value.marks),
        "shown_domain": value.shown_domain,
    }


def _addresses(values: Iterable[Address]) -> list[dict[str, str]]:
    return [address(value) for value in values]


def _time(value: datetime | None) -> str | None:
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if value else None


def _attachment(value: Attachment) -> dict[str, Any]:
    return {
        "filename": value.filename,
        "content_type": value.content_type,
        "size": value.size,
        "sha256": value.sha256,
        "inline": value.inline,
        "content_id": value.content_id,
    }


def _bounce(value: Bounce) -> dict[str, Any]:
    return {
        "recipients": [
            {
                "address": one.address,
                "status": one.status,
                "action": one.action,
                "kind": one.kind,
                "diagnostic": one.diagnostic,
            }
            for one in value.recipients
        ],
        "original_message_id": value.original_message_id,
    }


def _forwarded(value: Forwarded) -> dict[str, Any]:
    return {
        "before": value.before,
        "from": address(value.sender) if value.sender else None,
        "to": _addresses(value.to),
        "date": value.date,
        "subject": value.subject,
        "text": value.text,
    }
