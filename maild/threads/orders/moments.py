"""Times as people write them behind an order: "3d", "tomorrow 18:00", "до пятницы 10:00", "1 декабря".

Pure: the present and the time zone are arguments. English and Russian stand side by side, since an agent may write in
either, whatever language his letters come in. The words themselves are in `moment_words.py`.
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from maild.threads.orders.moment_words import (
    DAY_PARTS,
    DAYS,
    END_OF,
    HOURS,
    LONGEST,
    MONTHS,
    NEXT_MONTH,
    NEXT_WEEK,
    ONE,
    ONLY_BEHIND_A_NUMBER,
    UNITS,
    WEEKDAYS,
    corrected,
    counted,
    moment_words,
)

MORNING = time(9, 0)
"""What a day means when no hour stands beside it: when something begins, or is looked at again."""
EVENING = time(18, 0)
"""What a day means for something that is to be done by then."""
FARTHEST = timedelta(days=3 * 366)

_CLOCK = re.compile(r"(\d{1,2})[:.](\d{2})")
_NUMERIC = re.compile(r"(\d{1,2})([./])(\d{1,2})(?:[./](\d{4}|\d{2}))?")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th)")


def any_moment(text: str, now: datetime, timezone: str, hour: time = MORNING) -> datetime | None:
    """The time that the words mean, in UTC, a past one too; `hour` is what a day means alone. None: they mean none."""
    words = moment_words(text) if len(text) <= LONGEST else []
    if not words:
        return None
    here = now.astimezone(ZoneInfo(timezone))
    try:
        span = _span(words)
        if span is not None:
            months, rest = span
            return now + rest if not months else _local(_months_on(here, months), here) + rest
        found = _point(words, here, hour)
        return _local(found, here) if found is not None else None
    except (ValueError, OverflowError):
        return None


def meant_moment(text: str, now: datetime, timezone: str) -> str | None:
    """What was most likely meant by words that mean no time, such as "tomorow"; None where nothing comes near."""
    better = corrected(text)
    return better if better is not None and any_moment(better, now, timezone) is not None else None


def _local(moment: datetime, here: datetime) -> datetime:
    return moment.replace(tzinfo=here.tzinfo).astimezone(UTC)


def _span(words: list[str]) -> tuple[int, timedelta] | None:
    """A length of time, its months apart: every number has its unit, or a unit stands alone ("a week")."""
    words = counted(words)
    if len(words) == 1 and words[0] in ONE:
        words = ["1", *words]
    if len(words) % 2 or not words:
        return None
    months, total = 0, timedelta(0)
    for number, unit in zip(words[::2], words[1::2], strict=True):
        if not number.isdecimal() or len(number) > 5 or unit not in UNITS:
            return None
        if UNITS[unit] == "months":
            months += int(number)
        else:
            total += timedelta(**{UNITS[unit]: int(number)})
    return months, total


def _months_on(here: datetime, months: int) -> datetime:
    """The same day so many months later, or the last one of a month that is shorter."""
    year, month = divmod(here.year * 12 + here.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return here.replace(year=year, month=month + 1, day=min(here.day, last))


def _point(words: list[str], here: datetime, bare: time) -> datetime | None:
    """A day, an hour or both, as the local wall shows them."""
    hour, words = _take_hour(words)
    if len(words) == 1 and words[0] in END_OF:
        return datetime.combine(_end_of(END_OF[words[0]], here.date()), hour if hour is not None else EVENING)
    if not words:
        if hour is None:
            return None
        at = datetime.combine(here.date(), hour)
        return at if at > here.replace(tzinfo=None) else at + timedelta(days=1)
    clock = hour if hour is not None else bare
    day = _day(words, here, clock)
    return datetime.combine(day, clock) if day is not None else None


def _end_of(what: str, today: date) -> date:
    """The last day of what is going on; a week ends with its Friday, and on the weekend the next one is meant."""
    if what == "week":
        return today + timedelta(days=(WEEKDAYS["friday"] - today.weekday()) % 7)
    return today if what == "day" else today.replace(day=calendar.monthrange(today.year, today.month)[1])


def _take_hour(words: list[str]) -> tuple[time | None, list[str]]:
    """The hour among the words ("18:00", "6 pm", "10 утра", "noon", "вечером"), and the words without it."""
    at = next((i for i, word in enumerate(words) if _is_hour(words, i)), None)
    if at is None:
        return _part_alone(words)
    if words[at] in HOURS:
        return HOURS[words[at]], words[:at] + words[at + 1 :]
    hour, _, minute = words[at].replace(".", ":").partition(":")
    rest, behind = words[:at] + words[at + 1 :], words[at + 1 : at + 2]
    if behind and UNITS.get(behind[0]) == "hours":
        rest.remove(behind[0])
    part = next((word for word in rest if word in DAY_PARTS), None)
    if part is None:
        return time(int(hour), int(minute or 0)), rest
    rest.remove(part)
    return _in_part(int(hour), int(minute or 0), part), rest


def _is_hour(words: list[str], at: int) -> bool:
    """Whether a word is an hour of the clock: by its colon, by what stands beside it, or because a day needs one."""
    word, others = words[at], words[:at] + words[at + 1 :]
    if word in HOURS:
        return True
    if found := _CLOCK.fullmatch(word):
        # "9.05" is a day of May, but "tomorrow 9.05" is an hour, as "18.00" always is.
        return ":" in word or not 1 <= int(found[2]) <= 12 or any(w in DAYS or w in WEEKDAYS for w in others)
    if not word.isdecimal() or len(word) > 2 or not others:
        return False
    if words[at + 1 : at + 2] and (words[at + 1] in DAY_PARTS or UNITS.get(words[at + 1]) == "hours"):
        return True
    before = words[at - 1] if at else ""
    named = before in DAYS or before in WEEKDAYS or before in DAY_PARTS
    return at == len(words) - 1 and (named or bool(_ISO.fullmatch(before)))


def _part_alone(words: list[str]) -> tuple[time | None, list[str]]:
    """The hour at which a part of the day begins ("завтра утром"); "pm" alone is none."""
    part = next((word for word in words if word in DAY_PARTS and word not in ONLY_BEHIND_A_NUMBER), None)
    if part is None:
        return None, words
    return DAY_PARTS[part][0], [word for word in words if word != part]


def _in_part(hour: int, minute: int, part: str) -> time:
    return time(hour if hour > 12 else hour % 12 + DAY_PARTS[part][1], minute)


def _day(words: list[str], here: datetime, hour: time) -> date | None:
    today = here.date()
    if len(words) > 1 and (named := next((w for w in words if w in WEEKDAYS), None)) is not None:
        # "Wednesday, 25 November": the name of the day has to fit its date.
        day = _day([w for w in words if w != named], here, hour) if words.count(named) == 1 else None
        return day if day is not None and day.weekday() == WEEKDAYS[named] else None
    if len(words) > 1:
        return _named_month(words, today)
    return _one_word(words[0], here, hour)


def _one_word(word: str, here: datetime, hour: time) -> date | None:
    """A day that a single word names."""
    today = here.date()
    if word in DAYS:
        return today + timedelta(days=DAYS[word])
    if word in WEEKDAYS:
        ahead = (WEEKDAYS[word] - today.weekday()) % 7
        passed = ahead == 0 and datetime.combine(today, hour) <= here.replace(tzinfo=None)
        return today + timedelta(days=7 if passed else ahead)
    if word == NEXT_WEEK:
        return today + timedelta(days=7 - today.weekday())
    if word == NEXT_MONTH:
        return _months_on(here, 1).date().replace(day=1)
    if found := _ISO.fullmatch(word):
        return date(int(found[1]), int(found[2]), int(found[3]))
    if found := _NUMERIC.fullmatch(word):
        return _numeric(found, today)
    found = _ORDINAL.fullmatch(word)
    return _of_this_month(int(found[1]), today) if found else None


def _numeric(found: re.Match[str], today: date) -> date | None:
    """25.12.2026 or 25/12/2026; with slashes an American writes the month first, so both must not be possible."""
    day, month, year = int(found[1]), int(found[3]), found[4]
    if found[2] == "/" and day != month and day <= 12:
        if month <= 12:
            return None
        day, month = month, day
    return _dated(day, month, year, today)


def _of_this_month(day: int, today: date) -> date:
    """The next day of this number."""
    for month in range(today.month, today.month + 12):
        year, at = today.year + (month - 1) // 12, (month - 1) % 12 + 1
        if day <= calendar.monthrange(year, at)[1] and date(year, at, day) >= today:
            return date(year, at, day)
    raise ValueError("no month has that day")


def _named_month(words: list[str], today: date) -> date | None:
    """A day with its month's name: 1 december, December 1st, 1 декабря 2027 года; or 25 числа."""
    plain = [found[1] if (found := _ORDINAL.fullmatch(w)) else w for w in words]
    if len(plain) == 2 and plain[1] == "числа" and plain[0].isdecimal():
        return _of_this_month(int(plain[0]), today)
    months = [MONTHS[w] for w in plain if w in MONTHS]
    digits = [w for w in plain if w.isdecimal()]
    if len(months) != 1 or not digits or len(months) + len(digits) != len(plain):
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
