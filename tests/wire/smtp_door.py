"""A listener on a free port with a ledger in memory, and a client that says exactly what a test tells it to say."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from maild.clock import FixedClock
from maild.ingest.inbox import Inbox
from maild.ingest.smtp import Listener
from maild.ingest.smtp_gate import Limits
from maild.messages.envelope import Arrival

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OUR_DOMAIN = "desk.example"
SUPPORT = "support@desk.example"


class FakeLedger:
    """Keeps arrivals in a list; `trouble` is raised instead, `open_gate` cleared holds every commit back."""

    def __init__(self) -> None:
        self.rows: list[Arrival] = []
        self.trouble: Exception | None = None
        self.open_gate = threading.Event()
        self.open_gate.set()
        self.called = threading.Event()

    def add(self, arrivals: Sequence[Arrival]) -> list[int]:
        self.called.set()
        self.open_gate.wait(10)
        if self.trouble is not None:
            raise self.trouble
        self.rows += arrivals
        return list(range(len(self.rows) - len(arrivals) + 1, len(self.rows) + 1))


def is_ours(address: str) -> bool:
    """support@desk.example with any detail, and postmaster."""
    local, _, domain = address.lower().partition("@")
    return (local.partition("+")[0], domain) in {
        ("support", OUR_DOMAIN),
        ("postmaster", OUR_DOMAIN),
        ("postmaster", ""),
    }


@dataclass
class Door:
    """The running listener."""

    listener: Listener
    ledger: FakeLedger
    loop: LeapingLoop
    clients: list[Client] = field(default_factory=list)

    @property
    def port(self) -> int:
        return self.listener.port

    def client(self, *, hello: bytes | None = b"EHLO client.example", source: str = "127.0.0.1") -> Client:
        """A client that has read the banner and, unless told otherwise, said hello."""
        client = Client(self.port, source)
        self.clients.append(client)
        if hello is not None:
            assert client.reply()[0] == 220
            assert client.ask(hello)[0] == 250
        return client

    def later(self, **time: float) -> None:
        """So much time goes by (`minutes=6`), and what was to happen by then happens now: no test waits for it."""

        async def leap() -> None:
            self.loop.ahead += timedelta(**time).total_seconds()
            for _ in range(3):
                await asyncio.sleep(0)  # a round for the loop to see what is due, one for that, one for what follows

        self.run(leap())

    def run(self, work: Awaitable[Any]) -> Any:
        """Do something in the listener's loop, and wait for it."""

        async def do() -> Any:
            return await work

        return asyncio.run_coroutine_threadsafe(do(), self.loop).result(20)


class Client:
    """A raw socket with replies read whole."""

    def __init__(self, port: int, source: str = "127.0.0.1") -> None:
        self.socket: socket.socket = socket.create_connection(("127.0.0.1", port), 20, (source, 0))
        # What is sent is there: Nagle's algorithm would keep a second small piece back for 40 ms.
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def line(self) -> bytes:
        return self.file.readline()

    def reply(self) -> tuple[int, str]:
        """The code and the text of the next reply; (0, "") when the listener has hung up."""
        lines = []
        while True:
            try:
                line = self.line()
            except ConnectionResetError:
                line = b""
            if not line.endswith(b"\r\n"):
                return 0, ""
            lines.append(line[4:-2].decode("ascii"))
            if line[3:4] != b"-":
                return int(line[:3]), "\n".join(lines)

    def ask(self, command: bytes) -> tuple[int, str]:
        self.send(command + b"\r\n")
        return self.reply()

    def begin(self, *, sender: bytes = b"<anna@customer.example>", to: bytes = SUPPORT.encode()) -> tuple[int, str]:
        """MAIL, RCPT and DATA; the reply to DATA."""
        assert self.ask(b"MAIL FROM:" + sender)[0] == 250
        assert self.ask(b"RCPT TO:<" + to + b">")[0] == 250
        return self.ask(b"DATA")

    def deliver(self, content: bytes, **addresses: bytes) -> tuple[int, str]:
        """A whole transaction; the content must end its own last line."""
        assert self.begin(**addresses)[0] == 354
        return self.ask(content + b".")

    def start_tls(self, context: ssl.SSLContext) -> None:
        assert self.ask(b"STARTTLS")[0] == 220
        self.wrap(context)

    def wrap(self, context: ssl.SSLContext) -> None:
        self.socket = context.wrap_socket(self.socket, server_hostname="desk.example")
        self.file = self.socket.makefile("rb")

    def close(self) -> None:
        self.file.close()
        self.socket.close()


class LeapingLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock can be put forward."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


@contextmanager
def running_loop() -> Iterator[LeapingLoop]:
    """An event loop in a worker of its own."""
    loop = LeapingLoop()
    worker = threading.Thread(target=loop.run_forever)
    worker.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        worker.join()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


@contextmanager
def open_door(
    *, inbox: Callable[[FakeLedger], Inbox] = Inbox, limits: Limits | None = None, **options: Any
) -> Iterator[Door]:
    """A listener for desk.example on a free port of this machine."""
    ledger = FakeLedger()
    with inbox(ledger) as box, running_loop() as loop:
        values: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": 0,
            "inbox": box,
            "clock": FixedClock(NOW),
            "accepts": is_ours,
            "knows_domain": lambda domain: domain == OUR_DOMAIN,
            "hostname": "desk.example",
            "limits": limits or Limits(),
            "failed_login_delay": timedelta(0),
        }
        listener = Listener(**{**values, **options})
        door = Door(listener, ledger, loop)
        door.run(listener.start())
        try:
            yield door
        finally:
            ledger.open_gate.set()
            for client in door.clients:
                client.close()
            door.run(listener.stop(timedelta(seconds=2)))
