"""`maild agents`: who serves, what each has in hand, who is away; and the admin's word for one who cannot give it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from maild.cli.app import App
from maild.cli.output import json_option, report, say_json, table, when
from maild.errors import DataError, NotFound

if TYPE_CHECKING:
    from maild.desk.attendance import Attending


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def agents(ctx: click.Context) -> None:
    """Who serves: open tickets, working hours, absences; `away` and `back` speak for an agent."""
    if ctx.invoked_subcommand is None:
        _listed(ctx.obj)


def _listed(app: App) -> None:
    from maild.desk.attendance import attending

    found = attending(app.keep, app.office, app.clock.now())
    if app.json:
        for one in found:
            say_json(_view(one))
        return
    columns = ("id", "name", "queues", "open", "cap", "works", "away until", "deputy")
    table(columns, ((*_told(one),) for one in found))


def _told(one: Attending) -> tuple[object, ...]:
    agent, absence = one.agent, one.absence
    works = "-" if agent.hours is None else f"{agent.hours}, {'now' if one.works else 'not now'}"
    until = "" if absence is None else when(absence.until) if absence.until is not None else "/back"
    return (agent.id, agent.name, ", ".join(one.queues), one.open, agent.cap, works, until, one.deputy)


def _view(one: Attending) -> dict[str, object]:
    agent, absence = one.agent, one.absence
    away = None
    if absence is not None:
        away = {"since": absence.since, "until": absence.until, "source": str(absence.source)}
    return {
        "id": agent.id,
        "name": agent.name,
        "address": agent.address,
        "line": agent.line,
        "queues": list(one.queues),
        "open": one.open,
        "cap": agent.cap,
        "hours": agent.hours,
        "works": one.works,
        "away": away,
        "deputy": one.deputy,
    }


@agents.command("away")
@click.argument("agent")
@click.argument("words", nargs=-1)
@click.pass_obj
def agents_away(app: App, agent: str, words: tuple[str, ...]) -> None:
    """AGENT is away, as if he had said /away: until when and who stands in, such as "until friday boris"."""
    _speak(app, agent, "away", " ".join(words))


@agents.command("back")
@click.argument("agent")
@click.pass_obj
def agents_back(app: App, agent: str) -> None:
    """AGENT is here again, as if he had said /back."""
    _speak(app, agent, "back", "")


def _speak(app: App, agent_id: str, order: str, words: str) -> None:
    from maild.desk.attendance import say_for
    from maild.people.names import who_is_meant

    agents = app.office.practice.team.agents
    meant = who_is_meant(agent_id, agents)
    if len(meant) != 1:
        what = f"{agent_id} may be one of several" if meant else f"there is no agent {agent_id}"
        raise NotFound(f"{what}; there are: {' '.join(a.id for a in meant or agents)}")
    agent_id = meant[0].id
    done = say_for(app.keep, app.office, app.clock.now(), agent_id, order, words)
    if not done.ok:
        raise DataError(done.effect)
    report(app.json, f"{agent_id}: {done.effect}", agent=agent_id, effect=done.effect)
