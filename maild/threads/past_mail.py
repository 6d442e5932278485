"""The mail that opened a ticket, asked of the rules again out of what is stored: nothing is read a second time.

A decision writes down what its message does not tell and what the rules made of it (`route_record`). With both, the
very functions that route new mail route it once more. How the outcomes are compared is the business of the desk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from maild.messages.envelope import Envelope
from maild.messages.mail import Attachment, Mail
from maild.people.proof import Proof
from maild.people.team import Agent
from maild.routing.examples import outcome_of
from maild.threads.case import Case, Sender
from maild.threads.facts import Clues, Facts
from maild.threads.model import Direction, Message, Visibility
from maild.threads.passed_on import PassedOn
from maild.threads.practice import Practice
from maild.threads.route import Routed

Outcome = Mapping[str, Any]
"""What became of a new ticket, by the names that examples expect it by; texts, numbers, lists and tables alone."""
_DELIVERED = ("Delivered-To", "X-Original-To", "Envelope-To")
_UNORDERED = ("tags", "tell", "forward", "webhook")
_USUAL: Outcome = {
    "line": 1,
    "priority": "normal",
    "letter": "acknowledgement",
    "acknowledge": True,
    "spam": False,
    "reject": False,
    "status": "new",
}
"""What is not written down of an outcome, since it is so of most; of all else that is nothing."""
_NO_CLUES = Clues(claims=(), signed=(), ids=(), own_id=None, tickets_named=(), sender=None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """What rules made of a new ticket: which one decided, which held, which held in shadow, and what came of it."""

    rule: str
    held: tuple[str, ...]
    shadow: tuple[str, ...]
    outcome: Outcome
    whole: bool = True
    """Whether the outcome names everything that rules do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PastMail:
    """A stored mail that opened a ticket; `record` is what `route_record` wrote down of it."""

    ticket: int
    number: str
    message: Message
    received_at: datetime
    envelope: Envelope
    size: int
    address: str | None
    """The sender's, as the decision took it; None where it took none."""
    proven: bool
    record: Mapping[str, Any]
    headers: tuple[tuple[str, str], ...] | None = None
    """The header's lines, where somebody asked for them."""
    mail: Mail | None = None
    """The whole mail, where it had to be read again: no ticket was opened by it."""


def route_record(case: Case, routed: Routed) -> dict[str, object]:
    """What is kept of a route beside its trace, so that it can be compared, and the mail be routed again."""
    judged, mail = judgement(case, routed), case.mail
    kept = {name: value for name, value in judged.outcome.items() if value not in (_USUAL.get(name), None, [], {})}
    record: dict[str, object] = {"rule": judged.rule, "held": [*judged.held], "outcome": kept}
    if judged.shadow:
        record["shadow"] = [*judged.shadow]
    if mail.language:
        record["language"] = mail.language
    if delivered := [[name, value] for name in _DELIVERED for value in mail.all(name)]:
        record["delivered"] = delivered
    if case.passed_on is not None:
        record["forwarded_by"] = list(case.passed_on.agent.addresses)
        record["recipients"] = list(case.envelope.recipients)
        record["size"] = mail.size
    return record


def judgement(case: Case, routed: Routed) -> Judgement:
    """What the rules made of a mail, in the form in which it is kept and compared."""
    tags = case.practice.team.organisations.of(case.sender.address)
    own = {"tags": tags.tags} if tags is not None else {}
    held = [trace for trace in routed.trace if trace.held]
    return Judgement(
        rule=routed.rule,
        held=tuple(trace.rule for trace in held if not trace.shadow),
        shadow=tuple(trace.rule for trace in held if trace.shadow),
        outcome={name: _plain(name, value) for name, value in outcome_of(routed.said, own, routed.queue).items()},
    )


def judged_then(record: Mapping[str, Any]) -> Judgement:
    """What was written down of a judgement, whole again."""
    return Judgement(
        rule=record["rule"],
        held=tuple(record["held"]),
        shadow=tuple(record.get("shadow", ())),
        outcome={**_USUAL, **record["outcome"]},
    )


def differing(before: Judgement, after: Judgement) -> tuple[str, ...]:
    """The names of what is another in one outcome than in the other, as far as both name it."""
    then, now = before.outcome, after.outcome
    names = dict.fromkeys((*then, *now)) if before.whole else then
    return tuple(name for name in names if _value(then, name) != _value(now, name))


def _value(outcome: Outcome, name: str) -> Any:
    """A value that is nothing is alike in any form: actions are added in time, and older records name none of them."""
    value = outcome.get(name, _USUAL.get(name))
    return None if value in ([], {}) else value


def case_again(practice: Practice, past: PastMail) -> Case:
    """The case as it was when the mail came, as far as rules look at it."""
    record, envelope = past.record, past.envelope
    agent = practice.team.agent_by_address(past.address) if past.address is not None else None
    forwarders = tuple(record.get("forwarded_by", ()))
    if forwarders:
        envelope = replace(envelope, recipients=tuple(record["recipients"]))
    return Case(
        mail=past.mail if past.mail is not None else _mail_again(past),
        envelope=envelope,
        clues=_NO_CLUES,
        facts=Facts(now=past.received_at, inbox_id=0, received_at=past.received_at, next_ticket=past.ticket),
        practice=practice,
        sender=Sender(
            address=past.address,
            agent=agent if not forwarders else None,
            proof=Proof(kind="dmarc" if past.proven else "none", reason=""),
        ),
        passed_on=_passed_on(practice, forwarders) if forwarders else None,
    )


def opening_message(mail: Mail, at: datetime) -> Message:
    """The message of a ticket that a mail would have opened, as far as a replay tells of it."""
    return Message(
        at=at,
        direction=Direction.IN,
        visibility=Visibility.PUBLIC,
        mail_class=mail.mail_class,
        sender=mail.sender,
        to=mail.to,
        cc=mail.cc,
        message_id=mail.message_id,
        subject=mail.subject,
        text=mail.text,
        reply=mail.reply,
    )


def _passed_on(practice: Practice, addresses: tuple[str, ...]) -> PassedOn:
    """Who forwarded it, also where the team has him no more."""
    first, *others = addresses
    agent = practice.team.agent_by_address(first) or Agent(id="", name="", address=first, aliases=tuple(others))
    return PassedOn(agent=agent, words="", orders=(), dated="", attached=False)


def _mail_again(past: PastMail) -> Mail:
    message, record = past.message, past.record
    delivered = tuple((name, value) for name, value in record.get("delivered", ()))
    return Mail(
        headers=past.headers if past.headers is not None else delivered,
        message_id=message.message_id,
        in_reply_to=message.in_reply_to,
        references=message.references,
        date=None,
        sender=message.sender,
        strict_sender=None,
        reply_to=(),
        to=message.to,
        cc=message.cc,
        subject=message.subject,
        language=record.get("language", ""),
        text=message.text,
        text_from_html=None,
        html=None,
        reply=message.reply,
        quoted="",
        signature="",
        attachments=tuple(
            Attachment(
                filename=note.filename,
                content_type=note.content_type,
                size=note.size,
                sha256=note.sha256,
                inline=note.inline,
                content_id=note.content_id,
            )
            for note in message.attachments
        ),
        mail_class=message.mail_class,
        class_reason="",
        bounce=None,
        forwarded=None,
        defects=(),
        size=record.get("size", past.size),
    )


def _plain(name: str, value: object) -> object:
    """A value of an outcome as JSON has it, so that what was stored and what is found now are alike."""
    if isinstance(value, Mapping):
        return {key: _plain("", one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        found = [_plain("", one) for one in value]
        return sorted(found, key=str) if name in _UNORDERED else found
    return value if value is None or isinstance(value, int) else str(value)
