"""Bounces of every kind: RFC 3464 first, then what flufl.bounce knows, then servers' own words.

It says who was not reached and why. Whether a mail is a bounce, a delay or a person's mail about a bounce is decided in
classify.py; `may_be_bounce` only spares the reading.
"""

from __future__ import annotations

import re
from email.message import Message

from flufl.bounce import all_failures

from maild.messages import bounce_json, bounce_patterns, dsn, statuses
from maild.messages.auto_phrases import BOUNCE_SUBJECTS
from maild.messages.mail import Bounce, BounceRecipient

_LONGEST_TEXT = 200_000
_FLUFL_FIELDS, _FLUFL_FIELD, _FLUFL_PARTS, _FLUFL_DEPTH = 60, 400, 12, 4
_FLUFL_BODY, _FLUFL_LINES = 30_000, 400
_MOST_FOUND = 100
_MESSAGE_ID = re.compile(
    r"^[\s>|]{0,8}(?:X-Original-)?Message-ID:\s{0,4}(?:\r?\n[ \t]{1,4})?(<[^<>\s]{3,500}>)",
    re.IGNORECASE | re.MULTILINE,
)
_DAEMONS = (
    *("mailer-daemon", "mailerdaemon", "mail-daemon", "postmaster", "mail delivery", "mail deliver system"),
    *(
        "sns.amazonaws.com",
        "mailer daemon",
        "mail system",
        "maildelivery",
        "mdaemon",
        "bounce",
        "mmdf",
        "uucp",
        "ndr administrator",
    ),
    *("system administrator", "mail administrator", "delivery subsystem", "почтовая служба", "mail administrator"),
)
_SUBJECTS = re.compile("|".join(BOUNCE_SUBJECTS), re.IGNORECASE)
_PASSED_ON = re.compile(
    r"\s{0,4}(?:re|fwd?|aw|wg|ha|на|отв|пересл|tr|rv|sv|vs|odp|pd|i)\s{0,2}(?:\[\d{1,3}\])?\s{0,2}[:：]", re.IGNORECASE
)


def may_be_bounce(
    headers: tuple[tuple[str, str], ...],
    content_type: str,
    part_types: tuple[str, ...],
    sender: str | None,
    subject: str,
) -> bool:
    """Is it worth reading as a bounce? Cheap and generous."""
    if content_type == "multipart/report" or dsn.STATUS_TYPES & set(part_types):
        return True
    names = {name.lower(): value for name, value in headers}
    if "x-failed-recipients" in names or names.get("return-path", "x").strip() in ("<>", ""):
        return True
    written = f"{names.get('from', '')} {sender or ''}".lower()
    return any(daemon in written for daemon in _DAEMONS) or _SUBJECTS.search(subject[:500]) is not None


def read_bounce(message: Message, text: str) -> Bounce | None:
    """What a delivery report says; None where it is none. Recipients may be () when the server names nobody.

    `text` is the readable body. A person's mail about a bounce ("Fwd: Undelivered Mail") is none.
    """
    subject = str(message.get("Subject") or "")
    report = dsn.is_delivery_report(message)
    if not report and not _looks_like_daemon(message) and _PASSED_ON.match(subject):
        return None
    found = dsn.recipients(message) or bounce_json.recipients(text)
    text = text[:_LONGEST_TEXT] or _own_text(message)
    report_text, returned = bounce_patterns.divide(text)
    if not any(r.status and not r.status.endswith(".0.0") for r in found):
        found = _better(found, report_text)
    found = found or _failed_recipients(message, report_text) or _by_flufl(message, report_text)
    if not found and (report or _looks_like_daemon(message) or _SUBJECTS.search(subject[:500])):
        found = bounce_patterns.recipients(report_text, ours=_own_addresses(message)) or _returned_to(
            message, returned, report_text
        )
    if not found and not (report or (_looks_like_daemon(message) and _SUBJECTS.search(subject[:500]))):
        return None
    return Bounce(recipients=found[:_MOST_FOUND], original_message_id=_original_id(message, text))


def _looks_like_daemon(message: Message) -> bool:
    written = str(message.get("From") or "").lower()
    null_path = any(str(v).strip() in ("<>", "") for v in message.get_all("Return-Path", []))
    return null_path or any(daemon in written for daemon in _DAEMONS) or "X-Failed-Recipients" in message


def _better(found: tuple[BounceRecipient, ...], report_text: str) -> tuple[BounceRecipient, ...]:
    """A status part that gives no or only a general code: the words for people often say more."""
    out = []
    for recipient in found:
        said = bounce_patterns.reason_near(report_text, recipient.address)
        status = statuses.best(recipient.status, said)
        kind = statuses.kind_of(status, recipient.action)
        diagnostic = recipient.diagnostic or (said.strip() or None if said else None)
        out.append(
            BounceRecipient(
                address=recipient.address, status=status, action=recipient.action, kind=kind, diagnostic=diagnostic
            )
        )
    return tuple(out)


def _recipient(address: str, report_text: str, action: str | None = None) -> BounceRecipient:
    return bounce_patterns.recipient(address, bounce_patterns.reason_near(report_text, address), report_text, action)


def _failed_recipients(message: Message, report_text: str) -> tuple[BounceRecipient, ...]:
    """Exim's X-Failed-Recipients."""
    values = " ".join(str(v) for v in message.get_all("X-Failed-Recipients", []))
    addresses = dict.fromkeys(dsn.clean_address(a) for a in dsn.ADDRESS.findall(values[:20_000]))
    return tuple(_recipient(a, report_text) for a in list(addresses)[:_MOST_FOUND])


def _by_flufl(message: Message, report_text: str) -> tuple[BounceRecipient, ...]:
    """What flufl.bounce makes of a small copy: its forty detectors are slow on hostile mail, and may raise."""
    try:
        temporary, permanent = all_failures(_small(message))
    except Exception:  # noqa: BLE001 - any of forty detectors, on input from anywhere
        return ()
    delayed = {a.decode("utf-8", "replace") for a in temporary}
    failed = {a.decode("utf-8", "replace") for a in permanent}
    found = [_recipient(dsn.clean_address(a), report_text) for a in sorted(failed) if dsn.ADDRESS.fullmatch(a)]
    found += [
        _recipient(dsn.clean_address(a), report_text, "delayed")
        for a in sorted(delayed - failed)
        if dsn.ADDRESS.fullmatch(a)
    ]
    return tuple(found)


def _small(message: Message, depth: int = 0) -> Message:
    """A copy with few and short header fields and bodies, of as many parts as a report has."""
    copy = Message()
    for name, value in message.items()[:_FLUFL_FIELDS]:
        if name.lower() != "x-failed-recipients":
            copy[name] = str(value)[:_FLUFL_FIELD]
    if depth == 0 and not dsn.ADDRESS.search(str(copy.get("From") or "")):
        # One detector takes it for granted that From can be read, and complains on standard error.
        del copy["From"]
        copy["From"] = "MAILER-DAEMON@unknown.invalid"
    payload = message.get_payload()
    if isinstance(payload, list):
        inner = [p for p in payload[:_FLUFL_PARTS] if isinstance(p, Message)] if depth < _FLUFL_DEPTH else []
        copy.set_payload([_small(p, depth + 1) for p in inner])
    else:
        copy.set_payload("\n".join(str(payload or "")[:_FLUFL_BODY].split("\n")[:_FLUFL_LINES]))
    return copy


def _own_addresses(message: Message) -> frozenset[str]:
    """Addresses that a report names without meaning them: its sender and its reader."""
    written = " ".join(
        str(v) for name in ("From", "To", "Reply-To", "Delivered-To", "Return-Path") for v in message.get_all(name, [])
    )
    return frozenset(dsn.clean_address(a).lower() for a in dsn.ADDRESS.findall(written[:20_000]))


def _returned_to(message: Message, returned: str, report_text: str) -> tuple[BounceRecipient, ...]:
    """The To of the returned mail, when it went to one address only."""
    value = ""
    for part in dsn.parts(message):
        payload = part.get_payload()
        if part.get_content_type() in ("message/rfc822", "text/rfc822-headers") and payload:
            inner = payload[0] if isinstance(payload, list) else payload
            value = (
                str(inner.get("To") or "")
                if isinstance(inner, Message)
                else bounce_patterns.field("To", str(inner)[:50_000])
            )
    addresses = dict.fromkeys(
        dsn.clean_address(a) for a in dsn.ADDRESS.findall((value or bounce_patterns.field("To", returned))[:20_000])
    )
    return tuple(_recipient(a, report_text) for a in addresses) if len(addresses) == 1 else ()


def _original_id(message: Message, text: str) -> str | None:
    """The Message-ID of the mail that came back: from its part, from text, or from the report's own References."""
    own = str(message.get("Message-ID") or "").strip()
    if (told := bounce_json.message_id(text)) is not None:
        return told
    for part in dsn.parts(message):
        payload = part.get_payload()
        if part is message or part.get_content_type() not in (
            "message/rfc822",
            "text/rfc822-headers",
            "message/rfc822-headers",
        ):
            continue
        inner = payload[0] if isinstance(payload, list) and payload else payload
        got = str(inner.get("Message-ID") or "").strip() if isinstance(inner, Message) else ""
        found = re.search(r"<[^<>\s]{3,500}>", got) or _MESSAGE_ID.search(_decoded(part))
        if found:
            return found[found.lastindex or 0]
    for source in (text, _raw_text(message)):
        for found in _MESSAGE_ID.finditer(source[:_LONGEST_TEXT]):
            if found[1] != own:
                return found[1]
    named = re.search(r"<[^<>\s]{3,500}>", str(message.get("In-Reply-To") or message.get("References") or ""))
    return named[0] if named else None


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if isinstance(payload, bytes):
        return payload[:_LONGEST_TEXT].decode("utf-8", "replace")
    plain = part.get_payload()
    return plain[:_LONGEST_TEXT] if isinstance(plain, str) else ""


def _raw_text(message: Message) -> str:
    """All text parts, whatever they are called: some servers return the mail as an attachment of no fitting type."""
    return "\n".join(_decoded(p) for p in dsn.parts(message) if not p.is_multipart())[:_LONGEST_TEXT]


def _own_text(message: Message) -> str:
    texts = (t for p in dsn.parts(message) if p.get_content_maintype() == "text" and (t := _decoded(p)).strip())
    return next(texts, "") or _raw_text(message)
