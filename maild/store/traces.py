"""Where an address stands in a database: every text of every table, and the raw mails.

It is looked for as tables.py knows the tables, so that one which is added there is looked through, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.messages.fields import read_fields
from maild.messages.mime import read_parts
from maild.store.tables import Words, inbox, inbox_raw, outbox, outbox_raw
from maild.store.transfer import carried_tables, read_rows
from maild.store.views import fold
from maild.threads.model import InboxState

ERASED = "erased"
_WRITERS = ("from", "sender", "return-path")
_DEEPEST = 5
_NUMBER = re.compile(rb"[a-z0-9]+-[0-9]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """A row with the address in some of its columns."""

    table: sa.Table
    key: Mapping[str, Any]
    columns: tuple[str, ...]
    is_key: bool
    """The address is what the row is found by: without it the row means nothing."""


class Trace:
    """One address, as it is looked for: in any case, and not as a part of a longer one."""

    def __init__(self, address: str) -> None:
        self.address = address.strip().casefold()
        word = re.escape(self.address)
        self._pattern = re.compile(rf"(?<![\w.+-]){word}(?![\w-])(?!\.\w)", re.IGNORECASE)
        self._bytes = re.compile(
            rb"(?<![\w.+-])" + re.escape(self.address.encode("utf-8")) + rb"(?![\w-])(?!\.\w)", re.IGNORECASE
        )

    def stands_in(self, raw: bytes) -> bool:
        """Whether bytes hold the address as it is written, in no encoding."""
        return self._bytes.search(raw) is not None

    def wrote(self, raw: bytes) -> bool:
        """Whether the header of a mail names it as the writer."""
        fields = read_fields(raw)
        return any(self.stands_in(value) for name in _WRITERS for value in fields.all(name))

    def is_in(self, value: object) -> bool:
        """Whether it stands in a text, or anywhere in JSON."""
        return bool(self.without(value) != value)

    def without(self, value: Any) -> Any:
        """The same value with the address blanked."""
        if isinstance(value, str):
            return self._pattern.sub(ERASED, value)
        if isinstance(value, list):
            return [self.without(one) for one in value]
        if isinstance(value, dict):
            if self.is_in(value.get("address")) and "name" in value:
                value = {**value, "name": ""}
            return {self.without(name): self.without(one) for name, one in value.items()}
        return value

    def hits(self, connection: Connection) -> Iterator[Hit]:
        """Every row of every table with the address in a text of it; raw mails left aside."""
        for table in carried_tables():
            texts = [c for c in table.c if isinstance(c.type, Words | sa.String | sa.JSON)]
            if not texts:
                continue
            wanted = sa.or_(*(self._like(column) for column in texts))
            for rows in read_rows(connection, table, wanted):
                for row in rows:
                    if (hit := self._hit(table, texts, row)) is not None:
                        yield hit

    def _like(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        text = sa.cast(column, sa.Text) if isinstance(column.type, sa.JSON) else column
        patterns = {self.address, json.dumps(self.address)[1:-1]}
        return sa.or_(*(fold(text).contains(one.casefold(), autoescape=True) for one in sorted(patterns)))

    def _hit(self, table: sa.Table, texts: list[sa.Column[Any]], row: Mapping[str, Any]) -> Hit | None:
        found = tuple(c.name for c in texts if self.is_in(row[c.name]))
        if not found or (table is inbox and row["state"] == InboxState.WAITING):
            return None  # what waits is handled first, with all that it says
        keys = {c.name for c in table.primary_key.columns} | ({"key"} & set(table.c.keys()))
        key = {c.name: row[c.name] for c in table.primary_key.columns}
        return Hit(table=table, key=key, columns=found, is_key=not keys.isdisjoint(found))

    def mails(self, connection: Connection) -> Iterator[tuple[int, bool]]:
        """Every raw mail that holds it unencoded: its number, and whether it wrote it. Waiting ones are left aside."""
        waiting = sa.select(inbox.c.id).where(inbox.c.state == InboxState.WAITING)
        for rows in read_rows(connection, inbox_raw, inbox_raw.c.inbox_id.not_in(waiting)):
            for row in rows:
                raw = bytes(row["raw"])
                if self.stands_in(raw):
                    yield row["inbox_id"], self.wrote(raw)

    def letters(self, connection: Connection) -> Iterator[int]:
        """Every letter of ours that holds it, in whatever encoding."""
        for rows in read_rows(connection, outbox_raw):
            yield from (row["outbox_id"] for row in rows if self.told_in(bytes(row["raw"])))

    def told_in(self, raw: bytes) -> bool:
        """Whether a mail holds the address as it is written, or once the texts in it are decoded."""
        return self.stands_in(raw) or any(map(self.stands_in, decoded_texts(raw)))


def letters_about(connection: Connection, numbers: Collection[str]) -> Iterator[int]:
    """Every letter that belongs to no ticket, yet names one of these: answers to questions, digests."""
    ticketless = sa.select(outbox.c.id).where(outbox.c.ticket_id.is_(None))
    wanted = {number.casefold().encode() for number in numbers}
    for rows in read_rows(connection, outbox_raw, outbox_raw.c.outbox_id.in_(ticketless)):
        for row in rows:
            texts = (bytes(row["raw"]), *decoded_texts(bytes(row["raw"])))
            if any(not wanted.isdisjoint(_NUMBER.findall(text.lower())) for text in texts):
                yield row["outbox_id"]


def decoded_texts(raw: bytes, depth: int = 0) -> Iterator[bytes]:
    """What the encoded texts of a mail say, and of the mails in it; files of other kinds are left aside."""
    lowered = raw.lower()
    if b"base64" not in lowered and b"quoted-printable" not in lowered:
        return
    root, _ = read_parts(raw, read_fields(raw))
    for part in root.walk():
        if part.content_type.startswith("message/") and depth < _DEEPEST:
            yield from decoded_texts(part.content(), depth + 1)
        elif part.encoding and part.content_type.startswith("text/"):
            yield part.content()
