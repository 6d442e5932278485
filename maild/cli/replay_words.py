"""What a replay of the rules came to, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator

from maild.desk.rules_replay import Move, Replayed, Tally

_RULES_NAMED = 3


def replay_json(one: Replayed) -> dict[str, object]:
    """One changed ticket; "ticket" is null for a mail that was rejected and would open one."""
    assert one.past is not None
    assert one.before is not None
    assert one.after is not None
    return {
        "ticket": one.number,
        "message_id": one.past.message.message_id,
        "rule_before": one.before.rule,
        "rule_after": one.after.rule,
        "before": dict(one.before.outcome),
        "after": dict(one.after.outcome),
        "changed": list(one.changed),
    }


def tally_json(tally: Tally) -> dict[str, object]:
    """The sums, as the last line."""
    return {
        "tickets": tally.tickets,
        "changed": tally.changed,
        "rejected": {"mails": tally.rejected, "accepted": tally.accepted},
        "other_rule": tally.other_rule,
        "skipped": [{"reason": reason, "tickets": count} for reason, count in sorted(tally.skipped.items())],
        "patterns_cut_off": tally.cut_off,
        "rules": [
            {
                "rule": name,
                "held_before": one.held_before,
                "held_after": one.held_after,
                "decided_before": one.decided_before,
                "decided_after": one.decided_after,
            }
            for name, one in tally.rules.items()
        ],
        "on_trial": [
            {"rule": name, "held": one.held, "changes": dict(one.changes.most_common())}
            for name, one in tally.trials.items()
        ],
    }


def tally_lines(tally: Tally) -> Iterator[str]:
    """The diff, rule by rule, and what could not be told."""
    yield f"{tally.changed:,} of {tally.tickets:,} tickets would change"
    if tally.rejected:
        yield f"{tally.accepted:,} of {tally.rejected:,} rejected mails would open a ticket"
    told: set[str] = set()
    for (name, before, after), move in sorted(tally.moves.items(), key=lambda item: -item[1].tickets):
        rejected = (name, before) == ("reject", "yes")
        of = f"{tally.rejected:,} rejected mails" if rejected else f"{tally.tickets:,} tickets"
        yield f"\n{name} {before} -> {after}: {move.tickets:,} of {of}"
        yield from _move_lines(move, told)
    if tally.other_rule:
        yield f"\n{tally.other_rule:,} more would be decided by another rule, and come out the same"
    yield from _rule_lines(tally)
    for reason, count in sorted(tally.skipped.items()):
        yield f"\n{count:,} tickets skipped: {reason}"
    if tally.cut_off:
        yield f"\nof {tally.cut_off:,} mails the patterns took too long and were cut off: those rules did not hold"


def _move_lines(move: Move, told: set[str]) -> Iterator[str]:
    """Rules and samples of one change; a reason that was told before is not told again."""
    named = move.rules.most_common(_RULES_NAMED)
    for (before, after), count in named:
        yield f"  {count:,} by {after!r}, " + ("as before" if before == after else f"before by {before!r}")
    if rest := move.tickets - sum(count for _, count in named):
        yield f"  {rest:,} by others"
    for sample in move.samples:
        yield f"  {sample.number or 'no ticket'}  {sample.subject}  ({sample.sender})"
        yield from (f"      {line}" for line in sample.why if line not in told)
        told.update(sample.why)


def _rule_lines(tally: Tally) -> Iterator[str]:
    if not tally.tickets and not tally.rejected:
        return
    mails = "tickets and rejected mails" if tally.rejected else "tickets"
    yield f"\nrules, and how many {mails} each held for and decided, then -> now:"
    for name, one in tally.rules.items():
        held, decided = (f"{one.held_before} -> {one.held_after}", f"{one.decided_before} -> {one.decided_after}")
        never = "" if one.held_after else "  never holds"
        yield f"  {name}: held {held}, decided {decided}{never}"
    for name, trial in tally.trials.items():
        yield f"  {name} (on trial): holds for {trial.held}"
        yield from (f"      {change}: {count}" for change, count in trial.changes.most_common())
