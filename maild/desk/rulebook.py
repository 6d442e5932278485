"""The rules while the daemon runs: read anew when a file changes, the last good set kept when an edit is broken."""

from __future__ import annotations

import logging
import os
import stat
from contextlib import suppress
from datetime import datetime
from itertools import chain

from maild.config.settings import Settings
from maild.desk.alarms import Alarms
from maild.desk.assembly import make_office
from maild.desk.causes import Cause
from maild.desk.handle import Office
from maild.errors import ConfigError, MaildError

_log = logging.getLogger("maild.rules")
_Signature = frozenset[tuple[str, int, int]]


class Rulebook:
    """Holds the office that is in force. Everything that can fail is done before anything is swapped."""

    def __init__(self, settings: Settings, alarms: Alarms) -> None:
        self._settings, self._alarms = settings, alarms
        self._seen = self._last = self._signature()
        self._office = make_office(settings)
        # Reads every letter now, so that a later edit that is broken finds the old text still in hand.
        self._office.letters.check()
        self._told = ""
        self.changed_at: datetime | None = None
        """When these rules came into force, where they were changed since the start."""

    @property
    def broken(self) -> bool:
        """Whether the files are worse than what is in force."""
        return bool(self._told)

    def office(self) -> Office:
        """The rules, letters and keys in force."""
        return self._office

    def accepts(self, address: str) -> bool:
        """Whether mail to this address is ours to take."""
        return self._office.practice.is_ours(address)

    def knows_domain(self, domain: str) -> bool:
        """Whether any address of ours is in this domain."""
        suffix = "@" + domain.lower()
        return any(address.endswith(suffix) for address in self._office.practice.own_addresses)

    def forget(self) -> None:
        """Read the files anew at the next look, changed or not, and whether or not they still change."""
        self._seen = self._last = frozenset()

    def look(self) -> None:
        """Read changed files once they have been the same at two looks; the admin is told of broken ones.

        Somebody may be in the middle of saving, and half a file may be a good one: promises cut off at its end would
        be taken from every ticket, and given back a moment later.
        """
        now_there, before = self._signature(), self._last
        self._last = now_there
        if now_there == self._seen or (before and before != now_there):
            return
        try:
            office = self._whole_office()
        except ConfigError as error:
            # What has changed while it was read is looked at once more.
            if now_there == self._signature():
                self._complain(error)
                self._seen = now_there
            return
        except MaildError as error:
            _log.warning("the rules cannot be read now: %s", error)
            return
        self._seen, self._office, self._told = now_there, office, ""
        self.changed_at = self._alarms.now()
        self._alarms.over(Cause.RULES_BROKEN)
        _log.info("rules are in force: revision %s", office.practice.revision)

    def _whole_office(self) -> Office:
        """Rules and letters as they stand in the files now. Raises ConfigError where either is broken."""
        office = make_office(self._settings)
        broken = [finding for finding in office.letters.check() if finding.severity == "error"]
        if broken:
            raise ConfigError(broken)
        return office

    def _complain(self, error: ConfigError) -> None:
        text = str(error)
        if text == self._told:
            return
        _log.error("the rules are broken, the last good ones stay:\n%s", text)
        # The same edit tried again is no news; another mistake is, within the hour too.
        self._alarms.tell(Cause.RULES_BROKEN, text, about=text.partition("\n")[0])
        self._told = text

    def _signature(self) -> _Signature:
        found = set()
        # Every other second for as long as the desk lives: a walk costs a fifth of what a glob does.
        paths = self._settings.paths
        for folder, _, names in chain(os.walk(paths.rules), os.walk(paths.kb)):
            for name in names:
                with suppress(OSError):
                    status = os.stat(path := os.path.join(folder, name))
                    if stat.S_ISREG(status.st_mode) and not name.startswith("."):
                        found.add((path, status.st_mtime_ns, status.st_size))
        return frozenset(found)
