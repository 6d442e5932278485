"""A relay that misbehaves at random, from a seed: what it took is what arrived, whatever it answered.

4xx, 5xx    the reply to the final dot
rcpt4       451 to a recipient
drop        takes the mail and hangs up without a word: it has arrived, and nobody knows
deadrop     hangs up before the dot
slow        waits three seconds before it answers
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread

_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^>]*>)", re.IGNORECASE | re.MULTILINE)
_BARE = re.compile(rb"(?<!\r)\n|\r(?!\n)")


@dataclass(frozen=True)
class Arrived:
    """One mail that came through to its final dot and was not refused."""

    message_id: str
    digest: str
    recipients: tuple[str, ...]
    clean: bool
    """Whether all its lines end in CRLF."""


@dataclass
class FaultyRelay:
    """The running relay. `faults` may be changed while it runs; `down` answers 421 to whoever connects."""

    faults: Mapping[str, float] = field(default_factory=dict)
    seed: int = 1
    down: bool = False
    port: int = 0
    connections: int = 0
    arrived: list[Arrived] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    """Message-IDs that were answered 5xx."""

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    def _hit(self, fault: str) -> bool:
        return self._chance.random() < self.faults.get(fault, 0.0)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            writer.write(b"421 4.3.2 down\r\n" if self.down else b"220 relay.example\r\n")
            await writer.drain()
            recipients: list[str] = []
            while not self.down and await self._command(reader, writer, recipients):
                await writer.drain()
        writer.close()

    async def _command(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, recipients: list[str]) -> bool:
        """One command and its answer; whether the conversation goes on."""
        line = await reader.readuntil(b"\r\n")
        verb = line[:4].upper()
        if verb == b"EHLO":
            writer.write(b"250-relay.example\r\n250-SIZE 50000000\r\n250 8BITMIME\r\n")
        elif verb == b"MAIL":
            recipients.clear()
            writer.write(b"250 ok\r\n")
        elif verb == b"RCPT":
            if self._hit("rcpt4"):
                writer.write(b"451 4.2.1 later\r\n")
            else:
                recipients.append(line.decode().partition("<")[2].partition(">")[0])
                writer.write(b"250 ok\r\n")
        elif verb == b"DATA":
            return await self._data(reader, writer, tuple(recipients))
        else:
            writer.write(b"250 ok\r\n")
        return verb != b"QUIT"

    async def _data(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, recipients: tuple[str, ...]
    ) -> bool:
        writer.write(b"354 go\r\n")
        if self._hit("deadrop"):
            return False
        raw = (await reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n..", b"\r\n.")
        found = _MESSAGE_ID.search(raw)
        assert found is not None
        name = found[1].decode()
        if self._hit("slow"):
            await asyncio.sleep(3)
        if self._hit("5xx"):
            self.refused.add(name)
            writer.write(b"550 5.7.1 no\r\n")
            return True
        if self._hit("4xx"):
            writer.write(b"451 4.3.0 later\r\n")
            return True
        digest = hashlib.sha256(raw).hexdigest()
        self.arrived.append(Arrived(name, digest, recipients, clean=_BARE.search(raw) is None))
        if self._hit("drop"):
            return False
        writer.write(b"250 2.0.0 taken\r\n")
        return True


@contextmanager
def faulty_relay(seed: int = 1, **faults: float) -> Iterator[FaultyRelay]:
    """A relay on a free port of 127.0.0.1, with the given chance of each fault; 4xx and 5xx as `_4xx` and `_5xx`."""
    relay = FaultyRelay({name.removeprefix("_"): chance for name, chance in faults.items()}, seed)
    loop, ready, over = asyncio.new_event_loop(), Event(), asyncio.Event()

    async def live() -> None:
        server = await asyncio.start_server(relay.serve, "127.0.0.1", 0, limit=2**24)
        relay.port = server.sockets[0].getsockname()[1]
        ready.set()
        await over.wait()
        server.close()

    thread = Thread(target=lambda: loop.run_until_complete(live()), daemon=True)
    thread.start()
    assert ready.wait(5)
    try:
        yield relay
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(5)
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
