"""The full-text index: one row a message and one a ticket, with the words that `threads/search.py` makes of them.

SQLite keeps the words in FTS5 tables, PostgreSQL in columns of tsvector; neither cuts or stems words by itself. A
message's row is made in the transaction that keeps the message, and goes with it whoever removes it: the database sees
to that. Which ticket a message belongs to stands in `messages` alone, so that a merge or a split changes nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.messages.mail import Address
from maild.store.tables import messages, participants, tickets
from maild.threads.model import Message, Ticket
from maild.threads.search import Query, Term, words_of_message, words_of_ticket

OWN = ("search_messages", "search_tickets")
"""The tables of the index. They are made of what other tables hold, and are not carried along with those."""
_OWNERS = {"search_messages": "messages", "search_tickets": "tickets"}
# The tokenizer "ascii" takes everything that is not ASCII for letters: only the spaces between our words divide.
_SQLITE = (
    "CREATE VIRTUAL TABLE {index} USING fts5(words, columnsize=0, tokenize=\"ascii tokenchars '_'\")",
    "CREATE TRIGGER {index}_gone AFTER DELETE ON {owner} BEGIN DELETE FROM {index} WHERE rowid = old.id; END",
)
_SERVER = (
    "CREATE TABLE {index} (rowid bigint PRIMARY KEY REFERENCES {owner} ON DELETE CASCADE, words tsvector NOT NULL)",
    # What waits to be sorted in is sorted in by some mail: the less of it, the less that mail has to wait.
    "CREATE INDEX {index}_words ON {index} USING gin (words) WITH (gin_pending_list_limit = 256)",
)
_AT_ONCE, _MOST = 500, 20

_INDEX = {name: sa.table(name, sa.column("rowid", sa.BigInteger)) for name in OWN}


def _of_each(statement: str) -> dict[str, sa.TextClause]:
    return {name: sa.text(statement.format(index=name)) for name in OWN}


_INSERT = _of_each("INSERT INTO {index} (rowid, words) VALUES (:id, :words)")
_INSERT_SERVER = _of_each(
    "INSERT INTO {index} (rowid, words) VALUES (:id, CAST(:words AS tsvector)) "
    "ON CONFLICT (rowid) DO UPDATE SET words = excluded.words WHERE {index}.words <> excluded.words"
)
_DELETE = _of_each("DELETE FROM {index} WHERE rowid = :id")
_CLEAR = _of_each("DELETE FROM {index}")
_OPTIMIZE = _of_each("INSERT INTO {index} ({index}) VALUES ('optimize')")
_KEPT = sa.text("SELECT words FROM search_tickets WHERE rowid = :id")


def make_index(connection: Connection) -> None:
    """The empty tables of the index; `messages` and `tickets` are there already."""
    for index, owner in _OWNERS.items():
        for statement in _SQLITE if connection.dialect.name == "sqlite" else _SERVER:
            connection.exec_driver_sql(statement.format(index=index, owner=owner))


def index_message(connection: Connection, message_id: int, message: Message) -> None:
    """A message that was kept just now can be found."""
    files = [a.filename for a in message.attachments]
    words = words_of_message(message.subject, message.sender, files, message.text)
    _put(connection, "search_messages", [(message_id, words)])


def index_ticket(connection: Connection, ticket: Ticket, *, is_new: bool) -> None:
    """A ticket is found by what it is now; nothing is written where its words are the same as before."""
    people = [p.address for p in ticket.participants]
    if ticket.requester is not None:
        people.insert(0, ticket.requester)
    words = words_of_ticket(ticket.number, ticket.subject, ticket.tags, people)
    if connection.dialect.name == "sqlite" and not is_new:
        if connection.execute(_KEPT, {"id": ticket.id}).scalar() == " ".join(words):
            return
        connection.execute(_DELETE["search_tickets"], {"id": ticket.id})
    _put(connection, "search_tickets", [(ticket.id, words)])


def _put(connection: Connection, table: str, rows: Iterable[tuple[int, Sequence[str]]]) -> None:
    if connection.dialect.name == "sqlite":
        values = [{"id": number, "words": " ".join(words)} for number, words in rows]
        statement = _INSERT[table]
    else:
        values = [{"id": number, "words": _vector(words)} for number, words in rows]
        statement = _INSERT_SERVER[table]
    if values:
        connection.execute(statement, values)


def _vector(words: Sequence[str]) -> str:
    """Words with their places, as PostgreSQL writes a tsvector; none of them holds a quote or a backslash."""
    places: dict[str, list[str]] = {}
    for place, word in enumerate(words, 1):
        places.setdefault(word, []).append(str(place))
    return " ".join(f"'{word}':{','.join(at)}" for word, at in places.items())


def build_index(connection: Connection) -> None:
    """Make the rows of everything that is kept, some at a time; whatever the index held before goes."""
    for name in OWN:
        connection.execute(_CLEAR[name])
    for table, index in ((messages, _index_messages), (tickets, _index_tickets)):
        last = 0
        while ids := list(
            connection.scalars(sa.select(table.c.id).where(table.c.id > last).order_by(table.c.id).limit(_AT_ONCE))
        ):
            index(connection, ids)
            last = ids[-1]


def index_anew(connection: Connection, *, message_ids: Iterable[int] = (), ticket_ids: Iterable[int] = ()) -> None:
    """What was changed behind the back of a decision is found by what it is now."""
    for table, ids, index in (
        ("search_messages", sorted(message_ids), _index_messages),
        ("search_tickets", sorted(ticket_ids), _index_tickets),
    ):
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            connection.execute(_DELETE[table], [{"id": number} for number in some])
            index(connection, some)


# Column by column: the migration that builds the index must not ask for a column that a later one adds.
_MESSAGES = sa.select(
    messages.c.id,
    messages.c.subject,
    messages.c.sender_name,
    messages.c.sender_address,
    messages.c.attachments,
    messages.c.text,
).order_by(messages.c.id)
_TICKETS = sa.select(
    tickets.c.id,
    tickets.c.number,
    tickets.c.subject,
    tickets.c.tags,
    tickets.c.requester_name,
    tickets.c.requester_address,
).order_by(tickets.c.id)
_PEOPLE = sa.select(participants.c.ticket_id, participants.c.name, participants.c.address).order_by(participants.c.id)


def _index_messages(connection: Connection, ids: Sequence[int]) -> None:
    def words(row: Any) -> list[str]:
        files = [a["filename"] for a in row.attachments]
        return words_of_message(row.subject, _address(row.sender_name, row.sender_address), files, row.text)

    rows = connection.execute(_MESSAGES.where(messages.c.id.in_(ids)))
    _put(connection, "search_messages", ((row.id, words(row)) for row in rows))


def _index_tickets(connection: Connection, ids: Sequence[int]) -> None:
    people: dict[int, list[Address]] = {}
    rows = connection.execute(_TICKETS.where(tickets.c.id.in_(ids))).all()
    for r in rows:
        requester = _address(r.requester_name, r.requester_address)
        people[r.id] = [requester] if requester is not None else []
    for p in connection.execute(_PEOPLE.where(participants.c.ticket_id.in_(ids))):
        people[p.ticket_id].append(Address(name=p.name, address=p.address))
    found = ((r.id, words_of_ticket(r.number, r.subject, r.tags, people[r.id])) for r in rows)
    _put(connection, "search_tickets", found)


def _address(name: str | None, address: str | None) -> Address | None:
    return Address(name=name or "", address=address) if address is not None else None


def unindexed(connection: Connection) -> Iterator[str]:
    """Every message and ticket that search cannot find, and every row of the index that belongs to none."""
    for table, index, what in ((messages, "search_messages", "message"), (tickets, "search_tickets", "ticket")):
        place = _INDEX[index].c.rowid
        rows = sa.select(place)
        for number in connection.scalars(sa.select(table.c.id).where(table.c.id.not_in(rows)).limit(_MOST)):
            yield f"{what} {number} cannot be found by search; `maild db reindex` makes the index anew"
        for number in connection.scalars(rows.where(place.not_in(sa.select(table.c.id))).limit(_MOST)):
            yield f"search knows a {what} {number} that does not exist; `maild db reindex` makes the index anew"


def optimize(connection: Connection) -> None:
    """FTS5 keeps words that were removed until their pages are written anew: write them anew."""
    for name in OWN:
        connection.execute(_OPTIMIZE[name])


@contextmanager
def by_the_index(connection: Connection) -> Iterator[None]:
    """Searches within go by the index, however many texts a word stands in.

    PostgreSQL takes looking into a tsvector for as cheap as comparing two numbers, and would look into every one.
    """
    if connection.dialect.name == "sqlite":
        yield
        return
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    yield
    connection.exec_driver_sql("SET LOCAL enable_seqscan = on")


def holding(dialect: str, query: Query) -> list[sa.ColumnElement[bool]]:
    """The conditions on `tickets` that a search means: each of its words somewhere, and none of those unwanted."""
    wanted: list[sa.ColumnElement[bool]] = [tickets.c.id.in_(_tickets_with(dialect, t)) for t in query.wanted]
    return wanted + [tickets.c.id.not_in(_tickets_with(dialect, term)) for term in query.unwanted]


def rank(dialect: str, query: Query) -> sa.ColumnElement[int]:
    """0: a ticket that the search names by its number. 1: its subject, people and tags hold all of it. 2: its texts."""
    itself = [tickets.c.id.in_(_rows_with(dialect, "search_tickets", term)) for term in query.wanted]
    named = (tickets.c.id.in_(query.numbers), 0) if query.numbers else None
    return sa.case(*(c for c in (named, (sa.and_(sa.true(), *itself), 1)) if c is not None), else_=2)


def _tickets_with(dialect: str, term: Term) -> sa.SelectBase:
    texts = (
        sa.select(messages.c.ticket_id)
        .with_hint(messages, "INDEXED BY messages_tickets", "sqlite")
        .where(messages.c.id.in_(_rows_with(dialect, "search_messages", term)))
    )
    return sa.union_all(_rows_with(dialect, "search_tickets", term), texts)


def _rows_with(dialect: str, table: str, term: Term) -> sa.Select[Any]:
    rows = sa.select(_INDEX[table].c.rowid)
    if dialect == "sqlite":
        return rows.where(sa.literal_column(table).op("MATCH")(_for_sqlite(term)))
    from sqlalchemy.dialects.postgresql import TSQUERY  # a desk on SQLite need not load it with each mail

    wanted = sa.cast(sa.literal(_for_server(term), sa.Text), TSQUERY)
    return rows.where(sa.literal_column(f"{table}.words").op("@@")(wanted))


def _for_sqlite(term: Term) -> str:
    """A phrase of FTS5: "a b", or "a b" OR "a begin"*."""
    *before, _ = term.words
    whole = f'"{" ".join(term.words)}"'
    return f'{whole} OR "{" ".join((*before, term.beginning))}"*' if term.beginning else whole


def _for_server(term: Term) -> str:
    """The same as a tsquery: 'a' <-> 'b', or 'a' <-> ('b' | 'begin':*)."""
    *before, last = (f"'{word}'" for word in term.words)
    if term.beginning:
        last = f"({last} | '{term.beginning}':*)"
    return " <-> ".join((*before, last))
