"""A thank-you on a solved ticket leaves it solved; whatever may want something opens it again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from office import MINT, NOW, envelope, facts, judge, mail, message, ticket

from maild.messages.tokens import Purpose
from maild.sla.deadlines import ClockState, TicketClock
from maild.sla.promise import Target
from maild.threads.facts import TicketFacts
from maild.threads.model import InboxState, Status
from maild.threads.plan import Plan
from maild.threads.thanks import only_thanks

TOKEN = MINT.address(Purpose.CUSTOMER, 1001, "ivan@customer.example")
CLOCK = TicketClock(
    target=Target.RESOLUTION,
    started_at=NOW - timedelta(days=1),
    resumed_at=None,
    spent=timedelta(hours=2),
    due_at=None,
    ended_at=NOW - timedelta(hours=1),
    state=ClockState.MET,
)


def reply(text: str, *, status: Status = Status.SOLVED, subject: str = "Re: Printer") -> Plan:
    """Ivan's mail on a ticket that was solved yesterday."""
    solved = ticket(status=status, solved_at=NOW - timedelta(days=1))
    known = facts(solved)
    known.tickets[1001] = TicketFacts(ticket=solved, messages=(message(id=1),), clocks=(CLOCK,))  # type: ignore[index]
    return judge(mail(text, to=TOKEN, subject=subject, message_id="<9@c>"), known, by=envelope(None, TOKEN))


@pytest.mark.parametrize(
    "text",
    [
        "Спасибо!",
        "Большое спасибо, Анна, всё заработало!\n\n--\nИван Петров\n+7 999 000-00-00",
        "Спасибо!\n\nС уважением,\nИван",
        "Благодарю за помощь и быстрый ответ.",
        "спасибо огромное)))",
        "Thanks!\n\nIvan",
        "Спасибо, вопрос решён!",
        "Thank you very much for your quick help, Boris!",
        "Perfect, thank you. It works now.",
        "Thx 👍",
        "🙏",
        "Vielen Dank für die schnelle Hilfe!",
        "Merci beaucoup pour votre aide",
        "¡Muchas gracias!",
        "Grazie mille",
        "Dziękuję bardzo",
        "Дуже дякую за допомогу!",
        "どうもありがとうございます。",
        "Thanks\n\nOn Mon, 23 Nov 2026, Acme wrote:\n> Please try again.\n> Does it work?",
    ],
)
def test_thanks_leave_a_solved_ticket_solved(text: str) -> None:
    """Kept in it, seen in its history; nobody is told and no clock moves."""
    plan = reply(text)
    assert plan.ticket is not None
    assert plan.message is not None
    assert (plan.state, plan.ticket.status, plan.ticket.solved_at) == (
        InboxState.TICKETED,
        Status.SOLVED,
        NOW - timedelta(days=1),
    )
    assert plan.letters == ()
    assert plan.clocks == (CLOCK,)
    assert [event.kind for event in plan.events] == ["thanks"]


@pytest.mark.parametrize(
    "text",
    [
        "Спасибо, но не работает",
        "Спасибо, а что делать с факсом?",
        "Спасибо, не помогло",
        "Заранее спасибо",
        "Спасибо, жду",
        "Спасибо, проблема ещё раз",
        "Thanks, the problem is it again",
        "Спасибо. Помогите ещё с факсом.",
        "Помощь! Спасибо",
        "Спасибо, перезвоните на 5550100",
        "Thanks in advance",
        "Thanks, but it does not work",
        "Thanks?",
        "Thanks. Help!",
        "Thanks for nothing",
        "Please close it, thanks",
        "Thank you! See https://x.example/log",
        "Danke, geht leider nicht",
        "No thanks",
        "It works now.",
        "Ок",
        "👍 👎",
        "!",
        "спасибо " * 20,
        "Thanks, thanks, thanks. " + "It works very well now and everything is fine. " * 6,
    ],
)
def test_what_may_want_something_opens_it_again(text: str) -> None:
    """In doubt a person looks."""
    plan = reply(text)
    assert plan.ticket is not None
    assert plan.ticket.status is Status.OPEN
    assert plan.letters


def test_thanks_under_another_subject_are_looked_at() -> None:
    """The subject may be the question."""
    plan = reply("Спасибо!", subject="Факс тоже сломался")
    assert plan.ticket is not None
    assert plan.ticket.status is Status.OPEN


@pytest.mark.parametrize("status", [Status.OPEN, Status.PENDING, Status.HOLD])
def test_thanks_on_a_ticket_that_is_not_solved_are_a_reply(status: Status) -> None:
    """Whoever works on it should know that the customer is content."""
    plan = reply("Спасибо!", status=status)
    assert plan.ticket is not None
    assert plan.ticket.status is Status.OPEN
    assert plan.letters


def test_thanks_with_a_file_are_looked_at() -> None:
    """The file is what it is about."""
    field = {"Content_Disposition": "attachment; filename=log.txt"}
    assert only_thanks(mail("Спасибо!"), ())
    assert not only_thanks(mail("Спасибо!", **field), ())
