"""Orders on which mails a ticket holds: keep a proposed one, split one off, merge two tickets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from maild.messages.addresses import normal
from maild.messages.subject import base_subject, topic
from maild.messages.words import plain_line
from maild.sla.deadlines import TicketClock, spent_at
from maild.sla.events import Happening as ClockHappening
from maild.sla.events import waited_longer
from maild.sla.promise import Target
from maild.threads import states
from maild.threads.facts import TicketFacts
from maild.threads.model import Deadline, Direction, Message, Priority, Status, Ticket, Visibility
from maild.threads.order_lines import Order, ticket_numbers
from maild.threads.orders.work import Setting, Work, WrongError, needed, no_argument
from maild.threads.participants import joined
from maild.threads.plan import Change
from maild.threads.promises import move_clocks, with_due
from maild.threads.states import Happening

MERGED_INTO, MERGED_FROM = "merged_into", "merged_from"
SPLIT_FROM, SPLIT_INTO = "split_from", "split_into"


def keep(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
    """The mails that were only proposed belong here. Who wrote them takes part, and is sent nothing before /add."""
    no_argument(order, setting)
    proposed = proposed_mails(work, setting)
    if not proposed:
        raise WrongError(setting.say("nothing_proposed"))
    return kept_here(work, proposed, order, setting), setting.say("kept", names=", ".join(map(_writer, proposed)))


def proposed_mails(work: Work, setting: Setting) -> list[Message]:
    """The mails on the ticket that are only proposed, after the orders so far."""
    return [m for m in _messages(work, setting) if m.proposed and m.id is not None and m.id not in work.kept]


def kept_here(work: Work, proposed: Sequence[Message], order: Order, setting: Setting) -> Work:
    """What is so once these proposed mails belong here: their writers take part, and the customer's side has spoken."""
    ticket = replace(work.ticket, participants=joined(work.ticket, (m.sender for m in proposed), setting.practice))
    happened = work.happened
    if states.can(ticket.status, Happening.CUSTOMER_REPLY) and ticket.status is not Status.SPAM:
        ticket = replace(ticket, status=states.after(ticket.status, Happening.CUSTOMER_REPLY), solved_at=None)
        happened = (*happened, ClockHappening.CUSTOMER_REPLY)
    kept = (*work.kept, *(m.id for m in proposed if m.id is not None))
    note = ("kept", ", ".join(map(_writer, proposed)), order.line)
    return replace(work, ticket=ticket, kept=kept, happened=happened, notes=(*work.notes, note))


def split(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
    """The newest proposed mail, else the customer's newest, becomes a ticket of its own; or the newest so many."""
    coming = [m for m in _messages(work, setting) if m.direction is Direction.IN and m.visibility is Visibility.PUBLIC]
    proposed = [m for m in coming if m.proposed and m.id not in work.kept]
    if not proposed and len(coming) < 2:
        raise WrongError(setting.say("nothing_to_split"))
    chosen = coming[-_how_many(order, len(coming), setting) :] if order.argument else (proposed or coming)[-1:]
    if any(change.is_new for change in work.also):
        raise WrongError(setting.say("one_split"))
    change = _own_ticket(work.ticket, chosen, order, setting)
    links = (*work.links, (SPLIT_INTO, change.ticket.id))
    effect = setting.say("split", number=change.ticket.number)
    writers = ", ".join(dict.fromkeys(map(_writer, chosen)))
    note = ("split_off", f"{change.ticket.number}, {writers}", order.line)
    # Who waited for an answer to that mail waits on the new ticket, and was promised no second answer here.
    moved = (ClockHappening.MOVED_AWAY,) if _waits_since(work, setting) in {m.at for m in chosen} else ()
    after = replace(work, also=(*work.also, change), links=links, notes=(*work.notes, note))
    return replace(after, happened=(*work.happened, *moved)), effect


def subject_out_of(subject: str, origin: Ticket) -> str:
    """The subject of a ticket that comes out of another one, by the mail that it begins with: without its number.

    Where the other one's number stands in it, it is that of a letter of ours, which the customer only answered.
    """
    own = "" if origin.number.lower() in subject.lower() else topic(subject)
    return plain_line(own) or origin.subject


def _waits_since(work: Work, setting: Setting) -> datetime | None:
    """When the mail came that waits for its next answer; None where none does."""
    facts = setting.tickets.get(work.ticket.id)
    clocks = facts.clocks if facts is not None else ()
    return next((c.started_at for c in clocks if c.target is Target.NEXT_RESPONSE and not c.ended), None)


def _how_many(order: Order, there: int, setting: Setting) -> int:
    """How many of the customer's mails are meant; one has to stay."""
    word = order.argument
    if not (word.isascii() and word.isdigit()):
        raise WrongError(setting.say("no_argument", name=order.name))
    if not 1 <= int(word[:9]) < there:
        raise WrongError(setting.say("split_too_many", count=max(there - 1, 0)))
    return int(word)


def _own_ticket(origin: Ticket, chosen: Sequence[Message], order: Order, setting: Setting) -> Change:
    message, people = chosen[0], [person for m in chosen for person in (m.sender, *m.to, *m.cc)]
    practice, number = setting.practice, setting.next_ticket
    ticket = replace(
        origin,
        id=number,
        number=practice.ticket_number(number),
        status=Status.NEW,
        subject=(subject := subject_out_of(message.subject, origin)),
        base_subject=base_subject(subject),
        assignee=setting.agent.id if setting.agent is not None and origin.assignee == setting.agent.id else None,
        priority=Priority.NORMAL,
        tags=(),
        fields={},
        requester=message.sender,
        participants=(),
        created_at=message.at,
        updated_at=setting.now,
        solved_at=None,
        wake_at=None,
        deadline=None,
    )
    ticket = replace(ticket, participants=joined(ticket, people, practice))
    ticket, clocks = move_clocks(practice.promises, ticket, (), (ClockHappening.FIRST_MAIL,), message.at)
    return Change(
        ticket=ticket,
        is_new=True,
        clocks=clocks,
        links=((SPLIT_FROM, origin.id),),
        messages=tuple(m.id for m in chosen if m.id is not None),
        detail=origin.number,
        because=order.line,
        kind="split",
    )


def merge(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
    """The ticket goes on in another one: its mails move there, and what is answered to it comes there."""
    ticket = work.ticket
    target = _other(order, ticket, setting)
    into = target.ticket
    people = (ticket.requester, *(p.address for p in ticket.participants))
    after = replace(into, participants=joined(into, people, setting.practice), deadline=_earlier(ticket, into))
    happened: tuple[ClockHappening, ...] = ()
    if ticket.status in (Status.NEW, Status.OPEN) and states.can(into.status, Happening.CUSTOMER_REPLY):
        after = replace(after, status=states.after(into.status, Happening.CUSTOMER_REPLY), solved_at=None, wake_at=None)
        happened = (ClockHappening.CUSTOMER_REPLY,)
    after, clocks = move_clocks(setting.practice.promises, after, target.clocks, happened, setting.now)
    if happened:
        after, clocks = _waited(ticket, after, clocks, setting)
    change = Change(
        ticket=replace(after, updated_at=setting.now),
        clocks=clocks,
        steps_done=target.steps_done,
        links=((MERGED_FROM, ticket.id),),
        whole=True,
        detail=ticket.number,
        because=order.line,
        kind="merge",
    )
    merged = replace(ticket, status=Status.MERGED, solved_at=setting.now, wake_at=None)
    links = (*work.links, (MERGED_INTO, into.id))
    effect = setting.say("merged", number=into.number)
    if out := _heard_no_more(ticket, after):
        effect += setting.say("merged_out", people=", ".join(out))
    notes = (*work.notes, ("merged_into", into.number, order.line))
    return replace(work, ticket=merged, also=(*work.also, change), links=links, notes=notes), effect


def _waited(
    ticket: Ticket, into: Ticket, clocks: tuple[TicketClock, ...], setting: Setting
) -> tuple[Ticket, tuple[TicketClock, ...]]:
    """The other ticket with its clocks, where the answer that is owed on the merged one has been waited for longer."""
    facts, promises, now = setting.tickets.get(ticket.id), setting.practice.promises, setting.now
    for clock in facts.clocks if facts is not None else ():
        if clock.target in (Target.FIRST_RESPONSE, Target.NEXT_RESPONSE) and not clock.ended:
            spent = spent_at(clock, promises.named(clock.promise or ticket.promise).calendar, now)
            clocks = waited_longer(clocks, promises.named(into.promise), clock.started_at, spent, now)
    return with_due(into, clocks), clocks


def _heard_no_more(ticket: Ticket, into: Ticket) -> list[str]:
    """Who got the answers so far, and gets none on the other ticket."""
    still = {normal(p.address.address) for p in into.participants if p.confirmed}
    people = [p.address.address for p in ticket.participants if p.confirmed]
    return [address for address in people if normal(address) not in still]


def _earlier(ticket: Ticket, into: Ticket) -> Deadline | None:
    """Of two deadlines the earlier: what was agreed on the merged ticket is not forgotten."""
    return min((t.deadline for t in (ticket, into) if t.deadline is not None), key=lambda d: d.at, default=None)


def _other(order: Order, ticket: Ticket, setting: Setting) -> TicketFacts:
    numbers = ticket_numbers(needed(order, setting), setting.practice.tag)
    if len(numbers) != 1:
        raise WrongError(setting.say("one_ticket", name=order.name, tag=setting.practice.tag))
    found = setting.tickets.get(numbers[0])
    if found is None:
        raise WrongError(setting.say("no_such_ticket", number=setting.practice.ticket_number(numbers[0])))
    if found.ticket.id == ticket.id:
        raise WrongError(setting.say("same_ticket"))
    if ticket.status in (Status.MERGED, Status.SPAM) or found.ticket.status in (Status.MERGED, Status.SPAM):
        status = ticket.status if ticket.status in (Status.MERGED, Status.SPAM) else found.ticket.status
        raise WrongError(setting.say("not_possible", status=status))
    return found


def _messages(work: Work, setting: Setting) -> tuple[Message, ...]:
    facts = setting.tickets.get(work.ticket.id)
    return facts.messages if facts is not None else ()


def _writer(message: Message) -> str:
    return message.sender.address if message.sender is not None else "?"
