"""What the tests of the store put into it: mails, plans, letters; and a desk on a store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from office import DESK, NOW, eml, practice, ticket

from maild.clock import FixedClock
from maild.desk.handle import Desk, Office
from maild.ingest.arrival import make_arrival
from maild.messages.envelope import Arrival, Envelope
from maild.messages.mail import Address
from maild.outgoing.letters import Letters
from maild.store.keep import Keep
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
