"""Times as people write them behind an order: "3d", "tomorrow 18:00", "до пятницы 10:00", "1 декабря".

Pure: the present and the time zone are arguments. English and Russian stand side by side, since an agent may write in
either, whatever language his letters come in.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MORNING = time(9, 0)
"""What a day means when no hour stands beside it: when something begins, or is looked at again."""
EVENING = time(18, 0)
"""What a day means for something that is to be done by then."""
FARTHEST = timedelta(days=3 * 366)

_FILLERS = frozenset(
    {"until", "till", "to", "by", "on", "at", "in", "for", "next", "the"}
    | {"за", "до", "к", "на", "в", "во", "через", "со", "с", "следующий", "следующую", "следующей"}
)
_UNITS = {
    "m": "minutes", "min": "minutes", "mins": "minutes", "minute": "minutes", "minutes": "minutes",
    "м": "minutes", "мин": "minutes", "минута": "minutes", "минуту": "minutes", "минуты": "minutes",
    "минут": "minutes",
    "h": "hours", "hour": "hours", "hours": "hours", "hr": "hours", "hrs": "hours",
    "ч": "hours", "час": "hours", "часа": "hours", "часов": "hours",
    "d": "days", "day": "days", "days": "days", "д": "days", "дн": "days", "день": "days", "дня": "days",
    "дней": "days", "сутки": "days", "суток": "days",
    "w": "weeks", "week": "weeks", "weeks": "weeks", "нед": "weeks", "неделя": "weeks", "неделю": "weeks",
    "недели": "weeks", "недель": "weeks",
}  # fmt: skip
_DAYS = {
    "today": 0, "сегодня": 0, "tomorrow": 1, "завтра": 1, "послезавтра": 2,
}  # fmt: skip
_WEEKDAYS = {
    word: number
    for number, words in enumerate(
        (
            "monday mon понедельник понедельника понедельнику пн",
            "tuesday tue tues вторник вторника вторнику вт",
            "wednesday wed среда среду среды среде ср",
            "thursday thu thurs четверг четверга четвергу чт",
            "friday fri пятница пятницу пятницы пятнице пт",
            "saturday sat суббота субботу субботы субботе сб",
            "sunday sun воскресенье воскресенья воскресенью вс",
        )
    )
    for word in words.split()
}
_MONTHS = {
    word: number
    for number, words in enumerate(
        (
            "january jan января янв",
            "february feb февраля фев",
            "march mar марта мар",
            "april apr апреля апр",
            "may мая май",
            "june jun июня июн",
            "july jul июля июл",
            "august aug августа авг",
            "september sep sept сентября сен сент",
            "october oct октября окт",
            "november nov ноября ноя",
            "december dec декабря дек",
        ),
        1,
    )
    for word in words.split()
}
_HOURS = {"noon": time(12), "полдень": time(12), "midnight": time(0), "полночь": time(0)}
_DAY_PARTS = {"утра": 0, "am": 0, "дня": 12, "вечера": 12, "pm": 12}
_CLOCK = re.compile(r"(\d{1,2})[:.](\d{2})")
_SPAN = re.compile(r"(\d{1,5})([^\W\d_]+)")
_NUMERIC = re.compile(r"(\d{1,2})\.(\d{1,2})(?:\.(\d{4}|\d{2}))?")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_WORD = re.compile(r"[^\s,;]+")


def any_moment(text: str, now: datetime, timezone: str, hour: time = MORNING) -> datetime | None:
    """The time that the words mean, in UTC, a past one too; `hour` is what a day means alone. None: they mean none."""
    words = _words(text)
    if not words:
        return None
    try:
        span = _span(words)
        if span is not None:
            return now + span
        zone = ZoneInfo(timezone)
        found = _point(words, now.astimezone(zone), hour)
        return found.replace(tzinfo=zone).astimezone(UTC) if found is not None else None
    except (ValueError, OverflowError):
        return None


def _words(text: str) -> list[str]:
    """The words that say something; glued spans such as 1h30m fall into their parts."""
    words: list[str] = []
    for word in _WORD.findall(text.casefold().replace("ё", "е").replace("day after tomorrow", "послезавтра")):
        bare = word.strip("().")
        parts = _SPAN.findall(bare)
        if parts and all(u in _UNITS or u in _DAY_PARTS for _, u in parts) and "".join(n + u for n, u in parts) == bare:
            words.extend(piece for pair in parts for piece in pair)
        elif bare and bare not in _FILLERS:
            words.append(bare)
    return words


def _span(words: list[str]) -> timedelta | None:
    """A length of time: every number has its unit, or a unit stands alone ("a week")."""
    words = [w for w in words if w not in ("a", "an", "and", "и", "один", "одну")]
    if len(words) == 1 and words[0] in ("week", "неделю", "неделя", "неделе"):
        return timedelta(weeks=1)
    if len(words) == 1 and words[0] in ("hour", "час"):
        return timedelta(hours=1)
    if len(words) % 2 or not words:
        return None
    total = timedelta(0)
    for number, unit in zip(words[::2], words[1::2], strict=True):
        if not number.isdecimal() or len(number) > 5 or unit not in _UNITS:
            return None
        total += timedelta(**{_UNITS[unit]: int(number)})
    return total


def _point(words: list[str], here: datetime, bare: time) -> datetime | None:
    """A day, an hour or both, as the local wall shows them."""
    hour, words = _take_hour(words)
    if not words:
        if hour is None:
            return None
        at = datetime.combine(here.date(), hour)
        return at if at > here.replace(tzinfo=None) else at + timedelta(days=1)
    clock = hour if hour is not None else bare
    day = _day(words, here, clock)
    return datetime.combine(day, clock) if day is not None else None


def _take_hour(words: list[str]) -> tuple[time | None, list[str]]:
    """The hour among the words ("18:00", "6 pm", "10 утра", "noon"), and the words without it."""
    for i, word in enumerate(words):
        if word in _HOURS:
            return _HOURS[word], words[:i] + words[i + 1 :]
        part = words[i + 1] if i + 1 < len(words) else ""
        found = _CLOCK.fullmatch(word)
        if found and ":" in word:
            clock = time(int(found[1]), int(found[2]))
            if part in _DAY_PARTS:
                return _in_part(clock, part), words[:i] + words[i + 2 :]
            return clock, words[:i] + words[i + 1 :]
        if word.isdecimal() and int(word) <= 12 and part in _DAY_PARTS:
            return _in_part(time(int(word) % 24), part), words[:i] + words[i + 2 :]
    if len(words) > 1 and words[-1].isdecimal() and len(words[-1]) <= 2 and words[-2] in (*_DAYS, *_WEEKDAYS):
        return time(int(words[-1])), words[:-1]
    return None, words


def _in_part(clock: time, part: str) -> time:
    if clock.hour > 12:
        return clock
    return clock.replace(hour=clock.hour % 12 + _DAY_PARTS[part])


def _day(words: list[str], here: datetime, hour: time) -> date | None:
    today = here.date()
    if len(words) == 1:
        word = words[0]
        if word in _DAYS:
            return today + timedelta(days=_DAYS[word])
        if word in _WEEKDAYS:
            ahead = (_WEEKDAYS[word] - today.weekday()) % 7
            passed = ahead == 0 and datetime.combine(today, hour) <= here.replace(tzinfo=None)
            return today + timedelta(days=7 if passed else ahead)
        if found := _ISO.fullmatch(word):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := _NUMERIC.fullmatch(word):
            return _dated(int(found[1]), int(found[2]), found[3], today)
    return _named_month(words, today)


def _named_month(words: list[str], today: date) -> date | None:
    """A day with its month's name: 1 december, December 1st, 1 декабря 2027 года."""
    numbers = [w.removesuffix("th").removesuffix("st").removesuffix("nd").removesuffix("rd") for w in words]
    months = [_MONTHS[w] for w in words if w in _MONTHS]
    digits = [n for n, w in zip(numbers, words, strict=True) if n.isdecimal() and w not in _MONTHS]
    if len(months) != 1 or not digits or len(months) + len(digits) != len([w for w in words if w != "года"]):
        return None
    day = next((d for d in digits if len(d) <= 2), None)
    year = next((d for d in digits if len(d) == 4), None)
    return _dated(int(day), months[0], year, today) if day is not None else None


def _dated(day: int, month: int, year: str | None, today: date) -> date:
    """A date; without a year it is the next such day."""
    if year is not None:
        return date(int(year) + (2000 if len(year) == 2 else 0), month, day)
    found = date(today.year, month, day)
    return found if found >= today else date(today.year + 1, month, day)
