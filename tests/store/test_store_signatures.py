"""Signed words on a real database: carried out once, whoever brings them again, and asked about when in doubt."""

from __future__ import annotations

from dataclasses import replace

import pytest
from office import ANNA, MINT, TEAM, eml, practice
from signing import NOW, head, part, pgp_body, pgp_person
from store.pieces import handle_all, raw_arrival

from maild.clock import FixedClock
from maild.desk.handle import Desk, Office
from maild.messages.tokens import Purpose
from maild.outgoing.letters import Letters
from maild.store.inbox import Waiting
from maild.store.keep import Keep

ANNAS = MINT.address(Purpose.AGENT, 1001, "anna")


@pytest.fixture
def desk(keep: Keep) -> Desk:
    """Anna has a key."""
    team = replace(TEAM, agents=(replace(ANNA, keys=(pgp_person(ANNA.address).key,)), *TEAM.agents[1:]))
    office = Office(practice=practice(team=team), letters=Letters(None, ("ru", "en"), "UTC"))
    return Desk(keep, lambda: office, FixedClock(NOW))


def take(keep: Keep, desk: Desk, raw: bytes) -> int:
    """Its number in the inbox."""
    [number] = keep.inbox.add([raw_arrival(raw, at=NOW, trusted=False)])
    handle_all(desk)
    return number


def signed(text: bytes, to: str = ANNAS, **more: str) -> bytes:
    """A mail of Anna's."""
    return head("Anna <anna@desk.example>", to, **more) + pgp_body(text, pgp_person(ANNA.address).sign(text))


@pytest.mark.fault("E9")
def test_signed_words_are_carried_out_once(keep: Keep, desk: Desk) -> None:
    """The same signature in another envelope, with another Message-ID, does nothing, and nobody is asked about it."""
    take(keep, desk, eml(date=NOW))
    raw = signed(part())
    first, again = take(keep, desk, raw), take(keep, desk, raw.replace(b"<s@desk", b"<again@desk"))
    assert "proven: PGP signature of anna@desk.example" in keep.inbox.get(first)["reason"]
    assert "unverified" in keep.inbox.get(again)["reason"]
    assert [row["kind"] for row in keep.outbox.listing()].count("answer") == 1
    assert "confirmation" not in [row["kind"] for row in keep.outbox.listing()]


def test_what_was_asked_about_is_carried_out_after_one_yes(keep: Keep, desk: Desk) -> None:
    """A signed text that does not say where it belongs waits for the agent's word, and needs no more than that."""
    take(keep, desk, eml(date=NOW))
    asked = take(keep, desk, signed(part("Please restart it.")))
    address = MINT.address(Purpose.CONFIRM, 1001, f"anna#{asked}")
    take(keep, desk, eml("yes", sender=ANNA.address, to=address, date=NOW, message_id="<yes@desk.example>"))
    assert [row["kind"] for row in keep.outbox.listing()].count("answer") == 1


def test_explaining_a_signed_mail_checks_it_too(keep: Keep, desk: Desk) -> None:
    """Before it is taken in: the proof and its reason."""
    take(keep, desk, eml(date=NOW))
    arrival = raw_arrival(signed(part()), at=NOW, trusted=False)
    waiting = Waiting(
        id=9,
        received_at=NOW,
        envelope=arrival.envelope,
        message_id=arrival.message_id,
        digest=arrival.digest,
        attempts=0,
        raw=arrival.raw,
    )
    sender = desk.explain(waiting)["sender"]
    assert isinstance(sender, dict)
    assert sender["proof"] == "pgp"
    assert pgp_person(ANNA.address).key.fingerprint in sender["proof_reason"]


@pytest.mark.fault("E9")
def test_a_signed_forward_has_to_say_that_it_is_for_us(keep: Keep, desk: Desk) -> None:
    """Whoever has got a mail of hers that passes another one on could else make tickets of it; signed, To says so."""
    text = "Please help him.\n\n---------- Forwarded message ----------\nFrom: Petr <petr@other.example>\n"
    text += "Date: Sat, 21 Nov 2026 at 10:00\nSubject: Printer\nTo: <anna@desk.example>\n\nIt does not print."
    fields = {"to": "support@desk.example", "message_id": "<f@desk.example>", "Subject": "Fwd: Printer"}
    take(keep, desk, signed(part(text), **fields))
    assert [row["kind"] for row in keep.outbox.listing()].count("confirmation") == 1
    copied = signed(part(f"{text}\n", To="support@desk.example"), **(fields | {"message_id": "<g@desk.example>"}))
    take(keep, desk, copied)
    found = [keep.views.ticket(n, "SUP").ticket.requester for n in ("1001", "1002")]
    assert [one.address for one in found if one is not None] == [ANNA.address, "petr@other.example"]
