"""The brake between a decision and the outbox: letters that would feed a loop, or that nobody could get, are left out.

What is left out stands in the ticket's history with its reason; the mail that led to it is kept all the same.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from typing import Any

from maild.errors import DataError
from maild.outgoing.compose import write_letter
from maild.outgoing.letters import Letters
from maild.store.keep import Keep
from maild.threads import ladder
from maild.threads.model import Event
from maild.threads.plan import Letter, LetterKind, Plan, WrittenLetter

_log = logging.getLogger("maild.desk")


def carry_through(
    keep: Keep,
    connection: Any,
    plan: Plan,
    letters: Letters,
    *,
    now: datetime,
    inbox_id: int | None = None,
    digest: str | None = None,
    letters_at: datetime | None = None,
) -> int:
    """Write a plan's letters, save it whole, and say how many letters there are: the last step of mail, order and tick.

    `letters_at`: when they are due, if not `now`. Raises DataError for an answer that cannot be written.
    """
    plan, written = _write_letters(keep, connection, plan, letters, now)
    keep.apply(connection, plan, written, inbox_id=inbox_id, digest=digest, now=now, letters_at=letters_at)
    return len(written)


def _write_letters(
    keep: Keep, connection: Any, plan: Plan, letters: Letters, now: datetime
) -> tuple[Plan, list[WrittenLetter]]:
    """A plan's letters with their bytes; the plan with a word on each that was left out.

    An answer is never left out: one that cannot be written raises DataError, and its mail is put aside.
    """
    written: list[WrittenLetter] = []
    events: list[Event] = []
    for letter in plan.letters:
        why = _too_many(keep, connection, letter, now) if not plan.is_new else None
        if why is None:
            try:
                written.append(write_letter(letter, letters))
                continue
            except DataError as error:
                if letter.kind is LetterKind.ANSWER:
                    raise
                why = str(error)
        events.append(_left_out(letter, why, now))
        _log.warning("letter left out: %s", events[-1].detail + ": " + why)
    if not events:
        return plan, written
    kept = tuple(w.letter for w in written)
    return replace(plan, letters=kept, events=(*plan.events, *events)), written


def _too_many(keep: Keep, connection: Any, letter: Letter, now: datetime) -> str | None:
    if not letter.automatic or letter.ticket is None:
        return None
    sent = keep.outbox.sent_about(connection, letter.ticket, letter.to[0].address, now - ladder.LONGEST)
    return ladder.full(sent, now)


def _left_out(letter: Letter, why: str, now: datetime) -> Event:
    to = ", ".join(a.address for a in letter.to)
    return Event(at=now, kind="letter_left_out", actor="maild", detail=f"{letter.kind} to {to}", because=why)
