"""The machine's clock is set while a real daemon runs: deadlines come once each, and nothing stands still.

libfaketime gives the daemon another clock than ours, by a file that says how far off it is; `ticks` are tried without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from clients import reply_address, write_mail, write_reply
from daemon import Daemon, ended_at_last, make_desk, wait_for
from parts import need_file

IVAN, VERA = "ivan@customer.example", "vera@desk.example"
SLA = """
[[calendar]]
name = "here"
timezone = "Europe/Berlin"
hours = "always"

[[promise]]
name = "standard"
calendar = "here"
first_response = "90m"

[[promise.step]]
target = "first_response"
at = "100%"
tell = ["lead"]
"""
Steps = Callable[[timedelta], None]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Daemon]:
    """A desk that promises an answer within ninety minutes; the daemon does not run yet."""
    made = make_desk(tmp_path / "d")
    (made.folder / "rules" / "sla.toml").write_text(SLA)
    with ended_at_last(made):
        yield made


@pytest.fixture(params=["all clocks", "the wall clock"])
def steps(desk: Daemon, request: pytest.FixtureRequest) -> Steps:
    """Sets the daemon's clock so far off the real one; as a machine does it, and with every clock that there is."""
    library = need_file("libfaketime.so.1", "/usr/lib/*/faketime", "/usr/lib*/faketime")
    offset = desk.folder / "clock"
    desk.environment |= {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "TZ": "Europe/Berlin",
    }
    if request.param == "the wall clock":
        desk.environment["FAKETIME_DONT_FAKE_MONOTONIC"] = "1"

    def step(by: timedelta) -> None:
        beside = offset.with_suffix(".new")
        beside.write_text(f"{by.total_seconds():+.0f}s\n")
        beside.replace(offset)

    step(timedelta(0))
    return step


def write(desk: Daemon, number: int = 1) -> None:
    """Ivan writes, and what follows from it is done."""
    desk.deliver(write_mail("My printer burns, please help.", sender=IVAN, subject=f"Printer {number}"), IVAN)


def moves(desk: Daemon) -> None:
    """The ticks come, and mail is handled and answered: a changed rule is seen, a letter leaves."""
    rules = desk.folder / "rules" / "routing.toml"
    before = desk.log().count("rules are in force")
    rules.write_text(rules.read_text() + "\n")
    wait_for(lambda: desk.log().count("rules are in force") > before, "a tick", 30)


def told(desk: Daemon) -> int:
    """How many escalations have left."""
    return len(desk.letters(VERA))


@pytest.mark.fault("I1")
def test_a_step_back_repeats_nothing_and_stops_nothing(desk: Daemon, steps: Steps) -> None:
    """Two hours ahead the deadline is broken, once; back again, ahead again: never a second time."""
    desk.start()
    write(desk)
    steps(timedelta(hours=2))
    desk.wait_letters(1, VERA)
    steps(timedelta(hours=1))
    moves(desk)
    write(desk, 2)
    assert told(desk) == 1
    steps(timedelta(hours=2))
    moves(desk)
    assert told(desk) == 1
    steps(timedelta(hours=3))
    desk.wait_letters(2, VERA)
    assert "the clock was set back" in desk.log()
    assert desk.stop() == 0


@pytest.mark.fault("I1")
def test_a_step_of_a_year_makes_up_for_nothing_but_what_is_due(desk: Daemon, steps: Steps) -> None:
    """A clock that was wrong at the start is put right: one tick follows, and not one for every second between."""
    desk.start()
    write(desk)
    steps(timedelta(days=365))
    desk.wait_letters(1, VERA)
    moves(desk)
    write(desk, 2)
    assert told(desk) == 1
    steps(timedelta(0))
    moves(desk)
    write(desk, 3)
    assert told(desk) == 1
    assert desk.stop() == 0


@pytest.mark.fault("I1")
def test_an_hour_that_comes_twice_is_an_hour_of_work(desk: Daemon, steps: Steps) -> None:
    """The night when summer time ends: ninety minutes after 02:45 is 03:15."""
    night = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)
    begin = night - datetime.now(UTC)
    steps(begin)
    desk.start()
    write(desk)
    due = datetime.fromisoformat(desk.ticket("1001")["due_at"])
    assert timedelta(minutes=90) <= due - night < timedelta(minutes=91)
    steps(begin + timedelta(minutes=88))
    moves(desk)
    assert told(desk) == 0
    steps(begin + timedelta(minutes=92))
    desk.wait_letters(1, VERA)
    moves(desk)
    assert told(desk) == 1


@pytest.mark.fault("I1")
def test_what_waits_a_moment_waits_no_hour_longer_after_a_step_back(desk: Daemon, steps: Steps) -> None:
    """An answer that can be taken back for ten seconds has left by then, though the clock went an hour back."""
    settings = desk.settings.read_text()
    desk.settings.write_text(settings.replace('undo_delay = "0s"', 'undo_delay = "10s"'))
    desk.start()
    write(desk)
    before = len(desk.letters(IVAN))
    told_anna = desk.letters("anna@desk.example")[0]
    answer = write_reply(told_anna, "Pour water on it.", sender="anna@desk.example")
    desk.send(answer, "anna@desk.example", reply_address(told_anna), login="anna")
    wait_for(lambda: [row for row in desk.cli("outbox") if row["kind"] == "answer"], "the answer")
    steps(-timedelta(hours=1))
    desk.wait_letters(before + 1, IVAN)
