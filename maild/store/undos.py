"""What agents did and may take back for a week, and answers that wait for their writers' word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.messages.addresses import normal
from maild.store.rows import address_row, clock_row, ticket_row, to_clock, to_participant, to_ticket
from maild.store.tables import events, letter_news, messages, outbox, undos
from maild.threads.model import Direction, HeldAnswer, OutboxState, Ticket, Touched, Undo
from maild.threads.plan import LetterKind
from maild.threads.undo import KEPT_FOR

Moved = Mapping[int, Sequence[tuple[int, int | None]]]
"""By the ticket to which they came: the ids of messages, each with the ticket that it had come from before."""
_STOPPABLE = (OutboxState.WAITING, OutboxState.HELD)
_ON_ITS_WAY = (OutboxState.SENDING, OutboxState.UNCERTAIN)
LET_OUT = "was let out of the ticket before the answer left"
"""Stands with a recipient whom a letter does not go to any more."""
_TIMES = ("created_at", "updated_at", "solved_at", "due_at", "due_by", "wake_at")
_TIMES_OF_CLOCKS = ("started_at", "resumed_at", "due_at", "ended_at")


def save_undo(connection: Connection, undo: Undo, now: datetime, moved: Moved) -> None:
    """Keep an action, with the messages that it moves; those too old to be taken back go."""
    connection.execute(undos.delete().where(undos.c.at < now - KEPT_FOR))
    data = {
        "what": undo.what,
        "ticket": _touched_json(undo.ticket),
        "others": [_touched_json(t) for t in undo.others],
        "letters": list(undo.letters),
        "kept": list(undo.kept),
        "moved": {str(ticket): [list(one) for one in some] for ticket, some in moved.items()},
    }
    other = undo.others[0].after.id if undo.others else None
    values = {"ticket_id": undo.ticket.after.id, "other_id": other, "actor": undo.actor, "at": undo.at, "data": data}
    connection.execute(undos.insert(), values)


def last_undo(connection: Connection, ticket: int, actor: str, now: datetime) -> Undo | None:
    """The last action of this agent that touched a ticket and has not been taken back."""
    query = (
        sa.select(undos)
        .where(sa.or_(undos.c.ticket_id == ticket, undos.c.other_id == ticket))
        .where(undos.c.actor == actor, undos.c.undone_at.is_(None))
        .where(undos.c.at >= now - KEPT_FOR)
        .order_by(undos.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    data = row["data"]
    letters = tuple(data["letters"])
    return Undo(
        id=row["id"],
        actor=row["actor"],
        at=row["at"],
        what=data["what"],
        ticket=_touched(data["ticket"]),
        others=tuple(_touched(t) for t in data["others"]),
        letters=letters,
        kept=tuple(data["kept"]),
        left=bool(letters) and _stoppable(connection, letters) < len(letters),
    )


def _stoppable(connection: Connection, letters: Sequence[str]) -> int:
    """How many of these letters nobody has begun to send; they stay so until the transaction ends."""
    not_left = outbox.c.state.in_((*_STOPPABLE, OutboxState.RECALLED))
    query = sa.select(outbox.c.id).where(outbox.c.message_id.in_(letters), not_left, outbox.c.attempts == 0)
    return len(connection.execute(query.with_for_update()).all())


def moved_by(connection: Connection, undo: int) -> Moved:
    """The messages that an action moved, by the ticket that they came to."""
    data = connection.scalar(sa.select(undos.c.data).where(undos.c.id == undo))
    if data is None:
        return {}
    if "moved" in data:
        return {int(ticket): [(i, before) for i, before in some] for ticket, some in data["moved"].items()}
    # An action of an older version: what came from its ticket, as far as it has not been moved on since.
    main = data["ticket"]["after"]["id"]
    numbers = [other["after"]["id"] for other in data["others"]]
    query = sa.select(messages.c.id, messages.c.ticket_id).where(
        messages.c.ticket_id.in_(numbers), messages.c.moved_from == main
    )
    found: dict[int, list[tuple[int, int | None]]] = {number: [] for number in numbers}
    for row in connection.execute(query):
        found[row.ticket_id].append((row.id, None))
    return found


def mark_undone(connection: Connection, undo: int, now: datetime) -> None:
    """The action is taken back, once."""
    connection.execute(undos.update().where(undos.c.id == undo).values(undone_at=now))


def held_answers(connection: Connection, ticket: int) -> tuple[HeldAnswer, ...]:
    """Answers on a ticket that wait for their writers' word, oldest first; those that came with a merge among them."""
    rows = connection.execute(_answers_of(ticket).where(outbox.c.state == OutboxState.HELD))
    return tuple(HeldAnswer(message_id=r.message_id, author=r.author, at=r.created_at) for r in rows)


def _answers_of(ticket: int) -> sa.Select[Any]:
    """The answers in a ticket with their letters, oldest first: a letter keeps the ticket that it was written on."""
    return (
        sa.select(outbox, messages.c.author)
        .join(messages, messages.c.message_id == outbox.c.message_id)
        .where(messages.c.ticket_id == ticket, messages.c.direction == Direction.OUT, messages.c.author.is_not(None))
        .where(outbox.c.kind == LetterKind.ANSWER)
        .order_by(outbox.c.id)
    )


def follow_people(connection: Connection, ticket: int, changed: Mapping[str, bool], now: datetime) -> None:
    """Answers that have not left go to nobody who was let out since, and again to who was let in; `changed`: by key.

    Where nobody is left the answer is taken back, and there is news for its agents. A try that is on its way cannot be
    held, but is the last one.
    """
    waiting = _answers_of(ticket).where(outbox.c.state.in_((*_STOPPABLE, *_ON_ITS_WAY)))
    for letter in connection.execute(waiting.with_for_update(of=outbox)).mappings().all():
        recipients = [_followed(r, changed) for r in letter["recipients"]]
        if recipients == letter["recipients"]:
            continue
        alone = not any(r["state"] == "waiting" for r in recipients)
        marked = [r | {"alone": True} if alone and r["state"] == "let_out" else r for r in recipients]
        connection.execute(outbox.update().where(outbox.c.id == letter["id"]).values(recipients=marked))
        if alone and letter["state"] != OutboxState.SENDING:
            _nobody_left(connection, letter, now)
        who = ", ".join(r["address"] for r in letter["recipients"] if normal(r["address"]) in changed)
        event = {"at": now, "kind": "recipients", "actor": "maild", "detail": f"a waiting answer follows: {who}"}
        connection.execute(events.insert(), {"ticket_id": ticket, "because": "let in or out before it left", **event})


def _nobody_left(connection: Connection, letter: Mapping[Any, Any], now: datetime) -> None:
    ours = outbox.c.id == letter["id"]
    values = {"state": OutboxState.RECALLED, "next_at": None, "last_error": LET_OUT}
    if letter["state"] != OutboxState.UNCERTAIN and not any(r["state"] == "sent" for r in letter["recipients"]):
        recall(connection, [letter["message_id"]])
    connection.execute(outbox.update().where(ours).values(**values))
    connection.execute(letter_news.delete().where(letter_news.c.outbox_id == letter["id"]))
    connection.execute(letter_news.insert(), {"outbox_id": letter["id"], "look_at": now})


def _followed(recipient: dict[str, Any], changed: Mapping[str, bool]) -> dict[str, Any]:
    let_in = changed.get(normal(recipient["address"]))
    if let_in is False and recipient["state"] == "waiting":
        return recipient | {"state": "let_out", "error": LET_OUT}
    if let_in and recipient["state"] == "let_out":
        return recipient | {"state": "waiting", "error": "", "moved": True}
    return recipient


def written_after(connection: Connection, letters: Sequence[str], answers: Sequence[str]) -> frozenset[str]:
    """Those of the answers that were written after the nearest of these letters of ours, by their Message-IDs.

    What counts is the order in which they were written, which the lock on their ticket makes one: an answer may have
    come in before the letter was written, and be carried out after it.
    """
    if not letters or not answers:
        return frozenset()
    query = sa.select(outbox.c.message_id, outbox.c.id).where(outbox.c.message_id.in_([*letters, *answers]))
    places = {row.message_id: row.id for row in connection.execute(query)}
    seen = next((places[m] for m in letters if m in places), None)
    return frozenset(m for m in answers if seen is not None and places.get(m, 0) > seen)


def recall(connection: Connection, letters: Sequence[str]) -> None:
    """Answers are taken back before they leave, and stay in their ticket as what was never sent."""
    stoppable = outbox.c.message_id.in_(letters) & outbox.c.state.in_(_STOPPABLE)
    connection.execute(outbox.update().where(stoppable).values(state=OutboxState.RECALLED, next_at=None))
    connection.execute(messages.update().where(messages.c.message_id.in_(letters)).values(visibility="internal"))


def release(connection: Connection, letters: Sequence[str], at: datetime) -> None:
    """Held answers leave at this time, and are part of the conversation."""
    held = outbox.c.message_id.in_(letters) & (outbox.c.state == OutboxState.HELD)
    connection.execute(outbox.update().where(held).values(state=OutboxState.WAITING, next_at=at, last_error=""))
    connection.execute(messages.update().where(messages.c.message_id.in_(letters)).values(visibility="public"))


def _touched_json(touched: Touched) -> dict[str, Any]:
    return {
        "before": _ticket_json(touched.before) if touched.before is not None else None,
        "after": _ticket_json(touched.after),
        "clocks": [_plain(clock_row(c, touched.after.promise)) for c in touched.clocks],
    }


def _touched(value: Mapping[str, Any]) -> Touched:
    before = value["before"]
    return Touched(
        before=_ticket(before) if before is not None else None,
        after=_ticket(value["after"]),
        clocks=tuple(to_clock(_timed(c)) for c in value["clocks"]),
    )


def _ticket_json(ticket: Ticket) -> dict[str, Any]:
    people = [address_row(p.address) | {"confirmed": p.confirmed} for p in ticket.participants]
    return _plain(ticket_row(ticket)) | {"id": ticket.id, "participants": people}


def _ticket(value: Mapping[str, Any]) -> Ticket:
    return to_ticket(_timed(value), tuple(to_participant(p) for p in value["participants"]))


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}


def _timed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(value) if name in (*_TIMES, *_TIMES_OF_CLOCKS) and value is not None else value
        for name, value in row.items()
    }
