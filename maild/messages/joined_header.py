"""A forwarded mail's header that a phone has written into one line, behind the line that says so; taken apart again.

`-------- Original message --------From: Ivan <ivan@a.example> Date: 23/11/2026 To: Anna Subject: Printer` is what
Samsung's and Yahoo's programs make of it as plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from maild.messages.phrases import HEADER_NAMES

_LONGEST = 2_000
_MARK = re.compile(r"[ \t]{0,9}([-—_]{4,40}[^-—_:]{3,60}?[-—_]{4,40})[ \t]{0,3}(?=[^\s:：]{2,20} ?[:：])")


def _labels(*kinds: str) -> str:
    names = {name for kind in kinds for name in HEADER_NAMES[kind]}
    return "|".join(re.escape(n[:1].upper() + n[1:]) for n in sorted(names, key=len, reverse=True) if len(n) > 1)


_OPENS = re.compile(rf"(?:{_labels('from')}) ?[:：]")
# Nothing need stand before one ("GMT+3Subject:"), so the capital letter counts.
_FIELD = re.compile(rf"(?:{_labels('date', 'to', 'cc', 'subject')}|(?<=\s)[AÀ]) ?[:：](?=\s)")


def part_joined_header(lines: Sequence[str]) -> list[str]:
    """The lines, with such a line as the lines that it stands for."""
    out = list[str]()
    for line in lines:
        mark = _MARK.match(line[:_LONGEST]) if "--" in line[:60] or "__" in line[:60] else None
        if mark is None or _OPENS.match(line, mark.end()) is None:
            out.append(line)
        else:
            out += [mark[1], *_fields(line[mark.end() :])]
    return out


def _fields(header: str) -> Iterator[str]:
    start = 0
    for found in _FIELD.finditer(header[:_LONGEST]):
        yield header[start : found.start()].strip()
        start = found.start()
        if _is_subject(found[0]):
            break  # whatever follows belongs to it
    yield header[start:].strip()


def _is_subject(label: str) -> bool:
    return label.rstrip(" :：").lower() in HEADER_NAMES["subject"]
