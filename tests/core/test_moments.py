"""Times as agents write them behind an order, in English and Russian."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from maild.threads.orders.moments import FARTHEST, any_moment

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
    ],
)
def test_a_time_is_read_as_it_is_meant(words: str, moment: str) -> None:
    """Spans, days, hours, dates and months' names; a day without an hour is nine in the morning."""
    assert moment == local(words)


@pytest.mark.parametrize(
    "words",
    ["", "soon", "скоро", "2020-01-01", "today 08:00", "0d", "9999 weeks", "32.12", "25:00", "friday friday", "31 feb"],
)
def test_what_is_no_time_to_come_is_none(words: str) -> None:
    """Nothing is guessed: the agent is told."""
    assert local(words) is None
