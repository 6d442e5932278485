"""The words by which people name times, in English and Russian, and how a line is taken apart into them.

What the words mean together is said by `moments.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import time
from difflib import get_close_matches
from functools import cache

from maild.people.names import fold

_FILLERS = frozenset(
    word
    for words in (
        "until till to by on at in for the of this next coming please pls @",
        "за до к на в во через со с г год года году пожалуйста",
        "этот эту это этой этого ближайший ближайшую ближайшей ближайшее",
        "следующий следующую следующей следующее следующего следующему",
    )
    for word in words.split()
)
UNITS = {
    word: unit
    for unit, words in {
        "minutes": "m min mins minute minutes м мин минута минуту минуты минут",
        "hours": "h hr hrs hour hours ч час часа часов",
        "days": "d day days д дн день дня дней сутки суток",
        "weeks": "w week weeks нед неделя неделю недели недель",
        "months": "month months мес месяц месяца месяцев",
    }.items()
    for word in words.split()
}
ONE = frozenset(
    ("minute", "hour", "day", "week", "month", "минуту", "час", "день", "сутки", "неделя", "неделю", "месяц")
)
"""Units that mean one of it where no number stands before them."""
_ARTICLES = frozenset(("a", "an", "and", "и"))
_NUMBERS = {
    word: str(number)
    for number, words in enumerate(
        (
            "one один одну одного одной",
            "two два две двух пару пара couple",
            "three три трех",
            "four четыре четырех",
            "five пять пяти",
            "six шесть шести",
            "seven семь семи",
            "eight восемь восьми",
            "nine девять девяти",
            "ten десять десяти",
        ),
        1,
    )
    for word in words.split()
}
DAYS = {"yesterday": -1, "вчера": -1, "today": 0, "сегодня": 0, "tomorrow": 1, "завтра": 1, "послезавтра": 2}
WEEKDAYS = {
    word: number
    for number, words in enumerate(
        (
            "monday mon понедельник понедельника понедельнику пн",
            "tuesday tue tues вторник вторника вторнику вт",
            "wednesday wed weds среда среду среды среде ср",
            "thursday thu thur thurs четверг четверга четвергу чт",
            "friday fri пятница пятницу пятницы пятнице пт",
            "saturday sat суббота субботу субботы субботе сб",
            "sunday sun воскресенье воскресенья воскресенью воскресение вс",
        )
    )
    for word in words.split()
}
MONTHS = {
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
HOURS = {"noon": time(12), "полдень": time(12), "midnight": time(0), "полночь": time(0)}
DAY_PARTS = {
    word: (begins, add)
    for words, begins, add in (
        ("am morning утро утра утром утру", time(9), 0),
        ("lunch обед обеда обедом обеду", time(13), 12),
        ("pm afternoon днем дня", time(14), 12),
        ("evening вечер вечера вечером вечеру", time(18), 12),
    )
    for word in words.split()
}
"""The hour at which each begins that stands alone, and what it adds to a number of the clock."""
ONLY_BEHIND_A_NUMBER = frozenset(("am", "pm", "дня"))
NEXT_WEEK, NEXT_MONTH = "next-week", "next-month"
END_OF = {"end-of-day": "day", "end-of-week": "week", "end-of-month": "month"}
_UNIT = "|".join(sorted(UNITS, key=len, reverse=True))
_MONTH = "|".join(MONTHS)
_NOT_COUNTED = rf"(?![\d:./-])(?!\s*(?:{_UNIT}|{_MONTH}|числа|a\.?m|p\.?m|утра|вечера)(?!\w))"
_PHRASES = (
    (r"[«»“”„\"'‘’]", " "),
    (r"\bday after tomorrow\b", "послезавтра"),
    (r"\bследующ\w+ недел\w+|\bnext week\b", NEXT_WEEK),
    (r"\bследующ\w+ месяц\w*|\bnext month\b", NEXT_MONTH),
    (r"\bend of (?:the )?(?:business )?day\b|\beod\b|\bкон(?:ец|ца|цу|це) (?:рабочего )?дня\b", "end-of-day"),
    (r"\bend of (?:the )?week\b|\beow\b|\bкон(?:ец|ца|цу|це) (?:рабочей )?недели\b", "end-of-week"),
    (r"\bend of (?:the )?month\b|\beom\b|\bкон(?:ец|ца|цу|це) месяца\b", "end-of-month"),
    (r"\bполчаса\b|\bhalf an hour\b|\bhalf hour\b", "30 m"),
    (r"\bполтора часа\b|\bчас с половиной\b|\ban hour and a half\b", "90 m"),
    (r"\btonight\b", "today evening"),
    (r"\bafter lunch\b|\bпосле обеда\b", "afternoon"),
    (r"\bcouple of\b", "couple"),
    (r"\b([ap])\.m\b\.?", r"\1m"),
    (r"(\d)([ap]m)\b", r"\1 \2"),
    (r"\b(\d{4})[/.](\d{1,2})[/.](\d{1,2})\b", r"\1-\2-\3"),
    (r"(\d-\d{1,2})t(\d)", r"\1 \2"),
    (r"(?<![\d-])(\d{1,2})-([0-5][05])(?![\d-])", r"\1:\2"),
    (r"(\d)-?(?:го|ого)\b", r"\1st"),
    # "в 18" and "до 18 ч" are hours of the clock, "2 ч" and "на 2 ч" are a length of time.
    (rf"(?:(?<=\s)|^)(?:в|at|@) ?(\d{{1,2}}){_NOT_COUNTED}", r"\1:00"),
    (r"\b(?:в|к|до|at|by|until|till) (\d{1,2}) ?(?:ч|часа|часов|часам|h|hours|o.?clock)\b", r"\1:00"),
)
_HALVES = rf"(?<![\d.,:])(\d{{1,3}})[.,](25|5|75)\s*({_UNIT})\b"
_MINUTES = {"hours": 60, "days": 24 * 60, "weeks": 7 * 24 * 60}
LONGEST = 200
"""Characters of a line that names a time: words that name none are not tried all day long."""
_SPAN = re.compile(r"(\d{1,5})([^\W\d_]+)")
_WORD = re.compile(r"[^\s,;]+")


@cache
def _patterns() -> tuple[tuple[tuple[re.Pattern[str], str], ...], re.Pattern[str]]:
    """Made when the first time is read: a pipe starts once per mail, and few mails name one."""
    return tuple((re.compile(pattern), meant) for pattern, meant in _PHRASES), re.compile(_HALVES)


def moment_words(text: str) -> list[str]:
    """The words of a line that say something about a time; phrases are one word, 1h30m falls into its parts."""
    plain = fold(text)
    phrases, halves = _patterns()
    for pattern, meant in phrases:
        plain = pattern.sub(meant, plain)
    words: list[str] = []
    for word in _WORD.findall(halves.sub(_whole_minutes, plain)):
        bare = word.strip("().!?")
        parts = _SPAN.findall(bare)
        if parts and all(u in UNITS or u in DAY_PARTS for _, u in parts) and "".join(n + u for n, u in parts) == bare:
            words.extend(piece for pair in parts for piece in pair)
        elif bare and bare not in _FILLERS:
            words.append(bare)
    return words


def _whole_minutes(found: re.Match[str]) -> str:
    """1.5h in minutes; a fraction of anything else stays as it is."""
    minutes = _MINUTES.get(UNITS[found[3]])
    return f"{int(float(f'{found[1]}.{found[2]}') * minutes)} m" if minutes else found[0]


def counted(words: Iterable[str]) -> list[str]:
    """The words of a length of time: numbers in digits, without articles."""
    return [_NUMBERS.get(word, word) for word in words if word not in _ARTICLES]


_KNOWN = sorted(
    word for word in {*DAYS, *WEEKDAYS, *MONTHS, *HOURS, *UNITS, *DAY_PARTS, *_NUMBERS, *_FILLERS} if len(word) > 3
)


def corrected(text: str) -> str | None:
    """The line with its misspelt words as they were most likely meant; None where no word resembles a known one."""
    said = text[:LONGEST].split()
    words = [word if word.casefold() in _KNOWN else _near(word) for word in said]
    return " ".join(words) if words != said else None


def _near(word: str) -> str:
    near = get_close_matches(word.casefold(), _KNOWN, n=1, cutoff=0.8) if word.isalpha() and len(word) > 3 else []
    return near[0] if near else word
