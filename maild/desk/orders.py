"""Orders from the command line: the same orders that agents mail, carried out by the same hands."""

from __future__ import annotations

from dataclasses import replace

from maild.clock import Clock
from maild.desk.attendance import office_now
from maild.desk.brake import carry_through
from maild.desk.handle import Office
from maild.errors import NotFound, UsageError
from maild.messages.mail import MailClass
from maild.store.keep import Keep
from maild.store.lookups import answer_all
from maild.store.undos import held_answers, last_undo
from maild.store.views import ticket_id_of
from maild.threads.changes import clock_happenings, differences
from maild.threads.correspondence import Pen
from maild.threads.draft import new_tickets_told, sealed_changes
from maild.threads.facts import TicketFacts, people_of
from maild.threads.lookups import people_sought
from maild.threads.model import Direction, Event, InboxState, Link, Message, Visibility
from maild.threads.notices import Handed, handover
from maild.threads.order_lines import Order, ticket_numbers
from maild.threads.orders.table import carry_out
from maild.threads.orders.work import Done, Setting, Work
from maild.threads.plan import Plan
from maild.threads.promises import move_clocks, response_due
from maild.threads.rule_fields import Occasion, talk_of
from maild.threads.ruled import Ruled, ask_rules, look_at
from maild.threads.undo import action

ADMIN = "admin"
"""Who acts at the command line."""


def give_order(keep: Keep, office: Office, clock: Clock, number: str, name: str, words: str) -> tuple[Done, ...]:
    """Carry out one order on one ticket. Raises NotFound, UsageError; a refused order comes back with ok False."""
    practice = office.practice
    ticket_id = ticket_id_of(number, practice.tag)
    if name == "note" and not words:
        raise UsageError("a note needs its text: maild ticket note NUMBER TEXT")
    argument = "" if name == "note" else words
    order = Order(name=name, argument=argument, line=f"/{name} {argument}".strip())
    with keep.database.write() as connection:
        undo = last_undo(connection, ticket_id, ADMIN, clock.now())
        wanted = {ticket_id, *ticket_numbers(argument, practice.tag), *(undo.tickets if undo else ())}
        tickets = keep.tickets.load(connection, sorted(wanted))
        facts = tickets.get(ticket_id)
        if facts is None:
            raise NotFound(f"there is no ticket {number}; `maild tickets` lists what there is")
        office = office_now(connection, office, clock.now(), orders=True)
        practice = office.practice
        setting = Setting(
            agent=None,
            language="en",
            now=clock.now(),
            practice=practice,
            tickets=tickets,
            next_ticket=keep.tickets.next_number(connection),
            undo=undo,
            held=held_answers(connection, ticket_id),
            people=people_of(
                answer_all(connection, people_sought([order], practice.team), {}, (), clock.now()).values()
            ),
        )
        carried = carry_out(facts.ticket, [order], setting)
        if not carried.error:
            note = words if name == "note" else None
            plan = _plan(office, facts, carried.work, setting, order.line, note)
            if carried.work.undone is None and note is None:
                done = action(
                    ADMIN,
                    setting.now,
                    [order.line],
                    carried.ticket,
                    tickets,
                    also=plan.also,
                    kept=carried.work.kept,
                    letters=plan.released,
                )
                plan = replace(plan, undo=done)
            number_of_order = keep.tickets.take_number(connection, "orders")
            pen = Pen(practice=practice, source="o", number=number_of_order, now=setting.now)
            handed = Handed(reason=carried.work.reason, chosen=carried.work.chosen)
            due = response_due(plan.clocks)
            given = handover(pen, facts.ticket, carried.ticket, ADMIN, facts.messages, due, handed)
            plan = replace(plan, letters=(*given, *new_tickets_told(pen, plan.also, facts)))
            plan = _ruled(plan, facts, pen)
            carry_through(keep, connection, plan, office.letters, practice, now=setting.now)
        return carried.done


def _plan(office: Office, facts: TicketFacts, work: Work, setting: Setting, because: str, note: str | None) -> Plan:
    promises, now = office.practice.promises, setting.now
    happened = (*work.happened, *clock_happenings(facts.ticket, work.ticket))
    undone, running = work.undone if work.undone is not None else (None, facts.clocks)
    ticket, clocks = move_clocks(promises, work.ticket, running, happened, now)
    ticket = replace(ticket, updated_at=now)
    events = [
        Event(at=now, kind=kind, actor=ADMIN, detail=detail, because=because)
        for kind, detail in differences(facts.ticket, ticket)
    ]
    events += [Event(at=now, kind=k, actor=ADMIN, detail=d, because=b) for k, d, b in work.notes]
    if note is not None:
        events.append(Event(at=now, kind="note", actor=ADMIN, detail="a note", because=because))
    return Plan(
        state=InboxState.TICKETED,
        reason=because,
        belongs_to=ticket.id,
        ticket=ticket,
        message=_note(note, setting) if note is not None else None,
        events=tuple(events),
        links=tuple(Link(kind=kind, ticket=other) for kind, other in work.links),
        kept=work.kept,
        undone=undone.id if undone is not None else None,
        unkept=undone.kept if undone is not None else (),
        recalled=undone.letters if undone is not None else (),
        released=work.released,
        turns=work.turns,
        absences=work.absences,
        returned=work.returned,
        also=sealed_changes(work.also, office.practice, ADMIN, now),
        clocks=clocks,
    )


def _ruled(plan: Plan, facts: TicketFacts, pen: Pen) -> Plan:
    """The plan with what rules make of it, and when time may bring a rule about."""
    assert plan.ticket is not None
    talk = talk_of(facts).and_then(plan.message)
    ruled = Ruled(ticket=plan.ticket, clocks=plan.clocks)
    events = ("answer",) if plan.released else ()
    if plan.ticket.status is not facts.ticket.status:
        events = (*events, "status")
    for event in events:
        if not ruled.stopped:
            before, cause = facts.ticket.status, f"{pen.source}{pen.number}"
            occasion = Occasion(event=event, cause=cause, at=pen.now, talk=talk, before=before)
            ruled = ruled.then(ask_rules(pen, ruled.ticket, ruled.clocks, occasion))
    return replace(
        plan,
        ticket=ruled.ticket,
        clocks=ruled.clocks,
        events=(*plan.events, *ruled.events),
        letters=(*plan.letters, *ruled.letters),
        turns=(*plan.turns, *ruled.turns),
        next_step_at=look_at(pen.practice, ruled.ticket, ruled.clocks, talk, facts.steps_done, pen.now),
    )


def _note(text: str, setting: Setting) -> Message:
    return Message(
        at=setting.now,
        direction=Direction.IN,
        visibility=Visibility.INTERNAL,
        mail_class=MailClass.PERSON,
        sender=None,
        to=(),
        cc=(),
        message_id=None,
        subject="",
        text=text,
        reply=text,
        author=ADMIN,
    )
