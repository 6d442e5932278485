"""How a mail reached us: what the wire said beside the mail itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Vouched:
    """What maild itself found when it checked the signatures of a mail with an agent's address in From.

    `kind` is pgp, smime or dkim where one holds, and none where none does; `reason` is a part of a sentence in either
    case. Of a DKIM signature `domain` is the one that signed. The others say when they were made (`signed_at`), and by
    which name the signed words are known again (`digest`), however a copy of them was wrapped.
    """

    agent: str
    kind: str
    reason: str
    domain: str | None = None
    signed_at: datetime | None = None
    digest: str | None = None
    covers_to: bool = False
    """Whether the signature holds for To as well, and not for the text alone."""
    not_now: bool = False
    """Whether it may be found otherwise in a minute."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """The SMTP envelope and who handed the mail over.

    `sender` is "" for the null return path (RFC 5321, 4.5.5) and None where it is not known (a file, a mailbox without
    Return-Path). `trusted` says that the peer may bring Authentication-Results; `login` is the agent's login of an
    authenticated session on our own listener. `backlog` says that the mail lay in a mailbox before the desk first read
    it.
    """

    channel: str
    source: str
    sender: str | None
    recipients: tuple[str, ...] = ()
    peer: str = ""
    login: str | None = None
    trusted: bool = False
    backlog: bool = False
    confirmed: str | None = None
    """The id of the agent who said, by a reply to a letter that only he got, that this mail was his."""
    vouched: Vouched | None = None
    """What the mail's own signatures say; None where nobody had a reason to look at them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """A mail as it is accepted: raw bytes, envelope, time. Its digest and Message-ID are read from the raw bytes."""

    raw: bytes
    envelope: Envelope
    received_at: datetime
    message_id: str | None
    digest: str
