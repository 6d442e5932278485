"""The orders above a mail that an agent passes on: upon the ticket to which that mail came. All of them or none."""

from __future__ import annotations

from maild.threads.changes import clock_happenings
from maild.threads.draft import Draft
from maild.threads.facts import TicketFacts
from maild.threads.lookups import ask_of
from maild.threads.notices import Handed, handover
from maild.threads.orders.table import canonical, carry_out
from maild.threads.orders.work import Done, Setting

_NOT_HERE = frozenset({"keep", "split", "merge", "send", "undo", "raw", "help", "canned", "away", "back"})
"""Orders on what came and what was done before; the mail has just come, so nothing of the kind can be meant."""


def follow_orders(draft: Draft) -> None:
    """Carry out what stands above the forward; where one order is wrong, none is done, and the mail is kept all the
    same. What became of them is added to `draft.done`.
    """
    passed_on, before = draft.case.passed_on, draft.ticket
    if passed_on is None or not passed_on.orders or before is None:
        return
    case, agent = draft.case, passed_on.agent
    known = {before.id: TicketFacts(ticket=before), **case.facts.tickets}
    language = case.practice.language_for(agent.language)
    setting = Setting(
        agent=agent,
        language=language,
        now=draft.now,
        practice=case.practice,
        tickets=known,
        people=case.facts.people,
    )
    strange = {o for o in passed_on.orders if canonical(o.name) in _NOT_HERE or ask_of(o.name) is not None}
    if strange:
        nothing, why = setting.say("not_done"), setting.say("not_above_forward")
        done = tuple(Done(line=o.line, effect=why if o in strange else nothing, ok=False) for o in passed_on.orders)
        carried = None
    else:
        carried = carry_out(before, passed_on.orders, setting)
        done = carried.done
    draft.done += done
    if carried is None or carried.error:
        detail = "; ".join(f"{one.line}: {one.effect}" for one in done)
        draft.note("refused", detail, "no order above the forward was done", actor=agent.id)
        return
    draft.change(carried.ticket, "agent's mail", actor=agent.id)
    draft.turns += carried.work.turns
    for kind, detail, because in carried.work.notes:
        draft.note(kind, detail, because, agent.id)
    assert draft.ticket is not None
    draft.run_clocks(*carried.work.happened, *clock_happenings(before, draft.ticket))
    if not draft.is_new:
        history = known[before.id].messages
        handed = Handed(reason=carried.work.reason, chosen=carried.work.chosen)
        draft.letters.extend(handover(draft.pen, before, draft.ticket, agent.id, history, draft.respond_by(), handed))
