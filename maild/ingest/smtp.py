"""The listener: opens the port, hands each connection to a session, closes in order. No settings are known here."""

from __future__ import annotations

import asyncio
import errno
import resource
import socket
import ssl
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Literal

from maild.clock import Clock
from maild.errors import Unavailable
from maild.ingest.inbox import Inbox
from maild.ingest.smtp_auth import Logins, Verifier
from maild.ingest.smtp_gate import Gate, Limits, Relays
from maild.ingest.smtp_session import Service, Session
from maild.ingest.smtp_wire import make_pattern

_BACKLOG = 512
_OTHER_FILES = 256
"""Open files that the rest of the daemon may need beside the connections."""
_LAST_WORDS = 0.2
"""Seconds for clients to read why they are sent away, before the line is cut."""


class Listener:
    """Our own SMTP or LMTP port.

    `accepts` says whether an address is ours; `knows_domain` whether its domain is, which only chooses the words of the
    refusal. `users` may log in under TLS or from this machine. `trusted_relays` are addresses or networks: they may say
    by XCLIENT whom they speak for, with `xclient_login` also who has logged in there; with `proxy_protocol` they have
    to, and nobody else may come. Port 0 takes a free one. Raises DataError for a relay that is no address, Unavailable
    for a certificate that cannot be used.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        inbox: Inbox,
        clock: Clock,
        accepts: Callable[[str], bool],
        knows_domain: Callable[[str], bool] = lambda _domain: False,
        protocol: Literal["smtp", "lmtp"] = "smtp",
        hostname: str = "",
        max_size: int = 25_000_000,
        tls_cert: Path | None = None,
        tls_key: Path | None = None,
        users: Verifier | None = None,
        limits: Limits | None = None,
        trusted_relays: Sequence[str] = ("127.0.0.1", "::1"),
        spool_dir: str | None = None,
        proxy_protocol: bool = False,
        xclient_login: bool = False,
        failed_login_delay: timedelta = timedelta(seconds=1),
    ) -> None:
        self.port = port
        self._host = host
        self._limits = limits or Limits()
        self._inbox, self._clock, self._accepts, self._knows_domain = inbox, clock, accepts, knows_domain
        self._lmtp = protocol == "lmtp"
        self._hostname = hostname or socket.gethostname()
        self._max_size, self._spool_dir = max_size, spool_dir
        self._proxy_protocol, self._xclient_login = proxy_protocol, xclient_login
        self._relays = Relays(trusted_relays)
        self._users, self._login_delay = users, failed_login_delay
        self._certificate = (tls_cert, tls_key) if tls_cert and tls_key else None
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH) if self._certificate else None
        self.reload_certificate()
        self._server: asyncio.Server | None = None
        self._service: Service | None = None
        self._gate = Gate(self._limits)

    @property
    def connections(self) -> tuple[int, int]:
        """How many there are now, and how many were refused since the start."""
        return self._gate.inside, self._gate.refused

    async def start(self) -> None:
        """Open the port; raises Unavailable when that cannot be."""
        loop = asyncio.get_running_loop()
        service = self._service = self._make_service(loop)
        _allow_open_files(self._limits.connections + _OTHER_FILES)
        try:
            self._server = await loop.create_server(
                lambda: Session(service), self._host or None, self.port, backlog=_BACKLOG
            )
        except OSError as error:
            raise Unavailable(_why_not(self._host, self.port, error)) from error
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self, deadline: timedelta) -> None:
        """Take no new connection, let the mails that are coming in come in, and cut what is left at the deadline."""
        if self._server is None or self._service is None:
            return
        self._server.close()
        self._service.stopping = True
        sessions = list(self._service.sessions)
        for session in sessions:
            session.finish()
        await _ended(sessions, deadline)
        words_end = asyncio.get_running_loop().time() + _LAST_WORDS
        while any(session.lingers for session in sessions) and asyncio.get_running_loop().time() < words_end:
            await asyncio.sleep(_LAST_WORDS / 20)
        for session in sessions:
            session.abort()
        await _ended(sessions, timedelta(seconds=_LAST_WORDS))
        self._server = None

    def reload_certificate(self) -> None:
        """Read the certificate again; connections that come from now on see it. Raises Unavailable."""
        if self._tls is None or self._certificate is None:
            return
        cert, key = self._certificate
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            self._tls.load_cert_chain(cert, key)
        except OSError as error:
            raise Unavailable(f"the certificate {cert} with the key {key} cannot be used: {error}") from error

    def _make_service(self, loop: asyncio.AbstractEventLoop) -> Service:
        delay = self._login_delay.total_seconds()
        return Service(
            pattern=make_pattern(loop, self._hostname),
            loop=loop,
            lmtp=self._lmtp,
            hostname=self._hostname,
            max_size=self._max_size,
            limits=self._limits,
            gate=self._gate,
            inbox=self._inbox,
            clock=self._clock,
            relays=self._relays,
            accepts=self._accepts,
            knows_domain=self._knows_domain,
            logins=Logins(self._users, delay=delay) if self._users is not None else None,
            tls=self._tls,
            spool_dir=self._spool_dir,
            proxy_protocol=self._proxy_protocol,
            xclient_login=self._xclient_login,
        )


async def _ended(sessions: Sequence[Session], deadline: timedelta) -> None:
    """Return when all these conversations are over, or at the deadline."""
    conversations = [session.conversation for session in sessions if session.conversation is not None]
    if conversations:
        await asyncio.wait(conversations, timeout=deadline.total_seconds())


def _why_not(host: str, port: int, error: OSError) -> str:
    """One sentence for the admin: which port, why not, what to do."""
    where = f"port {port} on {host or 'all addresses'}"
    match error.errno:
        case errno.EADDRINUSE:
            return f"{where} is in use: stop the other program or set another port under [smtp]"
        case errno.EACCES:
            return f"{where} may not be opened by this user: set a port above 1023 under [smtp]"
        case errno.EADDRNOTAVAIL:
            return f"{where} cannot be opened since this machine has no such address: set another host under [smtp]"
        case _:
            return f"{where} cannot be opened ({error.strerror or error}): set another host or port under [smtp]"


def _allow_open_files(wanted: int) -> None:
    """Raise the soft limit of open files: at the limit, new clients would wait for nothing instead of hearing 421."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
