"""The ways out: what each must do, and those that there are: two for mail, of which the settings name one, and one for
each webhook.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from maild.outgoing.maildir import MaildirTransport
from maild.outgoing.smtp import Security, SmtpTransport
from maild.outgoing.webhook import WebhookTransport
from maild.threads.plan import Outcome, OutgoingMail

__all__ = ["MaildirTransport", "Security", "SmtpTransport", "Transport", "WebhookTransport"]


class Transport(Protocol):
    """Hands one mail over. Used by one worker at a time."""

    def send(self, mail: OutgoingMail, before_data: Callable[[], None]) -> Outcome:
        """Tries to hand the mail to every recipient and says what became of each.

        `before_data` is called at most once, when all that is left is the one step after which the mail may have
        arrived without our knowing; it writes that down, and where it raises, that step is not taken and the error goes
        up. A transport that gives the same result when it does the same twice need not call it. Raises RetryLater or
        Unavailable where no mail can be handed over at present: then nothing is said about this one.
        """
        ...

    def check(self) -> None:
        """Sees whether mails could be handed over now, and hands none over. Raises RetryLater or Unavailable."""
        ...

    def close(self) -> None:
        """Lets go of connections; `send` opens them anew."""
        ...
