"""What is known about one mail while it is handed to a relay: a book-keeping of recipients. No sockets here."""

from __future__ import annotations

import re
from collections.abc import Iterable

from maild.outgoing.headers import clean, wire_address
from maild.threads.plan import Outcome, OutgoingMail

_LINE_END = re.compile(rb"\r\n|\r|\n")

Reply = tuple[int, bytes]
"""Code and text of an SMTP reply."""


class Dialogue:
    """What is known about one mail while it is handed over."""

    def __init__(self, mail: OutgoingMail) -> None:
        self.data = dotted(mail.raw)
        self.waiting: dict[str, str] = {}
        """Recipients about whom nothing is decided yet, as stored and as they go over the wire."""
        self._accepted: list[str] = []
        self._refused: list[tuple[str, str]] = []
        self._deferred: list[tuple[str, str]] = []
        self._uncertain = False
        self._error = ""
        self.sender = ""
        for recipient in mail.recipients:
            try:
                self.waiting[recipient] = wire_address(recipient)
            except ValueError as error:
                self._refused.append((recipient, str(error)))
        if mail.envelope_from:
            try:
                self.sender = wire_address(mail.envelope_from)
            except ValueError as error:
                self._refused.extend((recipient, f"our own return path: {error}") for recipient in self.waiting)
                self.waiting = {}
        self.spoken = bool(self.waiting)

    @property
    def ascii_only(self) -> bool:
        """Whether the relay need not know SMTPUTF8 (RFC 6531)."""
        return self.sender.isascii() and all(address.isascii() for address in self.waiting.values())

    def refuse_non_ascii(self) -> None:
        """The relay cannot take such addresses: they fail for good, the others go on."""
        for recipient in [key for key, address in self.waiting.items() if not (address + self.sender).isascii()]:
            del self.waiting[recipient]
            self._refused.append((recipient, "553 5.6.7 the relay takes no addresses with such letters"))
        self.spoken = bool(self.waiting)

    def settle(self, recipients: Iterable[str], reply: Reply) -> None:
        """2xx: accepted; 5xx: refused for good; everything else: to be tried again."""
        for recipient in list(recipients):
            del self.waiting[recipient]
            if 200 <= reply[0] < 300:
                self._accepted.append(recipient)
            elif 500 <= reply[0] < 600:
                self._refused.append((recipient, said_by(reply)))
            else:
                self._deferred.append((recipient, said_by(reply)))
                self._error = said_by(reply)

    def defer_rest(self, error: str) -> None:
        """Those about whom nothing is known: again later."""
        if self.waiting:
            self._error = error
        self._deferred.extend((recipient, error) for recipient in self.waiting)
        self.waiting = {}

    def uncertain(self, error: str) -> None:
        """Those whose mail may have arrived: neither accepted nor deferred."""
        self.waiting = {}
        self._uncertain = True
        self._error = error

    def outcome(self) -> Outcome:
        """What is known now."""
        return Outcome(
            accepted=tuple(self._accepted),
            refused=tuple(self._refused),
            deferred=tuple(self._deferred),
            uncertain=self._uncertain,
            error=self._error or "; ".join(text for _, text in self._refused[:3]),
        )


def dotted(raw: bytes) -> bytes:
    """The mail as it follows DATA: CRLF only, a dot before each leading dot, ended by CRLF (RFC 5321, 4.5.2)."""
    lines = _LINE_END.sub(b"\r\n", raw)
    if not lines.endswith(b"\r\n"):
        lines += b"\r\n"
    return (b"\r\n" + lines).replace(b"\r\n.", b"\r\n..")[2:]


def said_by(reply: Reply) -> str:
    """A reply on one line, cut and without control characters."""
    return clean(f"{reply[0]} {reply[1].decode('utf-8', 'replace')}")[:300]
