"""Long tables read in blocks, in the order of their numbers: no transaction stays open while a block is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.store.engine import Database

T = TypeVar("T")
Rows = Sequence[Mapping[Any, Any]]


def in_blocks(
    database: Database,
    wanted: sa.Select[*tuple[Any, ...]],
    number: sa.Column[Any],
    size: int,
    make: Callable[[Connection, Rows], Iterable[T]],
) -> Iterator[T]:
    """What is made of each block of so many rows; `number` is the column `id` of the query, by which it is ordered."""
    block, last = wanted.order_by(number).limit(size), 0
    while True:
        with database.read() as connection:
            rows = connection.execute(block.where(number > last)).mappings().all()
            found = list(make(connection, rows))
        yield from found
        if len(rows) < size:
            return
        last = rows[-1]["id"]


def within(moment: sa.Column[Any], since: datetime | None, until: datetime | None) -> list[sa.ColumnElement[bool]]:
    """The conditions by which a moment lies in a time: from `since` on, before `until`; without an end, None."""
    return [*([moment >= since] if since is not None else []), *([moment < until] if until is not None else [])]
