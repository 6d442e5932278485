"""The filters that letters may use: dates, plural forms, quotations, people. Pure: same values, same words.

Languages stand side by side in the tables below; a new one is a row in each. One without a row is written in English.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Undefined

from maild.threads.words import VALUES

MAX_LISTED = 1_000_000
"""Characters that `join` may give."""


class Run:
    """One rendering: its language, the desk's time zone, and how much work is left to it."""

    __slots__ = ("_left", "language", "zone")

    def __init__(self, *, language: str, zone: ZoneInfo, budget: int) -> None:
        self.language = language
        self.zone = zone
        self._left = budget

    def spend(self, steps: int) -> None:
        """Pays for work; raises ValueError when nothing is left."""
        self._left -= steps
        if self._left < 0:
            raise ValueError("the letter does too much work")


_WEEKDAYS = {
    "en": ("on Monday", "on Tuesday", "on Wednesday", "on Thursday", "on Friday", "on Saturday", "on Sunday"),
    "ru": ("в понедельник", "во вторник", "в среду", "в четверг", "в пятницу", "в субботу", "в воскресенье"),
}
_MONTHS = {
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December"),
    "ru": ("января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября",
           "декабря"),
}  # fmt: skip
_DEADLINE = {"en": "{weekday}, {day} {month}, by {time} ({zone})", "ru": "{weekday}, {day} {month}, до {time} ({zone})"}
_MOMENT = {"en": "{day} {month} {year}, {time} ({zone})", "ru": "{day} {month} {year} г., {time} ({zone})"}
_DAY = {"en": "{day} {month} {year}", "ru": "{day} {month} {year} г."}
_NO_SUBJECT = {"en": "(no subject)", "ru": "(без темы)"}


def _in(table: Mapping[str, Any], run: Run) -> Any:
    return table.get(run.language) or table["en"]


def _written(table: dict[str, str], run: Run, at: Any) -> str:
    if at is None:
        return ""
    if not isinstance(at, datetime) or at.tzinfo is None:
        raise TypeError("a time with its zone is needed")
    here = at.astimezone(run.zone)
    text: str = _in(table, run).format(
        weekday=_in(_WEEKDAYS, run)[here.weekday()],
        day=here.day,
        month=_in(_MONTHS, run)[here.month - 1],
        year=here.year,
        time=f"{here:%H:%M}",
        zone=run.zone.key,
    )
    return text


def deadline(run: Run, at: Any) -> str:
    """A time until which something is done: "on Monday, 23 November, by 13:00 (Europe/Moscow)"."""
    return _written(_DEADLINE, run, at)


def moment(run: Run, at: Any) -> str:
    """A point in time: "23 November 2026, 10:15 (Europe/Moscow)"."""
    return _written(_MOMENT, run, at)


def day(run: Run, at: Any) -> str:
    """A date alone: "23 November 2026"."""
    return _written(_DAY, run, at)


def plural(_run: Run, count: Any, *forms: str) -> str:
    """A number with its noun: two forms (1 file, 2 files) or the three of Russian (1 файл, 2 файла, 5 файлов)."""
    number = len(count) if isinstance(count, list) else int(count)
    if len(forms) == 2:
        return f"{number} {forms[0] if number == 1 else forms[1]}"
    one, few, many = forms
    if number % 10 == 1 and number % 100 != 11:
        return f"{number} {one}"
    if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14):
        return f"{number} {few}"
    return f"{number} {many}"


_QUOTED_LINE = 100
"""Lines longer than this are broken when they are quoted: a client would break them without the mark."""


def quote(_run: Run, text: Any) -> str:
    """The text with `> ` before each line; quotations in it get one level deeper."""
    lines: list[str] = []
    for line in str(text or "").strip("\n").split("\n"):
        pieces = _folded(line, 76) if len(line) > _QUOTED_LINE and not line.startswith(">") else [line]
        lines.extend((">" + piece if piece.startswith(">") else "> " + piece).rstrip() for piece in pieces)
    return "\n".join(lines)


def wrap(_run: Run, text: Any, width: int = 72) -> str:
    """The text with its lines broken between words at `width` characters (20 to 900); long words stay whole."""
    width = min(max(int(width), 20), 900)
    return "\n".join(
        piece
        for line in str(text or "").split("\n")
        for piece in ([line] if len(line) <= width else _folded(line, width))
    )


def _folded(line: str, width: int) -> list[str]:
    return textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False) or [""]


def person(_run: Run, who: Any) -> str:
    """Somebody as "Name <address>", or the address alone; nothing where there is nobody."""
    if not who:
        return ""
    name, address = who.get("name") or "", who.get("address") or ""
    return f"{name} <{address}>" if name and address else name or address


def name(_run: Run, who: Any) -> str:
    """Somebody's name, or the address where there is none."""
    return (who.get("name") or who.get("address") or "") if who else ""


def word(run: Run, value: Any) -> str:
    """A state, priority, kind of mail or target in plain words of the language; anything else as it is."""
    text = str(value or "")
    return str(_in(VALUES, run).get(text, text))


_REPLY = re.compile(r"(?i)(?:re|ответ|отв|на|aw|sv|antw)(?:\[\d{1,3}\])?\s{0,3}[:：]\s{0,3}")


def re_subject(run: Run, subject: Any) -> str:
    """The subject of an answer: "Re: " once, whatever stood there before."""
    text = str(subject or "").strip()
    for _ in range(10):
        found = _REPLY.match(text)
        if not found:
            break
        text = text[found.end() :]
    return f"Re: {text or _in(_NO_SUBJECT, run)}"


def subject_or(run: Run, subject: Any) -> str:
    """The subject, or "(no subject)"."""
    return str(subject or "").strip() or str(_in(_NO_SUBJECT, run))


def join(_run: Run, values: Any, by: str = ", ") -> str:
    """The texts of a list in one line."""
    if not isinstance(values, list | tuple):
        raise TypeError("only a list can be joined")
    texts = [str(value) for value in values]
    if sum(map(len, texts)) + len(by) * len(texts) > MAX_LISTED:
        raise ValueError("the list is too long")
    return by.join(texts)


def _default(_run: Run, value: Any, other: Any = "") -> Any:
    return other if isinstance(value, Undefined) or value in (None, "", []) else value


FILTERS: dict[str, Callable[..., Any]] = {
    "deadline": deadline,
    "moment": moment,
    "day": day,
    "plural": plural,
    "quote": quote,
    "wrap": wrap,
    "person": person,
    "name": name,
    "word": word,
    "re": re_subject,
    "subject": subject_or,
    "join": join,
    "default": _default,
    "length": lambda _run, value: len(value or ()),
    "upper": lambda _run, value: str(value).upper(),
    "lower": lambda _run, value: str(value).lower(),
    "trim": lambda _run, value: str(value).lstrip("\n").rstrip(),
}
"""Every filter of the letters; docs/letters.md explains each."""
