"""What `maild check` says of the files that the settings name and somebody else has to write: passwords, certificates.

Each is opened, none is shown. Keys of agents and of DKIM have checks of their own, which look into them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from maild.config.settings import Settings
from maild.errors import Finding


def file_findings(settings: Settings) -> list[Finding]:
    """Every such file that is not there, or that we may not read."""
    return [
        _finding(section, f"{what} {path}: {reason}", code, hint)
        for section, what, path, code, hint in _named(settings)
        if path is not None and (reason := _trouble(path)) is not None
    ]


def _named(settings: Settings) -> Iterator[tuple[str, str, Path | None, str, str]]:
    """The section that names a file, what it is for, the file, the finding's code and what helps."""
    hint = "write the password into it, and `chmod 600` it for the user that maild runs as"
    for mailbox in settings.imap:
        section = f"[imap {mailbox.name}]"
        yield section, "the password file", mailbox.password_file, "no-password", hint
        if mailbox.oauth2 is not None:
            secret = mailbox.oauth2.client_secret_file
            yield section, "the file with the client's secret", secret, "no-password", hint
    yield "[outgoing]", "the password file", settings.outgoing.password_file, "no-password", hint
    hint = "check its name and rights"
    for webhook in settings.webhook:
        yield f"[webhook {webhook.name}]", "the file with certificates", webhook.ca_file, "no-file", hint
    yield "[smtp]", "the certificate", settings.smtp.tls_cert, "no-file", hint
    yield "[smtp]", "the certificate's key", settings.smtp.tls_key, "no-file", hint


def _trouble(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return None if file.read(1) else "there is nothing in it"
    except OSError as error:
        return f"cannot be read: {(error.strerror or str(error)).lower()}"


def _finding(section: str, message: str, code: str, hint: str) -> Finding:
    return Finding(file=section, line=0, column=0, severity="error", code=code, message=message, hint=hint)
