"""By which rules the open tickets were last looked through, and how far a walk through them has come: one row.

Why tickets are walked through is the business of `desk/walk.py`; here only the row is kept, and the tickets are found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.store.engine import Database
from maild.store.tables import rules_in_force, tickets
from maild.threads.model import Status

_NAME = "rules"
_ROW = sa.select(rules_in_force).where(rules_in_force.c.name == _NAME)
_REVISION = sa.select(rules_in_force.c.revision).where(rules_in_force.c.name == _NAME)
# Two desks may be the first at once; both databases know this word.
_FIRST = sa.text(
    "INSERT INTO rules_in_force (name, revision, promises, position)"
    " VALUES ('rules', '', '[]', 0) ON CONFLICT DO NOTHING"
)

Texts = tuple[tuple[int | None, str], ...]
"""The text of the promises that counted, by the number of the ticket: up to which, and for all others (None)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Walk:
    """A walk to the tickets that are behind: towards which revision, how far it is, what counted until then."""

    revision: str
    text: str
    position: int
    before: Texts

    def text_of(self, ticket: int) -> str | None:
        """The promises by which a ticket's clocks were counted until now; None where that is not known."""
        return next((text for upto, text in self.before if upto is None or ticket <= upto), None)


class RulesInForce:
    """Every query on the one row."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def are(self, revision: str) -> bool:
        """Whether every open ticket has been looked through by these rules."""
        with self._database.read() as connection:
            return connection.scalar(_REVISION) == revision

    def begin(self, connection: Connection, revision: str, text: str) -> Walk | None:
        """The walk to this revision, where it had come to; None where it is done. The row is locked until the end.

        A walk that was under way to another revision ends here: the tickets that it has met count by that one.
        """
        connection.execute(_FIRST)
        row = connection.execute(_ROW.with_for_update()).mappings().one()
        if row["revision"] == revision and row["next_revision"] is None:
            return None
        before = _texts(row["promises"])
        if row["next_revision"] == revision:
            return Walk(revision=revision, text=text, position=row["position"], before=before)
        if row["next_revision"] is not None:
            met, own = row["position"], row["next_promises"] or ""
            before = ((met, own), *((upto, t) for upto, t in before if upto is None or upto > met))
        self._save(connection, revision=row["revision"], promises=before, next_revision=revision, next_promises=text)
        return Walk(revision=revision, text=text, position=0, before=before)

    def behind(self, connection: Connection, walk: Walk, statuses: Sequence[Status], limit: int) -> list[int]:
        """The next tickets that have not been met, in the order of their numbers."""
        query = (
            sa.select(tickets.c.id)
            .where(tickets.c.id > walk.position, tickets.c.status.in_([str(s) for s in statuses]))
            .order_by(tickets.c.id)
            .limit(limit)
        )
        return list(connection.scalars(query))

    def come(self, connection: Connection, walk: Walk, position: int | None) -> None:
        """The walk has come so far, in the transaction in which the tickets were met; None: it is done."""
        if position is None:
            self._save(connection, revision=walk.revision, promises=((None, walk.text),))
        else:
            connection.execute(rules_in_force.update().where(rules_in_force.c.name == _NAME).values(position=position))

    def _save(self, connection: Connection, **values: Any) -> None:
        row = {"next_revision": None, "next_promises": None, "position": 0, **values}
        row["promises"] = [list(pair) for pair in row["promises"]]
        connection.execute(rules_in_force.update().where(rules_in_force.c.name == _NAME).values(**row))


def _texts(value: Any) -> Texts:
    return tuple((upto, str(text)) for upto, text in value)
