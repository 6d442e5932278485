"""Budgets that no header can talk away: acknowledgements per domain and over all, and news to one person.

Pure: how much was spent is counted by `store/budgets.py`. What one address and one ticket get is judged before, in
`customers.py` and by the outbox's unique keys; the ladder per ticket and recipient stands in `ladder.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from maild.people.free_mail import FREE_MAIL

DOMAIN_WINDOW = timedelta(hours=1)
STORM_WINDOW = timedelta(minutes=10)

BIG_DOMAINS = FREE_MAIL
"""Where very many people who do not know each other have their mailboxes."""
_SECOND_LEVELS = frozenset({"ac", "co", "com", "edu", "gov", "msk", "net", "or", "org", "spb"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Budgets:
    """The figures of [limits]; docs/settings.md says what each is for."""

    per_domain: int = 30
    per_big_domain: int = 300
    big_domains: frozenset[str] = BIG_DOMAINS
    storm: int = 500
    notifications: int = 20
    notifications_within: timedelta = timedelta(minutes=10)
    digest_every: timedelta = timedelta(minutes=15)

    def of_domain(self, organisation: str) -> int:
        """How many acknowledgements an hour the addresses of one organisation get together."""
        return self.per_big_domain if organisation in self.big_domains else self.per_domain


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """What is counted for one acknowledgement; each figure is counted no further than its budget."""

    to_domain: int
    """Acknowledgements that the domain wanted within DOMAIN_WINDOW, given or not: or one domain could hold the
    breaker open, which gives it none that would count."""
    wanted: int
    """Acknowledgements that were wanted from us within STORM_WINDOW, given or not."""
    stopped: bool
    """Whether the breaker is open."""


class Breaker(Enum):
    """What becomes of the breaker that stops all acknowledgements."""

    STAYS = "stays"
    OPENS = "opens"
    CLOSES = "closes"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Whether an acknowledgement may go; `refused` says why not. `counts`: it is one that was wanted from us."""

    refused: str | None
    breaker: Breaker = Breaker.STAYS
    counts: bool = True


def organisation(address: str) -> str:
    """What an address's domain is counted under: its last two labels, three where the second is one like `co`.

    Whoever has a domain has as many names below it as he likes, so those are one.
    """
    labels = address.rpartition("@")[2].lower().rstrip(".").split(".")
    short_country = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVELS
    return ".".join(labels[-3:] if short_country else labels[-2:])[:255]


def judge(spent: Spent, budgets: Budgets, domain: str) -> Verdict:
    """Whether one more acknowledgement may go to an address of this organisation, and what it does to the breaker."""
    if spent.to_domain >= budgets.of_domain(domain):
        # Not counted as wanted: one domain that floods us must not stop the acknowledgements of all others.
        return Verdict(refused=f"addresses of {domain} wanted enough acknowledgements this hour", counts=False)
    if spent.stopped:
        if storm_is_over(spent.wanted, budgets):
            return Verdict(refused=None, breaker=Breaker.CLOSES)
        return Verdict(refused="acknowledgements are stopped while so many mails come at once")
    if spent.wanted >= budgets.storm:
        why = f"{budgets.storm} acknowledgements within {int(STORM_WINDOW.total_seconds() // 60)} minutes"
        return Verdict(refused=f"{why}: they are stopped until it is quiet again", breaker=Breaker.OPENS)
    return Verdict(refused=None)


def storm_is_over(wanted: int, budgets: Budgets) -> bool:
    """Whether so few are wanted again that the breaker closes: half of what opens it, or it would flutter."""
    return wanted <= budgets.storm // 2
