"""Rich text as Outlook sends it: compressed (MS-OXRTFCP), with HTML inside (MS-OXRTFEX), or as its own words.

What is made of it is text to read, not a document: no fonts, no pictures, no tables but their words.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field

from maild.messages import charset

OUT_CAP = 512 * 1024
TOKENS_CAP = 150_000
DEPTH_CAP = 200
_FIRST = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor "
    rb"MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
"""What the dictionary holds before the first byte (MS-OXRTFCP, 2.1.3.1.4)."""
_TOKEN = re.compile(
    rb"\\([A-Za-z]{1,32})(-?[0-9]{1,9})? ?|\\'([0-9A-Fa-f]{2})|\\([^A-Za-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)|\\"
)
_SPOKEN = {
    b"par": "\n", b"line": "\n", b"row": "\n", b"sect": "\n", b"page": "\n", b"tab": "\t", b"cell": "\t",
    b"lquote": "\u2018", b"rquote": "\u2019", b"ldblquote": "\u201c", b"rdblquote": "\u201d", b"bullet": "\u2022",
    b"endash": "\u2013", b"emdash": "\u2014", b"emspace": " ", b"enspace": " ",
}  # fmt: skip
_SYMBOLS = {
    b"~": "\u00a0", b"_": "-", b"\n": "\n", b"\r": "\n", b"\\": "\\", b"{": "{", b"}": "}",
}  # fmt: skip
_SILENT = frozenset(
    (b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"object", b"header", b"headerl", b"headerr", b"headerf",
     b"footer", b"footerl", b"footerr", b"footerf", b"footnote", b"fldinst", b"listtable", b"listoverridetable",
     b"rsidtbl", b"generator", b"themedata", b"datastore", b"latentstyles", b"xmlnstbl", b"pntext", b"nonshppict")
)  # fmt: skip
_CODEPAGES = {
    0: "cp1252", 128: "cp932", 129: "cp949", 134: "gb18030", 136: "cp950", 161: "cp1253", 162: "cp1254", 163: "cp1258",
    177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250",
}  # fmt: skip
"""Font charsets (\\fcharset) and what their bytes mean."""


def decompress(data: bytes) -> bytes:
    """The rich text in PidTagRtfCompressed, at most `OUT_CAP` of it; b"" where the bytes are none (MS-OXRTFCP, 2.1)."""
    if len(data) < 16:
        return b""
    size, _raw, kind, _crc = struct.unpack_from("<I4s4sI", data)
    stop = min(len(data), size + 4)
    if kind == b"MELA":
        return data[16 : min(stop, 16 + OUT_CAP)]
    return _unfolded(data, stop) if kind == b"LZFu" else b""


def _unfolded(data: bytes, stop: int) -> bytes:
    """Runs of eight tokens, each a byte or a reference into the last 4096 bytes; one to the next place ends it all."""
    out = bytearray(b" " * (4096 - len(_FIRST)) + _FIRST)
    full, position = len(out) + OUT_CAP, 16
    while position < stop and len(out) < full:
        control = data[position]
        position += 1
        if control == 0:
            out += data[position : min(position + 8, stop)]
            position += 8
            continue
        for bit in range(8):
            if position >= stop:
                break
            if not control >> bit & 1:
                out.append(data[position])
                position += 1
                continue
            if position + 1 >= stop:
                return bytes(out[4096:])
            token = data[position] << 8 | data[position + 1]
            position += 2
            # The dictionary is a ring: where the next byte goes follows from how many there were.
            back = (len(out) - 4096 + len(_FIRST) - (token >> 4)) % 4096
            if back == 0:
                return bytes(out[4096:])
            length = (token & 15) + 2
            start = len(out) - back
            piece = out[start : start + length]
            while len(piece) < length:
                piece += piece[: length - len(piece)]
            out += piece
    return bytes(out[4096:full])


@dataclass(frozen=True, kw_only=True, slots=True)
class Rich:
    """The words, or where the writer had put HTML into it, that."""

    text: str
    html: str | None


@dataclass(slots=True)
class _State:
    """What holds inside a group and ends with it."""

    silent: bool = False
    fonts: bool = False
    html_tag: bool = False
    html_hidden: bool = False
    codec: str = "cp1252"
    skip: int = 1


@dataclass(slots=True)
class _Reader:
    from_html: bool
    default: str = "cp1252"
    state: _State = field(default_factory=_State)
    stack: list[_State] = field(default_factory=list)
    fonts: dict[int, str] = field(default_factory=dict)
    font: int = 0
    star: bool = False
    skip: int = 0
    out: list[str] = field(default_factory=list)
    pending: bytearray = field(default_factory=bytearray)
    pending_codec: str = "cp1252"

    def flush(self) -> None:
        if self.pending:
            self.out.append(bytes(self.pending).decode(self.pending_codec, "replace"))
            self.pending.clear()

    def add(self, data: bytes) -> None:
        """Bytes in the font's code page; a character of two bytes may come in two tokens."""
        if self._unheard():
            return
        if self.pending_codec != self.state.codec:
            self.flush()
            self.pending_codec = self.state.codec
        self.pending += data

    def say(self, text: str) -> None:
        if not self._unheard():
            self.flush()
            self.out.append(text)

    def _unheard(self) -> bool:
        state = self.state
        if state.silent:
            return True
        return self.from_html and state.html_hidden and not state.html_tag

    def open(self) -> None:
        self.stack.append(self.state)
        old = self.state
        self.state = _State(old.silent, old.fonts, old.html_tag, old.html_hidden, old.codec, old.skip)

    def close(self) -> None:
        if self.stack:
            self.state = self.stack.pop()

    def word(self, name: bytes, number: int | None) -> None:
        """One control word."""
        state, star = self.state, self.star
        self.star = False
        if name == b"htmltag" and star:
            state.html_tag, state.silent = True, not self.from_html
        elif star or name in _SILENT:
            state.silent, state.fonts = True, state.fonts or name == b"fonttbl"
        elif name == b"htmlrtf":
            state.html_hidden = number != 0
        elif name == b"u" and number is not None:
            self.say(chr(number & 0xFFFF))
            self.skip = state.skip
        elif name == b"uc":
            state.skip = min(max(number or 0, 0), 20)
        elif name in _SPOKEN:
            self.say(_SPOKEN[name])
        else:
            self._charset(name, number or 0)

    def _charset(self, name: bytes, number: int) -> None:
        """Fonts say what their bytes mean, the document what those of other fonts do."""
        if name == b"ansicpg":
            self.default = self.state.codec = charset.codec_name(f"cp{number}") or "cp1252"
        elif name == b"f":
            self.font = number
            if not self.state.fonts:
                self.state.codec = self.fonts.get(number, self.default)
        elif name == b"fcharset" and self.state.fonts and len(self.fonts) < 1000:
            self.fonts[self.font] = _CODEPAGES.get(number, self.default) if number else self.default
        elif name == b"plain":
            self.state.codec = self.fonts.get(0, self.default)


def read(data: bytes) -> Rich:
    """The words of rich text, or the HTML that it was made from; never raises, however broken the bytes are."""
    data = data[:OUT_CAP]
    reader = _Reader(from_html=b"\\fromhtml1" in data[:500])
    position = 0
    for _ in range(TOKENS_CAP):
        found = _TOKEN.match(data, position)
        if found is None:
            break
        position = found.end()
        word = found[1]
        if word == b"bin":
            position += max(0, min(int(found[2] or 0), len(data)))
        elif word is not None:
            reader.word(word, int(found[2]) if found[2] else None)
        else:
            _other(reader, found)
    reader.flush()
    said = charset.clean(_paired("".join(reader.out)))
    return Rich(text="" if reader.from_html else said.strip("\n"), html=said if reader.from_html else None)


def _other(reader: _Reader, found: re.Match[bytes]) -> None:
    """A bracket, an escaped character, or text."""
    _, _, code, symbol, bracket, text = found.groups()
    if bracket == b"{":
        if len(reader.stack) < DEPTH_CAP:
            reader.open()
        reader.star, reader.skip = False, 0
    elif bracket:
        reader.close()
        reader.skip = 0
    elif symbol == b"*":
        reader.star = True
    elif symbol in _SYMBOLS:
        reader.say(_SYMBOLS[symbol])
    elif symbol is not None:
        return
    elif code is not None:
        if reader.skip:
            reader.skip -= 1
        else:
            reader.add(bytes.fromhex(code.decode()))
    elif text:
        passed = min(reader.skip, len(text))
        reader.skip -= passed
        reader.add(text[passed:])


def _paired(text: str) -> str:
    """Characters beyond the first plane come as two halves."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
