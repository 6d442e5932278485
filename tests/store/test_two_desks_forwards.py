"""Copies of one conversation that come at the same instant, by an agent's hand and by the customer's: one ticket."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from office import NOW, eml
from store.pieces import SECOND, at_once, desk, handle_all, raw_arrival, states
from store.test_store_forwards import BORIS, IVAN, attached, his_mail, inline
from store.test_two_desks import APPLY, GATHER, handled_beside

from maild.messages.envelope import Arrival
from maild.store import open_keep
from maild.store.keep import Keep
from maild.store.views import Wanted

Open = Callable[[str], Keep]
PASSED_ON = {
    "attached": lambda: attached(above="Me."),
    "attached by another": lambda: attached(above="Me, too.", by=BORIS, number=2),
    "inline": lambda: inline("Me.", subject="Printer"),
    "inline by another": lambda: inline("Me, too.", subject="Printer", by=BORIS, number=2),
}


def mail_of(kind: str) -> Arrival:
    """The customer's own mail, or a forward of it by an agent who has logged in."""
    if kind == "own":
        return raw_arrival(his_mail())
    login = "boris" if kind.endswith("another") else "anna"
    return raw_arrival(PASSED_ON[kind](), sender=f"{login}@desk.example", login=login)


@pytest.mark.parametrize("stop_at", [GATHER, APPLY], ids=["read", "decided"])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("own", "attached"),
        ("attached", "own"),
        ("attached", "attached by another"),
        ("inline", "inline by another"),
    ],
)
def test_two_of_one_mail_are_one_ticket(shared: str, another: Open, first: str, second: str, stop_at: int) -> None:
    """Whoever is quicker; the customer is told once that we have it."""
    one, two = another(shared), another(shared)
    one.inbox.add([mail_of(first), mail_of(second)])
    handled_beside(one, two, stop_at)
    assert {ticket for _, ticket in states(one)} == {"SUP-1001"}
    assert Counter(row["kind"] for row in one.outbox.listing())["acknowledgement"] == 1


def test_a_reply_to_all_and_a_colleagues_at_the_same_instant(shared: str, another: Open) -> None:
    """Both name the first mail, which never came to the desk alone: one ticket of two messages."""
    one, two = another(shared), another(shared)
    refers = {"References": "<first@customer.example>", "subject": "Re: Printer"}
    both = [
        eml("I say so.", message_id="<a@customer.example>", Cc="olga@customer.example", **refers),
        eml("I, too.", sender="olga@customer.example", message_id="<b@customer.example>", Cc=IVAN, **refers),
    ]
    one.inbox.add([raw_arrival(raw) for raw in both])
    at_once(lambda: handle_all(desk(one)), lambda: handle_all(desk(two)))
    assert {ticket for _, ticket in states(one)} == {"SUP-1001"}
    assert one.views.tickets(Wanted())[0].messages == 2


@pytest.mark.parametrize("place", ["sqlite", "postgresql"])
def test_many_at_once_are_a_ticket_each_without_a_deadlock(
    place: str, request: pytest.FixtureRequest, tmp_path: object
) -> None:
    """Twenty customers, each mail in three copies, three desks: twenty tickets, every mail at its first try."""
    url = request.getfixturevalue("shared") if place == "postgresql" else f"sqlite:///{tmp_path}/maild.db"
    keeps = [open_keep(url, f"desk{n}") for n in range(3)]
    mails = []
    for number in range(20):
        who, his_id = f"c{number}@c{number}.example", f"<{number}@c{number}.example>"
        his = his_mail(f"Trouble {number}.", sender=who, message_id=his_id)
        by_anna = attached(his, above="Me.", number=2 * number)
        by_boris = attached(his, above="Me, too.", by=BORIS, number=2 * number + 1)
        copies = [raw_arrival(his, sender=who)]
        copies.append(raw_arrival(by_anna, sender="anna@desk.example", login="anna"))
        copies.append(raw_arrival(by_boris, sender="boris@desk.example", login="boris"))
        mails += copies[number % 3 :] + copies[: number % 3]
    keeps[0].inbox.add(mails)
    at_once(*[lambda k=k: handle_all(desk(k)) for k in keeps], seconds=60)  # type: ignore[misc]
    rows = keeps[0].inbox.listing()
    assert Counter(Counter(row["ticket"] for row in rows).values()) == {3: 20}
    assert [row["attempts"] for row in rows] == [1] * 60
    for one in keeps:
        one.database.close()


def test_the_clock_of_the_second_copy_changes_nothing(shared: str, another: Open) -> None:
    """A forward an hour after the customer's own mail: his ticket, and the promise counts from his mail."""
    one = another(shared)
    one.inbox.add([mail_of("own")])
    handle_all(desk(one))
    due = one.views.ticket("1001", "SUP").ticket.due_at
    later = NOW + 3600 * SECOND
    one.inbox.add([raw_arrival(PASSED_ON["attached"](), at=later, login="anna")])
    handle_all(desk(one, later))
    assert one.views.ticket("1001", "SUP").ticket.due_at == due
