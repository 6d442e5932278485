"""`maild mailbox`: what a mailbox needs a person for."""

from __future__ import annotations

import secrets
import time

import click

from maild.cli.app import App
from maild.cli.output import report
from maild.errors import NotFound, UsageError


@click.group()
def mailbox() -> None:
    """Mailboxes whose login a person has to allow."""


@mailbox.command()
@click.argument("name")
@click.pass_obj
def authorize(app: App, name: str) -> None:
    """Get the first refresh token of the mailbox NAME, or a new one; the browser may run on another machine."""
    from maild.desk.mailboxes import token_account
    from maild.ingest.oauth2 import save_refresh_token
    from maild.ingest.oauth2_consent import ask_by_code, login_page, redeem

    found = next((one for one in app.settings.imap if one.name == name), None)
    if found is None:
        known = ", ".join(one.name for one in app.settings.imap) or "none"
        raise NotFound(f"there is no mailbox {name} in the settings (known: {known})")
    account, wanted = token_account(found), found.oauth2
    if account is None or wanted is None or account.refresh_token_file is None:
        raise UsageError(f"mailbox {name} has no refresh_token_file under oauth2: there is nothing to allow")
    if wanted.device_url:
        token = ask_by_code(account, wanted.device_url, app.clock, _say, time.sleep)
    elif wanted.login_url:
        page = login_page(account, wanted.login_url, secrets.token_urlsafe(24), secrets.token_urlsafe(48))
        click.echo(f"1. open this address in a browser and log in as {found.username}:\n\n{page.address}\n", err=True)
        click.echo("2. the last page cannot be shown, and need not be: copy its address out of the browser", err=True)
        token = redeem(account, page, click.prompt("the address", err=True), app.clock)
    else:
        raise UsageError(f"mailbox {name}: oauth2 has neither device_url nor login_url, where a person could allow it")
    save_refresh_token(account.refresh_token_file, token)
    file = str(account.refresh_token_file)
    report(app.json, f"the refresh token of {name} is in {file}", mailbox=name, file=file)


def _say(page: str, code: str) -> None:
    click.echo(f"open {page} in a browser, log in to the mailbox and enter this code: {code}", err=True)
