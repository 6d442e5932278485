"""`maild tickets` and `maild ticket`: what the desk has in hand, and orders by the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from maild.cli.app import App
from maild.cli.groups import Group
from maild.cli.output import clean_text, json_option, report, say_json, table, when
from maild.errors import DataError
from maild.sla.deadlines import TicketClock, spent_at, state_at
from maild.sla.explain import explain
from maild.store.views import Listed, Wanted, Whole
from maild.threads.as_json import message_values, ticket_values
from maild.threads.deadlines import explain_deadline
from maild.threads.lookups import Ask
from maild.threads.model import Message, Status, Ticket
from maild.threads.orders.table import HANDLERS
from maild.threads.why import turning_points, why_lines

_NO_SUBJECT = "(no subject)"


@click.command()
@click.option(
    "--status", type=click.Choice([str(s) for s in Status]), help="Only this status; else all but spam and merged."
)
@click.option("--queue", help="Only this queue.")
@click.option("--assignee", help="Only this agent's.")
@click.option("--overdue", is_flag=True, help="Only those past their due time.")
@click.option("--search", metavar="WORDS", help="Only those in which every word is found.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.")
@json_option
@click.pass_obj
def tickets(
    app: App,
    status: str | None,
    queue: str | None,
    assignee: str | None,
    overdue: bool,
    search: str | None,
    limit: int | None,
) -> None:
    """The tickets, newest first."""
    now = app.clock.now()
    wanted = Wanted(
        status=status, queue=queue, assignee=assignee, overdue_at=now if overdue else None, search=search, limit=limit
    )
    rows = app.keep.views.tickets(wanted)
    if app.json:
        for row in rows:
            say_json(_listed_json(app, row))
        return
    table(
        ("number", "status", "queue", "assignee", "priority", "due", "from", "subject"),
        [_row(r.ticket) for r in rows],
    )


def _row(t: Ticket) -> tuple[object, ...]:
    return (
        t.number,
        t.status,
        t.queue,
        t.assignee,
        t.priority,
        when(t.due_at),
        t.requester.address if t.requester else "",
        t.subject or _NO_SUBJECT,
    )


def _listed_json(app: App, listed: Listed) -> dict[str, object]:
    return ticket_json(listed.ticket, app) | {"messages": listed.messages}


def ticket_json(ticket: Ticket, app: App) -> dict[str, object]:
    """A ticket in the shape of `tickets --json`, its messages left aside."""
    return ticket_values(ticket, _organisation(ticket, app), app.clock.now())


def _organisation(ticket: Ticket, app: App) -> str | None:
    """Whose the requester is today; it is written down nowhere."""
    return app.team.organisation_of(ticket.requester.address if ticket.requester else None) or None


_OF_EVENT = ("at", "kind", "actor", "detail", "because")


_ELSEWHERE = {
    # Nobody can take a ticket at the command line: whoever sits there is no agent.
    "take": "say who takes it with `maild ticket assign NUMBER NAME`",
    "away": "`maild agents away AGENT [UNTIL] [DEPUTY]` says who is away",
    "back": "`maild agents back AGENT` says who is here again",
    "help": "`maild ticket --help` lists what there is",
    "list": "`maild tickets` lists them",
    "search": "`maild tickets --search WORDS` looks for them",
    "report": "`maild report` has the figures",
    "kb": "`maild kb search WORDS` looks for articles",
}


@click.group(cls=Group, elsewhere=_ELSEWHERE)
@json_option
def ticket() -> None:
    """One ticket: `show` it, or give it an order that an agent can mail as well."""


@ticket.command("show")
@click.argument("number")
@json_option
@click.pass_obj
def ticket_show(app: App, number: str) -> None:
    """Everything about a ticket: what was written, what happened and why, and its clocks."""
    whole = app.keep.views.ticket(number, app.settings.desk.tag)
    if app.json:
        say_json(whole_json(app, whole))
    else:
        _print_whole(app, whole)


def whole_json(app: App, whole: Whole) -> dict[str, object]:
    """A ticket in the shape of `ticket show --json`."""
    return ticket_json(whole.ticket, app) | {
        "messages": [_message_json(i, m) for i, m in whole.messages],
        "events": [{k: e[k] for k in _OF_EVENT} for e in whole.events],
        "clocks": [_clock_json(app, whole.ticket, c) for c in whole.clocks],
        "links": [dict(link) for link in whole.links],
    }


def _message_json(message_id: int, m: Message) -> dict[str, object]:
    return {"id": message_id} | message_values(m)


def _clock_json(app: App, t: Ticket, clock: TicketClock) -> dict[str, Any]:
    promise, now = app.office.practice.promises.named(clock.promise or t.promise), app.clock.now()
    return {
        "target": clock.target,
        "started_at": clock.started_at,
        "due_at": clock.due_at,
        "state": state_at(clock, now),
        "spent": f"{int(spent_at(clock, promise.calendar, now).total_seconds())}s",
        "explained": explain(clock, promise, now),
    }


def _print_whole(app: App, whole: Whole) -> None:
    t = whole.ticket
    click.secho(f"{t.number}  {clean_text(t.subject) or _NO_SUBJECT}", bold=True)
    click.echo(f"{t.status}, queue {t.queue}, line {t.line}, {t.priority}, assigned to {t.assignee or 'nobody'}")
    for person in t.participants:
        role = "requester" if t.requester and person.address.address == t.requester.address else "participant"
        name = f"{person.address.name} " if person.address.name else ""
        click.echo(clean_text(f"{role}: {name}<{person.address.address}>"))
    if (organisation := _organisation(t, app)) is not None:
        click.echo(f"organisation: {organisation}")
    if t.tags:
        click.echo(f"tags: {', '.join(t.tags)}")
    for name, value in t.fields.items():
        click.echo(clean_text(f"field {name}: {value}"))
    for clock in whole.clocks:
        click.echo(f"clock: {_clock_json(app, t, clock)['explained']}")
    for line in _deadline_lines(app, whole):
        click.echo(f"clock: {line}")
    _print_links(whole)
    for _, m in whole.messages:
        _print_message(m)
    click.echo()
    for e in whole.events:
        _print_event(e)


def _print_event(e: Mapping[Any, Any]) -> None:
    because = f" ({e['because']})" if e["because"] else ""
    click.echo(clean_text(f"{when(e['at'])}  {e['actor']}: {e['kind']}: {e['detail']}{because}"))


@ticket.command("history")
@click.argument("number")
@json_option
@click.pass_obj
def ticket_history(app: App, number: str) -> None:
    """What happened to a ticket, who did it, and because of what."""
    events = app.keep.views.ticket(number, app.settings.desk.tag).events
    for event in events:
        if app.json:
            say_json({name: event[name] for name in _OF_EVENT})
        else:
            _print_event(event)


@ticket.command("why")
@click.argument("number")
@json_option
@click.pass_obj
def ticket_why(app: App, number: str) -> None:
    """Why a ticket is where it is: what was tried and decided then, and how its deadlines are counted."""
    whole = app.keep.views.ticket(number, app.settings.desk.tag)
    judged = app.keep.views.judged(whole.ticket.id)
    clocks = [_clock_json(app, whole.ticket, clock) for clock in whole.clocks]
    if app.json:
        mails = [{"inbox_id": j.inbox_id, "received_at": j.at, "decision": j.decision} for j in judged]
        say_json({"number": whole.ticket.number, "mails": mails, "clocks": clocks})
        return
    for one in judged:
        click.secho(f"mail {one.inbox_id}, {when(one.at)}", bold=True)
        for line in why_lines(one.decision, "en"):
            click.echo(clean_text(line))
        click.echo()
    _print_links(whole)
    for place in turning_points([event["kind"] for event in whole.events]):
        _print_event(whole.events[place])
    for clock in clocks:
        click.echo(f"clock: {clock['explained']}")
    for line in _deadline_lines(app, whole):
        click.echo(f"clock: {line}")


def _print_links(whole: Whole) -> None:
    for link in whole.links:
        click.echo(f"link: {link['kind'].replace('_', ' ')} {link['ticket']}")


def _deadline_lines(app: App, whole: Whole) -> list[str]:
    return explain_deadline(app.office.practice, whole.ticket, whole.clocks, app.clock.now(), "en")


def _print_message(m: Message) -> None:
    flags = "".join(
        f" [{f}]"
        for f, holds in (
            ("proposed", m.proposed),
            ("unverified", m.unverified),
            (m.visibility, m.visibility == "internal"),
        )
        if holds
    )
    sender = m.author or (m.sender.address if m.sender else "?")
    click.echo()
    click.secho(clean_text(f"{when(m.at)}  {m.direction}  {sender}{flags}"), bold=True)
    click.echo(clean_text(m.reply or m.text))
    for a in m.attachments:
        click.echo(clean_text(f"attached: {a.filename} ({a.content_type}, {a.size} bytes)"))


def _order(name: str) -> click.Command:
    @click.argument("number", metavar="N")
    @click.argument("words", nargs=-1)
    @click.pass_obj
    def order(app: App, number: str, words: tuple[str, ...]) -> None:
        from maild.desk.orders import give_order

        done = give_order(app.keep, app.office, app.clock, number, name, " ".join(words))
        for one in done:
            if not one.ok:
                raise DataError(f"{one.line}: {one.effect}")
            report(app.json, f"{one.line}: {one.effect}", line=one.line, effect=one.effect)

    text = "Keep a text that the customer does not see." if name == "note" else None
    return click.command(name, help=text or f"The order /{name}, as an agent would mail it.")(order)


for _name in HANDLERS:
    if _name not in (*_ELSEWHERE, *Ask):
        ticket.add_command(_order(_name))
