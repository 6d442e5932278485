"""`maild backup`, `maild restore` and `maild forget`: a whole desk in a folder, and back; and a person out of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from maild.cli.app import App
from maild.cli.output import json_option, progress, report
from maild.errors import UsageError

if TYPE_CHECKING:
    from maild.desk.forgetting import Forgotten

_FOLDER = click.Path(path_type=Path, file_okay=True)


@click.command()
@click.argument("folder", metavar="DIR", type=_FOLDER)
@json_option
@click.pass_obj
def backup(app: App, folder: Path) -> None:
    """A backup of the whole desk in a fresh folder, made beside a running daemon."""
    from maild.desk.backups import back_up

    with progress() as told:
        manifest = back_up(app.settings, folder, app.clock.now(), told)
    counts = manifest.counts
    kept = f"{counts['inbox']} mails, {counts['tickets']} tickets, {counts['outbox']} letters"
    lines = [f"{folder}: {len(manifest.files)} files, {manifest.size} bytes: {kept}"]
    lines += [f"not in this backup: {one}" for one in manifest.not_in_this_backup]
    report(
        app.json,
        "\n".join(lines),
        folder=str(folder),
        made_at=manifest.made_at,
        files=len(manifest.files),
        size=manifest.size,
        mails=counts["inbox"],
        tickets=counts["tickets"],
        letters=counts["outbox"],
        not_in_this_backup=list(manifest.not_in_this_backup),
    )


@click.command()
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option("--skip", type=click.IntRange(min=0), help="Ticket numbers to leave out; else an estimate.")
@json_option
@click.pass_obj
def restore(app: App, folder: Path, skip: int | None) -> int:
    """Put a backup in place of an empty desk; nothing that stands there is overwritten."""
    from maild.daemon import lock_database
    from maild.desk.backups import restore as put_back
    from maild.desk.backups import settings_from

    if not app.settings_path.is_file():
        settings_from(folder, app.settings_path)
        if not app.json:
            click.echo(f"{app.settings_path}: restored")
    lock = lock_database(app.settings)
    try:
        with progress() as told:
            placed = put_back(app.settings, folder, app.clock.now(), told, skip)
    finally:
        if lock is not None:
            lock.close()
    done = placed.database
    lines = [*placed.files]
    lines.append(
        f"restored: {done.counts['inbox']} mails, {done.counts['tickets']} tickets, {done.counts['outbox']} letters"
    )
    lines.append(f"the next ticket is number {done.next_ticket}: numbers given since the backup are not given again")
    if done.held:
        lines.append(
            f"ATTENTION: {done.held} letters had not left when the backup was made, and may have left since. They are "
            "HELD: see `maild outbox --state held`, then `maild outbox retry ID` or `maild outbox drop ID` for each"
        )
    if placed.forgotten_since:
        lines.append(f"ATTENTION: {placed.forgotten_since} persons were forgotten since: run `maild forget` again")
    lines += [f"db check: {finding}" for finding in done.findings]
    report(
        app.json,
        "\n".join(lines),
        mails=done.counts["inbox"],
        tickets=done.counts["tickets"],
        letters=done.counts["outbox"],
        held=done.held,
        next_ticket=done.next_ticket,
        forgotten_since=placed.forgotten_since,
        files=list(placed.files),
        findings=done.findings,
    )
    return 1 if done.findings else 0


@click.command()
@click.argument("address")
@click.option("--dry-run", is_flag=True, help="Only tell what would be erased.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def forget(app: App, address: str, dry_run: bool, yes: bool) -> None:
    """Erase a person: his mails, his address, letters to him; tells what was erased and what is left where."""
    from maild.desk.forgetting import check_address, look_for
    from maild.desk.forgetting import forget as erase

    wanted = check_address(app.office.practice, address)
    found = look_for(app.keep, app.settings, wanted)
    if not dry_run and not found.person.nothing:
        if not yes:
            _ask(app, wanted, found)
        found = erase(app.keep, app.settings, wanted, app.clock.now())
    _tell(app, wanted, found, done=not dry_run)


def _ask(app: App, address: str, found: Forgotten) -> None:
    if app.json or not sys.stdin.isatty():
        raise UsageError("this cannot be undone: look at it with --dry-run, then say --yes")
    _tell(app, address, found, done=False)
    click.confirm("Erase it for good?", abort=True)


def _tell(app: App, address: str, found: Forgotten, *, done: bool) -> None:
    person = found.person
    counts = {
        "mails": len(person.mails),
        "messages": len(person.messages),
        "tickets": len(person.requested),
        "letters": len(person.letters),
        "agents_mails": len(person.agents_mails),
        "blanked": len(person.hits),
    }
    if person.nothing:
        text = f"nothing is kept of {address}"
    else:
        text = (
            f"{'erased' if done else 'would be erased'}: {counts['mails']} mails and {counts['messages']} messages by "
            f"{address}, subject and requester of {counts['tickets']} tickets, the bytes of {counts['letters']} "
            f"letters and of {counts['agents_mails']} agents' mails; the address in {counts['blanked']} places"
        )
    lines = [text, *(f"remains: {one}" for one in found.remains)]
    report(app.json, "\n".join(lines), address=address, erased=done, **counts, remains=list(found.remains))
