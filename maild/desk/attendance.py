"""The practice of this moment: who is away and what everybody has in hand, as the transaction that decides sees it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from maild.desk.handle import Office
from maild.people.absence import Absence
from maild.people.team import Agent, Team
from maild.store.assignment import end_absences, said_absences, save_absences, workload
from maild.store.keep import Keep
from maild.threads.assignment import counted, present, works
from maild.threads.order_lines import Order
from maild.threads.orders.absence import carry_out_presence
from maild.threads.orders.work import Done, Setting
from maild.threads.workload import Workload


def office_now(connection: Any, office: Office, now: datetime, *, orders: bool = False) -> Office:
    """The office with what is so now. Where tickets may be given to one of several, the counter of tickets is locked.

    `orders`: somebody orders, and may give a ticket to one of several where no rule or queue does.
    """
    agents = counted(office.practice, orders=orders)
    known = workload(connection, agents) if agents else Workload()
    return replace(office, practice=present(office.practice, said_absences(connection), known, now))


@dataclass(frozen=True, kw_only=True, slots=True)
class Attending:
    """How an agent stands at a moment: what he has in hand, whether he works, is away, and who stands in for him."""

    agent: Agent
    queues: tuple[str, ...]
    open: int
    works: bool
    """By the calendar of his hours; True where he has none."""
    absence: Absence | None
    deputy: str | None
    """Who gets what is new on his tickets while he is away: an agent's id, "queue"; None: they stay his."""


def attending(keep: Keep, office: Office, now: datetime) -> list[Attending]:
    """Every agent, in the order of the file. Raises RetryLater."""
    with keep.database.write() as connection:
        practice = office_now(connection, office, now, orders=True).practice
    team, known = practice.team, practice.workload
    return [
        Attending(
            agent=agent,
            queues=tuple(queue.name for queue in team.queues if agent.id in queue.everybody),
            open=known.open.get(agent.id, 0),
            works=works(practice, agent, now),
            absence=team.away.get(agent.id),
            deputy=_deputy(team, agent),
        )
        for agent in team.agents
    ]


def _deputy(team: Team, agent: Agent) -> str | None:
    if agent.id not in team.away:
        return agent.deputy
    stand_in = team.stand_in(agent.id)
    if stand_in is None:
        return None
    return stand_in.agent.id if stand_in.agent is not None else "queue"


def say_for(keep: Keep, office: Office, now: datetime, agent_id: str, order: str, words: str) -> Done:
    """What an agent would say by /away or /back, said for him. Raises RetryLater; what is wrong comes back, not ok."""
    agent = office.practice.team.agent(agent_id)
    assert agent is not None
    with keep.database.write() as connection:
        practice = present(office.practice, said_absences(connection), Workload(), now)
        setting = Setting(agent=agent, language="en", now=now, practice=practice)
        line = Order(name=order, argument=words, line=f"/{order} {words}".strip())
        found, [done], _ = carry_out_presence([(order, line)], setting)
        for presence in found:
            end_absences(connection, presence.returned, now)
            save_absences(connection, presence.absences)
    return done
