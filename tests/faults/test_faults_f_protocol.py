"""F: ten thousand slow clients, an endless line; the dialogue itself is tried in tests/wire."""

from __future__ import annotations

import resource
import selectors
import smtplib
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from clients import write_mail
from daemon import HOST, SUPPORT, Daemon, running_desk

Figure = Callable[[str], None]
IVAN = "ivan@customer.example"


def memory(desk: Daemon) -> float:
    """Resident memory in MB."""
    assert desk.process is not None
    text = Path(f"/proc/{desk.process.pid}/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0]) / 1024


@contextmanager
def silent(port: int, count: int, peers: int) -> Iterator[list[socket.socket]]:
    """So many connections from so many loopback addresses, none of which says a word."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    lines: list[socket.socket] = []
    try:
        for number in range(count):
            peer = number % peers
            line = socket.socket()
            line.settimeout(20)
            line.bind((f"127.1.{peer // 250}.{1 + peer % 250}" if peers > 1 else HOST, 0))
            with suppress(OSError):
                line.connect((HOST, port))
            lines.append(line)
        yield lines
    finally:
        for line in lines:
            line.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def good_clients(desk: Daemon, tries: int, mark: str) -> list[float]:
    """How long whoever behaves needs for a mail: seconds from connecting to the 250."""
    took = []
    for number in range(tries):
        raw = write_mail("Help", sender=IVAN, message_id=f"<{mark}.{number}@customer.example>")
        began = time.monotonic()
        with smtplib.SMTP(HOST, desk.port, local_hostname="client.example", timeout=10) as client:
            client.sendmail(IVAN, [SUPPORT], raw)
        took.append(time.monotonic() - began)
    return sorted(took)


@pytest.mark.long
@pytest.mark.fault("F7")
@pytest.mark.parametrize("peers", [1, 400])
def test_f7_silent_connections_by_the_thousand_keep_nobody_out(tmp_path: Path, figure: Figure, peers: int) -> None:
    """From one address that is a relay's, and from hundreds of strangers': good clients get in, memory is bounded."""
    count = 10_000
    with running_desk(tmp_path / "d") as desk:
        good_clients(desk, 3, "before")
        idle = memory(desk)
        with silent(desk.port, count, peers):
            time.sleep(1)
            took = good_clients(desk, 20, "meanwhile")
            loaded = memory(desk)
        assert len(took) == 20
        assert took[10] < 2
        assert loaded < 300
    where = "one relay" if peers == 1 else f"{peers} strangers"
    figure(
        f"{count} silent connections of {where}: 20 of 20 good clients served, median {took[10] * 1000:.0f} ms, "
        f"memory {idle:.0f} to {loaded:.0f} MB"
    )


def pour(port: int, block: bytes, total: int) -> tuple[bytes, int]:
    """Send a mail without an end until we are cut off or all is sent; what was said last, and how much was sent."""
    with closing(socket.create_connection((HOST, port), timeout=30)) as line:
        line.recv(1000)
        for word in (
            b"EHLO x.example",
            b"MAIL FROM:<ivan@customer.example>",
            b"RCPT TO:<support@desk.example>",
            b"DATA",
        ):
            line.sendall(word + b"\r\n")
            line.recv(4096)
        sent, said = 0, b""
        with selectors.DefaultSelector() as waiting, suppress(OSError):
            waiting.register(line, selectors.EVENT_READ)
            while sent < total:
                line.sendall(block)
                sent += len(block)
                if waiting.select(0):
                    said += line.recv(4096)
                    break
            line.sendall(b"\r\n.\r\n")
        with suppress(OSError):
            while more := line.recv(4096):
                said += more
        return said, sent


@pytest.mark.long
@pytest.mark.fault("F8")
@pytest.mark.parametrize("block", [b"x" * 65_536, b"a\r\n" * 20_000], ids=["one line", "lines of one byte"])
def test_f8_an_endless_mail_is_cut_and_costs_no_memory(tmp_path: Path, figure: Figure, block: bytes) -> None:
    """552 and the line is shut, long before it has all come; nothing is stored."""
    total = 1_000_000_000
    with running_desk(tmp_path / "d") as desk:
        good_clients(desk, 2, "before")
        idle = memory(desk)
        said, sent = pour(desk.port, block, total)
        grown = memory(desk) - idle
        assert said.startswith(b"552") or not said
        assert sent < 100_000_000
        assert grown < 30
        assert len(good_clients(desk, 2, "after")) == 2
        assert len(desk.cli("inbox")) == 4
    figure(f"cut after {sent / 1e6:.0f} MB of {total / 1e6:.0f}, memory grew by {grown:.0f} MB")
