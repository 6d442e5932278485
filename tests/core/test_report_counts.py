"""Figures of a report: what each counts and what not, periods as people say them, the words they are told in."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from maild.sla.deadlines import ClockState
from maild.sla.promise import Target
from maild.threads.model import Status
from maild.threads.periods import Period, Span, read_span
from maild.threads.report import ClockRow, Moment, Report, Rows, Speed, TicketRow, make_report
from maild.threads.report_words import LABELS, report_lines, share_text

# A Wednesday noon in Moscow.
NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
WEEK = Period(since=NOW - timedelta(days=7), until=NOW)
ZONE = ZoneInfo("Europe/Moscow")
HOUR = timedelta(hours=1)


def ticket(number: int, *, ago: float, solved: float | None = None, queue: str = "support") -> TicketRow:
    """A ticket opened so many days ago, and perhaps solved."""
    return TicketRow(
        id=number,
        queue=queue,
        assignee="anna",
        status=Status.OPEN if solved is None else Status.CLOSED,
        created_at=NOW - timedelta(days=ago),
        solved_at=None if solved is None else NOW - timedelta(days=solved),
        customer=f"{number % 2}@customer.example",
    )


def clock(spent: timedelta, *, ended: float | None, due: float, state: ClockState = ClockState.MET) -> ClockRow:
    """A first answer's clock; days ago."""
    return ClockRow(
        ticket=1,
        queue="support",
        assignee="anna",
        target=Target.FIRST_RESPONSE,
        spent=spent,
        due_at=NOW - timedelta(days=due),
        ended_at=None if ended is None else NOW - timedelta(days=ended),
        state=state,
    )


def made(rows: Rows, queue: str | None = None, period: Period = WEEK) -> Report:
    """The report of the last week."""
    return make_report(rows, period, NOW, ZONE, queue)


def test_a_period_has_its_first_moment_and_not_its_last() -> None:
    """A ticket of the very end belongs to the next one."""
    report = made(Rows(tickets=[ticket(1, ago=7), ticket(2, ago=0), ticket(3, ago=7.01), ticket(4, ago=3)]))
    assert (report.opened, report.behind["opened"], report.backlog) == (2, (1, 4), 4)


def test_solved_is_what_is_finished_now_and_became_so_in_the_period() -> None:
    """What was opened again is backlog."""
    again = TicketRow(
        id=9, queue="support", assignee=None, status=Status.OPEN, created_at=NOW, solved_at=NOW - HOUR, customer=None
    )
    report = made(Rows(tickets=[ticket(1, ago=20, solved=1), ticket(2, ago=20, solved=8), again]))
    assert (report.solved, report.behind["solved"], report.behind["backlog"]) == (1, (1,), (9,))


def test_a_ticket_that_was_opened_again_twice_is_one() -> None:
    """And answers are counted each."""
    twice = [Moment(ticket=1, queue="support", at=NOW - HOUR * n, who="anna") for n in (1, 2)]
    report = made(Rows(reopened=twice, answers=twice))
    assert (report.reopened, report.answered, report.behind["answered"]) == (1, 2, (1,))
    assert [(line.name, line.answered) for line in report.agents] == [("anna", 2)]


def test_medians_and_shares_are_of_the_clocks_that_ended_in_the_period() -> None:
    """Nearest ranks: values that occurred."""
    spent = [
        clock(HOUR * n, ended=1, due=1, state=ClockState.MET if n < 9 else ClockState.BREACHED) for n in range(1, 11)
    ]
    report = made(Rows(clocks=[*spent, clock(HOUR * 99, ended=8, due=8)]))
    assert report.first_response == Speed(count=10, within=8, median=5 * HOUR, p90=9 * HOUR)
    assert report.first_response.share == 0.8
    assert report.resolution == Speed()


def test_a_promise_is_broken_where_its_time_passed_in_the_period() -> None:
    """Too late, or not at all; what is due later, was due before or was met is not counted."""
    rows = Rows(
        clocks=[
            clock(HOUR, ended=1, due=2, state=ClockState.BREACHED),
            clock(HOUR, ended=None, due=1, state=ClockState.RUNNING),
            clock(HOUR, ended=None, due=-1, state=ClockState.RUNNING),
            clock(HOUR, ended=2, due=1),
            clock(HOUR, ended=1, due=9, state=ClockState.BREACHED),
        ]
    )
    assert made(rows).breached == 2
    ahead = Period(since=NOW - HOUR, until=NOW + timedelta(days=9))
    assert made(rows, period=ahead).breached == 0


def test_one_queue_alone_is_counted_where_one_is_named() -> None:
    """In every figure."""
    rows = Rows(
        tickets=[ticket(1, ago=1), ticket(2, ago=1, queue="billing")],
        mails=[Moment(ticket=2, queue="billing", at=NOW - HOUR)],
    )
    billing = made(rows, "billing")
    assert (billing.opened, billing.hours[11], [line.name for line in billing.queues]) == (1, 1, ["billing"])
    assert sum(made(rows, "support").hours) == 0


def test_days_and_hours_are_those_of_the_desk() -> None:
    """A mail at 22:30 in London is one of the next day in Moscow."""
    late = datetime(2026, 11, 20, 22, 30, tzinfo=UTC)
    one = TicketRow(id=1, queue="q", assignee=None, status=Status.OPEN, created_at=late, solved_at=None, customer=None)
    report = made(Rows(tickets=[one], mails=[Moment(ticket=1, queue="q", at=late)]))
    assert (date(2026, 11, 21), 1, 0) in report.days
    assert report.hours[1] == 1
    assert len(report.days) == 8


def test_ages_are_of_what_is_not_solved_now() -> None:
    """Each ticket in one group."""
    rows = Rows(tickets=[ticket(n, ago=ago) for n, ago in enumerate([0.5, 1, 2.9, 3, 8, 29.9, 30, 400])])
    assert made(rows).ages == (("1d", 1), ("3d", 2), ("7d", 1), ("30d", 2), ("older", 2))


@pytest.mark.parametrize(
    ("words", "since", "until", "rest"),
    [
        ("", "2026-11-18 12:00", "2026-11-25 12:00", ""),
        ("week billing", "2026-11-18 12:00", "2026-11-25 12:00", "billing"),
        ("за месяц", "2026-10-26 12:00", "2026-11-25 12:00", ""),
        ("last month support", "2026-10-01 00:00", "2026-11-01 00:00", "support"),
        ("за прошлый месяц", "2026-10-01 00:00", "2026-11-01 00:00", ""),
        ("Прошлая неделя", "2026-11-16 00:00", "2026-11-23 00:00", ""),
        ("this month", "2026-11-01 00:00", "2026-11-25 12:00", ""),
        ("today", "2026-11-25 00:00", "2026-11-25 12:00", ""),
        ("вчера", "2026-11-24 00:00", "2026-11-25 00:00", ""),
        ("2026-11-01 2026-11-02 billing", "2026-11-01 00:00", "2026-11-03 00:00", "billing"),
        ("с 01.11.2026 по 02.11.2026", "2026-11-01 00:00", "2026-11-03 00:00", ""),
        ("2026-11-24", "2026-11-24 00:00", "2026-11-26 00:00", ""),
        ("billing", "2026-11-18 12:00", "2026-11-25 12:00", "billing"),
        ("2026-13-01", "2026-11-18 12:00", "2026-11-25 12:00", "2026-13-01"),
    ],
)
def test_periods_are_read_as_they_are_meant(words: str, since: str, until: str, rest: str) -> None:
    """By the days of the desk's zone; what is no period is left for the queue."""
    span, left = read_span(words)
    period = span.period(NOW, "Europe/Moscow")
    told = [f"{at.astimezone(ZONE):%Y-%m-%d %H:%M}" for at in (period.since, period.until)]
    assert (*told, left) == (since, until, rest)


def test_a_year_and_a_month_end_properly() -> None:
    """Last month, asked in January."""
    period = Span(name="last_month").period(datetime(2027, 1, 31, 12, tzinfo=UTC), "UTC")
    assert (period.since, period.until) == (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


def test_a_share_is_never_rounded_up_to_all() -> None:
    """999 of 1000 are not 100 %."""
    assert share_text(Speed(count=1000, within=999), "en") == "99%"
    assert share_text(Speed(count=3, within=3), "ru") == "100 %"
    assert share_text(Speed(), "en") == ""


def test_a_report_is_told_in_both_languages() -> None:
    """Agents by their names; what there is nothing of is left out."""
    rows = Rows(tickets=[ticket(1, ago=1), ticket(2, ago=2, solved=1)], clocks=[clock(70 * HOUR / 60, ended=1, due=1)])
    text = "\n".join(report_lines(made(rows), "ru", "Europe/Moscow", {"anna": "Анна"}))
    assert "2026-11-18 12:00 — 2026-11-25 12:00 (Europe/Moscow), все очереди" in text
    assert "Первый ответ: в срок 100 % (1 из 1), половина — не дольше 1 ч 10 мин" in text
    assert "- Анна: открыто 2, решено 1, ответов 0, нарушено сроков 0, не решено сейчас 1" in text
    assert "Решение: за это время не было" in text
    assert "По очередям" not in "\n".join(report_lines(made(Rows()), "ru", "UTC", {}))
    assert "half within 1h10m" in "\n".join(report_lines(made(rows), "en", "UTC", {}))
    assert LABELS["en"].keys() == LABELS["ru"].keys()
