"""Access tokens from a provider on this machine, and from commands."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from wire.imap_parts import NOW
from wire.token_server import SECRETS, TokenServer, token_server

from maild.clock import FixedClock
from maild.errors import CannotCreate, DataError, Unavailable
from maild.ingest import oauth2
from maild.ingest.oauth2 import TokenAccount, TokenRefused, Tokens, post_form, read_refresh_token, refresh_warning
from maild.ingest.oauth2_consent import RETURN_ADDRESS, ask_by_code, login_page, redeem

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def provider() -> Iterator[TokenServer]:
    """One for each test."""
    with token_server() as running:
        yield running


def account(provider: TokenServer, folder: Path, **changes: Any) -> TokenAccount:
    """A mailbox whose first refresh token was put into its file by hand."""
    (folder / "secret").write_text("client-secret\n")
    if not (folder / "token").exists():
        (folder / "token").write_text("first-refresh\n")
        (folder / "token").chmod(0o600)
        os.utime(folder / "token", (NOW.timestamp(), NOW.timestamp()))
    parts = {"name": "main", "token_url": provider.url(), "client_id": "maild", "scope": "imap"}
    files = {"client_secret_file": folder / "secret", "refresh_token_file": folder / "token"}
    return TokenAccount(**(parts | files | changes))  # type: ignore[arg-type]


def clean(error: BaseException) -> str:
    """What an error says, its causes too; no secret may stand in it."""
    texts = []
    while True:
        texts.append(f"{error!s} {error!r}")
        following = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if following is None:
            break
        error = following
    assert not [secret for secret in SECRETS if secret in " ".join(texts)]
    return texts[0]


def test_a_refresh_token_is_changed_for_an_access_token(provider: TokenServer, tmp_path: Path) -> None:
    """With the client's secret and the scope; the token is not asked for again while it holds."""
    tokens = Tokens(account(provider, tmp_path), FixedClock(NOW))
    assert [tokens.get().value for _ in range(2)] == ["access-1", "access-1"]
    assert provider.forms == [
        {
            "grant_type": "refresh_token",
            "refresh_token": "first-refresh",
            "client_id": "maild",
            "client_secret": "client-secret",
            "scope": "imap",
        }
    ]
    assert "access-1" not in repr(tokens.get())


def test_a_token_is_renewed_before_it_ends_and_when_it_is_refused(provider: TokenServer, tmp_path: Path) -> None:
    """Five minutes before; one that is new has none behind it."""
    clock = FixedClock(NOW)
    tokens = Tokens(account(provider, tmp_path), clock)
    assert tokens.get().renew is None
    clock.at = NOW + timedelta(minutes=54)
    kept = tokens.get()
    assert kept.value == "access-1"
    clock.at = NOW + timedelta(minutes=55)
    assert tokens.get().value == "access-2"
    assert kept.renew is not None
    assert (kept.renew().value, tokens.get().value) == ("access-3", "access-3")


def test_a_changed_refresh_token_lies_on_the_disk_before_the_access_token_is_used(
    provider: TokenServer, tmp_path: Path
) -> None:
    """Whole, for our eyes only, and the next process goes on with it."""
    there = account(provider, tmp_path)
    assert Tokens(there, FixedClock(NOW)).get().value == "access-1"
    assert read_refresh_token(there).value == "refresh-1"
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600
    assert Tokens(there, FixedClock(NOW)).get().value == "access-2"
    assert [form["refresh_token"] for form in provider.forms] == ["first-refresh", "refresh-1"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".token.lock", "secret", "token"]


def test_a_changed_refresh_token_survives_a_disk_that_takes_nothing(
    provider: TokenServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No access token is used before it is kept; it is not lost, and kept at the next try."""
    there = account(provider, tmp_path)
    tokens = Tokens(there, FixedClock(NOW))

    def full(*_: object) -> None:
        raise CannotCreate("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(oauth2, "save_refresh_token", full)
        with pytest.raises(CannotCreate):
            tokens.get()
    assert read_refresh_token(there).value == "first-refresh"
    assert tokens.get().value == "access-2"
    assert read_refresh_token(there).value == "refresh-2"


def test_a_power_cut_in_the_middle_of_writing_leaves_the_old_token(
    provider: TokenServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is written beside, and put in place when it is whole on the disk."""
    there = account(provider, tmp_path)
    synced: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda number: synced.append(stat.S_ISDIR(os.fstat(number).st_mode)))
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(5, "power cut")))
    with pytest.raises(CannotCreate):
        Tokens(there, FixedClock(NOW)).get()
    assert (read_refresh_token(there).value, synced) == ("first-refresh", [False])


def test_a_refused_refresh_token_says_what_to_do(provider: TokenServer, tmp_path: Path) -> None:
    """In the error and as a warning, until there is a new one; what the provider writes beside it is not shown."""
    provider.refresh = "another"
    there = account(provider, tmp_path)
    tokens = Tokens(there, FixedClock(NOW))
    with pytest.raises(TokenRefused) as caught:
        tokens.get()
    assert "maild mailbox authorize main" in clean(caught.value)
    assert "invalid_grant" in str(caught.value)
    assert tokens.warning() == str(caught.value)
    (tmp_path / "token").write_text("another")
    assert (tokens.get().value, tokens.warning()) == ("access-1", None)


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ((400, {"error": "invalid_client"}), TokenRefused, "client_secret_file"),
        ((400, {"error": "client-secret first-refresh"}), TokenRefused, "gives no token"),
        ((200, {"token_type": "Bearer"}), TokenRefused, "no token in its answer"),
        ((200, {"access_token": "two\nlines"}), TokenRefused, "no token in its answer"),
        ((200, [1]), Unavailable, "no token"),
        ((200, b"<html>first-refresh"), Unavailable, "no token"),
        ((503, {}), Unavailable, "status 503"),
        ((429, {}), Unavailable, "status 429"),
        ((302, b""), Unavailable, "no token"),
    ],
)
def test_what_is_no_token_is_told_without_any_secret(
    provider: TokenServer, tmp_path: Path, answer: tuple[int, Any], kind: type[Exception], words: str
) -> None:
    """Refusals want a person, the rest passes; nobody is followed to another address."""
    provider.answers = [answer]
    with pytest.raises(kind, match=words) as caught:
        Tokens(account(provider, tmp_path), FixedClock(NOW)).get()
    clean(caught.value)
    assert (isinstance(caught.value, TokenRefused), len(provider.forms)) == (kind is TokenRefused, 1)


def test_a_provider_that_is_away_is_no_refusal(provider: TokenServer, tmp_path: Path) -> None:
    """Nobody listens: tried again like any server that is away."""
    there = account(provider, tmp_path)
    provider.stop()
    with pytest.raises(Unavailable) as caught:
        Tokens(there, FixedClock(NOW)).get()
    assert not isinstance(caught.value, TokenRefused)
    clean(caught.value)


def test_secrets_go_to_no_address_without_tls() -> None:
    """But to this very machine."""
    with pytest.raises(DataError, match="https"):
        post_form("http://login.example/token", {"client_secret": "client-secret"})


@pytest.mark.parametrize("text", ["", '{"refresh_token": "first-refresh"', '{"a": 1}', "{}", "two\nlines", None])
def test_a_damaged_or_missing_token_file_is_told_with_what_to_do(
    provider: TokenServer, tmp_path: Path, text: str | None
) -> None:
    """And asks nobody."""
    there = account(provider, tmp_path)
    (tmp_path / "token").write_text(text) if text is not None else (tmp_path / "token").unlink()
    with pytest.raises(TokenRefused, match="authorize main") as caught:
        Tokens(there, FixedClock(NOW)).get()
    clean(caught.value)
    assert provider.forms == []
    assert "authorize main" in (refresh_warning(there, NOW) or "")


def test_client_credentials_need_no_refresh_token(provider: TokenServer, tmp_path: Path) -> None:
    """RFC 6749, 4.4: the client's own right."""
    tokens = Tokens(account(provider, tmp_path, refresh_token_file=None), FixedClock(NOW))
    assert tokens.get().value == "access-1"
    assert (provider.forms[0]["grant_type"], "refresh_token" in provider.forms[0]) == ("client_credentials", False)
    assert tokens.warning() is None


def test_the_end_that_a_provider_foretells_is_warned_of_in_time(provider: TokenServer, tmp_path: Path) -> None:
    """Seven days: in the second half; the end is kept with the token, and a new one ends the warning."""
    provider.rotates, provider.extra = False, {"refresh_token_expires_in": 7 * 86400}
    clock = FixedClock(NOW)
    there = account(provider, tmp_path)
    tokens = Tokens(there, clock)
    tokens.get()
    assert json.loads((tmp_path / "token").read_text())["expires_at"] == (NOW + 7 * DAY).isoformat()
    assert refresh_warning(there, NOW + 3 * DAY) is None
    assert "ends on 2026-11-29" in (refresh_warning(there, NOW + 4 * DAY) or "")
    assert "has ended" in (refresh_warning(there, NOW + 8 * DAY) or "")
    before = (tmp_path / "token").stat().st_mtime_ns
    clock.at, provider.extra = NOW + 4 * DAY, {"refresh_token_expires_in": 3 * 86400 + 1}
    tokens.get()
    assert (tmp_path / "token").stat().st_mtime_ns == before
    clock.at, provider.rotates, provider.extra = NOW + 5 * DAY, True, {"refresh_token_expires_in": 86400 * 90}
    tokens.get()
    assert refresh_warning(there, NOW + 8 * DAY) is None


def test_a_token_that_lives_by_being_used_is_warned_of_when_nobody_does(provider: TokenServer, tmp_path: Path) -> None:
    """Microsoft's ninety days, counted from the last change; the file's own time where it was put there by hand."""
    there = account(provider, tmp_path, life=90 * DAY)
    assert refresh_warning(there, NOW + 75 * DAY) is None
    assert "authorize main" in (refresh_warning(there, NOW + 77 * DAY) or "")
    clock = FixedClock(NOW + 70 * DAY)
    Tokens(there, clock).get()
    assert refresh_warning(there, NOW + 77 * DAY) is None


def test_two_processes_do_not_spend_one_refresh_token_twice(provider: TokenServer, tmp_path: Path) -> None:
    """The second waits for the first, and goes on with what that has written."""
    there = account(provider, tmp_path)
    script = "import fcntl,sys; f=open(sys.argv[1],'a'); fcntl.flock(f,2); print(flush=True); sys.stdin.read()"
    words = [sys.executable, "-c", script, str(tmp_path / ".token.lock")]
    with ThreadPoolExecutor() as pool, subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as one:
        assert one.stdin is not None
        assert one.stdout is not None
        one.stdout.readline()
        second = pool.submit(lambda: Tokens(there, FixedClock(NOW)).get().value)
        with pytest.raises(TimeoutError):
            second.result(0.3)
        one.stdin.close()
        assert second.result(20) == "access-1"


def command(text: str) -> TokenAccount:
    """A mailbox whose tokens are printed by Python."""
    return TokenAccount(name="main", command=(sys.executable, "-c", text))


def test_a_command_prints_the_token() -> None:
    """By itself, and then it is asked for each login; or as a provider's answer, with its life."""
    tokens = Tokens(command("import time; print(time.time_ns())"), FixedClock(NOW))
    assert tokens.get().value != tokens.get().value
    text = 'import time; print(\'{"access_token": "x%d", "expires_in": 3600}\' % time.time_ns())'
    tokens = Tokens(command(text), FixedClock(NOW))
    assert tokens.get().value == tokens.get().value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("print('access-1'); raise SystemExit(3)", "status 3"),
        ("print('access-1 and more')", "no token"),
        ("pass", "no token"),
        ("import time; print('access-1', flush=True); time.sleep(60)", "within 1 seconds"),
    ],
)
def test_a_command_that_fails_is_told_without_what_it_printed(
    text: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A status, a text that is no token, no end."""
    if "sleep" in text:
        monkeypatch.setattr(oauth2._run, "__defaults__", (1.0,))
    tokens = Tokens(command(text), FixedClock(NOW))
    with pytest.raises(TokenRefused, match=words) as caught:
        tokens.get()
    assert "access-1" not in str(caught.value)
    assert tokens.warning() == str(caught.value)


def test_a_command_is_run_without_a_shell_and_takes_its_children_along(tmp_path: Path) -> None:
    """Its words are its words; what it leaves behind ends with it."""
    mark = tmp_path / "mark"
    text = "import subprocess,sys; subprocess.Popen(['sh','-c','sleep 0.6; touch \"$0\"',sys.argv[1]],"
    text += "stdout=subprocess.DEVNULL); print(len(sys.argv))"
    there = TokenAccount(name="main", command=(sys.executable, "-c", text, str(mark), "; $(rm x)"))
    assert Tokens(there, FixedClock(NOW)).get().value == "3"
    time.sleep(0.9)
    assert not mark.exists()
    with pytest.raises(TokenRefused, match="cannot be started"):
        Tokens(TokenAccount(name="main", command=(str(tmp_path / "none"),)), FixedClock(NOW)).get()


def test_a_code_is_entered_elsewhere_and_waited_for(provider: TokenServer, tmp_path: Path) -> None:
    """RFC 8628: asked at the pace that the provider wants, through its moods, until there is a token."""
    pending, away = (400, {"error": "authorization_pending"}), (500, {})
    told: list[tuple[str, str]] = []
    waits: list[float] = []

    def say(page: str, code: str) -> None:
        told.append((page, code))
        provider.answers = [pending, (400, {"error": "slow_down"}), away]

    there = account(provider, tmp_path)
    token = ask_by_code(there, provider.url("/device"), FixedClock(NOW), say, waits.append)
    assert told == [("https://login.example/device", "ABCD-EFGH")]
    assert (token.value, waits) == ("refresh-1", [5, 5, 10, 20])
    assert provider.forms[0] == {"client_id": "maild", "scope": "imap"}
    assert provider.forms[-1]["device_code"] == "device-secret"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((400, {"error": "access_denied"}), "access_denied"),
        ((400, {"error": "expired_token"}), "expired_token"),
        ((200, {"access_token": "access-1"}), "no refresh token"),
    ],
)
def test_a_person_who_does_not_allow_it_is_believed(
    provider: TokenServer, tmp_path: Path, answer: tuple[int, Any], words: str
) -> None:
    """No token is written then."""
    say = lambda *_: provider.answers.append(answer)  # noqa: E731
    with pytest.raises(TokenRefused, match=words) as caught:
        ask_by_code(account(provider, tmp_path), provider.url("/device"), FixedClock(NOW), say, lambda _: None)
    clean(caught.value)


def test_a_code_that_nobody_enters_is_given_up(provider: TokenServer, tmp_path: Path) -> None:
    """When the provider says it ends."""
    clock = FixedClock(NOW)

    def wait(seconds: float) -> None:
        provider.answers = [(400, {"error": "authorization_pending"})]
        clock.at += timedelta(seconds=300)

    with pytest.raises(TokenRefused, match="in time"):
        ask_by_code(account(provider, tmp_path), provider.url("/device"), clock, lambda *_: None, wait)


def test_the_address_that_a_login_ends_at_is_worth_a_token(provider: TokenServer, tmp_path: Path) -> None:
    """RFC 6749, 4.1, bound to this very question by state and verifier (RFC 7636)."""
    there = account(provider, tmp_path)
    page = login_page(there, "https://login.example/auth", "state", "verifier")
    assert "code_challenge=iMnq5o6zALKXGivsnlom_0F5_WYda32GHkxlV7mq7hQ&" in page.address
    assert "verifier" not in page.address
    token = redeem(there, page, f"{RETURN_ADDRESS}?state=state&code=the+code&scope=imap\n", FixedClock(NOW))
    assert (token.value, token.expires_at) == ("refresh-1", None)
    form = provider.forms[0]
    assert (form["code"], form["code_verifier"], form["redirect_uri"]) == ("the code", "verifier", RETURN_ADDRESS)


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("?state=other&code=x", DataError),
        ("?code=x", DataError),
        ("?state=state", DataError),
        ("?state=state&error=access_denied", TokenRefused),
    ],
)
def test_another_address_is_worth_nothing(
    provider: TokenServer, tmp_path: Path, query: str, kind: type[Exception]
) -> None:
    """Of another login, cut off, or a refusal; nobody is asked."""
    there = account(provider, tmp_path)
    page = login_page(there, "https://login.example/auth", "state", "verifier")
    with pytest.raises(kind):
        redeem(there, page, RETURN_ADDRESS + query, FixedClock(NOW))
    assert provider.forms == []
