"""When a mail is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from maild.outgoing.schedule import next_try, next_uncertain, pause

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_the_schedule_is_the_documented_one() -> None:
    """1, 2, 5, 10, 20, 40 minutes, then hourly."""
    minutes = [pause(tries, 0.5) / timedelta(minutes=1) for tries in range(1, 10)]
    assert minutes == [1, 2, 5, 10, 20, 40, 60, 60, 60]


@pytest.mark.parametrize(("chance", "minutes"), [(0.0, 8), (0.5, 10), (1.0, 12)])
def test_jitter_is_a_fifth_to_either_side(chance: float, minutes: int) -> None:
    """A thousand mails that failed together do not come back together."""
    assert pause(4, chance) == timedelta(minutes=minutes)


def test_after_five_days_it_is_given_up() -> None:
    """Not a minute before: the last try lies behind the limit."""
    created = AT - timedelta(days=5)
    assert next_try(tries=99, created_at=created, now=AT, chance=0.5) is None
    assert next_uncertain(tries=99, created_at=created, now=AT) is None
    assert next_try(tries=99, created_at=created, now=AT - timedelta(minutes=1), chance=0.5) is not None


def test_uncertain_mail_goes_again_after_a_quarter_of_an_hour_then_ever_less_often() -> None:
    """Each try may be one more copy at the customer's."""
    waits = [next_uncertain(tries=tries, created_at=AT, now=AT) for tries in (1, 4, 5, 6, 7)]
    assert [(wait - AT) / timedelta(minutes=1) for wait in waits if wait] == [15, 15, 20, 40, 60]


def test_five_days_of_trying_are_some_125_tries() -> None:
    """The sum of the schedule, as an admin would meet it."""
    now, tries = AT, 0
    while True:
        tries += 1
        again = next_try(tries=tries, created_at=AT, now=now, chance=0.5)
        if again is None:
            break
        now = again
    assert tries == 126
    assert timedelta(days=5) <= now - AT < timedelta(days=5, hours=1)
