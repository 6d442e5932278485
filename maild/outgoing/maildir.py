"""Mail out into a Maildir: for trying maild out, for tests, and for whatever takes its mail from a folder.

One file per envelope recipient. Its name follows from the mail and the recipient, so a mail that is handed over again
after a crash falls onto its own file: exactly once, whenever the power goes.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from maild.errors import RetryLater
from maild.files import sync_folder
from maild.outgoing.headers import clean
from maild.threads.plan import Outcome, OutgoingMail


class MaildirTransport:
    """Writes into `folder` (tmp, new, cur), durable before it says so."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = False

    def send(self, mail: OutgoingMail, before_data: Callable[[], None]) -> Outcome:  # noqa: ARG002 doing it twice is fine
        """Every recipient is accepted; raises RetryLater where the disk says no (full, read-only, no rights)."""
        try:
            if not self._made:
                self._make_folders()
            for recipient in mail.recipients:
                self._write(mail, recipient)
            sync_folder(self._folder / "new")
        except OSError as error:
            self._made = False  # somebody may have taken the folders away
            raise RetryLater(f"the maildir {self._folder} cannot be written: {error.strerror or error}") from error
        return Outcome(accepted=mail.recipients)

    def check(self) -> None:
        """Makes the folders and looks whether they can be written to. Raises RetryLater."""
        try:
            self._make_folders()
        except OSError as error:
            raise RetryLater(f"the maildir {self._folder} cannot be made: {error.strerror or error}") from error
        if not os.access(self._folder / "tmp", os.W_OK):
            raise RetryLater(f"the maildir {self._folder} cannot be written by this user")

    def close(self) -> None:
        """Nothing is held open."""

    def _make_folders(self) -> None:
        for name in ("tmp", "new", "cur"):
            (self._folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        self._made = True

    def _write(self, mail: OutgoingMail, recipient: str) -> None:
        name = _file_name(mail, recipient)
        if (self._folder / "new" / name).exists() or (mail.attempts > 1 and self._was_read(name)):
            return
        unfinished = self._folder / "tmp" / name
        with unfinished.open("wb") as file:
            file.write(_envelope("Return-Path", f"<{mail.envelope_from}>"))
            file.write(_envelope("X-Envelope-To", recipient))
            file.write(mail.raw)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(self._folder / "new" / name)

    def _was_read(self, name: str) -> bool:
        """Whether a mail program has moved the file on to cur/, under its flags."""
        return any(entry.name.partition(":")[0] == name for entry in os.scandir(self._folder / "cur"))


def _file_name(mail: OutgoingMail, recipient: str) -> str:
    """Sorted by time, alike for the same mail and recipient, and for no other, even of another database."""
    digest = hashlib.sha256(f"{mail.message_id}\0{recipient}".encode("utf-8", "replace")).hexdigest()
    return f"{int(mail.created_at.timestamp())}.{mail.id}_{digest[:20]}.maild"


def _envelope(name: str, value: str) -> bytes:
    return f"{name}: {clean(value)}\r\n".encode("utf-8", "replace")
