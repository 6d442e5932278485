"""The pages hang together: links lead somewhere, settings on them load, files and modules they name exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from maild.config.settings import load_settings

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
WANTED = {
    "agents",
    "architecture",
    "commands",
    "cookbook",
    "guarantees",
    "handbook",
    "letters",
    "operations",
    "report",
    "reading",
    "rules",
    "settings",
    "sla",
    "trips",
    "webhooks",
}


def anchors(page: Path) -> set[str]:
    """The names by which the headings of a page can be linked to."""
    headings = re.findall(r"(?m)^#+ (.+)$", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_is_there() -> None:
    """No page is missing, and none stands beside the list."""
    assert {page.stem for page in (ROOT / "docs").glob("*.md")} == WANTED


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    """To a file of ours, and where it names a heading, to that."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        assert "://" not in target, f"{target}: the pages are read without a network"
        name, _, heading = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.is_file(), target
        assert not heading or heading in anchors(file), target


def test_every_page_can_be_reached_from_the_readme() -> None:
    """A page that nobody links to is read by nobody."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert {Path(target).stem for target in re.findall(r"\((docs/\w+\.md)\)", text)} == WANTED


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    """Modules stand in backticks with their ending, some with their folder."""
    text = page.read_text(encoding="utf-8")
    modules = {str(path.relative_to(ROOT)) for path in ROOT.glob("maild/**/*.py")}
    for name in re.findall(r"`((?:[a-z_]+/)*[a-z_]+\.py)`", text):
        assert any(f"/{module}".endswith(f"/{name}") for module in modules), name
    for name in re.findall(r"`((?:maild|tests)/[a-z_/]*)`", text):
        assert (ROOT / name).exists(), name


SNIPPETS = re.findall(r"(?ms)^( *)```toml\n(.*?)^ *```", (ROOT / "docs" / "operations.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize("number", range(len(SNIPPETS)))
def test_settings_on_the_page_for_admins_can_be_used(number: int, tmp_path: Path) -> None:
    """Whoever copies them gets no mistake."""
    indent, text = SNIPPETS[number]
    file = tmp_path / "settings.toml"
    file.write_text(re.sub(rf"(?m)^{indent}", "", text), encoding="utf-8")
    assert load_settings(file).file == file


def test_the_two_commands_of_the_readme_are_targets_of_the_makefile() -> None:
    """And the readme names no other target."""
    told = set(re.findall(r"\bmake ([a-z]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    targets = set(re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
    assert {"run", "test"} <= told <= targets


def test_lines_of_the_pages_fit_on_a_screen() -> None:
    """Prose is broken at 130 characters; tables and links may be longer."""
    for page in PAGES:
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
            assert len(line) <= 130 or line.lstrip().startswith("|"), f"{page.name}:{number}"
