"""The header block as raw fields: where it begins and ends, however badly it is written. Nothing is decoded here.

Found in the wild and read: an mbox `From ` line or other junk above the fields, empty lines above them, fields folded
without the white space that folding needs, bodies that begin without an empty line, and a header block that was cut by
an empty line and goes on behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from maild.messages.words import unfold

BLOCK_CAP = 256 * 1024
LINES_CAP = 4000
FIELDS_CAP = 500
VALUE_CAP = 16 * 1024
ADDRESSES_CAP = 64 * 1024
_FIELD = re.compile(rb"([!-9;-~]{1,100})[ \t]*:")
_KNOWN = re.compile(
    rb"(?:from|to|cc|bcc|subject|date|message-id|reply-to|sender|received|return-path|delivered-to|mime-version|"
    rb"in-reply-to|references|list-[a-z-]+|x-[a-z0-9-]+|content-(?:type|transfer-encoding|disposition|id|language|"
    rb"description)|dkim-signature|authentication-results|auto-submitted|precedence|thread-[a-z]+|user-agent)[ \t]*:",
    re.IGNORECASE,
)
# A whole block without any oddity, and its fields: nearly every mail has one, and needs no look at single lines.
_ORDERLY = re.compile(
    rb"(?:From [^\r\n]*+\r?\n)?((?:[!-9;-~]{1,100}+[ \t]*+:[^\r\n]*+\r?\n(?:[ \t]++[^\s][^\r\n]*+\r?\n)*+)++)\r?\n"
)
_ORDERLY_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:([^\r\n]*+(?:\r?\n[ \t][^\r\n]*+)*+)\r?\n")
_SENDERS = re.compile(rb"(?:from|sender)[ \t]*:", re.IGNORECASE)
_LONG = {"to", "cc", "bcc", "from", "reply-to", "references"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Fields:
    """Raw fields in their order (name as written, unfolded value), where the body begins, and what was odd."""

    items: tuple[tuple[str, bytes], ...]
    body: int
    defects: tuple[str, ...] = ()

    def all(self, name: str) -> Iterator[bytes]:
        """The values of a field, topmost first; `name` in lower case."""
        return (value for key, value in self.items if key.lower() == name)

    def first(self, name: str) -> bytes:
        """The topmost value of a field, b"" where there is none; `name` in lower case."""
        length = len(name)
        for key, value in self.items:
            if len(key) == length and key.lower() == name:
                return value
        return b""


@dataclass(slots=True)
class _Reader:
    """Collects fields line by line."""

    items: list[tuple[str, list[bytes]]] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)

    def odd(self, what: str) -> None:
        if what not in self.defects:
            self.defects.append(what)


def read_fields(raw: bytes, start: int = 0, stop: int | None = None, *, part: bool = False) -> Fields:
    """The fields of the header block that begins at `start`; caps on its size, lines and fields hold.

    `part`: the header of a MIME part, which may be empty and is never searched for behind junk.
    """
    stop = len(raw) if stop is None else stop
    reader = _Reader()
    body = _read_orderly(raw, start, stop, reader)
    if not body:
        body = _read_odd(raw, start, stop, reader, part=part)
    items = tuple((name, _capped(name, lines, reader)) for name, lines in reader.items[:FIELDS_CAP])
    if len(reader.items) > FIELDS_CAP:
        reader.odd("truncated: too many header fields")
    return Fields(items=items, body=body, defects=tuple(reader.defects))


def _read_orderly(raw: bytes, start: int, stop: int, reader: _Reader) -> int:
    """Reads a block in which every line is a field or a fold and no field stands below the empty line, else gives 0."""
    block = _ORDERLY.match(raw, start, min(stop, start + BLOCK_CAP))
    if block is None or raw.count(b"\n", start, block.end()) >= LINES_CAP or _FIELD.match(raw, block.end(), stop):
        return 0
    for name, value in _ORDERLY_FIELD.findall(raw, block.start(1), block.end(1)):
        reader.items.append((name.decode("ascii"), [value]))
    return block.end()


def _read_odd(raw: bytes, start: int, stop: int, reader: _Reader, *, part: bool) -> int:
    """Reads any block, line by line; the answer is where the body begins."""
    position = start if part else _skip_junk(raw, start, stop, reader)
    body = _read_block(raw, position, stop, reader, part=part)
    return body if part else _rest_of_cut_block(raw, body, stop, reader)


def _capped(name: str, lines: list[bytes], reader: _Reader) -> bytes:
    value = unfold(lines[0] if len(lines) == 1 else b"\n ".join(lines))
    if len(value) <= VALUE_CAP:
        return value
    cap = ADDRESSES_CAP if name.lower() in _LONG else VALUE_CAP
    if len(value) > cap:
        reader.odd(f"truncated: header {name} is too long")
    return value[:cap]


def _skip_junk(raw: bytes, start: int, stop: int, reader: _Reader) -> int:
    """Past a byte order mark, empty lines, an mbox line and other lines above the first field."""
    if raw.startswith(b"\xef\xbb\xbf", start):
        start += 3
    position = start
    for begin, end, line in _lines(raw, start, min(stop, start + 8192), 60):
        if _KNOWN.match(line) or (_FIELD.match(line) and not line.startswith((b">", b"From "))):
            above = raw[start:begin].strip()
            if above and not (above.startswith((b"From ", b">From ")) and b"\n" not in above):
                reader.odd("lines above the first header field")
            return begin
        if not line.strip() and raw[start:begin].strip() and not _field_follows(raw, end, stop):
            break
        position = end if not line.strip() and position == begin else position
    return position if position < stop else start


def _field_follows(raw: bytes, start: int, stop: int) -> bool:
    return any(_KNOWN.match(line) for _, _, line in _lines(raw, start, min(stop, start + 2048), 1))


def _lines(raw: bytes, start: int, stop: int, count: int) -> Iterator[tuple[int, int, bytes]]:
    """Each line: where it begins, where the next one begins, the line without its end."""
    while start < stop and count:
        end = raw.find(b"\n", start, stop)
        after = stop if end < 0 else end + 1
        yield start, after, raw[start:after].rstrip(b"\r\n")
        start = after
        count -= 1


def _read_block(raw: bytes, start: int, stop: int, reader: _Reader, *, part: bool) -> int:
    """Reads fields up to the empty line; the answer is where the body begins."""
    limit = min(stop, start + BLOCK_CAP)
    end = start
    for begin, end, line in _lines(raw, start, limit, LINES_CAP):
        if not line.strip(b" \t"):
            if not line or not _field_or_fold(raw, end, stop):
                return end
            continue
        if line[0] in b" \t" and reader.items:
            reader.items[-1][1].append(line)
            continue
        found = _FIELD.match(line)
        if found:
            reader.items.append((found[1].decode("ascii"), [line[found.end() :]]))
        elif line.startswith((b"From ", b">From ")):
            continue
        elif reader.items and _known_before_empty_line(raw, end, limit):
            reader.odd("a header line folded without white space")
            reader.items[-1][1].append(line)
        else:
            if reader.items or not part:
                reader.odd("no empty line between header and body")
            return begin
    if end < stop:
        reader.odd("truncated: the header block is too long")
        return _after_empty_line(raw, end, stop)
    return end


def _field_or_fold(raw: bytes, start: int, stop: int) -> bool:
    """A line of white space alone ends the header in practice, unless fields plainly go on behind it."""
    return any(_KNOWN.match(line) for _, _, line in _lines(raw, start, stop, 1))


def _known_before_empty_line(raw: bytes, start: int, stop: int) -> bool:
    for _, _, line in _lines(raw, start, min(stop, start + 4096), 40):
        if not line.strip():
            return False
        if _KNOWN.match(line):
            return True
    return False


def _after_empty_line(raw: bytes, start: int, stop: int) -> int:
    found = [at + len(mark) for mark in (b"\n\r\n", b"\n\n") if (at := raw.find(mark, start - 1, stop)) >= 0]
    return min(found, default=stop)


def _rest_of_cut_block(raw: bytes, body: int, stop: int, reader: _Reader) -> int:
    """Fields behind an empty line belong to the header where they name the sender and the block above does not.

    A block that was cut and then written again from its first line counts as it stands the second time.
    """
    if not reader.items or not _FIELD.match(raw, body, stop):
        return body
    block = [line for _, _, line in _lines(raw, body, min(stop, body + 16384), 200)]
    fields = block[: next((i for i, line in enumerate(block) if not line.strip()), len(block))]
    if not any(_SENDERS.match(line) for line in fields):
        return body
    name, lines = reader.items[0]
    again = fields[0] == name.encode() + b":" + lines[0]
    if any(name.lower() == "from" for name, _ in reader.items) and not again:
        return body
    reader.odd("the header block is cut by an empty line" + (" and repeated" if again else ""))
    if again:
        reader.items.clear()
    return _read_block(raw, body, stop, reader, part=False)
