"""`maild letters`: the texts that customers and agents get."""

from __future__ import annotations

from pathlib import Path

import click

from maild.cli.app import App
from maild.cli.output import json_option, say_json, table


@click.group()
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
@click.option("--html", "html_file", type=click.Path(path_type=Path), help="Write the HTML alternative to this file.")
@json_option
@click.pass_obj
def letters_preview(app: App, name: str, language: str | None, html_file: Path | None) -> None:
    """A letter with an example's values."""
    spoken = language or app.settings.desk.languages[0]
    subject, text, html = app.office.letters.preview(name, spoken)
    if html_file is not None:
        html_file.write_text(html, encoding="utf-8")
    if app.json:
        say_json({"name": name, "language": spoken, "subject": subject, "text": text, "html": html})
        return
    click.secho(f"Subject: {subject}", bold=True)
    click.echo()
    click.echo(text)
