"""The project speaks of itself alone: no machine it was written on, no place that packages come from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("maild", "tests", "docs", "rules", ".ci", "benchmarks")
FILES = ("README.md", "CHANGELOG.md", "Makefile", "pyproject.toml", "settings.toml", "requirements.txt", ".gitignore")
# Written with classes of one letter, so that this file does not find itself.
FOREIGN = {
    "a path of one machine": r"(?<![\w.])/[w]ork/|(?<![\w.])/[r]oot/|(?<![\w.])/[h]ome/\w",
    "a package registry": r"[p]ypi\.org|[p]ythonhosted\.org|[n]pmjs\.(?:org|com)|[g]ithubusercontent",
    "who wrote it": r"\b[h]elper-|\b[C]EO\b|\b[i]ssue #",
    "something unfinished": r"\b[T]ODO\b|\b[F]IXME\b|\b[X]XX\b",
}


def texts() -> list[Path]:
    """Every text file of the project, test mails left aside: others wrote the programs that made them."""
    found = [ROOT / name for name in (*FILES, "requirements-dev.txt") if (ROOT / name).is_file()]
    for folder in FOLDERS:
        found += [p for p in (ROOT / folder).rglob("*") if p.is_file() and p.suffix not in (".pyc", ".eml")]
    return found


@pytest.mark.parametrize("what", FOREIGN)
def test_nothing_foreign_is_named(what: str) -> None:
    """Neither in code, nor in comments, nor in docs."""
    pattern = re.compile(FOREIGN[what])
    hits = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in texts()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]
    assert hits == [], what


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_requirements_name_no_index_and_hash_everything(name: str) -> None:
    """Where packages come from is the business of whoever installs; what they are is fixed."""
    text = (ROOT / name).read_text(encoding="utf-8")
    lines = text.splitlines()
    assert [line for line in lines if re.match(r"\s*(?:-i|--(?:extra-)?index-url|--find-links|-f|-e)\b", line)] == []
    assert "://" not in text
    requirements = [block for block in re.split(r"(?m)^(?=[A-Za-z0-9])", text) if re.match(r"[A-Za-z0-9]", block)]
    assert requirements
    assert [block.split()[0] for block in requirements if "--hash=sha256:" not in block or "==" not in block] == []


def test_every_package_that_is_needed_is_fixed() -> None:
    """pyproject.toml and requirements.txt speak of the same packages."""
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    fixed = set(re.findall(r"(?m)^([a-z0-9][a-z0-9._-]*)==", (ROOT / "requirements.txt").read_text(encoding="utf-8")))
    names = {re.split(r"[<>=!~ ;\[]", one)[0].lower().replace("_", "-").replace(".", "-") for one in wanted}
    assert names <= {one.replace(".", "-") for one in fixed}
