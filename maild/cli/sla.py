"""`maild sla`: what is promised, tried before it counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from maild.cli.app import App
from maild.cli.groups import Group
from maild.cli.output import json_option, say_json, table, time_of
from maild.sla.promise import duration_text

if TYPE_CHECKING:
    from maild.desk.replay import Outcome, Replayed, Sums

_SHOWN = 20


@click.group(cls=Group)
@json_option
def sla() -> None:
    """What is promised to customers."""


@sla.command("replay")
@click.option("--policy", type=click.Path(path_type=Path), required=True, help="Promises written like rules/sla.toml.")
@click.option("--since", metavar="T", help="Only tickets that were opened then or later (RFC 3339).")
@click.option("--until", metavar="T", help="Only tickets that were opened before then.")
@click.option("--limit", type=click.IntRange(min=1), help=f"Name at most so many that differ; else {_SHOWN}, JSON all.")
@json_option
@click.pass_obj
def sla_replay(app: App, policy: Path, since: str | None, until: str | None, limit: int | None) -> None:
    """What past tickets would have been under other promises: nothing is changed by it."""
    from maild.desk.replay import promises_of, replay_promises, sums_of, unseen

    practice, now = app.office.practice, app.clock.now()
    others = promises_of(policy, app.settings, practice.team)
    for name in unseen(practice.promises, others):
        click.echo(f"maild: warning: '{name}' looks at the mail, so it is taken to fit no past ticket", err=True)
    times = (time_of(text) if text else None for text in (since, until))
    counted = _Counted(replay_promises(app.keep, practice.promises, others, now, *times))
    differing = _named(counted, limit, as_json=app.json)
    sums = sums_of(differing)
    if app.json:
        say_json(
            {
                "tickets": counted.tickets,
                "changed": counted.changed,
                "left_out": counted.left_out,
                "promises": [*_sums_json(sums)],
            }
        )
        return
    _print_sums(sums)
    click.echo(
        f"{counted.tickets} tickets, {counted.changed} differ, {counted.left_out} left out (imported, merged or split)"
    )


class _Counted:
    """Tickets on their way through, counted."""

    def __init__(self, replayed: Iterable[Replayed]) -> None:
        self._replayed = replayed
        self.tickets = self.changed = self.left_out = 0

    def __iter__(self) -> Iterator[Replayed]:
        for one in self._replayed:
            self.tickets += one.outcomes is not None
            self.left_out += one.outcomes is None
            self.changed += one.differs
            yield one


def _named(counted: _Counted, limit: int | None, *, as_json: bool) -> Iterator[Replayed]:
    """All tickets, and those that differ are named on the way: nothing is kept of what was said."""
    most = limit or (None if as_json else _SHOWN)
    for one in counted:
        if one.differs and one.outcomes is not None and (most is None or counted.changed <= most):
            before, after = one.outcomes
            if as_json:
                say_json({"ticket": one.number, "before": [*map(_json, before)], "after": [*map(_json, after)]})
            else:
                click.echo(f"{one.number}: {_said(before)} -> {_said(after)}")
        yield one


def _json(outcome: Outcome) -> dict[str, object]:
    spent = f"{int(outcome.spent.total_seconds())}s"
    return {"target": outcome.target, "promise": outcome.promise, "state": outcome.state, "spent": spent}


def _said(outcomes: tuple[Outcome, ...]) -> str:
    said = (f"{o.promise} {o.target} {o.state} ({duration_text(o.spent)})" for o in outcomes)
    return ", ".join(said) or "nothing promised"


def _sums_json(sums: Sums) -> Iterator[dict[str, object]]:
    for (when, promise, target), one in sorted(sums.items(), key=lambda item: (item[0][0] == "after", item[0])):
        median = one.median_spent
        yield {
            "policy": when,
            "promise": promise,
            "target": target,
            "kept": one.kept,
            "breached": one.breached,
            "running": one.running,
            "median_spent": f"{int(median.total_seconds())}s" if median is not None else None,
        }


def _print_sums(sums: Sums) -> None:
    rows = []
    for (when, promise, target), one in sorted(sums.items(), key=lambda item: (item[0][0] == "after", item[0])):
        median = one.median_spent
        spent = duration_text(median) if median is not None else ""
        rows.append((when, promise, target, one.kept, one.breached, one.running, spent))
    table(("policy", "promise", "target", "kept", "breached", "running", "median spent"), rows)
