"""The inbox on both databases: kept whole, handed out once, ended in one state."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from office import NOW
from store.pieces import SECOND, arrival, at_once, desk, handle_all, raw_arrival, states

from maild.errors import NotFound, UsageError
from maild.store.inbox import Waiting
from maild.store.keep import Keep
from maild.threads.model import InboxState


def nothing(waiting: Sequence[Waiting]) -> Sequence[Waiting]:
    """Mails that need no reading."""
    return waiting


def claim_ids(keep: Keep, *, limit: int = 10, only: int | None = None, at: object = NOW) -> list[int]:
    """The ids of the mails that a worker would get."""
    with keep.inbox.claim(at, only, nothing, limit) as claimed:  # type: ignore[arg-type]
        return [waiting.id for waiting, _ in claimed.mails]


def finish(keep: Keep, inbox_id: int, state: InboxState = InboxState.OWN) -> None:
    """End a mail."""
    with keep.database.write() as connection:
        keep.inbox.finish(connection, inbox_id, state=state, ticket=None, reason="test", decision={"я": 1}, now=NOW)


def test_a_mail_is_kept_with_its_bytes_and_its_envelope(keep: Keep) -> None:
    """What was accepted comes back byte for byte, with everything the wire said."""
    raw = bytes(range(256)) * 40
    given = raw_arrival(raw, sender="", recipients=("a@b.c", "ё@б.рф"), peer="192.0.2.7", login="anna", trusted=False)
    assert keep.inbox.add([given]) == [1]
    assert raw == keep.inbox.raw(1)
    with keep.inbox.claim(NOW, None, nothing) as claimed:
        [(waiting, _)] = claimed.mails
    assert (given.envelope, given.received_at) == (waiting.envelope, waiting.received_at)
    assert (given.digest, given.message_id, raw) == (waiting.digest, waiting.message_id, waiting.raw)


def test_ids_come_in_the_order_of_the_mails(keep: Keep) -> None:
    """A group gets its numbers in its own order, and each number leads to its own bytes."""
    group = [arrival(message_id=f"<{n}@x.example>") for n in range(50)]
    ids = keep.inbox.add(group)
    assert sorted(ids) == ids
    assert [one.raw for one in group] == [keep.inbox.raw(i) for i in ids]


def test_a_group_is_kept_whole_or_not_at_all(keep: Keep) -> None:
    """Where one mail of a group cannot be stored, none is."""
    broken = raw_arrival(b"x", peer=object())  # type: ignore[arg-type]
    with pytest.raises(Exception, match=r".*"):  # each driver has its own
        keep.inbox.add([arrival(), broken])
    assert keep.inbox.listing() == []


def test_a_second_copy_is_told_when_it_is_accepted(keep: Keep) -> None:
    """The same mail again is a duplicate at once, of the first one, and is never handed out."""
    first, other = keep.inbox.add([arrival(), arrival("Other text")])
    [copy] = keep.inbox.add([arrival()])
    row = keep.inbox.get(copy)
    assert (InboxState.DUPLICATE, first) == (row["state"], row["duplicate_of"])
    assert [first, other] == claim_ids(keep)


def test_copies_in_one_group_are_told_when_they_are_handled(keep: Keep) -> None:
    """Two copies that came together: one ticket, one duplicate, both with its number in the list."""
    keep.inbox.add([arrival(), arrival()])
    assert handle_all(desk(keep)) == 2
    assert states(keep) == [("ticketed", "SUP-1001"), ("duplicate", "SUP-1001")]


def test_a_mail_that_was_put_aside_is_no_first_copy(keep: Keep) -> None:
    """Who sends again what lies in quarantine is heard."""
    [first] = keep.inbox.add([arrival()])
    keep.inbox.quarantine(first, reason="too big", traceback=None, now=NOW)
    [second] = keep.inbox.add([arrival()])
    assert [second] == claim_ids(keep)


def test_mails_are_handed_out_oldest_first_and_when_their_time_has_come(keep: Keep) -> None:
    """A postponed mail waits, with the reason and the traceback, and lets the others pass."""
    first, second = keep.inbox.add([arrival(), arrival("Other")])
    keep.inbox.postpone(first, reason="ValueError: x", next_at=NOW + 2 * SECOND, traceback="Traceback ...")
    assert [second] == claim_ids(keep)
    assert [first, second] == claim_ids(keep, at=NOW + 2 * SECOND)
    row = keep.inbox.get(first)
    assert (
        row["state"],
        row["reason"],
        row["traceback"],
        row["attempts"],
    ) == ("waiting", "ValueError: x", "Traceback ...", 1)
    assert keep.inbox.next_time() == NOW


def test_one_mail_can_be_asked_for(keep: Keep) -> None:
    """`only` takes this mail, whatever waits before it and whenever it is due."""
    _, second = keep.inbox.add([arrival(), arrival("Other")])
    keep.inbox.postpone(second, reason="", next_at=NOW + 60 * SECOND)
    assert [second] == claim_ids(keep, only=second)


def test_a_finished_mail_is_handed_out_to_nobody(keep: Keep) -> None:
    """Its end is kept: state, reason, decision, time."""
    [only] = keep.inbox.add([arrival()])
    finish(keep, only)
    row = keep.inbox.get(only)
    assert (
        row["state"],
        row["reason"],
        row["decision"],
        row["finished_at"],
        row["attempts"],
    ) == ("own", "test", {"я": 1}, NOW, 1)
    assert claim_ids(keep) == []
    assert keep.inbox.next_time() is None


def test_what_is_over_is_neither_postponed_nor_put_aside(keep: Keep) -> None:
    """A worker that was slow to complain changes nothing any more."""
    [only] = keep.inbox.add([arrival()])
    finish(keep, only)
    keep.inbox.postpone(only, reason="late", next_at=NOW)
    keep.inbox.quarantine(only, reason="late", traceback=None, now=NOW)
    assert (keep.inbox.get(only)["state"], keep.inbox.get(only)["reason"]) == ("own", "test")


def test_a_claim_that_fails_leaves_the_mail_waiting(keep: Keep) -> None:
    """What goes wrong in the claim's transaction undoes all of it."""
    [only] = keep.inbox.add([arrival()])

    def stumble() -> None:
        with keep.inbox.claim(NOW, None, nothing) as claimed:
            assert claimed.connection is not None
            keep.inbox.finish(
                claimed.connection, only, state=InboxState.OWN, ticket=None, reason="", decision=None, now=NOW
            )
            raise RuntimeError

    with pytest.raises(RuntimeError):
        stumble()
    assert [only] == claim_ids(keep)


def test_a_group_keeps_to_a_size(keep: Keep) -> None:
    """Big mails are taken one by one, whatever the limit; a mail of any size is taken."""
    big = b"x" * 3_000_000
    ids = keep.inbox.add([raw_arrival(b"Message-ID: <%d@x>\r\n\r\n" % n + big) for n in range(3)])
    assert ids[:1] == claim_ids(keep, limit=16)


def test_a_mail_put_aside_comes_back_when_asked(keep: Keep) -> None:
    """`inbox retry` makes it as new."""
    [only] = keep.inbox.add([arrival()])
    keep.inbox.quarantine(only, reason="too big", traceback="T", now=NOW)
    assert claim_ids(keep) == []
    keep.inbox.retry(only, NOW)
    assert [only] == claim_ids(keep)
    assert keep.inbox.get(only)["attempts"] == 0


def test_only_what_waits_or_lies_aside_can_be_tried_again(keep: Keep) -> None:
    """A mail that has its ticket would get a second one."""
    [only] = keep.inbox.add([arrival()])
    finish(keep, only)
    with pytest.raises(UsageError, match="is own"):
        keep.inbox.retry(only, NOW)
    with pytest.raises(NotFound):
        keep.inbox.retry(99, NOW)


def test_a_retry_never_makes_a_second_ticket_of_a_mail_in_hand(keep: Keep) -> None:
    """Asked for at the very moment when the mail is handled, a retry comes before it or is refused."""
    ids = keep.inbox.add([arrival(message_id=f"<{n}@x.example>") for n in range(20)])

    def retry_all() -> None:
        for one in ids:
            try:
                keep.inbox.retry(one, NOW)
            except UsageError:
                continue

    at_once(lambda: handle_all(desk(keep)), retry_all)
    handle_all(desk(keep))
    assert {("ticketed", f"SUP-{1001 + n}") for n in range(20)} == set(states(keep))


def test_only_what_lies_aside_can_be_dropped(keep: Keep) -> None:
    """A dropped mail is gone with its bytes; any other is refused."""
    first, second = keep.inbox.add([arrival(), arrival("Other")])
    keep.inbox.quarantine(first, reason="spam", traceback=None, now=NOW)
    keep.inbox.drop(first)
    with pytest.raises(NotFound):
        keep.inbox.raw(first)
    with pytest.raises(UsageError, match="is waiting"):
        keep.inbox.drop(second)
    with pytest.raises(NotFound):
        keep.inbox.drop(99)


def test_the_ledger_is_listed_by_state_and_number(keep: Keep) -> None:
    """Oldest first, without bytes, decisions and tracebacks."""
    first, second, third = keep.inbox.add([arrival(f"{n}") for n in range(3)])
    finish(keep, second)
    assert [first, third] == [row["id"] for row in keep.inbox.listing(["waiting"])]
    assert [first] == [row["id"] for row in keep.inbox.listing(["waiting", "own"], limit=1)]
    [row] = keep.inbox.listing(inbox_id=second)
    assert row["state"] == "own"
    assert not {"raw", "decision", "traceback"} & set(row)
