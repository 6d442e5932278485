"""Whom the admins' words name: agents and plain addresses; and a letter to somebody who is no agent."""

from __future__ import annotations

from collections.abc import Iterable

from maild.messages.mail import Address
from maild.messages.tokens import Purpose
from maild.people.team import Agent, Team
from maild.threads.correspondence import Pen, ticket_context
from maild.threads.model import Ticket
from maild.threads.plan import Letter, LetterKind


def told(team: Team, ticket: Ticket, words: Iterable[str]) -> tuple[list[Agent], list[str]]:
    """Whom these words mean on a ticket (assignee, queue, lead, an agent's id, an address), each once."""
    agents: list[Agent] = []
    addresses: list[str] = []
    for word in words:
        if word == "assignee":
            agents.extend(team.who_is_told(ticket.queue, ticket.assignee, ticket.line))
        elif word == "queue":
            members = team.members(ticket.queue)
            agents.extend(team.here(members) or members)
        elif word == "lead":
            lead = team.lead(ticket.queue)
            found = team.who_hears(lead, ticket.queue, ticket.line) if lead else None
            agents.extend(found or team.who_is_told(ticket.queue, None, ticket.line))
        elif (agent := team.agent(word)) is not None:
            agents.extend(team.who_hears(agent, ticket.queue, ticket.line))
        elif "@" in word:
            addresses.append(word)
    return list(dict.fromkeys(agents)), list(dict.fromkeys(addresses))


def to_address(
    pen: Pen, ticket: Ticket, address: str, kind: LetterKind, template: str, context: dict[str, object]
) -> Letter:
    """To somebody who is no agent: a letter that cannot be answered with orders."""
    practice = pen.practice
    root = practice.mint.root_id(Purpose.AGENT_ID, ticket.id)
    return Letter(
        kind=kind,
        template=template,
        language=practice.languages[0],
        to=(Address(address=address),),
        sender=practice.sender(),
        subject=f"[{ticket.number}] {ticket.subject}".strip(),
        context=ticket_context(practice, ticket, "") | context,
        message_id=pen.message_id(Purpose.AGENT_ID, ticket.id),
        date=pen.now,
        in_reply_to=root,
        references=(root,),
        automatic=True,
        loop_mark=practice.mint.loop_mark(),
        ticket=ticket.id,
    )
