"""What orders work upon, and what they may ask of those who call them. The orders themselves stand beside this.

An order is a function of the work so far: values in, values out. What it would change of other tickets, of messages or
of letters lies in the Work until all orders of a mail have succeeded; when one has not, nothing of it is ever done.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches

from maild.errors import UsageError
from maild.messages.mail import Address
from maild.people.absence import Absence, HereAgain
from maild.people.names import fold
from maild.people.team import Agent, Team
from maild.sla.deadlines import TicketClock
from maild.sla.events import Happening as ClockHappening
from maild.threads.assignment import Chosen
from maild.threads.facts import TicketFacts
from maild.threads.lookups import Lookup
from maild.threads.model import HeldAnswer, Ticket, Undo
from maild.threads.order_lines import Order, ticket_numbers
from maild.threads.plan import Change, Enclosed
from maild.threads.practice import Practice
from maild.threads.words import HELP, say
from maild.threads.workload import Turn


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """An order with its effect, in the agent's language; `ok` False: it could not be done, and so nothing was."""

    line: str
    effect: str
    ok: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """Who orders (None: the admin at the command line), in whose language, at what time, and what is known.

    `tickets` are those that the orders may touch, the one at hand among them; `next_ticket` is the number that a new
    one would get.
    """

    agent: Agent | None
    language: str
    now: datetime
    practice: Practice
    tickets: Mapping[int, TicketFacts] = field(default_factory=dict)
    next_ticket: int = 0
    undo: Undo | None = None
    """The agent's last action on the ticket at hand, if it can be taken back."""
    held: tuple[HeldAnswer, ...] = ()
    """Answers on it that wait for their writers' word."""
    people: tuple[Address, ...] = ()
    """Customers of other tickets whom the names in the orders may mean."""

    @property
    def team(self) -> Team:
        return self.practice.team

    @property
    def actor(self) -> str:
        """Who stands in the history."""
        return self.agent.id if self.agent is not None else "admin"

    def say(self, key: str, **values: object) -> str:
        """A phrase in the language of whoever orders."""
        return say(self.language, key, **values)


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """A ticket as the orders so far would leave it, with everything else that they would do.

    `internal`: the text of the mail stays inside. `kept`: ids of messages that are no longer only proposed. `also`:
    what happens to other tickets. `happened`: what the ticket's clocks must hear, beside its change of status.
    `undone`: an action that is taken back, and the ticket's clocks as they were before it. `released`: Message-IDs of
    held answers that leave. `enclosed`: mails that the agent wants to have as they came.
    `asked`: what is asked, with the line that asks it.
    """

    ticket: Ticket
    internal: bool = False
    kept: tuple[int, ...] = ()
    also: tuple[Change, ...] = ()
    links: tuple[tuple[str, int], ...] = ()
    happened: tuple[ClockHappening, ...] = ()
    undone: tuple[Undo, tuple[TicketClock, ...]] | None = None
    released: tuple[str, ...] = ()
    enclosed: tuple[Enclosed, ...] = ()
    asked: tuple[tuple[str, Lookup], ...] = ()
    reason: str = ""
    """Why the ticket was handed on, in the words of who did."""
    chosen: Chosen | None = None
    """How it was given to one of several."""
    notes: tuple[tuple[str, str, str], ...] = ()
    """What the history tells beside what has changed: kind, detail, and because of what."""
    turns: tuple[Turn, ...] = ()
    """Whose turn it was, where an order gave the ticket to one of several."""
    absences: tuple[Absence, ...] = ()
    returned: tuple[HereAgain, ...] = ()
    """Who is away from now on, and who is here again."""


Handler = Callable[[Work, Order, Setting], tuple[Work, str]]
"""Carries one order out; raises UsageError with a sentence in the agent's language where it cannot be done."""


class WrongError(UsageError):
    """An order that cannot be carried out; its text is for the agent, in his language."""


_AROUND = " .,;:!\"'“”„«»‘’`*"
_COURTESY = re.compile(r"[\s,]*\b(?:please|pls|thanks|thank you|пожалуйста|спасибо)\Z", re.IGNORECASE)


def bare(words: str) -> str:
    """Words behind an order without what names nothing: quotation marks, punctuation and courtesy around them."""
    return _COURTESY.sub("", words.strip(_AROUND)).strip(_AROUND)


def no_argument(order: Order, setting: Setting) -> None:
    """Raises WrongError where words stand behind an order that takes none."""
    if order.argument.startswith("/"):
        raise WrongError(setting.say("one_order_a_line", words=order.argument))
    if not (words := bare(order.argument)):
        return
    if ticket_numbers(words, setting.practice.tag) and not re.search(r"[^\W\d_]{4}", words):
        raise WrongError(setting.say("one_ticket_a_mail", words=words))
    raise WrongError(setting.say("no_argument", name=order.name))


def needed(order: Order, setting: Setting) -> str:
    """The words behind an order. Raises WrongError where there are none."""
    if not order.argument:
        meant = HELP.get(setting.language, HELP["en"])[order.name][0].strip("[]")
        raise WrongError(setting.say("argument_missing", name=order.name, words=meant))
    return order.argument


def unknown(phrase: str, wanted: str, names: Iterable[str], setting: Setting) -> WrongError:
    """The error for a name that nobody has: with the nearest one, or with all there are."""
    known = list(names)
    near = get_close_matches(wanted, known, n=1)
    hint = setting.say("did_you_mean", name=near[0]) if near else setting.say("known", names=" ".join(known))
    return WrongError(setting.say(phrase, name=wanted) + hint)


def named(wanted: str, names: Mapping[str, str], setting: Setting, phrase: str, shown: Iterable[str] = ()) -> str:
    """What a word means among `names` (folded name -> value): the whole name, or the only one that begins so.

    Raises WrongError, which shows the nearest of the names `shown`, of all of them where none are given.
    """
    wanted = bare(wanted) or wanted
    key = fold(wanted)
    if key in names:
        return names[key]
    begun = {value for name, value in names.items() if key and name.startswith(key)}
    if len(begun) == 1:
        return begun.pop()
    if begun:
        raise WrongError(setting.say(phrase, name=wanted) + setting.say("known", names=" ".join(sorted(begun))))
    raise unknown(phrase, wanted, shown or names.keys(), setting)
