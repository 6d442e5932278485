"""What tickets are shared out by: everybody's open tickets, and whose turn was when. Values only.

Who is chosen by them is judged in `assignment.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from maild.threads.model import Status, Ticket

COUNTED = (Status.NEW, Status.OPEN)
"""What counts as an agent's open tickets: those on which it is our turn. Neither the customer's nor somebody else's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """What is known when a ticket is shared out: open tickets by agent, and of each pool everybody's last turn."""

    open: Mapping[str, int] = field(default_factory=dict)
    turns: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def after(self, before: Ticket, ticket: Ticket | None, turns: Iterable[Turn]) -> Workload:
        """What is known once a ticket has become another; of agents who are not counted nothing is."""
        had, has = _in_hand(before), _in_hand(ticket) if ticket is not None else _in_hand(before)
        taken = list(turns)
        if had == has and not taken:
            return self
        known = dict(self.open)
        for agent, change in ((had, -1), (has, 1)):
            if agent is not None:
                known[agent] = known.get(agent, 0) + change
        last = {pool: dict(numbers) for pool, numbers in self.turns.items()}
        for turn in taken:
            last.setdefault(turn.pool, {})[turn.agent] = turn.number
        return Workload(open=known, turns=last)


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """An agent had his turn among those of a pool. Numbers of a pool only grow; the lowest has waited longest."""

    pool: str
    agent: str
    number: int


def _in_hand(ticket: Ticket) -> str | None:
    """Whose open ticket it is; None for nobody's."""
    return ticket.assignee if ticket.status in COUNTED else None
