"""Mail that a rule passes on to somebody outside, a developer say. What he writes back is judged in `partners.py`.

The customer's mail goes as it came, beneath a letter that says whose it is. Where it could go in circles it does not
go: to none of our own addresses, not back to whoever wrote it, once for each mail and rule; never what a desk wrote.
"""

from __future__ import annotations

from collections.abc import Iterable

from maild.messages.addresses import normal
from maild.messages.mail import Address
from maild.messages.tokens import Purpose
from maild.threads.brand import desk_name, shown_desk
from maild.threads.correspondence import Pen, person_view, ticket_view
from maild.threads.match import OUTSIDER
from maild.threads.model import Message, Ticket
from maild.threads.plan import Enclosed, Letter, LetterKind
from maild.threads.rule_fields import Occasion

_LOOP = "header.x-maild-loop"


def forwards(
    pen: Pen, ticket: Ticket, addresses: Iterable[str], *, rule: str, occasion: Occasion
) -> tuple[list[Letter], list[tuple[str, str]]]:
    """A letter to each of these addresses, and those that get none with the reason."""
    is_cause = occasion.event in ("new", "reply")
    message = occasion.talk.last if is_cause else occasion.talk.last_of_customer
    letters: list[Letter] = []
    refused: list[tuple[str, str]] = []
    for address in dict.fromkeys(addresses):
        if message is None:
            refused.append((address, "there is no mail of the customer's"))
        elif is_cause and occasion.mail.get(_LOOP):
            refused.append((address, "a desk has written it"))
        elif is_cause and occasion.old:
            refused.append((address, "it lay in its mailbox before the desk began to read it"))
        elif (why := _why_not(pen, ticket, message, address)) is not None:
            refused.append((address, why))
        else:
            enclosed = _enclosed(ticket, occasion) if is_cause else _kept(ticket, message)
            cause = occasion.cause if is_cause else f"i{message.inbox_id or message.message_id}"
            letter = _letter(pen, ticket, message, address, rule, enclosed, cause)
            letters.append(letter)
    return letters, refused


def _why_not(pen: Pen, ticket: Ticket, message: Message, address: str) -> str | None:
    practice, key = pen.practice, normal(address)
    wrote = [person for person in (message.sender, ticket.requester) if person is not None]
    if practice.is_ours(address):
        return "it is an address of this desk"
    if practice.is_staff(address):
        return "it is an agent's address"
    return "he wrote the mail himself" if key in {normal(person.address) for person in wrote} else None


def _enclosed(ticket: Ticket, occasion: Occasion) -> tuple[Enclosed, ...]:
    """The mail in hand; of one that an agent passed on nothing: above it may stand what is for colleagues alone."""
    if occasion.inbox_id is None:
        return ()
    return (Enclosed(inbox_id=occasion.inbox_id, filename=f"{ticket.number}.eml"),)


def _kept(ticket: Ticket, message: Message) -> tuple[Enclosed, ...]:
    """A mail of before, as long as it is the customer's own, which its bytes tell."""
    if message.inbox_id is None or message.sender is None:
        return ()
    sender = normal(message.sender.address)
    return (Enclosed(inbox_id=message.inbox_id, filename=f"{ticket.number}.eml", sender=sender),)


def _letter(
    pen: Pen, ticket: Ticket, message: Message, address: str, rule: str, enclosed: tuple[Enclosed, ...], cause: str
) -> Letter:
    practice = pen.practice
    root = practice.mint.root_id(Purpose.AGENT_ID, ticket.id)
    back = practice.mint.address(Purpose.OUTSIDER, ticket.id, OUTSIDER)
    return Letter(
        kind=LetterKind.FORWARD,
        template="forwarded",
        language=practice.languages[0],
        to=(Address(address=address),),
        sender=practice.sender(desk_name(practice, ticket)),
        reply_to=back,
        envelope_from=back,
        subject=f"[{ticket.number}] {ticket.subject}".strip(),
        context={
            "desk": shown_desk(practice, ticket),
            "ticket": ticket_view(practice, ticket),
            "customer": person_view(ticket.requester),
            "rule": rule,
            "message": {
                "sender": person_view(message.sender),
                "at": message.at,
                "subject": message.subject,
                "text": message.text,
                "attachments": [note.filename for note in message.attachments],
            },
            "enclosed": [one.filename for one in enclosed],
        },
        message_id=pen.message_id(Purpose.AGENT_ID, ticket.id),
        date=pen.now,
        in_reply_to=root,
        references=(root,),
        automatic=True,
        loop_mark=practice.mint.loop_mark(),
        enclosed=enclosed,
        ticket=ticket.id,
        unique=f"forward:{ticket.id}:{rule}:{cause}:{normal(address)}",
    )
