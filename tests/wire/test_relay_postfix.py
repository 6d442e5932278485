"""Mail to Postfix's own sink: a relay that others wrote."""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daemon import HOST, free_port, wait_for
from parts import need
from wire.relay_peer import Relay
from wire.test_relay_dialogue import Sending

from maild.threads.plan import Outcome


def listens(port: int) -> bool:
    """Whether somebody is there."""
    with socket.socket() as attempt:
        return attempt.connect_ex((HOST, port)) == 0


@contextmanager
def sink(folder: Path, *flags: str) -> Iterator[int]:
    """smtp-sink on a free port, writing what it takes into one file."""
    port = free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    command = [need("smtp-sink"), *user, *flags, "-D", f"{folder}/taken", f"127.0.0.1:{port}", "10"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: listens(port), "smtp-sink")
        yield port
    finally:
        process.terminate()
        process.wait(5)


def open_folder() -> Path:
    """A folder that the sink's own user may write into (pytest's are closed to others)."""
    folder = Path(tempfile.mkdtemp(prefix="maild-sink-"))
    if os.geteuid() == 0:
        os.chown(folder, pwd.getpwnam("nobody").pw_uid, -1)
    return folder


@contextmanager
def sending_to_sink(*flags: str) -> Iterator[tuple[Sending, Path]]:
    """A transport to a running sink, and the file of what it took."""
    need("smtp-sink")
    folder = open_folder()
    try:
        with sink(folder, *flags) as port:
            sending = Sending(Relay(port=port))
            yield sending, folder / "taken"
            sending.transport.close()
    finally:
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()


def test_fifty_mails_arrive_at_postfix_whole() -> None:
    """Each once, dots and all, over one connection."""
    with sending_to_sink() as (sending, taken):
        for number in range(50):
            raw = f"Message-ID: <{number}@desk.example>\r\n\r\n.dot\r\n..\r\nПривет\r\n".encode()
            assert sending.send(raw=raw).accepted
        sending.transport.close()
        wait_for(lambda: taken.read_bytes().count(b"\n.dot\n..\n") >= 50, "all of them")
        content = taken.read_bytes()
    assert [content.count(b"<%d@desk.example>" % number) for number in range(50)] == [1] * 50
    assert content.count(b"\n.dot\n..\n") == 50


def test_postfix_refusing_a_recipient_for_now_defers_it() -> None:
    """Its 450 to RCPT."""
    with sending_to_sink("-r", "RCPT") as (sending, _):
        outcome = sending.send()
    assert outcome.deferred[0][1].startswith("450")


def test_postfix_refusing_a_recipient_for_good_fails_it() -> None:
    """Its 500 to RCPT."""
    with sending_to_sink("-f", "RCPT") as (sending, _):
        outcome = sending.send()
    assert outcome.refused[0][1].startswith("500")


def test_postfix_hanging_up_at_the_dot_is_uncertain() -> None:
    """It has the mail and says nothing."""
    with sending_to_sink("-q", ".") as (sending, _):
        outcome = sending.send()
    assert outcome == Outcome(uncertain=True, error=outcome.error)
