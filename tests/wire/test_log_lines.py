"""The log: one line an event, nothing forged in it, no secret in it; for people, for programs and for the journal."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from daemon import ended_at_last, make_desk, wait_for
from dovecot import dovecot

from maild.cli.logs import set_up_logs

SECRET = "Geheim-7f3a-Kennwort"
NASTY = "a\r\n2026-11-22 00:00:00,000 error maild: forged \x1b[31mred\x07 \u202egnorw \u2028x \ud800 \x85end"


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """What a test sets up is undone."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: one.level for name, one in root.manager.loggerDict.items() if isinstance(one, logging.Logger)}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def logged(form: str, text: str, *, failing: bool = False, **fields: object) -> str:
    """What is written for one event."""
    stream = io.StringIO()
    set_up_logs(stream, form)
    try:
        raise ValueError(NASTY)
    except ValueError:
        logging.getLogger("maild.test").warning("%s", text, exc_info=failing, extra=fields or None)
    return stream.getvalue()


def test_text_has_one_line_an_event_with_nothing_forged_in_it() -> None:
    """Line ends, terminal codes, bidirectional marks and halves of characters stand there as numbers."""
    found = logged("text", NASTY)
    assert found.count("\n") == 1
    assert found.endswith("\n")
    assert all(c.isprintable() for c in found[:-1])
    assert r"a\x0d\x0a2026-11-22 00:00:00,000 error maild: forged \x1b[31mred\x07" in found
    trace = logged("text", "x", failing=True).splitlines()
    assert len(trace) > 3
    assert all(line.startswith("    ") and line.isprintable() for line in trace[1:])


def test_json_has_one_object_a_line_whatever_is_in_it() -> None:
    """Time, level, logger, message and the event's own fields; a traceback is in the same line."""
    found = logged("json", NASTY, failing=True, mailbox="help", inbox_id=7, peer=None)
    assert found.count("\n") == 1
    assert found.isascii()
    assert found[:-1].isprintable()
    row = json.loads(found)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", row.pop("time"))
    assert row.pop("traceback").startswith("Traceback (most recent call last):\n")
    assert row == {
        "level": "warning",
        "logger": "maild.test",
        "message": NASTY,
        "mailbox": "help",
        "inbox_id": 7,
        "peer": None,
    }


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_subject_of_a_megabyte_makes_a_line_of_some_kilobytes(form: str) -> None:
    """The beginning of it is told."""
    assert 4000 < len(logged(form, "x" * 1_000_000, subject="y" * 1_000_000)) < 9000


def test_the_journal_reads_the_priority_of_each_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where standard error is the journal's own file each line has it, those of a traceback too; elsewhere none."""
    with open(tmp_path / "journal", "w+") as journal:
        status = (tmp_path / "journal").stat()
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
        set_up_logs(journal)
        logging.getLogger("maild.test").error("it fails", exc_info=ValueError("x"))
        logging.getLogger("maild.test").info("it goes on")
        journal.seek(0)
        lines = journal.read().splitlines()
    assert [line[:3] for line in lines] == ["<3>"] * (len(lines) - 1) + ["<6>"]
    monkeypatch.setenv("JOURNAL_STREAM", "1:1")
    with open(tmp_path / "other", "w+") as other:
        set_up_logs(other)
        logging.getLogger("maild.test").error("it fails")
        other.seek(0)
        assert not other.read().startswith("<")


def test_no_password_of_a_login_that_fails_is_told(tmp_path: Path) -> None:
    """A mailbox that refuses the login, a relay that is asked for one: the log says so, without the password."""
    secret = tmp_path / "password"
    secret.write_text(SECRET)
    with dovecot() as server:
        more = f"""
[[imap]]
name = "help"
host = "127.0.0.1"
port = {server.imap}
security = "none"
username = "help"
password_file = "{secret}"
"""
        with ended_at_last(make_desk(tmp_path / "d", {"log.format": "json", "log.level": "debug"}, more)) as desk:
            desk.start()
            told = wait_for(lambda: [line for line in desk.log().splitlines() if "help" in line], "the refused login")
            assert all(isinstance(json.loads(line), dict) for line in desk.log().splitlines())
            assert json.loads(told[0])["level"] == "warning"
            assert json.loads(told[0])["mailbox"].startswith("help")
            desk.stop()
            assert SECRET not in desk.log()
