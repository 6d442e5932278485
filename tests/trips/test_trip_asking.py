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
    assert "a ticket's number in the subject" in desk.order("ticket", "why", "1001")
    assert "/why" in ask(desk, "/why 1001")
    assert next(event["kind"] for event in desk.cli("ticket", "history", "1001")) == "created"
    assert "SUP-1001" in ask(desk, "/history SUP-1001\n/list all")
    assert len(desk.ticket("1001")["messages"]) == messages
    assert [row["number"] for row in desk.cli("tickets", "--search", "печатает счёт")] == ["SUP-1001"]


def test_figures_and_articles_come_by_mail_and_at_the_command_line(desk: Daemon) -> None:
    """The same figures, the tickets behind one, a page; the articles that a new desk has."""
    assert "Opened: 1" in desk.order("report")
    [figures] = desk.cli("report")
    assert (figures["opened"], figures["backlog"], figures["queues"][0]["queue"]) == (1, 1, "support")
    assert [row["number"] for row in desk.cli("report", "--behind", "opened")] == ["SUP-1001"]
    page = desk.folder / "report.html"
    assert desk.run("report", "--html", str(page)).returncode == 0
    assert "<svg" in page.read_text(encoding="utf-8")
    assert desk.run("report", "--since", "2026-11-02", "--until", "2026-11-01").returncode == 64
    assert desk.run("report", "--queue", "nowhere").returncode == 66
    assert [a["name"] for a in desk.cli("kb", "search", "forgotten", "passwords")] == ["reset-password"]
    assert (desk.run("kb", "search", "elephants").returncode, desk.run("kb", "gaps").returncode) == (66, 0)
    assert "reset-password" in ask(desk, "/kb forgotten passwords")
    assert ": 1" in ask(desk, "/report today")


def test_a_deadline_is_set_by_a_new_mail_and_stands_in_the_json(desk: Daemon) -> None:
    """And is taken back by the command that undoes, or by its own word."""
    ask(desk, "/due SUP-1001 2099-01-01")
    told = desk.letters(ANNA)[-1].text
    assert "2099" in told
    desk.order("ticket", "due", "1001", "tomorrow 18:00")
    assert desk.ticket("1001")["due_by"] is not None
    desk.order("ticket", "due", "1001", "off")
    assert desk.ticket("1001")["due_by"] is None
