"""oauth2 = { ... } in settings.toml: what the providers want is known, and every mistake has its place."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from maild.config.settings import Mailbox, load_settings
from maild.desk.mailboxes import patience, to_mailbox, token_account
from maild.errors import ConfigError

HEAD = '[[imap]]\nname = "a"\nhost = "imap.example"\nusername = "u"\n'


def load(folder: Path, text: str) -> Mailbox:
    """The one mailbox of a text."""
    (folder / "settings.toml").write_text(HEAD + text, encoding="utf-8")
    return load_settings(folder / "settings.toml").imap[0]


def test_a_provider_s_name_is_enough(tmp_path: Path) -> None:
    """Addresses and scope of Google; files start at the folder of the settings."""
    found = load(tmp_path, 'oauth2 = { provider = "google", client_id = "c", refresh_token_file = "t" }')
    account = token_account(found)
    assert account is not None
    assert (account.token_url, account.scope) == ("https://oauth2.googleapis.com/token", "https://mail.google.com/")
    assert (account.refresh_token_file, account.life, account.command) == (tmp_path / "t", None, ())
    assert found.oauth2 is not None
    assert (found.oauth2.device_url, bool(found.oauth2.login_url)) == (None, True)


def test_microsoft_s_addresses_hold_the_tenant(tmp_path: Path) -> None:
    """Another scope for a client by itself, and refresh tokens that live for ninety days."""
    tenant = 'provider = "microsoft", tenant = "example.org", client_id = "c"'
    account = token_account(load(tmp_path, f'oauth2 = {{ {tenant}, refresh_token_file = "t" }}'))
    assert account is not None
    assert account.token_url == "https://login.microsoftonline.com/example.org/oauth2/v2.0/token"
    assert account.scope == "https://outlook.office.com/IMAP.AccessAsUser.All offline_access"
    assert account.life == timedelta(days=90)
    grant = f'{tenant}, grant = "client_credentials", client_secret_file = "s"'
    account = token_account(load(tmp_path, f"oauth2 = {{ {grant} }}"))
    assert account is not None
    assert (account.scope, account.refresh_token_file) == ("https://outlook.office365.com/.default", None)


def test_everything_may_be_said_by_hand(tmp_path: Path) -> None:
    """A server of one's own, this machine without TLS; or a command."""
    text = 'token_url = "http://127.0.0.1:1/t", scope = "imap", client_id = "c", refresh_token_file = "t"'
    account = token_account(load(tmp_path, f"oauth2 = {{ {text} }}"))
    assert account is not None
    assert (account.token_url, account.scope) == ("http://127.0.0.1:1/t", "imap")
    account = token_account(load(tmp_path, 'oauth2 = { token_command = ["get-token", "a b"] }'))
    assert account is not None
    assert account.command == ("get-token", "a b")
    assert token_account(load(tmp_path, 'password_env = "P"')) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("oauth2 = 3", "a table in braces"),
        ("oauth2 = { providr = 1 }", "did you mean 'provider'"),
        ("oauth2 = { }", "nobody to ask"),
        ('oauth2 = { provider = "google" }', "client_id is missing"),
        ('oauth2 = { provider = "google", client_id = "c" }', "maild mailbox authorize"),
        ('oauth2 = { token_url = "http://login.example/t" }', "https://"),
        ('oauth2 = { token_url = "file:///etc/passwd" }', "no address"),
        ('oauth2 = { provider = "google", token_command = ["x"] }', "leave the other keys out"),
        ('oauth2 = { token_command = "x" }', "a list"),
        ('oauth2 = { tenant = "a/../b" }', "tenant"),
        ('oauth2 = { provider = "google", client_id = "c", grant = "client_credentials" }', "Google gives no mailbox"),
        ('oauth2 = { provider = "microsoft", client_id = "c", grant = "client_credentials" }', "needs the tenant"),
        ('oauth2 = { token_command = ["x"] }\npassword_env = "P"', "without a password"),
        ('password_env = "P"\nalarm_after = "30s"', "for a minute"),
    ],
)
def test_every_mistake_is_told_at_its_line(tmp_path: Path, text: str, words: str) -> None:
    """With what to do."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert words in str(caught.value)
    assert {finding.line for finding in caught.value.findings} <= {5, 6}


def test_a_mailbox_may_be_unread_for_a_quarter_of_an_hour_or_two_looks(tmp_path: Path) -> None:
    """Whichever is longer; and its folder's key is its name in all tables."""
    assert patience(load(tmp_path, 'password_env = "P"')) == timedelta(minutes=15)
    assert patience(load(tmp_path, 'password_env = "P"\npoll = "1h"')) == timedelta(hours=2)
    found = load(tmp_path, 'password_env = "P"\nalarm_after = "5m"\nfolder = "Desk"')
    assert (patience(found), to_mailbox(found).key) == (timedelta(minutes=5), "a/Desk")
