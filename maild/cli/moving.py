"""`maild export` and `maild import`: everything in files that others read, and mail that others kept."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from maild.cli.app import App
from maild.cli.output import NO_MAIL, clean_text, json_option, json_text, progress, report, time_of
from maild.errors import DataError, NotFound, UsageError

if TYPE_CHECKING:
    from maild.ingest.pipe import Source


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "maildir", "mbox"]),
    default="jsonl",
    help="Where the mails go; jsonl: into desk.jsonl.",
)
@click.option("--queue", help="Only the tickets of this queue.")
@click.option("--since", metavar="T", help="Only tickets that changed since (RFC 3339).")
@json_option
@click.pass_obj
def export(app: App, folder: Path, form: str, queue: str | None, since: str | None) -> None:
    """Write everything into files: mails as they came and left, tickets as JSON Lines; nothing is lost."""
    from maild.cli.tickets import whole_json
    from maild.desk.export import Format, export_desk
    from maild.store.portable import Wanted

    wanted = Wanted(queue=queue, since=time_of(since) if since else None)
    chosen: dict[str, Format] = {"jsonl": "jsonl", "maildir": "maildir", "mbox": "mbox"}
    with progress() as told:
        done = export_desk(
            app.keep.database,
            folder,
            wanted,
            chosen[form],
            describe=lambda whole: whole_json(app, whole),
            to_json=json_text,
            now=app.clock.now(),
            progress=told,
        )
    text = f"{folder}: {done.tickets} tickets, {done.mails} mails, {done.letters} letters"
    report(app.json, text, folder=str(folder), tickets=done.tickets, mails=done.mails, letters=done.letters)


@click.command("import")
@click.argument("names", nargs=-1, metavar="FILE...")
@click.option("--closed", is_flag=True, help="Close the tickets that come of old mail.")
@json_option
@click.pass_obj
def import_(app: App, names: tuple[str, ...], closed: bool) -> int:
    """Take old mail (mbox, Maildir, .eml) without a word to anybody, or an export of ours into an empty desk."""
    if not names:
        raise UsageError("name what is to be imported: an mbox, a Maildir, mails, or an export's desk.jsonl")
    exports = [found for name in names if (found := _export_in(Path(name))) is not None]
    if not exports:
        return _import_mails(app, names, closed)
    if len(names) > 1:
        raise UsageError("an export of ours is imported alone: name its desk.jsonl, or its folder, and nothing else")
    return _import_export(app, exports[0])


def _export_in(path: Path) -> Path | None:
    """The desk.jsonl of an export, where this is one or a folder with one."""
    from maild.store.backup import DATABASE, MANIFEST
    from maild.store.portable import is_export

    if (path / MANIFEST).is_file() and (path / DATABASE).is_file():
        raise DataError(f"{path} is a backup; put it in place of an empty desk with `maild restore {path}`")
    file = path / "desk.jsonl" if path.is_dir() else path
    if path.name == "tickets.jsonl":
        raise DataError(f"{path} is for other programs; import the desk.jsonl beside it")
    try:
        with file.open("rb") as lines:
            return file if is_export(lines.read(100)) else None
    except FileNotFoundError as error:
        if file is path:
            raise NotFound(f"there is no file {path}") from error
        return None
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}") from error


def _import_export(app: App, file: Path) -> int:
    from maild.desk.backups import work_file
    from maild.desk.export import Fetcher
    from maild.store.care import check_database
    from maild.store.portable import import_lines, whole_lines

    with progress() as told, file.open("rb") as lines, work_file(app.settings.paths.data, "import") as work:
        rows = whole_lines(lines)
        done = import_lines(app.keep.database, rows, Fetcher(file.parent), told, work)
    findings = check_database(app.keep.database)
    counts = done.counts
    text = f"{counts['tickets']} tickets, {counts['inbox']} mails, {counts['outbox']} letters"
    text = f"everything is here already: {text}" if done.again else f"imported: {text}"
    if done.held:
        text += f"\nATTENTION: {done.held} letters had not left and are HELD: see `maild outbox --state held`"
    values = {"tickets": counts["tickets"], "mails": counts["inbox"], "letters": counts["outbox"]}
    text += "".join(f"\ndb check: {finding}" for finding in findings)
    report(app.json, text, **values, held=done.held, again=done.again, findings=findings)
    return 1 if findings else 0


def _import_mails(app: App, names: tuple[str, ...], closed: bool) -> int:
    from maild.desk.importing import import_mails
    from maild.ingest.pipe import read_sources

    strange: list[str] = []
    sources = _mails_among(read_sources(names, sys.stdin.buffer), strange)
    with progress() as told:
        done = import_mails(app.keep, app.desk, sources, app.clock.now(), close=closed, progress=told)
    became = ", ".join(f"{count} {state}" for state, count in done.states.items()) or "nothing new"
    text = f"{done.mails} mails, {done.new} of them new: {became}; {done.tickets} tickets"
    text += f", {done.closed} of them closed" if closed else ""
    values = {"mails": done.mails, "new": done.new, "states": done.states, "tickets": done.tickets}
    report(app.json, text, **values, closed=done.closed, no_mails=strange)
    for name in strange:
        click.echo(f"maild: {clean_text(name)}: {NO_MAIL}; left out", err=True)
    return DataError.exit_status if strange else 0


def _mails_among(sources: Iterator[Source], strange: list[str]) -> Iterator[Source]:
    """Those that are mails: a folder of old mail may hold lists and indexes. The others' names go aside."""
    from maild.messages.fields import read_fields

    for source in sources:
        if read_fields(source.raw).items:
            yield source
        else:
            strange.append(source.name)
