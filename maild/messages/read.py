"""Bytes -> Mail: the one place that knows the order of reading. Each step lives in a module of its own."""

from __future__ import annotations

import email
from collections.abc import Callable
from dataclasses import replace
from email.errors import MessageError
from email.message import Message

from maild.errors import Unreadable
from maild.messages import bounce, classify, forward, language, reply
from maild.messages.bodies import Body, read_body
from maild.messages.fields import read_fields
from maild.messages.headers import Header, read_header
from maild.messages.mail import Bounce, Forwarded, Mail, MailClass
from maild.messages.mime import Part, read_parts
from maild.messages.signed_whole import signed_whole
from maild.messages.words import one_line

LANGUAGE_CAP = 800
LINE_CAP = 64 * 1024
"""A mail whose first line is longer than this has no lines of the usual kind."""
REPORT_CAP = 256 * 1024
REPORT_LINES_CAP = 10_000
OWN_MARK = "X-Maild-Loop"
_DEEP = 2
"""Attached mails that are read, one inside the other: a forward that a colleague passes on once more."""


def _never(_mark: str) -> bool:
    return False


def read_mail(raw: bytes, *, envelope_sender: str | None = None, is_own: Callable[[str], bool] = _never) -> Mail:
    """The mail that these bytes are, however broken; work and memory are bounded by caps on every part.

    `envelope_sender` is "" for the null return path and None where it is not known; `is_own` is asked about the value
    of X-Maild-Loop. Raises Unreadable only where there is nothing to read at all.
    """
    return _read(raw, envelope_sender, is_own, deep=_DEEP)


def _read(raw: bytes, envelope_sender: str | None, is_own: Callable[[str], bool], *, deep: int) -> Mail:
    if not raw.strip(b"\x00 \t\r\n"):
        raise Unreadable("the mail is empty")
    came, raw = raw, _with_line_ends(raw)
    fields = read_fields(raw)
    root, part_defects = read_parts(raw, fields)
    header = read_header(fields, _body_charset(root))
    body = read_body(root, header.subject)
    found_bounce = _bounce(raw, header, root, body, envelope_sender)
    split = _split(body)
    mail_class, reason = _classified(header, root, body, split, found_bounce, envelope_sender, is_own)
    report = mail_class in (MailClass.BOUNCE, MailClass.DELAY)
    return Mail(
        headers=header.headers,
        message_id=header.message_id,
        in_reply_to=header.in_reply_to,
        references=header.references,
        date=header.date,
        sender=header.sender,
        strict_sender=header.strict_sender,
        reply_to=header.reply_to,
        to=header.to,
        cc=header.cc,
        subject=header.subject,
        language=language.guess((header.subject if body.told else split.reply or body.text)[:LANGUAGE_CAP]),
        text=body.text,
        text_from_html=body.text_from_html,
        html=body.html,
        reply=split.reply,
        quoted=split.quoted,
        signature=split.signature,
        attachments=body.attachments,
        mail_class=mail_class,
        class_reason=reason,
        # A receipt may look like a report, and the mail that a report returns is nobody's forward.
        bounce=found_bounce if report else None,
        forwarded=_forwarded(header, body, deep) if deep and not report else None,
        defects=(*fields.defects, *header.defects, *part_defects, *body.defects),
        size=len(came),
        signed=body.signed,
        # Of bytes that had to be mended, nobody can say where in the mail they lie.
        signed_whole=signed_whole(root, header, fields) if body.signed and raw is came and not part_defects else None,
        encrypted=body.encrypted,
        writer=header.writer,
    )


def _with_line_ends(raw: bytes) -> bytes:
    """The mail with lines: old Macs end them by CR alone, and a file that went through Windows twice by CR CR LF."""
    first = raw.find(b"\n", 0, LINE_CAP)
    if first < 0 and raw.find(b"\r", 0, LINE_CAP) >= 0:
        return raw.replace(b"\r", b"\n")
    return raw.replace(b"\r\r\n", b"\r\n") if raw.endswith(b"\r\r\n", 0, first + 1) else raw


def _body_charset(root: Part) -> str | None:
    """The charset that the first text part declares: raw header text is often in the same."""
    return next((part.charset for part in root.walk() if part.charset), None)


def _split(body: Body) -> reply.Split:
    """What is new, what is quoted: by the marks of the HTML where clients leave any, else by the lines of the text."""
    marked = reply.split_html(body.html, body.text_from_html) if body.html and body.text_from_html else None
    return marked or reply.split_reply((body.excused and body.text_from_html) or body.text)


def _bounce(raw: bytes, header: Header, root: Part, body: Body, envelope_sender: str | None) -> Bounce | None:
    types = _part_types(root)
    sender = header.sender.address if header.sender else None
    null_path = None if envelope_sender is None else envelope_sender.strip() in ("", "<>")
    if not null_path and not bounce.may_be_bounce(header.headers, root.content_type, types, sender, header.subject):
        return None
    try:
        found = bounce.read_bounce(
            _message(raw),
            body.text,
            subject=header.subject,
            written_by=next((value for name, value in header.headers if name.lower() == "from"), ""),
            null_path=null_path,
        )
    except (ValueError, LookupError, TypeError, AttributeError, MessageError):
        # The standard library's own readers stumble over NULs and broken charsets; the mail is then no report.
        return None
    return _clean(found)


def _clean(found: Bounce | None) -> Bounce | None:
    """A report's values on one line each, without anything that a database refuses."""
    if found is None:
        return None
    recipients = tuple(
        replace(one, address=one_line(one.address), diagnostic=one.diagnostic and one_line(one.diagnostic))
        for one in found.recipients
    )
    original = found.original_message_id
    return replace(found, recipients=recipients, original_message_id=original and one_line(original))


def _message(raw: bytes) -> Message:
    """The start of the mail as the standard library sees it, for the readers of delivery reports."""
    start = raw[:REPORT_CAP]
    if start.count(b"\n") > REPORT_LINES_CAP:
        start = b"\n".join(start.split(b"\n", REPORT_LINES_CAP)[:REPORT_LINES_CAP])
    try:
        return email.message_from_bytes(start)
    except RecursionError:
        return email.message_from_bytes(raw[: read_fields(raw).body])


def _part_types(root: Part) -> tuple[str, ...]:
    return tuple(part.content_type for part in root.walk())


def _calendar_method(root: Part) -> str:
    """What a calendar part asks or answers (RFC 5546); "" where there is none."""
    methods = (part.params.get("method", "") for part in root.walk() if part.content_type == "text/calendar")
    return next(methods, "").upper()


def _classified(
    header: Header,
    root: Part,
    body: Body,
    split: reply.Split,
    found_bounce: Bounce | None,
    envelope_sender: str | None,
    is_own: Callable[[str], bool],
) -> tuple[MailClass, str]:
    return classify.classify(
        classify.ClassView(
            headers=header.headers,
            content_type=root.content_type,
            content_type_params=root.params,
            part_types=_part_types(root),
            subject=header.subject,
            text=body.text,
            said=split.reply,
            quoted=bool(split.quoted),
            sender=header.sender.address if header.sender else None,
            envelope_sender=envelope_sender,
            own=any(name.lower() == OWN_MARK.lower() and is_own(value) for name, value in header.headers),
            bounce=found_bounce,
            told=body.told,
            calendar_method=_calendar_method(root),
        )
    )


def _forwarded(header: Header, body: Body, deep: int) -> Forwarded | None:
    attached: Mail | None = None
    if body.first_mail is not None:
        try:
            attached = _read(body.first_mail, None, _never, deep=deep - 1)
        except Unreadable:
            attached = None
    return forward.find_forwarded(body.text, header.subject, attached)
