"""Past tickets under other rules: the mail that opened each is asked again, and what came of it then is compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from maild.config.policy import load_policy
from maild.config.settings import Settings
from maild.desk.assembly import make_practice
from maild.desk.rejected_replay import FORGOTTEN, GONE, UNREADABLE, rejected_mails
from maild.errors import RetryLater
from maild.guard.readers import Readers, Request, shared_readers
from maild.messages.addresses import normal
from maild.messages.header_lines import header_lines
from maild.messages.language import guess
from maild.messages.mail import Mail
from maild.messages.read import LANGUAGE_CAP
from maild.routing.conditions import checks_of, events_of, words
from maild.routing.examples import missed_by
from maild.routing.fields import HEADER
from maild.routing.rules import Rule, RuleSet
from maild.routing.trial import would_change
from maild.store.forget import REASON as FORGOTTEN_SENDER
from maild.store.keep import Keep
from maild.store.openings import Opening, read_openings, whole_mail_of
from maild.store.rows import to_envelope
from maild.store.traces import ERASED
from maild.threads.facts import mail_passed_along
from maild.threads.past_mail import (
    Judgement,
    Outcome,
    PastMail,
    case_again,
    differing,
    judged_then,
    judgement,
)
from maild.threads.practice import Practice
from maild.threads.route import mail_fields, queue_written_to, route

NO_MAIL = "no mail of their own opened them (merged, split off, or opened by hand)"
OLD = "decided before maild wrote down what rules see of such mail"
_PASSED_ON = "passed the mail on"
_DELIVERED = ("delivered-to", "x-original-to", "envelope-to")


class _Skip(Exception):  # it is no error, only the end of one ticket's way
    """Why a ticket's mail cannot be asked again as it was."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Replayed:
    """One ticket: its mail, what came of it, and what would. `skipped`: why that cannot be told; then both are None.

    A mail that was rejected has no ticket: then `number` is None, and all that can change is that it is rejected.
    """

    number: str | None
    past: PastMail | None = None
    before: Judgement | None = None
    after: Judgement | None = None
    cut_off: tuple[str, ...] = ()
    """Rules whose patterns took too long this time."""
    skipped: str | None = None
    changed: tuple[str, ...] = ()
    """The names of what would be another."""


@dataclass(kw_only=True, slots=True)
class RuleCount:
    """How often a rule held and decided, then and now."""

    held_before: int = 0
    held_after: int = 0
    decided_before: int = 0
    decided_after: int = 0


@dataclass(kw_only=True, slots=True)
class TrialCount:
    """A rule in shadow: how often it held, and how often it would have made what another."""

    held: int = 0
    changes: Counter[str] = field(default_factory=Counter)


@dataclass(kw_only=True, slots=True)
class Move:
    """One change of one thing: how many tickets, from rule to rule, and the first of them."""

    tickets: int = 0
    rules: Counter[tuple[str, str]] = field(default_factory=Counter)
    samples: list[Sample] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """A ticket of a change, and why it would be so."""

    number: str | None
    subject: str
    sender: str
    why: tuple[str, ...]


@dataclass(kw_only=True, slots=True)
class Tally:
    """The sums of a replay. `moves` is by what changes, from what, to what."""

    tickets: int = 0
    changed: int = 0
    other_rule: int = 0
    """Another rule decides, and all comes out the same."""
    rejected: int = 0
    """Mails that were rejected, and so opened no ticket."""
    accepted: int = 0
    """Those of them that would open one."""
    cut_off: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    moves: dict[tuple[str, str, str], Move] = field(default_factory=dict)
    rules: dict[str, RuleCount] = field(default_factory=dict)
    trials: dict[str, TrialCount] = field(default_factory=dict)


class Replay:
    """The rules of a folder, held against what was decided by those that were in force when each mail came.

    Where nothing was written down of a decision, the rules in force now say what it would have been.
    """

    def __init__(self, keep: Keep, settings: Settings, rules_dir: Path | None, readers: Readers | None = None) -> None:
        """`rules_dir`: None for the folder that the settings name, as it stands on the disk. Raises ConfigError."""
        self._keep, self._readers = keep, readers
        self._after = make_practice(
            settings, load_policy(rules_dir or settings.paths.rules, settings.desk, settings.webhooks)
        )
        self._settings = settings
        self._now: Practice | None = self._after if rules_dir is None else None
        self._header = _looks_at_headers(self._after.rules)
        self.tally = Tally()
        for rule in self._after.rules.rules:
            if "new" not in events_of(rule.when):
                continue
            if rule.shadow:
                self.tally.trials[rule.name] = TrialCount()
            else:
                self.tally.rules[rule.name] = RuleCount()

    @property
    def practice(self) -> Practice:
        """The desk under the rules that are tried."""
        return self._after

    def run(self, since: datetime | None, until: datetime | None) -> Iterator[Replayed]:
        """Each ticket that was opened in that time, in the order of the numbers; the tally grows with it."""
        for opening in read_openings(self._keep.database, since, until, heads=self._header):
            try:
                replayed = self._replayed(opening)
            except _Skip as reason:
                self.tally.skipped[str(reason)] += 1
                yield Replayed(number=opening.number, skipped=str(reason))
                continue
            self._count(replayed)
            yield replayed
        yield from self._rejected(since, until)

    def _rejected(self, since: datetime | None, until: datetime | None) -> Iterator[Replayed]:
        """Each mail that a rule rejected in that time: whether it would open a ticket."""
        readers = self._readers or shared_readers()
        for past in rejected_mails(self._keep.database, readers, self._after, since, until):
            if isinstance(past, str):
                self.tally.skipped[past] += 1
                yield Replayed(number=None, skipped=past)
                continue
            case = case_again(self._after, past)
            routed = route(case)
            before, after = judged_then(past.record), judgement(case, routed)
            changed = () if after.outcome["reject"] else ("reject",)
            replayed = Replayed(
                number=None, past=past, before=before, after=after, cut_off=routed.timeouts, changed=changed
            )
            self._count(replayed)
            yield replayed

    def _replayed(self, opening: Opening) -> Replayed:
        past, then = self._past_mail(opening)
        case = case_again(self._after, past)
        routed = route(case)
        after = judgement(case, routed)
        before = then or self._judged_now(past)
        return Replayed(
            number=opening.number,
            past=past,
            before=before,
            after=after,
            cut_off=routed.timeouts,
            changed=differing(before, after),
        )

    def _judged_now(self, past: PastMail) -> Judgement:
        """What the rules in force make of a mail of whose decision nothing is known."""
        if self._now is None:
            settings = self._settings
            self._now = make_practice(settings, load_policy(settings.paths.rules, settings.desk, settings.webhooks))
        case = case_again(self._now, past)
        return judgement(case, route(case))

    def _past_mail(self, opening: Opening) -> tuple[PastMail, Judgement | None]:
        """The mail as it was judged, and how; None for what was never written down. Raises _Skip."""
        row, message = opening.ledger, opening.message
        if row is None or message is None:
            raise _Skip(NO_MAIL)
        decision: Mapping[str, Any] = row["decision"] or {}
        record, sender = decision.get("route"), decision.get("sender") or {}
        if decision and decision["result"].get("ticket") != opening.number:
            raise _Skip(NO_MAIL)
        written = message.sender.address if message.sender is not None else None
        if row["reason"] == FORGOTTEN_SENDER or ERASED in (written, sender.get("address")):
            raise _Skip(FORGOTTEN)
        past = PastMail(
            ticket=opening.ticket,
            number=opening.number,
            message=message,
            received_at=row["received_at"],
            envelope=to_envelope(row),
            size=row["size"],
            address=sender["address"] if sender else written and normal(written),
            proven=sender.get("proof", "none") != "none",
            record=record or {},
        )
        if record is None:
            return self._of_old(past, row["id"], sender), _judged_of_old(decision) if decision else None
        if self._header:
            past = replace(past, headers=self._headers(row["id"], opening.head or b"", past))
        return past, judged_then(record)

    def _of_old(self, past: PastMail, inbox_id: int, sender: Mapping[str, Any]) -> PastMail:
        """A mail of which an older maild wrote down less: what is missing is read out of its bytes."""
        if _PASSED_ON in sender.get("proof_reason", ""):
            raise _Skip(OLD)
        headers = self._headers(inbox_id, whole_mail_of(self._keep.database, inbox_id), past)
        delivered = [[name, value] for name, value in headers if name.lower() in _DELIVERED]
        language = guess((past.message.reply or past.message.text)[:LANGUAGE_CAP])
        return replace(past, record={"language": language, "delivered": delivered}, headers=headers)

    def _headers(self, inbox_id: int, head: bytes, past: PastMail) -> tuple[tuple[str, str], ...]:
        """The lines of the header, out of the first bytes where those tell."""
        if not head:
            raise _Skip(GONE)
        forwarded = "forwarded_by" in past.record
        found = header_lines(head) if not forwarded else None
        if found is not None:
            return found
        raw = whole_mail_of(self._keep.database, inbox_id)
        request = Request(raw=raw, envelope_sender=past.envelope.sender)
        [result] = (self._readers or shared_readers()).read_each([request], self._after.mint.is_own)
        if isinstance(result, RetryLater):
            raise result
        mail = mail_passed_along(self._after.team, result) if forwarded and isinstance(result, Mail) else result
        if not isinstance(mail, Mail):
            raise _Skip(UNREADABLE)
        return mail.headers

    def _count(self, one: Replayed) -> None:
        tally, before, after = self.tally, one.before, one.after
        assert before is not None
        assert after is not None
        if one.number is None:
            tally.rejected += 1
            tally.accepted += bool(one.changed)
        else:
            tally.tickets += 1
            tally.changed += bool(one.changed)
        tally.other_rule += not one.changed and before.rule != after.rule
        tally.cut_off += bool(one.cut_off)
        for rule in before.held:
            tally.rules.setdefault(rule, RuleCount()).held_before += 1
        for rule in after.held:
            tally.rules.setdefault(rule, RuleCount()).held_after += 1
        tally.rules.setdefault(before.rule, RuleCount()).decided_before += 1
        tally.rules.setdefault(after.rule, RuleCount()).decided_after += 1
        for rule in after.shadow:
            trial = tally.trials.setdefault(rule, TrialCount())
            trial.held += 1
            trial.changes.update(would_change(self._rule(rule).then, after.outcome))

    def note_moves(self, one: Replayed, samples: int) -> None:
        """Put a changed ticket where it belongs among the changes; of each so many are kept as samples."""
        before, after, past = one.before, one.after, one.past
        if before is None or after is None or past is None:
            return
        for name in one.changed:
            key = (name, *_sides(before.outcome, after.outcome, name))
            move = self.tally.moves.setdefault(key, Move())
            move.tickets += 1
            move.rules[before.rule, after.rule] += 1
            if len(move.samples) < samples:
                sender = past.message.sender.address if past.message.sender is not None else "nobody"
                why = self.why(past, before.rule, after.rule)
                sample = Sample(number=one.number, subject=past.message.subject, sender=sender, why=why)
                move.samples.append(sample)

    def why(self, past: PastMail, before: str, after: str) -> tuple[str, ...]:
        """Why another rule decides now: the test by which it holds, and the one that the other misses."""
        if before == after:
            return (f"decided by {after!r}, then and now",)
        found = []
        rule = self._rule(after)
        if rule.when is not None:
            found.append(f"{after!r} holds: {words(rule.when)}")
        if before not in {rule.name for rule in self._after.rules.rules}:
            return (*found, f"{before!r} is there no more")
        missed = self._missed(past, self._rule(before))
        if missed:
            return (*found, f"{before!r} misses: {'; '.join(missed)}")
        return (*found, f"{before!r} is not asked any more, since the other stands above it" if found else "")

    def _missed(self, past: PastMail, rule: Rule) -> tuple[str, ...]:
        case = case_again(self._after, past)
        _, queue = queue_written_to(case)
        return missed_by(self._after.rules, rule.name, mail_fields(case, queue))

    def _rule(self, name: str) -> Rule:
        return next(rule for rule in self._after.rules.rules if rule.name == name)


def _sides(before: Outcome, after: Outcome, name: str) -> tuple[str, str]:
    """What a thing was and would be. Of fields only the names: what a pattern catches is another in every mail."""
    if name != "fields":
        return said(before, name), said(after, name)
    then, now = before.get(name) or {}, after.get(name) or {}
    differ = [key for key in sorted({*then, *now}) if then.get(key) != now.get(key)]
    first, second = (", ".join(key for key in differ if key in some) or "-" for some in (then, now))
    return first, second if second != first else f"another {second}"


def said(outcome: Outcome, name: str) -> str:
    """A value of an outcome, for people."""
    value = outcome.get(name)
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    if isinstance(value, dict):
        return ", ".join(f"{key} = {one}" for key, one in value.items()) or "-"
    return "-" if value in (None, "") else "yes" if value is True else "no" if value is False else str(value)


def _looks_at_headers(rules: RuleSet) -> bool:
    asked = (check.field for rule in rules.rules if rule.when is not None for check in checks_of(rule.when))
    return any(name.startswith(HEADER) for name in asked)


def _judged_of_old(decision: Mapping[str, Any]) -> Judgement:
    """What an older maild wrote down of a decision: where the ticket went, and which rules held."""
    result, held = decision["result"], [one["rule"] for one in decision.get("rules", ()) if one["held"]]
    outcome = {name: result[name] for name in ("queue", "line", "priority") if name in result}
    return Judgement(rule=held[-1] if held else "", held=tuple(held), shadow=(), outcome=outcome, whole=False)
