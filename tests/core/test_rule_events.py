"""Rules at events on tickets that there are: asked at their event alone, done as orders are, and never in circles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from office import NOW, envelope, facts, judge, mail, message, practice, ticket

from maild.messages.mail import Address, MailClass
from maild.messages.tokens import Purpose
from maild.routing.conditions import read_condition
from maild.routing.fields import FIELDS
from maild.routing.rules import Actions, Rule
from maild.sla.deadlines import start
from maild.sla.promise import Target
from maild.threads.correspondence import Pen
from maild.threads.facts import TicketFacts
from maild.threads.model import Direction, InboxState, Priority, Status
from maild.threads.overdue import decide_due
from maild.threads.plan import LetterKind, Plan
from maild.threads.practice import Practice
from maild.threads.rule_fields import Occasion, Talk, event_fields
from maild.threads.ruled import look_at

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


class Texts:
    """Canned texts that show what they were given."""

    def names(self, _language: str) -> tuple[str, ...]:
        """One."""
        return ("closing",)

    def write(self, _name: str, _language: str, values: Mapping[str, object]) -> str:
        """The subject and the customer, as far as they are told."""
        seen: Any = values
        return f"About: {seen['ticket']['subject']}; for: {seen['customer']['name']}"


def rule(name: str, when: dict[str, Any], *, continues: bool = False, shadow: bool = False, **then: Any) -> Rule:
    """A rule from its `when` and its actions."""
    reading = read_condition(when, FIELDS, ("support", "billing"))
    assert reading.problems == ()
    stop = then.pop("stop", False)
    return Rule(name=name, when=reading.condition, then=Actions(**then), continues=continues, stop=stop, shadow=shadow)


def desk(*rules: Rule) -> Practice:
    """The desk with these rules, and a canned text."""
    return replace(practice(rules=(*rules, Rule(name="Everything else", when=None))), canned=Texts())


def reply(*rules: Rule, status: Status = Status.PENDING, **changes: Any) -> Plan:
    """Ivan answers on his ticket, while these rules are in force."""
    known = facts(ticket(status=status), messages=(message(),))
    a_mail = mail("It burns again.", subject="Re: Printer", message_id="<2@customer.example>",
                  In_Reply_To="<1@customer.example>", **changes)  # fmt: skip
    how = desk(*rules)
    by = envelope("ivan@customer.example", how.mint.address(Purpose.CUSTOMER, 1001, "ivan@customer.example"))
    return judge(a_mail, known, by=by, how=how)


def by_rule(plan: Plan) -> list[tuple[str, str, str]]:
    """What rules did, as the history tells it."""
    return [(e.kind, e.detail, e.because) for e in plan.events if e.actor == "rule"]


def test_a_rule_that_speaks_of_no_event_is_asked_of_new_tickets_alone() -> None:
    """A reply is another event, and so is a change of status."""
    plan = reply(rule("all", {"subject": {"contains": "printer"}}, priority="urgent"))
    assert plan.ticket is not None
    assert plan.ticket.priority is Priority.NORMAL
    assert by_rule(plan) == []


def test_a_reply_is_an_event_and_what_the_rule_does_stands_in_the_history() -> None:
    """With the rule as the reason and the revision of the files; the clocks go on with it."""
    plan = reply(
        rule("Hot", {"event": "reply", "reply": {"words": "burn"}, "status_before": "pending"},
             priority="urgent", tags=("fire",), fields={"kind": "fire"}, line=2, note="look at once"),
    )  # fmt: skip
    assert plan.ticket is not None
    assert (plan.ticket.priority, plan.ticket.tags, plan.ticket.line) == (Priority.URGENT, ("fire",), 2)
    assert plan.ticket.fields == {"kind": "fire"}
    assert by_rule(plan) == [
        ("rule", "at reply; rules test", "Hot"),
        ("field", "kind = fire", "Hot"),
        ("priority", "normal -> urgent", "Hot"),
        ("line", "1 -> 2", "Hot"),
        ("tags", "fire", "Hot"),
        ("note", "look at once", "Hot"),
    ]


def test_the_news_of_a_reply_goes_to_whom_the_rule_gave_the_ticket() -> None:
    """The rules come first, so nobody is told of a ticket that is not his any more."""
    plan = reply(rule("Money", {"event": "reply"}, queue="billing"))
    told = {a.address for letter in plan.letters for a in letter.to if letter.kind is LetterKind.NOTIFICATION}
    assert told == {"boris@desk.example"}


def test_a_reply_brings_a_change_of_status_and_a_rule_that_stops_keeps_it_from_the_rules() -> None:
    """Without `stop` the second event is asked, too."""
    second = rule("Open again", {"event": "status", "status": "open", "status_before": "pending"}, tags=("again",))
    assert [e[2] for e in by_rule(reply(second)) if e[0] == "rule"] == ["Open again"]
    first = rule("First", {"event": "reply"}, tags=("first",))
    assert [e[2] for e in by_rule(reply(first, second)) if e[0] == "rule"] == ["First", "Open again"]
    stopping = rule("First", {"event": "reply"}, tags=("first",), stop=True)
    assert [e[2] for e in by_rule(reply(stopping, second)) if e[0] == "rule"] == ["First"]


def test_what_a_rule_does_wakes_no_rule() -> None:
    """A rule that closes each ticket that opens, and one that opens each that closes, do not run in circles."""
    plan = reply(
        rule("Close", {"event": "status", "status": "open"}, continues=True, status="solved"),
        rule("Open", {"event": "status", "status": "solved"}, status="open"),
    )
    assert plan.ticket is not None
    assert plan.ticket.status is Status.SOLVED
    assert plan.ticket.solved_at is not None
    assert [e[2] for e in by_rule(plan) if e[0] == "rule"] == ["Close"]


def test_what_cannot_be_done_is_told_and_the_rest_is_done() -> None:
    """A ticket that is open cannot be opened again."""
    plan = reply(rule("Odd", {"event": "reply"}, status="closed", priority="high"), status=Status.SPAM)
    assert plan.state is InboxState.SPAM
    odd = reply(rule("Odd", {"event": "reply"}, untag=("none",), tags=("some",), queue="nowhere"))
    assert ("tags", "some", "Odd") in by_rule(odd)
    assert [e[1] for e in by_rule(odd) if e[0] == "refused"] == [
        "/queue nowhere: there is no queue nowhere; known are: support billing"
    ]


def test_a_shadow_rule_is_only_written_down() -> None:
    """Nothing else changes."""
    plan = reply(rule("Trial", {"event": "reply"}, shadow=True, priority="urgent"))
    assert plan.ticket is not None
    assert plan.ticket.priority is Priority.NORMAL
    assert by_rule(plan) == [("shadow", "at reply: only written down; priority normal -> urgent", "Trial")]


def test_a_rule_tells_whom_it_names() -> None:
    """Agents each once, and plain addresses; whoever is told by a rule knows by which."""
    plan = reply(rule("Tell", {"event": "reply"}, tell=("lead", "boris", "boss@other.example"), note="hot"))
    told = [letter for letter in plan.letters if letter.template == "rule_news"]
    assert {letter.to[0].address for letter in told} == {
        "anna@desk.example",
        "boris@desk.example",
        "boss@other.example",
    }
    assert all(letter.context["rule"] == "Tell" and letter.context["note"] == "hot" for letter in told)
    assert all(letter.kind is LetterKind.NOTIFICATION and letter.automatic for letter in told)


def replies(plan: Plan) -> list[tuple[str, object, object]]:
    """The automatic letters to the customer: to whom, about what, with which words."""
    found = [letter for letter in plan.letters if letter.kind is LetterKind.REPLY]
    return [(letter.to[0].address, letter.subject, letter.context.get("text")) for letter in found]


def test_a_canned_text_goes_to_an_unproven_customer_without_a_word_of_his() -> None:
    """The subject is ours, and so is every value; a proven one is called by his name."""
    plan = reply(rule("Closing", {"event": "reply"}, reply="closing"))
    assert replies(plan) == [("ivan@customer.example", None, "About: ; for: ")]
    letter = next(letter for letter in plan.letters if letter.kind is LetterKind.REPLY)
    assert letter.unique == "rule:1001:Closing:i7"
    assert letter.automatic
    assert letter.envelope_from.startswith("support+")


def test_a_customer_whom_an_agent_has_answered_is_called_by_his_name() -> None:
    """Whatever he wrote, an agent has looked at it and quoted it to him before."""
    answered = message("Try water.", direction=Direction.OUT, author="anna")
    known = facts(ticket(status=Status.PENDING), messages=(message(), answered))
    how = desk(rule("Closing", {"event": "reply"}, reply="closing"))
    by = envelope("ivan@customer.example", how.mint.address(Purpose.CUSTOMER, 1001, "ivan@customer.example"))
    plan = judge(mail("Thanks, no.", subject="Re: Printer", message_id="<2@c.example>"), known, by=by, how=how)
    assert replies(plan) == [("ivan@customer.example", "Re: Printer [SUP-1001]", "About: Printer; for: Ivan")]


@pytest.mark.parametrize("marks", [{"Auto_Submitted": "auto-generated"}, {"Precedence": "bulk", "List_Id": "<x.y>"}])
def test_no_rule_answers_a_machine(marks: dict[str, Any]) -> None:
    """And the history says why not."""
    plan = reply(rule("Closing", {"event": "reply"}, reply="closing"), **marks)
    assert replies(plan) == []
    assert any(e[0] == "no_reply" and "automatic mail" in e[1] for e in by_rule(plan))


def test_a_new_ticket_may_be_solved_and_answered_by_a_rule() -> None:
    """The reply goes in place of the acknowledgement, and the clock of the first response is met."""
    how = desk(rule("Hours", {"subject": {"words": "printer"}}, reply="closing", status="solved", note="asked often"))
    plan = judge(mail(), facts(), how=how)
    assert plan.ticket is not None
    assert plan.ticket.status is Status.SOLVED
    assert [letter.kind for letter in plan.letters if letter.kind.startswith(("ack", "rep"))] == [LetterKind.REPLY]
    assert {c.state for c in plan.clocks} == {"met"}
    assert any(e.kind == "no_acknowledgement" and "in its place" in e.detail for e in plan.events)


def test_a_rejected_mail_opens_no_ticket_and_only_a_proven_person_hears_of_it() -> None:
    """The inbox says which rule it was."""
    how = desk(rule("No ads", {"subject": {"words": "printer"}}, reject=True))
    plan = judge(mail(), facts(), how=how)
    assert (plan.state, plan.ticket, plan.letters) == (InboxState.SPAM, None, ())
    assert plan.reason.startswith("rule 'No ads' rejects it; the sender is not told")
    proven = judge(mail(), facts(), by=envelope(login="ivan@customer.example"), how=how)
    assert [(x.template, x.kind, x.to[0].address) for x in proven.letters] == [
        ("rejected", LetterKind.REPLY, "ivan@customer.example")
    ]
    machine = judge(mail(Auto_Submitted="auto-replied"), facts(), by=envelope(login="ivan@customer.example"), how=how)
    assert machine.letters == ()


def quiet(
    status: Status = Status.PENDING, *, days: float, last: Direction = Direction.OUT, **changes: Any
) -> TicketFacts:
    """A ticket on which nobody has said anything for so many days."""
    said = message("?", at=NOW - days * DAY, direction=last, author="anna" if last is Direction.OUT else None)
    asked = message(at=NOW - 100 * DAY)
    return TicketFacts(ticket=ticket(status=status, created_at=NOW - 100 * DAY, **changes), messages=(asked, said))


def tick(known: TicketFacts, how: Practice, now: Any = NOW) -> Plan:
    """Time passes over a ticket."""
    return decide_due(known, how, Pen(practice=how, source="t", number=1, now=now), now)


CLOSING = rule(
    "Close", {"event": "schedule", "status": "pending", "last_from": "agent", "silence": {"above": "14d"}},
    status="solved", reply="closing",
)  # fmt: skip


def test_a_ticket_that_waits_too_long_is_solved_by_a_rule_of_time() -> None:
    """Once: the plan holds the key of what was done, and there is nothing more to look for."""
    plan = tick(quiet(days=15), desk(CLOSING))
    assert plan.ticket is not None
    assert plan.ticket.status is Status.SOLVED
    assert replies(plan) == [("ivan@customer.example", "Re: Printer [SUP-1001]", "About: Printer; for: Ivan")]
    assert plan.steps_done == ("rule Close 20261108T090000.000000Z",)
    again = tick(replace(quiet(days=15), steps_done=frozenset(plan.steps_done)), desk(CLOSING))
    assert (again.letters, again.events) == ((), ())


def test_a_rule_of_time_that_was_on_trial_acts_once_it_is_switched_on() -> None:
    """What it only wrote down for this silence is not done yet; on trial it is written down once."""
    trial = tick(quiet(days=15), desk(replace(CLOSING, shadow=True)))
    assert [event.kind for event in trial.events] == ["shadow"]
    assert trial.ticket is None or trial.ticket.status is Status.PENDING
    known = replace(quiet(days=15), steps_done=frozenset(trial.steps_done))
    assert tick(known, desk(replace(CLOSING, shadow=True))).events == ()
    plan = tick(known, desk(CLOSING))
    assert plan.ticket is not None
    assert (plan.ticket.status, len(replies(plan))) == (Status.SOLVED, 1)


def test_the_next_look_is_the_first_moment_at_which_a_rule_of_time_can_hold() -> None:
    """One second behind the threshold; none where the ticket is not as the rule wants it."""

    def look(known: TicketFacts) -> Any:
        talk = Talk(messages=known.messages)
        return look_at(desk(CLOSING), known.ticket, (), talk, known.steps_done, NOW)

    assert look(quiet(days=3)) == NOW + 11 * DAY + timedelta(seconds=1)
    assert look(quiet(Status.OPEN, days=3)) is None
    assert look(quiet(days=3, last=Direction.IN)) is None
    assert look(quiet(Status.CLOSED, days=30)) is None
    assert look(quiet(days=30)) == NOW
    assert look(quiet(days=3, channel="import")) is None


def test_a_rule_of_time_that_wants_an_hour_waits_for_it() -> None:
    """NOW is 9:00 on a Monday in UTC."""
    evening = rule("Evening", {"event": "schedule", "silence": {"above": "1d"}, "hour": 20, "weekday": "wed"}, note="x")
    known = quiet(days=3)
    look = look_at(desk(evening), known.ticket, (), Talk(messages=known.messages), frozenset(), NOW)
    assert look == NOW.replace(hour=20) + 2 * DAY
    assert tick(known, desk(evening)).next_step_at == look
    later = quiet(days=0.5)
    look = look_at(desk(evening), later.ticket, (), Talk(messages=later.messages), frozenset(), NOW)
    assert look == NOW.replace(hour=20) + 2 * DAY
    other = rule("Other", {"event": "schedule", "silence": {"above": "1d"}, "hour": 20, "status": "solved"}, note="x")
    assert look_at(desk(other), known.ticket, (), Talk(messages=known.messages), frozenset(), NOW) is None
    either = rule(
        "Either", {"event": "schedule", "any": [{"hour": 20, "silence": {"above": "9d"}}, {"silence": {"above": "5d"}}]}
    )
    assert (
        look_at(desk(either), known.ticket, (), Talk(messages=known.messages), frozenset(), NOW)
        == NOW + 2 * DAY + SECOND
    )


def test_rules_of_time_are_each_done_once_and_one_that_stops_does_for_all() -> None:
    """After a long absence the reminder of the seventh day stands for the one of the third."""
    third = rule("Third", {"event": "schedule", "silence": {"above": "3d"}}, note="third")
    seventh = rule("Seventh", {"event": "schedule", "silence": {"above": "7d"}}, note="seventh")
    both = tick(quiet(days=8), desk(third, seventh))
    assert [e[1] for e in by_rule(both) if e[0] == "note"] == ["third", "seventh"]
    stopping = replace(seventh, stop=True)
    one = tick(quiet(days=8), desk(stopping, third))
    assert [e[1] for e in by_rule(one) if e[0] == "note"] == ["seventh"]
    assert len(one.steps_done) == 2


def test_a_rule_of_age_is_done_once_for_a_ticket_whatever_is_said_on_it() -> None:
    """A new mail begins a new silence, and no new age."""
    old = rule("Old", {"event": "schedule", "age": {"above": "30d"}}, tags=("old",))
    assert tick(quiet(days=1), desk(old)).steps_done == ("rule Old",)


def test_a_passed_promise_is_an_event_with_or_without_a_step() -> None:
    """The rule knows which target, and is asked once."""
    how = desk(rule("Late", {"event": "due", "target": "first_response", "step": "100%"}, tell=("lead",)))
    clock = start(how.promises.given[0].promise, Target.FIRST_RESPONSE, NOW - 5 * DAY)
    assert clock is not None
    known = TicketFacts(ticket=ticket(status=Status.NEW), messages=(message(),), clocks=(clock,))
    plan = tick(known, how)
    assert [letter.template for letter in plan.letters] == ["rule_news", "rule_news"]
    assert len(plan.steps_done) == 1
    assert plan.next_step_at is None
    early = replace(clock, due_at=NOW + DAY)
    assert tick(replace(known, clocks=(early,)), how).next_step_at == NOW + DAY


def test_every_field_of_a_ticket_is_filled() -> None:
    """At the events at which the page says that it is there."""
    talk = Talk(messages=(message(at=NOW - DAY),), count=1)
    told = Occasion(event="schedule", cause="x", at=NOW, talk=talk)
    fields = event_fields(practice(), ticket(fields={"order": "7"}, tags=("a",)), told)
    wanted = {name for name, field in FIELDS.items() if "schedule" in field.at}
    assert wanted - {"organisation"} <= set(fields)
    assert (fields["silence"], fields["field.order"], fields["last_from"]) == (86400, "7", "customer")


def test_a_machines_last_mail_gets_no_letter_when_time_comes() -> None:
    """The customer's last mail counts, not only the one that is answered."""
    known = quiet(days=15)
    machine = replace(known, messages=(message(mail_class=MailClass.AUTO_GENERATED), *known.messages[1:]))
    plan = tick(machine, desk(CLOSING))
    assert replies(plan) == []
    nobody = replace(known, ticket=replace(known.ticket, requester=Address(address="noreply@customer.example")))
    assert replies(tick(nobody, desk(CLOSING))) == []


def answered(*rules: Rule, text: str = "Close the lid.") -> Plan:
    """Anna answers Ivan, while these rules are in force."""
    how = desk(*rules)
    to = how.mint.address(Purpose.AGENT, 1001, "anna")
    known = facts(ticket(), messages=(message(),))
    by = envelope("anna@desk.example", to, login="anna")
    a_mail = mail(text, sender="Anna <anna@desk.example>", to=to, message_id="<a@desk>")
    return judge(a_mail, known, by=by, how=how)


def test_an_agents_answer_is_an_event_and_what_she_can_undo_stays_her_own() -> None:
    """The rule sees the ticket as it is after the answer; her action does not hold what the rule did."""
    plan = answered(rule("Done", {"event": "answer", "reply": {"words": "lid"}, "status": "pending"}, tags=("lid",)))
    assert ("tags", "lid", "Done") in by_rule(plan)
    assert plan.ticket is not None
    assert plan.ticket.tags == ("lid",)
    assert plan.undo is not None
    assert plan.undo.ticket.after.tags == ()
    whose = answered(
        rule("Whose", {"event": "answer", "customer": "ivan@customer.example", "from": "anna@desk.example"})
    )
    assert [e[2] for e in by_rule(whose)] == ["Whose"]


def test_orders_without_an_answer_are_no_answer() -> None:
    """But a change of status they are."""
    rules = (rule("Answer", {"event": "answer"}, note="a"), rule("Status", {"event": "status"}, note="s"))
    assert [e[2] for e in by_rule(answered(*rules, text="/solve")) if e[0] == "rule"] == ["Status"]
    assert [e[2] for e in by_rule(answered(*rules)) if e[0] == "rule"] == ["Answer", "Status"]


def test_a_rule_gives_a_ticket_another_promise_for_good() -> None:
    """What was spent stays spent, and no condition takes it away again."""
    quick = replace(practice().promises.given[0].promise, name="quick", resolution=timedelta(hours=2))
    given = practice().promises.given[0]
    how = desk(rule("VIP", {"event": "schedule", "age": {"above": "1h"}}, sla="quick"))
    how = replace(
        how, promises=replace(how.promises, given=(given, replace(given, promise=quick, fits=lambda _: False)))
    )
    clock = start(given.promise, Target.RESOLUTION, NOW - timedelta(hours=1.5))
    assert clock is not None
    known = TicketFacts(ticket=ticket(created_at=NOW - timedelta(hours=1.5)), messages=(message(),), clocks=(clock,))
    plan = tick(known, how)
    assert plan.ticket is not None
    assert (plan.ticket.promise, plan.ticket.promise_set) == ("quick", True)
    assert [c.due_at for c in plan.clocks if c.target is Target.RESOLUTION] == [NOW + timedelta(minutes=30)]


def test_the_number_of_messages_counts_those_that_were_not_loaded() -> None:
    """A ticket of three hundred mails has three hundred, whoever asks."""
    long = rule("Long", {"event": "schedule", "silence": {"above": "1d"}, "messages": {"above": 200}}, note="x")
    known = replace(quiet(days=3), count=300)
    assert [e[1] for e in by_rule(tick(known, desk(long))) if e[0] == "note"] == ["x"]
    assert tick(quiet(days=3), desk(long)).next_step_at is None


@pytest.mark.parametrize("marks", [{}, {"Precedence": "bulk", "List_Id": "<x.y>"}])
def test_a_reply_that_a_rule_calls_spam_is_told_to_nobody(marks: dict[str, Any]) -> None:
    """Whether a person or a list wrote it."""
    plan = reply(rule("Spam", {"event": "reply"}, spam=True), **marks)
    assert plan.ticket is not None
    assert (plan.state, plan.ticket.status, plan.letters) == (InboxState.SPAM, Status.SPAM, ())
