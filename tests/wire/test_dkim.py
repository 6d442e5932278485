"""Our own DKIM signatures, as others check them: dkimpy and OpenSSL."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import dkim
import pytest
from daemon import make_desk
from parts import need

from maild.crypto.dkim import Signer, check_key, check_record, load_signer, zone_line
from maild.errors import ConfigError
from maild.messages.mail import Address, Attachment
from maild.outgoing.compose import write_letter
from maild.outgoing.letters import Letters
from maild.outgoing.readdress import readdressed
from maild.threads.plan import Letter, LetterKind

AT = datetime(2025, 11, 24, 9, 0, tzinfo=UTC)
"""In the past: who checks a signature believes none of the future."""
DOMAIN = "desk.example"
MAKING = {
    "rsa": ("genrsa", "2048"),
    "rsa-pkcs1": ("genrsa", "-traditional", "2048"),
    "ed25519": ("genpkey", "-algorithm", "ed25519"),
    "short": ("genrsa", "1024"),
    "tiny": ("genrsa", "512"),
    "ec": ("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
}


@cache
def key(kind: str) -> bytes:
    """A key made by OpenSSL, once for all tests."""
    return subprocess.run([need("openssl"), *MAKING[kind]], capture_output=True, check=True).stdout


@pytest.fixture
def key_file(tmp_path: Path) -> Callable[[str], Path]:
    """A file with a key of a kind, that nobody else can read."""

    def made(kind: str) -> Path:
        path = tmp_path / f"{kind}.pem"
        path.write_bytes(key(kind))
        path.chmod(0o600)
        return path

    return made


def signer(path: Path) -> Signer:
    """Signs with the key in this file."""
    return load_signer(DOMAIN, "s2026", path)


def letter(**changes: Any) -> Letter:
    """A letter with everything that a signature may stumble over."""
    values: dict[str, Any] = {
        "kind": LetterKind.ANSWER, "template": "answer", "language": "ru",
        "to": (Address(name="Иван Петров", address="ivan@customer.example"),),
        "cc": tuple(Address(name=f"Copy {n}", address=f"copy{n}@customer.example") for n in range(5)),
        "sender": Address(name="Поддержка Acme", address="support@desk.example"), "reply_to": "support+a@desk.example",
        "subject": "Re: Принтер  печатает   пустые страницы " + "очень " * 20,
        "context": {"text": "Добрый день!\n\n. точка\n\tотступ  \n\n\n", "quoted": None},
        "message_id": "<am1.abc@desk.example>", "date": AT, "references": ("<root@desk.example>",) * 9,
        "automatic": False, "loop_mark": "mark",
        "attachments": (Attachment(filename="x.bin", content_type="application/octet-stream", size=9000, sha256="",
                                   inline=False, content_id=None, content=bytes(range(256)) * 35),),
    }  # fmt: skip
    return Letter(**(values | changes))


def written(by: Signer | None, **changes: Any) -> bytes:
    """The letter's bytes, signed."""
    return write_letter(letter(**changes), Letters(None, ("ru", "en"), "UTC", by)).raw


def test_a_letter_whose_people_have_changed_is_the_one_that_would_have_been_written_for_them(
    key_file: Callable[[str], Path],
) -> None:
    """Byte for byte, with a signature that holds; unsigned, too."""
    by, copies = signer(key_file("rsa")), letter().cc
    for signs in (by, None):
        now = readdressed(written(signs), letter().to, copies[1:3], signs)
        assert written(signs, cc=copies[1:3]) == now
    assert holds(readdressed(written(by), (), copies, by), by)
    assert written(None, to=copies[:1], cc=copies[1:]) == readdressed(written(None), (), copies, None)


def holds(raw: bytes, by: Signer) -> bool:
    """Whether dkimpy believes it, given our record."""
    name, text = by.record()

    def resolver(asked: bytes, timeout: float = 5) -> bytes:
        assert asked.decode().rstrip(".") == name
        return text.encode()

    return bool(dkim.verify(raw, dnsfunc=resolver))


@pytest.mark.parametrize("kind", ["rsa", "rsa-pkcs1"])
def test_others_believe_our_signature(key_file: Callable[[str], Path], kind: str) -> None:
    """A whole letter with encoded words, folded fields, attachments and odd white space."""
    by = signer(key_file(kind))
    raw = written(by)
    assert raw.startswith(b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=desk.example;\r\n")
    assert holds(raw, by)
    assert max(map(len, raw.partition(b"\r\n\r\n")[0].split(b"\r\n"))) <= 78


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\r\nSubject: ", b"\r\nSubject: Changed "),
        (b"\r\nDate: ", b"\r\nSubject: A second one\r\nDate: "),
        (b"\r\nDate: ", b"\r\nFrom: boss@bank.example\r\nDate: "),
        (b"\r\nMIME-Version: ", b"\r\nIn-Reply-To: <x@y>\r\nMIME-Version: "),
        (b"\r\n\r\n--", b"\r\n\r\nHello\r\n--"),
    ],
)
def test_whoever_changes_or_adds_a_field_breaks_it(key_file: Callable[[str], Path], old: bytes, new: bytes) -> None:
    """Fields are signed once more than they stand there, so none can be put beside them."""
    by = signer(key_file("rsa"))
    raw = written(by)
    assert old in raw
    assert not holds(raw.replace(old, new, 1), by)


def test_relays_may_fold_and_add_trace_fields(key_file: Callable[[str], Path]) -> None:
    """What every relay does breaks nothing."""
    by = signer(key_file("rsa"))
    raw = b"Received: from a by b; Mon, 23 Nov 2026 09:00:00 +0000\r\n" + written(by)
    assert holds(raw.replace(b"\r\nTo: ", b"\r\nTO:\r\n   ", 1) + b"\r\n\r\n", by)


def test_openssl_believes_an_ed25519_signature(key_file: Callable[[str], Path], tmp_path: Path) -> None:
    """Over the hash of what dkimpy says is signed (RFC 8463, 3)."""
    by = signer(key_file("ed25519"))
    raw = written(by)
    value = re.search(rb"\r\n b=([A-Za-z0-9+/=\s]+)\r\nFrom", raw)
    assert value is not None
    signature = base64.b64decode(value[1])
    signed: list[bytes] = []

    class Watched(type(by.key)):  # type: ignore[misc]
        def sign(self, data: bytes) -> bytes:
            signed.append(data)
            return bytes(super().sign(data))

    again = replace(by, key=Watched(by.key._seed))  # type: ignore[union-attr]
    assert written(again) == raw
    digest, mark, public = tmp_path / "digest", tmp_path / "mark", tmp_path / "public.pem"
    digest.write_bytes(hashlib.sha256(signed[0]).digest())
    mark.write_bytes(signature)
    openssl = need("openssl")
    subprocess.run([openssl, "pkey", "-in", key_file("ed25519"), "-pubout", "-out", public], check=True)
    words = ["pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", "-in", digest, "-sigfile", mark]
    done = subprocess.run([openssl, *words], capture_output=True, check=False)
    assert b"Signature Verified Successfully" in done.stdout
    mark.write_bytes(signature[:-1] + bytes([signature[-1] ^ 1]))
    assert subprocess.run([openssl, *words], capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_the_record_holds_the_public_key_that_openssl_finds(key_file: Callable[[str], Path], kind: str) -> None:
    """RSA as SubjectPublicKeyInfo, Ed25519 as the bare 32 octets."""
    path = key_file(kind)
    words = ["openssl", "pkey", "-in", str(path), "-pubout", "-outform", "DER"]
    der = subprocess.run(words, capture_output=True, check=True).stdout
    public = base64.b64encode(der if kind == "rsa" else der[-32:]).decode()
    name, text = signer(path).record()
    assert name == "s2026._domainkey.desk.example"
    assert text == f"v=DKIM1; k={kind}; p={public}"
    line = zone_line(name, text)
    strings = re.findall(r'"([^"]*)"', line)
    assert "".join(strings) == text
    assert max(map(len, strings)) <= 255


def test_the_same_letter_always_gives_the_same_bytes(key_file: Callable[[str], Path]) -> None:
    """Nothing of the hour at which it is signed is in them."""
    by = signer(key_file("rsa"))
    assert written(by) == written(by)
    assert f"t={int(AT.timestamp())};".encode() in written(by)
    assert written(None) in written(by)


def test_what_a_customer_wrote_cannot_reach_the_signature(key_file: Callable[[str], Path]) -> None:
    """A subject with line ends and fields in it stays one subject, and the signature holds."""
    by = signer(key_file("rsa"))
    raw = written(by, subject="x\r\nDKIM-Signature: v=1\r\nBcc: v@x.example\u2028y\0z")
    head = raw.partition(b"\r\n\r\n")[0]
    assert len(re.findall(rb"(?mi)^dkim-signature:", head)) == 1
    assert not re.search(rb"(?mi)^bcc:", head)
    assert holds(raw, by)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read"),
        (b"", "holds no private key"),
        (b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n", "no RSA key"),
        (b"-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n", "holds no private key"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no RSA key"),
        (b"-----BEGIN PRIVATE KEY-----\nA\n-----END PRIVATE KEY-----\n", "cannot be used"),
        ("tiny", "512 bits"),
        ("ec", "no RSA key"),
    ],
)
def test_a_key_that_is_none_is_an_error_with_its_file(
    tmp_path: Path, content: bytes | str | None, message: str
) -> None:
    """At the check and at the start; and nothing of the key is shown."""
    path = tmp_path / "key.pem"
    if content is not None:
        path.write_bytes(key(content) if isinstance(content, str) else content)
    with pytest.raises(ConfigError) as told:
        signer(path)
    (finding,) = told.value.findings
    assert (finding.file, finding.code, finding.severity) == (str(path), "dkim-key", "error")
    assert message in finding.message
    assert "BEGIN" not in str(finding)
    assert check_key(DOMAIN, "s", path, [DOMAIN]) == list(told.value.findings)


def test_what_weakens_a_key_is_a_warning(key_file: Callable[[str], Path]) -> None:
    """Others may read it, it is short, or it signs for a domain that letters do not come from."""
    path = key_file("short")
    path.chmod(0o640)
    found = check_key("other.example", "s", path, [DOMAIN])
    assert {f.severity for f in found} == {"warning"}
    assert [f.message.split(",")[0] for f in found] == [
        "others can read the DKIM key",
        "the DKIM key has 1024 bits",
        "letters come from desk.example",
    ]
    assert check_key(DOMAIN, "s", key_file("rsa"), [f"help.{DOMAIN}", DOMAIN]) == []


def test_the_record_in_the_dns_is_compared(key_file: Callable[[str], Path]) -> None:
    """Missing, another key, right (however it is spaced); and nobody to ask is no mistake."""
    by = signer(key_file("ed25519"))
    name, text = by.record()
    assert check_record(by, lambda _: []) == [f"the DNS has no record {name}; `maild dkim` prints it"]
    assert "another key" in check_record(by, lambda _: ["v=DKIM1; p=AAAA"])[0]
    assert check_record(by, lambda asked: ["v=spf1 -all", text.replace("; p=", " ;p= ")] if asked == name else []) == []

    def nobody(_: str) -> list[str]:
        raise OSError("nobody answers")

    assert check_record(by, nobody) == []


def test_the_command_prints_the_record_and_check_finds_a_key_that_others_can_read(tmp_path: Path) -> None:
    """`maild dkim`, `maild check`; without a key there is nothing to print."""
    desk = make_desk(tmp_path / "d")
    assert desk.run("dkim").returncode == 64
    keys = {"dkim_domain": DOMAIN, "dkim_selector": "s2026", "dkim_key_file": "var/dkim.pem"}
    text = desk.settings.read_text().replace(
        "[outgoing]\n", "[outgoing]\n" + "".join(f'{name} = "{value}"\n' for name, value in keys.items()), 1
    )
    desk.settings.write_text(text)
    path = tmp_path / "d" / "var" / "dkim.pem"
    assert "dkim.pem: error: the DKIM key cannot be read" in desk.run("check").stdout
    path.write_bytes(key("rsa"))
    path.chmod(0o644)
    assert "others can read the DKIM key" in desk.run("check").stdout
    name, record = signer(path).record()
    assert desk.cli("dkim") == [{"name": name, "type": "TXT", "value": record}]
    assert desk.order("dkim").startswith(f'{name}. IN TXT ( "v=DKIM1; k=rsa; p=')
