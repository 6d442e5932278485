"""The shape of the house: every module, function and test says what it is for, and nothing grows too big."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = sorted(ROOT.glob("maild/**/*.py"))
TESTS = sorted(ROOT.glob("tests/**/*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 600, 80
# Methods whose whole meaning is their name: Python's own, and those that a library calls.
UNTOLD = frozenset({"troubles", "get_command", "list_commands", "format_commands"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def parsed(path: Path) -> ast.Module:
    """A file's tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> Iterator[Function]:
    """Every function and method of a file, inner ones too."""
    return (node for node in ast.walk(parsed(path)) if isinstance(node, Function))


def public(body: list[ast.stmt], owner: str = "") -> Iterator[tuple[str, ast.ClassDef | Function]]:
    """Public classes, functions and methods, those of private classes left out."""
    for node in body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and not node.name.startswith("_"):
            yield f"{owner}{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body, f"{node.name}.")


def is_obvious(node: ast.ClassDef | Function) -> bool:
    """A property of a line or two is told by its name and type."""
    decorators = {ast.unparse(one) for one in node.decorator_list}
    return "property" in decorators and len(node.body) <= 2


def name(path: Path) -> str:
    """How a file is called in messages."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", CODE, ids=name)
def test_every_module_says_what_lives_there(path: Path) -> None:
    """A docstring with a sentence, not a word."""
    text = ast.get_docstring(parsed(path)) or ""
    assert len(text.split()) >= 4, f"{name(path)} does not say what lives in it"


@pytest.mark.parametrize("path", CODE, ids=name)
def test_every_public_name_says_what_it_is(path: Path) -> None:
    """Classes, functions and methods; short properties are told by their names."""
    for title, node in public(parsed(path).body):
        told = ast.get_docstring(node) or node.name in UNTOLD or is_obvious(node)
        assert told, f"{name(path)}:{node.lineno}: {title} has no docstring"


@pytest.mark.parametrize("path", TESTS, ids=name)
def test_every_test_says_what_it_shows(path: Path) -> None:
    """A docstring in every test, and a sentence as its name."""
    for node in functions(path):
        if node.name.startswith("test_"):
            assert ast.get_docstring(node), f"{name(path)}:{node.lineno}: {node.name} has no docstring"
            assert node.name.count("_") >= 2, f"{name(path)}:{node.lineno}: {node.name} is no sentence"


@pytest.mark.parametrize("path", [*CODE, *TESTS], ids=name)
def test_no_file_and_no_function_is_too_long(path: Path) -> None:
    """Whoever reads it can keep it in mind."""
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= LONGEST_FILE, f"{name(path)} has {lines} lines; cut it where it changes its subject"
    for node in functions(path):
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        assert length <= LONGEST_FUNCTION, f"{name(path)}:{node.lineno}: {node.name} has {length} lines"


def test_every_test_file_has_a_name_of_its_own() -> None:
    """With two of one name nobody knows which one is meant."""
    names = [path.name for path in TESTS if path.name != "conftest.py"]  # pytest wants this name
    assert sorted(set(names)) == sorted(names)
