"""Who is away and until when: by the files, by his own word, or by what his mail program answered.

Values and arithmetic only; who stands in for whom is said in `team.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

_DAYS = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\s*\.\.\s*(\d{4}-\d{2}-\d{2}))?", re.ASCII)
QUEUE = "queue"
"""In place of a deputy: his tickets go back to their queues."""


class Source(StrEnum):
    """Who says that an agent is away."""

    FILE = "file"  # `away` in teams.toml
    ORDER = "order"  # /away, or the admin at the command line
    MAIL = "mail"  # his mail program answered a letter of ours
    BACK = "back"  # nobody: he is here, whatever the files say of the days that had begun by then


@dataclass(frozen=True, kw_only=True, slots=True)
class Absence:
    """Somebody is away from `since` on; `until` None: until he says that he is back.

    `deputy` is an agent's id, "queue", or None where this absence names nobody.
    """

    agent: str
    source: Source
    since: datetime
    until: datetime | None
    deputy: str | None = None

    def holds(self, at: datetime) -> bool:
        """Whether he is away at that moment."""
        return self.source is not Source.BACK and self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, kw_only=True, slots=True)
class HereAgain:
    """An agent is here, and what these sources said of him counts no more."""

    agent: str
    address: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DaysAway:
    """Whole days away, the last one too."""

    first: date
    last: date

    @classmethod
    def parse(cls, text: str) -> DaysAway:
        """Read "2026-12-24..2027-01-08" or one day; ValueError where it is something else."""
        found = _DAYS.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"{text!r} is no days such as 2026-12-24..2027-01-08, and no one day")
        first = date.fromisoformat(found[1])
        last = date.fromisoformat(found[2]) if found[2] else first
        if last < first:
            raise ValueError(f"{text!r} ends before it begins")
        return cls(first=first, last=last)

    def begins(self, timezone: str) -> datetime:
        """The first moment of it, in UTC, by the wall clock there."""
        return _midnight(self.first, timezone)

    def ends(self, timezone: str) -> datetime:
        """The moment in which the last day is over."""
        return _midnight(self.last + timedelta(days=1), timezone)


def _midnight(day: date, timezone: str) -> datetime:
    return datetime.combine(day, time(0), tzinfo=ZoneInfo(timezone)).astimezone(UTC)


def of_files(agent: str, days: Iterable[DaysAway], timezone: str) -> list[Absence]:
    """What the files say of an agent, as absences."""
    return [Absence(agent=agent, source=Source.FILE, since=d.begins(timezone), until=d.ends(timezone)) for d in days]


def the_absence(found: Iterable[Absence], at: datetime) -> Absence | None:
    """What is so of one agent at that moment, of all that is said of him; None where he is here.

    Who is away twice is away until the later end. His word that he is back counts for more than the files.
    """
    said = list(found)
    back = max((a.since for a in said if a.source is Source.BACK), default=None)
    holds = [a for a in said if a.holds(at) and not (a.source is Source.FILE and back is not None and a.since <= back)]
    if not holds:
        return None
    last = max(holds, key=lambda a: (a.until is None, a.until or at))
    deputy = last.deputy or next((a.deputy for a in holds if a.deputy), None)
    return Absence(agent=last.agent, source=last.source, since=last.since, until=last.until, deputy=deputy)
