"""Old mail from archives: taken in without a word to anybody, each mail once, however often it is brought."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from maild.desk.handle import Desk
from maild.errors import RetryLater
from maild.ingest.arrival import in_groups, make_arrival
from maild.messages.arrival_time import arrival_time
from maild.messages.envelope import Arrival, Envelope
from maild.store.archive import close_imported, known_digests, what_became
from maild.store.keep import Keep
from maild.store.transfer import Progress
from maild.threads.model import IMPORTED


class Found(Protocol):
    """A mail in an archive, and where it was found."""

    @property
    def name(self) -> str: ...
    @property
    def raw(self) -> bytes: ...

    def envelope(self, sender: str | None, recipients: Sequence[str], *, trusted: bool = True) -> Envelope:
        """How it came, as far as its header says."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """What became of an archive: how many mails were there, how many were new, and what became of those by state."""

    mails: int
    new: int
    states: dict[str, int]
    tickets: int
    closed: int


def import_mails(
    keep: Keep, desk: Desk, found: Iterable[Found], now: datetime, *, close: bool, progress: Progress
) -> Taken:
    """Take every mail that is not here yet; `close` the tickets that were opened by it. Raises RetryLater."""
    mails = new = closed = 0
    states: dict[str, int] = {}
    opened: set[int] = set()
    for group in in_groups(_arrivals(found, now), lambda arrival: len(arrival.raw)):
        mails += len(group)
        ids = _add(keep, group)
        new += len(ids)
        _handle(keep, desk, ids)
        for state, tickets, count in what_became(keep.database, ids):
            states[state] = states.get(state, 0) + count
            opened |= tickets
        progress("mails", mails, 0)
    if close:
        closed = close_imported(keep.database, sorted(opened), now)
    return Taken(mails=mails, new=new, states=states, tickets=len(opened), closed=closed)


def _arrivals(found: Iterable[Found], now: datetime) -> Iterator[Arrival]:
    for one in found:
        envelope = replace(one.envelope(None, (), trusted=False), channel=IMPORTED)
        yield make_arrival(one.raw, envelope, min(arrival_time(one.raw) or now, now))


def _add(keep: Keep, group: Sequence[Arrival]) -> list[int]:
    """What is here already is not taken a second time, not even as a duplicate."""
    known = known_digests(keep.database, [a.digest for a in group])
    fresh = {a.digest: a for a in reversed(group) if a.digest not in known}
    in_order = [a for a in group if fresh.get(a.digest) is a]
    return keep.inbox.add(in_order) if in_order else []


def _handle(keep: Keep, desk: Desk, ids: Sequence[int]) -> None:
    """A daemon beside us may take some of them; what is left is taken here, in order. A bug shelves its mail alone."""
    waiting = list(ids)
    for _ in range(3):
        for inbox_id in waiting:
            desk.take_next(inbox_id)
        waiting = [i for state, some in _still(keep, waiting) if state == "waiting" for i in some]
        if not waiting:
            return
    raise RetryLater(f"{len(waiting)} mails wait; they are safe, and handled later")


def _still(keep: Keep, ids: Sequence[int]) -> Iterator[tuple[str, list[int]]]:
    for inbox_id in ids:
        yield keep.inbox.get(inbox_id)["state"], [inbox_id]
