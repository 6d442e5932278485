"""The line to a relay: smtplib whose every reply has a bound, in lines and in time, and comes in its turn.

smtplib reads a reply for as long as it goes on, and takes what came too early for the answer to what is said next. What
replies mean is not looked at here.
"""

from __future__ import annotations

import smtplib
import socket
from typing import Any

from maild.wire import Incoming, Overlong

_LONGEST_LINE = 8192
"""As smtplib has it; RFC 5321, 4.5.3.1.5, has 512."""
_REPLY_CAP = 64 * 1024
"""Bytes of a reply: that to EHLO is the longest, with a line for each extension."""


class OutOfTurn(OSError):
    """The relay said more than it was asked: from here on nobody knows what is the answer to what."""


class BoundedSmtp(smtplib.SMTP):
    """A connection that is read by us, block by block."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._incoming = Incoming(self._receive)
        super().__init__(*args, **options)

    @property
    def speaks_out_of_turn(self) -> bool:
        """Whether something is there that answers nothing."""
        return bool(self._incoming.unread)

    def putcmd(self, cmd: str, args: str = "") -> None:
        """Say something, where all that was said before has been answered, and no more than that. Raises OutOfTurn."""
        if self.speaks_out_of_turn:
            raise OutOfTurn("the relay says more than it was asked")
        super().putcmd(cmd, args)

    def getreply(self) -> tuple[int, bytes]:
        """Code and text; -1 where there is no code. All of it must be here within the time-out of the connection."""
        assert self.sock is not None
        self._incoming.begin(self.sock.gettimeout() or 0.0)
        told: list[bytes] = []
        octets = 0
        while True:
            line = self._incoming.line(_LONGEST_LINE)
            octets += len(line)
            if octets > _REPLY_CAP:
                raise Overlong(f"a reply of more than {_REPLY_CAP} bytes")
            if not line.endswith(b"\n"):
                self.close()
                raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")
            told.append(line[4:].strip(b" \t\r\n"))
            code = line[:3]
            if not (code.isdigit() and code.isascii() and len(code) == 3):
                return -1, b"\n".join(told)
            if line[3:4] != b"-":
                return int(code), b"\n".join(told)

    def starttls(self, *args: Any, **options: Any) -> tuple[int, bytes]:
        """Protect the way; what came in the clear behind the answer is no word of the relay's (RFC 3207, 4.2)."""
        reply = super().starttls(*args, **options)
        self._incoming.unread.clear()
        return reply

    def _receive(self, size: int) -> bytes:
        sock: socket.socket | None = self.sock
        if sock is None:
            raise smtplib.SMTPServerDisconnected("please run connect() first")
        return sock.recv(size)


class BoundedSmtpTls(BoundedSmtp, smtplib.SMTP_SSL):
    """The same with TLS from the first byte on."""
