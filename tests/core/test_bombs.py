"""No mail costs more than is promised: the small ones here; `make bombs` tries them up to 25 MB."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import bombs
import pytest

PROGRAM = Path(bombs.__file__)


def run(*words: str) -> list[dict[str, object]]:
    """What the mails cost in a process of its own."""
    command = [sys.executable, str(PROGRAM), "--json", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.fault("G-1")
def test_no_small_mail_is_dear() -> None:
    """Every kind in 100 kB: a tenth of what one may cost leaves room for larger ones."""
    found = run("--quick")
    assert len(found) > 500
    assert [one for one in found if float(str(one["cpu"])) > bombs.CPU / 2 or bombs.too_dear(one)] == []


@pytest.mark.parametrize("kind", ["html links", "html from", "parts html", "nested", "text escapes", "To high"])
@pytest.mark.fault("G-1")
def test_what_was_dear_once_stays_cheap_in_a_large_mail(kind: str) -> None:
    """Work that grows faster than the mail shows itself here."""
    found = run("--size", "2000000", "--only", kind)
    assert found
    assert [one for one in found if bombs.too_dear(one)] == []


@pytest.mark.fault("G-1")
def test_what_is_left_out_is_told() -> None:
    """Text, header and parts that are cut are marked."""
    wanted = {
        "text nul": "the text is too long",
        "html divs": "the text is too long",
        "text one-line": "the text is too long",
        "header lines": "too many header fields",
        "header endless": "the header block is too long",
        "Subject words": "header Subject is too long",
        "parts text": "there are too many parts",
        "nested multiparts": "parts are nested too deep",
    }
    made = {bomb.name: bomb for bomb in bombs.bombs()}
    for name, defect in wanted.items():
        said = bombs.cost(made[name].make(200_000 if name == "Subject words" else 6_000_000))["said"]
        assert isinstance(said, list), name
        assert f"truncated: {defect}" in said, (name, said)
