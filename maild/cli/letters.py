"""`maild letters`: the texts that customers and agents get."""

from __future__ import annotations

from pathlib import Path

import click

from maild.cli.app import App
from maild.cli.output import json_option, say_json, table
from maild.errors import NotFound, UsageError


@click.group()
@json_option
def letters() -> None:
    """The texts of letters; your own in rules/letters/LANGUAGE/NAME.txt shadow the built-in ones."""


@letters.command("list")
@json_option
@click.pass_obj
def letters_list(app: App) -> None:
    """Every letter in every language, with the file that is used."""
    rows = app.office.letters.list_letters()
    if app.json:
        for row in rows:
            say_json({"name": row.name, "language": row.language, "source": row.source, "shadowed": row.shadowed})
        return
    table(("name", "language", "file"), [(r.name, r.language, r.source) for r in rows])


@letters.command("preview")
@click.argument("name")
@click.option("--language", help="Else the desk's first language.")
@click.option("--ticket", "number", metavar="N", help="With the values of this ticket.")
@click.option("--html", "html_file", type=click.Path(path_type=Path), help="Write the HTML alternative to this file.")
@json_option
@click.pass_obj
def letters_preview(app: App, name: str, language: str | None, number: str | None, html_file: Path | None) -> None:
    """A letter with an example's values, or with a ticket's."""
    spoken = language or app.settings.desk.languages[0]
    if name.startswith("canned/"):
        if html_file is not None:
            raise UsageError(f"{name} has no HTML of its own: it stands in an answer, whose HTML is made from the text")
        _preview_canned(app, name, spoken, number)
        return
    _check(app, name, spoken)
    context = _of_ticket(app, name, spoken, number) if number is not None else None
    subject, text, html = app.office.letters.preview(name, spoken, context)
    if html_file is not None:
        html_file.write_text(html, encoding="utf-8")
    if app.json:
        say_json({"name": name, "language": spoken, "subject": subject, "text": text, "html": html})
        return
    click.secho(f"Subject: {subject}", bold=True)
    click.echo()
    click.echo(text)


def _preview_canned(app: App, name: str, language: str, number: str | None) -> None:
    """A canned text, for a customer of this language or for the one of a ticket."""
    if number is None:
        text = app.office.letters.preview(name, language)[1]
    else:
        from maild.threads.canned import canned_text

        ticket = app.keep.views.ticket(number, app.office.practice.tag).ticket
        language = ticket.language
        text = canned_text(app.office.practice, ticket, name.removeprefix("canned/")) + "\n"
    if app.json:
        say_json({"name": name, "language": language, "subject": "", "text": text, "html": ""})
        return
    click.echo(text)


def _check(app: App, name: str, language: str) -> None:
    """Raises NotFound for a letter that there is not, in this language or at all: no other is shown in its place."""
    there = [row.language for row in app.office.letters.list_letters() if row.name == name]
    if not there:
        raise NotFound(f"there is no letter {name}; `maild letters list` lists what there is")
    if language not in there:
        raise NotFound(f"there is no letter {name} in {language!r}, only in {', '.join(there)}")


def _of_ticket(app: App, name: str, language: str, number: str) -> dict[str, object]:
    """The example with everything in it that a ticket can tell."""
    from maild.outgoing.samples import sample
    from maild.threads.correspondence import desk_view, person_view, ticket_view

    practice = app.office.practice
    whole = app.keep.views.ticket(number, practice.tag)
    last = next((m for _, m in reversed(whole.messages) if m.direction == "in" and m.visibility == "public"), None)
    known: dict[str, object] = {
        "desk": desk_view(practice),
        "ticket": ticket_view(practice, whole.ticket),
        "customer": person_view(whole.ticket.requester),
        "respond_by": whole.ticket.due_at,
    }
    if last is not None:
        shown = {"sender": person_view(last.sender), "at": last.at, "text": last.reply or last.text}
        files = [a.filename for a in last.attachments]
        known["message"] = shown | {"attachments": files, "mail_class": str(last.mail_class)}
        known["quoted"] = shown
        known["omitted"] = []
    example = sample(name, language)
    return example | {key: value for key, value in known.items() if key in example}
