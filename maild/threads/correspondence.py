"""The letters that a decision leads to: who gets them, what they may say, how they hang together in a mail client.

What is fixed here is everything but the words; those are templates. A letter to an unverified sender carries nothing
that he wrote, his name included.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from maild.messages.addresses import normal
from maild.messages.mail import Address, Attachment, Mail
from maild.messages.subject import topic
from maild.messages.tokens import Purpose, to_base32
from maild.messages.words import plain_line
from maild.people.team import Agent
from maild.threads.brand import desk_name, shown_desk, signature
from maild.threads.buttons import Buttons
from maild.threads.model import Deadline, Direction, Message, Ticket, Visibility
from maild.threads.orders.work import Done
from maild.threads.plan import Enclosed, Letter, LetterKind
from maild.threads.practice import Practice

_MAX_REFERENCES = 20
_MOST_FIELDS, _LONGEST_FIELD = 10, 100


@dataclass(kw_only=True, slots=True)
class Pen:
    """Numbers the letters of one decision, so that a repeated decision makes the same letters."""

    practice: Practice
    source: str
    number: int
    now: datetime
    written: int = field(default=0)

    def message_id(self, purpose: Purpose, ticket: int) -> str:
        """The Message-ID of the next letter."""
        self.written += 1
        return self.practice.mint.message_id(
            purpose, ticket, self.source + to_base32(self.number * 1024 + self.written)
        )


def sane_id(message_id: str | None) -> str | None:
    """A stranger's Message-ID as far as it may stand in a letter of ours."""
    if message_id is None or len(message_id) > 250 or not message_id.isascii() or not message_id.isprintable():
        return None
    return message_id if message_id.startswith("<") and message_id.endswith(">") and " " not in message_id else None


def ticket_view(practice: Practice, ticket: Ticket) -> dict[str, object]:
    """A ticket as letters see it."""
    assignee = practice.team.agent(ticket.assignee)
    return {
        "number": ticket.number,
        "subject": ticket.subject,
        "status": str(ticket.status),
        "queue": ticket.queue,
        "priority": str(ticket.priority),
        "assignee": assignee.name if assignee else ticket.assignee,
        "line": ticket.line,
        "tags": list(ticket.tags),
        "fields": fields_view(ticket),
        "language": ticket.language,
        "organisation": practice.organisation_of(ticket.requester.address if ticket.requester else None),
        "created_at": ticket.created_at,
        "due_by": ticket.deadline.at if ticket.deadline else None,
        "due_set_by": setter_of(practice, ticket.deadline) if ticket.deadline else "",
    }


def fields_view(ticket: Ticket) -> list[dict[str, str]]:
    """What rules have found in its mails, in short: the first few fields, each on one line."""
    shown = list(ticket.fields.items())[:_MOST_FIELDS]
    return [{"name": name, "value": _in_short(plain_line(value))} for name, value in shown]


def _in_short(value: str) -> str:
    return value if len(value) <= _LONGEST_FIELD else value[: _LONGEST_FIELD - 1].rstrip() + "…"


def setter_of(practice: Practice, deadline: Deadline) -> str:
    """Who set a deadline, as people call him."""
    agent = practice.team.agent(deadline.set_by)
    return agent.name if agent else deadline.set_by


def person_view(address: Address | None) -> dict[str, str]:
    """A person as letters see him."""
    return {"name": shown_name(address), "address": address.address} if address else {"name": "", "address": ""}


def shown_name(person: Address) -> str:
    """His name without slashes in front, "" where he has none.

    Letters begin with who wrote, in From and in the text. Where a client quotes on top so does the agent's answer, and
    a line that begins with a slash is an order there.
    """
    return person.name.lstrip("/ \u00a0")


def desk_view(practice: Practice) -> dict[str, str]:
    """The desk as letters see it."""
    return {"name": practice.name, "address": practice.address}


def ticket_context(practice: Practice, ticket: Ticket, agent: str) -> dict[str, object]:
    """What every letter about a ticket to one of ours can speak of; `agent` is the reader's name."""
    return {
        "desk": desk_view(practice),
        "ticket": ticket_view(practice, ticket),
        "customer": person_view(ticket.requester),
        "agent": {"name": agent},
    }


def reply_subject(ticket: Ticket) -> str:
    """`Re: <subject> [SUP-1042]`, with no second Re: and no second tag."""
    bare = ticket.subject.replace(f"[{ticket.number}]", "").strip()
    prefix = "" if bare.lower().startswith("re:") else "Re: "
    return f"{prefix}{bare} [{ticket.number}]" if bare else f"Re: [{ticket.number}]"


def acknowledgement(
    pen: Pen, ticket: Ticket, mail: Mail, to: Address, *, proven: bool, respond_by: datetime | None, template: str
) -> Letter:
    """To the customer: we have it. At most one for a ticket, whatever happens."""
    practice, parent = pen.practice, sane_id(mail.message_id)
    root = practice.mint.root_id(Purpose.PUBLIC_ID, ticket.id)
    shown = to if proven else Address(address=to.address)
    return Letter(
        kind=LetterKind.ACKNOWLEDGEMENT,
        template=template,
        language=ticket.language,
        to=(shown,),
        sender=practice.sender(desk_name(practice, ticket)),
        reply_to=practice.mint.address(Purpose.CUSTOMER, ticket.id, normal(to.address)),
        envelope_from=practice.mint.address(Purpose.AUTO_BOUNCE, ticket.id, normal(to.address)),
        subject=reply_subject(ticket) if proven else None,
        context={
            "desk": shown_desk(practice, ticket),
            "ticket": ticket_view(practice, ticket),
            "customer": person_view(shown),
            "proven": proven,
            "respond_by": respond_by,
        },
        message_id=pen.message_id(Purpose.PUBLIC_ID, ticket.id),
        date=pen.now,
        in_reply_to=parent,
        references=in_thread(root, mail.references, parent),
        thread_index=practice.mint.conversation(Purpose.PUBLIC_ID, ticket.id, ticket.created_at),
        thread_topic=topic(ticket.subject) if proven else "",
        automatic=True,
        loop_mark=practice.mint.loop_mark(),
        ticket=ticket.id,
        unique=f"acknowledgement:{ticket.id}",
    )


def in_thread(root: str, references: Iterable[str], parent: str | None) -> tuple[str, ...]:
    """References (RFC 5322, 3.6.4) with our root in front: relays that replace Message-IDs then do no harm."""
    older = [r for r in references if sane_id(r) and r not in (root, parent)]
    return (root, *older[-_MAX_REFERENCES:], *([parent] if parent else []))


def answer(
    pen: Pen, ticket: Ticket, agent: Agent, text: str, history: tuple[Message, ...], attachments: tuple[Attachment, ...]
) -> Letter:
    """An agent's words to the customer, under the desk's name, in the customer's own thread."""
    practice, requester = pen.practice, ticket.requester
    if requester is None:
        raise ValueError("there is nobody to answer")
    last = next((m for m in reversed(history) if _quotable(practice, ticket, m)), None)
    parent = sane_id(last.message_id) if last else None
    key = normal(requester.address)
    return Letter(
        kind=LetterKind.ANSWER,
        template="answer",
        language=ticket.language,
        to=(requester,),
        cc=_confirmed(practice, ticket),
        sender=practice.sender(desk_name(practice, ticket)),
        reply_to=practice.mint.address(Purpose.CUSTOMER, ticket.id, key),
        envelope_from=practice.mint.address(Purpose.BOUNCE, ticket.id, key),
        subject=reply_subject(ticket),
        context={
            "desk": shown_desk(practice, ticket),
            "ticket": ticket_view(practice, ticket),
            "customer": person_view(requester),
            "agent": {"name": agent.name},
            "text": text,
            "signature": signature(practice, ticket, agent),
            "quoted": {"sender": person_view(last.sender), "at": last.at, "text": last.reply or last.text}
            if last
            else None,
        },
        message_id=pen.message_id(Purpose.PUBLIC_ID, ticket.id),
        date=pen.now,
        in_reply_to=parent,
        references=in_thread(
            practice.mint.root_id(Purpose.PUBLIC_ID, ticket.id), last.references if last else (), parent
        ),
        thread_index=practice.mint.conversation(Purpose.PUBLIC_ID, ticket.id, ticket.created_at),
        thread_topic=topic(ticket.subject),
        automatic=False,
        loop_mark=practice.mint.loop_mark(),
        attachments=attachments,
        ticket=ticket.id,
        delay_notice_at=pen.now + practice.delay_notice,
    )


def _quotable(practice: Practice, ticket: Ticket, message: Message) -> bool:
    """Whether a mail may be shown to the customer below an answer: his own, or a confirmed participant's."""
    if message.direction is not Direction.IN or message.visibility is not Visibility.PUBLIC or message.proposed:
        return False
    key = normal(message.sender.address) if message.sender else None
    people = [ticket.requester, *(p.address for p in ticket.participants if p.confirmed)]
    return key in {normal(p.address) for p in people if p} and not practice.is_ours(key or "")


def _confirmed(practice: Practice, ticket: Ticket) -> tuple[Address, ...]:
    requester = normal(ticket.requester.address) if ticket.requester else None
    return tuple(
        p.address
        for p in ticket.participants
        if p.confirmed
        and normal(p.address.address) != requester
        and not practice.is_ours(p.address.address)
        and not practice.is_staff(p.address.address)
    )


def to_agent(
    pen: Pen,
    ticket: Ticket,
    agent: Agent,
    *,
    kind: LetterKind,
    template: str,
    context: dict[str, object],
    name: str = "",
    attachments: tuple[Attachment, ...] = (),
    parent: str | None = None,
    purpose: Purpose = Purpose.AGENT,
    buttons: tuple[str, ...] = (),
) -> Letter:
    """Any letter to an agent: his own signed reply address, his own thread per ticket, buttons for these orders.

    `context` is what this letter has beside the ticket's own.
    """
    practice = pen.practice
    context = ticket_context(practice, ticket, agent.name) | context
    language = practice.language_for(agent.language)
    about = f"[{ticket.number}] {ticket.subject}".strip()
    today = pen.now.date()
    root = practice.mint.root_id(Purpose.AGENT_ID, ticket.id)
    return Letter(
        kind=kind,
        template=template,
        language=language,
        to=(Address(name=agent.name, address=agent.address),),
        sender=practice.sender(name),
        reply_to=practice.mint.address(purpose, ticket.id, agent.id),
        subject=about,
        context=context,
        message_id=pen.message_id(Purpose.AGENT_ID, ticket.id),
        date=pen.now,
        in_reply_to=parent or root,
        references=(root, parent) if parent else (root,),
        thread_index=practice.mint.conversation(Purpose.AGENT_ID, ticket.id, ticket.created_at),
        thread_topic=about,
        automatic=True,
        loop_mark=practice.mint.loop_mark(),
        attachments=attachments,
        buttons=Buttons(mint=practice.mint, ticket=ticket, agent=agent, language=language, today=today, names=buttons)
        if buttons
        else None,
        ticket=ticket.id,
    )


def transcript(
    pen: Pen,
    ticket: Ticket,
    agent: Agent,
    mail: Mail,
    *,
    done: tuple[Done, ...],
    posted: str,
    error: bool,
    text: str,
    undo: bool = False,
    button: bool = False,
    enclosed: tuple[Enclosed, ...] = (),
) -> Letter:
    """To the agent: each order with its effect, and whether his text went out. `undo`: it can be taken back.

    `enclosed`: mails that he wanted to have as they came. `button`: he pressed one, so there is nothing to mend.
    """
    context: dict[str, object] = {
        "orders": [{"line": d.line, "effect": d.effect, "ok": d.ok} for d in done],
        "posted": posted,
        "error": error,
        "button": button,
        "text": text,
    }
    letter = to_agent(
        pen,
        ticket,
        agent,
        kind=LetterKind.TRANSCRIPT,
        template="transcript",
        context=context,
        parent=sane_id(mail.message_id),
        buttons=("undo",) if undo else (),
    )
    return replace(letter, enclosed=enclosed)


def collision(
    pen: Pen,
    ticket: Ticket,
    reader: Agent,
    writer: Agent,
    first: str,
    first_text: str,
    text: str,
    orders: tuple[str, ...],
    mail: Mail | None,
) -> Letter:
    """To both whose answers met: what the other wrote. `first` names who was quicker; `writer` is who waits.

    `mail` is the one that waits; None where whoever was quicker has taken the other answer back since.
    """
    context: dict[str, object] = {
        "waits": reader.id == writer.id,
        "taken_back": mail is None,
        "first": first,
        "first_text": first_text,
        "second": writer.name,
        "text": text,
        "orders": [{"line": line} for line in orders],
    }
    return to_agent(
        pen,
        ticket,
        reader,
        kind=LetterKind.COLLISION,
        template="collision",
        context=context,
        parent=sane_id(mail.message_id) if mail is not None and reader.id == writer.id else None,
        buttons=("send",) if reader.id == writer.id else (),
    )


def order_letter(pen: Pen, agent: Agent, mail: Mail, *, done: tuple[Done, ...]) -> Letter:
    """To an agent whose new mail named no ticket: why nothing was done. There is nothing to reply to but the desk."""
    practice, parent = pen.practice, sane_id(mail.message_id)
    return Letter(
        kind=LetterKind.TRANSCRIPT,
        template="transcript",
        language=practice.language_for(agent.language),
        to=(Address(name=agent.name, address=agent.address),),
        sender=practice.sender(),
        context={
            "desk": desk_view(practice),
            "agent": {"name": agent.name},
            "orders": [{"line": d.line, "effect": d.effect, "ok": d.ok} for d in done],
            "error": not all(d.ok for d in done),
        },
        message_id=pen.message_id(Purpose.AGENT_ID, 0),
        date=pen.now,
        in_reply_to=parent,
        references=(parent,) if parent else (),
        automatic=True,
        loop_mark=practice.mint.loop_mark(),
    )
