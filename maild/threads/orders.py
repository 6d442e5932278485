"""What an agent may order: the first lines of a mail, or the words behind `maild ticket`. One implementation for both.

An order is a line that starts with "/". Orders stand above the text; the first line that is none ends them. All of them
are carried out or none is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches

from maild.errors import UsageError
from maild.people.team import Agent, Team
from maild.threads import states
from maild.threads.model import Priority, Status, Ticket
from maild.threads.states import Happening
from maild.threads.words import say


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """One line: what it orders and upon what."""

    name: str
    argument: str
    line: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """An order with its effect, in the agent's language; `ok` False: it could not be done, and so nothing was."""

    line: str
    effect: str
    ok: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Carried:
    """What a run of orders leads to. With an error the ticket is the one it was before."""

    ticket: Ticket
    done: tuple[Done, ...]
    internal: bool
    error: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """Who orders (None: the admin at the command line), in whose language, in which team, at what time."""

    agent: Agent | None
    language: str
    team: Team
    now: datetime


class _WrongError(UsageError):
    """An order that cannot be carried out; its text is for the agent, in his language."""


def split_orders(text: str) -> tuple[tuple[Order, ...], str]:
    """The orders on top of a text, and the text without them."""
    lines = text.split("\n")
    orders: list[Order] = []
    position = 0
    for position, line in enumerate(lines):  # noqa: B007  # where the loop ends is the answer
        bare = line.strip()
        if bare.startswith("/"):
            name, _, argument = bare[1:].partition(" ")
            orders.append(Order(name=name.lower(), argument=argument.strip(), line=bare))
        elif bare:
            break
    else:
        position = len(lines)
    return tuple(orders), "\n".join(lines[position:]).strip("\n") if orders else text


def carry_out(ticket: Ticket, orders: Iterable[Order], setting: Setting) -> Carried:
    """Every order in turn, or none when one of them is wrong."""
    after, done, error, internal = ticket, [], False, False
    for order in orders:
        try:
            after, effect = _one(after, order, setting)
            done.append(Done(line=order.line, effect=effect, ok=True))
            internal = internal or order.name == "note"
        except UsageError as wrong:
            done.append(Done(line=order.line, effect=str(wrong), ok=False))
            error = True
    if error:
        nothing = say(setting.language, "not_done")
        done = [replace(d, effect=nothing, ok=False) if d.ok else d for d in done]
        return Carried(ticket=ticket, done=tuple(done), internal=False, error=True)
    return Carried(ticket=after, done=tuple(done), internal=internal, error=False)


def _one(ticket: Ticket, order: Order, setting: Setting) -> tuple[Ticket, str]:
    handler = HANDLERS.get(order.name)
    if handler is None:
        near = get_close_matches(order.name, HANDLERS, n=1)
        hint = (
            say(setting.language, "did_you_mean", name=near[0])
            if near
            else say(setting.language, "known", names=" ".join(f"/{n}" for n in HANDLERS))
        )
        raise _WrongError(say(setting.language, "unknown_order", name=order.name) + hint)
    return handler(ticket, order, setting)


def _status(happening: Happening) -> Callable[[Ticket, Order, Setting], tuple[Ticket, str]]:
    def handler(ticket: Ticket, order: Order, setting: Setting) -> tuple[Ticket, str]:
        _no_argument(order, setting)
        if not states.can(ticket.status, happening):
            raise _WrongError(say(setting.language, "not_possible", status=ticket.status))
        status = states.after(ticket.status, happening)
        solved_at = setting.now if status in (Status.SOLVED, Status.CLOSED) else None
        effect = say(setting.language, "status", before=ticket.status, after=status)
        return replace(ticket, status=status, solved_at=solved_at), effect

    return handler


def _no_argument(order: Order, setting: Setting) -> None:
    if order.argument:
        raise _WrongError(say(setting.language, "no_argument", name=order.name))


def _needed(order: Order, setting: Setting) -> str:
    if not order.argument:
        raise _WrongError(say(setting.language, "argument_missing", name=order.name))
    return order.argument


def _note(ticket: Ticket, order: Order, setting: Setting) -> tuple[Ticket, str]:
    _no_argument(order, setting)
    return ticket, say(setting.language, "note")


def _take(ticket: Ticket, order: Order, setting: Setting) -> tuple[Ticket, str]:
    _no_argument(order, setting)
    if setting.agent is None:
        raise _WrongError(say(setting.language, "take_who"))
    return replace(ticket, assignee=setting.agent.id), say(setting.language, "assigned", name=setting.agent.name)


def _assign(ticket: Ticket, order: Order, setting: Setting) -> tuple[Ticket, str]:
    wanted = _needed(order, setting).lstrip("@").lower()
    agent = next((a for a in setting.team.agents if wanted in (a.id.lower(), a.address.lower(), a.name.lower())), None)
    if agent is None:
        names = [a.id for a in setting.team.agents]
        near = get_close_matches(wanted, names, n=1)
        hint = (
            say(setting.language, "did_you_mean", name=near[0])
            if near
            else say(setting.language, "known", names=" ".join(names))
        )
        raise _WrongError(say(setting.language, "unknown_agent", name=wanted) + hint)
    return replace(ticket, assignee=agent.id), say(setting.language, "assigned", name=agent.name)


def _unassign(ticket: Ticket, order: Order, setting: Setting) -> tuple[Ticket, str]:
    _no_argument(order, setting)
    return replace(ticket, assignee=None), say(setting.language, "unassigned")


def _priority(ticket: Ticket, order: Order, setting: Setting) -> tuple[Ticket, str]:
    wanted = _needed(order, setting).lower()
    if wanted not in set(Priority):
        raise _WrongError(
            say(setting.language, "unknown_priority", name=wanted)
            + say(setting.language, "known", names=" ".join(Priority))
        )
    effect = say(setting.language, "priority", before=ticket.priority, after=wanted)
    return replace(ticket, priority=Priority(wanted)), effect


def _tag(ticket: Ticket, order: Order, setting: Setting) -> tuple[Ticket, str]:
    words = _tag_words(order, setting)
    tags = tuple(dict.fromkeys((*ticket.tags, *words)))
    return replace(ticket, tags=tags), say(setting.language, "tags", names=", ".join(tags))


def _untag(ticket: Ticket, order: Order, setting: Setting) -> tuple[Ticket, str]:
    words = _tag_words(order, setting)
    missing = [w for w in words if w not in ticket.tags]
    if missing:
        raise _WrongError(say(setting.language, "no_such_tag", name=missing[0]))
    tags = tuple(t for t in ticket.tags if t not in words)
    return replace(ticket, tags=tags), say(setting.language, "tags", names=", ".join(tags) or "-")


def _tag_words(order: Order, setting: Setting) -> list[str]:
    return [w.lower() for w in _needed(order, setting).replace(",", " ").split()]


def _queue(ticket: Ticket, order: Order, setting: Setting) -> tuple[Ticket, str]:
    wanted = _needed(order, setting).lower()
    names = {q.name.lower(): q.name for q in setting.team.queues}
    if wanted not in names:
        near = get_close_matches(wanted, names, n=1)
        hint = (
            say(setting.language, "did_you_mean", name=near[0])
            if near
            else say(setting.language, "known", names=" ".join(names.values()))
        )
        raise _WrongError(say(setting.language, "unknown_queue", name=wanted) + hint)
    effect = say(setting.language, "queue", before=ticket.queue, after=names[wanted])
    return replace(ticket, queue=names[wanted], assignee=None), effect


HANDLERS: Mapping[str, Callable[[Ticket, Order, Setting], tuple[Ticket, str]]] = {
    "note": _note,
    "take": _take,
    "assign": _assign,
    "unassign": _unassign,
    "close": _status(Happening.CLOSE),
    "solve": _status(Happening.SOLVE),
    "reopen": _status(Happening.REOPEN),
    "pending": _status(Happening.PENDING),
    "hold": _status(Happening.HOLD),
    "priority": _priority,
    "tag": _tag,
    "untag": _untag,
    "queue": _queue,
}
"""Every order there is; docs/agents.md explains each."""
