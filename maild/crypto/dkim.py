"""DKIM signatures of our own letters (RFC 6376; Ed25519: RFC 8463), and the DNS record that belongs to a key.

A letter is signed when it is written, and the signature is a part of its bytes: what goes again is the very same mail,
also after the key was changed. The time in it is the letter's own, so that the same letter always gives the same bytes.
Keys never leave this file. The signatures of others are checked in `dkim_check.py`.
"""

from __future__ import annotations

import base64
import hashlib
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from maild.crypto import ed25519
from maild.crypto.resolver import LookUp, texts_of
from maild.errors import ConfigError, Finding

_SIGNED = (
    *("from", "to", "cc", "subject", "date", "message-id", "reply-to", "in-reply-to", "references"),
    *("auto-submitted", "mime-version", "content-type", "content-transfer-encoding"),
)
"""Each is named once more than it stands there, so that nobody can add a second one (RFC 6376, 5.4.2)."""
_FIELD = re.compile(rb"([!-9;-~]+):((?:[^\r\n]|\r\n[ \t])*)\r\n")
_PEM = re.compile(rb"-----BEGIN ([A-Z ]{0,20}PRIVATE KEY)-----\s+([A-Za-z0-9+/=\s]+?)-----END")
_ED25519_PREFIX = bytes.fromhex("302e020100300506032b657004220420")
"""What stands in front of the 32 octets of a private key (RFC 8410, 7)."""
_LEAST_BITS = 1024
_ADVISED_BITS = 2048


class _RsaKey:
    """A private RSA key, as dkimpy reads it."""

    algorithm, kind = "rsa-sha256", "rsa"

    def __init__(self, der: bytes) -> None:
        from dkim.crypto import UnparsableKeyError, parse_private_key

        try:
            self._key: dict[str, int] = parse_private_key(der)
        except UnparsableKeyError as error:
            raise ValueError("there is no RSA key in it") from error
        if self.bits < _LEAST_BITS:
            raise ValueError(f"an RSA key of {self.bits} bits is believed by nobody; make one of {_ADVISED_BITS}")

    @property
    def bits(self) -> int:
        """Its length."""
        return self._key["modulus"].bit_length()

    def sign(self, data: bytes) -> bytes:
        """RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2)."""
        from dkim.crypto import RSASSA_PKCS1_v1_5_sign

        return bytes(RSASSA_PKCS1_v1_5_sign(hashlib.sha256(data), self._key))

    def public(self) -> bytes:
        """The SubjectPublicKeyInfo (RFC 6376, 3.6.1; RFC 5280, 4.1)."""
        key = _der(0x30, _der_number(self._key["modulus"]) + _der_number(self._key["publicExponent"]))
        return _der(0x30, bytes.fromhex("300d06092a864886f70d0101010500") + _der(0x03, b"\0" + key))


class _Ed25519Key:
    """A private Ed25519 key."""

    algorithm, kind, bits = "ed25519-sha256", "ed25519", 256

    def __init__(self, seed: bytes) -> None:
        self._seed = seed

    def sign(self, data: bytes) -> bytes:
        """PureEd25519 over the SHA-256 of the data (RFC 8463, 3)."""
        return ed25519.sign(self._seed, hashlib.sha256(data).digest())

    def public(self) -> bytes:
        """The 32 octets of the key alone (RFC 8463, 4.2)."""
        return ed25519.public_key(self._seed)


@dataclass(frozen=True, kw_only=True, slots=True)
class Signer:
    """Signs mails for one domain, under one selector."""

    domain: str
    selector: str
    key: _RsaKey | _Ed25519Key = field(repr=False)

    def sign(self, raw: bytes, at: datetime) -> bytes:
        """The mail with its DKIM-Signature on top, relaxed/relaxed. The mail has CRLF and nothing but 7 bit."""
        from dkim.canonicalization import Relaxed

        head, _, body = raw.partition(b"\r\n\r\n")
        fields = _FIELD.findall(head + b"\r\n")
        signed, names = _picked(fields)
        digest = base64.b64encode(hashlib.sha256(Relaxed.canonicalize_body(body)).digest())
        value = self._value(names, digest.decode("ascii"), at).encode("ascii")
        own = (b"DKIM-Signature", value)
        lines = [name + b":" + text for name, text in Relaxed.canonicalize_headers([*signed, own])]
        signature = base64.b64encode(self.key.sign(b"".join(lines)[:-2])).decode("ascii")
        return b"DKIM-Signature:" + value + _folded(signature) + b"\r\n" + raw

    def _value(self, names: Sequence[str], digest: str, at: datetime) -> str:
        """Every tag, the signature still empty (RFC 6376, 3.5)."""
        return (
            f" v=1; a={self.key.algorithm}; c=relaxed/relaxed; d={self.domain};\r\n"
            f" s={self.selector}; t={int(at.timestamp())};\r\n"
            f" h={_wrapped(names)};\r\n"
            f" bh={digest};\r\n b="
        )

    def record(self) -> tuple[str, str]:
        """Name and text of the DNS record with the public key (RFC 6376, 3.6)."""
        public = base64.b64encode(self.key.public()).decode("ascii")
        return f"{self.selector}._domainkey.{self.domain}", f"v=DKIM1; k={self.key.kind}; p={public}"


def load_signer(domain: str, selector: str, key_file: Path) -> Signer:
    """The signer of these settings. Raises ConfigError where the key cannot be read; it never shows it."""
    try:
        key = _read_key(key_file.read_bytes())
    except OSError as error:
        raise ConfigError([_finding(key_file, f"the DKIM key cannot be read: {error.strerror}")]) from error
    except ValueError as error:
        raise ConfigError([_finding(key_file, f"the DKIM key cannot be used: {error}")]) from error
    return Signer(domain=domain, selector=selector, key=key)


def check_key(domain: str, selector: str, key_file: Path, own_domains: Sequence[str]) -> list[Finding]:
    """What is wrong with the key, the rights on its file, and the domain it signs for."""
    try:
        signer = load_signer(domain, selector, key_file)
    except ConfigError as error:
        return list(error.findings)
    found = []
    if key_file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        found.append(_finding(key_file, "others can read the DKIM key", f"chmod 600 {key_file}", "warning"))
    if signer.key.bits < _ADVISED_BITS and signer.key.kind == "rsa":
        message = f"the DKIM key has {signer.key.bits} bits, and some take no fewer than {_ADVISED_BITS}"
        found.append(_finding(key_file, message, f"openssl genrsa -out {key_file} {_ADVISED_BITS}", "warning"))
    stray = [own for own in own_domains if own != domain and not own.endswith(f".{domain}")]
    if stray:
        message = f"letters come from {stray[0]}, for which a signature of {domain} proves nothing"
        found.append(_finding(key_file, message, f'dkim_domain = "{stray[0]}"', "warning"))
    return found


def check_record(signer: Signer, look_up: LookUp = texts_of) -> list[str]:
    """What is wrong with the record in the DNS, a sentence each; nothing where it is right, or nobody can be asked."""
    name, wanted = signer.record()
    try:
        texts = look_up(name)
    except OSError:
        return []
    if not texts:
        return [f"the DNS has no record {name}; `maild dkim` prints it"]
    if not any(_tag(text, "p") == _tag(wanted, "p") for text in texts):
        return [f"the record {name} in the DNS holds another key; `maild dkim` prints the right one"]
    return []


def zone_line(name: str, text: str) -> str:
    """The record as a line of a zone file: no string in it is longer than 255 octets (RFC 1035, 3.3.14)."""
    strings = " ".join(f'"{text[start : start + 250]}"' for start in range(0, len(text), 250))
    return f"{name}. IN TXT ( {strings} )"


def _read_key(pem: bytes) -> _RsaKey | _Ed25519Key:
    """A key in PEM: RSA (PKCS #1 or #8) or Ed25519 (PKCS #8). Raises ValueError."""
    found = _PEM.search(pem)
    if found is None:
        raise ValueError("it holds no private key in PEM without a password")
    der = base64.b64decode(found[2])
    if der.startswith(_ED25519_PREFIX) and len(der) == len(_ED25519_PREFIX) + 32:
        return _Ed25519Key(der[len(_ED25519_PREFIX) :])
    return _RsaKey(der)


def _picked(fields: list[Any]) -> tuple[list[tuple[bytes, bytes]], list[str]]:
    """The fields that are signed, in the order of the names that say so; each name stands once more than its fields."""
    picked: list[tuple[bytes, bytes]] = []
    names: list[str] = []
    for name in _SIGNED:
        here = [(n, v) for n, v in fields if n.decode("ascii").lower() == name]
        picked.extend(reversed(here))  # the last one is meant by the first name (RFC 6376, 5.4.2)
        names.extend([name] * (len(here) + 1))
    return picked, names


def _wrapped(names: Sequence[str]) -> str:
    lines, line = [], ""
    for name in names:
        if len(line) + len(name) > 66:
            lines.append(line)
            line = ""
        line += f"{name}:"
    return "\r\n  ".join([*lines, line.removesuffix(":")])


def _folded(signature: str) -> bytes:
    return "\r\n  ".join(signature[start : start + 70] for start in range(0, len(signature), 70)).encode("ascii")


def _tag(record: str, name: str) -> str:
    for part in record.split(";"):
        key, _, value = part.partition("=")
        if key.strip() == name:
            return "".join(value.split())
    return ""


def _der(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 128:
        return bytes([tag, length]) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 128 + len(size)]) + size + content


def _der_number(number: int) -> bytes:
    return _der(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _finding(path: Path, message: str, hint: str = "", severity: Literal["error", "warning"] = "error") -> Finding:
    hint = hint or f"openssl genrsa -out {path} {_ADVISED_BITS}, then `maild dkim` for the DNS record"
    return Finding(file=str(path), line=0, column=0, severity=severity, code="dkim-key", message=message, hint=hint)
