"""Calls out by HTTP: one webhook of the settings, signed by the Standard Webhooks scheme. One worker uses one of these.

What is called with lies in the outbox to the last byte, its id and its time with it (`write_call`); here the signature
is added and the answer judged. The receiver drops what he has had by its id, so the same call may go twice. Each call
has a connection of its own and a limit for the whole of it; redirections are not followed, no proxy is asked for.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

from maild.clock import Clock
from maild.errors import DataError, RetryLater, Unavailable
from maild.outgoing.headers import clean
from maild.threads.plan import Letter, Outcome, OutgoingMail, WrittenLetter
from maild.wire import ended_at

_ANSWER_CAP = 8 * 1024
"""Octets of an answer that are read."""
_WORDS = 200
"""Characters of an answer that are told."""
_AGAIN = frozenset({408, 425, 429})
"""Answers that say "not now" (RFC 9110, 15.5.9; RFC 8470, 5.2; RFC 6585, 4); so do all from 500 on."""
_LONGEST_WISH = timedelta(hours=1)
"""A receiver may ask for no longer rest than this."""
_FRESH = timedelta(minutes=4)
"""Receivers refuse what says to be older than five minutes."""
_FIRST_FIELD = b"webhook-id: "
_SECRET_OCTETS = range(24, 65)


def write_call(letter: Letter) -> WrittenLetter:
    """Fixes a call's bytes: fields that travel as they stand, an empty line, the JSON object."""
    body = json.dumps(letter.context, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    head = f"{call_id(letter.message_id)}\r\nwebhook-timestamp: {int(letter.date.timestamp())}\r\n"
    raw = _FIRST_FIELD + f"{head}content-type: application/json\r\n\r\n".encode("ascii") + body
    return WrittenLetter(letter=letter, subject=clean(letter.subject or ""), text="", raw=raw)


def is_call(raw: bytes) -> bool:
    """Whether bytes of the outbox are a call, and no mail."""
    return raw.startswith(_FIRST_FIELD)


def call_id(message_id: str) -> str:
    """The name by which a receiver knows a call again: no dots, since a dot parts what is signed."""
    return message_id.strip("<>").partition("@")[0].replace(".", "_")


def signature(secret: bytes, name: str, at: int, body: bytes) -> str:
    """The value of webhook-signature (Standard Webhooks, "signature scheme")."""
    digest = hmac.digest(secret, b"%b.%d.%b" % (name.encode("ascii"), at, body), "sha256")
    return f"v1,{base64.b64encode(digest).decode('ascii')}"


def read_secret(file: Path) -> bytes:
    """The secret of a file: 24 to 64 octets in base64, with or without `whsec_` in front. Raises DataError."""
    try:
        text = file.read_text(encoding="ascii").strip().removeprefix("whsec_")
        secret = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except OSError as error:
        raise DataError(f"the secret file {file} cannot be read: {error.strerror}") from error
    except (ValueError, binascii.Error):
        # The words of such an error may hold a part of the file.
        raise DataError(f"the secret file {file} holds no base64") from None
    if len(secret) not in _SECRET_OCTETS:
        raise DataError(f"the secret in {file} has {len(secret)} octets; 24 to 64 are wanted")
    return secret


class WebhookTransport:
    """Hands calls to one webhook."""

    def __init__(
        self,
        *,
        url: str,
        secret: Callable[[], bytes],
        clock: Clock,
        timeout: timedelta = timedelta(seconds=10),
        ca_file: Path | None = None,
    ) -> None:
        """`secret` raises DataError where there is none now; `timeout`: for a call from the first packet to the last.

        `ca_file`: who may have signed the receiver's certificate, in place of those this machine trusts.
        """
        parts = urlsplit(url)
        self._host, self._tls = parts.hostname or "", parts.scheme == "https"
        self._port = parts.port or (443 if self._tls else 80)
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._secret, self._clock = secret, clock
        self._seconds = timeout.total_seconds()
        self._ca_file = ca_file
        self._trust: ssl.SSLContext | None = None
        """Read once, for it takes its time; read anew where TLS fails: the file may be another by now."""

    def send(self, mail: OutgoingMail, before_data: Callable[[], None]) -> Outcome:  # noqa: ARG002 a second time is fine
        """One try. Raises RetryLater or Unavailable where no call can be made now, whatever is in it."""
        if not mail.recipients:
            return Outcome()
        fields, body = self._signed(mail.raw)
        deadline = monotonic() + self._seconds
        connection = self._connected(deadline)
        try:
            with ended_at(lambda: connection.sock, deadline):
                connection.sock.settimeout(_left(deadline))
                connection.request("POST", self._path, body, fields)
                answer = connection.getresponse()
                if monotonic() >= deadline:
                    raise TimeoutError  # what was cut off reads as if it had ended by itself
                words = _words(answer)
        except (OSError, HTTPException, ValueError) as error:
            late = monotonic() >= deadline
            said = f"no answer within {self._seconds:g} seconds" if late else f"no answer: {_said(error)}"
            return _deferred(mail, said)
        finally:
            connection.close()
        return self._judged(mail, answer, words)

    def check(self) -> None:
        """Connects, and calls nothing. Raises RetryLater, Unavailable or DataError."""
        self._secret()
        self._connected(monotonic() + self._seconds).close()

    def close(self) -> None:
        """Nothing is held open."""

    def _signed(self, raw: bytes) -> tuple[Mapping[str, str], bytes]:
        """The fields to send and the body.

        The time is that of the writing, so that a repeat is the same to the last byte. Only where it has become so old
        that receivers take it for a replay it is that of the try; id and body stay.
        """
        head, _, body = raw.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode("ascii").split("\r\n"))
        written, now = int(fields["webhook-timestamp"]), int(self._clock.now().timestamp())
        at = written if abs(now - written) <= _FRESH.total_seconds() else now
        try:
            signed = signature(self._secret(), fields["webhook-id"], at, body)
        except DataError as error:
            raise Unavailable(str(error)) from error
        own = {"webhook-timestamp": str(at), "webhook-signature": signed, "user-agent": "maild", "connection": "close"}
        return fields | own, body

    def _connected(self, deadline: float) -> HTTPConnection:
        connection = HTTPConnection(self._host, self._port, timeout=self._seconds)
        connection.default_port = 443 if self._tls else 80  # Host names the port where it is another
        trust = self._context() if self._tls else None
        try:
            connection.sock = socket.create_connection((self._host, self._port), _left(deadline))
            if trust is not None:
                connection.sock = trust.wrap_socket(
                    connection.sock,
                    server_hostname=self._host,
                    do_handshake_on_connect=False,
                    suppress_ragged_eofs=False,  # a line that breaks among the fields of an answer has brought none
                )
                with ended_at(lambda: connection.sock, deadline):
                    connection.sock.settimeout(_left(deadline))
                    connection.sock.do_handshake()
        except ssl.SSLError as error:
            connection.close()
            self._trust = None
            raise Unavailable(self._about(f"TLS fails: {_said(error)}")) from error
        except OSError as error:
            connection.close()
            raise RetryLater(self._about(f"it cannot be reached: {_said(error)}")) from error
        return connection

    def _context(self) -> ssl.SSLContext:
        if self._trust is None:
            try:
                self._trust = ssl.create_default_context(cafile=self._ca_file)
            except OSError as error:
                raise Unavailable(f"the file {self._ca_file} cannot be used: {_said(error)}") from error
            self._trust.set_alpn_protocols(["http/1.1"])
        return self._trust

    def _about(self, text: str) -> str:
        return f"{self._host}:{self._port}: {text}"

    def _judged(self, mail: OutgoingMail, answer: HTTPResponse, words: str) -> Outcome:
        said = clean(f"{answer.status} {answer.reason} {words}".strip())[: _WORDS + 60]
        if 200 <= answer.status < 300:
            return Outcome(accepted=mail.recipients)
        if answer.status in _AGAIN or not 200 <= answer.status < 500:
            return _deferred(mail, said, self._wish(answer.getheader("Retry-After", "")))
        if 300 <= answer.status < 400:
            said = f"{said}; redirections are not followed"
        return Outcome(refused=tuple((one, said) for one in mail.recipients), error=said)

    def _wish(self, text: str) -> timedelta | None:
        """How long the receiver asks us to wait: seconds or a date (RFC 9110, 10.2.3)."""
        with suppress(ValueError, TypeError, OverflowError):
            wait = timedelta(seconds=int(text)) if text.strip().isdecimal() else _date(text) - self._clock.now()
            return min(max(wait, timedelta(0)), _LONGEST_WISH)
        return None


def _date(text: str) -> datetime:
    at = parsedate_to_datetime(text)
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _deferred(mail: OutgoingMail, said: str, wish: timedelta | None = None) -> Outcome:
    return Outcome(deferred=tuple((one, said) for one in mail.recipients), error=said, rest=wish)


def _words(answer: HTTPResponse) -> str:
    """The beginning of what a receiver says, on one line. What he has decided is known before, whatever comes of it."""
    with suppress(OSError, HTTPException):
        return clean(answer.read(_ANSWER_CAP).decode("utf-8", "replace"))[:_WORDS]
    return ""


def _left(deadline: float) -> float:
    """Seconds until a monotonic time; some, in any case."""
    return max(0.01, deadline - monotonic())


def _said(error: BaseException) -> str:
    return clean(str(error) or type(error).__name__)[:_WORDS]
