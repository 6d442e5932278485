"""Programs of other projects that tests talk to: found here, or the test is skipped and says what to install.

With MAILD_ALL_PARTS=1 a missing one fails the test instead, so that a green run cannot mean that nothing was tried.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

_PACKAGES = {
    "smtp-sink": "postfix",
    "smtp-source": "postfix",
    "postconf": "postfix",
    "dovecot": "dovecot-imapd",
    "neomutt": "neomutt",
    "openssl": "openssl",
    "swaks": "swaks",
    "libfaketime.so.1": "libfaketime",
    "strace": "strace",
    "gpg": "gpg",
}
"""The Debian package of each program."""


def need(program: str) -> str:
    """The program's path; where it is missing the test is skipped, or fails if MAILD_ALL_PARTS is set."""
    places = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/bin"])
    found = shutil.which(program, path=places)
    if found is None:
        text = f"{program} is missing: apt-get install {_PACKAGES.get(program, program)}"
        if os.environ.get("MAILD_ALL_PARTS") == "1":
            pytest.fail(text)
        pytest.skip(text)
    return found


def need_file(name: str, *folders: str) -> Path:
    """The first file of this name in folders like these; where there is none, as for a program."""
    found = [
        path / name for pattern in folders for path in Path("/").glob(pattern.lstrip("/")) if (path / name).is_file()
    ]
    if not found:
        text = f"{name} is missing: apt-get install {_PACKAGES[name]}"
        if os.environ.get("MAILD_ALL_PARTS") == "1":
            pytest.fail(text)
        pytest.skip(text)
    return found[0]
