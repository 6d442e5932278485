"""`maild inbox` and `maild outbox`: the two durable places, looked at and mended."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import click

from maild.cli.app import App
from maild.cli.output import json_option, report, say_json, table, when
from maild.threads.model import InboxState, OutboxState

Row = Mapping[Any, Any]


@click.group(invoke_without_command=True)
@click.option(
    "--state", "states", multiple=True, type=click.Choice([str(s) for s in InboxState]), help="Only these states."
)
@click.option("--id", "inbox_id", type=int, help="Only this mail.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.")
@json_option
@click.pass_context
def inbox(ctx: click.Context, states: tuple[str, ...], inbox_id: int | None, limit: int | None) -> None:
    """Every accepted mail, in exactly one state, with its reason."""
    if ctx.invoked_subcommand is not None:
        return
    app: App = ctx.obj
    rows = app.keep.inbox.listing(states, inbox_id, limit)
    if app.json:
        for row in rows:
            say_json(_inbox_json(row))
        return
    table(
        ("id", "received", "channel", "from", "state", "ticket", "reason"),
        [
            (
                r["id"],
                when(r["received_at"]),
                r["channel"],
                r["envelope_from"] or "<>",
                r["state"],
                r["ticket"],
                r["reason"],
            )
            for r in rows
        ],
    )


def _inbox_json(row: Row) -> dict[str, object]:
    names = (
        "id",
        "received_at",
        "channel",
        "source",
        "envelope_from",
        "envelope_to",
        "message_id",
        "digest",
        "size",
        "state",
        "ticket",
        "reason",
        "attempts",
    )
    return {name: row[name] for name in names}


@inbox.command("retry")
@click.argument("inbox_id", metavar="ID", type=int)
@click.pass_obj
def inbox_retry(app: App, inbox_id: int) -> None:
    """Handle a quarantined or waiting mail now."""
    app.keep.inbox.retry(inbox_id, app.clock.now())
    app.desk.take_next(inbox_id)
    row = app.keep.inbox.get(inbox_id)
    text = f"mail {inbox_id} is {row['state']}: {row['reason']}"
    report(app.json, text, id=inbox_id, state=row["state"], reason=row["reason"])


@inbox.command("raw")
@click.argument("inbox_id", metavar="ID", type=int)
@click.pass_obj
def inbox_raw(app: App, inbox_id: int) -> None:
    """The mail's bytes as they came, on standard output."""
    sys.stdout.buffer.write(app.keep.inbox.raw(inbox_id))


@inbox.command("drop")
@click.argument("inbox_id", metavar="ID", type=int)
@click.pass_obj
def inbox_drop(app: App, inbox_id: int) -> None:
    """Remove a quarantined mail for good."""
    app.keep.inbox.drop(inbox_id)
    report(app.json, f"mail {inbox_id} is gone", id=inbox_id, state="gone")


@click.group(invoke_without_command=True)
@click.option(
    "--state", "states", multiple=True, type=click.Choice([str(s) for s in OutboxState]), help="Only these states."
)
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.")
@json_option
@click.pass_context
def outbox(ctx: click.Context, states: tuple[str, ...], limit: int | None) -> None:
    """Every letter of ours, and how far it has come."""
    if ctx.invoked_subcommand is not None:
        return
    app: App = ctx.obj
    rows = app.keep.outbox.listing(states, limit)
    if app.json:
        for row in rows:
            say_json(_outbox_json(row))
        return
    table(
        ("id", "kind", "to", "state", "tries", "next", "ticket", "subject", "last word"),
        [
            (
                r["id"],
                r["kind"],
                ", ".join(_to(r)),
                r["state"],
                r["attempts"],
                when(r["next_at"]),
                r["ticket"],
                r["subject"],
                r["last_error"],
            )
            for r in rows
        ],
    )


def _to(row: Row) -> list[str]:
    return [recipient["address"] for recipient in row["recipients"]]


def _outbox_json(row: Row) -> dict[str, object]:
    shared = {
        name: row[name] for name in ("subject", "ticket", "state", "attempts", "next_at", "sent_at", "last_error")
    }
    return {
        "id": row["id"],
        "message_id": row["message_id"],
        "kind": row["kind"],
        "from": row["header_from"],
        "to": [{"name": r.get("name", ""), "address": r["address"]} for r in row["recipients"]],
    } | shared


@outbox.command("retry")
@click.argument("outbox_id", metavar="ID", type=int)
@click.pass_obj
def outbox_retry(app: App, outbox_id: int) -> None:
    """Send a letter now, to whom it has not reached."""
    app.keep.outbox.retry(outbox_id, app.clock.now())
    report(app.json, f"letter {outbox_id} goes out with the next round", id=outbox_id, state="waiting")


@outbox.command("hold")
@click.argument("outbox_id", metavar="ID", type=int)
@click.pass_obj
def outbox_hold(app: App, outbox_id: int) -> None:
    """Stop a letter until `outbox retry`."""
    app.keep.outbox.hold(outbox_id, app.clock.now())
    report(app.json, f"letter {outbox_id} is held", id=outbox_id, state="held")


@outbox.command("drop")
@click.argument("outbox_id", metavar="ID", type=int)
@click.pass_obj
def outbox_drop(app: App, outbox_id: int) -> None:
    """Take a letter back for good."""
    app.keep.outbox.drop(outbox_id, app.clock.now())
    report(app.json, f"letter {outbox_id} is taken back", id=outbox_id, state="recalled")


@outbox.command("raw")
@click.argument("outbox_id", metavar="ID", type=int)
@click.pass_obj
def outbox_raw(app: App, outbox_id: int) -> None:
    """The letter's bytes, on standard output."""
    sys.stdout.buffer.write(app.keep.outbox.raw(outbox_id))


@outbox.command("suppressed")
@json_option
@click.pass_obj
def outbox_suppressed(app: App) -> None:
    """Addresses that refused mail for good, and get no automatic letters for a while."""
    found = app.keep.dead.suppressed(app.clock.now())
    if app.json:
        for one in found:
            say_json(
                {
                    "address": one.address,
                    "bounces": one.bounces,
                    "last_at": one.last_at,
                    "until": one.until,
                    "status": one.status,
                    "reason": one.reason,
                }
            )
        return
    table(
        ("address", "refusals", "last", "until", "status", "reason"),
        [(d.address, d.bounces, when(d.last_at), when(d.until), d.status, d.reason) for d in found],
    )


@outbox.command("unsuppress")
@click.argument("address", metavar="ADDRESS")
@click.pass_obj
def outbox_unsuppress(app: App, address: str) -> None:
    """Let an address have automatic letters again."""
    app.keep.dead.unsuppress(address)
    report(app.json, f"{address} gets automatic letters again", address=address, state="released")
