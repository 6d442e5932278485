"""Calls to other programs: what rules and the steps of promises have a webhook told. docs/webhooks.md tells each key.

A call is a letter of its own kind (`plan.py`): it lies in the outbox in the transaction that decided it, and leaves by
`outgoing/webhook.py`. Nothing here knows a secret, or whether anybody answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from maild.messages.mail import Address
from maild.messages.tokens import Purpose
from maild.threads.as_json import message_values, stamp, ticket_values
from maild.threads.correspondence import Pen, desk_view
from maild.threads.model import Message, Ticket
from maild.threads.plan import Letter, LetterKind
from maild.threads.rule_fields import Occasion

MOST_TEXT = 20_000
"""Characters of a message that a call tells."""
_SHORT = ("at", "direction", "class", "from", "to", "cc", "message_id", "subject")


def calls(
    pen: Pen,
    ticket: Ticket,
    webhooks: Iterable[str],
    *,
    event: str,
    because: Mapping[str, object],
    message: Message | None,
    unique: str,
) -> tuple[list[Letter], list[str]]:
    """A call for each of these webhooks, and the names of those that the settings do not know.

    `because`: the rule or the step, `unique`: what the calls are made for, once.
    """
    known = pen.practice.webhooks
    there = [name for name in dict.fromkeys(webhooks) if name in known]
    body = {
        "type": f"ticket.{event}",
        "timestamp": stamp(pen.now),
        "data": {
            "desk": desk_view(pen.practice),
            "event": event,
            **because,
            "ticket": _plain(ticket_values(ticket, _organisation(pen, ticket), pen.now)),
            "message": _in_short(message) if message is not None else None,
        },
    }
    made = [_call(pen, ticket, name, known[name], body, f"webhook:{unique}:{name}") for name in there]
    return made, [name for name in dict.fromkeys(webhooks) if name not in known]


def message_of(occasion: Occasion) -> Message | None:
    """The message that an event is about: the one that did it, else the customer's last mail."""
    if occasion.event in ("new", "reply", "answer") and occasion.talk.messages:
        return occasion.talk.last
    return occasion.talk.last_of_customer


def _call(pen: Pen, ticket: Ticket, name: str, url: str, body: Mapping[str, object], unique: str) -> Letter:
    practice = pen.practice
    return Letter(
        kind=LetterKind.WEBHOOK,
        template="",
        language="",
        to=(Address(name=name, address=url),),
        sender=practice.sender(),
        subject=f"{body['type']} {ticket.number}",
        context=body,
        message_id=pen.message_id(Purpose.AGENT_ID, ticket.id),
        date=pen.now,
        automatic=True,
        loop_mark=practice.mint.loop_mark(),
        ticket=ticket.id,
        unique=unique,
        delay_notice_at=pen.now + practice.delay_notice,
    )


def _organisation(pen: Pen, ticket: Ticket) -> str | None:
    return pen.practice.organisation_of(ticket.requester.address if ticket.requester else None) or None


def _in_short(message: Message) -> dict[str, object]:
    values = message_values(message)
    text = message.reply or message.text
    files = [{"filename": a.filename, "content_type": a.content_type, "size": a.size} for a in message.attachments]
    own = {"text": text[:MOST_TEXT], "cut": len(text) > MOST_TEXT, "attachments": files, "author": message.author}
    return _plain({name: values[name] for name in _SHORT}) | own


def _plain(values: Mapping[str, object]) -> dict[str, object]:
    """Values that JSON knows."""
    return {name: stamp(value) if isinstance(value, datetime) else value for name, value in values.items()}
