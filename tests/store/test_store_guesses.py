"""What strangers try at the desk: signed addresses guessed, mails that go round and round."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
from office import DESK, MINT, NOW
from store.pieces import OFFICE, SECOND, arrival, desk, handle_all, states

from maild.clock import FixedClock
from maild.desk.guesses import MOST_WRONG, Guesses
from maild.desk.handle import Desk
from maild.messages.envelope import Arrival, Envelope
from maild.messages.hops import count_received
from maild.messages.tokens import Purpose
from maild.store.keep import Keep

IVAN = "ivan@customer.example"
GUESSER = "203.0.113.7"
NUMBERS = count(1)


def wrong(ticket: int) -> str:
    """A signed address that looks right and was made for somebody who is not there."""
    return MINT.address(Purpose.CUSTOMER, ticket, f"nobody{next(NUMBERS)}@customer.example")


def mail(keep: Keep, *recipients: str, peer: str = GUESSER, trusted: bool = False) -> None:
    """A new mail of Ivan's to these addresses."""
    text = f"It smokes, {next(NUMBERS)}."
    came = arrival(text, subject=text, message_id=f"<{next(NUMBERS)}@customer.example>")
    envelope = Envelope(
        channel="smtp", source=peer, sender=IVAN, recipients=(DESK, *recipients), peer=peer, trusted=trusted
    )
    keep.inbox.add([Arrival(raw=came.raw, envelope=envelope, received_at=NOW, message_id=None, digest=text)])


def last_ticket(keep: Keep, one: Desk) -> str | None:
    """Handle everything; the ticket of the last mail."""
    handle_all(one)
    return max(keep.inbox.listing(), key=lambda row: row["id"])["ticket"]


@pytest.mark.fault("E5")
def test_after_twenty_wrong_addresses_the_right_one_is_not_looked_at(keep: Keep) -> None:
    """The mail is a ticket all the same, a new one; another peer and a relay of ours are looked at as before."""
    one = desk(keep)
    mail(keep)
    number = last_ticket(keep, one)
    assert number == "SUP-1001"
    right = MINT.address(Purpose.CUSTOMER, 1001, IVAN)
    for _ in range(MOST_WRONG - 1):
        mail(keep, wrong(1001))
    mail(keep, right)
    assert last_ticket(keep, one) == number
    mail(keep, wrong(1001))
    mail(keep, right)
    assert last_ticket(keep, one) not in (None, number)
    mail(keep, right, peer="203.0.113.8")
    assert last_ticket(keep, one) == number
    mail(keep, right, trusted=True)
    assert last_ticket(keep, one) == number
    assert {state for state, _ in states(keep)} == {"ticketed"}


@pytest.mark.fault("E5")
def test_wrong_addresses_are_counted_one_by_one_and_forgotten_within_the_hour(keep: Keep) -> None:
    """Twenty in one mail are twenty; an hour later the peer is looked at again; a relay's are never counted."""
    clock = FixedClock(NOW)
    one = Desk(keep, lambda: OFFICE, clock)
    mail(keep)
    number = last_ticket(keep, one)
    right = MINT.address(Purpose.CUSTOMER, 1001, IVAN)
    mail(keep, *(wrong(1001) for _ in range(MOST_WRONG)), trusted=True)
    mail(keep, right, trusted=True)
    assert last_ticket(keep, one) == number
    mail(keep, *(wrong(4711) for _ in range(MOST_WRONG)))
    mail(keep, right)
    assert last_ticket(keep, one) not in (None, number)
    clock.at += timedelta(hours=1)
    mail(keep, right)
    assert last_ticket(keep, one) == number


def test_a_customers_whole_network_is_one_guesser() -> None:
    """Whoever has a /64 has 2^64 addresses; his neighbour is another."""
    guesses = Guesses()

    def sent_by(peer: str) -> Envelope:
        return Envelope(channel="smtp", source=peer, sender=None, peer=peer)

    for number in range(MOST_WRONG):
        guesses.note(sent_by(f"2001:db8:0:1::{number:x}"), 1, NOW)
    assert guesses.too_many(sent_by("2001:db8:0:1:ffff::1"), NOW + SECOND)
    assert not guesses.too_many(sent_by("2001:db8:0:2::1"), NOW + SECOND)
    assert not guesses.too_many(Envelope(channel="imap", source="support", sender=None), NOW)


@pytest.mark.parametrize("channel", ["imap", "pipe"])
@pytest.mark.fault("D10")
def test_a_mail_that_goes_in_circles_is_put_aside_however_it_came(keep: Keep, channel: str) -> None:
    """Fifty servers are borne, the fifty-first is one too many; nobody is written to."""
    hop = "Received: from a.example by b.example;\r\n\tMon, 2 Mar 2026 09:00:00 +0000\r\n"
    for number, hops in enumerate((50, 51)):
        came = arrival(f"Round {number}", channel=channel, message_id=f"<{number}@loop.example>")
        raw = hop.encode() * hops + came.raw
        keep.inbox.add([Arrival(raw=raw, envelope=came.envelope, received_at=NOW, message_id=None, digest=str(hops))])
    letters_before = len(list(keep.outbox.listing()))
    handle_all(desk(keep))
    assert [state for state, _ in states(keep)] == ["ticketed", "quarantined"]
    aside = list(keep.inbox.listing())[1]
    assert aside["reason"] == "it goes in circles: 51 servers have passed it on"
    assert letters_before == 0
    assert {one["ticket"] for one in keep.outbox.listing()} == {"SUP-1001"}


def test_received_fields_are_counted_in_the_header_alone() -> None:
    """Any spelling, behind empty lines too; not in the body, and not behind the cap."""
    assert count_received(b"\r\nreceived : a\r\nRECEIVED:b\r\n\r\nReceived: c\r\n") == 2
    assert count_received(b"Received: a\nSubject: x\n\nReceived: c\n") == 1
    assert count_received(b"\n" * 300_000 + b"Received: a\n\n") == 0
