"""Bounces that a sending service reports as JSON by mail: Amazon SES through SNS."""

from __future__ import annotations

import json
from typing import Any

from maild.messages import statuses
from maild.messages.dsn import ADDRESS, clean_address
from maild.messages.mail import BounceRecipient

_LONGEST = 100_000
_MOST_RECIPIENTS = 100
_OPENS = '{"notificationType":"Bounce"'


def recipients(text: str) -> tuple[BounceRecipient, ...]:
    """The recipients of an SES notification inside a text; () where there is none."""
    report = _notification(text)
    bounce = report.get("bounce") if isinstance(report, dict) else None
    bounced = bounce.get("bouncedRecipients") if isinstance(bounce, dict) else None
    if not isinstance(bounced, list):
        return ()
    return tuple(r for entry in bounced[:_MOST_RECIPIENTS] if (r := _recipient(entry)) is not None)


def message_id(text: str) -> str | None:
    """The Message-ID of the mail that bounced, where the notification carries its header."""
    report = _notification(text)
    mail = report.get("mail") if isinstance(report, dict) else None
    common = mail.get("commonHeaders") if isinstance(mail, dict) else None
    found = common.get("messageId") if isinstance(common, dict) else None
    return found if isinstance(found, str) and found.startswith("<") else None


def _notification(text: str) -> Any:
    """The JSON object, also where the mail has wrapped it; None where there is none that can be read."""
    joined = text[:_LONGEST].replace("\r", "").replace("\n", "")
    at = joined.replace(" ", "").find(_OPENS)
    start = joined.find("{") if at >= 0 else -1
    if start < 0:
        return None
    try:
        return json.JSONDecoder(strict=False).raw_decode(joined[start:])[0]
    except (ValueError, RecursionError):
        return None


def _recipient(entry: Any) -> BounceRecipient | None:
    if not isinstance(entry, dict):
        return None
    address = ADDRESS.search(str(entry.get("emailAddress") or "")[:500])
    if address is None:
        return None
    diagnostic = str(entry.get("diagnosticCode") or "")[:1_000] or None
    status = statuses.best(str(entry.get("status") or ""), diagnostic)
    action = str(entry.get("action") or "failed").lower()
    return BounceRecipient(
        address=clean_address(address[0]),
        status=status,
        action=action if action in ("failed", "delayed") else "failed",
        kind=statuses.kind_of(status, action),
        diagnostic=diagnostic,
    )
