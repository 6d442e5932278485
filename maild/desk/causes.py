"""The causes of trouble that the admin is told of by mail. docs/operations.md says of each what to do."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum


class Cause(StrEnum):
    """Why the admin gets a letter. The names stand in the database and in the docs, and stay."""

    RULES_BROKEN = "rules_broken"  # an edit of the rules or letters cannot be used; the last good ones stay
    RELAY_AWAY = "relay_away"  # letters cannot be handed over: no connection, a refused login, broken TLS
    MAILBOX_UNREAD = "mailbox_unread"  # a mailbox could not be read for too long
    TOKEN_DYING = "token_dying"  # noqa: S105  # the login of a mailbox or relay has to be renewed by a person
    MAIL_MISSED = "mail_missed"  # mail lay in a mailbox that had passed it by; the daily comparison has taken it
    MAIL_QUARANTINED = "mail_quarantined"  # a mail could not be handled and was put aside
    WEBHOOK_AWAY = "webhook_away"  # a program cannot be called: no connection, broken TLS, no secret
    CALL_LOST = "call_lost"  # a call was refused for good or given up, or has not been taken for long
    LETTERS_LEFT_OUT = "letters_left_out"  # letters of ours ran into the ladder, or could not be written
    ACKNOWLEDGEMENTS_STOPPED = "acknowledgements_stopped"  # so many were wanted at once that the breaker opened
    DISK_NEARLY_FULL = "disk_nearly_full"  # there is little room left where the database lies
    DATABASE_AWAY = "database_away"  # the database took nothing for a while: told when it does again

    @property
    def lasts(self) -> bool:
        """Whether it is there until it is over; the others happen, and are counted."""
        return self not in _HAPPEN

    @property
    def patience(self) -> timedelta:
        """How long it may last before it is worth a letter."""
        return _PATIENCE.get(self, timedelta(0))

    @property
    def apart(self) -> bool:
        """Whether the hour is kept for each `about` by itself: another mistake in the rules is another matter."""
        return self is Cause.RULES_BROKEN

    @property
    def tells_end(self) -> bool:
        """Whether a letter says that it is over: not where the admin has ended it himself."""
        return self.lasts and self is not Cause.RULES_BROKEN


_HAPPEN = frozenset(
    {
        Cause.MAIL_MISSED,
        Cause.MAIL_QUARANTINED,
        Cause.CALL_LOST,
        Cause.LETTERS_LEFT_OUT,
        Cause.DATABASE_AWAY,
    }
)
_PATIENCE = {Cause.RELAY_AWAY: timedelta(minutes=1), Cause.WEBHOOK_AWAY: timedelta(minutes=10)}
