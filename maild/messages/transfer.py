"""Content-Transfer-Encoding undone (RFC 2045, 6), leniently: what can be read is read, nothing raises."""

from __future__ import annotations

import binascii
import re
from functools import lru_cache

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]+")
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= \t\r\n"
_WORDS_LINE = re.compile(rb"\n[^\r\n]*[^\s=][ \t]+[^\s=][^\r\n]*")
_NO_LETTER = re.compile("[^a-z0-9]+")
_PADDED_BREAK = re.compile(rb"=[ \t]++(\r?\n|\Z)")
_LONGEST_WORD = 30
_PIECES_CAP = 100_000
_PADDED = re.compile(rb"={1,4}")
_BASE64_ONLY = re.compile(rb"[A-Za-z0-9+/\s]+")
_UU_BEGIN = re.compile(rb"^begin(?:-base64)? [0-7]{3,4} [^\r\n]{1,255}\r?\n", re.MULTILINE)


def decode(data: bytes, encoding: str) -> bytes:
    """The content of a part by its declared encoding; an unknown one leaves it as it is."""
    kind = _kind(encoding)
    if kind == "base64":
        return _base64(data)
    if kind == "quoted-printable":
        return _quoted_printable(data)
    if kind == "uuencode":
        return uudecode(data)
    return data


@lru_cache(maxsize=128)
def _kind(encoding: str) -> str:
    """What a label means: senders add spaces, comments, quotes and second words, and spell it in their own way."""
    letters = _NO_LETTER.sub("", encoding[:100].partition("(")[0].lower())
    if "base64" in letters:
        return "base64"
    if "quotedprint" in letters or letters == "qp":
        return "quoted-printable"
    return "uuencode" if letters.removeprefix("x") in ("uuencode", "uue", "uuencoded") else ""


def _quoted_printable(data: bytes) -> bytes:
    """White space behind the `=` of a soft line break was added on the way (RFC 2045, 6.7, rule 3)."""
    if b"= " in data or b"=\t" in data:
        data = _PADDED_BREAK.sub(rb"=\1", data)
    return binascii.a2b_qp(data)


def _base64(data: bytes) -> bytes:
    """Base64 with stray characters, missing padding, or several padded pieces one after another.

    What begins with characters that base64 does not know, or with words, is plain text under a wrong label, and a line
    of words below the digits is a footer.
    """
    start = data.lstrip()[:400].partition(b"\n")[0]
    if len(start.translate(None, _ALPHABET)) * 20 > len(start):
        return data
    if b" " in start.strip() and b"=" not in start and max(map(len, start.split())) < _LONGEST_WORD:
        return data
    if b" " in data and (words := _WORDS_LINE.search(data)) is not None:
        data = data[: words.start()]
    if data.count(b"=") > _PIECES_CAP or b"=" not in data.rstrip(b"=\r\n \t-"):
        return _digits(data)
    pieces = _PADDED.split(data)
    decoded = [_digits(pieces[0])]
    for piece in pieces[1:]:
        # Text behind the padding, such as the footer of a mailing list, is no base64.
        if piece.startswith(b" ") or (piece.strip() and not _BASE64_ONLY.fullmatch(piece)):
            break
        decoded.append(_digits(piece))
    return b"".join(decoded)


def _digits(data: bytes) -> bytes:
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        digits = _NOT_BASE64.sub(b"", data).rstrip(b"=")
        digits = digits[: len(digits) - (len(digits) % 4 == 1)]
        return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))


def uudecode(data: bytes) -> bytes:
    """The file between `begin` and `end`; lines that are no uuencoding are left out."""
    begin = _UU_BEGIN.search(data)
    out = bytearray()
    for line in data[begin.end() if begin else 0 :].splitlines():
        if line.strip() in (b"end", b"`", b""):
            if line.strip() == b"end":
                break
            continue
        try:
            out += binascii.a2b_uu(line)
        except binascii.Error:
            # Some encoders count wrongly: take as many bytes as the first character promises.
            size = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                out += binascii.a2b_uu(line[:size])
            except binascii.Error:
                continue
    return bytes(out)
