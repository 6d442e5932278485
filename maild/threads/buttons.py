"""Buttons in letters to agents: mailto: links whose address gives an order, so that they work in every mail client.

Which button stands in which letter is said here. What an order does is known to the table of orders alone, and whether
a mail that came by a button may order anything to `agents.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from urllib.parse import quote

from maild.messages.tokens import Mint
from maild.people.team import Agent
from maild.threads.model import Status, Ticket
from maild.threads.words import say

_ALWAYS = ("take", "close", "snooze", "spam")
_ASKED_FOR = {"proposed": ("keep", "split")}
_RESTING = (Status.CLOSED, Status.SPAM, Status.MERGED)
"""Where there is nothing to close or to put off."""


def for_news(event: str, ticket: Ticket, agent: Agent) -> tuple[str, ...]:
    """The orders that a letter about a ticket offers: first what its event asks for, then what helps with any mail."""
    names = (*_ASKED_FOR.get(event, ()), *_ALWAYS)
    return tuple(name for name in names if not _idle(name, ticket, agent))


def _idle(name: str, ticket: Ticket, agent: Agent) -> bool:
    """Whether the order would change nothing, or could not be done."""
    if name == "take":
        return ticket.assignee == agent.id
    if ticket.status in _RESTING:
        return name in ("close", "snooze") or (name == "spam" and ticket.status is not Status.CLOSED)
    return False


@dataclass(frozen=True, kw_only=True, slots=True)
class Buttons:
    """The buttons of a letter: which, for whom, and from which day on. They are made when the letter is written."""

    mint: Mint = field(repr=False)
    ticket: Ticket
    agent: Agent
    language: str
    today: date
    names: tuple[str, ...]

    def views(self) -> list[dict[str, object]]:
        """Buttons as letters see them; none where a signed address would be longer than addresses may be."""
        views: list[dict[str, object]] = []
        for name in self.names:
            address = self.mint.verb_address(name, self.ticket.id, self.agent.id, self.today)
            if address is not None:
                label = say(self.language, f"button_{name}")
                link = mailto(address, f"[{self.ticket.number}] {label}", say(self.language, "button_body"))
                views.append({"name": name, "label": label, "link": link})
        return views


def mailto(address: str, subject: str, body: str) -> str:
    """A link that opens a mail that is written already (RFC 6068).

    The plus sign is encoded too, as section 5 allows: programs that take the link for a form would read it as a space.
    """
    return f"mailto:{quote(address, safe='@')}?subject={quote(subject, safe='')}&body={quote(body, safe='')}"
