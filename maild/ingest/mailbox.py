"""What a polled mailbox is, and what its poller needs from the one who keeps the mail: values and a port."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from maild.messages.envelope import Arrival


class Security(StrEnum):
    """How the way to the server is protected."""

    TLS = "tls"  # from the first byte
    STARTTLS = "starttls"  # before the login, or there is no login
    NONE = "none"  # to this very machine only


class After(StrEnum):
    """What happens on the server to a mail that lies safe with us. Nothing depends on it: our own cursor counts."""

    KEEP = "keep"  # nothing is written
    FLAG = "flag"  # the keyword $MaildDone, where the server keeps keywords
    MOVE = "move"  # into another folder
    DELETE = "delete"


class Start(StrEnum):
    """Where a mailbox begins that has never been read before."""

    ALL = "all"  # everything that is there is taken
    NEW = "new"  # only what comes from now on


@dataclass(frozen=True, kw_only=True, slots=True)
class Mailbox:
    """One folder of one account. `port` None is the usual one; `ca_file` None trusts the machine's authorities.

    `poll` is the time between two looks where the server cannot tell of new mail by itself.
    """

    name: str
    host: str
    port: int | None = None
    security: Security = Security.TLS
    username: str
    folder: str = "INBOX"
    after: After = After.KEEP
    move_to: str | None = None
    poll: timedelta = timedelta(minutes=1)
    start: Start = Start.ALL
    ca_file: str | None = None

    def __post_init__(self) -> None:
        if (self.after is After.MOVE) != (self.move_to is not None):
            raise ValueError(f"mailbox {self.name}: after = move and move_to belong together")

    @property
    def key(self) -> str:
        """What names this folder in the ledger: another folder under the same name has a cursor of its own."""
        return f"{self.name}/{self.folder}"

    def source(self, uidvalidity: int, uid: int) -> str:
        """What names one mail of this folder for ever (RFC 3501, 2.3.1.1)."""
        return f"{self.key}/{uidvalidity}/{uid}"


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessToken:
    """What one logs in with in place of a password (RFC 6749, 1.4). `renew` gives a newer one; None: there is none."""

    value: str = field(repr=False)
    renew: Callable[[], AccessToken] | None = field(default=None, repr=False)


Secret = str | AccessToken
"""A password, or a token."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cursor:
    """How far a folder has been read: every UID up to `last_uid`, under this UIDVALIDITY.

    The UIDs up to `left_uid` were left alone on purpose. `began_at` is when the folder was read for the first time,
    None where nobody wrote that down.
    """

    uidvalidity: int
    last_uid: int
    left_uid: int = 0
    began_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NotTaken:
    """A mail that lies in a mailbox, has been passed by its cursor, and is not in the ledger."""

    uid: int
    message_id: str | None
    arrived_at: datetime | None

    def __str__(self) -> str:
        return f"UID {self.uid}, {self.message_id or 'no Message-ID'}, of {self.arrived_at or 'an unknown day'}"


class MailboxLedger(Protocol):
    """Where polled mail is kept. Each call blocks until what it says is true."""

    def cursor(self, mailbox: str) -> Cursor | None:
        """How far this mailbox (its `key`) has been read; None where it never was."""
        ...

    def add_from_mailbox(self, mailbox: str, arrivals: Sequence[Arrival], cursor: Cursor) -> list[int]:
        """Keep these mails (or none) and the cursor in one transaction, durably before it returns; the inbox ids."""
        ...

    def taken(self, sources: Collection[str]) -> frozenset[str]:
        """Which of these mails (their envelopes' sources) are kept, or were removed from the ledger on purpose."""
        ...

    def known(self, digests: Collection[str]) -> frozenset[str]:
        """Which of these mails (their content keys) are kept, whatever way they came."""
        ...

    def note_look(self, mailbox: str, at: datetime) -> None:
        """Write down that the folder was searched to its end."""
        ...

    def compared_at(self, mailbox: str) -> datetime | None:
        """When the folder was last compared with the ledger; None where it never was."""
        ...

    def note_comparison(self, mailbox: str, at: datetime) -> None:
        """Write down that it was."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class MailboxHealth:
    """How a mailbox does, for people: `problem` is one sentence, None while all is well."""

    name: str
    connected: bool = False
    taken: int = 0
    """Mails taken since the start."""
    last_look: datetime | None = None
    """When the folder was last searched to its end."""
    problem: str | None = None
    failing_since: datetime | None = None
