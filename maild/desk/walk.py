"""After the rules have changed: every open ticket is looked through once, in small transactions, over any restart.

Its clocks go on under what is promised now, with the time that was spent, and it gets the moment at which a rule of
time may hold. Where the walk has come to is a row of the database: a desk that is killed goes on from there, and of two
desks one waits for the other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from maild.desk.handle import Office
from maild.store.keep import Keep
from maild.store.rules_in_force import Walk
from maild.threads.changes import differences
from maild.threads.facts import TicketFacts
from maild.threads.model import Event, InboxState
from maild.threads.plan import Plan
from maild.threads.promises import FITS_NOW, Promises, keep_fitting
from maild.threads.rule_fields import talk_of
from maild.threads.ruled import SCHEDULED, look_at

_AT_ONCE = 50
_CLOCK = "clock"
_log = logging.getLogger("maild.rules")


def follow_new_rules(keep: Keep, office: Office, now: datetime, on_some: Callable[[], None] = lambda: None) -> int:
    """Look through the open tickets that these rules have not met yet; how many there were. Raises RetryLater."""
    revision, met = office.practice.revision, 0
    while not keep.rules.are(revision):
        met += _some(keep, office, now)
        on_some()
    if met:
        _log.info("%d open tickets follow the rules of revision %s", met, revision)
    return met


def _some(keep: Keep, office: Office, now: datetime) -> int:
    with keep.database.write() as connection:
        walk = keep.rules.begin(connection, office.practice.revision, office.promises_text)
        if walk is None:
            return 0
        ids = keep.rules.behind(connection, walk, SCHEDULED, _AT_ONCE)
        found = keep.tickets.load(connection, ids).values()
        looks = {facts.ticket.id: _one(keep, connection, office, walk, facts, now) for facts in found}
        keep.tickets.look_at(connection, looks)
        keep.rules.come(connection, walk, ids[-1] if len(ids) == _AT_ONCE else None)
        return len(ids)


def _one(keep: Keep, connection: Any, office: Office, walk: Walk, facts: TicketFacts, now: datetime) -> datetime | None:
    """Let a ticket follow the rules of now; when it is to be looked at next."""
    practice, ticket = office.practice, facts.ticket
    text = walk.text_of(ticket.id)
    before = _earlier(office, text) if text is not None and text != office.promises_text else practice.promises
    after, clocks = keep_fitting(practice.promises, ticket, facts.clocks, now, before)
    look = look_at(practice, after, clocks, talk_of(facts), facts.steps_done, now)
    if (after, clocks) == (ticket, facts.clocks):
        return look
    events = [Event(at=now, kind=k, actor=_CLOCK, detail=d, because=FITS_NOW) for k, d in differences(ticket, after)]
    if not events:
        detail = f"counted by the rules of revision {practice.revision}"
        events = [Event(at=now, kind="promise", actor=_CLOCK, detail=detail, because="the promises have changed")]
    plan = Plan(
        state=InboxState.TICKETED,
        reason="other rules",
        belongs_to=ticket.id,
        ticket=replace(after, updated_at=ticket.updated_at),
        events=tuple(events),
        clocks=clocks,
        next_step_at=look,
    )
    keep.tickets.save(connection, plan, inbox_id=None, digest=None, now=now)
    return look


def _earlier(office: Office, text: str) -> Promises:
    """The promises of an earlier text; those of now where it cannot be read any more."""
    return office.earlier_promises(text) or office.practice.promises
