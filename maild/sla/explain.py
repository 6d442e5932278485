"""The arithmetic of a clock in words, so that a person can check it with a wall calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from maild.sla.calendar import Calendar
from maild.sla.deadlines import ClockState, TicketClock, is_breached, spent_at
from maild.sla.promise import Promise, Target, duration_text

_SPANS_SHOWN = 6
_NOTHING = timedelta(0)
_SECOND, _MINUTE = timedelta(seconds=1), timedelta(minutes=1)
_TARGETS_RU = {
    "first_response": "первый ответ",
    "next_response": "следующий ответ",
    "resolution": "решение",
}
_DAYS_RU = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")
_EN = {
    "not_promised": "{name} is not promised by {promise}.",
    "promised": "{name}: {allowed} of {calendar} time ({timezone}) by the promise {promise}",
    "started": "started {at}",
    "before": "{spent} spent until {at}",
    "off": ", {paused} of pauses taken off",
    "moved": ", a part of it as {promise} counted it",
    "edited": ", a part of it before the promise was edited",
    "no_time": "no working time since",
    "more": "{count} more spans ({length})",
    "counted": "counted {spans}",
    "met": "met {at} after {spent}",
    "late": "too late {at} after {spent}",
    "due_at": "due {at}",
    "due": "due",
    "over": "{due}, {spent} spent, over by {over}",
    "at_once": "{due}, at the change, since more than {allowed} was spent by then, over by {over}",
    "paused": "paused after {spent}, {left} left",
    "running": "{spent} spent, {left} left, due {at}",
}
_RU = {
    "not_promised": "{name}: по обещанию {promise} такого срока нет.",
    "promised": "{name}: обещано за {allowed} рабочего времени (обещание {promise}, календарь {calendar}, {timezone})",
    "started": "отсчёт начат {at}",
    "before": "до {at} прошло {spent}",
    "off": ", паузы вычтены: {paused}",
    "moved": ", часть из них — по прежнему обещанию {promise}",
    "edited": ", часть из них — до правки обещания",
    "no_time": "с тех пор рабочего времени не было",
    "more": "ещё отрезков: {count} ({length})",
    "counted": "учтено: {spans}",
    "met": "выполнено {at}, прошло {spent}",
    "late": "выполнено с опозданием {at}, прошло {spent}",
    "due_at": "срок {at}",
    "due": "срок",
    "over": "{due}, прошло {spent}, просрочено на {over}",
    "at_once": "{due}, в момент смены обещания: уже прошло больше, чем {allowed}; просрочено на {over}",
    "paused": "пауза, прошло {spent}, осталось {left}",
    "running": "прошло {spent}, осталось {left}, срок {at}",
}


def explain(clock: TicketClock, promise: Promise, now: datetime, language: str = "en") -> str:
    """Promise, start, pauses taken off, every span counted, what is spent and left; in the calendar's own time zone.

    One line of sentences, in English or Russian, for `ticket show`, `explain` and `/why`. Times are told to the minute,
    and to the second where a minute would hide what was decided; the lengths are those between the times that are told.
    """
    allowed = promise.allowed(clock.target)
    unit = _unit(clock, allowed, now)
    return _Teller(promise.calendar, _floor(now, unit), language).tell(_told(clock, promise, allowed, unit), promise)


def _unit(clock: TicketClock, allowed: timedelta | None, now: datetime) -> timedelta:
    """To what times are told: to the second beside a due time, and of what was over in less than a minute."""
    beside = clock.due_at is not None and abs((clock.ended_at or now) - clock.due_at) < _MINUTE
    told = (clock.spent, clock.spent - allowed) if clock.resumed_at is None and allowed is not None else ()
    short = any(_NOTHING < abs(length) < _MINUTE for length in told)
    return _SECOND if beside or short or (allowed is not None and allowed % _MINUTE) else _MINUTE


def _floor(at: datetime, unit: timedelta) -> datetime:
    here = at.astimezone(UTC)
    return here - timedelta(seconds=here.second, microseconds=here.microsecond) % unit


def _told(clock: TicketClock, promise: Promise, allowed: timedelta | None, unit: timedelta) -> TicketClock:
    """The clock with times of whole units, and with that time spent which goes with them to what is promised."""
    started, resumed, due, ended = (
        _floor(at, unit) if at is not None else None
        for at in (clock.started_at, clock.resumed_at, clock.due_at, clock.ended_at)
    )
    assert started is not None
    whole: timedelta | None = None
    if ended is not None:
        whole = promise.calendar.between(started, ended)
    elif allowed is not None and resumed is not None and due is not None:
        whole = allowed - promise.calendar.between(resumed, due)
    spent = whole if whole is not None and abs(whole - clock.spent) < unit else clock.spent // unit * unit
    return replace(clock, started_at=started, resumed_at=resumed, due_at=due, ended_at=ended, spent=spent)


def clock_name(target: Target, language: str) -> str:
    """What a target is called, in English or Russian."""
    return _TARGETS_RU[str(target)] if language == "ru" else target.replace("_", " ")


def moment_text(at: datetime, zone: ZoneInfo, language: str) -> str:
    """A time on the wall of a zone, with its day: "Tue 2026-11-24 18:00"."""
    here = at.astimezone(zone)
    day = _DAYS_RU[here.weekday()] if language == "ru" else f"{here:%a}"
    return f"{day} {here:%Y-%m-%d %H:%M}"


class _Teller:
    """Tells clocks of one calendar in one language."""

    def __init__(self, calendar: Calendar, now: datetime, language: str) -> None:
        self._calendar, self._now = calendar, now
        self._is_russian = language == "ru"
        self._phrases = _RU if self._is_russian else _EN

    def _length(self, value: timedelta) -> str:
        return duration_text(value, "ru" if self._is_russian else "en")

    def _say(self, key: str, **values: object) -> str:
        return self._phrases[key].format(**values)

    def tell(self, clock: TicketClock, promise: Promise) -> str:
        """The whole line."""
        allowed = promise.allowed(clock.target)
        name = clock_name(clock.target, "ru" if self._is_russian else "en")
        if allowed is None:
            return _sentence(self._say("not_promised", name=name, promise=promise.name))
        calendar = self._calendar
        length, zone = self._length(allowed), calendar.timezone
        sentences = [
            self._say(
                "promised", name=name, allowed=length, calendar=calendar.name, timezone=zone, promise=promise.name
            ),
            self._say("started", at=self._moment(clock.started_at)),
            *self._before(clock),
            *(self._counted(clock) if not clock.ended else self._counted_in_all(clock, promise)),
            *self._outcome(clock, allowed),
        ]
        return ". ".join(map(_sentence, sentences)) + "."

    def _before(self, clock: TicketClock) -> list[str]:
        """What was counted before the last pause, or by another promise, and what the pauses took off."""
        if clock.resumed_at is None or clock.resumed_at <= clock.started_at:
            return []
        before = self._say("before", spent=self._length(clock.spent), at=self._moment(clock.resumed_at))
        if clock.moved_from is not None:
            # Pauses were pauses of that promise, by its calendar: this one cannot tell how long they were.
            key = "moved" if clock.moved_from != clock.promise else "edited"
            return [before + (self._say(key, promise=clock.moved_from) if clock.spent else "")]
        paused = self._calendar.between(clock.started_at, clock.resumed_at) - clock.spent
        return [before + (self._say("off", paused=self._length(paused)) if paused > _NOTHING else "")]

    def _counted(self, clock: TicketClock) -> list[str]:
        """The spans from the last start: up to the due time while it is ahead, else up to now."""
        if clock.resumed_at is None:
            return []
        end = max(self._now, clock.due_at) if clock.due_at is not None else self._now
        spans = self._spans(clock.resumed_at, end)
        return [self._say("counted", spans=spans) if spans else self._say("no_time")]

    def _counted_in_all(self, clock: TicketClock, promise: Promise) -> list[str]:
        """The spans of an ended clock, and the pauses; nothing where its working time was another one meanwhile."""
        assert clock.ended_at is not None
        paused = self._calendar.between(clock.started_at, clock.ended_at) - clock.spent
        spans = self._spans(clock.started_at, clock.ended_at)
        if clock.moved_from is not None or not spans or paused < _NOTHING or (paused and not promise.pause):
            return []
        off = self._say("off", paused=self._length(paused)) if paused else ""
        return [self._say("counted", spans=spans) + off]

    def _spans(self, start: datetime, end: datetime) -> str:
        """The open spans with their lengths, of many those in the middle as one sum; empty where there are none."""
        spans = self._calendar.spans_between(start, end)
        shown = [self._span(a, b) for a, b in spans]
        if len(shown) > _SPANS_SHOWN:
            left_out = sum(((b - a) for a, b in spans[_SPANS_SHOWN - 2 : -1]), _NOTHING)
            middle = self._say("more", count=len(shown) - _SPANS_SHOWN + 1, length=self._length(left_out))
            shown = [*shown[: _SPANS_SHOWN - 2], middle, shown[-1]]
        return ", ".join(shown)

    def _outcome(self, clock: TicketClock, allowed: timedelta) -> list[str]:
        spent = spent_at(clock, self._calendar, self._now)
        told = self._length(spent)
        if clock.ended_at is not None:
            key = "met" if clock.state is ClockState.MET else "late"
            return [self._say(key, at=self._moment(clock.ended_at), spent=told)]
        left = self._length(max(allowed - spent, _NOTHING))
        if is_breached(clock, self._now):
            due = self._say("due_at", at=self._moment(clock.due_at)) if clock.due_at is not None else self._say("due")
            over = max(spent - allowed, _NOTHING)
            if clock.due_at is not None:
                over = min(over, self._calendar.between(clock.due_at, self._now))
            if clock.due_at is not None and clock.due_at == clock.resumed_at and clock.spent > allowed:
                over = spent - clock.spent
                return [self._say("at_once", due=due, allowed=self._length(allowed), over=self._length(over))]
            return [self._say("over", due=due, spent=told, over=self._length(over))]
        if clock.due_at is None:
            return [self._say("paused", spent=told, left=left)]
        return [self._say("running", spent=told, left=left, at=self._moment(clock.due_at))]

    def _moment(self, at: datetime) -> str:
        return moment_text(at, self._calendar.zone, "ru" if self._is_russian else "en") + _seconds(at)

    def _span(self, start: datetime, end: datetime) -> str:
        """A span with its length, a long one with both its days."""
        here, there = (at.astimezone(self._calendar.zone) for at in (start, end))
        until = f"{there:%H:%M}{_seconds(end)}" if here.date() == there.date() else self._moment(end)
        return f"{self._moment(start)}-{until} ({self._length(end - start)})"


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _seconds(at: datetime) -> str:
    return f":{at:%S}" if at.second else ""
