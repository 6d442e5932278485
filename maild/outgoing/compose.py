"""A letter to its bytes: header fields, bodies, attachments. The same letter always gives the same bytes.

Message-ID, Date and boundary follow from the letter, so that a try after a crash or a lost reply sends what was sent
before. No clock, no randomness, no network here; which words a letter has stands in `letters.py`, how a field is
written in `headers.py`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import UTC
from email.utils import format_datetime
from typing import TYPE_CHECKING
from urllib.parse import quote as percent_encoded

from maild.errors import DataError
from maild.messages.mail import Address, Attachment
from maild.messages.thread_index import reply_index
from maild.outgoing.headers import address_field, clean, identifier_field, raw_field, text_field
from maild.outgoing.letters import Letters
from maild.threads.plan import Letter, LetterKind, WrittenLetter

if TYPE_CHECKING:
    from maild.outgoing.rich import Formatted

_LONGEST_LINE = 900
"""Octets of a body line that are sent as they are (RFC 5321, 4.5.3.1.6: at most 998 may be)."""
_REPLIED = frozenset({LetterKind.ACKNOWLEDGEMENT, LetterKind.REPLY, LetterKind.TRANSCRIPT, LetterKind.ASKED})
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_TYPE = re.compile(r"[a-z]{1,20}/[a-z0-9][a-z0-9.+-]{0,80}\Z")
_MAIL = "message/rfc822"
_UNSAFE_FOLDERS = str.maketrans("/\\", "__")


def write_letter(letter: Letter, letters: Letters) -> WrittenLetter:
    """Writes the letter's text and fixes its bytes: CRLF, 7 bit, no line over 998; signed where the desk signs.

    Raises NotFound for a template that nobody has, DataError for a sender or recipients that no mail can name.
    """
    own = _formatted(letter)
    context = letter.context if letter.buttons is None else {**letter.context, "buttons": letter.buttons.views()}
    words = letters.render(letter.template, letter.language, context, own.html if own is not None else "")
    subject = clean(letter.subject if letter.subject is not None else words.subject)
    bodies = [_text_part("plain", words.text)]
    if words.html:
        bodies.append(_text_part("html", words.html))
    content = _joined(letter.message_id, "alternative", bodies)
    shown = [p for p in own.pictures if f'"cid:{_bare(p)}"' in words.html] if own is not None else []
    if shown:
        content = _joined(letter.message_id, "related", [content, *map(_picture_part, shown)])
    files = [a for a in letter.attachments if a.sha256 not in {p.sha256 for p in shown}]
    if files:
        content = _joined(letter.message_id, "mixed", [content, *map(_attachment_part, files)])
    head = "".join(_fields(letter, subject, words.language)).encode("utf-8", "replace")
    raw = head + content if letters.signer is None else letters.signer.sign(head + content, letter.date)
    return WrittenLetter(letter=letter, subject=subject, text=words.text, raw=raw)


def _formatted(letter: Letter) -> Formatted | None:
    if letter.own_html is None:
        return None
    # Readers of HTML cost a tenth of a second to load, and most letters need none.
    from maild.outgoing.rich import formatted

    return formatted(letter.own_html, letter.attachments, letter.message_id)


def _fields(letter: Letter, subject: str, language: str) -> Iterator[str]:
    """The header, field by field, in the order in which people read it."""
    sender, recipients = address_field("From", [letter.sender]), address_field("To", letter.to)
    if not sender or not (recipients or letter.cc):
        raise DataError(f"the letter {letter.message_id} has no sender or no recipient that a mail can name")
    message_id = identifier_field("Message-ID", [letter.message_id])
    if not message_id:
        raise DataError(f"a Message-ID cannot look like this: {clean(letter.message_id)[:100]}")
    yield sender
    yield recipients
    yield address_field("Cc", letter.cc)
    if letter.reply_to:
        yield address_field("Reply-To", [Address(address=letter.reply_to)])
    yield text_field("Subject", subject)
    yield f"Date: {format_datetime(letter.date.astimezone(UTC))}\r\n"
    yield message_id
    if letter.in_reply_to:
        yield identifier_field("In-Reply-To", [letter.in_reply_to])
    yield identifier_field("References", letter.references)
    if letter.thread_index:
        if letter.thread_topic:
            yield text_field("Thread-Topic", clean(letter.thread_topic))
        yield raw_field("Thread-Index", base64.b64encode(_thread_index(letter)).decode("ascii"))
    if letter.automatic:
        yield from _automatic_marks(letter.kind)
    yield raw_field("X-Maild-Loop", letter.loop_mark)
    yield raw_field("Content-Language", language)
    yield "MIME-Version: 1.0\r\n"


def _thread_index(letter: Letter) -> bytes:
    chance = hashlib.sha256(letter.message_id.encode("utf-8", "replace")).digest()[0]
    return reply_index(letter.thread_index, letter.date, chance)


def _automatic_marks(kind: LetterKind) -> Iterator[str]:
    """What keeps other machines from answering (RFC 3834, 5; MS-OXCMAIL 2.2.3.2.14)."""
    yield f"Auto-Submitted: auto-{'replied' if kind in _REPLIED else 'generated'}\r\n"
    yield "X-Auto-Response-Suppress: All\r\n"
    if kind in (LetterKind.ACKNOWLEDGEMENT, LetterKind.REPLY):
        yield "Precedence: bulk\r\n"


def _text_part(subtype: str, text: str) -> bytes:
    """A text in UTF-8: as it is where it is short-lined ASCII, else in the shorter encoding (RFC 2045, 6)."""
    clean_text = _CONTROLS.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n")).rstrip("\n") + "\n"
    raw = clean_text.replace("\n", "\r\n").encode("utf-8")
    if raw.isascii() and max(map(len, raw.split(b"\r\n"))) <= _LONGEST_LINE:
        encoding, body = "7bit", raw
    elif _mostly_ascii(raw):
        encoding, body = "quoted-printable", binascii.b2a_qp(raw, istext=True)
    else:
        encoding, body = "base64", _base64(raw)
    head = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode("ascii") + body


def _mostly_ascii(raw: bytes) -> bool:
    return len(raw) - len(raw.translate(None, bytes(range(128, 256)))) < len(raw) // 6


def _base64(raw: bytes) -> bytes:
    encoded = base64.b64encode(raw)
    return b"".join(encoded[start : start + 76] + b"\r\n" for start in range(0, len(encoded), 76))


def whole_mail(filename: str, raw: bytes) -> Attachment:
    """A mail as an attachment that mail clients open as one."""
    return Attachment.file(filename, _MAIL, raw)


def _fits_as_it_is(raw: bytes) -> bool:
    """Whether every server passes these bytes on unchanged: 7 bit, whole lines (RFC 2045, 2.7)."""
    lines = raw.split(b"\r\n")
    whole = raw.endswith(b"\r\n") and not any(b"\r" in line or b"\n" in line for line in lines)
    # Some servers write "From " at the beginning of a line anew.
    return raw.isascii() and b"\0" not in raw and whole and all(len(x) <= 998 and x[:5] != b"From " for x in lines)


def _attachment_part(attachment: Attachment) -> bytes:
    """An attachment, always to be saved and never to be shown, under a type that nobody acts upon.

    A whole mail stays one where it needs no encoding, which its type forbids (RFC 2046, 5.2.1).
    """
    if attachment.content_type == _MAIL and _fits_as_it_is(attachment.content):
        head = f"Content-Type: {_MAIL}\r\nContent-Disposition: attachment;\r\n {_file_name(attachment.filename)}\r\n"
        return f"{head}\r\n".encode("ascii") + attachment.content
    head = f"Content-Type: {_safe_type(attachment.content_type)}\r\n"
    head += f"Content-Disposition: attachment;\r\n {_file_name(attachment.filename)}\r\n"
    return f"{head}Content-Transfer-Encoding: base64\r\n\r\n".encode("ascii") + _base64(attachment.content)


def _picture_part(picture: Attachment) -> bytes:
    """A picture that the HTML shows by its Content-ID (RFC 2387, RFC 2392)."""
    head = f"Content-Type: {_safe_type(picture.content_type)}\r\nContent-ID: {picture.content_id}\r\n"
    head += f"Content-Disposition: inline;\r\n {_file_name(picture.filename)}\r\n"
    return f"{head}Content-Transfer-Encoding: base64\r\n\r\n".encode("ascii") + _base64(picture.content)


def _bare(picture: Attachment) -> str:
    return (picture.content_id or "").strip("<>")


def _safe_type(content_type: str) -> str:
    """The type as given, or plain octets: whole mails and multiparts may not be base64 (RFC 2046, 5.1 and 5.2)."""
    given = content_type.lower()
    if not _TYPE.match(given) or given.startswith(("multipart/", "message/")):
        return "application/octet-stream"
    return given


def _file_name(name: str) -> str:
    """The file name as a parameter (RFC 2231, 4): without folders, at most 180 octets, its ending kept."""
    harmless = clean(name).translate(_UNSAFE_FOLDERS).lstrip(".") or "attachment"
    stem, dot, ending = harmless.rpartition(".")
    if not stem or len(ending) > 12:
        stem, dot, ending = harmless, "", ""
    while len((stem + dot + ending).encode("utf-8")) > 180:
        stem = stem[:-1]
    whole = stem + dot + ending
    if whole.isascii():
        escaped = whole.replace('"', "'")
        return f'filename="{escaped}"'
    return f"filename*=utf-8''{percent_encoded(whole, safe='')}"


def _joined(seed: str, subtype: str, parts: Sequence[bytes]) -> bytes:
    """Parts as one multipart; a single part stays what it is."""
    if len(parts) == 1:
        return parts[0]
    boundary = _boundary(f"{subtype} {seed}", parts)
    line = b"\r\n--" + boundary
    # A multipart/related names the type of what it shows (RFC 2387, 3.1): here always text with its alternatives.
    kind = b' type="multipart/alternative";\r\n' if subtype == "related" else b""
    head = b'Content-Type: multipart/%b;\r\n%b boundary="%b"\r\n\r\n' % (subtype.encode("ascii"), kind, boundary)
    return head + b"".join(b"%b\r\n%b" % (line, part) for part in parts)[2:] + line + b"--\r\n"


def _boundary(seed: str, parts: Sequence[bytes]) -> bytes:
    """A line that no part holds; it follows from the letter alone."""
    for attempt in range(1000):
        digest = hashlib.sha256(f"{attempt} {seed}".encode("utf-8", "replace")).hexdigest()
        boundary = f"=_{digest[:32]}".encode("ascii")
        if not any(boundary in part for part in parts):
            return boundary
    raise AssertionError("a text cannot hold a thousand digests of its own letter")
