"""The draft that a case begins with: the ticket that its mail is about, also where that has gone on elsewhere."""

from __future__ import annotations

from dataclasses import replace

from maild.threads.case import Case
from maild.threads.correspondence import Pen
from maild.threads.draft import Draft
from maild.threads.match import Thread
from maild.threads.model import Status


def begin_draft(case: Case, thread: Thread, *, load: bool = True) -> Draft:
    """An empty draft of the case, on the thread's ticket where there is one; without `load` on none."""
    facts = case.facts
    pen = Pen(practice=case.practice, source="i", number=facts.inbox_id, now=facts.now)
    draft = Draft(case=case, thread=thread, pen=pen)
    found = facts.tickets.get(thread.ticket) if thread.ticket is not None and load else None
    if found is not None:
        draft.turn_to(found)
        _follow_merge(draft)
    return draft


def _follow_merge(draft: Draft) -> None:
    """A ticket that was merged goes on elsewhere, for everybody who takes part there."""
    case, seen = draft.case, set[int]()
    while draft.ticket is not None and draft.ticket.status is Status.MERGED and draft.ticket.id not in seen:
        seen.add(draft.ticket.id)
        found = case.facts.tickets.get(case.facts.followed_by.get(draft.ticket.id, -1))
        if found is None:
            return
        draft.turn_to(found)
        certain = draft.thread.certain and (case.sender.agent is not None or case.takes_part(found.ticket))
        draft.thread = replace(draft.thread, certain=certain)
