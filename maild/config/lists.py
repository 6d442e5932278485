"""rules/lists/*.txt: lists of addresses, domains or words that rules ask for by `in_list`. One value a line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from maild.config.files import Source
from maild.errors import Finding

LISTS_FOLDER = "lists"
_LARGEST = 5_000_000
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
        try:
            raw = file.read_bytes()
            if len(raw) > _LARGEST:
                raise ValueError(f"a list has at most {_LARGEST} bytes")
            text = raw.decode("utf-8-sig")
        except OSError as error:
            findings.append(_broken(where, f"the file cannot be read: {error.strerror}"))
        except UnicodeDecodeError:
            findings.append(_broken(where, "the file is not in UTF-8"))
        except ValueError as error:
            findings.append(_broken(where, str(error)))
        else:
            sources[f"{LISTS_FOLDER}/{file.name}"] = Source(name=where, raw=raw, text=text)
            entries[file.name] = tuple(_entries(text))
    return ListFiles(entries=entries, sources=sources, findings=tuple(findings))


def _entries(text: str) -> list[str]:
    """The values, without empty lines and remarks: a whole line of them, or what stands behind ` #`."""
    lines = (line.strip() for line in text.splitlines())
    values = (line.partition(f" {_COMMENT}")[0].strip() for line in lines if not line.startswith(_COMMENT))
    return [value for value in dict.fromkeys(values) if value]


def _broken(where: str, message: str) -> Finding:
    return Finding(file=where, line=0, column=0, severity="error", code="bad-value", message=message)
