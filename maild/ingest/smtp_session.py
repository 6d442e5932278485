"""What the listener answers: SMTP (RFC 5321) and LMTP (RFC 2033), a method per command. Policy is asked for, not made.

    EHLO --> [STARTTLS --> EHLO] --> [AUTH] --> MAIL --> RCPT ... --> DATA --> 354 ... . --> commit --> 250
                                                 ^                                                       |
                                                 '-------------------------------------------------------'
Accept first, doubt later: only relaying, unknown recipients, size and circles are refused for good. Whatever goes wrong
on our side is a 4xx with nothing internal in it, so that the sender tries again.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import Envelope as Transaction

from maild.clock import Clock
from maild.errors import Refused, RetryLater
from maild.ingest.arrival import make_arrival
from maild.ingest.inbox import Inbox, NoRoom
from maild.ingest.smtp_address import parse_mail, parse_rcpt
from maild.ingest.smtp_auth import Logins, decode, split_plain, text
from maild.ingest.smtp_data import Body, State
from maild.ingest.smtp_gate import Gate, Limits, Relays
from maild.ingest.smtp_proxy import XCLIENT_NAMES, NoProxyHeaderError, parse_xclient, read_proxy_header
from maild.ingest.smtp_wire import Connection, LineTooLong
from maild.messages.envelope import Arrival, Envelope
from maild.messages.hops import count_received
from maild.wire import is_loopback

log = logging.getLogger(__name__)

HEAVY, HUGE = 256_000, 4_000_000
"""Bytes from which on a mail is hashed in a worker, so that the loop goes on; and from which on one at a time."""
_HEAVY_AT_ONCE = 8
_NAME_LIMIT = 255
_PROXY_HEADER_SECONDS = 10.0
_OTHER_PROTOCOLS = frozenset({b"CONNECT", b"DELETE", b"GET", b"HEAD", b"OPTIONS", b"POST", b"PUT"})


@dataclass(kw_only=True)
class Service:
    """What all sessions of a listener share."""

    pattern: Mapping[str, Any]
    loop: asyncio.AbstractEventLoop
    lmtp: bool
    hostname: str
    max_size: int
    limits: Limits
    gate: Gate
    inbox: Inbox
    clock: Clock
    relays: Relays
    accepts: Callable[[str], bool]
    knows_domain: Callable[[str], bool]
    logins: Logins | None
    tls: ssl.SSLContext | None
    spool_dir: str | None
    proxy_protocol: bool
    xclient_login: bool
    sessions: set[Session] = field(default_factory=set)
    stopping: bool = False
    header_missed: bool = False
    """Whether it was logged already that a relay does not begin with a header."""
    heavy: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_HEAVY_AT_ONCE))
    """So many big mails are wholly in memory at a time; the others wait on the disk."""
    huge: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))


class Session(Connection):
    """One client's conversation."""

    def __init__(self, service: Service) -> None:
        super().__init__(service.pattern, service.loop, service.gate, service.limits)
        self._service = service
        self._login: str | None = None
        self._may_speak_for_others = False
        self._commands_left = service.limits.commands
        self._errors_left = service.limits.errors

    def is_trusted(self, peer: str) -> bool:
        """Whether this peer is one of our own relays."""
        return peer in self._service.relays

    def may_come(self, peer: str) -> bool:
        """Behind a proxy nobody else may come: what he says of himself could be anything."""
        return not self._service.proxy_protocol or peer in self._service.relays

    @property
    def conversation(self) -> asyncio.Task[None] | None:
        """The task that talks to this client."""
        return self._handler_coroutine

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the client in, or send it away."""
        self._service.sessions.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """The client is gone."""
        super().connection_lost(error)
        self._service.sessions.discard(self)

    async def _handle_client(self) -> None:
        try:
            await self._find_client()
            self.say(self._banner)
            await self._converse()
        except (ConnectionError, TimeoutError, ssl.SSLError) as error:
            log.debug("connection of %s lost: %s", self.peer, error)
        except LineTooLong:
            self.hang_up("500 5.5.2 Line too long")
        finally:
            self._gate.leave(self)
            if self.transport is not None and not self._hung_up:
                self.transport.close()

    @property
    def _banner(self) -> str:
        return f"220 {self._service.hostname} {'LMTP' if self._service.lmtp else 'ESMTP'}"

    async def _find_client(self) -> None:
        """Who is it? Behind a proxy the first bytes say so; without them the line is cut, and nobody is answered."""
        if self._service.proxy_protocol:
            try:
                async with asyncio.timeout(_PROXY_HEADER_SECONDS):
                    header = await self.next_bytes(read_proxy_header)
            except NoProxyHeaderError:
                if not self._service.header_missed:
                    self._service.header_missed = True
                    log.warning("%s is cut off: it does not begin with a header of the PROXY protocol", self.source)
                raise ConnectionResetError("no header of the PROXY protocol") from None
            if header.client is not None:
                self.stand_for(header.client)
        self._may_speak_for_others = self.trusted

    async def _converse(self) -> None:
        while not self._hung_up:
            if self._service.stopping:
                self.hang_up("421 4.3.2 Shutting down, try again later")
                return
            line = await self.next_line()
            if line is None:
                await self.flush()
                return
            reply = await self._obey(line)
            if reply:
                self.say(reply)
                self._count_error(reply)

    async def _obey(self, line: bytes) -> str | None:
        """The reply to a command; None where it has been said."""
        self._commands_left -= 1
        if self._commands_left < 0 or self.loop.time() > self._session_ends:
            self.hang_up("421 4.7.0 Too much without a mail, goodbye")
            return None
        verb, _, argument = line.partition(b" ")
        verb = verb.upper()
        command = (_LMTP if self._service.lmtp else _SMTP).get(verb)
        if verb in _OTHER_PROTOCOLS:  # a browser that was made to talk to us: nothing of it may reach MAIL
            self.hang_up("421 5.7.0 This is SMTP")
            return None
        if command is None:
            return "500 5.5.2 Command not recognized"
        try:
            return await command(self, argument.strip())
        except (ConnectionError, TimeoutError, ssl.SSLError, LineTooLong):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the client is told to try again
            return self._answer_to(error)

    def _answer_to(self, error: Exception) -> str:
        """What a client is told of an error: nothing internal."""
        match error:
            case Refused():
                return f"{error.code} {error.text}"
            case NoRoom():
                return "452 4.3.1 Insufficient system storage, try again later"
            case RetryLater():
                return "451 4.3.0 Cannot be done now, try again later"
            case _:
                log.error("session of %s: told to try again", self.peer, exc_info=error, extra={"peer": self.peer})
                return "451 4.3.0 Local trouble, try again later"

    def _count_error(self, reply: str) -> None:
        # A relay of ours passes on what others wrote: unknown recipients are not its fault.
        if not reply.startswith("5") or (self.trusted and reply.startswith("550")):
            return
        self._errors_left -= 1
        if self._errors_left <= 0:
            self.hang_up("421 4.7.0 Too many errors, goodbye")

    def _reset(self) -> None:
        self.envelope = self._create_envelope()

    @property
    def _transaction(self) -> Transaction:
        assert self.envelope is not None
        return self.envelope

    # Greeting

    async def _helo(self, argument: bytes) -> str:
        self._greet(argument)
        return f"250 {self._service.hostname}"

    async def _ehlo(self, argument: bytes) -> str:
        self._greet(argument)
        lines = [self._service.hostname, "PIPELINING", f"SIZE {self._service.max_size}", "8BITMIME", "SMTPUTF8"]
        lines.append("ENHANCEDSTATUSCODES")
        if self._service.tls is not None and not self.under_tls:
            lines.append("STARTTLS")
        if self._service.logins is not None and self._may_log_in:
            lines.append("AUTH PLAIN LOGIN")
        if self._may_speak_for_others:
            lines.append("XCLIENT " + " ".join(n for n in XCLIENT_NAMES if n != "LOGIN" or self._service.xclient_login))
        return "\r\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"])

    def _greet(self, argument: bytes) -> None:
        """Any name will do, as long as it is one: real clients give false ones, underscores and addresses."""
        assert self.session is not None
        name = argument.decode("utf-8", "replace")
        if not name:
            raise Refused(501, "5.5.4 Your name is missing")
        if len(name) > _NAME_LIMIT or not name.isprintable():
            raise Refused(501, "5.5.4 Bad name")
        self._reset()
        self.session.host_name = name

    async def _starttls(self, argument: bytes) -> str | None:
        if self._service.tls is None or self.under_tls:
            return "503 5.5.1 TLS is not on offer"
        if argument:
            return "501 5.5.4 STARTTLS takes no parameters"
        self._login = None
        await self.start_tls(self._service.tls)
        return None

    async def _xclient(self, argument: bytes) -> str | None:
        """A relay says who its client is: the session begins again as if that client had come (Postfix's XCLIENT)."""
        if not self._may_speak_for_others:
            return "550 5.7.0 You may not speak for others"
        if self._transaction.mail_from is not None:
            return "503 5.5.1 Not within a mail"
        client = parse_xclient(argument)
        self.session, self.envelope = self._create_session(), self._create_envelope()
        self._commands_left, self._errors_left = self.limits.commands, self.limits.errors
        self._session_ends = self.loop.time() + self.limits.session.total_seconds()
        # Whoever was logged in was another; and that a relay says who has logged in counts only where it is allowed.
        self._login = (client.login or None) if self._service.xclient_login else None
        if client.address is not None:
            self.stand_for(client.address)
        return self._banner

    # Logging in

    @property
    def _may_log_in(self) -> bool:
        """Passwords travel encrypted or not at all; on this machine they do not travel."""
        return self.under_tls or (is_loopback(self.peer) and is_loopback(self.source))

    async def _auth(self, argument: bytes) -> str:
        assert self.session is not None
        logins = self._service.logins
        if logins is None:
            return "502 5.5.1 Logging in is not on offer"
        if not self._may_log_in:
            return "538 5.7.11 Encryption required"
        if not self.session.host_name or self._login is not None or self._transaction.mail_from is not None:
            return "503 5.5.1 Not now"
        login, password = await self._credentials(argument)
        try:
            await logins.check(login, password, self.peer)
        except RetryLater as error:
            log.warning("login of %s put off: %s", self.peer, error, extra={"peer": self.peer})
            return "454 4.7.0 Temporary authentication failure"
        self._login = login
        return "235 2.7.0 Authentication successful"

    async def _credentials(self, argument: bytes) -> tuple[str, str]:
        mechanism, _, initial = argument.partition(b" ")
        match mechanism.upper():
            case b"PLAIN":
                return split_plain(decode(initial or await self._ask("")))
            case b"LOGIN":
                login = decode(initial or await self._ask("Username:"))
                return text(login), text(decode(await self._ask("Password:")))
            case _:
                raise Refused(504, "5.5.4 Mechanism not known")

    async def _ask(self, challenge: str) -> bytes:
        self.say(f"334 {b64encode(challenge.encode()).decode()}")
        answer = await self.next_line()
        if answer is None:
            raise ConnectionResetError("gone in the middle of logging in")
        return answer.strip()

    # A mail

    async def _mail(self, argument: bytes) -> str:
        assert self.session is not None
        if not self.session.host_name:
            return "503 5.5.1 Say hello first"
        if self._transaction.mail_from is not None:
            return "503 5.5.1 Sender already given"
        mail = parse_mail(argument)
        if mail.size > self._service.max_size:
            return "552 5.3.4 Message too big"
        self._transaction.mail_from = mail.sender
        self._transaction.smtp_utf8 = mail.utf8
        return "250 2.1.0 OK"

    async def _rcpt(self, argument: bytes) -> str:
        transaction = self._transaction
        if transaction.mail_from is None:
            return "503 5.5.1 MAIL first"
        address = parse_rcpt(argument, utf8=transaction.smtp_utf8)
        if not self._service.accepts(address):
            if self._service.knows_domain(address.rpartition("@")[2].lower()):
                return "550 5.1.1 No such address here"
            return "550 5.7.1 Relaying denied"
        if len(transaction.rcpt_tos) >= self.limits.recipients:
            return "452 4.5.3 Too many recipients"
        transaction.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def _data(self, argument: bytes) -> str | None:
        transaction = self._transaction
        if not transaction.rcpt_tos:
            return "503 5.5.1 RCPT first"
        if argument:
            return "501 5.5.4 DATA takes no parameters"
        self.say("354 End data with <CR><LF>.<CR><LF>")
        began = self.loop.time()
        body = Body(self._service.max_size, self._service.spool_dir)
        try:
            if not await self.receive(body):
                if body.state is State.ENDLESS:
                    self.hang_up("552 5.3.4 Message too big", sending=True)
                return None
            self._session_ends += self.loop.time() - began
            reply = await self._keep(body, transaction)
        finally:
            body.close()
            self._reset()
        # LMTP answers for each recipient (RFC 2033, 4.2); one mail is kept for all, so all hear the same.
        return "\r\n".join([reply] * (len(transaction.rcpt_tos) if self._service.lmtp else 1))

    async def _keep(self, body: Body, transaction: Transaction) -> str:
        """Have the mail committed; the reply to its end."""
        if body.state is State.TOO_LARGE:
            return "552 5.3.4 Message too big"
        try:
            if body.state is State.NO_ROOM:
                raise NoRoom("no room for the temporary file")
            number = await self._accept(body, self._envelope(transaction))
        except Exception as error:  # noqa: BLE001 - whatever it is, the sender is told to try again
            return self._answer_to(error)
        self._commands_left = self.limits.commands
        self._session_ends = self.loop.time() + self.limits.session.total_seconds()
        return f"250 2.0.0 Accepted as {number}"

    async def _accept(self, body: Body, envelope: Envelope) -> int:
        # The inbox keeps what it was given even when this session is cancelled: a client that goes away now has the
        # mail stored once, and finds it recognised when it comes again.
        if body.received < HEAVY:
            return await self._service.inbox.accept(self._arrival(body, envelope))
        async with self._service.huge if body.received >= HUGE else self._service.heavy:
            arrival = await asyncio.to_thread(self._arrival, body, envelope)
            return await self._service.inbox.accept(arrival)

    def _arrival(self, body: Body, envelope: Envelope) -> Arrival:
        try:
            raw = body.take()
        except OSError as error:
            raise NoRoom("the temporary file cannot be read") from error
        if len(raw) > self._service.max_size:
            raise Refused(552, "5.3.4 Message too big")
        if count_received(raw) > self.limits.received_fields:
            raise Refused(554, "5.4.6 Too many hops")
        return make_arrival(raw, envelope, self._service.clock.now())

    def _envelope(self, transaction: Transaction) -> Envelope:
        return Envelope(
            channel="lmtp" if self._service.lmtp else "smtp",
            source=self.peer,
            sender=transaction.mail_from,
            recipients=tuple(dict.fromkeys(transaction.rcpt_tos)),
            peer=self.peer,
            login=self._login,
            trusted=self.trusted,
        )

    # The rest

    async def _rset(self, _argument: bytes) -> str:
        self._reset()
        return "250 2.0.0 OK"

    async def _noop(self, _argument: bytes) -> str:
        return "250 2.0.0 OK"

    async def _vrfy(self, _argument: bytes) -> str:
        return "252 2.5.0 Send a mail and see"

    async def _expn(self, _argument: bytes) -> str:
        return "502 5.5.1 Not told"

    async def _help(self, _argument: bytes) -> str:
        return "214 2.0.0 RFC 5321 tells"

    async def _bdat(self, _argument: bytes) -> None:
        # Its content follows unasked (RFC 3030, 2), so nothing behind it may be taken for a command.
        self.hang_up("502 5.5.1 BDAT is not on offer", sending=True)

    async def _quit(self, _argument: bytes) -> None:
        self.hang_up("221 2.0.0 Bye")


_Command = Callable[[Session, bytes], Awaitable[str | None]]
_COMMON: Mapping[bytes, _Command] = {
    b"MAIL": Session._mail,
    b"RCPT": Session._rcpt,
    b"DATA": Session._data,
    b"RSET": Session._rset,
    b"NOOP": Session._noop,
    b"QUIT": Session._quit,
    b"VRFY": Session._vrfy,
    b"EXPN": Session._expn,
    b"HELP": Session._help,
    b"STARTTLS": Session._starttls,
    b"AUTH": Session._auth,
    b"BDAT": Session._bdat,
    b"XCLIENT": Session._xclient,
}
_SMTP: Mapping[bytes, _Command] = {**_COMMON, b"HELO": Session._helo, b"EHLO": Session._ehlo}
_LMTP: Mapping[bytes, _Command] = {**_COMMON, b"LHLO": Session._ehlo}
