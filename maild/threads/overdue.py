"""A deadline nears or has passed: what the promise's steps do to a ticket, and who is told. In order."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from maild.people.team import Agent
from maild.sla.deadlines import TicketClock
from maild.sla.events import Happening as ClockHappening
from maild.sla.promise import Promise
from maild.sla.steps import StepDue, steps_due
from maild.threads import states
from maild.threads.assignment import Chosen
from maild.threads.buttons import for_news
from maild.threads.changes import differences
from maild.threads.correspondence import Pen, to_agent
from maild.threads.deadlines import deadline_come
from maild.threads.facts import TicketFacts
from maild.threads.model import Event, InboxState, Status, Ticket
from maild.threads.notices import woken
from maild.threads.plan import Letter, LetterKind, Plan
from maild.threads.practice import Practice
from maild.threads.promises import FITS_NOW, Fields, move_clocks, response_due, with_due
from maild.threads.rule_fields import Occasion, Talk, talk_of
from maild.threads.rule_letters import last_mail
from maild.threads.ruled import Ruled, ask_rules, ask_time, end_of, look_at
from maild.threads.sharing import relieve
from maild.threads.step_deeds import called, changed, given_to, letter_to_customer
from maild.threads.telling import to_address, told
from maild.threads.workload import Turn

CLOCK = "clock"
"""Who acts when time does."""
_AGAIN = timedelta(minutes=1)
_THE_END = "100%"
"""The moment of a promise at which its time is over, with or without a step."""


def decide_due(facts: TicketFacts, practice: Practice, pen: Pen, now: datetime) -> Plan:
    """Everything that time asks for on this ticket, earliest first; where nothing does, the next look is set anew."""
    passing = _Passing(pen=pen, facts=facts, now=now, ticket=facts.ticket, clocks=facts.clocks)
    passing.steps()
    passing.wake()
    passing.deadline()
    passing.rules_of_time()
    done = facts.steps_done | frozenset(passing.done)
    look = look_at(practice, passing.ticket, passing.clocks, passing.talk, done, now)
    if look is not None and look <= now and not (passing.done or passing.events):
        # Whatever kept us from doing it (patterns that were cut off) may be over then: a tick must come to an end.
        look = now + _AGAIN
    return Plan(
        state=InboxState.TICKETED,
        reason="a deadline",
        belongs_to=facts.ticket.id,
        ticket=passing.ticket,
        events=tuple(passing.events),
        letters=tuple(passing.letters),
        turns=tuple(passing.turns),
        clocks=passing.clocks,
        steps_done=tuple(dict.fromkeys(passing.done)),
        next_step_at=look,
    )


@dataclass(kw_only=True, slots=True)
class _Passing:
    """A ticket while time passes over it, with all that comes of it."""

    pen: Pen
    facts: TicketFacts
    now: datetime
    ticket: Ticket
    clocks: tuple[TicketClock, ...]
    events: list[Event] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    stopped: bool = False

    @property
    def talk(self) -> Talk:
        return talk_of(self.facts)

    @property
    def practice(self) -> Practice:
        return self.pen.practice

    def note(self, kind: str, detail: str, because: str = "") -> None:
        self.events.append(Event(at=self.now, kind=kind, actor=CLOCK, detail=detail, because=because))

    def steps(self) -> None:
        """The steps of the promise whose time has come, and the rules that wait for them."""
        promise = self.practice.promises.named(self.ticket.promise)
        before = self.clocks
        due = [(s.at, s.worked, s.key, clock, s) for clock in before for s in self._steps_of(clock, promise)]
        passed = [(*end, clock, None) for clock in before for end in self._passed(clock, promise)]
        # Of one moment that which comes after less work is the first, then the first in the file: keys tell no order.
        for _, _, key, clock, step in sorted((*due, *passed), key=lambda one: one[:2]):
            moment = str(step.step.at) if step is not None else _THE_END
            if step is not None:
                self.escalate(step, clock, promise.name)
            self.done.append(key)
            self.ask("due", key, also={"target": str(clock.target), "step": moment})
            if self.clocks != before:
                return  # a rule has moved the clocks: what is due now is another thing, and is looked for again

    def _steps_of(self, clock: TicketClock, promise: Promise) -> list[StepDue]:
        return steps_due(clock, promise, self.facts.steps_done, self.now)

    def _passed(self, clock: TicketClock, promise: Promise) -> list[tuple[datetime, timedelta, str]]:
        end, worked = end_of(self.practice, clock, promise, self.facts.steps_done), promise.allowed(clock.target)
        return [(end[0], worked or timedelta(0), end[1])] if end is not None and end[0] <= self.now else []

    def escalate(self, step: StepDue, clock: TicketClock, promise: str) -> None:
        """One step: what it changes, and whom it tells."""
        self.relieve()
        after = changed(self.practice.team, self.ticket, step.step)
        because = f"{clock.target} at {step.step.at} of {promise}"
        self.note("escalated", because, f"due {step.at:%Y-%m-%d %H:%M} UTC")
        for kind, detail in differences(self.ticket, after):
            self.note(kind, detail, because)
        after = self.shared_out(after, given_to(self.practice, self.ticket, after, step.step, self.now))
        self.letters.extend(_letters(self.pen, self.ticket, after, step, clock, self.talk, self.now))
        self.ticket, self.clocks = move_clocks(self.practice.promises, after, self.clocks, (), self.now)
        for kind, detail in differences(after, self.ticket):
            self.note(kind, detail, FITS_NOW)
        self.ticket = replace(self.ticket, updated_at=self.now)
        if step.step.webhook:
            made, notes = called(self.pen, self.ticket, step, clock, promise, self.talk)
            self.letters.extend(made)
            for kind, name in notes:
                self.note(kind, name, because)
        if step.step.letter is not None:
            letter, refused = letter_to_customer(self.pen, self.ticket, step.step, because, self.talk)
            self.letters.extend((letter,) if letter is not None else ())
            self.note("no_reply" if refused else "replied", step.step.letter, refused or because)

    def relieve(self) -> None:
        """Before anybody is told: the ticket of somebody who is away is passed on."""
        if (found := relieve(self.pen, self.ticket, self.now)) is not None:
            self.ticket = found.ticket
            self.events.extend(found.events)
            self.letters.append(found.letter)
            self.turns.extend(found.turns)

    def shared_out(self, ticket: Ticket, chosen: Chosen | None) -> Ticket:
        """The ticket with whom it was given to, of several."""
        if chosen is None:
            return ticket
        name, had = chosen.agent.id if chosen.agent is not None else None, ticket.assignee or "-"
        self.note("assignee" if name else "unassigned", f"{had} -> {name}" if name else "nobody", chosen.said("en"))
        self.turns.extend((chosen.turn,) if chosen.turn is not None else ())
        return replace(ticket, assignee=name or ticket.assignee)

    def wake(self) -> None:
        """The end of a rest."""
        if self.ticket.wake_at is None or self.ticket.wake_at > self.now:
            return
        self.relieve()
        before, awake = self.ticket.status, _awake(self.ticket)
        self.note("woken", f"{before} -> {awake.status}")
        awake, self.clocks = move_clocks(
            self.practice.promises, awake, self.clocks, (ClockHappening.STATUS_CHANGED,), self.now
        )
        self.ticket = replace(awake, updated_at=self.now)
        if awake.status is not before:
            self.ask("status", f"t{self.pen.number}", before=before)
        self.letters.extend(woken(self.pen, self.ticket, self.facts.messages, response_due(self.clocks)))

    def deadline(self) -> None:
        """A deadline that was set by hand."""
        come = deadline_come(self.pen, self.ticket, self.talk, self.facts.steps_done, self.now)
        if come.step is not None:
            self.relieve()
            come = deadline_come(self.pen, self.ticket, self.talk, self.facts.steps_done, self.now)
        if come.events:
            self.ticket = with_due(come.ticket, self.clocks)
            self.events.extend(come.events)
            self.letters.extend(come.letters)
            self.done.extend((come.step,) if come.step is not None else ())

    def rules_of_time(self) -> None:
        """Rules that nothing but time brings about."""
        if not self.stopped:
            self.take(ask_time(self.pen, self.ticket, self.clocks, self.talk, self.facts.steps_done, self.now))

    def ask(self, event: str, cause: str, *, before: Status | None = None, also: Fields | None = None) -> None:
        """Ask the rules of what has just happened."""
        if not self.stopped:
            occasion = Occasion(event=event, cause=cause, at=self.now, talk=self.talk, before=before, also=also or {})
            self.take(ask_rules(self.pen, self.ticket, self.clocks, occasion))

    def take(self, ruled: Ruled) -> None:
        self.ticket, self.clocks = ruled.ticket, ruled.clocks
        self.events.extend(ruled.events)
        self.letters.extend(ruled.letters)
        self.turns.extend(ruled.turns)
        self.done.extend(ruled.steps)
        self.stopped = self.stopped or ruled.stopped


def _awake(ticket: Ticket) -> Ticket:
    """A ticket whose rest is over: open again, where it still rests."""
    can = states.can(ticket.status, states.Happening.WAKE)
    status = states.after(ticket.status, states.Happening.WAKE) if can else ticket.status
    return replace(ticket, status=status, wake_at=None)


def _letters(
    pen: Pen, before: Ticket, ticket: Ticket, due: StepDue, clock: TicketClock, talk: Talk, now: datetime
) -> list[Letter]:
    agents, addresses = _told(pen.practice, before, ticket, due)
    context: dict[str, object] = {
        "target": str(clock.target),
        "due_at": clock.due_at,
        "overdue": clock.due_at is not None and now > clock.due_at,
        "step": str(due.step.at),
        "why": ticket.promise,
        "line_before": before.line if before.line != ticket.line else None,
        "quiet": due.step.quiet,
    }
    letters = [
        to_agent(
            pen,
            ticket,
            agent,
            kind=LetterKind.ESCALATION,
            template="escalation",
            context={**context, "message": last_mail(talk)},
            buttons=for_news("due", ticket, agent),
        )
        for agent in agents
    ]
    return letters + [
        to_address(pen, ticket, address, LetterKind.ESCALATION, "escalation", context) for address in addresses
    ]


def _told(practice: Practice, before: Ticket, ticket: Ticket, due: StepDue) -> tuple[list[Agent], list[str]]:
    """Whom a step tells: agents, each once, and plain addresses. One that moves the line tells the new line, too."""
    team = practice.team
    agents, addresses = told(team, ticket, due.step.tell)
    moved = (before.line, before.queue) != (ticket.line, ticket.queue)
    if moved or (due.step.line is not None and not due.step.tell):
        of_line = team.who_serves(ticket.queue, ticket.line) if ticket.assignee is None else ()
        agents.extend(of_line or team.who_is_told(ticket.queue, ticket.assignee, ticket.line))
    elif ticket.assignee is not None and ticket.assignee != before.assignee:
        agents.extend(team.who_is_told(ticket.queue, ticket.assignee, ticket.line))
    return list(dict.fromkeys(agents)), list(dict.fromkeys(addresses))
