"""Orders on the mails that a ticket holds: who is let in with his mail, and what the history tells of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from office import ANNA, NOW, message, practice, ticket

from maild.messages.mail import Address
from maild.threads.facts import TicketFacts
from maild.threads.model import Message, Participant, Status, Ticket
from maild.threads.order_lines import split_orders
from maild.threads.orders.table import Carried, carry_out
from maild.threads.orders.work import Setting

STRANGER = Address(name="Mallory", address="mallory@elsewhere.example")


def ordered(text: str, *tickets: Ticket, messages: tuple[Message, ...] = ()) -> Carried:
    """Anna's orders on the first of these tickets."""
    known = {t.id: TicketFacts(ticket=t, messages=messages if t is tickets[0] else ()) for t in tickets}
    setting = Setting(agent=ANNA, language="en", now=NOW, practice=practice(), tickets=known, next_ticket=1042)
    return carry_out(tickets[0], split_orders(text)[0], setting)


@pytest.mark.parametrize("line", ["/add", f"/add {STRANGER.address}"])
def test_whose_mail_is_proposed_is_let_in_with_it(line: str) -> None:
    """By name or with all who wait; what he wrote belongs here then, and the history says so."""
    strange = message(sender=STRANGER, proposed=True, id=5)
    carried = ordered(line, ticket(status=Status.PENDING), messages=(message(id=4), strange))
    assert carried.work.kept == (5,)
    assert carried.ticket.status is Status.OPEN
    assert carried.ticket.participants[-1] == Participant(address=STRANGER, confirmed=True)
    assert carried.work.notes == (("kept", STRANGER.address, line),)
    assert ordered("/add a@x.example", ticket(), messages=(message(id=4), strange)).work.kept == ()


def test_a_split_and_a_merge_stand_in_the_history_of_the_ticket_itself() -> None:
    """With the order as the reason."""
    strange = message(sender=STRANGER, proposed=True, id=5)
    carried = ordered("/split", ticket(), messages=(message(id=4), strange))
    assert carried.work.notes == (("split_off", f"SUP-1042, {STRANGER.address}", "/split"),)
    other = ticket(1007, requester="olga@customer.example")
    assert ordered("/merge 1007", ticket(), other).work.notes == (("merged_into", "SUP-1007", "/merge 1007"),)


def test_who_hears_no_more_after_a_merge_is_named() -> None:
    """Else the agent believes that the other customer still gets the answers."""
    other = ticket(1007, requester="olga@other.example")
    (done,) = ordered("/merge 1007", ticket(), other).done
    assert done.effect == "goes on in SUP-1007; sent nothing there before /add: ivan@customer.example"
    (same,) = ordered("/merge 1007", ticket(), ticket(1007)).done
    assert same.effect == "goes on in SUP-1007"
    (change,) = ordered("/merge 1007", ticket(), other).work.also
    assert change.because == "/merge 1007"


def test_several_mails_are_split_off_as_one_ticket() -> None:
    """The newest so many, of whoever wrote the first of them; one has to stay."""
    first, second = (
        message(id=4),
        message("Second.", id=5, sender=STRANGER, subject="Lift", at=NOW - timedelta(hours=2)),
    )
    third = message("Third.", id=6, at=NOW - timedelta(hours=1))
    carried = ordered("/split 2", ticket(), messages=(first, second, third))
    (change,) = carried.work.also
    assert (change.messages, change.ticket.subject, change.ticket.requester) == ((5, 6), "Lift", STRANGER)
    assert change.ticket.created_at == NOW - timedelta(hours=2)
    others = {p.address.address: p.confirmed for p in change.ticket.participants}
    assert others == {STRANGER.address: True, "ivan@customer.example": False}
    for wrong in ("/split 3", "/split 0"):
        (done,) = ordered(wrong, ticket(), messages=(first, second, third)).done
        assert (done.ok, done.effect) == (False, "one mail has to stay: 2 at most can be split off")
    assert not ordered("/split SUP-1007", ticket(), messages=(first, second, third)).done[0].ok


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Re: [SUP-1001] We have received your request", "Printer"),
        ("Re: Printer [SUP-1001]", "Printer"),
        ("Re: The lift, too", "The lift, too"),
        ("", "Printer"),
    ],
)
def test_a_ticket_that_was_split_off_bears_no_number_of_another(subject: str, expected: str) -> None:
    """Nor the words of our own letter that the customer answered."""
    later = message("Second.", id=5, subject=subject)
    (change,) = ordered("/split", ticket(), messages=(message(id=4), later)).work.also
    assert change.ticket.subject == expected
    (done,) = ordered("/split 5", ticket(), messages=(message(id=4),)).done
    assert done.effect == "the ticket has no second mail that could be split off"
