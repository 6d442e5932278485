"""An agent's mail about himself: that he is away or here again; and what any mail of his says of that by being written.

Orders to that end in a reply about a ticket stand in `orders/absence.py`; who gets his tickets, in `assignment.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from maild.messages.mail import Mail, MailClass
from maild.people.absence import Absence, HereAgain, Source
from maild.people.team import Agent
from maild.threads.case import Sender
from maild.threads.correspondence import order_letter
from maild.threads.draft import Draft
from maild.threads.facts import Facts
from maild.threads.forwards import new_mail_closed
from maild.threads.model import InboxState
from maild.threads.order_lines import Order, orders_on_top
from maild.threads.order_mail import is_order_mail
from maild.threads.orders.absence import carry_out_presence
from maild.threads.orders.table import canonical
from maild.threads.orders.work import Done, Setting
from maild.threads.plan import Plan

_ABOUT_ONESELF = ("away", "back")


def presence_mail(draft: Draft) -> Plan | None:
    """A new mail of an agent's whose orders all are about himself; None for any other.

    No ticket is touched and nobody else is told, so a mail that only its signature proves is enough, as long as it was
    written to the desk.
    """
    case, agent = draft.case, draft.case.sender.agent
    if agent is None or not is_order_mail(draft):
        return None
    orders = [(canonical(order.name), order) for order in orders_on_top(case.mail)[0]]
    if any(name not in _ABOUT_ONESELF for name, _ in orders):
        return None
    # The mail is no message of any ticket, whatever it may answer.
    draft.ticket, draft.clocks = None, ()
    setting = Setting(
        agent=agent, language=case.practice.language_for(agent.language), now=draft.now, practice=case.practice
    )
    if (why := new_mail_closed(draft)) is not None:
        said = setting.say(why, reason=case.sender.proof.reason)
        return _answered(draft, agent, tuple(Done(line=o.line, effect=said, ok=False) for _, o in orders))
    named: Iterable[tuple[str, Order]] = ((name or "", order) for name, order in orders)
    found, done, _ = carry_out_presence(named, setting)
    for presence in found:
        draft.absences += presence.absences
        draft.returned += presence.returned
    return _answered(draft, agent, done)


def _answered(draft: Draft, agent: Agent, done: tuple[Done, ...]) -> Plan:
    draft.letters.append(order_letter(draft.pen, agent, draft.case.mail, done=done))
    effects = "; ".join(f"{one.line}: {one.effect}" for one in done)
    return draft.seal(InboxState.OWN, f"{agent.id} about himself: {effects}")


def came_back(mail: Mail, sender: Sender, facts: Facts) -> tuple[HereAgain, ...]:
    """That an agent is here, whose mail program says that he is not: he has written a mail himself."""
    agent = sender.agent
    if agent is None or not sender.proof.holds or mail.mail_class is not MailClass.PERSON:
        return ()
    if not any(a.agent == agent.id and a.source is Source.MAIL and a.holds(facts.now) for a in facts.absences):
        return ()
    return (HereAgain(agent=agent.id, address=agent.address, sources=(Source.MAIL,)),)


def but_for(absences: Iterable[Absence], returned: Iterable[HereAgain]) -> tuple[Absence, ...]:
    """What is said of agents without what counts no more."""
    gone = {(one.agent, source) for one in returned for source in one.sources}
    return tuple(absence for absence in absences if (absence.agent, absence.source) not in gone)


def with_return(plan: Plan, returned: tuple[HereAgain, ...]) -> Plan:
    """The plan in which they are here again."""
    return replace(plan, returned=(*plan.returned, *returned)) if returned else plan
