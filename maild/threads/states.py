"""The ticket's state table: every happening in every status, in one place.

Two rules stand on top of the table. Automatic mail never changes a status. A customer's mail on a closed ticket, or on
one solved longer ago than the reopen window, opens a new ticket: then nothing is looked up here.

    customer's first mail          -> new
    customer's reply               -> open
    agent's public answer          -> pending, unless an order in the same mail says otherwise
    bounce of our answer           -> open
    silence after solved (setting) -> closed
    the end of a rest              -> open (a ticket that was put off, or waits, until a time)
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
    SPAM = "spam"
    WAKE = "wake"


class NotPossibleError(UsageError):
    """What was ordered does not fit the status the ticket is in."""


# One column a happening, in the order of Happening; "-": it cannot happen in this status (an order is refused, a
# customer's mail opens a new ticket).
_TABLE_TEXT = """
         reply    auto     answer   note     pending  hold     solve    close    reopen   bounce   silence  spam  wake
new      open     new      pending  new      pending  hold     solved   closed   -        open     -        spam  -
open     open     open     pending  open     pending  hold     solved   closed   -        open     -        spam  -
pending  open     pending  pending  pending  pending  hold     solved   closed   open     open     -        spam  open
hold     open     hold     pending  hold     pending  hold     solved   closed   open     open     -        spam  open
solved   open     solved   pending  solved   pending  hold     solved   closed   open     open     closed   spam  -
closed   -        closed   pending  closed   pending  hold     solved   closed   open     open     -        spam  -
spam     spam     spam     pending  spam     -        -        -        closed   open     spam     -        spam  -
merged   -        merged   -        merged   -        -        -        -        -        merged   -        -     -
"""


def _read_table(text: str) -> dict[Status, dict[Happening, Status | None]]:
    table: dict[Status, dict[Happening, Status | None]] = {}
    for line in text.strip().splitlines()[1:]:
        status, *following = line.split()
        cells = (None if word == "-" else Status(word) for word in following)
        table[Status(status)] = dict(zip(Happening, cells, strict=True))
    return table


_TABLE = _read_table(_TABLE_TEXT)


def after(status: Status, happening: Happening) -> Status:
    """The status that follows; raises NotPossibleError with a sentence that says what cannot be done."""
    following = _TABLE[status][happening]
    if following is None:
        raise NotPossibleError(f"a ticket that is {status} cannot take {happening.replace('_', ' ')}")
    return following


def can(status: Status, happening: Happening) -> bool:
    """Whether this may happen in this status."""
    return _TABLE[status][happening] is not None
