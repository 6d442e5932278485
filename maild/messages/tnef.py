"""Outlook's winmail.dat unpacked: files with their long names, and the text (MS-OXTNEF).

Only what a person sends is taken out: attachments and a body. Which of several bodies of a mail counts is decided in
`bodies.py`; rich text is read in `rtf.py`. Work is bounded by the bytes that came: nothing in here can grow, but for
the rich text, which has a cap of its own.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from maild.messages import charset, rtf
from maild.messages.words import one_line

ATTRIBUTES_CAP = 20_000
PROPERTIES_CAP = 2_000
VALUES_CAP = 1_000
FILES_CAP = 500
TEXT_CAP = 4 * 1024 * 1024
_SIGNATURE = 0x223E9F78
_CODEPAGE, _CLASS, _BODY, _PROPERTIES = 0x9007, 0x8008, 0x800C, 0x9003
_NEXT_FILE, _FILE_NAME, _FILE_DATA, _FILE_PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9005
_MESSAGE_CLASS, _PLAIN, _RTF, _HTML, _HTML_CODEPAGE = 0x001A, 0x1000, 0x1009, 0x1013, 0x3FDE
_LONG_NAME, _SHORT_NAME, _SHOWN_NAME, _MIME, _DATA, _CID = 0x3707, 0x3704, 0x3001, 0x370E, 0x3701, 0x3712
_FIXED = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_STRING8, _UNICODE, _BINARY, _OBJECT = 0x1E, 0x1F, 0x102, 0x0D
_MANY = 0x1000
_EMBEDDED = bytes.fromhex("0703020000000000c000000000000046")
"""IID_IMessage, which stands in front of a whole message inside (MS-OXTNEF, 2.1.3.4.1)."""


class _Broken(Exception):
    """The stream ends, or says something that cannot be."""


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """One attachment; `name` is as its sender wrote it, "" where there is none."""

    name: str
    content_type: str
    content_id: str | None
    content: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Unpacked:
    """What was found. `whole`: all of it was read, and it is a mere mail, so nothing is lost without the container."""

    files: tuple[File, ...]
    text: str | None
    html: str | None
    whole: bool


@dataclass(slots=True)
class _Message:
    """The message and its files while they are being read: properties by their id, raw values."""

    codepage: str = "cp1252"
    kind: str = ""
    body: bytes = b""
    properties: dict[int, tuple[int, memoryview]] = field(default_factory=dict)
    files: list[dict[int, tuple[int, memoryview]]] = field(default_factory=list)


def unpack(data: bytes) -> Unpacked | None:
    """What a TNEF stream holds, as far as it can be read; None where the bytes are none. Never raises."""
    if len(data) < 6 or struct.unpack_from("<I", data)[0] != _SIGNATURE:
        return None
    message, whole = _Message(), True
    try:
        for name, value in _attributes(memoryview(data)):
            _take(message, name, value)
    except _Broken:
        whole = False
    kind = message.kind or _text(message, message.properties, _MESSAGE_CLASS)
    text, html = _bodies(message)
    return Unpacked(
        files=tuple(_file(message, one) for one in message.files),
        text=text,
        html=html,
        whole=whole and kind.strip("\x00").lower() in ("", "ipm.note", "ipm.microsoft mail.note", "ipm.note.smime"),
    )


def _attributes(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Each attribute: its name and its bytes (2.1.3); the checksums, which many writers get wrong, are not asked."""
    position = 6
    for _ in range(ATTRIBUTES_CAP):
        if position >= len(data):
            return
        if position + 9 > len(data) or data[position] not in (1, 2):
            raise _Broken
        name, _type, size = struct.unpack_from("<HHI", data, position + 1)
        start = position + 9
        if start + size > len(data):
            raise _Broken
        yield name, data[start : start + size]
        position = start + size + 2
    raise _Broken


def _take(message: _Message, name: int, value: memoryview) -> None:
    if name == _CODEPAGE and len(value) >= 4:
        message.codepage = f"cp{struct.unpack_from('<I', value)[0]}"
    elif name == _CLASS:
        message.kind = bytes(value[:200]).split(b"\x00")[0].decode("latin-1")
    elif name == _BODY:
        message.body = bytes(value[:TEXT_CAP])
    elif name == _PROPERTIES:
        message.properties.update(_properties(value))
    elif name == _NEXT_FILE:
        if len(message.files) >= FILES_CAP:
            raise _Broken
        message.files.append({})
    elif message.files:
        _take_of_file(message.files[-1], name, value)


def _take_of_file(file: dict[int, tuple[int, memoryview]], name: int, value: memoryview) -> None:
    if name == _FILE_NAME:
        file.setdefault(_SHORT_NAME, (_STRING8, value))
    elif name == _FILE_DATA:
        file[_DATA] = (_BINARY, value)
    elif name == _FILE_PROPERTIES:
        for key, found in _properties(value):
            if key != _DATA or _DATA not in file:
                file[key] = found


def _properties(data: memoryview) -> Iterator[tuple[int, tuple[int, memoryview]]]:
    """Each property of a list: its id, its type and its first value (2.1.3.4); named ones are passed over."""
    position = 4
    for _ in range(min(_number(data, 0), PROPERTIES_CAP)):
        kind, name = _number(data, position) & 0xFFFF, _number(data, position) >> 16
        position += 4
        named = name >= 0x8000
        if named:
            position = _past_name(data, position)
        found, position = _value(data, position, kind)
        if found is not None and not named:
            yield name, (kind & ~_MANY, found)


def _past_name(data: memoryview, position: int) -> int:
    if _number(data, position + 16) == 0:
        return position + 24
    size = _number(data, position + 20)
    return position + 24 + size + -size % 4


def _value(data: memoryview, position: int, kind: int) -> tuple[memoryview | None, int]:
    base = kind & ~_MANY
    varies = base in (_STRING8, _UNICODE, _BINARY, _OBJECT)
    if not varies and base not in _FIXED:
        raise _Broken
    count = 1
    if varies or kind & _MANY:
        count = _number(data, position)
        position += 4
    if count > VALUES_CAP:
        raise _Broken
    first: memoryview | None = None
    for at in range(count):
        size = _FIXED.get(base, 0)
        if varies:
            size = _number(data, position)
            position += 4
        if position + size > len(data):
            raise _Broken
        if at == 0:
            first = data[position : position + size]
        position += size + -size % 4
    return first, position


def _number(data: memoryview, position: int) -> int:
    if position + 4 > len(data):
        raise _Broken
    return int(struct.unpack_from("<I", data, position)[0])


def _text(message: _Message, properties: dict[int, tuple[int, memoryview]], name: int) -> str:
    """A text property; 8-bit ones are in the code page that the stream names (2.1.3.3.4)."""
    kind, value = properties.get(name, (0, memoryview(b"")))
    data = bytes(value[:TEXT_CAP])
    if kind == _UNICODE:
        return charset.clean(data.decode("utf-16-le", "replace").partition("\x00")[0])
    if kind == _STRING8:
        return charset.decode(data.partition(b"\x00")[0], message.codepage)
    return ""


def _bodies(message: _Message) -> tuple[str | None, str | None]:
    """The plain text and the HTML, of which rich text gives the one or the other."""
    text = _text(message, message.properties, _PLAIN)
    if not text.strip() and message.body:
        text = charset.decode(message.body.partition(b"\x00")[0], message.codepage)
    html = _html(message)
    if html is None:
        rich = rtf.decompress(bytes(message.properties.get(_RTF, (0, memoryview(b"")))[1]))
        found = rtf.read(rich) if rich and not (text.strip() and b"\\fromhtml" not in rich[:500]) else None
        html, text = (found.html, text or found.text) if found else (None, text)
    return text if text.strip() else None, html


def _html(message: _Message) -> str | None:
    kind, value = message.properties.get(_HTML, (0, memoryview(b"")))
    if kind != _BINARY:
        return _text(message, message.properties, _HTML) or None
    _, page = message.properties.get(_HTML_CODEPAGE, (0, memoryview(b"")))
    codepage = f"cp{struct.unpack_from('<I', page)[0]}" if len(page) >= 4 else message.codepage
    data = bytes(value[:TEXT_CAP])
    return charset.decode(data, "utf-8" if codepage == "cp65001" else codepage) if data.strip(b"\x00 ") else None


def _file(message: _Message, properties: dict[int, tuple[int, memoryview]]) -> File:
    names = (_text(message, properties, name) for name in (_LONG_NAME, _SHORT_NAME, _SHOWN_NAME))
    kind, value = properties.get(_DATA, (0, memoryview(b"")))
    data, mime = bytes(value), one_line(_text(message, properties, _MIME)).lower()
    if kind == _OBJECT:
        if data.startswith(_EMBEDDED):
            mime = "application/ms-tnef"
        data = data[16:]
    return File(
        name=next((name for name in names if name.strip()), ""),
        content_type=mime,
        content_id=one_line(_text(message, properties, _CID)).strip("<> ") or None,
        content=data,
    )
