"""Agents who sign their mails by PGP and S/MIME, and everybody who would like to be one of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from office import ANNA, BORIS, MINT, TEAM, eml, practice
from signing import (
    NOW,
    WORDS,
    PgpPerson,
    SmimePerson,
    head,
    opaque_body,
    part,
    pgp_body,
    pgp_person,
    smime_body,
    smime_person,
)

from maild.clock import FixedClock
from maild.desk.handle import Desk, Office
from maild.desk.signatures import Signatures
from maild.ingest.arrival import make_arrival
from maild.messages.envelope import Envelope
from maild.messages.tokens import Purpose
from maild.outgoing.letters import Letters
from maild.people.keys import AgentKey
from maild.store import open_keep
from maild.store.keep import Keep

ANNAS = MINT.address(Purpose.AGENT, 1001, "anna")
BUTTON = MINT.verb_address("close", 1001, "anna", NOW.date()) or ""
FROM = "Anna <anna@desk.example>"
MALLORY = "mallory@evil.example"


@dataclass
class Place:
    """A desk with one ticket of Ivan's, to which mails come from a peer that nobody trusts."""

    keep: Keep
    anna: tuple[AgentKey, ...]
    boris: tuple[AgentKey, ...] = ()
    signatures: Signatures = field(default_factory=Signatures)

    def take(self, raw: bytes, at: datetime = NOW, *, login: str | None = None) -> tuple[str, str]:
        """How far the sender of a mail was proven, and why it did what it did."""
        envelope = Envelope(channel="smtp", source="x", sender=None, recipients=(), login=login)
        [number] = self.keep.inbox.add([make_arrival(raw, envelope, at)])
        self.work(at)
        row = self.keep.inbox.get(number)
        sender = (row["decision"] or {}).get("sender", {})
        return sender.get("proof", ""), f"{row['reason']} [{sender.get('proof_reason', '')}]"

    def work(self, at: datetime) -> None:
        """Take in hand what is due by then."""
        agents = (replace(ANNA, keys=self.anna, language="en"), replace(BORIS, keys=self.boris))
        made = practice(team=replace(TEAM, agents=agents))
        office = Office(practice=made, letters=Letters(None, ("ru", "en"), "UTC"), signatures=self.signatures)
        Desk(self.keep, lambda: office, FixedClock(at)).take_next()

    @property
    def answers(self) -> list[str]:
        """To whom answers went."""
        found = [row for row in self.keep.outbox.listing() if row["kind"] == "answer"]
        return [one["address"] for row in found for one in row["recipients"]]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Anna has a key of PGP and a certificate, Boris a key of his own."""
    anna, boris = pgp_person(ANNA.address), pgp_person(BORIS.address)
    keep = open_keep(f"sqlite:///{tmp_path}/maild.db", "test")
    made = Place(keep, (anna.key, smime_person(ANNA.address).key), (boris.key,))
    made.take(eml(date=NOW), NOW)
    return made


def by_pgp(person: PgpPerson, content: bytes | None = None, *options: str, to: str = ANNAS, **more: str) -> bytes:
    """A mail from Anna's address that this person has signed."""
    content = part() if content is None else content
    return head(FROM, to, **more) + pgp_body(content, person.sign(content, *options))


def anna_pgp() -> PgpPerson:
    """Anna with her key of PGP."""
    return pgp_person(ANNA.address)


def boris_pgp() -> PgpPerson:
    """Boris with his."""
    return pgp_person(BORIS.address)


def anna_smime() -> SmimePerson:
    """Anna with her certificate."""
    return smime_person(ANNA.address)


def detached(content: bytes) -> bytes:
    """Signed by Anna's certificate, the signature beside the text."""
    return smime_body(content, anna_smime().sign(content))


def opaque(content: bytes) -> bytes:
    """Signed by Anna's certificate, the text inside the signature."""
    return opaque_body(anna_smime().sign(content, "-nodetach"))


def streamed(content: bytes) -> bytes:
    """The same in pieces of unknown length (BER)."""
    return opaque_body(anna_smime().sign(content, "-nodetach", "-stream"))


@pytest.mark.parametrize("copied", [{}, {"To": ANNAS, "From": FROM}], ids=["bare", "protected"])
@pytest.mark.parametrize("options", [(), ("--textmode",), ("--digest-algo", "SHA512")])
def test_a_pgp_signature_proves_the_agent(place: Place, options: tuple[str, ...], copied: dict[str, str]) -> None:
    """An answer from a peer that nobody trusts goes to the customer, and the reason names the key."""
    proof, why = place.take(by_pgp(anna_pgp(), part(WORDS, **copied), *options))
    assert (proof, place.answers) == ("pgp", ["ivan@customer.example"]), why
    assert anna_pgp().key.fingerprint in why


@pytest.mark.parametrize("body", [detached, opaque, streamed])
def test_an_smime_signature_proves_the_agent(place: Place, body: Callable[[bytes], bytes]) -> None:
    """Detached, around the text, and around it in pieces."""
    proof, why = place.take(head(FROM, ANNAS) + body(part()))
    assert (proof, place.answers) == ("smime", ["ivan@customer.example"]), why
    assert anna_smime().key.fingerprint in why


def test_the_history_says_how_an_answer_was_proven(place: Place) -> None:
    """With the key, so that an admin can tell one from another."""
    place.take(by_pgp(anna_pgp()))
    events = place.keep.views.ticket("1001", "SUP").events
    assert any(anna_pgp().key.fingerprint in e["because"] for e in events if e["kind"] == "answer")


def test_line_ends_of_a_pipe_are_those_of_the_wire(place: Place) -> None:
    """A mail that came in by a pipe has no carriage returns; the signature was made over some."""
    assert place.take(by_pgp(anna_pgp()).replace(b"\r\n", b"\n"))[0] == "pgp"


def test_a_customers_signed_mail_is_an_ordinary_one(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """No program is started for it."""
    monkeypatch.setenv("PATH", "/nowhere")
    raw = head("Ivan <ivan@customer.example>", "support@desk.example") + detached(part())
    proof, why = place.take(raw)
    assert (proof, "signature" in why) == ("none", False)


NOT_HERS = [
    ("another person's key", lambda: by_pgp(pgp_person(MALLORY)), "another key"),
    ("another agent's key", lambda: by_pgp(boris_pgp()), "another key"),
    ("a key that says to be hers", lambda: by_pgp(pgp_person(ANNA.address, "ed25519", "5y")), "another key"),
    ("altered text", lambda: by_pgp(anna_pgp()).replace(b"restart", b"destroy"), "changed"),
    ("SHA-1", lambda: by_pgp(anna_pgp(), part(), "--digest-algo", "SHA1"), "too weak"),
    ("another agent's address", lambda: by_pgp(anna_pgp()).replace(b"anna@desk", b"boris@desk", 1), "another key"),
    ("a copy of From", lambda: by_pgp(anna_pgp(), part(From="Boris <boris@desk.example>", To=ANNAS)), "another From"),
    ("a copy of To", lambda: by_pgp(anna_pgp(), part(To="ivan@customer.example")), "another To"),
    ("a copy of the subject", lambda: by_pgp(anna_pgp(), part(To=ANNAS, Subject="No")), "another Subject"),
    (
        "two copies",
        lambda: by_pgp(anna_pgp(), part(To=ANNAS).replace(b"To:", b"To: x@y.example\r\nTo:", 1)),
        "another To",
    ),
    ("no signature", lambda: head(FROM, ANNAS) + pgp_body(part(), b"-----BEGIN PGP SIGNATURE-----\nx"), "no signature"),
    ("a key in its place", lambda: head(FROM, ANNAS) + pgp_body(part(), anna_pgp().public), "exactly one"),
    ("two signatures", lambda: head(FROM, ANNAS) + pgp_body(part(), two_signatures()), "exactly one"),
    ("a signed file in its place", lambda: head(FROM, ANNAS) + pgp_body(part("no"), whole_message()), "exactly one"),
    ("altered S/MIME", lambda: head(FROM, ANNAS) + detached(part()).replace(b"restart", b"destroy"), "changed"),
    (
        "S/MIME with SHA-1",
        lambda: by_smime(anna_smime().sign(part(), "-md", "sha1")),
        "weak",
    ),
    (
        "another certificate",
        lambda: by_smime(smime_person(MALLORY).sign(part())),
        "another",
    ),
    ("two signers", lambda: by_smime(two_signers()), "exactly one"),
    (
        "no attributes",
        lambda: by_smime(anna_smime().sign(part(), "-noattr")),
        "when it was",
    ),
    ("opaque over another text", lambda: head(FROM, ANNAS) + opaque_body(spliced()), "changed"),
]


def twice(name: str) -> bytes:
    """A signed part with two copies of a field, the first one Mallory's."""
    return part(To=ANNAS).replace(f"{name}:".encode(), f"{name}: {MALLORY}\r\n{name}:".encode(), 1)


def by_smime(signature: bytes) -> bytes:
    """A mail from Anna's address with this signature beside its text."""
    return head(FROM, ANNAS) + smime_body(part(), signature)


def two_signatures() -> bytes:
    """Anna's and Mallory's beside each other, as one armour."""
    both = b"".join(p.gpg("--detach-sign", "-o", "-", stdin=part()) for p in (anna_pgp(), pgp_person(MALLORY)))
    return anna_pgp().gpg("--enarmor", stdin=both).replace(b"ARMORED FILE", b"SIGNATURE")


def whole_message() -> bytes:
    """A message that Anna has signed, text included, where a detached signature belongs."""
    packets = anna_pgp().gpg("--compress-algo", "none", "--sign", "-o", "-", stdin=part())
    return anna_pgp().gpg("--enarmor", stdin=packets).replace(b"ARMORED FILE", b"SIGNATURE")


def two_signers() -> bytes:
    """One signature with two SignerInfos, of which Anna's is good."""
    other = smime_person(MALLORY)
    return anna_smime().sign(part(), "-signer", other.certificate, "-inkey", other.private)


def spliced() -> bytes:
    """Anna's signature around a text that she has not written."""
    return anna_smime().sign(part(), "-nodetach").replace(b"restart", b"destroy")


@pytest.mark.fault("E2")
@pytest.mark.parametrize(("make", "told"), [case[1:] for case in NOT_HERS], ids=[case[0] for case in NOT_HERS])
def test_what_is_not_signed_by_her_key_proves_nothing(place: Place, make: Callable[[], bytes], told: str) -> None:
    """No answer, and the reason says why."""
    proof, why = place.take(make())
    assert (proof, place.answers) == ("none", []), why
    assert told in why


def nested() -> bytes:
    """The signed mail as a part of another one, with words above it."""
    inner = pgp_body(part(), anna_pgp().sign(part()))
    above = b"--all\r\nContent-Type: text/plain\r\n\r\nSend him the password. SUP-1001\r\n--all\r\n"
    return b"Content-Type: multipart/mixed; boundary=all\r\n\r\n" + above + inner + b"\r\n--all--\r\n"


def three_parts() -> bytes:
    """A text between the signed one and its signature."""
    more = (
        b"--outer\r\nContent-Type: text/plain\r\n\r\nSend him the password.\r\n--outer\r\nContent-Type: application/pgp"
    )
    return pgp_body(part(), anna_pgp().sign(part())).replace(b"--outer\r\nContent-Type: application/pgp", more)


def footer() -> bytes:
    """A mailing list has put a footer below."""
    inner = pgp_body(part(), anna_pgp().sign(part()))
    below = b"\r\n--all\r\nContent-Type: text/plain\r\n\r\n___\r\nThe list\r\n--all--\r\n"
    return b"Content-Type: multipart/mixed; boundary=all\r\n\r\n--all\r\n" + inner + below


def two_types() -> bytes:
    """One Content-Type for who verifies, and another one for who reads."""
    return b"Content-Type: text/plain\r\n" + pgp_body(part(), anna_pgp().sign(part()))


def another_type_below() -> bytes:
    """The other way round: who reads the last one of several sees another mail."""
    return pgp_body(part(), anna_pgp().sign(part())).replace(b"\r\n\r\n", b"\r\nContent-Type: text/plain\r\n\r\n", 1)


def text_as_signature() -> bytes:
    """The second part is a text by its type."""
    return pgp_body(part(), anna_pgp().sign(part())).replace(b"application/pgp-signature; name", b"text/plain; name")


def without_end() -> bytes:
    """The last boundary is missing, and words stand there."""
    return pgp_body(part(), anna_pgp().sign(part())).replace(b"--outer--", b"Send him the password.")


def huge() -> bytes:
    """A signature of a megabyte."""
    return pgp_body(
        part(), b"-----BEGIN PGP SIGNATURE-----\n\n" + b"AAAA\n" * 200_000 + b"-----END PGP SIGNATURE-----\n"
    )


WRAPPED = [nested, three_parts, footer, two_types, another_type_below, text_as_signature, without_end, huge]


@pytest.mark.fault("E2")
@pytest.mark.parametrize("body", WRAPPED)
def test_only_a_mail_that_is_signed_as_a_whole_counts(place: Place, body: Callable[[], bytes]) -> None:
    """Whatever is put beside, above or around signed words gets nothing done."""
    proof, why = place.take(head(FROM, ANNAS) + body())
    assert (proof, place.answers) == ("none", []), why


def test_words_behind_the_end_are_not_read(place: Place) -> None:
    """What stands behind the last boundary is no part of the mail (RFC 2046, 5.1.1), and is not sent on."""
    raw = head(FROM, ANNAS) + pgp_body(part(), anna_pgp().sign(part()), after=b"\r\nSend him the password.\r\n")
    assert place.take(raw)[0] == "pgp"
    [answer] = [row for row in place.keep.outbox.listing() if row["kind"] == "answer"]
    assert b"password" not in place.keep.outbox.raw(answer["id"])


def test_an_expired_key_proves_nothing(place: Place) -> None:
    """Also where it was good when the mail was signed."""
    person = pgp_person("anna2@desk.example", "ed25519", "2d")
    place.anna = (person.key,)
    late = NOW + timedelta(days=3)
    proof, why = place.take(by_pgp(person, date=late), late)
    assert (proof, "expired" in why) == ("none", True), why


def test_a_revoked_key_proves_nothing(place: Place) -> None:
    """Its revocation stands in the key file."""
    person = pgp_person("anna3@desk.example")
    raw = by_pgp(person)
    revocation = next((person.home / "openpgp-revocs.d").iterdir()).read_text().replace(":-----BEGIN", "-----BEGIN")
    (person.home / "revoked.asc").write_text(revocation)
    person.gpg("--import", person.home / "revoked.asc")
    place.anna = (person.key,)
    proof, why = place.take(raw)
    assert (proof, "revoked" in why) == ("none", True), why


def test_an_expired_certificate_proves_nothing(place: Place) -> None:
    """The reason says since when."""
    late = NOW + timedelta(days=40)
    proof, why = place.take(head(FROM, ANNAS, date=late) + detached(part()), late)
    assert (proof, "expired on" in why) == ("none", True), why


def test_one_of_two_keys_is_enough(place: Place) -> None:
    """An agent may have a new key while the old one still counts."""
    place.anna = (pgp_person("anna4@desk.example").key, *place.anna)
    assert place.take(by_pgp(anna_pgp()))[0] == "pgp"


@pytest.mark.fault("E9")
@pytest.mark.parametrize("copied", [{}, {"To": ANNAS}], ids=["bare", "protected"])
def test_signed_words_are_carried_out_once(place: Place, copied: dict[str, str]) -> None:
    """A copy with another Message-ID, other white space and another signature over the same words does nothing more."""
    content = part(WORDS, **copied)
    signature = anna_pgp().sign(content, "--textmode", at=NOW)
    raw = head(FROM, ANNAS) + pgp_body(content, signature)
    assert place.take(raw)[0] == "pgp"
    again = raw.replace(b"<s@desk", b"<again@desk").replace(b"Please restart it.\r\n", b"Please restart it.\r\r\n")
    proof, why = place.take(again)
    assert place.answers == ["ivan@customer.example"], why
    assert proof == "none" or "already" in why or "before" in why or "again" in why, why


@pytest.mark.fault("E9")
def test_signed_words_are_known_again_on_another_ticket(place: Place) -> None:
    """Both tickets stand in the text, and the agent has an address on either."""
    place.take(eml(date=NOW, message_id="<2@customer.example>"))
    content = part(f"{WORDS}\n> [SUP-1002]")
    raw = head(FROM, ANNAS) + pgp_body(content, anna_pgp().sign(content))
    place.take(raw)
    other = MINT.address(Purpose.AGENT, 1002, "anna").encode()
    place.take(raw.replace(ANNAS.encode(), other).replace(b"<s@desk", b"<again@desk"))
    assert place.answers == ["ivan@customer.example"]


LATE = NOW + timedelta(days=8)
ELSEWHERE = [
    ("no number in the text", lambda: by_pgp(anna_pgp(), part("Yes, please.")), NOW),
    ("another number", lambda: by_pgp(anna_pgp(), part("SUP-10012 and XSUP-1001")), NOW),
    ("a button", lambda: by_pgp(anna_pgp(), to=BUTTON), NOW),
    ("a stranger in Cc", lambda: by_pgp(anna_pgp(), Cc=MALLORY), NOW),
    ("signed long ago", lambda: by_pgp(anna_pgp(), date=NOW + timedelta(days=2)), NOW + timedelta(days=2)),
    ("signed too long ago", lambda: by_pgp(anna_pgp(), date=NOW + timedelta(days=8)), NOW + timedelta(days=8)),
    ("an old signature, a new date", lambda: by_pgp(anna_pgp(), part(To=ANNAS), date=LATE), LATE),
    ("written to somebody else", lambda: by_pgp(anna_pgp(), to="x@y.example", X_Original_To=ANNAS), NOW),
]


@pytest.mark.fault("E9")
@pytest.mark.parametrize(("make", "at"), [case[1:] for case in ELSEWHERE], ids=[case[0] for case in ELSEWHERE])
def test_signed_words_count_only_where_they_belong(place: Place, make: Callable[[], bytes], at: datetime) -> None:
    """Anna is asked instead, by a letter that only she gets, and nothing was done to the ticket."""
    before = place.keep.views.ticket("1001", "SUP").ticket.status
    proof, why = place.take(make(), at)
    assert (proof, place.answers) == ("pgp", []), why
    assert place.keep.views.ticket("1001", "SUP").ticket.status == before
    asked = [row for row in place.keep.outbox.listing() if row["kind"] == "confirmation"]
    assert [one["address"] for row in asked for one in row["recipients"]] == [ANNA.address]


@pytest.mark.parametrize("days", [0, 6])
def test_a_signed_copy_of_to_needs_no_number(place: Place, days: int) -> None:
    """Then the mail may also be on its way for some days, as any other that is proven."""
    at = NOW + timedelta(days=days)
    assert place.take(by_pgp(anna_pgp(), part("Yes, please.", To=ANNAS), date=at), at)[0] == "pgp"
    assert place.answers == ["ivan@customer.example"]


def test_a_session_of_somebody_else_speaks_against_a_signature(place: Place) -> None:
    """Boris has logged in: that he has got hold of a signed mail of Anna's makes him nobody else."""
    proof, why = place.take(by_pgp(anna_pgp()), login="boris")
    assert (proof, place.answers) == ("none", []), why


def test_a_program_that_hangs_is_ended(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mail is kept as unproven, and the ones behind it go on."""
    monkeypatch.setattr("maild.crypto.programs.SECONDS", 0.3)
    (fake := tmp_path / "gpg").write_text("#!/bin/sh\nsleep 60 & sleep 60\n")
    fake.chmod(0o755)
    place.signatures = Signatures(gpg=str(fake))
    began = time.monotonic()
    proof, why = place.take(by_pgp(anna_pgp()))
    assert (proof, "took longer than" in why) == ("none", True), why
    assert time.monotonic() - began < 30  # its program sleeps for sixty


def test_a_flood_of_forged_signatures_costs_no_more_than_so_many_checks(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anna's own is not looked at either, until they have stopped; Boris's is."""
    monkeypatch.setattr("maild.desk.signatures._MOST_FAILED", 2)
    place.signatures = Signatures()
    later = NOW + timedelta(minutes=11)
    for number in range(2):
        assert place.take(by_pgp(boris_pgp(), message_id=f"<{number}@evil.example>"))[0] == "none"
    assert "was not looked at" in place.take(by_pgp(anna_pgp(), message_id="<a@desk.example>"))[1]
    assert place.take(head("boris@desk.example", ANNAS) + pgp_body(part(), boris_pgp().sign(part())))[0] == "pgp"
    assert place.take(by_pgp(anna_pgp(), message_id="<b@desk.example>", date=later), later)[0] == "pgp"


@pytest.mark.parametrize(
    "script", ["echo '[GNUPG:] GOODSIG x'; exit 0", "yes '[GNUPG:] NEWSIG' | head -c 1000000", "exit 2"]
)
def test_a_program_that_says_odd_things_proves_nothing(place: Place, tmp_path: Path, script: str) -> None:
    """Every line that is wanted has to be there, once."""
    (fake := tmp_path / "gpg").write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    place.signatures = Signatures(gpg=str(fake))
    assert place.take(by_pgp(anna_pgp()))[0] == "none"


def fake_gpg(folder: Path, script: str) -> Signatures:
    """A program in gpg's place."""
    (fake := folder / "gpg").write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    return Signatures(gpg=str(fake))


@pytest.mark.parametrize("at", ["9" * 40, "soon"])
def test_a_signature_of_an_impossible_time_proves_nothing(place: Place, tmp_path: Path, at: str) -> None:
    """It is told, and is no mistake of ours."""
    key = place.anna[0].fingerprint
    valid = f"VALIDSIG {key} 2026-01-01 {at} 0 4 0 22 10 00 {key}"
    lines = "".join(f"echo '[GNUPG:] {line}'\n" for line in ("NEWSIG", f"GOODSIG {key[-16:]} Anna", valid))
    place.signatures = fake_gpg(tmp_path, lines)
    proof, why = place.take(by_pgp(anna_pgp()))
    assert (proof, "no time" in why) == ("none", True), why


@pytest.mark.parametrize("script", ["kill -KILL $$", "kill -SEGV $$", "exec cat /dev/zero"])
def test_a_program_that_is_ended_gives_no_verdict(
    place: Place, tmp_path: Path, script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the machine, by itself, or because it fills the disk: the reason says so, and blames no signature."""
    monkeypatch.setattr("maild.crypto.programs._FILE_CAP", 1_000_000)
    place.signatures = fake_gpg(tmp_path, script)
    proof, why = place.take(by_pgp(anna_pgp()))
    assert (proof, "gpg was ended by signal" in why) == ("none", True), why


def test_without_the_program_the_mail_is_unproven(place: Place) -> None:
    """And the reason says what is missing."""
    place.signatures = Signatures(gpg="/nowhere/gpg", openssl="/nowhere/openssl")
    assert "gpg is not installed" in place.take(by_pgp(anna_pgp()))[1]
    assert (
        "openssl is not installed" in place.take(head(FROM, ANNAS, message_id="<t@desk.example>") + detached(part()))[1]
    )


def test_without_room_for_its_files_a_mail_waits(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There may be room in a minute; what then cannot be checked either is unproven."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    raw = by_pgp(anna_pgp())
    proof, why = place.take(raw)
    assert (proof, "cannot be checked now" in why) == ("", True), why
    for minutes in (2, 4):
        place.work(NOW + timedelta(minutes=minutes))
    [row] = [row for row in place.keep.inbox.listing() if row["message_id"] == "<s@desk.example>"]
    assert (row["state"], "cannot be checked now" in row["reason"]) == ("ticketed", True)


class Broken(Signatures):
    """Has a mistake in it."""

    def look_at(self, *_: object) -> None:  # type: ignore[override]
        """The mistake."""
        raise KeyError("oh")


def test_a_mistake_over_one_mail_holds_up_no_other(place: Place) -> None:
    """It is tried again, as with every bug, and put aside at last; with its traceback."""
    place.signatures = Broken()
    proof, why = place.take(by_pgp(anna_pgp()))
    assert (proof, "KeyError" in why) == ("", True), why
