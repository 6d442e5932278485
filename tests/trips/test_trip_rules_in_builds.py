"""What an admin's editor and build server get of the rules' folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from maild.cli.main import run

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new desk in the folder where the commands run."""
    monkeypatch.chdir(tmp_path)
    assert run(["init", "."]) == 0
    return tmp_path


def test_findings_come_as_sarif_at_their_places(desk: Path, capsys: Capture) -> None:
    """File, line, column, code and what to do; the file is named from the folder of the build."""
    file = desk / "rules" / "routing.toml"
    file.write_text(file.read_text("utf-8") + '\n[[rule]]\nname = "Last"\nwhen.subjct = "A"\n', "utf-8")
    lines = len(file.read_text("utf-8").splitlines())
    capsys.readouterr()
    assert run(["rules", "check", "--sarif"]) == 1
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    (made,) = said["runs"]
    assert (said["version"], made["tool"]["driver"]["name"]) == ("2.1.0", "maild")
    (slip,) = [r for r in made["results"] if r["ruleId"] == "unknown-key"]
    place = slip["locations"][0]["physicalLocation"]
    assert slip["level"] == "error"
    assert "did you mean 'subject'" in slip["message"]["text"]
    assert place["artifactLocation"]["uri"] == "rules/routing.toml"
    assert place["region"] == {"startLine": lines, "startColumn": 6}


def test_good_rules_are_an_empty_run(capsys: Capture) -> None:
    """Nothing to show, and 0."""
    capsys.readouterr()
    assert run(["rules", "check", "--sarif"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["results"] == []


def test_the_schemas_are_written_anew(desk: Path, capsys: Capture) -> None:
    """After an upgrade the old ones are replaced."""
    old = desk / "rules" / "schema" / "rules.json"
    shipped = old.read_bytes()
    old.write_text("{}")
    assert run(["rules", "schema"]) == 0
    assert old.read_bytes() == shipped
    assert "rules/schema/rules.json" in capsys.readouterr().out
