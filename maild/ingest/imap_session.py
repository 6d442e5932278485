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
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from imapclient import exceptions

from maild.errors import Unavailable
from maild.ingest.imap_line import SMALL_ANSWER, BoundedClient
from maild.ingest.mailbox import AccessToken, Mailbox, Secret, Security
from maild.wire import Overlong as TooMuch
from maild.wire import is_loopback

DONE = b"$MaildDone"
_LARGEST_NUMBER = (1 << 32) - 1
"""Of UIDs, and of what says under which they hold (RFC 3501, 9: nz-number)."""
_PLAIN_WORD = re.compile(r"[!#$&'+,\-./0-9:;<=>?@A-Z\[\]^_`a-z|}~]+")


class LoginRefused(Unavailable):
    """The server does not let us in."""


class CommandRefused(Unavailable):
    """The server says no to a command; the connection lives on."""


class ConnectionLost(Unavailable):
    """The connection cannot be used any more, or never could."""


class Senseless(ConnectionLost):
    """So it is because of what the server said: it made no sense, or no end."""


class Overlong(Senseless):
    """It had no end, or far more was announced than had been told."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeouts:
    """Seconds to wait for a connection (TLS included), for the next bytes of an answer, and for the whole of one whose
    bytes come more slowly than any line brings them.
    """

    connect: float = 20.0
    read: float = 60.0
    answer: float = 900.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Folder:
    """A selected folder with `exists` mails. `uidnext` 0: the server does not say; `keywords`: it keeps ours."""

    uidvalidity: int
    uidnext: int
    exists: int
    writable: bool
    keywords: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Outline:
    """What is told of a mail without reading it: its size in bytes, and when it came into the mailbox."""

    size: int
    arrived_at: datetime | None


class ImapSession:
    """A connection that is logged in."""

    def __init__(self, client: BoundedClient, timeouts: Timeouts) -> None:
        self._client: Any = client
        self._line = client.line
        self._timeouts = timeouts
        self._selectable: dict[str, str] = {}

    @classmethod
    def open(cls, mailbox: Mailbox, secret: Secret, timeouts: Timeouts) -> ImapSession:
        """Connect, protect the way, log in. The secret is sent only over TLS with a certificate that holds, or to
        this very machine.
        """
        with _translated("connect"):
            context = ssl.create_default_context(cafile=mailbox.ca_file)
            first = context if mailbox.security is Security.TLS else None
            client = BoundedClient(mailbox.host, mailbox.port, first, timeouts.connect, timeouts.read, timeouts.answer)
        session = cls(client, timeouts)
        try:
            session._protect(mailbox, context)
            session._login(mailbox, secret)
        except BaseException:
            session.close()
            raise
        return session

    def __enter__(self) -> ImapSession:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if kind is None:
            with suppress(Exception):
                self._line.begin(patience=self._timeouts.read)
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
        with self._speaking("CAPABILITY"):
            return bool(self._client.has_capability(capability))

    def select(self, name: str, *, writing: bool) -> Folder:
        """Open a folder afresh, below the prefix that the server wants; one that can only be read for reading."""
        with self._speaking(f"SELECT {name}"):
            name = self._selectable.get(name, name)
            writable = writing
            try:
                told = self._client.select_folder(name, readonly=not writing)
            except exceptions.IMAPClientReadOnlyError:
                writable, told = False, self._client.select_folder(name, readonly=True)
            except exceptions.IMAPClientAbortError:
                raise
            except exceptions.IMAPClientError:
                full = self._below_prefix(name)
                if full == name or not self._client.folder_exists(full):
                    raise
                self._selectable[name] = full
                told = None
        if told is None:
            return self.select(name, writing=writing)
        validity = told.get(b"UIDVALIDITY")
        if not isinstance(validity, int) or not 0 <= validity <= _LARGEST_NUMBER:
            raise ConnectionLost(f"the server gives no UIDVALIDITY for {name}, so mails cannot be told apart")
        kept = told.get(b"PERMANENTFLAGS", ())
        keywords = any(flag.lower() in (rb"\*", DONE.lower()) for flag in kept)
        return Folder(
            uidvalidity=validity,
            uidnext=min(int(told.get(b"UIDNEXT", 0)), _LARGEST_NUMBER),
            exists=int(told.get(b"EXISTS", 0)),
            writable=writable,
            keywords=keywords,
        )

    def find_folder(self, name: str) -> str:
        """The name under which the server has this folder, made if need be: some want a prefix (RFC 2342)."""
        with self._speaking(f"find {name}"):
            if self._client.folder_exists(name):
                return name
            full = self._below_prefix(name)
            if not self._client.folder_exists(full):
                self._client.create_folder(full)
            return full

    def _below_prefix(self, name: str) -> str:
        """A folder's name with what the server puts in front of all names of ours, and with its separator."""
        own = self._client.namespace().personal if self._client.has_capability("NAMESPACE") else None
        prefix, separator = own[0] if own else ("", "/")
        return str(name if prefix and name.startswith(prefix) else prefix + name.replace("/", separator or "/"))

    def search(self, first: int, last: int | None, *criteria: str) -> list[int]:
        """The UIDs from `first` to `last` (None: to the end) that fit, in their order."""
        with self._speaking("SEARCH"):
            found = self._client.search(["UID", f"{first}:{last or '*'}", *criteria])
        # The end may lie before the start, and then servers must answer with the last mail (RFC 3501, 6.4.8).
        return sorted({uid for uid in found if first <= uid <= (last or _LARGEST_NUMBER)})

    def outlines(self, uids: Sequence[int]) -> dict[int, Outline]:
        """Sizes and times of those that are still there, as the server tells them."""
        with self._speaking("FETCH RFC822.SIZE"):
            told = self._client.fetch(list(uids), ["RFC822.SIZE", "INTERNALDATE"])
        found = {}
        for uid in uids:
            size, at = (told.get(uid, {}).get(name) for name in (b"RFC822.SIZE", b"INTERNALDATE"))
            if isinstance(size, int):
                found[uid] = Outline(size=size, arrived_at=_moment(at))
        return found

    def bodies(self, uids: Sequence[int], expected: int) -> dict[int, bytes]:
        """The mails that are still there, byte by byte and without marking them as seen.

        `expected` is the sum of their sizes; since servers err in that, twice as much is read before the connection is
        dropped.
        """
        return self._fetch_bodies(uids, "BODY.PEEK[]", b"BODY[]", 2 * expected)

    def piece(self, uid: int, start: int, length: int) -> bytes | None:
        """At most so many bytes of a mail from `start` on; none behind its end, None where there is no such mail."""
        item, key = f"BODY.PEEK[]<{start}.{length}>", f"BODY[]<{start}>".encode()
        return self._fetch_bodies([uid], item, key, length).get(uid)

    def add_keyword(self, uids: Sequence[int]) -> None:
        """Set our keyword; no other flag is ever set on a mail that stays."""
        with self._speaking("STORE"):
            self._client.add_flags(list(uids), [DONE], silent=True)

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Move by MOVE (RFC 6851), else by copying and deleting."""
        with self._speaking(f"MOVE to {folder}"):
            if self._client.has_capability("MOVE"):
                self._client.move(list(uids), folder)
                return
            self._client.copy(list(uids), folder)
        self.delete(uids)

    def delete(self, uids: Sequence[int]) -> None:
        r"""Mark as \Deleted and remove exactly these by UID EXPUNGE (RFC 4315); where the server has none they stay
        marked, since a bare EXPUNGE would remove what others have marked.
        """
        with self._speaking("delete"):
            self._client.delete_messages(list(uids), silent=True)
            if self._client.has_capability("UIDPLUS"):
                self._client.uid_expunge(list(uids))

    def idle(self, seconds: float, wake: socket.socket) -> bool:
        """Wait until the server says anything, `wake` can be read, or the time is over; whether the server spoke.

        What it said is never looked at, and what it said together with its first answer is not even noticed: this is
        a hint to search, no more (RFC 2177). A dead connection is noticed when the waiting is ended.
        """
        with self._speaking("IDLE"):
            self._client.idle()
            spoke = self._wait(seconds, wake)
            self._line.begin()
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
        with self._speaking("FETCH", allowed + SMALL_ANSWER):
            told = self._client.fetch(list(uids), [item])
        # A mail that somebody removed meanwhile is missing, or answered with NIL.
        return {uid: body for uid in uids if isinstance(body := told.get(uid, {}).get(key), bytes)}

    @contextmanager
    def _speaking(self, doing: str, literals: int = SMALL_ANSWER) -> Iterator[None]:
        """One command, whose answer may bring so many bytes of literals."""
        self._line.begin(literals)
        with _translated(doing):
            yield

    def _protect(self, mailbox: Mailbox, context: ssl.SSLContext) -> None:
        with self._speaking("STARTTLS"):
            self._client.socket().setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            # imapclient sends a command and its end apart, and the second part would wait 40 ms for the first.
            self._client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if mailbox.security is Security.STARTTLS:
                self._client.starttls(context)
            elif mailbox.security is Security.NONE and not is_loopback(self._client.socket().getpeername()[0]):
                raise ConnectionLost(f"{mailbox.host} is not this machine: no password is sent there without TLS")

    def _login(self, mailbox: Mailbox, secret: Secret) -> None:
        try:
            with self._speaking("LOGIN"):
                if isinstance(secret, AccessToken):
                    self._login_with_token(mailbox, secret)
                    return
                username, password = mailbox.username, secret
                # LOGIN cannot carry all characters, and imaplib does not quote the name (RFC 3501, 6.2.3).
                if password.isascii() and password.isprintable() and _PLAIN_WORD.fullmatch(username):
                    self._client.login(username, password)
                else:
                    self._client.plain_login(username, password)
        except CommandRefused as error:
            raise LoginRefused(str(error)) from None

    def _login_with_token(self, mailbox: Mailbox, token: AccessToken) -> None:
        """By OAUTHBEARER (RFC 7628), else by XOAUTH2, which is older and known to Microsoft alone of the two."""
        words = {
            "OAUTHBEARER": f"n,a={_gs2(mailbox.username)},\1host={mailbox.host}\1auth=Bearer {token.value}\1\1",
            "XOAUTH2": f"user={mailbox.username}\1auth=Bearer {token.value}\1\1",
        }
        mechanism = next((name for name in words if self._client.has_capability(f"AUTH={name}")), None)
        if mechanism is None:
            raise LoginRefused(f"LOGIN: {mailbox.host} takes no OAuth 2 tokens: it has neither OAUTHBEARER nor XOAUTH2")
        # To a refusal that is written as a further question one has to answer, before the server says no.
        answers = iter([words[mechanism].encode(), b"\1" if mechanism == "OAUTHBEARER" else b""])
        self._client.sasl_login(mechanism, lambda _: next(answers, None))


def _gs2(name: str) -> str:
    """A name in a GS2 header (RFC 5801, 4)."""
    return name.replace("=", "=3D").replace(",", "=2C")


@contextmanager
def _translated(doing: str) -> Iterator[None]:
    """Turn what imapclient, imaplib and the network raise into our three errors."""
    try:
        yield
    except Unavailable:
        raise
    except exceptions.IMAPClientError as error:
        # Both packages raise in new words what they were raised, and imapclient a broken login like a refusal.
        kinds = (
            (exceptions.ProtocolError, Senseless),
            (exceptions.IMAPClientAbortError, ConnectionLost),
            (exceptions.IMAPClientError, CommandRefused),
        )
        kind = next(ours for theirs, ours in kinds if any(isinstance(one, theirs) for one in _chain(error)))
        raise kind(_sentence(doing, error)) from error
    except TooMuch as error:
        raise Overlong(_sentence(doing, error)) from error
    except OSError as error:
        raise ConnectionLost(_sentence(doing, error)) from error
    except (
        ValueError,
        TypeError,
        AttributeError,
        LookupError,
        AssertionError,
        ArithmeticError,
        RuntimeError,
    ) as error:
        # An answer that the parsers of imapclient stumble over.
        raise Senseless(_sentence(doing, error)) from error


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, the one in whose handling it was raised, and so on."""
    while error is not None:
        yield error
        error = error.__context__


def _sentence(doing: str, error: Exception) -> str:
    """One short line; what a server wrote is shown escaped."""
    text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(error)[:300]) or type(error).__name__
    return f"{doing}: {text}"


def _moment(told: object) -> datetime | None:
    """When a mail came, as far as that can be; a server may tell a zone that is days away, or the year 0."""
    if not isinstance(told, datetime) or told.tzinfo is None:
        return None
    try:
        return told.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
