"""iCalendar files that calendars of sla.toml name: beside it or in `calendars/`, each read once."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from maild.config.files import Source
from maild.config.report import Found
from maild.errors import Finding
from maild.files import read_regular
from maild.sla.closures import ClosedDays, Doubt, read_closed_days

FOLDER = "calendars"
_LARGEST = 10_000_000
_FOLDED_LETTER = re.compile(rb"(\r?\n[ \t])([\x80-\xbf]{1,3})")
"""A line folded inside a letter of several bytes, which RFC 5545, 3.1 asks to bear; the lines keep their numbers."""


class ClosureFiles:
    """Reads each file once, whichever calendars name it; gathers what was read, and what is hardly meant."""

    def __init__(self, folder: Path, sla: Source) -> None:
        self._folder, self._shown = folder, Path(sla.name).parent
        self._read: dict[str, tuple[Source, ClosedDays]] = {}
        self.doubts: list[Finding] = []

    @property
    def sources(self) -> dict[str, Source]:
        """Every file that was read, by the name that it was given: part of the rules' revision."""
        return {name: source for name, (source, _) in self._read.items()}

    def read(self, found: Found, findings: list[Finding]) -> tuple[ClosedDays, ...]:
        """The closed days of a calendar's files as far as they can be read; mistakes go to the findings."""
        closed = []
        for position, name in enumerate(found.table.ics):
            if name not in self._read:
                try:
                    self._read[name] = self._one(name, findings)
                except (OSError, ValueError) as error:
                    words = (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
                    hint = f"it stands beside sla.toml, or in {FOLDER}/"
                    findings.append(found.finding(_place(found, position), "no-file", f"'{name}': {words}", hint))
                    continue
            closed.append(self._read[name][1])
        return tuple(closed)

    def _one(self, name: str, findings: list[Finding]) -> tuple[Source, ClosedDays]:
        """One file. Raises OSError for one that cannot be read, ValueError for a place outside the folder."""
        path = Path(name)
        if path.is_absolute() or ".." in path.parts:
            raise ValueError("a file of the rules' own folder is wanted here, so that a backup has it, too")
        if not (self._folder / path).is_file() and (self._folder / FOLDER / path).is_file():
            path = FOLDER / path
        raw = read_regular(self._folder / path, _LARGEST)
        shown = str(self._shown / path)
        try:
            text = _FOLDED_LETTER.sub(rb"\2\1", raw.removeprefix(codecs.BOM_UTF8)).decode("utf-8")
        except UnicodeDecodeError as error:
            line = raw[: error.start].count(b"\n") + 1
            source, closed = Source(name=shown, raw=raw), ClosedDays()
            doubts = [Doubt(line, "the text is not UTF-8, as iCalendar files are", "export it again")]
        else:
            source = Source(name=shown, raw=raw, text=text.replace("\r\n", "\n"))
            closed, doubts = read_closed_days(source.text)
        findings.extend(_finding(source, doubt) for doubt in doubts if doubt.fatal)
        self.doubts.extend(_finding(source, doubt) for doubt in doubts if not doubt.fatal)
        return source, closed


def _place(found: Found, position: int) -> tuple[str | int, ...]:
    return ("ics", position) if len(found.table.ics) > 1 else ("ics",)


def _finding(source: Source, doubt: Doubt) -> Finding:
    if doubt.fatal:
        return source.finding_at(doubt.line, 1, "bad-ics", doubt.message, doubt.hint)
    return source.finding_at(doubt.line, 1, "no-whole-day", doubt.message, doubt.hint, severity="warning")
