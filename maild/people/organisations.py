"""The customers' organisations, as `rules/teams.toml` names them: whose an address is, and what goes for all of them.

An address says so by itself, without any proof; what needs one stands where it is used.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from maild.people.free_mail import FREE_MAIL


@dataclass(frozen=True, kw_only=True, slots=True)
class Organisation:
    """People who belong together: all of these domains, and these addresses. Domains and addresses are normalised.

    `colleagues`: each of them takes part in the tickets of the others. `language` is the one of letters to them where a
    mail says none; `tags` are set on their tickets.
    """

    name: str
    domains: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    colleagues: bool = False
    language: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Organisations:
    """All of them. No domain and no address is of two; a domain inside another one is a domain of its own."""

    known: tuple[Organisation, ...] = ()
    _by_domain: dict[str, Organisation] = field(init=False, repr=False, compare=False)
    _by_address: dict[str, Organisation] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_domain", {d: one for one in self.known for d in one.domains})
        object.__setattr__(self, "_by_address", {a: one for one in self.known for a in one.addresses})

    @property
    def names(self) -> tuple[str, ...]:
        """Their names, in the order of the file."""
        return tuple(one.name for one in self.known)

    def of(self, address: str | None) -> Organisation | None:
        """Whose a normalised address is: by itself before its domain."""
        if not address or not self.known:
            return None
        return self._by_address.get(address) or self._by_domain.get(address.rpartition("@")[2])

    def colleagues(self, address: str | None, others: Iterable[str | None]) -> bool:
        """Whether somebody is a colleague of one of the others, in an organisation whose people take part together."""
        own = self._surely_of(address)
        return own is not None and own.colleagues and any(self._surely_of(other) == own for other in others)

    def _surely_of(self, address: str | None) -> Organisation | None:
        """Whose somebody is, a domain at which anybody can have a mailbox left aside: it makes nobody a colleague."""
        if not address or (address not in self._by_address and address.rpartition("@")[2] in FREE_MAIL):
            return None
        return self.of(address)
