"""Buttons in letters to agents: which there are, that their links are right, and what they look like in HTML."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import Any
from urllib.parse import parse_qs, unquote

import pytest
from office import ANNA, BORIS, DESK, MINT, NOW, envelope, facts, judge, mail, message, practice, ticket

from maild.messages.tokens import Key, Mint
from maild.outgoing.letters import Letters
from maild.outgoing.pretty import to_html
from maild.threads.buttons import Buttons, for_news, mailto
from maild.threads.facts import KnownId, TicketFacts, id_hash
from maild.threads.model import Status, Ticket
from maild.threads.orders.table import HANDLERS
from maild.threads.plan import Letter, LetterKind, Plan
from maild.threads.words import WORDS

ANNA_FROM = "Anna <anna@desk.example>"


def made(mint: Mint, one: Ticket, language: str, *wanted: str) -> list[dict[str, object]]:
    """Anna's buttons of today."""
    return Buttons(mint=mint, ticket=one, agent=ANNA, language=language, today=NOW.date(), names=wanted).views()


def names(letter: Letter) -> list[str]:
    """The orders that a letter offers."""
    return [str(button["name"]) for button in letter.buttons.views()] if letter.buttons is not None else []


def to(plan: Plan, kind: LetterKind, address: str = ANNA.address) -> Letter:
    """The one letter of a kind to somebody."""
    [found] = [x for x in plan.letters if x.kind is kind and x.to[0].address == address]
    return found


def test_a_new_mail_can_be_taken_closed_put_off_and_called_spam() -> None:
    """In each letter that tells of it."""
    letter = to(judge(mail(), facts()), LetterKind.NOTIFICATION)
    assert names(letter) == ["take", "close", "snooze", "spam"]


def test_a_strangers_mail_is_kept_or_split_off_first() -> None:
    """That is what the letter asks for."""
    known = (KnownId(id_hash=id_hash("<1@customer.example>"), ticket=1001, stored=True),)
    a_mail = mail(sender="x@stranger.example", In_Reply_To="<1@customer.example>", message_id="<2@x>")
    plan = judge(a_mail, facts(ticket(), messages=(message(),), known=known))
    assert names(to(plan, LetterKind.NOTIFICATION)) == ["keep", "split", "take", "close", "snooze", "spam"]


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"assignee": "anna"}, {"take"}),
        ({"status": Status.CLOSED}, {"close", "snooze"}),
        ({"status": Status.SPAM}, {"close", "snooze", "spam"}),
    ],
)
def test_a_button_that_would_do_nothing_is_left_out(changes: dict[str, Any], missing: set[str]) -> None:
    """Nobody takes what is his."""
    assert {"take", "close", "snooze", "spam"} - set(for_news("reply", ticket(**changes), ANNA)) == missing
    assert "take" in for_news("reply", ticket(assignee="anna"), BORIS)


def order_of_anna(text: str) -> Plan:
    """A reply of Anna's to a letter of the ticket."""
    one = ticket()
    known = replace(facts(one), tickets={1001: TicketFacts(ticket=one, messages=(message(id=1),))})
    address = MINT.address("a", 1001, ANNA.id)  # type: ignore[arg-type]
    a_mail = mail(text, sender=ANNA_FROM, to=address, message_id="<b@desk>")
    return judge(a_mail, known, by=envelope(ANNA.address, address, login="anna"))


def test_what_was_done_can_be_undone_and_what_was_refused_cannot() -> None:
    """The transcript has the one button, or none."""
    assert names(to(order_of_anna("/close"), LetterKind.TRANSCRIPT)) == ["undo"]
    assert names(to(order_of_anna("/clsoe"), LetterKind.TRANSCRIPT)) == []


@pytest.mark.parametrize("language", ["ru", "en"])
def test_a_link_opens_a_mail_to_the_signed_address_in_the_agents_language(language: str) -> None:
    """Address, subject and body come out of it as they were meant (RFC 6068)."""
    today = NOW.date()
    for view in made(MINT, ticket(), language, "take", "snooze", "undo"):
        head, _, fields = str(view["link"]).partition("?")
        address = unquote(head.removeprefix("mailto:"))
        assert address == MINT.verb_address(str(view["name"]), 1001, ANNA.id, today)
        # As a program would read it that takes the link for a form: a bare + would be a space there.
        values = parse_qs(fields, strict_parsing=True)
        assert values["subject"] == [f"[SUP-1001] {view['label']}"]
        assert values["body"] == [WORDS[language]["button_body"]]
        assert "+" not in str(view["link"])
        assert " " not in str(view["link"])
        assert str(view["link"]).isascii()


def test_odd_characters_of_an_address_do_not_end_the_link() -> None:
    """`&`, `?`, `%` and `/` mean something in a link."""
    link = mailto("a&b?c%d/e@x.example", "1 + 1 = 2 & more", "a\r\nb")
    assert link == "mailto:a%26b%3Fc%25d%2Fe@x.example?subject=1%20%2B%201%20%3D%202%20%26%20more&body=a%0D%0Ab"


def test_a_desk_whose_address_leaves_no_room_has_letters_without_buttons() -> None:
    """The letter is the same but for them."""
    mint = Mint((Key(id="a", secret=b"k" * 32),), "a" * 28 + "@desk.example", "desk.example")
    assert made(mint, ticket(10**12), "en", "take") == []
    plan = judge(mail(), facts(next_ticket=10**12), how=replace(practice(), mint=mint))
    assert names(to(plan, LetterKind.NOTIFICATION)) == []


def test_every_button_has_words_in_every_language_and_an_order() -> None:
    """None can be shown that nobody understands."""
    for words in WORDS.values():
        buttons = {key.removeprefix("button_") for key in words if key.startswith("button_")}
        assert buttons - {"body", "expired", "used"} <= HANDLERS.keys()
        assert {"take", "close", "snooze", "spam", "keep", "split", "send", "undo"} <= buttons


def test_buttons_stand_in_the_html_below_the_news_and_in_no_plain_text() -> None:
    """A line of two hundred characters helps nobody who reads plain text: he has the orders."""
    letters = Letters(None, ("en", "ru"))
    for language, label in (("en", "Snooze 1 day"), ("ru", "Отложить на день")):
        _, text, html = letters.preview("notification", language)
        assert "mailto:" not in text
        assert html.index("</blockquote>") < html.index(label) < html.index("<hr>")


def test_a_rule_that_the_customer_wrote_moves_no_button() -> None:
    """It is quoted; ours is not."""
    button = {"name": "take", "label": "Take <it>", "link": "mailto:a@b.example?subject=x&body=y"}
    html = to_html("Ivan wrote:\n\n> one\n> ----\n> two\n\n----\nSUP-1", [button])
    assert html.index("two") < html.index(escape(button["label"])) < html.rindex("<hr>")
    assert 'href="mailto:a@b.example?subject=x&amp;body=y"' in html
    assert to_html("no rule", [button]).endswith('style="clear: both;">')


def test_a_button_works_again_once_something_else_has_come() -> None:
    """Put off in the morning, woken by the customer, and put off again on the same day."""
    to_button = MINT.verb_address("snooze", 1001, ANNA.id, NOW.date())
    assert to_button is not None

    def press(number: str, done: frozenset[str], last: int) -> Plan:
        history = tuple(message(id=n) for n in range(1, last + 1))
        one = TicketFacts(ticket=ticket(), messages=history, steps_done=done)
        a_mail = mail("", sender=ANNA_FROM, to=to_button, message_id=f"<{number}@desk>")
        by = envelope(ANNA.address, to_button, login="anna")
        return judge(a_mail, replace(facts(), tickets={1001: one}), by=by)

    first = press("a", frozenset(), 1)
    assert first.ticket is not None
    assert first.ticket.wake_at is not None
    twice, again = press("b", frozenset(first.steps_done), 1), press("c", frozenset(first.steps_done), 2)
    assert twice.ticket is not None
    assert again.ticket is not None
    assert twice.ticket.wake_at is None
    assert again.ticket.wake_at is not None


def test_a_quoted_button_is_never_sent_to_the_customer() -> None:
    """Where a mail client does not mark what it quotes, the net below knows the address in the link."""
    link = made(MINT, ticket(), "en", "take")[0]["link"]
    plan = order_of_anna(f"The new cartridge is in.\n\n[Take]({link})\n")
    [answer] = [x for x in plan.letters if x.kind is LetterKind.ANSWER]
    assert answer.context["text"] == "The new cartridge is in."
    assert DESK not in str(answer.context["text"])
