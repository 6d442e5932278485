"""`maild read` and `maild explain`: how a mail is understood, and what is done with it and why."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from maild.cli.app import App
from maild.cli.output import clean_text, json_option, say_json
from maild.errors import NotFound, UsageError

DATA_ERROR = 65


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@json_option
@click.pass_obj
def read(app: App, files: tuple[str, ...]) -> int:
    """How maild understands a mail; touches no database."""
    from maild.messages.json_view import as_json

    status = 0
    for name in files:
        try:
            seen = as_json(_read_file(app, name), name)
        except (OSError, Exception) as error:  # noqa: BLE001  # one bad file must not hide the others
            seen, status = {"file": name, "error": _why(error)}, DATA_ERROR
        if app.json:
            say_json(seen)
        else:
            _print_mail(seen)
    return status


def _why(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror}"
    return str(error) or type(error).__name__


def _read_file(app: App, name: str) -> Any:
    from maild.messages.read import read_mail

    mint = _own(app)
    return read_mail(Path(name).read_bytes(), **({"is_own": mint.is_own} if mint else {}))


def _own(app: App) -> Any:
    """Whose marks are our own; nobody's without settings."""
    settings = app.settings_or_defaults
    if settings is None or not settings.desk.secret_file.is_file():
        return None
    from maild.desk.assembly import make_mint

    return make_mint(settings)


def _print_mail(seen: dict[str, Any]) -> None:
    click.secho(clean_text(str(seen["file"])), bold=True)
    if "error" in seen:
        click.echo(f"  {seen['error']}")
        return
    sender = seen["from"] or {"name": "", "address": "nobody"}
    lines = [
        ("from", f"{sender['name']} <{sender['address']}>".strip()),
        ("to", ", ".join(a["address"] for a in seen["to"])),
        ("date", seen["date"]),
        ("subject", seen["subject"]),
        ("class", f"{seen['class']}: {seen['class_reason']}"),
        ("language", seen["language"]),
        ("attached", ", ".join(f"{a['filename']} ({a['size']} bytes)" for a in seen["attachments"])),
        ("defects", "; ".join(seen["defects"])),
    ]
    for label, value in lines:
        if value:
            click.echo(f"  {label + ':':10}{clean_text(str(value))}")
    for label in ("reply", "signature", "quoted"):
        if seen[label]:
            click.secho(f"  {label}:", dim=True)
            click.echo("\n".join(f"    {line}" for line in clean_text(seen[label]).splitlines()))


@click.command()
@click.argument("file", required=False)
@click.option(
    "--inbox", "inbox_id", type=int, metavar="ID", help="A mail that was accepted: prints what its decision wrote down."
)
@json_option
@click.pass_obj
def explain(app: App, file: str | None, inbox_id: int | None) -> None:
    """What would be done with a mail (or was), and why: every rung, rule and clock with its reason."""
    if (file is None) == (inbox_id is None):
        raise UsageError("name a FILE, or an accepted mail with --inbox ID")
    said = _of_inbox(app, inbox_id) if inbox_id is not None else _of_file(app, str(file))
    if app.json:
        say_json(said)
    else:
        _print_explanation(said)


def _of_inbox(app: App, inbox_id: int) -> dict[str, Any]:
    row = app.keep.inbox.get(inbox_id)
    if row["duplicate_of"] is not None:
        result = {"state": row["state"], "reason": row["reason"]}
        return _of_inbox(app, row["duplicate_of"]) | {"result": result, "letters": [], "clocks": []}
    if row["decision"] is None:
        raise NotFound(f"nothing has been decided about mail {inbox_id} yet: it is {row['state']}. {row['reason']}")
    return dict(row["decision"])


def _of_file(app: App, name: str) -> dict[str, Any]:
    from maild.ingest.arrival import make_arrival
    from maild.ingest.pipe import read_sources
    from maild.store.inbox import Waiting

    source = next(iter(read_sources([name], sys.stdin.buffer)))
    envelope = source.envelope(None, ())
    arrival = make_arrival(source.raw, envelope, app.clock.now())
    waiting = Waiting(
        id=0,
        received_at=arrival.received_at,
        envelope=envelope,
        message_id=arrival.message_id,
        digest=arrival.digest,
        attempts=0,
        raw=arrival.raw,
    )
    return dict(app.desk.explain(waiting))


def _print_explanation(said: dict[str, Any]) -> None:
    sender, thread, result = said["sender"], said["thread"], said["result"]
    click.echo(f"class: {said['class']} ({said['class_reason']})")
    click.echo(
        clean_text(f"sender: {sender['address']}, {sender['role']}, proof {sender['proof']} ({sender['proof_reason']})")
    )
    certain = "" if thread["ticket"] is None else ", certain" if thread["certain"] else ", proposed"
    click.echo(f"thread: {thread['ticket'] or 'none'}" + (f" by {thread['rung']}{certain}" if thread["rung"] else ""))
    for tried in thread["tried"]:
        click.echo(
            clean_text(
                f"  {tried['rung']}: {tried['found']}" + (f" - {tried['rejected']}" if tried["rejected"] else "")
            )
        )
    for rule in said["rules"]:
        click.echo(clean_text(f"rule {rule['rule']!r}: " + ("held" if rule["held"] else "; ".join(rule["missed"]))))
    for clock in said["clocks"]:
        click.echo(f"clock: {clock['explained']}")
    for letter in said["letters"]:
        click.echo(clean_text(f"letter: {letter['kind']} to {', '.join(letter['to'])}"))
    for letter in said.get("left_out", []):
        what = "in a digest" if letter["in_digest"] else "left out"
        click.echo(clean_text(f"{what}: {letter['kind']} to {', '.join(letter['to'])} - {letter['why']}"))
    click.echo(clean_text("result: " + ", ".join(f"{k} {v}" for k, v in result.items() if v not in (None, [], ""))))
