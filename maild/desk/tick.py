"""What time asks for: deadlines, each step once; digests; the end of a storm; letters to the admin.

What is due is found by an index. Tickets are done several to a transaction, by a few statements for all of them: a
commit waits for the disk, and each statement for the server. Where that fails they are done one by one, each in a
savepoint of its own, so that one that fails takes none with it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from maild.desk.attendance import office_now
from maild.desk.brake import carry_all
from maild.desk.causes import Cause
from maild.desk.digests import write_digests
from maild.desk.handle import Office
from maild.desk.undelivered import tell_of_letters
from maild.desk.walk import follow_new_rules
from maild.desk.weekly import write_weekly
from maild.errors import RetryLater
from maild.store.keep import Keep
from maild.threads.assignment import shares_out
from maild.threads.budget import Budgets, storm_is_over
from maild.threads.correspondence import Pen
from maild.threads.facts import TicketFacts
from maild.threads.overdue import decide_due
from maild.threads.plan import Plan

_AT_ONCE = 500
_PER_COMMIT = 25
_AFTER_BUG = timedelta(minutes=10)
_BEAT = timedelta(minutes=1)
"""How often is written down that there are ticks, and old counts are thrown away."""
_KEPT = timedelta(days=1)
"""How long news that a digest has told is kept: long enough to count what came lately."""
TICKS = "ticks"
"""The name under which a tick is written down."""
_log = logging.getLogger("maild.desk")


def do_due(
    keep: Keep,
    office: Office,
    now: datetime,
    letters_at: datetime | None = None,
    on_some: Callable[[], None] = lambda: None,
) -> int:
    """Do every escalation step due at `now`, and tell of letters that did not arrive; how many letters came of it.

    They are due then, or at `letters_at`. What would flood a person is in his digest. `on_some` is called whenever some
    more tickets are done. Raises RetryLater.
    """
    follow_new_rules(keep, office, now, on_some)
    letters = 0
    while due := keep.tickets.due(now, _AT_ONCE):
        for start in range(0, len(due), _PER_COMMIT):
            letters += _some(keep, office, sorted(due[start : start + _PER_COMMIT]), now, letters_at)
            on_some()
    letters += tell_of_letters(keep, office, now, letters_at)
    return letters + write_digests(keep, office, letters_at or now)


def keep_house(keep: Keep, office: Office, now: datetime) -> int:
    """Once a minute: end a storm that is over, throw away old counts, write the weekly report, write down that there
    are ticks. How many letters came of it. Raises RetryLater.
    """
    last = keep.budgets.last_beat(TICKS)
    if last is not None and last <= now < last + _BEAT:
        return 0
    if keep.troubles.any_open(Cause.ACKNOWLEDGEMENTS_STOPPED):
        _end_storm(keep, office.practice.budgets, now)
    _end_relay_trouble(keep, now)
    keep.budgets.forget(now)
    keep.digests.forget(now - _KEPT)
    letters = write_weekly(keep, office, now)
    keep.budgets.beat(TICKS, now)
    return letters


def _end_storm(keep: Keep, budgets: Budgets, now: datetime) -> None:
    with keep.database.write() as connection:
        if storm_is_over(keep.budgets.wanted(connection, now, budgets.storm), budgets):
            keep.troubles.over(connection, Cause.ACKNOWLEDGEMENTS_STOPPED, now)


def _end_relay_trouble(keep: Keep, now: datetime) -> None:
    """A desk that was stopped while the relay was away never heard that it is back: a letter that left says so."""
    for trouble in keep.troubles.present():
        if trouble["cause"] == Cause.RELAY_AWAY and keep.budgets.sent_since(trouble["last_at"]):
            with keep.database.write() as connection:
                keep.troubles.over(connection, Cause.RELAY_AWAY, now)


def _some(keep: Keep, office: Office, ids: Sequence[int], now: datetime, letters_at: datetime | None) -> int:
    with keep.database.write() as connection:
        # All at once and in the order of their numbers, before any counter is taken: nobody waits for us in a circle.
        found = list(keep.tickets.load(connection, ids).values())

        def do(some: Sequence[TicketFacts]) -> int:
            with connection.begin_nested():
                return _steps(keep, connection, office, some, now, letters_at)

        try:
            return do(found)
        except RetryLater:
            raise
        except Exception as error:  # noqa: BLE001  # told of by the one ticket that it comes from
            letters, failed = _one_by_one(do, found)
            if not failed:
                _log.warning("what is due on %d tickets could only be done one by one", len(found), exc_info=error)
    for ticket_id in failed:
        keep.tickets.look_again(ticket_id, now + _AFTER_BUG)
    return letters


def _one_by_one(do: Callable[[Sequence[TicketFacts]], int], found: Sequence[TicketFacts]) -> tuple[int, list[int]]:
    """The same tickets, each by itself; the letters, and the tickets that cannot be handled."""
    letters, failed = 0, list[int]()
    for facts in found:
        try:
            letters += do([facts])
        except RetryLater:
            raise
        except Exception:  # noqa: BLE001  # a bug with one ticket must not silence the deadlines of all others
            number = facts.ticket.id
            words = "the deadlines of ticket %d cannot be handled; tried again later"
            _log.exception(words, number, extra={"ticket_id": number})
            failed.append(number)
    return letters, failed


def _steps(
    keep: Keep,
    connection: Any,
    office: Office,
    found: Sequence[TicketFacts],
    now: datetime,
    letters_at: datetime | None,
) -> int:
    """What is due on these tickets, all of it in this transaction; how many letters come of it."""
    numbers = keep.tickets.take_numbers(connection, "ticks", len(found))
    practice = office_now(connection, office, now).practice
    passed = list[tuple[TicketFacts, Plan]]()
    for facts, number in zip(found, numbers, strict=True):
        plan = decide_due(facts, practice, Pen(practice=practice, source="t", number=number, now=now), now)
        passed.append((facts, plan))
        if shares_out(practice):
            # Whom it was given to has it in hand when the next one is shared out.
            practice = replace(practice, workload=practice.workload.after(facts.ticket, plan.ticket, plan.turns))
    return carry_all(keep, connection, passed, office.letters, practice, now=now, letters_at=letters_at)
