"""Orders from the command line, on a real database."""

from __future__ import annotations

import pytest
from office import BORIS, NOW, eml, practice

from maild.clock import FixedClock
from maild.desk.handle import Desk, Office
from maild.desk.orders import give_order
from maild.errors import NotFound, UsageError
from maild.ingest.arrival import make_arrival
from maild.messages.envelope import Envelope
from maild.outgoing.letters import Letters
from maild.store.keep import Keep

CLOCK = FixedClock(NOW)


@pytest.fixture
def office(keep: Keep) -> Office:
    """A desk with one ticket of Ivan's."""
    made = Office(practice=practice(), letters=Letters(None, ["ru", "en"]))
    envelope = Envelope(channel="smtp", source="test", sender="ivan@customer.example", recipients=())
    keep.inbox.add([make_arrival(eml(), envelope, NOW)])
    Desk(keep, lambda: made, CLOCK).take_next()
    return made


def test_an_order_changes_the_ticket_and_stands_in_its_history(keep: Keep, office: Office) -> None:
    """The same orders as by mail, by the same hands; the admin is named."""
    (done,) = give_order(keep, office, CLOCK, "SUP-1001", "priority", "high")
    assert (done.ok, done.effect) == (True, "priority normal -> high")
    whole = keep.views.ticket("1001", "SUP")
    assert whole.ticket.priority == "high"
    assert ("priority", "admin") in {(e["kind"], e["actor"]) for e in whole.events}


def test_a_refused_order_changes_nothing(keep: Keep, office: Office) -> None:
    """It comes back with the reason."""
    (done,) = give_order(keep, office, CLOCK, "1001", "assign", "zoe")
    assert not done.ok
    assert keep.views.ticket("1001", "SUP").ticket.assignee is None


def test_who_is_given_a_ticket_is_told(keep: Keep, office: Office) -> None:
    """By a letter with the customer's last mail."""
    before = len(keep.outbox.listing())
    give_order(keep, office, CLOCK, "1001", "assign", "boris")
    (letter,) = keep.outbox.listing()[before:]
    assert letter["recipients"][0]["address"] == BORIS.address
    assert b"handed to you by admin" in keep.outbox.raw(letter["id"])


def test_a_note_is_kept_inside(keep: Keep, office: Office) -> None:
    """And one without a text is none."""
    give_order(keep, office, CLOCK, "1001", "note", "He called.")
    _, note = keep.views.ticket("1001", "SUP").messages[-1]
    assert (note.visibility, note.text, note.author) == ("internal", "He called.", "admin")
    with pytest.raises(UsageError, match="text"):
        give_order(keep, office, CLOCK, "1001", "note", "")


def test_a_ticket_that_is_not_there_is_told(keep: Keep, office: Office) -> None:
    """By its number."""
    with pytest.raises(NotFound, match="SUP-7"):
        give_order(keep, office, CLOCK, "SUP-7", "close", "")
