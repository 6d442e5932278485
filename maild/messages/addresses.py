"""Addresses: lists as people write them (by mail-parser, guarded), and the strict grammar that identity hangs on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache

from mailparser.utils import get_addresses

from maild.messages.mail import Address
from maild.messages.words import decode_text, decode_value, one_line

SHOWN_CAP = 1000
_KEPT_CAP = 300
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_SPEC = re.compile(rf"({_ATOM}(?:\.{_ATOM}){{0,20}})@({_LABEL}(?:\.{_LABEL}){{1,20}})")
_DISPLAY = re.compile(r'[^\x00-\x1f\x7f"(),:;<>@\[\\\]]*')
_QUOTED = re.compile(r'"(?:[^"\\\x00-\x1f\x7f@<>]|\\[^\x00-\x1f\x7f@<>])*"')
_LOOSE = re.compile(r"[^\s<>()\[\]\\,;:\"'@]{1,64}@[^\s<>()\[\]\\,;:\"'@]{1,255}")
_ANGLED = re.compile(r"<\s*([^<>\s]{1,64}@[^<>\s@]{1,255})\s*>")
# Bounces come from a bare MAILER-DAEMON, which is no address but the only sender they name.
_DAEMON = re.compile(
    r"(?:([^<>()@]{0,80})<)?\s*(mailer-daemon|postmaster)\s*>?\s*(?:\(([^()]{0,80})\))?", re.IGNORECASE
)
_COMMENT_BEHIND = re.compile(r"\s*\([^()]*\)\Z")
_SEMICOLON = re.compile(r"(?<=>)\s*;")


# Mailboxes as nearly all of them are written: no comments within, no groups, no quoting. All else is mail-parser's.
_SIMPLE_SPEC = (
    r"[A-Za-z0-9!#$%&*+/=^_`{|}~-]++(?:\.[A-Za-z0-9!#$%&*+/=^_`{|}~-]++)*+@[A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++)*+"
)
_SIMPLE = re.compile(
    r'[ \t]*+(?:(?:"([^"\\\x00-\x1f()<>@,:;=]++)"|'
    r'([A-Za-z0-9][A-Za-z0-9 _.-]*+|(?:=\?[^?\s"]++\?[bBqQ]\?[^?\s]*+\?=[ \t]*+)++))'
    rf"?+[ \t]*+<({_SIMPLE_SPEC})>|({_SIMPLE_SPEC})(?:[ \t]++\(([^()\\\x00-\x1f<>@,:;=\"]++)\))?+)[ \t]*+(?:,|\Z)"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SIMPLE_DATE = re.compile(
    rb"(?:[A-Z][a-z]{2}, )?+ ?(\d{1,2}) ([A-Z][a-z]{2}) ((?:19|20)\d\d) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"
    rb"(?: \([A-Za-z]{1,5}\))?+"
)
_MAILTO = re.compile(r"(?<![^\s<\[,;])mailto:", re.IGNORECASE)
_DATE_COMMENT = re.compile(r"\([^()]*\)")
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z| ?[+-]\d\d:?\d\d)?")
_ODD_ZONE = re.compile(r"\s*(?:GMT|UTC|\s)\s*([+-])(\d{1,2})(?::?(\d\d))?\Z")
_AROUND_COLON = re.compile(r"\s*:\s*")
_LEAP_SECOND = re.compile(r"(\d\d:\d\d):60\b")


def normal(address: str) -> str:
    """An address for comparing: lower case, the domain in its ASCII form (RFC 5891)."""
    local, at, domain = address.strip().strip("<>").rpartition("@")
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            domain = domain.casefold()
    return f"{local.casefold()}{at}{domain.lower().rstrip('.')}"


def split_plus(address: str) -> tuple[str, str, str]:
    """Local part, detail behind the first `+` ("" where there is none), and domain (RFC 5233)."""
    local, _, domain = address.rpartition("@")
    name, _, detail = local.partition("+")
    return name, detail, domain


def strict_address(value: str) -> str | None:
    """The address of a From value with exactly one mailbox and nothing odd, else None (RFC 5322, 3.4, ASCII only).

    Parsers disagree about everything else: comments, routes, groups, addresses in display names, encoded brackets.
    The domain comes in lower case.
    """
    text = value.strip(" \t")
    if len(text) > 998 or not text.isprintable():
        return None
    name, bracket, rest = text.rpartition("<")
    if bracket:
        if not rest.endswith(">"):
            return None
        name, text = name.rstrip(" \t"), rest[:-1]
        if not (_DISPLAY.fullmatch(name) or _QUOTED.fullmatch(name)) or set("@<>") & set(decode_text(name)):
            return None
    found = _SPEC.fullmatch(text)
    return f"{found[1]}@{found[2].lower()}" if found and len(found[1]) <= 64 and len(found[2]) <= 253 else None


def read_list(value: bytes, body_charset: str | None = None) -> tuple[Address, ...]:
    """The mailboxes of an address field such as From or To, at most `SHOWN_CAP`; nothing here raises."""
    if len(value) <= _KEPT_CAP:
        return _kept_list(value, body_charset)
    return _read_list(value, body_charset)


@lru_cache(maxsize=512)
def _kept_list(value: bytes, body_charset: str | None) -> tuple[Address, ...]:
    """The same few addresses stand in nearly every mail of a desk."""
    return _read_list(value, body_charset)


def _read_list(value: bytes, body_charset: str | None) -> tuple[Address, ...]:
    text = _as_text(value, body_charset)
    simple = _simple_list(text, body_charset)
    if simple:
        return simple
    found = tuple(_address(display, spec, body_charset, text) for display, spec in _pairs(text))
    return found or _rescued(text)


def _simple_list(text: str, body_charset: str | None) -> tuple[Address, ...] | None:
    """The mailboxes of a list that holds simple ones alone, else None."""
    found: list[Address] = []
    position = 0
    while position < len(text):
        match = _SIMPLE.match(text, position)
        if match is None or len(found) == SHOWN_CAP:
            return None
        quoted, bare, angled, spec, comment = match.groups()
        found.append(_address(quoted or bare or comment or "", angled or spec, body_charset, ""))
        position = match.end()
    return tuple(found)


def _as_text(value: bytes, body_charset: str | None) -> str:
    """A value as text with its encoded words still encoded: they may hold commas and brackets that are no grammar."""
    if not value.isascii():
        value = b"=?".join(decode_value(piece, body_charset).encode() for piece in value.split(b"=?"))
    text = one_line(value.decode("utf-8"))
    if ":" in text:
        # Addresses are copied out of web pages and out of Outlook.
        text = _MAILTO.sub("", text)
    if ";" in text and ":" not in text:
        # Outlook's users separate addresses by semicolons, which the grammar knows as the end of a group only.
        text = _SEMICOLON.sub(",", text) if '"' in text else text.replace(";", ",")
    return text


def _pairs(text: str) -> list[tuple[str, str]]:
    """Display names and addresses by mail-parser, which never takes an address out of a name or a comment."""
    try:
        found = get_addresses(text, decode_names=False)
    except Exception:  # noqa: BLE001  mail-parser lets errors of the standard library through; the mail must be read
        return []
    return [(display, spec) for display, spec in found if spec][:SHOWN_CAP]


def _address(display: str, spec: str, body_charset: str | None, text: str) -> Address:
    name = _unquoted(" ".join(decode_text(display, body_charset).split()))
    spec = one_line(spec)
    if name.endswith(")") and not name.startswith("(") and f"{name} <" in text:
        # A comment behind an unquoted name is not a part of it (RFC 5322, 3.4).
        name = _COMMENT_BEHIND.sub("", name) or name
    return Address(name="" if normal(name) == normal(spec) else name, address=_lower_domain(spec))


def _unquoted(name: str) -> str:
    while len(name) > 1 and name[0] == name[-1] and name[0] in "\"'":
        name = name[1:-1].strip()
    return name


def _lower_domain(spec: str) -> str:
    local, at, domain = spec.rpartition("@")
    return f"{local}{at}{domain.lower()}"


def _rescued(text: str) -> tuple[Address, ...]:
    """Mailboxes in a value that follows no grammar: what stands in brackets, else what looks like an address."""
    text = decode_text(text)
    daemon = _DAEMON.fullmatch(text[:300].strip())
    if daemon:
        return (Address(name=_unquoted((daemon[1] or daemon[3] or "").strip()), address=daemon[2]),)
    angled = list(_ANGLED.finditer(text))
    if angled:
        starts = [0, *(match.end() for match in angled)]
        return tuple(
            Address(name=_unquoted(text[start : match.start()].strip(" ,;\t<>")), address=_lower_domain(match[1]))
            for start, match in zip(starts, angled, strict=False)
        )[:SHOWN_CAP]
    return tuple(Address(address=_lower_domain(match[0])) for match in _LOOSE.finditer(text))[:SHOWN_CAP]


def read_date(values: Iterable[bytes]) -> datetime | None:
    """The first Date that can be read, in UTC; a date without a zone is taken as UTC (RFC 5322, 3.3)."""
    for value in values:
        try:
            simple = _SIMPLE_DATE.fullmatch(value)
            if simple is not None and simple[2].decode() in _MONTHS:
                return _simple_date(simple)
            date = _odd_date(decode_value(value)[:200])
            return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
            continue
    return None


def _odd_date(text: str) -> datetime:
    """A date as programs write it that never read the standard: ISO 8601, zones such as GMT+3 and +03:00, comments.

    A leap second is none for Python, so it is read as the one before.
    """
    text = _DATE_COMMENT.sub(" ", text).strip()
    if _ISO_DATE.fullmatch(text):
        return datetime.fromisoformat(text.replace(" +", "+").replace(" -", "-"))
    zone = _ODD_ZONE.search(text)
    if zone is not None:
        text = f"{text[: zone.start()]} {zone[1]}{zone[2]:0>2}{zone[3] or '00'}"
    return parsedate_to_datetime(_LEAP_SECOND.sub(r"\1:59", _AROUND_COLON.sub(":", text)))


def _simple_date(match: re.Match[bytes]) -> datetime:
    """A date that is written as RFC 5322, 3.3 has it; raises ValueError for a 31 February."""
    day, month, year, hour, minute, second, sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    local = datetime(
        int(year), _MONTHS.index(month.decode()) + 1, int(day), int(hour), int(minute), min(int(second), 59), tzinfo=UTC
    )
    return local - offset if sign == b"+" else local + offset
