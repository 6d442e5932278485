"""Letters to agents: the history in short, the customer's earlier tickets, and the whole mail for who asks."""

from __future__ import annotations

import email
from dataclasses import replace
from datetime import timedelta

import pytest
from office import ANNA, BORIS, MINT, NOW, eml, envelope, facts, judge, mail, message, practice, ticket

from maild.messages.mail import Address
from maild.messages.tokens import Purpose
from maild.outgoing.compose import whole_mail, write_letter
from maild.outgoing.letters import Letters
from maild.threads.facts import EarlierTicket, TicketFacts
from maild.threads.model import Direction, Message, Status, Visibility
from maild.threads.order_lines import split_orders
from maild.threads.orders.table import carry_out
from maild.threads.orders.work import Setting
from maild.threads.plan import Letter, LetterKind, Plan

TOKEN = MINT.address(Purpose.CUSTOMER, 1001, "ivan@customer.example")
LETTERS = Letters(None, ("ru", "en"))
ANSWER = message(
    "Please restart it.\n\nline\n\nline\nline\nline\nthe sixth line",
    direction=Direction.OUT,
    author=BORIS.id,
    sender=Address(name="Acme Support", address="support@desk.example"),
)


def past(number: int) -> EarlierTicket:
    """A ticket of Ivan's from before."""
    at = NOW - timedelta(days=1100 - number)
    return EarlierTicket(id=number, number=f"SUP-{number}", subject="Fax", status=Status.CLOSED, at=at)


def told(history: tuple[Message, ...], **changes: object) -> Letter:
    """What Boris is told of Ivan's reply."""
    known = facts(ticket(), messages=history, **changes)
    plan = judge(mail("Still empty.", to=TOKEN, message_id="<9@c>"), known, by=envelope(None, TOKEN))
    return next(x for x in plan.letters if x.kind is LetterKind.NOTIFICATION and x.to[0].address == BORIS.address)


def test_a_letter_reminds_of_the_last_three_messages_newest_first() -> None:
    """A few lines of each, below the new text; of an agent the name alone."""
    letter = told((message("one"), message("two"), message("three"), ANSWER))
    history = letter.context["history"]
    assert isinstance(history, list)
    assert [entry["text"].splitlines()[0] for entry in history] == ["Please restart it.", "three", "two"]
    assert history[0]["text"].endswith("line\n…")
    assert history[0]["sender"] == {"name": "Boris Smith", "address": ""}
    text = write_letter(letter, LETTERS).text
    assert text.index("Still empty.") < text.index("SUP-1001: ") < text.index("> Please restart it.")
    assert text.index("> Please restart it.") < text.index("simply reply")


def test_a_letter_reminds_of_nothing_that_is_not_the_customers() -> None:
    """No note of a colleague's, no stranger's mail that was only proposed."""
    note = message("secret", visibility=Visibility.INTERNAL, author=ANNA.id)
    letter = told((note, replace(message("who knows"), proposed=True), message("first")))
    assert [entry["text"] for entry in letter.context["history"]] == ["first"]  # type: ignore[attr-defined]


def test_a_letter_lists_up_to_five_other_tickets_of_the_customer() -> None:
    """The one at hand is none of them."""
    letter = told((), earlier=(past(1001), *(past(n) for n in range(1000, 993, -1))))
    numbers = [entry["number"] for entry in letter.context["earlier"]]  # type: ignore[attr-defined]
    assert numbers == ["SUP-1000", "SUP-999", "SUP-998", "SUP-997", "SUP-996"]
    assert "SUP-1000 of 15 August 2026, closed: Fax" in write_letter(letter, LETTERS).text


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_proposed_mail_brings_the_orders_that_decide_on_it(language: str) -> None:
    """Also where no buttons are shown; other letters do without them."""
    letter = told(())
    texts = [
        write_letter(replace(letter, language=language, context={**letter.context, "event": event}), LETTERS).text
        for event in ("proposed", "reply")
    ]
    assert [[f"/{name}" in text for name in ("keep", "split", "add")] for text in texts] == [[True] * 3, [False] * 3]


def test_the_long_subject_of_an_earlier_ticket_is_told_in_short() -> None:
    """It is there to be known again."""
    letter = told((), earlier=(replace(past(1000), subject="Fax " * 100),))
    assert [len(entry["subject"]) for entry in letter.context["earlier"]] == [100]  # type: ignore[attr-defined]


def test_a_strangers_past_is_not_shown_as_the_customers() -> None:
    """What was gathered is of whoever wrote; the ticket is another's."""
    hers = ticket(requester="olga@customer.example")
    hers = replace(hers, participants=(*hers.participants, *ticket().participants))
    known = facts(hers, earlier=(past(900),))
    plan = judge(mail(to=TOKEN, message_id="<9@c>"), known, by=envelope(None, TOKEN))
    assert plan.belongs_to == 1001
    assert all(x.context.get("earlier") == [] for x in plan.letters if x.kind is LetterKind.NOTIFICATION)


# -- the whole mail ----------------------------------------------------------------------------------------------------

MAILS = (
    message("old", id=1, inbox_id=11, subject="First"),
    message("note", id=2, inbox_id=12, visibility=Visibility.INTERNAL),
    replace(ANSWER, id=3),
    message("new", id=4, inbox_id=14, subject="Second"),
)


def ordered(text: str) -> Plan:
    """Anna's order on a ticket with two mails of the customer's."""
    address = MINT.address(Purpose.AGENT, 1001, ANNA.id)
    known = replace(facts(), tickets={1001: TicketFacts(ticket=ticket(), messages=MAILS)})
    a_mail = mail(text, sender=f"Anna <{ANNA.address}>", to=address, message_id="<b@desk>")
    return judge(a_mail, known, by=envelope(ANNA.address, address, login="anna"))


@pytest.mark.parametrize(("order", "inbox_id"), [("/raw", 14), ("/raw 1", 14), ("/raw 2", 11), ("/исходник", 14)])
def test_raw_brings_the_newest_mail_or_one_before_it(order: str, inbox_id: int) -> None:
    """Of the customer's: notes and answers are not counted."""
    [letter] = ordered(order).letters
    assert [one.inbox_id for one in letter.enclosed] == [inbox_id]
    assert letter.to[0].address == ANNA.address


@pytest.mark.parametrize("order", ["/raw 3", "/raw 0", "/raw -1", "/raw all", "/raw ²", "/raw " + "9" * 5000])
def test_raw_says_how_many_mails_there_are(order: str) -> None:
    """And sends none."""
    [letter] = ordered(order).letters
    assert letter.enclosed == ()
    assert letter.context["error"] is True


def test_at_the_command_line_raw_names_the_command_that_shows_it() -> None:
    """There is nobody to write a letter to."""
    tickets = {1001: TicketFacts(ticket=ticket(), messages=MAILS)}
    setting = Setting(agent=None, language="en", now=NOW, practice=practice(), tickets=tickets)
    [done] = carry_out(ticket(), split_orders("/raw")[0], setting).done
    assert (done.ok, done.effect) == (False, "at the command line `maild inbox raw 14` shows it")


@pytest.mark.parametrize(
    ("raw", "content_type"),
    [
        (eml("plain words"), "message/rfc822"),
        (eml("слова"), "application/octet-stream"),
        (eml("x" * 1200), "application/octet-stream"),
        (eml("From here on"), "application/octet-stream"),
        (eml("plain").replace(b"\r\n", b"\n"), "application/octet-stream"),
        (eml("no end")[:-2], "application/octet-stream"),
        (eml("a\rb"), "application/octet-stream"),
    ],
)
def test_a_whole_mail_arrives_byte_for_byte(raw: bytes, content_type: str) -> None:
    """As a mail where nobody would have to encode it, as a file otherwise."""
    [letter] = ordered("/raw").letters
    letter = replace(letter, attachments=(whole_mail("SUP-1001-14.eml", raw),))
    written = write_letter(letter, LETTERS).raw
    [part] = [p for p in email.message_from_bytes(written).walk() if p.get_filename() == "SUP-1001-14.eml"]
    assert part.get_content_type() == content_type
    if content_type == "message/rfc822":
        assert raw in written
    else:
        assert part.get_payload(decode=True) == raw
