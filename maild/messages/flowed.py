"""Text of format=flowed (RFC 3676): lines broken softly are one line again, stuffed spaces are taken off."""

from __future__ import annotations

import re

_QUOTES = re.compile(r">*")
_SIGNATURE = "-- "


def unwrap(text: str, *, delsp: bool = False) -> str:
    """The paragraphs as they were written; quoted ones keep their marks, with a space behind them."""
    out: list[str] = []
    parts: list[str] = []
    depth = 0
    for line in text.split("\n"):
        marks = _QUOTES.match(line)
        level = marks.end() if marks else 0
        content = line[level + (line[level : level + 1] == " ") :]
        if parts and level != depth:
            out.append(_paragraph(depth, parts))
            parts = []
        depth = level
        soft = content.endswith(" ") and content != _SIGNATURE
        parts.append(content[:-1] if soft and delsp else content)
        if not soft:
            out.append(_paragraph(depth, parts))
            parts = []
    if parts:
        out.append(_paragraph(depth, parts))
    return "\n".join(out)


def _paragraph(depth: int, parts: list[str]) -> str:
    text = "".join(parts)
    return ">" * depth + (" " + text if depth and text else text)
