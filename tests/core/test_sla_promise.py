"""The small words of a promise: durations and the moments of steps."""

from __future__ import annotations

from datetime import timedelta

import pytest

from maild.sla.promise import At, duration_text, parse_duration

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1800), ("4h", 14400), ("2d", 172800), ("1h30m", 5400), ("1d2h3m4s", 93784)],
)
def test_durations_are_read_as_documented(text: str, seconds: int) -> None:
    """Days, hours, minutes and seconds in this order."""
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "4", "h", "4 h", "30m1h", "-4h", "1.5h", "4w", "٤h", "9999999h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    """Nothing is guessed, and nothing overflows."""
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("75%", 180), ("100%", 240), ("0%", 0), ("12.5%", 30), ("150%", 360), ("-30m", 210), ("+2h", 360)],
)
def test_a_moment_lies_so_much_working_time_behind_the_start(text: str, minutes: int) -> None:
    """Of four hours that are promised."""
    assert At.parse(text).after_start(4 * HOUR) == timedelta(minutes=minutes)
    assert str(At.parse(text)) == text


def test_a_warning_longer_before_than_the_whole_promise_comes_at_its_start() -> None:
    """Two hours before the end of one hour."""
    assert At.parse("-2h").after_start(HOUR) == timedelta(0)


@pytest.mark.parametrize("text", ["", "75", "%", "-", "+", "2h", "-75%", "75 %", "+-2h"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    """A bare duration is refused too: before or after must be said."""
    with pytest.raises(ValueError, match=r"moment|duration"):
        At.parse(text)


@pytest.mark.parametrize(("seconds", "text"), [(0, "0s"), (5400, "1h30m"), (144000, "40h"), (61, "1m1s")])
def test_durations_are_written_for_people(seconds: int, text: str) -> None:
    """In hours at most, since a working day is not 24 of them."""
    assert duration_text(timedelta(seconds=seconds)) == text
