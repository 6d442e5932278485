"""Where a bracket of a broken TOML text was opened that nothing closes: its reader only tells where it gave up."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""#[^\n]*|\"{3}(?:[^"\\]|\\.|"{1,2}(?!"))*\"{3,5}|'{3}(?:[^']|'{1,2}(?!'))*'{3,5}"""
    r"""|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[\[\]{}]""",
    re.DOTALL,
)
_CLOSING = {"]": "[", "}": "{"}


def last_unclosed(text: str, line: int, column: int) -> tuple[int, int] | None:
    """The line and column of the innermost bracket that is still open at a place of the text; None where none is."""
    lines = text.split("\n")
    end = sum(len(before) + 1 for before in lines[: line - 1]) + column - 1
    opened: list[int] = []
    for token in _TOKEN.finditer(text, 0, end):
        sign = token[0]
        if sign in "[{":
            opened.append(token.start())
        elif sign in _CLOSING and opened and text[opened[-1]] == _CLOSING[sign]:
            opened.pop()
    if not opened:
        return None
    before = text[: opened[-1]]
    return before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
