"""`maild rules`: the rules' workshop."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from maild.cli.app import App
from maild.cli.groups import Group
from maild.cli.output import (
    Progress,
    clean_text,
    finding_json,
    findings_text,
    json_option,
    report,
    say_json,
    table,
    time_of,
)
from maild.cli.sarif import as_sarif
from maild.errors import CannotCreate, ConfigError, NotFound

if TYPE_CHECKING:
    from maild.routing.examples import ExampleResult

SAMPLES = 3


@click.group(cls=Group)
@json_option
def rules() -> None:
    """The rules' workshop: look for mistakes, show what is in force, run the examples, try them on the past."""


@rules.command("check")
@click.option("--sarif", is_flag=True, help="SARIF 2.1.0, for editors and build servers.")
@json_option
@click.pass_obj
def rules_check(app: App, sarif: bool) -> int:
    """Every mistake and doubt in the rules folder, its letters included, with its place; 1 when there are mistakes."""
    from maild.config.policy import check_policy
    from maild.desk.assembly import make_letters
    from maild.desk.signatures import key_asker
    from maild.desk.whole_examples import reader_of_fields

    settings, asker = app.settings, key_asker(app.clock.now())
    findings = [
        *check_policy(settings.paths.rules, settings.desk, asker, settings.webhooks, reader_of_fields(settings)),
        *make_letters(settings).check(),
    ]
    if sarif:
        click.echo(json.dumps(as_sarif(findings, Path.cwd())))
    elif app.json:
        for finding in findings:
            say_json(finding_json(finding))
    else:
        click.echo(findings_text(findings) if findings else "all is well")
    return 1 if any(f.severity == "error" for f in findings) else 0


@rules.command("show")
@json_option
@click.pass_obj
def rules_show(app: App) -> None:
    """The rules in the order in which they are asked, and their revision."""
    from maild.config.policy import load_policy, show_rules

    policy = load_policy(app.settings.paths.rules, app.settings.desk, app.settings.webhooks)
    rows = show_rules(policy)
    if app.json:
        for number, row in enumerate(rows, 1):
            said = {"name": row.name, "place": row.place, "when": row.when, "then": row.then, "examples": row.examples}
            said |= {"events": list(row.events), "shadow": row.shadow}
            say_json({"position": number, **said, "revision": policy.revision})
        return
    click.echo(f"revision {policy.revision}")
    table(
        ("", "rule", "at", "when", "then", "examples", "place"),
        [(n, r.name, ", ".join(r.events), r.when, r.then, r.examples, r.place) for n, r in enumerate(rows, 1)],
    )


@rules.command("schema")
@json_option
@click.pass_obj
def rules_schema(app: App) -> None:
    """Write schema/*.json into the rules folder: by them editors complete and check these files as they are typed."""
    from maild.cli.setup import sample_folder

    folder = app.settings.paths.rules / "schema"
    shipped = {file.name: file.read_bytes() for file in sorted((sample_folder() / "rules" / "schema").iterdir())}
    try:
        folder.mkdir(exist_ok=True)
        for name, content in shipped.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise CannotCreate(f"cannot write into {folder}: {error.strerror}") from error
    files = [folder / name for name in shipped]
    report(app.json, "\n".join(f"wrote {file}" for file in files), written=[str(file) for file in files])


@rules.command("test")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--coverage", is_flag=True, help="Also tell by how many examples each rule holds.")
@json_option
@click.pass_obj
def rules_test(app: App, files: tuple[str, ...], coverage: bool) -> int:
    """Run the examples: those beside the rules and the whole mails (of these files alone, if any); 1 when one fails."""
    from maild.config import policy as policies
    from maild.desk.whole_examples import reader_of_fields

    policy = policies.load_policy(app.settings.paths.rules, app.settings.desk, app.settings.webhooks)
    whole = policies.whole_mails(policy, reader_of_fields(app.settings))
    if whole.findings:
        raise ConfigError(whole.findings)
    results = policies.run_examples(policy, whole.examples)
    covered = policies.coverage(policy, results)
    if files:
        wanted = {_of_example(f) for f in files}
        results = [r for r in results if _of_example(r.file) in wanted]
        unknown = wanted - {_of_example(r.file) for r in results}
        if unknown:
            raise NotFound(f"no examples are in {', '.join(sorted(unknown))}")
    failed = [r for r in results if not r.ok]
    if app.json:
        for r in results:
            said = ("file", "line", "rule", "ok", "expected", "got", "decided_by", "missed")
            say_json({name: getattr(r, name) for name in said})
        for rule, count in covered.items() if coverage else ():
            say_json({"rule": rule, "examples": count})
        return 1 if failed else 0
    for r in failed:
        _print_failed(r)
    click.echo(f"{len(results) - len(failed)} examples hold, {len(failed)} fail")
    _print_coverage(covered, whole.left_aside, whole=coverage)
    return 1 if failed else 0


def _of_example(file: str) -> str:
    """The file in which an example is told, also where its mail is named."""
    path = os.path.abspath(file)
    return path.removesuffix(".eml") + ".toml" if path.endswith(".eml") else path


def _print_failed(r: ExampleResult) -> None:
    from maild.routing.examples import as_written

    of = f" of {r.rule!r}" if r.rule else ""
    by = f"decided by {r.decided_by!r}" if r.decided_by else "decided by no rule"
    click.echo(f"{r.file}:{r.line}: example{of} fails, {by}")
    for key, value in r.expected.items():
        if r.got.get(key) != value:
            click.echo(f"  - {key} = {as_written(value)}\n  + {key} = {as_written(r.got.get(key))}")
    for missed in r.missed:
        click.echo(f"    {r.rule!r} misses: {missed}")


def _print_coverage(covered: Mapping[str, int], left_aside: Sequence[str], *, whole: bool) -> None:
    if whole:
        table(("rule", "examples"), covered.items())
    for rule in (rule for rule, count in covered.items() if not count):
        click.echo(f"no example shows {rule!r} at work")
    for file in left_aside:
        click.echo(f"{file} is left aside: the rule that it shows is not there")


@rules.command("replay")
@click.option("--since", metavar="T", help="Only tickets that were opened then or later (RFC 3339).")
@click.option("--until", metavar="T", help="Only tickets that were opened before then.")
@click.option(
    "--rules",
    "folder",
    type=click.Path(path_type=Path),
    help="A folder like rules/; else the one in force, as it is now.",
)
@click.option(
    "--limit", type=click.IntRange(min=0), help=f"Show so many tickets of each change; else {SAMPLES}, JSON all."
)
@json_option
@click.pass_obj
def rules_replay(app: App, since: str | None, until: str | None, folder: Path | None, limit: int | None) -> None:
    """What past tickets would have become under these rules, as a diff. Nothing is changed by it."""
    from maild.cli.replay_words import replay_json, tally_json, tally_lines
    from maild.desk.rules_replay import Replay

    if folder is not None and not folder.is_dir():
        raise NotFound(f"there is no folder {folder}; name one that is written like {app.settings.paths.rules}")
    times = [time_of(text) if text else None for text in (since, until)]
    replay, named = Replay(app.keep, app.settings, folder), 0
    with Progress() as progress:
        for one in replay.run(*times):
            progress.count()
            if not one.changed:
                continue
            if not app.json:
                replay.note_moves(one, SAMPLES if limit is None else limit)
            elif limit is None or named < limit:
                named += 1
                say_json(replay_json(one))
    if app.json:
        say_json(tally_json(replay.tally))
        return
    for line in tally_lines(replay.tally):
        click.echo(clean_text(line))
