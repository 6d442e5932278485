"""What a step of a promise can do: to the ticket, to whom it is given, to the customer, and through quiet hours."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from core.test_rule_events import Texts
from office import ANNA, BORIS, NOW, STANDARD, TEAM, message, practice, ticket

from maild.config.policy import load_policy
from maild.config.settings import load_settings
from maild.errors import ConfigError
from maild.people.quiet import Quiet
from maild.people.team import Team
from maild.sla.events import Happening
from maild.sla.promise import At, Step, Target
from maild.threads.correspondence import Pen
from maild.threads.facts import TicketFacts
from maild.threads.model import Status, Ticket
from maild.threads.overdue import decide_due
from maild.threads.plan import Letter, LetterKind, Plan
from maild.threads.practice import Practice
from maild.threads.promises import Given, Promises, move_clocks
from maild.threads.rest import resting
from maild.threads.workload import Workload

ROOT = Path(__file__).parents[2]
LATE = NOW + timedelta(hours=4)
LED = replace(TEAM, queues=(TEAM.queues[0], replace(TEAM.queues[1], lead="anna")))


def step(**deeds: object) -> Step:
    """At the end of the first response."""
    return Step(target=Target.FIRST_RESPONSE, at=At.parse("100%"), **deeds)  # type: ignore[arg-type]


def desk(*steps: Step, team: Team = LED, load: Mapping[str, int] | None = None) -> Practice:
    """A desk whose one promise has these steps."""
    given = Given(promise=replace(STANDARD, steps=steps), fits=lambda _: True)
    how = replace(practice(team=team), promises=Promises(given=(given,)), canned=Texts())
    return replace(how, workload=Workload(open=dict(load or {})))


def late(how: Practice, at: datetime = LATE, done: frozenset[str] = frozenset(), **changes: object) -> Plan:
    """What becomes of a ticket that nobody has answered."""
    new: Ticket = ticket(status=Status.NEW, **changes)
    new, clocks = move_clocks(how.promises, new, (), (Happening.FIRST_MAIL,), NOW)
    known = TicketFacts(ticket=new, clocks=clocks, messages=(message(),), steps_done=done)
    return decide_due(known, how, Pen(practice=how, source="t", number=1, now=at), at)


def told(plan: Plan) -> list[str]:
    """Who gets an escalation."""
    return [letter.to[0].address for letter in plan.letters if letter.kind is LetterKind.ESCALATION]


def story(plan: Plan) -> list[tuple[str, str]]:
    """The history."""
    return [(event.kind, event.detail) for event in plan.events]


def test_a_step_moves_the_ticket_to_another_queue_where_it_is_nobodys_and_tells_it() -> None:
    """As the order does."""
    plan = late(desk(step(queue="billing", tags=("late", "money"))), assignee="anna", tags=("late",))
    assert plan.ticket is not None
    assert (plan.ticket.queue, plan.ticket.assignee, plan.ticket.tags) == ("billing", None, ("late", "money"))
    assert told(plan) == [BORIS.address]
    assert story(plan)[1:] == [("assignee", "anna -> -"), ("queue", "support -> billing"), ("tags", "late, money")]


@pytest.mark.parametrize(("said", "who"), [("boris", "boris"), ("lead", "anna")])
def test_a_step_gives_the_ticket_to_an_agent_or_to_the_lead_who_is_told(said: str, who: str) -> None:
    """The lead of the queue in which it is then."""
    plan = late(desk(step(queue="billing", assignee=said)))
    assert plan.ticket is not None
    assert (plan.ticket.queue, plan.ticket.assignee) == ("billing", who)
    assert told(plan) == [f"{who}@desk.example"]


def test_a_step_shares_the_ticket_out_by_load_unless_one_of_them_has_it() -> None:
    """Anna has three open tickets, Boris one."""
    how = desk(step(share_by="load"), load={"anna": 3, "boris": 1})
    plan = late(how)
    assert plan.ticket is not None
    assert (plan.ticket.assignee, told(plan)) == ("boris", [BORIS.address])
    assert ("assignee", "- -> boris") in story(plan)
    kept = late(how, assignee="anna").ticket
    assert kept is not None
    assert kept.assignee == "anna"


def test_a_step_whose_queue_or_agent_is_gone_from_the_files_changes_nothing() -> None:
    """And fails at nothing."""
    plan = late(desk(step(queue="gone", assignee="nobody", tags=("late",))), assignee="anna")
    assert plan.ticket is not None
    assert (plan.ticket.queue, plan.ticket.assignee, plan.ticket.tags) == ("support", "anna", ("late",))


def replies(plan: Plan) -> list[Letter]:
    """What goes to the customer."""
    return [letter for letter in plan.letters if letter.kind is LetterKind.REPLY]


def test_a_step_writes_to_the_customer_at_most_once_and_marked_as_automatic() -> None:
    """However often its clock begins anew, the letter of a ticket and a step is one."""
    [letter] = replies(late(desk(step(letter="sorry"))))
    assert (letter.to[0].address, letter.automatic, letter.language) == ("ivan@customer.example", True, "en")
    [later] = replies(late(desk(step(letter="sorry")), at=LATE + timedelta(days=3)))
    assert letter.unique == later.unique
    assert letter.unique is not None
    other = replies(late(desk(replace(step(letter="sorry"), at=At.parse("50%")))))[0]
    assert other.unique != letter.unique


def test_where_no_automatic_letter_may_go_the_history_says_why() -> None:
    """To nobody, or of a text that is gone."""
    plan = late(desk(step(letter="sorry")), requester=None)
    assert (replies(plan), story(plan)[-1]) == ([], ("no_reply", "sorry"))
    plan = late(desk(step(letter="sorry")), requester="no-reply@customer.example")
    assert (replies(plan), story(plan)[-1]) == ([], ("no_reply", "sorry"))


RESTING = replace(ANNA, quiet=(Quiet.parse("00:00-23:59"),), timezone="UTC")


@pytest.mark.parametrize(
    ("quiet", "priority", "waits"),
    [
        (None, "normal", True),
        (None, "urgent", False),
        ("wait", "urgent", True),
        ("through", "normal", False),
    ],
)
def test_a_step_says_whether_it_comes_through_quiet_hours(quiet: str | None, priority: str, waits: bool) -> None:
    """Else that of an urgent ticket does, and no other."""
    team = Team(agents=(RESTING, BORIS), queues=TEAM.queues)
    how = desk(step(tell=("anna",), quiet=quiet, priority=priority), team=team)
    [letter] = [x for x in late(how).letters if x.kind is LetterKind.ESCALATION]
    assert (resting(letter, how, LATE) is not None) is waits


SLA = """
[[calendar]]
name = "office"
[[promise]]
name = "p"
calendar = "office"
resolution = "8h"
quiet = "wait"
[[promise.step]]
target = "resolution"
at = "50%"
{}
[[promise.step]]
target = "resolution"
at = "100%"
quiet = "through"
tell = ["lead"]
"""


def policy(folder: Path, line: str) -> tuple[Step, ...]:
    """The steps of a promise, the first of which has this line. Raises ConfigError."""
    shutil.copytree(ROOT / "rules", folder, dirs_exist_ok=True)
    (folder / "letters/canned/sorry.txt").write_text("We are late.\n")
    (folder / "sla.toml").write_text(SLA.format(line))
    return load_policy(folder, load_settings(ROOT / "settings.toml").desk).promises[0].promise.steps


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ('queue = "billing"', {"queue": "billing"}),
        ('tags = ["late"]', {"tags": ("late",)}),
        ('assignee = "lead"', {"assignee": "lead"}),
        ('assignee = { by = "turn", among = ["anna"] }', {"share_by": "turn", "share_among": ("anna",)}),
        ('letter = "sorry"', {"letter": "sorry"}),
    ],
)
def test_the_files_say_what_a_step_does_and_a_promise_whether_its_steps_wait(
    line: str, wanted: dict[str, object], tmp_path: Path
) -> None:
    """A step's own word on quiet hours goes before its promise's."""
    first, second = policy(tmp_path, line)
    assert {name: getattr(first, name) for name in wanted} == wanted
    assert (first.quiet, second.quiet) == ("wait", "through")


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ('queue = "biling"', "unknown-queue", 9),
        ('assignee = "ana"', "unknown-agent", 12),
        ('assignee = { by = "load", among = ["ana"] }', "unknown-agent", 36),
        ('assignee = { by = "luck" }', "bad-value", 19),
        ('letter = "sory"', "unknown-canned", 10),
        ('quiet = "wait"', "bad-value", 1),
        ('quiet = "never"\ntags = ["x"]', "bad-value", 9),
    ],
)
def test_what_a_step_names_has_to_be_there(line: str, code: str, column: int, tmp_path: Path) -> None:
    """Each mistake with its place; `quiet` alone does nothing."""
    with pytest.raises(ConfigError) as caught:
        policy(tmp_path, line)
    [finding] = caught.value.findings
    assert finding.code == code
    if code != "bad-value" or column > 1:
        assert (finding.line, finding.column) == (12, column)
