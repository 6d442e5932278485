"""One TOML file of the admins: read once, with the place of everything in it. What it may say is not known here."""

from __future__ import annotations

import codecs
import re
import tomllib
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path as FilePath
from typing import Literal

from maild.config.positions import Path, Positions, locate
from maild.config.unclosed import last_unclosed
from maild.errors import Finding
from maild.files import read_regular

_AT = re.compile(r"\(at (?:line (\d+), column (\d+)|end of document)\)")
_LONGEST_LINE = 400
_FEW = 24
_LARGEST = 5_000_000
"""Bytes that a file of an admin may have: one of twenty megabytes would be read for many seconds, at every start."""
_PLAINER = (
    (re.compile(r"illegal character '\\n'"), "the text has no end", "close its quote on the same line"),
    (re.compile(r"unescaped '\\' in a string"), "", "write a pattern in single quotes: '...'"),
    (re.compile(r"unclosed (array|inline table)"), "this {0} is not closed", "close its bracket"),
    (re.compile(r"cannot overwrite a value"), "this key is given twice", "leave one of the two out"),
    (re.compile(r"cannot declare"), "this table is given twice", "leave one of the two out, or write [[...]]"),
    (re.compile(r"invalid value"), "", "a text stands in straight quotes; true and false are written small"),
    (re.compile(r"expected '\]\]'"), "", "a rule begins with [[rule]]"),
)
"""What the reader of TOML says, said plainly, and what to do about it."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file as it was read: `name` as people know it, its bytes, its text, its data; or what is wrong with it."""

    name: str
    raw: bytes
    text: str = ""
    data: dict[str, object] = field(default_factory=dict)
    broken: Finding | None = None

    @cached_property
    def positions(self) -> Positions:
        """Where everything stands; worked out when the first finding asks."""
        return locate(self.text) if self.broken is None else Positions()

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text."""
        return self.text.split("\n")

    def finding(
        self,
        path: Path,
        code: str,
        message: str,
        hint: str = "",
        *,
        severity: Literal["error", "warning"] = "error",
        rule: str | None = None,
        at_value: bool = False,
    ) -> Finding:
        """A finding about a key (or its value) in this file."""
        line, column = self.positions.value(path) if at_value else self.positions.key(path)
        return self.finding_at(line, column, code, message, hint, severity=severity, rule=rule)

    def finding_at(
        self,
        line: int,
        column: int,
        code: str,
        message: str,
        hint: str = "",
        *,
        severity: Literal["error", "warning"] = "error",
        rule: str | None = None,
    ) -> Finding:
        """A finding at a place; line 0 means the file as a whole."""
        shown = self.lines[line - 1][:_LONGEST_LINE] if 0 < line <= len(self.lines) else ""
        return Finding(
            file=self.name,
            line=line,
            column=column,
            severity=severity,
            code=code,
            message=message,
            hint=hint,
            rule=rule,
            source=shown.expandtabs(1),
        )


def read_source(path: FilePath, name: str) -> Source:
    """Read a TOML file; a file that cannot be read or is no TOML comes back with its finding, never as an exception."""
    source = read_text(path, name)
    return source if source.broken is not None else _with_data(source)


def read_text(path: FilePath, name: str) -> Source:
    """Read a file as text alone; one that cannot be read, or is not UTF-8, comes back with its finding."""
    try:
        raw = read_regular(path, _LARGEST)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        return _broken(
            Source(name=name, raw=b""), 0, 0, "no-file", f"cannot be read: {reason}", "check its name and rights"
        )
    return _as_text(raw, name)


def parse_source(raw: bytes, name: str) -> Source:
    """The bytes of a TOML file as a source. A byte order mark and line ends of Windows are taken as they come."""
    source = _as_text(raw, name)
    return source if source.broken is not None else _with_data(source)


def _as_text(raw: bytes, name: str) -> Source:
    try:
        # Columns are counted as an editor shows them, so the mark and the carriage returns are gone before counting.
        text = raw.removeprefix(codecs.BOM_UTF8).decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        return _wrong_encoding(Source(name=name, raw=raw), error)
    return Source(name=name, raw=raw, text=text)


def _with_data(whole: Source) -> Source:
    try:
        return Source(name=whole.name, raw=whole.raw, text=whole.text, data=tomllib.loads(whole.text))
    except RecursionError:
        return _broken(whole, 0, 0, "bad-toml", "brackets are nested too deeply to be read", "flatten it")
    except ValueError as error:
        return _not_toml(whole, str(error))


def nearest(word: str, known: list[str]) -> str:
    """A hint with the known word that is most like this one, or with all of them where they are few."""
    known = list(dict.fromkeys(known))
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    if not known:
        return ""
    return f"known here: {', '.join(known)}" if len(known) <= _FEW else ""


def _broken(source: Source, line: int, column: int, code: str, message: str, hint: str = "") -> Source:
    finding = source.finding_at(line, column, code, message, hint)
    return Source(name=source.name, raw=source.raw, text=source.text, broken=finding)


def _wrong_encoding(source: Source, error: UnicodeDecodeError) -> Source:
    before = source.raw[: error.start]
    line = before.count(b"\n") + 1
    column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
    utf16 = source.raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    kind = "UTF-16" if utf16 else "not UTF-8"
    message = f"the text is {kind}, and UTF-8 is wanted"
    return _broken(source, line, column, "bad-encoding", message, "save it as UTF-8 in your editor")


def _not_toml(source: Source, message: str) -> Source:
    """The reader's own words, with the place taken out of them into the finding."""
    found = _AT.search(message)
    line, column = len(source.lines), len(source.lines[-1]) + 1
    if found is None:
        line, column = 0, 0
    elif found[1]:
        line, column = int(found[1]), int(found[2])
    words = _AT.sub("", message).strip() or message
    words, hint = _plainly(f"{words[:1].lower()}{words[1:]}")
    if "given twice" in words:
        # The reader stands behind the second one, and where that is the last line maybe on an empty one.
        line = max(number for number in range(1, line + 1) if number == 1 or source.lines[number - 1].strip())
        column = len(source.lines[line - 1]) - len(source.lines[line - 1].lstrip()) + 1
    elif found is not None and not found[1]:
        hint = "the file ends in the middle of something: was it saved whole?"
    elif _is_of_a_merge(source, line):
        words, hint = "this line is left from a merge", "settle the merge: keep one of the two sides"
    elif "not closed" in words:
        line, column = last_unclosed(source.text, line, column) or (line, column)
    return _broken(source, line, column, "bad-toml", f"not TOML: {words}", hint)


def _plainly(words: str) -> tuple[str, str]:
    for form, plain, hint in _PLAINER:
        if found := form.match(words):
            return plain.format(*found.groups()) or words, hint
    return words, ""


def _is_of_a_merge(source: Source, line: int) -> bool:
    text = source.lines[line - 1] if 0 < line <= len(source.lines) else ""
    return text.startswith(("<<<<<<<", "=======", ">>>>>>>"))
