"""News on its way to a digest: whom so much has come for, and the lines that one transaction adds.

In a storm the same few people are told of everything. Somebody who had his share once has had it until the end of the
transaction, so he is counted no more, and all lines are written together.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from maild.messages.addresses import normal
from maild.store.digests import Line
from maild.store.keep import Keep
from maild.threads.budget import Budgets
from maild.threads.digest import digest_line
from maild.threads.plan import Letter


@dataclass(kw_only=True, slots=True)
class Gathering:
    """The news of one transaction; `now` is when its letters are made."""

    keep: Keep
    connection: Any
    budgets: Budgets
    now: datetime
    _lines: list[tuple[Line, datetime]] = field(default_factory=list)
    _waiting: Counter[str] = field(default_factory=Counter)
    _full: set[str] = field(default_factory=set)

    def flooded(self, address: str) -> str | None:
        """Why news for this person waits for a digest; None where he may have a letter of his own."""
        budgets, key = self.budgets, normal(address)
        if key not in self._full:
            since = self.now - budgets.notifications_within
            made = self.keep.budgets.news_to(self.connection, address, since, budgets.notifications)
            if made + self._waiting[key] < budgets.notifications:
                return None
            self._full.add(key)
        return f"{budgets.notifications} letters within {_minutes(budgets.notifications_within)} minutes"

    def add(self, letter: Letter, ready_at: datetime) -> None:
        """Tell of this letter in a digest, from `ready_at` on."""
        line = Line(to=letter.to[0], language=letter.language, ticket=letter.ticket, view=digest_line(letter))
        self._lines.append((line, ready_at))
        self._waiting[normal(letter.to[0].address)] += 1

    def write(self) -> None:
        """Keep what was added; whatever is asked after that finds it in the database."""
        self.keep.digests.add(self.connection, self._lines, self.now)
        self._lines.clear()
        self._waiting.clear()


def _minutes(time: timedelta) -> int:
    return int(time.total_seconds() // 60)
