"""When a mail that did not leave is tried again. Pure: the time and the chance are told."""

from __future__ import annotations

from datetime import datetime, timedelta

STEPS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 20, 40))
"""Waits after the first, second ... failed try; then hourly."""
HOURLY = timedelta(hours=1)
GIVE_UP = timedelta(days=5)
"""Age of a mail after which it has failed for good (RFC 5321, 4.5.4.1: at least 4 to 5 days)."""
UNCERTAIN_AFTER = timedelta(minutes=15)
"""Wait before the same bytes go again when the reply to the final dot was lost."""
LONGEST_PAUSE = timedelta(minutes=10)
"""While the relay is away one connection is tried at least this often: that costs nothing and ends the wait early."""
_SPREAD = 0.2


def pause(tries: int, chance: float) -> timedelta:
    """The wait after the `tries`th failed try, 20 % shorter to 20 % longer as `chance` (0 to 1) says."""
    step = STEPS[tries - 1] if 1 <= tries <= len(STEPS) else HOURLY
    return step * (1 - _SPREAD + 2 * _SPREAD * chance)


def next_try(
    *, tries: int, created_at: datetime, now: datetime, chance: float, give_up: timedelta = GIVE_UP
) -> datetime | None:
    """When a deferred mail is tried again; None when it is too old to be tried any more."""
    if now - created_at >= give_up:
        return None
    return now + pause(tries, chance)


def next_uncertain(
    *,
    tries: int,
    created_at: datetime,
    now: datetime,
    give_up: timedelta = GIVE_UP,
    uncertain_after: timedelta = UNCERTAIN_AFTER,
) -> datetime | None:
    """When the same bytes go again: after 15 minutes, then ever less often, for each may be a copy."""
    if now - created_at >= give_up:
        return None
    return now + max(uncertain_after, pause(tries, 0.5))
