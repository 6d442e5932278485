"""Queues that nobody leads, though somebody is to tell their lead; steps that come before their time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from maild.config.files import Source
from maild.config.report import Found
from maild.errors import Finding
from maild.people.team import Team
from maild.routing.checks import Check
from maild.routing.conditions import AllOf, Condition
from maild.routing.fields import FIELDS, Kind
from maild.routing.fold import fold
from maild.routing.lint import never_holds
from maild.routing.rules import Rule
from maild.sla.promise import LEAD, AtKind, Promise, Step, duration_text

Given = tuple[Promise, Condition | None]
"""A promise and what it asks of a ticket."""


def leaderless(teams: Source, team: Team, rules: Sequence[Rule], promises: Sequence[Given]) -> Iterator[Finding]:
    """Queues without a lead whose tickets may come to a rule or a step that tells the lead."""
    asking = [(rule.when, rule.then.queue, f"the rule '{rule.name}'") for rule in rules if LEAD in rule.then.tell]
    asking += [(when, None, f"the promise '{p.name}'") for p, when in promises if any(map(_to_lead, p.steps))]
    for place, queue in enumerate(team.queues):
        if queue.lead is not None or not queue.everybody:
            continue
        who = next(
            (who for when, moved, who in asking if moved in (None, queue.name) and _may_be_in(when, queue.name)), ""
        )
        if who:
            message = f"the queue '{queue.name}' has no lead, and {who} tells him"
            hint = 'write lead = "..." with the id of an agent; as it is the agents of the queue are told instead'
            path = ("queue", place, "name")
            yield teams.finding(path, "no-lead", message, hint, severity="warning", at_value=True)


def _to_lead(step: Step) -> bool:
    return LEAD in step.tell or step.assignee == LEAD


def _may_be_in(when: Condition | None, queue: str) -> bool:
    """Whether a ticket of this queue may meet a condition, by what that says of queues."""
    if when is None:
        return True
    here = Check(field="queue", test="is", values=(fold(queue),), shown=(queue,), kind=Kind.CHOICE)
    parts = when.parts if isinstance(when, AllOf) else (when,)
    return never_holds(AllOf(parts=(*parts, here)), FIELDS) is None


def early_steps(found: Found, promise: Promise) -> Iterator[Finding]:
    """Steps so long before the end that they come at once, before anybody could have done anything."""
    for place, step in enumerate(promise.steps):
        allowed: timedelta | None = getattr(promise, step.target)
        if allowed is not None and step.at.kind is AtKind.BEFORE and step.at.distance >= allowed:
            message = f"{step.at} of {duration_text(allowed)} is no time at all: this step comes at once"
            hint = 'take less, or a part of the time such as "75%"'
            yield found.doubt(("step", place, "at"), "early-step", message, hint)


def strange_languages(teams: Source, team: Team, spoken: Sequence[str]) -> Iterator[Finding]:
    """Agents to whom no letter can be written in their language."""
    for place, agent in enumerate(team.agents):
        if agent.language not in spoken:
            message = f"there are no letters in '{agent.language}', and '{agent.id}' is written to in another language"
            hint = f"there are letters in {', '.join(spoken)}; letters/{agent.language}/ may hold some"
            path = ("agent", place, "language")
            yield teams.finding(path, "missing-letter", message, hint, severity="warning", at_value=True)
