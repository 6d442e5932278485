"""Starting costs little, since mail servers run `maild ingest` once for each mail. Processor time, not the clock's.

The limits are promised for a quiet machine of our days; noise gets half as much again. A machine that is slower, or
busy, is told by a program that has nothing of ours: it is run beside each run, and what that costs more than it should
is taken off.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

RUNS, NOISE = 5, 1.5
OTHERS = """import asyncio, ctypes, decimal, email.policy, http.client, logging.config, multiprocessing.pool, pydoc
import sqlite3, ssl, tomllib, unittest.mock, urllib.request, xml.dom.minidom, zoneinfo"""
OTHERS_COST = 0.11
"""Seconds of the quiet machine for these imports."""
pytestmark = pytest.mark.xdist_group("start_costs")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk as `maild init` makes it, with its database."""
    folder = tmp_path_factory.mktemp("desk")
    seconds([], "init", str(folder / "desk"))
    file = folder / "desk" / "settings.toml"
    seconds([], "--config", str(file), "tickets")
    return file


def mails(folder: Path) -> Iterator[Path]:
    """Mails of 20 kB, each another one."""
    for number in range(RUNS):
        head = f"From: Ivan <ivan@customer.example>\nTo: support@desk.example\nSubject: Printer {number}\n"
        head += f"Message-ID: <{number}@customer.example>\nDate: Mon, 23 Nov 2026 09:00:00 +0000\n\n"
        file = folder / f"{number}.eml"
        file.write_text(head + "The printer on the third floor is on fire again.\n" * 400, encoding="ascii")
        yield file


def seconds(wanted: list[float], *arguments: str) -> list[float]:
    """Runs the command once; its processor time on the quiet machine, behind those of earlier runs."""
    slower = max(1.0, cost("-I", "-c", OTHERS) / OTHERS_COST)
    return [*wanted, cost("-m", "maild", *arguments) / slower]


def cost(*words: str) -> float:
    """Processor time of a Python, own and the system's."""
    # Away from the repository, so that what is installed is what runs.
    process = subprocess.Popen([sys.executable, *words], cwd="/", stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_utime + usage.ru_stime


def assert_below(limit: float, spent: list[float]) -> None:
    """The middle one of several runs keeps to a limit, noise allowed."""
    assert median(spent) <= limit * NOISE, f"{median(spent):.2f} s, promised are {limit} s"


def test_help_costs_little() -> None:
    """Nothing of the desk is loaded for it."""
    spent: list[float] = []
    for _ in range(RUNS):
        spent = seconds(spent, "--help")
    assert_below(0.15, spent)


def test_accepting_a_mail_costs_little(settings: Path, tmp_path: Path) -> None:
    """Settings and database, no rules and no letters."""
    spent: list[float] = []
    for mail in mails(tmp_path):
        spent = seconds(spent, "--config", str(settings), "ingest", "--accept-only", str(mail))
    assert_below(0.35, spent)


def test_handling_a_mail_whole_costs_little(settings: Path, tmp_path: Path) -> None:
    """Read, decided, answered, saved: the whole way for a mail of 20 kB."""
    spent: list[float] = []
    for mail in mails(tmp_path):
        mail.write_bytes(mail.read_bytes().replace(b"@customer.example>\nDate", b"@other.example>\nDate"))
        spent = seconds(spent, "--config", str(settings), "ingest", str(mail))
    assert_below(0.8, spent)
