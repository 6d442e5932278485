"""Bounces of every kind: RFC 3464 first, then what flufl.bounce knows, then servers' own words.

It says who was not reached and why. Whether a mail is a bounce, a delay or a person's mail about a bounce is decided in
classify.py; `may_be_bounce` only spares the reading. The mail that came back is read in returned.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from email.message import Message

from maild.messages import bounce_json, bounce_patterns, dsn, returned, statuses
from maild.messages.auto_phrases import BOUNCE_SUBJECTS
from maild.messages.mail import Bounce, BounceRecipient

_LONGEST_TEXT = 200_000
_FLUFL_FIELDS, _FLUFL_FIELD, _FLUFL_PARTS, _FLUFL_DEPTH = 60, 400, 12, 4
_FLUFL_BODY, _FLUFL_LINES = 30_000, 400
_MOST_FOUND = 100
_DAEMONS = (
    *(
        "mailer-daemon",
        "mailerdaemon",
        "mail-daemon",
        "postmaster",
        "post_master",
        "post master",
        "mail delivery",
        "mail deliver system",
    ),
    *("sns.amazonaws.com", "mailer daemon", "mail system", "maildelivery", "mdaemon", "bounce", "mmdf", "uucp"),
    *("ndr administrator", "system administrator", "mail administrator", "delivery subsystem", "почтовая служба"),
    *("microsoft exchange", "microsoftexchange", "mail router", "internet mail delivery", "courier mail server"),
    *("служба доставки", "mail-system", "mailsystem", "системный администратор", "systemadministrator"),
)
_SUBJECTS = re.compile("|".join(BOUNCE_SUBJECTS), re.IGNORECASE)
_ANSWERED = re.compile(
    r"\s{0,4}(?:re|aw|ha|на|отв|ответ|відп|sv|vs|odp|rif|res|antw|ynt|回复|答复)\s{0,2}(?:\[\d{1,3}\])?\s{0,2}[:：]",
    re.IGNORECASE,
)
_PASSED_ON = re.compile(
    r"\s{0,4}(?:fwd?|wg|пересл|пер|tr|rv|i|pd|vl|enc|doorst|转发|轉寄)\s{0,2}(?:\[\d{1,3}\])?\s{0,2}[:：]"
    r"|[\s\[(]{0,4}fwd?\b",
    re.IGNORECASE,
)
# Programs that report to the owner of a list from the list's own address.
_LIST_SERVERS = ("X-MLServer", "X-ML-Info")


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


@dataclass(frozen=True, kw_only=True, slots=True)
class _Report:
    """A mail that may be a report: its parts, its readable text, and the fields that say who wrote it, decoded."""

    message: Message
    text: str
    subject: str
    written_by: str
    null_path: bool

    @property
    def by_daemon(self) -> bool:
        written = self.written_by.lower()
        return any(daemon in written for daemon in _DAEMONS) or "X-Failed-Recipients" in self.message

    @property
    def by_list_server(self) -> bool:
        return any(name in self.message for name in _LIST_SERVERS)

    @property
    def by_subject(self) -> bool:
        return _SUBJECTS.search(self.subject[:500]) is not None


def read_bounce(
    message: Message,
    text: str,
    *,
    subject: str | None = None,
    written_by: str | None = None,
    null_path: bool | None = None,
) -> Bounce | None:
    """What a delivery report says; None where it is none. Recipients may be () when the server names nobody.

    `text` is the readable body. `subject` and `written_by` (From) are decoded, and `null_path` says whether the return
    path was empty; where they are None the message itself is asked. A person's mail about a bounce
    ("Fwd: Undelivered Mail") is none.
    """
    report = _Report(
        message=message,
        text=text[:_LONGEST_TEXT] or _own_text(message),
        subject=str(message.get("Subject") or "") if subject is None else subject,
        written_by=str(message.get("From") or "") if written_by is None else written_by,
        null_path=_has_null_path(message) if null_path is None else null_path,
    )
    found = _recipients(report) if _is_worth_believing(report) else None
    if found is None:
        return None
    return Bounce(recipients=found[:_MOST_FOUND], original_message_id=returned.message_id(message, report.text))


def _is_worth_believing(report: _Report) -> bool:
    """Did a server write it? A report by its type is believed; people pass reports on, ask about them, return goods."""
    message, subject = report.message, report.subject
    if dsn.is_delivery_report(message) or report.by_daemon or bounce_json.recipients(report.text):
        return True
    if _PASSED_ON.match(subject) or message.get("In-Reply-To"):
        return False
    if (answered := _ANSWERED.match(subject)) and _SUBJECTS.match(subject[answered.end() :].strip()):
        return False
    if report.by_list_server and report.by_subject:
        return True
    if report.null_path and _answers_by_itself(message):
        return bounce_patterns.opens_as_report(report.text) or report.by_subject
    if report.null_path:
        return bounce_patterns.speaks_as_server(report.text) or report.by_subject
    # From an address like any other: only the opening of a report counts, and only where it names somebody.
    return bounce_patterns.opens_as_report(report.text)


def _recipients(report: _Report) -> tuple[BounceRecipient, ...] | None:
    """Who was not reached, best evidence first; None where nothing says that the mail is a report at all."""
    message, text = report.message, report.text
    report_text, returned_text = bounce_patterns.divide(text)
    inner = None if dsn.recipients(message) else returned.inner_report(message)
    found = dsn.recipients(inner or message) or bounce_json.recipients(text) or dsn.recipients_in_text(text)
    if not any(r.status and not r.status.endswith(".0.0") for r in found):
        found = _better(found, report_text)
    found = found or _failed_recipients(message, report_text) or _by_flufl(message, report_text)
    says = report.by_subject or dsn.is_delivery_report(message)
    if not found and (says or bounce_patterns.speaks_as_server(text)):
        found = _as_written_to(bounce_patterns.recipients(report_text, ours=_own_addresses(message)), report_text)
        found = found or _returned_to(message, returned_text, report_text)
    # A person who writes as postmaster, or a robot with an empty return path, may write of other things as well.
    by_server = report.null_path or report.by_daemon or report.by_list_server or dsn.is_delivery_report(message)
    return found if found or (says and by_server) else None


def _answers_by_itself(message: Message) -> bool:
    """An absence note (RFC 3834): it has an empty return path too, and may well speak of addresses and mailboxes."""
    return str(message.get("Auto-Submitted") or "").strip().lower().startswith("auto-replied")


def _has_null_path(message: Message) -> bool:
    return any(str(v).strip() in ("<>", "") for v in message.get_all("Return-Path", []))


def _better(found: tuple[BounceRecipient, ...], report_text: str) -> tuple[BounceRecipient, ...]:
    """A status part that gives no or only a general code: the words for people often say more."""
    out = []
    for recipient in found:
        said = bounce_patterns.reason_near(report_text, recipient.address)
        status = statuses.best(recipient.status, said)
        kind = statuses.kind_of(status, recipient.action)
        diagnostic = recipient.diagnostic or (said.strip() or None if said else None)
        out.append(replace(recipient, status=status, kind=kind, diagnostic=diagnostic))
    return tuple(out)


def _recipient(address: str, report_text: str) -> BounceRecipient:
    return bounce_patterns.recipient(address, bounce_patterns.reason_near(report_text, address), report_text)


def _failed_recipients(message: Message, report_text: str) -> tuple[BounceRecipient, ...]:
    """Exim's X-Failed-Recipients."""
    values = " ".join(str(v) for v in message.get_all("X-Failed-Recipients", []))
    addresses = dict.fromkeys(dsn.clean_address(a) for a in dsn.ADDRESS.findall(values[:20_000]))
    return _as_written_to([_recipient(a, report_text) for a in list(addresses)[:_MOST_FOUND]], report_text)


def _by_flufl(message: Message, report_text: str) -> tuple[BounceRecipient, ...]:
    """What flufl.bounce makes of a small copy: its forty detectors are slow on hostile mail, and may raise."""
    from flufl.bounce import all_failures  # a mail server's pipe starts us once a mail, and few are reports

    try:
        temporary, permanent = all_failures(_small(message))
    except Exception:  # noqa: BLE001 - any of forty detectors, on input from anywhere
        return ()
    named = report_text.lower()
    addresses = sorted(a.decode("utf-8", "replace") for a in permanent | temporary)
    found = [
        _recipient(dsn.clean_address(a), report_text)
        for a in addresses
        if dsn.ADDRESS.fullmatch(a) and not dsn.is_masked(a)
    ]
    # Some forms it takes for warnings whatever they say; what has a code of class 5 has failed.
    warned = {dsn.clean_address(a.decode("utf-8", "replace")) for a in temporary - permanent}
    found = [
        replace(one, action="delayed", kind="soft")
        if one.address in warned and not (one.status or "").startswith("5")
        else one
        for one in found
    ]
    # It may take addresses out of the mail that came back, its Message-ID among them.
    said = [one for one in found if one.address.rpartition("@")[0].lower() in named]
    return _as_written_to(said, report_text)


def _as_written_to(found: Iterable[BounceRecipient], report_text: str) -> tuple[BounceRecipient, ...]:
    """The addresses that we wrote to, where the report says which alias or forward led to the one that failed."""
    made_of = bounce_patterns.aliases(report_text)
    out: dict[str, BounceRecipient] = {}
    for one in found:
        first, instead = made_of.get(one.address.lower(), (one.address, True))
        if not instead:
            out.setdefault(one.address.lower(), one)
        out.setdefault(first.lower(), replace(one, address=first))
    return tuple(out.values())


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


def _returned_to(message: Message, returned_text: str, report_text: str) -> tuple[BounceRecipient, ...]:
    """The To of the returned mail, when it went to one address only."""
    addresses = returned.addressees(message, returned_text)
    return (_recipient(addresses[0], report_text),) if len(addresses) == 1 else ()


def _own_text(message: Message) -> str:
    texts = (t for p in dsn.parts(message) if p.get_content_maintype() == "text" and (t := returned.decoded(p)).strip())
    return next(texts, "") or returned.all_text(message)
