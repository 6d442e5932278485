"""Who serves: the agents, the queues they look after, who is told of what, and who stands in for those who are away.

Values and look-ups only. `rules/teams.toml` is read and checked in `maild/config`; how far a sender is proven to be an
agent stands in `proof.py`; whom of several a ticket is given to, in `threads/assignment.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from maild.people.absence import QUEUE, Absence, DaysAway, of_files, the_absence
from maild.people.keys import AgentKey
from maild.people.organisations import Organisations
from maild.people.quiet import Quiet
from maild.people.spoken import Spoken

LAST_LINE = 3
"""The highest support line; the first is 1."""


class By(StrEnum):
    """How one of several agents is chosen."""

    LOAD = "load"  # who has the fewest open tickets
    TURN = "turn"  # whose last turn is the longest ago


@dataclass(frozen=True, kw_only=True, slots=True)
class Agent:
    """A person of the desk. `language` is the one of letters to the agent, `line` the support line, counted from 1."""

    id: str
    name: str
    address: str
    aliases: tuple[str, ...] = ()
    language: str = "en"
    line: int = 1
    quiet: tuple[Quiet, ...] = ()
    """When he is told of nothing but urgent deadlines; the rest comes in a digest when it ends."""
    digest: timedelta | None = None
    """How long news may wait for a digest that he gets in place of single letters; None: each at once."""
    timezone: str = "UTC"
    """Of his quiet hours, and of the days he is away."""
    signature: Spoken = field(default_factory=Spoken)
    """What stands below his answers; empty: as the queue says."""
    cap: int | None = None
    """Open tickets at which he is given no more; None: any number."""
    hours: str | None = None
    """The calendar of his working time, outside of which he is given nothing; None: any time."""
    away: tuple[DaysAway, ...] = ()
    deputy: str | None = None
    """Who gets what is new on his tickets while he is away: an agent's id, or "queue"."""
    pgp_key: tuple[str, ...] = ()
    smime_certificate: tuple[str, ...] = ()
    keys: tuple[AgentKey, ...] = ()
    """What those two files hold: the keys whose signatures prove that a mail is his."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address that the agent writes from, the main one first."""
        return (self.address, *self.aliases)


@dataclass(frozen=True, kw_only=True, slots=True)
class Queue:
    """A stack of tickets. `agents` and `lead` are agents' ids; mail to `address` starts here."""

    name: str
    address: str | None = None
    agents: tuple[str, ...] = ()
    lead: str | None = None
    default: bool = False
    keep: timedelta | None = None
    """How long its ended tickets are kept; None: as the settings say."""
    signature: Spoken = field(default_factory=Spoken)
    """What stands below answers of agents who have none of their own; empty: their name and the desk's."""
    from_name: Spoken = field(default_factory=Spoken)
    """The name of the desk that its customers see; empty: the desk's own."""
    assign: By | None = None
    """How its tickets are shared out that no rule gives to anybody; None: its agents take them themselves."""
    lines: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """Who serves which support line of it; a line that is not there is served by its agents of that line."""

    @property
    def everybody(self) -> tuple[str, ...]:
        """The ids of all who look after it: its agents, then those of its lines."""
        of_lines = (agent for line in sorted(self.lines) for agent in self.lines[line])
        return tuple(dict.fromkeys((*self.agents, *of_lines)))


@dataclass(frozen=True, kw_only=True, slots=True)
class StandIn:
    """Who gets the tickets of somebody who is away; `agent` None: their queues."""

    agent: Agent | None


@dataclass(frozen=True, kw_only=True)
class Team:
    """All agents and queues. Every name that a queue uses is known, and exactly one queue is the default.

    `away` is who is away at the moment for which `as_of` made it; without that everybody is here.
    """

    agents: tuple[Agent, ...]
    queues: tuple[Queue, ...]
    away: Mapping[str, Absence] = field(default_factory=dict)
    organisations: Organisations = field(default_factory=Organisations)
    """Those of the customers."""
    _by_id: dict[str, Agent] = field(init=False, repr=False, compare=False)
    _by_address: dict[str, Agent] = field(init=False, repr=False, compare=False)
    _by_name: dict[str, Queue] = field(init=False, repr=False, compare=False)
    _by_queue_address: dict[str, Queue] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        indexes: dict[str, object] = {
            "_by_id": {agent.id: agent for agent in self.agents},
            "_by_address": {normal(address): agent for agent in self.agents for address in agent.addresses},
            "_by_name": {queue.name: queue for queue in self.queues},
            "_by_queue_address": {normal(queue.address): queue for queue in self.queues if queue.address},
        }
        for name, index in indexes.items():
            object.__setattr__(self, name, index)

    @property
    def default_queue(self) -> Queue:
        """Where a ticket goes that nothing else gives a queue. ValueError where no queue is marked so."""
        for queue in self.queues:
            if queue.default:
                return queue
        raise ValueError("no queue is the default")

    def agent(self, agent_id: str | None) -> Agent | None:
        """The agent of this id."""
        return self._by_id.get(agent_id) if agent_id is not None else None

    def agent_by_address(self, address: str) -> Agent | None:
        """The agent who has this address, upper and lower case alike, as the main one or as an alias."""
        return self._by_address.get(normal(address))

    def organisation_of(self, address: str | None) -> str:
        """The name of the organisation that somebody outside belongs to; "" where none is known."""
        found = self.organisations.of(normal(address)) if address else None
        return found.name if found is not None else ""

    def queue(self, name: str | None) -> Queue | None:
        """The queue of this name."""
        return self._by_name.get(name) if name is not None else None

    def queue_for_address(self, address: str) -> Queue | None:
        """The queue that mail to this address starts in; what stands behind a + in its local part is left aside."""
        local, at, domain = normal(address).rpartition("@")
        found = self._by_queue_address.get(f"{local}{at}{domain}")
        return found or self._by_queue_address.get(f"{local.partition('+')[0]}{at}{domain}")

    def queue_written_to(self, addresses: Iterable[str]) -> Queue | None:
        """The queue of the first of these addresses that has one."""
        return next((queue for address in addresses if (queue := self.queue_for_address(address))), None)

    def as_of(self, said: Iterable[Absence], now: datetime) -> Team:
        """The team with everybody who is away now: by the files, and by what agents said."""
        of_agent: dict[str, list[Absence]] = {a.id: of_files(a.id, a.away, a.timezone) for a in self.agents if a.away}
        for absence in said:
            of_agent.setdefault(absence.agent, []).append(absence)
        away = {i: found for i, all_said in of_agent.items() if (found := the_absence(all_said, now)) is not None}
        return self if away == self.away else replace(self, away=away)

    def stand_in(self, agent_id: str | None) -> StandIn | None:
        """Who gets what is new on the tickets of an agent who is away; None where he is here, or they stay his.

        A deputy who is away, too, has a deputy of his own. Where that comes back to where it began, or ends with
        somebody who has none, it is the queue's.
        """
        absence, seen = self.away.get(agent_id or ""), {agent_id}
        if absence is None or (deputy := self._deputy(absence)) is None:
            return None
        while deputy not in seen and (agent := self.agent(deputy)) is not None:
            if (absence := self.away.get(agent.id)) is None:
                return StandIn(agent=agent)
            seen.add(deputy)
            deputy = self._deputy(absence) or QUEUE
        return StandIn(agent=None)

    def _deputy(self, absence: Absence) -> str | None:
        agent = self.agent(absence.agent)
        return absence.deputy or (agent.deputy if agent is not None else None)

    def members(self, queue_name: str | None) -> tuple[Agent, ...]:
        """The agents of a queue, in its order; nobody for a queue that is gone."""
        queue = self.queue(queue_name)
        return self._named(queue.everybody) if queue is not None else ()

    def _named(self, ids: Iterable[str]) -> tuple[Agent, ...]:
        return tuple(agent for i in ids if (agent := self.agent(i)) is not None)

    def lead(self, queue_name: str | None) -> Agent | None:
        """The lead of a queue."""
        queue = self.queue(queue_name)
        return self.agent(queue.lead) if queue is not None else None

    def of_line(self, queue_name: str | None, line: int) -> tuple[Agent, ...]:
        """The agents who serve this support line of this very queue, here or away."""
        queue = self.queue(queue_name)
        if queue is not None and line in queue.lines:
            return self._named(queue.lines[line])
        return tuple(agent for agent in self._named(queue.agents if queue else ()) if agent.line == line)

    def line_or_others(self, queue_name: str | None, line: int) -> tuple[Agent, ...]:
        """The agents of a support line, here or away: those of the queue, else all who serve that line."""
        return self.of_line(queue_name, line) or tuple(agent for agent in self.agents if agent.line == line)

    def who_serves(self, queue_name: str | None, line: int) -> tuple[Agent, ...]:
        """Who is told of what comes to a support line: those of its agents who are here, else all, and the queue's."""
        found = self.line_or_others(queue_name, line)
        return self.here(found) or (self._and_who_is_here(found, queue_name, line) if found else ())

    def here(self, agents: Iterable[Agent]) -> tuple[Agent, ...]:
        """Those of these agents who are not away."""
        return tuple(agent for agent in agents if agent.id not in self.away)

    def instead(self, agent: Agent) -> Agent:
        """The agent himself, or who stands in for him by name."""
        stand_in = self.stand_in(agent.id)
        return stand_in.agent if stand_in is not None and stand_in.agent is not None else agent

    def who_hears(self, agent: Agent, queue_name: str | None, line: int) -> tuple[Agent, ...]:
        """Who is told of what is for an agent: he, or who stands in for him; where nobody does, the queue as well."""
        one = self.instead(agent)
        return (one,) if one.id not in self.away else self._and_who_is_here((one,), queue_name, line)

    def _and_who_is_here(self, found: tuple[Agent, ...], queue_name: str | None, line: int) -> tuple[Agent, ...]:
        """Agents who are away, and those of the queue who are not: what is urgent must not wait for a holiday's end."""
        return tuple(dict.fromkeys((*found, *self.here(self.who_is_told(queue_name, None, line)))))

    def who_is_told(self, queue_name: str | None, assignee: str | None, line: int = 0) -> tuple[Agent, ...]:
        """Who hears of a mail: the assignee alone, else the agents of the queue, else its lead.

        Where the queue names who serves the ticket's support line, those are told instead of all its agents. For an
        assignee who is away it is his deputy, else the queue. Those of the queue who are away are left out as long as
        somebody is here. A ticket whose queue or assignee is gone from the files must not become silent: it falls to
        the default queue, and where that has nobody either, to every agent there is.
        """
        if (agent := self.agent(assignee)) is not None:
            if agent.id not in self.away:
                return (agent,)
            if (deputy := self.instead(agent)) is not agent:
                return (deputy,)
        queue = self.queue(queue_name)
        of_line = self._named(queue.lines.get(line, ())) if queue is not None else ()
        told = self.here(of_line) or self._of_queues(queue_name, self.away)
        return told or of_line or self._of_queues(queue_name, {})

    def _of_queues(self, queue_name: str | None, away: Mapping[str, Absence]) -> tuple[Agent, ...]:
        """The queue's agents, else its lead, else those of the default queue, else everybody; nobody who is away."""
        for name in (queue_name, self.default_queue.name):
            lead = self.lead(name)
            for agents in (self.members(name), (lead,) if lead is not None else ()):
                if found := tuple(agent for agent in agents if agent.id not in away):
                    return found
        return tuple(agent for agent in self.agents if agent.id not in away)


def normal(address: str) -> str:
    """An address for comparing: case says nothing about who is meant."""
    return address.strip().casefold()
