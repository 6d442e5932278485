"""One connection to an IMAP server: the only place that speaks imapclient, which brings no types.

Every call has a time-out, every answer a bound, every command goes by UID. Raised are LoginRefused (the server does not
let us in), CommandRefused (it says no to a command; the connection lives on) and ConnectionLost (anything else: the
connection is useless and must be closed). One session belongs to one worker; only `abort` may be called by another.
"""

from __future__ import annotations

import re
import selectors
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from types import TracebackType
from typing import Any

import imapclient
from imapclient import exceptions

from maild.errors import Unavailable
from maild.ingest.mailbox import Mailbox, Security

DONE = b"$MaildDone"
_SMALL_ANSWER = 1 << 20
_PLAIN_WORD = re.compile(r"[!#$&'+,\-./0-9:;<=>?@A-Z\[\]^_`a-z|}~]+")


class LoginRefused(Unavailable):
    """The server does not let us in."""


class CommandRefused(Unavailable):
    """The server says no to a command; the connection lives on."""


class ConnectionLost(Unavailable):
    """The connection cannot be used any more, or never could."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeouts:
    """Seconds to wait for a connection (TLS included), and for the next bytes of an answer."""

    connect: float = 20.0
    read: float = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Folder:
    """A selected folder with `exists` mails. `uidnext` 0: the server does not say; `keywords`: it keeps ours."""

    uidvalidity: int
    uidnext: int
    exists: int
    writable: bool
    keywords: bool


class ImapSession:
    """A connection that is logged in."""

    def __init__(self, client: Any) -> None:
        self._client = client
        client.normalise_times = False
        # imaplib would hand every line, the password among them, to the log.
        client._imap.debug = 0
        self._allowed = _SMALL_ANSWER
        self._read = client._imap.read
        client._imap.read = self._read_bounded

    @classmethod
    def open(cls, mailbox: Mailbox, password: str, timeouts: Timeouts) -> ImapSession:
        """Connect, protect the way, log in. The password is sent only over TLS with a certificate that holds, or to
        this very machine.
        """
        with _translated("connect"):
            context = ssl.create_default_context(cafile=mailbox.ca_file)
            # The package annotates its own time-outs wrongly; what it really takes is written in its documentation.
            connect: Any = imapclient.IMAPClient
            client = connect(
                mailbox.host,
                port=mailbox.port,
                ssl=mailbox.security is Security.TLS,
                ssl_context=context if mailbox.security is Security.TLS else None,
                timeout=imapclient.SocketTimeout(timeouts.connect, timeouts.read),
            )
        session = cls(client)
        try:
            session._protect(mailbox, context)
            session._login(mailbox.username, password)
        except BaseException:
            session.close()
            raise
        return session

    def __enter__(self) -> ImapSession:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if kind is None:
            with suppress(Exception):
                self._client.logout()
        self.close()

    def close(self) -> None:
        """Give the connection up without a word."""
        with suppress(Exception):
            self._client.shutdown()

    def abort(self) -> None:
        """Make whatever another worker waits for on this connection fail at once."""
        with suppress(Exception):
            self._client.socket().shutdown(socket.SHUT_RDWR)

    def can(self, capability: str) -> bool:
        """Whether the server has a capability."""
        with _translated("CAPABILITY"):
            return bool(self._client.has_capability(capability))

    def select(self, name: str, *, writing: bool) -> Folder:
        """Open a folder afresh; one that can only be read is opened for reading."""
        with _translated(f"SELECT {name}"):
            writable = writing
            try:
                told = self._client.select_folder(name, readonly=not writing)
            except exceptions.IMAPClientReadOnlyError:
                writable, told = False, self._client.select_folder(name, readonly=True)
        validity = told.get(b"UIDVALIDITY")
        if not isinstance(validity, int):
            raise ConnectionLost(f"the server gives no UIDVALIDITY for {name}, so mails cannot be told apart")
        kept = told.get(b"PERMANENTFLAGS", ())
        keywords = any(flag.lower() in (rb"\*", DONE.lower()) for flag in kept)
        return Folder(
            uidvalidity=validity,
            uidnext=int(told.get(b"UIDNEXT", 0)),
            exists=int(told.get(b"EXISTS", 0)),
            writable=writable,
            keywords=keywords,
        )

    def find_folder(self, name: str) -> str:
        """The name under which the server has this folder, made if need be: some want a prefix (RFC 2342)."""
        with _translated(f"find {name}"):
            if self._client.folder_exists(name):
                return name
            own = self._client.namespace().personal if self._client.has_capability("NAMESPACE") else None
            prefix, separator = own[0] if own else ("", "/")
            full = name if name.startswith(prefix) else prefix + name.replace("/", separator)
            if not self._client.folder_exists(full):
                self._client.create_folder(full)
            return str(full)

    def search(self, first: int, last: int | None, *criteria: str) -> list[int]:
        """The UIDs from `first` to `last` (None: to the end) that fit, in their order."""
        with _translated("SEARCH"):
            found = self._client.search(["UID", f"{first}:{last or '*'}", *criteria])
        # The end may lie before the start, and then servers must answer with the last mail (RFC 3501, 6.4.8).
        return sorted(uid for uid in found if first <= uid <= (last or uid))

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """The sizes in bytes of those that are still there, as the server tells them."""
        with _translated("FETCH RFC822.SIZE"):
            told = self._client.fetch(list(uids), ["RFC822.SIZE"])
        return {uid: size for uid in uids if isinstance(size := told.get(uid, {}).get(b"RFC822.SIZE"), int)}

    def bodies(self, uids: Sequence[int], expected: int) -> dict[int, bytes]:
        """The mails that are still there, byte by byte and without marking them as seen.

        `expected` is the sum of their sizes; since servers err in that, twice as much is read before the connection is
        dropped.
        """
        return self._fetch_bodies(uids, "BODY.PEEK[]", b"BODY[]", 2 * expected)

    def beginning(self, uid: int, length: int) -> dict[int, bytes]:
        """As `bodies`, of one mail and no more than so many bytes from its beginning."""
        return self._fetch_bodies([uid], f"BODY.PEEK[]<0.{length}>", b"BODY[]<0>", length)

    def add_keyword(self, uids: Sequence[int]) -> None:
        """Set our keyword; no other flag is ever set on a mail that stays."""
        with _translated("STORE"):
            self._client.add_flags(list(uids), [DONE], silent=True)

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Move by MOVE (RFC 6851), else by copying and deleting."""
        with _translated(f"MOVE to {folder}"):
            if self._client.has_capability("MOVE"):
                self._client.move(list(uids), folder)
                return
            self._client.copy(list(uids), folder)
        self.delete(uids)

    def delete(self, uids: Sequence[int]) -> None:
        r"""Mark as \Deleted and remove exactly these by UID EXPUNGE (RFC 4315); where the server has none they stay
        marked, since a bare EXPUNGE would remove what others have marked.
        """
        with _translated("delete"):
            self._client.delete_messages(list(uids), silent=True)
            if self._client.has_capability("UIDPLUS"):
                self._client.uid_expunge(list(uids))

    def idle(self, seconds: float, wake: socket.socket) -> bool:
        """Wait until the server says anything, `wake` can be read, or the time is over; whether the server spoke.

        What it said is never looked at, and what it said together with its first answer is not even noticed: this is
        a hint to search, no more (RFC 2177). A dead connection is noticed when the waiting is ended.
        """
        with _translated("IDLE"):
            self._client.idle()
            spoke = self._wait(seconds, wake)
            self._client.idle_done()
        return spoke

    def _wait(self, seconds: float, wake: socket.socket) -> bool:
        sock: Any = self._client.socket()
        if isinstance(sock, ssl.SSLSocket) and sock.pending():
            return True
        with selectors.DefaultSelector() as selector:
            selector.register(sock, selectors.EVENT_READ)
            selector.register(wake, selectors.EVENT_READ)
            return any(key.fileobj is sock for key, _ in selector.select(seconds))

    def _fetch_bodies(self, uids: Sequence[int], item: str, key: bytes, allowed: int) -> dict[int, bytes]:
        self._allow(allowed + _SMALL_ANSWER)
        with _translated("FETCH"):
            told = self._client.fetch(list(uids), [item])
        self._allow(_SMALL_ANSWER)
        # A mail that somebody removed meanwhile is missing, or answered with NIL.
        return {uid: body for uid in uids if isinstance(body := told.get(uid, {}).get(key), bytes)}

    def _allow(self, octets: int) -> None:
        """How many bytes of literals the answers until the next call may bring altogether."""
        self._allowed = octets

    def _read_bounded(self, size: int) -> bytes:
        self._allowed -= size
        if self._allowed < 0:
            raise exceptions.IMAPClientAbortError(f"the server announced {size} bytes, far more than it had told")
        return bytes(self._read(size))

    def _protect(self, mailbox: Mailbox, context: ssl.SSLContext) -> None:
        with _translated("STARTTLS"):
            self._client.socket().setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            # imapclient sends a command and its end apart, and the second part would wait 40 ms for the first.
            self._client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if mailbox.security is Security.STARTTLS:
                self._client.starttls(context)
            elif mailbox.security is Security.NONE and not _is_loopback(self._client.socket()):
                raise ConnectionLost(f"{mailbox.host} is not this machine: no password is sent there without TLS")

    def _login(self, username: str, password: str) -> None:
        try:
            with _translated("LOGIN"):
                # LOGIN cannot carry all characters, and imaplib does not quote the name (RFC 3501, 6.2.3).
                if password.isascii() and password.isprintable() and _PLAIN_WORD.fullmatch(username):
                    self._client.login(username, password)
                else:
                    self._client.plain_login(username, password)
        except CommandRefused as error:
            raise LoginRefused(str(error)) from None


@contextmanager
def _translated(doing: str) -> Iterator[None]:
    """Turn what imapclient, imaplib and the network raise into our three errors."""
    try:
        yield
    except Unavailable:
        raise
    except exceptions.IMAPClientAbortError as error:
        raise ConnectionLost(_sentence(doing, error)) from error
    except exceptions.ProtocolError as error:
        raise ConnectionLost(_sentence(doing, error)) from error
    except exceptions.IMAPClientError as error:
        # imapclient wraps a connection that broke in the login like a refusal; after a line without end nothing fits.
        lost = isinstance(error.__context__, exceptions.IMAPClientAbortError) or "got more than" in str(error)
        raise (ConnectionLost if lost else CommandRefused)(_sentence(doing, error)) from error
    except (OSError, ValueError, TypeError, AttributeError, LookupError, AssertionError) as error:
        # The network, or an answer that the parsers of imapclient stumble over.
        raise ConnectionLost(_sentence(doing, error)) from error


def _sentence(doing: str, error: Exception) -> str:
    """One short line; what a server wrote is shown escaped."""
    text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(error)[:300]) or type(error).__name__
    return f"{doing}: {text}"


def _is_loopback(sock: socket.socket) -> bool:
    return ip_address(sock.getpeername()[0].partition("%")[0]).is_loopback
