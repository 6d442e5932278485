"""Orders on what has been written: take the last action back, send an answer that waits."""

from __future__ import annotations

from dataclasses import replace

from maild.sla.events import Happening as ClockHappening
from maild.threads import states
from maild.threads.order_lines import Order
from maild.threads.orders.work import Setting, Work, WrongError, no_argument
from maild.threads.states import Happening
from maild.threads.undo import taken_back


def undo(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
    """The agent's last action on this ticket is taken back: his answer, as long as it waits, and his orders."""
    no_argument(order, setting)
    action = setting.undo
    if action is None or work.undone is not None:
        raise WrongError(setting.say("nothing_to_undo"))
    if action.left:
        raise WrongError(setting.say("answer_left"))
    back = taken_back(work.ticket, action, setting.tickets, setting.now)
    if back is None:
        raise WrongError(setting.say("changed_since"))
    after = replace(work, ticket=back.ticket, also=(*work.also, *back.also), undone=(action, back.clocks))
    return after, setting.say("undone", what=action.what)


def send(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
    """The agent's answer that was held, because a colleague's went out meanwhile, leaves now."""
    no_argument(order, setting)
    mine = [h.message_id for h in setting.held if setting.agent is None or h.author == setting.agent.id]
    if not mine or work.released:
        raise WrongError(setting.say("nothing_held"))
    if not states.can(work.ticket.status, Happening.ANSWER):
        raise WrongError(setting.say("not_possible", status=work.ticket.status))
    status = states.after(work.ticket.status, Happening.ANSWER)
    ticket = replace(work.ticket, status=status, solved_at=None, wake_at=None)
    happened = (*work.happened, ClockHappening.ANSWERED)
    return replace(work, ticket=ticket, released=(mine[-1],), happened=happened), setting.say("sent_now")
