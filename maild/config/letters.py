"""Which letters there are: the built-in ones, and the admin's own under rules/letters/. Their texts are not read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import maild

_SUFFIX = ".txt"


@dataclass(frozen=True, kw_only=True, slots=True)
class Letters:
    """The names of letters by language."""

    by_language: dict[str, frozenset[str]]

    def languages(self, name: str) -> list[str]:
        """The languages in which a letter exists."""
        return [language for language, names in self.by_language.items() if name in names]

    def names(self) -> list[str]:
        """Every letter that exists in any language."""
        return sorted(set().union(*self.by_language.values()))


def find_letters(folder: Path) -> Letters:
    """The letters that can be had with this folder of the admin's own."""
    built_in = Path(maild.__file__).parent / "templates"
    found: dict[str, frozenset[str]] = {}
    for file in (*built_in.glob(f"*/*{_SUFFIX}"), *folder.glob(f"*/*{_SUFFIX}")):
        language = file.parent.name
        found[language] = found.get(language, frozenset()) | {file.stem}
    return Letters(by_language=dict(sorted(found.items())))
