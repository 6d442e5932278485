"""docs/settings.md and docs/rules.md tell every key, field, test, action and finding, and no others."""

from __future__ import annotations

import re
import shutil
from dataclasses import fields
from pathlib import Path

import pytest

from maild.config import schema
from maild.config.oauth2 import OAuth2
from maild.config.policy import check_policy
from maild.config.settings import SECTIONS, load_settings
from maild.routing.checks import TESTS
from maild.routing.conditions import JOINS
from maild.routing.examples import EXPECTABLE
from maild.routing.fields import EVENTS, FIELDS, Kind, header_field, named_field

ROOT = Path(__file__).parents[2]
SETTINGS = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
RULES = (ROOT / "docs/rules.md").read_text(encoding="utf-8")


def table(text: str, head: str) -> dict[str, list[str]]:
    """The table whose first column is headed so: the name in each row, and the other cells."""
    lines = text.partition(f"\n| {head} |")[2].split("\n")
    rows = []
    for line in lines[2:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    assert rows, head
    return {row[0].strip("` "): row[1:] for row in rows}


@pytest.mark.parametrize("name", SECTIONS)
def test_every_setting_is_told_with_its_default(name: str) -> None:
    """Each section's table is the section's keys, in their order."""
    brackets = f"[[{name}]]" if name in ("imap", "webhook") else f"[{name}]"
    told = table(SETTINGS.partition(f"## {brackets}")[2].partition("\n## ")[0], "key")
    assert list(told) == [field.name for field in fields(SECTIONS[name])]
    for field in fields(SECTIONS[name]):
        default = field.metadata.get("default", "has to be given")
        if not callable(default):
            assert told[field.name][0].strip("`") == shown(default), field.name


def test_every_key_of_oauth2_is_told_with_its_default() -> None:
    """In their order; what depends on the provider is told to be his."""
    told = table(SETTINGS, "key of `oauth2`")
    assert list(told) == [field.name for field in fields(OAuth2)]
    for field in fields(OAuth2):
        default = field.metadata["default"]
        assert told[field.name][0].strip("`") == ("the provider's" if callable(default) else shown(default))


def shown(default: object) -> str:
    """A default as the file would have it."""
    match default:
        case None:
            return "none"
        case "has to be given":
            return default
        case str():
            return f'"{default}"'
        case bool():
            return str(default).lower()
        case tuple():
            return "[" + ", ".join(shown(item) for item in default) + "]"
        case _:
            return str(default)


def test_every_field_is_told_as_it_is() -> None:
    """Name, kind, the events at which it is there, meaning and every word that it can be."""
    told = table(RULES, "field")
    fields = {**FIELDS, "header.X": header_field("X"), "field.X": named_field("X")}
    assert set(told) == set(fields)
    for name, field in fields.items():
        kind, where, meaning = told[name]
        assert (kind, where) == (field.kind, field.where)
        assert field.meaning in meaning or name.endswith(".X")
        assert all(choice in meaning for choice in field.choices)


def test_every_event_is_told_as_it_is() -> None:
    """Its name, and when it happens."""
    assert {name: cells[0] for name, cells in table(RULES, "event").items()} == EVENTS


def test_every_test_is_told_as_it_is() -> None:
    """Name, kinds and meaning."""
    told = table(RULES, "test")
    assert list(told) == list(TESTS)
    for name, test in TESTS.items():
        kinds, meaning = told[name]
        assert meaning == test.meaning
        wanted = {str(kind) for kind in test.kinds}
        assert kinds == "every kind" if wanted == set(Kind) else set(kinds.split(", ")) == wanted


def test_the_joins_and_the_expectations_are_told() -> None:
    """all, any, not; and what an example can expect."""
    assert {name: cells[0] for name, cells in table(RULES, "key").items()} == JOINS
    assert {name: cells[0] for name, cells in table(RULES, "key of `expect`").items()} == EXPECTABLE
    assert list(EXPECTABLE) == list(schema.Expect.model_fields)


@pytest.mark.parametrize(
    ("head", "model"),
    [
        ("key of a rule", schema.RuleTable),
        ("key of `then`", schema.Then),
        ("key of an agent", schema.AgentTable),
        ("key of a queue", schema.QueueTable),
        ("key of an organisation", schema.OrganisationTable),
        ("key of a calendar", schema.CalendarTable),
        ("key of a promise", schema.PromiseTable),
        ("key of a step", schema.StepTable),
    ],
)
def test_every_key_of_the_rules_files_is_told(head: str, model: type[schema.Table]) -> None:
    """And whether it has to be given."""
    told = table(RULES, head)
    assert set(told) == {field.alias or name for name, field in model.model_fields.items()}
    for name, field in model.model_fields.items():
        if head != "key of `then`" and name != "when":
            assert (told[field.alias or name][0] == "has to be given") == field.is_required(), name


def test_every_finding_is_told_and_none_is_invented() -> None:
    """The codes that stand in the code, with their severity."""
    sources = "".join(
        file.read_text(encoding="utf-8")
        for part in ("config", "routing")
        for file in (ROOT / "maild" / part).glob("*.py")
    )
    codes = set(
        re.findall(
            r'"((?:no|bad|unknown|missing|duplicate|never|default|two|example|hidden|queue|slow|free|empty|forward'
            r"|takes|too|alike|early|list|unsent|stray|partly)"
            r'-[a-z-]+)"',
            sources,
        )
    )
    codes |= {"uncovered"} & set(re.findall(r'"([a-z]+)"', sources))
    told = table(RULES, "code")
    assert set(told) == codes
    doubts = {"hidden-by", "uncovered", "queue-unserved", "missing-letter", "slow-pattern", "no-whole-day"}
    doubts |= {"free-mail-colleagues", "no-good-key", "takes-all", "too-broad", "never-sent", "alike-names", "no-queue"}
    doubts |= {"no-effect", "unknown-field", "unknown-step", "list-entry", "empty-list", "no-lead", "early-step"}
    doubts |= {"stray-file", "unsent-letter", "partly-hidden"}
    assert {code for code, cells in told.items() if cells[0] == "warning"} == doubts


@pytest.mark.parametrize("position", range(10))
def test_every_snippet_of_the_page_works(position: int, tmp_path: Path) -> None:
    """Each is put in place of the shipped file of its kind, and its examples are run."""
    snippets = re.findall(r"(?ms)^```toml ?(\w*)\n(.*?)^```", RULES)
    assert len(snippets) == 10
    kind, text = snippets[position]
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    if kind == "teams":
        (tmp_path / "rules/routing.toml").write_text('[[rule]]\nname = "x"\ndefault = true\n')
        (tmp_path / "rules/sla.toml").unlink()
    (tmp_path / "rules" / f"{kind or 'routing'}.toml").write_text(text, encoding="utf-8")
    assert check_policy(tmp_path / "rules", load_settings(ROOT / "settings.toml").desk) == []
