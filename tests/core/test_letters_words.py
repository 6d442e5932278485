"""The filters: dates, plural forms, quotations, people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from maild.outgoing import words
from maild.outgoing.words import Run

AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def run(language: str = "en", zone: str = "Europe/Moscow") -> Run:
    """A rendering in a language and a zone."""
    return Run(language=language, zone=ZoneInfo(zone), budget=1000)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("ru", "в понедельник, 23 ноября, до 13:00 (Europe/Moscow)"),
        ("en", "on Monday, 23 November, by 13:00 (Europe/Moscow)"),
        ("fi", "on Monday, 23 November, by 13:00 (Europe/Moscow)"),
    ],
)
def test_a_deadline_is_told_in_the_language_and_the_zone_of_the_desk(language: str, expected: str) -> None:
    """The zone is named: customers live in several."""
    assert words.deadline(run(language), AT) == expected


@pytest.mark.parametrize(
    ("day", "expected"), [(24, "во вторник"), (25, "в среду"), (27, "в пятницу"), (28, "в субботу")]
)
def test_russian_weekdays_stand_in_their_case(day: int, expected: str) -> None:
    """«В среду», not «в среда»; «во вторник», not «в вторник»."""
    assert words.deadline(run("ru"), AT.replace(day=day)).startswith(expected + ",")


def test_midnight_in_another_zone_is_another_day() -> None:
    """The date is that of the desk, not that of UTC."""
    late = datetime(2026, 12, 31, 22, 30, tzinfo=UTC)
    assert words.moment(run("ru"), late) == "1 января 2027 г., 01:30 (Europe/Moscow)"
    assert words.day(run("en", "UTC"), late) == "31 December 2026"


def test_no_time_is_no_text() -> None:
    """A letter may ask for a time that is not known."""
    assert words.deadline(run(), None) == ""


def test_a_time_without_a_zone_is_refused() -> None:
    """It would mean something else on every machine."""
    with pytest.raises(TypeError):
        words.moment(run(), datetime(2026, 11, 23))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, "0 файлов"), (1, "1 файл"), (2, "2 файла"), (5, "5 файлов"), (11, "11 файлов"), (14, "14 файлов"),
     (21, "21 файл"), (22, "22 файла"), (111, "111 файлов"), (101, "101 файл")],
)  # fmt: skip
def test_russian_plural_forms(count: int, expected: str) -> None:
    """One, few, many; eleven to fourteen are many."""
    assert words.plural(run("ru"), count, "файл", "файла", "файлов") == expected


def test_english_plural_forms_and_lists() -> None:
    """Two forms; a list counts as its length."""
    assert words.plural(run(), 1, "file", "files") == "1 file"
    assert words.plural(run(), ["a", "b"], "file", "files") == "2 files"


def test_a_quotation_goes_one_level_deeper() -> None:
    """Empty lines keep their mark and get no blank behind it."""
    assert words.quote(run(), "\nHello\n\n> before\n>> earlier\n") == "> Hello\n>\n>> before\n>>> earlier"


def test_long_lines_are_broken_when_quoted_and_each_piece_is_marked() -> None:
    """Else the client would break them, and the rest would look like the agent's words."""
    quoted = words.quote(run(), "word " * 100)
    assert all(line.startswith("> ") and len(line) <= 78 for line in quoted.split("\n"))


def test_wrapping_breaks_between_words_only() -> None:
    """An address longer than the line stays whole."""
    link = "https://example.org/" + "x" * 80
    assert words.wrap(run(), f"see {link} there", 20) == f"see\n{link}\nthere"


@pytest.mark.parametrize(
    ("who", "person", "name"),
    [
        ({"name": "Ann", "address": "a@x.example"}, "Ann <a@x.example>", "Ann"),
        ({"name": "", "address": "a@x.example"}, "a@x.example", "a@x.example"),
        ({"name": "", "address": ""}, "", ""),
        (None, "", ""),
    ],
)
def test_people_with_and_without_names(who: Any, person: str, name: str) -> None:
    """Somebody with a name, without one, nobody."""
    assert (words.person(run(), who), words.name(run(), who)) == (person, name)


@pytest.mark.parametrize(
    ("subject", "expected"),
    [("Printer", "Re: Printer"), ("Re: Printer", "Re: Printer"), ("RE: Re[2]: Отв: Printer", "Re: Printer"),
     ("Re:", "Re: (no subject)"), ("", "Re: (no subject)"), ("Reply to me", "Re: Reply to me")],
)  # fmt: skip
def test_an_answer_says_re_once(subject: str, expected: str) -> None:
    """Whatever marks the customer's client and language put there."""
    assert words.re_subject(run(), subject) == expected


def test_states_are_told_in_plain_words() -> None:
    """No agent reads "pending" in a Russian letter; what is not known stays as it is."""
    assert words.word(run("ru"), "pending") == "ждём клиента"
    assert words.word(run("ru"), "something else") == "something else"


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_state_priority_class_and_target_has_a_word(language: str) -> None:
    """A value added to the model must be added to the letters."""
    from maild.messages.mail import MailClass
    from maild.threads.model import Priority, Status
    from maild.threads.words import VALUES

    table = VALUES[language]
    values = {
        *map(str, Status),
        *map(str, Priority),
        *map(str, MailClass),
        "first_response",
        "by_hand",
        "next_response",
        "resolution",
    }
    assert values == set(table)
