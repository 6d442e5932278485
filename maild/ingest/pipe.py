"""Where `maild ingest` and `maild read` get their mails: standard input, a file, an mbox, a Maildir, a directory.

Names in, raw mails out. What is in a mail is not judged here; of its header only what the last delivery wrote is read,
for the envelope.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from maild.errors import NotFound
from maild.ingest.mbox import START, sender_of, split_mbox
from maild.messages.envelope import Envelope

STANDARD_INPUT = "-"
_HEADER_CAP = 256 * 1024
_DELIVERY_FIELD = re.compile(
    rb"^(return-path|delivered-to|x-original-to)[ \t]*:[ \t]*([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)",
    re.IGNORECASE | re.MULTILINE,
)
_END_OF_HEADER = re.compile(rb"\n\r?\n")
_ADDRESS = re.compile(r"[^\s<>@,;:\"]+@[^\s<>@,;:\"]+")
_RECIPIENTS_SHOWN = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A mail and where it was found; `from_line` is the "From " line above it, empty where there is none."""

    name: str
    raw: bytes = field(repr=False)
    from_line: bytes = b""

    def envelope(self, sender: str | None, recipients: Sequence[str], *, trusted: bool = True) -> Envelope:
        """The envelope: what is given here, else Return-Path or the "From " line, Delivered-To and X-Original-To.

        Whoever may run `maild ingest` on this machine is trusted as our own mail server is.
        """
        found = _delivery_fields(self.raw)
        return Envelope(
            channel="pipe",
            source=self.name,
            sender=sender if sender is not None else self._sender(found.get("return-path", [])),
            recipients=tuple(recipients) or _recipients(found),
            trusted=trusted,
        )

    def _sender(self, return_paths: Sequence[str]) -> str | None:
        path = return_paths[0] if return_paths else ""
        if path == "<>":
            return ""
        address = _ADDRESS.search(path)
        return address[0] if address else sender_of(self.from_line)


@dataclass(frozen=True, kw_only=True, slots=True)
class Missing:
    """A file or folder that cannot be read, and why not."""

    name: str
    why: str


def read_sources(names: Sequence[str], stdin: BinaryIO) -> Iterator[Source]:
    """The mails behind these names, in their order; "-" or no name at all is standard input.

    Raises NotFound, before the first mail, when one of the names cannot be read.
    """
    for name in names:
        if name != STANDARD_INPUT:
            _check(Path(name), name)
    return _only_sources(find_sources(names, stdin))


def find_sources(names: Sequence[str], stdin: BinaryIO) -> Iterator[Source | Missing]:
    """The same; what cannot be read stands in its place, and the others follow. One mail at a time is held."""
    for name in list(names) or [STANDARD_INPUT]:
        if name == STANDARD_INPUT:
            yield _from_pipe(stdin)
        else:
            yield from _from_path(Path(name), name)


def _only_sources(found: Iterator[Source | Missing]) -> Iterator[Source]:
    for one in found:
        if isinstance(one, Missing):
            raise NotFound(f"{one.name} cannot be read: {one.why}")
        yield one


def _check(path: Path, name: str) -> None:
    try:
        if path.is_dir():
            next(path.iterdir(), None)
        else:
            path.open("rb").close()
    except OSError as error:
        raise NotFound(f"{name} cannot be read: {_why(error)}") from error


def _from_pipe(stdin: BinaryIO) -> Source:
    """One mail, whatever stands in it: a mail server hands over one at a time, and a text must not make two of it."""
    raw = stdin.read()
    if not raw.startswith(START):
        return Source(name=STANDARD_INPUT, raw=raw)
    line, _, rest = raw.partition(b"\n")
    return Source(name=STANDARD_INPUT, raw=rest, from_line=line.rstrip(b"\r"))


def _from_path(path: Path, name: str) -> Iterator[Source | Missing]:
    try:
        if not path.is_dir():
            yield from _from_file(path, name)
        elif (path / "cur").is_dir() and (path / "new").is_dir():
            # What lies in tmp/ is still being written. The names begin with the time of delivery.
            for entry in sorted((*_entries(path / "cur"), *_entries(path / "new")), key=lambda one: one.name):
                yield from _from_path(entry, str(entry))
        else:
            for entry in _entries(path):
                yield from _from_path(entry, str(entry))
    except OSError as error:
        yield Missing(name=name, why=_why(error))


def _entries(folder: Path) -> list[Path]:
    """What can be read in a folder, sorted by name: no hidden files, no devices, no links that may lead in circles."""
    found = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    return sorted(one for one in found if one.is_file() or (one.is_dir() and not one.is_symlink()))


def _from_file(path: Path, name: str) -> Iterator[Source]:
    """A mail, or the mails of an mbox. What is called .eml is one mail, whatever lines stand in it."""
    with path.open("rb") as file:
        if file.peek(len(START))[: len(START)] != START:
            yield Source(name=name, raw=file.read())
        elif path.suffix.lower() == ".eml":
            from_line = file.readline().rstrip(b"\r\n")
            yield Source(name=name, raw=file.read(), from_line=from_line)
        else:
            yield from _from_mbox(file, name)


def _from_mbox(file: BinaryIO, name: str) -> Iterator[Source]:
    entries = split_mbox(file)
    first, second = next(entries), next(entries, None)
    if second is None:
        yield Source(name=name, raw=first.raw, from_line=first.from_line)
        return
    yield Source(name=f"{name}#1", raw=first.raw, from_line=first.from_line)
    yield Source(name=f"{name}#2", raw=second.raw, from_line=second.from_line)
    for number, entry in enumerate(entries, start=3):
        yield Source(name=f"{name}#{number}", raw=entry.raw, from_line=entry.from_line)


def _delivery_fields(raw: bytes) -> dict[str, list[str]]:
    end = _END_OF_HEADER.search(raw, 0, _HEADER_CAP)
    found: dict[str, list[str]] = {}
    for match in _DELIVERY_FIELD.finditer(raw, 0, end.start() if end else min(len(raw), _HEADER_CAP)):
        value = " ".join(match[2].decode("utf-8", "replace").split())
        found.setdefault(match[1].decode("ascii").lower(), []).append(value)
    return found


def _recipients(found: dict[str, list[str]]) -> tuple[str, ...]:
    """X-Original-To first: it is the address that was written to, before aliases."""
    values = [*found.get("x-original-to", ()), *found.get("delivered-to", ())]
    addresses = (_ADDRESS.search(value) for value in values)
    return tuple(dict.fromkeys(one[0] for one in addresses if one))[:_RECIPIENTS_SHOWN]


def _why(error: OSError) -> str:
    return error.strerror or str(error)
