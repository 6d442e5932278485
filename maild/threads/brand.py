"""How the desk presents itself to a customer: the name in From and the signature, of a queue or of an agent."""

from __future__ import annotations

from maild.people.team import Agent
from maild.threads.model import Ticket
from maild.threads.practice import Practice


def desk_name(practice: Practice, ticket: Ticket) -> str:
    """The desk's name for this ticket's customer: that of its queue, where it has one of its own."""
    queue = practice.team.queue(ticket.queue)
    own = queue.from_name.said(_languages(practice, ticket), {}) if queue is not None else ""
    return own or practice.name


def shown_desk(practice: Practice, ticket: Ticket) -> dict[str, str]:
    """The desk as letters to this ticket's customer see it."""
    return {"name": desk_name(practice, ticket), "address": practice.address}


def signature(practice: Practice, ticket: Ticket, agent: Agent) -> str:
    """What stands below an answer: the agent's own signature, else the queue's; "" where neither has one."""
    queue = practice.team.queue(ticket.queue)
    given = agent.signature or (queue.signature if queue is not None else None)
    if not given:
        return ""
    values = {"agent": agent.name, "desk": desk_name(practice, ticket), "queue": ticket.queue}
    return given.said(_languages(practice, ticket), values)


def _languages(practice: Practice, ticket: Ticket) -> tuple[str, ...]:
    return (ticket.language, "", *practice.languages)
