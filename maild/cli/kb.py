"""`maild kb`: the articles that agents ask for by `/kb`, at the command line."""

from __future__ import annotations

import click

from maild.cli.app import App
from maild.cli.groups import Group
from maild.cli.output import clean_text, json_option, say_json
from maild.errors import NotFound


@click.group(cls=Group, later=("gaps",))
@json_option
def kb() -> None:
    """The knowledge base: text files in the folder `[paths] kb`."""


@kb.command("search")
@click.argument("words", nargs=-1, required=True)
@json_option
@click.pass_obj
def kb_search(app: App, words: tuple[str, ...]) -> None:
    """The articles about these words, the best whole and the others in short; 66 where there is none."""
    from maild.desk.articles import load_articles
    from maild.threads.kb import named_article, search_articles
    from maild.threads.kb_words import kb_lines

    articles, _ = load_articles(app.settings.paths.kb)
    wanted = " ".join(words)
    one = named_article(articles, wanted)
    found = [one] if one is not None else search_articles(articles, wanted)
    if not found:
        there = ", ".join(a.name for a in articles[:20]) or f"nothing in {app.settings.paths.kb}"
        raise NotFound(f"no article is about {wanted!r}; there are: {there}")
    if app.json:
        for a in found:
            say_json({"name": a.name, "title": a.title, "language": a.language, "tags": list(a.tags), "text": a.text})
        return
    for line in kb_lines(articles, wanted, "en"):
        click.echo(clean_text(line))
