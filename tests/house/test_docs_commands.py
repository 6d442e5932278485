"""docs/commands.md tells every verb and every option of the command, and no others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from maild.cli import main
from maild.threads.orders.table import HANDLERS

TEXT = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")


def tree(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command below one, with the words that lead to it."""
    if path:
        yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from tree(below, (*path, name))


OF_TICKET = [("ticket", name) for name in ("show", "history", "why")]
COMMANDS = dict(tree(main.maild))
VERBS = [path[0] for path in COMMANDS if len(path) == 1]


def section(path: tuple[str, ...]) -> str:
    """What the page says of a verb; the verbs below `ticket` have two sections of their own."""
    wanted = " ".join(path) if path[:2] in OF_TICKET else "ticket ORDER" if path[0] == "ticket" else path[0]
    parts = re.split(r"(?m)^## ", TEXT)
    return next((part for part in parts if re.match(rf"{wanted}\b", part)), "")


@pytest.mark.parametrize("path", [path for path in COMMANDS if path != ("ticket",)], ids=" ".join)
def test_every_verb_and_each_of_its_options_is_told(path: tuple[str, ...]) -> None:
    """In the verb's own section, between backticks or in its heading."""
    text = section(path)
    assert text, f"docs/commands.md has no section for `maild {' '.join(path)}`"
    if len(path) == 2:
        assert re.search(rf"`{path[1]}\b|^ticket {path[1]}\b", text), f"`{path[1]}` is not told"
    for parameter in COMMANDS[path].params:
        for option in parameter.opts if isinstance(parameter, click.Option) else ():
            assert re.search(rf"{option}(?![\w-])", text), f"{option} of `maild {' '.join(path)}` is not told"


def test_no_verb_is_told_that_does_not_exist() -> None:
    """Each heading below "Shapes" begins with a verb."""
    headings = re.findall(r"(?m)^## ([a-z]+)", TEXT)
    assert set(headings) == set(VERBS)


def test_no_option_is_told_that_does_not_exist() -> None:
    """Every --word on the page belongs to some command."""
    known = {option for command in COMMANDS.values() for p in command.params for option in p.opts}
    known |= {option for p in main.maild.params for option in p.opts} | {"--help"}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", TEXT)) <= known


def test_what_a_later_version_will_have_is_not_told() -> None:
    """Nobody looks for a verb that answers "not yet"."""
    assert "ticket take" not in TEXT


_OTHERWISE = {"take", "away", "back", "help", "list", "search", "report", "kb"}
"""Orders that are a verb of their own, or make no sense there."""


def test_every_order_can_be_given_at_the_command_line_but_take() -> None:
    """`take` is for the one who writes; at the command line there is `assign`."""
    given = {path[1] for path in COMMANDS if path[0] == "ticket" and len(path) == 2}
    assert given == set(HANDLERS) - _OTHERWISE


def test_every_verb_has_its_line_in_the_help() -> None:
    """The list of verbs in `maild --help` is the list of verbs."""
    text = click.Context(main.maild, info_name="maild").get_help()
    for verb in VERBS:
        assert re.search(rf"(?m)^  {verb}\s+\S", text), verb
