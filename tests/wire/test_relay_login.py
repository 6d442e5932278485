"""TLS and login at the relay: nothing goes out in clear that must not, and no secret into any text."""

from __future__ import annotations

import base64
import socket
import ssl
from threading import Thread

import pytest
import trustme
from wire.relay_peer import Relay, running
from wire.test_relay_dialogue import Sending

from maild.errors import RetryLater, Unavailable
from maild.outgoing.transports import Security

SECRET = "correct horse battery"


class Papers:
    """An authority with a certificate for the relay, and what each side needs."""

    def __init__(self, name: str = "localhost") -> None:
        authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name, key_type=trustme.KeyType.ECDSA).configure_cert(self.server)
        self.client = ssl.create_default_context()
        authority.configure_trust(self.client)


@pytest.fixture(scope="module")
def papers() -> Papers:
    """Made once: they cost time."""
    return Papers()


def test_starttls_is_used_and_verified(papers: Papers) -> None:
    """The relay takes mail after STARTTLS only, and gets it."""
    with running(Relay(), tls_context=papers.server, require_starttls=True) as relay:
        sending = Sending(relay, host="localhost", security=Security.STARTTLS, tls=papers.client)
        assert sending.send().accepted
        assert sending.send().accepted
        sending.transport.close()
        assert relay.connections == 1


def test_tls_from_the_first_byte_works(papers: Papers) -> None:
    """Port 465."""
    with running(Relay(), implicit_tls=papers.server) as relay:
        sending = Sending(relay, host="localhost", security=Security.TLS, tls=papers.client)
        assert sending.send().accepted
        sending.transport.close()


@pytest.mark.fault("C11")
def test_without_starttls_nothing_is_sent_where_it_is_asked_for() -> None:
    """A man in the middle can take the offer away; then not even the sender's address is told."""
    with running(Relay()) as relay:
        sending = Sending(relay, host="localhost", security=Security.STARTTLS, username="desk", password=SECRET)
        with pytest.raises(Unavailable, match="no STARTTLS"):
            sending.send()
        assert relay.commands == []


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_a_certificate_of_a_stranger_stops_everything(papers: Papers, security: Security) -> None:
    """Verified against the system's authorities, among which ours is not."""
    options = {"implicit_tls": papers.server} if security is Security.TLS else {"tls_context": papers.server}
    with running(Relay(), **options) as relay:
        sending = Sending(relay, host="localhost", security=security)
        with pytest.raises(Unavailable, match="TLS with the relay fails"):
            sending.send()
        assert relay.commands == []


def test_a_certificate_for_another_name_stops_everything() -> None:
    """The name counts, not only the authority."""
    papers = Papers("other.example")
    with running(Relay(), tls_context=papers.server) as relay:
        with pytest.raises(Unavailable, match="TLS with the relay fails"):
            Sending(relay, host="localhost", security=Security.STARTTLS, tls=papers.client).send()
        assert relay.commands == []


@pytest.mark.fault("C11")
def test_replies_injected_before_tls_are_not_believed(papers: Papers) -> None:
    """CVE-2026-55558: what came in clear behind the 220 is gone when TLS begins."""
    seen: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"220 relay\r\n")
            connection.recv(1000)
            connection.sendall(b"250-relay\r\n250 STARTTLS\r\n")
            connection.recv(1000)
            connection.sendall(b"220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n235 welcome\r\n")
            with papers.server.wrap_socket(connection, server_side=True) as protected:
                seen.append(protected.recv(1000))
                protected.sendall(b"554 this is the true relay\r\n")
                seen.append(protected.recv(1000))
                protected.sendall(b"554 still it is\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        sending = Sending(
            Relay(port=listener.getsockname()[1]), host="localhost", security=Security.STARTTLS, tls=papers.client,
            username="desk", password=SECRET,
        )  # fmt: skip
        with pytest.raises(Unavailable, match="still it is"):
            sending.send()
        thread.join(5)
    assert [line.split(b" ")[0].lower() for line in seen] == [b"ehlo", b"helo"]


def test_a_login_is_given_over_tls(papers: Papers) -> None:
    """And the mail goes on."""
    with running(Relay(), tls_context=papers.server, auth_required=True) as relay:
        sending = Sending(
            relay, host="localhost", security=Security.STARTTLS, tls=papers.client, username="desk", password=SECRET
        )
        assert sending.send().accepted
        sending.transport.close()
        assert relay.commands[0].startswith("AUTH ")


@pytest.mark.parametrize(
    ("reply", "error"),
    [("535 5.7.8 wrong password", Unavailable), ("454 4.7.0 the directory is away", RetryLater)],
)
@pytest.mark.fault("C5")
def test_a_refused_login_stops_the_queue_and_tells_no_secret(
    papers: Papers, reply: str, error: type[Exception]
) -> None:
    """No mail fails for it; the password stands in no message."""
    with running(Relay(login=reply), tls_context=papers.server, auth_required=True) as relay:
        sending = Sending(
            relay, host="localhost", security=Security.STARTTLS, tls=papers.client, username="desk", password=SECRET
        )
        with pytest.raises(error) as caught:
            sending.send()
        assert "MAIL" not in str(relay.commands)
    text = repr(caught.value) + str(caught.value.__cause__)
    assert SECRET not in text
    assert base64.b64encode(SECRET.encode()).decode() not in text


def test_a_password_never_crosses_the_network_in_clear() -> None:
    """Not even a connection is tried."""
    sending = Sending(Relay(port=25), host="relay.example", username="desk", password=SECRET)
    with pytest.raises(Unavailable, match="never sent in clear"):
        sending.send()


def test_a_relay_that_knows_no_login_stops_the_queue() -> None:
    """The settings ask for one: sending without would surprise the admin."""
    with running(Relay()) as relay:
        sending = Sending(relay, username="desk", password=SECRET)
        with pytest.raises(Unavailable, match="offers no login"):
            sending.send()
        assert relay.commands == []
