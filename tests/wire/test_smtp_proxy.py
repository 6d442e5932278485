"""A relay that speaks for others: the PROXY protocol, and XCLIENT. Who the client is decides limits and trust."""

from __future__ import annotations

import ipaddress
import subprocess
import time
from base64 import b64encode

import pytest
from daemon import wait_for
from parts import need
from wire.smtp_door import SUPPORT, Client, Door, open_door
from wire.test_smtp_auth import FakeUsers

from maild.ingest import smtp_session
from maild.ingest.smtp_gate import Limits
from maild.ingest.smtp_proxy import NoProxyHeaderError, ProxyHeader, parse_xclient, read_proxy_header

MAIL = b"Subject: x\r\n\r\nx\r\n"
SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
V1 = b"PROXY TCP4 203.0.113.7 192.0.2.1 51234 25\r\n"


def v2(client: str, *, command: int = 1, family: int | None = None, extra: bytes = b"") -> bytes:
    """A header of version 2 for this client; `extra` is what a proxy adds to the addresses."""
    address = ipaddress.ip_address(client)
    body = address.packed * 2 + b"\xc8\x22\x00\x19" + extra
    kind = family if family is not None else (0x11 if address.version == 4 else 0x21)
    return SIGNATURE + bytes([0x20 | command, kind]) + len(body).to_bytes(2, "big") + body


def behind_proxy(door: Door, header: bytes) -> Client:
    """A client whose first bytes are these, and who has said hello."""
    client = door.client(hello=None)
    client.send(header)
    assert client.reply()[0] == 220
    assert client.ask(b"EHLO x")[0] == 250
    return client


def place_for(door: Door, header: bytes) -> bool:
    """Whether a client whose first bytes are these is let in."""
    client = door.client(hello=None)
    client.send(header)
    return client.reply()[0] == 220


@pytest.mark.parametrize(
    ("header", "peer", "trusted"),
    [
        (V1, "203.0.113.7", False),
        (b"PROXY TCP6 2001:db8::7 2001:db8::1 1 25\r\n", "2001:db8::7", False),
        (b"PROXY TCP4 127.0.0.1 127.0.0.1 1 25\r\n", "127.0.0.1", True),
        (b"PROXY UNKNOWN\r\n", "", False),
        (b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", "", False),
        (v2("203.0.113.7"), "203.0.113.7", False),
        (v2("2001:db8::7"), "2001:db8::7", False),
        (v2("::ffff:203.0.113.7"), "203.0.113.7", False),
        (v2("203.0.113.7", extra=b"\x04\x00\x10" + b"x" * 16), "203.0.113.7", False),
        (v2("203.0.113.7", family=0x00), "", False),
        (v2("203.0.113.7", family=0x31), "", False),
        (v2("203.0.113.7", command=0), "127.0.0.1", True),
    ],
)
def test_the_header_says_who_the_client_is(header: bytes, peer: str, trusted: bool):
    """Both versions, both families; who is not known is a stranger, and a proxy that speaks for itself is the relay."""
    with open_door(proxy_protocol=True) as door:
        assert behind_proxy(door, header).deliver(MAIL)[0] == 250
        (row,) = door.ledger.rows
        assert (row.envelope.peer, row.envelope.source, row.envelope.trusted) == (peer, peer, trusted)


@pytest.mark.parametrize("header", [V1, v2("203.0.113.7")])
def test_a_header_may_come_in_pieces_and_with_what_follows(header: bytes):
    """Cut anywhere it is whole in the end, and commands behind it in the same segment are obeyed."""
    for cut in range(1, len(header)):
        assert read_proxy_header(header[:cut]) is None
    assert read_proxy_header(header + b"EHLO x\r\n") == ProxyHeader(length=len(header), client="203.0.113.7")
    with open_door(proxy_protocol=True) as door:
        client = door.client(hello=None)
        client.send(header[:9])
        time.sleep(0.02)
        client.send(header[9:] + b"EHLO x\r\nQUIT\r\n")
        assert [client.reply()[0] for _ in range(3)] == [220, 250, 221]


@pytest.mark.parametrize(
    "start",
    [
        b"EHLO x\r\n",
        b"proxy TCP4 203.0.113.7 192.0.2.1 51234 25\r\n",
        b"PROXY TCP4 203.0.113.7 192.0.2.1 51234\r\n",
        b"PROXY TCP4 2001:db8::7 2001:db8::1 1 25\r\n",
        b"PROXY TCP4 203.0.113.700 192.0.2.1 1 25\r\n",
        b"PROXY TCP4 203.0.113.7 192.0.2.1 65536 25\r\n",
        b"PROXY TCP5 203.0.113.7 192.0.2.1 1 25\r\n",
        b"PROXY TCP4 203.0.113.7 192.0.2.1 1 25\n\r\n",
        b"PROXY " + b"x" * 200,
        SIGNATURE + b"\x11\x11\x00\x0c" + bytes(12),
        SIGNATURE + b"\x22\x11\x00\x0c" + bytes(12),
        SIGNATURE + b"\x21\x11\x00\x04" + bytes(4),
        SIGNATURE + b"\x21\x11\xff\xff",
        b"\r\n\r\n\x00\r\nQUIT\r\n" + bytes(20),
    ],
)
def test_what_is_no_header_is_cut_off_without_a_word(start: bytes):
    """Nothing is answered, nothing behind it is obeyed, and no more than two kilobytes are ever wanted."""
    with pytest.raises(NoProxyHeaderError):
        read_proxy_header(start)
    with open_door(proxy_protocol=True) as door:
        client = door.client(hello=None)
        client.send(start + b"\r\nMAIL FROM:<a@b.example>\r\n")
        assert client.reply() == (0, "")
        assert behind_proxy(door, V1).deliver(MAIL)[0] == 250


def test_a_header_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    """Nobody keeps a place by saying half a header."""
    monkeypatch.setattr(smtp_session, "_PROXY_HEADER_SECONDS", 0.1)
    with open_door(proxy_protocol=True) as door:
        client = door.client(hello=None)
        client.send(b"PROXY TCP4 ")
        assert client.reply() == (0, "")


def test_nobody_but_a_relay_may_come_with_a_header():
    """A stranger who reaches the port past the proxy could call himself anything."""
    with open_door(proxy_protocol=True, trusted_relays=("127.0.0.2",)) as door:
        client = door.client(hello=None, source="127.0.0.3")
        assert client.reply() == (0, "")


def test_the_limits_are_those_of_the_client_behind_the_proxy():
    """The cap for one peer counts the client: another behind the same proxy gets in, and a place is given back."""
    with open_door(proxy_protocol=True, limits=Limits(per_peer=2)) as door:
        first = behind_proxy(door, V1)
        behind_proxy(door, V1)
        third = door.client(hello=None)
        third.send(V1)
        assert third.reply() == (421, "4.7.0 Too many connections from your address")
        behind_proxy(door, V1.replace(b"113.7", b"113.8"))
        first.ask(b"QUIT")
        first.close()
        wait_for(lambda: place_for(door, V1), "the place that was given back")


def test_a_client_that_is_not_known_is_no_single_peer():
    """A relay that does not know its clients is not held to one peer's share, but they are strangers."""
    with open_door(proxy_protocol=True, limits=Limits(per_peer=1, strangers=3)) as door:
        clients = [behind_proxy(door, b"PROXY UNKNOWN\r\n") for _ in range(4)]
        assert clients[0].reply()[0] == 421
        assert clients[3].ask(b"NOOP")[0] == 250


def test_xclient_is_offered_to_relays_alone():
    """Anybody else does not see it, and is refused."""
    with open_door(trusted_relays=("127.0.0.2",)) as door:
        relay, stranger = door.client(source="127.0.0.2"), door.client()
        assert "\nXCLIENT NAME ADDR PORT PROTO HELO DESTADDR DESTPORT" in relay.ask(b"EHLO x")[1]
        assert "XCLIENT" not in stranger.ask(b"EHLO x")[1]
        assert stranger.ask(b"XCLIENT ADDR=127.0.0.2") == (550, "5.7.0 You may not speak for others")
        assert stranger.deliver(MAIL)[0] == 250
        assert door.ledger.rows[0].envelope.trusted is False


@pytest.mark.parametrize(
    ("attributes", "peer", "trusted"),
    [
        (b"ADDR=203.0.113.7 NAME=mx.example PORT=4711 PROTO=ESMTP HELO=x DESTADDR=192.0.2.1 DESTPORT=25", None, False),
        (b"addr=203.0.113.7", None, False),
        (b"ADDR=IPV6:2001:db8::7", "2001:db8::7", False),
        (b"ADDR=2001:db8::7", "2001:db8::7", False),
        (b"ADDR=[UNAVAILABLE] NAME=[TEMPUNAVAIL]", "", False),
        (b"ADDR=127.0.0.2", "127.0.0.2", True),
        (b"NAME=spike.porcupine.org", "127.0.0.2", True),
        (b"HELO=a+2Db+20c", "127.0.0.2", True),
    ],
)
def test_the_session_begins_again_as_that_client(attributes: bytes, peer: str | None, trusted: bool):
    """After XCLIENT there is a banner, hello is needed again, and the mail is that client's (Postfix's XCLIENT)."""
    with open_door(trusted_relays=("127.0.0.2",)) as door:
        client = door.client(source="127.0.0.2")
        assert client.ask(b"XCLIENT " + attributes) == (220, "desk.example ESMTP")
        assert client.ask(b"MAIL FROM:<a@b.example>")[0] == 503
        client.ask(b"EHLO x")
        assert client.deliver(MAIL)[0] == 250
        (row,) = door.ledger.rows
        assert (row.envelope.peer, row.envelope.trusted) == ("203.0.113.7" if peer is None else peer, trusted)


@pytest.mark.parametrize(
    "attributes",
    [
        b"",
        b"ADDR",
        b"ADDR=nonsense",
        b"ADDR=203.0.113.7 ADDR=203.0.113.8",
        b"COLOUR=red",
        b"NAME=a+0D+0Ab",
        b"NAME=a+2",
        b"NAME=a=b",
        b"NAME=" + b"x" * 300,
        b"NAME=\xff",
        b"NAME=+FF",
    ],
)
def test_a_broken_xclient_changes_nothing(attributes: bytes):
    """501, and the session is still the relay's own."""
    with open_door() as door:
        client = door.client()
        assert client.ask(b"XCLIENT " + attributes)[0] == 501
        assert client.deliver(MAIL)[0] == 250
        assert door.ledger.rows[0].envelope.trusted is True


def test_a_relay_brings_one_client_after_another():
    """A line that is used again speaks for the next client; within a mail it cannot."""
    with open_door() as door:
        client = door.client()
        for number in (7, 8):
            assert client.ask(b"XCLIENT ADDR=203.0.113.%d" % number)[0] == 220
            client.ask(b"EHLO x")
            assert client.deliver(MAIL)[0] == 250
        client.ask(b"MAIL FROM:<a@b.example>")
        assert client.ask(b"XCLIENT ADDR=203.0.113.9")[0] == 503
        assert [row.envelope.peer for row in door.ledger.rows] == ["203.0.113.7", "203.0.113.8"]


def test_the_limits_are_those_of_the_client_that_xclient_names():
    """One client has its share through all relays together; the relay's next line for another is welcome."""
    with open_door(limits=Limits(per_peer=1)) as door:
        assert door.client().ask(b"XCLIENT ADDR=203.0.113.7")[0] == 220
        second = door.client()
        assert second.ask(b"XCLIENT ADDR=203.0.113.7")[0] == 421
        assert second.reply() == (0, "")
        assert door.client().ask(b"XCLIENT ADDR=203.0.113.8")[0] == 220


@pytest.mark.parametrize(("counts", "login"), [(False, None), (True, "anna")])
def test_a_login_that_a_relay_reports_counts_only_where_that_is_set(counts: bool, login: str | None):
    """By default any program on this machine could call itself an agent."""
    with open_door(xclient_login=counts) as door:
        client = door.client()
        assert ("LOGIN" in client.ask(b"EHLO x")[1]) is counts
        assert client.ask(b"XCLIENT ADDR=203.0.113.7 LOGIN=anna")[0] == 220
        client.ask(b"EHLO x")
        assert client.deliver(MAIL)[0] == 250
        assert client.ask(b"XCLIENT ADDR=203.0.113.8 LOGIN=[UNAVAILABLE]")[0] == 220
        client.ask(b"EHLO x")
        assert client.deliver(MAIL)[0] == 250
        assert [row.envelope.login for row in door.ledger.rows] == [login, None]


def test_a_login_made_here_ends_with_xclient():
    """Whoever was logged in on the line was another than the next client."""
    with open_door(users=FakeUsers()) as door:
        client = door.client()
        assert client.ask(b"AUTH PLAIN " + b64encode(b"\0anna\0tea"))[0] == 235
        assert client.ask(b"XCLIENT ADDR=203.0.113.7")[0] == 220
        assert "AUTH" not in client.ask(b"EHLO x")[1]
        assert client.deliver(MAIL)[0] == 250
        assert door.ledger.rows[0].envelope.login is None


def test_no_password_in_clear_comes_through_a_proxy_of_this_machine():
    """The line to the proxy does not leave the machine, but the client's line to the proxy did."""
    with open_door(users=FakeUsers(), proxy_protocol=True) as door:
        client = behind_proxy(door, V1)
        assert client.ask(b"AUTH PLAIN " + b64encode(b"\0anna\0tea")) == (538, "5.7.11 Encryption required")


def test_xclient_values_are_escaped():
    """The escapes of xtext (RFC 3461, 4) are taken off the login."""
    assert parse_xclient(b"LOGIN=a+2Bb+40c.example").login == "a+b@c.example"
    assert parse_xclient(b"LOGIN=+D0+B1").login == "б"


def swaks(door: Door, *options: str) -> str:
    """What swaks saw."""
    command = [need("swaks"), "--server", f"127.0.0.1:{door.port}", "--from", "a@b.example", "--to", SUPPORT, *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_swaks_speaks_for_others_by_xclient():
    """Another author's idea of XCLIENT agrees with ours, several commands in a session too."""
    with open_door() as door:
        said = swaks(door, "--xclient-name", "mx.example", "--xclient-addr", "203.0.113.7", "--xclient-delim")
        assert "<-  220 desk.example ESMTP" in said
        swaks(
            door, "--xclient-helo", "strange name", "--xclient-delim", "--xclient-addr", "IPV6:2001:db8::7",
            "--xclient-port", "4711", "--xclient-proto", "ESMTP", "--xclient-destaddr", "192.0.2.1",
        )  # fmt: skip
        assert [row.envelope.peer for row in door.ledger.rows] == ["203.0.113.7", "2001:db8::7"]


@pytest.mark.parametrize(
    ("version", "family", "peer", "target"),
    [
        ("1", "TCP4", "203.0.113.7", "192.0.2.1"),
        ("1", "TCP6", "2001:db8::7", "2001:db8::1"),
        ("2", "AF_INET", "203.0.113.7", "192.0.2.1"),
        ("2", "AF_INET6", "2001:db8::7", "2001:db8::1"),
    ],
)
def test_swaks_comes_as_a_proxy(version: str, family: str, peer: str, target: str):
    """Another author's headers of the PROXY protocol are read."""
    with open_door(proxy_protocol=True) as door:
        client = ("--proxy-source", peer, "--proxy-source-port", "4711")
        server = ("--proxy-dest", target, "--proxy-dest-port", "25")
        swaks(door, "--proxy-version", version, "--proxy-family", family, *client, *server)
        assert [row.envelope.peer for row in door.ledger.rows] == [peer]
