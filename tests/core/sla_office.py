"""One promise and its times, for the timelines of the clocks."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from maild.sla.calendar import Calendar, Span
from maild.sla.events import ClockEvent, Clocks, Happening, apply_event
from maild.sla.promise import At, Promise, Step, Target

HOUR = timedelta(hours=1)
HOURS = (Span(time(9), time(13)), Span(time(14), time(18)))
OFFICE = Calendar(name="office", timezone="Europe/Moscow", hours=dict.fromkeys(range(5), HOURS))


def promise(**changes: object) -> Promise:
    """Four hours, eight hours, forty hours; warned at 75 %, raised at 100 %, a line up two hours later."""
    parts: dict[str, object] = {
        "name": "standard",
        "calendar": OFFICE,
        "first_response": 4 * HOUR,
        "next_response": 8 * HOUR,
        "resolution": 40 * HOUR,
        "pause": frozenset({"pending", "hold"}),
        "steps": (
            Step(target=Target.FIRST_RESPONSE, at=At.parse("75%"), tell=("assignee",)),
            Step(target=Target.FIRST_RESPONSE, at=At.parse("100%"), tell=("lead",), priority="high"),
            Step(target=Target.FIRST_RESPONSE, at=At.parse("+2h"), line="up"),
            Step(target=Target.RESOLUTION, at=At.parse("-30m"), tell=("queue",)),
        ),
    } | changes
    return Promise(**parts)  # type: ignore[arg-type]


def moscow(text: str) -> datetime:
    """A moment in Moscow: "20T16:00" is in November 2026, where the 20th is a Friday."""
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=ZoneInfo("Europe/Moscow"))


def timeline(*events: tuple[str, Happening, str], under: Promise | None = None) -> Clocks:
    """The clocks after a list of (moment, what happened, status after it)."""
    clocks: Clocks = ()
    for at, happening, status in events:
        event = ClockEvent(happening=happening, status=status)
        clocks = apply_event(clocks, under or promise(), event, moscow(at))
    return clocks
