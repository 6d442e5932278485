"""An agent's answer: it leaves after a while, waits when a colleague has answered meanwhile, and is kept for /undo."""

from __future__ import annotations

from dataclasses import replace

from maild.messages.addresses import normal
from maild.messages.mail import MailClass
from maild.people.team import Agent
from maild.threads.correspondence import answer, collision
from maild.threads.draft import Draft, attachment_notes
from maild.threads.model import Direction, InboxState, Message, Ticket, Visibility
from maild.threads.order_lines import Order
from maild.threads.orders.work import Done
from maild.threads.plan import Letter, Plan
from maild.threads.release import files_to_send
from maild.threads.undelivered import dead_among
from maild.threads.words import say

_SHOWN = 10
"""People who are named in a sentence."""


def send_answer(draft: Draft, ticket: Ticket, agent: Agent, text: str) -> tuple[Done, ...]:
    """The answer is on its way; what the agent should know of those it goes to."""
    case = draft.case
    letter = replace(_answer(draft, ticket, agent, text), not_before=draft.now + case.practice.undo_delay)
    draft.letters.append(letter)
    draft.message = as_sent(draft, letter, agent, text)
    line = say(agent.language, "your_answer")
    return tuple(
        Done(line=line, effect=say(agent.language, "dead_address", address=d.address, reason=d.reason), ok=True)
        for d in dead_among(case.facts, (*letter.to, *letter.cc))
    )


def _answer(draft: Draft, ticket: Ticket, agent: Agent, text: str) -> Letter:
    """The letter to the customer; it takes the place of one of the agent's that waited for his word."""
    case = draft.case
    waiting = (h.message_id for h in case.facts.held.get(ticket.id, ()) if h.author == agent.id)
    draft.recalled = (*draft.recalled, *(m for m in waiting if m not in draft.released))
    history = case.facts.tickets[ticket.id].messages
    letter = answer(draft.pen, ticket, agent, text, history, files_to_send(case.mail))
    return replace(letter, own_html=draft.own_html)


def as_sent(draft: Draft, letter: Letter, agent: Agent, text: str) -> Message:
    """The answer as the customer gets it; neither the agent's address nor what he quoted is in it."""
    return Message(
        at=draft.at,
        direction=Direction.OUT,
        visibility=Visibility.PUBLIC,
        mail_class=MailClass.PERSON,
        sender=letter.sender,
        to=letter.to,
        cc=letter.cc,
        message_id=letter.message_id,
        in_reply_to=letter.in_reply_to,
        references=letter.references,
        subject=letter.subject or "",
        text=text,
        reply=text,
        attachments=attachment_notes(letter.attachments),
        author=agent.id,
    )


def collided(draft: Draft, agent: Agent) -> Message | None:
    """A colleague's answer that went out after the letter that this agent replied to; None where there is none."""
    assert draft.ticket is not None
    unseen, history = draft.case.facts.unseen, draft.case.facts.tickets[draft.ticket.id].messages
    return next(
        (
            m
            for m in reversed(history)
            if m.direction is Direction.OUT
            and m.visibility is Visibility.PUBLIC
            and m.author not in (None, agent.id)
            and m.message_id in unseen
        ),
        None,
    )


def others_would_read(draft: Draft, ticket: Ticket, agent: Agent) -> str | None:
    """Why an answer is not for those who would get it: its ticket has since gone on in another one, with other people.

    None where it is for them. What he wrote to one customer must not reach another because a colleague merged.
    """
    claim = draft.thread.claim
    written_to = draft.case.facts.tickets.get(claim.ticket) if claim is not None else None
    if written_to is None or written_to.ticket.id == ticket.id:
        return None
    others = sorted(_readers(ticket) - _readers(written_to.ticket))
    if not others:
        return None
    names = {"old": written_to.ticket.number, "new": ticket.number, "people": ", ".join(others)}
    return say(agent.language, "merged_since", **names)


def _readers(ticket: Ticket) -> set[str]:
    """Who is sent every answer on a ticket."""
    asked = [ticket.requester] if ticket.requester is not None else []
    return {normal(p.address) for p in (*asked, *(p.address for p in ticket.participants if p.confirmed))}


def hold_answer(
    draft: Draft, ticket: Ticket, agent: Agent, other: Message, orders: tuple[Order, ...], text: str
) -> Plan:
    """The answer waits for its writer's word, and both he and the colleague read what the other wrote.

    Its orders wait for nothing: they were given without knowing of the colleague's answer, and are not carried out.
    """
    case, colleague = draft.case, draft.case.practice.team.agent(other.author)
    name = colleague.name if colleague is not None else str(other.author)
    why = say("en", "collided", name=name)
    letter = replace(_answer(draft, ticket, agent, text), held=why)
    draft.letters.append(letter)
    draft.message = replace(as_sent(draft, letter, agent, text), visibility=Visibility.INTERNAL)
    draft.note("held", f"answer by {agent.name}", why, actor=agent.id)
    draft.change(ticket, "a held answer")
    lines = tuple(o.line for o in orders)
    draft.letters.append(collision(draft.pen, ticket, agent, agent, name, other.reply, text, lines, case.mail))
    if colleague is not None:
        draft.letters.append(collision(draft.pen, ticket, colleague, agent, name, other.reply, text, (), case.mail))
    return draft.seal(InboxState.TICKETED, f"answer of {agent.id} on {ticket.number} waits: {why}")


def told_of_recall(draft: Draft, ticket: Ticket, agent: Agent) -> list[Letter]:
    """To colleagues whose answers wait because of one that its writer has taken back: else nobody might answer."""
    history = draft.case.facts.tickets[ticket.id].messages
    texts = {m.message_id: m.reply for m in history}
    gone = next((texts[m] for m in (draft.recalled if draft.undone is not None else ()) if m in texts), None)
    letters = []
    for held in draft.case.facts.held.get(ticket.id, ()):
        reader = draft.case.practice.team.agent(held.author)
        if gone is not None and reader is not None and reader.id != agent.id:
            own = texts.get(held.message_id, "")
            letters.append(collision(draft.pen, ticket, reader, reader, agent.name, gone, own, (), None))
    return letters


def told_of_own_copies(draft: Draft, agent: Agent) -> tuple[Done, ...]:
    """That the agent's program has sent his mail to people outside, too: from his own address, our letter in it."""
    practice, mail = draft.case.practice, draft.case.mail
    people = {normal(p.address): p.address for p in (*mail.to, *mail.cc)}
    outside = [a for a in people.values() if not practice.is_ours(a) and not practice.is_staff(a)]
    if not outside:
        return ()
    effect = say(agent.language, "own_copies", people=", ".join(outside[:_SHOWN]))
    return (Done(line=say(agent.language, "your_copies"), effect=effect, ok=True),)
