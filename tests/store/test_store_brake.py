"""The brake between a decision and the outbox, on a real desk: what loops runs into the ladder, and nothing is lost."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from office import NOW, eml, practice

from maild.clock import FixedClock
from maild.desk.handle import Desk, Office
from maild.ingest.arrival import make_arrival
from maild.messages.envelope import Envelope
from maild.outgoing.letters import Letters
from maild.store.keep import Keep
from maild.store.views import Wanted

IVAN = "ivan@customer.example"


def deliver(keep: Keep, clock: FixedClock, *mails: bytes, sender: str = IVAN) -> None:
    """Accept these mails and handle them all."""
    office = Office(practice=practice(), letters=Letters(None, ["ru", "en"]))
    envelope = Envelope(channel="smtp", source="test", sender=sender, recipients=("support@desk.example",))
    keep.inbox.add([make_arrival(raw, envelope, clock.now()) for raw in mails])
    desk = Desk(keep, lambda: office, clock)
    while desk.take_next().mails:
        pass


def told(keep: Keep) -> Counter[str]:
    """How many letters went to whom."""
    return Counter(row["recipients"][0]["address"] for row in keep.outbox.listing())


def test_a_robot_that_answers_everything_fills_a_ladder_and_loses_no_mail(keep: Keep) -> None:
    """Thirty replies on one ticket at once: ten letters to each agent, one acknowledgement, thirty mails kept."""
    clock = FixedClock(NOW)
    deliver(keep, clock, eml())
    replies = [
        eml(f"I am here again, {n}.", message_id=f"<r{n}@customer.example>", References="<1@customer.example>")
        for n in range(30)
    ]
    deliver(keep, clock, *replies)
    assert told(keep) == {IVAN: 1, "anna@desk.example": 10, "boris@desk.example": 10}
    (listed,) = keep.views.tickets(Wanted())
    whole = keep.views.ticket(listed.ticket.number, "SUP")
    assert len(whole.messages) == 31
    assert "letter_left_out" in {event["kind"] for event in whole.events}


def test_the_ladder_lets_letters_through_again(keep: Keep) -> None:
    """An hour later there is room."""
    clock = FixedClock(NOW)
    deliver(keep, clock, eml())
    for n in range(12):
        deliver(keep, clock, eml(f"{n}", message_id=f"<r{n}@c>", References="<1@customer.example>"))
    before = told(keep)["anna@desk.example"]
    clock.at += timedelta(hours=1)
    deliver(keep, clock, eml("later", message_id="<later@c>", References="<1@customer.example>", date=clock.at))
    assert told(keep)["anna@desk.example"] == before + 1


def test_a_sender_whom_no_letter_can_name_still_gets_a_ticket(keep: Keep) -> None:
    """His mail is no poison: it is a ticket without a requester."""
    deliver(keep, FixedClock(NOW), eml(sender="Bob <bob@cust..example>"))
    (listed,) = keep.views.tickets(Wanted())
    assert listed.ticket.requester is None
    assert "bob@cust..example" not in told(keep)
