"""Orders on what is written: take it back, send an answer that waits, show a mail as it came, put in a canned text."""

from __future__ import annotations

import re
from dataclasses import replace

from maild.people.names import fold
from maild.sla.events import Happening as ClockHappening
from maild.threads import states
from maild.threads.model import Direction, Status, Ticket, Visibility
from maild.threads.order_lines import Order
from maild.threads.orders.work import Setting, Work, WrongError, bare, no_argument, unknown
from maild.threads.plan import Enclosed
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
    note = ("undone", action.what, f"done {action.at.isoformat()}")
    also = (*work.also, *back.also)
    after = replace(work, ticket=back.ticket, also=also, undone=(action, back.clocks), notes=(*work.notes, note))
    return after, setting.say("undone", what=action.what)


def send(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
    """The agent's answer that was held, because a colleague's went out meanwhile, leaves now."""
    no_argument(order, setting)
    mine = [h.message_id for h in setting.held if setting.agent is None or h.author == setting.agent.id]
    if not states.can(work.ticket.status, Happening.ANSWER):
        raise WrongError(setting.say("not_possible", status=work.ticket.status))
    if not mine or work.released:
        raise WrongError(setting.say("nothing_held"))
    if work.ticket.status is Status.SPAM:
        # A colleague has judged otherwise since; an answer that is written now is another matter.
        raise WrongError(setting.say("send_to_spam"))
    status = states.after(work.ticket.status, Happening.ANSWER)
    ticket = replace(work.ticket, status=status, solved_at=None, wake_at=None)
    happened = (*work.happened, ClockHappening.ANSWERED)
    notes = (*work.notes, ("answer", f"by {_writer(mine[-1], setting)}", "/send"))
    after = replace(work, ticket=ticket, released=(mine[-1],), happened=happened, notes=notes)
    return after, setting.say("sent_now")


def _writer(message_id: str, setting: Setting) -> str:
    author = next(h.author for h in setting.held if h.message_id == message_id)
    agent = setting.team.agent(author)
    return agent.name if agent is not None else author


def raw(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
    """The newest mail that came, or the one so many before it, goes to the agent whole, with everything attached."""
    facts = setting.tickets.get(work.ticket.id)
    came = [
        (m.inbox_id, m.subject)
        for m in reversed(facts.messages if facts is not None else ())
        if m.direction is Direction.IN and m.visibility is Visibility.PUBLIC and m.inbox_id is not None
    ]
    if not came:
        raise WrongError(setting.say("no_mail_here"))
    wanted = order.argument or "1"
    if not wanted.isascii() or not wanted.isdigit() or not 1 <= int(wanted[:9]) <= len(came):
        phrase = "no_such_mail" if len(came) > 1 else "one_mail"
        raise WrongError(setting.say(phrase, words=wanted, last=len(came)))
    inbox_id, subject = came[int(wanted) - 1]
    if setting.agent is None:
        raise WrongError(setting.say("raw_here", id=inbox_id))
    enclosed = Enclosed(inbox_id=inbox_id, filename=f"{work.ticket.number}-{inbox_id}.eml")
    return replace(work, enclosed=(*work.enclosed, enclosed)), setting.say("raw", subject=subject or "-")


def canned(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
    """Texts that lie ready stand in the agent's answer, in place of this line. The answer itself is made elsewhere."""
    names = " ".join(canned_called(work.ticket, order, setting))
    if setting.agent is None:
        raise WrongError(setting.say("canned_here", names=names, number=work.ticket.number))
    return work, setting.say("canned", names=names)


def canned_called(ticket: Ticket, order: Order, setting: Setting) -> tuple[str, ...]:
    """The canned texts that an order names. Raises WrongError, with what there is, for none and for unknown ones."""
    texts = setting.practice.canned
    called = tuple(name for word in re.split(r"[\s,;]+", order.argument) if (name := bare(word)))
    known = {fold(name): name for name in texts.names(ticket.language)}
    if not known:
        raise WrongError(setting.say("no_canned"))
    if not called:
        raise WrongError(setting.say("which_canned", names=" ".join(known.values())))
    for name in called:
        if fold(name) not in known:
            raise unknown("unknown_canned", name, known.values(), setting)
    return tuple(known[fold(name)] for name in called)
