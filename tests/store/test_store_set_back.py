"""A clock that was set back: what waits waits no longer for it, leases do not freeze, and the figures add up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa
from office import NOW
from store.pieces import arrival, desk, handle_all, letter, post

from maild.messages.mail import Address
from maild.store.digests import Line
from maild.store.figures import Counting
from maild.store.keep import Keep
from maild.store.set_back import due_as_before, newest, shorten_leases
from maild.store.tables import leases

HOUR = timedelta(hours=1)
LEASE = timedelta(seconds=30)


def test_what_waits_moves_with_the_clock(keep: Keep) -> None:
    """Mails that are tried again and letters that leave later: as long from now as before; what is due stays due."""
    assert newest(keep.database) is None
    mails = keep.inbox.add([arrival("a@x.example"), arrival("b@x.example")])
    keep.inbox.postpone(mails[0], reason="later", next_at=NOW + timedelta(seconds=90))
    post(keep, letter(), now=NOW + timedelta(seconds=15))
    now = NOW - HOUR
    assert newest(keep.database) == NOW + timedelta(seconds=15)
    assert due_as_before(keep.database, now, HOUR) == 3
    assert keep.inbox.next_time() == now
    assert keep.outbox.next_time() == now + timedelta(seconds=15)
    assert due_as_before(keep.database, now + HOUR, HOUR) == 0


def test_news_for_a_digest_moves_with_the_clock(keep: Keep) -> None:
    """What was to be told after a quiet night is told an hour earlier by the clock, and as long from now."""
    line = Line(to=Address(address="anna@desk.example"), language="ru", ticket=None, view={"event": "new"})
    with keep.database.write() as connection:
        keep.digests.add(connection, [(line, NOW + timedelta(minutes=20))], NOW)
    assert due_as_before(keep.database, NOW - HOUR, HOUR) == 1
    soon = NOW - HOUR + timedelta(minutes=20)
    assert keep.digests.due(soon - timedelta(seconds=1), timedelta(0)) == []
    assert keep.digests.due(soon, timedelta(0)) == ["anna@desk.example"]


def test_a_lease_of_another_hour_is_shortened_and_not_taken(shared: str, another: Callable[[str], Keep]) -> None:
    """The server's clock went back: who holds it keeps it, and if he has died it ends in half a minute."""
    holder, other = another(shared), another(shared)
    assert holder.mailboxes.lease("ticks", NOW, LEASE)
    with holder.database.write() as connection:
        connection.exec_driver_sql("UPDATE leases SET until = until + interval '1 hour'")
    shorten_leases(other.database, LEASE)
    assert not other.mailboxes.lease("ticks", NOW, LEASE)
    with holder.database.read() as connection:
        until, now = connection.execute(sa.select(leases.c.until, sa.func.now())).one()
    assert now < until <= now + LEASE
    assert holder.mailboxes.lease("ticks", NOW, LEASE)


def test_what_adds_up_is_counted_once(keep: Keep) -> None:
    """Mails that wait are taken and not ended; read again and again, each is counted once."""
    keep.inbox.add([arrival("before@x.example")])
    counting = Counting(keep.database)
    first = counting.read()
    assert (first.waiting, first.accepted, first.ended) == (1, {"smtp": 1}, {})
    handle_all(desk(keep))
    for number in range(3):
        keep.inbox.add([arrival(f"p{number}@x.example")])
        counting.read()
        handle_all(desk(keep))
        for _ in range(2):
            found = counting.read()
            assert (found.waiting, found.accepted, found.ended) == (0, {"smtp": 2 + number}, {"ticketed": 2 + number})
    assert found.due_since == NOW
    assert found.letters == {"waiting": len(keep.outbox.listing())}
    assert found.bytes > 10_000
