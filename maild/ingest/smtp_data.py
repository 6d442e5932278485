"""The mail as it comes after DATA: taken block by block, in bounded memory, ended by CRLF.CRLF alone.

Only bytes are dealt with here; what is answered is the session's business.
"""

from __future__ import annotations

import tempfile
from enum import Enum
from typing import BinaryIO

_END = b"\r\n.\r\n"
_KEEP = len(_END) - 1
IN_MEMORY = 1_000_000
"""Bytes of a mail that are held in memory while it comes in; the rest waits in a temporary file."""
_DRAIN_AT_LEAST = 1_000_000


class State(Enum):
    """What can be said about a mail while it comes in."""

    FITS = "fits"
    TOO_LARGE = "too large"  # read on, but not kept: the client listens only at the end
    ENDLESS = "endless"  # twice the limit and no end in sight: the client will not listen
    NO_ROOM = "no room"  # the temporary file cannot grow


class Body:
    """One mail on its way in. `received` counts the bytes of the wire, for the rate."""

    def __init__(self, max_size: int, spool_dir: str | None = None) -> None:
        self._max_size, self._spool_dir = max_size, spool_dir
        # The line end of DATA itself stands before the first line, so that a mail of nothing but a dot ends too.
        self._buffer = bytearray(b"\r\n")
        self._spool: BinaryIO | None = None
        self._taken = 0
        self.received = 0
        self.state = State.FITS

    def feed(self, data: bytes) -> bytes | None:
        """Take a block; None while more is to come, else what followed the end of the mail."""
        self.received += len(data)
        start = max(0, len(self._buffer) - _KEEP)
        self._buffer += data
        end = self._buffer.find(_END, start)
        if end < 0:
            self._make_room()
            return None
        rest = bytes(self._buffer[end + len(_END) :])
        del self._buffer[end + 2 :]
        self._judge()
        return rest

    def take(self) -> bytes:
        """The mail as it was meant, its transparency dots removed (RFC 5321, 4.5.2); empties this body.

        May read a file: for mails over `IN_MEMORY` call it in a worker. Raises OSError.
        """
        if self._spool is None:
            raw = bytes(memoryview(self._buffer)[2:])
        else:
            self._spool.write(self._buffer)
            self._spool.seek(2)
            raw = self._spool.read()
        self.close()
        # A big mail is copied only where it must be: a few of them at once fill the memory.
        if raw.startswith(b"."):
            raw = raw[1:]
        return raw.replace(b"\r\n.", b"\r\n") if b"\r\n." in raw else raw

    def close(self) -> None:
        """Forget what came in."""
        self._buffer.clear()
        if self._spool is not None:
            self._spool.close()
            self._spool = None

    @property
    def in_memory(self) -> bool:
        """True when taking it touches no file."""
        return self._spool is None

    def _judge(self) -> None:
        # Transparency dots do not count (RFC 1870, 5): a little over is judged again once they are gone.
        size = self._taken + len(self._buffer)
        if self.state is State.FITS and size > self._max_size + self._max_size // 8 + 1024:
            self.state = State.TOO_LARGE
        if self.state is not State.FITS and size > 2 * self._max_size + _DRAIN_AT_LEAST:
            self.state = State.ENDLESS

    def _make_room(self) -> None:
        """Keep little in memory: the last bytes may be the beginning of the end, the others can go."""
        self._judge()
        if self.state is State.FITS:
            if len(self._buffer) <= IN_MEMORY:
                return
            self._write_out()
        if self.state is not State.FITS and self._spool is not None:
            self._spool.close()
            self._spool = None
        if len(self._buffer) > _KEEP:
            self._taken += len(self._buffer) - _KEEP
            del self._buffer[:-_KEEP]

    def _write_out(self) -> None:
        try:
            if self._spool is None:
                self._spool = tempfile.TemporaryFile(dir=self._spool_dir)  # noqa: SIM115 - closed by close()
            self._spool.write(bytes(self._buffer[:-_KEEP]))
        except OSError:
            self.state = State.NO_ROOM
