"""Orders that say where a ticket stands: solved, closed, open again, waiting, put off, spam."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time
from zoneinfo import ZoneInfo

from maild.people.names import fold
from maild.threads import states
from maild.threads.model import UNFINISHED, Deadline, Status, Ticket
from maild.threads.order_lines import Order
from maild.threads.orders.moments import EVENING, FARTHEST, MORNING, any_moment, meant_moment
from maild.threads.orders.work import Handler, Setting, Work, WrongError, needed, no_argument
from maild.threads.states import Happening

_NO_MORE = frozenset({"off", "none", "no", "never", "-", "нет", "снять", "убрать", "отменить", "без срока"})


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


def due(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
    """A time by which it is to be done, beside what is promised; or that there is none any more."""
    ticket, wanted = work.ticket, needed(order, setting)
    if ticket.status not in UNFINISHED:
        raise WrongError(setting.say("not_possible", status=ticket.status))
    if fold(wanted) in _NO_MORE:
        if ticket.deadline is None:
            raise WrongError(setting.say("no_deadline"))
        return replace(work, ticket=replace(ticket, deadline=None)), setting.say("deadline_gone")
    at = _moment(order, setting, EVENING)
    after = replace(ticket, deadline=Deadline(at=at, set_by=setting.actor))
    return replace(work, ticket=after), setting.say("deadline_set", when=local(at, setting))


def _moment(order: Order, setting: Setting, hour: time = MORNING) -> datetime:
    """The time to come that an order names. Raises WrongError, which says what is wrong with it."""
    found = any_moment(order.argument, setting.now, setting.practice.timezone, hour)
    if found is None:
        near = meant_moment(order.argument, setting.now, setting.practice.timezone)
        if near is None:
            raise WrongError(setting.say("no_moment", words=order.argument))
        raise WrongError(setting.say("unclear_moment", words=order.argument) + setting.say("did_you_mean", name=near))
    if found <= setting.now:
        raise WrongError(setting.say("moment_passed", words=order.argument, when=local(found, setting)))
    if found > setting.now + FARTHEST:
        raise WrongError(setting.say("moment_far", words=order.argument))
    return found


def _happened(work: Work, happening: Happening, setting: Setting, until: datetime | None) -> tuple[Work, str]:
    before = work.ticket
    after = following(before, happening, setting)
    still = "status" if before.status is not after.status else "status_still"
    effect = setting.say(still, before=before.status, after=after.status)
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
    """A time as the desk's wall clock shows it, with the day of the week: it tells how the words were understood."""
    here = moment.astimezone(ZoneInfo(setting.practice.timezone))
    return f"{setting.say('weekdays').split()[here.weekday()]} {here:%Y-%m-%d %H:%M}"
