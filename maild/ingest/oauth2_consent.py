"""The first refresh token of a mailbox: a person allows it in a browser, anywhere, and this machine needs none.

Two ways: a short code that is entered at the provider's page (RFC 8628), or the provider's own login page, whose last
address is brought back by hand (RFC 6749, 4.1, with RFC 7636 and RFC 8252).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from maild.clock import Clock
from maild.errors import DataError, Unavailable
from maild.ingest.oauth2 import (
    RefreshToken,
    TokenAccount,
    TokenRefused,
    is_token,
    post_form,
    read_secret,
    seconds,
    shown,
)

RETURN_ADDRESS = "http://127.0.0.1:53682/"
"""Where the provider sends the browser at the end. Nobody has to listen there: the address itself is what is wanted."""
_PAUSE, _LONGEST_PAUSE = timedelta(seconds=5), 60.0
_LIFE, _LONGEST_LIFE = timedelta(minutes=15), timedelta(hours=1)
"""Between two questions whether the code was entered, and for how long they are asked."""
_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass(frozen=True, kw_only=True, slots=True)
class LoginPage:
    """A visit to the provider's login page: where to go, and what the address at its end is checked with."""

    address: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)


def ask_by_code(
    account: TokenAccount, device_url: str, clock: Clock, say: Callable[[str, str], None], wait: Callable[[float], None]
) -> RefreshToken:
    """The token, once a person has entered the code; `say` tells him the page and the code.

    Raises TokenRefused, Unavailable.
    """
    told = post_form(device_url, {**_who(account), "scope": account.scope})
    page = told.get("verification_uri") or told.get("verification_url")
    device, code = told.get("device_code"), told.get("user_code")
    # What is shown on a terminal, or goes into a request, has no control characters.
    if not (is_token(page) and is_token(device) and is_token(code)):
        raise TokenRefused(f"{urlsplit(device_url).hostname} gives no code: {shown(told.get('error')) or 'no reason'}")
    say(str(page), str(code))
    pause = min(max((seconds(told.get("interval")) or _PAUSE).total_seconds(), 1.0), _LONGEST_PAUSE)
    ends = clock.now() + min(seconds(told.get("expires_in")) or _LIFE, _LONGEST_LIFE)
    form = {**_who(account), "grant_type": _DEVICE_GRANT, "device_code": str(device), **_proof(account)}
    while clock.now() < ends:
        wait(pause)
        try:
            answer = post_form(account.token_url, form)
        except Unavailable:
            pause = min(2 * pause, _LONGEST_PAUSE)
            continue
        error = answer.get("error")
        if error == "slow_down":
            pause = min(pause + 5, _LONGEST_PAUSE)
        elif error != "authorization_pending":
            return _first_token(account, answer, clock)
    raise TokenRefused("nobody entered the code in time; start again")


def login_page(account: TokenAccount, login_url: str, state: str, verifier: str) -> LoginPage:
    """The page where the person logs in; `state` and `verifier` are long and random."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "client_id": account.client_id,
        "redirect_uri": RETURN_ADDRESS,
        "response_type": "code",
        "scope": account.scope,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        # Google gives a refresh token only to whom it has just asked for his consent.
        "access_type": "offline",
        "prompt": "consent",
    }
    return LoginPage(address=f"{login_url}?{urlencode(asked)}", state=state, verifier=verifier)


def redeem(account: TokenAccount, page: LoginPage, brought: str, clock: Clock) -> RefreshToken:
    """The token for the address that the browser ended at. Raises DataError, TokenRefused, Unavailable."""
    found = {name: values[0] for name, values in parse_qs(urlsplit(brought.strip()).query).items()}
    if "error" in found:
        raise TokenRefused(f"the login page says no: {shown(found['error']) or 'for no reason'}")
    if "code" not in found or found.get("state") != page.state:
        raise DataError(f"this is not the whole address that the login ended at; it begins with {RETURN_ADDRESS}?")
    form = {
        **_who(account),
        "grant_type": "authorization_code",
        "code": found["code"],
        "redirect_uri": RETURN_ADDRESS,
        "code_verifier": page.verifier,
        **_proof(account),
    }
    return _first_token(account, post_form(account.token_url, form), clock)


def _first_token(account: TokenAccount, answer: dict[str, Any], clock: Clock) -> RefreshToken:
    token, host = answer.get("refresh_token"), urlsplit(account.token_url).hostname
    if "error" in answer:
        raise TokenRefused(f"{host} gives no token: {shown(answer['error']) or 'for no reason'}")
    if not is_token(token):
        raise TokenRefused(
            f"{host} gives no refresh token; does scope name offline_access, or what is called so there?"
        )
    left = seconds(answer.get("refresh_token_expires_in"))
    return RefreshToken(value=str(token), issued_at=clock.now(), expires_at=clock.now() + left if left else None)


def _who(account: TokenAccount) -> dict[str, str]:
    return {"client_id": account.client_id}


def _proof(account: TokenAccount) -> dict[str, str]:
    secret = read_secret(account)
    return {"client_secret": secret} if secret else {}
