"""A server that says what a test tells it, byte for byte, over any protocol that is spoken in lines."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Talk = Callable[["Talker"], None]


class Talker:
    """One client, and what it says."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.lines = sock.makefile("rb")
        self.heard: list[bytes] = []

    def say(self, *texts: bytes) -> None:
        """Send this."""
        self.sock.sendall(b"".join(texts))

    def hear(self) -> bytes:
        """The client's next line; empty at its end."""
        line = self.lines.readline()
        self.heard.append(line)
        return line.rstrip(b"\r\n")

    def answer(self, *texts: bytes) -> bytes:
        """Hear a line, and say this to it."""
        line = self.hear()
        self.say(*texts)
        return line

    def flood(self, text: bytes) -> None:
        """Say the same until the client hangs up."""
        with suppress(OSError):
            while True:
                self.say(text * (1 + 65536 // len(text)))

    def drip(self, text: bytes = b"x", pause: float = 0.05) -> None:
        """Say a little, now and then, until the client hangs up."""
        with suppress(OSError):
            while True:
                self.say(text)
                time.sleep(pause)


@contextmanager
def talking(*talks: Talk) -> Iterator[tuple[int, list[Talker]]]:
    """A port where each client gets the next of these, the last one again and again; and who has been there."""
    listener = socket.create_server(("127.0.0.1", 0))
    talkers: list[Talker] = []

    def serve(number: int, talker: Talker) -> None:
        with suppress(OSError), talker.sock:
            talks[min(number, len(talks) - 1)](talker)
            talker.sock.shutdown(socket.SHUT_RDWR)

    def accept() -> None:
        with suppress(OSError):
            while True:
                talker = Talker(listener.accept()[0])
                talkers.append(talker)
                threading.Thread(target=serve, args=(len(talkers) - 1, talker), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1], talkers
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for talker in talkers:
            with suppress(OSError):
                talker.sock.shutdown(socket.SHUT_RDWR)
