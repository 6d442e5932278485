"""Access tokens for mailboxes whose providers take no password (OAuth 2, RFC 6749): from a refresh token that we keep,
by client credentials, or from a command of the admin's.

A refresh token that the provider changes lies on the disk before the access token that came with it is used. Nothing
in here puts a secret into an error or a log. How one logs in with a token stands in `imap_session.py`, how the first
refresh token is got in `oauth2_consent.py`.
"""

from __future__ import annotations

import fcntl
import json
import os
import selectors
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPHandler, HTTPRedirectHandler, HTTPSHandler, ProxyHandler, Request, build_opener

from maild.clock import Clock
from maild.errors import CannotCreate, DataError, Unavailable
from maild.files import write_whole
from maild.ingest.imap_session import LoginRefused
from maild.ingest.mailbox import AccessToken
from maild.wire import ended_at, is_loopback

EARLY = timedelta(minutes=5)
"""So long before its end an access token is not used any more."""
WARN_BEFORE = timedelta(days=14)
"""So long before its end a refresh token is worth a warning; a shorter life is warned of in its second half."""

_SECONDS = 30.0
_ANSWER_CAP = 256 * 1024
_TOKEN_CAP = 64 * 1024
_DEFAULT_LIFE = timedelta(minutes=30)


class TokenRefused(LoginRefused):
    """The provider gives no token, and will not before a person has done something."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenAccount:
    """How tokens for one mailbox are got. `life` is how long the provider lets a refresh token live that is not used.

    Either `command` is set, or `token_url` and `client_id`; without `refresh_token_file` the grant is that of client
    credentials (RFC 6749, 4.4).
    """

    name: str
    command: tuple[str, ...] = ()
    token_url: str = ""
    client_id: str = ""
    client_secret_file: Path | None = None
    refresh_token_file: Path | None = None
    scope: str = ""
    life: timedelta | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RefreshToken:
    """What lies in a refresh token's file: the token, since when, and until when where the provider has said that."""

    value: str = field(repr=False)
    issued_at: datetime
    expires_at: datetime | None = None


class Tokens:
    """The access token of one mailbox, asked for when the last one is about to end. One worker uses it at a time."""

    def __init__(self, account: TokenAccount, clock: Clock) -> None:
        self._account = account
        self._clock = clock
        self._current = ""
        self._ends = datetime.min.replace(tzinfo=UTC)
        self._unsaved: RefreshToken | None = None
        self.refused: str | None = None

    def get(self) -> AccessToken:
        """A token that holds for some minutes. Raises TokenRefused, Unavailable, CannotCreate."""
        if self._current and self._clock.now() < self._ends - EARLY:
            return AccessToken(value=self._current, renew=self._renew)
        return self._renew()

    def warning(self) -> str | None:
        """What a person should do before the mailbox cannot be read any more; None while all is well."""
        return self.refused or refresh_warning(self._account, self._clock.now())

    def _renew(self) -> AccessToken:
        self._current = ""
        try:
            answer = _run(self._account) if self._account.command else self._ask()
        except TokenRefused as error:
            self.refused = str(error)
            raise
        self.refused = None
        life = answer.get("expires_in")
        self._ends = self._clock.now() + (seconds(life) or _DEFAULT_LIFE)
        self._current = answer["access_token"]
        return AccessToken(value=self._current)

    def _ask(self) -> dict[str, Any]:
        account = self._account
        if account.refresh_token_file is None:
            grant = {"grant_type": "client_credentials", **_client(account)}
            return _access(account, post_form(account.token_url, grant | _scope(account)))
        # Another process of ours may renew it now, and some providers take every refresh token but once.
        with _locked(account.refresh_token_file):
            kept = self._unsaved or read_refresh_token(account)
            grant = {"grant_type": "refresh_token", "refresh_token": kept.value, **_client(account)}
            answer = _access(account, post_form(account.token_url, grant | _scope(account)))
            self._keep(account.refresh_token_file, kept, answer)
            return answer

    def _keep(self, file: Path, old: RefreshToken, answer: Mapping[str, Any]) -> None:
        """Whole on the disk before anything else is done; what the disk does not take now is taken at the next try."""
        fresh = _fresh(old, answer, self._clock.now())
        if fresh != old or self._unsaved is not None:
            self._unsaved = fresh
            save_refresh_token(file, fresh)
            self._unsaved = None


def _fresh(old: RefreshToken, answer: Mapping[str, Any], now: datetime) -> RefreshToken:
    """The refresh token after an answer: as it was, or changed (RFC 6749, 6), or with another end."""
    value = answer.get("refresh_token")
    changed = is_token(value) and value != old.value
    left = seconds(answer.get("refresh_token_expires_in"))
    ends = now + left if left else None if changed else old.expires_at
    # What is told as a number of seconds from now names a slightly different end at every answer.
    if not changed and (ends is None or (old.expires_at and abs(ends - old.expires_at) < timedelta(hours=1))):
        return old
    if changed and isinstance(value, str):
        return RefreshToken(value=value, issued_at=now, expires_at=ends)
    return replace(old, expires_at=ends)


def refresh_warning(account: TokenAccount, now: datetime) -> str | None:
    """Whether the refresh token of a mailbox is about to end, in a sentence. Raises nothing: a missing file is told."""
    if account.refresh_token_file is None:
        return None
    try:
        token = read_refresh_token(account)
    except TokenRefused as error:
        return str(error)
    ends = token.expires_at or (token.issued_at + account.life if account.life else None)
    if ends is None or now < ends - min(WARN_BEFORE, (ends - token.issued_at) / 2):
        return None
    when = f"ends on {ends:%Y-%m-%d %H:%M} UTC" if ends > now else f"has ended on {ends:%Y-%m-%d %H:%M} UTC"
    return f"the refresh token in {account.refresh_token_file} {when}: {_remedy(account)}"


def read_refresh_token(account: TokenAccount) -> RefreshToken:
    """The token of a file that we wrote, or that holds nothing but a token. Raises TokenRefused."""
    file = account.refresh_token_file
    assert file is not None
    try:
        text = file.read_text(encoding="utf-8").strip()
        if not text.startswith("{"):
            if not text or not text.isprintable() or len(text) > _TOKEN_CAP:
                raise _no_token(file, "holds no refresh token", account)
            return RefreshToken(value=text, issued_at=datetime.fromtimestamp(file.stat().st_mtime, UTC))
        held = json.loads(text)
        ends = held.get("expires_at")
        return RefreshToken(
            value=str(held["refresh_token"]),
            issued_at=datetime.fromisoformat(held["issued_at"]),
            expires_at=datetime.fromisoformat(ends) if ends else None,
        )
    except OSError as error:
        raise _no_token(file, f"cannot be read: {error.strerror}", account) from error
    except (ValueError, KeyError, TypeError, AttributeError):
        # The words of such an error may hold a part of the file.
        raise _no_token(file, "is damaged", account) from None


def save_refresh_token(file: Path, token: RefreshToken) -> None:
    """Write it whole or not at all, for our eyes only. Raises CannotCreate."""
    ends = token.expires_at.isoformat() if token.expires_at else None
    held = {"refresh_token": token.value, "issued_at": token.issued_at.isoformat(), "expires_at": ends}
    try:
        write_whole(file, json.dumps(held).encode() + b"\n")
    except OSError as error:
        raise CannotCreate(f"cannot write the refresh token file {file}: {error.strerror}") from error


def post_form(url: str, form: Mapping[str, str]) -> dict[str, Any]:
    """Ask a provider (RFC 6749, 4): its JSON object, also where it is an error of the protocol's.

    Only by https, or to this very machine; never on to where a redirection leads. Raises Unavailable, DataError.
    """
    host = urlsplit(url).hostname or ""
    local = is_loopback(host)
    if urlsplit(url).scheme != "https" and not local:
        raise DataError(f"{host or url} would see secrets in the clear: the address has to begin with https://")
    request = Request(url, urlencode(form).encode(), {"Accept": "application/json"})  # noqa: S310  # checked above
    status, text = _asked(request, host, local=local)
    if status >= 500 or status == 429:
        raise Unavailable(f"{host} gives no tokens at the moment: status {status}")
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise Unavailable(f"{host} answers with something that is no token")
    return told


def _asked(request: Request, host: str, *, local: bool) -> tuple[int, bytes]:
    """Status and beginning of an answer, which has to be here within a limit for the whole of it. Raises Unavailable.

    What the other side wrote is in no error: it has just been told secrets, and might say them again.
    """
    lines: list[socket.socket] = []
    opener = build_opener(_NoRedirection, _Http(lines), _Https(lines), *([ProxyHandler({})] if local else []))
    deadline = monotonic() + _SECONDS
    try:
        with ended_at(lambda: lines[-1] if lines else None, deadline):
            try:
                with opener.open(request, timeout=_SECONDS) as answer:
                    status, text = answer.status, answer.read(_ANSWER_CAP)
            except HTTPError as error:
                with error:
                    status, text = error.code, error.read(_ANSWER_CAP)
        if monotonic() >= deadline:
            raise TimeoutError  # what was cut off reads as if it had ended by itself
    except (OSError, ValueError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        if monotonic() >= deadline:
            reason = f"no answer within {_SECONDS:g} seconds"
        elif isinstance(error, HTTPException):
            reason = f"its answer is no HTTP ({type(error).__name__})"
        raise Unavailable(f"{host} cannot be asked for a token: {reason}") from None
    return status, text


class _Noted(HTTPConnection):
    """Writes its socket down, so that it can be cut: of an answer that is read nobody else knows it."""

    made: list[socket.socket]

    def connect(self) -> None:
        super().connect()
        self.made.append(self.sock)


class _NotedTls(_Noted, HTTPSConnection):
    """The same with TLS."""


class _Noting:
    """What both handlers of addresses share."""

    def __init__(self, made: list[socket.socket]) -> None:
        super().__init__()
        self._made = made

    def _connection(self, kind: type[_Noted], *args: Any, **options: Any) -> _Noted:
        connection = kind(*args, **options)
        connection.made = self._made
        return connection


class _Http(_Noting, HTTPHandler):
    def http_open(self, req: Request) -> Any:
        return self.do_open(partial(self._connection, _Noted), req)


class _Https(_Noting, HTTPSHandler):
    def https_open(self, req: Request) -> Any:
        return self.do_open(partial(self._connection, _NotedTls), req)


class _NoRedirection(HTTPRedirectHandler):
    """What is sent to a token address is for it alone."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _access(account: TokenAccount, answer: dict[str, Any]) -> dict[str, Any]:
    """An answer that holds an access token. Raises TokenRefused."""
    if is_token(answer.get("access_token")):
        return answer
    code, host = shown(answer.get("error")) or "no token in its answer", urlsplit(account.token_url).hostname
    if code == "invalid_grant" and account.refresh_token_file is not None:
        words = (
            f"{host} refuses the refresh token in {account.refresh_token_file} (invalid_grant): it has ended, or was"
        )
        raise TokenRefused(f"{words} taken back; {_remedy(account)}")
    if code in ("invalid_client", "unauthorized_client"):
        words = f"{host} does not know this program ({code}): look at client_id and client_secret_file"
        raise TokenRefused(f"{words}; a client secret may have ended")
    raise TokenRefused(f"{host} gives no token: {code}")


def is_token(told: object) -> bool:
    """Whether something can be a token (RFC 6749, A.12, A.17): it goes into files, and into commands of one line."""
    return isinstance(told, str) and 0 < len(told) <= _TOKEN_CAP and told.isascii() and told.isprintable()


def shown(word: object) -> str:
    """An error's code as a provider gives it (RFC 6749, 5.2); anything else it writes might hold a secret."""
    text = word if isinstance(word, str) else ""
    return text if len(text) <= 60 and text.replace("_", "").replace("-", "").isalnum() and text.isascii() else ""


def _remedy(account: TokenAccount) -> str:
    return f"get a new one with `maild mailbox authorize {account.name}`"


def _client(account: TokenAccount) -> dict[str, str]:
    secret = read_secret(account)
    return {"client_id": account.client_id, **({"client_secret": secret} if secret else {})}


def read_secret(account: TokenAccount) -> str:
    """The client secret, "" where none is set. Raises TokenRefused."""
    file = account.client_secret_file
    if file is None:
        return ""
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise TokenRefused(f"the client secret file {file} cannot be read") from error


def _scope(account: TokenAccount) -> dict[str, str]:
    return {"scope": account.scope} if account.scope else {}


def seconds(told: object) -> timedelta | None:
    """A life as providers tell it: a number of seconds, from some as a text."""
    with suppress(ValueError, TypeError, OverflowError):
        number = float(told)  # type: ignore[arg-type]
        if 0 < number < 1e9:
            return timedelta(seconds=number)
    return None


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Alone with a refresh token's file among all processes of this machine."""
    try:
        lock = os.open(file.with_name(f".{file.name}.lock"), os.O_WRONLY | os.O_CREAT, 0o600)
    except OSError as error:
        raise CannotCreate(
            f"cannot write beside {file}: {error.strerror}; a changed token could not be kept"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _run(account: TokenAccount, limit: float = _SECONDS) -> dict[str, Any]:
    """What the admin's command prints: a token, or the JSON object of a token's answer. Raises TokenRefused."""
    command = account.command
    try:
        process = subprocess.Popen(  # noqa: S603  # the admin's own words, and no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise TokenRefused(f"the token command {command[0]} cannot be started: {error.strerror}") from error
    with process:
        try:
            out = _output(process, monotonic() + limit)
        except subprocess.TimeoutExpired:
            raise TokenRefused(f"the token command {command[0]} did not end within {limit:.0f} seconds") from None
        finally:
            # Whatever it has started ends with it.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode:
        raise TokenRefused(f"the token command {command[0]} ended with status {process.returncode}")
    return _printed(command[0], out)


def _output(process: subprocess.Popen[bytes], deadline: float) -> bytes:
    """What a program prints until it ends, as far as that can be a token. Raises TokenRefused, TimeoutExpired."""
    out = b""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while len(out) <= _TOKEN_CAP and selector.select(max(0.0, deadline - monotonic())):
            block = os.read(process.stdout.fileno(), _TOKEN_CAP)
            if not block:
                process.wait(max(0.0, deadline - monotonic()))
                return out
            out += block
    if len(out) > _TOKEN_CAP:
        raise TokenRefused("the token command prints far more than a token")
    raise subprocess.TimeoutExpired(process.args, 0)


def _printed(name: str, out: bytes) -> dict[str, Any]:
    text = out.decode("utf-8", "replace").strip()
    told: Any = {"access_token": text, "expires_in": 1}
    if text.startswith("{"):
        told = None
        with suppress(ValueError, RecursionError):
            told = json.loads(text)
    answer: dict[str, Any] = told if isinstance(told, dict) else {}
    token = answer.get("access_token")
    if not is_token(token) or " " in str(token):
        raise TokenRefused(f"the token command {name} printed something that is no token")
    return answer


def _no_token(file: Path, message: str, account: TokenAccount) -> TokenRefused:
    return TokenRefused(f"the refresh token file {file} {message}; {_remedy(account)}")
