"""Logging in: what PLAIN and LOGIN say, and how often somebody may be wrong (RFC 4954, RFC 4616). No line is read here.

Passwords live in the users file, and are compared there.
"""

from __future__ import annotations

import asyncio
import binascii
from base64 import b64decode
from collections import deque
from typing import Protocol

from maild.errors import MaildError, Refused, RetryLater
from maild.ingest.smtp_gate import share_of
from maild.wire import is_loopback

_AT_ONCE = 2
"""Hashes being computed: each takes a core and 16 MB, and neither may be had by asking often."""
_WINDOW = 15 * 60.0
_FAILURES = 20
_REMEMBERED = 10_000


class Verifier(Protocol):
    """Knows the passwords."""

    def verify(self, login: str, password: str) -> bool:
        """True when this password is the login's; may take long, and raises MaildError when it cannot tell."""
        ...


class Logins:
    """Checks logins in a worker, slowly for those who are wrong, not at all for those who are wrong too often."""

    def __init__(self, verifier: Verifier, *, delay: float = 1.0) -> None:
        self._verifier = verifier
        self._delay = delay
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._failures: dict[str, deque[float]] = {}

    async def check(self, login: str, password: str, peer: str) -> None:
        """Return for the right password; raises Refused with 535, or RetryLater after too many failures."""
        # Many agents may reach us through one program on this machine: one of them must not lock out the others.
        who = f"{peer} {login}" if is_loopback(peer) else share_of(peer)
        failures = self._recent(who)
        if len(failures) >= _FAILURES:
            raise RetryLater("too many failed logins")
        try:
            async with self._turn:
                right = await asyncio.to_thread(self._verifier.verify, login, password)
        except MaildError as error:
            raise RetryLater(str(error)) from error
        if right:
            self._failures.pop(who, None)
            return
        failures.append(asyncio.get_running_loop().time())
        await asyncio.sleep(self._delay * min(5, len(failures)))
        raise Refused(535, "5.7.8 Authentication credentials invalid")

    def _recent(self, who: str) -> deque[float]:
        failures = self._failures.setdefault(who, deque())
        horizon = asyncio.get_running_loop().time() - _WINDOW
        while failures and failures[0] < horizon:
            failures.popleft()
        if len(self._failures) > _REMEMBERED:
            self._failures.pop(next(iter(self._failures)))
        return failures


def decode(blob: bytes) -> bytes:
    """The content of an answer; raises Refused with 501 for "*" (the client gives up) and for what is no base64."""
    if blob == b"*":
        raise Refused(501, "5.7.0 Authentication cancelled")
    try:
        return b64decode(b"" if blob == b"=" else blob, validate=True)
    except binascii.Error:
        raise Refused(501, "5.5.2 Cannot decode base64") from None


def split_plain(content: bytes) -> tuple[str, str]:
    """Login and password of a PLAIN answer; acting for somebody else is refused (RFC 4616)."""
    parts = content.split(b"\0")
    if len(parts) != 3:
        raise Refused(501, "5.5.2 Cannot read the credentials")
    acting_for, login, password = (text(part) for part in parts)
    if acting_for not in ("", login):
        raise Refused(535, "5.7.8 Authentication credentials invalid")
    return login, password


def text(content: bytes) -> str:
    """A login or a password as text; raises Refused with 501."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(501, "5.5.2 Cannot read the credentials") from None
