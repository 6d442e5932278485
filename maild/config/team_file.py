"""rules/teams.toml: who serves. Every name that a queue uses has to be there, and no address may mean two things."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from maild.config.files import Source, nearest
from maild.config.organisations import organisation_doubts, read_organisations
from maild.config.report import Found, names_given, read_tables
from maild.config.schema import TEAM_TABLES
from maild.config.settings import Desk
from maild.errors import Finding
from maild.people.absence import QUEUE
from maild.people.team import Agent, Queue, Team, normal


def read_team(source: Source, desk: Desk) -> tuple[Team, list[Finding]]:
    """The team as far as it can be read, and everything that is wrong with it."""
    tables, findings = read_tables(source, TEAM_TABLES)
    agents, queues = tables["agent"], tables["queue"]
    findings.extend(_same_names(agents, "id"))
    findings.extend(_same_names(queues, "name"))
    findings.extend(_same_addresses(agents, queues, desk))
    known = names_given(source, "agent", "id")
    findings.extend(_unknown_agents(queues, known))
    findings.extend(_empty_lines(queues))
    findings.extend(_unknown_deputies(agents, known))
    findings.extend(_default_queue(source, queues, broken=bool(findings)))
    organisations, wrong = read_organisations(source, tables["organisation"], agents, desk)
    findings.extend(wrong)
    team = Team(agents=_agents(source, agents, desk), queues=_queues(source, queues), organisations=organisations)
    return team, findings


def _agents(source: Source, tables: list[Found], desk: Desk) -> tuple[Agent, ...]:
    agents = {found.table.id: _agent(found, desk) for found in tables}
    for name in names_given(source, "agent", "id"):
        agents.setdefault(name, Agent(id=name, name=name, address=""))
    return tuple(agents.values())


def _queues(source: Source, tables: list[Found]) -> tuple[Queue, ...]:
    queues = {found.table.name: Queue(**dict(found.table)) for found in tables}
    for name in names_given(source, "queue", "name"):
        queues.setdefault(name, Queue(name=name))
    return tuple(queues.values())


def _agent(found: Found, desk: Desk) -> Agent:
    values = dict(found.table)
    language, timezone = values["language"] or desk.languages[0], values["timezone"] or desk.timezone
    return Agent(**{**values, "language": language, "timezone": timezone})


def _same_names(tables: Iterable[Found], key: str) -> Iterator[Finding]:
    seen: dict[str, Found] = {}
    for found in tables:
        name = getattr(found.table, key)
        if (first := seen.setdefault(name.casefold(), found)) is not found:
            yield found.finding((key,), "duplicate-name", f"the {key} '{name}' is taken by line {first.line}")


def _same_addresses(agents: list[Found], queues: list[Found], desk: Desk) -> Iterator[Finding]:
    """An agent with the address of the desk, of a queue or of another agent: letters to him would come back to us."""
    taken = {normal(address): "the desk" for address in desk.addresses}
    for found in queues:
        if (address := found.table.address) is None:
            continue
        owner = taken.get(normal(address), "the desk")
        # A queue may have an address of the desk: that of the default queue is often the desk's own.
        if owner != "the desk":
            yield found.finding(("address",), "duplicate-address", f"{address} belongs to {owner}")
        taken[normal(address)] = f"the queue '{found.table.name}'"
    for found in agents:
        for path, address in _addresses(found):
            if normal(address) in taken:
                yield found.finding(path, "duplicate-address", f"{address} belongs to {taken[normal(address)]}")
            else:
                taken[normal(address)] = f"the agent '{found.table.id}'"


def _addresses(agent: Found) -> Iterator[tuple[tuple[str | int, ...], str]]:
    yield ("address",), agent.table.address
    for position, alias in enumerate(agent.table.aliases):
        yield ("aliases", position), alias


def _unknown_agents(queues: list[Found], known: list[str]) -> Iterator[Finding]:
    for found in queues:
        named: list[tuple[tuple[str | int, ...], str]] = [(("agents", n), a) for n, a in enumerate(found.table.agents)]
        if found.table.lead is not None:
            named.append((("lead",), found.table.lead))
        for line, agents in found.table.lines.items():
            named.extend((("lines", str(line), n), agent) for n, agent in enumerate(agents))
        for path, agent in named:
            if agent not in known:
                yield found.finding(path, "unknown-agent", f"there is no agent '{agent}'", nearest(agent, known))


def _empty_lines(queues: list[Found]) -> Iterator[Finding]:
    for found in queues:
        for line, agents in found.table.lines.items():
            if not agents:
                message = f"nobody serves line {line} of the queue '{found.table.name}'"
                hint = "name somebody, or leave the line out: the agents of that line serve it then"
                yield found.finding(("lines", str(line)), "empty-line", message, hint)


def _unknown_deputies(agents: list[Found], known: list[str]) -> Iterator[Finding]:
    for found in agents:
        deputy = found.table.deputy
        if deputy == found.table.id:
            yield found.finding(("deputy",), "bad-value", f"'{deputy}' cannot stand in for himself")
        elif deputy is not None and deputy not in (*known, QUEUE):
            hint = nearest(deputy, known) or f'"{QUEUE}" gives his tickets to their queues'
            yield found.finding(("deputy",), "unknown-agent", f"there is no agent '{deputy}'", hint)


def unknown_hours(source: Source, known: list[str]) -> Iterator[Finding]:
    """Working times of agents whose calendars are not in sla.toml."""
    tables = source.data.get("agent")
    for position, table in enumerate(tables if isinstance(tables, list) else ()):
        hours = table.get("hours") if isinstance(table, dict) else None
        if isinstance(hours, str) and hours not in known:
            path, message = ("agent", position, "hours"), f"there is no calendar '{hours}'"
            yield source.finding(path, "unknown-calendar", message, nearest(hours, known), at_value=True)


def _default_queue(source: Source, queues: list[Found], *, broken: bool) -> Iterator[Finding]:
    defaults = [found for found in queues if found.table.default]
    if not defaults and not broken:
        message = "no queue is the default: a mail that nothing else sorts would have no place"
        yield source.finding((), "no-default-queue", message, "write default = true in one [[queue]]")
    for found in defaults[1:]:
        message = f"the queue '{defaults[0].table.name}' is the default already"
        yield found.finding(("default",), "two-default-queues", message)


def team_doubts(source: Source, team: Team) -> Iterator[Finding]:
    """Queues whose mail nobody would be told of, and what makes colleagues of strangers."""
    yield from organisation_doubts(source, team)
    for position, queue in enumerate(team.queues):
        if not queue.everybody:
            message = f"the queue '{queue.name}' has no agents"
            hint = f"its lead '{queue.lead}' is told of every mail" if queue.lead else "nobody is told of its mail"
            path = ("queue", position, "name")
            yield source.finding(path, "queue-unserved", message, hint, severity="warning", at_value=True)
