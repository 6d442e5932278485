"""Who guesses signed addresses: after so many wrong ones from a peer within the hour its next are not looked at.

The mail is taken and handled all the same, as a stranger's; nobody is answered otherwise than before, so a guesser
learns nothing. It is counted in memory: a restart costs a guesser's 128 bits nothing that would matter.
"""

from __future__ import annotations

import logging
from collections import deque
from datetime import datetime, timedelta

from maild.ingest.smtp_gate import share_of
from maild.messages.envelope import Envelope

_log = logging.getLogger("maild.desk")
MOST_WRONG = 20
WITHIN = timedelta(hours=1)
_REMEMBERED = 10_000


class Guesses:
    """Counts the wrong signed addresses of each peer of the listener; relays and other ways in are not counted."""

    def __init__(self) -> None:
        self._wrong: dict[str, deque[datetime]] = {}

    def too_many(self, envelope: Envelope, now: datetime) -> bool:
        """Whether this peer's signed addresses are to be left aside."""
        return _counts(envelope) and len(self._recent(share_of(envelope.peer), now)) >= MOST_WRONG

    def note(self, envelope: Envelope, wrong: int, now: datetime) -> None:
        """A mail of this peer had so many signed addresses that did not hold."""
        if not wrong or not _counts(envelope):
            return
        peer = share_of(envelope.peer)
        times = self._recent(peer, now)
        before = len(times)
        times.extend([now] * min(wrong, MOST_WRONG))
        self._wrong[peer] = times
        if len(self._wrong) > _REMEMBERED:
            self._wrong.pop(next(iter(self._wrong)))
        if before < MOST_WRONG <= len(times):
            _log.warning("%s guesses signed addresses: for an hour those of its mails are not looked at", peer)

    def _recent(self, peer: str, now: datetime) -> deque[datetime]:
        times = self._wrong.get(peer, deque[datetime](maxlen=MOST_WRONG))
        while times and times[0] <= now - WITHIN:
            times.popleft()
        return times


def _counts(envelope: Envelope) -> bool:
    return envelope.peer != "" and not envelope.trusted
