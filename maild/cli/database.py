"""`maild db`: the database itself."""

from __future__ import annotations

import click

from maild.cli.app import App
from maild.cli.groups import Group
from maild.cli.output import report


@click.group(cls=Group, later=("copy",))
def db() -> None:
    """The database: look whether it is whole, bring it to this version."""


@db.command("check")
@click.pass_obj
def db_check(app: App) -> int:
    """Look whether the database is whole: its pages, its version, and that every mail and letter has its bytes."""
    from maild.store.care import check_database
    from maild.store.engine import Database

    troubles = check_database(Database(app.settings.database.url))
    for trouble in troubles:
        report(app.json, trouble, trouble=trouble)
    if not troubles and not app.json:
        click.echo("the database is whole")
    return 1 if troubles else 0


@db.command("upgrade")
@click.pass_obj
def db_upgrade(app: App) -> None:
    """Bring the tables to the version that this maild knows; make a backup first."""
    from maild.store.care import upgrade_database
    from maild.store.engine import Database

    before, after = upgrade_database(Database(app.settings.database.url))
    changed = "made new" if before is None else "is the newest" if before == after else f"in place of {before}"
    report(app.json, f"schema {after} {changed}", before=before, after=after)
