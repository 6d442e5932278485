"""`maild agents` on a fresh desk: who serves, and the admin's word for somebody who cannot give it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from maild.cli.main import run


@pytest.fixture
def settings(tmp_path: Path) -> str:
    """The settings of a desk as `maild init` makes it."""
    assert run(["init", str(tmp_path)]) == 0
    return str(tmp_path / "settings.toml")


def listed(settings: str, capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, object]]:
    """What `maild agents --json` says, by the agents' ids."""
    capsys.readouterr()
    assert run(["--config", settings, "agents", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return {row["id"]: row for row in rows}


def test_an_agent_is_away_and_back_by_the_admins_word(settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Until the time that is named; whoever stands in is named, too."""
    assert listed(settings, capsys)["anna"]["away"] is None
    assert run(["--config", settings, "agents", "away", "anna", "2d", "boris"]) == 0
    assert "what is new on your tickets goes to Boris Novak" in capsys.readouterr().out
    anna = listed(settings, capsys)["anna"]
    assert (anna["deputy"], anna["open"], anna["queues"]) == ("boris", 0, ["support", "billing"])
    assert anna["away"] is not None
    assert run(["--config", settings, "agents"]) == 0
    assert "Анна Петрова" in capsys.readouterr().out
    assert run(["--config", settings, "agents", "back", "Anna"]) == 0
    assert listed(settings, capsys)["anna"]["away"] is None


@pytest.mark.parametrize(("words", "status"), [(["away", "nobody"], 66), (["away", "anna", "someday"], 65)])
def test_what_cannot_be_is_refused(settings: str, words: list[str], status: int) -> None:
    """Nobody is away by a slip of the pen."""
    assert run(["--config", settings, "agents", *words]) == status
