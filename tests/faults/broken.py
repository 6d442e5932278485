"""Daemons that are broken on purpose: what the cases find must be found where it is.

Each is an ordinary daemon with one step changed by a `sitecustomize` in a folder on PYTHONPATH. No switch in maild does
this, and none is needed.
"""

from __future__ import annotations

import os
from pathlib import Path

ANSWERS_FIRST = """
import asyncio
from maild.ingest.inbox import Inbox

kept = Inbox.accept

async def accept(self, arrival):
    async def late():
        await asyncio.sleep(0.05)
        await kept(self, arrival)
    Inbox.late = asyncio.create_task(late())
    return 1

Inbox.accept = accept
"""
"""The 250 goes out before the commit."""

KNOWS_NO_COPIES = """
import os
from maild.ingest import arrival

known = arrival.content_key
arrival.content_key = lambda raw: (known(raw)[0], os.urandom(32).hex())
"""
"""Every mail has another digest, so that a copy is a new mail."""

WRITES_LATER = """
from maild.store import engine

prepare = engine._prepare_sqlite

def lazily(connection, record):
    prepare(connection, record)
    connection.execute("PRAGMA synchronous=NORMAL")

engine._prepare_sqlite = lazily
"""
"""SQLite leaves it to the system when a commit reaches the disk."""

PLACE_FIRST = """
import time
from maild.store.mailboxes import MailboxStore

kept = MailboxStore.add

def place_first(self, mailbox, arrivals, place, now):
    if arrivals:
        kept(self, mailbox, [], place, now)
        time.sleep(3 if place.last_uid > 3 else 0)
    return kept(self, mailbox, arrivals, place, now)

MailboxStore.add = place_first
"""
"""The place in the mailbox moves on before the mails are kept."""

STUMBLES = """
from maild.desk.handle import Desk

judged = Desk._judge

def stumble(self, connection, understood, waiting, practice):
    if b"stumble" in waiting.raw:
        raise ZeroDivisionError("a bug")
    return judged(self, connection, understood, waiting, practice)

Desk._judge = stumble
"""
"""A mail with the word "stumble" in it meets a bug."""

CHANGES_BYTES = """
import os
from dataclasses import replace
from maild.outgoing.transports import SmtpTransport

handed = SmtpTransport.send

def anew(self, mail, before_data):
    other = b"X-Try: " + os.urandom(4).hex().encode() + b"\\r\\n" + mail.raw
    return handed(self, replace(mail, raw=other), before_data)

SmtpTransport.send = anew
"""
"""Each try of a letter has other bytes."""


def broken(folder: Path, code: str) -> dict[str, str]:
    """The environment in which a daemon is broken this way."""
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(code)
    return {"PYTHONPATH": os.pathsep.join(p for p in (str(folder), os.environ.get("PYTHONPATH", "")) if p)}
