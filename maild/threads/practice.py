"""How this desk works: everything that settings and rules say, as the judgement needs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from maild.messages.addresses import normal, split_plus
from maild.messages.mail import Address
from maild.messages.tokens import Mint
from maild.people.team import Team
from maild.routing.rules import RuleSet
from maild.sla.calendar import Calendar
from maild.threads.budget import Budgets
from maild.threads.periods import Weekly
from maild.threads.promises import Promises
from maild.threads.texts import CannedTexts, NoCannedTexts
from maild.threads.workload import Workload

if TYPE_CHECKING:
    from maild.threads.kb import Article


@dataclass(frozen=True, kw_only=True, slots=True)
class Practice:
    """One desk's ways. `revision` names the rule files it was made from."""

    name: str
    address: str
    own_addresses: frozenset[str]
    """Every address that is ours, normalised: the desk's, its aliases, the queues'."""
    tag: str
    languages: tuple[str, ...]
    timezone: str
    team: Team
    rules: RuleSet
    promises: Promises
    mint: Mint
    authserv_ids: frozenset[str]
    reopen_window: timedelta
    acknowledgements_per_hour: int
    acknowledgements_per_day: int
    revision: str
    weekly: Weekly = field(default_factory=Weekly)
    """Who gets the report of each week, and when."""
    suppress_for: timedelta = timedelta(days=30)
    """How long an address that refused mail for good gets no automatic letters."""
    undo_delay: timedelta = timedelta(0)
    """How long an answer waits before it leaves, so that it can be taken back."""
    delay_notice: timedelta = timedelta(hours=4)
    """Age of an answer that has not left at which the agents are told."""

    budgets: Budgets = field(default_factory=Budgets)
    """How many automatic letters are too many."""

    workload: Workload = field(default_factory=Workload)
    """Everybody's work at the moment of a decision; empty where nothing is shared out."""

    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    """The working times of sla.toml, by their names."""

    kb: Sequence[Article] = ()
    """The knowledge base; it may be read only when it is asked."""

    on_behalf: frozenset[str] = frozenset()
    """Addresses in From, normalised, that write for others: whom they name is who asked."""

    webhooks: Mapping[str, str] = field(default_factory=dict)
    """Other programs that may be called, by their names: the address of each as it may be shown."""

    canned: CannedTexts = field(default_factory=NoCannedTexts)
    """Texts that lie ready for answers."""

    @property
    def zone(self) -> ZoneInfo:
        """The desk's time zone."""
        return ZoneInfo(self.timezone)

    def is_ours(self, address: str) -> bool:
        """Whether an address is the desk's own, plus detail left aside."""
        local, _, domain = split_plus(normal(address))
        return f"{local}@{domain}" in self.own_addresses

    def is_staff(self, address: str) -> bool:
        """Whether an address is an agent's, plus detail left aside; it proves nothing about who writes from it."""
        whole = normal(address)
        local, _, domain = split_plus(whole)
        by = self.team.agent_by_address
        return by(whole) is not None or by(f"{local}@{domain}") is not None

    def organisation_of(self, address: str | None) -> str:
        """The name of the organisation that somebody outside belongs to; "" where none is known."""
        return self.team.organisation_of(address)

    def ticket_number(self, ticket: int) -> str:
        """How people see a ticket's number."""
        return f"{self.tag}-{ticket}"

    def language_for(self, *wishes: str) -> str:
        """The first wish that letters exist in; else English for who writes another, else the first language."""
        for wish in wishes:
            if wish in self.languages:
                return wish
        if any(wishes) and "en" in self.languages:
            return "en"
        return self.languages[0]

    def sender(self, name: str = "") -> Address:
        """The desk's own From."""
        return Address(name=name or self.name, address=self.address)
