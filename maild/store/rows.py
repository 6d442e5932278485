"""Rows become values and values become rows; nothing is decided here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from maild.messages.addresses import normal
from maild.messages.envelope import Envelope
from maild.messages.mail import Address, MailClass
from maild.sla.deadlines import ClockState, Missed, TicketClock
from maild.sla.promise import Target
from maild.store.tables import clean
from maild.threads.model import (
    AttachmentNote,
    Deadline,
    Direction,
    Message,
    Participant,
    Priority,
    Status,
    Ticket,
    Visibility,
)

Row = Mapping[Any, Any]


def address_row(address: Address) -> dict[str, str]:
    """An address as JSON."""
    return {"name": address.name, "address": address.address}


def to_address(value: Mapping[str, str]) -> Address:
    """An address out of JSON."""
    return Address(name=value["name"], address=value["address"])


def ticket_row(ticket: Ticket) -> dict[str, Any]:
    """A ticket's columns, its participants left aside."""
    requester = ticket.requester
    return {
        "number": ticket.number,
        "status": str(ticket.status),
        "subject": ticket.subject,
        "base_subject": ticket.base_subject,
        "queue": ticket.queue,
        "line": ticket.line,
        "assignee": ticket.assignee,
        "priority": str(ticket.priority),
        "tags": list(ticket.tags),
        "fields": dict(ticket.fields),
        "requester_name": requester.name if requester else None,
        "requester_address": requester.address if requester else None,
        "requester_key": key_of(requester),
        "language": ticket.language,
        "channel": ticket.channel,
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
        "solved_at": ticket.solved_at,
        "due_at": ticket.due_at,
        "promise": ticket.promise,
        "wake_at": ticket.wake_at,
        "due_by": ticket.deadline.at if ticket.deadline else None,
        "due_set_by": ticket.deadline.set_by if ticket.deadline else None,
        "promise_set": ticket.promise_set,
        "promises_fitted": list(ticket.promises_fitted) if ticket.promises_fitted is not None else None,
    }


def to_envelope(row: Row) -> Envelope:
    """How a mail came, as far as what is told of accepted mails says it."""
    return Envelope(
        channel=row["channel"],
        source=row["source"],
        sender=row["envelope_from"],
        recipients=tuple(row["envelope_to"]),
    )


def key_of(address: Address | None) -> str | None:
    """How an address is compared and found; an over-long one is cut, as its index column is."""
    return clean(normal(address.address)[:320]) if address else None


def to_ticket(row: Row, participants: tuple[Participant, ...]) -> Ticket:
    """A ticket out of its row."""
    address = row["requester_address"]
    return Ticket(
        id=row["id"],
        number=row["number"],
        status=Status(row["status"]),
        subject=row["subject"],
        base_subject=row["base_subject"],
        queue=row["queue"],
        line=row["line"],
        assignee=row["assignee"],
        priority=Priority(row["priority"]),
        tags=tuple(row["tags"]),
        fields=row["fields"],
        requester=Address(name=row["requester_name"] or "", address=address) if address is not None else None,
        participants=participants,
        language=row["language"],
        channel=row["channel"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        solved_at=row["solved_at"],
        due_at=row["due_at"],
        promise=row["promise"],
        wake_at=row["wake_at"],
        deadline=_deadline(row),
        promise_set=bool(row.get("promise_set")),
        promises_fitted=tuple(fitted) if (fitted := row.get("promises_fitted")) is not None else None,
    )


def _deadline(row: Row) -> Deadline | None:
    at = row.get("due_by")  # an action that was kept for undoing by an older maild has none
    return Deadline(at=at, set_by=row["due_set_by"] or "") if at is not None else None


def to_participant(row: Row) -> Participant:
    """A participant out of its row."""
    return Participant(address=Address(name=row["name"], address=row["address"]), confirmed=row["confirmed"])


def message_row(message: Message) -> dict[str, Any]:
    """A message's columns, its ticket left aside."""
    sender = message.sender
    return {
        "at": message.at,
        "direction": str(message.direction),
        "visibility": str(message.visibility),
        "mail_class": str(message.mail_class),
        "sender_name": sender.name if sender else None,
        "sender_address": sender.address if sender else None,
        "to": [address_row(a) for a in message.to],
        "cc": [address_row(a) for a in message.cc],
        "message_id": message.message_id,
        "in_reply_to": message.in_reply_to,
        "references": list(message.references),
        "subject": message.subject,
        "text": message.text,
        "reply": message.reply,
        "attachments": [attachment_row(a) for a in message.attachments],
        "author": message.author,
        "proposed": message.proposed,
        "unverified": message.unverified,
    }


def attachment_row(note: AttachmentNote) -> dict[str, Any]:
    """What is kept of an attachment, as JSON."""
    return {
        "filename": note.filename,
        "content_type": note.content_type,
        "size": note.size,
        "sha256": note.sha256,
        "inline": note.inline,
        "content_id": note.content_id,
    }


def to_message(row: Row) -> Message:
    """A message out of its row."""
    address = row["sender_address"]
    return Message(
        at=row["at"],
        direction=Direction(row["direction"]),
        visibility=Visibility(row["visibility"]),
        mail_class=MailClass(row["mail_class"]),
        sender=Address(name=row["sender_name"] or "", address=address) if address is not None else None,
        to=tuple(to_address(a) for a in row["to"]),
        cc=tuple(to_address(a) for a in row["cc"]),
        message_id=row["message_id"],
        in_reply_to=row["in_reply_to"],
        references=tuple(row["references"]),
        subject=row["subject"],
        text=row["text"],
        reply=row["reply"],
        attachments=tuple(AttachmentNote(**a) for a in row["attachments"]),
        author=row["author"],
        proposed=row["proposed"],
        unverified=row["unverified"],
        id=row["id"],
        inbox_id=row["inbox_id"],
        moved_from=row["moved_from"],
    )


def clock_row(clock: TicketClock, promise: str | None) -> dict[str, Any]:
    """A clock's columns, its ticket left aside."""
    return {
        "target": str(clock.target),
        "started_at": clock.started_at,
        "resumed_at": clock.resumed_at,
        "spent_microseconds": clock.spent // timedelta(microseconds=1),
        "due_at": clock.due_at,
        "ended_at": clock.ended_at,
        "state": str(clock.state),
        "promise": clock.promise or promise or "",
        "missed": [
            {"allowed_microseconds": m.allowed // timedelta(microseconds=1), "at": m.at.isoformat()}
            for m in clock.missed
        ],
        "moved_from": clock.moved_from,
    }


def to_clock(row: Row) -> TicketClock:
    """A clock out of its row."""
    return TicketClock(
        target=Target(row["target"]),
        started_at=row["started_at"],
        resumed_at=row["resumed_at"],
        spent=timedelta(microseconds=row["spent_microseconds"]),
        due_at=row["due_at"],
        ended_at=row["ended_at"],
        state=ClockState(row["state"]),
        promise=row["promise"],
        missed=tuple(_to_missed(m) for m in row.get("missed") or ()),
        moved_from=row.get("moved_from"),
    )


def _to_missed(value: Mapping[str, Any]) -> Missed:
    allowed = timedelta(microseconds=value["allowed_microseconds"])
    return Missed(allowed=allowed, at=datetime.fromisoformat(value["at"]))
