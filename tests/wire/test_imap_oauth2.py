"""Logins with access tokens: a real Dovecot that asks the provider whose a token is, and servers that are odd."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from dovecot import Dovecot, dovecot
from wire.imap_parts import FAST, NOW, MemoryLedger, eventually, mail, mailbox
from wire.odd_imap import Connection, odd_imap
from wire.token_server import SECRETS, TokenServer, token_server

from maild.clock import FixedClock
from maild.ingest.imap import MailboxPoller, check_mailbox
from maild.ingest.imap_session import LoginRefused
from maild.ingest.mailbox import AccessToken
from maild.ingest.oauth2 import TokenAccount, Tokens

OAUTH2 = "tokeninfo_url = {url}\nusername_attribute = username\n"
SETTINGS = """
auth_mechanisms = plain {mechanisms}
auth_cache_size = 0
passdb {{
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = FOLDER/oauth2.conf.ext
}}
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[TokenServer]:
    """It gives tokens to maild and knows them when Dovecot asks."""
    with token_server() as running:
        yield running


@pytest.fixture(scope="module", params=["oauthbearer xoauth2", "xoauth2"])
def server(request: pytest.FixtureRequest, provider: TokenServer) -> Iterator[Dovecot]:
    """A Dovecot with both mechanisms, and one that has the older alone."""
    files = {"oauth2.conf.ext": OAUTH2.format(url=provider.url("/tokeninfo?oauth="))}
    with dovecot(SETTINGS.format(mechanisms=request.param), files=files) as running:
        running.append(mail("one"))
        yield running


def tokens(provider: TokenServer, folder: Path) -> Tokens:
    """Of a mailbox with a refresh token that the provider knows."""
    (folder / "token").write_text(provider.refresh)
    account = TokenAccount(
        name="main", token_url=provider.url(), client_id="maild", refresh_token_file=folder / "token"
    )
    return Tokens(account, FixedClock(NOW))


def poller(server: Dovecot, source: Tokens, ledger: MemoryLedger) -> MailboxPoller:
    """A poller that logs in with tokens."""
    return MailboxPoller(mailbox(server.imap), source.get, ledger, FixedClock(NOW), lambda: 0.5, FAST)


def test_a_mailbox_is_read_with_an_access_token(server: Dovecot, provider: TokenServer, tmp_path: Path) -> None:
    """By what the server has: OAUTHBEARER, or XOAUTH2 alone."""
    ledger = MemoryLedger()
    assert poller(server, tokens(provider, tmp_path), ledger).once() == 1
    assert ledger.texts == [b"one"]
    assert check_mailbox(mailbox(server.imap), tokens(provider, tmp_path).get, ledger, FixedClock(NOW)) == []


def test_a_token_that_is_refused_is_renewed_once_and_at_once(
    server: Dovecot, provider: TokenServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It ended before its time; a second refusal is one, and is not tried again for a minute."""
    caplog.set_level(logging.DEBUG)
    source = tokens(provider, tmp_path)
    source.get()
    provider.valid.clear()
    assert poller(server, source, MemoryLedger()).once() == 1
    provider.valid.clear()
    provider.answers = [(200, {"access_token": "access-3", "expires_in": 3600})]
    asked = len(provider.looked_up)
    running = poller(server, source, MemoryLedger())
    running.start()
    eventually(lambda: running.health.problem is not None)
    assert running.stop(5.0)
    assert len(provider.looked_up) == asked + 2
    assert "LOGIN" in (running.health.problem or "")
    said = caplog.text + (running.health.problem or "")
    assert not [secret for secret in SECRETS if secret in said]


def test_a_refused_refresh_token_is_a_refused_login(server: Dovecot, provider: TokenServer, tmp_path: Path) -> None:
    """The server is not even asked; the provider is asked once, and then not for a minute."""
    source = tokens(provider, tmp_path)
    (tmp_path / "token").write_text("gone")
    asked = len(provider.looked_up), len(provider.forms)
    running = poller(server, source, MemoryLedger())
    running.start()
    eventually(lambda: running.health.problem is not None)
    assert running.stop(5.0)
    assert "maild mailbox authorize main" in (running.health.problem or "")
    assert (len(provider.looked_up), len(provider.forms)) == (asked[0], asked[1] + 1)


def test_a_session_whose_token_has_ended_is_opened_again_with_a_new_one(
    server: Dovecot, provider: TokenServer, tmp_path: Path
) -> None:
    """Some servers hang up when the hour of a token is over."""
    source, ledger = tokens(provider, tmp_path), MemoryLedger()
    running = MailboxPoller(
        mailbox(server.imap), source.get, ledger, FixedClock(NOW), lambda: 0.5, replace(FAST, idle=60.0)
    )
    running.start()
    try:
        ledger.wait_for(1)
        eventually(lambda: running.health.connected)
        provider.valid.clear()
        server.kill_sessions()
        eventually(lambda: running._pauses == 1)
        eventually(lambda: running.health.connected)
        assert running.health.problem is None
    finally:
        assert running.stop(5.0)


TOKEN = AccessToken(value="access-1")


def said(capabilities: str, *, refuse: bool) -> list[str]:
    """What a server hears at a login with a token, decoded."""
    heard: list[str] = []

    def authenticate(connection: Connection, tag: str, args: str) -> None:
        heard.append(args)
        connection.say("+ \r\n")
        heard.append(base64.b64decode(connection.read()).decode())
        if refuse:
            connection.say("+ eyJzdGF0dXMiOiI0MDAifQ==\r\n")
            heard.append(base64.b64decode(connection.read()).decode())
        connection.say(f"{tag} {'NO [AUTHENTICATIONFAILED] no' if refuse else 'OK done'}\r\n")

    with odd_imap({}) as server:
        server.capabilities = f"IMAP4rev1 {capabilities}"
        server.handlers["AUTHENTICATE"] = authenticate
        box = mailbox(server.port, username="a=b,c@desk.test")
        if refuse:
            with pytest.raises(LoginRefused, match="no"):
                check_mailbox(box, lambda: TOKEN, None, FixedClock(NOW), FAST.timeouts)
        else:
            check_mailbox(box, lambda: TOKEN, None, FixedClock(NOW), FAST.timeouts)
    return heard


@pytest.mark.parametrize("refuse", [False, True])
def test_the_newer_mechanism_is_spoken_to_the_letter(refuse: bool) -> None:
    """RFC 7628: the name escaped as GS2 wants, and a control-A in answer to an error."""
    wanted = "n,a=a=3Db=2Cc@desk.test,\1host=127.0.0.1\1auth=Bearer access-1\1\1"
    assert said("AUTH=XOAUTH2 AUTH=OAUTHBEARER", refuse=refuse) == ["OAUTHBEARER", wanted, *(["\1"] if refuse else [])]


@pytest.mark.parametrize("refuse", [False, True])
def test_the_older_mechanism_is_spoken_to_the_letter(refuse: bool) -> None:
    """As Google and Microsoft wrote it down: an empty line in answer to an error."""
    wanted = "user=a=b,c@desk.test\1auth=Bearer access-1\1\1"
    assert said("AUTH=XOAUTH2", refuse=refuse) == ["XOAUTH2", wanted, *([""] if refuse else [])]


def test_a_server_that_takes_no_tokens_gets_none() -> None:
    """Nothing is sent to it that is worth anything."""
    with odd_imap({}) as server:
        with pytest.raises(LoginRefused, match="no OAuth 2 tokens"):
            check_mailbox(mailbox(server.port), lambda: TOKEN, None, FixedClock(NOW), FAST.timeouts)
        assert server.said("AUTHENTICATE") == server.said("LOGIN") == []
