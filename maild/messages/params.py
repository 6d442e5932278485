"""Content-Type and Content-Disposition: the value and its parameters, with their extensions (RFC 2045, RFC 2231).

Senders write file names raw, in encoded words, without quotes, split into pieces and in two spellings at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from urllib.parse import unquote_to_bytes

from maild.messages import charset
from maild.messages.words import decode_value, one_line

PIECES_CAP = 50
PARAMS_CAP = 100
_NAME = re.compile(rb"[;\s]*([^\s=;\"]{1,100})\s*=\s*")
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"?', re.DOTALL)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_WINDOWS_PATH = re.compile(rb"[A-Za-z]:\\[^\\]")
_PERCENT = re.compile(r"%[89A-Fa-f][0-9A-Fa-f]")
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,80}")

# What senders write who do not know how a type is spelt.
_MEANT = {
    "text": "text/plain",
    "plain": "text/plain",
    "plain/text": "text/plain",
    "text/text": "text/plain",
    "html": "text/html",
    "html/text": "text/html",
}


def parse(value: bytes, body_charset: str | None = None) -> tuple[str, Mapping[str, str]]:
    """The leading value in lower case, and the parameters decoded, names in lower case."""
    head, _, rest = value.partition(b";")
    if b"=" in head:
        # A forgotten semicolon: `text/plain charset=utf-8`, or parameters with no value in front.
        words = head.split(None, 1)
        head, rest = (words[0], words[1] + b";" + rest) if b"=" not in words[0] and len(words) == 2 else (b"", value)
    raw: dict[str, bytes] = {}
    for name, data in _params(rest):
        raw.setdefault(name, data)
    return decode_value(head, None).lower(), _decoded(raw, body_charset)


def media_type(value: str, default: str = "text/plain") -> str:
    """A well-formed `type/subtype`, or the default (RFC 2045, 5.2)."""
    text = value.replace(" ", "")
    return _MEANT.get(text) or (text if _TYPE.fullmatch(text) else default)


def _params(rest: bytes) -> Iterator[tuple[str, bytes]]:
    position = 0
    for _ in range(PARAMS_CAP):
        found = _NAME.match(rest, position)
        if found is None:
            position = rest.find(b";", position + 1)
            if position < 0:
                return
            continue
        quoted = _QUOTED.match(rest, found.end())
        if quoted:
            data, position = _unescaped(quoted[1]), quoted.end()
        else:
            end = rest.find(b";", found.end())
            position = len(rest) if end < 0 else end
            data = rest[found.end() : position].strip()
        yield found[1].decode("ascii", "replace").lower(), data


def _unescaped(data: bytes) -> bytes:
    """A quoted string without its backslashes, unless they are those of a Windows path (old Outlook and browsers)."""
    return data if b"\\" not in data or _WINDOWS_PATH.match(data) else _ESCAPED.sub(rb"\1", data)


def _decoded(raw: Mapping[str, bytes], body_charset: str | None) -> Mapping[str, str]:
    """Plain parameters, and over them the extended ones, which say their charset (RFC 2231, 3 and 4)."""
    params: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bytes, bool]]] = {}
    for name, data in raw.items():
        base, star, rest = name.partition("*")
        if not star:
            params[base] = _plain(data, body_charset)
            continue
        number, _, _ = rest.partition("*")
        if not number or (number.isdigit() and len(number) < 4 and int(number) < PIECES_CAP):
            pieces.setdefault(base, {})[int(number or 0)] = (data, not number or rest.endswith("*"))
    for base, found in pieces.items():
        text = _extended([found[number] for number in sorted(found)], body_charset)
        if text or base not in params:
            params[base] = text
    return params


def _plain(data: bytes, body_charset: str | None) -> str:
    """A parameter without extensions; senders put it between single quotes, or percent-encode it as in a URL."""
    text = decode_value(data, body_charset)
    if len(text) > 2 and text[0] == text[-1] == "'":
        text = text[1:-1]
    if text.isascii() and _PERCENT.search(text):
        text = charset.strictly(unquote_to_bytes(text), "utf-8") or text
    return one_line(text)


def _extended(pieces: list[tuple[bytes, bool]], body_charset: str | None) -> str:
    label: str | None = None
    first, encoded = pieces[0]
    if encoded and first.count(b"'") >= 2:
        named, _, first = first.split(b"'", 2)
        label = named.decode("ascii", "replace") or None
    parts = [(first, encoded), *pieces[1:]]
    # An escape may be cut in two by the border of its pieces, so neighbours are joined before they are decoded.
    data = b"".join(
        unquote_to_bytes(b"".join(part for part, _ in run)) if is_encoded else b"".join(part for part, _ in run)
        for is_encoded, run in groupby(parts, key=itemgetter(1))
    )
    if label is None or b"=?" in data:
        return decode_value(data, label or body_charset)
    if charset.strictly(data, charset.codec_name(label)) is None and any(not is_encoded for _, is_encoded in parts):
        return decode_value(data, label)
    return one_line(charset.decode(data, label))
