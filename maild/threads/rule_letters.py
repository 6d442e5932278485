"""What rules have the desk write: to the customer a text that lies ready, to colleagues that something is so."""

from __future__ import annotations

from dataclasses import replace

from maild.messages.addresses import normal
from maild.messages.mail import Address, Mail
from maild.messages.subject import topic
from maild.messages.tokens import Purpose
from maild.threads.brand import desk_name, shown_desk
from maild.threads.buttons import for_news
from maild.threads.canned import canned_text
from maild.threads.correspondence import (
    Pen,
    desk_view,
    in_thread,
    person_view,
    reply_subject,
    sane_id,
    ticket_view,
    to_agent,
)
from maild.threads.model import Ticket
from maild.threads.plan import Letter, LetterKind
from maild.threads.rule_fields import Talk
from maild.threads.telling import to_address, told


def automatic_reply(pen: Pen, ticket: Ticket, name: str, talk: Talk, *, proven: bool, unique: str) -> Letter:
    """A text that lies ready, to the customer, in his own conversation. `unique`: for what it is written, once.

    To whom nobody has proven, or answered, it carries nothing that he wrote. Raises NotFound, DataError.
    """
    practice, asked = pen.practice, ticket.requester
    if asked is None:
        raise ValueError("there is nobody to write to")
    shown = ticket if proven else _bare(ticket)
    last = talk.last_of_customer
    parent = sane_id(last.message_id) if last is not None else None
    root = practice.mint.root_id(Purpose.PUBLIC_ID, ticket.id)
    key = normal(asked.address)
    return Letter(
        kind=LetterKind.REPLY,
        template="reply",
        language=ticket.language,
        to=(shown.requester or asked,),
        sender=practice.sender(desk_name(practice, ticket)),
        reply_to=practice.mint.address(Purpose.CUSTOMER, ticket.id, key),
        envelope_from=practice.mint.address(Purpose.AUTO_BOUNCE, ticket.id, key),
        subject=reply_subject(ticket) if proven else None,
        context={
            "desk": shown_desk(practice, ticket),
            "ticket": ticket_view(practice, shown),
            "customer": person_view(shown.requester if proven else None),
            "proven": proven,
            "text": canned_text(practice, shown, name),
        },
        message_id=pen.message_id(Purpose.PUBLIC_ID, ticket.id),
        date=pen.now,
        in_reply_to=parent,
        references=in_thread(root, last.references if last is not None else (), parent),
        thread_index=practice.mint.conversation(Purpose.PUBLIC_ID, ticket.id, ticket.created_at),
        thread_topic=topic(ticket.subject) if proven else "",
        automatic=True,
        loop_mark=practice.mint.loop_mark(),
        ticket=ticket.id,
        unique=unique,
    )


def _bare(ticket: Ticket) -> Ticket:
    """The ticket without anything that the customer wrote."""
    asked = ticket.requester
    nobody = Address(address=asked.address) if asked is not None else None
    return replace(ticket, subject="", tags=(), fields={}, requester=nobody)


def rejected(pen: Pen, mail: Mail, to: Address, language: str, unique: str) -> Letter:
    """To the sender of a mail that opens no ticket: it was not taken."""
    practice, parent = pen.practice, sane_id(mail.message_id)
    return Letter(
        kind=LetterKind.REPLY,
        template="rejected",
        language=practice.language_for(language),
        to=(to,),
        sender=practice.sender(),
        context={"desk": desk_view(practice), "customer": person_view(to), "subject": mail.subject},
        message_id=pen.message_id(Purpose.PUBLIC_ID, 0),
        date=pen.now,
        in_reply_to=parent,
        references=(parent,) if parent else (),
        automatic=True,
        loop_mark=practice.mint.loop_mark(),
        unique=unique,
    )


def rule_news(
    pen: Pen, ticket: Ticket, words: tuple[str, ...], *, rule: str, event: str, note: str, talk: Talk
) -> list[Letter]:
    """To whom a rule tells: which rule, at what event, the ticket as it is then, the customer's last mail."""
    agents, addresses = told(pen.practice.team, ticket, words)
    context: dict[str, object] = {
        "event": "rule",
        "rule": rule,
        "happened": event,
        "note": note,
        "message": last_mail(talk),
    }
    kind, template = LetterKind.NOTIFICATION, "rule_news"
    letters = [
        to_agent(
            pen, ticket, agent, kind=kind, template=template, context=context, buttons=for_news("rule", ticket, agent)
        )
        for agent in agents
    ]
    return letters + [to_address(pen, ticket, address, kind, template, context) for address in addresses]


def last_mail(talk: Talk) -> dict[str, object]:
    """The customer's last mail as letters see it; empty where there is none."""
    message = talk.last_of_customer
    if message is None:
        return {}
    return {"sender": person_view(message.sender), "at": message.at, "text": message.reply or message.text}
