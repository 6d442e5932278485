"""Mail out by SMTP, over one connection that is kept open (RFC 5321). One worker uses one of these.

The dialogue of a mail is spelled out here rather than left to smtplib's `sendmail`, because three things matter that it
does not tell: which recipient was refused for good and which for now, whether trouble is the mail's or the relay's, and
whether the final dot had gone when the connection broke.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Callable
from enum import StrEnum
from time import monotonic

from maild.errors import RetryLater, Unavailable
from maild.outgoing.dialogue import Dialogue, Reply, said_by
from maild.outgoing.headers import clean
from maild.outgoing.relay_line import BoundedSmtp, BoundedSmtpTls
from maild.threads.plan import Outcome, OutgoingMail
from maild.wire import is_loopback

_MAX_PER_CONNECTION = 100
"""Mails after which the connection is opened anew: many relays allow no more."""
_MAX_IDLE = 60.0
"""Seconds after which an idle connection is not trusted any more."""
_SLOWEST_LINE = 20_000
"""Octets a second that a line must carry at least."""
_RELAY_FAULTS = frozenset({530, 534, 535, 538})
"""Replies that speak of our login, not of the mail (RFC 4954, 6)."""


class Security(StrEnum):
    """How the connection to the relay is protected."""

    NONE = "none"  # in clear; a password only ever goes to this very machine
    STARTTLS = "starttls"  # required: without it nothing is sent
    TLS = "tls"  # from the first byte on


class _BrokenError(Exception):
    """The connection is of no use any more; nothing of the mail can have arrived."""


class SmtpTransport:
    """Hands mails to one relay."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        security: Security = Security.NONE,
        username: str = "",
        password: str = "",
        local_hostname: str = "localhost",
        timeout: float = 60.0,
        final_timeout: float = 300.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`timeout`: seconds per step; `final_timeout`: for the reply to the final dot (RFC 5321, 4.5.3.2.6); `tls`: by
        default certificate and name of the relay are verified.
        """
        self._host, self._port, self._security = host, port, security
        self._username, self._password = username, password
        self._local_hostname = local_hostname
        self._timeout, self._final_timeout = timeout, final_timeout
        self._tls = tls
        self._smtp: BoundedSmtp | None = None
        self._sent = 0
        self._used_at = 0.0

    def send(self, mail: OutgoingMail, before_data: Callable[[], None]) -> Outcome:
        """One try; raises Unavailable (a fault in the settings) or RetryLater (the relay is away) for all."""
        dialogue = Dialogue(mail)
        if not dialogue.waiting:
            return dialogue.outcome()
        try:
            self._begin(dialogue)
            self._address(dialogue)
            self._transfer(dialogue, before_data)
        except (_BrokenError, OSError, smtplib.SMTPException) as error:
            self._drop()
            dialogue.defer_rest(f"the connection to the relay broke: {_said(error)}")
        except BaseException:
            self._drop()
            raise
        self._sent += 1
        self._used_at = monotonic()
        return dialogue.outcome()

    def check(self) -> None:
        """Connects, protects, logs in, says goodbye. Raises RetryLater or Unavailable."""
        self._connected()
        self.close()

    def close(self) -> None:
        """Says goodbye to the relay, if it still listens."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            try:
                smtp.quit()
            except (OSError, smtplib.SMTPException):
                smtp.close()

    # -- the connection ------------------------------------------------------------------------------------------------

    def _begin(self, dialogue: Dialogue) -> None:
        """MAIL FROM. A kept connection may have been closed by the relay meanwhile: then once more on a new one."""
        if self._smtp is not None and (self._sent >= _MAX_PER_CONNECTION or monotonic() - self._used_at > _MAX_IDLE):
            self.close()
        reused = self._smtp is not None
        try:
            reply = self._mail_from(dialogue)
        except (OSError, smtplib.SMTPException):
            if not reused:
                raise
            reply = (421, b"the kept connection was closed")
        if reply[0] == 421 and reused:
            self._drop()
            reply = self._mail_from(dialogue)
        if reply[0] == 421:
            raise self._later(f"the relay closes: {said_by(reply)}")
        if reply[0] in _RELAY_FAULTS:
            raise self._unavailable(f"the relay wants another login: {said_by(reply)}")
        if reply[0] == 503:
            # "Bad sequence": the relay and we do not agree where we are, which is no fault of the mail.
            raise _BrokenError(said_by(reply))
        if reply[0] != 250:
            dialogue.settle(dialogue.waiting, reply)

    def _mail_from(self, dialogue: Dialogue) -> Reply:
        smtp = self._connected()
        options = ""
        if smtp.has_extn("size"):
            options += f" SIZE={len(dialogue.data)}"
        if not dialogue.data.isascii() and smtp.has_extn("8bitmime"):
            options += " BODY=8BITMIME"
        if not dialogue.ascii_only:
            if smtp.has_extn("smtputf8"):
                options += " SMTPUTF8"
                smtp.command_encoding = "utf-8"
            else:
                dialogue.refuse_non_ascii()
        if not dialogue.waiting:
            return (250, b"")
        return smtp.docmd("MAIL", f"FROM:<{dialogue.sender}>{options}")

    def _connected(self) -> BoundedSmtp:
        if self._smtp is None:
            self._smtp = self._connect()
            self._sent = 0
        self._smtp.command_encoding = "ascii"
        return self._smtp

    def _connect(self) -> BoundedSmtp:
        """A connection that is greeted, protected and logged in."""
        if self._username and self._security is Security.NONE and not is_loopback(self._host):
            raise self._unavailable("a password is never sent in clear: set security to starttls or tls")
        smtp: BoundedSmtp | None = None
        try:
            smtp = self._dial()
            self._greet(smtp)
            if self._security is Security.STARTTLS:
                self._protect(smtp)
            if self._username:
                self._log_in(smtp)
        except BaseException as error:
            if smtp is not None:
                smtp.close()
            if isinstance(error, ssl.SSLError):
                raise self._unavailable(f"TLS with the relay fails: {_said(error)}") from error
            if isinstance(error, smtplib.SMTPResponseException):
                raise self._for_all((error.smtp_code, _bytes(error.smtp_error))) from error
            if isinstance(error, OSError | smtplib.SMTPException):
                raise self._later(f"the relay cannot be reached: {_said(error)}") from error
            raise
        return smtp

    def _dial(self) -> BoundedSmtp:
        if self._security is Security.TLS:
            smtp: BoundedSmtp = BoundedSmtpTls(
                self._host, self._port, self._local_hostname, timeout=self._timeout, context=self._tls_context()
            )
        else:
            smtp = BoundedSmtp(self._host, self._port, self._local_hostname, timeout=self._timeout)
        if smtp.sock is not None:
            # The body and the dot go in two writes; without this the second would wait for the first one's receipt.
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return smtp

    def _tls_context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    def _greet(self, smtp: BoundedSmtp) -> None:
        """EHLO, or HELO with a relay that does not know it; after a change to TLS again (RFC 3207, 4.2)."""
        reply = smtp.ehlo()
        if reply[0] != 250:
            reply = smtp.helo()
        if reply[0] != 250:
            raise self._for_all(reply)

    def _protect(self, smtp: BoundedSmtp) -> None:
        if not smtp.has_extn("starttls"):
            raise self._unavailable("the relay offers no STARTTLS, and without it nothing is sent")
        reply = smtp.starttls(context=self._tls_context())
        if reply[0] != 220:
            raise self._for_all(reply)
        self._greet(smtp)

    def _log_in(self, smtp: BoundedSmtp) -> None:
        try:
            smtp.login(self._username, self._password)
        except smtplib.SMTPNotSupportedError as error:
            raise self._unavailable("the relay offers no login") from error
        except smtplib.SMTPAuthenticationError as error:
            reply = (error.smtp_code, _bytes(error.smtp_error))
            if reply[0] < 500:
                raise self._later(f"the relay cannot check our login now: {said_by(reply)}") from error
            raise self._unavailable(f"the relay refuses our login: {said_by(reply)}") from error
        except smtplib.SMTPException as error:
            raise self._unavailable(f"no way to log in suits the relay: {_said(error)}") from error
        except UnicodeEncodeError:
            # The words of such an error hold a letter of the password.
            raise self._unavailable("our login has letters that are not ASCII, and cannot be sent") from None
        except ValueError as error:
            raise self._unavailable(f"the relay asks for our login in words without sense: {_said(error)}") from error

    def _for_all(self, reply: Reply) -> RetryLater | Unavailable:
        """A refusal that comes before any mail: nothing is wrong with the mails."""
        if 500 <= reply[0] < 600:
            return self._unavailable(f"the relay refuses us: {said_by(reply)}")
        return self._later(f"the relay says later: {said_by(reply)}")

    def _unavailable(self, text: str) -> Unavailable:
        return Unavailable(f"{self._host}:{self._port}: {text}")

    def _later(self, text: str) -> RetryLater:
        return RetryLater(f"{self._host}:{self._port}: {text}")

    def _drop(self) -> None:
        """Closes without a word: what state the other side is in is not known."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()

    # -- one mail ------------------------------------------------------------------------------------------------------

    def _address(self, dialogue: Dialogue) -> None:
        """RCPT TO, one by one; each answer is its recipient's own."""
        for recipient in list(dialogue.waiting):
            assert self._smtp is not None
            reply = self._smtp.docmd("RCPT", f"TO:<{dialogue.waiting[recipient]}>")
            if reply[0] == 421:
                raise _BrokenError(said_by(reply))
            if reply[0] in _RELAY_FAULTS:
                raise self._unavailable(f"the relay wants another login: {said_by(reply)}")
            if reply[0] not in (250, 251, 252):
                dialogue.settle([recipient], reply)

    def _transfer(self, dialogue: Dialogue, before_data: Callable[[], None]) -> None:
        """DATA; `before_data` is called between the mail and the final dot."""
        smtp = self._smtp
        if smtp is None:
            return
        if not dialogue.waiting:
            if dialogue.spoken:
                smtp.docmd("RSET")
            return
        reply = smtp.docmd("DATA")
        if reply[0] != 354:
            if reply[0] == 421:
                raise _BrokenError(said_by(reply))
            dialogue.settle(dialogue.waiting, reply)
            smtp.docmd("RSET")
            return
        assert smtp.sock is not None
        # A socket's time-out counts for the whole of what is written, and a big mail on a slow line takes its time.
        smtp.sock.settimeout(self._timeout + len(dialogue.data) / _SLOWEST_LINE)
        smtp.send(dialogue.data)
        if smtp.speaks_out_of_turn:
            raise _BrokenError("the relay says more than it was asked, before the mail is complete")
        try:
            before_data()
        except OSError as error:
            raise self._later(f"what is about to be sent cannot be written down: {_said(error)}") from error
        try:
            self._finish(smtp, dialogue)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            dialogue.uncertain(f"no reply to the final dot: {_said(error)}")

    def _finish(self, smtp: BoundedSmtp, dialogue: Dialogue) -> None:
        assert smtp.sock is not None
        smtp.sock.settimeout(self._final_timeout)
        smtp.send(b".\r\n")
        reply = smtp.getreply()
        smtp.sock.settimeout(self._timeout)
        dialogue.settle(dialogue.waiting, reply)
        if reply[0] == 421:
            self._drop()


def _bytes(value: bytes | str) -> bytes:
    return value if isinstance(value, bytes) else value.encode("utf-8", "replace")


def _said(error: BaseException) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return said_by((error.smtp_code, _bytes(error.smtp_error)))
    return clean(str(error) or type(error).__name__)[:300]
