"""docs/agents.md explains every order in both languages, and every example on it can be carried out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from office import ANNA, NOW, message, practice, ticket

from maild.messages.mail import Address
from maild.threads.facts import TicketFacts
from maild.threads.model import HeldAnswer, Participant, Status, Touched, Undo
from maild.threads.order_lines import split_orders
from maild.threads.orders.table import ALIASES, HANDLERS, canonical, carry_out
from maild.threads.orders.work import Setting

DOCS = Path(__file__).parents[2] / "docs"


def halves(page: str) -> dict[str, str]:
    """A page in its two languages."""
    return dict(zip(("en", "ru"), (DOCS / page).read_text(encoding="utf-8").split("\n---\n"), strict=True))


HALVES, MORE = halves("agents.md"), halves("handbook.md")
PAGES = {"agents.md": HALVES, "handbook.md": MORE}


def rows(half: str) -> dict[str, tuple[str, str]]:
    """The table of orders: its example and its meaning."""
    found = re.findall(r"(?m)^\| `/(\w+)` \| `([^`]+)` \| (.+) \|$", HALVES[half])
    return {name: (example, meaning) for name, example, meaning in found}


@pytest.mark.parametrize("half", HALVES)
def test_every_order_is_explained_and_none_is_invented(half: str) -> None:
    """One row an order, in the order of the code."""
    assert list(rows(half)) == list(HANDLERS)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("half", HALVES)
def test_no_order_is_mentioned_that_does_not_exist(half: str, page: str) -> None:
    """Also in the prose and in the examples."""
    assert set(re.findall(r"(?m)(?:^|`)/([a-zа-яё-]+)\b", PAGES[page][half])) <= set(HANDLERS) | set(ALIASES)


@pytest.mark.parametrize("half", HALVES)
def test_it_is_one_page_to_print(half: str) -> None:
    """A side of A4 for each language: every order on a line of its own, and little around them."""
    assert max(len(example) for example, _ in rows(half).values()) <= 40
    assert max(len(meaning) for _, meaning in rows(half).values()) <= 52
    prose = [line for line in HALVES[half].splitlines() if line and not line.startswith("|")]
    assert sum(map(len, prose)) <= 1900


@pytest.mark.parametrize("name", HANDLERS)
@pytest.mark.parametrize("half", HALVES)
def test_the_example_of_an_order_can_be_carried_out(half: str, name: str) -> None:
    """By Anna, on a ticket in which it makes sense."""
    example, _ = rows(half)[name]
    orders, rest = split_orders(example)
    assert [canonical(order.name) for order in orders] == [name]
    assert rest == ""
    _assert_done(example, Status.SOLVED if name == "reopen" else Status.OPEN)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("half", HALVES)
def test_the_reply_on_the_page_does_what_it_says(half: str, page: str) -> None:
    """Orders on top, then a text for the customer."""
    reply = PAGES[page][half].partition("\n```\n")[2].partition("\n```")[0]
    assert split_orders(reply)[1]
    _assert_done(reply, Status.OPEN)


class OneText:
    """A desk that keeps the one canned text of the examples."""

    def names(self, _language: str) -> tuple[str, ...]:
        """Its name."""
        return ("reset",)

    def write(self, _name: str, _language: str, _values: Mapping[str, object]) -> str:
        """What it says."""
        return "Press the button for ten seconds."


def _assert_done(text: str, status: Status) -> None:
    guest = Participant(address=Address(address="ivan@example.org"), confirmed=text.startswith(("/uncc", "/убрать")))
    before = ticket(status=status, tags=("printer", "принтер"))
    before = replace(before, participants=(*before.participants, guest))
    mails = tuple(replace(message(id=i, inbox_id=i), proposed=i == 2) for i in (1, 2))
    tickets = {
        1001: TicketFacts(ticket=before, messages=mails),
        1007: TicketFacts(ticket=ticket(1007)),
    }
    setting = Setting(
        agent=ANNA,
        language="en",
        now=NOW,
        practice=replace(practice(), canned=OneText()),
        tickets=tickets,
        next_ticket=1042,
        undo=Undo(actor="anna", at=NOW, what="/take", ticket=Touched(before=before, after=before)),
        held=(HeldAnswer(message_id="<h@desk.example>", author="anna", at=NOW),),
    )
    carried = carry_out(before, split_orders(text)[0], setting)
    assert [(done.line, done.effect) for done in carried.done if not done.ok] == []


@pytest.mark.parametrize("page", PAGES)
def test_both_halves_have_the_same_sections(page: str) -> None:
    """What is told in one language is told in the other."""
    english, russian = (re.findall(r"(?m)^##? .+$|^```$|^- ", half) for half in PAGES[page].values())
    assert len(english) == len(russian)
