"""Deadlines set by hand, on real databases: kept, told once by ticks, taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from office import NOW
from store.pieces import OFFICE, arrival, handle_all

from maild.clock import FixedClock
from maild.desk.handle import Desk
from maild.desk.orders import give_order
from maild.desk.tick import do_due
from maild.store.keep import Keep
from maild.threads.model import Deadline, Ticket

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""Before the first response is due, at 13:00."""


def order(keep: Keep, name: str, words: str = "", at: datetime = NOW) -> Ticket:
    """The ticket after an order of the admin's."""
    (done,) = give_order(keep, OFFICE, FixedClock(at), "1001", name, words)
    assert done.ok, done.effect
    return ticket(keep)


def ticket(keep: Keep) -> Ticket:
    """The only one."""
    return keep.views.ticket("1001", "SUP").ticket


def escalations(keep: Keep) -> list[str]:
    """Who was told of deadlines, in order."""
    return [r["recipients"][0]["address"] for r in keep.outbox.listing() if r["kind"] == "escalation"]


@pytest.fixture
def desk(keep: Keep) -> Keep:
    """A desk with a ticket of Ivan's."""
    keep.inbox.add([arrival()])
    handle_all(Desk(keep, lambda: OFFICE, FixedClock(NOW)))
    return keep


def test_a_deadline_is_kept_and_told_once_however_often_time_is_looked_at(desk: Keep) -> None:
    """By ticks that know of each other only through the database; the ticket is the first that is due."""
    assert order(desk, "due", "12:00").deadline == Deadline(at=AT, set_by="admin")
    assert ticket(desk).due_at == AT
    do_due(desk, OFFICE, AT - timedelta(seconds=1))
    assert escalations(desk) == []
    for _ in range(3):
        do_due(desk, OFFICE, AT)
    assert escalations(desk) == ["anna@desk.example", "boris@desk.example"]
    assert b"that admin set is over" in desk.outbox.raw(desk.outbox.listing()[-1]["id"])
    assert "deadline by hand, set by admin" in [e["detail"] for e in desk.views.ticket("1001", "SUP").events]


def test_an_order_about_a_deadline_is_taken_back(desk: Keep) -> None:
    """The one before it holds again, and the due time with it."""
    order(desk, "due", "12:00")
    order(desk, "due", "11:00")
    assert order(desk, "undo").deadline == Deadline(at=AT, set_by="admin")
    assert ticket(desk).due_at == AT
    promised = order(desk, "due", "off")
    assert (promised.deadline, promised.due_at) == (None, NOW + timedelta(hours=4))
    assert order(desk, "undo").due_at == AT


def test_a_ticket_that_was_done_in_time_is_not_told_and_not_late_when_it_opens_again(desk: Keep) -> None:
    """The history says why the deadline went."""
    order(desk, "due", "12:00")
    assert order(desk, "solve").due_at is None
    do_due(desk, OFFICE, AT)
    assert escalations(desk) == []
    assert ticket(desk).deadline is None
    again = order(desk, "reopen", at=AT + timedelta(hours=1))
    assert again.due_at is None or again.due_at > AT
    assert "the ticket is solved" in [e["because"] for e in desk.views.ticket("1001", "SUP").events]
