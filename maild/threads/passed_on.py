"""What an agent adds to a mail of somebody else's that he passes on: his words, his orders, and what is known by it."""

from __future__ import annotations

from dataclasses import dataclass

from maild.people.team import Agent
from maild.threads.order_lines import Order


@dataclass(frozen=True, kw_only=True, slots=True)
class PassedOn:
    """Who passed a customer's mail on. `words` are for colleagues alone; `dated`: what the forward says of its date."""

    agent: Agent
    words: str
    orders: tuple[Order, ...]
    dated: str
    attached: bool
    """Whether the mail came along whole: only then are its recipients more than a client's print of them."""

    def view(self) -> dict[str, str]:
        """The same as letters see it."""
        return {"name": self.agent.name, "words": self.words, "dated": self.dated}
