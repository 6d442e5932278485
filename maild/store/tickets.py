"""Tickets: gathering what a decision must know, and saving what it led to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.store.engine import Database
from maild.store.locks import lock_conversation
from maild.store.rows import (
    clock_row,
    key_of,
    message_row,
    ticket_row,
    to_clock,
    to_message,
    to_participant,
    to_ticket,
)
from maild.store.tables import (
    clean,
    clocks,
    counters,
    events,
    inbox,
    links,
    mail_ids,
    messages,
    outbox,
    participants,
    steps_done,
    tickets,
)
from maild.threads.facts import Clues, Duplicate, Facts, KnownId, TicketFacts, id_hash
from maild.threads.model import InboxState, OutboxState, Status
from maild.threads.plan import LetterKind, Plan

_RECENT = 20
_MAX_CANDIDATES = 30


def _newest_of(table: sa.Table) -> sa.Select[Any]:
    return sa.select(table).where(table.c.ticket_id == sa.bindparam("ticket")).order_by(table.c.id.desc())


# Built once: SQLAlchemy spends more on making a statement than SQLite on carrying it out.
_NEXT_TICKET = sa.select(counters.c.value).where(counters.c.name == "tickets").with_for_update()
_TAKEN_TICKET = counters.update().where(counters.c.name == "tickets").values(value=sa.bindparam("next"))
_FIRST_COPY = (
    sa.select(inbox.c.id, inbox.c.ticket_id)
    .where(
        inbox.c.digest == sa.bindparam("digest"),
        inbox.c.id != sa.bindparam("inbox_id"),
        inbox.c.state.not_in((InboxState.WAITING, InboxState.DUPLICATE, InboxState.QUARANTINED)),
    )
    .order_by(inbox.c.id)
    .limit(1)
)
# An id that hundreds refer to, such as a newsletter's, must not push out the one mail that is stored.
_KNOWN_IDS = (
    sa.select(mail_ids.c.id_hash, mail_ids.c.kind, mail_ids.c.ticket_id)
    .where(mail_ids.c.id_hash.in_(sa.bindparam("wanted", expanding=True)))
    .order_by(mail_ids.c.kind.desc(), mail_ids.c.id)
    .limit(_MAX_CANDIDATES * 10)
)
_ACKNOWLEDGED = sa.select(outbox.c.created_at).where(
    outbox.c.kind == LetterKind.ACKNOWLEDGEMENT,
    outbox.c.recipient_key == sa.bindparam("sender"),
    outbox.c.created_at > sa.bindparam("since"),
)
_TICKETS = (
    sa.select(tickets)
    .where(tickets.c.id.in_(sa.bindparam("wanted", expanding=True)))
    .order_by(tickets.c.id)
    .with_for_update()
)
_PEOPLE, _CLOCKS, _STEPS_DONE = _newest_of(participants), _newest_of(clocks), _newest_of(steps_done)
_LAST_MESSAGES = _newest_of(messages).limit(_RECENT)
_CONFIRMED = sa.select(participants.c.key, participants.c.confirmed).where(
    participants.c.ticket_id == sa.bindparam("ticket")
)
_IDS_OF_TICKET = sa.select(mail_ids.c.id_hash, mail_ids.c.kind).where(
    mail_ids.c.ticket_id == sa.bindparam("ticket"), mail_ids.c.id_hash.in_(sa.bindparam("wanted", expanding=True))
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """The mail that facts are gathered for."""

    inbox_id: int
    received_at: datetime
    digest: str
    bounced_id: str | None


class TicketStore:
    """Every query on tickets that a decision needs; with a connection, part of the transaction that decides."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def gather(self, connection: Connection, clues: Clues, asked: Asked, now: datetime) -> Facts:
        """Everything the store knows about a mail's clues. What it may change is locked until the end: see locks.py."""
        lock_conversation(connection, clues, asked.inbox_id, asked.digest)
        known = self._known(connection, clues)
        candidates = self.load(connection, _most_telling(clues, known))
        followed_by = self._followed_by(connection, candidates)
        candidates |= self.load(connection, sorted(set(followed_by.values()) - candidates.keys()))
        sent = self._acknowledged(connection, clues.sender, now)
        return Facts(
            now=now,
            inbox_id=asked.inbox_id,
            received_at=asked.received_at,
            next_ticket=self._reserve(connection),
            duplicate=self._duplicate(connection, asked),
            known=known,
            tickets=candidates,
            followed_by=followed_by,
            acknowledged_last_hour=sum(at > now - timedelta(hours=1) for at in sent),
            acknowledged_last_day=len(sent),
            answer_lost=self._answer_lost(connection, asked.bounced_id),
        )

    def _reserve(self, connection: Connection) -> int:
        """The next ticket's number; its row is locked, so that no two transactions get the same one."""
        return int(connection.execute(_NEXT_TICKET).scalar_one())

    def take_number(self, connection: Connection, name: str) -> int:
        """The next number of a counter, taken: what makes the Message-IDs of orders and ticks differ."""
        query = counters.update().where(counters.c.name == name).values(value=counters.c.value + 1)
        return int(connection.execute(query.returning(counters.c.value)).scalar_one())

    def _duplicate(self, connection: Connection, asked: Asked) -> Duplicate | None:
        row = connection.execute(_FIRST_COPY, {"digest": asked.digest, "inbox_id": asked.inbox_id}).first()
        return Duplicate(inbox_id=row.id, ticket=row.ticket_id) if row else None

    def _followed_by(self, connection: Connection, candidates: Mapping[int, TicketFacts]) -> dict[int, int]:
        """Of each candidate that is done the newest ticket that went on from it."""
        done = [i for i, f in candidates.items() if f.ticket.status in (Status.SOLVED, Status.CLOSED)]
        if not done:
            return {}
        query = (
            sa.select(links.c.ticket_id, sa.func.max(links.c.other_id))
            .where(links.c.ticket_id.in_(done), links.c.kind == "followed_up_by")
            .group_by(links.c.ticket_id)
        )
        return {row[0]: row[1] for row in connection.execute(query)}

    def _known(self, connection: Connection, clues: Clues) -> tuple[KnownId, ...]:
        wanted = [id_hash(i) for i in (*clues.ids, *((clues.own_id,) if clues.own_id else ()))]
        if not wanted:
            return ()
        rows = connection.execute(_KNOWN_IDS, {"wanted": wanted})
        return tuple(KnownId(id_hash=r.id_hash, ticket=r.ticket_id, stored=r.kind == "stored") for r in rows)

    def _acknowledged(self, connection: Connection, sender: str | None, now: datetime) -> list[datetime]:
        if sender is None:
            return []
        values = {"sender": clean(sender[:320]), "since": now - timedelta(days=1)}
        return list(connection.scalars(_ACKNOWLEDGED, values))

    def _answer_lost(self, connection: Connection, bounced_id: str | None) -> int | None:
        if bounced_id is None:
            return None
        query = (
            sa.select(messages.c.ticket_id)
            .join(mail_ids, mail_ids.c.ticket_id == messages.c.ticket_id)
            .where(
                mail_ids.c.id_hash == id_hash(bounced_id),
                messages.c.message_id == bounced_id,
                messages.c.direction == "out",
            )
            .limit(1)
        )
        return connection.scalar(query)

    def load(self, connection: Connection, ids: Sequence[int]) -> dict[int, TicketFacts]:
        """Tickets with participants, last messages, clocks and steps done; locked in the order of their numbers."""
        if not ids:
            return {}
        rows = connection.execute(_TICKETS, {"wanted": list(ids)}).mappings().all()
        return {row["id"]: self._load_one(connection, row) for row in rows}

    def _load_one(self, connection: Connection, row: Mapping[Any, Any]) -> TicketFacts:
        def rows_of(query: sa.Select[Any]) -> list[Any]:
            return list(reversed(connection.execute(query, {"ticket": row["id"]}).mappings().all()))

        people = tuple(to_participant(p) for p in rows_of(_PEOPLE))
        return TicketFacts(
            ticket=to_ticket(row, people),
            messages=tuple(to_message(m) for m in rows_of(_LAST_MESSAGES)),
            clocks=tuple(to_clock(c) for c in rows_of(_CLOCKS)),
            steps_done=frozenset(s["key"] for s in rows_of(_STEPS_DONE)),
        )

    def due(self, now: datetime, limit: int) -> list[int]:
        """The tickets whose next escalation step is due, the longest due first: an index says it, nothing is walked."""
        query = (
            sa.select(tickets.c.id).where(tickets.c.next_step_at <= now).order_by(tickets.c.next_step_at).limit(limit)
        )
        with self._database.read() as connection:
            return list(connection.scalars(query))

    def look_again(self, ticket_id: int, at: datetime) -> None:
        """Set the time at which a ticket's deadlines are looked at next."""
        with self._database.write() as connection:
            connection.execute(tickets.update().where(tickets.c.id == ticket_id).values(next_step_at=at))

    def save(
        self, connection: Connection, plan: Plan, *, inbox_id: int | None, digest: str | None, now: datetime
    ) -> None:
        """Write a Plan's ticket and everything that hangs on it; its letters are the outbox's."""
        ticket = plan.ticket
        if ticket is None:
            return
        values = ticket_row(ticket) | {"next_step_at": plan.next_step_at}
        if plan.is_new:
            connection.execute(tickets.insert(), values | {"id": ticket.id})
            connection.execute(_TAKEN_TICKET, {"next": ticket.id + 1})
        else:
            connection.execute(tickets.update().where(tickets.c.id == ticket.id).values(**values))
        self._save_people(connection, plan)
        self._save_clocks(connection, plan)
        self._save_ids(connection, plan)
        if plan.message is not None:
            row = message_row(plan.message) | {"ticket_id": ticket.id, "inbox_id": inbox_id, "digest": digest}
            connection.execute(messages.insert(), row)
        _insert(
            connection,
            events,
            (
                {
                    "ticket_id": ticket.id,
                    "at": e.at,
                    "kind": e.kind,
                    "actor": e.actor,
                    "detail": e.detail,
                    "because": e.because,
                }
                for e in plan.events
            ),
        )
        _insert(connection, steps_done, ({"ticket_id": ticket.id, "key": k, "done_at": now} for k in plan.steps_done))
        for link in plan.links:
            _insert(
                connection,
                links,
                (
                    {"ticket_id": ticket.id, "kind": link.kind, "other_id": link.ticket},
                    {"ticket_id": link.ticket, "kind": "followed_up_by", "other_id": ticket.id},
                ),
            )

    def _save_people(self, connection: Connection, plan: Plan) -> None:
        assert plan.ticket is not None
        ticket_id = plan.ticket.id
        known: dict[str, bool] = {}
        if not plan.is_new:
            known = {row.key: row.confirmed for row in connection.execute(_CONFIRMED, {"ticket": ticket_id})}
        for person in plan.ticket.participants:
            key = key_of(person.address)
            assert key is not None
            if key not in known:
                row = {"key": key, "name": person.address.name, "address": person.address.address}
                connection.execute(participants.insert(), row | {"ticket_id": ticket_id, "confirmed": person.confirmed})
                known[key] = person.confirmed
            elif known[key] != person.confirmed:
                connection.execute(
                    participants.update()
                    .where(participants.c.ticket_id == ticket_id, participants.c.key == key)
                    .values(confirmed=person.confirmed)
                )

    def _save_clocks(self, connection: Connection, plan: Plan) -> None:
        assert plan.ticket is not None
        if not plan.is_new:
            connection.execute(clocks.delete().where(clocks.c.ticket_id == plan.ticket.id))
        promise = plan.ticket.promise
        _insert(connection, clocks, ({"ticket_id": plan.ticket.id, **clock_row(c, promise)} for c in plan.clocks))

    def _save_ids(self, connection: Connection, plan: Plan) -> None:
        assert plan.ticket is not None
        ticket_id = plan.ticket.id
        wanted = {(id_hash(r.message_id), "stored" if r.stored else "referred") for r in plan.remember}
        if plan.message is not None and plan.message.message_id is not None:
            wanted.add((id_hash(plan.message.message_id), "stored"))
        if not wanted:
            return
        values = {"ticket": ticket_id, "wanted": [h for h, _ in wanted]}
        known = set() if plan.is_new else {(r.id_hash, r.kind) for r in connection.execute(_IDS_OF_TICKET, values)}
        _insert(
            connection, mail_ids, ({"id_hash": h, "kind": k, "ticket_id": ticket_id} for h, k in sorted(wanted - known))
        )


def _most_telling(clues: Clues, known: Sequence[KnownId]) -> list[int]:
    """The tickets a mail may belong to, the strongest evidence first where there are too many; in order of number."""
    place = {id_hash(name): at for at, name in enumerate(clues.ids)}
    nearest = sorted(known, key=lambda k: (not k.stored, place.get(k.id_hash, len(place)), k.ticket))
    told = [c.ticket for c in clues.claims] + [s.ticket for s in clues.signed]
    ranked = dict.fromkeys((*told, *(k.ticket for k in nearest if k.stored), *clues.tickets_named))
    ranked |= dict.fromkeys(k.ticket for k in nearest)
    return sorted(list(ranked)[:_MAX_CANDIDATES])


def _insert(connection: Connection, table: sa.Table, rows: Iterable[dict[str, Any]]) -> None:
    listed = list(rows)
    if listed:
        connection.execute(table.insert(), listed)


OPEN_OUTBOX = (OutboxState.WAITING, OutboxState.SENDING, OutboxState.UNCERTAIN)
