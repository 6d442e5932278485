"""Whom a ticket is given to: which of several agents by load or by turn, and who gets it of somebody who is away.

Pure: how many open tickets everybody has and whose turn was when are facts, gathered in the transaction that decides.
The same facts give the same choice, and each choice can say why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from maild.people.absence import Absence
from maild.people.team import Agent, By, Team
from maild.routing.rules import Choice
from maild.threads.model import Ticket
from maild.threads.practice import Practice
from maild.threads.words import say
from maild.threads.workload import Turn, Workload


class Bar(StrEnum):
    """Why an agent is given nothing now."""

    AWAY = "away"
    OFF = "off"  # outside his working time
    FULL = "full"  # he has as many as he may


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """How an agent of a pool stands at this moment; `until` is when he is back, or begins to work again."""

    agent: Agent
    open: int
    last: int
    """The number of his last turn; 0: none yet."""
    bar: Bar | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """One of several, or nobody, with how everybody stood."""

    by: By
    agent: Agent | None
    standings: tuple[Standing, ...]
    turn: Turn | None

    def said(self, language: str, zone: ZoneInfo | None = None) -> str:
        """Why, in words: "by load: 3 open; Anna 5, Vera is away until ...". Times are in UTC, if not of this zone."""
        return choice_said(self.view, language, zone)

    @property
    def view(self) -> dict[str, object]:
        """What is written down of it in the explanation of a decision."""
        return {
            "by": str(self.by),
            "agent": self.agent.id if self.agent is not None else None,
            "standings": [
                {
                    "agent": s.agent.id,
                    "name": s.agent.name,
                    "open": s.open,
                    "not": str(s.bar) if s.bar is not None else None,
                    "until": s.until.isoformat().replace("+00:00", "Z") if s.until is not None else None,
                }
                for s in self.standings
            ],
        }


def choice_said(view: Mapping[str, Any], language: str, zone: ZoneInfo | None = None) -> str:
    """The same out of what was written down of a choice."""
    mine = next((one for one in view["standings"] if one["agent"] == view["agent"]), None)
    others = ", ".join(_standing_said(one, language, zone) for one in view["standings"] if one is not mine)
    if mine is None:
        nobody = say(language, f"nobody_by_{view['by']}")
        return f"{nobody}: {others}" if others else nobody
    words = say(language, f"chosen_by_{view['by']}", open=mine["open"])
    return f"{words}; {others}" if others else words


def _standing_said(one: Mapping[str, Any], language: str, zone: ZoneInfo | None) -> str:
    if one["not"] is None:
        return f"{one['name']} {one['open']}"
    until = datetime.fromisoformat(one["until"]) if one["until"] else None
    words = say(language, f"is_{one['not']}", name=one["name"], open=one["open"])
    return words + until_words(until, language, zone)


def until_words(until: datetime | None, language: str, zone: ZoneInfo | None = None) -> str:
    """The end of an absence behind a space, in UTC if not of this zone; nothing where it is not known."""
    if until is None:
        return ""
    when = f"{until.astimezone(zone or UTC):%Y-%m-%d %H:%M}" + ("" if zone else " UTC")
    return " " + say(language, "away_until", when=when)


def present(practice: Practice, said: Iterable[Absence], workload: Workload, now: datetime) -> Practice:
    """The practice at this moment: its team knows who is away, and it knows everybody's work."""
    team = practice.team.as_of(said, now)
    same = team is practice.team and workload == practice.workload
    return practice if same else replace(practice, team=team, workload=workload)


def shares_out(practice: Practice) -> bool:
    """Whether any rule, queue or step gives tickets to one of several: only then is anything counted."""
    return (
        any(q.assign is not None for q in practice.team.queues)
        or any(isinstance(rule.then.assignee, Choice) for rule in practice.rules.rules)
        or any(step.share_by is not None for given in practice.promises.given for step in given.promise.steps)
    )


def counted(practice: Practice, *, orders: bool) -> tuple[str, ...]:
    """The agents whose open tickets have to be known: all, where rules, queues or somebody's `orders` share out."""
    return tuple(agent.id for agent in practice.team.agents) if orders or shares_out(practice) else ()


def pool_of(team: Team, ticket: Ticket, choice: Choice) -> tuple[str, tuple[Agent, ...]]:
    """The name of a pool and its agents: those whom the choice names, else those who serve the ticket's queue and line.

    Line 1 is also what nobody has said a line of: where nobody serves it, all agents of the queue do.
    """
    if choice.among:
        named = tuple(agent for i in dict.fromkeys(choice.among) if (agent := team.agent(i)) is not None)
        return "among " + " ".join(sorted(choice.among)), named
    queue, line = ticket.queue, ticket.line
    agents = team.of_line(queue, line) or (team.members(queue) if line == 1 else team.line_or_others(queue, line))
    return f"{queue}/{line}", agents


def has_it(team: Team, ticket: Ticket, choice: Choice) -> bool:
    """Whether somebody has the ticket already who could be chosen, and is here."""
    return any(agent.id == ticket.assignee for agent in team.here(pool_of(team, ticket, choice)[1]))


def choose(practice: Practice, ticket: Ticket, now: datetime, choice: Choice, but: str | None = None) -> Chosen:
    """One of those whom the choice names, else of those who serve the ticket's queue and line. `but` is left out."""
    by, (pool, agents) = By(choice.by), pool_of(practice.team, ticket, choice)
    turns = practice.workload.turns.get(pool, {})
    standings = tuple(_how(practice, turns, agent, now) for agent in agents if agent.id != but)
    free = [s for s in standings if s.bar is None]
    if not free:
        return Chosen(by=by, agent=None, standings=standings, turn=None)
    # Who stands first in the file goes first where nothing else tells two apart.
    best = min(free, key=lambda s: (s.open, s.last) if by is By.LOAD else (s.last, 0))
    turn = Turn(pool=pool, agent=best.agent.id, number=max(turns.values(), default=0) + 1)
    return Chosen(by=by, agent=best.agent, standings=standings, turn=turn)


def on_line(team: Team, ticket: Ticket, line: int) -> Ticket:
    """The ticket on a support line; it is nobody's then, unless its agent serves that line of its queue."""
    stays = any(agent.id == ticket.assignee for agent in team.line_or_others(ticket.queue, line))
    return replace(ticket, line=line, assignee=ticket.assignee if stays else None)


def by_queue(practice: Practice, ticket: Ticket, now: datetime, but: str | None = None) -> Chosen | None:
    """Whom the ticket's queue gives it to; None where the queue leaves that to its agents."""
    queue = practice.team.queue(ticket.queue)
    if queue is None or queue.assign is None:
        return None
    return choose(practice, ticket, now, Choice(by=queue.assign), but)


def works(practice: Practice, agent: Agent, now: datetime) -> bool:
    """Whether it is his working time, as far as the files say anything of it."""
    calendar = practice.calendars.get(agent.hours or "")
    return calendar is None or calendar.is_open(now)


def _how(practice: Practice, turns: Mapping[str, int], agent: Agent, now: datetime) -> Standing:
    standing = Standing(agent=agent, open=practice.workload.open.get(agent.id, 0), last=turns.get(agent.id, 0))
    if (absence := practice.team.away.get(agent.id)) is not None:
        return replace(standing, bar=Bar.AWAY, until=absence.until)
    if not works(practice, agent, now):
        return replace(standing, bar=Bar.OFF, until=practice.calendars[agent.hours or ""].next_open(now))
    if agent.cap is not None and standing.open >= agent.cap:
        return replace(standing, bar=Bar.FULL)
    return standing


@dataclass(frozen=True, kw_only=True, slots=True)
class Relief:
    """What is new on the ticket of somebody who is away goes to somebody else, and the ticket with it.

    `taker` None: nobody of its queue, which takes it back. `chosen`: how the queue shared it out, where it does that.
    """

    absent: Agent
    taker: Agent | None
    chosen: Chosen | None = None

    def why(self, practice: Practice, language: str, zone: ZoneInfo | None = None) -> str:
        """Why, in words: passed on, since somebody is away until then."""
        until = until_words(practice.team.away[self.absent.id].until, language, zone)
        words = say(language, "passed_on", away=say(language, "is_away", name=self.absent.name) + until)
        return f"{words}; {self.chosen.said(language, zone)}" if self.chosen is not None else words


def relief(practice: Practice, ticket: Ticket, now: datetime) -> Relief | None:
    """Who gets a ticket whose assignee is away: his deputy or its queue; None where it stays with whom it is."""
    absent, stand_in = practice.team.agent(ticket.assignee), practice.team.stand_in(ticket.assignee)
    if absent is None or stand_in is None:
        return None
    if stand_in.agent is not None:
        return Relief(absent=absent, taker=stand_in.agent)
    chosen = by_queue(practice, ticket, now, absent.id)
    return Relief(absent=absent, taker=chosen.agent if chosen is not None else None, chosen=chosen)
