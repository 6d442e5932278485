"""The arithmetic of a clock in words, so that a person can check it with a wall calendar."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from maild.sla.calendar import Calendar
from maild.sla.deadlines import ClockState, TicketClock, is_breached, spent_at
from maild.sla.promise import Promise, Target, duration_text

_SPANS_SHOWN = 6
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
    "no_time": "no working time since",
    "more": "{count} more spans ({length})",
    "counted": "counted {spans}",
    "met": "met {at} after {spent}",
    "late": "too late {at} after {spent}",
    "due_at": "due {at}",
    "due": "due",
    "over": "{due}, {spent} spent, over by {over}",
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
    "no_time": "с тех пор рабочего времени не было",
    "more": "ещё отрезков: {count} ({length})",
    "counted": "учтено: {spans}",
    "met": "выполнено {at}, прошло {spent}",
    "late": "выполнено с опозданием {at}, прошло {spent}",
    "due_at": "срок {at}",
    "due": "срок",
    "over": "{due}, прошло {spent}, просрочено на {over}",
    "paused": "пауза, прошло {spent}, осталось {left}",
    "running": "прошло {spent}, осталось {left}, срок {at}",
}


def explain(clock: TicketClock, promise: Promise, now: datetime, language: str = "en") -> str:
    """Promise, start, pauses taken off, every span counted, what is spent and left; in the calendar's own time zone.

    One line of sentences, in English or Russian, for `ticket show`, `explain` and `/why`.
    """
    return _Teller(promise.calendar, now, language).tell(clock, promise)


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
            return self._say("not_promised", name=name, promise=promise.name)
        calendar = self._calendar
        length, zone = self._length(allowed), calendar.timezone
        sentences = [
            self._say(
                "promised", name=name, allowed=length, calendar=calendar.name, timezone=zone, promise=promise.name
            ),
            self._say("started", at=self._moment(clock.started_at)),
            *self._before(clock),
            *self._counted(clock),
            *self._outcome(clock, allowed),
        ]
        if self._is_russian:
            sentences = [sentence[:1].upper() + sentence[1:] for sentence in sentences]
        return ". ".join(sentences) + "."

    def _before(self, clock: TicketClock) -> list[str]:
        """What was counted before the last pause, or by another promise, and what the pauses took off."""
        if clock.resumed_at is None or clock.resumed_at <= clock.started_at:
            return []
        before = self._say("before", spent=self._length(clock.spent), at=self._moment(clock.resumed_at))
        if clock.moved_from is not None:
            # Pauses were pauses of that promise, by its calendar: this one cannot tell how long they were.
            return [before + (self._say("moved", promise=clock.moved_from) if clock.spent else "")]
        paused = self._calendar.between(clock.started_at, clock.resumed_at) - clock.spent
        return [before + (self._say("off", paused=self._length(paused)) if paused > timedelta(0) else "")]

    def _counted(self, clock: TicketClock) -> list[str]:
        """The spans from the last start: up to the due time while it is ahead, else up to now."""
        if clock.resumed_at is None:
            return []
        end = max(self._now, clock.due_at) if clock.due_at is not None else self._now
        spans = self._calendar.spans_between(clock.resumed_at, end)
        if not spans:
            return [self._say("no_time")]
        shown = [self._span(a, b) for a, b in spans]
        if len(shown) > _SPANS_SHOWN:
            left_out = sum(((b - a) for a, b in spans[_SPANS_SHOWN - 2 : -1]), timedelta(0))
            middle = self._say("more", count=len(shown) - _SPANS_SHOWN + 1, length=self._length(left_out))
            shown = [*shown[: _SPANS_SHOWN - 2], middle, shown[-1]]
        return [self._say("counted", spans=", ".join(shown))]

    def _outcome(self, clock: TicketClock, allowed: timedelta) -> list[str]:
        spent = spent_at(clock, self._calendar, self._now)
        told = self._length(spent)
        if clock.ended_at is not None:
            key = "met" if clock.state is ClockState.MET else "late"
            return [self._say(key, at=self._moment(clock.ended_at), spent=told)]
        left = self._length(max(allowed - spent, timedelta(0)))
        if is_breached(clock, self._now):
            over = self._length(max(spent - allowed, timedelta(0)))
            due = self._say("due_at", at=self._moment(clock.due_at)) if clock.due_at is not None else self._say("due")
            return [self._say("over", due=due, spent=told, over=over)]
        if clock.due_at is None:
            return [self._say("paused", spent=told, left=left)]
        return [self._say("running", spent=told, left=left, at=self._moment(clock.due_at))]

    def _moment(self, at: datetime) -> str:
        return moment_text(at, self._calendar.zone, "ru" if self._is_russian else "en")

    def _span(self, start: datetime, end: datetime) -> str:
        """A span with its length, a long one with both its days."""
        here, there = (at.astimezone(self._calendar.zone) for at in (start, end))
        until = f"{there:%H:%M}" if here.date() == there.date() else self._moment(end)
        return f"{self._moment(start)}-{until} ({self._length(end - start)})"
