"""A thank-you on a solved ticket leaves it solved; whatever may want something opens it again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from office import MINT, NOW, envelope, facts, judge, mail, message, ticket

from maild.messages.read import read_mail
from maild.messages.tokens import Purpose
from maild.sla.deadlines import ClockState, TicketClock
from maild.sla.promise import Target
from maild.threads.facts import TicketFacts
from maild.threads.model import InboxState, Status, Visibility
from maild.threads.plan import LetterKind, Plan
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
        "Понял, спасибо!",
        "Спасибо, разобрались, всё ок",
        "Большое спасибо за подробное объяснение",
        "Благодарим за быстрое решение проблемы",
        "Спасибо, проблема решена, заявку можно закрыть",
        "Спасибо, можно закрывать",
        "Спасибо, буду знать",
        "Спасибо, пришло",
        "Спасибо, и вам хороших выходных!",
        "Добрый день! Спасибо, всё получилось. С уважением, Ваня",
        "Принято, спасибо. Больше вопросов нет.",
        "Thanks, got it!",
        "Understood, thank you for the explanation.",
        "Thanks, you can close this ticket.",
        "Works like a charm, thank you!",
        "Thanks, received. Have a nice weekend! Best regards, Jack",
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
        "Спасибо, а когда придёт?",
        "Спасибо, можно ещё раз",
        "Спасибо, можно закрыть другую",
        "Спасибо, опять пришло ещё раз",
        "Подробное объяснение, спасибо",
        "Спасибо, не понял",
        "Thanks, is it working",
        "Thanks, received it again",
        "A clear explanation, thanks",
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


def test_thanks_on_a_closed_ticket_open_no_new_one() -> None:
    """Nobody wants a number and a deadline for a word of thanks; after the window for a reply it is as any mail."""
    plan = reply("Спасибо, всё работает!", status=Status.CLOSED)
    assert plan.ticket is not None
    assert (plan.is_new, plan.ticket.id, plan.ticket.status) == (False, 1001, Status.CLOSED)
    assert plan.letters == ()
    assert reply("Спасибо, но не работает", status=Status.CLOSED).is_new
    late = ticket(status=Status.CLOSED, solved_at=NOW - timedelta(days=31))
    known = facts(late, messages=(message(id=1),))
    assert judge(mail("Спасибо!", to=TOKEN, message_id="<9@c>"), known, by=envelope(None, TOKEN)).is_new


REACTION = (
    "MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n\r\n{emoji}\r\n\r\n{name} reacted via Gmail\r\n"
    "<https://www.google.com/gmail/about/?utm_source=gmail-in-product#app>\r\n--b\r\n"
    "Content-Type: text/vnd.google.email-reaction+json; charset=utf-8\r\n\r\n"
    '{{"emoji":"{emoji}","version":1}}\r\n--b--\r\n'
)


@pytest.mark.parametrize(("emoji", "thanks"), [("👍", True), ("❤️", True), ("🙏", True), ("😢", False), ("👎", False)])
def test_a_reaction_of_gmail_is_read_as_its_face(emoji: str, thanks: bool) -> None:
    """One tap, which comes as a mail with a file that nobody attached."""
    head = f"From: Ivan <ivan@customer.example>\r\nTo: {TOKEN}\r\nSubject: Re: Printer\r\nMessage-ID: <r@c>\r\n"
    found = read_mail((head + REACTION.format(emoji=emoji, name="Ivan")).encode(), is_own=MINT.is_own)
    assert only_thanks(found, ("Ivan",)) is thanks


def test_an_agents_reaction_is_no_answer() -> None:
    """The customer is sent no "Anna reacted via Gmail"; she is told so."""
    to = MINT.address(Purpose.AGENT, 1001, "anna")
    head = (
        f"From: Anna <anna@desk.example>\r\nTo: {to}\r\nSubject: Re: [SUP-1001] Printer\r\nMessage-ID: <r@d>\r\n"
        f"Date: {NOW:%a, %d %b %Y %H:%M:%S +0000}\r\n"
    )
    found = read_mail((head + REACTION.format(emoji="👍", name="Anna")).encode(), is_own=MINT.is_own)
    known = facts(ticket(), messages=(message(id=1),))
    plan = judge(found, known, by=envelope("anna@desk.example", to, login="anna"))
    assert [letter.kind for letter in plan.letters] == [LetterKind.TRANSCRIPT]
    assert plan.ticket is not None
    assert plan.ticket.status is Status.OPEN
    assert plan.message is not None
    assert plan.message.visibility is Visibility.INTERNAL
