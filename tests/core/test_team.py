"""The team: who is who, which queue an address means, who is told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from maild.people.absence import Absence, Source
from maild.people.team import Agent, Queue, Team

ANNA = Agent(id="anna", name="Анна", address="Anna@desk.example", aliases=("a.petrova@desk.example",))
BORIS = Agent(id="boris", name="Boris", address="boris@desk.example")
VERA = Agent(id="vera", name="Вера", address="vera@desk.example")
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TEAM = Team(
    agents=(ANNA, BORIS, VERA),
    queues=(
        Queue(name="support", agents=("boris", "anna"), lead="vera", default=True),
        Queue(name="billing", address="Billing@desk.example", agents=("anna",)),
        Queue(name="led", lead="vera"),
        Queue(name="empty"),
    ),
)


def test_an_agent_is_found_by_every_address_in_any_case() -> None:
    """Main address and aliases."""
    assert TEAM.agent_by_address("ANNA@desk.EXAMPLE") is ANNA
    assert TEAM.agent_by_address("a.petrova@desk.example") is ANNA
    assert TEAM.agent_by_address("anna@desk.example.evil.example") is None


def test_agents_and_queues_are_found_by_name() -> None:
    """And nothing by no name."""
    assert TEAM.agent("boris") is BORIS
    assert TEAM.agent(None) is None
    assert TEAM.queue("billing") is TEAM.queues[1]
    assert TEAM.queue(None) is None
    assert TEAM.default_queue is TEAM.queues[0]


def test_a_team_without_a_default_queue_says_so() -> None:
    """Only the checks of the files may ever see one."""
    with pytest.raises(ValueError, match="default"):
        _ = Team(agents=(), queues=()).default_queue


@pytest.mark.parametrize(
    ("address", "queue"),
    [
        ("billing@desk.example", "billing"),
        ("BILLING@DESK.example", "billing"),
        ("billing+token@desk.example", "billing"),
        ("support@desk.example", None),
        ("billing", None),
        ("", None),
    ],
)
def test_an_address_means_a_queue_with_or_without_a_plus(address: str, queue: str | None) -> None:
    """What stands behind the + is a token or a note of the sender's own."""
    found = TEAM.queue_for_address(address)
    assert (found.name if found else None) == queue


def test_the_first_address_with_a_queue_counts() -> None:
    """In the order in which they are given."""
    found = TEAM.queue_written_to(["support@desk.example", "billing@desk.example"])
    assert found is TEAM.queues[1]
    assert TEAM.queue_written_to([]) is None


@pytest.mark.parametrize(
    ("queue", "assignee", "told"),
    [
        ("support", None, (BORIS, ANNA)),
        ("support", "anna", (ANNA,)),
        ("support", "gone", (BORIS, ANNA)),
        ("led", None, (VERA,)),
        ("empty", None, (BORIS, ANNA)),
        ("gone", None, (BORIS, ANNA)),
        (None, None, (BORIS, ANNA)),
    ],
)
def test_somebody_is_always_told(queue: str | None, assignee: str | None, told: tuple[Agent, ...]) -> None:
    """The assignee alone, else the queue, else its lead, else the default queue."""
    assert TEAM.who_is_told(queue, assignee) == told


def test_with_nobody_in_the_default_queue_everybody_is_told() -> None:
    """A mail must not be seen by nobody."""
    team = Team(agents=(ANNA, BORIS), queues=(Queue(name="x", default=True),))
    assert team.who_is_told("x", None) == (ANNA, BORIS)


def test_where_lines_are_named_the_tickets_own_line_is_told() -> None:
    """The others only when nobody of that line is here; of a line that is not named everybody."""
    queue = Queue(name="x", default=True, agents=("anna",), lines={2: ("boris",), 3: ("vera",)})
    team = Team(agents=(ANNA, BORIS, VERA), queues=(queue,))
    assert [team.who_is_told("x", None, line) for line in (2, 3)] == [(BORIS,), (VERA,)]
    assert team.who_is_told("x", None, 1) == (ANNA, BORIS, VERA)
    assert team.who_is_told("x", "anna", 2) == (ANNA,)
    away = team.as_of([Absence(agent="boris", source=Source.ORDER, since=NOW, until=None)], NOW)
    assert away.who_is_told("x", None, 2) == (ANNA, VERA)


def test_the_lead_of_a_queue() -> None:
    """Where there is one."""
    assert TEAM.lead("support") is VERA
    assert TEAM.lead("billing") is None
    assert TEAM.lead("gone") is None
