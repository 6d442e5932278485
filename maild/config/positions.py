"""Where in a TOML text each key and value stands: the standard library's reader keeps no places, a finding needs one.

The text has been read by `tomllib` before, so it is known to be good TOML; this scanner only follows its outline:
tables, arrays of tables, dotted and quoted keys, inline tables, arrays and strings over several lines.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple

Path = tuple[str | int, ...]

_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY_PART = re.compile(r"""[ \t]*("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+)[ \t]*""")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_BARE = re.compile(r"[^,\]}#\n]*")


class Place(NamedTuple):
    """A line and a column, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, kw_only=True)
class Positions:
    """Places by path: `("rule", 0, "when", "subject")` is the key `subject` in the `when` of the first rule."""

    keys: dict[Path, Place] = field(default_factory=dict)
    values: dict[Path, Place] = field(default_factory=dict)

    def key(self, path: Path) -> Place:
        """Where the key of this path stands, or else the nearest that holds it; line 1 of an empty text."""
        return _nearest(path, self.keys, self.values)

    def value(self, path: Path) -> Place:
        """Where the value of this path begins, or else the nearest key or value that holds it."""
        return _nearest(path, self.values, self.keys)


def _nearest(path: Path, first: dict[Path, Place], second: dict[Path, Place]) -> Place:
    while path:
        place = first.get(path) or second.get(path)
        if place is not None:
            return place
        path = path[:-1]
    return Place(1, 1)


def locate(text: str) -> Positions:
    """The places of all keys and values of a good TOML text."""
    return _Scanner(text).scan()


class _Scanner:
    """One walk over the text; `at` is where it stands."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found = Positions()
        self.lines = [0, *(m.end() for m in re.finditer("\n", text))]
        self.counts: dict[Path, int] = {}
        """How many tables each array of tables has so far."""

    def scan(self) -> Positions:
        table: Path = ()
        while self._skip_space():
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
        return self.found

    def _header(self) -> Path:
        start = self.at
        array = self.text.startswith("[[", self.at)
        self.at += 2 if array else 1
        path: Path = ()
        parts = self._key_parts()
        for name, _ in parts[:-1]:
            path = self._newest((*path, name))
        last = (*path, parts[-1][0])
        self.at += 2 if array else 1
        if array:
            self.counts[last] = self.counts.get(last, 0) + 1
            self.found.keys.setdefault(last, self._place(start))
        path = self._newest(last)
        self.found.keys[path] = self._place(start)
        return path

    def _newest(self, path: Path) -> Path:
        """The path itself or, of an array of tables, that of its newest table."""
        count = self.counts.get(path, 0)
        return (*path, count - 1) if count else path

    def _pair(self, table: Path) -> None:
        for name, start in self._key_parts():
            table = (*table, name)
            self.found.keys.setdefault(table, self._place(start))
        self.at += 1  # the equals sign
        self._value(table)

    def _key_parts(self) -> list[tuple[str, int]]:
        parts = []
        while (found := _KEY_PART.match(self.text, self.at)) is not None:
            parts.append((_name(found[1]), found.start(1)))
            self.at = found.end()
            if self.text[self.at : self.at + 1] != ".":
                break
            self.at += 1
        return parts

    def _value(self, path: Path) -> None:
        self._skip_space()
        self.found.values[path] = self._place(self.at)
        if self.text[self.at] == "[":
            self._items(path, "]")
        elif self.text[self.at] == "{":
            self._items(path, "}")
        else:
            found = _STRING.match(self.text, self.at) or _BARE.match(self.text, self.at)
            self.at = found.end() if found is not None else len(self.text)

    def _items(self, path: Path, closing: str) -> None:
        """The items of an array (numbered) or the pairs of an inline table, up to behind the closing bracket."""
        self.at += 1
        number = 0
        while self._skip_space() and self.text[self.at] != closing:
            if closing == "]":
                self._value((*path, number))
            else:
                self._pair(path)
            number += 1
            self._skip_space()
            if self.text[self.at] == ",":
                self.at += 1
        self.at += 1

    def _skip_space(self) -> bool:
        """Go to the next thing that is no space and no comment; False at the end."""
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found is not None else self.at
        return self.at < len(self.text)

    def _place(self, offset: int) -> Place:
        line = bisect_right(self.lines, offset)
        return Place(line, offset - self.lines[line - 1] + 1)


def _name(part: str) -> str:
    if part[0] not in "\"'":
        return part
    # Escapes in a quoted key are rare enough to leave them to the real reader.
    return next(iter(tomllib.loads(f"{part} = 0")))
