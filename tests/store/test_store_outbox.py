"""The outbox on both databases: every way from state to state, and nobody is sent anything twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from office import NOW
from store.pieces import SECOND, at_once, letter, numbers, plan, post, save

from maild.errors import NotFound, RetryLater, UsageError
from maild.store.keep import Keep
from maild.threads.model import OutboxState
from maild.threads.plan import Outcome

IVAN, OLGA, PETR = "ivan@customer.example", "olga@customer.example", "petr@customer.example"
LATER = NOW + timedelta(minutes=15)


def row(keep: Keep, letter_id: int = 1) -> Any:
    """A letter as `maild outbox` lists it."""
    return next(one for one in keep.outbox.listing() if one["id"] == letter_id)


def state(keep: Keep, letter_id: int = 1) -> tuple[str, datetime | None]:
    """Where a letter stands, and when it is due."""
    return row(keep, letter_id)["state"], row(keep, letter_id)["next_at"]


def claim(keep: Keep, now: datetime = NOW, limit: int = 10) -> list[int]:
    """The ids of the letters that a sender gets."""
    return [mail.id for mail in keep.outbox.claim(now, limit)]


def sent_to(keep: Keep, *accepted: str, **changes: Any) -> None:
    """One whole try of letter 1."""
    claim(keep)
    keep.outbox.mark_uncertain(1, LATER)
    keep.outbox.settle(1, Outcome(accepted=accepted, **changes), NOW, None)


def test_a_letter_is_kept_with_its_bytes_and_its_ticket(keep: Keep) -> None:
    """What was decided is what a sender gets: the same bytes, envelope and recipients, each once."""
    save(keep, plan())
    raw = bytes(range(256))
    one = letter(IVAN, OLGA, IVAN, raw=raw, ticket=1001, envelope_from="bounce@desk.example")
    assert post(keep, one) == [1]
    [mail] = keep.outbox.claim(NOW, 10)
    assert (1, "<a.1@desk.example>", "bounce@desk.example", (IVAN, OLGA), raw, 1, NOW) == (
        mail.id,
        mail.message_id,
        mail.envelope_from,
        mail.recipients,
        mail.raw,
        mail.attempts,
        mail.created_at,
    )
    assert raw == keep.outbox.raw(1)
    assert (row(keep)["ticket"], row(keep)["subject"], row(keep)["kind"]) == ("SUP-1001", "Re: Printer", "answer")
    with pytest.raises(NotFound):
        keep.outbox.raw(2)


def test_a_letter_with_a_unique_key_is_kept_once(keep: Keep) -> None:
    """The second letter with a key is left out; letters without one are all kept."""
    assert post(keep, letter(unique="a"), letter(unique="a"), letter(unique="b"), letter()) == [1, None, 2, 3]
    assert post(keep, letter(unique="a")) == [None]


def test_letters_are_claimed_the_longest_due_first_and_by_one(keep: Keep) -> None:
    """What is claimed is nobody else's; what is not due stays; the limit holds."""
    late, soon = letter(not_before=NOW), letter(not_before=NOW - SECOND)
    ids = numbers(post(keep, late, soon, letter(not_before=NOW + SECOND)))
    assert keep.outbox.next_time() == NOW - SECOND
    assert [ids[1]] == claim(keep, limit=1)
    assert [ids[0]] == claim(keep)
    assert claim(keep) == []
    assert keep.outbox.next_time() == NOW + SECOND
    assert [ids[2]] == claim(keep, NOW + SECOND)
    assert keep.outbox.next_time() is None


def test_two_senders_never_get_the_same_letter(keep: Keep) -> None:
    """Many claim at the same instant; every letter is given out once."""
    ids = post(keep, *[letter() for _ in range(60)])

    def work() -> list[int]:
        got: list[int] = []
        while some := claim(keep, limit=3):
            got += some
        return got

    got = at_once(work, work, work, work)
    assert ids == sorted(one for some in got for one in some)


def test_a_letter_on_its_way_is_uncertain_until_it_is_settled(keep: Keep) -> None:
    """A crash behind the final dot makes the same bytes go again at `until`; the answer settles it for good."""
    post(keep, letter())
    claim(keep)
    assert state(keep) == ("sending", NOW)
    keep.outbox.mark_uncertain(1, LATER)
    assert state(keep) == ("uncertain", LATER)
    assert keep.outbox.recover() == 0
    assert claim(keep, LATER - SECOND) == []
    keep.outbox.settle(1, Outcome(accepted=(IVAN,)), NOW, None)
    assert (*state(keep), row(keep)["sent_at"], row(keep)["last_error"]) == ("sent", None, NOW, "")
    assert claim(keep, LATER) == []


def test_an_uncertain_letter_goes_again_with_the_same_bytes(keep: Keep) -> None:
    """At its time it is claimed like any other, to whom it may not have reached."""
    post(keep, letter())
    claim(keep)
    keep.outbox.mark_uncertain(1, LATER)
    keep.outbox.settle(1, Outcome(uncertain=True, error="connection lost"), NOW, LATER)
    assert (*state(keep), row(keep)["last_error"]) == ("uncertain", LATER, "connection lost")
    [mail] = keep.outbox.claim(LATER, 10)
    assert ((IVAN,), 2, keep.outbox.raw(1)) == (mail.recipients, mail.attempts, mail.raw)


def test_recipients_go_their_own_ways(keep: Keep) -> None:
    """One has it, one is refused, one waits: only the last is tried again, and the letter is failed for the second."""
    post(keep, letter(IVAN, OLGA, PETR))
    claim(keep)
    outcome = Outcome(accepted=(IVAN,), refused=((OLGA, "550 no"),), deferred=((PETR, "451 wait"),))
    keep.outbox.settle(1, outcome, NOW, LATER)
    assert state(keep) == ("waiting", LATER)
    assert row(keep)["sent_at"] is None
    assert row(keep)["last_error"] == f"{OLGA}: 550 no; {PETR}: 451 wait"
    [mail] = keep.outbox.claim(LATER, 10)
    assert mail.recipients == (PETR,)
    keep.outbox.settle(1, Outcome(accepted=(PETR,)), LATER, None)
    assert (*state(keep), row(keep)["sent_at"]) == ("failed", None, LATER)
    assert [r["state"] for r in row(keep)["recipients"]] == ["sent", "failed", "sent"]


def test_a_letter_that_is_given_up_is_failed(keep: Keep) -> None:
    """Nothing more is tried where no next time is given, and the reason stays."""
    post(keep, letter())
    claim(keep)
    keep.outbox.settle(1, Outcome(deferred=((IVAN, "451 wait"),), error="451 wait"), NOW, None)
    assert (*state(keep), row(keep)["sent_at"], row(keep)["last_error"]) == ("failed", None, None, "451 wait")


def test_settled_twice_is_settled_once(keep: Keep) -> None:
    """A sender that did not hear that it was heard tells it again; nothing moves, the time of sending neither."""
    post(keep, letter(IVAN, OLGA))
    claim(keep)
    outcome = Outcome(accepted=(IVAN,), refused=((OLGA, "550 no"),))
    keep.outbox.settle(1, outcome, NOW, None)
    before = row(keep)
    keep.outbox.settle(1, outcome, LATER, None)
    assert dict(before) == dict(row(keep))


def test_a_claim_that_was_not_tried_is_given_back(keep: Keep) -> None:
    """Waiting again with the try given back; the reason is kept, and none leaves the old one."""
    post(keep, letter(), letter())
    ids = claim(keep)
    keep.outbox.release(ids, "the relay is away", LATER)
    assert (*state(keep), row(keep)["last_error"], row(keep)["attempts"]) == ("waiting", LATER, "the relay is away", 0)
    keep.outbox.release(claim(keep, LATER), "", LATER)
    assert (row(keep)["last_error"], row(keep)["attempts"]) == ("the relay is away", 0)


def test_what_keeps_everything_here_is_shown_by_all_that_is_due(keep: Keep) -> None:
    """C5: whoever looks at the queue reads why, whichever letter he looks at; one for tomorrow has no trouble yet."""
    first, *_ = numbers(post(keep, *[letter(message_id=f"<{n}@desk.example>") for n in range(30)]))
    (later,) = numbers(post(keep, letter(message_id="<later@desk.example>", not_before=NOW + timedelta(days=1))))
    (claimed,) = keep.outbox.claim(NOW, 1)
    assert claimed.id == first
    keep.outbox.release([first], "the relay refuses our login: 535 5.7.8 no", NOW + timedelta(minutes=1))
    errors = {row["id"]: row["last_error"] for row in keep.outbox.listing()}
    assert errors.pop(later) == ""
    assert set(errors.values()) == {"the relay refuses our login: 535 5.7.8 no"}
    assert {row["attempts"] for row in keep.outbox.listing()} == {0}


def test_only_a_claim_is_given_back(keep: Keep) -> None:
    """What has gone on in the meantime is left alone."""
    post(keep, letter())
    sent_to(keep, IVAN)
    keep.outbox.release([1], "late", LATER)
    assert (row(keep)["state"], row(keep)["attempts"]) == ("sent", 1)


def test_a_dead_senders_claims_wait_again(keep: Keep) -> None:
    """What a sender had claimed and not begun to hand over goes at once; on PostgreSQL when its lease has run out."""
    post(keep, letter(), letter())
    claim(keep, limit=1)
    if not keep.database.is_sqlite:
        assert keep.outbox.recover() == 0
        keep.mailboxes.give_back()
    assert keep.outbox.recover() == 1
    assert claim(keep) == [1, 2]


def test_a_sender_that_lost_its_claim_does_not_send(keep: Keep) -> None:
    """Cut off for long, taken for dead: it hears so before the final dot, and gives back nothing but its own."""
    post(keep, letter())
    [stale] = keep.outbox.claim(NOW, 1)
    keep.mailboxes.give_back()
    keep.outbox.recover()
    other = Keep(keep.database, "other")
    assert claim(other) == [1]
    with pytest.raises(RetryLater, match="other hands"):
        keep.outbox.mark_uncertain(stale.id, LATER)
    keep.outbox.release([stale.id], "late", NOW)
    assert state(keep)[0] == "sending"
    other.outbox.mark_uncertain(1, LATER)
    other.outbox.settle(1, Outcome(accepted=(IVAN,)), NOW, None)
    with pytest.raises(RetryLater):
        keep.outbox.mark_uncertain(stale.id, LATER)
    assert state(keep)[0] == "sent"


def test_a_letter_that_is_held_waits_for_a_person(keep: Keep) -> None:
    """Nobody claims it until it is told to go; then it goes at once."""
    post(keep, letter())
    keep.outbox.hold(1, NOW)
    assert state(keep) == ("held", None)
    assert claim(keep, LATER) == []
    keep.outbox.retry(1, LATER)
    assert state(keep) == ("waiting", LATER)
    assert claim(keep, LATER) == [1]


@pytest.mark.parametrize("stopped", [OutboxState.HELD, OutboxState.RECALLED])
def test_a_letter_stopped_on_its_way_is_not_tried_again(keep: Keep, stopped: OutboxState) -> None:
    """Stopped behind the final dot: where it arrived it is sent, where it did not it stays stopped."""
    post(keep, letter(), letter())
    for one in claim(keep):
        keep.outbox.mark_uncertain(one, LATER)
        (keep.outbox.hold if stopped is OutboxState.HELD else keep.outbox.drop)(one, NOW)
    keep.outbox.settle(1, Outcome(accepted=(IVAN,)), NOW, None)
    keep.outbox.settle(2, Outcome(deferred=((IVAN, "451 wait"),)), NOW, LATER)
    assert state(keep) == ("sent", None)
    assert state(keep, 2) == (stopped, None)


def test_a_failed_letter_can_be_tried_again_for_whom_it_did_not_reach(keep: Keep) -> None:
    """Whoever has it does not get it twice; its time to be given up begins anew."""
    post(keep, letter(IVAN, OLGA))
    sent_to(keep, IVAN, refused=((OLGA, "550 no"),))
    keep.outbox.retry(1, LATER)
    [mail] = keep.outbox.claim(LATER, 1)
    assert (mail.recipients, mail.created_at) == ((OLGA,), LATER)


def test_a_letter_that_is_dropped_never_leaves(keep: Keep) -> None:
    """Taken back while it waits or is held; it stays in the list as recalled."""
    post(keep, letter(), letter())
    keep.outbox.drop(1, NOW)
    keep.outbox.hold(2, NOW)
    keep.outbox.drop(2, NOW)
    assert [one["state"] for one in keep.outbox.listing()] == ["recalled", "recalled"]
    assert claim(keep, LATER) == []
    with pytest.raises(UsageError, match="is recalled"):
        keep.outbox.retry(1, NOW)


def test_what_was_sent_or_is_in_hand_cannot_be_stopped(keep: Keep) -> None:
    """The answer says why; a letter that does not exist is not found."""
    post(keep, letter(), letter())
    sent_to(keep, IVAN)
    for act in (keep.outbox.hold, keep.outbox.drop, keep.outbox.retry):
        with pytest.raises(UsageError, match="is sent"):
            act(1, NOW)
        with pytest.raises(UsageError, match="is sending"):
            act(2, NOW)
        with pytest.raises(NotFound):
            act(3, NOW)


def test_letters_are_listed_by_state(keep: Keep) -> None:
    """Oldest first, as many as wanted, without their bytes."""
    post(keep, letter(), letter(), letter())
    keep.outbox.hold(2, NOW)
    assert [one["id"] for one in keep.outbox.listing(["waiting"])] == [1, 3]
    assert [one["id"] for one in keep.outbox.listing(["waiting", "held"], limit=2)] == [1, 2]
    assert "raw" not in row(keep)
