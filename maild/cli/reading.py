"""`maild read` and `maild explain`: how a mail is understood, and what is done with it and why."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import click

from maild.cli.app import App
from maild.cli.output import NO_MAIL, Progress, clean_text, json_option, say_json
from maild.errors import DataError, NotFound, UsageError
from maild.guard.limits import PastLimits
from maild.guard.readers import Request, shared_readers
from maild.guard.remains import read_start
from maild.ingest.pipe import Missing, Source, find_sources, read_sources
from maild.messages.json_view import as_json
from maild.messages.mail import Mail

_MARKS = {
    "address_in_name": "the name holds another address",
    "mixed_scripts": "the name mixes alphabets within a word",
    "hidden_characters": "the name holds characters that nobody sees",
    "punycode_domain": "the domain is shown as {shown_domain}",
    "lookalike_domain": "it looks like another domain",
}
_SEALS = {"smime": "S/MIME", "pgp": "PGP"}


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE, DIR, mbox, Maildir or -...")
@json_option
@click.pass_obj
def read(app: App, files: tuple[str, ...]) -> int:
    """How maild understands a mail; touches no database."""
    status, count = 0, 0
    with Progress() as progress:
        for count, seen in enumerate(_understood(files, _own(app)), start=1):  # noqa: B007
            if isinstance(seen, Missing):
                seen, status = {"file": seen.name, "error": f"cannot be read: {seen.why}"}, NotFound.exit_status
            elif "error" in seen:
                status = status or DataError.exit_status
            if app.json:
                say_json(seen)
            else:
                _print_mail(seen)
            progress.count()
    if not count:
        click.echo(f"maild: there is no mail in {', '.join(map(clean_text, files))}", err=True)
    return status


def _understood(names: Sequence[str], is_own: Callable[[str], bool]) -> Iterator[dict[str, Any] | Missing]:
    """Each mail as it is printed, in its order; the next ones are read meanwhile, and only a few are held."""
    readers, waiting = shared_readers(), deque[Source | Missing]()

    def requests() -> Iterator[Request]:
        for found in find_sources(names, sys.stdin.buffer):
            waiting.append(found)
            if isinstance(found, Source):
                yield Request(raw=found.raw)

    for result in readers.read_each(requests(), is_own):
        while isinstance(found := waiting.popleft(), Missing):
            yield found
        if isinstance(result, PastLimits):
            result = read_start(readers, Request(raw=found.raw), str(result), is_own)
        if isinstance(result, Mail) and not result.headers:
            result = DataError(NO_MAIL)
        yield (
            {"file": found.name, "error": str(result)} if isinstance(result, Exception) else as_json(result, found.name)
        )
    yield from (found for found in waiting if isinstance(found, Missing))


def _own(app: App) -> Callable[[str], bool]:
    """Whose marks are our own; nobody's without settings."""
    settings = app.settings_or_defaults
    if settings is None or not settings.desk.secret_file.is_file():
        return lambda _mark: False
    from maild.desk.assembly import make_mint

    return make_mint(settings).is_own


def _print_mail(seen: dict[str, Any]) -> None:
    click.secho(clean_text(str(seen["file"])), bold=True)
    if "error" in seen:
        click.echo(f"  {seen['error']}")
        return
    for label, value in _lines(seen):
        if value:
            click.echo(f"  {label + ':':11} {clean_text(str(value))}")
    for label in ("reply", "signature", "quoted"):
        if seen[label]:
            click.secho(f"  {label}:", dim=True)
            click.echo("\n".join(f"    {line}" for line in clean_text(seen[label]).splitlines()))


def _lines(seen: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """What stands above the text, a line each; those that say nothing are left out."""
    yield "from", _person(seen["from"]) if seen["from"] else "nobody"
    sender = seen["sender"]
    if sender is not None:
        yield "written by", _person(sender) if sender["via"] else ""
        yield "careful", "; ".join(_MARKS[mark].format(**sender) for mark in sender["marks"])
    yield "reply to", ", ".join(map(_person, seen["reply_to"]))
    yield "to", ", ".join(a["address"] for a in seen["to"])
    yield "cc", ", ".join(a["address"] for a in seen["cc"])
    yield "date", seen["date"]
    yield "subject", seen["subject"]
    yield "class", f"{seen['class']}: {seen['class_reason']}"
    yield from _returned(seen["bounce"])
    yield "language", seen["language"]
    yield "signed", f"{_SEALS[seen['signed']]}, not verified" if seen["signed"] else ""
    yield "encrypted", f"{_SEALS[seen['encrypted']]}, not decrypted" if seen["encrypted"] else ""
    yield "attached", ", ".join(f"{a['filename']} ({a['size']} bytes)" for a in seen["attachments"])
    if seen["forwarded"] is not None:
        first = seen["forwarded"]
        said = (first["from"] and _person(first["from"]), first["date"], first["subject"])
        yield "forwarded", "; ".join(one for one in said if one) or "a mail that names nobody"
    yield "defects", "; ".join(seen["defects"])


def _returned(bounce: dict[str, Any] | None) -> Iterator[tuple[str, object]]:
    """Whom a mail of ours has not reached, and which mail that was."""
    if bounce is None:
        return
    for one in bounce["recipients"]:
        facts = (one["address"], one["action"], one["kind"], one["status"])
        yield "recipient", f"{', '.join(fact for fact in facts if fact)}: {one['diagnostic'] or 'no reason is told'}"
    yield "returned", bounce["original_message_id"]


def _person(address: dict[str, Any]) -> str:
    return f"{address['name']} <{address['address']}>" if address["name"] else address["address"]


def _rule_said(rule: dict[str, Any], decided: str | None) -> str:
    if not rule["held"]:
        return "; ".join(rule["missed"])
    if rule.get("shadow"):
        return "held, on trial: only written down"
    return "held and decided" if rule["rule"] == decided else "held"


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
    decided = (said.get("route") or {}).get("rule")
    for rule in said["rules"]:
        click.echo(clean_text(f"rule {rule['rule']!r}: {_rule_said(rule, decided)}"))
    if (choice := said.get("assignment")) is not None:
        from maild.threads.assignment import choice_said

        click.echo(clean_text(f"given to {choice['agent'] or 'nobody'} {choice_said(choice, 'en')}"))
    for clock in said["clocks"]:
        click.echo(f"clock: {clock['explained']}")
    for letter in said["letters"]:
        click.echo(clean_text(f"letter: {letter['kind']} to {', '.join(letter['to'])}"))
    for letter in said.get("left_out", []):
        what = "in a digest" if letter["in_digest"] else "left out"
        click.echo(clean_text(f"{what}: {letter['kind']} to {', '.join(letter['to'])} - {letter['why']}"))
    click.echo(clean_text("result: " + ", ".join(f"{k} {v}" for k, v in result.items() if v not in (None, [], ""))))
