"""Agents ask by mail, on real databases: what comes back, to whom, and that nothing changes by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from office import ANNA, BORIS, DESK, MINT, NOW, eml, practice
from store.pieces import OFFICE, arrival, handle_all, raw_arrival

from maild.clock import FixedClock
from maild.desk.handle import Desk
from maild.messages.mail import Mail
from maild.messages.read import read_mail
from maild.messages.tokens import Purpose
from maild.people.team import Agent
from maild.store.keep import Keep
from maild.threads.kb import Article
from maild.threads.plan import LetterKind

AT = NOW + timedelta(minutes=5)


class Asking:
    """A desk with two tickets: Ivan's printer and Olga's invoice. Agents write to it five minutes later."""

    def __init__(self, keep: Keep) -> None:
        self.keep, self.mails = keep, 0
        self.office = replace(OFFICE, practice=replace(practice(), authserv_ids=frozenset({"mx.desk.example"})))
        keep.inbox.add([arrival()])
        keep.inbox.add([arrival("Счёт неверный", sender="Olga <olga@other.example>", message_id="<2@other.example>")])
        self.handle(NOW)

    def handle(self, now: object = AT) -> None:
        """Handle what waits."""
        handle_all(Desk(self.keep, lambda: self.office, FixedClock(now)))  # type: ignore[arg-type]

    def ask(
        self, text: str, *, by: Agent = ANNA, ticket: int | None = None, proven: bool = True, subject: str = "x"
    ) -> list[Mail]:
        """Send a mail of an agent, to the desk or as a reply; the letters that it leads to."""
        before = len(self.keep.outbox.listing())
        self.mails += 1
        to = MINT.address(Purpose.AGENT, ticket, by.id) if ticket else DESK
        fields = {"Authentication_Results": "mx.desk.example; dmarc=pass header.from=desk.example"} if proven else {}
        raw = eml(
            text,
            sender=f"x <{by.address}>",
            to=to,
            date=AT,
            message_id=f"<q{self.mails}@desk>",
            subject=subject,
            **fields,
        )
        self.keep.inbox.add([raw_arrival(raw, at=AT, sender=by.address, recipients=(to,))])
        self.handle()
        self.rows = self.keep.outbox.listing()[before:]
        return [read_mail(self.keep.outbox.raw(row["id"])) for row in self.rows]

    def answer(self, text: str, **how: object) -> Mail:
        """The one letter that a question leads to; it is an answer, and goes to the agent alone."""
        [letter] = self.ask(text, **how)  # type: ignore[arg-type]
        [row] = self.rows
        by = how.get("by", ANNA)
        assert isinstance(by, Agent)
        assert (row["kind"], [r["address"] for r in row["recipients"]]) == (LetterKind.ASKED, [by.address])
        return letter


@pytest.fixture
def desk(keep: Keep) -> Asking:
    """The desk."""
    return Asking(keep)


def state_of(keep: Keep) -> list[object]:
    """Everything that a question must leave as it was."""
    return [keep.views.ticket(str(n), "SUP") for n in (1001, 1002)]


@pytest.mark.parametrize("text", ["/list all", "/search printer", "/show SUP-1001", "/history 1002", "/why 1001"])
def test_a_question_changes_nothing_and_needs_no_login(desk: Asking, text: str) -> None:
    """What a trusted relay says of the sender is enough; the mail is no message, and no ticket of its own."""
    before = state_of(desk.keep)
    letter = desk.answer(f"{text}\n\nThanks, Anna")
    assert letter.subject == text
    assert state_of(desk.keep) == before
    assert desk.keep.inbox.listing()[-1]["state"] == "own"
    assert len(desk.keep.views.ticket("1001", "SUP").messages) == 1


def test_nobody_learns_anything_who_only_says_that_he_is_an_agent(desk: Asking) -> None:
    """No answer to him, and none to the agent whose address he took."""
    desk.ask("/list all", proven=False)
    assert LetterKind.ASKED not in {row["kind"] for row in desk.rows}
    desk.ask("/show", proven=False, ticket=1001)
    assert LetterKind.ASKED not in {row["kind"] for row in desk.rows}


def test_a_mail_of_orders_alone_takes_no_place_among_what_was_said(desk: Asking) -> None:
    """Neither the orders nor the letter above or below them; a deadline set by hand that comes first is told once."""
    quoted = "On Monday, Acme Support wrote:\n> Printer\n> SUP-1001: Printer\n> Ivan pays late"
    desk.ask(f"/due tomorrow 18:00\n/tag loud\n\n{quoted}", ticket=1001)
    for tag in "abcd":
        desk.ask(f"{quoted}\n\n/tag {tag}", ticket=1001)
    desk.ask("/note\nHe called.", ticket=1001)
    text = desk.answer("/show 1001", by=BORIS).text
    assert "> My printer is on fire." in text
    assert "He called." in text
    assert "> /" not in text
    assert "not shown" not in text
    assert "Ivan pays late" not in text
    assert text.count("24 November 2026, 18:00") == 1


def test_a_merged_ticket_tells_where_it_goes_on_and_why_it_was_there(desk: Asking) -> None:
    """Its mails lie elsewhere; the other one has its own first mail, however old those are that came with the merge."""
    desk.ask("/merge SUP-1002", ticket=1001)
    assert "It goes on in SUP-1002: it was merged into that ticket." in desk.answer("/show 1001", by=BORIS).text
    why = desk.answer("/why 1001", by=BORIS).text
    assert "The mail that opened it, number 1," in why
    assert "new ticket SUP-1001" in why
    assert "goes on in: SUP-1002 (/merge SUP-1002)" in why
    other = desk.answer("/почему 1002").text
    assert "К ней присоединена SUP-1001." in other
    assert "Письмо, открывшее заявку, номер 2," in other
    assert "новая заявка SUP-1002" in other


def test_why_tells_what_has_changed_a_ticket_since_and_shows_nobodys_reply_address(desk: Asking) -> None:
    """The last change of each thing, by whom and because of what; an address that Anna was given is hers alone."""
    desk.ask("/priority low", ticket=1001)
    desk.ask("/priority high\n/take", ticket=1001)
    desk.keep.inbox.add([arrival("The door.", message_id="<8@x>", In_Reply_To="<1@customer.example>")])
    desk.handle()
    desk.ask("/split", ticket=1001)
    text = desk.answer("/why 1001", by=BORIS).text
    since = text.partition("What has changed it since:")[2]
    assert "Анна Петрова: priority: low -> high" in since
    assert "normal -> low" not in since
    assert "assignee: - -> anna" in since
    assert "mail split off: SUP-1003" in since
    theirs = MINT.address(Purpose.AGENT, 1001, ANNA.id).partition("@")[0].partition("+")[2]
    assert theirs not in text
    assert "+…@" in text
    split = desk.answer("/why 1003", by=BORIS).text
    assert "It was split off from SUP-1001." in split
    assert "The door." not in split
    assert "The mail that opened it, number" in split


def test_a_list_has_a_link_to_answer_each_ticket_by(desk: Asking) -> None:
    """The agent's own signed address; what is due first stands first."""
    text = desk.answer("/список все").text
    assert text.index("SUP-1001") < text.index("SUP-1002")
    assert "2 заявки" in text
    for number in (1001, 1002):
        assert MINT.address(Purpose.AGENT, number, "anna").partition("@")[0] in text
    assert "Таких заявок нет" in desk.answer("/list").text
    assert "2 заявки" in desk.answer("/list queue sup").text
    assert "2 tickets" in desk.answer("/list new", by=BORIS).text
    assert "queue support, nobody's\n" in desk.answer("/list new", by=BORIS).text.replace("\r", "")


def test_a_long_list_says_how_many_more_there_are(desk: Asking) -> None:
    """Twenty are shown."""
    for number in range(22):
        desk.keep.inbox.add([arrival(sender=f"c{number}@x.example", message_id=f"<c{number}@x.example>")])
    desk.handle(NOW)
    text = desk.answer("/list all", by=BORIS).text
    assert ("24 tickets" in text, "and 4 more" in text, text.count("mailto:")) == (True, True, 20)


def test_a_search_shows_what_it_found(desk: Asking) -> None:
    """In any form; notes too."""
    desk.ask("/note\n\nHe phoned about the scanner", ticket=1001, by=BORIS)
    for words, numbers in (
        ("счета", ["SUP-1002"]),
        ("scanners", ["SUP-1001"]),
        ("SUP-1002", ["SUP-1002"]),
        ("zebra", []),
    ):
        text = desk.answer(f"/search {words}", by=BORIS).text.partition("\n")[2].partition(f"/search {words}")[2]
        assert [n for n in ("SUP-1001", "SUP-1002") if f"{n}:" in text] == numbers, words


def test_a_ticket_is_shown_whole(desk: Asking) -> None:
    """Facts, people, deadlines, texts, notes marked; a reply to it is a reply to the ticket."""
    desk.ask("/note\n\nA secret of ours", ticket=1001, by=BORIS)
    letter = desk.answer("/show", ticket=1001, by=BORIS)
    for words in (
        "My printer is on fire",
        "A secret of ours",
        "[only colleagues see it]",
        "First response",
        "Ivan <ivan@",
    ):
        assert words in letter.text
    assert letter.reply_to[0].address == MINT.address(Purpose.AGENT, 1001, "boris")


def test_a_history_names_who_did_what_and_why(desk: Asking) -> None:
    """In a mail client."""
    desk.ask("/priority high", ticket=1001)
    assert "boris" not in desk.answer("/history 1001", by=BORIS).text
    assert f"{ANNA.name}: priority: normal -> high" in desk.answer("/history 1001", by=BORIS).text
    assert f"{ANNA.name}: срочность: обычная -> высокая (письмо сотрудника)" in desk.answer("/history 1001").text


def test_why_tells_every_rung_and_rule_in_the_agents_language(desk: Asking) -> None:
    """As it was written down then."""
    english = desk.answer("/why 1001", by=BORIS).text
    for words in (
        "Looked for a ticket's number in the subject: no tag in the subject.",
        "Everything else",
        "opened a new one",
    ):
        assert words in english
    russian = desk.answer("/why 1001").text
    for words in ("в теме нет номера заявки", "Первый ответ: обещано за 4 ч", "открыта новая", "осталось"):
        assert words in russian


def test_answers_show_what_the_other_orders_led_to(desk: Asking) -> None:
    """A transcript comes, too; what is closed is in no list any more."""
    letters = desk.ask("/show\n/list all\n/priority high\n/close\n/history", ticket=1001, by=BORIS)
    assert [row["kind"] for row in desk.rows] == ["transcript", "asked"]
    text = letters[-1].text
    assert "closed, priority high" in text
    assert "1 ticket" in text
    assert "status: new -> closed" in text


def test_all_or_nothing_stays_true(desk: Asking) -> None:
    """A wrong question stops the orders beside it, and a wrong order the answers."""
    for text in ("/list nonsense\n/close", "/list mine\n/clsoe", "/show SUP-9999", "/search !!!", "/list\n" * 6):
        desk.ask(text, ticket=1001, by=BORIS)
        assert [row["kind"] for row in desk.rows] == ["transcript"], text
    assert desk.keep.views.ticket("1001", "SUP").ticket.status == "new"


def test_a_question_about_a_ticket_in_a_new_mail_names_it(desk: Asking) -> None:
    """In the order or in the subject; else the agent is told how."""
    [letter] = desk.ask("/show", by=BORIS)
    assert "/show SUP-1007" in letter.text
    assert "My printer is on fire" in desk.answer("/show", subject="[SUP-1001] x", by=BORIS).text


def test_a_merged_ticket_is_asked_about_where_it_goes_on(desk: Asking) -> None:
    """A reply to an old letter shows the ticket as it is now."""
    desk.ask("/merge 1002", ticket=1001)
    text = desk.answer("/show", ticket=1001, by=BORIS).text
    assert "SUP-1002" in text
    assert "My printer is on fire" in text


def test_an_answer_to_the_customer_goes_out_beside_a_question(desk: Asking) -> None:
    """The text below the orders is sent as ever."""
    desk.ask("/list all\n\nPlease close the lid.", ticket=1001, by=BORIS)
    kinds = [row["kind"] for row in desk.rows]
    assert sorted(kinds) == ["answer", "asked", "transcript"]


def test_a_report_comes_by_mail_in_the_agents_language(desk: Asking) -> None:
    """Of the period and the queue that were named; nothing of it is a mail of a ticket."""
    told = desk.answer("/отчёт за неделю\n/report today billing").text
    assert "Открыто: 2" in told
    assert "очередь billing" in told
    assert "/report today billing" in told
    [wrong] = desk.ask("/report week nonsense")
    assert "очереди nonsense нет" in wrong.text


def test_an_article_comes_by_mail_to_be_copied(desk: Asking) -> None:
    """From a reply or a new mail."""
    article = Article(name="пароль", title="Новый пароль", text="Откройте страницу входа.\n\nЗадайте пароль.")
    desk.office = replace(desk.office, practice=replace(desk.office.practice, kb=(article,)))
    told = desk.answer("/kb забыл пароли", ticket=1001).text
    assert "Откройте страницу входа.\n\nЗадайте пароль." in told
    assert "Есть такие" in desk.answer("/статьи").text


def test_many_questions_and_orders_about_one_ticket_are_all_answered(desk: Asking) -> None:
    """An agent in a hurry is no loop: fourteen within minutes bring fourteen letters."""
    said = [desk.ask(f"/show SUP-1001\n/tag t{n}" if n % 2 else "/show SUP-1001", ticket=1001) for n in range(14)]
    kinds = {str(row["kind"]) for row in desk.keep.outbox.listing()}
    assert all(letters for letters in said)
    assert {"asked", "transcript"} <= kinds


def test_a_follow_up_and_the_closed_ticket_before_it_name_each_other(desk: Asking) -> None:
    """Whoever looks at the one finds the other."""
    desk.ask("/close", ticket=1001)
    desk.keep.inbox.add([arrival("It burns again.", message_id="<8@x>", In_Reply_To="<1@customer.example>")])
    desk.handle()
    assert "It follows SUP-1001, which had ended." in desk.answer("/show 1003", by=BORIS).text
    assert "Продолжение: SUP-1003." in desk.answer("/show 1001").text
