"""`maild run`: the daemon."""

from __future__ import annotations

import asyncio
import logging
import sys

import click

from maild.cli.app import App, holder


@click.command()
@click.option("--once", is_flag=True, help="Take everything in, do everything due, send everything, end (for cron).")
@click.pass_obj
def run(app: App, once: bool) -> None:
    """The daemon: mail in, tickets, letters out. Ends on SIGTERM; SIGHUP reads the rules anew."""
    from maild.daemon import Daemon
    from maild.cli.logs import set_up_logs

    set_up_logs(sys.stderr)
    daemon = Daemon(app.settings, app.clock, holder())
    if once:
        handled, sent = daemon.once()
        click.echo(f"{handled} mails handled, {sent} letters tried")
        return
    asyncio.run(daemon.serve(lambda port: _ready(app, port)))
    logging.getLogger("maild").info("stopped")


def _ready(app: App, port: int) -> None:
    settings = app.settings
    out = settings.outgoing
    way = f"Maildir {out.maildir}" if out.transport == "maildir" else f"relay {out.host}:{out.port}"
    click.echo(f"maild is ready: {settings.desk.address}, {settings.smtp.protocol.upper()} on {settings.smtp.host}:{port}, letters go to {way}")
    click.echo("next, in another terminal: `maild demo` shows the whole job, `maild tickets` the list; Ctrl-C stops.")
    sys.stdout.flush()
