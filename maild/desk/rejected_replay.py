"""Mails that rules have rejected, under other rules: each is read again from its bytes, for no ticket tells of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import datetime

from maild.errors import RetryLater
from maild.guard.readers import Readers, Request
from maild.messages.mail import Mail
from maild.store.engine import Database
from maild.store.forget import REASON as FORGOTTEN_SENDER
from maild.store.rejections import Rejection, read_rejections
from maild.store.rows import to_envelope
from maild.store.traces import ERASED
from maild.threads.past_mail import PastMail, opening_message
from maild.threads.practice import Practice

GONE = "the bytes of the mail are wanted and kept no longer"
UNREADABLE = "the header of the mail is wanted and cannot be read"
FORGOTTEN = "the sender was forgotten"
"""Why a mail cannot be asked again as it was."""


def rejected_mails(
    database: Database, readers: Readers, practice: Practice, since: datetime | None, until: datetime | None
) -> Iterator[PastMail | str]:
    """Every mail that was rejected in that time, as it was judged; or why that cannot be told. Raises RetryLater."""
    asked: deque[Rejection] = deque()

    def requests() -> Iterator[Request]:
        for rejection in read_rejections(database, since, until):
            asked.append(rejection)
            # A mail without its bytes keeps its place among the others.
            yield Request(raw=rejection.raw or b"\n", envelope_sender=rejection.ledger["envelope_from"])

    for read in readers.read_each(requests(), practice.mint.is_own):
        rejection = asked.popleft()
        if isinstance(read, RetryLater):
            raise read
        yield _past_mail(rejection, read)


def _past_mail(rejection: Rejection, read: Mail | Exception) -> PastMail | str:
    row = rejection.ledger
    decision = row["decision"]
    sender = decision.get("sender") or {}
    if row["reason"] == FORGOTTEN_SENDER or sender.get("address") == ERASED:
        return FORGOTTEN
    if not rejection.raw:
        return GONE
    if not isinstance(read, Mail):
        return UNREADABLE
    return PastMail(
        ticket=0,
        number="",
        message=opening_message(read, row["received_at"]),
        received_at=row["received_at"],
        envelope=to_envelope(row),
        size=row["size"],
        address=sender.get("address"),
        proven=sender.get("proof", "none") != "none",
        record=decision["route"],
        mail=read,
    )
