"""I: the clock and deadlines; steps and jumps of the clock are tried in tests/trips."""

from __future__ import annotations

import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from clients import write_mail
from daemon import SUPPORT, command, make_desk

STEPS = "".join(
    f'\n[[promise.step]]\ntarget = "first_response"\nat = "{at}"\ntell = ["queue"]\n' for at in ("50%", "100%")
)
PROMISES = f"""
[[calendar]]
name = "office"
timezone = "UTC"
hours = "always"

[[promise]]
name = "standard"
calendar = "office"
first_response = "4h"
{STEPS}
"""


@pytest.mark.fault("I2")
def test_i2_a_run_of_deadlines_that_is_killed_again_and_again_climbs_each_step_once(
    tmp_path: Path, size: Callable[[int, int], int], figure: Callable[[str], None]
) -> None:
    """Many tickets are due, and the run is killed in the middle of them: afterwards each has each step once."""
    desk, tickets, kills = make_desk(tmp_path / "d"), size(60, 3000), size(4, 100)
    (desk.folder / "rules" / "sla.toml").write_text(PROMISES)
    folder = tmp_path / "mails"
    folder.mkdir()
    for number in range(tickets):
        sender = f"c{number}@c{number}.example"
        raw = write_mail(f"Help {number}", sender=sender, message_id=f"<{number}@c.example>")
        (folder / f"{number:05}.eml").write_bytes(raw)
    assert desk.run("ingest", "--accept-only", "--recipient", SUPPORT, str(folder)).returncode == 0
    assert subprocess.run([*command(), "--config", str(desk.settings), "run", "--once"], timeout=3600).returncode == 0
    chance, now = random.Random(7), (datetime.now(UTC) + timedelta(days=1)).isoformat()
    words = [*command(), "--config", str(desk.settings), "tick", "--now", now]
    killed = 0
    for _ in range(kills):
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.3, 1.0))
        killed += process.poll() is None
        process.kill()
        process.wait()
    assert killed
    done = subprocess.run(words, capture_output=True, timeout=3600)
    assert done.returncode == 0, done.stderr
    climbed = Counter(
        [event["kind"] for event in desk.ticket(row["number"])["events"]].count("escalated")
        for row in desk.cli("tickets")
    )
    figure(f"{tickets} tickets with 2 steps due, {killed} SIGKILLs in the run: each step once")
    assert climbed == {2: tickets}
