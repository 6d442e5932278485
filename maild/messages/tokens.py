"""Signed addresses and Message-IDs: how a mail that comes back says which ticket it belongs to, and cannot lie.

A token is `<key id><purpose><ticket><mac>` in lower-case base32, so it survives mail systems that fold case. The mac is
HMAC-SHA256, cut to 128 bits, over key id, purpose, ticket and the participant it was made for. The participant is not
written into it: whoever checks a token asks "was it made for this one?". A token lets its holder add text to a ticket
and never proves an agent.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b32encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from maild.messages.thread_index import conversation

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_MAC_LENGTH = 26  # 128 bits in base32 without padding
_MAX_LOCAL_PART = 64  # octets (RFC 5321, 4.5.3.1.1)
_MAX_ID_LENGTH = 70  # the standard library folds ids of 78 and more inside, and then no client can thread by them
MAX_LOCAL_PART = 28
"""Longest local part a desk's address may have, so that a reply address keeps to 64 octets (RFC 5321, 4.5.3.1.1)."""


class Purpose(StrEnum):
    """What a token may be used for; each purpose signs apart, so none can stand in for another."""

    CUSTOMER = "c"  # reply address of a customer or another participant
    AGENT = "a"  # reply address of an agent: the reply goes to the customer
    NOTE = "n"  # reply address of an agent: the reply stays internal
    BOUNCE = "b"  # return path of an answer to a participant
    AUTO_BOUNCE = "d"  # return path of an automatic letter to him: what comes back to it changes no ticket
    PUBLIC_ID = "m"  # Message-ID of a letter to a customer
    AGENT_ID = "k"  # Message-ID of a letter to one of ours
    LOOP = "l"  # mark in every letter of ours
    CONFIRM = "f"  # reply address of a letter that asks an agent whether a mail was his
    OUTSIDER = "g"  # reply address and return path of a mail that is passed on to somebody outside: it stays internal
    VERB = "v"  # address of a button: what it orders stands in the token


VERBS: Mapping[str, str] = {
    "t": "take",
    "x": "close",
    "z": "snooze",
    "s": "spam",
    "p": "keep",
    "q": "split",
    "e": "send",
    "u": "undo",
}
"""The letter of each order that a button can give; none of them is a purpose."""
_LETTERS = {name: letter for letter, name in VERBS.items()}
_EPOCH = date(2020, 1, 1)
_DAY_DIGITS = 3
VERB_DAYS = 30
"""For how long a button works."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """A signing key: one character to name it, and the secret."""

    id: str
    secret: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """What a token says before anybody has checked it for a participant."""

    key_id: str
    purpose: Purpose
    ticket: int
    mac: str
    address: str = ""
    """The address that carried it, for the trace."""
    verb: str | None = None
    """The order of a button."""
    day: int = 0
    """The day on which a button was made, counted from 2020."""

    def too_old(self, today: date) -> bool:
        """Whether a button's time is over."""
        return not 0 <= (today - _EPOCH).days - self.day <= VERB_DAYS


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedId:
    """A Message-ID of ours whose signature holds."""

    message_id: str
    purpose: Purpose
    ticket: int


def parse_keys(text: str) -> tuple[Key, ...]:
    """The keys of a secret file: `id:hex` a line, the first one signs, all of them check. Raises ValueError."""
    keys = []
    for number, line in enumerate(text.splitlines(), 1):
        if not (line := line.strip()) or line.startswith("#"):
            continue
        key_id, _, secret = line.partition(":")
        if key_id not in _ALPHABET or len(key_id) != 1 or len(secret) < 32:
            raise ValueError(
                f"line {number} is no key: one character of a-z or 2-7, a colon, 32 hexadecimal digits or more"
            )
        keys.append(Key(id=key_id, secret=bytes.fromhex(secret)))
    if not keys:
        raise ValueError("there is no key in it")
    return tuple(keys)


def to_base32(number: int) -> str:
    """A number from 0 up in lower-case base32 digits."""
    digits = ""
    while True:
        number, rest = divmod(number, 32)
        digits = _ALPHABET[rest] + digits
        if not number:
            return digits


def _day_digits(day: int) -> str:
    return to_base32(day).rjust(_DAY_DIGITS, "a")


def _from_base32(digits: str) -> int:
    number = 0
    for digit in digits:
        number = number * 32 + _ALPHABET.index(digit)
    return number


class Mint:
    """Makes and checks the tokens of one desk. Its keys and addresses are given to it; it knows no clock, no chance."""

    def __init__(self, keys: Iterable[Key], address: str, reply_domain: str) -> None:
        self._keys = {key.id: key for key in keys}
        self._signing = next(iter(self._keys.values()))
        self._address = address
        self._local = address.rpartition("@")[0]
        self._domain = reply_domain
        self._id_domain = self._short_domain(reply_domain)

    @staticmethod
    def _short_domain(domain: str) -> str:
        """The last labels of a domain that leave a Message-ID within its length."""
        room = _MAX_ID_LENGTH - len("<@>") - len("km") - 7 - 1 - 9 - 1 - _MAC_LENGTH
        while len(domain) > room and "." in domain:
            domain = domain.partition(".")[2]
        return domain[-room:]

    def _mac(self, key: Key, *parts: str) -> str:
        digest = hmac.new(key.secret, "\0".join((key.id, *parts)).encode(), hashlib.sha256).digest()
        return b32encode(digest[:16]).decode().rstrip("=").lower()

    def _token(self, purpose: Purpose, ticket: int, participant: str) -> str:
        key = self._signing
        return f"{key.id}{purpose}{to_base32(ticket)}{self._mac(key, purpose, str(ticket), participant)}"

    def address(self, purpose: Purpose, ticket: int, participant: str) -> str:
        """The address by which this participant (normalised address, or an agent's id) answers on this ticket."""
        return f"{self._local}+{self._token(purpose, ticket, participant)}@{self._domain}"

    def verb_address(self, verb: str, ticket: int, agent: str, today: date) -> str | None:
        """The address of a button that gives this order for an agent; None where it would be longer than addresses are.

        Raises KeyError for an order that no button gives.
        """
        key, day = self._signing, (today - _EPOCH).days
        mac = self._verb_mac(key, verb, day, ticket, agent)
        local = f"{self._local}+{key.id}{_LETTERS[verb]}{to_base32(ticket)}{_day_digits(day)}{mac}"
        return f"{local}@{self._domain}" if len(local) <= _MAX_LOCAL_PART else None

    def _verb_mac(self, key: Key, verb: str, day: int, ticket: int, agent: str) -> str:
        return self._mac(key, Purpose.VERB, _LETTERS[verb], _day_digits(day), str(ticket), agent)

    def _read_verb(self, detail: str, address: str) -> Claim | None:
        day = detail[-_MAC_LENGTH - _DAY_DIGITS : -_MAC_LENGTH]
        number = detail[2 : -_MAC_LENGTH - _DAY_DIGITS]
        if not number:
            return None
        return Claim(
            key_id=detail[0],
            purpose=Purpose.VERB,
            ticket=_from_base32(number),
            mac=detail[-_MAC_LENGTH:],
            address=address,
            verb=VERBS[detail[1]],
            day=_from_base32(day),
        )

    def read_address(self, address: str) -> Claim | None:
        """The token in an address' detail part, unchecked; None where there is none that could be ours."""
        detail = address.rpartition("@")[0].partition("+")[2].lower()
        if not 2 + 1 + _MAC_LENGTH <= len(detail) <= 2 + 12 + _MAC_LENGTH or detail.strip(_ALPHABET):
            return None
        if detail[0] not in self._keys:
            return None
        if detail[1] in VERBS:
            return self._read_verb(detail, address)
        if detail[1] not in set(Purpose):
            return None
        return Claim(
            key_id=detail[0],
            purpose=Purpose(detail[1]),
            ticket=_from_base32(detail[2:-_MAC_LENGTH]),
            mac=detail[-_MAC_LENGTH:],
            address=address,
        )

    def made_for(self, claim: Claim, participant: str) -> bool:
        """Whether a claim's token was made by us for this participant; compared in constant time."""
        key = self._keys.get(claim.key_id)
        if key is None:
            return False
        if claim.verb is not None:
            mac = self._verb_mac(key, claim.verb, claim.day, claim.ticket, participant)
        else:
            mac = self._mac(key, claim.purpose, str(claim.ticket), participant)
        return hmac.compare_digest(claim.mac, mac)

    def message_id(self, purpose: Purpose, ticket: int, unique: str) -> str:
        """A Message-ID of ours for this ticket; `unique` is lower-case base32 and differs for every letter."""
        key = self._signing
        mac = self._mac(key, purpose, str(ticket), unique)
        return f"<{key.id}{purpose}{to_base32(ticket)}.{unique}.{mac}@{self._id_domain}>"

    def root_id(self, purpose: Purpose, ticket: int) -> str:
        """The id that stands in References of every letter about a ticket; it is no letter's own."""
        return self.message_id(purpose, ticket, "r")

    def conversation(self, purpose: Purpose, ticket: int, began: datetime) -> bytes:
        """The 22 bytes by which Outlook knows all letters about a ticket, to its customer or to ours (`purpose`)."""
        digest = hmac.new(self._signing.secret, f"thread-index\0{purpose}\0{ticket}".encode(), hashlib.sha256).digest()
        return conversation(began, digest)

    def read_message_id(self, message_id: str) -> SignedId | None:
        """The ticket that a Message-ID of ours names; None where it is not ours or its signature does not hold."""
        found = _OWN_ID.fullmatch(message_id.strip().lower())
        if not found or found["key"] not in self._keys or found["purpose"] not in set(Purpose):
            return None
        purpose, ticket = Purpose(found["purpose"]), _from_base32(found["ticket"])
        mac = self._mac(self._keys[found["key"]], purpose, str(ticket), found["unique"])
        if not hmac.compare_digest(mac, found["mac"]):
            return None
        return SignedId(message_id=message_id, purpose=purpose, ticket=ticket)

    def loop_mark(self) -> str:
        """The value of X-Maild-Loop in every letter of ours."""
        return f"{self._signing.id}{self._mac(self._signing, Purpose.LOOP, self._address)}"

    def is_own(self, mark: str) -> bool:
        """Whether an X-Maild-Loop value was made by this desk."""
        key = self._keys.get(mark[:1].lower())
        return key is not None and hmac.compare_digest(
            mark[1:].lower().encode(), self._mac(key, Purpose.LOOP, self._address).encode()
        )


_OWN_ID = re.compile(
    r"<(?P<key>[a-z2-7])(?P<purpose>[a-z])(?P<ticket>[a-z2-7]{1,12})\.(?P<unique>[a-z2-7]{1,20})\.(?P<mac>[a-z2-7]{26})@[^<>@\s]+>"
)
