"""What is said to customers in their language, as the admins' files give it: one text for all, or one per language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_LANGUAGE = re.compile(r"[a-z]{2,3}\Z")
_VALUE = re.compile(r"\{([^{}\s]*)\}")
MAX_LENGTH = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class Spoken:
    """A text by language; under "" the one for all others. Empty where there is none."""

    by_language: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.by_language)

    def said(self, languages: Iterable[str], values: Mapping[str, str]) -> str:
        """The text in the first language that there is one for, with {name} for each value; "" where there is none."""
        known = dict(self.by_language)
        found = next((known[language] for language in languages if language in known), None)
        text = found if found is not None else next(iter(known.values()), "")
        return _VALUE.sub(lambda match: values.get(match[1], match[0]), text)

    @classmethod
    def parse(cls, given: object, names: Iterable[str], *, lines: bool) -> Spoken:
        """From a text, or from a table of them by language; ValueError for anything else, and for unknown {names}."""
        table = given if isinstance(given, dict) else {"": given}
        texts = {str(language): _checked(text, names, lines=lines) for language, text in table.items()}
        wrong = [language for language in texts if language and not _LANGUAGE.match(language)]
        if wrong or not texts:
            raise ValueError(f"'{wrong[0]}' is no language such as en" if wrong else "there is no text in it")
        return cls(by_language=tuple(texts.items()))


def _checked(text: object, names: Iterable[str], *, lines: bool) -> str:
    if not isinstance(text, str) or not text.strip() or len(text) > MAX_LENGTH:
        raise ValueError(f'a text of at most {MAX_LENGTH} characters is wanted, or {{ en = "...", ru = "..." }}')
    plain = text.replace("\r\n", "\n").strip("\n").rstrip()
    if any(not (c.isprintable() or (lines and c in "\n\t")) for c in plain):
        raise ValueError("control characters cannot stand here" if lines else "it has to be one line")
    known = tuple(names)
    for match in _VALUE.finditer(plain):
        if match[1] not in known:
            raise ValueError(
                f"there is no {match[0]}; there are {', '.join(f'{{{name}}}' for name in known) or 'none'}"
            )
    return plain
