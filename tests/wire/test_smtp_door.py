"""What a client hears when it hands over a mail, and what is kept of it."""

from __future__ import annotations

import time

import pytest
from wire.smtp_door import NOW, SUPPORT, Door, open_door

from maild.errors import RetryLater
from maild.ingest.inbox import Inbox, NoRoom
from maild.ingest.smtp_gate import Limits

MAIL = b"From: anna@customer.example\r\nSubject: printer\r\nMessage-ID: <1@customer.example>\r\n\r\nIt smokes.\r\n"


@pytest.fixture
def door():
    """A listener that takes this machine for a stranger."""
    with open_door(trusted_relays=("127.0.0.2",)) as door:
        yield door


def test_a_mail_is_kept_as_it_came_with_its_envelope(door: Door):
    """Every byte of the content and everything that the wire said beside it is in the arrival."""
    code, text = door.client().deliver(MAIL)
    assert (code, text) == (250, "2.0.0 Accepted as 1")
    (row,) = door.ledger.rows
    assert row.raw == MAIL
    assert row.received_at == NOW
    assert row.message_id == "<1@customer.example>"
    envelope = row.envelope
    assert (envelope.channel, envelope.sender, envelope.recipients) == ("smtp", "anna@customer.example", (SUPPORT,))
    assert (envelope.peer, envelope.login, envelope.trusted) == ("127.0.0.1", None, False)


def test_the_answer_waits_for_the_commit(door: Door):
    """While the ledger has not returned there is no 250."""
    client = door.client()
    door.ledger.open_gate.clear()
    assert client.begin()[0] == 354
    client.send(MAIL + b".\r\n")
    assert door.ledger.called.wait(5)
    client.socket.settimeout(0.2)
    with pytest.raises(TimeoutError):
        client.socket.recv(1)
    door.ledger.open_gate.set()
    client.socket.settimeout(5)
    assert client.socket.recv(3) == b"250"


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (RuntimeError("sqlite3.OperationalError: database is locked /var/lib/desk.db"), "451 4.3.0"),
        (RetryLater("the database at db.internal is away"), "451 4.3.0"),
        (OSError(28, "No space left on device"), "452 4.3.1"),
        (NoRoom("full"), "452 4.3.1"),
    ],
)
def test_our_own_trouble_is_temporary_and_says_nothing_internal(door: Door, trouble: Exception, said: str):
    """A locked database or a full disk never makes a customer's mail bounce, and the same session can try again."""
    client = door.client()
    door.ledger.trouble = trouble
    code, text = client.deliver(MAIL)
    assert f"{code} {text}".startswith(said)
    assert not any(word in text for word in ("sqlite", "var", "internal", "device", "Error"))
    door.ledger.trouble = None
    assert client.deliver(MAIL)[0] == 250
    assert len(door.ledger.rows) == 1


def test_a_bug_in_the_check_of_addresses_is_temporary_too():
    """An exception that nobody foresaw is a 451, and the session goes on."""

    def broken(address: str) -> bool:
        raise KeyError("secret")

    with open_door(accepts=broken) as door:
        client = door.client()
        client.ask(b"MAIL FROM:<a@b.example>")
        assert client.ask(b"RCPT TO:<support@desk.example>") == (451, "4.3.0 Local trouble, try again later")
        assert client.ask(b"NOOP")[0] == 250


def test_a_full_queue_is_answered_with_452():
    """When more mail waits for the ledger than the inbox may hold, the sender keeps it."""
    with open_door(inbox=lambda ledger: Inbox(ledger, waiting_bytes=1000)) as door:
        door.ledger.open_gate.clear()
        first, second = door.client(), door.client()
        assert first.begin()[0] == 354
        first.send(MAIL + b".\r\n")
        assert door.ledger.called.wait(5)
        assert second.deliver(MAIL + b"x" * 1000 + b"\r\n") == (
            452,
            "4.3.1 Insufficient system storage, try again later",
        )
        door.ledger.open_gate.set()
        assert first.reply()[0] == 250


def test_the_null_sender_is_empty(door: Door):
    """A bounce says MAIL FROM:<>, which is stored as no address at all."""
    assert door.client().deliver(MAIL, sender=b"<>")[0] == 250
    assert door.ledger.rows[0].envelope.sender == ""


@pytest.mark.fault("A10")
def test_a_client_that_goes_away_after_the_dot_leaves_its_mail_behind_once(door: Door):
    """Whoever does not wait for the answer has the mail stored all the same, and not cut in the middle."""
    client = door.client()
    door.ledger.open_gate.clear()
    client.begin()
    client.send(MAIL + b".\r\n")
    assert door.ledger.called.wait(5)
    client.close()
    time.sleep(0.05)
    door.ledger.open_gate.set()
    assert door.client().deliver(MAIL)[0] == 250
    assert [row.raw for row in door.ledger.rows] == [MAIL, MAIL]


@pytest.mark.fault("A10")
def test_a_client_that_goes_away_before_the_dot_leaves_nothing(door: Door):
    """Half a mail is no mail, whether the line is shut or cut."""
    client = door.client()
    client.begin()
    client.send(MAIL)
    client.close()
    assert door.client().deliver(MAIL)[0] == 250
    assert len(door.ledger.rows) == 1


def test_a_client_that_only_stops_sending_still_hears_its_answers(door: Door):
    """A client that shuts its side behind QUIT gets every reply (nc does that)."""
    client = door.client()
    client.send(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<support@desk.example>\r\nDATA\r\n" + MAIL + b".\r\nQUIT\r\n")
    client.socket.shutdown(1)
    assert [client.reply()[0] for _ in range(6)] == [250, 250, 354, 250, 221, 0]


@pytest.mark.fault("F3")
def test_a_whole_session_in_one_segment_is_answered_in_order(door: Door):
    """PIPELINING (RFC 2920): even a client that talks before the banner and does not wait for 354 is served."""
    client = door.client(hello=None)
    one = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<support@desk.example>\r\nRCPT TO:<nobody@desk.example>\r\nDATA\r\n"
    client.send(b"EHLO x\r\n" + (one + MAIL + b".\r\n") * 2 + b"QUIT\r\n")
    codes = [client.reply()[0] for _ in range(14)]
    assert codes == [220, 250, 250, 250, 550, 354, 250, 250, 250, 550, 354, 250, 221, 0]
    assert [row.raw for row in door.ledger.rows] == [MAIL, MAIL]


def test_ehlo_offers_what_is_kept(door: Door):
    """The extensions are those that work; logging in and TLS are not offered where they are not set up."""
    client = door.client(hello=None)
    client.reply()
    assert client.ask(b"EHLO me") == (
        250,
        "desk.example\nPIPELINING\nSIZE 25000000\n8BITMIME\nSMTPUTF8\nENHANCEDSTATUSCODES",
    )
    assert client.ask(b"HELO me") == (250, "desk.example")


@pytest.mark.parametrize(
    ("commands", "code"),
    [
        ([b"MAIL FROM:<a@b.example>"], 503),
        ([b"EHLO x", b"RCPT TO:<support@desk.example>"], 503),
        ([b"EHLO x", b"DATA"], 503),
        ([b"EHLO x", b"MAIL FROM:<a@b.example>", b"DATA"], 503),
        ([b"EHLO x", b"MAIL FROM:<a@b.example>", b"MAIL FROM:<a@b.example>"], 503),
        ([b"EHLO x", b"MAIL FROM:<a@b.example>", b"RSET", b"RCPT TO:<support@desk.example>"], 503),
        ([b"EHLO x", b"MAIL FROM:<a@b.example>", b"EHLO x", b"RCPT TO:<support@desk.example>"], 503),
        ([b"EHLO"], 501),
        ([b"LHLO x"], 500),
        ([b"NONSENSE"], 500),
        ([b""], 500),
        ([b"\x80\xff"], 500),
        ([b"EHLO x", b"STARTTLS"], 503),
        ([b"EHLO x", b"AUTH PLAIN"], 502),
        ([b"NOOP anything"], 250),
        ([b"EHLO x", b"mail from:<a@b.example>"], 250),
    ],
)
def test_commands_out_of_order_are_refused(door: Door, commands: list[bytes], code: int):
    """The last of these commands gets this code."""
    client = door.client(hello=None)
    client.reply()
    replies = [client.ask(command) for command in commands]
    assert replies[-1][0] == code


@pytest.mark.parametrize(
    ("recipient", "said"),
    [
        (b"support@desk.example", "250 2.1.5"),
        (b"SUPPORT+0123abc@Desk.Example", "250 2.1.5"),
        (b"postmaster", "250 2.1.5"),
        (b"nobody@desk.example", "550 5.1.1"),
        (b"anna@elsewhere.example", "550 5.7.1"),
        (b"support%elsewhere.example@desk.example", "553 5.1.3"),
        (b"elsewhere.example!support@desk.example", "553 5.1.3"),
        (b"@relay.example:support@desk.example", "553 5.1.3"),
        (b'"support"@desk.example', "553 5.1.3"),
        (b"support\x00@desk.example", "501 5.5.2"),
        ("поддержка@desk.example".encode(), "553 5.6.7"),
        (b"\xffsupport@desk.example", "501 5.5.2"),
        (b"", "553 5.1.3"),
    ],
)
@pytest.mark.fault("F4")
def test_only_our_own_addresses_are_recipients(door: Door, recipient: bytes, said: str):
    """Relaying, source routes, the percent hack, quotes, NUL and 8-bit lead nowhere."""
    client = door.client()
    client.ask(b"MAIL FROM:<a@b.example>")
    code, text = client.ask(b"RCPT TO:<" + recipient + b">")
    assert f"{code} {text}".startswith(said)


def test_smtputf8_is_taken_at_its_word(door: Door):
    """A sender with a Cyrillic address gets in when the client says SMTPUTF8 (RFC 6531)."""
    client = door.client()
    assert client.deliver(MAIL, sender="<анна@почта.example> SMTPUTF8".encode())[0] == 250
    assert door.ledger.rows[0].envelope.sender == "анна@почта.example"


@pytest.mark.fault("F5")
def test_the_hundred_and_first_recipient_comes_later(door: Door):
    """452 makes the client send the rest in another transaction; the first hundred are kept."""
    client = door.client()
    client.ask(b"MAIL FROM:<a@b.example>")
    codes = [client.ask(b"RCPT TO:<support+%d@desk.example>" % n)[0] for n in range(101)]
    assert codes == [250] * 100 + [452]
    client.ask(b"DATA")
    assert client.ask(MAIL + b".")[0] == 250
    assert len(door.ledger.rows[0].envelope.recipients) == 100


@pytest.mark.fault("F9")
def test_nobody_is_told_who_lives_here(door: Door):
    """VRFY, EXPN and HELP answer the same for an address that exists and for one that does not."""
    client = door.client()
    for verb in (b"VRFY", b"EXPN", b"HELP"):
        assert client.ask(verb + b" support@desk.example") == client.ask(verb + b" nobody@desk.example")


@pytest.mark.fault("D10")
def test_a_mail_that_goes_round_in_circles_is_refused():
    """More Received fields than allowed are 554 5.4.6; a body full of such lines is not."""
    with open_door(limits=Limits(received_fields=3)) as door:
        client = door.client()
        trace = b"Received: from a by b;\r\n\tMon, 2 Mar 2026 09:00:00 +0000\r\n"
        assert client.deliver(trace * 4 + MAIL) == (554, "5.4.6 Too many hops")
        assert client.deliver(trace * 3 + MAIL + trace * 9)[0] == 250


def test_a_trusted_relay_is_marked():
    """Only a peer that is named, by address or by network, may bring Authentication-Results."""
    with open_door(trusted_relays=("127.0.7.0/24",)) as door:
        door.client(source="127.0.0.1").deliver(MAIL)
        door.client(source="127.0.7.9").deliver(MAIL)
        assert [row.envelope.trusted for row in door.ledger.rows] == [False, True]


def test_a_browser_that_was_sent_here_gets_nothing_in(door: Door):
    """A form posted to our port is cut at its first line, so that nothing in it can become a command."""
    client = door.client(hello=None)
    client.reply()
    assert client.ask(b"POST / HTTP/1.1\r\nEHLO x\r\nMAIL FROM:<a@b.example>")[0] == 421
    assert client.reply()[0] == 0
