"""A mail at the door becomes an arrival. It stands apart so that a pipe, which starts once per mail, loads no more."""

from __future__ import annotations

from datetime import datetime

from maild.messages.digest import content_key
from maild.messages.envelope import Arrival, Envelope


def make_arrival(raw: bytes, envelope: Envelope, now: datetime) -> Arrival:
    """The mail as the inbox takes it: with the time, its Message-ID and the key that recognises a second copy."""
    message_id, digest = content_key(raw)
    return Arrival(raw=raw, envelope=envelope, received_at=now, message_id=message_id, digest=digest)
