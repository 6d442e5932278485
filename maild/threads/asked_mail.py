"""A proven agent's mail whose orders only ask: it is answered at his own address, and nothing changes by it."""

from __future__ import annotations

from collections.abc import Sequence

from maild.errors import UsageError
from maild.people.team import Agent
from maild.threads.correspondence import order_letter
from maild.threads.draft import Draft
from maild.threads.facts import TicketFacts
from maild.threads.lookups import MAX_LOOKUPS, Lookup, ask_of
from maild.threads.model import Event, InboxState
from maild.threads.order_lines import Order
from maild.threads.orders.asking import asked
from maild.threads.orders.table import too_many
from maild.threads.orders.work import Done, Setting
from maild.threads.plan import Letter, Plan


def only_asks(orders: Sequence[Order]) -> bool:
    """Whether there are orders, and none of them would change anything."""
    return bool(orders) and all(ask_of(order.name) is not None for order in orders)


def asked_mail(draft: Draft, orders: Sequence[Order], at_hand: int | None) -> Plan:
    """Answer all of it, or say what is wrong. `at_hand` is the ticket that a question may leave out."""
    case, agent = draft.case, draft.case.sender.agent
    assert agent is not None
    # The mail is no message of any ticket: it says nothing about one.
    draft.ticket, draft.clocks = None, ()
    setting = Setting(
        agent=agent,
        language=case.practice.language_for(agent.language),
        now=draft.now,
        practice=case.practice,
        tickets=case.facts.tickets,
    )
    refused = too_many(orders, setting.language)
    found, wrong = ((), refused) if refused else _read(orders, setting, at_hand)
    if wrong:
        draft.letters.append(order_letter(draft.pen, agent, case.mail, done=wrong))
        return draft.seal(InboxState.OWN, f"{agent.id} asked what cannot be answered")
    draft.letters.append(answers(draft, agent, found))
    return draft.seal(InboxState.OWN, f"{agent.id} asked, and was answered at his own address")


def _read(
    orders: Sequence[Order], setting: Setting, at_hand: int | None
) -> tuple[tuple[tuple[str, Lookup], ...], tuple[Done, ...]]:
    """What is asked; and where one order is wrong, what to say of each."""
    found, done, nothing = list[tuple[str, Lookup]](), list[Done](), setting.say("not_done")
    for order in orders:
        ask = ask_of(order.name)
        assert ask is not None
        try:
            if len(found) >= MAX_LOOKUPS:
                raise UsageError(setting.say("too_many_asked", limit=MAX_LOOKUPS))
            found.append((order.line, asked(ask, order, setting, at_hand)))
            done.append(Done(line=order.line, effect=nothing, ok=True))
        except UsageError as error:
            done.append(Done(line=order.line, effect=str(error), ok=False))
    wrong = any(not one.ok for one in done)
    return tuple(found), tuple(Done(line=d.line, effect=d.effect, ok=False) for d in done) if wrong else ()


def answers(draft: Draft, agent: Agent, found: Sequence[tuple[str, Lookup]]) -> Letter:
    """The answers, with every ticket as this mail leaves it."""
    # Loaded here, since a pipe starts once per mail, and few mails ask anything.
    from maild.threads.answers import Known, answers_letter, with_change

    facts = draft.case.facts
    tickets: dict[int, TicketFacts] = dict(facts.tickets)
    events: dict[int, tuple[Event, ...]] = {}
    if draft.ticket is not None and (known := tickets.get(draft.ticket.id)) is not None:
        tickets[draft.ticket.id] = with_change(known, draft.ticket, draft.clocks, draft.message)
        events[draft.ticket.id] = tuple(draft.events)
    for change in draft.also:
        before = tickets.get(change.ticket.id, TicketFacts(ticket=change.ticket))
        tickets[change.ticket.id] = with_change(before, change.ticket, change.clocks, None)
        events[change.ticket.id] = change.events
    known_now = Known(tickets=tickets, answers=facts.lookups, events=events, now=draft.now)
    return answers_letter(draft.pen, agent, draft.case.mail, found, known_now)
