"""Merge, split, keep and a rest that ends, on real databases: what moves, and where answers go afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from office import MINT, NOW
from store.pieces import OFFICE, arrival, desk, handle_all

from maild.clock import FixedClock
from maild.desk.orders import give_order
from maild.desk.tick import do_due
from maild.messages.read import read_mail
from maild.messages.tokens import Purpose
from maild.store.keep import Keep
from maild.threads.model import Status

CLOCK = FixedClock(NOW)
OLGA = "Olga <olga@other.example>"
AGENTS = ["anna@desk.example", "boris@desk.example"]


@pytest.fixture
def two(keep: Keep) -> Keep:
    """A desk with a ticket of Ivan's (1001) and one of Olga's (1002)."""
    keep.inbox.add([arrival(), arrival("The lift is stuck.", sender=OLGA, message_id="<2@other.example>")])
    assert handle_all(desk(keep)) == 2
    return keep


def order(keep: Keep, number: int, name: str, words: str = "") -> str:
    """An order of the admin's that is carried out."""
    (done,) = give_order(keep, OFFICE, CLOCK, str(number), name, words)
    assert done.ok, done.effect
    return done.effect


def texts(keep: Keep, number: int) -> list[str]:
    """What was written on a ticket, our own letters left aside."""
    return [m.reply for _, m in keep.views.ticket(str(number), "SUP").messages if m.direction == "in"]


def told_people(letters: Sequence[Mapping[str, Any]]) -> list[str]:
    """Who gets these letters."""
    return sorted(r["address"] for row in letters for r in row["recipients"])


def belongs_to(keep: Keep, *mails: object) -> list[str | None]:
    """The tickets that these mails come to."""
    keep.inbox.add(mails)  # type: ignore[arg-type]
    handle_all(desk(keep))
    return [row["ticket"] for row in keep.inbox.listing()][-len(mails) :]


def test_merged_tickets_are_one_conversation(two: Keep) -> None:
    """Mails move; answers to either come to the one that goes on; nobody reads more than before."""
    order(two, 1001, "merge", "SUP-1002")
    whole = two.views.ticket("1002", "SUP")
    assert texts(two, 1002) == ["My printer is on fire.", "The lift is stuck."]
    assert texts(two, 1001) == []
    assert {p.address.address: p.confirmed for p in whole.ticket.participants} == {
        "olga@other.example": True,
        "ivan@customer.example": False,
    }
    assert two.views.ticket("1001", "SUP").ticket.status is Status.MERGED
    assert [(link["kind"], link["ticket"]) for link in whole.links] == [("merged_from", "SUP-1001")]
    by_id = arrival("By id.", message_id="<3@x>", In_Reply_To="<1@customer.example>")
    to = MINT.address(Purpose.CUSTOMER, 1001, "ivan@customer.example")
    by_address = arrival("By address.", message_id="<4@x>", to=to)
    by_tag = arrival("By tag.", message_id="<5@x>", subject="Re: [SUP-1001] Printer")
    assert belongs_to(two, by_id, by_address, by_tag) == ["SUP-1002"] * 3


def test_merges_go_on_through_several_tickets(two: Keep) -> None:
    """1001 into 1002 into 1003: an answer to the first comes to the last."""
    assert belongs_to(two, arrival("Third.", sender="Petr <petr@third.example>", message_id="<6@x>")) == ["SUP-1003"]
    order(two, 1001, "merge", "1002")
    order(two, 1002, "merge", "1003")
    to = MINT.address(Purpose.CUSTOMER, 1001, "ivan@customer.example")
    assert belongs_to(two, arrival("Still me.", message_id="<7@x>", to=to)) == ["SUP-1003"]
    assert len(texts(two, 1003)) == 4


def test_a_merged_ticket_has_no_deadline(two: Keep) -> None:
    """Nobody waits there any more; the one that goes on keeps its own."""
    order(two, 1001, "merge", "1002")
    assert two.views.ticket("1001", "SUP").ticket.due_at is None
    assert two.views.ticket("1002", "SUP").ticket.due_at is not None


def test_a_split_mail_is_a_ticket_whose_agents_are_told(two: Keep) -> None:
    """Its answers come to it; the other one keeps its own."""
    assert belongs_to(two, arrival("Also, the door.", message_id="<8@x>", In_Reply_To="<1@customer.example>"))
    letters = len(two.outbox.listing())
    assert "SUP-1003" in order(two, 1001, "split")
    assert (texts(two, 1001), texts(two, 1003)) == (["My printer is on fire."], ["Also, the door."])
    told = two.outbox.listing()[letters:]
    assert sorted(r["address"] for row in told for r in row["recipients"]) == [
        "anna@desk.example",
        "boris@desk.example",
    ]
    assert all(row["ticket"] == "SUP-1003" for row in told)
    answer = arrival("The door again.", message_id="<9@x>", In_Reply_To="<8@x>")
    more = arrival("The printer again.", message_id="<10@x>", In_Reply_To="<1@customer.example>")
    assert belongs_to(two, answer, more) == ["SUP-1003", "SUP-1001"]
    assert belongs_to(two, arrival("New.", sender=OLGA, message_id="<11@x>")) == ["SUP-1004"]


def test_a_strangers_mail_waits_until_it_is_kept(two: Keep) -> None:
    """Then the ticket is open again, and his next mail is no proposal any more."""
    order(two, 1001, "pending")
    strange = arrival("Me too.", sender=OLGA, message_id="<12@x>", In_Reply_To="<1@customer.example>")
    assert belongs_to(two, strange) == ["SUP-1001"]
    before = two.views.ticket("1001", "SUP")
    assert [m.proposed for _, m in before.messages if m.direction == "in"] == [False, True]
    order(two, 1001, "keep")
    after = two.views.ticket("1001", "SUP")
    assert [m.proposed for _, m in after.messages if m.direction == "in"] == [False, False]
    assert after.ticket.status is Status.OPEN
    again = arrival("Me again.", sender=OLGA, message_id="<13@x>", In_Reply_To="<12@x>")
    assert belongs_to(two, again) == ["SUP-1001"]
    assert not two.views.ticket("1001", "SUP").messages[-1][1].proposed


def test_a_ticket_that_rests_opens_at_its_time_and_its_agents_are_told(two: Keep) -> None:
    """Once; a tick before does nothing, and one after it finds nothing."""
    order(two, 1001, "snooze", "3h")
    letters = len(two.outbox.listing())
    do_due(two, OFFICE, NOW + timedelta(hours=2, minutes=59))
    assert len(two.outbox.listing()) == letters
    for minutes in (0, 1):
        do_due(two, OFFICE, NOW + timedelta(hours=3, minutes=minutes))
    woken = two.outbox.listing()[letters:]
    assert sorted(r["address"] for row in woken for r in row["recipients"]) == [
        "anna@desk.example",
        "boris@desk.example",
    ]
    assert "My printer is on fire." in read_mail(two.outbox.raw(woken[0]["id"])).text
    ticket = two.views.ticket("1001", "SUP").ticket
    assert (ticket.status, ticket.wake_at) == (Status.OPEN, None)


def test_a_customers_reply_ends_a_rest(two: Keep) -> None:
    """It is our turn now, and no reminder comes."""
    order(two, 1001, "pending", "until tomorrow")
    belongs_to(two, arrival("Well?", message_id="<14@x>", In_Reply_To="<1@customer.example>"))
    assert two.views.ticket("1001", "SUP").ticket.wake_at is None


def test_two_merges_at_once_cannot_lose_a_mail(two: Keep) -> None:
    """A into B and B into A: the second is refused, for the first one's ticket has ended."""
    order(two, 1001, "merge", "1002")
    (done,) = give_order(two, OFFICE, CLOCK, "1002", "merge", "1001")
    assert not done.ok
    assert len(texts(two, 1002)) == 2
