"""How the command speaks: tables on a terminal, plain text in a pipe, JSON Lines where asked."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from maild.errors import Finding, UsageError

F = TypeVar("F", bound=Callable[..., Any])
NO_MAIL = "this is no mail: not one header field stands at its beginning"


def json_option(function: F) -> F:
    """Says in the help that the verb knows `--json`; main.py takes it out of the words, wherever it stands."""

    def remember(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        if value:
            ctx.obj.json = True

    option = click.option(
        "--json", is_flag=True, expose_value=False, callback=remember, help="JSON Lines, one object a line."
    )
    return option(function)


def report(as_json: bool, text: str, **values: object) -> None:
    """What a verb did: a sentence for people, or one object for programs."""
    if as_json:
        say_json(values)
    else:
        click.echo(text)


def say_json(value: Mapping[str, object]) -> None:
    """One object on a line of its own, ASCII alone."""
    click.echo(json_text(value))


def json_text(value: Mapping[str, object]) -> str:
    """The line that it is said with."""
    return json.dumps(value, ensure_ascii=True, default=_plain)


def time_of(text: str) -> datetime:
    """A time that was given as a word of the command. Raises UsageError."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no time such as 2026-11-23T09:00:00Z") from error
    if at.tzinfo is None:
        raise UsageError(f"{text!r} names no zone; write it as 2026-11-23T09:00:00Z or with +03:00 behind it")
    return at.astimezone(UTC)


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """Shows on a terminal how far a long work has come: what, how much is done, how much there is; else nothing."""
    shown = sys.stderr.isatty()

    def tell(what: str, done: int, total: int) -> None:
        if shown:
            click.echo(f"\r\x1b[K{what}: {done} of {total}" if total else f"\r\x1b[K{what}: {done}", nl=False, err=True)

    try:
        yield tell
    finally:
        if shown:
            click.echo("\r\x1b[K", nl=False, err=True)


def hush() -> None:
    """Nobody reads standard output any more: what is still said goes nowhere, and ending says nothing of it either."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.__stdout__.fileno() if sys.__stdout__ else 1)
        os.close(nowhere)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)


def when(at: datetime | None) -> str:
    """A time for people, in the machine's own zone."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M") if at else ""


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table as wide as the terminal; tab-separated without cutting in a pipe."""
    lines = [[_clean(str("" if cell is None else cell)) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for line in lines:
            click.echo("\t".join(line))
        return
    if not lines:
        click.echo("nothing")
        return
    widths = [max(_width(line[i]) for line in [list(columns), *lines]) for i in range(len(columns))]
    room = shutil.get_terminal_size().columns
    widths[-1] = max(10, min(widths[-1], room - sum(widths[:-1]) - 2 * (len(widths) - 1)))
    click.echo(click.style("  ".join(_pad(c, w) for c, w in zip(columns, widths, strict=True)).rstrip(), bold=True))
    for line in lines:
        click.echo("  ".join(_pad(c, w) for c, w in zip(line, widths, strict=True)).rstrip())


class Progress:
    """How many there were so far, on standard error: for people alone, and only where it takes longer than a second."""

    def __init__(self) -> None:
        # Where the answers appear on the same screen, they are progress enough.
        self._wanted = sys.stderr.isatty() and not sys.stdout.isatty()
        self._shown_at = time.monotonic() + 0.8
        self._done = 0
        self._visible = False

    def __enter__(self) -> Progress:
        """Nothing is shown yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave no trace."""
        if self._visible:
            click.echo("\r\x1b[K", nl=False, err=True)

    def count(self) -> None:
        """One more is done."""
        self._done += 1
        if self._wanted and time.monotonic() - self._shown_at > 0.2:
            self._shown_at, self._visible = time.monotonic(), True
            click.echo(f"\r{self._done} mails", nl=False, err=True)


def _clean(text: str) -> str:
    """Nothing that a stranger wrote may move the cursor or paint the screen."""
    return "".join(c if c.isprintable() else " " for c in text)


def clean_text(text: str) -> str:
    """A text of several lines, harmless on a terminal."""
    return "\n".join(_clean(line) for line in text.splitlines())


def _width(text: str) -> int:
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _pad(text: str, width: int) -> str:
    if _width(text) <= width:
        return text + " " * (width - _width(text))
    while _width(text) > width - 1:
        text = text[:-1]
    return text + "…"


def findings_text(findings: Sequence[Finding]) -> str:
    """Every mistake with its place, the line as it stands, a caret, and what to do."""
    return "\n".join(_finding_text(f) for f in findings)


def _finding_text(finding: Finding) -> str:
    text = str(finding)
    if finding.source and finding.column:
        before = "".join("\t" if c == "\t" else " " * _width(c) for c in finding.source[: finding.column - 1])
        text += f"\n    {finding.source}\n    {before}^"
    return text


def finding_json(finding: Finding) -> dict[str, object]:
    """A finding in the shape of `rules check --json`."""
    return {
        name: getattr(finding, name)
        for name in ("file", "line", "column", "severity", "code", "rule", "message", "hint")
    }
