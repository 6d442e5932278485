"""Mail out into a Maildir: once, whole, durable."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from maild.errors import RetryLater
from maild.outgoing.transports import MaildirTransport
from maild.threads.plan import Outcome, OutgoingMail

RAW = b"Subject: Hello\r\n\r\nHello, Ivan!\r\n"


def mail(*recipients: str, **other: Any) -> OutgoingMail:
    """A mail to write."""
    whole: dict[str, Any] = {
        "id": 1, "message_id": "<1@desk.example>", "envelope_from": "support+b@desk.example",
        "recipients": recipients or ("ivan@customer.example",), "raw": RAW, "attempts": 1,
        "created_at": datetime(2026, 11, 23, tzinfo=UTC),
    }  # fmt: skip
    return OutgoingMail(**(whole | other))


def never() -> None:
    """Doing it twice does no harm, so nothing is written down before."""
    raise AssertionError


def test_there_is_a_file_per_recipient_with_its_envelope_on_top(tmp_path: Path) -> None:
    """The mail itself follows byte for byte."""
    outcome = MaildirTransport(tmp_path / "out").send(mail("ivan@customer.example", "olga@customer.example"), never)
    assert outcome == Outcome(accepted=("ivan@customer.example", "olga@customer.example"))
    contents = sorted(path.read_bytes() for path in (tmp_path / "out" / "new").iterdir())
    assert contents == [
        b"Return-Path: <support+b@desk.example>\r\nX-Envelope-To: ivan@customer.example\r\n" + RAW,
        b"Return-Path: <support+b@desk.example>\r\nX-Envelope-To: olga@customer.example\r\n" + RAW,
    ]
    assert list((tmp_path / "out" / "tmp").iterdir()) == []


def test_the_null_return_path_is_written(tmp_path: Path) -> None:
    """RFC 5321, 4.5.5."""
    MaildirTransport(tmp_path).send(mail(envelope_from=""), never)
    (path,) = (tmp_path / "new").iterdir()
    assert path.read_bytes().startswith(b"Return-Path: <>\r\n")


def test_the_same_mail_twice_is_one_file(tmp_path: Path) -> None:
    """A crash between writing and noting leads to exactly this."""
    for attempt in (1, 2, 3):
        MaildirTransport(tmp_path).send(mail(attempts=attempt), never)
    assert len(list((tmp_path / "new").iterdir())) == 1


def test_a_mail_that_was_read_meanwhile_does_not_come_again(tmp_path: Path) -> None:
    """A mail client has moved it to cur/ and set its flags."""
    MaildirTransport(tmp_path).send(mail(), never)
    (path,) = (tmp_path / "new").iterdir()
    path.rename(tmp_path / "cur" / f"{path.name}:2,S")
    MaildirTransport(tmp_path).send(mail(attempts=2), never)
    assert list((tmp_path / "new").iterdir()) == []


def test_another_mail_with_the_same_number_is_another_file(tmp_path: Path) -> None:
    """A new database counts from one again."""
    MaildirTransport(tmp_path).send(mail(), never)
    MaildirTransport(tmp_path).send(mail(message_id="<2@desk.example>"), never)
    assert len(list((tmp_path / "new").iterdir())) == 2


@pytest.mark.parametrize("bad", ["../../../etc/passwd", "a\r\nBcc: b@x.example", "a\0b", "x" * 5000])
def test_no_recipient_leaves_the_folder_or_its_line(tmp_path: Path, bad: str) -> None:
    """CVE-2026-23829: a line break in an envelope address must not become a field."""
    MaildirTransport(tmp_path / "out").send(mail(bad), never)
    (path,) = (tmp_path / "out" / "new").iterdir()
    assert path.read_bytes().split(b"\r\n")[2:] == RAW.split(b"\r\n")
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_a_disk_that_says_no_stops_the_queue(tmp_path: Path) -> None:
    """No mail fails for it; and the words name the folder."""
    (tmp_path / "out").write_text("a file where the folder should be")
    with pytest.raises(RetryLater, match="out cannot be written"):
        MaildirTransport(tmp_path / "out").send(mail(), never)


def test_a_folder_that_was_taken_away_is_made_again(tmp_path: Path) -> None:
    """An admin empties var/ while the daemon runs: one pause, then it goes on."""
    transport = MaildirTransport(tmp_path / "out")
    transport.send(mail(), never)
    shutil.rmtree(tmp_path / "out")
    with pytest.raises(RetryLater):
        transport.send(mail(id=2), never)
    assert transport.send(mail(id=2), never).accepted
    assert len(list((tmp_path / "out" / "new").iterdir())) == 1


CHILD = """
    import sys
    from datetime import UTC, datetime
    from pathlib import Path
    from maild.outgoing.maildir import MaildirTransport
    from maild.threads.plan import OutgoingMail

    folder, done = Path(sys.argv[1]), Path(sys.argv[2])
    transport = MaildirTransport(folder)
    first = int(done.read_text()) if done.exists() else 0
    print("up", flush=True)
    for number in range(first, 100):
        transport.send(
            OutgoingMail(
                id=number, message_id=f"<{number}@desk.example>", envelope_from="",
                recipients=("a@x.example", "b@x.example"), attempts=2,
                raw=b"Subject: x\\r\\n\\r\\n" + b"body\\r\\n" * 2000, created_at=datetime(2026, 11, 23, tzinfo=UTC),
            ),
            lambda: None,
        )
        if number % 3 == 0:
            done.with_suffix(".new").write_text(str(number + 1))
            done.with_suffix(".new").rename(done)
"""


def test_a_kill_at_any_moment_leaves_every_mail_exactly_once(tmp_path: Path) -> None:
    """The process is killed again and again, starts where its notes end, and every file is there once and whole."""
    command = [sys.executable, "-c", textwrap.dedent(CHILD), str(tmp_path / "out"), str(tmp_path / "done")]
    kills = 0
    for number in range(10):
        child = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(0.005 + 0.004 * number)
        if child.poll() is None:
            os.kill(child.pid, signal.SIGKILL)
            kills += 1
        child.stdout.close()
        child.wait(10)
    assert kills >= 2
    assert len(list((tmp_path / "out" / "new").iterdir())) > 0
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=60)
    files = list((tmp_path / "out" / "new").iterdir())
    assert len(files) == 200
    assert {path.stat().st_size for path in files} == {len(files[0].read_bytes())}
