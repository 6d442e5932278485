"""The secret file: the keys that sign reply addresses and Message-IDs.

It is made once, with mode 600, and belongs into every backup: without it the addresses in letters already sent count as
strangers'. All desks on one database share it.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Literal

from maild.errors import CannotCreate, ConfigError, Finding
from maild.files import sync_folder, write_draft
from maild.messages.tokens import Key, parse_keys


def ensure_secret(path: Path) -> tuple[Key, ...]:
    """The keys in this file, which is made where there is none. Raises ConfigError, CannotCreate."""
    try:
        return read_secret(path)
    except FileNotFoundError:
        _make(path)
        return read_secret(path)


def read_secret(path: Path) -> tuple[Key, ...]:
    """The keys in this file. Raises FileNotFoundError, ConfigError."""
    try:
        return parse_keys(path.read_text(encoding="ascii"))
    except FileNotFoundError:
        raise
    except (ValueError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigError([_finding(path, f"the secret file cannot be used: {reason}")]) from error


def secret_findings(path: Path) -> list[Finding]:
    """What is wrong with a secret file, without making one."""
    try:
        read_secret(path)
    except FileNotFoundError:
        return [_finding(path, "there is no secret file yet; it is made at the first start", severity="warning")]
    except ConfigError as error:
        return list(error.findings)
    if path.stat().st_mode & 0o077:
        return [_finding(path, "others can read the secret file", severity="warning", hint=f"chmod 600 {path}")]
    return []


def _finding(path: Path, message: str, *, severity: Literal["error", "warning"] = "error", hint: str = "") -> Finding:
    hint = hint or "restore it from the backup; without it the addresses in letters already sent count as strangers'"
    return Finding(file=str(path), line=0, column=0, severity=severity, code="secret", message=message, hint=hint)


def _make(path: Path) -> None:
    """Whole or not at all: two processes that start at once must not each have a secret of their own."""
    head = "# maild's keys: the first one signs, all of them check. Keep this file, and keep it secret."
    text = f"{head}\na:{secrets.token_hex(32)}\n"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = write_draft(path, text.encode("ascii"))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was quicker, and its keys are the ones
        finally:
            draft.unlink()
        sync_folder(path.parent)
    except OSError as error:
        raise CannotCreate(f"cannot write the secret file {path}: {error.strerror}; is its folder writable?") from error
