"""What stands behind MAIL FROM: and RCPT TO: - paths and parameters (RFC 5321, 4.1.2; RFC 6531, 3.3).

Bytes in, values out. Whether an address is ours is not decided here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from maild.errors import Refused

PATH_LIMIT = 320
"""Characters of an address. RFC 5321 asks for 256; rewritten senders (SRS, VERP) are longer in real life."""
LOCAL_PART_LIMIT = 192
_SIZE_DIGITS = 20

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\-\u00a0-\U0010ffff]"
_QUOTED = r'"(?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*"'
_LABEL = r"[A-Za-z0-9_\u00a0-\U0010ffff](?:[A-Za-z0-9_\-\u00a0-\U0010ffff]*[A-Za-z0-9_\u00a0-\U0010ffff])?"
_LITERAL = r"\[(?:[0-9.]{7,15}|IPv6:[0-9A-Fa-f:.]{2,45})\]"
_ADDRESS = re.compile(rf"({_ATOM}+|{_QUOTED})@({_LABEL}(?:\.{_LABEL})*\.?|{_LITERAL})\Z")
_ARGUMENT = re.compile(
    r"(FROM|TO):[ ]?(?:<((?:[^<>\"]|\"(?:[^\"\\]|\\.)*\")*)>|([^\s<>]+))(?:[ ]+(.*))?\Z", re.IGNORECASE
)
_XTEXT = re.compile(r"[!-*,-<>-~]*(?:\+[0-9A-F]{2}[!-*,-<>-~]*)*\Z")
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9\-]*)(?:=([!-<>-~][!-~]*))?\Z")
_NOTIFY = re.compile(r"(?:NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY))*)\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class MailFrom:
    """A MAIL command: sender ("" for the null return path), announced size in bytes (0: not said), and SMTPUTF8."""

    sender: str
    size: int
    utf8: bool


def parse_mail(argument: bytes) -> MailFrom:
    """What a MAIL command says; raises Refused with 501, 553 or 555."""
    text = _decode(argument)
    path, words = _split(text, "FROM")
    size, utf8 = 0, False
    for name, value in _parameters(words):
        match name, value:
            case "SIZE", str() if value.isascii() and value.isdigit() and len(value) <= _SIZE_DIGITS:
                size = int(value)
            case "BODY", str() if value.upper() in ("7BIT", "8BITMIME"):
                pass
            case "SMTPUTF8", None:
                utf8 = True
            # Nothing follows from these for us: we deliver here, for good, and answer in the session. Some clients
            # send them unasked and give up when they are refused.
            case "AUTH" | "ENVID", str() if _XTEXT.match(value):
                pass
            case "RET", str() if value.upper() in ("FULL", "HDRS"):
                pass
            case (("SIZE" | "BODY" | "SMTPUTF8" | "AUTH" | "ENVID" | "RET"), _):
                raise _syntax()
            case _:
                raise Refused(555, "5.5.4 Parameter not recognized")
    if path and (_ADDRESS.match(path) is None or not _lengths_fit(path)):
        raise Refused(553, "5.1.7 Bad sender address syntax")
    if not utf8 and not path.isascii():
        raise _needs_utf8()
    return MailFrom(sender=path, size=size, utf8=utf8)


def parse_rcpt(argument: bytes, *, utf8: bool) -> str:
    """The recipient of a RCPT command; raises Refused with 501, 553 or 555.

    Stricter than for senders: source routes, the percent hack and quoted local parts lead past us, and none of our own
    addresses needs them.
    """
    text = _decode(argument)
    path, words = _split(text, "TO")
    for name, value in _parameters(words):
        match name, value:
            case "NOTIFY", str() if _NOTIFY.match(value.upper()):
                pass
            case "ORCPT", str() if ";" in value and _XTEXT.match(value):
                pass
            case (("NOTIFY" | "ORCPT"), _):
                raise _syntax()
            case _:
                raise Refused(555, "5.5.4 Parameter not recognized")
    if path.lower() == "postmaster":  # RFC 5321, 4.5.1: the one name that stands without a domain
        return path
    found = _ADDRESS.match(path)
    if found is None or not _lengths_fit(path) or any(sign in found[1] for sign in '%!"'):
        raise _bad_address()
    if not utf8 and not path.isascii():
        raise _needs_utf8()
    return path


def _decode(argument: bytes) -> str:
    """The argument as text; control characters, C1 among them, and broken UTF-8 stand in no address."""
    try:
        text = argument.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(501, "5.5.2 Not UTF-8") from None
    if not text.isprintable():
        raise Refused(501, "5.5.2 Unprintable character")
    return text


def _split(text: str, keyword: str) -> tuple[str, list[str]]:
    """The path and the parameters' words."""
    found = _ARGUMENT.match(text)
    if found is None or found[1].upper() != keyword:
        raise _syntax()
    path = found[2] if found[2] is not None else found[3]
    if not path and keyword == "TO":
        raise _bad_address()
    return path, (found[4] or "").split()


def _parameters(words: list[str]) -> list[tuple[str, str | None]]:
    pairs: list[tuple[str, str | None]] = []
    for word in words:
        found = _PARAMETER.match(word)
        if found is None:
            raise _syntax()
        pairs.append((found[1].upper(), found[2]))
    if len({name for name, _ in pairs}) != len(pairs):
        raise _syntax()
    return pairs


def _lengths_fit(path: str) -> bool:
    return len(path) <= PATH_LIMIT and path.rfind("@") <= LOCAL_PART_LIMIT


def _syntax() -> Refused:
    return Refused(501, "5.5.4 Syntax error in parameters")


def _bad_address() -> Refused:
    return Refused(553, "5.1.3 Bad address syntax")


def _needs_utf8() -> Refused:
    return Refused(553, "5.6.7 Address needs SMTPUTF8")
