"""Much at once for one person: each piece of news as a line, and the letter that tells them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from maild.messages.mail import Address
from maild.messages.tokens import Purpose
from maild.threads.correspondence import Pen, desk_view
from maild.threads.plan import Letter, LetterKind

_LONGEST = 160
"""Characters of one value in a line."""


def digest_line(letter: Letter) -> dict[str, Any]:
    """What a digest tells of a letter that is not written: plain values that JSON can hold."""
    context = letter.context
    ticket, message = _table(context.get("ticket")), _table(context.get("message"))
    due = context.get("respond_by") or context.get("due_at")
    customer = _table(context.get("customer"))
    overdue = "overdue" if context.get("overdue") else "due"
    return {
        "number": str(ticket.get("number") or ""),
        "subject": _short(ticket.get("subject")),
        "customer": {name: _short(customer.get(name)) for name in ("name", "address")},
        "event": str(context.get("event") or overdue),
        # The first line is a greeting, as often as not.
        "text": _short(str(message.get("text") or "")[:20_000]),
        "due_at": due.isoformat() if isinstance(due, datetime) else None,
        "target": str(context.get("target") or ""),
        "reply_to": letter.reply_to or "",
    }


def digest_letter(
    pen: Pen, to: Address, language: str, lines: Sequence[tuple[Mapping[str, Any], datetime | None]]
) -> Letter:
    """One letter about all of it, a ticket an entry in the order in which they came, the newest news of each.

    Beside each line stands what its ticket is due at now: a night has passed since it was written, and who answered
    meanwhile, or is late by now, must not read that a time is near.
    """
    practice = pen.practice
    entries: dict[str, dict[str, object]] = {}
    for line, due_now in lines:
        known = entries.get(line["number"])
        count = int(str(known["count"])) + 1 if known else 1
        entries[line["number"]] = _entry(line, count, due_now, pen.now)
    return Letter(
        kind=LetterKind.DIGEST,
        template="digest",
        language=practice.language_for(language),
        to=(to,),
        sender=practice.sender(),
        context={
            "desk": desk_view(practice),
            "agent": {"name": to.name},
            "entries": list(entries.values()),
            "count": len(lines),
        },
        message_id=pen.message_id(Purpose.AGENT_ID, 0),
        date=pen.now,
        automatic=True,
        loop_mark=practice.mint.loop_mark(),
    )


def _entry(line: Mapping[str, Any], count: int, due_now: datetime | None, now: datetime) -> dict[str, object]:
    address, number = line["reply_to"], line["number"]
    # The tag in the subject is for people: what finds the ticket is the signed address.
    link = f"mailto:{quote(address, safe='@+')}?subject={quote(f'[{number}]', safe='')}" if address else ""
    due = datetime.fromisoformat(line["due_at"]) if line["due_at"] else None
    # The ticket has its earliest time: where that is later than this one, this one has been met, or stands still.
    owed = due is not None and due_now is not None and due_now <= due
    late = owed and due is not None and due < now and line["event"] == "due"
    return {
        "number": number,
        "subject": line["subject"],
        "customer": line["customer"],
        "event": "overdue" if late else line["event"],
        "text": line["text"],
        "due_at": due if owed else None,
        "target": line.get("target", ""),  # lines of an older version have none
        "count": count,
        "link": link,
    }


def _table(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _short(value: object) -> str:
    text = " ".join(str(value or "").split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
