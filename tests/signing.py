"""People who sign their mails: keys made by gpg and openssl themselves, once a run, and mails signed with them."""

from __future__ import annotations

import atexit
import base64
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from pathlib import Path

from parts import need

from maild.crypto import pgp, smime
from maild.people.keys import AgentKey, KeyKind

NOW = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
"""openssl, dkimpy and fresh keys know only the time that it is, and a whole run takes minutes: so all happens soon."""
WORDS = "> [SUP-1001] Printer\n\nPlease restart it."
"""An answer that quotes the letter it answers, as clients do."""


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="maild-keys-"))
    atexit.register(_leave, folder)
    return folder


def _leave(folder: Path) -> None:
    """Keys go, and with them the agents that gpg has started for them."""
    for home in folder.iterdir():
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], capture_output=True, check=False)
    shutil.rmtree(folder, ignore_errors=True)


def _run(*command: str | Path, stdin: bytes = b"") -> bytes:
    return subprocess.run([str(word) for word in command], input=stdin, capture_output=True, check=True).stdout


@dataclass(frozen=True)
class PgpPerson:
    """A key pair of gpg's own, in a home of its own."""

    address: str
    home: Path

    def gpg(self, *arguments: str | Path, stdin: bytes = b"") -> bytes:
        """What gpg answers."""
        quiet = ("--batch", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", "")
        return _run(need("gpg"), "--homedir", self.home, *quiet, *arguments, stdin=stdin)

    @property
    def public(self) -> bytes:
        """The armoured public key."""
        return self.gpg("--armor", "--export", self.address)

    @property
    def key(self) -> AgentKey:
        """As the team file has it."""
        read = pgp.read_key(self.public)
        return AgentKey(kind=KeyKind.PGP, octets=read.octets, fingerprint=read.fingerprint, file="keys/x.asc")

    def sign(self, content: bytes, *options: str, at: datetime | None = None) -> bytes:
        """An armoured detached signature."""
        when = ("--faked-system-time", f"{int(at.timestamp())}!") if at else ()
        return self.gpg(*when, *options, "--armor", "--detach-sign", "--output", "-", stdin=content)


@cache
def pgp_person(address: str, kind: str = "ed25519", lasts: str = "0") -> PgpPerson:
    """Somebody with a key of PGP, made once."""
    home = Path(tempfile.mkdtemp(dir=_folder()))
    person = PgpPerson(address, home)
    person.gpg("--quick-gen-key", f"Somebody <{address}>", kind, "sign", lasts)
    return person


@dataclass(frozen=True)
class SmimePerson:
    """A certificate signed by itself, and its key."""

    address: str
    certificate: Path
    private: Path

    @property
    def key(self) -> AgentKey:
        """As the team file has it."""
        read = smime.read_certificate(self.certificate.read_bytes())
        return AgentKey(kind=KeyKind.SMIME, octets=read.der, fingerprint=read.fingerprint, file="keys/x.pem")

    def sign(self, content: bytes, *options: str | Path) -> bytes:
        """A CMS signature in DER, detached unless `-nodetach` is among the options."""
        with tempfile.TemporaryDirectory() as folder:
            (file := Path(folder) / "content").write_bytes(content)
            who = ("-signer", self.certificate, "-inkey", self.private)
            return _run(need("openssl"), "cms", "-sign", "-binary", "-in", file, *who, "-outform", "DER", *options)


@cache
def smime_person(address: str, days: int = 30) -> SmimePerson:
    """Somebody with a certificate, made once."""
    folder = Path(tempfile.mkdtemp(dir=_folder()))
    person = SmimePerson(address, folder / "certificate.pem", folder / "private.pem")
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    files = ("-keyout", person.private, "-out", person.certificate)
    _run(need("openssl"), "req", "-x509", *curve, *files, "-days", str(days), "-subj", f"/CN={address}")
    return person


def part(text: str = WORDS, **copied: str) -> bytes:
    """A part as it is signed; with copies of fields of the header it says so, as RFC 9788 wants."""
    hp = '; hp="clear"' if copied else ""
    fields = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in copied.items())
    body = text.replace("\n", "\r\n")
    return f"Content-Type: text/plain; charset=utf-8{hp}\r\n{fields}\r\n{body}\r\n".encode()


def head(sender: str, to: str, *, date: datetime = NOW, message_id: str = "<s@desk.example>", **more: str) -> bytes:
    """A mail's header without anything about its content."""
    fields = {"From": sender, "To": to, "Subject": "Re: [SUP-1001] Printer", "Date": format_datetime(date)}
    fields |= {"Message-ID": message_id, "MIME-Version": "1.0"} | {k.replace("_", "-"): v for k, v in more.items()}
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode()


def pgp_body(content: bytes, signature: bytes, after: bytes = b"") -> bytes:
    """A multipart/signed of PGP (RFC 3156, 5), with its Content-Type on top; `after` is put behind its end."""
    return _signed_body(
        b'protocol="application/pgp-signature"; micalg=pgp-sha256',
        content,
        b"Content-Type: application/pgp-signature; name=signature.asc\r\n\r\n" + signature.replace(b"\n", b"\r\n"),
        after,
    )


def smime_body(content: bytes, signature: bytes, after: bytes = b"") -> bytes:
    """The same of S/MIME (RFC 8551, 3.5.3)."""
    fields = b"Content-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    encoded = base64.encodebytes(signature).replace(b"\n", b"\r\n")
    return _signed_body(b'protocol="application/pkcs7-signature"; micalg=sha-256', content, fields + encoded, after)


def opaque_body(signed: bytes) -> bytes:
    """A signature that holds what it signs (RFC 8551, 3.5.2)."""
    fields = b"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n"
    return fields + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(signed).replace(b"\n", b"\r\n")


def _signed_body(params: bytes, content: bytes, signature: bytes, after: bytes) -> bytes:
    lines: Sequence[bytes] = (
        b'Content-Type: multipart/signed; boundary="outer"; ' + params,
        b"",
        b"--outer",
        content,
        b"--outer",
        signature,
        b"--outer--",
        b"",
    )
    return b"\r\n".join(lines) + after
