"""A provider of tokens that lies, and a token command that does not end."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from wire.imap_parts import NOW
from wire.scripted import Talker, talking

from maild.clock import FixedClock
from maild.errors import Unavailable
from maild.ingest import oauth2
from maild.ingest.oauth2 import TokenAccount, TokenRefused, Tokens, post_form, read_refresh_token
from maild.ingest.oauth2_consent import ask_by_code

FORM = {"grant_type": "client_credentials", "client_secret": "client-secret"}


def request(talker: Talker) -> None:
    """Take a whole request."""
    length = 0
    while line := talker.hear():
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    talker.lines.read(length)


def answer(told: object, status: bytes = b"200 OK") -> Any:
    """Says this to a request."""

    def talk(talker: Talker) -> None:
        request(talker)
        text = told if isinstance(told, bytes) else json.dumps(told).encode()
        talker.say(b"HTTP/1.1 ", status, b"\r\nContent-Length: %d\r\n\r\n" % len(text), text)

    return talk


def head_then(how: str) -> Any:
    """Begins an answer that does not end."""

    def talk(talker: Talker) -> None:
        request(talker)
        if how == "silence":
            time.sleep(5)
        elif how == "fields":
            talker.say(b"HTTP/1.1 200 OK\r\n")
            talker.drip(b"X-More: 1\r\n")
        elif how == "body":
            talker.say(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n")
            talker.drip(b" ")
        elif how == "go on":
            talker.drip(b"HTTP/1.1 100 Continue\r\n\r\n")
        else:
            talker.say(b"HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n")
            talker.drip(b"1\r\nx\r\n")

    return talk


@pytest.mark.parametrize("how", ["silence", "fields", "body", "go on", "chunks"])
def test_an_answer_that_does_not_end_is_given_up(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit counts for the whole of it, however it trickles."""
    monkeypatch.setattr(oauth2, "_SECONDS", 0.6)
    with talking(head_then(how)) as (port, _):
        began = time.monotonic()
        with pytest.raises(Unavailable, match=r"within 0.6 seconds|timed out"):
            post_form(f"http://127.0.0.1:{port}/token", FORM)
        assert time.monotonic() - began < 4.0


@pytest.mark.parametrize(
    "told", [b"[" * 200_000, b'{"a":' * 40_000, b"9" * 10_000, b"\xff\xfe", b'"' + b"x" * 300_000 + b'"', b"NaN"]
)
def test_an_answer_that_no_one_can_read_is_no_token(told: bytes) -> None:
    """Depth and length too; no traceback of ours."""
    with talking(answer(told)) as (port, _), pytest.raises(Unavailable, match="no token"):
        post_form(f"http://127.0.0.1:{port}/token", FORM)


@pytest.mark.parametrize(
    "status",
    [b"client-secret\r\n\r\n", b"HTTP/1.1 client-secret\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"client-secret:" * 9000],
)
def test_what_is_no_http_is_told_without_what_it_was(status: bytes) -> None:
    """It was told the secret a moment ago, and may say it again."""

    def talk(talker: Talker) -> None:
        request(talker)
        talker.say(status)

    with talking(talk) as (port, _), pytest.raises(Unavailable) as caught:
        post_form(f"http://127.0.0.1:{port}/token", FORM)
    assert "client-secret" not in f"{caught.value} {caught.value.__cause__}"
    assert len(str(caught.value)) < 200


def account(port: int, folder: Path) -> TokenAccount:
    """A mailbox with a refresh token."""
    (folder / "token").write_text("first-refresh\n")
    url = f"http://127.0.0.1:{port}/token"
    return TokenAccount(name="main", token_url=url, client_id="maild", refresh_token_file=folder / "token")


@pytest.mark.parametrize("life", [-1, 0, 1e300, "1e999", "NaN", [], 10**400, True, "soon"])
def test_an_impossible_life_is_taken_for_a_short_one(life: object, tmp_path: Path) -> None:
    """The token is used, and a new one is asked for within the hour."""
    with talking(answer({"access_token": "access-1", "expires_in": life})) as (port, talkers):
        clock = FixedClock(NOW)
        tokens = Tokens(account(port, tmp_path), clock)
        assert tokens.get().value == "access-1"
        clock.at = clock.at.replace(hour=13)
        tokens.get()
        assert len(talkers) == 2


@pytest.mark.parametrize("token", ["two\r\nlines", "a\x01auth=Bearer b", "\ud800", "x" * 70_000, 5, ""])
def test_a_token_that_cannot_be_one_is_not_kept_and_not_sent(token: object, tmp_path: Path) -> None:
    """A line end in it would be a command of the provider's own; the refresh token that was good stays."""
    there = {"access_token": "access-1", "refresh_token": token}
    with talking(answer(there), answer({"access_token": token})) as (port, _):
        tokens = Tokens(account(port, tmp_path), FixedClock(NOW))
        assert tokens.get().value == "access-1"
        assert read_refresh_token(account(port, tmp_path)).value == "first-refresh"
        renew = tokens.get().renew
        assert renew is not None
        with pytest.raises(TokenRefused, match="no token in its answer"):
            renew()


def test_a_command_that_prints_without_end_is_stopped_at_once() -> None:
    """Not after half a minute and gigabytes."""
    began = time.monotonic()
    with pytest.raises(TokenRefused, match="far more than a token"):
        Tokens(TokenAccount(name="main", command=("yes",)), FixedClock(NOW)).get()
    assert time.monotonic() - began < 10.0


def test_a_command_that_prints_depth_prints_no_token() -> None:
    """It is told like any other that fails."""
    command = (sys.executable, "-c", "print('{\"a\":' * 9000)")
    with pytest.raises(TokenRefused, match="no token"):
        Tokens(TokenAccount(name="main", command=command), FixedClock(NOW)).get()


@pytest.mark.parametrize(
    "told",
    [
        {"interval": "soon", "expires_in": [1]},
        {"interval": 1e300, "expires_in": 1e300},
        {"interval": -5, "expires_in": -5},
        {"interval": 0.000001, "expires_in": "NaN"},
    ],
)
def test_a_device_code_is_asked_about_at_a_sane_pace(told: dict[str, Any], tmp_path: Path) -> None:
    """Whatever the provider says: no error of ours, never more than once a second, and not for ever."""
    device = {"device_code": "d", "user_code": "AB-CD", "verification_uri": "https://login.example/"}
    with talking(answer(device | told), answer({"error": "authorization_pending"})) as (port, talkers):
        clock, waits = FixedClock(NOW), []

        def wait(seconds: float) -> None:
            waits.append(seconds)
            clock.at += 10 * (clock.at - NOW) or clock.at.resolution * 10**8

        url = f"http://127.0.0.1:{port}/device"
        with pytest.raises(TokenRefused, match="nobody entered the code"):
            ask_by_code(account(port, tmp_path), url, clock, lambda page, code: None, wait)
        assert all(1 <= pause <= 60 for pause in waits)
        assert 2 < len(talkers) < 10


@pytest.mark.parametrize("word", ["\x1b]0;evil\x07", "AB\rCD", "x\n\n\nAll is well."])
def test_a_code_that_would_write_over_the_terminal_is_not_shown(word: str, tmp_path: Path) -> None:
    """Neither it nor the page."""
    device = {"device_code": "d", "user_code": word, "verification_uri": "https://login.example/"}
    with talking(answer(device)) as (port, _):
        there, url = account(port, tmp_path), f"http://127.0.0.1:{port}/device"
        with pytest.raises(TokenRefused, match="gives no code"):
            ask_by_code(there, url, FixedClock(NOW), lambda page, code: None, time.sleep)
