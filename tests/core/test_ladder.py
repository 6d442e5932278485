"""The ladder that stops what loops."""

from datetime import UTC, datetime, timedelta

import pytest

from maild.threads.ladder import LONGEST, full

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("letters", "minutes", "is_full"),
    [
        (9, 9, False),
        (10, 9, True),
        (10, 11, False),
        (15, 29, True),
        (25, 59, True),
        (50, 179, True),
        (100, 599, True),
        (99, 599, False),
    ],
)
def test_each_rung_bears_so_many_letters(letters: int, minutes: int, is_full: bool) -> None:
    """10, 15, 25, 50, 100 letters in 10, 30, 60, 180, 600 minutes."""
    assert bool(full([NOW - timedelta(minutes=minutes)] * letters, NOW)) is is_full


def test_what_is_older_than_the_longest_rung_is_forgotten() -> None:
    """A ticket that lives long is not silenced."""
    assert full([NOW - LONGEST] * 1000, NOW) is None
