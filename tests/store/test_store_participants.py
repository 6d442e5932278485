"""Who takes part in a ticket, through a desk on a database: copies wait for an agent, and nobody is sent twice."""

from __future__ import annotations

from office import DESK, MINT, NOW, eml
from store.pieces import SECOND, desk, handle_all, raw_arrival, states

from maild.messages.addresses import normal
from maild.messages.tokens import Purpose
from maild.store.keep import Keep
from maild.store.tables import outbox, outbox_raw
from maild.threads.participants import MAX_PARTICIPANTS

IVAN, OLGA, EVE = "ivan@customer.example", "olga@customer.example", "eve@stranger.example"
TO_ANNA = MINT.address(Purpose.AGENT, 1001, "anna")
OURS = "billing@desk.example, Support+x@DESK.example, anna@desk.example, Boris+home@desk.example"


def take_in(keep: Keep, raw: bytes, second: int = 0, **envelope: object) -> None:
    """Accept a mail and handle all that waits."""
    at = NOW + second * SECOND
    keep.inbox.add([raw_arrival(raw, at=at, **({"sender": IVAN, "trusted": False} | envelope))])
    handle_all(desk(keep, at))


def opened(keep: Keep, copies: str) -> None:
    """Ivan's ticket, with these people in copy."""
    take_in(keep, eml(Cc=copies))


def by_anna(keep: Keep, text: str, second: int, **fields: str) -> None:
    """Anna's reply to a letter about it, by the desk's listener."""
    raw = eml(text, sender="anna@desk.example", to=TO_ANNA, message_id=f"<a{second}@desk.example>", **fields)
    take_in(keep, raw, second, sender="anna@desk.example", recipients=(TO_ANNA,), login="anna")


def people(keep: Keep) -> dict[str, bool]:
    """Who takes part, and who of them is sent text."""
    return {p.address.address: p.confirmed for p in keep.views.ticket("1001", "SUP").ticket.participants}


def sent(keep: Keep, kind: str) -> list[list[str]]:
    """To whom each letter of a kind goes."""
    with keep.database.read() as connection:
        rows = connection.execute(outbox.select().where(outbox.c.kind == kind).order_by(outbox.c.id)).all()
    return [[r["address"] for r in row.recipients] for row in rows]


def told(keep: Keep) -> str:
    """The newest notification, whole."""
    with keep.database.read() as connection:
        query = outbox.select().where(outbox.c.kind == "notification").order_by(outbox.c.id.desc())
        newest = connection.execute(query).first()
        assert newest is not None
        raw = connection.execute(outbox_raw.select().where(outbox_raw.c.outbox_id == newest.id)).one().raw
    return bytes(raw).decode()


def test_copies_of_a_customer_wait_for_add(keep: Keep) -> None:
    """The agents are told whom; an answer goes to the customer alone before, and to both after it."""
    opened(keep, f"{OLGA}, {OURS}")
    assert people(keep) == {IVAN: True, OLGA: False}
    assert f"others are in copy and are sent nothing before /add: {OLGA}" in told(keep)
    by_anna(keep, "Close the lid.", 1)
    by_anna(keep, "/add", 2)
    by_anna(keep, "Close it again.", 3)
    assert sent(keep, "answer") == [[IVAN], [IVAN, OLGA]]


def test_agents_are_told_that_whoever_wrote_is_sent_no_answer(keep: Keep) -> None:
    """Somebody out of the copy answers: an agent who replies to his letter would think that he writes to him."""
    opened(keep, OLGA)
    by_anna(keep, "Close the lid.", 1)
    said = "whoever wrote this is sent no answer before /add: olga@"
    again = eml("Me, too.", sender=OLGA, message_id="<4@x>", In_Reply_To="<1@customer.example>")
    take_in(keep, again, 2, sender=OLGA)
    assert "Me, too." in told(keep)
    assert said in told(keep)
    by_anna(keep, "/add", 3)
    again = eml("And now?", sender=OLGA, message_id="<5@x>", In_Reply_To="<1@customer.example>")
    take_in(keep, again, 4, sender=OLGA)
    assert "And now?" in told(keep)
    assert said not in told(keep)


def test_our_own_addresses_never_take_part_nor_are_sent_an_answer(keep: Keep) -> None:
    """The desk's, a queue's and agents', with plus details and in any case; orders refuse them as well."""
    opened(keep, OURS)
    assert people(keep) == {IVAN: True}
    for number, order in enumerate(
        ("/cc billing+y@desk.example", "/cc boris@desk.example", "/add anna+z@desk.example")
    ):
        by_anna(keep, f"{order}\n\nHello.", number + 1)
    assert sent(keep, "answer") == []
    assert people(keep) == {IVAN: True}


def test_replies_to_all_never_double(keep: Keep) -> None:
    """The customer's to desk and colleague, the colleague's to both, and the agent's: each hears once of each."""
    opened(keep, OLGA)
    by_anna(keep, f"/cc {OLGA.upper()}\n\nClose the lid.", 1)
    refers = {"References": "<1@customer.example>", "subject": "Re: Printer [SUP-1001]"}
    take_in(keep, eml("I did.", message_id="<2@customer.example>", Cc=f"Olga <{OLGA}>, {DESK}", **refers), 2)
    hers = eml("He did.", sender=OLGA, message_id="<3@customer.example>", Cc=f"{IVAN}, {DESK}", **refers)
    take_in(keep, hers, 3, sender=OLGA)
    by_anna(keep, "Good.", 4)
    assert {ticket for _, ticket in states(keep)} == {"SUP-1001"}
    assert list(people(keep).values()) == [True, True]
    assert [sorted(normal(a) for a in one) for one in sent(keep, "answer")] == [[IVAN, OLGA]] * 2
    assert sent(keep, "acknowledgement") == [[IVAN]]


def test_uncc_ends_copies_and_keeps_the_words_coming(keep: Keep) -> None:
    """Whoever is taken out is sent nothing more, and what he writes still comes in."""
    opened(keep, OLGA)
    by_anna(keep, f"/cc {OLGA}\n\nOne.", 1)
    by_anna(keep, f"/uncc {OLGA}\n\nTwo.", 2)
    take_in(keep, eml("Hm?", sender=OLGA, message_id="<o@c>", subject="[SUP-1001]"), 3, sender=OLGA)
    assert sent(keep, "answer") == [[IVAN, OLGA], [IVAN]]
    assert states(keep)[-1] == ("ticketed", "SUP-1001")


def test_a_stranger_in_reply_to_or_copy_is_sent_nothing(keep: Keep) -> None:
    """Nobody but an agent lets him in, wherever the customer names him."""
    take_in(keep, eml(Reply_To=EVE, Cc=EVE, Mail_Followup_To=EVE))
    by_anna(keep, "Close the lid.", 1)
    assert sent(keep, "answer") == [[IVAN]]
    assert sent(keep, "acknowledgement") == [[IVAN]]


def test_there_is_room_for_so_many_and_the_agent_is_told(keep: Keep) -> None:
    """By a mail with very many in copy, and by an order."""
    crowd = ", ".join(f"p{n}@customer.example" for n in range(MAX_PARTICIPANTS + 4))
    opened(keep, crowd)
    assert len(people(keep)) == MAX_PARTICIPANTS
    said = told(keep).replace("=\r\n", "").replace("\r\n", " ")
    assert f"at most {MAX_PARTICIPANTS} participants; 5 more in copy were left out" in " ".join(said.split())
    by_anna(keep, f"/cc {EVE}\n\nHello.", 1)
    assert sent(keep, "answer") == []
    assert sent(keep, "transcript") == [["anna@desk.example"]]
