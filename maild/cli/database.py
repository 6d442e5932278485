"""`maild db`: the database itself."""

from __future__ import annotations

from pathlib import Path

import click

from maild.cli.app import App
from maild.cli.groups import Group
from maild.cli.output import progress, report
from maild.errors import UsageError


@click.group(cls=Group)
def db() -> None:
    """The database: look whether it is whole, bring it to this version, copy it into another."""


@db.command("check")
@click.pass_obj
def db_check(app: App) -> int:
    """Look whether the database is whole: its pages, its version, every mail in one state, nothing that hangs loose."""
    from maild.store.care import check_database, count_mails
    from maild.store.engine import Database

    database = Database(app.settings.database.url)
    troubles = check_database(database)
    for trouble in troubles:
        report(app.json, trouble, trouble=trouble)
    if not troubles and not app.json:
        mails = count_mails(database)
        sums = " + ".join(f"{count} {state}" for state, count in mails.items())
        click.echo(f"the database is whole: {sum(mails.values())} mails" + (f" = {sums}" if sums else ""))
    return 1 if troubles else 0


@db.command("copy")
@click.argument("url")
@click.pass_obj
def db_copy(app: App, url: str) -> None:
    """Copy everything into another, empty database: the way from SQLite to PostgreSQL, and back."""
    from maild.config.settings import database_url
    from maild.store.engine import Database
    from maild.store.transfer import open_empty, pour

    try:
        wanted = database_url(url, Path.cwd())
    except ValueError as error:
        raise UsageError(str(error)) from error
    if Database.parse(wanted) == Database.parse(app.settings.database.url):
        raise UsageError("this is the database that the settings name; name another one")
    source = app.keep.database
    target = open_empty(wanted)
    with progress() as told:
        counts = pour(source, target, told)
    rows = sum(counts.values())
    text = f"{rows} rows copied and counted: {counts['inbox']} mails, {counts['tickets']} tickets"
    values = {"mails": counts["inbox"], "tickets": counts["tickets"], "letters": counts["outbox"]}
    report(app.json, f"{text}, {counts['outbox']} letters", rows=rows, **values)


@db.command("upgrade")
@click.pass_obj
def db_upgrade(app: App) -> None:
    """Bring the tables to the version that this maild knows; make a backup first."""
    from maild.store.care import upgrade_database
    from maild.store.engine import Database

    before, after = upgrade_database(Database(app.settings.database.url))
    changed = "made new" if before is None else "is the newest" if before == after else f"in place of {before}"
    report(app.json, f"schema {after} {changed}", before=before, after=after)


@db.command("reindex")
@click.pass_obj
def db_reindex(app: App) -> None:
    """Make the index of the full-text search anew, as `db check` asks where it is not whole."""
    from maild.store.care import reindex
    from maild.store.engine import Database

    reindex(Database(app.settings.database.url))
    report(app.json, "the search index is made anew", done=True)


@db.command("tidy")
@click.option("--dry-run", is_flag=True, help="Only tell what would go.")
@click.pass_obj
def db_tidy(app: App, dry_run: bool) -> None:
    """Take away what is kept no longer, as the daemon does every night; nothing goes unless the settings say so."""
    from maild.desk.tidying import keeping_of
    from maild.store.retention import count_old, tidy

    keeping, now = keeping_of(app.settings, app.office), app.clock.now()
    work = count_old if dry_run else tidy
    done = work(app.keep.database, keeping, now)
    text = f"{done.tickets} tickets, bytes of {done.raw} mails and letters, {done.ledger} lines of the ledger"
    if keeping.for_ever:
        text = "everything is kept for ever: nothing is said in [keeping], nor of any queue"
    else:
        text = f"would go: {text}" if dry_run else f"gone: {text}; nobody waited for longer than {done.longest:.2f} s"
    report(app.json, text, removed=not dry_run, tickets=done.tickets, raw=done.raw, ledger=done.ledger)
