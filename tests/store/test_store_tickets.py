"""Tickets on both databases: every field comes back, numbers have no gaps, clues lead to the right tickets."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from office import DESK, MINT, NOW, TEAM, eml, envelope, mail, message, ticket
from sqlalchemy.exc import IntegrityError
from store.pieces import OFFICE, arrival, at_once, desk, handle_all, letter, plan, post, raw_arrival, save, states

from maild.messages.mail import Address, MailClass
from maild.messages.thread_index import conversation, reply_index
from maild.messages.tokens import Purpose
from maild.sla.deadlines import ClockState, Missed, TicketClock
from maild.sla.promise import Target
from maild.store.assignment import workload
from maild.store.keep import Keep
from maild.store.tickets import Asked
from maild.store.views import Wanted
from maild.threads.facts import Facts, TicketFacts, id_hash, index_name, read_clues
from maild.threads.model import (
    AttachmentNote,
    Direction,
    Event,
    Link,
    Participant,
    Priority,
    Status,
    Ticket,
    Visibility,
)
from maild.threads.plan import LetterKind, Remembered
from maild.threads.workload import Turn

OLGA = Participant(address=Address(name="Ольга", address="olga@customer.example"), confirmed=False)


def load(keep: Keep, number: int = 1001) -> TicketFacts:
    """A ticket as a decision sees it."""
    with keep.database.write() as connection:
        return keep.tickets.load(connection, [number])[number]


def gather(keep: Keep, now: datetime = NOW, inbox_id: int = 99, digest: str = "d", **fields: str) -> Facts:
    """What the store knows of a mail with these fields."""
    a_mail = mail(**fields)
    clues = read_clues(a_mail, envelope(None, *a_mail.all("X-To")), MINT, "SUP", TEAM)
    lost = a_mail.bounce.original_message_id if a_mail.bounce else None
    asked = Asked(inbox_id=inbox_id, received_at=now, digest=digest, bounced_id=fields.get("lost", lost))
    with keep.database.write() as connection:
        return keep.tickets.gather(connection, clues, asked, now)


def full_ticket() -> Ticket:
    """A ticket that leaves no field out."""
    return ticket(
        subject="Принтер 🔥 " * 500,
        status=Status.SOLVED,
        line=3,
        assignee="anna",
        priority=Priority.URGENT,
        tags=("деньги", "b"),
        fields={"серийный": "№ 5"},
        requester=None,
        participants=(OLGA, Participant(address=Address(name="", address="ivan@customer.example"), confirmed=True)),
        language="ru",
        channel="imap",
        created_at=datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
        updated_at=datetime(2026, 1, 2, tzinfo=UTC),
        solved_at=datetime(2026, 1, 3, 23, 59, 59, 999999, tzinfo=UTC),
        due_at=datetime(2026, 1, 4, tzinfo=UTC),
        promise="gold",
    )


def test_every_field_of_a_ticket_comes_back(keep: Keep) -> None:
    """What was saved is what is loaded, to the microsecond and in any alphabet."""
    save(keep, plan(ticket=full_ticket()))
    assert full_ticket() == load(keep).ticket


def test_every_field_of_a_changed_ticket_comes_back(keep: Keep) -> None:
    """A change reaches each column, None included; participants are added and confirmed, never lost."""
    save(keep, plan(ticket=full_ticket()))
    after = ticket(participants=(replace(OLGA, confirmed=True), full_ticket().participants[1]))
    save(keep, plan(ticket=after, is_new=False))
    assert after == load(keep).ticket


def test_every_field_of_a_message_comes_back(keep: Keep) -> None:
    """Both kinds of message, with attachments and ids longer than any index takes."""
    long_id = f"<{'x' * 12_000}@y.example>"
    note = AttachmentNote(
        filename="счёт.pdf", content_type="application/pdf", size=5, sha256="s", inline=True, content_id="<c>"
    )
    whole = message(
        at=NOW + timedelta(microseconds=7),
        direction=Direction.OUT,
        visibility=Visibility.INTERNAL,
        mail_class=MailClass.OUT_OF_OFFICE,
        cc=(OLGA.address,),
        message_id=long_id,
        in_reply_to=long_id,
        references=("<a@b>", long_id),
        text="x\n" * 50_000,
        attachments=(note,),
        author="anna",
        proposed=True,
        unverified=True,
    )
    bare = message(sender=None, to=(), message_id=None)
    save(keep, plan(message=whole))
    save(keep, plan(is_new=False, message=bare))
    kept = tuple(replace(m, id=None) for m in load(keep).messages)
    assert (whole, bare) == kept


def test_the_last_messages_are_loaded_oldest_first(keep: Keep) -> None:
    """A long conversation is not read whole."""
    save(keep, plan(message=message(text="0")))
    for number in range(1, 25):
        save(keep, plan(is_new=False, message=message(text=str(number))))
    assert [str(n) for n in range(5, 25)] == [m.text for m in load(keep).messages]


def test_tickets_that_are_loaded_together_are_what_each_is_alone(keep: Keep) -> None:
    """People, clocks, steps and a long talk stay with their own ticket, and so do the customer's last words."""
    running = TicketClock(target=Target.RESOLUTION, started_at=NOW, resumed_at=NOW, due_at=NOW, promise="standard")
    save(keep, plan(1001, message=message(text="asked")))
    other: dict[str, Any] = {"ticket": ticket(1002, participants=(OLGA,)), "clocks": (running,)}
    save(keep, plan(1002, **other, steps_done=("a",)))
    save(keep, plan(1003))
    for number in range(25):
        inside = message(text=str(number), visibility=Visibility.INTERNAL)
        save(keep, plan(1001, is_new=False, message=inside))
        save(keep, plan(1002, **other, is_new=False, message=message(text="x")))
    with keep.database.write() as connection:
        together = keep.tickets.load(connection, [1003, 1001, 1002])
    assert list(together) == [1001, 1002, 1003]
    assert {number: load(keep, number) for number in together} == together
    assert [(len(f.messages), f.count) for f in together.values()] == [(21, 26), (20, 25), (0, 0)]
    assert [m.text for m in together[1001].messages[:2]] == ["asked", "5"]
    assert [(len(together[n].clocks), len(together[n].steps_done)) for n in (1001, 1002)] == [(0, 0), (1, 1)]


def test_clocks_and_steps_come_back(keep: Keep) -> None:
    """The clocks are the plan's, the former ones gone; the steps that were done stay done."""
    running = TicketClock(
        target=Target.RESOLUTION,
        started_at=NOW,
        spent=timedelta(days=400, microseconds=3),
        resumed_at=NOW + timedelta(hours=1),
        due_at=NOW + timedelta(hours=4),
        promise="standard",
        missed=(Missed(allowed=timedelta(minutes=30), at=NOW + timedelta(hours=2)),),
    )
    ended = replace(
        running, target=Target.FIRST_RESPONSE, resumed_at=None, due_at=None, state=ClockState.BREACHED, ended_at=NOW
    )
    save(keep, plan(clocks=(running, ended), steps_done=("a" * 1000,)))
    assert ((running, ended), {"a" * 1000}) == (load(keep).clocks, load(keep).steps_done)
    save(keep, plan(is_new=False, clocks=(ended,), steps_done=("b",)))
    assert ((ended,), {"a" * 1000, "b"}) == (load(keep).clocks, load(keep).steps_done)


def test_a_step_is_done_once(keep: Keep) -> None:
    """Whoever does the same step again is told so by the database itself, and nothing of it stays."""
    save(keep, plan(steps_done=("a",)))
    with pytest.raises(IntegrityError):
        save(keep, plan(is_new=False, ticket=ticket(subject="changed"), steps_done=("a",)))
    assert load(keep).ticket.subject == "Printer"


def test_events_and_links_are_kept_on_both_sides(keep: Keep) -> None:
    """A follow-up knows its forerunner, and the forerunner its follow-up."""
    save(keep, plan(1001))
    event = Event(at=NOW, kind="created", actor="maild", detail="очередь", because="rule")
    save(keep, plan(1002, events=(event,), links=(Link(kind="follow_up_of", ticket=1001),)))
    later, earlier = keep.views.ticket("1002", "SUP"), keep.views.ticket("1001", "SUP")
    assert [(e["kind"], e["detail"], e["at"]) for e in later.events] == [("created", "очередь", NOW)]
    assert later.links == ({"kind": "follow_up_of", "ticket": "SUP-1001"},)
    assert earlier.links == ({"kind": "followed_up_by", "ticket": "SUP-1002"},)


def test_what_no_ticket_holds_is_not_loaded(keep: Keep) -> None:
    """A number that names no ticket is left out."""
    save(keep, plan())
    with keep.database.write() as connection:
        assert keep.tickets.load(connection, [7]) == {}
        assert keep.tickets.load(connection, []) == {}
        assert list(keep.tickets.load(connection, [5000, 1001])) == [1001]


def test_numbers_begin_at_1001_and_have_no_gaps(keep: Keep) -> None:
    """A number that was reserved and not used is given to the next."""
    assert [gather(keep).next_ticket, gather(keep).next_ticket] == [1001, 1001]
    save(keep, plan(1001))
    assert gather(keep).next_ticket == 1002


def test_numbers_of_orders_and_ticks_never_come_twice(keep: Keep) -> None:
    """Each counter counts for itself, whoever asks at the same time, and for how many."""

    def take(name: str, count: int) -> list[int]:
        with keep.database.write() as connection:
            if count == 1:
                return [keep.tickets.take_number(connection, name)]
            return list(keep.tickets.take_numbers(connection, name, count))

    taken = at_once(*[lambda n=n: [take("ticks", n) for _ in range(10)] for n in (1, 1, 2, 3)])  # type: ignore[misc]
    assert list(range(2, 72)) == sorted(n for some in taken for numbers in some for n in numbers)
    assert take("orders", 1) == [2]


def test_what_time_does_to_many_tickets_is_kept_whole(keep: Keep) -> None:
    """Each part of a ticket that has become another, of each ticket its own; what is as it was stays."""
    running = TicketClock(target=Target.RESOLUTION, started_at=NOW, resumed_at=NOW, due_at=NOW, promise="standard")
    ended = replace(running, state=ClockState.MET, ended_at=NOW, resumed_at=None)
    for number in (1001, 1002, 1003):
        save(keep, plan(number, ticket=ticket(number, participants=(OLGA,)), clocks=(running,)))
    event, turn = Event(at=NOW, kind="note", actor="clock", detail="late"), Turn(pool="p", agent="anna", number=3)
    changed = [
        plan(1001, ticket=ticket(1001), clocks=(ended,), events=(event,), steps_done=("a", "b"), next_step_at=NOW),
        plan(1002, ticket=ticket(1002, participants=(OLGA,), tags=("late",)), clocks=(running,), steps_done=("a",)),
        plan(1003, ticket=ticket(1003, participants=(OLGA,)), clocks=(running,), turns=(turn,)),
    ]
    with keep.database.write() as connection:
        loaded = keep.tickets.load(connection, [1001, 1002, 1003])
        passed = [(loaded[a_plan.belongs_to or 0], a_plan) for a_plan in changed]
        keep.apply_passed(connection, passed, NOW)
    for a_plan in changed:
        facts = load(keep, a_plan.belongs_to or 0)
        assert (facts.ticket, facts.clocks) == (a_plan.ticket, a_plan.clocks)
        assert facts.steps_done == frozenset(a_plan.steps_done)
    assert keep.tickets.due(NOW, 10) == [1001]
    assert [e["detail"] for e in keep.views.ticket("1001", "SUP").events] == ["late"]
    assert [one.ticket.id for one in keep.views.tickets(Wanted(search="late"))] == [1002]
    with keep.database.write() as connection:
        assert workload(connection, ()).turns == {"p": {"anna": 3}}


def test_a_known_id_leads_to_its_ticket(keep: Keep) -> None:
    """Ids of stored mails and ids that they refer to are found, however long; others are not."""
    long_id = f"<{'x' * 900}@y.example>"
    remember = (Remembered(message_id="<far@x.example>", stored=False), Remembered(message_id=long_id, stored=True))
    save(keep, plan(message=message(message_id="<own@x.example>"), remember=remember))
    facts = gather(keep, References=f"<own@x.example> {long_id}", In_Reply_To="<other@x.example>")
    assert {(id_hash("<own@x.example>"), True), (id_hash(long_id), True)} == {
        (k.id_hash, k.stored) for k in facts.known
    }
    assert list(facts.tickets) == [1001]
    [referred] = gather(keep, message_id="<far@x.example>").known
    assert (referred.ticket, referred.stored) == (1001, False)
    assert gather(keep, message_id="<none@x.example>").known == ()


def test_an_id_is_remembered_once_for_each_ticket(keep: Keep) -> None:
    """A long conversation says the same ids again and again."""
    again = (Remembered(message_id="<a@x.example>", stored=False),)
    save(keep, plan(remember=again))
    save(keep, plan(is_new=False, remember=again))
    save(keep, plan(1002, remember=again))
    assert sorted(k.ticket for k in gather(keep, References="<a@x.example>").known) == [1001, 1002]


def test_a_reply_without_ids_leads_to_its_senders_open_tickets_of_that_subject(keep: Keep) -> None:
    """Of the last 30 days, not closed, his own; nothing is asked for a mail that is no reply."""
    tickets = {
        1001: ticket(1001, base_subject="printer"),
        1002: ticket(1002, base_subject="printer", status=Status.CLOSED),
        1003: ticket(1003, base_subject="printer", requester="eve@stranger.example"),
        1004: ticket(1004, base_subject="scanner"),
        1005: ticket(1005, base_subject="printer", updated_at=NOW - timedelta(days=31)),
    }
    for number, one in tickets.items():
        save(keep, plan(number, ticket=one))
    found = gather(keep, subject="Re: Printer", message_id="<n@x.example>")
    assert found.same_subject == (1001,)
    assert list(found.tickets) == [1001]
    assert gather(keep, subject="Printer", message_id="<n@x.example>").same_subject == ()
    save(keep, plan(1006, ticket=ticket(1006, base_subject="printer", status=Status.SOLVED)))
    assert gather(keep, subject="Re: Printer", message_id="<n@x.example>").same_subject == (1006, 1001)


def test_outlooks_name_of_a_conversation_leads_to_its_ticket(keep: Keep) -> None:
    """Where a reply bears it; the field itself need not be kept."""
    base = conversation(NOW, b"x" * 16)
    save(keep, plan(remember=(Remembered(message_id=index_name(base), stored=False),)))
    field = base64.b64encode(reply_index(base, NOW, 1)).decode()
    assert list(gather(keep, Thread_Index=field, message_id="<n@x.example>").tickets) == [1001]
    fresh = base64.b64encode(base).decode()
    assert list(gather(keep, Thread_Index=fresh, message_id="<n@x.example>").tickets) == []


def test_the_strongest_evidence_is_kept_where_clues_name_too_many_tickets(keep: Keep) -> None:
    """A newsletter's id that hundreds of tickets know does not hide the one ticket that is really meant."""
    newsletter = (Remembered(message_id="<news@x.example>", stored=False),)
    for number in range(1001, 1041):
        save(keep, plan(number, remember=newsletter))
    save(keep, plan(1041, message=message(message_id="<mine@x.example>")))
    save(keep, plan(1042))
    signed = MINT.root_id(Purpose.PUBLIC_ID, 1042)
    facts = gather(keep, References=f"{signed} <mine@x.example> <news@x.example>")
    assert {1041, 1042} <= set(facts.tickets)
    assert len(facts.tickets) == 30


def test_tickets_are_found_by_address_signed_id_and_tag(keep: Keep) -> None:
    """Everything in a mail that may name a ticket brings it along."""
    for number in (1001, 1002, 1003, 1004):
        save(keep, plan(number))
    token = MINT.address(Purpose.CUSTOMER, 1001, "ivan@customer.example")
    signed = MINT.root_id(Purpose.PUBLIC_ID, 1002)
    assert list(gather(keep, to=token, References=signed, subject="Re: [SUP-1003]").tickets) == [1001, 1002, 1003]


def test_a_second_copy_is_known_once_the_first_is_decided(keep: Keep) -> None:
    """Waiting, quarantined and duplicate rows are no first copies."""
    first, second = keep.inbox.add([arrival(), arrival()])
    digest = arrival().digest
    assert gather(keep, inbox_id=second, digest=digest).duplicate is None
    handle_all(desk(keep))
    found = gather(keep, inbox_id=second, digest=digest).duplicate
    assert found is not None
    assert (first, 1001) == (found.inbox_id, found.ticket)


def test_acknowledgements_are_counted_for_an_hour_and_a_day(keep: Keep) -> None:
    """Only acknowledgements, only to this sender, only of the last day."""
    minutes = (1, 59, 61, 23 * 60, 24 * 60 + 1)
    for number, ago in enumerate(minutes):
        one = letter("Ivan@Customer.example", kind=LetterKind.ACKNOWLEDGEMENT, unique=f"{number}")
        post(keep, one, now=NOW - timedelta(minutes=ago))
    post(keep, letter(), letter("olga@customer.example", kind=LetterKind.ACKNOWLEDGEMENT))
    facts = gather(keep)
    assert (facts.acknowledged_last_hour, facts.acknowledged_last_day) == (2, 4)
    nobody = gather(keep, sender="")
    assert (nobody.acknowledged_last_hour, nobody.acknowledged_last_day) == (0, 0)


def test_a_report_about_an_answer_of_ours_names_its_ticket(keep: Keep) -> None:
    """Ours only: a customer's own id proves nothing."""
    ours = message(message_id="<ours@desk.example>", direction=Direction.OUT)
    save(keep, plan(message=ours))
    save(keep, plan(is_new=False, message=message(message_id="<his@x.example>")))
    assert gather(keep, lost="<ours@desk.example>").answer_lost == 1001
    assert gather(keep, lost="<his@x.example>").answer_lost is None


def test_what_is_due_is_found_the_longest_due_first(keep: Keep) -> None:
    """Tickets whose next look lies ahead, or that need none, are left alone."""
    save(keep, plan(1001, next_step_at=NOW))
    save(keep, plan(1002, next_step_at=NOW - timedelta(hours=1)))
    save(keep, plan(1003, next_step_at=NOW + timedelta(seconds=1)))
    save(keep, plan(1004))
    assert keep.tickets.due(NOW, 10) == [1002, 1001]
    assert keep.tickets.due(NOW, 1) == [1002]
    keep.tickets.look_again(1002, NOW + timedelta(hours=1))
    assert keep.tickets.due(NOW, 10) == [1001]


def test_a_message_is_kept_once_whoever_brings_it(keep: Keep) -> None:
    """The database itself refuses a second message of the same content, and the ticket stays as it was."""
    save(keep, plan(message=message()), digest="d1")
    with pytest.raises(IntegrityError):
        save(keep, plan(is_new=False, ticket=ticket(subject="changed"), message=message()), digest="d1")
    assert (load(keep).ticket.subject, len(load(keep).messages)) == ("Printer", 1)


def test_a_conversation_goes_from_mail_to_mail(keep: Keep) -> None:
    """New, reply by In-Reply-To, the same Message-ID with other words, and a copy: one ticket."""
    keep.inbox.add([arrival()])
    keep.inbox.add(
        [arrival("And now the curtains.", message_id="<2@customer.example>", In_Reply_To="<1@customer.example>")]
    )
    keep.inbox.add([arrival("Other words.")])
    keep.inbox.add([raw_arrival(b"Received: by relay.example\r\n" + eml())])
    handle_all(desk(keep))
    assert states(keep) == [("ticketed", "SUP-1001")] * 3 + [("duplicate", "SUP-1001")]
    texts = [m.text.strip() for m in load(keep).messages]
    assert texts == ["My printer is on fire.", "And now the curtains.", "Other words."]


def test_explaining_a_mail_changes_nothing(keep: Keep) -> None:
    """The same gathering and judging, and not a row is different afterwards."""
    keep.inbox.add([arrival()])
    with keep.database.read() as connection:
        [waiting] = keep.inbox.waiting(connection, NOW, None, 1)
    explained = desk(keep).explain(waiting)
    assert explained
    assert states(keep) == [("waiting", None)]
    assert gather(keep).next_ticket == 1001
    assert DESK in OFFICE.practice.own_addresses
