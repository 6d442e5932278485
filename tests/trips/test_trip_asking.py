"""An agent asks by mail, through a real daemon, and answers a customer by a link that came back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from clients import write_mail
from daemon import Daemon, running_desk

ANNA, IVAN = "anna@desk.example", "ivan@customer.example"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A desk with one ticket."""
    with running_desk(tmp_path_factory.mktemp("desk") / "d") as running:
        running.deliver(write_mail("Принтеры не печатают счета.", sender=f"Ivan <{IVAN}>", subject="Printer"), IVAN)
        yield running


def ask(desk: Daemon, text: str, to: str = "support@desk.example") -> str:
    """Send a mail of Anna's; the text of the newest letter to her."""
    desk.deliver(write_mail(text, sender=f"Anna <{ANNA}>", to=to), ANNA, to, login="anna")
    return desk.letters(ANNA)[-1].text


def test_a_search_by_mail_comes_back_with_a_link_that_answers_the_customer(desk: Daemon) -> None:
    """Found in another form of the word; nothing but the answer goes to the customer."""
    before = len(desk.letters(IVAN))
    found = ask(desk, "/search счёт принтера")
    assert "SUP-1001: Printer" in found
    link = re.search(r"mailto:(\S+?)\?subject=", found)
    assert link is not None
    assert len(desk.letters(IVAN)) == before
    ask(desk, "Картридж заменили, проверьте.", to=unquote(link[1]))
    assert "Картридж заменили" in desk.letters(IVAN)[-1].text
    assert "search" not in desk.letters(IVAN)[-1].everything


def test_a_ticket_explains_itself_by_mail_and_at_the_command_line(desk: Daemon) -> None:
    """The same reasons; nothing of it is a mail of the ticket."""
    messages = len(desk.ticket("1001")["messages"])
    assert "subject tag" in desk.order("ticket", "why", "1001")
    assert "/why" in ask(desk, "/why 1001")
    assert next(event["kind"] for event in desk.cli("ticket", "history", "1001")) == "created"
    assert "SUP-1001" in ask(desk, "/history SUP-1001\n/list all")
    assert len(desk.ticket("1001")["messages"]) == messages
    assert [row["number"] for row in desk.cli("tickets", "--search", "печатает счёт")] == ["SUP-1001"]
