"""docs/guarantees.md and the tests speak of the same cases, and every case is tried."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import conftest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
COUNTS = {"A": 15, "B": 14, "C": 12, "D": 12, "E": 12, "F": 9, "G-": 10, "H": 10, "I": 4}
CASES = {f"{letter}{number}" for letter, count in COUNTS.items() for number in range(1, count + 1)}


def marked() -> dict[str, list[bool]]:
    """The cases that tests are marked with, and for each test whether it is too long for every run."""
    found: dict[str, list[bool]] = {}
    for path in ROOT.glob("tests/**/test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                marks = [ast.unparse(one) for one in node.decorator_list]
                cases = re.findall(r"'([A-I]-?\d+)'", " ".join(m for m in marks if "mark.fault" in m))
                for case in cases:
                    found.setdefault(case, []).append("pytest.mark.long" in marks)
    return found


def named() -> set[str]:
    """The cases that the page names, "D1 to D12" written out."""
    text = PAGE.partition("## The figures")[0]
    found = set(re.findall(r"\b(?:[A-FHI]|G-)\d+\b", text))
    for letter, first, last in re.findall(r"\b([A-FHI]|G-)(\d+) to (?:[A-FHI]|G-)(\d+)\b", text):
        found |= {f"{letter}{number}" for number in range(int(first), int(last) + 1)}
    return found


def test_every_case_is_tried_and_stands_on_the_page() -> None:
    """None is only promised, none only tried."""
    assert set(marked()) == CASES
    assert named() == CASES


def test_the_core_set_is_tried_in_every_run() -> None:
    """Each of its cases has a test that is not left for the long form."""
    assert {case for case, long in marked().items() if not all(long)} >= conftest.CORE
    assert conftest.CORE <= CASES


def test_the_figures_are_those_of_cases() -> None:
    """Each line of the table begins with cases, and has a figure."""
    rows = re.findall(r"(?m)^\| ((?:[A-I]-?\d+(?:, )?)+) \| .*?\d.* \|$", PAGE.partition("## The figures")[2])
    assert {case for row in rows for case in row.split(", ")} <= CASES
    assert len(rows) >= 12
