"""Groups of verbs that know where else to look for what they do not have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from maild.errors import UsageError


class Group(click.Group):
    """A group that says of some verbs, which one may well try, what stands in their place."""

    def __init__(self, *arguments: Any, elsewhere: Mapping[str, str] | None = None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._elsewhere = dict(elsewhere or {})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self._elsewhere:
            raise UsageError(f"there is no `{ctx.command_path} {cmd_name}`: {self._elsewhere[cmd_name]}")
        return super().get_command(ctx, cmd_name)
