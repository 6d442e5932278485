"""What taking mail in costs: our listener, each mail committed before its 250, beside aiosmtpd that keeps nothing.

`python benchmarks/intake.py [--mails N] [--rounds N] [--clients N ...] [--beside PORT]`: mails a second and the
server's CPU time a mail, the servers in turns, the median of the rounds, and the ratios. Nothing is done with the mails
that are taken. `--beside` measures one more SMTP server, such as Postfix, that listens here already and takes mail for
support@desk.example.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
RECIPIENT = "support@desk.example"
_TICK = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--mails", type=int, default=1000, help="mails a round")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--clients", type=int, nargs="+", default=[8, 32], help="connections at once")
    options.add_argument("--reuse", action="store_true", help="all mails of a client over one connection")
    options.add_argument("--beside", type=int, metavar="PORT")
    options.add_argument("--serve", choices=sorted(SERVERS), help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.serve:
        asyncio.run(SERVERS[given.serve]())
        return
    mails = make_mails(given.mails)
    size = sum(map(len, mails)) // len(mails)
    print(f"{len(mails)} mails of {size} bytes on average, {given.rounds} rounds, median (and the range)")
    with started("maild") as ours, started("aiosmtpd") as theirs:
        servers = [ours, theirs]
        if given.beside:
            servers.append(Server(name="beside", port=given.beside, process=0))
        for clients in given.clients:
            report(clients, measure(servers, mails, clients, given.rounds, reuse=given.reuse))


# The servers, each in a process of its own


async def serve_maild() -> None:
    """The listener as the daemon builds it, on a fresh database, without a desk behind it."""
    from maild.clock import SystemClock
    from maild.ingest.inbox import Inbox
    from maild.ingest.smtp import Listener
    from maild.store import open_keep

    sys.setswitchinterval(0.0005)
    with tempfile.TemporaryDirectory() as folder:
        keep = open_keep(f"sqlite:///{folder}/maild.db", "benchmark")
        with Inbox(keep.inbox) as inbox:
            listener = Listener(
                host=HOST, port=0, inbox=inbox, clock=SystemClock(), accepts=RECIPIENT.__eq__, hostname="desk.example"
            )
            await listener.start()
            print(listener.port, flush=True)
            await until_told()
        keep.database.close()


async def serve_aiosmtpd() -> None:
    """The same ground with a handler that answers 250 and forgets the mail."""
    from aiosmtpd.smtp import SMTP

    class Forget:
        async def handle_DATA(self, *_: object) -> str:  # noqa: N802 - aiosmtpd calls it so
            return "250 OK"

    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Forget(), hostname="desk.example", loop=loop), HOST, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await until_told()


async def until_told() -> None:
    """Wait for SIGTERM."""
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    await told.wait()


SERVERS: dict[str, Callable[[], Any]] = {"maild": serve_maild, "aiosmtpd": serve_aiosmtpd}


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that listens; `process` is 0 where its CPU time cannot be told."""

    name: str
    port: int
    process: int

    def cpu(self) -> float:
        """Seconds of CPU time so far, of all its workers."""
        if not self.process:
            return 0.0
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK


@contextmanager
def started(name: str) -> Iterator[Server]:
    """One of the servers in a process of its own, until the end."""
    command = [sys.executable, __file__, "--serve", name]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - this very file
    try:
        assert process.stdout is not None
        yield Server(name=name, port=int(process.stdout.readline()), process=process.pid)
    finally:
        process.terminate()
        process.wait(20)


# The client


def make_mails(count: int) -> list[bytes]:
    """Small mails, no two alike, of 1 to 8 kB."""
    return [
        (
            f"From: Customer {number} <c{number}@customer.example>\r\nTo: {RECIPIENT}\r\nSubject: case {number}\r\n"
            f"Message-ID: <{number}.{time.time_ns()}@customer.example>\r\nDate: Mon, 2 Mar 2026 09:00:00 +0000\r\n"
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        ).encode()
        + b"A line of a mail that somebody wrote to the service desk.\r\n" * (15 + number * 37 % 120)
        for number in range(count)
    ]


class Client:
    """One connection. Commands go together where PIPELINING is offered."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((HOST, port), 30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")
        self._reply(b"220")
        self._socket.sendall(b"EHLO client.example\r\n")
        self._pipelines = b"PIPELINING" in self._reply(b"250")

    def _reply(self, code: bytes) -> bytes:
        lines = [self._file.readline()]
        while lines[-1][3:4] == b"-":
            lines.append(self._file.readline())
        if not lines[-1].startswith(code):
            raise SystemExit(f"the server said {lines[-1]!r}")
        return b"".join(lines)

    def deliver(self, raw: bytes) -> None:
        """Hand in a mail, and read the 250 behind its end."""
        commands = [b"MAIL FROM:<anna@customer.example>\r\n", b"RCPT TO:<%s>\r\n" % RECIPIENT.encode(), b"DATA\r\n"]
        if self._pipelines:
            commands = [b"".join(commands)]
        for number, command in enumerate(commands):
            self._socket.sendall(command)
            for code in (b"250", b"250", b"354") if self._pipelines else [(b"250", b"250", b"354")[number]]:
                self._reply(code)
        self._socket.sendall(raw + b".\r\n")
        self._reply(b"250")

    def close(self) -> None:
        """Say goodbye."""
        self._socket.sendall(b"QUIT\r\n")
        self._reply(b"221")
        self._file.close()
        self._socket.close()


def deliver_all(port: int, mails: Sequence[bytes], *, reuse: bool) -> None:
    """All these mails, one after the other."""
    client = Client(port) if reuse else None
    for raw in mails:
        one = client or Client(port)
        one.deliver(raw)
        if not reuse:
            one.close()
    if client is not None:
        client.close()


# The measurement


@dataclass
class Figures:
    """What the rounds of a server came to."""

    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def measure(
    servers: Sequence[Server], mails: Sequence[bytes], clients: int, rounds: int, *, reuse: bool
) -> dict[str, Figures]:
    """Figures of each server, taken in turns; the first round only warms up."""
    found = {server.name: Figures() for server in servers}
    for number in range(rounds + 1):
        for server in servers:
            fresh = [
                b"X-Round: %d.%d\r\n" % (clients, number) + raw.replace(b"<", b"<%d." % number, 1) for raw in mails
            ]
            cpu, began = server.cpu(), time.monotonic()
            workers = [
                threading.Thread(target=deliver_all, args=(server.port, fresh[at::clients]), kwargs={"reuse": reuse})
                for at in range(clients)
            ]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
            if number:
                found[server.name].rates.append(len(mails) / (time.monotonic() - began))
                found[server.name].cpu.append((server.cpu() - cpu) / len(mails) * 1000)
    return found


def report(clients: int, found: dict[str, Figures]) -> None:
    """A line a server, and how ours stands to each of the others."""
    print(f"{clients} connections at once")
    for name, figures in found.items():
        low, middle, high = (pick(figures.rates) for pick in (min, statistics.median, max))
        cpu = f"   CPU {statistics.median(figures.cpu):.2f} ms a mail" if any(figures.cpu) else ""
        print(f"  {name:10} {middle:7.0f} mails/s ({low:.0f} to {high:.0f}){cpu}")
    ours = found["maild"]
    for name, figures in found.items():
        if name != "maild":
            rate = statistics.median(a / b for a, b in zip(ours.rates, figures.rates, strict=True))
            cpu = statistics.median(a / b if b else 0 for a, b in zip(ours.cpu, figures.cpu, strict=True))
            print(f"  maild to {name}: rate {rate:.2f}" + (f", CPU {cpu:.2f}" if cpu else ""))


if __name__ == "__main__":
    main()
