"""What a verb needs, made when it is first asked for: settings, database, rules, the desk."""

from __future__ import annotations

import os
import socket
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from maild.clock import Clock, SystemClock
from maild.errors import ConfigError, Finding

if TYPE_CHECKING:
    from maild.config.settings import Settings
    from maild.desk.handle import Desk, Office
    from maild.people.team import Team
    from maild.store.inbox import InboxStore
    from maild.store.keep import Keep


class App:
    """One call of the command. Parts are imported as late as they are needed."""

    def __init__(self, named: Path | None, *, json: bool = False) -> None:
        self._named = named
        self.json = json
        self.clock: Clock = SystemClock()

    @property
    def settings_path(self) -> Path:
        """Where the settings file is looked for, whether it is there or not."""
        return self._named or Path("settings.toml")

    @cached_property
    def settings(self) -> Settings:
        """The settings; a missing file is an error that says where one was looked for. Raises ConfigError."""
        path = self.settings_path
        if not path.is_file():
            hint = "name it with --config or $MAILD_CONFIG, or make one with `maild init`"
            raise ConfigError(
                [
                    Finding(
                        file=str(path),
                        line=0,
                        column=0,
                        severity="error",
                        code="no-settings",
                        message="there is no settings file here",
                        hint=hint,
                    )
                ]
            )
        return self._load(path)

    @cached_property
    def settings_or_defaults(self) -> Settings | None:
        """The settings where there is a file, None where there is none: for verbs that need none."""
        path = self._named or Path("settings.toml")
        return self._load(path) if self._named is not None or path.is_file() else None

    @staticmethod
    def _load(path: Path) -> Settings:
        from maild.config.settings import load_settings

        return load_settings(path)

    @cached_property
    def keep(self) -> Keep:
        """The opened database. Raises RetryLater, Unavailable, CannotCreate, ConfigError."""
        from maild.store import open_keep

        return open_keep(self.settings.database.url, holder())

    @cached_property
    def inbox(self) -> InboxStore:
        """The inbox alone. Raises as `keep` does."""
        from maild.store import open_inbox

        return open_inbox(self.settings.database.url)

    @cached_property
    def office(self) -> Office:
        """Rules, letters and keys as they stand in the files now. Raises ConfigError with all mistakes."""
        from maild.desk.assembly import make_office

        return make_office(self.settings)

    @cached_property
    def team(self) -> Team:
        """Who serves and who asks, as far as teams.toml can be read now: tickets are shown over broken rules, too."""
        from maild.config.files import read_source
        from maild.config.team_file import read_team

        file = self.settings.paths.rules / "teams.toml"
        return read_team(read_source(file, str(file)), self.settings.desk)[0]

    @cached_property
    def desk(self) -> Desk:
        """The desk on this database."""
        from maild.desk.handle import Desk

        return Desk(self.keep, lambda: self.office, self.clock)


def holder() -> str:
    """How this process is known to others on the same database."""
    return f"{socket.gethostname()}/{os.getpid()}"
