"""The scanner that knows where in a TOML text each key and value stands."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from maild.config.positions import Place, locate

ROOT = Path(__file__).parents[2]

TEXT = '''# a comment with [brackets] and = signs
top = 1
"quoted key" = 2
a.b . "c.d" = 3

[table]
text = """
[not a table]
key = "not a key"
"""  # "
list = [
  "one", # two, ]
  { x = 1, y = [2, 3] },
]
date = 1979-05-27 07:32:00

[[rule]]
name = 'it''s'
when.subject = { words = ["a", "b"] }
[[rule.example]]
mail = { from = "x" }
[[rule.example]]
mail = { from = "y" }
[[rule]]
name = "second"
[rule.then]
queue = "q"
'''.replace("'it''s'", "'its'")


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("top",), Place(2, 1)),
        (("quoted key",), Place(3, 1)),
        (("a", "b", "c.d"), Place(4, 7)),
        (("table",), Place(6, 1)),
        (("table", "text"), Place(7, 1)),
        (("table", "list"), Place(11, 1)),
        (("table", "list", 1, "y"), Place(13, 12)),
        (("table", "date"), Place(15, 1)),
        (("rule", 0), Place(17, 1)),
        (("rule", 0, "when"), Place(19, 1)),
        (("rule", 0, "when", "subject"), Place(19, 6)),
        (("rule", 0, "when", "subject", "words"), Place(19, 18)),
        (("rule", 0, "example", 0, "mail", "from"), Place(21, 10)),
        (("rule", 0, "example", 1), Place(22, 1)),
        (("rule", 0, "example", 1, "mail", "from"), Place(23, 10)),
        (("rule", 1, "name"), Place(25, 1)),
        (("rule", 1, "then", "queue"), Place(27, 1)),
    ],
)
def test_a_key_is_found_where_it_stands(path: tuple[str | int, ...], place: Place) -> None:
    """Tables, arrays of tables, dotted, quoted and inline keys, behind strings and lists over several lines."""
    tomllib.loads(TEXT)
    assert locate(TEXT).key(path) == place


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("top",), Place(2, 7)),
        (("table", "list", 0), Place(12, 3)),
        (("table", "list", 1, "y", 1), Place(13, 20)),
        (("rule", 0, "when", "subject", "words", 1), Place(19, 32)),
    ],
)
def test_a_value_is_found_where_it_begins(path: tuple[str | int, ...], place: Place) -> None:
    """Items of lists have places of their own."""
    assert locate(TEXT).value(path) == place


def test_what_is_not_there_is_told_at_what_would_hold_it() -> None:
    """A missing key points at its table, and a missing table at the top of the file."""
    positions = locate(TEXT)
    assert positions.key(("rule", 1, "then", "line")) == positions.key(("rule", 1, "then"))
    assert positions.key(("nothing",)) == Place(1, 1)


@pytest.mark.parametrize("name", ["settings.toml", "rules/routing.toml", "rules/teams.toml", "rules/sla.toml"])
def test_every_key_of_the_shipped_files_is_found_on_its_line(name: str) -> None:
    """Each key's place begins with the key itself."""
    text = (ROOT / name).read_text(encoding="utf-8")
    positions, lines = locate(text), text.split("\n")
    paths = list(_paths(tomllib.loads(text)))
    assert paths
    for path in paths:
        place = positions.keys[path]
        rest = lines[place.line - 1][place.column - 1 :]
        assert rest.startswith(("[", str(path[-1]), f'"{path[-1]}"')), (path, rest)


def _paths(data: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found: list[tuple[str | int, ...]] = []
    if isinstance(data, dict):
        for key, value in data.items():
            found += [(*path, key), *_paths(value, (*path, key))]
    elif isinstance(data, list):
        for number, value in enumerate(data):
            found += _paths(value, (*path, number))
    return found
