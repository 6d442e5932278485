"""`maild run`: the daemon."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys

import click

from maild.cli.app import App, holder
from maild.cli.output import report, time_of


@click.command()
@click.option("--once", is_flag=True, help="Take everything in, do everything due, send everything, end (for cron).")
@click.option("--log-format", type=click.Choice(["text", "json"]), help="How events are told; else as in the settings.")
@click.pass_obj
def run(app: App, once: bool, log_format: str | None) -> None:
    """The daemon: mail in, tickets, letters out. Ends on SIGTERM; SIGHUP reads the rules anew."""
    from maild.cli.logs import set_up_logs
    from maild.daemon import Daemon

    gc.set_threshold(700, 10, 10)
    set_up_logs(sys.stderr, log_format or app.settings.log.format, app.settings.log.level)
    daemon = Daemon(app.settings, app.clock, holder())
    if once:
        handled, sent = daemon.once()
        report(app.json, f"{handled} mails handled, {sent} letters tried", handled=handled, tried=sent)
        return
    asyncio.run(daemon.serve(lambda port: _ready(app, port)))
    logging.getLogger("maild").info("stopped")


@click.command()
@click.option("--now", "at", metavar="T", help="As if it were this time (RFC 3339); else it is now.")
@click.pass_obj
def tick(app: App, at: str | None) -> None:
    """Do what deadlines ask for, once; the letters that come of it are handed over before it ends."""
    from maild.desk.assembly import make_reprint, make_transport
    from maild.desk.callers import call_senders
    from maild.desk.tick import do_due
    from maild.outgoing.sender import Sender, Senders

    now = app.clock.now()
    letters = do_due(app.keep, app.office, time_of(at) if at else now, now)
    app.keep.outbox.print_anew_by(make_reprint(lambda: app.office))
    mail = Sender(app.keep.outbox, [make_transport(app.settings)], app.clock)
    sent = Senders([mail, *call_senders(app.settings, app.keep, app.clock)]).send_due(app.clock.now())
    report(app.json, f"{letters} letters by deadlines, {sent} letters tried", letters=letters, tried=sent)


def _ready(app: App, port: int) -> None:
    settings = app.settings
    out = settings.outgoing
    way = f"Maildir {out.maildir}" if out.transport == "maildir" else f"relay {out.host}:{out.port}"
    listens = f"{settings.smtp.protocol.upper()} on {settings.smtp.host}:{port}"
    click.echo(f"maild is ready: {settings.desk.address}, {listens}, letters go to {way}")
    click.echo("next, in another terminal: `maild demo` shows the whole job, `maild tickets` the list; Ctrl-C stops.")
    sys.stdout.flush()
