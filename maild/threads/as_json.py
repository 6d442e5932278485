"""A ticket and a message as JSON has them: for the command and for calls to other programs. Times are as they are."""

from __future__ import annotations

from datetime import UTC, datetime

from maild.messages.mail import Address
from maild.threads.model import AttachmentNote, Message, Ticket


def ticket_values(ticket: Ticket, organisation: str | None, now: datetime) -> dict[str, object]:
    """A ticket in the shape of `tickets --json`, its messages left aside."""
    return {
        "number": ticket.number,
        "status": ticket.status,
        "subject": ticket.subject,
        "queue": ticket.queue,
        "line": ticket.line,
        "assignee": ticket.assignee,
        "priority": ticket.priority,
        "tags": list(ticket.tags),
        "fields": dict(ticket.fields),
        "requester": person(ticket.requester),
        "organisation": organisation,
        "participants": [
            {"name": p.address.name, "address": p.address.address, "confirmed": p.confirmed}
            for p in ticket.participants
        ],
        "language": ticket.language,
        "channel": ticket.channel,
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
        "solved_at": ticket.solved_at,
        "due_at": ticket.due_at,
        "due_by": ticket.deadline.at if ticket.deadline else None,
        "overdue": ticket.due_at is not None and ticket.due_at < now,
    }


def message_values(m: Message) -> dict[str, object]:
    """A message in the shape of `ticket show --json`, without the number by which it is kept."""
    return {
        "at": m.at,
        "direction": m.direction,
        "visibility": m.visibility,
        "class": m.mail_class,
        "from": person(m.sender),
        "to": [person(a) for a in m.to],
        "cc": [person(a) for a in m.cc],
        "message_id": m.message_id,
        "subject": m.subject,
        "text": m.text,
        "reply": m.reply,
        "attachments": [_attachment(a) for a in m.attachments],
        "author": m.author,
        "proposed": m.proposed,
        "unverified": m.unverified,
    }


def stamp(at: datetime | None) -> str | None:
    """A time as every JSON of ours writes it: RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at is not None else None


def person(address: Address | None) -> dict[str, str] | None:
    """Somebody's name and address."""
    return {"name": address.name, "address": address.address} if address else None


def _attachment(note: AttachmentNote) -> dict[str, object]:
    names = ("filename", "content_type", "size", "sha256", "inline", "content_id")
    return {name: getattr(note, name) for name in names}
