"""The report of a week by mail: when, about what, to whom, and never twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from office import practice
from store.pieces import arrival, desk, handle_all

from maild.desk.handle import Office
from maild.desk.weekly import write_weekly
from maild.outgoing.letters import Letters
from maild.store.keep import Keep
from maild.store.tables import outbox, outbox_raw
from maild.threads.periods import Weekly, week_before

MOSCOW = ZoneInfo("Europe/Moscow")
MONDAY = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
"""Eight in Moscow."""
CHIEF = Weekly(to=("chief@desk.example", "owner@desk.example"))


def office(weekly: Weekly = CHIEF) -> Office:
    """A desk in Moscow that reports."""
    return Office(
        practice=replace(practice(), timezone="Europe/Moscow", weekly=weekly),
        letters=Letters(None, ("ru", "en"), "Europe/Moscow"),
    )


def ask(keep: Keep, at: datetime) -> None:
    """A customer's mail at this time, handled."""
    keep.inbox.add([arrival(at=at, date=at, message_id=f"<{at.timestamp()}@customer.example>")])
    assert handle_all(desk(keep, at)) == 1


def reports(keep: Keep) -> list[bytes]:
    """The reports that were written."""
    with keep.database.read() as connection:
        return [
            bytes(raw)
            for raw in connection.scalars(sa.select(outbox_raw.c.raw).join(outbox).where(outbox.c.kind == "report"))
        ]


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (MONDAY, MONDAY),
        (MONDAY - timedelta(seconds=1), MONDAY - timedelta(days=7)),
        (MONDAY + timedelta(days=6, hours=23), MONDAY),
    ],
)
def test_a_report_is_due_at_its_hour_of_its_day(now: datetime, due: datetime) -> None:
    """By the clock on the desk's wall."""
    assert Weekly().due(now, MOSCOW) == due


def test_a_week_is_seven_whole_days_also_when_the_clocks_change() -> None:
    """In Berlin the week of the 25th of October 2026 has an hour more."""
    berlin = ZoneInfo("Europe/Berlin")
    period = week_before(datetime(2026, 10, 26, 7, 0, tzinfo=UTC), berlin)
    assert period.until - period.since == timedelta(days=7, hours=1)
    assert period.since.astimezone(berlin) == datetime(2026, 10, 19, tzinfo=berlin)


def test_the_week_that_is_over_is_told_once(keep: Keep) -> None:
    """In words and as a page; a second look, or a second desk, writes nothing."""
    ask(keep, MONDAY - timedelta(days=2))
    ask(keep, MONDAY - timedelta(days=9))
    ask(keep, MONDAY - timedelta(hours=1))
    assert [write_weekly(keep, office(), MONDAY + timedelta(minutes=n)) for n in range(3)] == [1, 0, 0]
    [raw] = reports(keep)
    mail = message_from_bytes(raw, policy=policy.default)
    assert mail["To"] == "chief@desk.example, owner@desk.example"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "16 ноября 2026 г. — 22 ноября 2026 г." in mail["Subject"]
    body = mail.get_body(("plain",))
    assert body is not None
    assert "Открыто: 1" in body.get_content().splitlines()
    [page] = list(mail.iter_attachments())
    assert (page.get_filename(), page.get_content_type()) == ("report-2026-11-23.html", "text/html")
    assert "<svg" in page.get_content()


def test_a_missed_report_comes_a_little_late_or_not_at_all(keep: Keep) -> None:
    """After three days the next one is nearer."""
    ask(keep, MONDAY - timedelta(days=1))
    assert write_weekly(keep, office(), MONDAY + timedelta(days=3, seconds=1)) == 0
    assert write_weekly(keep, office(), MONDAY + timedelta(days=3)) == 1


def test_nobody_is_told_of_nothing(keep: Keep) -> None:
    """Without readers there is no report, nor is there one of a desk that was not there yet."""
    assert write_weekly(keep, office(), MONDAY) == 0
    ask(keep, MONDAY + timedelta(minutes=1))
    assert write_weekly(keep, office(), MONDAY + timedelta(hours=1)) == 0
    ask(keep, MONDAY - timedelta(days=1))
    assert write_weekly(keep, office(Weekly()), MONDAY + timedelta(hours=1)) == 0
    assert reports(keep) == []
