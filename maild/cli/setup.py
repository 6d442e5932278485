"""`maild init` and `maild check`: a desk that works as it is, and whether it still does."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

import click

import maild as package
from maild.cli.app import App
from maild.cli.output import finding_json, findings_text, json_option, report, say_json
from maild.errors import CannotCreate, ConfigError, Finding, MaildError

_SAMPLE_NAMES = ("settings.toml", "rules", "kb")


def sample_folder() -> Path:
    """Where the shipped settings.toml, rules/ and kb/ lie: in the installed package, or beside it in a checkout."""
    here = Path(package.__file__).resolve().parent
    return here / "sample" if (here / "sample").is_dir() else here.parent


@click.command()
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path, file_okay=False))
@click.pass_obj
def init(app: App, folder: Path) -> None:
    """Write a commented settings.toml, rules/, kb/ and var/ into DIR; nothing that stands there is overwritten."""
    from maild.desk.secret import ensure_secret

    standing = [name for name in (*_SAMPLE_NAMES, "var") if (folder / name).exists()]
    if standing:
        raise CannotCreate(f"{folder / standing[0]} stands there already; name an empty folder")
    sample = sample_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(sample / "settings.toml", folder / "settings.toml")
        for name in _SAMPLE_NAMES[1:]:
            shutil.copytree(sample / name, folder / name)
        (folder / "var").mkdir(mode=0o700)
    except OSError as error:
        raise CannotCreate(f"cannot write into {folder}: {error.strerror}") from error
    ensure_secret(folder / "var" / "secret")
    made = [str(folder / name) for name in (*_SAMPLE_NAMES, "var")]
    text = f"made {', '.join(made)}\nnext: maild --config {made[0]} run"
    report(app.json, text, made=made)


@click.command()
@click.option("--online", is_flag=True, help="Also connect to the database, the relay, the mailboxes and the webhooks.")
@json_option
@click.pass_obj
def check(app: App, online: bool) -> int:
    """Settings, rules, letters and articles: all mistakes at once; 1 when there are any."""
    findings = _all_findings(app) + _present_findings(app, online=online)
    if online and not any(f.severity == "error" for f in findings):
        findings += _online_findings(app)
    if app.json:
        for finding in findings:
            say_json(finding_json(finding))
    elif findings:
        click.echo(findings_text(findings))
    errors = sum(f.severity == "error" for f in findings)
    if not app.json:
        counts = (_counted(errors, "error"), _counted(len(findings) - errors, "warning"))
        click.echo(", ".join(counts) if findings else "all is well")
    return 1 if errors else 0


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _all_findings(app: App) -> list[Finding]:
    from maild.config.policy import check_policy
    from maild.desk.articles import load_articles
    from maild.desk.assembly import make_letters, signer_findings
    from maild.desk.callers import webhook_findings
    from maild.desk.file_checks import file_findings
    from maild.desk.secret import secret_findings
    from maild.desk.signatures import key_asker
    from maild.desk.whole_examples import reader_of_fields

    try:
        settings = app.settings
    except ConfigError as error:
        # A file that is missing is the caller's mistake, one that is wrong is what was asked about.
        if any(f.code in ("no-settings", "unreadable") for f in error.findings):
            raise
        return list(error.findings)
    asker, reader = key_asker(app.clock.now()), reader_of_fields(settings)
    doubts = check_policy(settings.paths.rules, settings.desk, asker, settings.webhooks, reader)
    found = [*doubts, *make_letters(settings).check()]
    found += load_articles(settings.paths.kb)[1]
    if settings.imap:
        from maild.desk.mailbox_checks import mailbox_findings

        found += mailbox_findings(settings, app.clock.now())
    found += secret_findings(settings.desk.secret_file) + signer_findings(settings) + webhook_findings(settings)
    return found + file_findings(settings)


def _present_findings(app: App, *, online: bool) -> list[Finding]:
    """How things stand now; a database on a server is asked only where servers are to be asked."""
    from maild.desk.present import present_findings
    from maild.store.engine import Database

    try:
        settings = app.settings
    except ConfigError:
        return []
    on_file = Database.parse(settings.database.url).get_backend_name() == "sqlite"
    return present_findings(settings, app.clock.now()) if online or on_file else []


def _online_findings(app: App) -> list[Finding]:
    from maild.desk.assembly import make_signer, make_transport
    from maild.desk.callers import online_webhook_findings
    from maild.desk.mailbox_checks import online_mailbox_findings
    from maild.store.care import check_database
    from maild.store.engine import Database

    found = []
    try:
        found += [
            _finding("database", t) for t in check_database(Database(app.settings.database.url)) if "empty" not in t
        ]
    except MaildError as error:
        found.append(_finding("database", str(error)))
    try:
        make_transport(app.settings).check()
    except MaildError as error:
        found.append(_finding("outgoing", str(error)))
    if (signer := make_signer(app.settings)) is not None:
        from maild.crypto.dkim import check_record

        found += [_finding("outgoing", trouble, severity="warning") for trouble in check_record(signer)]
    return found + online_mailbox_findings(app.settings, app.clock) + online_webhook_findings(app.settings, app.clock)


def _finding(section: str, message: str, *, severity: Literal["error", "warning"] = "error") -> Finding:
    return Finding(file=f"[{section}]", line=0, column=0, severity=severity, code="offline", message=message)
