"""Texts that lie ready for answers: which one is taken, where it stands in an answer, and what is told of mistakes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from office import MINT, NOW, envelope, facts, judge, mail, message, practice, ticket

from maild.config.letters import find_letters
from maild.errors import DataError, NotFound
from maild.messages.tokens import Purpose
from maild.outgoing.letters import Letters
from maild.threads.canned import canned_text
from maild.threads.model import Direction, Message, Status, Visibility
from maild.threads.order_lines import Order
from maild.threads.orders.table import carry_out
from maild.threads.orders.work import Setting
from maild.threads.plan import LetterKind, Plan
from maild.threads.practice import Practice

TO_BORIS = MINT.address(Purpose.AGENT, 1001, "boris")
TEXTS = {
    "reset": "Hello {{ customer.name }}, your ticket is {{ ticket.number }}.",
    "en/lid": "Please close the lid.",
    "ru/lid": "Закройте, пожалуйста, крышку.",
    "both": "For all.",
    "ru/both": "По-русски.",
    "de/only-german": "Guten Tag",
    "Оплата": "Счёт {{ fields.invoice }} оплачен. {{ agent.name }}, {{ desk.name }}",
}


def desk(folder: Path, **texts: str) -> Practice:
    """A desk with these canned texts."""
    for name, text in (TEXTS | texts).items():
        path = folder / "canned" / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return replace(practice(), canned=Letters(folder, ["ru", "en"]).canned)


BROKEN = {"torn": "Hello\n{{ customer.name", "nothing": "{% if not ticket.number %}y{% endif %}"}


def written(folder: Path, text: str, *, messages: tuple[Message, ...] = (message(),), **known: object) -> Plan:
    """Boris answers Ivan's ticket by mail."""
    reply = mail(text, sender="Boris <boris@desk.example>", to=TO_BORIS, message_id="<b@desk>")
    by = envelope("boris@desk.example", TO_BORIS, login="boris")
    return judge(reply, facts(ticket(), messages=messages, **known), by=by, how=desk(folder, **BROKEN))


def sent(plan: Plan) -> str:
    """The text that goes to the customer; "" where none does."""
    return "".join(str(x.context["text"]) for x in plan.letters if x.kind is LetterKind.ANSWER)


def told(plan: Plan) -> str:
    """What Boris reads of his orders."""
    done = [o for x in plan.letters if x.kind is LetterKind.TRANSCRIPT for o in x.context["orders"]]  # type: ignore[attr-defined]
    return "\n".join(o["effect"] for o in done)


@pytest.mark.parametrize(
    ("language", "name", "text"),
    [
        ("en", "lid", "Please close the lid."),
        ("ru", "lid", "Закройте, пожалуйста, крышку."),
        ("fr", "lid", "Закройте, пожалуйста, крышку."),
        ("ru", "both", "По-русски."),
        ("en", "both", "For all."),
        ("ru", "reset", "Hello Ivan, your ticket is SUP-1001."),
        ("en", "RESET", "Hello Ivan, your ticket is SUP-1001."),
    ],
)
def test_the_customers_language_comes_first_then_the_text_for_all_then_the_desks(
    tmp_path: Path, language: str, name: str, text: str
) -> None:
    """The same public function serves orders and rules."""
    assert canned_text(desk(tmp_path), ticket(language=language), name) == text


def test_a_text_in_a_language_that_nobody_here_speaks_is_not_sent(tmp_path: Path) -> None:
    """Neither the customer's nor the desk's."""
    with pytest.raises(NotFound):
        canned_text(desk(tmp_path), ticket(), "only-german")


def test_a_text_speaks_of_the_ticket_its_fields_and_who_answers(tmp_path: Path) -> None:
    """Case and ё say nothing in a name; what a customer wrote is a value and never a command."""
    known = ticket(fields={"invoice": "{{ 7 }}"})
    assert canned_text(desk(tmp_path), known, "оплата", "Boris") == "Счёт {{ 7 }} оплачен. Boris, Acme Support"


def test_a_field_that_the_ticket_lacks_leaves_no_hole(tmp_path: Path) -> None:
    """The text is not written at all, and the error says why."""
    with pytest.raises(DataError, match=r"Оплата cannot be written, line 1: the ticket has no .invoice"):
        canned_text(desk(tmp_path), ticket(), "Оплата")


def test_a_canned_text_on_top_is_the_answer_with_the_agents_words_below(tmp_path: Path) -> None:
    """It counts as an answer like any other, and other orders go along."""
    plan = written(tmp_path, "/canned reset lid\n/tag printer\n\nCall me if it smokes.\n\n> quoted")
    assert sent(plan) == "Hello Ivan, your ticket is SUP-1001.\n\nPlease close the lid.\n\nCall me if it smokes."
    assert plan.ticket is not None
    assert (plan.ticket.status, plan.ticket.tags) == (Status.PENDING, ("printer",))
    assert "stands in your answer: reset lid" in told(plan)
    assert plan.message is not None
    assert plan.message.reply == sent(plan)


def test_a_canned_text_alone_is_an_answer(tmp_path: Path) -> None:
    """No word of his own is needed; the Russian name of the order will do."""
    assert sent(written(tmp_path, "/шаблон lid")) == "Please close the lid."


def test_a_canned_text_within_the_words_stands_in_the_place_of_its_line(tmp_path: Path) -> None:
    """A greeting above, a farewell below."""
    plan = written(tmp_path, "Dear Ivan,\n/canned lid\nYours, B.")
    assert sent(plan) == "Dear Ivan,\n\nPlease close the lid.\n\nYours, B."


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("/canned\n\nHello", "say which text; known are: both lid nothing reset torn Оплата"),
        ("/canned rest\n\nHello", "there is no canned text rest; did you mean reset?"),
        ("Hello\n/canned rest", "there is no canned text rest; did you mean reset?"),
        ("/canned Оплата", "the canned text Оплата needs invoice, which the ticket has not"),
        ("/canned torn", "there is a mistake in line 2 of the canned text torn; tell your admin"),
        ("/canned nothing", "the canned text nothing says nothing for this ticket"),
        ("/canned " + "lid " * 11, "at most 10"),
    ],
)
def test_what_cannot_be_put_in_sends_nothing_and_says_what_there_is(tmp_path: Path, text: str, why: str) -> None:
    """The ticket stays as it was, and the text is kept inside."""
    plan = written(tmp_path, text)
    assert sent(plan) == ""
    assert why in told(plan)
    assert plan.ticket is not None
    assert plan.ticket.status is Status.OPEN


def test_another_order_below_the_words_still_withholds_them(tmp_path: Path) -> None:
    """Only canned texts may be called there."""
    plan = written(tmp_path, "Hello\n/canned lid\n/close")
    assert sent(plan) == ""
    assert "an order stands below the text" in told(plan)


def test_a_note_may_hold_a_canned_text(tmp_path: Path) -> None:
    """And stays inside."""
    plan = written(tmp_path, "/note\n/canned lid\nShall I send this?")
    assert sent(plan) == ""
    assert plan.message is not None
    assert (plan.message.visibility, plan.message.reply) == (
        Visibility.INTERNAL,
        "Please close the lid.\n\nShall I send this?",
    )


def test_a_canned_answer_waits_like_any_other_where_a_colleague_answered(tmp_path: Path) -> None:
    """The held letter says what the text said."""
    theirs = message("Done!", direction=Direction.OUT, author="anna", at=NOW + timedelta(minutes=1))
    plan = written(tmp_path, "/canned lid", messages=(message(), theirs), unseen=frozenset({theirs.message_id}))
    (letter,) = [x for x in plan.letters if x.kind is LetterKind.ANSWER]
    assert letter.held
    assert letter.context["text"] == "Please close the lid."


def test_the_help_of_the_order_names_what_there_is(tmp_path: Path) -> None:
    """In the languages that this customer can be answered in."""
    assert told(written(tmp_path, "/help canned")).endswith("known are: both lid nothing reset torn Оплата")


def test_the_command_line_sends_no_answer_and_says_how_to(tmp_path: Path) -> None:
    """An answer has an agent who answers for it."""
    setting = Setting(agent=None, language="en", now=NOW, practice=desk(tmp_path))
    carried = carry_out(ticket(), [Order(name="canned", argument="lid", line="/canned lid")], setting)
    assert carried.error
    assert "mail /canned lid in reply to a letter about SUP-1001" in carried.done[0].effect


def test_a_canned_text_is_no_letter_and_its_folder_no_language(tmp_path: Path) -> None:
    """A rule that names one as its letter is told so; what may be named is known."""
    desk(tmp_path)
    found = find_letters(tmp_path)
    assert "canned" not in found.by_language
    assert {"lid", "reset", "оплата"} <= found.canned


def test_the_check_finds_mistakes_in_canned_texts_with_their_place(tmp_path: Path) -> None:
    """File and line, and the nearest variable; a file that no order can call is a warning."""
    desk(tmp_path, **{"bad": "one\n{{ ticket.nmber }}", "broken": "one\n\n{% if %}", "two words": "x"})
    found = {(Path(f.file).name, f.line, f.code, f.severity) for f in Letters(tmp_path, ["ru", "en"]).canned.check()}
    assert {
        ("bad.txt", 2, "unknown-variable", "error"),
        ("broken.txt", 3, "bad-letter", "error"),
        ("two words.txt", 0, "bad-letter", "warning"),
    } == found


def test_the_list_of_letters_has_canned_texts_and_a_preview_of_them(tmp_path: Path) -> None:
    """They are called canned/NAME; a text for all has no language."""
    desk(tmp_path)
    letters = Letters(tmp_path, ["ru", "en"])
    rows = {(r.name, r.language) for r in letters.list_letters()}
    assert {("canned/reset", ""), ("canned/lid", "ru"), ("canned/lid", "en")} <= rows
    assert letters.preview("canned/lid", "ru")[1] == "Закройте, пожалуйста, крышку.\n"
    assert "invoice" in letters.preview("canned/Оплата", "ru")[1]
