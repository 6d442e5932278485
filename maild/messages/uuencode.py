"""Files that stand inside plain text as `begin 644 name` ... `end`: taken out where they are whole and well-formed.

What is not exactly that stays text: an example in a mail, a file that lost its end, yEnc. A part whose whole encoding
is uuencode is undone in `transfer.py`.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field

FILES_CAP = 100
_BEGIN = re.compile(r"^begin(-base64)? [0-7]{3,4} ([^\r\n]{1,255})\r?\n", re.MULTILINE)
_LINE = re.compile(r"([ -`]*)\r?(?:\n|\Z)")
_BASE64_LINE = re.compile(r"([A-Za-z0-9+/]{1,80}={0,2})\r?(?:\n|\Z)")
_END = re.compile(r"end[ \t]*\r?(?:\n|\Z)")
_BASE64_END = re.compile(r"====[ \t]*\r?(?:\n|\Z)")


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A file that stood in the text; `name` is as written."""

    name: str
    content: bytes = field(repr=False)


def take_out(text: str) -> tuple[str, tuple[Enclosed, ...]]:
    """The text without the files in it, and the files."""
    if "begin" not in text:
        return text, ()
    kept: list[str] = []
    files: list[Enclosed] = []
    done = position = 0
    while len(files) < FILES_CAP and (begin := _BEGIN.search(text, position)):
        content, stop = (_base64 if begin[1] else _uu)(text, begin.end())
        position = max(stop, begin.end())
        if content is None:
            continue
        files.append(Enclosed(begin[2].strip(), content))
        kept.append(text[done : begin.start()])
        done = position
    return ("".join((*kept, text[done:])) if files else text), tuple(files)


def _uu(text: str, position: int) -> tuple[bytes | None, int]:
    """The file and where the text goes on; None and how far it was well-formed."""
    out = bytearray()
    while line := _LINE.match(text, position):
        data = line[1]
        size = (ord(data[0]) - 32) & 63 if data.strip(" ") else 0
        if size == 0:
            end = _END.match(text, line.end())
            return (bytes(out), end.end()) if end and len(data) <= 2 else (None, position)
        wanted = 1 + -(-size // 3) * 4
        # Spaces at the end get lost on the way, and some writers add one character as a checksum.
        if len(data) > wanted + 1:
            return None, position
        try:
            out += binascii.a2b_uu(data[:wanted].ljust(wanted))
        except binascii.Error:
            return None, position
        position = line.end()
    return None, position


def _base64(text: str, position: int) -> tuple[bytes | None, int]:
    out = bytearray()
    while line := _BASE64_LINE.match(text, position):
        try:
            out += binascii.a2b_base64(line[1], strict_mode=True)
        except binascii.Error:
            return None, position
        position = line.end()
    end = _BASE64_END.match(text, position)
    return (bytes(out), end.end()) if end and out else (None, position)
