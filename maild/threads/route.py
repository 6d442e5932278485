"""Where a new ticket goes: the rules' word first, then the address written to, then the default queue."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from maild.messages.addresses import normal
from maild.messages.mail import Mail
from maild.routing.rules import Choice, Route, RuleTrace
from maild.threads.case import Case
from maild.threads.facts import recipients
from maild.threads.model import Priority, Ticket
from maild.threads.promises import Fields
from maild.threads.reticence import mail_unanswerable
from maild.threads.rule_fields import Occasion, Talk
from maild.threads.words import say

_UNDETERMINED = "und"


@dataclass(frozen=True, kw_only=True, slots=True)
class Routed:
    """The route of one mail, whole: nothing is left open."""

    queue: str
    line: int
    assignee: str | None
    choice: Choice | None
    """How one of several agents is chosen, where the rules name nobody."""
    priority: Priority
    tags: tuple[str, ...]
    letter: str
    acknowledge: bool
    spam: bool
    fields: dict[str, str]
    rule: str
    why: str
    """Why this queue: `by_rule`, `by_address` or `by_default`, to be said in each agent's language."""
    written_to: str
    trace: tuple[RuleTrace, ...]
    timeouts: tuple[str, ...]
    """Rules whose patterns were cut off, and so did not hold."""
    rejected: bool = False
    """It is to open no ticket."""
    said: Route = field(default_factory=Route)
    """The rules' own words."""
    spoken: str = ""
    """The language of the customer's organisation."""

    def why_in(self, language: str) -> str:
        """Why this queue, in words."""
        return say(language, self.why, rule=self.rule, address=self.written_to)


def route(case: Case) -> Routed:
    """The route that rules, address and default give this mail."""
    practice = case.practice
    written_to, by_address = queue_written_to(case)
    said: Route = practice.rules.route(mail_fields(case, by_address))
    queue = said.queue or by_address or practice.team.default_queue.name
    return Routed(
        queue=queue,
        line=said.line or 1,
        assignee=said.assignee if isinstance(said.assignee, str) else None,
        choice=said.assignee if isinstance(said.assignee, Choice) else None,
        priority=Priority(said.priority or Priority.NORMAL),
        tags=tuple(tag for tag in dict.fromkeys((*said.tags, *_tags_of(case))) if tag not in said.untag),
        letter=said.letter or "acknowledgement",
        acknowledge=said.acknowledge,
        spam=said.spam,
        fields=dict(said.fields),
        rule=said.rule,
        why="by_rule" if said.queue else "by_address" if by_address else "by_default",
        written_to=written_to,
        trace=said.trace,
        timeouts=said.timeouts,
        rejected=said.reject,
        said=said,
        spoken=_spoken(case),
    )


def _spoken(case: Case) -> str:
    found = case.practice.team.organisations.of(case.sender.address)
    return (found.language or "") if found is not None else ""


def _tags_of(case: Case) -> tuple[str, ...]:
    """The tags of the customer's organisation."""
    found = case.practice.team.organisations.of(case.sender.address)
    return found.tags if found is not None else ()


def queue_written_to(case: Case) -> tuple[str, str | None]:
    """The first address of the mail that a queue has, and the queue; none where no queue was written to."""
    for address in recipients(case.mail, case.envelope):
        if (queue := case.practice.team.queue_for_address(address)) is not None:
            return address, queue.name
    return "", None


def mail_fields(case: Case, queue: str | None) -> dict[str, str | int | tuple[str, ...]]:
    """The flat set of fields that rules look at; docs/rules.md describes each."""
    mail, now = case.mail, case.facts.received_at.astimezone(case.practice.zone)
    fields: dict[str, str | int | tuple[str, ...]] = {
        "from": _people(mail.sender) if mail.sender else (),
        "to": tuple(x for a in mail.to for x in _people(a)) + case.envelope.recipients,
        "cc": tuple(x for a in mail.cc for x in _people(a)),
        "subject": mail.subject,
        "body": mail.text,
        "reply": mail.reply,
        "attachment": tuple(a.filename for a in mail.attachments),
        "attachment_type": tuple(a.content_type for a in mail.attachments),
        "size": mail.size,
        "class": str(mail.mail_class),
        "language": mail.language,
        "auth": _auth(case),
        "hour": now.hour,
        "weekday": now.strftime("%a").lower(),
        "queue": queue or case.practice.team.default_queue.name,
        "customer": case.sender.address or "",
        "organisation": case.practice.organisation_of(case.sender.address),
        "forwarded_by": case.passed_on.agent.addresses if case.passed_on is not None else (),
        "event": "new",
    }
    for name, value in mail.headers:
        key = f"header.{name.lower()}"
        fields[key] = (*_tuple(fields.get(key)), value)
    return fields


def occasion_of_mail(case: Case, ticket: Ticket, event: str, talk: Talk, at: datetime) -> Occasion:
    """What a mail has done to a ticket that there is."""
    asked, sender = ticket.requester, case.sender
    by_agent = sender.agent is not None
    return Occasion(
        event=event,
        cause=f"i{case.facts.inbox_id}",
        at=at,
        talk=talk,
        mail=mail_fields(case, ticket.queue) if event != "status" else {},
        silent=None if by_agent else mail_unanswerable(case),
        inbox_id=case.facts.inbox_id if case.passed_on is None and not by_agent else None,
        old=case.envelope.backlog,
        proven=not by_agent and sender.proof.holds and asked is not None and normal(asked.address) == sender.address,
    )


def _tuple(value: str | int | tuple[str, ...] | None) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _people(address: object) -> tuple[str, ...]:
    return tuple(x for x in (getattr(address, "address", ""), getattr(address, "name", "")) if x)


def _auth(case: Case) -> str:
    if not case.sender.proof.holds:
        return "none"
    return "agent" if case.sender.agent else "verified"


def ticket_fields(case: Case, routed: Routed) -> Fields:
    """The same fields with what the rules made of the ticket: what promises look at."""
    fields = mail_fields(case, routed.queue)
    return {**fields, "queue": routed.queue, "priority": str(routed.priority), "tags": routed.tags, "line": routed.line}


def language_of(mail: Mail, routed: Routed) -> str:
    """The language a customer is answered in: a rule's word, then the mail's own, then his organisation's.

    A few Latin words may be in any language, but not in one of another script: that is "undetermined" (BCP 47), and
    not "unknown", which would be answered in the desk's first language, Russian say.
    """
    known = routed.fields.get("language", "") or mail.language or routed.spoken
    return known or (_UNDETERMINED if _is_latin(f"{mail.subject} {mail.reply}") else "")


def _is_latin(text: str) -> bool:
    """Whether a text has letters and all of them are Latin ones."""
    letters = [c for c in text if c.isalpha()]
    return bool(letters) and all(c < "\u0250" or "\u1e00" <= c <= "\u1eff" for c in letters)
