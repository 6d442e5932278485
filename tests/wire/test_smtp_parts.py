"""Other people's clients hand mails to our listener: swaks, Postfix's smtp-source, Python's smtplib."""

from __future__ import annotations

import smtplib
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from email.message import EmailMessage

import pytest
from parts import need
from wire.smtp_door import SUPPORT, Door, open_door

from maild.ingest.inbox import Inbox
from maild.ingest.smtp_gate import Limits
from maild.messages.envelope import Arrival


class SqliteLedger:
    """Arrivals in a real SQLite file, each group a durable commit."""

    def __init__(self, path: str) -> None:
        self.database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.database.execute("PRAGMA journal_mode=WAL")
        self.database.execute("PRAGMA synchronous=FULL")
        self.database.execute("CREATE TABLE inbox (id INTEGER PRIMARY KEY, raw BLOB NOT NULL)")
        self.groups: list[int] = []

    def add(self, arrivals: Sequence[Arrival]) -> list[int]:
        self.groups.append(len(arrivals))
        self.database.execute("BEGIN IMMEDIATE")
        ids = []
        for arrival in arrivals:
            row = self.database.execute("INSERT INTO inbox (raw) VALUES (?)", (arrival.raw,))
            assert row.lastrowid is not None
            ids.append(row.lastrowid)
        self.database.execute("COMMIT")
        return ids


@pytest.fixture
def door():
    """A listener as it is shipped."""
    with open_door() as door:
        yield door


def swaks(door: Door, *options: str) -> subprocess.CompletedProcess[str]:
    """One run of swaks against the listener."""
    command = [need("swaks"), "--server", f"127.0.0.1:{door.port}", "--ehlo", "client.example", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)


def test_swaks_delivers(door: Door):
    """A pipelining client of another author is served, its addresses are kept."""
    done = swaks(door, "--from", "anna@customer.example", "--to", SUPPORT, "--pipeline", "--body", "..dots\n.\n")
    assert done.returncode == 0, done.stdout
    (row,) = door.ledger.rows
    assert row.envelope.sender == "anna@customer.example"
    assert b"..dots\r\n.\r\n" in row.raw


def test_swaks_hears_why_it_may_not_relay(door: Door):
    """The refusal is a proper SMTP answer for a foreign recipient."""
    done = swaks(door, "--from", "anna@customer.example", "--to", "x@elsewhere.example")
    assert done.returncode != 0
    assert "550 5.7.1 Relaying denied" in done.stdout


def test_swaks_delivers_by_lmtp():
    """The same client speaks LMTP to us as it does to Dovecot."""
    with open_door(protocol="lmtp") as door:
        done = swaks(door, "--protocol", "LMTP", "--from", "a@b.example", "--to", f"{SUPPORT},support+1@desk.example")
        assert done.returncode == 0, done.stdout
        assert len(door.ledger.rows[0].envelope.recipients) == 2


@pytest.mark.parametrize("options", [["-d"], []], ids=["connection reused", "a connection a mail"])
def test_smtp_source_has_every_mail_committed(tmp_path, options: list[str]):
    """Twenty sessions of Postfix's load maker at once: each 250 is a row, and commits are shared."""
    program = need("smtp-source")
    ledger = SqliteLedger(str(tmp_path / "inbox.db"))
    with closing(ledger.database), open_door(inbox=lambda _: Inbox(ledger)) as door:
        subprocess.run(
            [
                program,
                *options,
                *["-s", "20", "-m", "300", "-l", "4000", "-f", "a@customer.example", "-t"],
                SUPPORT,
                f"127.0.0.1:{door.port}",
            ],
            check=True,
            timeout=60,
        )
        assert ledger.database.execute("SELECT count(*), min(length(raw)) >= 4000 FROM inbox").fetchone() == (300, 1)
        assert len(ledger.groups) < 250


def test_smtplib_sends_an_international_mail(door: Door):
    """The standard library's client uses SMTPUTF8 and 8BITMIME as offered."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "анна@почта.example", SUPPORT, "Принтер дымится"
    mail.set_content("Уже второй день.\n")
    with smtplib.SMTP("127.0.0.1", door.port) as smtp:
        smtp.send_message(mail)
    (row,) = door.ledger.rows
    assert row.envelope.sender == "анна@почта.example"
    assert "Принтер дымится".encode() in row.raw


def test_smtplib_sends_the_recipients_that_fit_and_knows_the_others():
    """A client learns which recipients were put off, and the mail goes to the others."""
    with open_door(limits=Limits(recipients=2)) as door, smtplib.SMTP("127.0.0.1", door.port) as smtp:
        to = [f"support+{n}@desk.example" for n in range(3)]
        refused = smtp.sendmail("a@b.example", to, b"Subject: x\r\n\r\nx\r\n")
        assert [code for code, _ in refused.values()] == [452]
        assert door.ledger.rows[0].envelope.recipients == tuple(to[:2])
