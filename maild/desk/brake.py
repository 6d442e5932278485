"""The brake between a decision and the outbox: letters that would feed a loop, or that nobody could get, are left out.

An acknowledgement has budgets besides (`threads/budget.py`), and news that would flood a person waits for a digest.
What is left out or waits stands in the ticket's history with its reason, and in what `maild explain` says of the mail;
the mail that led to it is kept all the same.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from maild.desk.causes import Cause
from maild.desk.gathering import Gathering
from maild.errors import DataError
from maild.messages.returning import read_marks
from maild.outgoing.compose import whole_mail, write_letter
from maild.outgoing.letters import Letters
from maild.outgoing.webhook import write_call
from maild.store.budgets import NEWS
from maild.store.dead import known_dead
from maild.store.keep import Keep
from maild.threads import budget, ladder
from maild.threads.budget import Breaker
from maild.threads.facts import TicketFacts
from maild.threads.model import Event
from maild.threads.plan import Letter, LetterKind, Plan, WrittenLetter
from maild.threads.practice import Practice
from maild.threads.rest import resting

HAD_IT = "this mail went there before"
_SAID_BACK = frozenset({LetterKind.TRANSCRIPT, LetterKind.ASKED})
"""What answers a proven agent's own orders and questions: he may give a dozen about one ticket in a few minutes. A
machine of his is answered nothing."""
_log = logging.getLogger("maild.desk")
_GATHERING = timedelta(minutes=1)
"""How long a digest waits for what comes with the first of its news. Deadlines fall due together, and wait not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kept:
    """A letter that does not go as one, and why. `gathered`: a digest will tell it."""

    letter: Letter
    why: str
    gathered: bool = False

    @property
    def to(self) -> str:
        return ", ".join(a.address for a in self.letter.to)


@dataclass(kw_only=True, slots=True)
class _Gate:
    """One plan's letters on their way: written, waiting for a digest, or left out."""

    keep: Keep
    connection: Any
    practice: Practice
    letters: Letters
    gathering: Gathering
    now: datetime
    is_new: bool
    written: list[WrittenLetter] = field(default_factory=list)
    kept: list[_Kept] = field(default_factory=list)

    def pass_on(self, letter: Letter) -> None:
        """Write a letter, or keep it back. An answer that cannot be written raises DataError.

        A call to another program floods nobody, and is answered by no letter.
        """
        if letter.kind is LetterKind.WEBHOOK:
            self.written.append(write_call(letter))
            return
        why = self._refused(letter)
        if why is None and letter.kind in NEWS:
            rest = resting(letter, self.practice, self.now)
            if rest is not None:
                self._gather(letter, rest.why, rest.until)
                return
            why = self._flooded(letter)
            if why is not None:
                wait = timedelta(0) if letter.kind is LetterKind.ESCALATION else _GATHERING
                self._gather(letter, why, self.now + wait)
                return
        if why is None:
            try:
                self.written.append(write_letter(self._filled(letter), self.letters))
                return
            except DataError as error:
                if letter.kind is LetterKind.ANSWER:
                    raise
                why = str(error)
        self.kept.append(_Kept(letter=letter, why=why))

    def _filled(self, letter: Letter) -> Letter:
        """The letter with the mails in it that go along; one that is kept no longer is named."""
        files, gone = list(letter.attachments), list[str]()
        for one in letter.enclosed:
            raw = self.keep.inbox.bytes_in(self.connection, one.inbox_id)
            if raw and (not one.sender or read_marks(raw).is_from(one.sender)):
                files.append(whole_mail(one.filename, raw))
            else:
                gone.append(one.filename)
        if not letter.enclosed:
            return letter
        return replace(letter, attachments=tuple(files), context={**letter.context, "gone": gone})

    def _refused(self, letter: Letter) -> str | None:
        """Why a letter must not go at all."""
        if not letter.automatic or letter.kind in NEWS:
            return None
        if letter.kind is LetterKind.ACKNOWLEDGEMENT:
            return self._over_budget(letter) or self._too_many_about(letter)
        if letter.kind is LetterKind.REPLY:
            return self._unwanted(letter) or self._over_budget(letter) or self._too_many_about(letter)
        if letter.kind is LetterKind.FORWARD and (why := self._goes_round(letter) or self._dead(letter)) is not None:
            return why
        if letter.kind in _SAID_BACK:
            return self._too_many(letter)
        return self._too_many_about(letter) or self._too_many(letter)

    def _goes_round(self, letter: Letter) -> str | None:
        """Why a mail is not passed on again."""
        if letter.unique is not None and self.keep.outbox.has(self.connection, letter.unique):
            return HAD_IT
        raws = (self.keep.inbox.bytes_in(self.connection, one.inbox_id) for one in letter.enclosed)
        return "a desk has written it" if any(read_marks(raw).by_desk for raw in raws if raw) else None

    def _dead(self, letter: Letter) -> str | None:
        known = known_dead(self.connection, [letter.to[0].address]).values()
        dead = next((one for one in known if one.suppressed(self.now)), None)
        return f"this address refuses mail ({dead.status})" if dead is not None else None

    def _unwanted(self, letter: Letter) -> str | None:
        """Why whoever gets this automatic letter is to get none: the same limits as of acknowledgements."""
        address = letter.to[0].address
        if (dead := self._dead(letter)) is not None:
            return dead
        hour, day = self.practice.acknowledgements_per_hour, self.practice.acknowledgements_per_day
        since = self.now - timedelta(days=1)
        kinds = (LetterKind.ACKNOWLEDGEMENT, LetterKind.REPLY)
        sent = [
            at for kind in kinds for at in self.keep.budgets.sent_of_kind(self.connection, kind, address, since, day)
        ]
        if len(sent) >= day or sum(at > self.now - timedelta(hours=1) for at in sent) >= hour:
            return "this address had enough automatic letters"
        return None

    def _too_many_about(self, letter: Letter) -> str | None:
        if self.is_new or letter.ticket is None:
            return None
        sent = self.keep.outbox.sent_about(
            self.connection, letter.ticket, letter.to[0].address, self.now - ladder.LONGEST
        )
        return ladder.full(sent, self.now)

    def _too_many(self, letter: Letter) -> str | None:
        """The ladder over all tickets, for what no digest can tell."""
        most = ladder.WIDE_RUNGS[-1][1]
        sent = self.keep.budgets.sent_of_kind(
            self.connection, letter.kind, letter.to[0].address, self.now - ladder.LONGEST, most
        )
        return ladder.full(sent, self.now, ladder.WIDE_RUNGS)

    def _over_budget(self, letter: Letter) -> str | None:
        """An acknowledgement is counted here, in the transaction that makes it."""
        keep, budgets, now = self.keep, self.practice.budgets, self.now
        domain, cause = budget.organisation(letter.to[0].address), Cause.ACKNOWLEDGEMENTS_STOPPED
        limits = {"per_domain": budgets.of_domain(domain), "storm": budgets.storm}
        spent = keep.budgets.spent(self.connection, domain, now, cause=cause, **limits)
        verdict = budget.judge(spent, budgets, domain)
        if verdict.counts:
            keep.budgets.note(self.connection, domain, now, given=verdict.refused is None)
        if verdict.breaker is Breaker.OPENS and verdict.refused is not None:
            keep.troubles.note(self.connection, cause, verdict.refused, now, about="", lasts=True)
        elif verdict.breaker is Breaker.CLOSES:
            keep.troubles.over(self.connection, cause, now)
        return verdict.refused

    def _flooded(self, letter: Letter) -> str | None:
        """Why this news waits for a digest: so much came for this person, or about this ticket."""
        return self.gathering.flooded(letter.to[0].address) or self._too_many_about(letter)

    def _gather(self, letter: Letter, why: str, ready_at: datetime) -> None:
        self.gathering.add(letter, ready_at)
        self.kept.append(_Kept(letter=letter, why=why, gathered=True))


def carry_through(
    keep: Keep,
    connection: Any,
    plan: Plan,
    letters: Letters,
    practice: Practice,
    *,
    now: datetime,
    inbox_id: int | None = None,
    digest: str | None = None,
    letters_at: datetime | None = None,
) -> int:
    """Write a plan's letters, save it whole, and say how many letters there are: the last step of mail, order and tick.

    `letters_at`: when they are due, if not `now`. Raises DataError for an answer that cannot be written.
    """
    gathering = Gathering(keep=keep, connection=connection, budgets=practice.budgets, now=letters_at or now)
    plan, written = _through(gathering, plan, letters, practice, now)
    gathering.write()
    keep.apply(connection, plan, written, inbox_id=inbox_id, digest=digest, now=now, letters_at=letters_at)
    return len(written)


def carry_all(
    keep: Keep,
    connection: Any,
    passed: Sequence[tuple[TicketFacts, Plan]],
    letters: Letters,
    practice: Practice,
    *,
    now: datetime,
    letters_at: datetime | None = None,
) -> int:
    """The same for all tickets that time has passed over in one transaction, each with what was known of it before."""
    at = letters_at or now
    gathering = Gathering(keep=keep, connection=connection, budgets=practice.budgets, now=at)
    told, made = list[tuple[TicketFacts, Plan]](), 0
    for facts, plan in passed:
        after, written = _through(gathering, plan, letters, practice, now)
        for letter in written:
            # At once: what another ticket may still send to the same person is counted by it.
            keep.outbox.add(connection, letter, at)
        told.append((facts, after))
        made += len(written)
    gathering.write()
    keep.apply_passed(connection, told, now)
    return made


def _through(
    gathering: Gathering, plan: Plan, letters: Letters, practice: Practice, now: datetime
) -> tuple[Plan, list[WrittenLetter]]:
    """A plan with a word on each letter that does not go, and the letters that do."""
    gate = _Gate(
        keep=gathering.keep,
        connection=gathering.connection,
        practice=practice,
        letters=letters,
        gathering=gathering,
        now=gathering.now,
        is_new=plan.is_new,
    )
    for letter in plan.letters:
        gate.pass_on(letter)
    if gate.kept:
        plan = _told_of(plan, gate.kept, now)
        _tell_admin(gate.keep, gate.connection, gate.kept, gate.now)
    return plan, gate.written


def _told_of(plan: Plan, kept: list[_Kept], now: datetime) -> Plan:
    """The plan with a word on each letter that does not go, in the ticket's history and in its explanation."""
    back = {one.letter.message_id for one in kept}
    events: list[Event] = []
    gathered: dict[str, list[_Kept]] = {}
    for one in kept:
        if one.gathered:
            gathered.setdefault(one.why, []).append(one)
        else:
            events.append(_left_out(one, now))
    for why, some in gathered.items():
        detail = f"{some[0].letter.kind} to {', '.join(one.to for one in some)}: it comes in a digest"
        events.append(Event(at=now, kind="letter_gathered", actor="maild", detail=detail, because=why))
    return replace(
        plan,
        letters=tuple(letter for letter in plan.letters if letter.message_id not in back),
        events=(*plan.events, *events),
        explanation=_explained(plan.explanation, kept, back),
    )


def _left_out(one: _Kept, now: datetime) -> Event:
    if one.letter.kind is LetterKind.ACKNOWLEDGEMENT:
        return Event(at=now, kind="no_acknowledgement", actor="maild", detail=one.why)
    detail = f"{one.letter.kind} to {one.to}"
    return Event(at=now, kind="letter_left_out", actor="maild", detail=detail, because=one.why)


def _explained(explanation: Mapping[str, object], kept: list[_Kept], back: set[str]) -> Mapping[str, object]:
    letters = explanation.get("letters")
    if not isinstance(letters, list):
        return explanation
    left_out = [
        {"kind": str(one.letter.kind), "to": [one.to], "why": one.why, "in_digest": one.gathered} for one in kept
    ]
    going = [letter for letter in letters if letter["message_id"] not in back]
    return {**explanation, "letters": going, "left_out": left_out}


def _tell_admin(keep: Keep, connection: Any, kept: list[_Kept], now: datetime) -> None:
    """What is lost is told; a digest loses nothing, and the budgets of acknowledgements have an alarm of their own."""
    for one in kept:
        if one.gathered or one.why == HAD_IT or one.letter.kind in (LetterKind.ACKNOWLEDGEMENT, LetterKind.REPLY):
            continue
        text = f"{one.letter.kind} to {one.to}, ticket {one.letter.ticket}: {one.why}"
        _log.warning("letter left out: %s", text)
        keep.troubles.note(connection, Cause.LETTERS_LEFT_OUT, text, now, about="", lasts=False)
