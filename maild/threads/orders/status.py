"""Orders that say where a ticket stands: solved, closed, open again, waiting, put off, spam."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from maild.threads import states
from maild.threads.model import Status, Ticket
from maild.threads.order_lines import Order
from maild.threads.orders.moments import read_moment
from maild.threads.orders.work import Handler, Setting, Work, WrongError, needed, no_argument
from maild.threads.states import Happening


def status(happening: Happening) -> Handler:
    """The order that makes this happen; it stands alone on its line."""

    def handler(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
        no_argument(order, setting)
        return _happened(work, happening, setting, None)

    return handler


def status_until(happening: Happening) -> Handler:
    """The order that makes this happen, for good or until a time at which the ticket opens again."""

    def handler(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
        until = _moment(order, setting) if order.argument else None
        return _happened(work, happening, setting, until)

    return handler


def snooze(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
    """Put off until a time, which must be given."""
    needed(order, setting)
    return _happened(work, Happening.HOLD, setting, _moment(order, setting))


def _moment(order: Order, setting: Setting) -> datetime:
    found = read_moment(order.argument, setting.now, setting.practice.timezone)
    if found is None:
        raise WrongError(setting.say("no_moment", words=order.argument))
    return found


def _happened(work: Work, happening: Happening, setting: Setting, until: datetime | None) -> tuple[Work, str]:
    before = work.ticket
    after = following(before, happening, setting)
    effect = setting.say("status", before=before.status, after=after.status)
    if until is not None:
        effect += setting.say("until", when=local(until, setting))
    return replace(work, ticket=replace(after, wake_at=until)), effect


def following(ticket: Ticket, happening: Happening, setting: Setting) -> Ticket:
    """The ticket after something happened to its status. Raises WrongError where that cannot be."""
    if not states.can(ticket.status, happening):
        raise WrongError(setting.say("not_possible", status=ticket.status))
    after = states.after(ticket.status, happening)
    solved_at = setting.now if after in (Status.SOLVED, Status.CLOSED) else None
    return replace(ticket, status=after, solved_at=solved_at, wake_at=None)


def local(moment: datetime, setting: Setting) -> str:
    """A time as the desk's wall clock shows it."""
    return f"{moment.astimezone(ZoneInfo(setting.practice.timezone)):%Y-%m-%d %H:%M}"
