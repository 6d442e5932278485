"""What an agent did to a ticket is taken back.

An action can be taken back for a week, by who did it, as long as nobody has changed the same things since and no letter
of it has left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from maild.messages.addresses import normal
from maild.sla.deadlines import TicketClock
from maild.threads.facts import TicketFacts
from maild.threads.model import Participant, Status, Ticket, Touched, Undo
from maild.threads.plan import Change, Return
from maild.threads.promises import with_due

KEPT_FOR = timedelta(days=7)
_RESTORED = (
    *("status", "solved_at", "wake_at", "assignee", "priority", "queue", "line", "tags", "subject", "base_subject"),
    *("requester", "promise", "promise_set", "deadline"),
)


def action(
    actor: str,
    now: datetime,
    lines: Iterable[str],
    after: Ticket,
    tickets: Mapping[int, TicketFacts],
    *,
    also: Sequence[Change] = (),
    letters: tuple[str, ...] = (),
    kept: tuple[int, ...] = (),
) -> Undo:
    """What was just done to a ticket, and to others with it. `tickets`: all of them as they were before."""
    before = tickets[after.id]
    others = []
    for change in also:
        facts = None if change.is_new else tickets[change.ticket.id]
        was, clocks = (facts.ticket, facts.clocks) if facts is not None else (None, ())
        others.append(Touched(before=was, after=change.ticket, clocks=clocks))
    return Undo(
        actor=actor,
        at=now,
        what=", ".join(lines) or "-",
        ticket=Touched(before=before.ticket, after=after, clocks=before.clocks),
        others=tuple(others),
        letters=letters,
        kept=kept,
    )


def restored(now: Ticket, touched: Touched) -> Ticket | None:
    """The ticket with what the action changed put back; None where somebody has changed the same since."""
    before, after = touched.before, touched.after
    assert before is not None
    back = now
    for name in _RESTORED:
        old, new = getattr(before, name), getattr(after, name)
        if old == new:
            continue
        if getattr(now, name) != new:
            return None
        back = replace(back, **{name: old})
    return replace(back, participants=_people(back, before, after))


def _people(now: Ticket, before: Ticket, after: Ticket) -> tuple[Participant, ...]:
    """Whoever the action let in is let out again, and the other way round; whom it took out stands there again.

    Whom it brought is gone, or a bare /add would let in the people of a ticket that was merged by mistake.
    """
    old = {normal(p.address.address): p.confirmed for p in before.participants}
    new = {normal(p.address.address): p.confirmed for p in after.participants}
    changed = {key: old.get(key, False) for key, confirmed in new.items() if confirmed != old.get(key, False)}
    brought = new.keys() - old.keys()
    stays = (p for p in now.participants if normal(p.address.address) not in brought)
    back = (replace(p, confirmed=changed.get(normal(p.address.address), p.confirmed)) for p in stays)
    here = {normal(p.address.address) for p in now.participants}
    gone = (p for p in before.participants if normal(p.address.address) not in new.keys() | here)
    return (*back, *gone)


@dataclass(frozen=True, kw_only=True, slots=True)
class TakenBack:
    """What is so when an action is taken back: of the ticket at hand, with its clocks, and of the others."""

    ticket: Ticket
    clocks: tuple[TicketClock, ...]
    also: tuple[Change, ...]


def taken_back(ticket: Ticket, undo: Undo, tickets: Mapping[int, TicketFacts], now: datetime) -> TakenBack | None:
    """Take an action back, whichever of the tickets that it touched is at hand; None where that cannot be.

    `tickets`: every ticket that the action touched, as it is now.
    """
    main = undo.ticket.after.id
    at_hand: tuple[Ticket, tuple[TicketClock, ...]] | None = None
    changes = []
    for touched in (undo.ticket, *undo.others):
        number = touched.after.id
        if number not in tickets:
            return None
        current = ticket if number == ticket.id else tickets[number].ticket
        back = _ended(current) if touched.before is None else restored(current, touched)
        if back is None:
            return None
        clocks = touched.clocks
        if number == ticket.id:
            at_hand = back, clocks
            continue
        changes.append(
            Change(
                ticket=replace(with_due(back, clocks), updated_at=now),
                clocks=clocks,
                steps_done=tickets[number].steps_done,
                kind="undo",
                detail=ticket.number,
            )
        )
    if at_hand is None:
        return None
    returns = tuple(Return(ticket=t.after.id, to=main, whole=t.before is None) for t in undo.others)
    if returns and changes:
        changes[0] = replace(changes[0], returns=returns)
    return TakenBack(ticket=at_hand[0], clocks=at_hand[1], also=tuple(changes))


def _ended(ticket: Ticket) -> Ticket:
    """A ticket that was split off goes back whole, whatever has come to it since."""
    return replace(ticket, status=Status.MERGED, wake_at=None)
