"""Escalations that are killed in the middle, on both databases, by one desk and by two at once: each step once."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from daemon import make_desk
from office import NOW, ticket
from store.pieces import plan, save

from maild.cli.app import App
from maild.sla.events import Happening
from maild.store import open_keep
from maild.threads.model import Status
from maild.threads.promises import move_clocks

STEP = '\n[[promise.step]]\ntarget = "first_response"\nat = "{}"\ntell = ["{}"]\n'
SLA = (
    """
[[calendar]]
name = "office"
timezone = "UTC"

[[promise]]
name = "standard"
calendar = "office"
first_response = "4h"
"""
    + STEP.format("50%", "anna")
    + STEP.format("100%", "boris")
)
KILLER = Path(__file__).parents[1] / "killing.py"


@pytest.mark.fault("I2")
@pytest.mark.parametrize(("kind", "at_once"), [("sqlite", 1), ("postgresql", 1), ("postgresql", 2)])
def test_steps_are_climbed_once_whoever_is_killed_on_the_way(
    kind: str,
    at_once: int,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    size: Callable[[int, int], int],
    figure: Callable[[str], None],
) -> None:
    """Each ticket has one letter to Anna for the first step and one to Boris for the second, and both in its story."""
    count, kills = size(120, 2000), size(10, 100)
    url = f"sqlite:///{tmp_path}/maild.db" if kind == "sqlite" else request.getfixturevalue("shared")
    desk = make_desk(tmp_path / "d", {"database.url": url, "limits.notifications": 1_000_000})
    (desk.folder / "rules/sla.toml").write_text(SLA)
    promises = App(desk.settings).office.practice.promises
    keep = open_keep(url, "test")
    for number in range(1001, 1001 + count):
        new = ticket(number, status=Status.NEW)
        new, clocks = move_clocks(promises, new, (), (Happening.FIRST_MAIL,), NOW)
        save(keep, plan(number, ticket=new, clocks=clocks, next_step_at=NOW + timedelta(hours=2)))

    words = [str(desk.settings), (NOW + timedelta(hours=5)).isoformat(), str(kills), str(at_once)]
    done = subprocess.run([sys.executable, str(KILLER), *words], capture_output=True, text=True, timeout=1800)

    assert done.returncode == 0, done.stderr
    killed, hit = (int(number) for number in done.stdout.split())
    assert killed >= kills
    assert hit, "no kill hit the work"
    letters = Counter((row["ticket"], row["recipients"][0]["address"]) for row in keep.outbox.listing())
    climbed = Counter(
        (number, event["detail"])
        for number in range(1001, 1001 + count)
        for event in keep.views.ticket(str(number), "SUP").events
        if event["kind"] == "escalated"
    )
    keep.database.close()
    figure(f"{kind}, {at_once} at once: {count} tickets, {killed} SIGKILLs, {hit} in the work: each step once")
    agents = ("anna@desk.example", "boris@desk.example")
    assert letters == {(f"SUP-{n}", who): 1 for n in range(1001, 1001 + count) for who in agents}
    assert len(climbed) == 2 * count
    assert set(climbed.values()) == {1}
