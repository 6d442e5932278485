"""`maild users`: who may log in to the SMTP listener. An agent's login is his id or his address."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

import click

from maild.cli.app import App
from maild.cli.output import report
from maild.errors import ConfigError, Finding, NotFound, UsageError


@click.group()
def users() -> None:
    """Agents' logins for the SMTP listener (smtp.users_file)."""


def users_file(app: App) -> Path:
    """The users file of the settings. Raises ConfigError where none is named."""
    path = app.settings.smtp.users_file
    if path is None:
        hint = 'add users_file = "var/users" under [smtp]'
        raise ConfigError(
            [
                Finding(
                    file=str(app.settings.file),
                    line=0,
                    column=0,
                    severity="error",
                    code="no-users-file",
                    message="no users file is named",
                    hint=hint,
                )
            ]
        )
    return path


@users.command("set")
@click.argument("login")
@click.option("--password", help="Else it is asked for on a terminal, and is a line of standard input in a pipe.")
@click.option("--force", is_flag=True, help="Also where no agent has this login: the agent may come later.")
@click.pass_obj
def users_set(app: App, login: str, password: str | None, force: bool) -> None:
    """Give LOGIN this password, in place of those it had."""
    from maild.ingest.users import set_password

    path = users_file(app)
    if not force:
        _of_an_agent(app, login)
    password = _asked_for() if password is None else password
    set_password(path, login, password, secrets.token_bytes(16))
    report(app.json, f"{login} may log in", login=login, state="set")


def _of_an_agent(app: App, login: str) -> None:
    """Raises NotFound for a login by which no agent would be known."""
    from difflib import get_close_matches

    team = app.office.practice.team
    if team.agent(login) is not None or team.agent_by_address(login) is not None:
        return
    known = [name for agent in team.agents for name in (agent.id, *agent.addresses)]
    near = get_close_matches(login, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"agents are: {' '.join(a.id for a in team.agents)}"
    raise NotFound(f"no agent has the login {login}; {hint} (--force sets it all the same)")


def _asked_for() -> str:
    """The password, typed twice without being shown, or read from a pipe. Raises UsageError."""
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise UsageError("there is no password on standard input")
    return line


@users.command("remove")
@click.argument("login")
@click.pass_obj
def users_remove(app: App, login: str) -> None:
    """Take LOGIN's passwords away."""
    from maild.ingest.users import remove_login

    if not remove_login(users_file(app), login):
        raise NotFound(f"there is no login {login}; `maild users list` lists what there is")
    report(app.json, f"{login} may not log in any more", login=login, state="removed")


@users.command("list")
@click.pass_obj
def users_list(app: App) -> None:
    """Every login."""
    from maild.ingest.users import list_logins

    for login in dict.fromkeys(list_logins(users_file(app))):
        report(app.json, login, login=login)
