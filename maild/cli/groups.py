"""Groups of verbs whose later members answer honestly."""

from __future__ import annotations

from typing import Any

import click

from maild.errors import Unavailable


class Group(click.Group):
    """A group that knows which of its verbs this version does not have yet: they stand in no help and answer 69."""

    def __init__(self, *arguments: Any, later: tuple[str, ...] = (), **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._later = frozenset(later)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self._later:
            text = f"this version of maild has no '{ctx.info_name} {cmd_name}' yet"
            raise Unavailable(f"{text}; `{ctx.command_path} --help` lists what there is")
        return super().get_command(ctx, cmd_name)
