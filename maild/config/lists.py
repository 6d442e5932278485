"""rules/lists/*.txt: lists of addresses, domains or words that rules ask for by `in_list`. One value a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from maild.config.files import Source, read_text
from maild.errors import Finding

LISTS_FOLDER = "lists"
_COMMENT = "#"


@dataclass(frozen=True, kw_only=True, slots=True)
class ListFiles:
    """The entries of each list by its file's name, the files as they were read, and what is wrong with them."""

    entries: dict[str, tuple[str, ...]]
    sources: dict[str, Source]
    findings: tuple[Finding, ...]


def lists_of(rules_dir: Path) -> dict[str, tuple[str, ...]]:
    """The lists of a rules folder by their names, as far as they can be read."""
    return read_lists(rules_dir / LISTS_FOLDER, LISTS_FOLDER).entries


def read_lists(folder: Path, shown: str) -> ListFiles:
    """Every list of a folder, where there is one; `shown` is the folder as people like to read it."""
    entries: dict[str, tuple[str, ...]] = {}
    sources: dict[str, Source] = {}
    findings: list[Finding] = []
    for file in sorted(folder.glob("*.txt")) if folder.is_dir() else ():
        where = f"{shown}/{file.name}"
        entries[file.name] = ()  # who asks for a list that cannot be read is not wrong as well
        source = read_text(file, where)
        if source.broken is not None:
            findings.append(source.broken)
        else:
            sources[f"{LISTS_FOLDER}/{file.name}"] = source
            entries[file.name] = tuple(dict.fromkeys(entry for _, entry in numbered_entries(source)))
    return ListFiles(entries=entries, sources=sources, findings=tuple(findings))


def numbered_entries(source: Source) -> Iterator[tuple[int, str]]:
    """The values with their lines, without remarks (whole lines, or what stands behind ` #`)."""
    for number, line in enumerate(source.lines, 1):
        value = line.strip().partition(f" {_COMMENT}")[0].strip()
        if value and not value.startswith(_COMMENT):
            yield number, value
