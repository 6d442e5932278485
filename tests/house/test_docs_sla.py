"""Every example of docs/sla.md works as it stands there."""

from __future__ import annotations

import re
import shutil
from datetime import date, datetime
from pathlib import Path

import pytest

from maild.config.policy import check_policy, load_policy
from maild.config.settings import load_settings
from maild.desk.assembly import earlier_policy
from maild.desk.replay import promises_of
from maild.sla.closures import read_closed_days
from maild.sla.promise import Promise

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/sla.md").read_text(encoding="utf-8")
DESK = load_settings(ROOT / "settings.toml").desk
EXAMPLES = re.findall(r"(?ms)^```toml\n(.*?)^```", TEXT)
[CALENDAR_FILE] = re.findall(r"(?ms)^```ics\n(.*?)^```", TEXT)
Value = str | int | tuple[str, ...]
PROMISE = '\n[[promise]]\nname = "p"\ncalendar = "office"\nresolution = "8h"\n'


def rules(folder: Path, text: str) -> Path:
    """The shipped rules with this sla.toml, and what it names."""
    shutil.copytree(ROOT / "rules", folder / "rules")
    (folder / "rules/sla.toml").write_text(text, encoding="utf-8")
    (folder / "rules/company.ics").write_text(CALENDAR_FILE, encoding="utf-8")
    (folder / "rules/letters/canned").mkdir(parents=True, exist_ok=True)
    (folder / "rules/letters/canned/sorry.txt").write_text("We are late, and sorry for it.\n")
    return folder / "rules"


@pytest.mark.parametrize("position", range(7))
def test_every_example_of_the_page_works(position: int, tmp_path: Path) -> None:
    """In place of the shipped sla.toml, without a mistake or a doubt."""
    assert len(EXAMPLES) == 7
    text = EXAMPLES[position] if "[[promise]]" in EXAMPLES[position] else EXAMPLES[position] + PROMISE
    assert check_policy(rules(tmp_path, text), DESK) == []


def test_the_cookbook_gives_each_ticket_the_promise_that_it_says(tmp_path: Path) -> None:
    """By priority, customer, queue, tag and line, and the rest."""
    promises = load_policy(rules(tmp_path, EXAMPLES[1]), DESK).promises
    base = {"queue": "support", "priority": "normal", "line": 1, "tags": (), "customer": ("ivan@customer.example",)}

    def given(**fields: object) -> str:
        return next(p.promise.name for p in promises if p.fits(base | fields))  # type: ignore[arg-type]

    assert given() == "standard"
    assert given(priority="urgent", queue="billing") == "urgent"
    assert given(customer=("ceo@mail.big.example",), queue="billing") == "Big Company"
    assert given(queue="billing") == "money"
    assert given(tags=("hardware",), line=2) == "hardware"
    assert given(tags=("hardware",), line=1) == "standard"
    assert not any(promise.by_mail for promise in promises)


def given_by(folder: Path, position: int, **fields: Value) -> Promise:
    """The promise of an example that a mail with these fields gets."""
    base: dict[str, Value] = {"queue": "support", "tags": (), "customer": ("ivan@customer.example",), "class": "person"}
    promises = load_policy(rules(folder, EXAMPLES[position]), DESK).promises
    return next(p.promise for p in promises if p.fits(base | fields))


@pytest.mark.parametrize(
    ("position", "language", "came", "due"),
    [
        (3, "en", "2026-11-27T15:30+00:00", "2026-11-30T12:30+00:00"),
        (3, "ru", "2026-11-27T17:00+03:00", "2026-11-30T12:00+03:00"),
        (4, "ru", "2026-11-24T07:00+03:00", "2026-11-25T00:00+03:00"),
        (4, "ru", "2026-12-30T07:00+03:00", "2026-12-31T02:00+03:00"),
    ],
)
def test_the_recipes_are_due_when_the_page_says(
    position: int, language: str, came: str, due: str, tmp_path: Path
) -> None:
    """Weekends, zones and the short day counted."""
    promise = given_by(tmp_path, position, language=language)
    assert promise.first_response is not None
    reached = promise.calendar.add(datetime.fromisoformat(came), promise.first_response)
    assert reached == datetime.fromisoformat(due)


def test_the_last_recipe_tells_people_and_machines_apart(tmp_path: Path) -> None:
    """By class, by list, and the rest."""
    told: list[dict[str, Value]] = [{"class": "bulk"}, {"customer": ("kim@bank.example",)}, {}]
    names = [given_by(tmp_path / str(number), 6, **fields).name for number, fields in enumerate(told)]
    assert names == ["machines", "important people", "standard"]


def test_other_and_earlier_promises_ask_the_same_lists(tmp_path: Path) -> None:
    """`maild sla replay`, and the clocks of what was promised before an edit."""
    file = rules(tmp_path, EXAMPLES[6]) / "sla.toml"
    settings = load_settings(ROOT / "settings.toml")
    policy = load_policy(ROOT / "rules", DESK)
    assert [g.promise.name for g in promises_of(file, settings, policy.team).given][1] == "important people"
    assert earlier_policy(EXAMPLES[6], policy, settings).promises[1].fits({"customer": ("kim@bank.example",)})


def test_the_calendar_file_of_the_page_closes_the_days_that_it_names() -> None:
    """One day, and two that come again each year."""
    days, doubts = read_closed_days(CALENDAR_FILE)
    assert doubts == []
    assert [day in days for day in (date(2027, 6, 18), date(2028, 6, 18), date(2030, 12, 31), date(2031, 1, 1))] == [
        True,
        False,
        True,
        False,
    ]
