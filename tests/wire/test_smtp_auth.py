"""Agents log in to hand in mail: only encrypted or on this machine, slowly when they are wrong."""

from __future__ import annotations

import smtplib
import ssl
import threading
import time
from base64 import b64encode
from datetime import timedelta
from pathlib import Path

import pytest
import trustme
from daemon import wait_for
from wire.smtp_door import open_door

from maild.errors import Unavailable
from maild.ingest.smtp_gate import Limits

MAIL = b"Subject: x\r\n\r\nx\r\n"


class FakeUsers:
    """anna, whose password is tea; counts who asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        self.trouble: Exception | None = None
        self.may_end = threading.Event()
        self.may_end.set()

    def verify(self, login: str, password: str) -> bool:
        with self.lock:
            self.asked.append(login)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        assert self.may_end.wait(20)
        with self.lock:
            self.at_once -= 1
        if self.trouble is not None:
            raise self.trouble
        return (login, password) == ("anna", "tea")


@pytest.fixture(scope="module")
def authority():
    """Who signs our certificates here."""
    return trustme.CA()


@pytest.fixture(scope="module")
def certificate(authority, tmp_path_factory) -> tuple[Path, Path]:
    """The files of a certificate and its key."""
    folder = tmp_path_factory.mktemp("tls")
    issued = authority.issue_cert("desk.example", "localhost", "127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture
def context(authority):
    """A client that checks certificates."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def plain(login: str, password: str, acting_for: str = "") -> bytes:
    """The answer that PLAIN wants."""
    return b64encode(f"{acting_for}\0{login}\0{password}".encode())


def test_who_logs_in_is_named_in_the_envelope():
    """PLAIN with its answer at once, PLAIN asked for, LOGIN, LOGIN with the name at once: each brings the login."""
    dialogues = [
        [b"AUTH PLAIN " + plain("anna", "tea")],
        [b"AUTH plain", plain("anna", "tea", "anna")],
        [b"AUTH LOGIN", b64encode(b"anna"), b64encode(b"tea")],
        [b"AUTH LOGIN " + b64encode(b"anna"), b64encode(b"tea")],
    ]
    with open_door(users=FakeUsers()) as door:
        for dialogue in dialogues:
            client = door.client()
            codes = [client.ask(line)[0] for line in dialogue]
            assert codes == [334] * (len(dialogue) - 1) + [235]
            assert client.deliver(MAIL)[0] == 250
        assert [row.envelope.login for row in door.ledger.rows] == ["anna"] * 4


def test_logging_in_opens_no_relay():
    """A login proves who writes; recipients are still ours or refused."""
    with open_door(users=FakeUsers()) as door:
        client = door.client()
        assert client.ask(b"AUTH PLAIN " + plain("anna", "tea"))[0] == 235
        client.ask(b"MAIL FROM:<anna@desk.example>")
        assert client.ask(b"RCPT TO:<x@elsewhere.example>")[0] == 550
        assert client.ask(b"AUTH PLAIN " + plain("anna", "tea"))[0] == 503


@pytest.mark.parametrize(
    ("dialogue", "code"),
    [
        ([b"AUTH PLAIN " + plain("anna", "coffee")], 535),
        ([b"AUTH PLAIN " + plain("nobody", "tea")], 535),
        ([b"AUTH PLAIN " + plain("anna", "tea", "boss")], 535),
        ([b"AUTH PLAIN ="], 501),
        ([b"AUTH PLAIN !!!"], 501),
        ([b"AUTH PLAIN " + b64encode(b"\0\xff\0tea")], 501),
        ([b"AUTH PLAIN", b"*"], 501),
        ([b"AUTH LOGIN", b64encode(b"anna"), b"*"], 501),
        ([b"AUTH CRAM-MD5"], 504),
        ([b"AUTH"], 504),
    ],
)
def test_a_wrong_or_broken_login_is_refused(dialogue: list[bytes], code: int):
    """The session goes on without a login."""
    with open_door(users=FakeUsers()) as door:
        client = door.client()
        assert [client.ask(line)[0] for line in dialogue][-1] == code
        assert client.deliver(MAIL)[0] == 250
        assert door.ledger.rows[0].envelope.login is None


def test_a_password_is_never_asked_for_in_clear_across_the_network(certificate):
    """From another address AUTH is neither offered nor taken before STARTTLS."""
    users = FakeUsers()
    cert, key = certificate
    with open_door(users=users, tls_cert=cert, tls_key=key) as door:
        client = door.client(hello=None)
        client.reply()
        assert "AUTH PLAIN LOGIN" in client.ask(b"EHLO x")[1]
        for session in door.listener._service.sessions:
            session.peer = "192.0.2.7"
        assert "AUTH" not in client.ask(b"EHLO x")[1]
        assert client.ask(b"AUTH PLAIN " + plain("anna", "tea")) == (538, "5.7.11 Encryption required")
        assert users.asked == []


def test_starttls_encrypts_and_starts_the_session_anew(certificate, context):
    """After STARTTLS a hello is needed again, STARTTLS is no longer offered, and mail and login work."""
    cert, key = certificate
    with open_door(users=FakeUsers(), tls_cert=cert, tls_key=key) as door:
        client = door.client()
        assert client.ask(b"MAIL FROM:<a@b.example>")[0] == 250
        client.start_tls(context)
        assert client.ask(b"RCPT TO:<support@desk.example>")[0] == 503
        assert client.socket.version() in ("TLSv1.2", "TLSv1.3")
        assert client.ask(b"MAIL FROM:<a@b.example>")[0] == 503
        offered = client.ask(b"EHLO x")[1]
        assert "AUTH PLAIN LOGIN" in offered
        assert "STARTTLS" not in offered
        assert client.ask(b"AUTH PLAIN " + plain("anna", "tea"))[0] == 235
        big = MAIL + b"x" * 2_000_000 + b"\r\n"
        assert client.deliver(big)[0] == 250
        assert client.ask(b"QUIT")[0] == 221
        assert door.ledger.rows[0].raw == big
        assert door.ledger.rows[0].envelope.login == "anna"


@pytest.mark.fault("F2")
def test_what_was_said_in_clear_behind_starttls_is_forgotten(certificate, context):
    """A command glued behind STARTTLS by somebody on the way is not obeyed under TLS (CVE-2011-0411)."""
    cert, key = certificate
    with open_door(tls_cert=cert, tls_key=key) as door:
        client = door.client()
        client.send(b"STARTTLS\r\nEHLO attacker\r\nMAIL FROM:<evil@evil.example>\r\n")
        assert client.line().startswith(b"220")
        client.wrap(context)
        assert client.ask(b"EHLO x")[0] == 250
        assert client.ask(b"RCPT TO:<support@desk.example>")[0] == 503


def test_a_login_in_clear_does_not_count_under_tls(certificate, context):
    """STARTTLS forgets everything that was said before (RFC 3207, 4.2), who logged in too."""
    cert, key = certificate
    with open_door(users=FakeUsers(), tls_cert=cert, tls_key=key) as door:
        client = door.client()
        assert client.ask(b"AUTH PLAIN " + plain("anna", "tea"))[0] == 235
        client.start_tls(context)
        client.ask(b"EHLO x")
        assert client.deliver(MAIL)[0] == 250
        assert door.ledger.rows[0].envelope.login is None


def test_a_broken_handshake_ends_only_its_own_connection(certificate):
    """Garbage instead of a handshake is cut; the listener goes on."""
    cert, key = certificate
    with open_door(tls_cert=cert, tls_key=key) as door:
        client = door.client()
        assert client.ask(b"STARTTLS")[0] == 220
        client.send(b"this is no handshake\r\n" * 10)
        while client.line():
            pass
        assert door.client().deliver(MAIL)[0] == 250


def test_old_tls_is_refused(certificate, authority):
    """A client that can only do TLS 1.1 gets no session."""
    cert, key = certificate
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(old)
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with open_door(tls_cert=cert, tls_key=key) as door:
        client = door.client()
        with pytest.raises(OSError):  # noqa: PT011 - SSLError here or a reset there
            client.start_tls(old)


def test_smtplib_logs_in_under_tls(certificate, context):
    """The client that scripts use: STARTTLS, login, a mail."""
    cert, key = certificate
    with open_door(users=FakeUsers(), tls_cert=cert, tls_key=key) as door:
        with smtplib.SMTP("127.0.0.1", door.port, timeout=10) as smtp:
            smtp.starttls(context=context)
            smtp.login("anna", "tea")
            smtp.sendmail("anna@desk.example", ["support@desk.example"], MAIL)
        assert door.ledger.rows[0].envelope.login == "anna"


@pytest.mark.fault("F9")
def test_wrong_logins_cost_time_and_end_the_session():
    """Each failure is answered later than the one before; the fifth ends the session."""
    with open_door(users=FakeUsers(), failed_login_delay=timedelta(seconds=0.03)) as door:
        client = door.client()
        began = time.monotonic()
        codes = [client.ask(b"AUTH PLAIN " + plain("anna", f"x{n}"))[0] for n in range(5)]
        assert codes == [535] * 5
        assert client.reply()[0] == 421
        assert time.monotonic() - began >= 0.03 * (1 + 2 + 3 + 4 + 5)


@pytest.mark.fault("F9")
def test_after_twenty_failures_nobody_looks_any_more():
    """New connections do not help: the login is put off without a hash being computed, other logins are not touched."""
    users = FakeUsers()
    with open_door(users=users, limits=Limits(errors=100)) as door:
        for _ in range(4):
            client = door.client()
            for _ in range(5):
                assert client.ask(b"AUTH PLAIN " + plain("anna", "guess"))[0] == 535
        assert door.client().ask(b"AUTH PLAIN " + plain("anna", "tea"))[0] == 454
        assert len(users.asked) == 20
        assert door.client().ask(b"AUTH PLAIN " + plain("boris", "x"))[0] == 535


def test_only_two_passwords_are_computed_at_a_time():
    """Ten clients that log in together do not take all cores, and the listener answers meanwhile."""
    users = FakeUsers()
    users.may_end.clear()
    with open_door(users=users) as door:
        clients = [door.client() for _ in range(10)]
        for client in clients:
            client.send(b"AUTH PLAIN " + plain("anna", "tea") + b"\r\n")
        wait_for(lambda: users.at_once == 2, "two of them")
        assert door.client().ask(b"NOOP")[0] == 250
        users.may_end.set()
        assert [client.reply()[0] for client in clients] == [235] * 10
        assert users.most_at_once == 2


def test_a_users_file_that_cannot_be_read_is_our_fault():
    """The agent's mail program tries again instead of throwing its password away."""
    users = FakeUsers()
    users.trouble = Unavailable("/etc/maild/users cannot be read")
    with open_door(users=users) as door:
        assert door.client().ask(b"AUTH PLAIN " + plain("anna", "tea")) == (
            454,
            "4.7.0 Temporary authentication failure",
        )


def test_a_certificate_is_read_again(certificate, tmp_path, context):
    """A renewed certificate is shown to the next client; one that cannot be used is told by name."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert.write_bytes(certificate[0].read_bytes())
    key.write_bytes(certificate[1].read_bytes())
    with open_door(tls_cert=cert, tls_key=key) as door:
        other = trustme.CA()
        issued = other.issue_cert("desk.example")
        issued.cert_chain_pems[0].write_to_path(cert)
        issued.private_key_pem.write_to_path(key)
        door.listener.reload_certificate()
        with pytest.raises(ssl.SSLCertVerificationError):
            door.client().start_tls(context)
        key.unlink()
        with pytest.raises(Unavailable, match=r"cert\.pem"):
            door.listener.reload_certificate()
