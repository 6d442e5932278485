"""A small IMAP server in a thread that does what Dovecot cannot be made to do. Each test replaces what shall be odd."""

from __future__ import annotations

import re
import socket
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Handler = Callable[["Connection", str, str], None]


class Connection:
    """One client."""

    def __init__(self, server: OddImap, sock: socket.socket) -> None:
        self.server = server
        self.sock = sock
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.lines = sock.makefile("rb")

    def say(self, text: str | bytes) -> None:
        """Send these lines in one piece."""
        self.sock.sendall(text.encode() if isinstance(text, str) else text)

    def read(self) -> str:
        """The client's next line; empty at its end."""
        return self.lines.readline().decode("latin-1").rstrip("\r\n")

    def serve(self) -> None:
        """Answer commands until the client goes or the connection is broken."""
        self.say(self.server.greeting)
        while line := self.read():
            tag, _, rest = line.partition(" ")
            verb, _, args = rest.partition(" ")
            if verb.upper() == "UID":
                verb, _, args = args.partition(" ")
            self.server.commands.append(f"{verb.upper()} {args}".strip())
            self.server.handlers[verb.upper()](self, tag, args)

    def close(self) -> None:
        """Hang up."""
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


class OddImap:
    """`mails` are there by UID (None: there, but never given); `commands` is what clients said, without tags."""

    def __init__(self, mails: dict[int, bytes | None] | None = None) -> None:
        self.mails = mails if mails is not None else {}
        self.capabilities = "IMAP4rev1 IDLE UIDPLUS"
        self.greeting = "* OK odd\r\n"
        self.uidnext = True
        self.commands: list[str] = []
        self.connections: list[Connection] = []
        self.handlers: dict[str, Handler] = {
            "CAPABILITY": _capability,
            "LOGIN": _ok,
            "NOOP": _ok,
            "SELECT": _select,
            "EXAMINE": _select,
            "SEARCH": _search,
            "FETCH": _fetch,
            "IDLE": idle,
            "STORE": _ok,
            "LOGOUT": _logout,
        }
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])

    def run(self) -> None:
        """Take clients, each in a thread, until the listener is closed."""
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            connection = Connection(self, sock)
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def stop(self) -> None:
        """Hang up on everybody."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self.connections:
            connection.close()

    def said(self, word: str) -> list[str]:
        """The commands that hold a word."""
        return [command for command in self.commands if word in command]

    def _serve(self, connection: Connection) -> None:
        with suppress(OSError, ValueError):
            connection.serve()
        connection.close()


@contextmanager
def odd_imap(mails: dict[int, bytes | None] | None = None) -> Iterator[OddImap]:
    """A server that runs meanwhile."""
    server = OddImap(mails)
    threading.Thread(target=server.run, daemon=True).start()
    try:
        yield server
    finally:
        server.stop()


def idle(connection: Connection, tag: str, args: str) -> None:
    """Wait for DONE and say nothing."""
    connection.say("+ idling\r\n")
    if connection.read().upper() == "DONE":
        connection.say(f"{tag} OK done\r\n")


def uids_of(server: OddImap, text: str) -> list[int]:
    """The UIDs of a sequence set such as 3,7:9 or 5:* that are there (RFC 3501, 9)."""
    there = sorted(server.mails)
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition(":")
        low, high = sorted(max(there, default=0) if end == "*" else int(end) for end in (first, last or first))
        found.update(there[bisect_left(there, low) : bisect_right(there, high)])
    return sorted(found)


def _ok(connection: Connection, tag: str, args: str) -> None:
    connection.say(f"{tag} OK done\r\n")


def _logout(connection: Connection, tag: str, args: str) -> None:
    connection.say(f"* BYE\r\n{tag} OK done\r\n")


def _capability(connection: Connection, tag: str, args: str) -> None:
    connection.say(f"* CAPABILITY {connection.server.capabilities}\r\n{tag} OK done\r\n")


def _select(connection: Connection, tag: str, args: str) -> None:
    mails = connection.server.mails
    uidnext = f"* OK [UIDNEXT {max(mails, default=0) + 1}]\r\n" if connection.server.uidnext else ""
    connection.say(
        f"* {len(mails)} EXISTS\r\n* OK [UIDVALIDITY 7]\r\n{uidnext}"
        f"* OK [PERMANENTFLAGS (\\Seen \\*)]\r\n{tag} OK [READ-WRITE]\r\n"
    )


def _search(connection: Connection, tag: str, args: str) -> None:
    found = re.fullmatch(r"UID (\S+).*", args)
    uids = uids_of(connection.server, found[1]) if found else sorted(connection.server.mails)
    connection.say(f"* SEARCH {' '.join(map(str, uids))}\r\n{tag} OK done\r\n")


def _fetch(connection: Connection, tag: str, args: str) -> None:
    wanted, _, item = args.partition(" ")
    part = re.search(r"<(\d+)\.(\d+)>", item)
    start, length = (int(part[1]), int(part[2])) if part else (0, None)
    key = f"BODY[]<{start}>" if part else "BODY[]"
    for uid in uids_of(connection.server, wanted):
        raw = connection.server.mails[uid]
        if "SIZE" in item:
            connection.say(f"* {uid} FETCH (UID {uid} RFC822.SIZE {len(raw or b'')})\r\n")
        elif raw is None:
            connection.say(f"* {uid} FETCH (UID {uid} BODY[] NIL)\r\n")
        else:
            raw = raw[start:][:length]
            connection.say(f"* {uid} FETCH (UID {uid} {key} {{{len(raw)}}}\r\n".encode() + raw + b")\r\n")
    connection.say(f"{tag} OK done\r\n")
