"""A decision in the making: what has been concluded so far, until it is sealed as a Plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from maild.messages.addresses import normal
from maild.messages.mail import Attachment, Mail
from maild.messages.thread_index import read_thread_index
from maild.messages.tokens import Mint, Purpose
from maild.people.absence import Absence, HereAgain
from maild.routing.rules import Actions
from maild.sla.deadlines import TicketClock
from maild.sla.events import Happening as ClockHappening
from maild.threads.assignment import Chosen, Relief
from maild.threads.case import Case
from maild.threads.changes import differences
from maild.threads.correspondence import Pen
from maild.threads.explanation import explain_decision
from maild.threads.facts import TicketFacts, index_name
from maild.threads.match import Thread
from maild.threads.model import (
    IMPORTED,
    AttachmentNote,
    Direction,
    Event,
    InboxState,
    Link,
    Message,
    Ticket,
    Undo,
    Visibility,
)
from maild.threads.notices import Background, split_off
from maild.threads.orders.work import Done, Work
from maild.threads.plan import Change, Letter, OwnHtml, Plan, Remembered
from maild.threads.practice import Practice
from maild.threads.promises import FITS_NOW, move_clocks, next_look, response_due, with_due
from maild.threads.route import Routed, occasion_of_mail
from maild.threads.rule_fields import Talk, talk_of
from maild.threads.ruled import Ruled, ask_rules, carry_out_route, look_at, trial_events
from maild.threads.words import say
from maild.threads.workload import Turn


@dataclass(kw_only=True, slots=True)
class Draft:
    """Grows while a case is decided; nothing outside sees it before `seal`."""

    case: Case
    thread: Thread
    pen: Pen
    ticket: Ticket | None = None
    is_new: bool = False
    clocks: tuple[TicketClock, ...] = ()
    steps_done: frozenset[str] = frozenset()
    message: Message | None = None
    beside: Message | None = None
    known_as: tuple[str, ...] = ()
    """Message-IDs by which the ticket shall be found, beside those of the case's mail."""
    events: list[Event] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    kept: tuple[int, ...] = ()
    also: tuple[Change, ...] = ()
    confirmed: tuple[int, str] | None = None
    undo: Undo | None = None
    undone: Undo | None = None
    released: tuple[str, ...] = ()
    recalled: tuple[str, ...] = ()
    new_steps: tuple[str, ...] = ()
    routed: Routed | None = None
    own_html: OwnHtml | None = None
    """An agent's answer as he formatted it."""
    ruled: Ruled | None = None
    """What the rules of tickets came to; None before they were asked."""
    chosen: Chosen | None = None
    relief: Relief | None = None
    turns: tuple[Turn, ...] = ()
    absences: tuple[Absence, ...] = ()
    returned: tuple[HereAgain, ...] = ()
    done: tuple[Done, ...] = ()
    """What became of the orders above a mail that an agent passes on."""

    @property
    def now(self) -> datetime:
        return self.case.facts.now

    def turn_to(self, found: TicketFacts) -> None:
        """The mail is about this ticket, whichever one it named."""
        self.ticket, self.clocks, self.steps_done = found.ticket, found.clocks, found.steps_done
        self.thread = replace(self.thread, ticket=found.ticket.id)

    @property
    def at(self) -> datetime:
        """When the mail was accepted: what counts for every promise, whatever its Date says."""
        return self.case.facts.received_at

    def note(self, kind: str, detail: str, because: str = "", actor: str | None = None) -> None:
        """One event more in the ticket's history."""
        who = actor or self.case.sender.address or "somebody without an address"
        self.events.append(Event(at=self.now, kind=kind, actor=who, detail=detail, because=because))

    def change(self, after: Ticket, because: str, actor: str | None = None) -> None:
        """The ticket becomes this one; each difference is an event."""
        if self.ticket is not None:
            for kind, detail in differences(self.ticket, after):
                self.note(kind, detail, because, actor)
        self.ticket = replace(after, updated_at=self.now)

    def run_clocks(self, *happenings: ClockHappening) -> None:
        """Move the ticket's clocks by what happened, in order."""
        assert self.ticket is not None
        before = self.ticket
        self.ticket, self.clocks = move_clocks(self.case.practice.promises, before, self.clocks, happenings, self.at)
        for kind, detail in differences(before, self.ticket):
            self.note(kind, detail, FITS_NOW, "maild")

    def ask_rules(self, *happened: str) -> None:
        """Ask the rules of what has happened to a ticket, and of its status where that has changed; once for a mail."""
        case, ticket = self.case, self.ticket
        known = case.facts.tickets.get(ticket.id) if ticket is not None else None
        if self.ruled is not None or ticket is None or known is None or case.envelope.channel == IMPORTED:
            return
        self.ruled = Ruled(ticket=ticket, clocks=self.clocks)
        changed = ("status",) if ticket.status is not known.ticket.status else ()
        talk = talk_of(known)
        for event in (*happened, *changed):
            occasion = occasion_of_mail(case, ticket, event, talk.and_then(self.message, self.beside), self.at)
            occasion = replace(occasion, before=known.ticket.status)
            self.ruled = self.ruled.then(ask_rules(self.pen, self.ruled.ticket, self.ruled.clocks, occasion))
            if self.ruled.stopped:
                break
        self.ticket, self.clocks = self.ruled.ticket, self.ruled.clocks
        self.events.extend(self.ruled.events)
        self.letters.extend(self.ruled.letters)
        self.turns += self.ruled.turns

    def follow_rules(self, routed: Routed) -> None:
        """What the rules do to a new ticket beside its place: its status, notes, letters."""
        said, ticket = routed.said, self.ticket
        own = said.status or said.reply or any(_reaches_out(then) for _, then in said.parts)
        if ticket is None or self.case.envelope.channel == IMPORTED:
            return
        if not own:
            self.events.extend(trial_events(self.pen, ticket, said, "new"))
            return
        occasion = occasion_of_mail(self.case, ticket, "new", Talk().and_then(self.message), self.at)
        ruled = carry_out_route(self.pen, ticket, self.clocks, said, occasion)
        self.ticket, self.clocks = ruled.ticket, ruled.clocks
        self.events.extend(ruled.events)
        self.letters.extend(ruled.letters)
        self.turns += ruled.turns

    def take_over(self, work: Work, actor: str) -> None:
        """What orders do beside the ticket itself: messages kept, other tickets changed, ties made."""
        assert self.ticket is not None
        self.kept, self.released = work.kept, work.released
        for kind, detail, because in work.notes:
            self.note(kind, detail, because, actor)
        self.turns += work.turns
        self.absences += work.absences
        self.returned += work.returned
        if work.undone is not None:
            # What the clocks have heard of the action, an answer above all, is unheard.
            self.undone, self.clocks = work.undone
            self.recalled = self.undone.letters
            self.ticket = with_due(self.ticket, self.clocks)
        self.also = sealed_changes(work.also, self.case.practice, actor, self.now)
        self.letters.extend(new_tickets_told(self.pen, self.also, self.case.facts.tickets[self.ticket.id]))
        self.links.extend(Link(kind=kind, ticket=other) for kind, other in work.links)

    def background(self) -> Background:
        """What agents are reminded of when they are told of the mail."""
        facts, ticket = self.case.facts, self.ticket
        asked = ticket.requester if ticket is not None else None
        of_asker = asked is not None and normal(asked.address) == self.case.sender.address
        known = facts.tickets.get(ticket.id) if ticket is not None else None
        return Background(history=known.messages if known else (), earlier=facts.earlier if of_asker else ())

    def respond_by(self) -> datetime | None:
        """When the customer may expect our next answer."""
        return response_due(self.clocks)

    def why_in(self, language: str) -> str:
        """Why somebody is told of the mail: where the rules put it, whom it was given to, who is away."""
        practice = self.case.practice
        parts = [self.routed.why_in(language)] if self.routed is not None else []
        if self.chosen is not None:
            said = self.chosen.said(language, practice.zone)
            name = self.chosen.agent.name if self.chosen.agent is not None else say(language, "nobody")
            parts.append(say(language, "given_to", name=name, why=said))
        if self.relief is not None:
            parts.append(self.relief.why(practice, language, practice.zone))
        return "; ".join(parts)

    def seal(self, state: InboxState, reason: str) -> Plan:
        """The finished decision."""
        self.ask_rules()
        case = self.case
        ticket = self.ticket
        look = self._next_look(ticket) if ticket is not None else None
        plan = Plan(
            state=state,
            reason=reason,
            belongs_to=ticket.id if ticket else self.thread.ticket,
            ticket=ticket,
            is_new=self.is_new,
            message=self.message,
            beside=self.beside,
            remember=self._remembered(ticket) if ticket else (),
            events=tuple(self.events),
            links=tuple(self.links),
            clocks=self.clocks,
            next_step_at=look,
            steps_done=self.new_steps,
            confirmed=self.confirmed,
            undo=self.undo,
            undone=self.undone.id if self.undone else None,
            unkept=self.undone.kept if self.undone else (),
            released=self.released,
            recalled=self.recalled,
            kept=self.kept,
            also=self.also,
            turns=self.turns,
            absences=self.absences,
            returned=self.returned,
            letters=tuple(self.letters),
        )
        explained = explain_decision(case, self.thread, self.routed, plan, self.chosen, self.ruled)
        return replace(plan, explanation=explained)

    def _next_look(self, ticket: Ticket) -> datetime | None:
        practice, done = self.case.practice, self.steps_done | frozenset(self.new_steps)
        known = self.case.facts.tickets.get(ticket.id)
        talk = talk_of(known).and_then(self.message, self.beside)
        return look_at(practice, ticket, self.clocks, talk, done, self.now)

    def _remembered(self, ticket: Ticket) -> tuple[Remembered, ...]:
        also = (Remembered(message_id=one, stored=True) for one in self.known_as)
        return (*remembered(self.case.mail, ticket, self.case.practice.mint), *also)


def _reaches_out(then: Actions) -> bool:
    """Whether a rule does more to a new ticket than to say where it goes."""
    return bool(then.note or then.tell or then.forward or then.webhook)


def remembered(mail: Mail, ticket: Ticket, mint: Mint) -> tuple[Remembered, ...]:
    """The ids by which a later mail finds this one's ticket: its own, those it refers to, the names Outlook gives."""
    ids = [Remembered(message_id=mail.message_id, stored=True)] if mail.message_id else []
    referred = [mail.in_reply_to, *mail.references[-50:]]
    if (theirs := read_thread_index(mail.first("Thread-Index"))) is not None:
        referred.append(index_name(theirs[0]))
    referred.append(index_name(mint.conversation(Purpose.PUBLIC_ID, ticket.id, ticket.created_at)))
    ids.extend(Remembered(message_id=i, stored=False) for i in dict.fromkeys(referred) if i)
    return tuple(ids)


def incoming(
    case: Case, at: datetime, *, visibility: Visibility, proposed: bool = False, unverified: bool = False
) -> Message:
    """The case's mail as a message of a ticket."""
    mail = case.mail
    return Message(
        at=at,
        direction=Direction.IN,
        visibility=visibility,
        mail_class=mail.mail_class,
        sender=mail.sender,
        to=mail.to,
        cc=mail.cc,
        message_id=mail.message_id,
        in_reply_to=mail.in_reply_to,
        references=mail.references,
        subject=mail.subject,
        text=mail.text,
        reply=mail.reply,
        attachments=attachment_notes(mail.attachments),
        proposed=proposed,
        unverified=unverified,
    )


def attachment_notes(attachments: tuple[Attachment, ...]) -> tuple[AttachmentNote, ...]:
    """What a ticket remembers of attachments; their content stays in the raw mail."""
    return tuple(
        AttachmentNote(
            filename=a.filename,
            content_type=a.content_type,
            size=a.size,
            sha256=a.sha256,
            inline=a.inline,
            content_id=a.content_id,
        )
        for a in attachments
    )


def new_tickets_told(pen: Pen, changes: Iterable[Change], origin: TicketFacts) -> list[Letter]:
    """A ticket that was split off must not stay silent: its agents get the mail that it begins with."""
    letters = []
    for change in changes:
        if change.is_new:
            messages = tuple(m for m in origin.messages if m.id in change.messages)
            letters.extend(split_off(pen, change.ticket, messages, response_due(change.clocks)))
    return letters


def sealed_changes(changes: Iterable[Change], practice: Practice, actor: str, now: datetime) -> tuple[Change, ...]:
    """Changes of other tickets, each with its place in the history and the time at which it is looked at next."""
    sealed = []
    for change in changes:
        event = Event(at=now, kind=change.kind, actor=actor, detail=change.detail, because=change.because)
        look = next_look(practice.promises, change.ticket, change.clocks, change.steps_done)
        if practice.rules.schedules:
            # Its messages are moving: the next tick sees them all, and when a rule of time may hold.
            look = now
        sealed.append(replace(change, events=(*change.events, event), next_step_at=look))
    return tuple(sealed)
