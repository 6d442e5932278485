"""`maild read` on everything that holds mails, as a user calls it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from daemon import command

from maild.cli import reading
from maild.cli.main import run
from maild.guard.limits import Limits
from maild.guard.readers import Readers

NO_MAIL = "this is no mail: not one header field stands at its beginning"
Said = Callable[..., tuple[int, list[dict[str, object]]]]


def mail(subject: str) -> bytes:
    """A mail that can be told from others."""
    return b"From: ivan@customer.example\nSubject: " + subject.encode() + b"\n\nHello\n"


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Said:
    """Runs `maild read --json` in an empty folder; its status and its rows."""
    monkeypatch.chdir(tmp_path)

    def call(*names: str) -> tuple[int, list[dict[str, object]]]:
        status = run(["read", "--json", *names])
        return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return call


def test_folders_mboxes_and_maildirs_are_read_in_order(said: Said, tmp_path: Path) -> None:
    """`file` as it was given; a mail of an mbox has its number behind it."""
    (tmp_path / "folder" / "below").mkdir(parents=True)
    for name in ("b.eml", "a.eml", ".hidden", "below/c.eml"):
        (tmp_path / "folder" / name).write_bytes(mail(name))
    for name in ("cur", "new", "tmp"):
        (tmp_path / "maildir" / name).mkdir(parents=True)
        (tmp_path / "maildir" / name / {"cur": "2", "new": "1", "tmp": "0"}[name]).write_bytes(mail(name))
    line = b"From ivan@customer.example Mon Nov 23 09:00:00 2026\n"
    (tmp_path / "box").write_bytes(line + mail("first") + b"\n" + line + mail("second"))
    (tmp_path / "one.eml").write_bytes(line + mail("alone") + b"\n" + line + b"a text\n")
    status, rows = said("box", "folder", "one.eml", "maildir")
    assert status == 0
    assert [(row["file"], row["subject"]) for row in rows] == [
        ("box#1", "first"),
        ("box#2", "second"),
        ("folder/a.eml", "a.eml"),
        ("folder/b.eml", "b.eml"),
        ("folder/below/c.eml", "below/c.eml"),
        ("one.eml", "alone"),
        ("maildir/new/1", "new"),
        ("maildir/cur/2", "cur"),
    ]


def test_what_is_no_mail_stands_in_its_place(said: Said, tmp_path: Path) -> None:
    """65 at the end, and 66 where a file is missing; the others are read."""
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "good").write_bytes(mail("good"))
    status, rows = said("empty", "good")
    assert (status, rows[0], rows[1]["subject"]) == (65, {"file": "empty", "error": "the mail is empty"}, "good")
    status, rows = said("missing", "good", "empty", "gone")
    assert status == 66
    assert [row.get("error") for row in rows] == [
        "cannot be read: No such file or directory",
        None,
        "the mail is empty",
        "cannot be read: No such file or directory",
    ]


def test_a_file_without_one_header_field_is_no_mail(said: Said, tmp_path: Path) -> None:
    """A photograph, or a text: intake keeps whatever comes, but who reads a file is told that it is none."""
    (tmp_path / "photo.jpg").write_bytes(bytes(range(256)) * 9)
    (tmp_path / "text.eml").write_bytes(b"Hello there,\r\nthis is a text.\r\n")
    (tmp_path / "good").write_bytes(mail("good"))
    status, rows = said("photo.jpg", "text.eml", "good")
    assert status == 65
    assert [row.get("error", row.get("subject")) for row in rows] == [NO_MAIL, NO_MAIL, "good"]


def test_a_mail_past_the_limits_is_told_as_far_as_it_goes(
    said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Header and first text, and a defect that says what happened."""
    head = mail("dear").replace(b"\n\n", b"\nContent-Type: text/html\n\n", 1)
    (tmp_path / "dear.eml").write_bytes(head + b"<p>on fire</p>" * 60_000)
    (tmp_path / "good.eml").write_bytes(mail("good"))
    readers = Readers(Limits(cpu=0.15), width=1)
    monkeypatch.setattr(reading, "shared_readers", lambda: readers)
    status, rows = said("dear.eml", "good.eml")
    readers.close()
    assert (status, [row["subject"] for row in rows]) == (0, ["dear", "good"])
    defects = rows[0]["defects"]
    assert isinstance(defects, list)
    assert "truncated: reading it took more than 0.15 s of CPU" in defects[-1]


def lines(name: str, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """What people are told above the text, by its label."""
    assert run(["read", name]) == 0
    rows = [line.strip().partition(":") for line in capsys.readouterr().out.splitlines()[1:]]
    return {label: value.strip() for label, _, value in rows}


@pytest.mark.parametrize(
    ("header", "label", "said_of_it"),
    [
        (b'From: "ceo@desk.example" <evil@evil.example>', "careful", "the name holds another address"),
        (b"From: =?utf-8?B?0JBubtCw?= <x@evil.example>", "careful", "the name mixes alphabets within a word"),
        (b"From: a@one.example, b@two.example", "defects", "addresses in From that contradict each other"),
        (b"From: somebody", "defects", "no address in From that counts"),
        (b"From: a@one.example, b@two.example", "from", "nobody"),
        (b"From: a@one.example\nReply-To: Anna <b@two.example>", "reply to", "Anna <b@two.example>"),
        (b"From: a@one.example\nCc: c@two.example", "cc", "c@two.example"),
    ],
)
def test_people_are_told_what_is_odd_about_the_sender(
    header: bytes, label: str, said_of_it: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The lines above the text name what JSON has in `sender`, `reply_to`, `cc` and `defects`."""
    (tmp_path / "odd.eml").write_bytes(header + b"\nSubject: x\n\nHello\n")
    assert lines(str(tmp_path / "odd.eml"), capsys)[label] == said_of_it


def test_people_are_told_of_seals_forwards_and_returned_mail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A label is no proof, and is not told as one."""
    head = b"From: ivan@customer.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: "
    part = b"--b\nContent-Type: text/plain\n\nHello\n--b\nContent-Type: "
    kinds = {
        "signed": b'multipart/signed; protocol="application/pgp-signature"; boundary=b\n\n'
        + part
        + b"application/pgp-signature\n\nabc\n--b--\n",
        "encrypted": b'multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b\n\n'
        + part
        + b"application/octet-stream\n\nabc\n--b--\n",
        "forwarded": b"multipart/mixed; boundary=b\n\n"
        + part
        + b"message/rfc822\n\nFrom: Hans <hans@kunde.example>\nSubject: Inner\n\ntext\n--b--\n",
        "recipient": b"multipart/report; report-type=delivery-status; boundary=b\n\n"
        + part
        + b"message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        b"Final-Recipient: rfc822; gone@customer.example\nAction: failed\nStatus: 5.1.1\n\n--b--\n",
    }
    told = {}
    for kind, body in kinds.items():
        (tmp_path / kind).write_bytes(head + body)
        told[kind] = lines(str(tmp_path / kind), capsys)[kind]
    assert told == {
        "signed": "PGP, not verified",
        "encrypted": "PGP, not decrypted",
        "forwarded": "Hans <hans@kunde.example>; Inner",
        "recipient": "gone@customer.example, failed, hard, 5.1.1: no reason is told",
    }


def test_a_folder_without_mails_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error, so that JSON Lines stay empty; it is no mistake."""
    assert run(["read", "--json", str(tmp_path)]) == 0
    said_there = capsys.readouterr()
    assert (said_there.out, said_there.err) == ("", f"maild: there is no mail in {tmp_path}\n")


def test_standard_input_is_a_mail() -> None:
    """`-`, as in a mail client's pipe."""
    done = subprocess.run([*command(), "read", "--json", "-"], input=mail("piped"), capture_output=True, cwd="/")
    assert json.loads(done.stdout)["subject"] == "piped"
    assert (done.returncode, done.stderr) == (0, b"")


PROGRESS = """
import sys
from maild.cli import output

class Watch:
    now = 0.0
    def monotonic(self):
        return self.now

output.time = watch = Watch()
with output.Progress() as progress:
    for _ in range(int(sys.argv[1])):
        watch.now += 0.05
        progress.count()
"""


@pytest.mark.parametrize(("count", "shown"), [(3, False), (30, True)])
def test_progress_is_for_people_who_wait(count: int, shown: bool) -> None:
    """On a terminal, after a second, and it leaves no trace; standard output is untouched."""
    ours, theirs = pty.openpty()
    process = subprocess.run(
        [sys.executable, "-c", PROGRESS, str(count)], stdout=subprocess.PIPE, stderr=theirs, check=True
    )
    os.write(theirs, b"END")
    said = b""
    while not said.endswith(b"END"):
        said += os.read(ours, 1000)
    os.close(ours)
    os.close(theirs)
    assert process.stdout == b""
    assert (b" mails" in said) is shown
    assert said.endswith(b"\r\x1b[KEND" if shown else b"END")
