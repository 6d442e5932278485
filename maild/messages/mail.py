"""The Mail: everything that maild understood of one message. Values only; `read.py` makes them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from maild.messages.fixed import FixedEnum
from maild.messages.sealed import Seal, SignedWhole


class MailClass(FixedEnum):
    """What kind of sender wrote this (RFC 3834, RFC 3464, RFC 8098, RFC 5965 and common practice)."""

    PERSON = "person"
    BOUNCE = "bounce"  # could not be delivered, for good or for now
    DELAY = "delay"  # still being tried; information only
    OUT_OF_OFFICE = "out_of_office"
    RECEIPT = "receipt"  # read or delivery receipt (MDN)
    LIST = "list"
    BULK = "bulk"
    CHALLENGE = "challenge"  # "confirm that you are a person"
    ABUSE_REPORT = "abuse_report"  # ARF
    AUTO_GENERATED = "auto_generated"
    OWN = "own"  # we wrote it ourselves

    @property
    def automatic(self) -> bool:
        """No acknowledgement may answer it, and it never reopens or closes a ticket."""
        return self is not MailClass.PERSON


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """A mailbox: display name ("" where there is none) and address with its domain in lower case."""

    name: str = ""
    address: str


class Mark(FixedEnum):
    """What is odd about a sender."""

    ADDRESS_IN_NAME = "address_in_name"  # the name holds another address than the mailbox
    MIXED_SCRIPTS = "mixed_scripts"  # a word of the name mixes alphabets
    HIDDEN_CHARACTERS = "hidden_characters"  # characters that turn the reading direction, or that nobody sees
    PUNYCODE_DOMAIN = "punycode_domain"  # the domain is an encoded one, whatever it looks like when it is shown
    LOOKALIKE_DOMAIN = "lookalike_domain"  # and that looks like another one in plain Latin letters


@dataclass(frozen=True, kw_only=True, slots=True)
class Writer:
    """Who wrote, as far as the mail tells: the person in From, or the one behind a list that has rewritten From.

    None of it is proven. `via` is the address that stands in From in the person's place, `software` whose doing that
    is; `shown_domain` is the domain of From as people read it, where that is not plain ASCII letters.
    """

    person: Address
    via: str | None
    software: str
    marks: tuple[Mark, ...]
    shown_domain: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """A part that is not the body. `filename` is harmless to show and to save; `sha256` is of the decoded content."""

    filename: str
    content_type: str
    size: int
    sha256: str
    inline: bool
    content_id: str | None
    content: bytes = field(repr=False, compare=False, default=b"")
    seal: bool = False
    """A signature, or the wrapping of a signed mail that was read: kept, but no file to people."""

    @classmethod
    def file(cls, filename: str, content_type: str, content: bytes) -> Attachment:
        """A whole file that is put to a mail, beside its text."""
        return cls(
            filename=filename,
            content_type=content_type,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            inline=False,
            content_id=None,
            content=content,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class BounceRecipient:
    """One address that a delivery report speaks of (RFC 3464, 2.3); `kind` follows the enhanced status (RFC 3463)."""

    address: str
    status: str | None
    action: str | None
    kind: Literal["hard", "soft"]
    diagnostic: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounce:
    """What a delivery report says; filled for delays too."""

    recipients: tuple[BounceRecipient, ...]
    original_message_id: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Forwarded:
    """A mail inside this one; `before` is what the forwarding person wrote above it, and below it."""

    before: str
    sender: Address | None
    to: tuple[Address, ...]
    date: str | None
    subject: str | None
    text: str
    mail: Mail | None = field(default=None, repr=False)
    """The whole mail where it was attached; files of many megabytes are named in it without their content."""
    below: str = ""
    """The end of `before` that stood below: whoever wrote the forwarded mail may have written it to look like that."""


WORDS_ALONE = "its subject is that of an absence note, and nothing else says so"
"""The reason of a class that a person may have earned as well, by asking about absence notes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """One message, understood. Text is clean: no NUL, no lone surrogates, no line breaks in header values."""

    headers: tuple[tuple[str, str], ...] = field(repr=False)
    """All fields in their order, names as written, values decoded and unfolded."""
    message_id: str | None
    in_reply_to: str | None
    references: tuple[str, ...]
    date: datetime | None
    sender: Address | None
    """The From that counts, or None where no address can be found in it."""
    strict_sender: str | None
    """The address of From when there is exactly one From with exactly one address and nothing odd about it."""
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str
    language: str
    """Of the text itself: an ISO 639-1 code, "" where there is too little to tell."""
    text: str
    text_from_html: str | None
    html: str | None = field(repr=False)
    reply: str
    quoted: str
    signature: str
    attachments: tuple[Attachment, ...]
    mail_class: MailClass
    class_reason: str
    bounce: Bounce | None
    forwarded: Forwarded | None
    defects: tuple[str, ...]
    size: int
    signed: Seal | None = None
    """How the mail is signed, by its own word; nobody has verified it."""
    signed_whole: SignedWhole | None = None
    """Where the signature is of a mail that is signed as a whole; nobody has verified it."""
    encrypted: Seal | None = None
    writer: Writer | None = None
    """Who wrote, behind lists that rewrite From, and what is odd about From; None where there is no sender."""

    @property
    def surely_automatic(self) -> bool:
        """A machine wrote it, and more than a phrase says so: only then may it go unseen."""
        return self.mail_class.automatic and self.class_reason != WORDS_ALONE

    def all(self, name: str) -> Iterator[str]:
        """The values of a field, in their order; names are compared without case."""
        wanted = name.lower()
        return (value for key, value in self.headers if key.lower() == wanted)

    def first(self, name: str) -> str | None:
        """The topmost value of a field."""
        return next(self.all(name), None)
