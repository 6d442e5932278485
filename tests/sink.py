"""Postfix's smtp-sink: a relay that takes every mail and writes it down, envelope and bytes."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from daemon import HOST, free_port
from parts import need

_OWN_FIELD = re.compile(rb"\AReceived: from .*?;\s[^\n]*\n", re.DOTALL)


@dataclass(frozen=True)
class Taken:
    """One mail as the relay got it."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    at: float
    """When its last byte came, in seconds."""


@dataclass(frozen=True)
class Sink:
    """The running relay."""

    port: int
    folder: Path

    def mails(self) -> list[Taken]:
        """What came, in no order."""
        return [_read(path) for path in self.folder.glob("m.*")]


def _read(path: Path) -> Taken:
    head, _, raw = path.read_bytes().partition(b"\nReceived: from ")
    sender = re.search(rb"^X-Mail-Args: <(.*?)>", head, re.MULTILINE)
    recipients = re.findall(rb"^X-Rcpt-Args: <(.*?)>", head, re.MULTILINE)
    return Taken(
        sender=sender[1].decode() if sender else "",
        recipients=tuple(r.decode() for r in recipients),
        raw=_OWN_FIELD.sub(b"", b"Received: from " + raw),
        at=path.stat().st_mtime,
    )


@contextmanager
def smtp_sink(*flags: str) -> Iterator[Sink]:
    """A relay on a free port; skips the test where Postfix is not installed."""
    binary, port = need("smtp-sink"), free_port()
    folder = Path(tempfile.mkdtemp(prefix="maild-sink-"))
    account = ["-u", "nobody"] if os.geteuid() == 0 else []
    if account:
        shutil.chown(folder, "nobody")
    words = [binary, *account, *flags, "-d", f"{folder}/m.", f"{HOST}:{port}", "100"]
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await(port, process)
        yield Sink(port=port, folder=folder)
    finally:
        process.kill()
        process.wait(5)
        shutil.rmtree(folder, ignore_errors=True)


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        with suppress(OSError):
            socket.create_connection((HOST, port), 1).close()
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("smtp-sink did not start")
        time.sleep(0.01)
