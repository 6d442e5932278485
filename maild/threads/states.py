"""The ticket's state table: every happening in every status, in one place.

Two rules stand on top of the table. Automatic mail never changes a status. A customer's mail on a closed ticket, or on
one solved longer ago than the reopen window, opens a new ticket: then nothing is looked up here.

    customer's first mail          -> new
    customer's reply               -> open
    agent's public answer          -> pending, unless an order in the same mail says otherwise
    bounce of our answer           -> open
    silence after solved (setting) -> closed
"""

from __future__ import annotations

from enum import StrEnum

from maild.errors import UsageError
from maild.threads.model import Status


class Happening(StrEnum):
    """What may happen to a ticket."""

    CUSTOMER_REPLY = "customer_reply"
    AUTOMATIC_MAIL = "automatic_mail"
    ANSWER = "answer"
    NOTE = "note"
    PENDING = "pending"
    HOLD = "hold"
    SOLVE = "solve"
    CLOSE = "close"
    REOPEN = "reopen"
    UNDELIVERED = "undelivered"
    SILENCE = "silence"


class NotPossible(UsageError):
    """What was ordered does not fit the status the ticket is in."""


_S = Status
_H = Happening
# In the order of Happening; None: cannot happen in this status (an order is refused, a mail opens a new ticket).
_TABLE: dict[Status, tuple[Status | None, ...]] = {
    #             reply     auto       answer      note       pending     hold      solve      close      reopen     undelivered silence
    _S.NEW:     (_S.OPEN,  _S.NEW,    _S.PENDING, _S.NEW,    _S.PENDING, _S.HOLD,  _S.SOLVED, _S.CLOSED, None,      _S.OPEN,    None),
    _S.OPEN:    (_S.OPEN,  _S.OPEN,   _S.PENDING, _S.OPEN,   _S.PENDING, _S.HOLD,  _S.SOLVED, _S.CLOSED, None,      _S.OPEN,    None),
    _S.PENDING: (_S.OPEN,  _S.PENDING, _S.PENDING, _S.PENDING, _S.PENDING, _S.HOLD, _S.SOLVED, _S.CLOSED, _S.OPEN,  _S.OPEN,    None),
    _S.HOLD:    (_S.OPEN,  _S.HOLD,   _S.PENDING, _S.HOLD,   _S.PENDING, _S.HOLD,  _S.SOLVED, _S.CLOSED, _S.OPEN,   _S.OPEN,    None),
    _S.SOLVED:  (_S.OPEN,  _S.SOLVED, _S.PENDING, _S.SOLVED, _S.PENDING, _S.HOLD,  _S.SOLVED, _S.CLOSED, _S.OPEN,   _S.OPEN,    _S.CLOSED),
    _S.CLOSED:  (None,     _S.CLOSED, _S.PENDING, _S.CLOSED, _S.PENDING, _S.HOLD,  _S.SOLVED, _S.CLOSED, _S.OPEN,   _S.OPEN,    None),
    _S.SPAM:    (_S.SPAM,  _S.SPAM,   _S.PENDING, _S.SPAM,   None,       None,     None,      _S.CLOSED, _S.OPEN,   _S.SPAM,    None),
    _S.MERGED:  (None,     _S.MERGED, None,       _S.MERGED, None,       None,     None,      None,      None,      _S.MERGED,  None),
}  # fmt: skip


def after(status: Status, happening: Happening) -> Status:
    """The status that follows; raises NotPossible with a sentence that says what cannot be done."""
    following = _TABLE[status][list(Happening).index(happening)]
    if following is None:
        raise NotPossible(f"a ticket that is {status} cannot take {happening.replace('_', ' ')}")
    return following


def can(status: Status, happening: Happening) -> bool:
    """Whether this may happen in this status."""
    return _TABLE[status][list(Happening).index(happening)] is not None
