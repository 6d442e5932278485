"""Deadlines set by hand, on real databases: kept, told once by ticks, taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from office import NOW
from store.pieces import OFFICE, arrival, handle_all

from maild.clock import FixedClock
from maild.desk.handle import Desk
from maild.desk.orders import give_order
from maild.desk.tick import do_due
from maild.store.keep import Keep
from maild.threads.facts import TicketFacts
from maild.threads.model import Deadline, Ticket
from maild.threads.overdue import decide_due
from maild.threads.plan import Plan

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""Before the first response is due, at 13:00."""


class Bug:
    """Something is wrong with a ticket for as long as `here` is true: a step of it is done twice over."""

    here = True

    def decide(self, facts: TicketFacts, *rest: Any) -> Plan:
        """What is to be done, as it is and as it is with the bug."""
        found = decide_due(facts, *rest)
        bad = self.here and facts.ticket.id == 1002
        return replace(found, steps_done=("twice", "twice")) if bad else found


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


def escalated(keep: Keep) -> list[str]:
    """About which tickets, in order."""
    return [r["ticket"] for r in keep.outbox.listing() if r["kind"] == "escalation"]


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


def test_a_bug_with_one_ticket_keeps_no_other_from_its_deadline(
    keep: Keep, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """They are done together, and one by one where that fails; nothing of the one that fails stays."""
    keep.inbox.add([arrival(f"{n}", message_id=f"<{n}@x.example>", sender=f"p{n}@x.example") for n in range(3)])
    handle_all(Desk(keep, lambda: OFFICE, FixedClock(NOW)))
    for number in ("1001", "1002", "1003"):
        give_order(keep, OFFICE, FixedClock(NOW), number, "due", "12:00")
    bug = Bug()
    monkeypatch.setattr("maild.desk.tick.decide_due", bug.decide)
    assert do_due(keep, OFFICE, AT) == 4
    assert escalated(keep) == ["SUP-1001", "SUP-1001", "SUP-1003", "SUP-1003"]
    assert "the deadlines of ticket 1002 cannot be handled; tried again later" in caplog.messages
    bug.here = False
    assert do_due(keep, OFFICE, AT + timedelta(minutes=9)) == 0
    assert do_due(keep, OFFICE, AT + timedelta(minutes=10)) == 2
    assert escalated(keep)[4:] == ["SUP-1002", "SUP-1002"]


def test_what_can_be_done_one_by_one_only_is_done_and_told(
    desk: Keep, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever runs the desk would not know else why it has become slow."""
    order(desk, "due", "12:00")
    order(desk, "priority", "high")
    failed = []

    def decide(*given: Any) -> Plan:
        if not failed:
            failed.append(given)
            raise ValueError("the first time only")
        return decide_due(*given)

    monkeypatch.setattr("maild.desk.tick.decide_due", decide)
    assert do_due(desk, OFFICE, AT) == 2
    assert "what is due on 1 tickets could only be done one by one" in caplog.messages


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
