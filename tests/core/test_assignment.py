"""Tickets are shared out: by load, by turn, never over a cap, never to somebody who is not there; and why."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType

import pytest
from office import ANNA, BORIS, MINT, NOW, envelope, facts, judge, mail, message, practice, ticket

from maild.messages.tokens import Purpose
from maild.people.absence import Absence, Source
from maild.people.team import Agent, By, Queue, Team
from maild.routing.conditions import read_condition
from maild.routing.fields import FIELDS
from maild.routing.rules import Actions, Choice, Rule
from maild.sla.calendar import Calendar, Span
from maild.threads.assignment import choose, counted, shares_out
from maild.threads.plan import Plan
from maild.threads.practice import Practice
from maild.threads.why import why_lines
from maild.threads.workload import Workload

VERA = Agent(id="vera", name="Vera", address="vera@desk.example", line=2)
LATER = NOW + timedelta(days=2)
OFFICE_HOURS = Calendar(name="office", timezone="UTC", hours={0: (Span(time(10), time(18)),)})


def desk(*agents: Agent, assign: By | None = None, rule: Choice | None = None) -> Practice:
    """A desk of these agents with one queue; each mail goes by this rule."""
    queue = Queue(name="support", agents=tuple(a.id for a in agents), default=True, assign=assign)
    rules = (Rule(name="Everything else", when=None, then=Actions(assignee=rule)),)
    made = practice(team=Team(agents=agents, queues=(queue,)), rules=rules)
    return replace(made, calendars={"office": OFFICE_HOURS})


def asked(how: Practice, work: Workload | None = None, *said: Absence, now: datetime = NOW) -> Plan:
    """What becomes of a customer's first mail."""
    known = facts(workload=work or Workload(), absences=said, now=now, received_at=now)
    return judge(mail(), known, how=how)


def away(agent: str, until: datetime | None = LATER, deputy: str | None = None) -> Absence:
    """Somebody said that he is away."""
    return Absence(agent=agent, source=Source.ORDER, since=NOW - timedelta(days=1), until=until, deputy=deputy)


def given(plan: Plan) -> str | None:
    """Who has the new ticket."""
    assert plan.ticket is not None
    return plan.ticket.assignee


def history(plan: Plan) -> list[tuple[str, str, str]]:
    """What stands of it in the history."""
    return [(e.kind, e.detail, e.because) for e in plan.events if e.kind in ("assignee", "unassigned")]


def test_the_one_with_the_fewest_open_tickets_is_given_it() -> None:
    """And alone is told; the reason stands in the history, in his letter and in what explain prints."""
    plan = asked(desk(ANNA, BORIS, rule=Choice(by="load")), Workload(open={"anna": 5, "boris": 3}))
    assert given(plan) == "boris"
    assert history(plan) == [("assignee", "- -> boris", "by load: 3 open; Анна Петрова 5")]
    [told] = [x for x in plan.letters if x.template == "notification"]
    assert told.to[0].address == BORIS.address
    assert "given to Boris Smith by load: 3 open; Анна Петрова 5" in str(told.context["why"])
    assert "Given to Boris Smith by load: 3 open; Анна Петрова 5." in why_lines(plan.explanation, "en")
    assert "Передано: Boris Smith, по нагрузке: открытых 3; Анна Петрова 5." in why_lines(plan.explanation, "ru")


def test_a_queue_shares_out_what_no_rule_gives_to_anybody() -> None:
    """`assign` of the queue; a rule's own word goes before it."""
    work = Workload(open={"anna": 5, "boris": 3})
    assert given(asked(desk(ANNA, BORIS, assign=By.LOAD), work)) == "boris"
    named = replace(desk(ANNA, BORIS, assign=By.LOAD), rules=practice(rules=(
        Rule(name="Anna's", when=None, then=Actions(assignee="anna")),)).rules)  # fmt: skip
    assert given(asked(named, work)) == "anna"
    assert given(asked(desk(ANNA, BORIS))) is None


@pytest.mark.parametrize(("turns", "taker"), [({}, "anna"), ({"anna": 1}, "boris"), ({"anna": 3, "boris": 2}, "boris")])
def test_by_turn_it_goes_to_whose_last_turn_is_the_longest_ago(turns: dict[str, int], taker: str) -> None:
    """Whoever had none goes first, in the order of the file; the turn is written down."""
    plan = asked(desk(ANNA, BORIS, rule=Choice(by="turn")), Workload(turns={"support/1": turns}))
    assert given(plan) == taker
    [turn] = plan.turns
    assert (turn.pool, turn.agent, turn.number) == ("support/1", taker, max(turns.values(), default=0) + 1)


def test_equals_by_load_are_told_apart_by_who_has_waited_longest() -> None:
    """So that an empty desk does not give everything to the first one of the file."""
    work = Workload(open={"anna": 2, "boris": 2}, turns={"support/1": {"anna": 7, "boris": 6}})
    assert given(asked(desk(ANNA, BORIS, assign=By.LOAD), work)) == "boris"


def test_among_names_the_pool_and_has_turns_of_its_own() -> None:
    """Whatever queue they look after, in whatever order they are named."""
    how = desk(ANNA, BORIS, VERA, rule=Choice(by="turn", among=("vera", "boris")))
    plan = asked(how, Workload(turns={"support/1": {"vera": 9}, "among boris vera": {"boris": 1}}))
    assert given(plan) == "vera"
    assert plan.turns[0].pool == "among boris vera"


def test_who_is_away_off_or_full_is_not_chosen_and_it_is_said() -> None:
    """Each with his reason, and until when."""
    agents = (replace(ANNA, hours="office"), replace(BORIS, cap=4), VERA, Agent(id="dan", name="Dan", address="d@x.y"))
    how = desk(*agents, rule=Choice(by="load", among=("anna", "boris", "vera", "dan")))
    plan = asked(how, Workload(open={"boris": 4, "dan": 99}), away("vera"))
    assert given(plan) == "dan"
    assert history(plan)[0][2] == (
        "by load: 99 open; Анна Петрова does not work until 2026-11-23 10:00 UTC, "
        "Boris Smith has 4, as many as allowed, Vera is away until 2026-11-25 09:00 UTC"
    )


def test_with_nobody_free_it_is_nobodys_and_the_queue_is_told() -> None:
    """As without any choice; the history says why."""
    agents = (replace(ANNA, cap=1), replace(BORIS, cap=2))
    plan = asked(desk(*agents, assign=By.TURN), Workload(open={"anna": 1, "boris": 2}))
    assert given(plan) is None
    why = "by turn: nobody is free: Анна Петрова has 1, as many as allowed, Boris Smith has 2, as many as allowed"
    assert history(plan) == [("unassigned", "nobody", why)]
    assert [x.to[0].address for x in plan.letters if x.template == "notification"] == [ANNA.address, BORIS.address]
    assert plan.turns == ()
    assert any("Given to nobody by turn: nobody is free" in line for line in why_lines(plan.explanation, "en"))


def test_working_hours_are_those_of_the_calendar() -> None:
    """At the minute in which it opens he is there."""
    how = desk(replace(ANNA, hours="office"), assign=By.LOAD)
    assert given(asked(how, now=NOW.replace(hour=10))) == "anna"
    assert given(asked(how, now=NOW.replace(hour=18))) is None


def test_the_pool_is_who_serves_the_line_of_the_queue() -> None:
    """Line 1 is also what nobody has said a line of: where nobody serves it, it is all of the queue."""
    how = desk(ANNA, VERA, assign=By.LOAD)
    second = choose(how, ticket(line=2), NOW, Choice(by="load"))
    assert second.agent == VERA
    alone = desk(VERA, assign=By.LOAD)
    assert given(asked(alone)) == "vera"
    assert [s.agent for s in choose(alone, ticket(line=3), NOW, Choice(by="load")).standings] == []


def test_lines_of_a_queue_go_before_the_lines_of_agents() -> None:
    """`lines` says who serves which line of this very queue."""
    queue = Queue(name="support", agents=("anna",), default=True, lines=MappingProxyType({2: ("boris",)}))
    team = Team(agents=(ANNA, BORIS, VERA), queues=(queue,))
    assert [team.who_serves("support", line) for line in (1, 2, 3)] == [(ANNA,), (BORIS,), ()]
    assert team.members("support") == (ANNA, BORIS)


def test_nothing_is_counted_where_nobody_shares_out() -> None:
    """A desk that does not use it pays nothing for it."""
    assert (shares_out(desk(ANNA)), counted(desk(ANNA), orders=False)) == (False, ())
    assert counted(desk(ANNA), orders=True) == ("anna",)
    assert counted(desk(ANNA, assign=By.TURN), orders=False) == ("anna",)
    assert shares_out(desk(ANNA, rule=Choice(by="load")))


def test_spam_is_given_to_nobody() -> None:
    """It would be a turn for nothing."""
    rule = Rule(name="x", when=None, then=Actions(assignee=Choice(by="turn"), spam=True))
    plan = judge(mail(), facts(), how=practice(rules=(rule,)), by=envelope())
    assert (given(plan), plan.turns) == (None, ())


def test_old_mail_that_is_imported_is_given_to_nobody() -> None:
    """An archive of years must not fill everybody's hands."""
    how = desk(ANNA, BORIS, assign=By.TURN)
    plan = judge(mail(), facts(), how=how, by=replace(envelope(), channel="import"))
    assert (given(plan), plan.turns) == (None, ())


@pytest.mark.parametrize("seed", range(20))
def test_turns_are_fair(seed: int) -> None:
    """Of those who are always there nobody ever had more than one ticket more than another, whatever the load."""
    chance, agents = random.Random(seed), [ANNA, BORIS, VERA, replace(VERA, id="dan")][: 2 + seed % 3]
    how = desk(*(replace(a, line=1) for a in agents))
    turns: dict[str, int] = {}
    had = dict.fromkeys((a.id for a in agents), 0)
    for _ in range(60):
        load = {a: chance.randrange(9) for a in had}
        now_so = replace(how, workload=Workload(open=load, turns={"support/1": turns}))
        chosen = choose(now_so, ticket(), NOW, Choice(by="turn"))
        assert chosen.agent is not None
        assert chosen.turn is not None
        turns[chosen.agent.id] = chosen.turn.number
        had[chosen.agent.id] += 1
        assert max(had.values()) - min(had.values()) <= 1


@pytest.mark.parametrize("seed", range(20))
def test_load_is_even_and_never_over_a_cap(seed: int) -> None:
    """Tickets come and are done as it happens: nobody is given one past his cap, and the lowest load is taken."""
    chance = random.Random(seed)
    agents = [replace(a, line=1, cap=chance.randrange(1, 6)) for a in (ANNA, BORIS, VERA)]
    how, caps = desk(*agents), {a.id: a.cap or 0 for a in agents}
    load = dict.fromkeys(caps, 0)
    for _ in range(80):
        if chance.random() < 0.3 and any(load.values()):
            load[chance.choice([a for a, n in load.items() if n])] -= 1
        chosen = choose(replace(how, workload=Workload(open=load)), ticket(), NOW, Choice(by="load"))
        if chosen.agent is None:
            assert load == caps
            continue
        free = [n for a, n in load.items() if n < caps[a]]
        assert load[chosen.agent.id] == min(free)
        load[chosen.agent.id] += 1
        assert all(load[a] <= caps[a] for a in caps)


def test_the_same_facts_give_the_same_choice() -> None:
    """Whatever order they came in."""
    how = desk(ANNA, BORIS, VERA, rule=Choice(by="load", among=("vera", "anna", "boris")))
    work = Workload(open={"vera": 1, "boris": 1, "anna": 1}, turns={"among anna boris vera": {"vera": 3, "anna": 2}})
    again = Workload(open={"anna": 1, "boris": 1, "vera": 1}, turns=work.turns)
    assert asked(how, work) == asked(how, again)
    assert given(asked(how, work)) == "boris"


def test_a_time_of_a_calendar_is_aware() -> None:
    """What is said of it is a moment everywhere."""
    how = desk(replace(ANNA, hours="office"), assign=By.LOAD)
    [standing] = choose(how, ticket(), NOW, Choice(by="load")).standings
    assert standing.until == datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def replied(rule: Choice, *, assignee: str | None, work: Workload | None = None, away_now: str = "") -> Plan:
    """A customer's reply on a ticket, with a rule for replies."""
    condition = read_condition({"event": "reply"}, FIELDS, ("support",)).condition
    rules = (
        Rule(name="Replies", when=condition, then=Actions(assignee=rule)),
        Rule(name="Everything else", when=None, then=Actions()),
    )
    how = replace(desk(ANNA, BORIS, VERA), rules=practice(rules=rules).rules)
    to = MINT.address(Purpose.CUSTOMER, 1001, "ivan@customer.example")
    said = (away(away_now),) if away_now else ()
    known = facts(ticket(assignee=assignee), messages=(message(),), workload=work or Workload(), absences=said)
    return judge(mail(to=to, message_id="<2@customer.example>"), known, how=how)


def test_a_rule_at_an_event_gives_to_one_of_several_who_does_not_have_it_yet() -> None:
    """Who has it and is here keeps it; the turn is kept, the reason stands in the history."""
    rule = Choice(by="turn", among=("anna", "vera"))
    assert given(replied(rule, assignee="vera")) == "vera"
    plan = replied(rule, assignee="boris", work=Workload(turns={"among anna vera": {"anna": 1}}))
    assert given(plan) == "vera"
    assert [(t.agent, t.number) for t in plan.turns] == [("vera", 2)]
    assert ("shared_out", "vera", "by turn: 0 open; Анна Петрова 0") in [
        (e.kind, e.detail, e.because) for e in plan.events
    ]
    assert given(replied(rule, assignee="anna", away_now="anna")) == "vera"


def test_escalation_shares_out_in_the_next_line_and_tells_the_reason() -> None:
    """Where the queue does that; the reason stands in the history."""
    queue = Queue(name="support", agents=("anna", "boris"), default=True, assign=By.LOAD,
                  lines=MappingProxyType({1: ("anna",), 2: ("boris",)}))  # fmt: skip
    how = practice(team=Team(agents=(ANNA, BORIS), queues=(queue,)))
    to = MINT.address(Purpose.AGENT, 1001, "anna")
    text = mail("/escalate needs a lawyer\n", sender=f"Anna <{ANNA.address}>", to=to, message_id="<e@desk.example>")
    known = facts(ticket(assignee="anna"), messages=(message(),))
    plan = judge(text, known, by=envelope(ANNA.address, to, login="anna"), how=how)
    assert plan.ticket is not None
    assert (plan.ticket.line, plan.ticket.assignee) == (2, "boris")
    told = [(e.kind, e.detail, e.because) for e in plan.events]
    assert ("escalated", "line 1 -> 2", "needs a lawyer") in told
    assert ("shared_out", "boris", "by load: 0 open") in told
