"""What agents are told: that something came in, was kept, bounced, or was handed to them, with the mail itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from maild.messages.addresses import normal
from maild.messages.forward import MOST_CARRIED
from maild.messages.mail import Address, Attachment, Mail
from maild.messages.tokens import Purpose
from maild.people.team import Agent, Team
from maild.threads.assignment import Chosen, Relief
from maild.threads.buttons import for_news
from maild.threads.correspondence import Pen, person_view, shown_name, to_agent
from maild.threads.facts import EARLIER_SHOWN, EarlierTicket
from maild.threads.model import Direction, Message, Ticket, Visibility
from maild.threads.order_lines import split_orders
from maild.threads.passed_on import PassedOn
from maild.threads.plan import Letter, LetterKind
from maild.threads.remarks import in_copy, remarks, writer_waits
from maild.threads.rest import PASSED_ON
from maild.threads.words import say

_SHOWN_BEFORE = 3
_LINES, _LINE = 5, 160
"""How much of each earlier mail a letter shows: a reminder, not the whole."""
_SUBJECT = 100
"""How much of an earlier ticket's subject."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Background:
    """What came before: the ticket's messages (oldest first), and other tickets of its customer (newest first)."""

    history: tuple[Message, ...] = ()
    earlier: tuple[EarlierTicket, ...] = ()


def _no_reason(_language: str) -> str:
    return ""


@dataclass(frozen=True, kw_only=True, slots=True)
class News:
    """What agents are told: the kind of event, why they are told (in a given language), until when an answer is due.

    `text` stands for the mail's own where only a part of it may be shown; `purpose` says whether a reply to this news
    goes to the customer or stays internal.
    """

    event: str
    why: Callable[[str], str] = _no_reason
    respond_by: datetime | None = None
    text: str = ""
    purpose: Purpose = Purpose.AGENT
    background: Background = field(default_factory=Background)
    passed_on: PassedOn | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shown:
    """The mail that a notification shows."""

    sender: Address | None
    message: dict[str, object]
    passed: tuple[Attachment, ...] = ()
    omitted: tuple[str, ...] = ()
    bounced: list[dict[str, object]] = field(default_factory=list)
    stored: Message | None = None
    """The message that it is, where it was kept before."""


def notifications(
    pen: Pen,
    ticket: Ticket,
    mail: Mail,
    *,
    news: News,
    sender: str | None,
    also: Agent | None = None,
    but: Agent | None = None,
) -> list[Letter]:
    """To the assignee, or to every agent of the queue: what came in. Nobody is told of his own mail.

    `also` is told whoever he is, `but` gets another letter instead.
    """
    team = pen.practice.team
    told = [
        a
        for a in team.who_is_told(ticket.queue, ticket.assignee, ticket.line)
        if sender not in [normal(x) for x in a.addresses]
    ]
    if also is not None and also not in told:
        told.append(also)
    told = [a for a in told if a != but]
    shown = _of_mail(_named(mail, news, team), news, pen.now)
    return [_notification(pen, ticket, agent, news, _remarked(pen, ticket, agent, mail, news, shown)) for agent in told]


def _named(mail: Mail, news: News, team: Team) -> Mail:
    """The mail of a note with its writer's name where his mail program says none: colleagues know him by it."""
    writer = mail.sender
    agent = team.agent_by_address(writer.address) if writer is not None and news.event == "note" else None
    if writer is None or writer.name or agent is None:
        return mail
    return replace(mail, sender=replace(writer, name=agent.name))


def undelivered(
    pen: Pen, ticket: Ticket, message: Message | None, bounced: list[dict[str, object]], due: datetime | None
) -> list[Letter]:
    """To the assignee, or to every agent of the queue: an answer of ours that the relay could not hand over."""
    shown = replace(_of_message(message), bounced=bounced)
    return _to_whoever_works(pen, ticket, News(event="undelivered", respond_by=due), shown)


@dataclass(frozen=True, kw_only=True, slots=True)
class Handed:
    """What goes along with a ticket that is handed over: words for the taker with their files, the reason, the choice.

    `note` are words for colleagues, of the `mail` that hands it over; `reason` those behind /escalate.
    """

    note: str = ""
    mail: Mail | None = None
    reason: str = ""
    chosen: Chosen | None = None


def takers(team: Team, before: Ticket, after: Ticket, by: str) -> tuple[Agent, ...]:
    """Whoever an order gave a ticket to: the new assignee, or the new queue's or line's agents; never who gave it."""
    found: tuple[Agent, ...] = ()
    if after.assignee is not None and after.assignee != before.assignee:
        taker = team.agent(after.assignee)
        found = (taker,) if taker else ()
    elif after.queue != before.queue:
        found = team.who_is_told(after.queue, None, after.line)
    elif after.line != before.line and after.assignee is None:
        found = team.who_serves(after.queue, after.line) or team.who_is_told(after.queue, None, after.line)
    return tuple(agent for agent in found if agent.id != by)


def handover(
    pen: Pen,
    before: Ticket,
    after: Ticket,
    by: str,
    history: tuple[Message, ...],
    due: datetime | None,
    handed: Handed | None = None,
) -> list[Letter]:
    """To whoever an order gave the ticket to: the customer's last mail, what came before, and why it is his now.

    `by` is the id of the agent who gave it, or says who did; nobody is told what he did himself.
    """
    practice, handed = pen.practice, handed or Handed()
    giver = practice.team.agent(by)
    name = giver.name if giver else by
    news = News(
        event="assigned",
        why=lambda language: _why_handed(handed, name, language, practice.zone),
        respond_by=due,
        background=Background(history=history),
    )
    shown = _of_message(_last_from_customer(history))
    if handed.mail is not None:
        along = _of_mail(handed.mail, news, pen.now)
        shown = replace(shown, passed=along.passed, omitted=(*shown.omitted, *along.omitted))
    moved = before.line if before.line != after.line else None
    view = {"by": name, "note": handed.note, "reason": handed.reason, "line_before": moved}
    letters = [_notification(pen, after, taker, news, shown) for taker in takers(practice.team, before, after, by)]
    return [replace(letter, context={**letter.context, "handed": view}) for letter in letters]


def _why_handed(handed: Handed, name: str, language: str, zone: ZoneInfo) -> str:
    why = say(language, "assigned_by", name=name)
    return f"{why}, {handed.chosen.said(language, zone)}" if handed.chosen is not None else why


def passed_on_notice(pen: Pen, ticket: Ticket, relief: Relief) -> Letter:
    """To the agent who is away: who has his ticket now. It waits for him until he is back (`rest.py`)."""
    practice, absent = pen.practice, relief.absent
    news = News(event=PASSED_ON, why=lambda language: relief.why(practice, language, practice.zone))
    taker = relief.taker.name if relief.taker is not None else ticket.queue
    letter = _notification(pen, ticket, absent, news, _Shown(sender=None, message={"text": taker}))
    return replace(letter, context={**letter.context, "back_at": practice.team.away[absent.id].until})


def woken(pen: Pen, ticket: Ticket, history: tuple[Message, ...], due: datetime | None) -> list[Letter]:
    """To whoever works on a ticket whose rest is over: the customer's last mail once more."""
    news = News(
        event="woken",
        why=lambda language: say(language, "woken"),
        respond_by=due,
        background=Background(history=history),
    )
    return _to_whoever_works(pen, ticket, news, _of_message(_last_from_customer(history)))


def split_off(pen: Pen, ticket: Ticket, messages: tuple[Message, ...], due: datetime | None) -> list[Letter]:
    """To whoever works on a ticket that was split from another: the newest of its mails, to be answered there."""
    shown = _of_message(messages[-1] if messages else None)
    letters = _to_whoever_works(pen, ticket, News(event="new", respond_by=due), shown)
    before = [_reminder(pen, m) for m in reversed(messages[:-1][-_SHOWN_BEFORE:])]
    return [replace(letter, context={**letter.context, "history": before}) for letter in letters]


def _to_whoever_works(pen: Pen, ticket: Ticket, news: News, shown: _Shown) -> list[Letter]:
    told = pen.practice.team.who_is_told(ticket.queue, ticket.assignee, ticket.line)
    return [_notification(pen, ticket, agent, news, shown) for agent in told]


def _last_from_customer(history: tuple[Message, ...]) -> Message | None:
    return next(
        (m for m in reversed(history) if m.direction is Direction.IN and m.visibility is Visibility.PUBLIC), None
    )


def _remarked(pen: Pen, ticket: Ticket, agent: Agent, mail: Mail, news: News, shown: _Shown) -> _Shown:
    """The mail with what this agent should know of its sender, in his language."""
    language = pen.practice.language_for(agent.language)
    said = [*remarks(mail, pen.practice, ticket.requester, language), *in_copy(mail, pen.practice, ticket, language)]
    if news.event in ("reply", "reopened"):
        said = [*writer_waits(mail, ticket, language), *said]
    return replace(shown, message={**shown.message, "remarks": said})


def _of_mail(mail: Mail, news: News, now: datetime) -> _Shown:
    files = tuple(a for a in mail.attachments if not a.seal)
    passed, omitted = _take_along(files)
    message: dict[str, object] = {
        "sender": person_view(mail.sender),
        "at": mail.date or now,
        "text": news.text or mail.reply or mail.text,
        "attachments": [a.filename for a in files],
        "mail_class": str(mail.mail_class),
    }
    bounced: list[dict[str, object]] = [
        {"address": r.address, "status": r.status, "kind": r.kind, "diagnostic": r.diagnostic}
        for r in (mail.bounce.recipients if mail.bounce else ())
    ]
    return _Shown(sender=mail.sender, message=message, passed=passed, omitted=omitted, bounced=bounced)


def _of_message(message: Message | None) -> _Shown:
    if message is None:
        return _Shown(sender=None, message={})
    names = tuple(a.filename for a in message.attachments)
    view: dict[str, object] = {
        "sender": person_view(message.sender),
        "at": message.at,
        "text": message.reply or message.text,
        "attachments": list(names),
        "mail_class": str(message.mail_class),
    }
    return _Shown(sender=message.sender, message=view, omitted=names, stored=message)


def _before(pen: Pen, news: News, shown: Message | None) -> list[dict[str, object]]:
    """The last messages that the customer knows, the newest first; the one that the letter is about left out."""
    public = [
        m for m in news.background.history if m.visibility is Visibility.PUBLIC and not m.proposed and m is not shown
    ]
    if news.event == "new":
        return []
    told = public[-_SHOWN_BEFORE:]
    if news.event == "assigned":
        # Who takes a ticket over reads what colleagues wrote to each other about it, too.
        notes = [m for m in news.background.history if _is_note(m)][-_SHOWN_BEFORE:]
        told = [m for m in news.background.history if any(m is one for one in (*told, *notes))]
    return [_reminder(pen, m) for m in reversed(told)]


def _is_note(message: Message) -> bool:
    internal = message.visibility is Visibility.INTERNAL and not message.unverified
    if split_orders(message.reply)[0]:
        return False  # a mail whose orders were refused is kept as it came, and is no word to colleagues
    return internal and message.author is not None and bool(message.reply.strip())


def _reminder(pen: Pen, message: Message) -> dict[str, object]:
    writer = pen.practice.team.agent(message.author)
    sender = {"name": writer.name, "address": ""} if writer is not None else person_view(message.sender)
    lines = [line for line in (message.reply or message.text)[:20_000].splitlines() if line.strip()]
    text = "\n".join(_shortened(line, _LINE) for line in lines[:_LINES])
    internal = message.visibility is Visibility.INTERNAL
    text += "\n…" if len(lines) > _LINES else ""
    return {"sender": sender, "at": message.at, "internal": internal, "text": text}


def _shortened(line: str, most: int) -> str:
    return line if len(line) <= most else line[: most - 1] + "…"


def _earlier(ticket: Ticket, news: News) -> list[dict[str, object]]:
    others = [one for one in news.background.earlier if one.id != ticket.id][:EARLIER_SHOWN]
    return [
        {"number": o.number, "subject": _shortened(o.subject, _SUBJECT), "status": str(o.status), "at": o.at}
        for o in others
    ]


def _take_along(attachments: tuple[Attachment, ...]) -> tuple[tuple[Attachment, ...], tuple[str, ...]]:
    passed: list[Attachment] = []
    omitted: list[str] = []
    room = MOST_CARRIED
    for attachment in attachments:
        if attachment.size <= room:
            passed.append(attachment)
            room -= attachment.size
        else:
            omitted.append(attachment.filename)
    return tuple(passed), tuple(omitted)


def _notification(pen: Pen, ticket: Ticket, agent: Agent, news: News, shown: _Shown) -> Letter:
    practice, writer = pen.practice, shown.sender
    name = (shown_name(writer) or writer.address.lstrip("/")) if writer else ""
    return to_agent(
        pen,
        ticket,
        agent,
        kind=LetterKind.NOTIFICATION,
        template="notification",
        context={
            "event": news.event,
            "message": shown.message,
            "why": news.why(practice.language_for(agent.language)),
            "respond_by": news.respond_by,
            "omitted": list(shown.omitted),
            "earlier": _earlier(ticket, news),
            "history": _before(pen, news, shown.stored),
            "bounce": {"recipients": shown.bounced},
            "passed_on": news.passed_on.view() if news.passed_on is not None else None,
        },
        name=f"{name} ({practice.name})" if name else practice.name,
        attachments=shown.passed,
        purpose=news.purpose,
        buttons=for_news(news.event, ticket, agent),
    )
