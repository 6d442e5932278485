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
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.errors import CannotCreate, DataError
from maild.store import schema
from maild.store.engine import Database
from maild.store.restore import hold_unsent
from maild.store.search import build_index
from maild.store.tables import Instant, counters, inbox, mail_ids, metadata, outbox, tickets
from maild.store.transfer import Progress, carried_tables, clear, count_rows, is_empty, mend_sequences, read_rows
from maild.threads.facts import id_hash
from maild.threads.plan import LetterKind

FORM = 1
_OWNED = {"tickets": "id", "inbox": "id", "outbox": "id"}
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


def import_lines(database: Database, lines: Iterable[bytes], fetch: Fetch, progress: Progress) -> Imported:
    """Take a whole export into an empty database, in one transaction. Raises DataError, CannotCreate, RetryLater.

    A database that holds these very tickets already is left as it is; any other is not touched.
    """
    rows = _rows(lines)
    header = next(rows)
    with database.write() as connection:
        if not is_empty(connection):
            return _compare(connection, rows)
        start = dict(schema.FIRST_NUMBERS)
        clear(connection)
        for table, group in _groups(rows, fetch):
            connection.execute(table.insert(), group)
            progress(table.name, len(group), 0)
        _mend_counters(connection, start, whole=bool(header["whole"]))
        mend_sequences(connection)
        build_index(connection)
        held = hold_unsent(connection, HELD)
        _remember_letters(connection)
        return Imported(counts=count_rows(connection), held=held)


def _rows(lines: Iterable[bytes]) -> Iterator[Any]:
    """The header, then table and row of each line. Raises DataError for what is no whole export of our version."""
    count, ended = 0, False
    for number, line in enumerate(lines, 1):
        try:
            data = json.loads(line)
            if number == 1:
                _check_header(data)
                yield data
            elif "end" in data:
                ended = data["rows"] == count
            else:
                count += 1
                yield metadata.tables[data["table"]], data["row"]
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"line {number} of this export cannot be read: {error!r}; nothing was taken") from error
    if not ended:
        raise DataError("this export is cut off: its last line is missing, or lines are; nothing was taken")


def _check_header(data: Mapping[str, Any]) -> None:
    if data.get("maild_export") != FORM or data.get("schema") != schema.VERSION:
        made, known = data.get("schema"), schema.VERSION
        text = f"this export has schema {made}, and this maild knows {known}"
        raise DataError(f"{text}; export it again with this version, or bring the mails alone")


def _groups(rows: Iterator[Any], fetch: Fetch) -> Iterator[tuple[sa.Table, list[dict[str, Any]]]]:
    table: sa.Table | None = None
    group: list[dict[str, Any]] = []
    size = 0
    for of_table, row in rows:
        if table is not None and (of_table is not table or len(group) >= _GROUP or size >= _GROUP_BYTES):
            yield table, group
            group, size = [], 0
        table = of_table
        values = _inward(of_table, row, fetch)
        size += sum(len(v) for v in values.values() if isinstance(v, bytes))
        group.append(values)
    if table is not None and group:
        yield table, group


def _inward(table: sa.Table, row: Mapping[str, Any], fetch: Fetch) -> dict[str, Any]:
    def one(name: str, value: Any) -> Any:
        kind = table.c[name].type
        if value is not None and isinstance(kind, Instant):
            return datetime.fromisoformat(value)
        return fetch(value) if isinstance(kind, sa.LargeBinary) else value

    try:
        return {name: one(name, value) for name, value in row.items()}
    except (KeyError, ValueError, TypeError) as error:
        raise DataError(f"a row of {table.name} cannot be read: {error!r}; nothing was taken") from error


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


def _compare(connection: Connection, rows: Iterator[Any]) -> Imported:
    """An import that came twice doubles nothing; one into another desk is refused."""
    for table, row in rows:
        if table.name not in _OWNED:
            continue
        name = {"tickets": "created_at", "inbox": "digest", "outbox": "message_id"}[table.name]
        found = connection.scalar(sa.select(table.c[name]).where(table.c.id == row["id"]))
        here = found.isoformat() if isinstance(found, datetime) else found
        if here != row[name]:
            text = "this desk has mails or tickets of its own, whose numbers would clash with those of the export"
            raise CannotCreate(f"{text}; import into an empty desk, or import the mails alone (mbox, Maildir)")
    return Imported(counts=count_rows(connection), held=0, again=True)


def _mend_counters(connection: Connection, start: Mapping[str, int], *, whole: bool) -> None:
    if whole:
        return
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
