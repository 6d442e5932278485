"""What attackers do at the door: out of step, out of bounds, out of turn. Nothing is lost, smuggled or told by it."""

from __future__ import annotations

import random
import socket
import time
from base64 import b64encode

import pytest
from wire.smtp_door import SUPPORT, Door, open_door
from wire.test_smtp_auth import FakeUsers

from maild.ingest.smtp_gate import Limits

MAIL = b"From: anna@customer.example\r\nSubject: x\r\n\r\nx\r\n"
EVIL = (
    b"MAIL FROM:<boss@desk.example>\r\nRCPT TO:<support@desk.example>\r\nDATA\r\n"
    b"From: boss@desk.example\r\n\r\npay\r\n.\r\n"
)
START = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<support@desk.example>\r\n"


@pytest.fixture
def door():
    """A listener that takes this machine for a stranger."""
    with open_door(trusted_relays=("127.0.0.2",)) as door:
        yield door


def everything(door: Door, said: bytes) -> list[int]:
    """The codes of all replies to this, sent at once by a client that then sends no more."""
    client = door.client()
    client.send(said)
    client.socket.shutdown(socket.SHUT_WR)
    codes = []
    while code := client.reply()[0]:
        codes.append(code)
    return codes


@pytest.mark.parametrize("command", [b"BDAT 86 LAST", b"BDAT 0", b"BDAT", b"bdat 99999999999999999999 LAST"])
def test_chunks_are_not_taken_for_commands(door: Door, command: bytes):
    """CHUNKING is not on offer; who uses it all the same is refused, and his content reaches no command."""
    assert everything(door, START + command + b"\r\n" + EVIL) == [250, 250, 502]
    assert door.ledger.rows == []


@pytest.mark.parametrize("end", [b"\r\n.\n", b"\n.\r\n", b"\n.\n", b"\r.\r", b"\r\n\x00.\r\n"])
@pytest.mark.fault("F1")
def test_nothing_is_smuggled_behind_a_pipelined_mail(door: Door, end: bytes):
    """Two whole mails in one segment, the first with a false end in it: two mails, the false one within the first."""
    one = START + b"DATA\r\n" + b"Subject: outer\r\n\r\nouter" + end + EVIL
    codes = everything(door, one + START + b"DATA\r\n" + MAIL + b".\r\nQUIT\r\n")
    assert codes == [250, 250, 354, 250, 250, 250, 354, 250, 221]
    first, second = door.ledger.rows
    assert b"pay" in first.raw
    assert second.raw == MAIL
    assert {row.envelope.sender for row in door.ledger.rows} == {"a@b.example"}


def test_content_behind_a_refused_data_is_no_mail(door: Door):
    """A client that does not wait for 354 and has no recipient left: its lines are commands, and wrong ones."""
    said = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<x@elsewhere.example>\r\nDATA\r\n" + MAIL + b".\r\n"
    codes = everything(door, said)
    assert codes[:3] == [250, 550, 503]
    assert set(codes[3:]) <= {500, 421}
    assert door.ledger.rows == []


def test_a_second_data_in_the_same_segment_has_no_mail(door: Door):
    """DATA twice: behind the first 250 the transaction is over."""
    assert everything(door, START + b"DATA\r\n" + MAIL + b".\r\nDATA\r\nQUIT\r\n") == [250, 250, 354, 250, 503, 221]
    assert len(door.ledger.rows) == 1


def test_a_line_end_cut_in_two_is_one_line_end(door: Door):
    """Whatever way the wire cuts a session, byte by byte too, it is the same session."""
    said = START + b"DATA\r\n" + MAIL + b"..\r\n.\r\n" + START + b"DATA\r\n" + MAIL + b".\r\nQUIT\r\n"
    chance = random.Random(7)
    for _ in range(3):
        client = door.client()
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        at = 0
        while at < len(said):
            size = chance.choice((1, 1, 2, 3, 7, 40))
            client.send(said[at : at + size])
            at += size
        assert [client.reply()[0] for _ in range(9)] == [250, 250, 354, 250, 250, 250, 354, 250, 221]
    assert [row.raw for row in door.ledger.rows] == [MAIL + b".\r\n", MAIL] * 3


@pytest.mark.parametrize(
    "line",
    [
        b"MAIL FROM:<a\x00b@c.example>",
        b"NOOP\x00",
        b"\x00EHLO x",
        b"EHLO a\x00b",
        b"EHLO " + b"x" * 256,
        b"EHLO a\tb",
        b"MAIL FROM:<" + b"a" * 4000 + b"@b.example>",
        b"MAIL FROM:<a@b.example> " + b"X=" + b"y" * 4000,
        b"MAIL FROM:<a@b.example> SIZE=-1",
        b"MAIL FROM:<a@b.example> SIZE=1 SIZE=2",
        b"MAIL FROM:<a@b.example> BODY=BINARYMIME",
        b"MAIL FROM:<a@b.example> REQUIRETLS",
        b"MAIL FROM:<a@b.example> RET=ALL",
        b"MAIL FROM:<a@b.example>\rRCPT TO:<support@desk.example>",
        b"MAIL FROM:a@b.example\x0bSIZE=1",
        b"X" * 4000,
        b"EXPN support",
        b"XCLIENT ADDR=127.0.0.1",
        b"XFORWARD ADDR=127.0.0.1",
        b"TURN",
        b"ETRN desk.example",
        b"SEND FROM:<a@b.example>",
        b"DATA BITMIME",
    ],
)
def test_what_cannot_be_meant_is_refused_and_the_session_goes_on(door: Door, line: bytes):
    """A refusal with an enhanced code, and a mail behind it goes through as if nothing had been said."""
    client = door.client()
    code, text = client.ask(line)
    assert 500 <= code < 600
    assert text[:4] in ("5.1.", "5.5.", "5.7.")
    assert client.deliver(MAIL)[0] == 250


@pytest.mark.parametrize(
    "line",
    [
        b"EHLO [192.0.2.1]",
        b"EHLO my_laptop",
        b"EHLO \xd0\xbf\xd0\xba",
        b"EHLO \xff\xfe",
        b"HELO localhost localdomain",
        b"EHLO " + b"x" * 255,
        b"MAIL FROM:<a@b.example> SIZE=100 BODY=8BITMIME RET=HDRS ENVID=QQ314159 AUTH=<>",
        b"MAIL FROM: <a@b.example>  BODY=7BIT",
        b"mail from:a@b.example",
        b"VRFY support@desk.example",
        b"HELP MAIL",
    ],
)
def test_what_real_clients_say_is_borne(door: Door, line: bytes):
    """Odd names, and parameters that others would act upon."""
    assert 200 <= door.client().ask(line)[0] < 300


@pytest.mark.fault("F6")
def test_a_storm_of_resets_ends_at_its_limit(door: Door):
    """MAIL and RSET without an end: 421 after as many commands as a session has, and others are served meanwhile."""
    client = door.client()
    client.send(b"MAIL FROM:<a@b.example>\r\nRSET\r\n" * 600)
    assert door.client().deliver(MAIL)[0] == 250
    codes = []
    while code := client.reply()[0]:
        codes.append(code)
    assert codes == [250] * 999 + [421]


def test_half_a_session_that_is_shut_behind_the_dot_is_answered(door: Door):
    """A client that shuts its side right behind the dot hears 250 when the mail is on the disk, and not before."""
    client = door.client()
    client.begin()
    door.ledger.open_gate.clear()
    client.send(MAIL + b".\r\n")
    client.socket.shutdown(socket.SHUT_WR)
    assert door.ledger.called.wait(5)
    client.socket.settimeout(0.1)
    with pytest.raises(TimeoutError):
        client.socket.recv(1)
    client.socket.settimeout(5)
    door.ledger.open_gate.set()
    assert client.socket.recv(3) == b"250"
    assert len(door.ledger.rows) == 1


@pytest.mark.fault("A10")
def test_half_a_mail_that_is_shut_is_no_mail(door: Door):
    """Neither in the middle of the content nor behind a dot without its line end."""
    for piece in (b"", MAIL, MAIL + b".", MAIL + b".\r"):
        assert everything(door, START + b"DATA\r\n" + piece) == [250, 250, 354]
    assert door.ledger.rows == []


@pytest.mark.fault("F5")
def test_thousands_of_recipients_cost_nothing(door: Door):
    """Five thousand RCPT in one go: a hundred are taken, the others are put off, and the mail is kept once."""
    with open_door(limits=Limits(commands=10_000)) as wide:
        rcpt = b"".join(b"RCPT TO:<support+%d@desk.example>\r\n" % n for n in range(5000))
        began = time.process_time()
        codes = everything(wide, b"MAIL FROM:<a@b.example>\r\n" + rcpt + b"DATA\r\n" + MAIL + b".\r\n")
        assert codes == [250] * 101 + [452] * 4900 + [354, 250]
        assert time.process_time() - began < 5
        assert len(wide.ledger.rows) == 1


@pytest.mark.fault("E5")
def test_guessed_tokens_are_answered_as_any_other_recipient():
    """At RCPT a signed address is an address with a detail: whether it holds is nobody's business there."""
    asked: list[str] = []

    def accepts(address: str) -> bool:
        asked.append(address)
        return address.partition("+")[0] == "support" and address.endswith("@desk.example")

    with open_door(accepts=accepts) as door:
        client = door.client()
        client.ask(b"MAIL FROM:<a@b.example>")
        replies = {
            client.ask(b"RCPT TO:<support+" + detail + b"@desk.example>") for detail in (b"x", b"ac" + b"a" * 27)
        }
        assert replies == {(250, "2.1.5 OK")}
        assert len(asked) == 2


@pytest.mark.fault("F9")
def test_failed_logins_sound_alike():
    """A login that exists and one that does not, a wrong password and an empty one: the same words."""
    with open_door(users=FakeUsers()) as door:
        said = set()
        for login, password in (("anna", "x"), ("nobody", "x"), ("nobody", "tea"), ("anna", ""), ("", "")):
            client = door.client()
            said.add(client.ask(b"AUTH PLAIN " + b64encode(f"\0{login}\0{password}".encode())))
        assert said == {(535, "5.7.8 Authentication credentials invalid")}


@pytest.mark.fault("F7")
def test_many_peers_that_say_nothing_do_not_keep_others_out():
    """Forty addresses with three silent lines each: a new client gets in, a relay is not touched, the oldest go."""
    with open_door(limits=Limits(strangers=60), trusted_relays=("127.0.0.2",)) as door:
        relay = door.client(source="127.0.0.2")
        silent = [door.client(hello=None, source=f"127.0.1.{1 + n % 40}") for n in range(120)]
        assert door.client(source="127.0.0.9").deliver(MAIL)[0] == 250
        assert relay.ask(b"NOOP")[0] == 250
        assert 421 in (silent[0].reply()[0], silent[0].reply()[0])  # at once, where others came in the same instant
        assert [silent[-1].reply()[0], silent[-1].ask(b"NOOP")[0]] == [220, 250]


def test_every_answer_carries_an_enhanced_code(door: Door):
    """RFC 2034: all but the banner, hello, 354 and 334 begin with one of the same class."""
    client = door.client()
    for line in (b"NOOP", b"RSET", b"VRFY x", b"HELP", b"EXPN x", b"NONSENSE", b"STARTTLS", b"AUTH PLAIN"):
        code, text = client.ask(line)
        assert text[:2] == f"{code // 100}."
    client = door.client()
    for line in (b"RCPT TO:<x>", b"MAIL FROM:<a@b.example>", b"RCPT TO:<" + SUPPORT.encode() + b">", b"QUIT"):
        code, text = client.ask(line)
        assert text[:2] == f"{code // 100}."
