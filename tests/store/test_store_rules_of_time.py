"""Rules of time on a real store: done once over restarts and by two desks, and followed by tickets that were there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from office import NOW, STANDARD, practice
from store.pieces import OFFICE, arrival, at_once, handle_all

from maild.clock import FixedClock
from maild.desk import walk as walk_module
from maild.desk.handle import Desk, Office
from maild.desk.orders import give_order
from maild.desk.tick import do_due
from maild.desk.walk import follow_new_rules
from maild.routing.conditions import read_condition
from maild.routing.fields import FIELDS
from maild.routing.rules import Actions, Choice, Rule
from maild.store.keep import Keep
from maild.store.tables import steps_done, tickets
from maild.threads.model import Status
from maild.threads.promises import Given, Promises

DAY = timedelta(days=1)
LATER = NOW + 15 * DAY
EVERYTHING = Rule(name="Everything else", when=None)


def rule(name: str, when: dict[str, Any], **then: Any) -> Rule:
    """A rule from its `when` and its actions."""
    reading = read_condition({"event": "schedule"} | when, FIELDS, ())
    assert reading.problems == ()
    return Rule(name=name, when=reading.condition, then=Actions(**then))


CLOSING = rule("Close", {"silence": {"above": "14d"}}, status="solved", note="silent", tell=("boris",))


def office(*rules: Rule, revision: str = "test", hours: int = 40, earlier: int = 40) -> Office:
    """The desk with these rules; its promise gives so many hours, an earlier text of it gave others."""

    def promises(allowed: int) -> Promises:
        promise = replace(STANDARD, resolution=timedelta(hours=allowed))
        return Promises(given=(Given(promise=promise, fits=lambda _: True),))

    ways = replace(practice(rules=(*rules, EVERYTHING)), revision=revision, promises=promises(hours))
    texts = {f"{h} hours": promises(h) for h in (hours, earlier)}
    return replace(OFFICE, practice=ways, promises_text=f"{hours} hours", earlier_promises=texts.get)


def open_tickets(keep: Keep, how: Office, count: int, at: datetime = NOW) -> None:
    """So many people write for the first time."""
    mails = [arrival(f"{n}", message_id=f"<{n}@x.example>", sender=f"p{n}@x.example", at=at) for n in range(count)]
    keep.inbox.add(mails)
    handle_all(Desk(keep, lambda: how, FixedClock(at)))


def statuses(keep: Keep) -> list[str]:
    """Of all tickets, by their numbers."""
    with keep.database.read() as connection:
        return list(connection.scalars(sa.select(tickets.c.status).order_by(tickets.c.id)))


def looks(keep: Keep) -> set[datetime | None]:
    """When the tickets are looked at next."""
    with keep.database.read() as connection:
        return set(connection.scalars(sa.select(tickets.c.next_step_at)))


def notes(keep: Keep, number: str = "1001") -> list[str]:
    """The notes that rules wrote on a ticket."""
    return [e["detail"] for e in keep.views.ticket(number, "SUP").events if e["kind"] == "note"]


@pytest.mark.parametrize("by", ["load", "turn"])
def test_tickets_that_fall_due_together_are_shared_out_one_after_the_other(keep: Keep, by: str) -> None:
    """Each is given away with the others in sight, though all of them are done in one transaction."""
    how = office(rule("Share", {"silence": {"above": "14d"}}, assignee=Choice(by=by, among=("anna", "boris"))))
    open_tickets(keep, how, 7)
    do_due(keep, how, LATER)
    with keep.database.read() as connection:
        had = Counter(connection.scalars(sa.select(tickets.c.assignee)))
    assert had == {"anna": 4, "boris": 3}


def test_a_rule_of_time_is_done_once_however_often_time_is_looked_at(keep: Keep) -> None:
    """A tick costs nothing before; after it there is nothing left to look for."""
    how = office(CLOSING)
    open_tickets(keep, how, 3)
    assert keep.tickets.due(NOW + 14 * DAY, 10) == []
    do_due(keep, how, NOW + 14 * DAY)
    assert statuses(keep) == ["new"] * 3
    for late in (LATER, LATER, LATER + 30 * DAY):
        do_due(keep, how, late)
    assert statuses(keep) == ["solved"] * 3
    assert notes(keep) == ["silent"]
    assert looks(keep) == {None}
    letters = [row for row in keep.outbox.listing() if row["ticket"] == "SUP-1001"]
    assert [row["kind"] for row in letters].count("notification") == 3, "the new mail to two, the rule's word to one"


def test_a_ticket_that_is_opened_again_is_not_closed_again_before_somebody_speaks(keep: Keep) -> None:
    """The silence is the same one; a new mail begins another."""
    how = office(CLOSING)
    open_tickets(keep, how, 1)
    do_due(keep, how, LATER)
    give_order(keep, how, FixedClock(LATER), "1001", "reopen", "")
    do_due(keep, how, LATER + DAY)
    assert statuses(keep) == ["open"]
    keep.inbox.add(
        [arrival("And?", sender="p0@x.example", message_id="<n@x.example>", In_Reply_To="<0@x.example>", at=LATER)]
    )
    handle_all(Desk(keep, lambda: how, FixedClock(LATER)))
    do_due(keep, how, LATER + 15 * DAY)
    assert statuses(keep) == ["solved"]
    with keep.database.read() as connection:
        assert len(list(connection.scalars(sa.select(steps_done.c.key)))) == 2


def test_a_tick_that_is_killed_in_the_middle_does_each_once(keep: Keep) -> None:
    """What was not committed is done by the next tick, what was is not done again."""
    how = office(CLOSING)
    open_tickets(keep, how, 60)
    follow_new_rules(keep, how, NOW)

    class Killed(BaseException):
        """The process is gone."""

    count = 0

    def kill() -> None:
        nonlocal count
        count += 1
        if count == 2:
            raise Killed

    with pytest.raises(Killed):
        do_due(keep, how, LATER, on_some=kill)
    assert 0 < statuses(keep).count("solved") < 60
    do_due(keep, how, LATER)
    assert statuses(keep) == ["solved"] * 60
    assert [len(notes(keep, str(1001 + n))) for n in range(60)] == [1] * 60


def test_two_desks_do_a_rule_of_time_once(shared: str, another: Callable[[str], Keep]) -> None:
    """Both think that they tick."""
    keeps = [another(shared) for _ in range(3)]
    how = office(CLOSING)
    open_tickets(keeps[0], how, 12)
    at_once(*[lambda k=k: do_due(k, how, LATER, LATER) for k in keeps])  # type: ignore[misc]
    assert statuses(keeps[0]) == ["solved"] * 12
    assert [len(notes(keeps[0], str(1001 + n))) for n in range(12)] == [1] * 12


def test_new_rules_of_time_reach_the_tickets_that_are_there(keep: Keep) -> None:
    """Closed ones are left alone; the walk is not done twice."""
    before, after = office(revision="one"), office(CLOSING, revision="two")
    open_tickets(keep, before, 3)
    give_order(keep, before, FixedClock(NOW), "1003", "close", "")
    assert follow_new_rules(keep, before, NOW) == 2
    first = looks(keep)
    assert follow_new_rules(keep, after, NOW) == 2
    assert looks(keep) - first == {NOW + 14 * DAY + timedelta(seconds=1)} or first == looks(keep)
    assert follow_new_rules(keep, after, NOW) == 0
    do_due(keep, after, LATER)
    assert statuses(keep) == ["solved", "solved", "closed"]


def test_a_walk_that_is_killed_goes_on_where_it_was(keep: Keep, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every ticket is met once, and its clock is counted anew once."""
    monkeypatch.setattr(walk_module, "_AT_ONCE", 2)
    before, after = office(revision="one"), office(revision="two", hours=60)
    open_tickets(keep, before, 5)
    follow_new_rules(keep, before, NOW)

    class Killed(BaseException):
        """The process is gone."""

    def kill() -> None:
        raise Killed

    with pytest.raises(Killed):
        follow_new_rules(keep, after, NOW + timedelta(hours=1), kill)
    assert [due(keep, n) for n in (1001, 1003)] == [NOW + timedelta(hours=60), NOW + timedelta(hours=40)]
    assert follow_new_rules(keep, after, NOW + timedelta(hours=2)) == 3
    assert {due(keep, 1001 + n) for n in range(5)} == {NOW + timedelta(hours=60)}


def due(keep: Keep, number: int) -> datetime | None:
    """When the resolution of a ticket is due."""
    with keep.database.write() as connection:
        [facts] = keep.tickets.load(connection, [number]).values()
    return next(clock.due_at for clock in facts.clocks if clock.target == "resolution")


def test_time_spent_under_another_promise_stays_spent(keep: Keep) -> None:
    """And where more has been spent than is allowed now, it is due now, not in the past; the history tells of it."""
    open_tickets(keep, office(revision="one"), 1)
    follow_new_rules(keep, office(revision="one"), NOW)
    late = NOW + timedelta(hours=30)
    follow_new_rules(keep, office(revision="two", hours=20), late)
    assert due(keep, 1001) == late
    events = [e for e in keep.views.ticket("1001", "SUP").events if e["kind"] == "promise"]
    assert [e["detail"] for e in events] == ["counted by the rules of revision two"]


def test_a_walk_that_is_overtaken_by_other_rules_counts_each_ticket_by_what_held_for_it(
    keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first was met by the second text already, the last only by the first."""
    monkeypatch.setattr(walk_module, "_AT_ONCE", 1)
    open_tickets(keep, office(revision="one"), 2)
    follow_new_rules(keep, office(revision="one"), NOW)

    class Killed(BaseException):
        """The process is gone."""

    def kill() -> None:
        raise Killed

    with pytest.raises(Killed):
        follow_new_rules(keep, office(revision="two", hours=50), NOW, kill)
    seen: list[str] = []
    third = office(revision="three", hours=60)

    def earlier(text: str) -> Promises | None:
        seen.append(text)
        return third.practice.promises

    follow_new_rules(keep, replace(third, earlier_promises=earlier), NOW)
    assert seen == ["50 hours", "40 hours"]


def test_a_closed_ticket_is_left_alone_by_time(keep: Keep) -> None:
    """So a desk with many old tickets pays nothing for them."""
    how = office(rule("Old", {"age": {"above": "1d"}}, tags=("old",)))
    open_tickets(keep, how, 1)
    give_order(keep, how, FixedClock(NOW), "1001", "close", "")
    assert looks(keep) == {None}
    assert statuses(keep) == [Status.CLOSED]


def test_an_order_at_the_command_line_wakes_the_rules_of_status(keep: Keep) -> None:
    """By whomever the status was changed; in the same transaction, and what the rule does wakes no other."""
    reading = read_condition({"event": "status", "status": "solved", "status_before": "new"}, FIELDS, ())
    again = Rule(name="Again", when=reading.condition, then=Actions(note="so soon", status="open"))
    other = read_condition({"event": "status", "status": "open"}, FIELDS, ())
    never = Rule(name="Never", when=other.condition, then=Actions(note="never"))
    how = office(again, never)
    open_tickets(keep, how, 1)
    give_order(keep, how, FixedClock(NOW), "1001", "solve", "")
    assert statuses(keep) == ["open"]
    assert notes(keep) == ["so soon"]
    told = [(e["kind"], e["actor"]) for e in keep.views.ticket("1001", "SUP").events]
    assert [kind for kind, actor in told if actor == "rule"] == ["rule", "status", "note"]


class Text:
    """One canned text."""

    def names(self, _language: str) -> tuple[str, ...]:
        """Its name."""
        return ("moment",)

    def write(self, _name: str, _language: str, _values: object) -> str:
        """What it says."""
        return "One moment, please."


def test_replies_of_rules_count_with_the_acknowledgements(keep: Keep) -> None:
    """Three letters an hour to one address, of whichever kind; what was left out stands in the history."""
    reading = read_condition({"event": "reply"}, FIELDS, ())
    how = office(Rule(name="Moment", when=reading.condition, then=Actions(reply="moment")))
    how = replace(how, practice=replace(how.practice, canned=Text()))
    open_tickets(keep, how, 1)
    for number in range(4):
        fields: dict[str, Any] = {
            "message_id": f"<r{number}@x.example>",
            "In_Reply_To": "<0@x.example>",
            "sender": "p0@x.example",
        }
        keep.inbox.add([arrival(f"And now? {number}", **fields)])
        handle_all(Desk(keep, lambda: how, FixedClock(NOW)))
    sent = [row["kind"] for row in keep.outbox.listing() if row["recipients"][0]["address"] == "p0@x.example"]
    assert sorted(sent) == ["acknowledgement", "reply", "reply"]
    whole = keep.views.ticket("1001", "SUP")
    left_out = [e["because"] for e in whole.events if e["kind"] == "letter_left_out"]
    assert left_out == ["this address had enough automatic letters"] * 2
    assert len(whole.messages) == 5


def test_many_notes_among_colleagues_end_no_silence(keep: Keep) -> None:
    """The customer's mail is known behind however many of them, and all are counted."""
    how = office(CLOSING)
    open_tickets(keep, how, 1)
    for number in range(22):
        give_order(keep, how, FixedClock(NOW + 10 * DAY), "1001", "note", f"{number}")
    with keep.database.write() as connection:
        [facts] = keep.tickets.load(connection, [1001]).values()
    assert (facts.count, facts.messages[0].at, len(facts.messages)) == (23, NOW, 21)
    do_due(keep, how, LATER)
    assert statuses(keep) == ["solved"]
