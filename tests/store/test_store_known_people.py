"""Orders that name a customer without an address, on real databases: nobody is taken, and the addresses come back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from office import ANNA, DESK, MINT, NOW, eml, practice
from store.pieces import OFFICE, arrival, handle_all, raw_arrival

from maild.clock import FixedClock
from maild.desk.handle import Desk
from maild.desk.orders import give_order
from maild.messages.read import read_mail
from maild.messages.tokens import Purpose
from maild.store.keep import Keep

TRUSTING = replace(OFFICE, practice=replace(practice(), authserv_ids=frozenset({"mx.desk.example"})))
CLOCK = FixedClock(NOW)


@pytest.fixture
def desk(keep: Keep) -> Keep:
    """Ivan's ticket 1001 and one of Olga Smirnova's."""
    keep.inbox.add([arrival()])
    keep.inbox.add(
        [arrival("Invoice", sender="Olga Smirnova <olga@other.example>", message_id="<2@other.example>", at=NOW)]
    )
    handle_all(Desk(keep, lambda: TRUSTING, CLOCK))
    return keep


@pytest.mark.parametrize("order", ["cc", "requester", "add"])
@pytest.mark.parametrize("name", ["Olga Smirnova", "smirnova", "Olga"])
def test_the_name_of_a_customer_of_another_ticket_is_answered_with_the_address(
    desk: Keep, order: str, name: str
) -> None:
    """The order is not done."""
    before = desk.views.ticket("1001", "SUP").ticket
    (done,) = give_order(desk, TRUSTING, CLOCK, "1001", order, name)
    expected = f"“{name}” is no mail address; known by that name: olga@other.example (Olga Smirnova); write the address"
    assert (expected, False) == (done.effect, done.ok)
    assert before.participants == desk.views.ticket("1001", "SUP").ticket.participants


def test_an_agent_who_mails_such_an_order_gets_the_same_answer(desk: Keep) -> None:
    """Together with the name of somebody who takes part, in the other script."""
    to, before = MINT.address(Purpose.AGENT, 1001, ANNA.id), len(desk.outbox.listing())
    fields: dict[str, Any] = {"Authentication_Results": "mx.desk.example; dmarc=pass header.from=desk.example"}
    raw = eml("/cc Olga Smirnova, Иван", sender=f"x <{ANNA.address}>", to=to, message_id="<q1@desk>", **fields)
    desk.inbox.add([raw_arrival(raw, at=NOW, sender=ANNA.address, recipients=(to,))])
    handle_all(Desk(desk, lambda: TRUSTING, CLOCK))
    (row,) = desk.outbox.listing()[before:]
    text = " ".join(read_mail(desk.outbox.raw(row["id"])).text.split())
    assert "olga@other.example (Olga Smirnova), ivan@customer.example" in text
    assert DESK not in text.partition("olga@other")[2].partition(";")[0]


def test_a_ticket_is_not_given_to_a_customer(desk: Keep) -> None:
    """Whoever tries is told who that is, and whom it may be given to; a name that nobody has is told as ever."""
    (done,) = give_order(desk, TRUSTING, CLOCK, "1001", "assign", "Olga Smirnova")
    assert done.effect.startswith("Olga Smirnova is no agent but a customer: olga@other.example (Olga Smirnova);")
    assert "anna boris" in done.effect
    (done,) = give_order(desk, TRUSTING, CLOCK, "1001", "assign", "Zebedee")
    assert "there is no agent Zebedee" in done.effect


def test_the_name_of_a_colleague_behind_cc_is_told_to_be_one(desk: Keep) -> None:
    """His address stays where it is."""
    (done,) = give_order(desk, TRUSTING, CLOCK, "1001", "cc", "Борису")
    assert "Boris Smith is an agent's" in done.effect.replace("’", "'")
