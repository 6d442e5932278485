"""rules/schema/*.json: what editors complete and check by. They follow from the tables that read the files."""

from __future__ import annotations

import json
import re
import runpy
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

ROOT = Path(__file__).parents[2]
SCHEMAS = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in ROOT.glob("rules/schema/*.json")}
SAMPLES = {"rules": "routing.toml", "teams": "teams.toml", "sla": "sla.toml"}


def mistakes(name: str, text: str) -> list[str]:
    """What an editor would underline."""
    return [error.message for error in Draft7Validator(SCHEMAS[name]).iter_errors(tomllib.loads(text))]


def snippets() -> Iterator[tuple[str, str]]:
    """Every piece of a rules' file in the docs, by the schema that it belongs to."""
    for page in ("rules.md", "sla.md", "cookbook.md"):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        for piece in re.findall(r"```toml(?! settings)[^\n]*\n(.*?)```", text, re.DOTALL):
            kinds = {"agent": "teams", "queue": "teams", "organisation": "teams", "rule": "rules"}
            first = re.search(r"^\[\[(\w+)", piece, re.MULTILINE)
            if first is not None:
                yield kinds.get(first[1], "sla"), piece


def test_the_shipped_schemas_are_those_of_the_tables() -> None:
    """Else: python packaging/schemas.py."""
    made: dict[str, Any] = runpy.run_path(str(ROOT / "packaging" / "schemas.py"))
    for name, text in made["schemas"]():
        assert (ROOT / "rules" / "schema" / name).read_text(encoding="utf-8") == text, name


@pytest.mark.parametrize("name", SAMPLES)
def test_the_shipped_files_name_their_schema_and_fit_it(name: str) -> None:
    """The first line is what editors look for."""
    text = (ROOT / "rules" / SAMPLES[name]).read_text(encoding="utf-8")
    assert text.splitlines()[0] == f"#:schema schema/{name}.json"
    assert mistakes(name, text) == []


@pytest.mark.parametrize(("name", "piece"), [*snippets()])
def test_every_piece_in_the_docs_fits(name: str, piece: str) -> None:
    """What the reader types from the page is not underlined."""
    assert mistakes(name, piece) == []


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("rules", '[[rule]]\nname = "A"\nwhen.form = "a@b.example"'),
        ("rules", '[[rule]]\nname = "A"\nwhen.subject = { wrods = ["invoice"] }'),
        ("rules", '[[rule]]\nname = "A"\nwhen.any = [{ class = "persn" }]'),
        ("rules", '[[rule]]\nname = "A"\nwhen.size = { words = ["large"] }'),
        ("rules", '[[rule]]\nname = "A"\nwhen.hour = "nine"'),
        ("rules", '[[rule]]\nname = "A"\nthen.priorty = "high"'),
        ("rules", '[[rule]]\nname = "A"\nthen.priority = "hihg"'),
        ("rules", '[[rule]]\nwhen.subject = "A"'),
        ("rules", '[rule]\nname = "A"'),
        ("teams", '[[agent]]\nid = "anna"\nname = "Anna"'),
        ("teams", '[[agent]]\nid = "Anna"\nname = "Anna"\naddress = "anna@desk.example"'),
        ("sla", '[[promise]]\nname = "A"\ncalendar = "always"\nfirst_respose = "4h"'),
        ("sla", '[[promise]]\nname = "A"\ncalendar = "always"\nwhen.queu = "billing"'),
    ],
)
def test_a_slip_is_underlined(name: str, wrong: str) -> None:
    """Unknown keys, wrong kinds of value, missing keys."""
    assert len(mistakes(name, wrong)) == 1
