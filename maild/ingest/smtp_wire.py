"""A connection below its commands: lines in, replies out, mails block by block, time-outs, hanging up.

aiosmtpd's protocol is the ground; what it does in unbounded memory, line by line or with one write per reply is done
here instead. No command is known here.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol, TypeVar, cast

from aiosmtpd.smtp import SMTP

from maild.ingest.smtp_data import Body, State
from maild.ingest.smtp_gate import Gate, Limits, plain_address

LINE_LIMIT = 12_288
"""Bytes of a command or of an answer in AUTH (RFC 4954, 4.e); everything else is shorter."""
_INPUT_HIGH = 65_536
_LINGER = 1.0
"""Seconds in which a client that is still sending may read our last word: closing at once would wipe it out."""


class _Measured(Protocol):
    """Something read from the first bytes of a connection."""

    @property
    def length(self) -> int:
        """How many bytes it was."""
        ...


Header = TypeVar("Header", bound=_Measured)


class LineTooLong(Exception):
    """A line that cannot be a command."""


def make_pattern(loop: asyncio.AbstractEventLoop, hostname: str) -> Mapping[str, Any]:
    """What aiosmtpd's constructor finds out by looking through all methods: the same for every connection, so once."""
    return vars(SMTP(None, hostname=hostname, loop=loop))


class Connection(SMTP):
    """One client. `peer` is its address, `trusted` whether it is one of our own relays; `source` is who opened the
    line, which is another where a relay speaks for its client.
    """

    def __init__(self, pattern: Mapping[str, Any], loop: asyncio.AbstractEventLoop, gate: Gate, limits: Limits) -> None:
        # Instead of SMTP.__init__: see make_pattern. Everything that belongs to one connection is set again here.
        self.__dict__.update(pattern)
        asyncio.StreamReaderProtocol.__init__(
            self, asyncio.StreamReader(loop=loop), client_connected_cb=self._cb_client_connected, loop=loop
        )
        self.peer = self.source = ""
        self.trusted = False
        self.limits = limits
        self._gate = gate
        self._input = bytearray()
        self._replies: list[bytes] = []
        self._body: Body | None = None
        self._body_began = 0.0
        self._waiter: asyncio.Future[None] | None = None
        self._client_due: float | None = loop.time()
        self._session_ends = 0.0
        self._eof = False
        # Not `_paused`: by that name asyncio's own part of this object remembers that it may not write now.
        self._held = False
        self._admitted = False
        self._hung_up = False

    # What the loop tells us

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the client in, or send it away."""
        self.peer = self.source = plain_address(transport.get_extra_info("peername"))
        self.trusted = self.is_trusted(self.peer)
        if not self.may_come(self.peer):
            self._hung_up = True
            cast("asyncio.Transport", transport).abort()
            return
        refusal = self._gate.admit(self)
        if refusal is not None:
            self._hung_up = True
            sender = cast("asyncio.Transport", transport)
            sender.write(refusal.encode("ascii") + b"\r\n")
            sender.close()
            return
        self._admitted = True
        self._session_ends = self.loop.time() + self.limits.session.total_seconds()
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """The client is gone. What is being stored is stored all the same; nobody hears the answer."""
        if self._admitted:
            self._gate.leave(self)
            self._drop_body()
            super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """Bytes of the client: for the mail that is coming in, else commands."""
        if self._hung_up:
            return
        if self._body is not None:
            rest = self._body.feed(data)
            if rest is None:
                if self._body.state is State.ENDLESS:
                    self._wake()
                return
            self._body, data = None, rest
        self._input += data
        if len(self._input) > _INPUT_HIGH and not self._held:
            self._held = True
            self._pipe.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        """The client sends no more; what it has sent is still answered, except under TLS, where that cannot be."""
        self._eof = True
        self._wake()
        return not self._hung_up and not self.under_tls

    def is_trusted(self, peer: str) -> bool:
        """Whether this peer is one of our own relays."""
        raise NotImplementedError

    def may_come(self, peer: str) -> bool:
        """Whether this peer may open a line to us at all."""
        raise NotImplementedError

    def stand_for(self, peer: str) -> None:
        """Go on as this client, whom a relay speaks for: its are the limits and the trust. It may be sent away."""
        self._gate.leave(self)
        self.peer, self.trusted = peer, self.is_trusted(peer)
        refusal = self._gate.admit(self)
        if refusal is not None:
            self.hang_up(refusal)

    async def next_bytes(self, read: Callable[[bytes], Header | None]) -> Header:
        """What stands before the first command, read as soon as it is whole. Raises what `read` raises."""
        while (header := read(bytes(self._input))) is None:
            if self._eof:
                raise ConnectionResetError("gone before a whole header")
            await self._wait()
        del self._input[: header.length]
        self._resume()
        return header

    # Lines and replies

    async def next_line(self) -> bytes | None:
        """The next line without its end; None when the client sends no more. Raises LineTooLong."""
        self._client_due = self.loop.time()
        while (end := self._input.find(b"\n")) < 0:
            if self._eof:
                return None
            if len(self._input) > LINE_LIMIT:
                raise LineTooLong
            # Replies go out when there is nothing left to answer, so a pipelining client gets them in one piece.
            await self.flush()
            await self._wait()
        self._client_due = None
        if end > LINE_LIMIT:
            raise LineTooLong
        line = bytes(self._input[:end])
        del self._input[: end + 1]
        self._resume()
        return line[:-1] if line.endswith(b"\r") else line

    def say(self, reply: str) -> None:
        """Put a reply in line; lines of a longer one stand behind each other with CRLF between them."""
        self._replies.append(reply.encode("ascii", "replace") + b"\r\n")

    async def push(self, status: str | bytes) -> None:
        """Say something at once."""
        self.say(status if isinstance(status, str) else status.decode("ascii", "replace"))
        await self.flush()

    async def flush(self) -> None:
        """Send what is in line, and wait for a client that does not read."""
        if not self._replies or self._hung_up:
            return
        self._pipe.write(b"".join(self._replies))
        self._replies.clear()
        if self._pipe.get_write_buffer_size():
            before = self._client_due
            self._client_due = before or self.loop.time()
            await self._writer.drain()
            self._client_due = before

    async def receive(self, body: Body) -> bool:
        """Take in a mail; False when the client went away or does not come to an end."""
        await self.flush()
        early = bytes(self._input)
        self._input.clear()
        rest = body.feed(early)
        if rest is not None:
            self._input += rest
            return True
        self._body, self._body_began = body, self.loop.time()
        self._resume()
        window = self.limits.rate_window.total_seconds()
        rate_check = self.loop.call_later(window, self._check_rate, body, 0)
        try:
            while self._body is body:
                if self._eof or body.state is State.ENDLESS:
                    return False
                await self._wait()
            return True
        finally:
            self._body = None
            rate_check.cancel()

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Go on under TLS; what the client sent in clear behind its command is forgotten (RFC 3207, 4.2)."""
        await self.push("220 2.0.0 Ready to start TLS")
        self._input.clear()
        self._resume()
        await self._writer.start_tls(context)
        self.transport = self._writer.transport
        self.session = self._create_session()
        self.envelope = self._create_envelope()

    @property
    def under_tls(self) -> bool:
        """True once the line is encrypted."""
        return self.transport is not None and self.transport.get_extra_info("sslcontext") is not None

    # Time and the end

    @property
    def idle_since(self) -> float | None:
        """Since when the client has been silent without having begun a mail; None while it delivers one."""
        begun = self.envelope is not None and self.envelope.mail_from is not None
        return None if begun or self._body is not None else self._client_due

    @property
    def stalled(self) -> float:
        """For how many seconds the client has kept us waiting, or sent a mail more slowly than it may."""
        now = self.loop.time()
        if self._body is not None:
            took = now - self._body_began
            return took if self._body.received < self.limits.min_rate * took else 0.0
        return now - self._client_due if self._client_due is not None else 0.0

    def finish(self) -> None:
        """We are stopping: a mail that is coming in may come in, everybody else is sent away now."""
        if self._client_due is not None and self._body is None:
            self.turn_out("421 4.3.2 Shutting down, try again later")

    def turn_out(self, reply: str) -> None:
        """Say this and hang up, whatever the session is doing."""
        self.hang_up(reply)
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()

    def hang_up(self, reply: str, *, sending: bool = False) -> None:
        """Say this as the last word; a client that is still sending gets a moment to read it."""
        if self._hung_up or self.transport is None:
            return
        self.say(reply)
        self._hung_up = True
        self._gate.leave(self)
        pipe = self._pipe
        pipe.write(b"".join(self._replies))
        sending = sending or self._body is not None or bool(self._input)
        self._drop_body()
        self._resume()
        if sending and not self._eof and pipe.can_write_eof():
            pipe.write_eof()
            self.loop.call_later(_LINGER, pipe.abort)
        else:
            pipe.close()

    @property
    def lingers(self) -> bool:
        """True while a client that was hung up on may still be reading our last word."""
        return self._hung_up and self.transport is not None

    def abort(self) -> None:
        """Cut the line."""
        if self.transport is not None:
            self._pipe.abort()

    def _reset_timeout(self, duration: float | None = None) -> None:
        """Where aiosmtpd arms a timer anew for each command, one timer looks whether it is time."""
        if self._timeout_handle is None:
            wait = duration or self.limits.idle.total_seconds()
            self._timeout_handle = self.loop.call_later(wait, self._timeout_cb)

    def _timeout_cb(self) -> None:
        now, idle = self.loop.time(), self.limits.idle.total_seconds()
        due = now + idle
        if self._client_due is not None and self._body is None:
            due = min(self._client_due + idle, self._session_ends)
        if due <= now:
            self.turn_out("421 4.4.2 Timeout")
        else:
            self._timeout_handle = self.loop.call_at(due, self._timeout_cb)

    def _check_rate(self, body: Body, before: int) -> None:
        """Look at the last window only: an honest slow line may take hours, a client that feigns sending may not."""
        if self._body is not body:
            return
        window = self.limits.rate_window.total_seconds()
        if body.received - before < max(1, self.limits.min_rate * window):
            self.turn_out("421 4.4.2 Too slow")
        else:
            self.loop.call_later(window, self._check_rate, body, body.received)

    @property
    def _pipe(self) -> asyncio.Transport:
        return cast("asyncio.Transport", self.transport)

    async def _wait(self) -> None:
        self._waiter = self.loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _resume(self) -> None:
        if self._held and len(self._input) < _INPUT_HIGH:
            self._held = False
            with suppress(RuntimeError):  # it is closing
                self._pipe.resume_reading()

    def _drop_body(self) -> None:
        self._input.clear()
        self._replies.clear()
        if self._body is not None:
            self._body.close()
            self._body = None
