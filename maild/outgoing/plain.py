"""Plain values for letters: what a letter may be given, and how much of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from maild.errors import DataError

MAX_VALUE = 500_000
"""Characters of one value that a letter shows; the rest stays with the desk, and the letter says that it was cut."""
_CUT = {
    "en": "\n[… cut: {n} more characters lie with the desk]",
    "ru": "\n[… сокращено: ещё {n} знаков хранится у нас]",
}


def plain_table(context: Mapping[str, object], language: str) -> dict[str, Any]:
    """A table of plain values, copied; raises DataError for anything else."""
    return {str(key): _plain(value, language) for key, value in context.items()}


def _plain(value: object, language: str) -> Any:
    """A copy of plain values alone: no object of ours, and so none of its methods, ever reaches a letter."""
    if value is None or isinstance(value, bool | int | float | datetime):
        return value
    if isinstance(value, str):
        if len(value) > MAX_VALUE:
            return value[:MAX_VALUE] + _CUT.get(language, _CUT["en"]).format(n=len(value) - MAX_VALUE)
        return str(value)
    if isinstance(value, Mapping):
        return plain_table(value, language)
    if isinstance(value, list | tuple):
        return [_plain(entry, language) for entry in value]
    raise DataError(f"a letter is given plain values only, not {type(value).__name__}")
