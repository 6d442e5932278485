"""A report told in words, line by line, in English and Russian: for a letter, and for a terminal.

The same labels stand on the page that `outgoing/report_page.py` draws.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from maild.durations import duration_text
from maild.threads.report import Line, Report, Speed, Trial

LABELS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Report",
        "period": "{since} - {until} ({zone})",
        "all": "all queues",
        "queue": "queue {name}",
        "opened": "Opened",
        "solved": "Solved",
        "reopened": "Opened again",
        "answered": "Answers to customers",
        "first_response": "First answer",
        "resolution": "Solution",
        "breached": "Promises broken",
        "backlog": "Not solved now",
        "speed": "{share} in time ({within} of {count}), half within {median}, nine of ten within {p90}",
        "no_speed": "none in this time",
        "ages": "Not solved now, by age",
        "1d": "less than a day",
        "3d": "1 to 3 days",
        "7d": "3 to 7 days",
        "30d": "7 to 30 days",
        "older": "30 days and more",
        "queues": "By queue",
        "agents": "By agent",
        "customers": "Customers with the most tickets",
        "hours": "Busiest hours (mails of customers)",
        "days": "Opened and solved by day",
        "trials": "Rules on trial",
        "held": "held {count} times",
        "line": "opened {opened}, solved {solved}, answers {answered}, promises broken {breached}, "
        "not solved now {backlog}",
        "in_time": "first answer in time",
        "half": "half within",
        "counted": "Working time, as the clocks of the promises count it. Spam and merged tickets are in no figure.",
    },
    "ru": {
        "title": "Отчёт",
        "period": "{since} — {until} ({zone})",
        "all": "все очереди",
        "queue": "очередь {name}",
        "opened": "Открыто",
        "solved": "Решено",
        "reopened": "Открыто снова",
        "answered": "Ответов клиентам",
        "first_response": "Первый ответ",
        "resolution": "Решение",
        "breached": "Нарушено сроков",
        "backlog": "Не решено сейчас",
        "speed": "в срок {share} ({within} из {count}), половина — не дольше {median}, "
        "девять из десяти — не дольше {p90}",
        "no_speed": "за это время не было",
        "ages": "Не решено сейчас, по возрасту",
        "1d": "меньше суток",
        "3d": "от 1 до 3 суток",
        "7d": "от 3 до 7 суток",
        "30d": "от 7 до 30 суток",
        "older": "30 суток и больше",
        "queues": "По очередям",
        "agents": "По сотрудникам",
        "customers": "Клиенты, у которых больше всего заявок",
        "hours": "Когда пишут чаще всего (письма клиентов)",
        "days": "Открыто и решено по дням",
        "trials": "Правила на пробу",
        "held": "сработало раз: {count}",
        "line": "открыто {opened}, решено {solved}, ответов {answered}, нарушено сроков {breached}, "
        "не решено сейчас {backlog}",
        "in_time": "первый ответ в срок",
        "half": "половина — не дольше",
        "counted": "Время рабочее, как его считают обещания. Спам и объединённые заявки не входят ни в одно число.",
    },
}
_HOURS_SHOWN = 5
_TO_THE_MINUTE = timedelta(minutes=10)


def labels(language: str) -> Mapping[str, str]:
    """The words of a language; English where it is not ours."""
    return LABELS.get(language, LABELS["en"])


def report_lines(report: Report, language: str, timezone: str, names: Mapping[str, str]) -> list[str]:
    """The whole report, a figure a line, with an empty line between its parts. `names`: agents' names by their ids."""
    words = labels(language)
    lines = [f"{period_text(report, language, timezone)}, {scope_text(report, language)}", ""]
    lines.extend(f"{words[name]}: {getattr(report, name)}" for name in ("opened", "solved", "reopened", "answered"))
    lines.append(f"{words['first_response']}: {speed_text(report.first_response, language)}")
    lines.append(f"{words['resolution']}: {speed_text(report.resolution, language)}")
    lines.append(f"{words['breached']}: {report.breached}")
    lines.append(f"{words['backlog']}: {report.backlog}")
    parts = (
        ("ages", ((words[name], str(count)) for name, count in report.ages if count)),
        ("queues", ((line.name, _line_text(line, words)) for line in report.queues)),
        ("agents", ((names.get(line.name, line.name), _line_text(line, words)) for line in report.agents)),
        ("customers", ((name, str(count)) for name, count in report.customers)),
        ("hours", ((hour_text(hour), str(count)) for hour, count in busiest(report))),
        ("trials", ((trial.rule, trial_text(trial, language)) for trial in report.trials)),
    )
    for part, rows in parts:
        found = [f"- {label}: {value}" for label, value in rows]
        lines.extend(["", f"{words[part]}:", *found] if found else [])
    return [*lines, "", words["counted"]]


def period_text(report: Report, language: str, timezone: str) -> str:
    """From when to when, on the desk's wall clock."""
    since, until = (_wall(at, timezone) for at in (report.period.since, report.period.until))
    return labels(language)["period"].format(since=since, until=until, zone=timezone)


def scope_text(report: Report, language: str) -> str:
    """Which queue it is about, or that it is about all."""
    words = labels(language)
    return words["all"] if report.queue is None else words["queue"].format(name=report.queue)


def speed_text(speed: Speed, language: str) -> str:
    """How long something took, and how often in time."""
    words = labels(language)
    if speed.median is None or speed.p90 is None:
        return words["no_speed"]
    median, p90 = (length_text(value, language) for value in (speed.median, speed.p90))
    share = share_text(speed, language)
    return words["speed"].format(share=share, within=speed.within, count=speed.count, median=median, p90=p90)


def share_text(speed: Speed, language: str) -> str:
    """The part that was in time, in whole per cent, never rounded up to all of it; "" where there is nothing."""
    if not speed.count:
        return ""
    return f"{100 * speed.within // speed.count}{' ' if language == 'ru' else ''}%"


def length_text(value: timedelta, language: str) -> str:
    """A length of time, without seconds where they say nothing any more."""
    if value >= _TO_THE_MINUTE:
        value = timedelta(minutes=round(value / timedelta(minutes=1)))
    return duration_text(timedelta(seconds=round(value.total_seconds())), language)


def busiest(report: Report) -> Iterator[tuple[int, int]]:
    """The hours in which most comes, and how much, in the order of the day."""
    most = sorted(range(24), key=lambda hour: (-report.hours[hour], hour))[:_HOURS_SHOWN]
    return ((hour, report.hours[hour]) for hour in sorted(most) if report.hours[hour])


def trial_text(trial: Trial, language: str) -> str:
    """How often a rule on trial held, and what it would have made another how often."""
    held = labels(language)["held"].format(count=trial.held)
    return "; ".join((held, *(f"{change} ({count})" for change, count in trial.changes)))


def hour_text(hour: int) -> str:
    """An hour of the day: "09:00-10:00"."""
    return f"{hour:02}:00-{hour + 1:02}:00"


def _line_text(line: Line, words: Mapping[str, str]) -> str:
    numbers = {name: getattr(line, name) for name in ("opened", "solved", "answered", "breached", "backlog")}
    return words["line"].format(**numbers)


def _wall(at: datetime, timezone: str) -> str:
    return f"{at.astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M}"
