"""A file of a letter as it is read, and what is told where it is broken."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from maild.errors import Finding
from maild.files import read_regular, shown_path
from maild.outgoing.sandbox import MAX_SOURCE, LetterError

_LARGEST = 100_000_000


def read_source(path: Path) -> str:
    """The text of a letter's file. Raises LetterError where it cannot be read."""
    raw = b""
    try:
        raw = read_regular(path, _LARGEST)[: MAX_SOURCE * 4 + 1]
        return raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except OSError as error:
        raise LetterError(f"the file cannot be read: {(error.strerror or str(error)).lower()}") from error
    except UnicodeDecodeError as error:
        raise LetterError("the file is not in UTF-8", raw[: error.start].count(b"\n") + 1) from error


def place_in(path: Path, line: int) -> str:
    """A file, with the line where it is known."""
    return f"{path}:{line}" if line else str(path)


def letter_finding(
    path: Path, line: int, code: str, message: str, hint: str, severity: Literal["error", "warning"] = "error"
) -> Finding:
    """What is wrong with a letter, at its place."""
    return Finding(
        file=shown_path(path), line=line, column=1 if line else 0, severity=severity, code=code, message=message,
        hint=hint, source=_line_of(path, line),
    )  # fmt: skip


def _line_of(path: Path, line: int) -> str:
    try:
        return path.read_text("utf-8", errors="replace").splitlines()[line - 1] if line else ""
    except (OSError, IndexError):
        return ""
