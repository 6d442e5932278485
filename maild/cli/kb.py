"""`maild kb`: the articles that agents ask for by `/kb`, at the command line."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from maild.cli.app import App
from maild.cli.output import clean_text, json_option, say_json, table
from maild.cli.spans import period_of
from maild.errors import NotFound

if TYPE_CHECKING:
    from maild.threads.gaps import Gaps, Group


@click.group()
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


_USUAL = timedelta(days=30)


@kb.command("gaps")
@click.option("--since", metavar="T", help="Tickets opened from this time on; else thirty days before the end.")
@click.option("--until", metavar="T", help="Up to this time; else up to now.")
@click.option("--queue", help="Only this queue.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many groups, the largest.")
@json_option
@click.pass_obj
def kb_gaps(app: App, since: str | None, until: str | None, queue: str | None, limit: int | None) -> None:
    """What customers ask that no article is about: their tickets, grouped by what they have in common."""
    from maild.desk.articles import load_articles
    from maild.store.questions import asked_in
    from maild.threads.gaps import find_gaps

    team = app.team
    if queue is not None and team.queue(queue) is None:
        raise NotFound(f"there is no queue {queue}; there are: {' '.join(q.name for q in team.queues)}")
    period = period_of(since, until, app.clock.now(), ZoneInfo(app.settings.desk.timezone), _USUAL)
    with app.keep.database.read() as connection:
        questions = asked_in(connection, period, queue)
    found = find_gaps(questions, load_articles(app.settings.paths.kb)[0])
    groups = found.groups[:limit]
    if app.json:
        for group in groups:
            say_json(_group_json(group))
        say_json(_sum_json(found))
        return
    table(("tickets", "queue", "about", "nearest article", "such as"), map(_row, groups))
    click.echo(_sum_line(found))


def _group_json(group: Group) -> dict[str, object]:
    from maild.threads.gaps import MAX_SAMPLES

    samples = [{"ticket": one.number, "subject": one.subject} for one in group.questions[:MAX_SAMPLES]]
    return {
        "queue": group.queue,
        "words": list(group.words),
        "tickets": len(group.questions),
        "samples": samples,
        "nearest": group.nearest,
    }


def _sum_json(found: Gaps) -> dict[str, object]:
    return {
        "tickets": found.questions,
        "answered": found.answered,
        "unanswered": found.questions - found.answered,
        "alone": found.alone,
        "groups": len(found.groups),
    }


def _row(group: Group) -> tuple[object, ...]:
    first = group.questions[0]
    words = clean_text(" ".join(group.words))
    return len(group.questions), group.queue, words, group.nearest, f"{first.number} {first.subject}"


def _sum_line(found: Gaps) -> str:
    unanswered = found.questions - found.answered
    alone = f", {found.alone} of them like no other" if found.alone else ""
    return f"{found.questions} tickets: an article is about {found.answered}, none about {unanswered}{alone}"
