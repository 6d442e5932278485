"""Single values that admins write: addresses, domains, time zones. A ValueError says what is wrong.

Durations are read in `maild/sla`, sizes in `maild/routing`; where a value stands is known to the callers.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import timedelta
from urllib.parse import urlsplit

from maild.wire import is_loopback

_ADDRESS = re.compile(r"[^\s@<>(),:;\\\"\[\]]{1,64}@([^\s@]{1,253})")
_SPAN = re.compile(r"(\d{1,4})([dwy])")
_DAYS = {"d": 1, "w": 7, "y": 365}
_URL = re.compile(r"[!-~]{1,2000}")
_DOMAIN = re.compile(r"(?:[^\W_](?:[\w-]*[^\W_])?\.)*[^\W_](?:[\w-]*[^\W_])?")


def parse_address(text: str) -> str:
    """A plain mail address with its domain in lower case and as it goes over the wire."""
    found = _ADDRESS.fullmatch(text)
    if found is None or _DOMAIN.fullmatch(found[1]) is None:
        raise ValueError(f"'{text}' is no mail address such as anna@example.org")
    return f"{text[: found.start(1)]}{parse_domain(found[1])}"


def parse_domain(text: str) -> str:
    """A domain in lower case and in its xn-- form (RFC 5890)."""
    if _DOMAIN.fullmatch(text) is None:
        raise ValueError(f"'{text}' is no domain such as example.org")
    if text.isascii():
        return text.lower()
    try:
        return text.encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise ValueError(f"'{text}' is no domain such as example.org") from error


def parse_timezone(text: str) -> str:
    """The name of a time zone that this machine knows."""
    if text == "UTC":
        return text
    from zoneinfo import ZoneInfo  # a mail server's pipe starts us once a mail, and every import is waited for

    try:
        ZoneInfo(text)
    except (ValueError, OSError, LookupError) as error:
        raise ValueError(f"'{text}' is no time zone such as Europe/Moscow or UTC") from error
    return text


def parse_network(text: str) -> str:
    """An IP address, or a network such as 10.0.0.0/8."""
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        raise ValueError(f"'{text}' is no IP address and no network such as 10.0.0.0/8 ({error})") from error
    return text


def parse_span(text: str) -> timedelta:
    """How long something is kept: "90d", "6w", "2y" (a year has 365 days)."""
    found = _SPAN.fullmatch(text)
    if found is None or not int(found[1]):
        raise ValueError(f"{text!r} is no time to keep something for, such as 90d, 6w or 2y")
    return timedelta(days=int(found[1]) * _DAYS[found[2]])


def parse_url(text: str) -> str:
    """An address that is called: by https, or by http on this very machine; with no user in it."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError(f"'{text}' is no address such as https://www.example/path") from error
    if parts.scheme not in ("https", "http") or not host or port == 0 or not _URL.fullmatch(text):
        raise ValueError(f"'{text}' is no address such as https://www.example/path")
    if parts.username is not None or parts.fragment:
        raise ValueError("an address without a user, a password or a # is wanted")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError(f"{host} would be spoken with in the clear: the address has to begin with https://")
    return text
