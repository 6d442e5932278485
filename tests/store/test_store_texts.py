"""Texts that a database refuses, on both: a NUL, half a character, an id of 12 kB. The store is sure of it."""

from __future__ import annotations

import pytest
from office import DESK, NOW, message, ticket
from sqlalchemy.exc import StatementError
from store.pieces import arrival, desk, handle_all, letter, plan, post, raw_arrival, save, states

from maild.messages.mail import Address
from maild.store.keep import Keep
from maild.store.tables import clean
from maild.threads.model import Event

NASTY = "a\x00b\ud800c\udfffd 🔥"
PLACES = {
    "From": b'From: "%s" <ivan@customer.example>',
    "From address": b"From: <iv%s@customer.example>",
    "To": b"To: %s <support@desk.example>, b%s@x.example",
    "Cc": b"Cc: =?utf-8?q?=00=ED=A0=80?= <olga@customer.example>, %s",
    "Subject": b"Subject: %s =?utf-8?q?=00=ED=A0=80x?=",
    "Message-ID": b"Message-ID: <%s@customer.example>",
    "References": b"References: <%s@x.example> <b@x.example>\r\nIn-Reply-To: <%s@x.example>",
    "File name": b"",
    "Body": b"",
}
BYTES = (b"\x00", b"\xed\xa0\x80", b"\xc0\x80", b"\xff", b"=?utf-8?b?AO2ggA==?=", b"+2AA-")


def nasty_mail(place: str, what: bytes) -> bytes:
    """A mail with these bytes in one place."""
    fields = {
        b"From": b"From: Ivan <ivan@customer.example>",
        b"To": b"To: " + DESK.encode(),
        b"Subject": b"Subject: Printer",
        b"Message-ID": b"Message-ID: <1@customer.example>",
    }
    line = PLACES[place].replace(b"%s", what)
    if line:
        fields[line.split(b":")[0]] = line
    head = b"".join(one + b"\r\n" for one in fields.values()) + b"MIME-Version: 1.0\r\n"
    name = what if place == "File name" else b"x"
    text = what if place == "Body" else b"x"
    return (
        head
        + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        + b"Content-Type: text/plain; charset=utf-8\r\n\r\nHelp "
        + text
        + b'\r\n--b\r\nContent-Type: application/pdf; name="'
        + name
        + b"\"\r\nContent-Disposition: attachment; filename*=utf-8''%00%ED%A0%80"
        + name
        + b"\r\n\r\nx\r\n--b--\r\n"
    )


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.fault("G-3")
def test_a_mail_with_impossible_text_becomes_a_ticket(keep: Keep, place: str) -> None:
    """Wherever it stands in the mail, and whatever way it was written: one ticket, and a reply finds it."""
    keep.inbox.add([raw_arrival(nasty_mail(place, what)) for what in BYTES])
    assert handle_all(desk(keep)) == len(BYTES)
    assert {state for state, _ in states(keep)} <= {"ticketed", "duplicate"}, states(keep)
    assert keep.views.ticket("1001", "SUP").messages


def test_impossible_words_around_a_mail_are_no_error(keep: Keep) -> None:
    """Names of files and of peers, logins, recipients: a command may be given any bytes."""
    given = raw_arrival(
        b"From: a@b.example\r\n\r\nx", source=NASTY, sender=NASTY, recipients=(NASTY, DESK), peer=NASTY, login=NASTY
    )
    [one] = keep.inbox.add([given])
    row = keep.inbox.get(one)
    assert row["source"] == row["peer"] == row["login"] == row["envelope_from"] == clean(NASTY)
    assert handle_all(desk(keep)) == 1
    keep.inbox.add([arrival("Other")])
    keep.inbox.postpone(2, reason=NASTY, next_at=NOW, traceback=NASTY)
    assert keep.inbox.get(2)["traceback"] == clean(NASTY)


@pytest.mark.fault("G-3")
def test_what_a_decision_leads_to_is_kept_whatever_it_says(keep: Keep) -> None:
    """Tickets, people, messages, events, letters: what would be refused is replaced, the rest is as it was."""
    nasty = Address(name=NASTY, address=f"{NASTY}@x.example")
    person = ticket(requester=f"{NASTY}@x.example", subject=NASTY, fields={NASTY: NASTY}, tags=(NASTY,))
    whole = message(sender=nasty, to=(nasty,), message_id=f"<{NASTY}>", text=NASTY, reply=NASTY, author=NASTY)
    event = Event(at=NOW, kind=NASTY, actor=NASTY, detail=NASTY, because=NASTY)
    save(keep, plan(ticket=person, message=whole, events=(event,), steps_done=(NASTY,), reason=NASTY))
    save(keep, plan(ticket=person, is_new=False, message=whole))
    assert len(post(keep, letter(f"{NASTY}@x.example", unique=NASTY), letter(unique=NASTY))) == 2
    assert post(keep, letter(unique=NASTY)) == [None]
    seen = keep.views.ticket("1001", "SUP")
    assert seen.ticket.subject == seen.messages[0][1].text == seen.events[0]["detail"] == clean(NASTY)
    assert len(seen.ticket.participants) == 1


def test_decisions_are_kept_with_any_text(keep: Keep) -> None:
    """What `maild explain` prints is JSON, which writes such characters in ASCII: it comes back as it was."""
    [one] = keep.inbox.add([arrival()])
    save(keep, plan(ticket=None, explanation={"found": NASTY}), inbox_id=one, digest="d")
    assert keep.inbox.get(one)["decision"] == {"found": NASTY}


@pytest.mark.fault("A13")
def test_an_id_of_12_kilobytes_is_found_again(keep: Keep) -> None:
    """It fits into no index; its hash does. The mail, its copy and its reply are one conversation."""
    long_id = f"<{'x' * 12_000}@customer.example>"
    keep.inbox.add([arrival(message_id=long_id)])
    keep.inbox.add([arrival("Again", message_id="<2@x.example>", In_Reply_To=long_id, References=long_id)])
    handle_all(desk(keep))
    keep.inbox.add([arrival(message_id=long_id)])
    assert [state for state, _ in states(keep)] == ["ticketed", "ticketed", "duplicate"]


def test_a_time_without_a_zone_is_refused(keep: Keep) -> None:
    """It would mean another moment on every machine."""
    with pytest.raises(StatementError, match="without a zone"):
        keep.tickets.due(NOW.replace(tzinfo=None), 1)


@pytest.mark.parametrize("text", ["", "ascii", "Привет", "🔥", "line\nline\ttab", "\x01\x7f"])
def test_ordinary_text_is_left_as_it_is(text: str) -> None:
    """Only what no database takes is replaced."""
    assert clean(text) is text or clean(text) == text
