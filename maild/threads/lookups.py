"""Orders that only ask: what each wants to know, told from its words, and what the store answers.

A mail's first lines are read for them before anything is decided; the store answers while it gathers the facts. Whether
he who asks may know it is judged later, and what becomes of the answers in a letter stands in `answers.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from maild.people.names import who_is_meant
from maild.people.team import Agent, Team
from maild.routing.fold import fold
from maild.threads.model import UNFINISHED, Event, Message, Status, Ticket
from maild.threads.order_lines import Order, ticket_numbers
from maild.threads.periods import Span, read_span
from maild.threads.search import read_query

if TYPE_CHECKING:
    from maild.threads.report import Rows


class Ask(StrEnum):
    """What can be asked."""

    SHOW = "show"
    HISTORY = "history"
    WHY = "why"
    LIST = "list"
    SEARCH = "search"
    REPORT = "report"
    KB = "kb"


OF_TICKET = frozenset({Ask.SHOW, Ask.HISTORY, Ask.WHY})
"""What is asked about one ticket."""
MAX_LOOKUPS = 5
"""Questions of one mail that are answered."""
MAX_ROWS = 20
"""Tickets of a list that are shown."""
MAX_EVENTS = 100
ASK_WORDS: Mapping[Ask, str] = {
    Ask.SHOW: "view показать покажи",
    Ask.HISTORY: "log история",
    Ask.WHY: "explain почему",
    Ask.LIST: "tickets список заявки",
    Ask.SEARCH: "find найти поиск найди",
    Ask.REPORT: "figures отчет статистика",
    Ask.KB: "article articles статья статьи знания",
}
"""Other words for these orders."""
PEOPLE_WORDS: Mapping[str, str] = {
    "assign": "give передать назначить отдать передай назначь отдай",
    "cc": "copy копия",
    "uncc": "убрать-копию",
    "add": "allow добавить",
    "requester": "customer from заявитель клиент",
}
"""Orders that name people, and other words for them: a name without an address is looked for among the customers."""
_GIVING = frozenset({"assign", *PEOPLE_WORDS["assign"].split()})
_LONGEST_NAME = 200
_WORDS = re.compile(r"[\w'’-]*\w")
_LISTS = {
    "": "mine", "mine": "mine", "my": "mine", "мои": "mine", "мое": "mine", "overdue": "overdue", "late": "overdue",
    "просроченные": "overdue", "просрочено": "overdue", "new": "new", "новые": "new", "all": "all", "все": "all",
    "queue": "queue", "очередь": "queue",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """Which tickets a list has."""

    statuses: tuple[Status, ...] = UNFINISHED
    assignee: str | None = None
    queues: tuple[str, ...] | None = None
    overdue: bool = False

    def fits(self, ticket: Ticket, now: datetime) -> bool:
        """Whether a ticket is one of them."""
        return (
            ticket.status in self.statuses
            and self.assignee in (None, ticket.assignee)
            and (self.queues is None or ticket.queue in self.queues)
            and not (self.overdue and (ticket.due_at is None or ticket.due_at >= now))
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Lookup:
    """One question. `ticket` None in a question about a ticket: the one at hand, whichever that is."""

    kind: Ask
    ticket: int | None = None
    words: str = ""
    listing: Listing | None = None
    span: Span | None = None
    queue: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The first tickets of a list or a search, in their order, and how many there are."""

    tickets: tuple[Ticket, ...] = ()
    total: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """What a decision wrote down about a mail; `decision` None where it is kept no longer."""

    inbox_id: int
    at: datetime
    decision: Mapping[str, object] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """What is known of a ticket beside itself: its last messages, its last events, how many of each there are.

    `judged`: the mail that opened it, and the last one if that is another. `links`: kinds and numbers of other tickets.
    """

    messages: tuple[Message, ...] = ()
    message_count: int = 0
    events: tuple[Event, ...] = ()
    event_count: int = 0
    judged: tuple[Judged, ...] = ()
    links: tuple[tuple[str, int], ...] = ()


Answer: TypeAlias = "Found | Past | Rows"


class AskError(ValueError):
    """A question that cannot be understood; it names a phrase for whoever asks, and the phrase's values."""

    def __init__(self, phrase: str, **values: object) -> None:
        super().__init__(phrase)
        self.phrase = phrase
        self.values = values


def ask_of(word: str) -> Ask | None:
    """What a name of an order asks; None for one that asks nothing."""
    return _NAMES.get(word)


_NAMING_PEOPLE = frozenset(word for name, words in PEOPLE_WORDS.items() for word in (name, *words.split()))
_NAMES = {name: ask for ask, words in ASK_WORDS.items() for name in (str(ask), *words.split())}


def read_lookups(orders: Iterable[Order], agent: Agent, team: Team, tag: str) -> tuple[Lookup, ...]:
    """What these orders ask, as far as it can be understood; the first few of them."""
    found = dict[Lookup, None]()
    for order in orders:
        ask = ask_of(order.name)
        if ask is None or len(found) == MAX_LOOKUPS:
            continue
        try:
            found[read_lookup(ask, order.argument, agent, team, tag)] = None
        except AskError:
            continue  # he is told when the orders are judged
    return tuple(found)


def people_sought(orders: Iterable[Order], team: Team) -> tuple[Lookup, ...]:
    """Whom orders name without an address, where it is nobody of the team: tickets whose words hold the name."""
    names = (
        " ".join(_WORDS.findall(name))
        for order in orders
        if order.name in _NAMING_PEOPLE
        for name in names_without_address(order.argument)
        if order.name not in _GIVING or not who_is_meant(name, team.agents)
    )
    found = dict.fromkeys(Lookup(kind=Ask.SEARCH, words=name) for name in names if not read_query(name).empty)
    return tuple(found)[:MAX_LOOKUPS]


def names_without_address(words: str) -> tuple[str, ...]:
    """Those of several people, divided by commas, of whom no address is given."""
    return tuple(name.strip() for name in re.split("[,;]", words[:_LONGEST_NAME]) if name.strip() and "@" not in name)


def read_lookup(ask: Ask, words: str, agent: Agent | None, team: Team, tag: str) -> Lookup:
    """What the words behind an order ask. Raises AskError."""
    if ask in OF_TICKET:
        numbers = ticket_numbers(words, tag)
        if words and len(numbers) != 1:
            raise AskError("one_ticket", name=ask, tag=tag)
        return Lookup(kind=ask, ticket=numbers[0] if numbers else None)
    if ask is Ask.SEARCH:
        if read_query(words).empty:
            raise AskError("no_words", name=ask)
        return Lookup(kind=ask, words=words)
    if ask is Ask.REPORT:
        span, name = read_span(words)
        return Lookup(kind=ask, span=span, queue=_queues(fold(name), agent, team)[0] if name else None)
    if ask is Ask.KB:
        return Lookup(kind=ask, words=words.strip())
    return Lookup(kind=ask, listing=_listing(words, agent, team))


def _listing(words: str, agent: Agent | None, team: Team) -> Listing:
    first, _, rest = words.strip().casefold().replace("ё", "е").partition(" ")
    what = _LISTS.get(first)
    if what is None or (rest and what != "queue"):
        raise AskError("no_such_list", words=words)
    if what == "mine":
        return Listing(assignee=agent.id if agent is not None else "")
    if what == "queue":
        return Listing(queues=_queues(rest.strip(), agent, team))
    return Listing(statuses=(Status.NEW,)) if what == "new" else Listing(overdue=what == "overdue")


def _queues(name: str, agent: Agent | None, team: Team) -> tuple[str, ...]:
    """The queue of this name or beginning; without a name those that the agent serves."""
    if not name:
        return tuple(q.name for q in team.queues if agent is not None and agent.id in (*q.agents, q.lead))
    folded = {q.name.casefold().replace("ё", "е"): q.name for q in team.queues}
    begun = [folded[name]] if name in folded else [full for low, full in folded.items() if low.startswith(name)]
    if len(begun) != 1:
        raise AskError("unknown_queue_of", name=name, names=" ".join(q.name for q in team.queues))
    return (begun[0],)
