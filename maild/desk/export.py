"""Everything that is kept, in files that other programs read: mails as mbox or Maildir, tickets as lines of JSON.

tickets.jsonl   each ticket as `ticket show --json` has it, with where its mails are
desk.jsonl      every row of every table: what `maild import` makes the very same desk of
mails/          a Maildir, or mails.mbox: every mail that came and every letter of ours, byte by byte
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal

from maild.errors import CannotCreate, DataError
from maild.messages.arrival_time import arrival_time
from maild.outgoing.webhook import is_call
from maild.store.backup import fresh_folder, make_folder
from maild.store.engine import Database
from maild.store.portable import LONGEST_LINE, Wanted, export_lines, mails_of, wanted_tickets
from maild.store.transfer import Progress, freeze, silent, snapshot
from maild.store.views import Views, Whole

Format = Literal["jsonl", "maildir", "mbox"]
Place = dict[str, object]
TICKETS, DESK, MAILDIR, MBOX = "tickets.jsonl", "desk.jsonl", "mails", "mails.mbox"
_IN, _OUT = "inbox_raw", "outbox_raw"
_QUOTE = re.compile(rb"^(>*From )", re.MULTILINE)
_UNQUOTE = re.compile(rb"^>(>*From )", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """What was written."""

    tickets: int
    mails: int
    letters: int


def export_desk(
    database: Database,
    folder: Path,
    wanted: Wanted,
    form: Format,
    *,
    describe: Callable[[Whole], Mapping[str, object]],
    to_json: Callable[[Mapping[str, object]], str],
    now: datetime,
    progress: Progress,
) -> Exported:
    """Write an export of one moment into a fresh folder, beside a running daemon. Raises CannotCreate, RetryLater.

    `describe` gives a ticket the shape of `ticket show --json`, `to_json` writes it.
    """
    fresh_folder(folder)
    try:
        with _frozen(database, folder) as frozen, _Mails(folder, form, now) as mails:
            with snapshot(frozen) as connection, _create(folder / DESK) as file:
                for line in export_lines(connection, wanted, mails.keep, now):
                    file.write(line.encode("ascii") + b"\n")
            views, count = Views(frozen), 0
            with snapshot(frozen) as connection, _create(folder / TICKETS) as file:
                numbers = wanted_tickets(connection, wanted)
                for ticket_id in numbers:
                    found = mails_of(connection, ticket_id)
                    told = {"mails": [{**mail, **mails.place(mail["direction"], mail["id"])} for mail in found]}
                    line = to_json({**describe(views.ticket(str(ticket_id), "")), **told})
                    file.write(line.encode("ascii") + b"\n")
                    count += 1
                    progress("tickets", count, len(numbers))
            return Exported(tickets=count, mails=mails.counts[_IN], letters=mails.counts[_OUT])
    except OSError as error:
        raise CannotCreate(f"cannot write the export into {folder}: {error.strerror or error}") from error


@contextmanager
def _frozen(database: Database, folder: Path) -> Iterator[Database]:
    """The database of one moment in a file of its own, so that a long export keeps nobody waiting."""
    path = folder / ".frozen.db"
    freeze(database, path, silent)
    frozen = Database(f"sqlite:///{path}")
    try:
        yield frozen
    finally:
        frozen.close()
        for left in folder.glob(".frozen.db*"):
            left.unlink()


def _create(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


class _Mails:
    """Writes raw mails where the format wants them, and knows where each one is."""

    def __init__(self, folder: Path, form: Format, now: datetime) -> None:
        self._folder, self._form, self._now = folder, form, now
        self.counts = {_IN: 0, _OUT: 0}
        self._spans: dict[tuple[str, int], tuple[int, int]] = {}
        self._mbox: BinaryIO | None = None

    def __enter__(self) -> _Mails:
        if self._form == "mbox":
            self._mbox = _create(self._folder / MBOX)
        elif self._form == "maildir":
            for name in ("cur", "new", "tmp"):
                make_folder(self._folder / MAILDIR / name)
        return self

    def __exit__(self, *_: object) -> None:
        if self._mbox is not None:
            self._mbox.close()

    def keep(self, table: str, row: Mapping[str, Any]) -> Place:
        """Write one mail, and say where it is."""
        number = int(row["inbox_id"] if table == _IN else row["outbox_id"])
        raw = bytes(row["raw"])
        self.counts[table] += 1
        if self._form == "jsonl" or not raw or is_call(raw):
            return {"base64": base64.b64encode(raw).decode("ascii")}
        if self._form == "maildir":
            path = self._folder / self._maildir_name(table, number)
            with _create(path) as file:
                file.write(raw)
        else:
            self._spans[table, number] = self._append(raw)
        return self._place(table, number)

    def _append(self, raw: bytes) -> tuple[int, int]:
        assert self._mbox is not None
        at = arrival_time(raw) or self._now
        self._mbox.write(f"From - {at:%a %b %d %H:%M:%S %Y}\n".encode("ascii"))
        start = self._mbox.tell()
        self._mbox.write(_QUOTE.sub(rb">\1", raw))
        length = self._mbox.tell() - start
        self._mbox.write(b"\n" if raw.endswith(b"\n") else b"\n\n")
        return start, length

    @staticmethod
    def _maildir_name(table: str, number: int) -> str:
        return f"{MAILDIR}/cur/{number:09}.{'in' if table == _IN else 'out'}.maild:2,S"

    def _place(self, table: str, number: int) -> Place:
        if self._form == "maildir":
            return {"file": self._maildir_name(table, number)}
        start, length = self._spans[table, number]
        return {"file": MBOX, "at": start, "length": length}

    def place(self, direction: object, number: int) -> Place:
        """Where a mail is; in `desk.jsonl`, where it is nowhere else."""
        table = _IN if direction == "in" else _OUT
        if self._form == "maildir" and (self._folder / self._maildir_name(table, number)).exists():
            return self._place(table, number)
        if (table, number) in self._spans:
            return self._place(table, number)
        return {"file": DESK, "table": table}


class Fetcher:
    """Reads raw mails from where an export says they are. Raises DataError where they are not."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, place: Any) -> bytes:
        with suppress(KeyError, ValueError, TypeError, OSError):
            if "base64" in place:
                return base64.b64decode(place["base64"], validate=True)
            path = (self._folder / place["file"]).resolve()
            # A pipe would be waited for without end, a hole of terabytes read without one.
            if path.is_relative_to(self._folder.resolve()) and path.is_file():
                return self._read(path, place)
        text = json.dumps(place)[:200]
        raise DataError(f"a mail of this export is missing: {text}; keep its files together; nothing was taken")

    @staticmethod
    def _read(path: Path, place: Mapping[str, Any]) -> bytes:
        with path.open("rb") as file:
            if "at" not in place:
                raw = file.read(LONGEST_LINE + 1)
                if len(raw) > LONGEST_LINE:
                    raise ValueError("longer than any mail")
                return raw
            file.seek(place["at"])
            raw = file.read(max(0, min(place["length"], LONGEST_LINE)))
        if len(raw) != place["length"]:
            raise ValueError("cut off")
        return _UNQUOTE.sub(rb"\1", raw)
