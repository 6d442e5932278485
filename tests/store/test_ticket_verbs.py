"""Orders that agents mail and nobody gives at the command line: whoever tries is shown what stands in their place."""

from __future__ import annotations

import re

import pytest

from maild.cli.main import maild, run


@pytest.mark.parametrize("name", ["take", "away", "back", "help", "list", "search", "report", "kb"])
def test_an_order_that_is_no_verb_of_a_ticket_names_what_stands_in_its_place(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A command that there is."""
    assert run(["ticket", name, "1001"]) == 64
    (said,) = re.findall(r": .*`maild ([a-z]+(?: [a-z]+)?)[^`]*`", capsys.readouterr().err)
    verb, _, below = said.partition(" ")
    command = maild.get_command(None, verb)  # type: ignore[arg-type]
    assert command is not None
    assert not below or below in getattr(command, "commands", {})
