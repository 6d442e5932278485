"""The content of a mail on the wire: where it ends, what is taken off it, how much of it is borne."""

from __future__ import annotations

import resource
import time
import tracemalloc

import pytest
from wire.smtp_door import Door, open_door

from maild.ingest import smtp_data
from maild.ingest.smtp_data import Body, State

HEAD = b"From: anna@customer.example\r\nMessage-ID: <1@customer.example>\r\n\r\n"
INNER = (
    b"MAIL FROM:<boss@desk.example>\r\nRCPT TO:<support@desk.example>\r\nDATA\r\n"
    b"From: boss@desk.example\r\nSubject: smuggled\r\n\r\npay\r\n.\r\n"
)


@pytest.fixture
def door():
    """A listener as it is shipped."""
    with open_door() as door:
        yield door


@pytest.mark.parametrize(
    "end",
    [
        b"\n.\n",
        b"\n.\r\n",
        b"\r\n.\n",
        b"\r.\r",
        b"\r.\r\n",
        b"\r\n.\r",
        b"\n.\r",
        b"\r.\n",
        b"\r\n\x00.\r\n",
        b"\r\n.\x00\r\n",
        b"\r\n.\r\r\n",
        b"\r\r\n.\r\r\n",
        b"\r\n. \r\n",
        b"\x0c.\x0c",
        b"\xc2\x85.\xc2\x85",
        b"\r\n.\r\r",
        b"\n\n.\n\n",
    ],
)
@pytest.mark.fault("F1")
def test_only_a_dot_between_two_proper_line_ends_ends_a_mail(door: Door, end: bytes):
    """What another server may take for the end is content here: the mail hidden behind it stays content too."""
    client = door.client()
    client.begin()
    client.send(HEAD + b"outer" + end + INNER + b"QUIT\r\n")
    assert [client.reply()[0] for _ in range(3)] == [250, 221, 0]
    (row,) = door.ledger.rows
    assert b"smuggled" in row.raw
    assert row.envelope.sender == "anna@customer.example"


@pytest.mark.fault("F1")
def test_the_end_is_found_wherever_the_segments_are_cut():
    """A mail with dots, fed in two pieces cut at every place and byte by byte, comes out the same."""
    content = HEAD + b"..\r\n.x\r\n...\r\n\n.\r\n\r.\r\n"
    wire = content.replace(b"\r\n.", b"\r\n..") + b".\r\nQUIT\r\n"
    for cut in range(1, len(wire) - 7):
        body = Body(10_000)
        rest = body.feed(wire[:cut])
        assert rest is None
        rest = body.feed(wire[cut:])
        assert (body.take(), rest) == (content, b"QUIT\r\n")
    body = Body(10_000)
    rests = [body.feed(wire[at : at + 1]) for at in range(len(wire) - 6)]
    assert rests == [None] * (len(rests) - 1) + [b""]
    assert body.take() == content


def test_a_dot_in_front_of_a_line_is_taken_off_whatever_follows():
    """The receiver deletes one dot (RFC 5321, 4.5.2), though a careless client has not doubled it; first line too."""
    for wire, content in ((b"..\r\n.x\r\n..y\r\n", b".\r\nx\r\n.y\r\n"), (b"a\r\n...\r\n", b"a\r\n..\r\n")):
        body = Body(1000)
        assert body.feed(wire + b".\r\n") == b""
        assert body.take() == content


def test_a_mail_of_nothing_is_a_mail(door: Door):
    """A dot at once behind DATA ends an empty mail (RFC 5321, 4.1.1.4)."""
    client = door.client()
    client.begin()
    assert client.ask(b".")[0] == 250
    assert door.ledger.rows[0].raw == b""


def test_lines_of_any_length_and_all_bytes_come_through(door: Door):
    """A line of 300 kB, NUL, 8-bit and bare line ends are kept byte for byte."""
    content = HEAD + b"x" * 300_000 + b"\r\n" + bytes(range(256)) + b"\n\r" + b"\r\n"
    assert door.client().deliver(content)[0] == 250
    assert door.ledger.rows[0].raw == content


def test_a_big_mail_waits_on_the_disk_and_comes_out_whole(door: Door):
    """Above a megabyte a mail is put aside while it comes in; nothing of it is changed by that."""
    line = b".%06d" + b" of a long mail, with a dot in front\r\n"
    content = HEAD + b"".join(line % n for n in range(70_000))
    client = door.client()
    assert client.begin()[0] == 354
    client.send(content.replace(b"\r\n.", b"\r\n..") + b".\r\n")
    assert client.reply()[0] == 250
    assert len(content) > 2 * smtp_data.IN_MEMORY
    assert door.ledger.rows[0].raw == content


@pytest.mark.parametrize("size", [b"2001", b"99999999999999999999"])
@pytest.mark.fault("G-8")
def test_an_announced_size_above_the_limit_is_refused_at_once(size: bytes):
    """SIZE= in MAIL spares both sides the transfer (RFC 1870)."""
    with open_door(max_size=2000) as door:
        assert door.client().ask(b"MAIL FROM:<a@b.example> SIZE=" + size) == (552, "5.3.4 Message too big")
        assert door.client().ask(b"MAIL FROM:<a@b.example> SIZE=2000")[0] == 250


@pytest.mark.fault("F8")
def test_a_mail_above_the_limit_is_refused_at_its_end_and_the_session_goes_on():
    """Whoever lies about the size hears 552 after the dot; the limit itself still fits, its dots not counted."""
    with open_door(max_size=20_000) as door:
        client = door.client()
        client.ask(b"MAIL FROM:<a@b.example> SIZE=10")
        client.ask(b"RCPT TO:<support@desk.example>")
        client.ask(b"DATA")
        assert client.ask(HEAD + b"x" * 30_000 + b"\r\n.") == (552, "5.3.4 Message too big")
        assert client.deliver(HEAD + b"x" * (20_001 - len(HEAD) - 2) + b"\r\n") == (552, "5.3.4 Message too big")
        exact = HEAD + b".\r\n" * 2000
        exact += b"x" * (20_000 - len(exact) - 2) + b"\r\n"
        client.begin()
        assert client.ask(exact.replace(b"\r\n.", b"\r\n..") + b".")[0] == 250
        assert [len(row.raw) for row in door.ledger.rows] == [20_000]


@pytest.mark.fault("F8")
def test_an_endless_line_is_cut_with_a_last_word():
    """Past twice the limit the client will not come to an end: it reads 552 and the line is shut."""
    with open_door(max_size=100_000) as door:
        client = door.client()
        client.begin()
        until = time.monotonic() + 10
        with pytest.raises(OSError):  # noqa: PT011, PT012 - broken pipe or reset; a pipe takes a while to be full
            while time.monotonic() < until:
                client.send(b"x" * 65_536)
        assert not door.ledger.rows
        assert door.client().deliver(HEAD)[0] == 250


def test_the_last_word_of_an_endless_mail_can_be_read():
    """The 552 is not wiped out by what the client was still sending."""
    with open_door(max_size=100_000) as door:
        client = door.client()
        client.begin()
        client.send(b"x" * 1_300_000)
        for _ in range(2):
            time.sleep(0.05)
            client.send(b"x" * 1000)
        time.sleep(0.05)
        assert client.reply() == (552, "5.3.4 Message too big")
        assert client.reply() == (0, "")


@pytest.mark.parametrize("block", [b"x" * 100_000, b"a\r\n" * 33_333])
@pytest.mark.fault("F8")
def test_memory_is_bounded_whatever_the_lines_look_like(block: bytes):
    """60 MB in one line, or in lines of one byte, never take more than a few megabytes while they come in."""
    body = Body(50_000_000)
    tracemalloc.start()
    try:
        for _ in range(600):
            body.feed(block)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    body.close()
    assert body.state is State.TOO_LARGE
    assert peak < 5_000_000


def test_a_disk_without_room_is_temporary(tmp_path):
    """When the temporary file cannot be made the answer is 452, after the end, and nothing is kept of the mail."""
    with open_door(spool_dir=str(tmp_path / "missing")) as door:
        client = door.client()
        big = HEAD + b"x" * 1_500_000 + b"\r\n"
        assert client.deliver(big) == (452, "4.3.1 Insufficient system storage, try again later")
        assert client.deliver(HEAD)[0] == 250
        assert len(door.ledger.rows) == 1


def test_open_files_are_allowed_for_all_connections():
    """Starting a listener raises the soft limit of open files, so that its own limit is the one that is met."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    low = 1024
    resource.setrlimit(resource.RLIMIT_NOFILE, (low, hard))
    try:
        with open_door():
            assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(hard, 2256)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
