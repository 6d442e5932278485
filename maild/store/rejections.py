"""The mails that rules have rejected: no ticket was opened, and all that is kept of each is its line and its bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.store.blocks import Rows, in_blocks, within
from maild.store.engine import Database
from maild.store.openings import LEDGER
from maild.store.tables import inbox, inbox_raw
from maild.threads.model import InboxState

_AT_ONCE = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """One mail: its line in the ledger with the decision, and its bytes, b"" where they are kept no longer."""

    ledger: Mapping[str, Any]
    raw: bytes


def read_rejections(database: Database, since: datetime | None, until: datetime | None) -> Iterator[Rejection]:
    """Every mail that a rule has rejected from one moment to another, in the order in which they were accepted."""
    wanted = (
        sa.select(*(inbox.c[name] for name in LEDGER), inbox_raw.c.raw)
        .outerjoin(inbox_raw, inbox_raw.c.inbox_id == inbox.c.id)
        .where(inbox.c.state == InboxState.SPAM, inbox.c.ticket_id.is_(None))
        .where(*within(inbox.c.received_at, since, until))
    )
    return in_blocks(database, wanted, inbox.c.id, _AT_ONCE, _rejections)


def _rejections(_connection: Connection, rows: Rows) -> Iterator[Rejection]:
    for row in rows:
        route = (row["decision"] or {}).get("route") or {}
        if route.get("outcome", {}).get("reject"):
            yield Rejection(ledger=dict(row), raw=bytes(row["raw"] or b""))
