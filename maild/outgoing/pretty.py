"""Plain text to simple HTML: paragraphs, quotations, links, rules. The frame around it is `templates/layout.html`.

Everything that comes from the text is escaped here; what is made are the tags p, br, blockquote, hr and a, no others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

MAX_TEXT = 100_000
"""Longer letters go out as plain text alone: nobody reads them in a mail client anyway."""
MAX_DEPTH = 10
"""Quotations nested deeper than this are shown at this depth."""

_LINK = re.compile(r"(?:https?://|mailto:)[^\s<>\"'\u2028\u2029\u202a-\u202e\u2066-\u2069]{1,2000}", re.IGNORECASE)
_BEHIND_A_LINK = ".,;:!?)]}»”’…"
_RULE = re.compile(r"[-—_=]{3,}\s*\Z")
_QUOTED = re.compile(r"(?:> ?)+")


def to_html(text: str) -> str:
    """The body of the HTML alternative; well-formed whatever the text is."""
    pieces: list[str] = []
    depth = 0
    for level, lines in _blocks(text):
        pieces.append("<blockquote>" * (level - depth) + "</blockquote>" * (depth - level))
        depth = level
        pieces.append("<hr>" if lines == [""] else "<p>" + "<br>\n".join(_line(line) for line in lines) + "</p>")
    pieces.append("</blockquote>" * depth)
    return "\n".join(piece for piece in pieces if piece)


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """Paragraphs with their depth of quotation; a rule is a paragraph of one empty line."""
    level, lines = 0, list[str]()
    for line in text.split("\n"):
        marks = _QUOTED.match(line)
        here = min(marks.group().count(">"), MAX_DEPTH) if marks else 0
        content = line[marks.end() :] if marks else line
        if lines and (here != level or not content.strip() or _RULE.match(content)):
            yield level, lines
            lines = []
        level = here
        if _RULE.match(content):
            yield level, [""]
        elif content.strip():
            lines.append(content)
    if lines:
        yield level, lines


def _line(line: str) -> str:
    stripped = line.lstrip(" \t")
    indent = "&nbsp;" * min(len(line) - len(stripped), 40)
    return indent + "".join(_linked(stripped))


def _linked(line: str) -> Iterator[str]:
    done = 0
    for found in _LINK.finditer(line):
        address = found.group().rstrip(_BEHIND_A_LINK)
        yield escape(line[done : found.start()])
        yield f'<a href="{escape(address)}">{escape(address)}</a>'
        done = found.start() + len(address)
    yield escape(line[done:])
