"""Who may come in: how many connections at once, in all and from one peer, and who has to go for a new client.

The limits of a session stand here too, since admins set them together; keeping them is the session's work.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from maild.errors import DataError
from maild.messages.hops import MOST_SERVERS

_IPV6_CUSTOMER = 64
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How much a peer may ask for."""

    connections: int = 2000
    """At once, trusted relays among them."""
    strangers: int = 100
    """At once from peers that are no trusted relays."""
    per_peer: int = 20
    """At once from one such peer, or from one IPv6 network of a single customer (/64)."""
    recipients: int = 100
    errors: int = 5
    commands: int = 1000
    """Since the session began or brought its last mail, as for `session`."""
    session: timedelta = timedelta(minutes=10)
    """How long a session may last; the time that mails take to come in does not count."""
    idle: timedelta = timedelta(minutes=5)
    """How long a command may keep us waiting (RFC 5321, 4.5.3.2.7)."""
    patience: timedelta = timedelta(seconds=10)
    """How long somebody may keep us waiting in the middle of a mail while all places are taken and others come."""
    min_rate: int = 500
    """Bytes a second that a mail must come in at, looked at once a `rate_window`."""
    rate_window: timedelta = timedelta(seconds=60)
    received_fields: int = MOST_SERVERS
    """More of them, and the mail goes round in circles."""


class Guest(Protocol):
    """A connection as the gate sees it."""

    peer: str
    trusted: bool

    @property
    def idle_since(self) -> float | None:
        """Since when it has been waiting (the loop's time) without having begun a mail; None while it delivers one."""
        ...

    @property
    def stalled(self) -> float:
        """For how many seconds it has kept us waiting, in the middle of a mail too; 0 while it is our turn."""
        ...

    def turn_out(self, reply: str) -> None:
        """Say this and hang up."""
        ...


class Relays:
    """Addresses and networks of the trusted relays; raises DataError for what is neither."""

    def __init__(self, names: Iterable[str]) -> None:
        self._networks = tuple(_network(name) for name in names)

    def __contains__(self, peer: object) -> bool:
        try:
            address = ipaddress.ip_address(str(peer))
        except ValueError:
            return False
        return any(address in network for network in self._networks)


class Gate:
    """Counts connections and lets a new one in, if need be at the cost of the one that has idled longest."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._guests: set[Guest] = set()
        self._per_peer: Counter[str] = Counter()
        self._strangers = 0
        self.refused = 0
        """Connections that were not let in, and those that had to go for others, since the start."""

    @property
    def inside(self) -> int:
        """How many connections there are."""
        return len(self._guests)

    def admit(self, guest: Guest) -> str | None:
        """Let a new connection in; the reply it gets instead where that cannot be."""
        reply = self._admit(guest)
        self.refused += reply is not None
        return reply

    def _admit(self, guest: Guest) -> str | None:
        # Who is not known ("") is no single peer: only the number of all strangers holds for them.
        if not guest.trusted and guest.peer and self._per_peer[share_of(guest.peer)] >= self._limits.per_peer:
            return "421 4.7.0 Too many connections from your address"
        if not guest.trusted and self._strangers >= self._limits.strangers:
            found = self._free_a_place(stranger for stranger in self._guests if not stranger.trusted)
        elif len(self._guests) >= self._limits.connections:
            found = self._free_a_place(self._guests)
        else:
            found = True
        if not found:
            return "421 4.3.2 Too many connections, try again later"
        self._guests.add(guest)
        if not guest.trusted:
            self._per_peer[share_of(guest.peer)] += 1
            self._strangers += 1
        return None

    def leave(self, guest: Guest) -> None:
        """A connection is gone; does nothing for one that was never let in or has left already."""
        if guest not in self._guests:
            return
        self._guests.remove(guest)
        if guest.trusted:
            return
        self._strangers -= 1
        share = share_of(guest.peer)
        self._per_peer[share] -= 1
        if not self._per_peer[share]:
            del self._per_peer[share]

    def _free_a_place(self, candidates: Iterable[Guest]) -> bool:
        longest = self._who_may_go(list(candidates))
        if longest is None:
            return False
        self.leave(longest)
        self.refused += 1
        longest.turn_out("421 4.3.2 Others are waiting, try again later")
        return True

    def _who_may_go(self, candidates: Sequence[Guest]) -> Guest | None:
        idle = [(since, id(one), one) for one in candidates if (since := one.idle_since) is not None]
        if idle:
            return min(idle)[2]
        # Nobody is idle: then nobody may sit on a place by having begun a mail that he does not go on with.
        stalled = [(one.stalled, id(one), one) for one in candidates]
        seconds, _, longest = max(stalled, default=(0.0, 0, None))
        return longest if seconds > self._limits.patience.total_seconds() else None


def plain_address(peername: object) -> str:
    """The peer's address as text: without port and zone, IPv4 as IPv4 even on a socket for both; "" where unknown."""
    if not isinstance(peername, tuple) or not peername:
        return ""
    try:
        address = ipaddress.ip_address(str(peername[0]).partition("%")[0])
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def share_of(peer: str) -> str:
    """What counts as one peer: an address, or the /64 that an IPv6 customer has to himself; "" where unknown."""
    if ":" not in peer:
        return peer
    return str(ipaddress.IPv6Network((peer, _IPV6_CUSTOMER), strict=False))


def _network(name: str) -> _Network:
    try:
        return ipaddress.ip_network(name, strict=False)
    except ValueError:
        raise DataError(f"{name!r} is neither an address nor a network") from None
