"""Tickets move between promises: which one fits, what their clocks make of it, and that nothing is gained by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from core.sla_office import HOUR, OFFICE, moscow, promise
from hypothesis import given
from hypothesis import strategies as st
from office import NOW, STANDARD, ticket

from maild.config.policy import load_policy
from maild.config.settings import load_settings
from maild.desk.assembly import make_promises
from maild.messages.mail import Address
from maild.people.organisations import Organisation, Organisations
from maild.sla.calendar import Calendar, Span
from maild.sla.deadlines import (
    ClockState,
    TicketClock,
    is_breached,
    meet,
    pause,
    recompute,
    resume,
    spent_at,
    start,
)
from maild.sla.events import Happening
from maild.sla.promise import Promise, Target
from maild.threads.model import Priority, Status
from maild.threads.promises import Given, Promises, change_promise, keep_fitting, move_clocks

ROOT = Path(__file__).parents[2]
ALWAYS = Calendar(name="always", timezone="UTC", hours=None)
NIGHTS = Calendar(name="nights", timezone="Europe/Berlin", hours=dict.fromkeys(range(7), (Span(time(20), time(0)),)))
URGENT = replace(STANDARD, name="urgent", first_response=timedelta(minutes=30), resolution=8 * HOUR)
LAZY = replace(STANDARD, name="lazy", first_response=None, next_response=None)


def known(*names: str) -> Promises:
    """Urgent for the urgent, lazy for billing, standard for the rest."""
    every = {
        "urgent": Given(promise=URGENT, fits=lambda fields: fields["priority"] == "urgent"),
        "lazy": Given(promise=LAZY, fits=lambda fields: fields["queue"] == "billing"),
        "by mail": Given(promise=replace(STANDARD, name="by mail"), fits=lambda f: f["class"] == "list", by_mail=True),
        "standard": Given(promise=STANDARD, fits=lambda _: True),
    }
    return Promises(given=tuple(every[name] for name in names or ("urgent", "lazy", "standard")))


def first_clock(promises: Promises, under: str = "standard") -> tuple[TicketClock, ...]:
    """The clocks of a new ticket under a promise, started at NOW."""
    new = ticket(status=Status.NEW, promise=under, promise_set=True)
    return move_clocks(promises, new, (), (Happening.FIRST_MAIL,), NOW)[1]


def test_a_ticket_whose_priority_is_raised_gets_the_promise_that_fits_it_now() -> None:
    """Ten of thirty minutes are spent."""
    new = ticket(status=Status.NEW)
    later = NOW + timedelta(minutes=10)
    raised = replace(new, priority=Priority.URGENT)
    after, clocks = move_clocks(known(), raised, first_clock(known()), (), later)
    assert (after.promise, after.due_at) == ("urgent", NOW + timedelta(minutes=30))
    assert {clock.promise for clock in clocks} == {"urgent"}
    assert [clock.started_at for clock in clocks] == [NOW, NOW]


def test_a_target_that_is_not_promised_any_more_stands_still_and_goes_on_when_the_ticket_is_back() -> None:
    """Under the other promise nothing is owed by then, and what ends there leaves no trace."""
    new, clocks = ticket(status=Status.NEW), first_clock(known())
    moved, there = move_clocks(known(), replace(new, queue="billing"), clocks, (), NOW + HOUR)
    assert moved.promise == "lazy"
    assert [(c.target, c.state, c.due_at is None) for c in there] == [
        (Target.FIRST_RESPONSE, ClockState.PAUSED, True),
        (Target.RESOLUTION, ClockState.RUNNING, False),
    ]
    back, again = move_clocks(known(), replace(moved, queue="support"), there, (), NOW + 10 * HOUR)
    assert (again[0].state, again[0].spent, back.due_at) == (ClockState.RUNNING, HOUR, NOW + 13 * HOUR)
    answered = replace(moved, status=Status.PENDING)
    _, met = move_clocks(known(), answered, there, (Happening.ANSWERED,), NOW + 2 * HOUR)
    assert [clock.target for clock in met] == [Target.RESOLUTION]


@pytest.mark.parametrize(
    ("status", "targets"),
    [
        (Status.NEW, [Target.RESOLUTION, Target.FIRST_RESPONSE]),
        (Status.OPEN, [Target.RESOLUTION, Target.NEXT_RESPONSE]),
        (Status.PENDING, [Target.RESOLUTION]),
    ],
)
def test_what_is_promised_anew_starts_when_it_is_promised_if_somebody_waits_for_it(
    status: Status, targets: list[Target]
) -> None:
    """Nothing that was not promised was counted."""
    lazy = ticket(status=status, promise="lazy", queue="billing")
    _, clocks = move_clocks(known(), lazy, (), (Happening.REOPENED,), NOW)
    moved, clocks = move_clocks(known(), replace(lazy, queue="support"), clocks, (), NOW + HOUR)
    assert (moved.promise, [clock.target for clock in clocks]) == ("standard", targets)
    assert all(clock.started_at == NOW + HOUR for clock in clocks[1:])


def test_an_ended_clock_keeps_the_promise_by_which_it_was_judged() -> None:
    """What was met in four hours is not told as thirty minutes that were missed."""
    clocks = first_clock(known())
    answered = ticket(status=Status.OPEN)
    after, clocks = move_clocks(known(), answered, clocks, (Happening.ANSWERED,), NOW + HOUR)
    _, clocks = move_clocks(known(), replace(after, priority=Priority.URGENT), clocks, (), NOW + 2 * HOUR)
    assert [(c.target, c.promise, c.state) for c in clocks] == [
        (Target.FIRST_RESPONSE, "standard", ClockState.MET),
        (Target.RESOLUTION, "urgent", ClockState.RUNNING),
    ]


def test_what_happens_with_the_change_is_judged_by_the_promise_until_then() -> None:
    """An answer that also makes the ticket urgent was in time."""
    answered = ticket(status=Status.PENDING, priority=Priority.URGENT)
    _, clocks = move_clocks(known(), answered, first_clock(known()), (Happening.ANSWERED,), NOW + HOUR)
    assert (clocks[0].state, clocks[0].promise) == (ClockState.MET, "standard")


def test_a_promise_that_a_rule_names_stays_whatever_changes() -> None:
    """Until a rule names another, or it is gone from the files."""
    pinned, clocks = change_promise(known(), ticket(), first_clock(known()), "urgent", NOW)
    assert (pinned.promise, pinned.promise_set) == ("urgent", True)
    assert move_clocks(known(), replace(pinned, queue="billing"), clocks, (), NOW)[0].promise == "urgent"
    assert move_clocks(known("lazy", "standard"), pinned, clocks, (), NOW)[0].promise == "standard"


def test_a_promise_that_looks_at_the_mail_keeps_its_word_of_the_first_one() -> None:
    """The ticket has the mail's class no more; the other conditions are looked at again."""
    promises = known("urgent", "by mail", "standard")
    opened = promises.opened(ticket(), {"class": "list"})
    assert (opened.promise, opened.promises_fitted) == ("by mail", ("by mail",))
    assert promises.fitting(replace(opened, priority=Priority.URGENT)) == "urgent"
    assert promises.fitting(opened) == "by mail"
    assert promises.opened(ticket(), {"class": "person"}).promise == "standard"


def test_of_a_ticket_of_an_older_version_the_promise_that_it_has_is_taken_to_have_fitted() -> None:
    """Nothing was written down then."""
    promises = known("by mail", "standard")
    assert promises.fitting(ticket(promise="by mail")) == "by mail"
    assert promises.fitting(ticket(promise="standard")) == "standard"


def test_old_mail_from_an_archive_and_tickets_that_nobody_waits_on_get_no_promise() -> None:
    """Neither an imported ticket nor one that was merged or is spam."""
    old = ticket(channel="import", promise=None)
    assert keep_fitting(known(), old, (), NOW) == (old, ())
    merged = ticket(status=Status.MERGED, promise="lazy")
    assert keep_fitting(known(), merged, (), NOW)[0].promise == "lazy"


def test_a_promise_whose_text_has_changed_counts_what_is_left_by_the_new_one() -> None:
    """The walk over the tickets after an edit of the files."""
    edited = Promises(given=(Given(promise=replace(STANDARD, first_response=6 * HOUR), fits=lambda _: True),))
    new = ticket(status=Status.NEW)
    after, clocks = keep_fitting(edited, new, first_clock(known()), NOW + HOUR, before=known())
    assert (after.due_at, clocks[0].spent) == (NOW + 6 * HOUR, HOUR)
    assert keep_fitting(edited, after, clocks, NOW + 2 * HOUR, before=edited)[1] == clocks


@pytest.mark.parametrize(
    ("when", "by_mail"),
    [
        ('when.queue = "billing"', False),
        ('when = { tags = "vip", priority = ["high", "urgent"], customer = { domain = "big.example" } }', False),
        ("when.not.line = 2", False),
        ('when = { queue = "billing", subject = { words = ["invoice"] } }', True),
        ('when.any = [{ queue = "billing" }, { language = "en" }]', True),
        ("", False),
    ],
)
def test_the_files_say_which_promises_look_at_the_mail(when: str, by_mail: bool, tmp_path: Path) -> None:
    """By any test, however deep."""
    (tmp_path / "teams.toml").write_text(
        '[[agent]]\nid = "anna"\nname = "Anna"\naddress = "anna@desk.example"\n[[queue]]\nname = "billing"\n'
        'agents = ["anna"]\ndefault = true\n'
    )
    (tmp_path / "routing.toml").write_text('[[rule]]\nname = "All"\ndefault = true\n')
    sla = f'[[calendar]]\nname = "office"\n[[promise]]\nname = "p"\ncalendar = "office"\nresolution = "8h"\n{when}\n'
    (tmp_path / "sla.toml").write_text(sla)
    [found] = make_promises(load_policy(tmp_path, load_settings(ROOT / "settings.toml").desk)).given
    assert found.by_mail is by_mail


def test_a_customer_is_known_by_address_and_domain_whenever_the_ticket_changes() -> None:
    """The requester's, who may be another one than who wrote first."""
    fits = Given(promise=URGENT, fits=lambda fields: "ceo@big.example" in fields["customer"])
    promises = Promises(given=(fits, Given(promise=STANDARD, fits=lambda _: True)))
    assert promises.fitting(ticket()) == "standard"
    assert promises.fitting(ticket(requester="ceo@big.example")) == "urgent"
    assert promises.fitting(replace(ticket(), requester=Address(name="Boss", address="ceo@big.example"))) == "urgent"


def test_an_organisation_is_known_whenever_the_requester_changes() -> None:
    """By the requester's address."""
    big = Organisation(name="Big", domains=("big.example",))
    fits = Given(promise=URGENT, fits=lambda fields: fields["organisation"] == "Big")
    given = (fits, Given(promise=STANDARD, fits=lambda _: True))
    promises = Promises(given=given, organisations=Organisations(known=(big,)))
    assert promises.fitting(ticket()) == "standard"
    assert promises.fitting(ticket(requester="BOSS@Big.example")) == "urgent"
    assert promises.fitting(ticket(requester=None)) == "standard"


# Properties of `recompute`, over any way of a clock through promises, pauses and time.


def variant(number: int, calendar: Calendar, hours: int) -> Promise:
    """One of many promises."""
    return promise(name=f"p{number}", calendar=calendar, first_response=timedelta(hours=hours))


PROMISES = [
    variant(n, calendar, hours)
    for n, (calendar, hours) in enumerate((c, h) for c in (OFFICE, ALWAYS, NIGHTS) for h in (1, 4, 5, 30))
]
PROMISES.append(promise(name="none", first_response=None))
MOVES = st.lists(
    st.tuples(st.integers(0, 72 * 60), st.sampled_from(["move", "pause", "resume"]), st.sampled_from(PROMISES)),
    min_size=1,
    max_size=8,
)
BEGIN = moscow("19T10:00").astimezone(UTC)


def travel(moves: list[tuple[int, str, Promise]]) -> tuple[TicketClock, Promise, datetime]:
    """A clock after these moves, the promise that it is under, and the time."""
    under, at = PROMISES[0], BEGIN
    clock = start(under, Target.FIRST_RESPONSE, at)
    assert clock is not None
    for minutes, what, other in moves:
        at += timedelta(minutes=minutes)
        if what == "move":
            clock, under = recompute(clock, under, other, at), other
        elif under.first_response is not None:
            clock = pause(clock, under, at) if what == "pause" else resume(clock, under, at)
    return clock, under, at


@given(MOVES, st.sampled_from(PROMISES))
def test_time_spent_stays_spent_and_nothing_is_due_in_the_past_but_what_was_missed(
    moves: list[tuple[int, str, Promise]], other: Promise
) -> None:
    """At the moment of the move itself."""
    clock, under, at = travel(moves)
    moved = recompute(clock, under, other, at)
    assert spent_at(moved, other.calendar, at) == spent_at(clock, under.calendar, at)
    if moved.due_at is not None and moved.due_at < at:
        assert any(m.at == moved.due_at for m in moved.missed) or clock.due_at == moved.due_at
    elif moved.due_at is not None and other.first_response is not None:
        left = max(other.first_response - spent_at(clock, under.calendar, at), timedelta(0))
        assert moved.due_at == other.calendar.add(at, left)


@given(MOVES, st.lists(st.sampled_from(PROMISES), min_size=1, max_size=4))
def test_to_and_fro_at_one_moment_changes_nothing(moves: list[tuple[int, str, Promise]], others: list[Promise]) -> None:
    """Neither the due time, nor whether it is missed, nor what is spent."""
    clock, under, at = travel(moves)
    running = clock.state is ClockState.RUNNING
    there, before = clock, under
    for other in others:
        there, before = recompute(there, before, other, at), other
    back = recompute(there, before, under, at)
    if running and under.first_response is not None and back.state is ClockState.PAUSED:
        back = resume(back, under, at)  # it stood still where it was not promised
    assert (back.due_at, back.state) == (clock.due_at, clock.state)
    assert is_breached(back, at) == is_breached(clock, at)
    assert spent_at(back, under.calendar, at) == spent_at(clock, under.calendar, at)


@given(MOVES, MOVES)
def test_what_was_missed_is_missed_again_under_a_promise_as_tight(
    moves: list[tuple[int, str, Promise]], more: list[tuple[int, str, Promise]]
) -> None:
    """However long the ticket was elsewhere, and whatever happened there."""
    clock, under, at = travel(moves)
    if under.first_response is None or not is_breached(clock, at):
        return
    there, before = clock, under
    for minutes, _, other in more:
        at += timedelta(minutes=minutes)
        there, before = recompute(there, before, other, at), other
    back = recompute(there, before, under, at)
    assert back.due_at is not None
    assert clock.due_at is not None
    assert back.due_at <= clock.due_at
    assert meet(back, under, at).state is ClockState.BREACHED
