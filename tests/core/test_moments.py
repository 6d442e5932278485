"""Times as agents write them behind an order, in English and Russian."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from maild.threads.orders.moments import FARTHEST, any_moment, meant_moment

# A Monday noon in Moscow.
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def local(text: str) -> str | None:
    """The time that the words mean, on a wall in Moscow."""
    found = any_moment(text, NOW, "Europe/Moscow")
    found = found if found and NOW < found <= NOW + FARTHEST else None
    return found.astimezone(ZoneInfo("Europe/Moscow")).strftime("%Y-%m-%d %H:%M") if found else None


@pytest.mark.parametrize(
    ("words", "moment"),
    [
        ("3d", "2026-11-26 12:00"),
        ("1h30m", "2026-11-23 13:30"),
        ("in 2 hours", "2026-11-23 14:00"),
        ("a week", "2026-11-30 12:00"),
        ("через 3 дня", "2026-11-26 12:00"),
        ("на неделю", "2026-11-30 12:00"),
        ("2 ч 15 мин", "2026-11-23 14:15"),
        ("tomorrow", "2026-11-24 09:00"),
        ("tomorrow 18:00", "2026-11-24 18:00"),
        ("tomorrow at 6pm", "2026-11-24 18:00"),
        ("завтра в 18", "2026-11-24 18:00"),
        ("послезавтра", "2026-11-25 09:00"),
        ("today 17:30", "2026-11-23 17:30"),
        ("15:00", "2026-11-23 15:00"),
        ("10:00", "2026-11-24 10:00"),
        ("until friday 10:00", "2026-11-27 10:00"),
        ("до пятницы 10:00", "2026-11-27 10:00"),
        ("до среды", "2026-11-25 09:00"),
        ("monday", "2026-11-30 09:00"),
        ("понедельник 15:00", "2026-11-23 15:00"),
        ("2026-12-01", "2026-12-01 09:00"),
        ("2026-12-01 09:30", "2026-12-01 09:30"),
        ("01.12.2026 18:00", "2026-12-01 18:00"),
        ("1.12", "2026-12-01 09:00"),
        ("1 декабря", "2026-12-01 09:00"),
        ("December 1st", "2026-12-01 09:00"),
        ("до 3 января 12:00", "2027-01-03 12:00"),
        ("завтра в 10 утра", "2026-11-24 10:00"),
        ("пятница 7 вечера", "2026-11-27 19:00"),
        ("noon", "2026-11-24 12:00"),
        ("завтра утром", "2026-11-24 09:00"),
        ("tomorrow afternoon", "2026-11-24 14:00"),
        ("сегодня вечером", "2026-11-23 18:00"),
        ("tonight", "2026-11-23 18:00"),
        ("завтра вечером в 7", "2026-11-24 19:00"),
        ("завтра в 2 дня", "2026-11-24 14:00"),
        ("на 2 дня", "2026-11-25 12:00"),
        ("к вечеру пятницы", "2026-11-27 18:00"),
        ("до 10 утра завтра", "2026-11-24 10:00"),
        ("next week", "2026-11-30 09:00"),
        ("на следующей неделе", "2026-11-30 09:00"),
        ("next month", "2026-12-01 09:00"),
        ("до конца дня", "2026-11-23 18:00"),
        ("end of the week", "2026-11-27 18:00"),
        ("до конца месяца", "2026-11-30 18:00"),
        ("через полчаса", "2026-11-23 12:30"),
        ("half an hour", "2026-11-23 12:30"),
        ("полтора часа", "2026-11-23 13:30"),
        ("1.5h", "2026-11-23 13:30"),
        ("1,5 часа", "2026-11-23 13:30"),
        ("a couple of days", "2026-11-25 12:00"),
        ("через две недели", "2026-12-07 12:00"),
        ("через день", "2026-11-24 12:00"),
        ("месяц", "2026-12-23 12:00"),
        ("3 months", "2027-02-23 12:00"),
        ("1-го декабря", "2026-12-01 09:00"),
        ("1 декабря 2026 г.", "2026-12-01 09:00"),
        ("1st of December", "2026-12-01 09:00"),
        ("25 числа", "2026-11-25 09:00"),
        ("31-го", "2026-12-31 09:00"),
        ("25/12/2026", "2026-12-25 09:00"),
        ("12/25/2026", "2026-12-25 09:00"),
        ("2026/12/01", "2026-12-01 09:00"),
        ("2026-12-01T10:00", "2026-12-01 10:00"),
        ("2026-12-01 10", "2026-12-01 10:00"),
        ("в 18", "2026-11-23 18:00"),
        ("18.00", "2026-11-23 18:00"),
        ("завтра 9.05", "2026-11-24 09:05"),
        ("до пт 10-00", "2026-11-27 10:00"),
        ("до 18 ч", "2026-11-23 18:00"),
        ("в 10 часов утра", "2026-11-24 10:00"),
        ("6:30pm", "2026-11-23 18:30"),
        ("6 p.m.", "2026-11-23 18:00"),
        ("“tomorrow”", "2026-11-24 09:00"),
        ("«завтра»", "2026-11-24 09:00"),
        ("tomorrow @ 10:00", "2026-11-24 10:00"),
        ("до\u00a0пятницы\u00a010:00.", "2026-11-27 10:00"),
        ("this friday, please", "2026-11-27 09:00"),
        ("до среды, 25 ноября", "2026-11-25 09:00"),
    ],
)
def test_a_time_is_read_as_it_is_meant(words: str, moment: str) -> None:
    """Spans, days, hours, dates and months' names; a day without an hour is nine in the morning."""
    assert moment == local(words)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "soon",
        "скоро",
        "2020-01-01",
        "today 08:00",
        "0d",
        "9999 weeks",
        "32.12",
        "25:00",
        "friday friday",
        "31 feb",
        "1/12/2026",
        "friday 25 november",
        "до 18",
        "5",
        "-3d",
        "вчера",
    ],
)
def test_what_is_no_time_to_come_is_none(words: str) -> None:
    """Nothing is guessed: the agent is told."""
    assert local(words) is None


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("tomorow 10:00", "tomorrow 10:00"),
        ("завтро", "завтра"),
        ("до пятницц", "до пятницы"),
        ("soon", None),
        ("", None),
    ],
)
def test_a_misspelt_time_is_told_as_it_was_meant(words: str, meant: str | None) -> None:
    """Only where what comes out of it is a time."""
    assert meant_moment(words, NOW, "Europe/Moscow") == meant


def test_a_whole_page_is_no_time_and_is_told_so_at_once() -> None:
    """Every word of it would be looked at beside all the others."""
    assert local("at 5" * 50_000) is None
    assert meant_moment("tomorow " * 50_000, NOW, "Europe/Moscow") is None
