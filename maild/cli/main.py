"""`maild [--config settings.toml] VERB`: finds the verb, loads only its file, turns errors into a status."""

from __future__ import annotations

import gc
import importlib
import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path

import click
from click.exceptions import Exit, NoArgsIsHelpError

from maild import __version__
from maild.errors import ConfigError, MaildError

TEMPORARY_FAILURE = 75  # sysexits: EX_TEMPFAIL, at which a mail server keeps the mail and comes again
SOFTWARE = 70  # sysexits: EX_SOFTWARE

VERBS = {
    "init": ("setup", "writes settings.toml, rules/ and var/ that work as they are"),
    "run": ("service", "the daemon"),
    "demo": ("demo", "a small conversation through the running daemon"),
    "check": ("setup", "settings, rules and letters: all mistakes at once"),
    "ingest": ("intake", "accepts mails from a pipe, files, mbox or Maildir"),
    "read": ("reading", "how a mail is understood"),
    "explain": ("reading", "what is done with a mail, and why"),
    "inbox": ("ledgers", "the accepted mails and what became of them"),
    "outbox": ("ledgers", "the letters that leave"),
    "tickets": ("tickets", "the list of tickets"),
    "ticket": ("tickets", "one ticket: show it, or give an order"),
    "report": ("report", "figures of the desk over a time, for people, as JSON or as a page"),
    "kb": ("kb", "the knowledge base: search"),
    "rules": ("rules", "the rules' workshop: check, test, show, replay, schema"),
    "sla": ("sla", "what is promised: replay past tickets under other promises"),
    "letters": ("letters", "the texts of letters: list, preview"),
    "dkim": ("dkim", "the DNS record for the key that letters are signed with"),
    "mailbox": ("mailbox", "a mailbox's login by OAuth 2: authorize"),
    "agents": ("agents", "who serves: open tickets, hours, who is away: away, back"),
    "users": ("users", "agents' logins for the SMTP listener"),
    "tick": ("service", "does what is due, once, as if it were another time"),
    "db": ("database", "the database: check, upgrade, copy, tidy"),
    "backup": ("keeping", "the whole desk in a folder"),
    "restore": ("keeping", "a backup in place of an empty desk"),
    "forget": ("keeping", "erases a person"),
    "export": ("moving", "everything in files that other programs read"),
    "import": ("moving", "old mail from archives, or an export of ours"),
}
"""Every verb, where it lives, and its line in the help."""


class _Verbs(click.Group):
    """Loads a verb's file only when it is called: starting is paid once per mail by a pipe."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in VERBS:
            return None
        name = "import_" if cmd_name == "import" else cmd_name.replace("-", "_")  # Python has that word for itself
        command = getattr(importlib.import_module(f"maild.cli.{VERBS[cmd_name][0]}"), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Verbs"):
            formatter.write_dl([(name, text) for name, (_, text) in VERBS.items()])


@click.command(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config", type=click.Path(path_type=Path), help="The settings file; else $MAILD_CONFIG, else ./settings.toml."
)
@click.version_option(__version__, prog_name="maild")
@click.pass_context
def maild(ctx: click.Context, config: Path | None) -> None:
    """The helpdesk that lives in the mailbox."""
    from maild.cli.app import App

    asked = ctx.obj or {}
    named = config or (Path(os.environ["MAILD_CONFIG"]) if os.environ.get("MAILD_CONFIG") else None)
    ctx.obj = App(named, json=bool(asked.get("json")))


def main() -> None:
    """Run the command and end with its status (sysexits)."""
    # Most of what a short command makes is classes, which stay: looking through them again and again for garbage costs
    # a twentieth of what `ingest` may cost. The daemon takes the usual measure back.
    gc.set_threshold(300_000, 50, 50)
    status = run(sys.argv[1:])
    # Nor is anything gained by a last look through it all.
    gc.freeze()
    sys.exit(status)


def run(arguments: list[str]) -> int:
    """The exit status of one call; every failure is one sentence on standard error."""
    verb, piped = _verb(arguments), _takes_a_pipe(arguments)
    try:
        words, asked = _without_json(arguments, verb)
        status = maild.main(args=words, prog_name="maild", standalone_mode=False, obj={"json": asked})
        return status if isinstance(status, int) else 0
    except Exit as end:
        return end.exit_code
    except click.Abort:
        return _fail("stopped", 130, piped=piped)
    except NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 64
    except click.ClickException as error:
        # A mail server that calls `ingest` with a wrong word must not bounce the mail for it.
        return _fail(_usage(error), 64, piped=piped or (verb == "ingest" and not sys.stdin.isatty()))
    except ConfigError as error:
        return _fail(_findings(error), error.exit_status, piped=piped)
    except MaildError as error:
        return _fail(str(error), error.exit_status, piped=piped)
    except SystemExit:  # so click ends where nobody reads what is said, as before `head`
        from maild.cli.output import hush

        hush()
        return TEMPORARY_FAILURE if piped else 0
    except Exception as bug:  # noqa: BLE001  # the top: a bug must not make a mail server bounce a customer's mail
        if not piped:
            traceback.print_exc()
        return _fail(f"a bug in maild: {type(bug).__name__}: {bug}", SOFTWARE, piped=piped)


def _verb(arguments: list[str]) -> str:
    """The verb of a call, "" where there is none."""
    words = iter(arguments)
    for word in words:
        if word == "--config":
            next(words, None)
        elif not word.startswith("-"):
            return word
    return ""


def _without_json(arguments: list[str], verb: str) -> tuple[list[str], bool]:
    """The words without `--json`, which may stand anywhere behind the verb, and whether it stood there."""
    if verb not in arguments:
        return arguments, False
    start = arguments.index(verb) + 1
    end = arguments.index("--", start) if "--" in arguments[start:] else len(arguments)
    behind = [word for word in arguments[start:end] if word != "--json"]
    return [*arguments[:start], *behind, *arguments[end:]], len(behind) < end - start


def _takes_a_pipe(arguments: list[str]) -> bool:
    """Whether this is `ingest` reading standard input: then only 0 and 75 may come out."""
    if _verb(arguments) != "ingest":
        return False
    rest, files, skip = arguments[arguments.index("ingest") + 1 :], [], False
    for word in rest:
        if skip:
            skip = False
        elif word in ("--sender", "--recipient"):
            skip = True
        elif not word.startswith("-") or word == "-":
            files.append(word)
    return not files or any(name == "-" or name.startswith(("/dev/", "/proc/")) for name in files)


def _fail(sentence: str, status: int, *, piped: bool) -> int:
    with suppress(OSError):  # the status counts, even where nobody reads the sentence
        click.echo(f"maild: {sentence}", err=True)
    return TEMPORARY_FAILURE if piped else status


def _usage(error: click.ClickException) -> str:
    command = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "maild"
    return f"{error.format_message()} Try '{command} --help'."


def _findings(error: ConfigError) -> str:
    from maild.cli.output import findings_text

    return findings_text(error.findings)
