"""What the built-in letters say, and which letter is taken."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maild.errors import DataError, NotFound
from maild.outgoing import samples
from maild.outgoing.letters import Letters

MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def letters(admin: Path | None = None, languages: tuple[str, ...] = ("ru", "en")) -> Letters:
    """The letters of a desk in Moscow."""
    return Letters(admin, languages, "Europe/Moscow")


def shadow(folder: Path, name: str, text: str) -> Path:
    """Writes a letter of the admin's."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def context(name: str, language: str = "en", **other: object) -> dict[str, object]:
    """The example context of a letter, with some values changed."""
    return samples.sample(name, language) | other


@pytest.mark.parametrize("language", ["ru", "en"])
def test_an_unproven_sender_reads_nothing_of_his_own_words(language: str) -> None:
    """A forged sender must not make the desk carry text to somebody else."""
    given = context("acknowledgement", language, proven=False)
    given["customer"] = {"name": "BUY PILLS", "address": "pills@spam.example"}
    given["ticket"] = {"number": "SUP-1042", "subject": "http://evil.example BUY PILLS", "tags": ["PILLS"]}
    written = letters().render("acknowledgement", language, given)
    for words in (written.subject, written.text, written.html):
        assert "PILLS" not in words
        assert "pills" not in words
        assert "evil" not in words
    assert written.subject.startswith("[SUP-1042] ")


def test_an_admins_own_acknowledgement_cannot_show_them_either(tmp_path: Path) -> None:
    """The shield lies before the text, so that an admin's letter has it too."""
    shadow(
        tmp_path,
        "en/acknowledgement.txt",
        "Subject: {{ ticket.subject }}!\n\n{{ customer.name }}{{ customer.address }}",
    )
    written = letters(tmp_path).render("acknowledgement", "en", context("acknowledgement", proven=False))
    assert (written.subject, written.text) == ("!", "\n")


def test_the_subject_for_an_unproven_sender_is_the_promised_one() -> None:
    """Other programs look for this very subject."""
    written = letters().render("acknowledgement", "en", context("acknowledgement", proven=False))
    assert written.subject == "[SUP-1042] We have received your request"


def test_a_proven_sender_reads_his_subject_and_name() -> None:
    """The acknowledgement hangs under his mail in his client."""
    written = letters().render("acknowledgement", "ru", context("acknowledgement", "ru"))
    assert written.subject == "Re: Принтер на втором этаже печатает пустые страницы [SUP-1042]"
    assert written.text.startswith("Здравствуйте, Иван Петров!")
    assert "в понедельник, 23 ноября, до 13:00 (Europe/Moscow)" in written.text


def test_a_subject_is_one_line_of_bearable_length() -> None:
    """Whatever the customer's mail said."""
    given = context("answer", ticket={"number": "SUP-1", "subject": "a\r\nBcc: b  c " + "x" * 2000})
    subject = letters().render("answer", "en", given).subject
    assert subject.startswith("Re: a Bcc: b c xxx")
    assert len(subject) == 500


def test_without_a_promise_no_time_is_named() -> None:
    """A desk with no service level promises nothing."""
    written = letters().render("acknowledgement", "en", context("acknowledgement", respond_by=None))
    assert "Monday" not in written.text
    assert "None" not in written.text


def test_an_answer_is_the_agents_text_then_a_signature_then_the_quotation() -> None:
    """The order in which a customer reads."""
    text = letters().render("answer", "en", context("answer")).text
    places = [
        text.index(part) for part in ("Please switch", "Anna Smirnova, Acme Support", "wrote:", "> Good morning,")
    ]
    assert places == sorted(places)
    assert text.startswith("Good morning, Ivan!")


def test_an_answer_without_a_quotation_ends_with_the_signature() -> None:
    """The first mail of a conversation may have nothing to quote."""
    written = letters().render("answer", "ru", context("answer", "ru", quoted=None))
    assert written.text.endswith("\nАнна Смирнова, Поддержка Acme\n")


def test_the_notification_shows_the_new_text_before_the_facts() -> None:
    """An agent on a phone reads the first lines only."""
    text = letters().render("notification", "en", context("notification")).text
    assert text.index("> since this morning") < text.index("Priority: normal") < text.index("/assign NAME")


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize(
    "order", ["/note", "/close", "/take", "/assign", "/priority", "/tag", "/pending", "/solve", "/help"]
)
def test_the_notification_tells_the_orders_of_every_day(language: str, order: str) -> None:
    """What an agent may order stands in the mail that he answers, and where he finds the rest; in Russian, too."""
    text = letters().render("notification", language, context("notification", language)).text
    lines = [line for line in text.splitlines() if line.startswith("/")]
    start = f"{order} " if language == "en" else "/[а-я]+ .*"
    assert sum(bool(re.match(start, line)) and order in line for line in lines) == 1


@pytest.mark.parametrize("language", ["ru", "en"])
def test_a_note_says_that_its_reply_stays_inside(language: str) -> None:
    """Whoever answers a note must not believe that the customer reads it."""
    note = letters().render("notification", language, context("notification", language, event="note")).text
    new = letters().render("notification", language, context("notification", language, event="new")).text
    inside = {"ru": "внутренняя заметка", "en": "internal note"}[language]
    assert inside in note
    assert inside not in new


def test_a_bounce_names_the_address_and_the_servers_words() -> None:
    """The agent must see which address failed, and why."""
    text = letters().render("notification", "en", context("notification", event="undelivered")).text
    assert "ivan@customer.example: this address takes no mail" in text
    assert "550 5.1.1 no such user" in text


def test_attachments_left_out_are_named() -> None:
    """What a notification could not take along is not silently gone."""
    text = letters().render("notification", "en", context("notification", omitted=["big.iso"])).text
    assert "Not attached here, kept with the desk: big.iso" in text


@pytest.mark.parametrize("language", ["ru", "en"])
def test_a_transcript_of_failure_gives_the_text_back(language: str) -> None:
    """Nobody types his answer twice."""
    given = context("transcript", language)
    assert str(given["text"]) in letters().render("transcript", language, given).text


def test_a_transcript_of_success_says_who_will_read_the_text() -> None:
    """Public and internal must never be confused."""
    done = {"error": False, "orders": [{"line": "/close", "effect": "status open -> closed", "ok": True}]}
    public = letters().render("transcript", "en", context("transcript", posted="public", **done)).text
    internal = letters().render("transcript", "en", context("transcript", posted="internal", **done)).text
    nothing = letters().render("transcript", "en", context("transcript", posted="", **done)).text
    assert "to the customer" in public
    assert "only colleagues" in internal
    assert "sent nothing" in nothing
    assert "/close - status open -> closed" in public


@pytest.mark.parametrize(("language", "done"), [("ru", "Выполнено"), ("en", "Done")])
def test_a_transcript_without_a_ticket_names_none(language: str, done: str) -> None:
    """Of /away and /back in a new mail, say: there is no customer of whom anything could be told either."""
    orders = [{"line": "/back", "effect": "you are here again", "ok": True}]
    given = {"desk": {"name": "Acme"}, "agent": {"name": "Anna"}, "orders": orders, "error": False}
    written = letters().render("transcript", language, given)
    assert (written.subject, written.text.splitlines()[0]) == (done, "Готово." if language == "ru" else "Done.")
    assert "[]" not in written.text


@pytest.mark.parametrize(("language", "mend"), [("ru", "Исправьте"), ("en", "Please mend")])
def test_after_a_button_there_is_nothing_to_mend(language: str, mend: str) -> None:
    """He has written nothing; whoever has is asked to do better."""
    assert mend not in letters().render("transcript", language, context("transcript", language, button=True)).text
    assert mend in letters().render("transcript", language, context("transcript", language)).text


@pytest.mark.parametrize("overdue", [True, False])
def test_an_escalation_says_whether_it_is_late_already(overdue: bool) -> None:
    """Near and over are two different mornings."""
    written = letters().render("escalation", "en", context("escalation", overdue=overdue))
    assert written.subject.startswith("Overdue" if overdue else "Due soon")
    assert ("is over" in written.text) is overdue


def test_customer_text_is_never_a_template() -> None:
    """`{{7*7}}` stays what it is, in every field of every letter."""
    bomb = "{{7*7}} {% for x in y %} {# gone? #}"
    given = context("notification", why=bomb)
    given["message"] = samples.sample("notification", "en")["message"] | {
        "text": bomb,
        "sender": {"name": bomb, "address": ""},
    }
    given["ticket"] = samples.sample("notification", "en")["ticket"] | {"subject": bomb}
    written = letters().render("notification", "en", given)
    assert written.text.count(bomb) == 4
    assert bomb in written.subject
    assert "49" not in written.text + written.html


@pytest.mark.parametrize("name", samples.BUILT_IN)
@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_letter_can_be_written_from_nothing(name: str, language: str) -> None:
    """What the desk leaves out of a context reads as empty; a letter never fails for it."""
    written = letters().render(name, language, {"text": "Hello"})
    assert written.note == ""
    assert written.text.strip()
    assert "None" not in written.text + written.subject


def test_an_unknown_language_gets_the_desks_first_one() -> None:
    """A Finnish customer of a Russian desk is written to in Russian."""
    assert letters().render("acknowledgement", "fi", {}).language == "ru"


def test_a_language_with_a_region_is_its_language() -> None:
    """`en-GB` is English."""
    assert letters().render("acknowledgement", "en-GB", {}).language == "en"


def test_a_new_folder_is_a_new_language(tmp_path: Path) -> None:
    """More languages come by adding files."""
    shadow(tmp_path, "de/acknowledgement.txt", "Subject: Danke\n\nIhre Nummer: {{ ticket.number }}\n")
    written = letters(tmp_path).render("acknowledgement", "de", context("acknowledgement"))
    assert (written.subject, written.text) == ("Danke", "Ihre Nummer: SUP-1042\n")


def test_the_admins_letter_shadows_the_built_in_one(tmp_path: Path) -> None:
    """Only the one that is there: the others stay built in."""
    shadow(tmp_path, "en/acknowledgement.txt", "Subject: Mine\n\nHello from Acme\n")
    assert letters(tmp_path).render("acknowledgement", "en", {}).text == "Hello from Acme\n"
    assert letters(tmp_path).render("acknowledgement", "ru", {}).text.startswith("Здравствуйте")


@pytest.mark.parametrize("text", ["Subject: x\n\n{{ nobody }}", "Subject: x\n\n{% if %}", "no subject at all"])
def test_a_broken_letter_steps_back_behind_the_built_in_one_and_says_so(tmp_path: Path, text: str) -> None:
    """A customer gets his acknowledgement whatever the admin wrote."""
    path = shadow(tmp_path, "en/acknowledgement.txt", text)
    written = letters(tmp_path).render("acknowledgement", "en", context("acknowledgement"))
    assert written.text.startswith("Hello, Ivan Petrov!")
    assert str(path) in written.note


def test_a_broken_layout_steps_back_too(tmp_path: Path) -> None:
    """The HTML alternative is no reason to lose a letter."""
    shadow(tmp_path, "layout.html", "{{ nobody }}")
    written = letters(tmp_path).render("acknowledgement", "en", {})
    assert "<!DOCTYPE html>" in written.html
    assert "layout.html" in written.note


def test_an_own_html_alternative_is_used_for_its_letter_alone(tmp_path: Path) -> None:
    """NAME.html beside NAME.txt replaces the layout for this letter."""
    shadow(tmp_path, "en/answer.html", "<b>{{ subject }}</b>{{ body }}")
    shadow(tmp_path, "en/answer.txt", "Subject: a & b\n\nText\n")
    assert letters(tmp_path).render("answer", "en", {}).html == "<b>a &amp; b</b><p>Text</p>"
    assert "<!DOCTYPE" in letters(tmp_path).render("escalation", "en", {}).html


def test_a_name_that_nobody_has_is_not_found() -> None:
    """Also one that looks like a path."""
    for name in ("nothing", "../en/answer", "", "a" * 100):
        with pytest.raises(NotFound):
            letters().render(name, "en", {})


def test_only_plain_values_go_into_a_letter() -> None:
    """No object of ours is ever within reach of a letter."""
    with pytest.raises(DataError):
        letters().render("acknowledgement", "en", {"customer": letters()})


def test_a_huge_text_is_cut_and_the_letter_says_so() -> None:
    """A log of ten megabytes pasted into a mail does not stop its notification."""
    given = context("notification")
    given["message"] = samples.sample("notification", "en")["message"] | {"text": "x y\n" * 2_000_000}
    written = letters().render("notification", "en", given)
    assert "7500000 more characters lie with the desk" in written.text
    assert written.html == ""
    assert len(written.text) < 2_000_000


def test_the_list_names_the_file_that_is_used(tmp_path: Path) -> None:
    """An admin sees at a glance which letters are his."""
    path = shadow(tmp_path, "en/answer.txt", "Subject: x\n\ny\n")
    rows = {(row.name, row.language): row for row in letters(tmp_path).list_letters()}
    assert len(rows) == 2 * len(samples.BUILT_IN)
    assert rows["answer", "en"].source == str(path)
    assert rows["answer", "en"].shadowed
    assert not rows["answer", "ru"].shadowed


def test_a_preview_needs_no_context() -> None:
    """`maild letters preview NAME` shows the example."""
    subject, text, html = letters().preview("escalation", "ru")
    assert "SUP-1042" in subject
    assert "Анна Смирнова" in text
    assert "<p>" in html


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("{% if ticket.number %}\na\n{% endif %}\nb\n", "a\nb\n"),
        ("a{% if ticket.number %} b{% endif %}\nc\n", "a b\nc\n"),
        ("{% if ticket.number %}a{% else %}b{% endif %}\nc\n", "a\nc\n"),
        ("a{% if ticket.nothing %} b{% endif %}{# why #}\n\nc\n", "a\n\nc\n"),
        ("{# why #}\n{% if ticket.number %}{% if ticket.tags %}\na\n{% endif %}{% endif %}\nb\n", "a\nb\n"),
        ("a{% if ticket.number -%}\n  b{% endif %}\nc\n", "ab\nc\n"),
    ],
)
def test_a_line_with_words_keeps_its_end_whatever_stands_last_on_it(tmp_path: Path, text: str, written: str) -> None:
    """And one of tags alone leaves none behind."""
    shadow(tmp_path, "en/acknowledgement.txt", f"Subject: x\n\n{text.replace('ticket.nothing', 'ticket.organisation')}")
    given = context("acknowledgement") | {"ticket": {"number": "SUP-1", "tags": ["x"], "organisation": ""}}
    assert letters(tmp_path).render("acknowledgement", "en", given | {"proven": True}).text == written
