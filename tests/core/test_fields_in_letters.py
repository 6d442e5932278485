"""What rules find in a mail (named groups become fields of the ticket) is told to agents, and to no customer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from office import ANNA, DEFAULT_RULE, NOW, facts, judge, mail, message, practice, ticket

from maild.messages.read import read_mail
from maild.outgoing.compose import write_letter
from maild.outgoing.letters import Letters
from maild.routing.conditions import read_condition
from maild.routing.fields import MAIL_FIELDS
from maild.routing.rules import Actions, Rule
from maild.threads.answers import Known, answers_letter
from maild.threads.correspondence import Pen, fields_view
from maild.threads.facts import TicketFacts
from maild.threads.lookups import Ask, Lookup, Past
from maild.threads.plan import Letter, LetterKind, Plan
from maild.threads.said import detail_told, kind_told

LETTERS = Letters(None, ["ru", "en"])
FOUND = {"order": "4711", "room": "2.17"}
ORDERS = Rule(
    name="Orders",
    when=read_condition(
        {"body": {"matches": r"order (?P<order>[0-9]+) in (?P<room>[0-9.]+)"}}, MAIL_FIELDS, ("support",)
    ).condition,
    then=Actions(),
    continues=True,
)


def told(plan: Plan, kind: LetterKind, language: str = "en") -> str:
    """The first letter of a kind, read whole."""
    letter = next(x for x in plan.letters if x.kind is kind)
    return text(letter, language)


def text(letter: Letter, language: str) -> str:
    """Both bodies of a letter."""
    read = read_mail(write_letter(replace(letter, language=language), LETTERS).raw)
    return f"{read.text}\n{read.html}"


def test_the_letter_of_a_new_ticket_shows_what_a_rule_found() -> None:
    """In both languages, as text and as HTML; the customer's acknowledgement does not."""
    how = practice(rules=(ORDERS, DEFAULT_RULE))
    plan = judge(mail("My order 4711 in 2.17 is late."), facts(), how=how)
    assert told(plan, LetterKind.NOTIFICATION).count("Fields: order = 4711; room = 2.17") == 2
    assert told(plan, LetterKind.NOTIFICATION, "ru").count("Поля: order = 4711; room = 2.17") == 2
    for language in ("en", "ru"):
        told_customer = told(plan, LetterKind.ACKNOWLEDGEMENT, language)
        assert "Fields" not in told_customer
        assert "order = " not in told_customer


def test_the_history_says_which_rule_found_what() -> None:
    """As it was found, in both languages."""
    plan = judge(mail("My order 4711 in 2.17 is late."), facts(), how=practice(rules=(ORDERS, DEFAULT_RULE)))
    (event,) = [e for e in plan.events if e.kind == "fields"]
    assert (event.detail, event.because, event.actor) == ("order = 4711, room = 2.17", "Orders", "rule")
    assert (kind_told("fields", "en"), kind_told("fields", "ru"), detail_told(event, "ru")) == (
        "fields",
        "поля",
        event.detail,
    )
    assert not [e for e in judge(mail(), facts()).events if e.kind == "fields"]


@pytest.mark.parametrize(("language", "line"), [("en", "Fields: order = 4711"), ("ru", "Поля: order = 4711")])
def test_an_agent_who_asks_is_shown_them(language: str, line: str) -> None:
    """By /show; a ticket without any has no such line."""
    for fields, shown in ((FOUND, True), ({}, False)):
        one = ticket(fields=fields)
        lookup = Lookup(kind=Ask.SHOW, ticket=one.id)
        known = Known(
            tickets={one.id: TicketFacts(ticket=one)}, answers={lookup: Past(messages=(message(),))}, events={}, now=NOW
        )
        pen = Pen(practice=practice(), source="m", number=1, now=NOW)
        letter = answers_letter(pen, ANNA, mail(), [("/show", lookup)], known)
        assert (line in text(letter, language)) is shown


def test_long_values_and_many_fields_are_shown_in_short() -> None:
    """Each on one line; what is stored stays whole."""
    many = ticket(fields={f"f{n}": "x\n" * 200 for n in range(30)})
    shown = fields_view(many)
    assert len(shown) == 10
    assert all(len(one["value"]) <= 100 and "\n" not in one["value"] for one in shown)
