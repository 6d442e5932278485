"""What rules do to a ticket: asked at an event, carried out by the same hands as orders and steps, in one pass.

What a rule does raises no event again, so that rules cannot run in circles. Actions that only a new ticket knows (its
acknowledgement, being rejected) stand in `customers.py`. An action that reaches out of the desk (a forward, a call to
another program) is one more letter or message of `_Work.consequences`: it leaves by the outbox, as everything does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from maild.errors import DataError, NotFound
from maild.routing.rules import SCHEDULE, Actions, Choice, Route, RuleTrace
from maild.routing.schedule import Schedule
from maild.routing.trial import would_change
from maild.sla.deadlines import ClockState, TicketClock
from maild.sla.promise import Promise
from maild.threads.assignment import Chosen, has_it
from maild.threads.calls import calls, message_of
from maild.threads.changes import clock_happenings, differences
from maild.threads.correspondence import Pen
from maild.threads.forwarding import forwards
from maild.threads.model import IMPORTED, NO_CHANGE, TRIAL, TRIAL_NEXT, TRIAL_ONLY, Event, Status, Ticket
from maild.threads.notices import Handed, handover
from maild.threads.order_lines import Order
from maild.threads.orders.table import carry_out
from maild.threads.orders.work import Setting
from maild.threads.plan import Letter
from maild.threads.practice import Practice
from maild.threads.promises import FITS_NOW, change_promise, move_clocks, next_look, response_due
from maild.threads.reticence import customer_unanswerable
from maild.threads.rule_fields import Occasion, Talk, began, event_fields, time_fields
from maild.threads.rule_letters import automatic_reply, rule_news
from maild.threads.workload import Turn

RULE = "rule"
"""Who acts where a rule does."""
SCHEDULED = (Status.NEW, Status.OPEN, Status.PENDING, Status.HOLD, Status.SOLVED)
"""Where time may bring rules about: a ticket that is closed, spam or merged is left alone."""
_ORDERS = {"open": "reopen", "pending": "pending", "hold": "hold", "solved": "solve", "closed": "close"}
_SPOKEN: Mapping[str, tuple[str, ...]] = {"status": ("status", "spam"), "tags": ("tags", "untag")}
"""The actions that an event of the history comes of, where they are called otherwise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ruled:
    """A ticket after the rules, with everything else that they do. `stopped`: no rule is to be asked any more."""

    ticket: Ticket
    clocks: tuple[TicketClock, ...]
    events: tuple[Event, ...] = ()
    letters: tuple[Letter, ...] = ()
    steps: tuple[str, ...] = ()
    trace: tuple[RuleTrace, ...] = ()
    turns: tuple[Turn, ...] = ()
    stopped: bool = False

    def then(self, after: Ruled) -> Ruled:
        """Both, the other being what came after."""
        return replace(
            after,
            events=(*self.events, *after.events),
            letters=(*self.letters, *after.letters),
            steps=(*self.steps, *after.steps),
            trace=(*self.trace, *after.trace),
            turns=(*self.turns, *after.turns),
            stopped=self.stopped or after.stopped,
        )


def ask_rules(pen: Pen, ticket: Ticket, clocks: tuple[TicketClock, ...], occasion: Occasion) -> Ruled:
    """Ask the rules of an event, and do what they say."""
    rules = pen.practice.rules
    if not rules.speaks_of(occasion.event) or ticket.status is Status.MERGED:
        return Ruled(ticket=ticket, clocks=clocks)
    return carry_out_route(pen, ticket, clocks, rules.route(event_fields(pen.practice, ticket, occasion)), occasion)


def ask_time(
    pen: Pen, ticket: Ticket, clocks: tuple[TicketClock, ...], talk: Talk, done: frozenset[str], now: datetime
) -> Ruled:
    """Ask every rule of time that is not done yet for this silence; each is done once, whatever the others do."""
    practice = pen.practice
    ruled = Ruled(ticket=ticket, clocks=clocks)
    since = began(ticket, talk)
    for schedule in practice.rules.schedules:
        key = schedule.key(since)
        if key in done or ruled.ticket.status not in SCHEDULED or ticket.channel == IMPORTED:
            continue
        occasion = Occasion(event=SCHEDULE, cause=key, at=now, talk=talk)
        fields = event_fields(practice, ruled.ticket, occasion)
        if not practice.rules.would_hold(schedule.rule, fields):
            continue
        if not ruled.stopped:
            route = practice.rules.route_by(schedule.rule, fields)
            ruled = ruled.then(carry_out_route(pen, ruled.ticket, ruled.clocks, route, occasion))
        # A rule that stops leaves nothing to those below it whose time has come, too.
        ruled = replace(ruled, steps=(*ruled.steps, key))
    return ruled


def look_at(
    practice: Practice,
    ticket: Ticket,
    clocks: tuple[TicketClock, ...],
    talk: Talk,
    done: frozenset[str],
    now: datetime,
) -> datetime | None:
    """When a ticket is to be looked at, for its promise or for a rule; None where nothing is to come by itself."""
    rules, since = practice.rules, began(ticket, talk)
    promise = practice.promises.named(ticket.promise)
    ends = [end_of(practice, clock, promise, done) for clock in clocks]
    looks = (next_look(practice.promises, ticket, clocks, done), *(end[0] for end in ends if end is not None))
    times = [at for at in looks if at is not None]
    if not rules.schedules or ticket.status not in SCHEDULED or ticket.channel == IMPORTED:
        return min(times, default=None)

    fields = event_fields(practice, ticket, Occasion(event=SCHEDULE, cause="", at=now, talk=talk))

    def fits(schedule: Schedule, at: datetime, *, at_some_hour: bool = False) -> bool:
        values = {**fields, **time_fields(practice, since, at)}
        return rules.would_hold(schedule.rule, values, at_some_hour=at_some_hour)

    ahead = (s for s in rules.schedules if s.key(since) not in done)
    found = (s.next_at(partial(fits, s), since, now, partial(fits, s, at_some_hour=True)) for s in ahead)
    return min((*times, *(at for at in found if at is not None)), default=None)


def end_of(
    practice: Practice, clock: TicketClock, promise: Promise, done: frozenset[str]
) -> tuple[datetime, str] | None:
    """When a promised time is over where rules wait for it and no step stands for it, and the key of that moment."""
    stepped = any(step.target is clock.target and str(step.at) == "100%" for step in promise.steps)
    if clock.state is not ClockState.RUNNING or clock.due_at is None or stepped or not practice.rules.speaks_of("due"):
        return None
    key = f"passed {clock.target} {clock.started_at:%Y%m%dT%H%M%S.%fZ} {clock.due_at:%Y%m%dT%H%M%S.%fZ}"
    return (clock.due_at, key) if key not in done else None


def carry_out_route(
    pen: Pen, ticket: Ticket, clocks: tuple[TicketClock, ...], route: Route, occasion: Occasion
) -> Ruled:
    """Do what a route says to a ticket that there is."""
    work = _Work(pen=pen, route=route, occasion=occasion, ticket=ticket, clocks=clocks)
    if route.parts:
        work.tell_of_rules()
        work.change()
        work.consequences()
    work.events.extend(trial_events(pen, work.ticket, route, occasion.event))
    return Ruled(
        ticket=work.ticket,
        clocks=work.clocks,
        events=tuple(work.events),
        letters=tuple(work.letters),
        trace=route.trace,
        turns=tuple(work.turns),
        stopped=route.stopped,
    )


def trial_events(pen: Pen, ticket: Ticket, route: Route, event: str) -> Iterable[Event]:
    """What the rules on trial would have made another; `ticket` is as the others have left it."""
    now = {
        name: getattr(ticket, name) for name in ("queue", "line", "assignee", "priority", "status", "tags", "fields")
    }
    for name in route.shadows:
        then = next(rule.then for rule in pen.practice.rules.rules if rule.name == name)
        changes = would_change(then, {**now, "sla": ticket.promise, "spam": ticket.status is Status.SPAM})
        detail = f"at {event}: {TRIAL_ONLY}{TRIAL_NEXT.join(changes) or NO_CHANGE}"
        yield Event(at=pen.now, kind=TRIAL, actor=RULE, detail=detail, because=name)


@dataclass(kw_only=True, slots=True)
class _Work:
    """One route on its way to be true."""

    pen: Pen
    route: Route
    occasion: Occasion
    ticket: Ticket
    clocks: tuple[TicketClock, ...]
    events: list[Event] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    chosen: Chosen | None = None

    def note(self, kind: str, detail: str, because: str) -> None:
        self.events.append(Event(at=self.pen.now, kind=kind, actor=RULE, detail=detail, because=because))

    def tell_of_rules(self) -> None:
        """Which rules held, and out of which revision of the files."""
        for rule, _ in self.route.parts:
            self.note("rule", f"at {self.occasion.event}; rules {self.pen.practice.revision}", rule)
        if self.route.timeouts:
            self.note("patterns_cut_off", ", ".join(self.route.timeouts), "their time was up, so they did not hold")

    def change(self) -> None:
        """The ticket as the rules want it, its clocks with it, and every difference in its history."""
        before = self.ticket
        after = self.fields_and_tags(before)
        for order in self.orders(after):
            carried = carry_out(after, [order], self.setting())
            if carried.error:
                self.note("refused", f"{order.line}: {carried.done[0].effect}", self.route.rule)
            after = carried.ticket
            self.turns.extend(carried.work.turns)
            self.chosen = carried.work.chosen or self.chosen
            for note in carried.work.notes:
                self.note(*note)
        for kind, detail in differences(before, after):
            self.note(kind, detail, self.route.by(*_SPOKEN.get(kind, (kind,) if hasattr(Actions, kind) else ())))
        if after == before and self.route.sla is None:
            return
        practice, at = self.pen.practice, self.occasion.at
        if self.route.sla is not None and (self.route.sla != after.promise or not after.promise_set):
            self.note("promise", f"{after.promise or '-'} -> {self.route.sla}", self.route.by("sla"))
            after, self.clocks = change_promise(practice.promises, after, self.clocks, self.route.sla, at)
        moved = after
        after, self.clocks = move_clocks(practice.promises, moved, self.clocks, clock_happenings(before, moved), at)
        for kind, detail in differences(moved, after):
            self.note(kind, detail, FITS_NOW)
        self.ticket = replace(after, updated_at=self.pen.now)
        self.given(before)

    def fields_and_tags(self, ticket: Ticket) -> Ticket:
        route = self.route
        tags = tuple(t for t in dict.fromkeys((*ticket.tags, *route.tags)) if t not in route.untag)
        new = {name: value for name, value in route.fields.items() if ticket.fields.get(name) != value}
        for name, value in new.items():
            self.note("field", f"{name} = {value}", route.by("fields"))
        return replace(ticket, tags=tags, fields={**ticket.fields, **new})

    def orders(self, ticket: Ticket) -> Iterable[Order]:
        """What the rules want, as orders: those that would change nothing are left out."""
        route = self.route
        if route.queue is not None and route.queue != ticket.queue:
            yield _order("queue", route.queue)
        if route.line is not None and route.line != ticket.line:
            yield _order("line", str(route.line))
        if isinstance(route.assignee, str) and route.assignee != ticket.assignee:
            yield _order("assign", route.assignee)
        elif isinstance(route.assignee, Choice) and self.gives(ticket, route.assignee):
            yield _order("assign", str(route.assignee))
        if route.priority is not None and route.priority != ticket.priority:
            yield _order("priority", route.priority)
        if route.spam and ticket.status is not Status.SPAM:
            yield _order("spam", "")
        elif route.status is not None and route.status != ticket.status:
            yield _order(_ORDERS[route.status], "")

    def gives(self, ticket: Ticket, choice: Choice) -> bool:
        """Whether a ticket is given to one of several now: a new one has been, and who has it and is here keeps it."""
        return self.occasion.event != "new" and not has_it(self.pen.practice.team, ticket, choice)

    def setting(self) -> Setting:
        return Setting(agent=None, language="en", now=self.pen.now, practice=self.pen.practice)

    def given(self, before: Ticket) -> None:
        """Whoever gets the ticket by a rule is told of it, except of one that is only just coming in."""
        if self.occasion.event in ("new", "reply") or self.ticket.status is Status.SPAM:
            return
        by = f"“{self.route.by('assignee', 'queue', 'line')}”"
        talk, due = self.occasion.talk, response_due(self.clocks)
        handed = Handed(chosen=self.chosen)
        self.letters.extend(handover(self.pen, before, self.ticket, by, talk.messages, due, handed))

    def consequences(self) -> None:
        """Notes, and letters to customer and colleagues; each rule's own."""
        notes = [(rule, then.note) for rule, then in self.route.parts if then.note]
        for rule, text in notes:
            self.note("note", text, rule)
        for rule, then in self.route.parts:
            if then.tell:
                news = rule_news(
                    self.pen,
                    self.ticket,
                    then.tell,
                    rule=rule,
                    event=self.occasion.event,
                    note=then.note or "",
                    talk=self.occasion.talk,
                )
                self.letters.extend(news)
        if self.route.reply is not None and self.ticket.status is not Status.SPAM:
            self.reply(self.route.reply, self.route.by("reply"))
        for rule, then in self.route.parts:
            if then.forward and self.ticket.status is not Status.SPAM:
                self.forward(then.forward, rule)
            if then.webhook:
                self.call(then.webhook, rule)

    def forward(self, addresses: tuple[str, ...], rule: str) -> None:
        """The customer's mail to addresses outside, once for each mail and rule."""
        letters, refused = forwards(self.pen, self.ticket, addresses, rule=rule, occasion=self.occasion)
        self.letters.extend(letters)
        for letter in letters:
            self.note("forwarded", letter.to[0].address, rule)
        for address, why in refused:
            self.note("not_forwarded", f"{address}: {why}", rule)

    def call(self, webhooks: tuple[str, ...], rule: str) -> None:
        """Other programs, once for a ticket, a rule and what happened."""
        occasion = self.occasion
        made, unknown = calls(
            self.pen,
            self.ticket,
            webhooks,
            event=occasion.event,
            because={"rule": rule, "step": None},
            message=message_of(occasion),
            unique=f"{self.ticket.id}:{rule}:{occasion.event}:{occasion.cause}",
        )
        self.letters.extend(made)
        for letter in made:
            self.note("called", letter.to[0].name, rule)
        for name in unknown:
            self.note("not_called", f"{name}: the settings know no such webhook", rule)

    def reply(self, name: str, rule: str) -> None:
        """A text to the customer, at most once for a ticket, a rule and what happened."""
        occasion, ticket = self.occasion, self.ticket
        refused = occasion.silent or customer_unanswerable(self.pen.practice, ticket, occasion.talk)
        if refused is None:
            unique = f"rule:{ticket.id}:{rule}:{occasion.cause}"
            proven = occasion.proven or occasion.talk.answered
            try:
                letter = automatic_reply(self.pen, ticket, name, occasion.talk, proven=proven, unique=unique)
            except (NotFound, DataError) as error:
                refused = str(error)
            else:
                self.letters.append(letter)
                self.note("replied", name, rule)
        if refused is not None:
            self.note("no_reply", f"{name}: {refused}", rule)


def _order(name: str, argument: str) -> Order:
    return Order(name=name, argument=argument, line=f"/{name} {argument}".strip())
