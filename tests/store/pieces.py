"""What the tests of the store put into it: mails, plans, letters; and a desk on a store."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa
from office import DESK, NOW, eml, practice, ticket

from maild.clock import FixedClock
from maild.desk.handle import Desk, Office
from maild.ingest.arrival import make_arrival
from maild.messages.envelope import Arrival, Envelope
from maild.messages.mail import Address
from maild.outgoing.letters import Letters
from maild.store.keep import Keep
from maild.threads.facts import Facts
from maild.threads.model import InboxState
from maild.threads.plan import Letter, LetterKind, Plan, WrittenLetter

BOTH = ("sqlite", "postgresql")
OFFICE = Office(practice=practice(), letters=Letters(None, ("ru", "en"), "UTC"))
SECOND = timedelta(seconds=1)
T = TypeVar("T")


def arrival(
    text: str = "My printer is on fire.", *, at: datetime = NOW, channel: str = "smtp", **fields: Any
) -> Arrival:
    """A mail as it is accepted; fields as `office.eml` takes them."""
    return raw_arrival(eml(text, **fields), at=at, channel=channel)


def raw_arrival(raw: bytes, *, at: datetime = NOW, **envelope: Any) -> Arrival:
    """The same from bytes."""
    values: dict[str, Any] = {"channel": "smtp", "source": "192.0.2.1", "sender": "ivan@customer.example"}
    values |= {"recipients": (DESK,), "trusted": True}
    return make_arrival(raw, Envelope(**(values | envelope)), at)


def desk(keep: Keep, at: datetime = NOW) -> Desk:
    """A desk on a store, whose clock stands still."""
    return Desk(keep, lambda: OFFICE, FixedClock(at))


def handle_all(one: Desk) -> int:
    """Handle everything that waits; how many mails that was."""
    count = 0
    while taken := one.take_next().mails:
        count += taken
    return count


def states(keep: Keep) -> list[tuple[str, str | None]]:
    """What became of every mail: its state and its ticket."""
    return [(row["state"], row["ticket"]) for row in keep.inbox.listing()]


def plan(number: int = 1001, *, is_new: bool = True, **changes: Any) -> Plan:
    """A decision that leads to a ticket."""
    values: dict[str, Any] = {"state": InboxState.TICKETED, "reason": "test", "belongs_to": number}
    values |= {"ticket": ticket(number), "is_new": is_new}
    return Plan(**(values | changes))


def save(keep: Keep, a_plan: Plan, **values: Any) -> None:
    """Apply a decision about no mail."""
    with keep.database.write() as connection:
        keep.apply(connection, a_plan, [], **({"inbox_id": None, "digest": None, "now": NOW} | values))


def letter(*to: str, raw: bytes = b"Subject: x\r\n\r\nx\r\n", **changes: Any) -> WrittenLetter:
    """A letter of ours with its bytes."""
    values: dict[str, Any] = {
        "kind": LetterKind.ANSWER,
        "template": "answer",
        "language": "en",
        "to": tuple(Address(address=a) for a in to or ("ivan@customer.example",)),
        "sender": Address(name="Acme Support", address=DESK),
        "message_id": "<a.1@desk.example>",
        "date": NOW,
        "automatic": False,
        "loop_mark": "mark",
    }
    return WrittenLetter(letter=Letter(**(values | changes)), subject="Re: Printer", text="x", raw=raw)


def post(keep: Keep, *letters: WrittenLetter, now: datetime = NOW) -> list[int | None]:
    """Put letters into the outbox; their ids, None for one that stood there already."""
    with keep.database.write() as connection:
        return [keep.outbox.add(connection, one, now) for one in letters]


def at_once(*works: Callable[[], T], seconds: float = 30.0) -> list[T]:
    """Do all this at the same instant, each in a thread of its own; what each came to. Raises what one raised."""
    start = threading.Barrier(len(works))
    results: dict[int, T] = {}
    errors: list[BaseException] = []

    def live(number: int, work: Callable[[], T]) -> None:
        try:
            start.wait(seconds)
            results[number] = work()
        except BaseException as error:  # noqa: BLE001  # it is raised in the test's own thread
            errors.append(error)

    threads = [threading.Thread(target=live, args=pair, daemon=True) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds)
    if errors:
        raise errors[0]
    assert len(results) == len(works), "somebody still waits"
    return [results[number] for number in range(len(works))]


def numbers(found: Sequence[int | None]) -> list[int]:
    """Ids that are surely there."""
    assert None not in found
    return [one for one in found if one is not None]


GATHER, APPLY = "gather", "apply"
"""Where a desk stops: before it gathers the facts of a mail, and when it has them and has decided."""


class Gate:
    """Stands where a desk gathers facts: it stops there at its first mail, until it is let go."""

    def __init__(self, keep: Keep, stop_at: str) -> None:
        self._gather, self._stop_at = keep.tickets.gather, stop_at
        self.reached, self.open = threading.Event(), threading.Event()

    def gather(self, *given: Any) -> Facts:
        """The facts, with a stop before or behind."""
        if self._stop_at == GATHER:
            self._stop()
        facts = self._gather(*given)
        if self._stop_at == APPLY:
            self._stop()
        return facts

    def _stop(self) -> None:
        self.reached.set()
        assert self.open.wait(20)


@contextmanager
def halted(keep: Keep, stop_at: str, office: Office = OFFICE, at: datetime = NOW) -> Iterator[Gate]:
    """Another desk has the oldest mail in hand and stands still; it goes on when the gate is opened, or at the end."""
    gate = Gate(keep, stop_at)
    keep.tickets.gather = gate.gather  # type: ignore[method-assign]
    worker = threading.Thread(target=Desk(keep, lambda: office, FixedClock(at)).take_next, daemon=True)
    worker.start()
    assert gate.reached.wait(20)
    try:
        yield gate
    finally:
        gate.open.set()
        worker.join(20)
        assert not worker.is_alive()
        del keep.tickets.gather


def waits(keep: Keep, worker: threading.Thread) -> bool:
    """Whether a worker comes to wait for another's lock, and not to its end: PostgreSQL knows, of SQLite time tells."""
    blocked = sa.text("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
    if keep.database.is_sqlite:
        worker.join(0.2)
        return worker.is_alive()
    deadline = time.monotonic() + 20
    while worker.is_alive() and time.monotonic() < deadline:
        with keep.database.read() as connection:
            if connection.execute(blocked).first() is not None:
                return True
        worker.join(0.02)
    return worker.is_alive()


def handled_beside(first: Keep, second: Keep, stop_at: str, office: Office = OFFICE, at: datetime = NOW) -> bool:
    """Two mails by two desks at the same time; whether the second desk waited for the first."""
    with halted(first, stop_at, office, at) as gate:
        other = threading.Thread(target=handle_all, args=(Desk(second, lambda: office, FixedClock(at)),), daemon=True)
        other.start()
        waited = waits(first, other)
        gate.open.set()
        other.join(20)
        assert not other.is_alive()
    handle_all(Desk(second, lambda: office, FixedClock(at)))
    return waited
