"""The tables. Raw bytes lie apart from the rows that change, so that a change of state never rewrites a mail."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Dialect

metadata = sa.MetaData()


class Instant(sa.TypeDecorator[datetime]):
    """A moment: aware in Python, UTC in the database."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a time without a zone: it would mean another moment on every machine."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Always aware, always UTC."""
        if value is None or value.tzinfo is UTC:
            return value
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_REFUSED = re.compile("[\x00\ud800-\udfff]")


def clean(text: str) -> str:
    """Text that every database takes: PostgreSQL refuses a NUL, and none takes half a character (a lone surrogate).

    Mails come clean out of their reader; this is for what comes from elsewhere: names of files, words of a command,
    errors. Each such character becomes U+FFFD.
    """
    return text if text.isascii() and "\x00" not in text else _REFUSED.sub("\ufffd", text)


class Words(sa.TypeDecorator[str]):
    """Text from outside, in a form that both databases take."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Clean it, also where it is only looked for."""
        return None if value is None else clean(value)


# SQLite makes a primary key its own row number, with no index beside the table, only where it is called INTEGER.
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _id() -> sa.Column[Any]:
    return sa.Column("id", _NUMBER, primary_key=True, autoincrement=True)


def _ticket(*, nullable: bool = False, index: bool = False) -> sa.Column[Any]:
    return sa.Column("ticket_id", sa.BigInteger, sa.ForeignKey("tickets.id"), nullable=nullable, index=index)


_POLLED = sa.text("channel = 'imap'")

inbox = sa.Table(
    "inbox",
    metadata,
    _id(),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("channel", Words, nullable=False),
    sa.Column("source", Words, nullable=False),
    sa.Column("envelope_from", Words),
    sa.Column("envelope_to", sa.JSON, nullable=False),
    sa.Column("peer", Words, nullable=False),
    sa.Column("login", Words),
    sa.Column("trusted", sa.Boolean, nullable=False),
    sa.Column("message_id", Words),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("ticket_id", sa.BigInteger),
    sa.Column("duplicate_of", sa.BigInteger),
    sa.Column("reason", Words, nullable=False, default=""),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("next_at", Instant, nullable=False),
    sa.Column("finished_at", Instant),
    sa.Column("decision", sa.JSON(none_as_null=True)),
    sa.Column("traceback", Words),
    sa.Column("backlog", sa.Boolean, nullable=False, default=False, server_default=sa.false()),
    sa.Column("confirmed", Words),
    # In the order of numbers: the first that wait are found without sorting all that wait.
    sa.Index("inbox_by_state", "state", "id", "next_at"),
    sa.Index("inbox_by_digest", "digest"),
    sa.Index("inbox_by_source", "source", sqlite_where=_POLLED),
)


@event.listens_for(metadata, "before_create")
def _say_it_to_the_server(_tables: object, connection: Connection, **_: object) -> None:
    """The index's condition once more: named above, it would load PostgreSQL's dialect with each mail from a pipe."""
    if connection.dialect.name == "postgresql":
        (index,) = (index for index in inbox.indexes if index.name == "inbox_by_source")
        index.dialect_options["postgresql"]["where"] = _POLLED


inbox_raw = sa.Table(
    "inbox_raw",
    metadata,
    sa.Column("inbox_id", _NUMBER, sa.ForeignKey("inbox.id"), primary_key=True, autoincrement=False),
    sa.Column("raw", sa.LargeBinary, nullable=False),
)
counters = sa.Table(
    "counters",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)
tickets = sa.Table(
    "tickets",
    metadata,
    sa.Column("id", _NUMBER, primary_key=True, autoincrement=False),
    sa.Column("number", Words, nullable=False, unique=True),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("subject", Words, nullable=False),
    sa.Column("base_subject", Words, nullable=False),
    sa.Column("queue", Words, nullable=False),
    sa.Column("line", sa.Integer, nullable=False),
    sa.Column("assignee", Words),
    sa.Column("priority", sa.String(16), nullable=False),
    sa.Column("tags", sa.JSON, nullable=False),
    sa.Column("fields", sa.JSON, nullable=False),
    sa.Column("requester_name", Words),
    sa.Column("requester_address", Words),
    sa.Column("requester_key", sa.String(320)),
    sa.Column("language", sa.String(16), nullable=False),
    sa.Column("channel", Words, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    sa.Column("solved_at", Instant),
    sa.Column("due_at", Instant),
    sa.Column("next_step_at", Instant),
    sa.Column("promise", Words),
    sa.Column("wake_at", Instant),
    sa.Column("due_by", Instant),
    sa.Column("due_set_by", Words),
    sa.Column("promise_set", sa.Boolean),
    sa.Column("promises_fitted", sa.JSON),
    sa.Index("tickets_by_requester", "requester_key", "status"),
    sa.Index("tickets_by_status", "status", "due_at"),
    sa.Index("tickets_by_step", "next_step_at"),
    sa.Index("tickets_by_assignee", "assignee", "status"),
)
participants = sa.Table(
    "participants",
    metadata,
    _id(),
    _ticket(),
    sa.Column("key", sa.String(320), nullable=False),
    sa.Column("name", Words, nullable=False),
    sa.Column("address", Words, nullable=False),
    sa.Column("confirmed", sa.Boolean, nullable=False),
    sa.UniqueConstraint("ticket_id", "key"),
)
messages = sa.Table(
    "messages",
    metadata,
    _id(),
    _ticket(index=True),
    sa.Column("inbox_id", sa.BigInteger, index=True),
    sa.Column("outbox_id", sa.BigInteger),
    sa.Column("digest", sa.String(64), unique=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("direction", sa.String(8), nullable=False),
    sa.Column("visibility", sa.String(16), nullable=False),
    sa.Column("mail_class", sa.String(16), nullable=False),
    sa.Column("sender_name", Words),
    sa.Column("sender_address", Words),
    sa.Column("to", sa.JSON, nullable=False),
    sa.Column("cc", sa.JSON, nullable=False),
    sa.Column("message_id", Words),
    sa.Column("in_reply_to", Words),
    sa.Column("references", sa.JSON, nullable=False),
    sa.Column("subject", Words, nullable=False),
    sa.Column("text", Words, nullable=False),
    sa.Column("reply", Words, nullable=False),
    sa.Column("attachments", sa.JSON, nullable=False),
    sa.Column("author", Words),
    sa.Column("proposed", sa.Boolean, nullable=False),
    sa.Column("unverified", sa.Boolean, nullable=False),
    sa.Column("moved_from", sa.BigInteger),
    # A message's ticket out of a few pages, where the rows themselves fill many: what a search goes by.
    sa.Index("messages_tickets", "id", "ticket_id"),
)
mail_ids = sa.Table(
    "mail_ids",
    metadata,
    _id(),
    # The hash of the Message-ID: one of 12 kB fits into no index, and one with a NUL into no text.
    sa.Column("id_hash", sa.String(64), nullable=False),
    sa.Column(
        "kind", sa.String(8), nullable=False
    ),  # stored: a mail of the ticket; referred: a mail of it refers to this
    _ticket(),
    sa.UniqueConstraint("id_hash", "kind", "ticket_id"),
)
events = sa.Table(
    "events",
    metadata,
    _id(),
    _ticket(index=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("kind", Words, nullable=False),
    sa.Column("actor", Words, nullable=False),
    sa.Column("detail", Words, nullable=False),
    sa.Column("because", Words, nullable=False),
)
links = sa.Table(
    "links",
    metadata,
    _id(),
    _ticket(index=True),
    sa.Column("kind", sa.String(24), nullable=False),
    sa.Column("other_id", sa.BigInteger, nullable=False),
)
clocks = sa.Table(
    "clocks",
    metadata,
    _id(),
    _ticket(index=True),
    sa.Column("target", sa.String(24), nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("resumed_at", Instant),
    sa.Column("spent_microseconds", sa.BigInteger, nullable=False),
    sa.Column("due_at", Instant),
    sa.Column("ended_at", Instant),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("promise", Words, nullable=False),
    sa.Column("missed", sa.JSON),
    sa.Column("moved_from", Words),
)
steps_done = sa.Table(
    "steps_done",
    metadata,
    _id(),
    _ticket(),
    sa.Column("key", Words, nullable=False),
    sa.Column("done_at", Instant, nullable=False),
    sa.UniqueConstraint("ticket_id", "key"),  # each escalation step exactly once, whoever ticks and however often
)
outbox = sa.Table(
    "outbox",
    metadata,
    _id(),
    sa.Column("message_id", Words, nullable=False),
    sa.Column("kind", sa.String(24), nullable=False),
    sa.Column("header_from", sa.JSON, nullable=False),
    sa.Column("envelope_from", Words, nullable=False),
    # One object a recipient: address, state (waiting, sent, failed), error.
    sa.Column("recipients", sa.JSON, nullable=False),
    sa.Column("recipient_key", sa.String(320), nullable=False),
    sa.Column("subject", Words, nullable=False),
    sa.Column("ticket_id", sa.BigInteger, index=True),
    sa.Column("unique_key", Words, unique=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("next_at", Instant),
    sa.Column("sent_at", Instant),
    sa.Column("last_error", Words, nullable=False),
    sa.Column("claimed_by", Words),
    sa.Index("outbox_by_state", "state", "next_at", "id"),
    sa.Index("outbox_by_message_id", "message_id"),
    sa.Index("outbox_by_recipient", "kind", "recipient_key", "created_at"),
)
outbox_raw = sa.Table(
    "outbox_raw",
    metadata,
    sa.Column("outbox_id", _NUMBER, sa.ForeignKey("outbox.id"), primary_key=True, autoincrement=False),
    sa.Column("raw", sa.LargeBinary, nullable=False),
)
mailboxes = sa.Table(
    "mailboxes",
    metadata,
    sa.Column("name", Words, primary_key=True),
    sa.Column("uidvalidity", sa.BigInteger, nullable=False),
    sa.Column("last_uid", sa.BigInteger, nullable=False),
    sa.Column("read_at", Instant, nullable=False),
    # When it was first read: what had come before is not acknowledged. Null: it was read before there was this column.
    sa.Column("began_at", Instant),
    # The UIDs up to this one were left alone on purpose, by `start = "new"`.
    sa.Column("left_uid", sa.BigInteger, nullable=False, default=0, server_default=sa.text("0")),
    sa.Column("compared_at", Instant),
)
# Polled mails whose rows were removed on purpose: they may still lie in their mailbox, and are not taken again.
left_mails = sa.Table("left_mails", metadata, sa.Column("source", Words, primary_key=True))
leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", Words, primary_key=True),
    sa.Column("holder", Words, nullable=False),
    sa.Column("until", Instant, nullable=False),
)
# Letters that somebody may have to be told about, and when: an answer that has not left, one that did not arrive.
letter_news = sa.Table(
    "letter_news",
    metadata,
    sa.Column("outbox_id", _NUMBER, sa.ForeignKey("outbox.id"), primary_key=True, autoincrement=False),
    sa.Column("look_at", Instant, nullable=False, index=True),
)
# Addresses that refused mail for good: how often, and until when they get no automatic letters.
dead_addresses = sa.Table(
    "dead_addresses",
    metadata,
    sa.Column("key", sa.String(320), primary_key=True),
    sa.Column("address", Words, nullable=False),
    sa.Column("bounces", sa.Integer, nullable=False),
    sa.Column("last_at", Instant, nullable=False),
    sa.Column("until", Instant),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("reason", Words, nullable=False),
)
# Acknowledgements that were wanted from us, given or not: counted for the budgets, thrown away after hours.
acknowledged = sa.Table(
    "acknowledged",
    metadata,
    _id(),
    sa.Column("domain", sa.String(255), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("given", sa.Boolean, nullable=False),
    sa.Index("acknowledged_by_domain", "domain", "given", "at"),
    sa.Index("acknowledged_by_time", "at"),
)
# News for a digest, a row a piece; `told_at` is when the digest was written that tells it.
gathered = sa.Table(
    "gathered",
    metadata,
    _id(),
    sa.Column("recipient_key", sa.String(320), nullable=False),
    sa.Column("address", Words, nullable=False),
    sa.Column("name", Words, nullable=False),
    sa.Column("language", sa.String(16), nullable=False),
    sa.Column("ticket_id", sa.BigInteger),
    sa.Column("view", sa.JSON, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("ready_at", Instant, nullable=False),
    sa.Column("told_at", Instant),
    sa.Index("gathered_by_recipient", "recipient_key", "at"),
    sa.Index("gathered_by_state", "told_at", "recipient_key", "ready_at"),
)
# What the admin has to know of. `untold`: how often it came since a letter told it; `announced`: its end is to be told.
troubles = sa.Table(
    "troubles",
    metadata,
    sa.Column("cause", sa.String(32), primary_key=True),
    sa.Column("about", sa.String(255), primary_key=True),
    sa.Column("text", Words, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("last_at", Instant, nullable=False),
    sa.Column("told_at", Instant),
    sa.Column("untold", sa.Integer, nullable=False),
    sa.Column("open", sa.Boolean, nullable=False),
    sa.Column("announced", sa.Boolean, nullable=False),
)
# When something regular was done last.
beats = sa.Table(
    "beats",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("at", Instant, nullable=False),
)
undos = sa.Table(
    "undos",
    metadata,
    _id(),
    sa.Column("ticket_id", sa.BigInteger, nullable=False),
    # Of a merge or a split the second ticket.
    sa.Column("other_id", sa.BigInteger),
    sa.Column("actor", Words, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("undone_at", Instant),
    # The tickets that the action touched, before and after, and the letters that it sent.
    sa.Column("data", sa.JSON, nullable=False),
    sa.Index("undos_by_ticket", "ticket_id", "actor"),
    sa.Index("undos_by_other", "other_id"),
    sa.Index("undos_by_time", "at"),
)
# Agents who said that they are away ("order"), or whose machines did ("mail"); `until` null: until they say otherwise.
absences = sa.Table(
    "absences",
    metadata,
    sa.Column("agent", Words, primary_key=True),
    sa.Column("source", sa.String(8), primary_key=True),
    sa.Column("since", Instant, nullable=False),
    sa.Column("until", Instant),
    sa.Column("deputy", Words),
)
# Of each group of agents among whom tickets are shared out, everybody's last turn; the lowest number waits longest.
turns = sa.Table(
    "turns",
    metadata,
    sa.Column("pool", Words, primary_key=True),
    sa.Column("agent", Words, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
)
# By which rules the open tickets were last looked through, and how far a walk through them has come. `promises` tells
# which text of them counted until then, by the number of the ticket: [[up to which, text], ...]; null: for all others.
rules_in_force = sa.Table(
    "rules_in_force",
    metadata,
    sa.Column("name", sa.String(16), primary_key=True),
    sa.Column("revision", sa.String(64), nullable=False),
    sa.Column("promises", sa.JSON, nullable=False),
    sa.Column("next_revision", sa.String(64)),
    sa.Column("next_promises", sa.Text),
    sa.Column("position", sa.BigInteger, nullable=False),
)
# The table that Alembic keeps its place in.
schema_version = sa.Table(
    "alembic_version",
    metadata,
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
