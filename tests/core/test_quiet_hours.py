"""Quiet hours and wanted digests: until when news waits for its reader."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from office import ANNA, BORIS, NOW, TEAM, facts, judge, mail, practice

from maild.config.policy import load_policy
from maild.config.settings import Settings, load_settings
from maild.errors import ConfigError
from maild.people.quiet import Quiet, quiet_until
from maild.people.team import Agent, Team
from maild.threads.plan import Letter, LetterKind
from maild.threads.rest import resting

NIGHT = (Quiet.parse("20:00-08:00"),)


def at(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-23 16:59", None),
        ("2026-11-23 17:00", "2026-11-24 05:00"),
        ("2026-11-23 22:30", "2026-11-24 05:00"),
        ("2026-11-24 04:59", "2026-11-24 05:00"),
        ("2026-11-24 05:00", None),
    ],
)
def test_a_night_ends_in_the_morning_of_the_agents_own_zone(now: str, until: str | None) -> None:
    """20:00 in Moscow is 17:00 UTC."""
    assert quiet_until(NIGHT, "Europe/Moscow", at(now)) == (at(until) if until else None)


def test_spans_that_touch_are_one() -> None:
    """The evening and the night make one wait."""
    spans = tuple(map(Quiet.parse, ("18:00-24:00", "00:00-07:00", "06:30-07:30")))
    assert quiet_until(spans, "UTC", at("2026-11-23 19:00")) == at("2026-11-24 07:30")
    assert quiet_until(spans, "UTC", at("2026-11-23 08:00")) is None
    assert quiet_until((), "UTC", NOW) is None


def test_spans_that_leave_nothing_of_the_day_let_news_through_within_two() -> None:
    """Nothing waits without end."""
    always = tuple(map(Quiet.parse, ("00:00-13:00", "12:00-24:00")))
    until = quiet_until(always, "UTC", NOW)
    assert until is not None
    assert NOW < until <= NOW + timedelta(days=2)


@pytest.mark.parametrize("now", ["2026-03-28 23:30", "2026-03-29 00:59", "2026-10-24 23:30", "2026-10-25 00:30"])
def test_a_night_in_which_the_clocks_change_ends_when_the_wall_says_so(now: str) -> None:
    """In Berlin at 08:00, which is another hour of UTC than the day before."""
    until = quiet_until(NIGHT, "Europe/Berlin", at(now))
    assert until == at("2026-03-29 06:00" if "-03-" in now else "2026-10-25 07:00")


@pytest.mark.parametrize("now", ["2026-03-29 00:40", "2026-03-29 01:10", "2026-10-25 00:10", "2026-10-25 01:10"])
def test_an_end_in_the_hour_that_is_left_out_or_comes_twice_is_an_end(now: str) -> None:
    """Nothing waits for a time that there is not, or runs in a circle."""
    until = quiet_until((Quiet.parse("01:00-02:30"),), "Europe/Berlin", at(now))
    assert until is None or at(now) < until <= at(now) + timedelta(hours=2)


@pytest.mark.parametrize("text", ["20-8", "20:00-08:00 ", "24:00-08:00", "08:00-08:00", "00:00-24:00", "8:00-9:00", ""])
def test_what_is_no_part_of_a_day_is_refused(text: str) -> None:
    """And so is the whole day."""
    with pytest.raises(ValueError, match="day"):
        Quiet.parse(text)


def anna(**wishes: object) -> Team:
    """The team with an Anna who wants something."""
    return Team(agents=(replace(ANNA, **wishes), BORIS), queues=TEAM.queues)  # type: ignore[arg-type]


def news(kind: LetterKind = LetterKind.NOTIFICATION, priority: str = "normal") -> Letter:
    """A letter to Anna."""
    plan = judge(mail(), facts())
    letter = next(x for x in plan.letters if x.to[0].address == ANNA.address)
    return replace(letter, kind=kind, context={**letter.context, "ticket": {"priority": priority}})


DAY = (Quiet.parse("08:00-18:00"),)


@pytest.mark.parametrize(
    ("wishes", "letter", "minutes"),
    [
        ({}, news(), None),
        ({"quiet": DAY}, news(), 9 * 60),
        ({"quiet": DAY}, news(LetterKind.ESCALATION), 9 * 60),
        ({"quiet": DAY}, news(LetterKind.ESCALATION, "urgent"), None),
        ({"quiet": DAY}, news(priority="urgent"), 9 * 60),
        ({"digest": timedelta(hours=1)}, news(), 60),
        ({"digest": timedelta(hours=1)}, news(LetterKind.ESCALATION), None),
        ({"digest": timedelta(hours=1), "quiet": (Quiet.parse("10:00-11:00"),)}, news(), 120),
        ({"quiet": (Quiet.parse("20:00-08:00"),)}, news(), None),
    ],
)
def test_what_waits_and_how_long(wishes: dict[str, object], letter: Letter, minutes: int | None) -> None:
    """NOW is nine in the morning, UTC."""
    rest = resting(letter, practice(team=anna(**wishes)), NOW)
    assert (rest.until - NOW if rest else None) == (timedelta(minutes=minutes) if minutes else None)


def test_a_colleague_without_wishes_is_told_at_once() -> None:
    """One agent's quiet is nobody else's."""
    letter = replace(news(), to=(replace(news().to[0], address=BORIS.address),))
    assert resting(letter, practice(team=anna(quiet=DAY)), NOW) is None


# -- teams.toml --------------------------------------------------------------------------------------------------------


def read_agent(folder: Path, lines: str) -> Agent:
    """Anna, as a folder of rules tells of her."""
    settings: Settings = load_settings(write(folder, lines))
    return load_policy(settings.paths.rules, settings.desk).team.agents[0]


def write(folder: Path, lines: str) -> Path:
    """Settings and rules with these lines for Anna."""
    rules = folder / "rules"
    rules.mkdir()
    (folder / "settings.toml").write_text('[desk]\naddress = "support@desk.example"\ntimezone = "Europe/Moscow"\n')
    agent = f'[[agent]]\nid = "anna"\nname = "Anna"\naddress = "anna@desk.example"\n{lines}\n'
    (rules / "teams.toml").write_text(agent + '[[queue]]\nname = "support"\nagents = ["anna"]\ndefault = true\n')
    (rules / "routing.toml").write_text('[[rule]]\nname = "All"\ndefault = true\nthen.queue = "support"\n')
    return folder / "settings.toml"


def test_an_agents_wishes_are_read_in_the_desks_zone_or_his_own(tmp_path: Path) -> None:
    """Left out they are none."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    plain = read_agent(tmp_path / "a", "")
    assert (plain.quiet, plain.digest, plain.timezone) == ((), None, "Europe/Moscow")
    full = read_agent(tmp_path / "b", 'quiet = ["20:00-08:00"]\ndigest = "1h"\ntimezone = "Asia/Omsk"')
    assert (full.quiet, full.digest, full.timezone) == (NIGHT, timedelta(hours=1), "Asia/Omsk")


@pytest.mark.parametrize(
    "line", ['quiet = ["20-8"]', 'quiet = "20:00-08:00"', 'digest = "2d"', 'digest = "10s"', 'timezone = "Mars/One"']
)
def test_a_wish_that_nobody_understands_is_a_mistake_with_its_line(tmp_path: Path, line: str) -> None:
    """Told by `maild check`, like any other."""
    with pytest.raises(ConfigError) as error:
        read_agent(tmp_path, line)
    assert [finding.line for finding in error.value.findings] == [5]
