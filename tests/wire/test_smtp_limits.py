"""How much one client may ask for, and that others get in meanwhile."""

from __future__ import annotations

import socket
from contextlib import suppress
from datetime import timedelta

import pytest
from daemon import wait_for
from wire.smtp_door import Door, open_door

from maild.errors import DataError, Unavailable
from maild.ingest.smtp_gate import Limits

MAIL = b"Subject: x\r\n\r\nx\r\n"
LONG = timedelta(days=1)


def say_hello(door: Door) -> int:
    """The code of the first reply to a new connection."""
    return door.client(hello=None).reply()[0]


def test_a_stranger_has_so_many_connections_and_a_relay_has_more():
    """The cap for one peer answers 421 at once, holds for each address alone, and not for a trusted relay."""
    with open_door(limits=Limits(per_peer=3), trusted_relays=("127.0.0.2",)) as door:
        assert [door.client(hello=None).reply()[0] for _ in range(4)] == [220, 220, 220, 421]
        assert door.client(hello=None, source="127.0.0.3").reply()[0] == 220
        assert [door.client(hello=None, source="127.0.0.2").reply()[0] for _ in range(5)] == [220] * 5
        door.clients[0].close()
        wait_for(lambda: say_hello(door) == 220, "the place that was given back")


@pytest.mark.fault("F7")
def test_when_all_places_are_taken_the_one_that_idled_longest_goes():
    """A new client gets in at the cost of the one that has been silent longest before MAIL."""
    with open_door(limits=Limits(connections=3)) as door:
        busy = door.client()
        busy.ask(b"MAIL FROM:<a@b.example>")
        idle = door.client()
        talking = door.client()
        talking.ask(b"NOOP")
        assert door.client().deliver(MAIL)[0] == 250
        assert idle.reply() == (421, "4.3.2 Others are waiting, try again later")
        assert talking.ask(b"NOOP")[0] == 250
        assert busy.ask(b"RCPT TO:<support@desk.example>")[0] == 250


def test_strangers_cannot_take_the_places_of_relays():
    """Strangers have a number of places of their own; the new one pushes out a stranger, never a relay."""
    with open_door(limits=Limits(connections=10, strangers=2), trusted_relays=("127.0.0.2",)) as door:
        relay = door.client(source="127.0.0.2")
        first = door.client()
        door.client()
        assert say_hello(door) == 220
        assert first.reply()[0] == 421
        assert relay.ask(b"NOOP")[0] == 250


def test_nobody_in_the_middle_of_a_mail_is_pushed_out():
    """When everybody is busy the new client is told to come again."""
    with open_door(limits=Limits(connections=2)) as door:
        for _ in range(2):
            door.client().ask(b"MAIL FROM:<a@b.example>")
        assert door.client(hello=None).reply() == (421, "4.3.2 Too many connections, try again later")


def test_who_does_not_go_on_with_his_mail_is_pushed_out_when_nobody_is_idle():
    """Sitting behind MAIL, or sending a byte now and then, keeps a place only while nobody else wants it."""
    with open_door(limits=Limits(connections=3)) as door:
        sitting, trickling, honest = door.client(), door.client(), door.client()
        sitting.ask(b"MAIL FROM:<a@b.example>")
        door.later(seconds=1)
        trickling.begin()
        honest.begin()
        honest.send(b"x" * 9000)
        assert say_hello(door) == 421
        trickling.send(b"x")
        door.later(seconds=11)
        assert door.client().ask(b"MAIL FROM:<a@b.example>")[0] == 250
        assert sitting.reply() == (421, "4.3.2 Others are waiting, try again later")
        assert door.client().ask(b"MAIL FROM:<a@b.example>")[0] == 250
        assert trickling.reply()[0] == 421
        assert honest.ask(b"\r\n.")[0] == 250


def test_five_errors_are_enough():
    """The fifth mistake is answered, then the session ends."""
    with open_door() as door:
        client = door.client()
        assert [client.ask(b"NONSENSE")[0] for _ in range(5)] == [500] * 5
        assert client.reply() == (421, "4.7.0 Too many errors, goodbye")
        assert client.reply()[0] == 0


def test_guessing_addresses_ends_a_strangers_session_and_not_a_relays():
    """A relay only passes on what others wrote; a stranger that meets five unknown recipients is guessing."""
    with open_door(trusted_relays=("127.0.0.2",)) as door:
        for source, last in (("127.0.0.1", 421), ("127.0.0.2", 250)):
            client = door.client(source=source)
            client.ask(b"MAIL FROM:<a@b.example>")
            assert [client.ask(b"RCPT TO:<guess%d@desk.example>" % n)[0] for n in range(5)] == [550] * 5
            client.send(b"NOOP\r\n")
            assert client.reply()[0] == last


def test_commands_without_a_mail_run_out():
    """A session has so many commands; each mail that is kept gives them back."""
    with open_door(limits=Limits(commands=10)) as door:
        client = door.client()
        for _ in range(3):
            assert [client.ask(b"NOOP")[0] for _ in range(4)] == [250] * 4
            assert client.deliver(MAIL)[0] == 250
        assert [client.ask(b"NOOP")[0] for _ in range(11)] == [250] * 10 + [421]


@pytest.mark.fault("F6")
def test_a_session_ends_however_busy_it_looks():
    """NOOP after NOOP does not keep a session alive."""
    with open_door() as door:
        client = door.client()
        for _ in range(4):
            assert client.ask(b"NOOP")[0] == 250
            door.later(minutes=3)
        assert client.reply()[0] == 421


@pytest.mark.fault("F6")
def test_a_command_that_never_ends_is_cut_though_bytes_keep_coming():
    """A byte now and then is not a command: the time-out runs until the line is whole."""
    with open_door() as door:
        client = door.client()
        for _ in range(3):
            client.send(b"N")
            door.later(minutes=2)
        assert client.reply() == (421, "4.4.2 Timeout")


def test_a_silent_client_is_cut():
    """Nobody keeps a place by saying nothing."""
    with open_door() as door:
        client = door.client()
        door.later(minutes=5)
        assert client.reply() == (421, "4.4.2 Timeout")


@pytest.mark.fault("F6")
def test_a_slow_mail_may_take_longer_than_any_time_out_but_not_stand_still():
    """While enough comes in each window a mail may take long; when too little comes the line is cut."""
    with open_door() as door:
        client = door.client()
        client.begin()
        client.send(MAIL)
        for _ in range(60):
            client.send(b"x" * 20_000)
            door.later(seconds=20)
        assert client.ask(b"\r\n.")[0] == 250
        client.begin()
        client.send(b"x" * 50_000)
        for _ in range(2):
            door.later(minutes=1)
        assert client.reply() == (421, "4.4.2 Too slow")
        assert len(door.ledger.rows) == 1


def test_the_time_of_a_mail_that_is_refused_does_not_count_either():
    """A session is not over because a mail took long to come in, even if that mail was too big in the end."""
    with open_door(limits=Limits(min_rate=5), max_size=100) as door:
        client = door.client()
        client.begin()
        for _ in range(5):
            client.send(b"x" * 500)
            door.later(minutes=3)
        assert client.ask(b"\r\n.")[0] == 552
        assert client.ask(b"NOOP")[0] == 250


def test_a_slow_commit_is_no_fault_of_the_client():
    """No time-out of the session runs while the client waits for us; afterwards it runs again."""
    with open_door() as door:
        client = door.client()
        client.begin()
        door.ledger.open_gate.clear()
        client.send(MAIL + b".\r\n")
        assert door.ledger.called.wait(10)
        for _ in range(3):
            door.later(minutes=20)
        door.ledger.open_gate.set()
        assert client.reply()[0] == 250
        door.later(minutes=5)
        assert client.reply() == (421, "4.4.2 Timeout")


@pytest.mark.parametrize("line", [b"NOOP " + b"x" * 13_000, b"x" * 200_000])
def test_a_line_that_can_be_no_command_ends_the_session(line: bytes):
    """An endless command is cut in bounded memory, with a reply that can be read."""
    with open_door() as door:
        client = door.client()
        client.send(line + b"\r\n")
        assert client.reply() == (500, "5.5.2 Line too long")
        assert client.reply()[0] == 0


def test_a_client_that_does_not_read_is_not_answered_for_ever():
    """Thousands of pipelined commands whose replies nobody reads stop being read, and the line is cut in time."""
    with open_door(limits=Limits(session=LONG, commands=10_000_000)) as door:
        client = door.client()
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):  # noqa: PT012 - a pipe takes a while to be full
            for _ in range(1000):
                client.send(b"NOOP\r\n" * 10_000)
        with pytest.raises(ConnectionError):  # noqa: PT012 - broken pipe or reset
            for _ in range(100):
                door.later(minutes=5)
                with suppress(TimeoutError):
                    client.send(b"NOOP\r\n")
        assert door.client(hello=None).reply()[0] == 220


def test_a_relay_must_be_an_address_or_a_network():
    """A name in the list of relays would trust whoever it resolves to."""
    with pytest.raises(DataError, match=r"relay\.example"), open_door(trusted_relays=("relay.example",)):
        pass


def test_a_port_in_use_is_told_in_one_sentence():
    """The admin reads host, port and what to do."""
    with open_door() as door:
        with pytest.raises(Unavailable) as caught, open_door(port=door.port):
            pass
        assert str(caught.value) == (
            f"port {door.port} on 127.0.0.1 is in use: stop the other program or set another port under [smtp]"
        )


def test_a_host_that_is_not_ours_is_told_in_one_sentence():
    """An address of another machine cannot be listened on."""
    refusal = pytest.raises(Unavailable, match=r"port 8025 on 192\.0\.2\.1 .*no such address")
    with refusal, open_door(host="192.0.2.1", port=8025):
        pass


def test_an_ipv6_customer_is_one_peer():
    """Whoever has a network of 2^64 addresses has the share of one; his neighbour has his own."""
    hello = b"PROXY TCP6 2001:db8:0:%d::%x 2001:db8::1 1 25\r\n"
    with open_door(limits=Limits(per_peer=2), proxy_protocol=True) as door:
        codes = []
        for network, host in ((1, 1), (1, 2), (1, 3), (2, 1)):
            client = door.client(hello=None)
            client.send(hello % (network, host))
            codes.append(client.reply()[0])
        assert codes == [220, 220, 421, 220]
