"""What a calendar part says, in a few lines to read: an invitation, a cancellation, somebody's answer (RFC 5545, 5546).

Read only: nothing is accepted, declined or written into any calendar. The part itself stays an attachment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from maild.messages.words import one_line

_CAP = 256 * 1024
_LINES_CAP = 5_000
_SHOWN_CAP = 200
_NOTE_CAP = 4_000
_FOLD = re.compile(r"\n[ \t]")
_PARAM = re.compile(r';([A-Za-z0-9-]{1,40})=("[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*')
_ESCAPE = re.compile(r"\\([\\;,nN])")
_TIME = re.compile(r"(\d{8})(?:T(\d{4,6}))?(Z?)")
_SPAN = re.compile(r"\+?P(?:(\d{1,4})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,4})M)?(?:(\d{1,6})S)?)?")
_RUSSIAN = re.compile("[а-яё]", re.IGNORECASE)
_METHODS = frozenset(("REQUEST", "CANCEL", "COUNTER", "ADD", "DECLINECOUNTER", "REFRESH"))
_ANSWERS = frozenset(("ACCEPTED", "DECLINED", "TENTATIVE", "DELEGATED"))
_SHOWN = ("VEVENT", "VTODO", "VJOURNAL")
_WORDS = {
    "en": {
        "REQUEST": "Invitation", "CANCEL": "Cancelled", "COUNTER": "Another time is proposed", "ADD": "Added dates",
        "DECLINECOUNTER": "The proposed time is declined", "REFRESH": "Asks for the newest version", "": "Event",
        "VTODO": "Task", "REPLY": "Answer", "ACCEPTED": "Accepted", "DECLINED": "Declined",
        "TENTATIVE": "Accepted, not for certain", "DELEGATED": "Delegated",
        "when": "When", "due": "Due", "where": "Where", "organizer": "Organizer", "by": "By", "invited": "Invited",
        "repeats": "repeats", "DAILY": "daily", "WEEKLY": "weekly", "MONTHLY": "monthly", "YEARLY": "yearly",
        "more": "More events in the attachment",
    },
    "ru": {
        "REQUEST": "Приглашение", "CANCEL": "Отменено", "COUNTER": "Предложено другое время",
        "ADD": "Добавлены даты", "DECLINECOUNTER": "Предложенное время отклонено",
        "REFRESH": "Запрошены последние сведения", "": "Событие",
        "VTODO": "Задача", "REPLY": "Ответ", "ACCEPTED": "Принято", "DECLINED": "Отклонено",
        "TENTATIVE": "Принято под вопросом", "DELEGATED": "Передано другому",
        "when": "Когда", "due": "Срок", "where": "Где", "organizer": "Организатор", "by": "Кто",
        "invited": "Приглашено", "repeats": "повторяется", "DAILY": "ежедневно", "WEEKLY": "еженедельно",
        "MONTHLY": "ежемесячно", "YEARLY": "ежегодно", "more": "Ещё событий во вложении",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Line:
    value: str
    params: Mapping[str, str]


@dataclass(slots=True)
class _Calendar:
    """The method, the first event or task, how many answer to it, and how many more events there are."""

    method: str = ""
    kind: str = ""
    fields: dict[str, _Line] = field(default_factory=dict)
    attendees: list[_Line] = field(default_factory=list)
    count: int = 0


def summary(text: str, method: str = "") -> str | None:
    """A calendar part in a few lines, in Russian where its own words are; None where it holds no event.

    `method` is that of the Content-Type, which counts where the calendar names none (RFC 6047, 2.4).
    """
    calendar = _read(text[:_CAP])
    if calendar is None:
        return None
    calendar.method = calendar.method or method.strip().upper()
    own = " ".join(_said(calendar, name) for name in ("SUMMARY", "LOCATION", "DESCRIPTION"))
    words = _WORDS["ru" if _RUSSIAN.search(own) else "en"]
    lines = [_headline(calendar, words), *_facts(calendar, words)]
    if calendar.count > 1:
        lines.append(f"{words['more']}: {calendar.count - 1}")
    note = _note(calendar)
    return "\n".join([*lines, *(["", note] if note else [])])


def _read(text: str) -> _Calendar | None:
    if "BEGIN:VCALENDAR" not in text[:2000].upper():
        return None
    calendar, inside = _Calendar(), [""]
    for name, line in _lines(text):
        if name == "BEGIN" and len(inside) < 20:
            inside.append(line.value.strip().upper())
            if inside[-1] in _SHOWN:
                calendar.count += 1
                calendar.kind = calendar.kind or inside[-1]
        elif name == "END" and len(inside) > 1:
            inside.pop()
        elif inside[-1] == "VCALENDAR" and name == "METHOD":
            calendar.method = calendar.method or line.value.strip().upper()
        elif inside[-1] in _SHOWN and calendar.count == 1:
            if name == "ATTENDEE":
                calendar.attendees.append(line)
            else:
                calendar.fields.setdefault(name, line)
    return calendar if calendar.kind else None


def _lines(text: str) -> Iterator[tuple[str, _Line]]:
    """Each content line: its name, value and parameters (RFC 5545, 3.1)."""
    for line in _FOLD.sub("", text).split("\n", _LINES_CAP)[:_LINES_CAP]:
        head = re.match(r"[A-Za-z0-9-]{1,60}", line)
        if head is None:
            continue
        params: dict[str, str] = {}
        position = head.end()
        while (found := _PARAM.match(line, position)) and len(params) < 30:
            params.setdefault(found[1].upper(), found[2].strip('"'))
            position = found.end()
        if line[position : position + 1] == ":":
            yield head[0].upper(), _Line(line[position + 1 :], params)


def _said(calendar: _Calendar, name: str) -> str:
    line = calendar.fields.get(name)
    return _ESCAPE.sub(lambda match: "\n" if match[1] in "nN" else match[1], line.value) if line else ""


def _shown(text: str) -> str:
    return one_line(" ".join(text.split()))[:_SHOWN_CAP]


def _headline(calendar: _Calendar, words: Mapping[str, str]) -> str:
    """What happens to what: `Invitation: Quarterly figures`."""
    said = words[calendar.method] if calendar.method in _METHODS else None
    if calendar.method == "REPLY":
        answer = calendar.attendees[0].params.get("PARTSTAT", "").upper() if calendar.attendees else ""
        said = words[answer] if answer in _ANSWERS else words["REPLY"]
    elif calendar.fields.get("STATUS", _Line("", {})).value.strip().upper() == "CANCELLED":
        said = words["CANCEL"]
    said = said or words["VTODO" if calendar.kind == "VTODO" else ""]
    title = _shown(_said(calendar, "SUMMARY"))
    return f"{said}: {title}" if title else said


def _facts(calendar: _Calendar, words: Mapping[str, str]) -> Iterator[str]:
    when = _when(calendar, words)
    if when:
        yield f"{words['when']}: {when}"
    due = _time(calendar.fields.get("DUE"))
    if due:
        yield f"{words['due']}: {_spoken(due)}{_zone(calendar.fields['DUE'])}"
    where = _shown(_said(calendar, "LOCATION"))
    if where:
        yield f"{words['where']}: {where}"
    organizer = _person(calendar.fields.get("ORGANIZER"))
    if organizer:
        yield f"{words['organizer']}: {organizer}"
    if calendar.method == "REPLY" and calendar.attendees:
        yield f"{words['by']}: {_person(calendar.attendees[0])}"
    elif calendar.attendees:
        yield f"{words['invited']}: {len(calendar.attendees)}"


def _person(line: _Line | None) -> str:
    """`Anna <anna@acme.example>` of an ORGANIZER or ATTENDEE."""
    if line is None:
        return ""
    address = re.sub(r"(?i)^mailto:", "", _shown(line.value))
    name = _shown(line.params.get("CN", ""))
    return f"{name} <{address}>" if name and name.lower() != address.lower() else address


def _when(calendar: _Calendar, words: Mapping[str, str]) -> str:
    """From, to, the time zone as it is written, and how it comes again."""
    start_line = calendar.fields.get("DTSTART")
    start = _time(start_line)
    if start is None or start_line is None:
        return ""
    moment, timed = start
    end = _time(calendar.fields.get("DTEND")) or _after(start, calendar.fields.get("DURATION"))
    text = _spoken(start)
    if end and not timed:
        last = (end[0] - timedelta(days=1), False)  # the day on which it is over is not a day of it (3.6.1)
        text += f" – {_spoken(last)}" if last[0] > moment else ""
    elif end and end[0] > moment:
        same_day = end[0].date() == moment.date()
        text += f"–{end[0]:%H:%M}" if same_day else f" – {_spoken(end)}"
    text += _zone(start_line) if timed else ""
    rule = re.search(r"FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)", calendar.fields.get("RRULE", _Line("", {})).value.upper())
    return f"{text}, {words['repeats']} {words[rule[1]]}" if rule else text


def _time(line: _Line | None) -> tuple[datetime, bool] | None:
    """A moment as the clock on the wall shows it, and whether it has a time of day."""
    found = _TIME.fullmatch(line.value.strip()) if line else None
    if found is None:
        return None
    try:
        moment = datetime.strptime(found[1] + (found[2] or "0000")[:4], "%Y%m%d%H%M")  # noqa: DTZ007
    except ValueError:
        return None
    return moment, found[2] is not None


def _after(start: tuple[datetime, bool], line: _Line | None) -> tuple[datetime, bool] | None:
    found = _SPAN.fullmatch(line.value.strip().upper()) if line else None
    if found is None:
        return None
    weeks, days, hours, minutes, seconds = (int(one or 0) for one in found.groups())
    span = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    try:
        return start[0] + span, start[1]
    except OverflowError:
        return None


def _spoken(time: tuple[datetime, bool]) -> str:
    moment, timed = time
    return f"{moment:%Y-%m-%d %H:%M}" if timed else f"{moment:%Y-%m-%d}"


def _zone(line: _Line) -> str:
    zone = "UTC" if line.value.strip().endswith("Z") else _shown(line.params.get("TZID", ""))
    return f" ({zone})" if zone else ""


def _note(calendar: _Calendar) -> str:
    """The organizer's own words, or those of who answers."""
    said = (_said(calendar, "COMMENT") if calendar.method == "REPLY" else "") or _said(calendar, "DESCRIPTION")
    return said[:_NOTE_CAP].strip()
