"""PostgreSQL goes away and comes back: everybody is told to try again, nothing is lost, all go on by themselves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from office import NOW
from postgres import Server, running
from store.pieces import SECOND, arrival, desk, handle_all, letter, post, states

from maild.clock import FixedClock
from maild.desk.worker import DeskWorker
from maild.errors import RetryLater
from maild.ingest.inbox import Inbox
from maild.outgoing.sender import Sender
from maild.store import open_keep
from maild.store.keep import Keep
from maild.threads.plan import Outcome, OutgoingMail


@pytest.fixture(scope="module")
def falling() -> Iterator[Server]:
    """A server that these tests stop and start."""
    with running() as one:
        yield one


@pytest.fixture
def kept(falling: Server) -> Iterator[Keep]:
    """A store on it."""
    url = falling.create()
    keep = open_keep(url, "test")
    yield keep
    keep.database.close()
    falling.drop(url)


def until(holds: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.fault("A8")
def test_everything_says_try_again_and_works_again(falling: Server, kept: Keep) -> None:
    """No call loses anything, and none has to be told that the server is back."""
    kept.inbox.add([arrival()])
    post(kept, letter())
    calls: list[Callable[[], object]] = [
        lambda: kept.inbox.add([arrival("Other")]),
        lambda: kept.inbox.listing(),
        lambda: kept.inbox.next_time(),
        lambda: kept.outbox.claim(NOW, 1),
        lambda: kept.outbox.recover(),
        lambda: kept.mailboxes.lease("ticks", NOW, SECOND),
        lambda: kept.tickets.due(NOW, 1),
        lambda: desk(kept).take_next(),
    ]
    falling.stop()
    for call in calls:
        with pytest.raises(RetryLater):
            call()
    with pytest.raises(RetryLater):
        open_keep(kept.database.url.render_as_string(), "late")
    falling.start()
    for call in calls:
        call()
    assert [state for state, _ in states(kept)] == ["ticketed", "waiting"]


@pytest.mark.fault("A8")
def test_a_mail_in_hand_when_the_server_goes_is_handled_when_it_is_back(falling: Server, kept: Keep) -> None:
    """Cut off between reading and writing: nothing of it is done, no try is counted against the mail."""
    kept.inbox.add([arrival()])

    class Cut(FixedClock):
        def __init__(self) -> None:
            super().__init__(NOW)
            self.looks = 0

        def now(self) -> object:  # type: ignore[override]
            self.looks += 1
            if self.looks == 3:
                falling.stop()
            return super().now()

    one = desk(kept)
    one._clock = Cut()
    with pytest.raises(RetryLater):
        one.take_next()
    falling.start()
    assert (kept.inbox.get(1)["attempts"], kept.inbox.get(1)["traceback"]) == (0, None)
    assert handle_all(desk(kept)) == 1
    assert states(kept) == [("ticketed", "SUP-1001")]


@pytest.mark.fault("A8")
def test_the_daemons_workers_outlive_it(falling: Server, kept: Keep) -> None:
    """The way in says try again, the desk and the sender wait; then all go on where they stood, once each."""
    sent: list[int] = []

    class Relay:
        def send(self, mail: OutgoingMail, before_data: Callable[[], None]) -> Outcome:
            before_data()
            sent.append(mail.id)
            return Outcome(accepted=mail.recipients)

        def check(self) -> None:
            """It is there."""

        def close(self) -> None:
            """Nothing to let go of."""

    sender = Sender(kept.outbox, [Relay()], FixedClock(NOW))
    worker = DeskWorker(desk(kept), sender.wake)
    with Inbox(kept.inbox, on_accepted=worker.wake) as inbox:
        worker.start()
        sender.start()
        inbox.accept_now(arrival("one", message_id="<1@x.example>"))
        until(lambda: len(sent) == len(kept.outbox.listing()) > 0)
        falling.stop()
        with pytest.raises(RetryLater):
            inbox.accept_now(arrival("two", message_id="<2@x.example>"))
        worker.wake()
        sender.wake()
        falling.start()
        inbox.accept_now(arrival("two", message_id="<2@x.example>"))
        until(lambda: [state for state, _ in states(kept)] == ["ticketed"] * 2)
        sender.wake()
        until(lambda: {row["state"] for row in kept.outbox.listing()} == {"sent"})
    assert worker.stop(5)
    assert sender.stop(5)
    assert sorted(sent) == [row["id"] for row in kept.outbox.listing()]
