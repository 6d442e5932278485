"""Bytes to text, as their writer meant them: aliases, wrong labels, no label at all.

The order is: what the bytes say themselves (a byte order mark, ISO 2022 escapes), the declared charset if it decodes
strictly and nothing speaks against it, UTF-8, a guess, and replacement characters last. Nothing here raises.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from maild.messages import cyrillic

# Names that senders write, and what they mean by them. Superset codecs are used on purpose: mail labelled gb2312 or
# ks_c_5601-1987 holds characters of GB18030 or CP949, and ISO-8859-1 means windows-1252 in practice.
_ALIASES = {
    "ansi": "cp1252",
    "ansi_x3.4-1968": "ascii",
    "ansi_x3.110-1983": "latin-1",
    "ascii": "ascii",
    "us-ascii": "ascii",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso_8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "l1": "cp1252",
    "iso-8859-8-i": "cp1255",
    "iso-8859-8-e": "cp1255",
    "iso-8859-8": "cp1255",
    "iso-8859-9": "cp1254",
    "iso-8859-9-e": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "x-mac-cyrillic": "mac_cyrillic",
    "mac-cyrillic": "mac_cyrillic",
    "x-mac-ukrainian": "mac_cyrillic",
    "x-mac-roman": "mac_roman",
    "x-mac-ce": "mac_latin2",
    "macintosh": "mac_roman",
    "koi8": "koi8_r",
    "koi": "koi8_r",
    "koi8r": "koi8_r",
    "koi8-ru": "koi8_u",
    "koi8u": "koi8_u",
    "dos": "cp866",
    "alt": "cp866",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gb2312-80": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "cn-gb": "gb18030",
    "euc-cn": "gb18030",
    "cp936": "gb18030",
    "windows-936": "gb18030",
    "hz-gb-2312": "hz",
    "big5": "big5hkscs",
    "big-5": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "cn-big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601-1989": "cp949",
    "ks_c_5601": "cp949",
    "ksc5601": "cp949",
    "ksc_5601": "cp949",
    "euc-kr": "cp949",
    "windows-949": "cp949",
    "x-windows-949": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "ms_kanji": "cp932",
    "windows-31j": "cp932",
    "x-euc-jp": "euc_jp",
    "utf8": "utf-8",
    "utf8mb4": "utf-8",
    "utf_8": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "unicode": "utf-16",
    "iso-10646-ucs-2": "utf-16",
    "ucs-2": "utf-16",
}
_WINDOWS = re.compile(r"(?:x-)?(?:cp|win|windows|ibm|microsoft-cp|ms)[-_ ]?(\d{3,5})")
_NO_NAME = {
    "unknown",
    "x-unknown",
    "unknown-8bit",
    "x-user-defined",
    "none",
    "default",
    "binary",
    "8bit",
    "7bit",
    "null",
}
# Codecs that turn bytes into bytes, text into text, or interpret escapes are no charsets.
_TEXT_CODECS_DENIED = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "palmos"}
_GUESSES = (
    "utf-8", "koi8-r", "koi8-u", "windows-1251", "ibm866", "iso-8859-5", "mac-cyrillic", "windows-1252", "windows-1250",
    "windows-1253", "windows-1254", "windows-1255", "windows-1256", "windows-1257", "windows-874", "gb18030",
    "big5hkscs", "shift_jis", "cp932", "euc-jp", "cp949", "euc-kr", "iso-2022-jp", "iso-2022-kr", "iso-8859-2",
    "iso-8859-15",
)  # fmt: skip
_NOT_LIKE_ASCII = ("utf-7", "hz", "utf-16", "utf-32")
# Three characters in a row that UTF-8 needs two bytes or more for: no text in a charset of one byte looks so.
_UTF8_RUN = re.compile(rb"(?:[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}){3}")
_SHORTEST_RUN = 6
_ONE_BYTE = {*(name.replace("_", "-") for name in cyrillic.CODECS), *cyrillic.CODECS, "cp1252", "cp1250", "ascii"}
# Chinese mail is labelled with the charset of the other script; a wrong reading holds characters for private use.
_OTHER_CHINESE = {"gb18030": "big5hkscs", "big5hkscs": "gb18030"}
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_EAST_ASIAN = {"gb18030", "big5hkscs", "cp949", "euc_jp", "cp932"}
_SAMPLE = 8192
_TOO_FEW = 3
_SHORT = 200
_SURE = 0.25
_SURE_OF_EAST_ASIAN = 0.1
_KANJI_IN = re.compile(rb"\x1b\$[@B]([^\x1b]+)")
_JAPANESE_ESCAPES = (b"\x1b(B", b"\x1b(J", b"\x1b(I", b"\x1b$@", b"\x1b$B")
_ISO_2022_KR = b"\x1b$)C"
_ASCII = bytes(range(0x80))
_ASCII_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BELOW_C0 = bytes(range(0xC0))
_CLEAN_ASCII = bytes((*b"\t\n", *range(0x20, 0x7F)))
_UNCLEAN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff]")
_LINE_ENDS = "\x0c\x85\u2028\u2029"
_PIECE = 64 * 1024


def decode(data: bytes, declared: str | None = None) -> str:
    """The text of `data`; never raises, and the result is clean (see `clean`)."""
    name = codec_name(declared)
    if data.isascii() and b"\x1b" not in data and (name is None or not name.startswith(_NOT_LIKE_ASCII)):
        text = data.decode("ascii")
        return clean(text) if data.translate(None, _CLEAN_ASCII) else text
    return clean(_own_marks(data) or _declared(data, name) or _guessed(data))


def clean(text: str) -> str:
    """Text with plain line ends and without NUL, other control characters, lone surrogates and byte order marks.

    What a terminal obeys and nobody sees (C1 controls) becomes a replacement character, like a surrogate.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    # In pieces: what is unclean throughout would need a hundred times its size at once.
    pieces = (text[at : at + _PIECE] for at in range(0, len(text), _PIECE))
    return "".join(_UNCLEAN.sub(_replacement, piece) for piece in pieces)


def _replacement(match: re.Match[str]) -> str:
    if match[0] in _LINE_ENDS:
        return "\n"
    return "\ufffd" if "\ud800" <= match[0] <= "\udfff" or "\x80" <= match[0] <= "\x9f" else ""


@lru_cache(maxsize=256)
def codec_name(declared: str | None) -> str | None:
    """The Python codec that a charset label stands for, or None where it names none."""
    if not declared:
        return None
    label = declared.strip().strip("\"'; \t").lower().removeprefix("charset=").partition("*")[0].strip()
    if not label or len(label) > 60 or label in _NO_NAME or not label.isascii() or "\x00" in label:
        return None
    if label in _ALIASES:
        return _ALIASES[label]
    windows = _WINDOWS.fullmatch(label)
    for name in (f"cp{windows[1]}",) if windows else (label, label.replace("_", "-"), label.replace(" ", "-")):
        found = _lookup(name)
        if found:
            return _ALIASES.get(found, found)
    return None


def _lookup(name: str) -> str | None:
    try:
        codec = codecs.lookup(name)
    except (LookupError, ValueError, UnicodeError):
        return None
    if codec.name.replace("-", "_") in _TEXT_CODECS_DENIED or not getattr(codec, "_is_text_encoding", True):
        return None
    return codec.name


def strictly(data: bytes, codec: str | None) -> str | None:
    """The text if every byte decodes, else None."""
    if codec is None:
        return None
    try:
        return data.decode(codec)
    except (UnicodeError, LookupError, ValueError):
        return None


def _own_marks(data: bytes) -> str | None:
    """What the bytes say themselves: a byte order mark, or the escapes of ISO 2022."""
    if data.startswith(codecs.BOM_UTF8):
        return strictly(data[3:], "utf-8")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and len(data) % 2 == 0:
        return strictly(data, "utf-16")
    if b"\x1b$" in data and data.isascii():
        if _ISO_2022_KR in data:
            return strictly(data, "iso2022_kr")
        return strictly(data, "iso2022_jp_2") or _japanese(data)
    return None


def _japanese(data: bytes) -> str | None:
    """ISO-2022-JP with the characters that Windows adds to JIS X 0208, which the strict codec does not know."""
    moved = _KANJI_IN.sub(lambda match: _shift_jis(match[1]), data)
    for escape in _JAPANESE_ESCAPES:
        moved = moved.replace(escape, b"")
    return strictly(moved, "cp932")


def _shift_jis(pairs: bytes) -> bytes:
    """JIS X 0208 pairs moved to their places in Shift-JIS by the usual arithmetic."""
    out = bytearray()
    for i in range(0, len(pairs) - 1, 2):
        row, cell = (pairs[i] & 0x7F) - 0x20, (pairs[i + 1] & 0x7F) - 0x20
        lead = (row - 1) // 2 + (0x81 if row <= 62 else 0xC1)
        trail = cell + 0x9E if row % 2 == 0 else cell + 0x3F + (cell > 63)
        out += bytes((lead & 0xFF, trail & 0xFF))
    return bytes(out)


def _declared(data: bytes, codec: str | None) -> str | None:
    """The text by its label, or None where the label cannot be true."""
    unicode = strictly(data, "utf-8")
    if codec is None or codec == "utf-8":
        return unicode or _by_lines(data, None) or _nearly_utf8(data)
    text = _utf_16(data) if codec == "utf-16" else strictly(data, codec)
    if unicode is not None and _surely_utf8(data, codec, text):
        return unicode
    if codec == "cp1252" and _mostly_high(data) and (other := _not_western(data)) is not None:
        return other
    if unicode is None and codec in _ONE_BYTE and (mixed := _by_lines(data, codec)) is not None:
        return mixed
    if text is None:
        return unicode or (strictly(data, "latin-1") if codec == "cp1252" else _nearly(data, codec))
    if codec in _OTHER_CHINESE and _PRIVATE.search(text):
        return _less_private(text, strictly(data, _OTHER_CHINESE[codec]))
    if codec.replace("-", "_") in cyrillic.CODECS:
        western = strictly(data, "cp1252") if not _mostly_high(data) and cyrillic.torn(text) else None
        return western or cyrillic.corrected(data, text)
    return text


def _less_private(text: str, other: str | None) -> str:
    return other if other is not None and not _PRIVATE.search(other) else text


def _utf_16(data: bytes) -> str | None:
    """UTF-16 without a byte order mark is big-endian (RFC 2781, 4.3), unless the spaces and line ends say otherwise."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return strictly(data, "utf-16")
    readings = [text for name in ("utf-16-be", "utf-16-le") if (text := strictly(data, name)) is not None]
    return max(readings, key=lambda text: sum(map(text.count, " \n.,ea")), default=None)


def _by_lines(data: bytes, codec: str | None) -> str | None:
    """Text of two charsets, as when a server adds a footer of its own: lines of plain UTF-8 and others, else None."""
    if len(data.translate(None, _ASCII)) < _SHORTEST_RUN or not _UTF8_RUN.search(data):
        return None
    lines = data.split(b"\n")
    read = [strictly(line, "utf-8") for line in lines]
    rest = b"\n".join(line for line, text in zip(lines, read, strict=True) if text is None)
    if _UTF8_RUN.search(rest):
        return None
    others = (strictly(rest, codec) or _guessed(rest)).split("\n")
    if len(others) != sum(text is None for text in read):
        return None
    following = iter(others)
    return "\n".join(next(following) if text is None else text for text in read)


def _surely_utf8(data: bytes, codec: str, text: str | None) -> bool:
    """Valid UTF-8 with two characters or more is hardly ever anything else; one alone may be chance."""
    if text is None or codec in ("ascii", "cp1252"):
        return True
    return codec not in ("utf-16", "utf-32", "utf-7") and len(data[:_SAMPLE].translate(None, _BELOW_C0)) >= 2


def _nearly(data: bytes, codec: str) -> str | None:
    """Text that is right by its label but for a few bytes, such as a character cut in two."""
    text = data.decode(codec, "replace") if codec != "ascii" else ""
    return text if text and text.count("\ufffd") * 50 < len(text) else None


def _nearly_utf8(data: bytes) -> str | None:
    """UTF-8 with a few bytes broken: most of what is not ASCII still decodes."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return text if len(text) - len(text.encode("ascii", "ignore")) >= 5 * broken else None


def _mostly_high(data: bytes) -> bool:
    """Western text is mostly ASCII letters; where it is not, the label is wrong."""
    sample = data[:_SAMPLE]
    high = len(sample.translate(None, _ASCII))
    return high >= 6 and high > len(sample) - len(sample.translate(None, _ASCII_LETTERS))


def _not_western(data: bytes) -> str | None:
    """The text of bytes that are labelled Western and are not, where that is sure."""
    russian = cyrillic.best(data)
    if russian is not None:
        return russian
    guess = _detect(_around_high(data))
    codec = codec_name(guess["encoding"])
    sure = guess["confidence"] > (_SURE_OF_EAST_ASIAN if codec in _EAST_ASIAN else _SURE)
    return strictly(data, codec) if sure else None


def _kana(data: bytes) -> str | None:
    """Japanese by its kana: where every second byte is the same, that is no chance and needs no statistics."""
    for codec in ("cp932", "euc_jp"):
        text = strictly(data, codec) or ""
        kana = sum("\u3040" <= char <= "\u30ff" for char in text)
        if kana > 1 and kana * 2 >= sum(char >= "\x80" for char in text):
            return text
    return None


def _guessed(data: bytes) -> str:
    sample = _around_high(data)
    if len(sample.translate(None, _ASCII)) < _TOO_FEW:
        return data.decode("cp1252", "replace")
    if len(sample) < _SHORT and (japanese := _kana(data)) is not None:
        return japanese
    guess = _detect(sample)
    codec = codec_name(guess["encoding"])
    # A few words are too little for statistics; Russian ones are told by their letters and their case.
    if len(sample) < _SHORT and guess["confidence"] < _SURE and (text := cyrillic.best(data)) is not None:
        return text
    return strictly(data, codec) or data.decode(codec or "cp1252", "replace")


def _detect(sample: bytes) -> Mapping[str, Any]:
    """Chardet's guess; it is imported for the first mail that needs one, since most never do."""
    import chardet

    guess: Mapping[str, Any] = chardet.detect(sample, include_encodings=_GUESSES)
    return guess


def _around_high(data: bytes) -> bytes:
    """A sample from the first byte that is not ASCII: a long English start would hide what follows."""
    if len(data) <= _SAMPLE:
        return data
    first = re.search(rb"[\x80-\xff]", data)
    start = max(0, (first.start() if first else 0) - 64)
    return data[start : start + _SAMPLE]
