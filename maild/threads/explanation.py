"""What `maild explain` prints: written down by the decision itself, never computed a second time."""

from __future__ import annotations

from maild.threads.as_json import stamp
from maild.threads.assignment import Chosen
from maild.threads.case import Case
from maild.threads.match import Thread
from maild.threads.past_mail import route_record
from maild.threads.plan import Plan
from maild.threads.promises import explain_clocks
from maild.threads.route import Routed
from maild.threads.ruled import Ruled


def explain_decision(
    case: Case,
    thread: Thread,
    routed: Routed | None,
    plan: Plan,
    chosen: Chosen | None = None,
    ruled: Ruled | None = None,
) -> dict[str, object]:
    """Every rung, rule and clock with its reason, in the shape of `explain --json`."""
    practice, ticket = case.practice, plan.ticket
    words = explain_clocks(practice.promises, ticket, plan.clocks, case.facts.now) if ticket else []
    trace = (*(routed.trace if routed else ()), *(ruled.trace if ruled else ()))
    return {
        "class": str(case.mail.mail_class),
        "class_reason": case.mail.class_reason,
        "sender": {
            "address": case.sender.address,
            "role": case.sender.role,
            "proof": case.sender.proof.kind,
            "proof_reason": case.sender.proof.reason,
        },
        "thread": {
            "ticket": practice.ticket_number(thread.ticket) if thread.ticket is not None else None,
            "rung": thread.rung,
            "certain": thread.certain,
            "tried": [
                {
                    "rung": t.rung,
                    "found": t.found,
                    "ticket": practice.ticket_number(t.ticket) if t.ticket is not None else None,
                    "rejected": t.rejected or None,
                }
                for t in thread.tried
            ],
        },
        "rules": [
            {"rule": r.rule, "held": r.held, "missed": list(r.missed)} | ({"shadow": True} if r.shadow else {})
            for r in trace
        ],
        "route": route_record(case, routed) if routed is not None else None,
        "assignment": chosen.view if chosen is not None else None,
        "result": _result(practice.revision, plan),
        "clocks": [
            {
                "target": str(c.target),
                "started_at": stamp(c.started_at),
                "due_at": stamp(c.due_at),
                "state": str(c.state),
                "explained": text,
            }
            for c, text in zip(plan.clocks, words, strict=True)
        ]
        if ticket
        else [],
        "letters": [
            {"kind": str(x.kind), "to": [a.address for a in (*x.to, *x.cc)], "message_id": x.message_id}
            for x in plan.letters
        ],
    }


def _result(revision: str, plan: Plan) -> dict[str, object]:
    result: dict[str, object] = {"state": str(plan.state), "reason": plan.reason, "rules_revision": revision}
    if plan.ticket is not None:
        ticket = plan.ticket
        result |= {
            "ticket": ticket.number,
            "new": plan.is_new,
            "status": str(ticket.status),
            "queue": ticket.queue,
            "line": ticket.line,
            "assignee": ticket.assignee,
            "priority": str(ticket.priority),
            "tags": list(ticket.tags),
            "promise": ticket.promise,
        }
    return result
