"""Rows as lines of JSON, and back: what `export` writes and `import` reads whole.

    {"maild_export": 1, "schema": ..., "whole": true, "counts": {...}}
    {"table": "tickets", "row": {...}}            each table behind those it refers to
    {"table": "inbox_raw", "row": {"inbox_id": 7, "raw": <where the bytes are>}}
    {"end": true, "rows": ...}

Where bytes are kept, in the line itself or in a file beside it, is the caller's business.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from maild.errors import CannotCreate, DataError, MaildError
from maild.store import schema
from maild.store.engine import Database
from maild.store.older import OlderTables, is_older
from maild.store.restore import hold_unsent
from maild.store.search import build_index
from maild.store.tables import Instant, clean, counters, inbox, mail_ids, metadata, outbox, tickets
from maild.store.transfer import (
    Progress,
    carried_tables,
    copy_rows,
    count_rows,
    is_empty,
    make_room,
    mend_sequences,
    read_rows,
    silent,
    snapshot,
)
from maild.threads.facts import id_hash
from maild.threads.plan import LetterKind

FORM = 1
_OWNED = {"tickets": "created_at", "inbox": "digest", "outbox": "message_id"}
"""By what it is seen that a row which is here already is the very same."""
LONGEST_LINE = 256 << 20
"""Bytes: more than the largest mail that is taken has in base64."""
_MISFITS = (SQLAlchemyError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What the two drivers and the kinds of columns raise for a value, a name or a reference that cannot be."""
_GROUP = 200
_GROUP_BYTES = 8_000_000
HELD = "held by an import: it may have left elsewhere; `maild outbox retry` sends it, `maild outbox drop` not"

Keep = Callable[[str, Mapping[str, Any]], object]
"""From a table of raw bytes and its row to where the bytes are kept, as JSON."""
Fetch = Callable[[Any], bytes]
"""And back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which tickets are exported; everything where nothing is said."""

    queue: str | None = None
    since: datetime | None = None

    @property
    def whole(self) -> bool:
        return self.queue is None and self.since is None

    def tickets(self) -> sa.Select[int]:
        """The ids of the tickets that are wanted, in their order."""
        query = sa.select(tickets.c.id).order_by(tickets.c.id)
        if self.queue is not None:
            query = query.where(tickets.c.queue == self.queue)
        if self.since is not None:
            query = query.where(tickets.c.updated_at >= self.since)
        return query

    def rows_of(self, table: sa.Table) -> sa.ColumnElement[bool] | None:
        """The condition for a table's rows; None for all of them."""
        if self.whole:
            return None
        chosen = self.tickets().order_by(None)
        if table is tickets:
            return tickets.c.id.in_(chosen)
        if "ticket_id" in table.c:
            return table.c.ticket_id.in_(chosen)
        for owner, name in ((inbox, "inbox_id"), (outbox, "outbox_id")):
            if name in table.c:
                return table.c[name].in_(sa.select(owner.c.id).where(owner.c.ticket_id.in_(chosen)))
        return sa.false()


def export_lines(connection: Connection, wanted: Wanted, keep: Keep, now: datetime) -> Iterator[str]:
    """Every line of an export."""
    header = {"maild_export": FORM, "schema": schema.VERSION, "made_at": now.isoformat(), "whole": wanted.whole}
    yield json.dumps(header)
    count = 0
    for table in carried_tables():
        for rows in read_rows(connection, table, wanted.rows_of(table)):
            for row in rows:
                count += 1
                yield json.dumps({"table": table.name, "row": _outward(table, row, keep)})
    yield json.dumps({"end": True, "rows": count})


def _outward(table: sa.Table, row: Mapping[str, Any], keep: Keep) -> dict[str, object]:
    def one(value: Any) -> object:
        if isinstance(value, datetime):
            return value.isoformat()
        return keep(table.name, row) if isinstance(value, bytes | memoryview) else value

    return {name: one(value) for name, value in row.items()}


def is_export(line: bytes) -> bool:
    """Whether a file that begins with this line is an export of ours."""
    return line.startswith(b'{"maild_export"')


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """How many rows of each table came, and how many letters are held; `again`: all of it was here already."""

    counts: Mapping[str, int]
    held: int
    again: bool = False


def import_lines(database: Database, lines: Iterable[bytes], fetch: Fetch, progress: Progress, work: Path) -> Imported:
    """Take a whole export, of our version or an older one, into an empty database, in one transaction.

    `work` names a file that is not there: rows of an older version are brought to ours in it. A database that holds
    these very tickets already is left as it is; any other is not touched. Raises DataError, CannotCreate, RetryLater.
    """
    numbered = _rows(lines)
    header = next(numbered).row
    whole, version = bool(header.get("whole")), str(header["schema"])
    with database.read() as connection:
        empty = is_empty(connection)
    if not empty:
        with database.write() as connection, _fitting():
            return _compare(connection, numbered)
    if version == schema.VERSION:
        with database.write() as connection, _fitting():
            make_room(connection)
            _fill(connection, numbered, _carried, fetch, progress)
            return _finish(connection, whole=whole)
    older = OlderTables(work, version)
    try:
        with older.database.write() as connection, _fitting():
            _fill(connection, numbered, older.table, fetch, progress)
        with _fitting(), snapshot(older.bring_up()) as reading, database.write() as connection:
            make_room(connection)
            copy_rows(reading, connection, silent)
            return _finish(connection, whole=whole)
    finally:
        older.close()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Line:
    """A row of an export, the name of its table, and the number of its line; of the first line there is no table."""

    number: int
    table: str
    row: dict[str, Any]


def _rows(lines: Iterable[bytes]) -> Iterator[_Line]:
    """The header, then each row. Raises DataError for what is no whole export of a version that we know."""
    count, ended = 0, False
    for number, line in enumerate(lines, 1):
        try:
            data = json.loads(line)
            if number == 1:
                _check_header(data)
                yield _Line(number=number, table="", row=data)
            elif "end" in data:
                ended = data["rows"] == count
            elif isinstance(data["table"], str) and isinstance(data["row"], dict):
                count += 1
                yield _Line(number=number, table=data["table"], row=data["row"])
            else:
                raise TypeError("it is no row of a table")
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            text = f"line {number} of this export cannot be read: {_short(error)}; nothing was taken"
            raise DataError(text) from error
    if not ended:
        raise DataError("this export is cut off: its last line is missing, or lines are; nothing was taken")


def whole_lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file, none of them longer than the largest mail needs. Raises DataError."""
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise DataError(f"line {number} of this export is longer than any of ours; nothing was taken")
        yield line


def _check_header(data: Any) -> None:
    if not isinstance(data, dict) or not isinstance(made := data.get("schema"), str):
        raise TypeError("it is not the first line of an export")
    if data.get("maild_export") == FORM and (made == schema.VERSION or is_older(made)):
        return
    text = f"this export has schema {made[:40]}, and this maild knows those up to {schema.VERSION}"
    raise DataError(
        f"{text}: it was made by a newer maild; upgrade this one (`maild --version` tells), and import then"
    )


def _fill(
    connection: Connection, lines: Iterator[_Line], tables: Callable[[str], sa.Table], fetch: Fetch, progress: Progress
) -> None:
    for table, group, first in _groups(lines, tables, fetch):
        try:
            connection.execute(table.insert(), group)
        except _MISFITS as error:
            where = f"lines {first} to {first + len(group) - 1}, rows of {table.name}"
            raise DataError(f"{where}, do not fit: {_short(error)}; nothing was taken") from error
        progress(table.name, len(group), 0)


def _carried(name: str) -> sa.Table:
    table = metadata.tables[name]
    if table not in carried_tables():
        raise KeyError(name)
    return table


@contextmanager
def _fitting() -> Iterator[None]:
    """What the database says to rows only when all of them are there. Raises DataError."""
    try:
        yield
    except MaildError:
        raise
    except _MISFITS as error:
        raise DataError(f"the rows of this export do not fit together: {_short(error)}; nothing was taken") from error


def _short(error: BaseException) -> str:
    """One line of an error, without the statement and the values that SQLAlchemy tells with it."""
    told = getattr(error, "orig", None) or error
    words = next(iter(str(told).splitlines()), "") or type(told).__name__
    return f"no {words}" if isinstance(told, KeyError) else clean(words)[:200]


def _finish(connection: Connection, *, whole: bool) -> Imported:
    if not whole:
        connection.execute(counters.delete())  # an older version had fewer, and the way to ours has made the others
        _mend_counters(connection)
    mend_sequences(connection)
    build_index(connection)
    held = hold_unsent(connection, HELD)
    _remember_letters(connection)
    return Imported(counts=count_rows(connection), held=held)


def _groups(
    lines: Iterator[_Line], tables: Callable[[str], sa.Table], fetch: Fetch
) -> Iterator[tuple[sa.Table, list[dict[str, Any]], int]]:
    """Rows that are written together, one behind the other in one table, and the number of their first line."""
    table: sa.Table | None = None
    group: list[dict[str, Any]] = []
    size = first = 0
    for line in lines:
        of_table, values = _inward(line, tables, fetch)
        if table is not None and (of_table is not table or len(group) >= _GROUP or size >= _GROUP_BYTES):
            yield table, group, first
            group, size = [], 0
        table, first = of_table, first if group else line.number
        size += sum(len(v) for v in values.values() if isinstance(v, bytes))
        group.append(values)
    if table is not None and group:
        yield table, group, first


def _inward(line: _Line, tables: Callable[[str], sa.Table], fetch: Fetch) -> tuple[sa.Table, dict[str, Any]]:
    def one(name: str, value: Any) -> Any:
        kind = table.c[name].type
        if value is not None and isinstance(kind, Instant):
            return datetime.fromisoformat(value)
        return fetch(value) if isinstance(kind, sa.LargeBinary) and value is not None else value

    try:
        table = tables(line.table)
        return table, {name: one(name, value) for name, value in line.row.items()}
    except (KeyError, ValueError, TypeError) as error:
        text = f"line {line.number} of this export, a row of {clean(line.table)[:60]}, cannot be read: {_short(error)}"
        raise DataError(f"{text}; nothing was taken") from error


def _remember_letters(connection: Connection) -> None:
    """By what customers were sent their replies find the ticket here, too, where another secret signs."""
    ours = sa.select(outbox.c.message_id, outbox.c.ticket_id).where(
        outbox.c.kind.in_((LetterKind.ACKNOWLEDGEMENT, LetterKind.ANSWER, LetterKind.REPLY)),
        outbox.c.ticket_id.is_not(None),
    )
    known = {
        (row.id_hash, row.ticket_id)
        for row in connection.execute(
            sa.select(mail_ids.c.id_hash, mail_ids.c.ticket_id).where(mail_ids.c.kind == "stored")
        )
    }
    fresh = {(id_hash(row.message_id), row.ticket_id) for row in connection.execute(ours)} - known
    rows = [{"id_hash": name, "kind": "stored", "ticket_id": ticket} for name, ticket in sorted(fresh)]
    for start in range(0, len(rows), _GROUP):
        connection.execute(mail_ids.insert(), rows[start : start + _GROUP])


def _compare(connection: Connection, lines: Iterator[_Line]) -> Imported:
    """An import that came twice doubles nothing; one into another desk is refused."""
    for line in lines:
        if line.table not in _OWNED:
            continue
        table, name = metadata.tables[line.table], _OWNED[line.table]
        found = connection.scalar(sa.select(table.c[name]).where(table.c.id == line.row.get("id")))
        here = found.isoformat() if isinstance(found, datetime) else found
        if here is None or here != line.row.get(name):
            text = "this desk has mails or tickets of its own, whose numbers would clash with those of the export"
            raise CannotCreate(f"{text}; import into an empty desk, or import the mails alone (mbox, Maildir)")
    return Imported(counts=count_rows(connection), held=0, again=True)


def _mend_counters(connection: Connection) -> None:
    start = schema.FIRST_NUMBERS
    highest = connection.scalar(sa.select(sa.func.max(tickets.c.id))) or 0
    values = {**start, "tickets": max(start["tickets"], highest + 1)}
    connection.execute(counters.insert(), [{"name": n, "value": v} for n, v in values.items()])


def wanted_tickets(connection: Connection, wanted: Wanted) -> list[int]:
    """The ids of the tickets that are exported, in their order."""
    return list(connection.scalars(wanted.tickets()))


def mails_of(connection: Connection, ticket_id: int) -> list[dict[str, Any]]:
    """Every mail of a ticket, in and out, as it is told in an export: direction, id, message_id."""
    found = []
    for table, direction in ((inbox, "in"), (outbox, "out")):
        query = sa.select(table.c.id, table.c.message_id).where(table.c.ticket_id == ticket_id).order_by(table.c.id)
        found += [{"direction": direction, **row} for row in connection.execute(query).mappings()]
    return found
