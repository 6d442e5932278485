"""Writes rules/schema/*.json: what editors complete and check in the rules' files while they are typed.

    python packaging/schemas.py

The shapes come from the tables that read the files, the words from docs/rules.md. `maild rules check` finds far more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from maild.config.schema import ROUTING_TABLES, SLA_TABLES, TEAM_TABLES, Table
from maild.routing.checks import TESTS
from maild.routing.conditions import JOINS
from maild.routing.fields import FIELDS, HEADER, NAMED, Field, Kind, header_field

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "rules" / "schema"
_FILES: Mapping[str, Mapping[str, type[Table]]] = {"rules": ROUTING_TABLES, "teams": TEAM_TABLES, "sla": SLA_TABLES}
_CONDITION = "#/$defs/condition"
_TOLD_OF = {"Then": "then", "Expect": "expect", "StepTable": "step"}
"""Which of the page's tables tells of the keys, where its name is another."""
_NUMBER = {Kind.NUMBER: {"type": "integer"}}


class _Plain(GenerateJsonSchema):
    """Without what TOML cannot say (null) and what only Python wants to know (titles, defaults, docstrings)."""

    def nullable_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])

    def field_title_should_be_set(self, _schema: Any) -> bool:
        return False


def schemas() -> Iterator[tuple[str, str]]:
    """The name and the text of each file."""
    meanings = _meanings((ROOT / "docs" / "rules.md").read_text(encoding="utf-8"))
    for name, tables in _FILES.items():
        yield f"{name}.json", json.dumps(_schema(tables, meanings), indent=1, ensure_ascii=False) + "\n"


def _schema(tables: Mapping[str, type[Table]], meanings: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    kinds: dict[str, Any] = {}
    definitions: dict[str, Any] = {}
    for kind, table in tables.items():
        shape = table.model_json_schema(by_alias=True, schema_generator=_Plain)
        definitions |= shape.pop("$defs", {})
        definitions[kind] = shape
        kinds[kind] = {"type": "array", "items": {"$ref": f"#/$defs/{kind}"}}
    for name, definition in definitions.items():
        _say(definition, meanings.get(_TOLD_OF.get(name, name), {}))
    if _CONDITION in json.dumps(definitions):
        definitions["condition"] = _condition()
        definitions |= {f"{kind}_field": _tests(kind) for kind in Kind}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": kinds,
        "additionalProperties": False,
        "$defs": dict(sorted(definitions.items())),
    }


def _say(definition: dict[str, Any], meanings: Mapping[str, str]) -> None:
    """Give each key its meaning; conditions are described here, since pydantic sees any table in them."""
    for needless in ("title", "description"):
        definition.pop(needless, None)
    for key, shape in definition.get("properties", {}).items():
        if key == "when":
            shape.clear()
            shape["$ref"] = _CONDITION
        elif key in meanings:
            shape["description"] = meanings[key]


def _meanings(page: str) -> dict[str, dict[str, str]]:
    """What the tables of a page say of the keys: table by table, the last cell of each row."""
    found: dict[str, dict[str, str]] = {}
    table: dict[str, str] = {}
    for line in page.splitlines():
        if (head := re.match(r"\| key of (?:an? )?`?(\w+)`? \|", line)) is not None:
            table = found.setdefault(head[1], {})
        elif (row := re.match(r"\| `(\w+)` \|(?:.*\|)? (.+) \|$", line)) is not None:
            table[row[1]] = row[2].replace("`", "")
    return found


def _condition() -> dict[str, Any]:
    one = {"$ref": _CONDITION}
    several = {"type": "array", "items": one, "minItems": 1}
    properties: dict[str, Any] = {name: _of(field) for name, field in FIELDS.items()}
    for prefix in (HEADER, NAMED):
        text = {"$ref": f"#/$defs/{header_field('X').kind}_field"}
        properties[prefix.rstrip(".")] = {"type": "object", "additionalProperties": text, "minProperties": 1}
    for join, meaning in JOINS.items():
        properties[join] = {**(one if join == "not" else several), "description": meaning}
    return {"type": "object", "properties": properties, "additionalProperties": False, "minProperties": 1}


def _of(field: Field) -> dict[str, Any]:
    """A field: one of its words, a list of them, or a table of tests."""
    tests: dict[str, Any] = {"$ref": f"#/$defs/{field.kind}_field"}
    shapes = [tests]
    if field.choices:
        word = {"enum": list(field.choices)}
        words = {"type": "array", "items": word, "minItems": 1}
        shapes = [word, words, {"allOf": [{"type": "object"}, tests]}]
    return {"anyOf": shapes, "description": field.meaning}


def _tests(kind: Kind) -> dict[str, Any]:
    value: dict[str, Any] = _NUMBER.get(kind, {"type": "string", "minLength": 1})
    value_or_list = {"anyOf": [value, {"type": "array", "items": value, "minItems": 1}]}
    tests = {name: {**value_or_list, "description": t.meaning} for name, t in TESTS.items() if kind in t.kinds}
    tests["exists"] = {"type": "boolean", "description": TESTS["exists"].meaning}
    table = {"type": "object", "properties": tests, "additionalProperties": False, "minProperties": 1}
    return {"anyOf": [*value_or_list["anyOf"], table]}


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in schemas():
        (FOLDER / name).write_text(text, encoding="utf-8")
