"""A relay to send to: aiosmtpd in a thread, which follows a script of faults. Real SMTP over loopback."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


@dataclass(kw_only=True)
class Taken:
    """One mail that the relay has taken."""

    sender: str
    recipients: list[str]
    raw: bytes


@dataclass(kw_only=True)
class Relay:
    """What the relay shall do, and what it has seen. Replies are whole lines; None: as usual."""

    port: int = 0
    greeting: str | None = None
    mail: str | None = None
    recipient: dict[str, str] = field(default_factory=dict)
    data: str | None = None
    end: str | None = None
    """The reply to the final dot; "drop" closes instead, the mail being taken; "hang" says nothing."""
    cut_data: bool = False
    """Closes as soon as the mail begins to come."""
    login: str = ""
    """The reply to a login; "" lets everybody in."""
    taken: list[Taken] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    sessions: list[SMTP] = field(default_factory=list)
    loop: asyncio.AbstractEventLoop | None = None

    def hang_up(self) -> None:
        """Closes every connection, as a relay does that has idled long enough."""
        done = Event()

        def close_all() -> None:
            for session in self.sessions:
                if session.transport is not None:
                    session.transport.close()
            done.set()

        assert self.loop is not None
        self.loop.call_soon_threadsafe(close_all)
        assert done.wait(5)


class _Handler:
    def __init__(self, relay: Relay) -> None:
        self.relay = relay

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        self.relay.commands.append(f"MAIL {address}")
        if self.relay.mail:
            return self.relay.mail
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        self.relay.commands.append(f"RCPT {address}")
        if reply := self.relay.recipient.get(address):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.relay.end is None or self.relay.end in ("drop", "hang"):
            sender = "" if envelope.mail_from in (None, "<>") else str(envelope.mail_from)
            content = envelope.original_content
            assert content is not None
            self.relay.taken.append(Taken(sender=sender, recipients=list(envelope.rcpt_tos), raw=content))
        if self.relay.end == "drop":
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        if self.relay.end == "hang":
            await asyncio.sleep(30)
        return self.relay.end or "250 2.0.0 taken"


class _Server(SMTP):
    """aiosmtpd with the faults that its hooks cannot make."""

    def __init__(self, relay: Relay, **options: Any) -> None:
        super().__init__(_Handler(relay), **options)
        self.relay = relay

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self not in self.relay.sessions:
            self.relay.connections += 1
            self.relay.sessions.append(self)
        super().connection_made(transport)

    async def push(self, status: Any) -> None:
        if self.relay.greeting and str(status).startswith("220 ") and self.session and not self.session.host_name:
            await super().push(self.relay.greeting)
            assert isinstance(self.transport, asyncio.Transport)
            self.transport.close()
            return
        await super().push(status)

    async def smtp_DATA(self, arg: str) -> None:
        self.relay.commands.append("DATA")
        if self.relay.data:
            await self.push(self.relay.data)
        elif self.relay.cut_data:
            await self.push("354 go")
            assert isinstance(self.transport, asyncio.Transport)
            self.transport.abort()
        else:
            await super().smtp_DATA(arg)


@contextmanager
def running(relay: Relay, **options: Any) -> Iterator[Relay]:
    """The relay, listening on a free port of 127.0.0.1; `options` are aiosmtpd's."""
    started = Event()
    loop = asyncio.new_event_loop()
    relay.loop = loop
    implicit_tls: ssl.SSLContext | None = options.pop("implicit_tls", None)

    def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        relay.commands.append(f"AUTH {mechanism}")
        if relay.login:
            return AuthResult(success=False, handled=False, message=relay.login)
        return AuthResult(success=True)

    def factory() -> _Server:
        return _Server(relay, hostname="relay.example", loop=loop, authenticator=authenticate, **options)

    def serve() -> None:
        asyncio.set_event_loop(loop)
        server = loop.run_until_complete(loop.create_server(factory, "127.0.0.1", 0, ssl=implicit_tls))
        relay.port = server.sockets[0].getsockname()[1]
        started.set()
        loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()

    thread = Thread(target=serve, daemon=True)
    thread.start()
    assert started.wait(5)
    try:
        yield relay
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
