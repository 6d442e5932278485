"""What is different between two states of a ticket: events for its history, and what its clocks must hear."""

from __future__ import annotations

from maild.messages.mail import Address
from maild.sla.events import Happening as ClockHappening
from maild.threads.model import Status, Ticket

_ENDED = (Status.SOLVED, Status.CLOSED)
_DROPPED = (Status.SPAM, Status.MERGED)


def differences(before: Ticket, after: Ticket) -> list[tuple[str, str]]:
    """What changed between two states of a ticket: kind and detail of an event each."""
    found = []
    for name in ("status", "assignee", "priority", "queue", "line", "subject"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            found.append((name, f"{old or '-'} -> {new or '-'}"))
    if before.requester != after.requester:
        found.append(("requester", f"{_address_of(before.requester)} -> {_address_of(after.requester)}"))
    if before.wake_at != after.wake_at:
        found.append(("rests", f"until {after.wake_at:%Y-%m-%d %H:%M} UTC" if after.wake_at else "no longer"))
    if before.promise != after.promise:
        found.append(("promise", _promises(before, after)))
    if before.deadline != after.deadline:
        found.append(("deadline", f"{_deadline_of(before)} -> {_deadline_of(after)}"))
    found.extend(_let_in_or_out(before, after))
    if before.tags != after.tags:
        found.append(("tags", ", ".join(after.tags) or "-"))
    return found


def _promises(before: Ticket, after: Ticket) -> str:
    old, new = (f"{t.due_at:%Y-%m-%d %H:%M} UTC" if t.due_at is not None else "-" for t in (before, after))
    return f"{before.promise or '-'} -> {after.promise or '-'}, due {old} -> {new}"


def _deadline_of(ticket: Ticket) -> str:
    return f"{ticket.deadline.at:%Y-%m-%d %H:%M} UTC" if ticket.deadline is not None else "-"


def _address_of(person: Address | None) -> str:
    return person.address if person is not None else "-"


def _let_in_or_out(before: Ticket, after: Ticket) -> list[tuple[str, str]]:
    """Whom an order let in, or takes nothing more."""
    old = {p.address.address: p.confirmed for p in before.participants}
    new = {p.address.address: p.confirmed for p in after.participants}
    let_in = [a for a, confirmed in new.items() if confirmed and not old.get(a, False)]
    let_out = [a for a, confirmed in old.items() if confirmed and not new.get(a, False)]
    return [("let_in", a) for a in let_in] + [("let_out", a) for a in let_out]


def clock_happenings(before: Ticket, after: Ticket) -> tuple[ClockHappening, ...]:
    """What an order's change of status means to the clocks."""
    if before.status == after.status:
        return ()
    if after.status in _DROPPED:
        return (ClockHappening.DROPPED,)
    if after.status in _ENDED and before.status not in _ENDED:
        return (ClockHappening.SOLVED,)
    if before.status is Status.SPAM and after.status not in _ENDED:
        # It was no spam after all: whoever wrote it waits, and the clock of his first answer is gone.
        return (ClockHappening.REOPENED, ClockHappening.CUSTOMER_REPLY)
    if before.status in (*_ENDED, *_DROPPED) and after.status not in _ENDED:
        return (ClockHappening.REOPENED,)
    return (ClockHappening.STATUS_CHANGED,)
