"""`maild report`: figures of the desk over a time, in words, as JSON, or as a page; and the tickets behind each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import click

from maild.cli.app import App
from maild.cli.output import clean_text, json_option, say_json
from maild.cli.spans import period_of
from maild.durations import duration_text
from maild.errors import CannotCreate, NotFound
from maild.threads.report import FIGURES, Line, Report, Speed, make_report

_USUAL = timedelta(days=7)


@click.command()
@click.option("--since", metavar="T", help="From this time on; else seven days before the end.")
@click.option("--until", metavar="T", help="Up to this time; else up to now.")
@click.option("--queue", help="Only this queue.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page there as well.")
@click.option("--behind", type=click.Choice(FIGURES), help="The tickets that this figure counts, in place of figures.")
@json_option
@click.pass_obj
def report(
    app: App, since: str | None, until: str | None, queue: str | None, html: Path | None, behind: str | None
) -> None:
    """What came, what was done and how fast, in a time."""
    from maild.store.report import report_rows

    practice, now = app.office.practice, app.clock.now()
    if queue is not None and practice.team.queue(queue) is None:
        raise NotFound(f"there is no queue {queue}; there are: {' '.join(q.name for q in practice.team.queues)}")
    period = period_of(since, until, now, practice.zone, _USUAL)
    with app.keep.database.read() as connection:
        rows = report_rows(connection, period)
    made = make_report(rows, period, now, practice.zone, queue)
    names = {agent.id: agent.name for agent in practice.team.agents}
    if html is not None:
        _write_page(app, made, html, names)
    if behind is not None:
        for number in made.behind[behind]:
            told = practice.ticket_number(number)
            say_json({"number": told}) if app.json else click.echo(told)
    elif app.json:
        say_json(report_json(made, names))
    else:
        _print(app, made, names)


def _print(app: App, made: Report, names: Mapping[str, str]) -> None:
    from maild.threads.report_words import report_lines

    for line in report_lines(made, "en", app.settings.desk.timezone, names):
        click.echo(clean_text(line))


def _write_page(app: App, made: Report, path: Path, names: Mapping[str, str]) -> None:
    from maild.files import write_whole
    from maild.outgoing.report_page import report_page

    desk = app.settings.desk
    page = report_page(made, desk.name, desk.languages[0], desk.timezone, names)
    try:
        write_whole(path, page.encode())
    except OSError as error:
        raise CannotCreate(f"cannot write {path}: {error.strerror or error}") from error


def report_json(made: Report, names: Mapping[str, str]) -> dict[str, object]:
    """All figures as one object."""
    return {
        "since": made.period.since,
        "until": made.period.until,
        "queue": made.queue,
        **{name: getattr(made, name) for name in ("opened", "solved", "reopened", "answered")},
        "first_response": _speed_json(made.first_response),
        "resolution": _speed_json(made.resolution),
        "breached": made.breached,
        "backlog": made.backlog,
        "ages": dict(made.ages),
        "queues": [{"queue": line.name} | _line_json(line) for line in made.queues],
        "agents": [
            {"agent": line.name, "name": names.get(line.name, line.name)} | _line_json(line) for line in made.agents
        ],
        "customers": [{"address": address, "tickets": count} for address, count in made.customers],
        "hours": list(made.hours),
        "on_trial": [{"rule": t.rule, "held": t.held, "changes": dict(t.changes)} for t in made.trials],
        "days": [{"day": day.isoformat(), "opened": came, "solved": went} for day, came, went in made.days],
    }


def _line_json(line: Line) -> dict[str, object]:
    numbers: dict[str, object] = {
        name: getattr(line, name) for name in ("opened", "solved", "answered", "breached", "backlog")
    }
    return numbers | {"first_response": _speed_json(line.first_response)}


def _speed_json(speed: Speed) -> dict[str, object]:
    return {
        "count": speed.count,
        "within": speed.within,
        "share": round(speed.share, 4) if speed.share is not None else None,
        "median": duration_text(speed.median) if speed.median is not None else None,
        "p90": duration_text(speed.p90) if speed.p90 is not None else None,
    }
