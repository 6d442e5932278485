"""DKIM signatures that maild checks itself, by keys from a DNS server on loopback: agents' mails, and forgeries."""

from __future__ import annotations

import base64
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import dkim
import pytest
from daemon import make_desk
from dns_server import Zone, serving
from office import ANNA, MINT, eml, practice
from parts import need
from signing import NOW

from maild.cli.main import run
from maild.clock import FixedClock
from maild.crypto import ed25519
from maild.crypto.dkim import Signer, load_signer
from maild.crypto.dkim_check import NotNow, check_dkim
from maild.crypto.programs import NotVerified
from maild.crypto.resolver import LookUp
from maild.desk.handle import Desk, Office
from maild.desk.signatures import Signatures
from maild.ingest.arrival import make_arrival
from maild.messages.envelope import Envelope
from maild.messages.tokens import Purpose
from maild.outgoing.letters import Letters
from maild.store import open_keep
from maild.store.keep import Keep

ANNAS = MINT.address(Purpose.AGENT, 1001, "anna")
DOMAIN = "desk.example"


@cache
def private_key(bits: int) -> bytes:
    """An RSA key, made once; 0 bits stand for Ed25519."""
    kind = ("-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{bits}") if bits else ("-algorithm", "ed25519")
    return subprocess.run([need("openssl"), "genpkey", *kind], capture_output=True, check=True).stdout


@cache
def signer(bits: int = 2048, domain: str = DOMAIN) -> Signer:
    """A hand that signs for a domain."""
    with tempfile.TemporaryDirectory() as folder:
        (file := Path(folder) / "key.pem").write_bytes(private_key(bits))
        return load_signer(domain, "s1", file)


def mail(text: str = "Please restart it.", **fields: str) -> bytes:
    """An answer of Anna's."""
    values = {"sender": "Anna <anna@desk.example>", "to": ANNAS, "message_id": "<d@desk.example>"} | fields
    return eml(text, date=NOW, **values)  # type: ignore[arg-type]


def signed(one: Signer | None = None, at: datetime = NOW, **fields: str) -> bytes:
    """It, signed."""
    return (one or signer()).sign(mail(**fields), at)


def by_dkimpy(names: str = "from to date message-id subject", raw: bytes | None = None, **options: object) -> bytes:
    """It, signed by dkimpy, with these fields covered."""
    raw, covered = raw or mail(), [name.encode() for name in names.split()]
    key = private_key(2048)
    return dkim.sign(raw, b"s1", DOMAIN.encode(), key, include_headers=covered, **options) + raw


@pytest.fixture(scope="module")
def zone() -> Zone:
    """What is published; a test that changes it puts it back."""
    return dict([_named(signer().record())])


def _named(record: tuple[str, str]) -> tuple[str, list[str] | None]:
    return record[0], [record[1]]


@pytest.fixture(scope="module")
def look_up(zone: Zone) -> Iterator[LookUp]:
    """A server that has been started once."""
    with serving(zone) as (ask, _):
        yield ask


def published(zone: Zone, monkeypatch: pytest.MonkeyPatch, *records: str, name: str = "s1") -> None:
    """Put other texts under the selector for this test."""
    monkeypatch.setitem(zone, f"{name}._domainkey.{DOMAIN}", list(records))


def test_what_maild_signs_it_finds_good(look_up: LookUp) -> None:
    """The signing domain comes back."""
    assert check_dkim(signed(), DOMAIN, NOW, look_up) == DOMAIN


def test_ed25519_is_checked_too(zone: Zone, look_up: LookUp, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the key that openssl made (RFC 8463)."""
    published(zone, monkeypatch, signer(0).record()[1])
    assert check_dkim(signed(signer(0)), DOMAIN, NOW, look_up) == DOMAIN
    with pytest.raises(NotVerified, match="changed"):
        check_dkim(signed(signer(0)).replace(b"Subject: Printer", b"Subject: Money"), DOMAIN, NOW, look_up)


def test_ed25519_agrees_with_the_standard() -> None:
    """The second vector of RFC 8032, 7.1, and what differs from it by one bit or is no point at all."""
    public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    good = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert ed25519.verify(public, b"\x72", good)
    assert not ed25519.verify(public, b"\x73", good)
    assert not ed25519.verify(public, b"\x72", good[:63] + b"\x01")
    assert not ed25519.verify(b"\xff" * 32, b"\x72", good)
    assert not ed25519.verify(public, b"\x72", good[:40])


@pytest.mark.parametrize("canonicalize", [(b"relaxed", b"relaxed"), (b"simple", b"simple"), (b"relaxed", b"simple")])
def test_what_dkimpy_signs_is_found_good(look_up: LookUp, canonicalize: tuple[bytes, bytes]) -> None:
    """In every way of writing the same mail (RFC 6376, 3.4)."""
    assert check_dkim(by_dkimpy(canonicalize=canonicalize), DOMAIN, NOW, look_up) == DOMAIN


def test_a_domain_speaks_for_those_below_it(look_up: LookUp) -> None:
    """And for no others."""
    raw = signed()
    assert check_dkim(raw, f"mail.{DOMAIN}", NOW, look_up) == DOMAIN
    for other in ("example", "evil.example", f"x{DOMAIN}"):
        with pytest.raises(NotVerified, match="does not speak for"):
            check_dkim(raw, other, NOW, look_up)


def test_relays_may_add_fields_above(look_up: LookUp) -> None:
    """Also other signatures, which do not count."""
    other = b"DKIM-Signature: v=1; a=rsa-sha256; d=list.example; s=x; h=from; bh=AA==; b=AA==\r\n"
    assert check_dkim(b"Received: from x by y; now\r\n" + other + signed(), DOMAIN, NOW, look_up) == DOMAIN


def again(find: bytes, put: bytes) -> bytes:
    """A signed mail with something changed."""
    raw = signed()
    assert find in raw
    return raw.replace(find, put, 1)


FORGED: list[tuple[str, Callable[[], bytes], str]] = [
    ("another text", lambda: again(b"restart", b"destroy"), "text was changed"),
    ("another subject", lambda: again(b"Subject: Printer", b"Subject: Money"), "header was changed"),
    ("another To", lambda: again(b"To: support", b"To: mallory"), "header was changed"),
    ("a second To", lambda: b"To: x@y.example\r\n" + by_dkimpy(), "does not cover to"),
    ("a second Message-ID", lambda: b"Message-ID: <x@y.example>\r\n" + by_dkimpy(), "does not cover message-id"),
    ("To not covered", lambda: by_dkimpy("from date message-id"), "does not cover to"),
    ("Date not covered", lambda: by_dkimpy("from to message-id"), "does not cover date"),
    ("a part of the text", lambda: by_dkimpy(length=True) + b"Send him the password.\r\n", "l="),
    ("no version", lambda: again(b"v=1;", b""), "no v="),
    ("SHA-1", lambda: again(b"a=rsa-sha256", b"a=rsa-sha1"), "no longer counts"),
    ("a tag twice", lambda: again(b"v=1;", b"v=1; d=desk.example;"), "tags"),
    ("no such selector", lambda: again(b"s=s1", b"s=s2"), "not published"),
    ("a selector that is none", lambda: again(b"s=s1", b"s=../s1"), "selector"),
    ("expired", lambda: again(b"v=1;", b"v=1; x=1700000000;"), "expired"),
    ("of the future", lambda: signed(at=NOW + timedelta(hours=1)), "future"),
    ("for somebody else", lambda: again(b"v=1;", b"v=1; i=@evil.example;"), "i="),
    (
        "no base64",
        lambda: re.sub(rb"b=[^;]*?\r\n(?=From)", b"b=\xff\xff\r\n", signed(), flags=re.DOTALL),
        "Base64|as they",
    ),
    ("none at all", mail, "there is none"),
]


@pytest.mark.fault("E2")
@pytest.mark.parametrize(("make", "told"), [case[1:] for case in FORGED], ids=[case[0] for case in FORGED])
def test_what_the_domain_did_not_sign_whole_proves_nothing(
    look_up: LookUp, make: Callable[[], bytes], told: str
) -> None:
    """And the reason says why."""
    with pytest.raises(NotVerified, match=told):
        check_dkim(make(), DOMAIN, NOW, look_up)


KEYS = [
    ("t=y; ", "for tests"),
    ("h=sha1; ", "something else"),
    ("s=tlsrpt; ", "something else"),
    ("v=DKIM2; ", "another kind"),
    ("k=ed25519; ", "another kind"),
]


@pytest.mark.parametrize(("tags", "told"), KEYS)
def test_keys_that_are_published_for_something_else_prove_nothing(
    zone: Zone, look_up: LookUp, monkeypatch: pytest.MonkeyPatch, tags: str, told: str
) -> None:
    """For tests, for reports, for other digests (RFC 6376, 3.6.1)."""
    published(zone, monkeypatch, tags + signer().record()[1].replace("v=DKIM1; k=rsa; ", ""))
    with pytest.raises(NotVerified, match=told):
        check_dkim(signed(), DOMAIN, NOW, look_up)


def test_short_revoked_and_double_keys_prove_nothing(
    zone: Zone, look_up: LookUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key of 512 bits is broken within hours; without p= it was revoked; of two nobody knows which is meant."""
    public = subprocess.run(
        [need("openssl"), "rsa", "-pubout", "-outform", "DER"], input=private_key(512), capture_output=True, check=True
    ).stdout
    record = signer().record()[1]
    for texts, told in (
        ([f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"], "512 bits"),
        (["v=DKIM1; k=rsa; p="], "revoked"),
        ([record, record + ";"], "twice"),
        (["v=DKIM1; k=rsa; p=AAAA"], "cannot be read"),
        (["what is this"], "as they should be"),
    ):
        published(zone, monkeypatch, *texts)
        with pytest.raises(NotVerified, match=told):
            check_dkim(signed(), DOMAIN, NOW, look_up)


def test_a_server_in_trouble_means_not_now(zone: Zone, look_up: LookUp, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is another thing than a key which is not there."""
    monkeypatch.setitem(zone, f"s1._domainkey.{DOMAIN}", None)
    with pytest.raises(NotNow):
        check_dkim(signed(), DOMAIN, NOW, look_up)


class DeskWithDns:
    """A desk with one ticket of Ivan's that checks DKIM itself."""

    def __init__(self, keep: Keep, look_up: LookUp | None) -> None:
        letters = Letters(None, ("ru", "en"), "UTC")
        self.keep = keep
        self.office = Office(practice=practice(), letters=letters, signatures=Signatures(look_up))
        self.take(eml(date=NOW))

    def take(self, raw: bytes, at: datetime = NOW) -> int:
        """Its number."""
        [number] = self.keep.inbox.add([make_arrival(raw, Envelope(channel="smtp", source="x", sender=None), at)])
        self.work(at)
        return number

    def work(self, at: datetime) -> None:
        """Everything that is due by then."""
        Desk(self.keep, lambda: self.office, FixedClock(at)).take_next()

    def proof(self, number: int) -> tuple[str, str]:
        """How far its sender was proven, and why."""
        sender = self.keep.inbox.get(number)["decision"]["sender"]
        return sender["proof"], sender["proof_reason"]

    @property
    def answers(self) -> int:
        """How many have left."""
        return sum(row["kind"] == "answer" for row in self.keep.outbox.listing())


@pytest.fixture
def keep(tmp_path: Path) -> Keep:
    """An empty database."""
    return open_keep(f"sqlite:///{tmp_path}/maild.db", "test")


def test_an_agent_is_proven_by_his_domain(keep: Keep, look_up: LookUp) -> None:
    """His answer goes to the customer, though no relay has said anything."""
    desk = DeskWithDns(keep, look_up)
    proof, reason = desk.proof(desk.take(signed()))
    assert (proof, desk.answers) == ("dkim", 1)
    assert "maild itself" in reason


def test_as_shipped_the_dns_is_not_asked(keep: Keep) -> None:
    """A relay usually checks DKIM, and says so."""
    desk = DeskWithDns(keep, None)
    proof, reason = desk.proof(desk.take(signed()))
    assert (proof, "DKIM signature" in reason) == ("none", False)


def test_nobody_is_asked_about_customers(keep: Keep, zone: Zone) -> None:
    """Nor about an agent's mail that bears no signature."""
    with serving(zone) as (ask, asked):
        desk = DeskWithDns(keep, ask)
        desk.take(signer().sign(eml(sender="Eve <eve@desk.example>", message_id="<e@x.example>", date=NOW), NOW))
        desk.take(mail())
        assert asked == []
        desk.take(signed(message_id="<f@desk.example>"))
        assert asked == [f"s1._domainkey.{DOMAIN}"]


@pytest.mark.fault("E9")
def test_a_signed_mail_to_somebody_else_is_no_answer(keep: Keep, look_up: LookUp) -> None:
    """Its signature holds, and To, which it covers, is not the agent's own address."""
    desk = DeskWithDns(keep, look_up)
    number = desk.take(signed(to="ivan@customer.example", X_Original_To=ANNAS))
    assert (desk.proof(number)[0], desk.answers) == ("dkim", 0)


@pytest.mark.fault("E9")
def test_a_signed_mail_counts_once(keep: Keep, look_up: LookUp) -> None:
    """Another Received field and a changed end of the text make it no new one."""
    desk, raw = DeskWithDns(keep, look_up), signed()
    desk.take(raw)
    desk.take(b"Received: from x by y; now\r\n" + raw + b"\r\n")
    assert desk.answers == 1


def test_a_mail_waits_for_the_dns_and_then_goes_on(
    keep: Keep, zone: Zone, look_up: LookUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried again after a minute; when the server is back the answer goes."""
    name = f"s1._domainkey.{DOMAIN}"
    record = zone[name]
    desk = DeskWithDns(keep, look_up)
    monkeypatch.setitem(zone, name, None)
    number = desk.take(signed())
    assert (keep.inbox.get(number)["state"], "DNS" in keep.inbox.get(number)["reason"]) == ("waiting", True)
    desk.work(NOW + timedelta(seconds=30))
    assert keep.inbox.get(number)["attempts"] == 1
    monkeypatch.setitem(zone, name, record)
    desk.work(NOW + timedelta(seconds=61))
    assert (desk.proof(number)[0], desk.answers) == ("dkim", 1)


def test_a_dns_that_stays_silent_holds_a_mail_for_two_minutes(
    keep: Keep, zone: Zone, look_up: LookUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the agent is asked to confirm it; the mail is not put aside."""
    desk = DeskWithDns(keep, look_up)
    monkeypatch.setitem(zone, f"s1._domainkey.{DOMAIN}", None)
    number = desk.take(signed())
    for minutes in (1, 2, 3):
        desk.work(NOW + timedelta(minutes=minutes, seconds=5))
    assert (keep.inbox.get(number)["state"], desk.proof(number)[0]) == ("ticketed", "none")
    asked = [row for row in keep.outbox.listing() if row["kind"] == "confirmation"]
    assert [one["address"] for row in asked for one in row["recipients"]] == [ANNA.address]


@pytest.mark.parametrize("wanted", ["true", "false"])
def test_the_setting_makes_maild_ask_the_servers_of_its_machine(
    tmp_path: Path, look_up: LookUp, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], wanted: str
) -> None:
    """`[trust] verify_dkim`, as `maild explain` shows it."""
    server = look_up.keywords["resolver"]  # type: ignore[attr-defined]
    monkeypatch.setattr("dns.resolver.Resolver", lambda: server)
    desk = make_desk(tmp_path / "d", {"trust.verify_dkim": True} if wanted == "true" else None)
    (file := tmp_path / "mail.eml").write_bytes(signed(at=datetime.now(UTC), sender="anna@desk.example"))
    assert run(["--config", str(desk.settings), "explain", str(file)]) == 0
    said = capsys.readouterr().out
    assert ("proof dkim (maild itself found a DKIM signature of desk.example that holds)" in said) == (wanted == "true")
