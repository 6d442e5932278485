"""A mail past the reader's limits is put aside at once, and the mails around it go on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from office import NOW, eml
from store.pieces import OFFICE, arrival, handle_all, raw_arrival

from maild.clock import FixedClock
from maild.desk.handle import Desk
from maild.guard.limits import Limits, PastLimits
from maild.guard.readers import Readers
from maild.store.inbox import Waiting
from maild.store.keep import Keep

DEAR = eml("", **{"content-type": "text/html"}) + b"<p>on fire</p>" * 30_000
REASON = "reading it took more than 0.02 s of CPU"


@pytest.fixture
def hasty() -> Iterator[Readers]:
    """Readers with hardly any time for a mail."""
    made = Readers(Limits(cpu=0.02))
    yield made
    made.close()


@pytest.mark.fault("B8", "G-1")
def test_a_dear_mail_is_put_aside_and_the_others_become_tickets(keep: Keep, hasty: Readers) -> None:
    """In the same go, without a second try, with a plain reason; its bytes are kept."""
    ids = keep.inbox.add([arrival("One", subject="One"), raw_arrival(DEAR), arrival("Two", subject="Two")])
    handle_all(Desk(keep, lambda: OFFICE, FixedClock(NOW), hasty))
    rows = keep.inbox.listing()
    assert [row["state"] for row in rows] == ["ticketed", "quarantined", "ticketed"]
    assert (rows[1]["reason"], rows[1]["attempts"]) == (REASON, 1)
    assert keep.inbox.raw(ids[1]) == DEAR


def test_a_dear_mail_can_be_tried_again(keep: Keep, hasty: Readers) -> None:
    """Readers that have the time for it make a ticket of it."""
    [number] = keep.inbox.add([raw_arrival(DEAR)])
    handle_all(Desk(keep, lambda: OFFICE, FixedClock(NOW), hasty))
    keep.inbox.retry(number, NOW)
    handle_all(Desk(keep, lambda: OFFICE, FixedClock(NOW)))
    assert [row["state"] for row in keep.inbox.listing()] == ["ticketed"]


def test_explaining_a_dear_mail_says_why_it_cannot_be_told(keep: Keep, hasty: Readers) -> None:
    """It would be put aside, so there is no decision to show."""
    given = raw_arrival(DEAR)
    waiting = Waiting(
        id=0,
        received_at=NOW,
        envelope=given.envelope,
        message_id=given.message_id,
        digest=given.digest,
        attempts=0,
        raw=given.raw,
    )
    with pytest.raises(PastLimits, match=REASON):
        Desk(keep, lambda: OFFICE, FixedClock(NOW), hasty).explain(waiting)
