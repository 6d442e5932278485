"""A line to a server that breaks: it carries bytes both ways, and hangs up after so many, so many times."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class SlowLine:
    """`cuts` is how often it will still break, `carried` how many bytes came from the server in all."""

    def __init__(self, port: int, cuts: int, after: int) -> None:
        self.cuts, self.carried = cuts, 0
        self._server, self._after = port, after
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])

    def run(self) -> None:
        """One connection after the other, until it is stopped."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                with client, socket.create_connection(("127.0.0.1", self._server)) as server:
                    back = threading.Thread(target=_carry, args=[client, server], daemon=True)
                    back.start()
                    with suppress(OSError):
                        self._forth(server, client)
                    for sock in (client, server):
                        with suppress(OSError):
                            sock.shutdown(socket.SHUT_RDWR)
                    back.join(5)

    def stop(self) -> None:
        """No more connections."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _forth(self, server: socket.socket, client: socket.socket) -> None:
        left = self._after
        while data := server.recv(min(left, 1 << 16) if self.cuts else 1 << 16):
            client.sendall(data)
            self.carried += len(data)
            left -= len(data)
            if self.cuts and left <= 0:
                self.cuts -= 1
                return


def _carry(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)


@contextmanager
def slow_line(port: int, *, cuts: int, after: int) -> Iterator[SlowLine]:
    """A line to this port that lives meanwhile."""
    line = SlowLine(port, cuts, after)
    threading.Thread(target=line.run, daemon=True).start()
    try:
        yield line
    finally:
        line.stop()
