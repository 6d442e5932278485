"""Old mail that is brought from an archive or another desk: into its ticket, and nobody hears of it.

Threads are found as for any mail. But what is old was answered long ago: no acknowledgement, no notification, no
clock, no order is carried out, and the status of a ticket that stands there does not move.
"""

from __future__ import annotations

from dataclasses import replace

from maild.messages.addresses import normal
from maild.messages.mail import MailClass
from maild.threads.automatic import STANDS_ALONE
from maild.threads.customers import open_ticket, with_participants
from maild.threads.draft import Draft, incoming
from maild.threads.model import Direction, InboxState, Message, Ticket, Visibility
from maild.threads.plan import Plan

_KEPT_EVENTS = ("created", "patterns_cut_off")


def imported_mail(draft: Draft, own: str | None) -> Plan:
    """What becomes of a mail from an archive; `own`: why its From is ours, None where it is not."""
    ticket, mail = draft.ticket, draft.case.mail
    if ticket is not None:
        return _attach(draft, ticket, ours=own is not None or draft.case.sender.agent is not None)
    if own is not None:
        return draft.seal(InboxState.OWN, own)
    if mail.mail_class in STANDS_ALONE and mail.surely_automatic:
        state = InboxState.BOUNCE if mail.mail_class is MailClass.BOUNCE else InboxState.AUTOMATIC
        return draft.seal(state, f"{mail.mail_class}: {mail.class_reason}")
    return _silent(draft, open_ticket(draft, None))


def _attach(draft: Draft, ticket: Ticket, *, ours: bool) -> Plan:
    case = draft.case
    draft.message = _answer(draft, ticket) if ours else _words(draft)
    draft.note("imported", "a mail from an archive", f"{draft.thread.rung}", actor="maild")
    people = ticket.participants if ours else with_participants(case, ticket)
    draft.change(replace(ticket, participants=people), "imported")
    assert draft.ticket is not None
    draft.ticket = replace(draft.ticket, updated_at=max(ticket.updated_at, draft.at))
    return draft.seal(InboxState.TICKETED, f"imported into {ticket.number}, by {draft.thread.rung}")


def _words(draft: Draft) -> Message:
    automatic = draft.case.mail.mail_class in STANDS_ALONE
    visibility = Visibility.INTERNAL if automatic else Visibility.PUBLIC
    return incoming(draft.case, draft.at, visibility=visibility, proposed=not draft.thread.certain)


def _answer(draft: Draft, ticket: Ticket) -> Message:
    """A mail of ours, or one that says so: an answer where the customer got it, else words among ourselves."""
    mail = draft.case.mail
    got = {normal(a.address) for a in (*mail.to, *mail.cc)}
    if ticket.requester is not None and normal(ticket.requester.address) in got:
        message = incoming(draft.case, draft.at, visibility=Visibility.PUBLIC, unverified=True)
        return replace(message, direction=Direction.OUT)
    return incoming(draft.case, draft.at, visibility=Visibility.INTERNAL, unverified=True)


def _silent(draft: Draft, plan: Plan) -> Plan:
    assert plan.ticket is not None
    events = [e for e in plan.events if e.kind in _KEPT_EVENTS]
    return replace(
        plan,
        ticket=replace(plan.ticket, due_at=None, updated_at=draft.at),
        reason=f"imported: {plan.reason}",
        events=tuple(events),
        clocks=(),
        next_step_at=None,
        letters=(),
        explanation={**plan.explanation, "clocks": [], "letters": []},
    )
