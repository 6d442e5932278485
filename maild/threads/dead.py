"""Addresses that take no mail: what it takes to call one dead, for how long, and what shows that it lives.

A dead address gets no automatic letters; an agent's answer goes all the same. Nothing here knows how a refusal came to
us: from the relay, or in a delivery report about a letter of ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from maild.messages.addresses import normal

BELIEVED_AFTER = timedelta(days=1)
"""Age of the last refusal from which on an unproven mail counts as a sign of life: anybody can write a From."""
_ABOUT_OURSELVES = ("5.1.7", "5.1.8", "5.3.4", "5.5.", "5.6.")
"""Refusals that speak of our sender, of the mail's size, form or alphabet, or of the dialogue (RFC 3463)."""
_LONGEST = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """An address that was refused for good: the enhanced status (RFC 3463), and the other server's words."""

    address: str
    status: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadAddress:
    """What is known of an address that refused mail. `until` None: once only, and nothing follows from it yet."""

    address: str
    bounces: int
    last_at: datetime
    until: datetime | None
    status: str
    reason: str

    def suppressed(self, now: datetime) -> bool:
        """Whether it gets no automatic letters now."""
        return self.until is not None and now < self.until


def after_refusal(before: DeadAddress | None, refusal: Refusal, now: datetime, period: timedelta) -> DeadAddress | None:
    """What is known of the address now; None where the refusal says nothing about it.

    One "no such mailbox" is enough; of a refusal that may have been about the mail's content it takes two in a period.
    """
    if not refusal.status.startswith("5.") or refusal.status.startswith(_ABOUT_OURSELVES):
        return None
    bounces = before.bounces + 1 if before is not None and now - before.last_at < period else 1
    until = now + period if bounces > 1 or _is_gone(refusal.status) else None
    return DeadAddress(
        address=refusal.address,
        bounces=bounces,
        last_at=now,
        until=until,
        status=refusal.status,
        reason=refusal.reason[:_LONGEST],
    )


def after_refusals(
    known: Mapping[str, DeadAddress], refusals: Iterable[Refusal], now: datetime, period: timedelta
) -> tuple[DeadAddress, ...]:
    """The same for several; each address counts once."""
    by_key = {normal(r.address): r for r in refusals}
    found = (after_refusal(known.get(key), refusal, now, period) for key, refusal in by_key.items())
    return tuple(one for one in found if one is not None)


def _is_gone(status: str) -> bool:
    """No such mailbox, no such domain, or switched off (RFC 3463, 3.2 and 3.3)."""
    return status.startswith("5.1.") or status == "5.2.1"


def lives(known: DeadAddress, now: datetime, *, proven: bool) -> bool:
    """Whether a mail from this address shows that it takes mail: a proven one at once, any other after a day."""
    return proven or now - known.last_at >= BELIEVED_AFTER
