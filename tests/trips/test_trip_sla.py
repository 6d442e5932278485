"""`maild sla replay` at a real desk: past tickets under other promises, and what is wrong with a file of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from clients import write_mail
from daemon import SUPPORT, Daemon, make_desk

CALENDAR = '[[calendar]]\nname = "office"\ntimezone = "UTC"\n'
PROMISE = '[[promise]]\nname = "{}"\ncalendar = "office"\nfirst_response = "{}"\nresolution = "40h"\n{}\n'


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Three tickets: one is solved at once, one has its queue changed, one came as it is."""
    made = make_desk(tmp_path_factory.mktemp("desk") / "d")
    (made.folder / "rules/sla.toml").write_text(CALENDAR + PROMISE.format("standard", "4h", ""))
    folder = made.folder / "mails"
    folder.mkdir()
    for number in range(3):
        raw = write_mail(f"Help {number}", sender=f"c{number}@c.example", message_id=f"<{number}@c.example>")
        (folder / f"{number}.eml").write_bytes(raw)
    assert made.run("ingest", "--recipient", SUPPORT, str(folder)).returncode == 0
    for words in (("solve", "1001"), ("queue", "1002", "billing")):
        assert made.run("ticket", *words).returncode == 0
    return made


def policy(folder: Path, text: str) -> str:
    """A file of promises."""
    file = folder / "tighter.toml"
    file.write_text(CALENDAR + text)
    return str(file)


def test_the_promises_in_force_change_nothing(desk: Daemon) -> None:
    """Held against themselves."""
    [totals] = desk.cli("sla", "replay", "--policy", str(desk.folder / "rules/sla.toml"))
    assert (totals["tickets"], totals["changed"], totals["left_out"]) == (3, 0, 0)
    first = next(p for p in totals["promises"] if (p["policy"], p["target"]) == ("after", "first_response"))
    assert (first["promise"], first["kept"], first["breached"], first["running"]) == ("standard", 1, 0, 2)
    assert first["median_spent"].endswith("s")


def test_tickets_that_would_have_another_promise_are_named_with_both(desk: Daemon, tmp_path: Path) -> None:
    """One of billing would have been under its own promise since its queue was changed."""
    text = PROMISE.format("money", "30m", 'when.queue = "billing"') + PROMISE.format("standard", "4h", "")
    *changed, totals = desk.cli("sla", "replay", "--policy", policy(tmp_path, text))
    named = [(c["ticket"], *({o["promise"] for o in c[when]} for when in ("before", "after"))) for c in changed]
    assert named == [("SUP-1002", {"standard"}, {"money"})]
    assert totals["changed"] == 1
    told = desk.run("sla", "replay", "--policy", policy(tmp_path, text)).stdout
    assert "SUP-1002: standard first_response running" in told
    assert "3 tickets, 1 differ, 0 left out" in told


def test_a_time_leaves_out_what_was_opened_before_or_after(desk: Daemon) -> None:
    """From a moment on, or up to one."""
    words = ("sla", "replay", "--policy", str(desk.folder / "rules/sla.toml"))
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert desk.cli(*words, "--since", tomorrow)[-1]["tickets"] == 0
    assert desk.cli(*words, "--until", tomorrow)[-1]["tickets"] == 3


def test_a_broken_file_is_told_with_its_places_and_a_missing_one_by_name(desk: Daemon, tmp_path: Path) -> None:
    """As `maild rules check` tells them; nothing is replayed."""
    done = desk.run("sla", "replay", "--policy", policy(tmp_path, '[[promise]]\nname = "x"\ncalendar = "offce"\n'))
    assert done.returncode == 78
    assert "tighter.toml:6" in done.stderr
    assert desk.run("sla", "replay", "--policy", str(tmp_path / "none.toml")).returncode == 66


def test_a_promise_that_looks_at_mails_is_told_not_to_be_known_of_past_ones(desk: Daemon, tmp_path: Path) -> None:
    """It fits no past ticket, and says so."""
    text = PROMISE.format("by mail", "30m", 'when.subject = "x"') + PROMISE.format("standard", "4h", "")
    done = desk.run("sla", "replay", "--json", "--policy", policy(tmp_path, text))
    assert "'by mail' looks at the mail" in done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["changed"] == 0
