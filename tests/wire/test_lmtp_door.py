"""LMTP (RFC 2033): what differs from SMTP."""

from __future__ import annotations

import smtplib

import pytest
from wire.smtp_door import Door, open_door

MAIL = b"Subject: x\r\n\r\nx\r\n"


@pytest.fixture
def door():
    """A listener that speaks LMTP."""
    with open_door(protocol="lmtp", max_size=10_000) as door:
        yield door


def begin(door: Door, *recipients: bytes):
    """A client that has said MAIL and RCPT, and the codes of the latter."""
    client = door.client(hello=b"LHLO mta.example")
    client.ask(b"MAIL FROM:<a@b.example>")
    codes = [client.ask(b"RCPT TO:<" + one + b">")[0] for one in recipients]
    return client, codes


def test_every_recipient_gets_an_answer_and_one_mail_is_kept(door: Door):
    """A reply per accepted RCPT, the same for all, and one row with all recipients."""
    client, codes = begin(door, b"support@desk.example", b"nobody@desk.example", b"support+1@desk.example")
    assert codes == [250, 550, 250]
    client.ask(b"DATA")
    assert client.ask(MAIL + b".") == client.reply() == (250, "2.0.0 Accepted as 1")
    assert client.ask(b"NOOP")[0] == 250
    (row,) = door.ledger.rows
    assert row.envelope.channel == "lmtp"
    assert row.envelope.recipients == ("support@desk.example", "support+1@desk.example")


def test_trouble_and_refusals_are_said_to_every_recipient_too(door: Door):
    """Two recipients, two times 451, and two times 552: none is left waiting."""
    client, _ = begin(door, b"support@desk.example", b"support@desk.example")
    client.ask(b"DATA")
    door.ledger.trouble = RuntimeError("locked")
    assert [client.ask(MAIL + b".")[0], client.reply()[0]] == [451, 451]
    client, _ = begin(door, b"support@desk.example", b"support+2@desk.example")
    client.ask(b"DATA")
    assert [client.ask(b"x" * 20_000 + b"\r\n.")[0], client.reply()[0]] == [552, 552]
    assert client.ask(b"NOOP")[0] == 250


def test_hello_is_said_with_lhlo_alone(door: Door):
    """HELO and EHLO are no commands of LMTP, and the banner says which protocol this is."""
    client = door.client(hello=None)
    assert client.reply() == (220, "desk.example LMTP")
    assert client.ask(b"HELO x")[0] == client.ask(b"EHLO x")[0] == 500
    assert "PIPELINING" in client.ask(b"LHLO x")[1]


def test_smtplib_delivers_by_lmtp(door: Door):
    """Another client's idea of LMTP agrees with ours."""
    with smtplib.LMTP("127.0.0.1", door.port) as lmtp:
        assert lmtp.sendmail("a@b.example", ["support@desk.example"], MAIL) == {}
    assert door.ledger.rows[0].raw == MAIL
