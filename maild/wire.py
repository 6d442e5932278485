"""What every program needs that speaks with another one over a network and does not trust it: reading under a limit of
time, an end for what may trickle, and whether the other side is this very machine.

Which protocol is spoken, and how much may come, is known by those who speak it. A time-out of a socket counts for the
next bytes alone, and begins anew with each of them; the limits here count for the whole.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import IPv6Address, ip_address
from threading import Timer
from time import monotonic

_BLOCK = 1 << 16
_LEAST_RATE = 500
"""Bytes a second, from a side that takes longer than one has patience for (as Postfix asks of clients)."""


class Overlong(OSError):
    """The other side says more than was asked, or takes more time for it than anybody has."""


class Incoming:
    """What comes in over a connection, read block by block; `receive` waits for at most so many bytes."""

    def __init__(self, receive: Callable[[int], bytes]) -> None:
        self._receive = receive
        self.unread = bytearray()
        self.begin(0.0)

    def begin(self, seconds: float) -> None:
        """From now on an answer is waited for, so many seconds and longer as long as it brings bytes enough."""
        self._seconds, self._began, self._heard = seconds, monotonic(), 0

    def line(self, longest: int) -> bytes:
        """A line with its end; what there is of it where the connection ends. Raises Overlong."""
        looked = 0
        while (end := self.unread.find(b"\n", looked)) < 0 and len(self.unread) < longest:
            looked = len(self.unread)
            if not self._fill():
                return self._take(len(self.unread))
        if not 0 <= end < longest:
            raise Overlong(f"a line of more than {longest} bytes")
        return self._take(end + 1)

    def exactly(self, size: int) -> bytes:
        """So many bytes; fewer where the connection ends. Raises Overlong."""
        while len(self.unread) < size and self._fill():
            pass
        return self._take(min(size, len(self.unread)))

    def _fill(self) -> bool:
        """Wait for the next bytes; False at the end of the connection."""
        block = self._receive(_BLOCK)
        self.unread += block
        self._heard += len(block)
        took = monotonic() - self._began
        if took > self._seconds + self._heard / _LEAST_RATE:
            raise Overlong(f"the answer is not complete after {took:.0f} s, in which {self._heard} bytes came")
        return bool(block)

    def _take(self, size: int) -> bytes:
        taken = bytes(self.unread[:size])
        del self.unread[:size]
        return taken


@contextmanager
def ended_at(line: Callable[[], socket.socket | None], deadline: float) -> Iterator[None]:
    """Cuts a connection at a monotonic time, whoever waits for what on it; `line` is asked for it then."""

    def cut() -> None:
        sock = line()
        if sock is not None:
            with suppress(OSError):
                # Not the method of the TLS socket, which would take its state away from who reads it just now.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    timer = Timer(max(0.0, deadline - monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def is_loopback(host: str) -> bool:
    """Whether a host is this very machine by its written form, so that nobody can listen; no name is looked up."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host.lower() == "localhost"
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback
