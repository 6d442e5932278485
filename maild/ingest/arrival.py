"""A mail at the door becomes an arrival; many of them share a commit.

It stands apart so that a pipe, which starts once per mail, loads no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TypeVar

from maild.messages.digest import content_key
from maild.messages.envelope import Arrival, Envelope

T = TypeVar("T")
_GROUP, _GROUP_BYTES = 64, 8_000_000


def make_arrival(raw: bytes, envelope: Envelope, now: datetime) -> Arrival:
    """The mail as the inbox takes it: with the time, its Message-ID and the key that recognises a second copy."""
    message_id, digest = content_key(raw)
    return Arrival(raw=raw, envelope=envelope, received_at=now, message_id=message_id, digest=digest)


def in_groups(items: Iterable[T], size: Callable[[T], int]) -> Iterator[list[T]]:
    """A commit for many mails of an archive, one for a single mail; `size` tells an item's bytes."""
    group: list[T] = []
    total = 0
    for item in items:
        group.append(item)
        total += size(item)
        if len(group) >= _GROUP or total >= _GROUP_BYTES:
            yield group
            group, total = [], 0
    if group:
        yield group
