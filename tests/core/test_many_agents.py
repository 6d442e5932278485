"""A hundred agents on one queue: nobody gets a mail twice, nobody gets his own (C12)."""

from __future__ import annotations

from collections import Counter

import pytest
from office import DESK, MINT, envelope, facts, judge, mail, message, practice, ticket

from maild.messages.tokens import Purpose
from maild.people.team import Agent, Queue, Team
from maild.threads.plan import LetterKind, Plan

AGENTS = tuple(Agent(id=f"a{n}", name=f"Agent {n}", address=f"a{n}@desk.example", language="en") for n in range(100))
TEAM = Team(agents=AGENTS, queues=(Queue(name="support", agents=tuple(a.id for a in AGENTS), default=True),))
EVERYBODY = ", ".join(a.address for a in AGENTS)


def told(plan: Plan) -> Counter[str]:
    """Who gets news, and how often."""
    return Counter(x.to[0].address for x in plan.letters if x.kind is LetterKind.NOTIFICATION)


@pytest.mark.parametrize("cc", ["", EVERYBODY])
@pytest.mark.fault("C12")
def test_a_customers_mail_reaches_each_agent_once_also_by_reply_to_all(cc: str) -> None:
    """The copies that the customer sends himself are his; ours is one a person."""
    to = MINT.address(Purpose.CUSTOMER, 1001, "ivan@customer.example")
    a_mail = mail(to=to, subject="Re: Printer", Cc=cc or DESK, message_id="<2@customer.example>")
    plan = judge(a_mail, facts(ticket(), messages=(message(),)), how=practice(team=TEAM))
    assert told(plan) == Counter(a.address for a in AGENTS)


@pytest.mark.fault("C12")
def test_an_agents_note_to_all_comes_back_to_everybody_but_himself() -> None:
    """His own words are not echoed, whomever he had in copy."""
    to = MINT.address(Purpose.NOTE, 1001, "a7")
    a_mail = mail("Look at this.", sender="Agent 7 <a7@desk.example>", to=to, Cc=EVERYBODY, message_id="<n@desk>")
    known = facts(ticket(), messages=(message(),))
    plan = judge(a_mail, known, by=envelope("a7@desk.example", to, login="a7"), how=practice(team=TEAM))
    assert told(plan) == Counter(a.address for a in AGENTS if a.id != "a7")
