"""A mail as a tree of parts (RFC 2046), found by their places in the raw bytes: nothing is copied before it is wanted.

The reader splits at the boundary lines itself, so that a truncated, wrongly nested or endless mail costs no more than
one search per level, and a part keeps its exact bytes. Text and attachments are chosen in `bodies.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from maild.messages import params, transfer
from maild.messages.fields import Fields, read_fields
from maild.messages.words import decode_value

DEPTH_CAP = 50
PARTS_CAP = 1000
_GUESS_BOUNDARY = re.compile(rb"(?m)^--([^\r\n]{1,200}?)[ \t]*\r?\n(?=Content-)", re.IGNORECASE)
_REST_OF_LINE = re.compile(rb"(--)?[ \t]*(?:\r?\n|\r|\Z)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One part: its fields, what they say about its content, and where the content lies in `raw`."""

    raw: bytes = field(repr=False)
    fields: Fields
    start: int
    stop: int
    content_type: str
    params: dict[str, str]
    disposition: str
    disposition_params: dict[str, str]
    encoding: str
    begin: int = 0
    """Where the part begins in `raw`, its fields included."""
    children: tuple[Part, ...] = ()

    @property
    def declared(self) -> bool:
        """Whether the part has a Content-Type of its own."""
        return bool(self.fields.first("content-type"))

    @property
    def content_id(self) -> str | None:
        """Content-ID without its brackets, or None."""
        return decode_value(self.fields.first("content-id")).strip("<> \t") or None

    @property
    def charset(self) -> str | None:
        """The declared charset, as written."""
        return self.params.get("charset") or None

    def content(self) -> bytes:
        """The decoded content of a leaf."""
        return transfer.decode(self.raw[self.start : self.stop], self.encoding)

    def source(self) -> bytes:
        """The content as it stands in the mail, still encoded."""
        return self.raw[self.start : self.stop]

    def walk(self) -> Iterator[Part]:
        """The part and all below it, in their order; never into attached mails."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(slots=True)
class _Splitter:
    raw: bytes
    parts: int = 0
    defects: list[str] = field(default_factory=list)

    def odd(self, what: str) -> None:
        if what not in self.defects:
            self.defects.append(what)

    def part(self, fields: Fields, stop: int, depth: int, default: str, begin: int = 0) -> Part:
        """The part whose fields these are, with everything below it."""
        self.parts += 1
        declared, type_params = params.parse(fields.first("content-type"))
        disposition, disposition_params = params.parse(fields.first("content-disposition"), type_params.get("charset"))
        content_type = params.media_type(declared, default) if declared or type_params else default
        children: tuple[Part, ...] = ()
        if content_type.startswith("multipart/"):
            children = self._children(fields.body, stop, type_params.get("boundary", ""), depth, content_type)
            if not children:
                # A multipart without its parts is read as the text that it is.
                self.odd("a multipart without parts")
                content_type = "text/plain"
        return Part(
            raw=self.raw,
            fields=fields,
            begin=begin,
            start=min(fields.body, stop),
            stop=stop,
            content_type=content_type,
            params=dict(type_params),
            disposition=disposition,
            disposition_params=dict(disposition_params),
            encoding=decode_value(fields.first("content-transfer-encoding")).partition(";")[0],
            children=children,
        )

    def _children(self, start: int, stop: int, boundary: str, depth: int, content_type: str) -> tuple[Part, ...]:
        if depth >= DEPTH_CAP:
            self.odd("truncated: parts are nested too deep")
            return ()
        default = "message/rfc822" if content_type == "multipart/digest" else "text/plain"
        found: list[Part] = []
        for begin, end in self._ranges(start, stop, boundary):
            if self.parts >= PARTS_CAP:
                self.odd("truncated: there are too many parts")
                break
            fields = read_fields(self.raw, begin, end, part=True)
            found.append(self.part(fields, end, depth + 1, default, begin))
        return tuple(found)

    def _ranges(self, start: int, stop: int, boundary: str) -> list[tuple[int, int]]:
        """Where the parts lie between the boundary lines; the last one may lack its end."""
        marks = list(self._marks(start, stop, boundary.encode("utf-8", "replace"))) if boundary else []
        if not marks:
            guessed = _GUESS_BOUNDARY.search(self.raw, start, min(stop, start + 65536))
            if guessed is None:
                return []
            self.odd("the boundary of a multipart is missing or wrong")
            marks = list(self._marks(start, stop, guessed[1]))
        ranges = []
        for (_, begin, closing), (end, _, _) in zip(marks, [*marks[1:], (stop, stop, True)], strict=True):
            if closing:
                break
            if end == stop:
                self.odd("a multipart without its end")
            ranges.append((begin, max(begin, end)))
        return ranges

    def _marks(self, start: int, stop: int, boundary: bytes) -> Iterator[tuple[int, int, bool]]:
        """Each boundary line: where the text before it ends, where it ends itself, whether it is the closing one."""
        mark = b"--" + boundary
        position = start
        count = 0
        while count <= PARTS_CAP and (position := self.raw.find(mark, position, stop)) >= 0:
            after = position + len(mark)
            line = _REST_OF_LINE.match(self.raw, after, stop)
            if line and (position == start or self.raw[position - 1] in b"\r\n"):
                yield self._before(position, start), line.end(), line[1] is not None
                count += 1
                position = line.end()
            else:
                position = after

    def _before(self, position: int, start: int) -> int:
        """The line end in front of a boundary belongs to the boundary (RFC 2046, 5.1.1)."""
        if position > start and self.raw[position - 1] == 0x0A:
            position -= 1
        if position > start and self.raw[position - 1] == 0x0D:
            position -= 1
        return position


def read_parts(raw: bytes, fields: Fields) -> tuple[Part, tuple[str, ...]]:
    """The tree of a mail whose header is read already, and what was odd about it."""
    splitter = _Splitter(raw)
    root = splitter.part(fields, len(raw), 0, "text/plain")
    return root, tuple(splitter.defects)
