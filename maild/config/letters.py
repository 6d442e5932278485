"""Which letters and canned texts there are: the built-in ones, and the admin's own under rules/letters/.

Where they lie and how they are called is said here; their texts are not read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import maild

CANNED = "canned"
"""The folder below that of the letters in which texts lie ready for answers."""
_SUFFIX = ".txt"
_LANGUAGE = re.compile(r"[a-z]{2,3}\Z")
_CANNED_NAME = re.compile(r"[^\W_][\w-]{0,60}\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class CannedFile:
    """A text for answers: its name as people write it, and its language ("": for customers of any)."""

    name: str
    language: str
    path: Path

    @property
    def well_named(self) -> bool:
        """Whether an order can call it: letters, digits, - and _."""
        return _CANNED_NAME.match(self.name) is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Letters:
    """The names of letters by language, and those of the canned texts as `canned_key` gives them."""

    by_language: dict[str, frozenset[str]]
    canned: frozenset[str] = frozenset()
    canned_in: frozenset[tuple[str, str]] = frozenset()
    """Of each canned text its key and the language that it is for; "" where it is for all."""
    built_in: frozenset[str] = frozenset()
    """The names of the letters that the desk itself has."""

    def canned_missing(self, name: str, languages: Sequence[str]) -> list[str]:
        """The languages in which a canned text does not exist, where it exists in any."""
        key = canned_key(name)
        if key not in self.canned or (key, "") in self.canned_in:
            return []
        return [language for language in languages if (key, language) not in self.canned_in]

    def languages(self, name: str) -> list[str]:
        """The languages in which a letter exists."""
        return [language for language, names in self.by_language.items() if name in names]

    def names(self) -> list[str]:
        """Every letter that exists in any language."""
        return sorted(set().union(*self.by_language.values()))


def find_letters(folder: Path) -> Letters:
    """The letters and canned texts that can be had with this folder of the admin's own."""
    built_in = Path(maild.__file__).parent / "templates"
    found: dict[str, frozenset[str]] = {}
    for file in (*built_in.glob(f"*/*{_SUFFIX}"), *folder.glob(f"*/*{_SUFFIX}")):
        language = file.parent.name
        if _LANGUAGE.match(language):
            found[language] = found.get(language, frozenset()) | {file.stem}
    canned = frozenset((canned_key(file.name), file.language) for file in canned_files(folder) if file.well_named)
    keys = frozenset(key for key, _ in canned)
    own = frozenset(file.stem for file in built_in.glob(f"*/*{_SUFFIX}"))
    return Letters(by_language=dict(sorted(found.items())), canned=keys, canned_in=canned, built_in=own)


def canned_files(folder: Path) -> Iterator[CannedFile]:
    """The canned texts below a folder of letters (`canned/NAME.txt`, `canned/LANGUAGE/NAME.txt`), in a fixed order."""
    for path in sorted((folder / CANNED).glob(f"*{_SUFFIX}")):
        if path.is_file() and not path.name.startswith("."):
            yield CannedFile(name=unicodedata.normalize("NFC", path.stem), language="", path=path)
    for path in sorted((folder / CANNED).glob(f"*/*{_SUFFIX}")):
        if _LANGUAGE.match(path.parent.name) and path.is_file() and not path.name.startswith("."):
            yield CannedFile(name=unicodedata.normalize("NFC", path.stem), language=path.parent.name, path=path)


def canned_key(name: str) -> str:
    """The name of a canned text for comparing: case and ё say nothing."""
    return unicodedata.normalize("NFC", name).strip().casefold().replace("ё", "е")
