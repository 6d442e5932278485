"""`maild ingest`: accept mails durably, then handle them. What a mail server calls once per mail."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from maild.cli.app import App
from maild.cli.output import hush, json_option, say_json
from maild.errors import MaildError, RetryLater
from maild.messages.envelope import Arrival

if TYPE_CHECKING:
    from maild.store.inbox import InboxStore

_WAIT_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kept:
    source: str
    inbox_id: int
    message_id: str | None


@click.command()
@click.argument("names", nargs=-1, metavar="[FILE, DIR, mbox, Maildir or -]...")
@click.option("--sender", metavar="A", help="The envelope sender; <> for none. Else Return-Path.")
@click.option("--recipient", "recipients", multiple=True, metavar="B", help="An envelope recipient. Else Delivered-To.")
@click.option("--accept-only", is_flag=True, help="End as soon as the mails are safe; the daemon does the rest.")
@json_option
@click.pass_obj
def ingest(
    app: App, names: tuple[str, ...], sender: str | None, recipients: tuple[str, ...], accept_only: bool
) -> None:
    """Accept mails: 0 means that they are on the disk. From a pipe only 0 and 75 ever come out."""
    from maild.ingest.arrival import in_groups

    if not accept_only:
        _start_readers()
    inbox = app.inbox if accept_only else app.keep.inbox
    for group in in_groups(_arrivals(app, names, sender, recipients), lambda found: len(found[1].raw)):
        ids = inbox.add([arrival for _, arrival in group])
        kept = [
            _Kept(source=name, inbox_id=i, message_id=arrival.message_id)
            for (name, arrival), i in zip(group, ids, strict=True)
        ]
        if not accept_only:
            _handle(app, kept)
        try:
            for one in kept:
                _report(app, inbox, one)
        except OSError:
            # The mails are safe. That nobody reads what is said here is no reason for a mail server to bounce them.
            if names and "-" not in names:
                raise
            hush()


def _start_readers() -> None:
    """Before anything else is loaded: what is small is forked quickly, and nothing has to be copied afterwards."""
    from maild.guard.readers import shared_readers

    with suppress(RetryLater):
        # It is tried again when a mail is to be read; first of all the mails must be safe.
        shared_readers().start()


def _arrivals(
    app: App, names: tuple[str, ...], sender: str | None, recipients: tuple[str, ...]
) -> Iterator[tuple[str, Arrival]]:
    from maild.ingest.arrival import make_arrival
    from maild.ingest.pipe import read_sources

    given = None if sender is None else sender.strip("<> ")
    for source in read_sources(names, sys.stdin.buffer):
        yield source.name, make_arrival(source.raw, source.envelope(given, recipients), app.clock.now())


def _handle(app: App, kept: Sequence[_Kept]) -> None:
    """Handle them here; whatever stands in the way, they are safe already and the daemon will find them."""
    deadline = time.monotonic() + _WAIT_SECONDS
    waiting = [one.inbox_id for one in kept]
    try:
        while waiting and time.monotonic() < deadline:
            for inbox_id in waiting:
                app.desk.take_next(inbox_id)
            waiting = [i for i in waiting if app.keep.inbox.get(i)["state"] == "waiting"]
            if waiting:
                time.sleep(0.2)
    except RetryLater as error:
        _complain(f"maild: accepted, handled later: {error}")
    except MaildError as error:
        _complain(f"maild: accepted, and it waits in the inbox: {error}")
    except Exception:  # the mail is safe; a mail server must not bounce it
        logging.getLogger("maild").exception("accepted, and it waits in the inbox")


def _complain(sentence: str) -> None:
    with suppress(OSError):
        click.echo(sentence, err=True)


def _report(app: App, inbox: InboxStore, one: _Kept) -> None:
    rows = inbox.listing(inbox_id=one.inbox_id)
    state = rows[0]["state"] if rows else "waiting"
    ticket = rows[0]["ticket"] if rows else None
    if app.json:
        say_json(
            {
                "source": one.source,
                "inbox_id": one.inbox_id,
                "message_id": one.message_id,
                "state": state,
                "ticket": ticket,
            }
        )
    else:
        click.echo("\t".join((one.source, str(one.inbox_id), one.message_id or "-", state, ticket or "-")))
