"""Every recipe of docs/cookbook.md works on the sample desk: no mistake, no doubt, every example holds."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from maild.config.policy import check_policy, load_policy
from maild.config.settings import Settings, load_settings
from maild.desk.assembly import make_letters

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "cookbook.md").read_text(encoding="utf-8")
DEFAULT = '\n[[rule]]\nname = "Everything else"\ndefault = true\n'
HOMES = {"agent": "teams", "queue": "teams", "organisation": "teams", "calendar": "sla", "promise": "sla"}


@dataclass(frozen=True)
class Recipe:
    """One heading of the page, with its blocks: what they are (toml, or a file's name) and what stands in them."""

    title: str
    blocks: tuple[tuple[str, str], ...]


def recipes() -> Iterator[Recipe]:
    """Every heading below which something can be copied."""
    for section in re.split(r"(?m)^### ", TEXT)[1:]:
        title, _, rest = section.partition("\n")
        yield Recipe(title, tuple(re.findall(r"(?ms)^```((?:toml|text) ?\S*)\n(.*?)^```", rest)))


RECIPES = list(recipes())


def followed(recipe: Recipe, folder: Path) -> Settings:
    """The sample desk after somebody has done what the recipe says."""
    shutil.copytree(ROOT / "rules", folder / "rules")
    shutil.rmtree(folder / "rules/examples", ignore_errors=True)
    settings = (ROOT / "settings.toml").read_text(encoding="utf-8")
    rules = ""
    for kind, text in recipe.blocks:
        head = re.search(r"(?m)^\[\[(\w+)", text)
        if kind.startswith("text "):
            file = folder / kind.removeprefix("text ")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        elif kind == "toml settings":
            settings = with_settings(settings, text)
        elif head is not None and head[1] in HOMES:
            put(folder / "rules" / f"{HOMES[head[1]]}.toml", text)
        else:
            rules += text + "\n"
    (folder / "rules/routing.toml").write_text(rules + DEFAULT, encoding="utf-8")
    (folder / "settings.toml").write_text(settings, encoding="utf-8")
    return load_settings(folder / "settings.toml")


def with_settings(settings: str, text: str) -> str:
    """The settings with the keys of a recipe: in their section, if there is one, else at the end."""
    section, _, keys = text.partition("\n")
    there = section.startswith("[[") or f"\n{section}" not in settings
    return f"{settings}\n{text}" if there else settings.replace(f"\n{section}", f"\n{section}\n{keys}", 1)


def put(file: Path, text: str) -> None:
    """The tables of a recipe above those of the file, whose tables of the same name go."""
    tables = re.split(
        r"(?m)^(?=\[\[(?:agent|queue|organisation|calendar|promise)\]\])", file.read_text(encoding="utf-8")
    )
    new = {name_of(table) for table in re.split(r"(?m)^(?=\[\[\w+\]\])", text)}
    file.write_text("\n".join([text, *(table for table in tables if name_of(table) not in new)]), encoding="utf-8")


def name_of(table: str) -> tuple[str, str] | None:
    """What a table is and how it is called; None for what has no name."""
    for kind, (first, *_) in tomllib.loads(table).items():
        return (kind, first.get("id") or first["name"]) if kind in HOMES and first.keys() & {"id", "name"} else None
    return None


def test_there_are_recipes_and_each_can_be_copied() -> None:
    """A heading with prose alone is no recipe."""
    assert len(RECIPES) >= 25
    assert [recipe.title for recipe in RECIPES if not recipe.blocks] == []


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.title)
def test_a_recipe_works_on_the_sample_desk(recipe: Recipe, tmp_path: Path) -> None:
    """Every rule of it is shown at work by an example; letters in all languages of the desk."""
    settings = followed(recipe, tmp_path)
    assert check_policy(settings.paths.rules, settings.desk) == []
    assert [finding for finding in make_letters(settings).check() if "letters/de" not in finding.file] == []
    rules = {rule.name for rule in load_policy(settings.paths.rules, settings.desk).rules.rules} - {"Everything else"}
    written = [text for kind, text in recipe.blocks if kind == "toml" and "[[rule]]" in text]
    assert len(rules) == sum(text.count("[[rule]]") for text in written)
    assert all("[[rule.example]]" in text for text in written)


def test_the_list_of_recipes_on_top_names_each_of_them() -> None:
    """In their order."""
    top = TEXT.partition("\n## ")[0]
    wanted = [re.sub(r"[^\w\- ]", "", recipe.title.lower()).replace(" ", "-") for recipe in RECIPES]
    assert re.findall(r"\]\(#([^)]+)\)", top) == wanted
