"""Tickets are shared out on a real store: counts, turns and absences are kept, and two desks see each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from functools import partial

import pytest
import sqlalchemy as sa
from office import ANNA, BORIS, MINT, NOW, TEAM, eml, practice, ticket
from store.pieces import at_once, handle_all, plan, raw_arrival, save

from maild.clock import FixedClock
from maild.desk.attendance import attending, office_now, say_for
from maild.desk.handle import Desk, Office
from maild.desk.orders import give_order
from maild.desk.tick import do_due
from maild.messages.tokens import Purpose
from maild.outgoing.letters import Letters
from maild.people.absence import Absence, HereAgain, Source
from maild.people.team import Agent, By, Queue, Team
from maild.routing.rules import Actions, Choice, Rule
from maild.store.assignment import said_absences, workload
from maild.store.keep import Keep
from maild.store.tables import tickets, turns
from maild.threads.model import Status
from maild.threads.workload import Turn

Open = Callable[[str], Keep]
LETTERS = Letters(None, ("ru", "en"), "UTC")
HOUR = timedelta(hours=1)


def office(*agents: Agent, assign: By | None = By.TURN) -> Office:
    """A desk of these agents whose one queue shares out."""
    queue = Queue(name="support", agents=tuple(a.id for a in agents), default=True, assign=assign)
    return Office(practice=practice(team=Team(agents=agents, queues=(queue,))), letters=LETTERS)


def deliver(keep: Keep, how: Office, count: int, *, at: timedelta = timedelta(0)) -> None:
    """So many customers write, and the desk handles it."""
    for n in range(count):
        who = f"c{n}-{at.seconds}@customer.example"
        keep.inbox.add([raw_arrival(eml(sender=who, message_id=f"<{who}>"), at=NOW + at, sender=who)])
    handle_all(Desk(keep, lambda: how, FixedClock(NOW + at)))


def had(keep: Keep) -> dict[str | None, int]:
    """How many tickets each agent has."""
    with keep.database.read() as connection:
        return dict(Counter(connection.scalars(sa.select(tickets.c.assignee))))


def history(keep: Keep, number: int) -> list[tuple[str, str, str]]:
    """What happened to a ticket's assignee."""
    found = keep.views.ticket(str(number), "SUP")
    kinds = ("assignee", "unassigned", "shared_out")
    return [(e["kind"], e["detail"], e["because"]) for e in found.events if e["kind"] in kinds]


def test_turns_go_round_and_are_kept(keep: Keep) -> None:
    """Seven tickets among three: nobody has more than one above another."""
    agents = (ANNA, BORIS, Agent(id="vera", name="Vera", address="vera@desk.example"))
    deliver(keep, office(*agents), 7)
    assert had(keep) == {"anna": 3, "boris": 2, "vera": 2}
    with keep.database.read() as connection:
        rows = connection.execute(sa.select(turns.c.agent, turns.c.number)).all()
    assert sorted(tuple(row) for row in rows) == [("anna", 7), ("boris", 5), ("vera", 6)]


def test_load_counts_what_is_new_or_open_and_stops_at_the_cap(keep: Keep) -> None:
    """What waits for the customer is nobody's load; with everybody full the ticket is nobody's, and it is said."""
    for number, status in ((1001, Status.PENDING), (1002, Status.SOLVED), (1003, Status.HOLD), (1004, Status.OPEN)):
        save(keep, plan(number, ticket=ticket(number, status=status, assignee="anna")))
    how = office(replace(ANNA, cap=2), replace(BORIS, cap=3), assign=By.LOAD)
    with keep.database.write() as connection:
        assert workload(connection, ["anna", "boris"]).open == {"anna": 1}
    deliver(keep, how, 5)
    assert had(keep) == {"anna": 5, "boris": 3, None: 1}
    assert history(keep, 1009) == [
        ("unassigned", "nobody",
         "by load: nobody is free: Анна Петрова has 2, as many as allowed, Boris Smith has 3, as many as allowed"),
    ]  # fmt: skip


def test_a_turn_takes_the_place_of_the_last_one(keep: Keep) -> None:
    """One row an agent and pool."""
    for number in (1, 2):
        save(keep, plan(number, turns=(Turn(pool="p", agent="anna", number=number),)))
    with keep.database.write() as connection:
        assert workload(connection, ()).turns == {"p": {"anna": 2}}


def test_what_is_said_of_absences_is_kept_and_ended(keep: Keep) -> None:
    """Each source says one thing at a time; a return ends what it names, and a digest tells what waited."""
    first = Absence(agent="anna", source=Source.ORDER, since=NOW, until=None, deputy="boris")
    second = replace(first, until=NOW + HOUR)
    other = replace(first, source=Source.MAIL, deputy=None)
    save(keep, plan(1, absences=(first,)))
    save(keep, plan(2, absences=(second, other)))
    with keep.database.read() as connection:
        assert set(said_absences(connection)) == {second, other}
    save(keep, plan(3, returned=(HereAgain(agent="anna", address=ANNA.address, sources=(Source.MAIL,)),)))
    with keep.database.read() as connection:
        assert said_absences(connection) == (second,)


def test_the_store_is_asked_only_where_something_is_shared_out(keep: Keep) -> None:
    """Else nothing is counted, and no counter is locked."""
    save(keep, plan(1, ticket=ticket(1, assignee="anna")))
    with keep.database.write() as connection:
        assert office_now(connection, office(ANNA, assign=None), NOW).practice.workload.open == {}
        assert office_now(connection, office(ANNA), NOW).practice.workload.open == {"anna": 1}
        assert office_now(connection, office(ANNA, assign=None), NOW, orders=True).practice.workload.open == {"anna": 1}


def test_the_whole_way_of_an_absence(keep: Keep) -> None:
    """Anna is away: what is new goes to Boris; back again she reads in one letter what was passed on."""
    how = office(ANNA, BORIS, assign=None)
    deliver(keep, how, 1)
    give_order(keep, how, FixedClock(NOW), "1001", "assign", "anna")
    done = say_for(keep, how, NOW, "anna", "away", "until friday boris")
    assert done.ok
    reply = eml("And now?", to=MINT.address(Purpose.CUSTOMER, 1001, "c0-0@customer.example"),
                sender="c0-0@customer.example", message_id="<again@customer.example>")  # fmt: skip
    keep.inbox.add([raw_arrival(reply, at=NOW + HOUR, sender="c0-0@customer.example")])
    handle_all(Desk(keep, lambda: how, FixedClock(NOW + HOUR)))
    assert history(keep, 1001)[-1] == (
        "assignee", "anna -> boris", "passed on: Анна Петрова is away until 2026-11-27 09:00 UTC"
    )  # fmt: skip
    do_due(keep, how, NOW + 2 * HOUR)
    assert digests(keep) == []
    assert say_for(keep, how, NOW + 3 * HOUR, "anna", "back", "").ok
    do_due(keep, how, NOW + 3 * HOUR)
    [text] = digests(keep)
    assert "SUP-1001" in text
    assert "Пока вас не было, передана дальше: Boris Smith" in text


def digests(keep: Keep) -> list[str]:
    """The texts of the digests in the outbox."""
    rows = [row for row in keep.outbox.listing() if row["kind"] == "digest"]
    texts = []
    for row in rows:
        body = message_from_bytes(keep.outbox.raw(row["id"]), policy=policy.default).get_body(("plain",))
        assert body is not None
        texts.append(body.get_content())
    return texts


def test_the_command_line_shares_out_too(keep: Keep) -> None:
    """`maild ticket assign 1001 by load`, and next; what there is of it stands in the history."""
    how = office(ANNA, BORIS, assign=None)
    deliver(keep, how, 3)
    for number, words in ((1001, "by load"), (1002, "next"), (1003, "по нагрузке")):
        [done] = give_order(keep, how, FixedClock(NOW), str(number), "assign", words)
        assert done.ok, done.effect
    assert had(keep) == {"anna": 2, "boris": 1}
    assert ("shared_out", "boris", "by turn: 0 open; Анна Петрова 1") in history(keep, 1002)


def test_the_list_of_agents_tells_how_everybody_stands(keep: Keep) -> None:
    """Open tickets, absences, who stands in."""
    save(keep, plan(1, ticket=ticket(1, assignee="anna")))
    how = Office(practice=practice(team=TEAM), letters=LETTERS)
    say_for(keep, how, NOW, "boris", "away", "anna")
    anna, boris = attending(keep, how, NOW)
    assert (anna.open, anna.queues, anna.works, anna.absence, anna.deputy) == (1, ("support",), True, None, None)
    assert (boris.open, boris.queues, boris.deputy) == (0, ("support", "billing"), "anna")
    assert boris.absence is not None


@pytest.mark.parametrize("by", By)
def test_two_desks_at_once_break_neither_the_cap_nor_the_turn(shared: str, another: Open, by: By) -> None:
    """Each sees what the other has just given away, since both wait for the counter of tickets."""
    cap = 4
    agents = tuple(replace(a, cap=cap) for a in (ANNA, BORIS))
    how = office(*agents, assign=by)
    desks = [another(shared) for _ in range(3)]
    for n in range(12):
        who = f"c{n}@customer.example"
        desks[0].inbox.add([raw_arrival(eml(sender=who, message_id=f"<{who}>"), sender=who)])

    works = [partial(handle_all, Desk(keep, lambda: how, FixedClock(NOW))) for keep in desks]
    assert sum(at_once(*works)) == 12
    assert had(desks[0]) == {"anna": cap, "boris": cap, None: 4}


def test_orders_and_mails_at_once_see_each_other(shared: str, another: Open) -> None:
    """An agent who shares out by hand while mails come in takes no place twice."""
    agents = tuple(replace(a, cap=6) for a in (ANNA, BORIS))
    how, plain = office(*agents, assign=By.LOAD), office(*agents, assign=None)
    first, second = another(shared), another(shared)
    deliver(first, plain, 6)

    def order() -> int:
        done = [give_order(second, how, FixedClock(NOW), str(n), "assign", "by load")[0].ok for n in range(1001, 1007)]
        return sum(done)

    def mails() -> int:
        deliver(first, how, 6, at=HOUR)
        return 0

    assert sum(at_once(order, mails)) == 6
    assert had(first) == {"anna": 6, "boris": 6}


def test_a_rule_may_name_those_among_whom_is_chosen(keep: Keep) -> None:
    """With a pool of its own."""
    rule = Rule(name="x", when=None, then=Actions(assignee=Choice(by="turn", among=("boris",))))
    how = Office(practice=practice(rules=(rule,)), letters=LETTERS)
    deliver(keep, how, 2)
    assert had(keep) == {"boris": 2}
