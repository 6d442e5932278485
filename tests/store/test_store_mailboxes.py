"""Mailboxes on both databases: the place moves with the mails or not at all. Leases are PostgreSQL's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from daemon import wait_for
from office import NOW
from store.pieces import arrival, at_once, raw_arrival

from maild.store import open_keep
from maild.store.keep import Keep
from maild.store.mailboxes import Looked, Place

LONG, SHORT = timedelta(seconds=60), timedelta(seconds=1.5)
Open = Callable[[str], Keep]


def test_the_place_is_kept_with_the_mails(keep: Keep) -> None:
    """How far a folder was read comes back; other folders have places of their own."""
    assert keep.mailboxes.place("a/INBOX") is None
    assert keep.mailboxes.add("a/INBOX", [arrival()], Place(uidvalidity=4_294_967_295, last_uid=7), NOW) == [1]
    assert keep.mailboxes.add("a/INBOX", [], Place(uidvalidity=4_294_967_295, last_uid=9), NOW) == []
    assert Place(uidvalidity=4_294_967_295, last_uid=9) == keep.mailboxes.place("a/INBOX")
    assert keep.mailboxes.place("b/INBOX") is None
    assert len(keep.inbox.listing()) == 1


def test_a_place_never_moves_without_its_mails(keep: Keep) -> None:
    """Where a mail cannot be kept the folder is read again from the old place."""
    keep.mailboxes.add("a/INBOX", [], Place(uidvalidity=1, last_uid=7), NOW)
    broken = raw_arrival(b"x", peer=object())  # type: ignore[arg-type]
    with pytest.raises(Exception, match=r".*"):  # each driver has its own
        keep.mailboxes.add("a/INBOX", [arrival(), broken], Place(uidvalidity=1, last_uid=9), NOW)
    assert Place(uidvalidity=1, last_uid=7) == keep.mailboxes.place("a/INBOX")
    assert keep.inbox.listing() == []


def test_a_mail_that_is_in_the_ledger_already_moves_the_place_and_is_told(keep: Keep) -> None:
    """One mail in two of our folders is a duplicate, and both folders go on."""
    keep.mailboxes.add("a/INBOX", [arrival(channel="imap")], Place(uidvalidity=1, last_uid=1), NOW)
    keep.mailboxes.add("b/INBOX", [arrival(channel="imap")], Place(uidvalidity=1, last_uid=1), NOW)
    assert [row["state"] for row in keep.inbox.listing()] == ["waiting", "duplicate"]


def test_what_was_taken_from_mailboxes_is_known_by_its_source(keep: Keep) -> None:
    """Only what a mailbox brought counts: a peer may have any name."""
    polled = raw_arrival(b"a: 1\r\n\r\nx", channel="imap", source="a/INBOX/1/5")
    other = raw_arrival(b"a: 2\r\n\r\nx", source="a/INBOX/1/6")
    keep.inbox.add([polled, other])
    wanted = {"a/INBOX/1/5", "a/INBOX/1/6", "a/INBOX/1/7"}
    assert frozenset({"a/INBOX/1/5"}) == keep.mailboxes.taken(wanted)
    assert frozenset() == keep.mailboxes.taken(set())


def test_a_dropped_mail_counts_as_taken_for_ever(keep: Keep) -> None:
    """It may still lie in its mailbox, and nobody wants it back; one that came by SMTP leaves no trace."""
    ids = keep.inbox.add([raw_arrival(b"a: 1\r\n\r\nx", channel="imap", source="a/INBOX/1/5"), arrival()])
    for number in ids:
        keep.inbox.quarantine(number, reason="x", traceback=None, now=NOW)
        keep.inbox.drop(number)
    assert keep.inbox.listing() == []
    assert frozenset({"a/INBOX/1/5"}) == keep.mailboxes.taken({"a/INBOX/1/5", "test"})


def test_the_looks_at_a_mailbox_are_written_down(keep: Keep) -> None:
    """A look, a comparison; each leaves the other and the place alone."""
    assert keep.mailboxes.looked("a/INBOX") is None
    place = Place(uidvalidity=1, last_uid=7, left_uid=3, began_at=NOW)
    keep.mailboxes.add("a/INBOX", [], place, NOW)
    keep.mailboxes.note("a/INBOX", read_at=NOW + LONG)
    assert Looked(read_at=NOW + LONG, compared_at=None) == keep.mailboxes.looked("a/INBOX")
    keep.mailboxes.note("a/INBOX", compared_at=NOW + 2 * LONG)
    assert Looked(read_at=NOW + LONG, compared_at=NOW + 2 * LONG) == keep.mailboxes.looked("a/INBOX")
    assert keep.mailboxes.place("a/INBOX") == place


def test_a_mail_is_known_by_its_content_whatever_way_it_came(keep: Keep) -> None:
    """Its digest is in the ledger."""
    one = arrival()
    keep.inbox.add([one])
    assert keep.mailboxes.known([one.digest, "0" * 64]) == {one.digest}


def test_that_a_mail_lay_in_its_mailbox_before_the_desk_came_is_kept_with_it(keep: Keep) -> None:
    """The desk is told when it handles the mail."""
    keep.inbox.add([raw_arrival(b"a: 1\r\n\r\nx", backlog=True), arrival()])
    with keep.database.read() as connection:
        waiting = keep.inbox.waiting(connection, NOW + 99 * LONG, None, 10)
    assert [one.envelope.backlog for one in waiting] == [True, False]


def test_sqlite_has_one_daemon_which_holds_every_lease(tmp_path: object) -> None:
    """After a crash the next daemon reads on at once: the lock on the file says that the one before is dead."""
    url = f"sqlite:///{tmp_path}/maild.db"
    first, second = open_keep(url, "one"), open_keep(url, "two")
    assert first.mailboxes.lease("ticks", NOW, LONG)
    assert second.mailboxes.lease("ticks", NOW, LONG)
    first.mailboxes.give_back()


def test_a_lease_is_held_by_one(shared: str, another: Open) -> None:
    """Renewed by its holder, refused to others until it is given back; other names are other leases."""
    first, second = another(shared), another(shared)
    name = "mailbox:" + "x" * 1000
    assert first.mailboxes.lease(name, NOW, LONG)
    assert not second.mailboxes.lease(name, NOW, LONG)
    assert first.mailboxes.lease(name, NOW, LONG)
    assert second.mailboxes.lease("ticks", NOW, LONG)
    first.mailboxes.give_back()
    assert second.mailboxes.lease(name, NOW, LONG)


def test_a_lease_runs_out_by_the_servers_clock(shared: str, another: Open) -> None:
    """A desk whose own clock is wrong by a year neither takes a living lease nor keeps a dead one."""
    first, second = another(shared), another(shared)
    assert first.mailboxes.lease("ticks", NOW, SHORT)
    assert not second.mailboxes.lease("ticks", NOW + timedelta(days=365), LONG)
    wait_for(lambda: second.mailboxes.lease("ticks", NOW - timedelta(days=365), LONG), "the end of the lease")
    assert not first.mailboxes.lease("ticks", NOW, LONG)


def test_a_free_lease_goes_to_one_of_those_who_come_together(shared: str, another: Open) -> None:
    """Many take it at the same instant: one has it, and nobody meets an error."""
    keeps = [another(shared) for _ in range(4)]
    for number in range(10):
        won = at_once(*[partial(one.mailboxes.lease, f"ticks {number}", NOW, LONG) for one in keeps])
        assert won.count(True) == 1
