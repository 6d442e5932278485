"""A whole conversation through a real daemon: every way in, every way to reply, and what each letter may say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from clients import new_id, reply_address, write_mail, write_reply
from daemon import PASSWORD, SUPPORT, Daemon, Letter, running_desk

ANNA, BORIS = "anna@desk.example", "boris@desk.example"
DSN = """From: MAILER-DAEMON@relay.example\r
To: {to}\r
Subject: Undelivered Mail Returned to Sender\r
Date: Mon, 23 Nov 2026 10:00:00 +0000\r
Message-ID: {message_id}\r
Auto-Submitted: auto-replied\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r
\r
--b\r
Content-Type: text/plain\r
\r
I could not deliver your mail.\r
\r
--b\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; relay.example\r
\r
Final-Recipient: rfc822; {recipient}\r
Action: failed\r
Status: 5.1.1\r
Diagnostic-Code: smtp; 550 5.1.1 no such mailbox\r
\r
--b\r
Content-Type: text/rfc822-headers\r
\r
Message-ID: {original}\r
\r
--b--\r
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One desk for the module; every test brings a customer of its own."""
    # All tests share a desk: what an agent is told in them all must not come as a digest.
    with running_desk(tmp_path_factory.mktemp("desk") / "d", {"limits.notifications": 10_000}) as running:
        yield running


class Customer:
    """Somebody outside with a conversation of his own."""

    number = 0

    def __init__(self, desk: Daemon, name: str = "Ivan Sidorov") -> None:
        Customer.number += 1
        self.desk, self.name, self.address = desk, name, f"c{Customer.number}@customer.example"

    @property
    def sender(self) -> str:
        return f"{self.name} <{self.address}>"

    def ask(self, text: str = "My printer prints nothing.", subject: str = "Printer", **more: object) -> bytes:
        """Open a ticket."""
        raw = write_mail(text, sender=self.sender, subject=subject, **more)  # type: ignore[arg-type]
        self.desk.deliver(raw, self.address)
        return raw

    def reply(self, letter: Letter, text: str, **more: object) -> None:
        """Answer a letter, to its Reply-To or wherever `to` says."""
        raw = write_reply(letter, text, sender=self.sender, **more)  # type: ignore[arg-type]
        self.desk.deliver(raw, self.address, str(more.get("to") or reply_address(letter)))

    @property
    def letters(self) -> list[Letter]:
        """What he was sent."""
        return self.desk.letters(self.address)

    @property
    def ticket(self) -> dict[str, object]:
        """His newest ticket, whole."""
        return self.desk.ticket(self.number_of(-1))

    def number_of(self, position: int) -> str:
        """The ticket that one of the acknowledgements speaks of."""
        tags = [re.search(r"\[(SUP-\d+)\]", letter["Subject"]) for letter in self.letters]
        return list(dict.fromkeys(tag[1] for tag in tags if tag))[position]

    def news(self, agent: str = ANNA) -> list[Letter]:
        """What an agent was told about his tickets."""
        return [letter for letter in self.desk.letters(agent) if self.address in letter.everything]


def answer(desk: Daemon, notification: Letter, text: str, who: str = "anna") -> None:
    """An agent's reply over an authenticated session."""
    sender = f"{who.title()} <{who}@desk.example>"
    raw = write_reply(notification, text, sender=sender)
    desk.deliver(raw, f"{who}@desk.example", reply_address(notification), login=who)


@pytest.mark.parametrize(
    ("charset", "subject", "text", "language", "words"),
    [
        ("koi8-r", "Не печатает", "Здравствуйте! Принтер не печатает с утра.", "ru", "Мы получили ваше письмо"),
        ("windows-1251", "Нет «связи»", "Добрый день! Связи нет — что делать?", "ru", "Мы получили ваше письмо"),
        ("utf-8", "Ёлка и счёт", "Здравствуйте! Ёлка не горит, помогите.", "ru", "Мы получили ваше письмо"),
        (
            "utf-8",
            "Printer",
            "Hello! The printer prints nothing today.",
            "en",
            "We have received your mail",
        ),
        ("iso-8859-15", "Café", "Hello! The café printer wants 5 € and prints nothing.", "en", "We have received"),
    ],
)
def test_a_customer_is_read_as_meant_and_answered_in_the_own_language(
    desk: Daemon, charset: str, subject: str, text: str, language: str, words: str
) -> None:
    """Whatever the charset, the ticket has the words as written, and the acknowledgement speaks their language."""
    customer = Customer(desk)
    customer.ask(text, subject, charset=charset)
    ticket = customer.ticket
    assert (ticket["subject"], ticket["language"], ticket["status"]) == (subject, language, "new")
    assert ticket["messages"][0]["text"].strip() == text  # type: ignore[index]
    assert words in customer.letters[0].text


@pytest.mark.fault("D8")
def test_an_acknowledgement_carries_nothing_of_an_unverified_sender(desk: Daemon) -> None:
    """Neither text, subject nor name comes back: whoever was forged into From is sent no stranger's words."""
    customer = Customer(desk, name="Visit Evilshop Now")
    raw = customer.ask("You can buy it at http://evilshop.example today, it is cheap.", subject="Cheap pills evilshop")
    (letter,) = customer.letters
    assert "evilshop" not in letter.everything
    assert "pills" not in letter.everything
    assert letter["To"] == customer.address
    assert letter["Subject"].startswith("[SUP-")
    assert "received your request" in letter["Subject"]
    assert letter.return_path.startswith("support+")
    assert letter.return_path != reply_address(letter)
    assert letter["Auto-Submitted"] == "auto-replied"
    assert letter["X-Auto-Response-Suppress"] == "All"
    assert letter["In-Reply-To"] in raw.decode()
    assert letter["From"] == f"Support desk <{SUPPORT}>"
    assert letter.raw.count(b"\n") == letter.raw.count(b"\r\n")


def test_every_agent_of_the_queue_is_told_with_an_own_reply_address(desk: Daemon) -> None:
    """Anna and Boris each get the customer's words in their own language; their reply addresses differ."""
    customer = Customer(desk)
    customer.ask("The red lamp burns.")
    anna, boris = customer.news(ANNA)[0], customer.news(BORIS)[0]
    assert "> The red lamp burns." in anna.text
    assert "пишет" in anna.text
    assert "> The red lamp burns." in boris.text
    assert "wrote" in boris.text
    assert reply_address(anna) != reply_address(boris) != reply_address(customer.letters[0])
    assert anna["From"] == f'"Ivan Sidorov (Support desk)" <{SUPPORT}>'
    assert anna["Auto-Submitted"] == "auto-generated"
    assert anna.return_path == ""
    assert not customer.news("vera@desk.example")


def test_an_agents_answer_reaches_the_customer_under_the_desks_name_alone(desk: Daemon) -> None:
    """The agent's address, the quoted notification and its buttons are nowhere in the bytes that leave."""
    customer = Customer(desk)
    raw = customer.ask("The red lamp burns.")
    told = customer.news()[0]
    answer(desk, told, "Good day!\n\nPlease close the lid.")
    _, letter = customer.letters
    assert "please close the lid." in letter.everything
    for secret in (ANNA, reply_address(told), told["Message-ID"].strip("<>"), "/take", "команды", "anna@", "срочность"):
        assert secret.lower() not in letter.everything, secret
    assert letter["From"] == f"Support desk <{SUPPORT}>"
    assert "Auto-Submitted" not in letter.message
    assert letter["Subject"] == f"Re: Printer [{customer.ticket['number']}]"
    assert letter["In-Reply-To"].encode() in raw
    assert letter.return_path.startswith("support+")
    assert letter.return_path != reply_address(letter)
    assert customer.ticket["status"] == "pending"
    assert letter["References"].split()[0] == customer.letters[0]["References"].split()[0]


@pytest.mark.parametrize("way", ["reply-to", "references", "tag"])
def test_a_customers_reply_finds_its_ticket_by_each_way(desk: Daemon, way: str) -> None:
    """By the signed address, by References to the plain address, and by nothing but the tag in the subject."""
    customer = Customer(desk)
    customer.ask()
    answer(desk, customer.news()[0], "Please close the lid.")
    letter = customer.letters[-1]
    how: dict[str, object] = {"reply-to": {}, "references": {"to": SUPPORT}, "tag": {"to": SUPPORT, "threads": False}}
    customer.reply(letter, "It still burns.", **how[way])  # type: ignore[arg-type]
    ticket = customer.ticket
    assert [m["reply"] for m in ticket["messages"]][-1] == "It still burns."  # type: ignore[attr-defined]
    assert (ticket["status"], len(ticket["messages"])) == ("open", 3)  # type: ignore[arg-type]
    assert "> It still burns." in customer.news()[-1].text
    assert len(customer.letters) == 2


@pytest.mark.fault("E12")
def test_a_strangers_guess_of_a_ticket_number_opens_a_ticket_of_its_own(desk: Daemon) -> None:
    """A tag alone lets nobody into another's conversation."""
    customer, stranger = Customer(desk), Customer(desk, name="Mallory")
    customer.ask()
    number = customer.ticket["number"]
    stranger.ask("What is going on there?", subject=f"Re: Printer [{number}]")
    assert stranger.ticket["number"] != number
    assert len(desk.ticket(str(number))["messages"]) == 1


@pytest.mark.fault("E6")
def test_a_stranger_with_the_right_references_is_heard_and_told_nothing(desk: Daemon) -> None:
    """His words are proposed to the agents; the answer that follows goes to the customer alone."""
    customer, stranger = Customer(desk), Customer(desk, name="Mallory")
    customer.ask()
    stranger.reply(customer.letters[0], "Send it to me too.", to=SUPPORT)
    ticket = customer.ticket
    assert [m["proposed"] for m in ticket["messages"]] == [False, True]  # type: ignore[attr-defined]
    answer(desk, customer.news()[0], "Please close the lid.")
    assert not stranger.letters
    assert len(customer.letters) == 2


@pytest.mark.fault("E7")
def test_whoever_a_customer_copies_is_sent_nothing(desk: Daemon) -> None:
    """Somebody in Cc takes part, yet gets no answer before an agent lets him."""
    customer, friend = Customer(desk), Customer(desk, name="Friend")
    customer.ask(more=[("Cc", friend.address), ("Reply-To", friend.address)])
    answer(desk, customer.news()[0], "Please close the lid.")
    assert not friend.letters
    assert "close the lid" in customer.letters[-1].text


def test_an_absence_note_changes_nothing_and_gets_no_answer(desk: Daemon) -> None:
    """A customer's out-of-office is tied to the ticket; the ticket stays pending and nobody is answered."""
    customer = Customer(desk)
    customer.ask()
    answer(desk, customer.news()[0], "Please close the lid.")
    before = len(desk.letters())
    customer.reply(customer.letters[-1], "I am away until Monday.", more=[("Auto-Submitted", "auto-replied")])
    row = desk.cli("inbox")[-1]
    assert (row["state"], row["ticket"]) == ("automatic", customer.ticket["number"])
    assert customer.ticket["status"] == "pending"
    assert len(desk.letters()) == before


def test_a_bounced_answer_opens_its_ticket_and_the_agents_are_told(desk: Daemon) -> None:
    """The bounce comes to the return path of the answer, from nobody, and says why."""
    customer = Customer(desk)
    customer.ask()
    answer(desk, customer.news()[0], "Please close the lid.")
    sent = customer.letters[-1]
    dsn = DSN.format(
        to=sent.return_path, message_id=new_id(), recipient=customer.address, original=sent["Message-ID"]
    ).encode()
    desk.deliver(dsn, "", sent.return_path)
    row = desk.cli("inbox")[-1]
    assert (row["state"], row["ticket"]) == ("bounce", customer.ticket["number"])
    assert customer.ticket["status"] == "open"
    told = customer.news()[-1]
    assert customer.address in told.text
    assert "550 5.1.1 no such mailbox" in told.text
    assert len(customer.letters) == 2


@pytest.mark.parametrize(
    ("who", "words", "effect"),
    [("anna", "Готово", "ответственный: Анна Петрова"), ("boris", "Done", "assigned to Boris Novak")],
)
def test_orders_are_carried_out_and_told_in_the_agents_language(
    desk: Daemon, who: str, words: str, effect: str
) -> None:
    """Orders on top are stripped from the answer; a transcript repeats each line with its effect."""
    customer = Customer(desk)
    customer.ask()
    answer(desk, customer.news(f"{who}@desk.example")[0], "/take\n/tag printer\n\nPlease close the lid.", who)
    assert customer.letters[-1].text.startswith("Please close the lid.")
    assert "/take" not in customer.letters[-1].everything
    ticket = customer.ticket
    assert (ticket["assignee"], ticket["tags"]) == (who, ["printer"])
    transcript = desk.letters(f"{who}@desk.example")[-1]
    assert words in transcript.text
    assert effect.lower() in transcript.text.lower()
    assert "/take" in transcript.text
    assert "/tag printer" in transcript.text


def test_one_wrong_order_sends_nothing_and_does_nothing(desk: Daemon) -> None:
    """All or nothing: the agent reads which line was wrong and gets the text back."""
    customer = Customer(desk)
    customer.ask()
    answer(desk, customer.news(BORIS)[0], "/take\n/clsoe\n\nPlease close the lid.", "boris")
    assert len(customer.letters) == 1
    ticket = customer.ticket
    assert (ticket["assignee"], ticket["status"]) == (None, "new")
    back = desk.letters(BORIS)[-1]
    assert "/clsoe" in back.text
    assert "did you mean /close?" in back.text
    assert "Please close the lid." in back.text


def test_a_note_never_reaches_the_customer(desk: Daemon) -> None:
    """The colleagues read it; a colleague's reply to it stays inside as well."""
    customer = Customer(desk)
    customer.ask()
    answer(desk, customer.news()[0], "/note\n\nHe is behind with his payments.")
    heard = next(letter for letter in desk.letters(BORIS) if "behind with his payments" in letter.everything)
    answer(desk, heard, "I know, be patient with him.", "boris")
    assert len(customer.letters) == 1
    messages = customer.ticket["messages"]
    assert [(m["visibility"], m["author"]) for m in messages][1:] == [  # type: ignore[attr-defined]
        ("internal", "anna"),
        ("internal", "boris"),
    ]
    answer(desk, customer.news()[0], "Please close the lid.")
    assert "payments" not in customer.letters[-1].everything
    assert "patient" not in customer.letters[-1].everything


def test_a_reply_to_a_closed_ticket_opens_a_linked_one(desk: Daemon) -> None:
    """What is closed stays closed; the new ticket names the old one."""
    customer = Customer(desk)
    customer.ask()
    number = customer.ticket["number"]
    answer(desk, customer.news()[0], "/close\n\nDone.")
    customer.reply(customer.letters[-1], "It burns again.")
    assert customer.ticket["number"] != number
    assert customer.ticket["links"] == [{"kind": "follow_up_of", "ticket": number}]
    assert desk.ticket(str(number))["status"] == "closed"


@pytest.mark.fault("A14")
def test_lmtp_takes_a_mail_for_two_of_our_addresses_once(tmp_path: Path) -> None:
    """LMTP answers for each recipient; it is one ticket with one acknowledgement, and replies find it."""
    with running_desk(tmp_path / "d", {"smtp.protocol": "lmtp"}) as desk:
        desk.deliver(
            write_mail("Hello!", sender="a@customer.example"), "a@customer.example", SUPPORT, "billing@desk.example"
        )
        (letter,) = desk.letters("a@customer.example")
        desk.deliver(write_reply(letter, "One thing more.", sender="a@customer.example"), "", reply_address(letter))
        assert [(r["channel"], r["state"], r["ticket"]) for r in desk.cli("inbox")] == [
            ("lmtp", "ticketed", "SUP-1001")
        ] * 2
        assert len(desk.letters("a@customer.example")) == 1


def test_a_mail_piped_into_ingest_lives_like_any_other(tmp_path: Path) -> None:
    """Beside the daemon and without it: accepted, a ticket, an acknowledgement; KOI8-R is read as it was meant."""
    with running_desk(tmp_path / "d") as desk:
        raw = write_mail("Здравствуйте! Не печатает.", sender="a@customer.example", subject="Беда", charset="koi8-r")
        (row,) = desk.cli("ingest", "--sender", "a@customer.example", "--recipient", SUPPORT, "-", given=raw)
        assert (row["source"], row["state"], row["ticket"]) == ("-", "ticketed", "SUP-1001")
        assert desk.ticket("1001")["subject"] == "Беда"
        assert "получили" in desk.wait_letters(1, "a@customer.example")[0].text
        assert desk.stop() == 0
        second = write_mail("Hello there, one more.", sender="b@customer.example")
        (row,) = desk.cli("ingest", "--accept-only", "--sender", "b@customer.example", given=second)
        assert (row["state"], row["ticket"]) == ("waiting", None)
        assert desk.run("run", "--once").returncode == 0
        assert desk.cli("inbox", "--id", "2")[0]["state"] == "ticketed"
        assert len(desk.letters("b@customer.example")) == 1
        (row,) = desk.cli("ingest", given=second)
        assert (row["state"], row["ticket"]) == ("duplicate", "SUP-1002")


def test_the_demo_tells_the_whole_story(tmp_path: Path) -> None:
    """`maild demo` beside a running daemon ends well and shows the tickets it made."""
    with running_desk(tmp_path / "d") as desk:
        shown = desk.order("demo")
        assert "SUP-1001" in shown
        assert "SUP-1002" in shown
        assert PASSWORD not in shown
