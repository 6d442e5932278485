"""A new mail of an agent's that begins with orders: it names its ticket itself, and answers no letter of ours.

What only asks is answered at once, since the answer goes to the agent's own address and to nobody else. Such a mail
bears no signed address. So what would change a ticket is done only where the agent has just logged in to the desk's own
listener, or has confirmed it by one reply; until then it is kept with its ticket and he is asked.
"""

from __future__ import annotations

from dataclasses import replace

from maild.threads.agents import orders_of_new_mail
from maild.threads.asked_mail import asked_mail, only_asks
from maild.threads.correspondence import order_letter
from maild.threads.draft import Draft
from maild.threads.lookups import OF_TICKET, ask_of
from maild.threads.model import InboxState
from maild.threads.order_lines import Order, orders_on_top, ticket_numbers
from maild.threads.orders.table import canonical, help_text, too_many, unknown_order
from maild.threads.orders.work import Done, Setting, WrongError
from maild.threads.plan import Plan
from maild.threads.unproven import unverified

AT_ONCE = ("session", "confirmed")
"""Proofs that nobody can replay."""


def is_order_mail(draft: Draft) -> bool:
    """Whether a proven agent's new mail begins with an order."""
    sender = draft.case.sender
    if sender.agent is None or not sender.proof.holds or draft.thread.claim is not None:
        return False
    return bool(orders_on_top(draft.case.mail)[0])


def order_mail(draft: Draft) -> Plan:
    """Carry the orders out, ask first, or say what is wrong with them."""
    case, agent = draft.case, draft.case.sender.agent
    assert agent is not None
    orders, text = orders_on_top(case.mail)
    if only_asks(orders):
        return asked_mail(draft, orders, next(iter(case.clues.tickets_named), draft.thread.ticket))
    language = case.practice.language_for(agent.language)
    if all(canonical(order.name) == "help" for order in orders):
        return _helped(draft, orders)
    if refused := too_many(orders, language):
        draft.letters.append(order_letter(draft.pen, agent, case.mail, done=refused))
        return draft.seal(InboxState.OWN, f"too many orders of {agent.id}; nothing was done")
    number, orders = _addressed(draft, orders)
    found = case.facts.tickets.get(number) if number is not None else None
    if found is None:
        named = case.practice.ticket_number(number) if number is not None else None
        return _refused(draft, orders, named)
    draft.turn_to(found)
    if case.sender.proof.kind not in AT_ONCE:
        return unverified(draft, found.ticket, "new_mail")
    return orders_of_new_mail(draft, found.ticket, orders, text)


def _addressed(draft: Draft, orders: tuple[Order, ...]) -> tuple[int | None, tuple[Order, ...]]:
    """The ticket that the first order names (else the subject), and the orders without it."""
    tag, number, bare = draft.case.practice.tag, None, list[Order]()
    for order in orders:
        if ask_of(order.name) not in (None, *OF_TICKET):
            bare.append(order)  # a number among words that are looked for names no ticket
            continue
        first, _, rest = order.argument.partition(" ")
        numbers = ticket_numbers(first, tag)
        if len(numbers) == 1 and first and number in (None, numbers[0]):
            number = numbers[0]
            bare.append(replace(order, argument=rest.strip()))
        else:
            bare.append(order)
    if number is None:
        number = next(iter(draft.case.clues.tickets_named), None)
    return number, tuple(bare)


def _refused(draft: Draft, orders: tuple[Order, ...], named: str | None) -> Plan:
    case, setting = draft.case, _setting(draft)
    agent = setting.agent
    assert agent is not None
    done = tuple(Done(line=o.line, effect=_why_refused(o, named, setting), ok=False) for o in orders)
    draft.letters.append(order_letter(draft.pen, agent, case.mail, done=done))
    return draft.seal(InboxState.OWN, f"orders of {agent.id} that name no ticket of ours; nothing was done")


def _why_refused(order: Order, named: str | None, setting: Setting) -> str:
    if canonical(order.name) is None:
        return str(unknown_order(order.name, setting))
    if named is not None:
        return setting.say("no_such_ticket", number=named)
    return setting.say("name_a_ticket", name=order.name, tag=setting.practice.tag)


def _helped(draft: Draft, orders: tuple[Order, ...]) -> Plan:
    """What orders there are is told without a ticket."""
    setting, done = _setting(draft), list[Done]()
    agent = setting.agent
    assert agent is not None
    for order in orders:
        try:
            done.append(Done(line=order.line, effect=help_text(order, setting, setting.language), ok=True))
        except WrongError as error:
            done.append(Done(line=order.line, effect=str(error), ok=False))
    draft.letters.append(order_letter(draft.pen, agent, draft.case.mail, done=tuple(done)))
    return draft.seal(InboxState.OWN, f"{agent.id} asked what orders there are")


def _setting(draft: Draft) -> Setting:
    case, agent = draft.case, draft.case.sender.agent
    assert agent is not None
    language = case.practice.language_for(agent.language)
    return Setting(agent=agent, language=language, now=draft.now, practice=case.practice)
