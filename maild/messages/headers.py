"""The header of a mail, understood: who, to whom, what about, when. Bytes are cut into fields in `fields.py`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from maild.messages.addresses import read_date, read_list, strict_address
from maild.messages.digest import message_id, message_ids
from maild.messages.fields import ADDRESSES_CAP, Fields
from maild.messages.mail import Address, Writer
from maild.messages.sender import from_address, writer
from maild.messages.words import decode_value

SUBJECT_CAP = 998
_BY_SERVERS = frozenset(("authentication-results", "arc-authentication-results", "received", "received-spf"))
_LISTS = ("reply-to", "to", "cc")


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """What the header says."""

    headers: tuple[tuple[str, str], ...]
    message_id: str | None
    in_reply_to: str | None
    references: tuple[str, ...]
    date: datetime | None
    sender: Address | None
    strict_sender: str | None
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str
    writer: Writer | None
    defects: tuple[str, ...]


def read_header(fields: Fields, body_charset: str | None) -> Header:
    """The header of a mail; `body_charset` helps with raw 8-bit values. Never raises."""
    by_name: dict[str, list[bytes]] = {}
    for name, value in fields.items:
        by_name.setdefault(name.lower(), []).append(value)
    # A mail that names nobody as its writer (RFC 5322, 3.6.2 forbids that) is from whom its answers shall go to.
    froms = by_name.get("from") or by_name.get("sender") or by_name.get("reply-to", [])
    lists = {
        name: read_list(b", ".join(by_name[name])[:ADDRESSES_CAP], body_charset) for name in _LISTS if name in by_name
    }
    sender = from_address(froms, body_charset)
    subjects = [decode_value(value, body_charset) for value in by_name.get("subject", ())]
    ids = [message_id(value) for value in by_name.get("message-id", ())]
    answered = [one for value in by_name.get("in-reply-to", ()) for one in _answered(value)]
    return Header(
        headers=tuple((name, _value(name, value, body_charset)) for name, value in fields.items),
        message_id=next((one for one in ids if one), None),
        in_reply_to=answered[0] if answered else None,
        references=message_ids(b" ".join(by_name.get("references", ()))),
        date=read_date(by_name.get("date", ())),
        sender=sender[0] if sender else None,
        strict_sender=_strict_sender(by_name.get("from", []), fields.defects),
        reply_to=lists.get("reply-to", ()),
        to=lists.get("to", ()),
        cc=lists.get("cc", ()),
        subject=next((subject for subject in subjects if subject), "")[:SUBJECT_CAP].rstrip(),
        writer=writer(sender[0], by_name) if sender else None,
        defects=tuple(_defects(by_name, sender, body_charset)),
    )


def _value(name: str, value: bytes, body_charset: str | None) -> str:
    """A field's value as text. Those that servers write know no encoded words (RFC 2047, 5): to undo one there would
    let a sender write whole results by the local part of his address.
    """
    if name.lower() in _BY_SERVERS:
        text = value.replace(b"\t", b" ").decode("ascii", "replace")
        return text if text.isprintable() else "".join(char if char.isprintable() else "\ufffd" for char in text)
    return decode_value(value, body_charset)


def _strict_sender(froms: list[bytes], defects: tuple[str, ...]) -> str | None:
    """Only a header block without any oddity says for certain who the sender is."""
    return strict_address(froms[0].decode("latin-1")) if len(froms) == 1 and not defects else None


def _answered(value: bytes) -> tuple[str, ...]:
    """The ids of In-Reply-To; a bare id without brackets counts, a sentence about a mail does not."""
    found = message_ids(value)
    if found or len(value.split()) != 1 or b"@" not in value:
        return found
    bare = message_id(value)
    return (bare,) if bare else ()


def _defects(
    by_name: Mapping[str, list[bytes]], sender: tuple[Address, ...], body_charset: str | None
) -> Iterable[str]:
    for name in ("from", "subject", "date", "message-id", "to", "cc", "reply-to"):
        if len(by_name.get(name, ())) > 1:
            yield f"repeated header {name}"
    if not by_name.get("from"):
        yield "no From"
    elif not sender:
        named = [one for value in by_name["from"][:2] for one in read_list(value[:ADDRESSES_CAP], body_charset)]
        yield "addresses in From that contradict each other" if len(named) > 1 else "no address in From that counts"
    elif len(sender) > 1:
        yield "several addresses in From"
