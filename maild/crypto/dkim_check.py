"""DKIM signatures of others (RFC 6376; Ed25519: RFC 8463), checked more strictly than a mail server would.

A mail server asks whether a domain answers for a mail. Here it is asked whether a signature proves who wrote the mail,
to whom, and when: all of that has to be signed, and nothing may have been added behind it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from maild.crypto import ed25519
from maild.crypto.programs import NotVerified
from maild.crypto.resolver import LookUp, texts_of

_MUST_BE_SIGNED = ("from", "to", "date", "message-id")
_ALGORITHMS = {"rsa-sha256": "rsa", "ed25519-sha256": "ed25519"}
"""What still counts (RFC 8301, 3.1), and the kind of key that it wants."""
_LEAST_BITS, _MOST_BITS = 1024, 8192
_MOST_EXPONENT = 1 << 32
_MOST_SIGNATURES = 5
"""So many signatures of one mail are looked at: each costs a question to the DNS."""
_PATIENCE = 6.0
"""Seconds after which the DNS is asked no further question about one mail: five that each take their time are a lot."""
_LEEWAY = timedelta(minutes=5)
_LABELS = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_-]{1,63})*")
_TAG = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*=([^;]*)", re.DOTALL)
_OWN_VALUE = re.compile(rb"([;\s]b[ \t\r\n]*=)[^;]*")


class NotNow(NotVerified):
    """The DNS did not answer: it may do so in a minute."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Signature:
    """One DKIM-Signature field, and what its tags say."""

    field: tuple[bytes, bytes]
    tags: dict[str, str]

    def __getitem__(self, name: str) -> str:
        """A tag without any white space in it. Raises NotVerified where it is missing."""
        if name not in self.tags:
            raise NotVerified(f"it has no {name}=")
        return "".join(self.tags[name].split())

    @property
    def signed(self) -> list[str]:
        return [name.strip().lower() for name in self["h"].split(":")]


def check_dkim(raw: bytes, domain: str, now: datetime, look_up: LookUp = texts_of) -> str:
    """The domain whose signature proves that a mail comes from somebody in `domain`, which it is or lies above.

    Raises NotVerified with the last reason where none does, NotNow where the DNS kept silent about one.
    """
    from dkim import MessageFormatError, rfc822_parse

    try:
        fields, body = rfc822_parse(raw)
    except (MessageFormatError, IndexError) as error:
        raise NotVerified("its header is not as it should be") from error
    headers = [(bytes(name), bytes(value)) for name, value in fields]
    found = [field for field in headers if field[0].lower() == b"dkim-signature"][:_MOST_SIGNATURES]
    trouble = NotVerified("there is none")
    ask = _until(monotonic() + _PATIENCE, look_up)
    for field in found:
        try:
            signature = _Signature(field=field, tags=_tags(field[1].decode("ascii", "replace")))
            return _checked(signature, headers, body, domain, now, ask)
        except NotVerified as why:
            trouble = trouble if isinstance(trouble, NotNow) else why
    raise trouble


def _until(deadline: float, look_up: LookUp) -> LookUp:
    """The same, but nobody is asked any more after a monotonic time."""

    def ask(name: str) -> list[str]:
        if monotonic() > deadline:
            raise OSError("the DNS took too long over the questions before")
        return look_up(name)

    return ask


def _checked(
    signature: _Signature,
    headers: list[tuple[bytes, bytes]],
    body: bytes,
    domain: str,
    now: datetime,
    look_up: LookUp,
) -> str:
    """The signing domain. What costs nothing is asked first, the DNS last but for the arithmetic."""
    by = signature["d"].lower()
    if "." not in by or not (domain == by or domain.endswith(f".{by}")) or not _LABELS.fullmatch(by):
        raise NotVerified(f"{by[:100]} does not speak for {domain}")
    _check_tags(signature, headers, now)
    _check_body(signature, body)
    key = _key_of(signature, by, look_up)
    if not _holds(signature, headers, key):
        raise NotVerified("the header was changed after it was signed")
    return by


def _check_tags(signature: _Signature, headers: list[tuple[bytes, bytes]], now: datetime) -> None:
    """Raises NotVerified where the tags alone say that it does not count (RFC 6376, 6.1.1)."""
    if signature["v"] != "1" or signature["a"] not in _ALGORITHMS:
        raise NotVerified("it is of a kind that no longer counts")
    if "l" in signature.tags:
        raise NotVerified("it covers a part of the text only (l=)")
    there = [name.decode("ascii").lower() for name, _ in headers]
    # Of two such fields the lower one may be signed, and the upper one read (RFC 6376, 8.15).
    open_ones = [name for name in _MUST_BE_SIGNED if name not in signature.signed or there.count(name) != 1]
    if open_ones:
        raise NotVerified(f"it does not cover {open_ones[0]}")
    if _moment(signature, "x", now) <= now:
        raise NotVerified("it has expired")
    if _moment(signature, "t", None) > now + _LEEWAY:
        raise NotVerified("it was made in the future")
    identity = signature.tags.get("i", "").strip().lower().rpartition("@")[2]
    by = signature["d"].lower()
    if identity and identity != by and not identity.endswith(f".{by}"):
        raise NotVerified("its i= is not in its d=")


def _moment(signature: _Signature, name: str, now: datetime | None) -> datetime:
    """A time in a tag; where there is none, one that is right by itself. Raises NotVerified."""
    text = "".join(signature.tags.get(name, "").split())
    if name not in signature.tags:
        return now + _LEEWAY if now is not None else datetime.min.replace(tzinfo=UTC)
    if not re.fullmatch(r"\d{1,11}", text):
        raise NotVerified(f"its {name}= is no time")
    return datetime.fromtimestamp(int(text), UTC)


def _check_body(signature: _Signature, body: bytes) -> None:
    canonical = _canonical(signature).canonicalize_body(body)
    if base64.b64encode(hashlib.sha256(canonical).digest()).decode("ascii") != signature["bh"]:
        raise NotVerified("the text was changed after it was signed")


def _canonical(signature: _Signature) -> Any:
    from dkim.canonicalization import CanonicalizationPolicy, InvalidCanonicalizationPolicyError

    try:
        said = "".join(signature.tags.get("c", "simple/simple").split())
        return CanonicalizationPolicy.from_c_value(said.encode("ascii", "replace"))
    except InvalidCanonicalizationPolicyError as error:
        raise NotVerified("its c= is unknown") from error


def _key_of(signature: _Signature, by: str, look_up: LookUp) -> bytes:
    """The public key that the domain has published (RFC 6376, 3.6.1). Raises NotVerified, NotNow."""
    selector = signature["s"]
    if not _LABELS.fullmatch(selector):
        raise NotVerified("its selector is no name")
    try:
        texts = look_up(f"{selector}._domainkey.{by}")
    except OSError as error:
        raise NotNow("the DNS does not answer") from error
    if len(texts) != 1:
        raise NotVerified("its key is published twice" if texts else "its key is not published")
    tags = {name: "".join(value.split()) for name, value in _tags(texts[0]).items()}
    if tags.get("v", "DKIM1") != "DKIM1" or tags.get("k", "rsa") != _ALGORITHMS[signature["a"]]:
        raise NotVerified("its key is of another kind")
    flags = tags.get("t", "").split(":")
    if "y" in flags:
        raise NotVerified("its key is published for tests only")
    if "s" in flags and signature.tags.get("i", f"@{by}").strip().lower().rpartition("@")[2] != by:
        raise NotVerified("its key is for the domain alone")
    if "sha256" not in tags.get("h", "sha256").split(":") or not {"*", "email"} & set(tags.get("s", "*").split(":")):
        raise NotVerified("its key is published for something else")
    if not tags.get("p"):
        raise NotVerified("its key was revoked")
    return _octets(tags["p"])


def _holds(signature: _Signature, headers: list[tuple[bytes, bytes]], key: bytes) -> bool:
    """Whether the signature itself is right (RFC 6376, 3.7)."""
    from dkim import select_headers

    canonical = _canonical(signature)
    name, value = signature.field
    chosen = select_headers(
        canonical.canonicalize_headers(headers), [n.encode("ascii", "replace") for n in signature.signed]
    )
    own = canonical.canonicalize_headers([(name, _OWN_VALUE.sub(rb"\1", value))])[0]
    data = b"".join(n + b":" + v for n, v in chosen) + own[0] + b":" + own[1].rstrip()
    octets = _octets(signature["b"])
    if _ALGORITHMS[signature["a"]] == "ed25519":
        return ed25519.verify(key, hashlib.sha256(data).digest(), octets)
    return _rsa_holds(key, data, octets)


def _rsa_holds(der: bytes, data: bytes, signature: bytes) -> bool:
    from dkim.crypto import DigestTooLargeError, RSASSA_PKCS1_v1_5_verify, UnparsableKeyError, parse_public_key

    try:
        key: dict[str, int] = parse_public_key(der)
        bits = key["modulus"].bit_length()
        if bits < _LEAST_BITS:
            raise NotVerified(f"its key has {bits} bits only")
        if bits > _MOST_BITS or not 2 < key["publicExponent"] <= _MOST_EXPONENT or len(signature) * 8 > _MOST_BITS:
            raise NotVerified("its key is not one that anybody uses")
        return bool(RSASSA_PKCS1_v1_5_verify(hashlib.sha256(data), signature, key))
    except (UnparsableKeyError, DigestTooLargeError, IndexError, TypeError, AssertionError) as error:
        raise NotVerified("its key cannot be read") from error


def _tags(text: str) -> dict[str, str]:
    """The tags of a list (RFC 6376, 3.2). Raises NotVerified where one stands twice or anything is odd."""
    tags: dict[str, str] = {}
    for piece in text.split(";"):
        if not piece.strip():
            continue
        found = _TAG.fullmatch(piece)
        if found is None or found[1] in tags:
            raise NotVerified("its tags are not as they should be")
        tags[found[1]] = found[2].strip()
    return tags


def _octets(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotVerified("what should be Base64 is none") from error
