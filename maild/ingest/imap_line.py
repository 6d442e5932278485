"""The line to an IMAP server: imapclient whose every answer has a bound, in bytes and in time, from the greeting on.

imaplib reads lines and literals for as long as a server sends them, and its time-out begins anew with each byte; here a
command has so many bytes and so many seconds for all that is said until the next one. What the answers mean is not
looked at here.
"""

from __future__ import annotations

import imaplib
import socket
import ssl
from typing import Any

import imapclient

from maild.wire import Incoming, Overlong

SMALL_ANSWER = 1 << 20
"""Bytes of literals that any command may bring."""
_LINES = 4 << 20
"""Bytes of lines, beside them: the numbers of 50,000 mails take half a megabyte."""
_LONGEST_LINE = 1_000_000
"""As imaplib has it."""


class BoundedLine(imaplib.IMAP4):
    """imaplib's connection, TLS from the first byte where there is a `context`; read by us, block by block."""

    def __init__(
        self, host: str, port: int, context: ssl.SSLContext | None, connect: float | None, patience: float
    ) -> None:
        self._context = context
        self._connect_timeout = connect
        self._incoming = Incoming(lambda size: self.sock.recv(size))
        self._patience = patience
        self.begin()
        super().__init__(host, port)

    def begin(self, literals: int = SMALL_ANSWER, patience: float | None = None) -> None:
        """A new command: so many bytes of literals and so many seconds for what is said from now on."""
        self._literals_left, self._lines_left = literals, _LINES
        self._incoming.begin(self._patience if patience is None else patience)

    def _create_socket(self, timeout: float | None = None) -> socket.socket:
        sock = socket.create_connection((self.host, self.port), timeout or self._connect_timeout)
        if self._context is None:
            return sock
        try:
            return self._context.wrap_socket(sock, server_hostname=self.host)
        except BaseException:
            sock.close()
            raise

    def starttls(self, ssl_context: ssl.SSLContext | None = None) -> Any:
        """Protect the way; what was said in the clear behind the answer, or beside it, is no word of the server's.

        Raises Overlong where something was said behind it: somebody on the way is putting words in (RFC 9051, 11.1).
        """
        if "STARTTLS" not in self.capabilities:
            raise self.abort("the server has no STARTTLS")
        kind, told = self.xatom("STARTTLS")
        if kind != "OK" or ssl_context is None:
            raise self.error("the server refuses STARTTLS")
        if self._incoming.unread:
            raise Overlong("more came in the clear behind the answer to STARTTLS")
        self.untagged_responses.clear()
        self.sock = ssl_context.wrap_socket(self.sock, server_hostname=self.host)
        kind, capabilities = self.capability()
        self.capabilities = tuple(capabilities[-1].decode("ascii").upper().split())
        return kind, told

    def read(self, size: int) -> bytes:
        """A literal of so many bytes; shorter where the connection ends."""
        self._literals_left -= size
        if self._literals_left < 0:
            raise Overlong(f"the server announced {size} bytes, far more than it had told")
        return self._incoming.exactly(size)

    def readline(self) -> bytes:
        """A line with its end; what there is of it where the connection ends."""
        line = self._incoming.line(_LONGEST_LINE)
        self._lines_left -= len(line)
        if self._lines_left < 0:
            raise Overlong(f"more than {_LINES} bytes of lines came as one answer")
        return line


class BoundedClient(imapclient.IMAPClient):  # type: ignore[misc]  # the package brings no types
    """imapclient on such a line; `context` None: not protected from the first byte on."""

    def __init__(
        self, host: str, port: int | None, context: ssl.SSLContext | None, connect: float, read: float, patience: float
    ) -> None:
        self._connect, self._patience = connect, patience
        # What the package annotates here is not what its documentation says that it takes.
        more: Any = {"port": port, "ssl_context": context, "timeout": imapclient.SocketTimeout(connect, read)}
        super().__init__(host, ssl=context is not None, **more)
        self.normalise_times = False
        # imaplib would hand every line, the password among them, to the log.
        self._imap.debug = 0

    def _create_IMAP4(self) -> Any:  # noqa: N802 - the package's name
        self.line = BoundedLine(self.host, self.port, self.ssl_context, self._connect, self._patience)
        return self.line
