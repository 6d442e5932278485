"""A person is forgotten: what he wrote goes, his address is blanked wherever it is ours to change.

    his mails                    bytes, text, names and addresses go; that a mail came, when, and its content key stay
    his tickets                  subject blanked, requester null; status, times and clocks stay, and so all figures
    letters to him, and those that tell of his tickets     bytes, subject, names go; one that has not left never will
    orders and news about his tickets            can be taken back, or told, no more
    agents' mails in his tickets bytes go, since they quote him; the agent's own words stay
    others' words                the address in them is blanked, what they quote goes where it is his ticket
    others' raw mails            stay as they came, and are named in the report

First all of it is looked for, without keeping anybody from writing; then it is changed in one short transaction.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.errors import RetryLater
from maild.store.engine import Database
from maild.store.search import OWN, index_anew, optimize
from maild.store.tables import (
    events,
    gathered,
    inbox,
    inbox_raw,
    messages,
    outbox,
    outbox_raw,
    participants,
    tickets,
    undos,
)
from maild.store.traces import Hit, Trace, letters_about
from maild.store.transfer import snapshot
from maild.threads.model import Direction, InboxState, OutboxState

REASON = "erased: its sender is forgotten"
_TAKEN_BACK = "taken back: a person is forgotten"
_UNSENT = (
    OutboxState.WAITING,
    OutboxState.HELD,
    OutboxState.SENDING,
    OutboxState.UNCERTAIN,
    OutboxState.FAILED,
)
_AT_ONCE = 500
_TRIES, _BETWEEN = 20, 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Everything that is kept of one address."""

    requested: tuple[int, ...] = ()
    """Tickets whose requester he is."""
    wrote_in: tuple[int, ...] = ()
    mails: tuple[int, ...] = ()
    """In the inbox, by him."""
    agents_mails: tuple[int, ...] = ()
    messages: tuple[int, ...] = ()
    letters: tuple[int, ...] = ()
    hits: tuple[Hit, ...] = ()
    waiting: tuple[int, ...] = ()
    """Mails of his that nothing has been decided about."""
    remain: tuple[int, ...] = field(default=())
    """Others' mails whose bytes hold the address, perhaps in an encoding."""

    @property
    def nothing(self) -> bool:
        return not (self.mails or self.messages or self.letters or self.hits or self.requested)


def find_person(database: Database, address: str) -> Person:
    """Look for everything of an address; nothing is changed. Raises RetryLater."""
    trace = Trace(address)
    with snapshot(database) as connection:
        requested = _ids(connection, sa.select(tickets.c.id).where(tickets.c.requester_key == trace.address))
        rows = connection.execute(
            sa.select(messages.c.id, messages.c.ticket_id, messages.c.inbox_id).where(
                sa.func.lower(messages.c.sender_address) == trace.address
            )
        ).all()
        found = list(trace.mails(connection))
        mails = {number for number, wrote in found if wrote} | {r.inbox_id for r in rows if r.inbox_id is not None}
        mails |= set(_ids(connection, _of_sender(trace, InboxState.WAITING, equal=False)))
        wrote_in = {r.ticket_id for r in rows}
        concerned = {*requested, *wrote_in}
        hits = tuple(trace.hits(connection))
        quoted = {number for number, wrote in found if not wrote} | _mails_behind(connection, hits)
        agents = set(_agents_mails(connection, concerned))
        return Person(
            requested=tuple(requested),
            wrote_in=tuple(sorted(wrote_in)),
            mails=tuple(sorted(mails)),
            agents_mails=tuple(sorted(agents - mails)),
            messages=tuple(r.id for r in rows),
            letters=tuple(sorted({*trace.letters(connection), *_letters(connection, concerned, hits)})),
            hits=hits,
            waiting=tuple(_ids(connection, _of_sender(trace, InboxState.WAITING, equal=True))),
            remain=tuple(sorted(quoted - mails - agents)),
        )


def _ids(connection: Connection, query: sa.Select[int]) -> list[int]:
    return sorted(connection.scalars(query))


def _of_sender(trace: Trace, state: InboxState, *, equal: bool) -> sa.Select[int]:
    has_state = inbox.c.state == state if equal else inbox.c.state != state
    return sa.select(inbox.c.id).where(sa.func.lower(inbox.c.envelope_from) == trace.address, has_state)


def _agents_mails(connection: Connection, concerned: Collection[int]) -> list[int]:
    ours = sa.or_(messages.c.author.is_not(None), messages.c.direction == Direction.OUT)
    query = sa.select(messages.c.inbox_id).where(messages.c.ticket_id.in_(concerned), ours)
    return _ids(connection, query.where(messages.c.inbox_id.is_not(None)))


def _letters(connection: Connection, concerned: Collection[int], hits: Sequence[Hit]) -> set[int]:
    of_tickets = _ids(connection, sa.select(outbox.c.id).where(outbox.c.ticket_id.in_(concerned)))
    numbers = list(connection.scalars(sa.select(tickets.c.number).where(tickets.c.id.in_(concerned))))
    about = letters_about(connection, numbers) if numbers else ()
    return {*of_tickets, *about, *(hit.key["id"] for hit in hits if hit.table is outbox)}


def _mails_behind(connection: Connection, hits: Sequence[Hit]) -> set[int]:
    """The mails whose texts hold the address: their bytes do, too, in whatever encoding."""
    ids = [hit.key["id"] for hit in hits if hit.table is messages]
    query = sa.select(messages.c.inbox_id).where(messages.c.id.in_(ids), messages.c.inbox_id.is_not(None))
    return set(_ids(connection, query))


def forget_person(database: Database, address: str) -> Person:
    """Find and erase; what was found. What came meanwhile is found in a second round. Raises RetryLater."""
    trace = Trace(address)
    first = found = find_person(database, address)
    for _ in range(3):
        with database.write() as connection:
            if database.is_sqlite:
                connection.exec_driver_sql("PRAGMA secure_delete=ON")
            _erase(connection, trace, found)
        found = find_person(database, address)
        if not found.hits:
            break
    return first


def _erase(connection: Connection, trace: Trace, person: Person) -> None:
    concerned = sorted({*person.requested, *person.wrote_in})
    searched = _searched(connection, person, concerned)
    _mails(connection, person.mails)
    _empty(connection, inbox_raw.c.inbox_id, person.agents_mails)
    _own_messages(connection, person.messages)
    for some in _some(concerned):
        others = messages.update().where(messages.c.ticket_id.in_(some))
        connection.execute(others.values(text=messages.c.reply))
    for some in _some(person.requested):
        blank: dict[str, Any] = dict.fromkeys(("requester_name", "requester_address", "requester_key"))
        blank |= {"subject": "", "base_subject": "", "fields": {}}
        connection.execute(tickets.update().where(tickets.c.id.in_(some)).values(**blank))
        subjects = messages.update().where(messages.c.ticket_id.in_(some))
        connection.execute(subjects.values(subject=""))
        renamed = events.update().where(events.c.ticket_id.in_(some), events.c.kind == "subject")
        connection.execute(renamed.values(detail="", because=""))
    _take_back(connection, person.letters)
    _unlearn(connection, concerned)
    for hit in person.hits:
        _blank(connection, trace, hit)
    index_anew(connection, **searched)


def _searched(connection: Connection, person: Person, concerned: Sequence[int]) -> dict[str, set[int]]:
    """The messages and tickets that search must know anew when all is erased."""
    found = {table.name: {h.key["id"] for h in person.hits if h.table is table} for table in (messages, tickets)}
    part = [h.key["id"] for h in person.hits if h.table is participants]
    took_part = _ids(connection, sa.select(participants.c.ticket_id).where(participants.c.id.in_(part)))
    of_tickets = _ids(connection, sa.select(messages.c.id).where(messages.c.ticket_id.in_(concerned)))
    return {
        "message_ids": {*of_tickets, *person.messages, *found["messages"]},
        "ticket_ids": {*concerned, *found["tickets"], *took_part},
    }


def _some(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)]


def _empty(connection: Connection, column: sa.Column[int], ids: Sequence[int]) -> None:
    for some in _some(ids):
        connection.execute(column.table.update().where(column.in_(some)).values(raw=b""))


def _mails(connection: Connection, ids: Sequence[int]) -> None:
    _empty(connection, inbox_raw.c.inbox_id, ids)
    blank: dict[str, Any] = {
        "envelope_from": None,
        "envelope_to": [],
        "peer": "",
        "login": None,
        "message_id": None,
        "reason": REASON,
    }
    for some in _some(ids):
        connection.execute(inbox.update().where(inbox.c.id.in_(some)).values(**blank, decision=None, traceback=None))


def _own_messages(connection: Connection, ids: Sequence[int]) -> None:
    blank: dict[str, Any] = {
        "sender_name": None,
        "sender_address": None,
        "to": [],
        "cc": [],
        "message_id": None,
        "in_reply_to": None,
    }
    blank |= {"references": [], "subject": "", "text": "", "reply": "", "attachments": []}
    for some in _some(ids):
        connection.execute(messages.update().where(messages.c.id.in_(some)).values(**blank))


def _take_back(connection: Connection, ids: Sequence[int]) -> None:
    _empty(connection, outbox_raw.c.outbox_id, ids)
    for some in _some(ids):
        letters = outbox.update().where(outbox.c.id.in_(some))
        connection.execute(letters.values(subject=""))
        # News of a customer's mail bears his name in From.
        senders = connection.execute(sa.select(outbox.c.id, outbox.c.header_from).where(outbox.c.id.in_(some))).all()
        for number, sender in senders:
            connection.execute(outbox.update().where(outbox.c.id == number).values(header_from={**sender, "name": ""}))
        unsent = letters.where(outbox.c.state.in_(_UNSENT))
        connection.execute(unsent.values(state=OutboxState.RECALLED, next_at=None, last_error=_TAKEN_BACK))


def _unlearn(connection: Connection, concerned: Sequence[int]) -> None:
    """What could bring his words back, or tell them once more: orders that can be taken back, news for a digest."""
    for some in _some(concerned):
        connection.execute(undos.delete().where(sa.or_(undos.c.ticket_id.in_(some), undos.c.other_id.in_(some))))
        connection.execute(gathered.delete().where(gathered.c.ticket_id.in_(some)))


def _blank(connection: Connection, trace: Trace, hit: Hit) -> None:
    where = sa.and_(*(hit.table.c[name] == value for name, value in hit.key.items()))
    if hit.is_key or hit.table in (participants, undos):
        connection.execute(hit.table.delete().where(where))
        return
    row = connection.execute(sa.select(hit.table).where(where)).mappings().first()
    # Much was erased above: what is there now counts, not what was there when it was looked for.
    still = {name: trace.without(row[name]) for name in hit.columns if trace.is_in(row[name])} if row else {}
    still |= {name: None for name in still if hit.table.c[name].unique}
    if still:
        connection.execute(hit.table.update().where(where).values(**still))


def wipe(database: Database) -> str | None:
    """Take what was erased out of the files, too; a sentence where that cannot be done now.

    SQLite writes its file anew (others wait for that long, in turns) and empties its write-ahead log; PostgreSQL is
    told to vacuum.
    """
    if not database.is_sqlite:
        _vacuum_server(database)
        return None
    for _ in range(_TRIES):
        try:
            if _rewrite(database):
                return None
        except RetryLater:
            pass
        except sqlite3.OperationalError as error:
            if "full" in str(error):
                return f"there is no room to write the database anew ({error}): its file still holds what was erased"
        time.sleep(_BETWEEN)
    return "somebody reads the database all the time: its files still hold what was erased; run it again"


def _rewrite(database: Database) -> bool:
    with database.write() as connection:
        connection.exec_driver_sql("PRAGMA secure_delete=ON")
        optimize(connection)
    lent = database.engine.raw_connection()
    try:
        cursor = lent.cursor()
        cursor.execute("PRAGMA secure_delete=ON")
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        row = cursor.fetchone()
        cursor.close()
        return row is not None and row[0] == 0
    finally:
        lent.close()


_HELD_WORDS = (
    *("inbox", "inbox_raw", "messages", "tickets", "participants", "outbox", "outbox_raw", "events"),
    *("undos", "gathered"),
)


def _vacuum_server(database: Database) -> None:
    engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for table in (*_HELD_WORDS, *OWN):
            connection.exec_driver_sql(f"VACUUM {table}")
