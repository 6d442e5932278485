"""How a table of settings.toml becomes a frozen value: a key with its default and its reader, every mistake at once.

The rules' files are read with pydantic (`schema.py`); settings are not, since mail servers start `maild ingest` once a
mail, and importing pydantic takes longer than everything that is done here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path as FilePath
from typing import Any, NamedTuple, TypeVar

from maild.config.files import Source, nearest
from maild.config.positions import Path
from maild.errors import Finding

T = TypeVar("T")
Reader = Callable[[object, FilePath], Any]
"""From what stands in the file, and the folder where relative paths start, to the value. Raises MistakeError."""


class MistakeError(ValueError):
    """A value that cannot be used: the words for it, and for each wrong item of a list its place in it."""

    def __init__(self, *found: tuple[Path, str]) -> None:
        super().__init__("; ".join(words for _, words in found))
        self.found = found


class _Mistake(NamedTuple):
    """What is wrong with one key of a table."""

    path: Path
    code: str
    message: str
    hint: str = ""
    at_value: bool = True


class Trouble(NamedTuple):
    """What is wrong with keys that do not go together: the key to point at, the words, the hint."""

    key: str
    message: str
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of the file. A subclass states its keys; `troubles` tells what is wrong between them."""

    def troubles(self) -> Iterator[Trouble]:
        """What is wrong with keys that do not go together."""
        yield from ()


S = TypeVar("S", bound=Table)


def key(default: object, read: Reader) -> Any:
    """A key with its default as the file would have it; a function makes it from the keys above. None: no value."""
    return field(metadata={"default": default, "read": read})


def required(read: Reader) -> Any:
    """A key that has to be there."""
    return field(metadata={"read": read})


def read_table(
    model: type[S], data: object, source: Source, path: Path, folder: FilePath
) -> tuple[S | None, list[Finding]]:
    """The table as a value, or None with all its mistakes."""
    if not isinstance(data, Mapping):
        return None, [source.finding(path, "bad-value", f"{path[0]} is a table: write [{path[0]}] above its keys")]
    table, mistakes = _read_keys(model, data, folder)
    return table, [source.finding((*path, *m.path), m.code, m.message, m.hint, at_value=m.at_value) for m in mistakes]


def _read_keys(model: type[S], data: Mapping[Any, object], folder: FilePath) -> tuple[S | None, list[_Mistake]]:
    known = {f.name: f.metadata for f in fields(model)}
    mistakes = [
        _Mistake((name,), "unknown-key", f"unknown key '{name}'", nearest(name, list(known)), at_value=False)
        for name in data
        if name not in known
    ]
    values: dict[str, Any] = {}
    for name, about in known.items():
        try:
            if name in data:
                values[name] = about["read"](data[name], folder)
            elif "default" not in about:
                mistakes.append(_Mistake((), "missing-key", f"the key '{name}' is missing", at_value=False))
            else:
                values[name] = _default(about, values, folder)
        except MistakeError as mistake:
            mistakes.extend(_Mistake((name, *inner), "bad-value", f"{name}: {words}") for inner, words in mistake.found)
    if mistakes or len(values) < len(known):
        return None, mistakes
    table = model(**values)
    return table, [_Mistake((t.key,), "bad-value", t.message, t.hint) for t in table.troubles()]


def table_of(model: type[Table]) -> Reader:
    """A table within a table, written in braces."""
    return partial(_table_of, model)


def _table_of(model: type[Table], value: object, folder: FilePath) -> Table:
    if not isinstance(value, Mapping):
        raise MistakeError(((), 'a table in braces is wanted here, such as { key = "value" }'))
    table, mistakes = _read_keys(model, value, folder)
    if table is None or mistakes:
        raise MistakeError(*((m.path, f"{m.message} ({m.hint})" if m.hint else m.message) for m in mistakes))
    return table


def _default(about: Mapping[str, Any], values: Mapping[str, Any], folder: FilePath) -> object:
    default = about["default"]
    if callable(default):
        default = default(values)
    return None if default is None else about["read"](default, folder)


def text(value: object, _folder: FilePath) -> str:
    """Any text."""
    if not isinstance(value, str):
        raise MistakeError(((), "a text in quotes is wanted here"))
    return value


def label(value: object, folder: FilePath) -> str:
    """A text with something in it, on one line."""
    found = text(value, folder).strip()
    if not found or not found.isprintable():
        raise MistakeError(((), "a text of one line, with something in it, is wanted here"))
    return found


def number(least: int, most: int = 10**9) -> Reader:
    """A whole number in a range."""
    return partial(_number, least, most)


def _number(least: int, most: int, value: object, _folder: FilePath) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        until = f"from {least} to {most}" if most < 10**9 else f"of {least} or more"
        raise MistakeError(((), f"a whole number {until} is wanted here"))
    return value


def flag(value: object, _folder: FilePath) -> bool:
    """Yes or no."""
    if not isinstance(value, bool):
        raise MistakeError(((), "true or false is wanted here, without quotes"))
    return value


def choice(*words: str) -> Reader:
    """One of some words."""
    return partial(_choice, words)


def _choice(words: tuple[str, ...], value: object, _folder: FilePath) -> str:
    if not isinstance(value, str) or value not in words:
        raise MistakeError(((), f"one of {', '.join(words)} is wanted here"))
    return value


def pattern(expression: str, wanted: str) -> Reader:
    """A text of a certain form."""
    return partial(_pattern, re.compile(expression, re.ASCII), wanted)


def _pattern(expression: re.Pattern[str], wanted: str, value: object, folder: FilePath) -> str:
    found = text(value, folder)
    if expression.fullmatch(found) is None:
        raise MistakeError(((), f"{wanted} is wanted here"))
    return found


def parsed(parse: Callable[[str], Any], wanted: str) -> Reader:
    """A text that a parser takes; `wanted` says what it is, for values that are no text at all."""
    return partial(_parsed, parse, wanted)


def _parsed(parse: Callable[[str], Any], wanted: str, value: object, _folder: FilePath) -> Any:
    if not isinstance(value, str):
        raise MistakeError(((), f"{wanted} is wanted here"))
    try:
        return parse(value)
    except ValueError as error:
        raise MistakeError(((), str(error))) from error


def list_of(read: Reader, least: int = 0) -> Reader:
    """A list; every wrong item is told."""
    return partial(_list, read, least)


def _list(read: Reader, least: int, value: object, folder: FilePath) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple) or len(value) < least:
        something = "a list with something in it" if least else "a list"
        raise MistakeError(((), f'{something} is wanted here, such as ["a", "b"]'))
    items: list[Any] = []
    found: list[tuple[Path, str]] = []
    for position, item in enumerate(value):
        try:
            items.append(read(item, folder))
        except MistakeError as mistake:
            found.extend(((position, *inner), words) for inner, words in mistake.found)
    if found:
        raise MistakeError(*found)
    return tuple(items)


def file_path(value: object, folder: FilePath) -> FilePath:
    """A file or folder; a relative one starts at the folder of the settings file."""
    found = text(value, folder)
    if not found or "\0" in found:
        raise MistakeError(((), "a file or folder is wanted here"))
    return folder / found
