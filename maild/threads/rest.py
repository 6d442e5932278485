"""Whether news waits because its reader wants it so: his quiet hours, and his digest in place of single letters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from maild.people.quiet import quiet_until
from maild.threads.model import Priority
from maild.threads.plan import Letter, LetterKind
from maild.threads.practice import Practice

PASSED_ON = "passed_on"
"""The event of news for somebody who is away: it waits until he is back."""
_UNTIL_BACK = timedelta(days=3 * 366)
"""How long it waits at most for somebody who has not said until when; /back ends it sooner."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rest:
    """Until when a piece of news waits, and why."""

    until: datetime
    why: str


def resting(letter: Letter, practice: Practice, now: datetime) -> Rest | None:
    """What keeps a letter of news from its reader now; None where it may go.

    A deadline of an urgent ticket waits for nothing, if its step does not say otherwise; none waits for a digest alone.
    """
    if letter.context.get("event") == PASSED_ON:
        back = letter.context.get("back_at")
        return Rest(until=back if isinstance(back, datetime) else now + _UNTIL_BACK, why="he is away")
    agent = practice.team.agent_by_address(letter.to[0].address)
    deadline = letter.kind is LetterKind.ESCALATION
    if agent is None or (deadline and _comes_through(letter)):
        return None
    gathers = agent.digest is not None and not deadline
    ready = now + agent.digest if agent.digest is not None and not deadline else now
    quiet = quiet_until(agent.quiet, agent.timezone, ready)
    if quiet is not None:
        return Rest(until=quiet, why=f"quiet hours of {agent.id}, until {quiet:%Y-%m-%d %H:%M} UTC")
    return Rest(until=ready, why=f"{agent.id} wants a digest") if gathers else None


def _comes_through(letter: Letter) -> bool:
    if (said := letter.context.get("quiet")) is not None:
        return said == "through"
    ticket = letter.context.get("ticket")
    return isinstance(ticket, dict) and ticket.get("priority") == str(Priority.URGENT)
