"""What tickets are shared out by: everybody's open tickets, and whose turn was when. Values only.

Who is chosen by them is judged in `assignment.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from maild.threads.model import Status

COUNTED = (Status.NEW, Status.OPEN)
"""What counts as an agent's open tickets: those on which it is our turn. Neither the customer's nor somebody else's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """What is known when a ticket is shared out: open tickets by agent, and of each pool everybody's last turn."""

    open: Mapping[str, int] = field(default_factory=dict)
    turns: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """An agent had his turn among those of a pool. Numbers of a pool only grow; the lowest has waited longest."""

    pool: str
    agent: str
    number: int
