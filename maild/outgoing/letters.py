"""The texts of all letters: where they lie, which one is taken, and how one is written.

A letter is a text file `LANG/NAME.txt`: fields (`Subject: ...`), an empty line, the body, in the small language of
`sandbox.py`. The admin's folder shadows the built-in one, letter by letter. A plain HTML alternative is made from the
written text by `layout.html`, or by an own `LANG/NAME.html`. Nothing here knows of addresses, MIME or sending.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from maild.config.letters import CANNED
from maild.errors import Finding, NotFound
from maild.outgoing import samples
from maild.outgoing.canned import Canned
from maild.outgoing.letter_files import letter_finding, place_in, read_source
from maild.outgoing.lint import unknown_variables
from maild.outgoing.plain import plain_table
from maild.outgoing.pretty import MAX_TEXT, to_html
from maild.outgoing.sandbox import BUDGET, Compiled, LetterError
from maild.outgoing.words import Run

if TYPE_CHECKING:
    from maild.crypto.dkim import Signer

BUILT_IN_DIR = Path(__file__).resolve().parents[1] / "templates"
MAX_SUBJECT = 500

_log = logging.getLogger("maild.outgoing")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,60}\Z")
_LANGUAGE = re.compile(r"[a-z]{2,3}\Z")
_CANNED = f"{CANNED}/"
_HERE = "\ue0b0here\ue0b1"
"""Stands for a letter's text while what is around it is written."""
_HTML_SHAPE = {"subject": "", "body": "", "language": ""}


@dataclass(frozen=True, kw_only=True, slots=True)
class WrittenText:
    """A letter's words. `html` "": plain text alone. `note`: what is broken where another letter stepped in."""

    subject: str
    text: str
    html: str
    language: str
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class LetterRow:
    """One letter as `maild letters list` shows it; `shadowed`: an admin's file stands in for the built-in one."""

    name: str
    language: str
    source: str
    shadowed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Text:
    """A loaded `NAME.txt`."""

    subject: Compiled | None
    body: Compiled


class Letters:
    """All letters of a desk, the admin's before the built-in ones; each is compiled once, when it is first needed."""

    def __init__(
        self,
        admin_dir: Path | None,
        languages: Sequence[str],
        timezone: str = "UTC",
        signer: Signer | None = None,
    ) -> None:
        """`languages`: those of the desk, the fallback first; `timezone`: an IANA name, for every time in a letter;
        `signer`: whoever signs the mails that are made of them.
        """
        self.signer = signer
        self._folders = tuple(folder for folder in (admin_dir, BUILT_IN_DIR) if folder is not None)
        self._languages = tuple(dict.fromkeys(languages)) or ("en",)
        self._zone = ZoneInfo(timezone)
        self.canned = Canned(admin_dir, self._languages, self._zone)
        self._paths = {path for folder in self._folders for path in _paths(folder)}
        """What lay in the folders at the start: a new set of letters is a new object."""
        self._spoken = sorted({path.parent.name for path in self._paths if _LANGUAGE.match(path.parent.name)})
        self._loaded: dict[tuple[Path, bool], _Text | Compiled | LetterError] = {}

    def render(self, name: str, language: str, context: Mapping[str, object], own: str = "") -> WrittenText:
        """Writes a letter; raises NotFound for an unknown name, DataError for a context of more than plain values.

        `own` is clean HTML that says what `text` of the context does, and stands in its place in the HTML alternative.
        A broken letter of the admin steps back behind the next one that works (`note`, and a line in the log).
        """
        values = samples.complete(name, plain_table(context, language))
        if name == "acknowledgement" and not values.get("proven"):
            values = _shielded(values)
        notes: list[str] = []
        for folder, spoken, path in self._candidates(name, language):
            try:
                subject, text = self._write_text(path, values, self._run(spoken))
            except LetterError as error:
                notes.append(f"{place_in(path, error.line)}: {error}; another letter was used")
                _log.warning("letter %s", notes[-1])
                continue
            frame = self._around(path, values, spoken) if own else ("", "")
            body = own.join(frame) if any(frame) else to_html(text, values.get("buttons") or ())
            html = self._write_html(folder, spoken, name, subject, body, values, notes) if len(text) <= MAX_TEXT else ""
            return WrittenText(subject=subject, text=text, html=html, language=spoken, note="\n".join(notes))
        raise NotFound("\n".join(notes) or f"there is no letter {name}")

    def preview(self, name: str, language: str, context: Mapping[str, object] | None = None) -> tuple[str, str, str]:
        """Subject, text and HTML of a letter, with the built-in example unless a context is given.

        Of a canned text, which is called canned/NAME, there is the text alone.
        """
        if name.startswith(_CANNED):
            called = name.removeprefix(_CANNED)
            text = self.canned.write(called, language, context) if context else self.canned.example(called, language)
            return "", f"{text}\n", ""
        if context is None:
            context = samples.sample(name, language) if name in samples.BUILT_IN else samples.shape(name)
        written = self.render(name, language, context)
        return written.subject, written.text, written.html

    def has(self, name: str) -> bool:
        """Whether any language has a letter of this name."""
        return any(True for _ in self._candidates(name, self._languages[0]))

    def list_letters(self) -> list[LetterRow]:
        """Every letter in every language, with the file that is used; canned texts as canned/NAME."""
        rows: dict[tuple[str, str], LetterRow] = {}
        for folder in self._folders:
            for language, name, path in self._files(folder, ".txt"):
                first = rows.get((name, language))
                source = first.source if first else str(path)
                rows[name, language] = LetterRow(
                    name=name, language=language, source=source, shadowed=first is not None
                )
        canned = {(f"{_CANNED}{f.name}", f.language): f for f in self.canned.files}
        rows |= {
            key: LetterRow(name=key[0], language=key[1], source=str(f.path), shadowed=False)
            for key, f in canned.items()
        }
        return [rows[key] for key in sorted(rows)]

    def check(self) -> list[Finding]:
        """Every mistake in the letters: bad-letter and unknown-variable (errors), missing-letter (warnings)."""
        found = [finding for folder in self._folders for finding in self._check_folder(folder)]
        found.extend(self.canned.check())
        rows = [row for row in self.list_letters() if not row.name.startswith(_CANNED)]
        names = {row.name for row in rows}
        have = {(row.name, row.language) for row in rows}
        where = str(self._folders[0])
        for language in self._languages:
            for name in sorted(names):
                if (name, language) not in have:
                    path, message = Path(where) / language / f"{name}.txt", f"no letter {name} in {language}"
                    hint = f"{self._languages[0]} or English is used instead"
                    found.append(letter_finding(path, 0, "missing-letter", message, hint, "warning"))
        return found

    # -- one letter ----------------------------------------------------------------------------------------------------

    def _run(self, language: str) -> Run:
        return Run(language=language, zone=self._zone, budget=BUDGET)

    def _candidates(self, name: str, language: str) -> Iterator[tuple[Path, str, Path]]:
        """The files that could be this letter, best first: every folder in the wanted language, then in the next."""
        if not _NAME.match(name):
            return
        wanted = language.lower().replace("_", "-").partition("-")[0]
        for spoken in dict.fromkeys((wanted, *self._languages, "en", *self._spoken)):
            for folder in self._folders:
                path = folder / spoken / f"{name}.txt"
                if path in self._paths:
                    yield folder, spoken, path

    def _write_text(self, path: Path, values: Mapping[str, Any], run: Run) -> tuple[str, str]:
        letter = self._load(path, html=False)
        assert isinstance(letter, _Text)
        subject = letter.subject.write(values, run) if letter.subject else ""
        return " ".join(subject.split())[:MAX_SUBJECT], letter.body.write(values, run).rstrip() + "\n"

    def _around(self, path: Path, values: Mapping[str, Any], language: str) -> tuple[str, str]:
        """What of the letter stands above its text and what below, as HTML; nothing where that cannot be told."""
        _, text = self._write_text(path, {**values, "text": _HERE}, self._run(language))
        above, here, below = to_html(text).partition(f"<p>{_HERE}</p>")
        return (above, below) if here and _HERE not in above + below else ("", "")

    def _write_html(
        self,
        folder: Path,
        language: str,
        name: str,
        subject: str,
        body: str,
        values: Mapping[str, Any],
        notes: list[str],
    ) -> str:
        """The HTML alternative with this body: the letter's own, else the layout's."""
        frame = {"subject": subject, "body": Markup(body), "language": language}  # noqa: S704 the body is clean HTML
        own = folder / language / f"{name}.html"
        for path in (own, *(place / "layout.html" for place in self._folders)):
            if path not in self._paths:
                continue
            try:
                layout = self._load(path, html=True)
                assert isinstance(layout, Compiled)
                return layout.write({**values, **frame}, self._run(language))
            except LetterError as error:
                notes.append(f"{place_in(path, error.line)}: {error}; another layout was used")
                _log.warning("letter %s", notes[-1])
        return ""

    def _load(self, path: Path, *, html: bool) -> _Text | Compiled:
        """The compiled file; a broken one is remembered as broken and raised as LetterError each time."""
        key = (path, html)
        if key not in self._loaded:
            try:
                source = read_source(path)
                self._loaded[key] = Compiled(source, file=str(path), html=True) if html else _text(source, str(path))
            except LetterError as error:
                self._loaded[key] = error
        loaded = self._loaded[key]
        if isinstance(loaded, LetterError):
            raise LetterError(str(loaded), loaded.line)
        return loaded

    # -- all letters ---------------------------------------------------------------------------------------------------

    def _files(self, folder: Path, suffix: str) -> Iterator[tuple[str, str, Path]]:
        """(language, name, path) of a folder's letters, in a fixed order."""
        for path in sorted(self._paths):
            if path.parent.parent == folder and path.suffix == suffix:
                yield path.parent.name, path.stem, path

    def _check_folder(self, folder: Path) -> Iterator[Finding]:
        for language, name, path in self._files(folder, ".txt"):
            yield from self._check_file(path, name, language, html=False)
        for language, name, path in self._files(folder, ".html"):
            yield from self._check_file(path, name, language, html=True)
        if folder / "layout.html" in self._paths:
            yield from self._check_file(folder / "layout.html", "", "en", html=True)

    def _check_file(self, path: Path, name: str, language: str, *, html: bool) -> Iterator[Finding]:
        try:
            loaded = self._load(path, html=html)
        except LetterError as error:
            yield letter_finding(path, error.line, "bad-letter", str(error), "see docs/letters.md")
            return
        shape = (samples.shape(name) if name else {}) | (_HTML_SHAPE if html else {})
        parts = [loaded] if isinstance(loaded, Compiled) else [part for part in (loaded.subject, loaded.body) if part]
        unknown = [entry for part in parts for entry in unknown_variables(part.tree, shape)]
        for entry in unknown:
            hint = f"do you mean {entry.near}?" if entry.near else "docs/letters.md lists the variables of each letter"
            yield letter_finding(path, entry.line, "unknown-variable", f"there is no variable {entry.name}", hint)
        if not unknown:
            yield from self._try_out(path, parts, name, language, html=html)

    def _try_out(
        self, path: Path, parts: Sequence[Compiled], name: str, language: str, *, html: bool
    ) -> Iterator[Finding]:
        """Writes the letter with a full and with an empty context: what goes wrong only while writing is found here."""
        full = samples.sample(name, language) if name in samples.BUILT_IN else samples.shape(name) if name else {}
        for context in (full, {}):
            values = samples.complete(name, context) | (_HTML_SHAPE if html else {})
            try:
                for part in parts:
                    part.write(values, self._run(language))
            except LetterError as error:
                yield letter_finding(path, error.line, "bad-letter", str(error), "see docs/letters.md")
                return


def _paths(folder: Path) -> Iterator[Path]:
    """The letters of a folder (`LANG/NAME.txt`, `LANG/NAME.html`) and its layout; other files are none of ours."""
    for path in (*folder.glob("*/*.txt"), *folder.glob("*/*.html")):
        if _LANGUAGE.match(path.parent.name) and _NAME.match(path.stem) and path.is_file():
            yield path
    if (folder / "layout.html").is_file():
        yield folder / "layout.html"


def _text(source: str, file: str) -> _Text:
    """Takes a `NAME.txt` apart; the fields are compiled alone, so that no value can begin a new one."""
    lines = source.split("\n")
    subject: Compiled | None = None
    number = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            break
        field, colon, value = line.partition(":")
        if not colon or field.strip().lower() != "subject" or subject is not None:
            raise LetterError("a letter begins with one line `Subject: ...`, then an empty line, then its text", number)
        subject = Compiled(value.strip(), file=file, first_line=number)
    if not any(line.strip() for line in lines[number:]):
        raise LetterError("there is no text in it", number)
    return _Text(subject=subject, body=Compiled("\n".join(lines[number:]), file=file, first_line=number + 1))


def _shielded(values: Mapping[str, Any]) -> dict[str, Any]:
    """For an unproven sender: nothing that he wrote, lest our mail carry his words to somebody else."""
    ticket = {**values["ticket"], "subject": "", "tags": [], "fields": []}
    return {**values, "customer": {"name": "", "address": ""}, "ticket": ticket}
