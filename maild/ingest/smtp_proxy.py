"""Who a relay speaks for: the header of the PROXY protocol, and what stands behind XCLIENT. Bytes in, values out.

Whether a peer may say such things, and what follows from them, is the session's business.
https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt, https://www.postfix.org/XCLIENT_README.html
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from maild.errors import Refused
from maild.ingest.smtp_gate import plain_address

XCLIENT_NAMES = ("NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN", "DESTADDR", "DESTPORT")
"""The attributes that are understood; all but ADDR and LOGIN are only looked at."""
_V1_LIMIT = 107
_V1 = re.compile(
    rb"PROXY (?:UNKNOWN(?: [\x20-\x7e]*)?|TCP([46]) ([0-9A-Fa-f:.]+) ([0-9A-Fa-f:.]+) (\d{1,5}) (\d{1,5}))\Z"
)
_V1_WORD = b"PROXY "
_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
_V2_HEAD = 16
_V2_LIMIT = 2048
"""Bytes of addresses and of what a proxy adds to them: certificates' names, a unique id."""
_V2_VERSION, _LOCAL, _PROXY = 2, 0, 1
_ADDRESS_SIZES = {1: 4, 2: 16}
_XCLIENT_LIMIT = 255
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-Fa-f]{2})*\Z")
_ESCAPE = re.compile(r"\+([0-9A-Fa-f]{2})")
_UNKNOWN = ("[UNAVAILABLE]", "[TEMPUNAVAIL]")


class NoProxyHeaderError(Exception):
    """What a connection begins with is no header of the PROXY protocol."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProxyHeader:
    """A header of `length` bytes. `client` is "" where the proxy does not know it, None where it speaks for itself."""

    length: int
    client: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Client:
    """What XCLIENT says of the client: None where it says nothing, "" where the relay does not know."""

    address: str | None = None
    login: str | None = None


def read_proxy_header(start: bytes) -> ProxyHeader | None:
    """The header that a connection begins with, of version 1 or 2; None while more has to come.

    Raises NoProxyHeaderError as soon as it cannot become one; never wants more than about 2 kB.
    """
    if _begins(start, _SIGNATURE):
        return _read_v2(start) if len(start) >= _V2_HEAD else None
    if _begins(start, _V1_WORD):
        return _read_v1(start)
    raise NoProxyHeaderError


def _begins(start: bytes, sign: bytes) -> bool:
    """Whether this is the sign or a first piece of it."""
    return start[: len(sign)] == sign[: len(start)]


def _read_v1(start: bytes) -> ProxyHeader | None:
    end = start.find(b"\r\n", 0, _V1_LIMIT)
    if end < 0:
        if len(start) >= _V1_LIMIT:
            raise NoProxyHeaderError
        return None
    found = _V1.match(start[:end])
    if found is None:
        raise NoProxyHeaderError
    if found[1] is None:
        return ProxyHeader(length=end + 2, client="")
    client, target = _parse(found[2].decode("ascii")), _parse(found[3].decode("ascii"))
    if {client.version, target.version} != {int(found[1])} or max(int(found[4]), int(found[5])) > 65535:
        raise NoProxyHeaderError
    return ProxyHeader(length=end + 2, client=plain_address((str(client),)))


def _parse(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        raise NoProxyHeaderError from None


def _read_v2(start: bytes) -> ProxyHeader | None:
    version, command = divmod(start[12], 16)
    family, size = start[13] >> 4, int.from_bytes(start[14:_V2_HEAD], "big")
    if version != _V2_VERSION or command not in (_LOCAL, _PROXY) or size > _V2_LIMIT:
        raise NoProxyHeaderError
    length = _V2_HEAD + size
    if len(start) < length:
        return None
    if command == _LOCAL:
        return ProxyHeader(length=length, client=None)
    width = _ADDRESS_SIZES.get(family)
    if width is None:  # a socket in the file system, or something to come: no address that could be spoken of
        return ProxyHeader(length=length, client="")
    if size < 2 * width + 4:
        raise NoProxyHeaderError
    client = ipaddress.ip_address(start[_V2_HEAD : _V2_HEAD + width])
    return ProxyHeader(length=length, client=plain_address((str(client),)))


def parse_xclient(argument: bytes) -> Client:
    """The attributes of an XCLIENT command; raises Refused with 501."""
    values: dict[str, str] = {}
    for word in _decode(argument).split():
        name, sign, value = word.partition("=")
        if not sign or name.upper() not in XCLIENT_NAMES or name.upper() in values:
            raise Refused(501, "5.5.4 Bad attribute")
        values[name.upper()] = _from_xtext(value)
    if not values:
        raise Refused(501, "5.5.4 Attributes are missing")
    address, login = values.get("ADDR"), values.get("LOGIN")
    return Client(address=_address(address) if address is not None else None, login=login)


def _decode(argument: bytes) -> str:
    try:
        return argument.decode("ascii")
    except UnicodeDecodeError:
        raise Refused(501, "5.5.4 Not ASCII") from None


def _from_xtext(value: str) -> str:
    """A value without its escapes (RFC 3461, 4); "" for what the relay does not know."""
    if value.upper() in _UNKNOWN:
        return ""
    if not _XTEXT.match(value):
        raise Refused(501, "5.5.4 Bad attribute value")
    content = bytes(_ESCAPE.sub(lambda found: chr(int(found[1], 16)), value), "latin-1")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(501, "5.5.4 Bad attribute value") from None
    if len(text) > _XCLIENT_LIMIT or not text.isprintable():
        raise Refused(501, "5.5.4 Bad attribute value")
    return text


def _address(value: str) -> str:
    """An address as XCLIENT writes it: IPv6 with a word in front."""
    address = plain_address((value[5:] if value[:5].upper() == "IPV6:" else value,))
    if value and not address:
        raise Refused(501, "5.5.4 Bad address")
    return address
