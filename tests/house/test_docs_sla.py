"""Every example of docs/sla.md works as it stands there."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from maild.config.policy import check_policy, load_policy
from maild.config.settings import load_settings
from maild.sla.closures import read_closed_days

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/sla.md").read_text(encoding="utf-8")
DESK = load_settings(ROOT / "settings.toml").desk
EXAMPLES = re.findall(r"(?ms)^```toml\n(.*?)^```", TEXT)
[CALENDAR_FILE] = re.findall(r"(?ms)^```ics\n(.*?)^```", TEXT)
PROMISE = '\n[[promise]]\nname = "p"\ncalendar = "office"\nresolution = "8h"\n'


def rules(folder: Path, text: str) -> Path:
    """The shipped rules with this sla.toml, and what it names."""
    shutil.copytree(ROOT / "rules", folder / "rules")
    (folder / "rules/sla.toml").write_text(text, encoding="utf-8")
    (folder / "rules/company.ics").write_text(CALENDAR_FILE, encoding="utf-8")
    (folder / "rules/letters/canned").mkdir(parents=True, exist_ok=True)
    (folder / "rules/letters/canned/sorry.txt").write_text("We are late, and sorry for it.\n")
    return folder / "rules"


@pytest.mark.parametrize("position", range(3))
def test_every_example_of_the_page_works(position: int, tmp_path: Path) -> None:
    """In place of the shipped sla.toml, without a mistake or a doubt."""
    assert len(EXAMPLES) == 3
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
