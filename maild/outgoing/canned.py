"""Texts that lie ready for answers: `canned/NAME.txt`, or `canned/LANGUAGE/NAME.txt`, in the admin's folder of letters.

They are written in the small language of letters, with a ticket's values; who may call them and what becomes of them
stands in `threads`. All files are read at the start: a later edit that is broken finds the old texts still in hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from maild.config.letters import CannedFile, canned_files, canned_key
from maild.errors import Finding, NotFound
from maild.outgoing import samples
from maild.outgoing.letter_files import letter_finding, read_source
from maild.outgoing.lint import unknown_variables
from maild.outgoing.plain import plain_table
from maild.outgoing.sandbox import BUDGET, Compiled, LetterError
from maild.outgoing.words import Run
from maild.threads.texts import BrokenText

_MISSING = re.compile(r"'dict object' has no attribute ('[^']*')")
_HINT = "docs/letters.md tells what a canned text may say"


class Canned:
    """All canned texts of a desk, each compiled when it is first needed."""

    def __init__(self, folder: Path | None, languages: Sequence[str], zone: ZoneInfo) -> None:
        """`languages`: those of the desk, in which a text is looked for where the customer's own has none."""
        self._languages, self._zone = tuple(languages), zone
        self.files = tuple(canned_files(folder)) if folder is not None else ()
        self._by_key = {(canned_key(f.name), f.language): f for f in self.files if f.well_named}
        self._sources = {f.path: _source_of(f) for f in self.files}
        self._compiled: dict[Path, Compiled | LetterError] = {}

    def names(self, language: str) -> tuple[str, ...]:
        """What there is for a customer of this language, in the order of the alphabet."""
        wanted = self._wanted(language)
        names = {key: f.name for (key, spoken), f in self._by_key.items() if spoken in wanted}
        return tuple(names[key] for key in sorted(names))

    def write(self, name: str, language: str, values: Mapping[str, object]) -> str:
        """The text with these values in it. Raises NotFound for an unknown name, BrokenText where it cannot be written.

        The customer's language comes first, then the text for all, then the desk's languages in their order.
        """
        file = self._found(name, language)
        return self._write(file, language, samples.with_canned_blanks(plain_table(values, file.language or language)))

    def example(self, name: str, language: str) -> str:
        """The text with an example's values. Raises NotFound, BrokenText as `write` does."""
        return self._write(self._found(name, language), language, samples.canned_sample(language))

    def find(self, name: str, language: str) -> CannedFile | None:
        """The file that is taken for a customer of this language."""
        key = canned_key(name)
        return next((f for spoken in self._wanted(language) if (f := self._by_key.get((key, spoken)))), None)

    def check(self) -> list[Finding]:
        """Every mistake: bad-letter, unknown-variable (errors), and files that no order can call (a warning)."""
        return [finding for file in self.files for finding in self._check_file(file)]

    def _found(self, name: str, language: str) -> CannedFile:
        file = self.find(name, language)
        if file is None:
            known = " ".join(self.names(language)) or "none"
            raise NotFound(f"there is no canned text {name} for {language!r}; there are: {known}")
        return file

    def _write(self, file: CannedFile, language: str, values: Mapping[str, Any]) -> str:
        try:
            text = self._load(file).write(values, self._run(file.language or language)).strip()
        except LetterError as error:
            where = f", line {error.line}" if error.line else ""
            why = _MISSING.sub(r"the ticket has no \1", str(error))
            said, missing = f"the canned text {file.name} cannot be written{where}: {why}", _MISSING.search(str(error))
            field = missing[1].strip("'") if missing is not None else ""
            raise BrokenText(file.name, said, line=error.line, missing=field) from error
        if not text:
            raise BrokenText(file.name, f"the canned text {file.name} is empty for this ticket", empty=True)
        return text

    def _wanted(self, language: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys((language, "", *self._languages)))

    def _run(self, language: str) -> Run:
        return Run(language=language, zone=self._zone, budget=BUDGET)

    def _load(self, file: CannedFile) -> Compiled:
        """The compiled text; a broken one is remembered as broken and raised as LetterError each time."""
        path = file.path
        if path not in self._compiled:
            source = self._sources[path]
            try:
                if isinstance(source, str) and not source.strip():
                    raise LetterError("there is no text in it", 1)
                self._compiled[path] = source if isinstance(source, LetterError) else Compiled(source, file=str(path))
            except LetterError as error:
                self._compiled[path] = error
        loaded = self._compiled[path]
        if isinstance(loaded, LetterError):
            raise LetterError(str(loaded), loaded.line)
        return loaded

    def _check_file(self, file: CannedFile) -> Iterator[Finding]:
        if not file.well_named:
            message = f"no order can call {file.name!r}: a name has letters, digits, - and _"
            yield letter_finding(file.path, 0, "bad-letter", message, _HINT, "warning")
        language = file.language or next(iter(self._languages), "en")
        try:
            loaded = self._load(file)
            unknown = unknown_variables(loaded.tree, samples.canned_shape())
            for entry in unknown:
                hint = f"do you mean {entry.near}?" if entry.near else _HINT
                message = f"there is no variable {entry.name}"
                yield letter_finding(file.path, entry.line, "unknown-variable", message, hint)
            if not unknown:
                loaded.write(samples.canned_sample(language), self._run(language))
        except LetterError as error:
            yield letter_finding(file.path, error.line, "bad-letter", str(error), _HINT)


def _source_of(file: CannedFile) -> str | LetterError:
    try:
        return read_source(file.path)
    except LetterError as error:
        return error
