"""Who serves: the agents, the queues they look after, and who is told of what.

Values and look-ups only. `rules/teams.toml` is read and checked in `maild/config`; how far a sender is proven to be an
agent stands in `proof.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from maild.people.keys import AgentKey
from maild.people.quiet import Quiet


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
    """Of his quiet hours."""
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


@dataclass(frozen=True, kw_only=True)
class Team:
    """All agents and queues. Every name that a queue uses is known, and exactly one queue is the default."""

    agents: tuple[Agent, ...]
    queues: tuple[Queue, ...]
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

    def members(self, queue_name: str | None) -> tuple[Agent, ...]:
        """The agents of a queue, in its order; nobody for a queue that is gone."""
        queue = self.queue(queue_name)
        return tuple(agent for i in queue.agents if (agent := self.agent(i))) if queue is not None else ()

    def lead(self, queue_name: str | None) -> Agent | None:
        """The lead of a queue."""
        queue = self.queue(queue_name)
        return self.agent(queue.lead) if queue is not None else None

    def who_serves(self, queue_name: str | None, line: int) -> tuple[Agent, ...]:
        """The agents of a support line: those of the queue, else all who serve that line."""
        of_queue = tuple(agent for agent in self.members(queue_name) if agent.line == line)
        return of_queue or tuple(agent for agent in self.agents if agent.line == line)

    def who_is_told(self, queue_name: str | None, assignee: str | None) -> tuple[Agent, ...]:
        """Who hears of a mail: the assignee alone, else the agents of the queue, else its lead.

        A ticket whose queue or assignee is gone from the files must not become silent: it falls to the default queue,
        and where that has nobody either, to every agent there is.
        """
        if (agent := self.agent(assignee)) is not None:
            return (agent,)
        for name in (queue_name, self.default_queue.name):
            if members := self.members(name):
                return members
            if (lead := self.lead(name)) is not None:
                return (lead,)
        return self.agents


def normal(address: str) -> str:
    """An address for comparing: case says nothing about who is meant."""
    return address.strip().casefold()
