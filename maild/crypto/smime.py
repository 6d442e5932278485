"""S/MIME signatures of agents, checked by the program openssl against that agent's own certificates and no others.

No authority vouches for anybody here: the admin has put the very certificate into the rules. So neither the
certificates that a mail brings along count, nor those that this machine trusts.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from maild.crypto.programs import NotVerified, own_folder, run

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+?)-----END CERTIFICATE-----")
_TRUST = (
    *("-CAfile", "certificates", "-certfile", "certificates", "-nointern", "-partial_chain"),
    *("-no-CApath", "-no-CAstore", "-purpose", "any"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificate:
    """An X.509 certificate in DER, and its SHA-256 fingerprint in capitals."""

    der: bytes = field(repr=False)
    fingerprint: str

    @property
    def pem(self) -> bytes:
        """As openssl reads it (RFC 7468, 5)."""
        lines = base64.encodebytes(self.der)
        return b"-----BEGIN CERTIFICATE-----\n" + lines + b"-----END CERTIFICATE-----\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Signed:
    """A signature that holds: what was signed, and the fingerprint of the certificate that it counts for."""

    content: bytes = field(repr=False)
    fingerprint: str


def read_certificate(content: bytes) -> Certificate:
    """The one certificate in a file, in PEM or DER. Raises ValueError with what is wrong with it."""
    if b"PRIVATE KEY-----" in content:
        raise ValueError("it holds a private key, which no file of the rules may hold")
    found = _PEM.findall(content)
    if len(found) > 1:
        raise ValueError(f"it holds {len(found)} certificates, and one is wanted: the agent's own")
    der = base64.b64decode(found[0]) if found else content
    if der[:1] != b"\x30" or len(der) < 100:
        raise ValueError("it holds no certificate")
    return Certificate(der=der, fingerprint=hashlib.sha256(der).hexdigest().upper())


def verify(
    certificates: Sequence[Certificate],
    signature: bytes,
    content: bytes | None,
    now: datetime,
    program: str = "openssl",
) -> Signed:
    """Check a CMS signature in DER or BER over these octets, or over those that it holds (RFC 5652, 5.6).

    Raises NotVerified.
    """
    detached = [] if content is None else ["-content", "content"]
    with own_folder() as folder:
        (folder / "certificates").write_bytes(b"".join(one.pem for one in certificates))
        (folder / "signature").write_bytes(signature)
        if content is not None:
            (folder / "content").write_bytes(content)
        arguments = ["cms", "-verify", "-binary", "-inform", "DER", "-in", "signature", *detached, *_TRUST]
        arguments += ["-attime", str(int(now.timestamp())), "-out", "signed", "-signer", "signer"]
        status, _ = run(program, arguments, folder)
        if status != 0:
            raise NotVerified(_why(folder, certificates, now, program))
        signed, signer = (folder / "signed").read_bytes(), (folder / "signer").read_bytes()
    if content is not None and signed != content:
        raise NotVerified("it was made over something else")
    try:
        fingerprint = read_certificate(signer).fingerprint
    except ValueError as error:
        raise NotVerified("it is not exactly one signature") from error
    if fingerprint not in {one.fingerprint for one in certificates}:
        raise NotVerified("it was made with another certificate")
    return Signed(content=signed, fingerprint=fingerprint)


def certificate_trouble(certificate: Certificate, now: datetime, program: str = "openssl") -> str:
    """Why no signature by this certificate counts at this time: part of a sentence, "" where it does.

    Raises NotVerified where openssl cannot be asked.
    """
    with own_folder() as folder:
        return _trouble(folder, certificate, now, program)


def _trouble(folder: Path, certificate: Certificate, now: datetime, program: str) -> str:
    (folder / "one").write_bytes(certificate.pem)
    _, said = run(program, ["x509", "-in", "one", "-noout", "-startdate", "-enddate"], folder)
    dates = dict(line.split("=", 1) for line in said.decode("ascii", "replace").splitlines() if "=" in line)
    try:
        begins, ends = (_date(dates[name]) for name in ("notBefore", "notAfter"))
    except (KeyError, ValueError):
        return "openssl cannot read it"
    if now >= ends:
        return f"it expired on {ends:%Y-%m-%d}"
    return f"it is not valid before {begins:%Y-%m-%d}" if now < begins else ""


def _why(folder: Path, certificates: Sequence[Certificate], now: datetime, program: str) -> str:
    """What openssl says in an error is not for people, so the one reason that an admin can mend is looked for."""
    troubles = [_trouble(folder, one, now, program) for one in certificates]
    if troubles and all(troubles):
        return f"of the certificate in the team file, {troubles[0]}"
    return "it was made with another certificate, or the text was changed after it was signed"


def _date(text: str) -> datetime:
    return datetime.strptime(text.strip(), "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)
