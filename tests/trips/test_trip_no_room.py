"""The disk is full, the database is locked: at the door that is "try again", for as long as it lasts and no longer."""

from __future__ import annotations

import smtplib
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from daemon import HOST, SUPPORT, Daemon, ended_at_last, make_desk, wait_for

MEGABYTES = 3


@pytest.fixture
def desk(tmp_path: Path) -> Daemon:
    """A desk that does not run yet; its letters lie elsewhere."""
    return make_desk(tmp_path / "desk", {"outgoing.maildir": str(tmp_path / "letters")})


@pytest.fixture
def small(tmp_path: Path, desk: Daemon) -> Iterator[Path]:
    """Its database and all that belongs to it, on a disk of three megabytes."""
    folder = tmp_path / "desk" / "var"
    kept = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    options = f"size={MEGABYTES}m"
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("only root may mount a small disk")
    for path, content in kept.items():
        path.write_bytes(content)
        path.chmod(0o600)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def mail(number: int, size: int = 1000) -> bytes:
    """A mail of this number, each from another customer, or loop guards would stop the acknowledgements."""
    head = f"From: c{number}@customer.example\r\nTo: {SUPPORT}\r\nSubject: case {number}\r\n"
    return f"{head}Message-ID: <{number}@room.example>\r\n\r\n{'x' * 70}\r\n".encode() + b"a line of text\r\n" * (
        size // 16
    )


def hand_in(desk: Daemon, number: int, size: int = 1000) -> int:
    """One try to hand a mail in; the code of the answer behind its end, or that of an earlier refusal."""
    with smtplib.SMTP(HOST, desk.port, timeout=30) as smtp:
        try:
            smtp.sendmail(f"c{number}@customer.example", SUPPORT, mail(number, size))
        except smtplib.SMTPResponseException as error:
            return error.smtp_code
        return 250


def ids(desk: Daemon) -> list[str]:
    """The Message-IDs in the inbox, sorted."""
    return sorted(row["message_id"] for row in desk.cli("inbox"))


@pytest.mark.fault("A6")
def test_a_full_disk_is_told_as_such_and_nothing_is_lost(desk: Daemon, small: Path) -> None:
    """452 while it is full, within a moment; when there is room again 250, with no word to the daemon."""
    with ended_at_last(desk):
        desk.start()
        assert hand_in(desk, 0) == 250
        desk.wait_idle()
        stone = small / "stone"
        with suppress(OSError), stone.open("wb", buffering=0) as file:
            while file.write(b"x" * 4096):
                pass
        kept, codes = {0}, set()
        for number in range(1, 6):
            began = time.monotonic()
            code = hand_in(desk, number, 100_000)
            assert time.monotonic() - began < 15
            codes.add(code)
            kept |= {number} if code == 250 else set()
        assert codes <= {250, 451, 452}
        assert 452 in codes
        assert desk.process is not None
        assert desk.process.poll() is None
        stone.unlink()
        wait_for(lambda: hand_in(desk, 6) == 250 or None, "room for a mail")
        desk.wait_idle()
        assert ids(desk) == sorted(f"<{number}@room.example>" for number in kept | {6})
        assert {row["state"] for row in desk.cli("inbox")} == {"ticketed"}
        assert desk.stop() == 0
    with closing(sqlite3.connect(small / "maild.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.fault("A6")
def test_a_start_on_a_full_disk_says_so(desk: Daemon, small: Path) -> None:
    """One sentence and a status that systemd tries again; no traceback."""
    desk.run("db", "upgrade")
    with suppress(OSError), (small / "stone").open("wb", buffering=0) as file:
        while file.write(b"x" * 4096):
            pass
    done = desk.run("run", "--once")
    assert (done.returncode, len(done.stderr.splitlines())) == (73, 1), done.stderr
    assert "No space left on device" in done.stderr


@pytest.mark.fault("A7")
def test_a_locked_database_is_told_within_fifteen_seconds(desk: Daemon) -> None:
    """Another process holds the write lock: every client hears 451 in time, and 250 as soon as it lets go."""
    with ended_at_last(desk):
        desk.start()
        assert hand_in(desk, 0) == 250
        desk.wait_idle()
        codes: list[tuple[int, float]] = []

        def client(number: int) -> None:
            began = time.monotonic()
            codes.append((hand_in(desk, number), time.monotonic() - began))

        clients = [threading.Thread(target=client, args=(number,)) for number in range(1, 6)]
        with closing(sqlite3.connect(desk.folder / "var" / "maild.db", isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            for one in clients:
                one.start()
                time.sleep(0.3)
            for one in clients:
                one.join(30)
            holder.execute("ROLLBACK")
        assert [code for code, _ in codes] == [451] * 5
        assert max(took for _, took in codes) < 15
        assert hand_in(desk, 1) == 250
        desk.wait_idle()
        assert ids(desk) == ["<0@room.example>", "<1@room.example>"]
