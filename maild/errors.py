"""Every error that maild raises on purpose.

    MaildError                    one clear sentence for a person, and the exit status it ends the command with
    |- UsageError                 64  the command's words are off
    |- DataError                  65  what was given is no mail, no number ...
    |- NotFound                   66  no such ticket, row or file
    |- Unavailable                69  port in use, database or relay away, not built yet
    |- CannotCreate               73  a file or folder cannot be written
    |- RetryLater(reason, after)  75  the same again may go well; at the SMTP door 451
    |- ConfigError(findings)      78  settings or rules: all mistakes at once
    |- Refused(code, text)        65  the SMTP door says no for good (5xx)
    '- Unreadable(reason)         65  a mail that cannot be understood; it becomes a ticket with the raw mail

Anything else that is raised is a bug: it is rolled back, the mail is kept, and the traceback is shelved with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal


class MaildError(Exception):
    """Something went wrong in a way that was foreseen."""

    exit_status = 70


class UsageError(MaildError):
    """The command was called in a way it does not know."""

    exit_status = 64


class DataError(MaildError):
    """What was given cannot be used."""

    exit_status = 65


class NotFound(MaildError):
    """What was asked for does not exist."""

    exit_status = 66


class Unavailable(MaildError):
    """A part that is needed does not answer."""

    exit_status = 69


class CannotCreate(MaildError):
    """A file or folder cannot be written."""

    exit_status = 73


class RetryLater(MaildError):
    """The same may go well later: nothing is lost, nothing is refused."""

    exit_status = 75

    def __init__(self, reason: str, after: timedelta = timedelta(minutes=1)) -> None:
        super().__init__(reason)
        self.after = after


class Refused(MaildError):
    """The SMTP door says no for good; the text names nothing internal."""

    exit_status = 65

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class Unreadable(MaildError):
    """A mail that no reader of ours understands; it is kept as it came."""

    exit_status = 65


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One mistake (or doubt) in a file that an admin wrote.

    `code` is stable (`unknown-key`, `unknown-queue`, `bad-pattern`, ...); line and column count from 1 (0: the file as
    a whole); `hint` says what to do.
    """

    file: str
    line: int
    column: int
    severity: Literal["error", "warning"]
    code: str
    message: str
    hint: str = ""
    rule: str | None = None
    source: str = ""
    """The line as it stands in the file, for the caret; empty where there is none."""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{where}: {self.severity}: {self.message}" + (f" ({self.hint})" if self.hint else "")


class ConfigError(MaildError):
    """Settings or rules cannot be used: every mistake at once."""

    exit_status = 78

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(f) for f in self.findings))
