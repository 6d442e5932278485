"""File names of attachments are harmless and always the same."""

from __future__ import annotations

import pytest

from maild.messages.filenames import derived, harmless, unique


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("report.pdf", "report.pdf"),
        ("Отчёт за май.xlsx", "Отчёт за май.xlsx"),
        ("../../etc/cron.d/x", "x"),
        ("/etc/passwd", "passwd"),
        ("C:\\Users\\anna\\file.txt", "file.txt"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("invoice 1/2.pdf", "invoice 1_2.pdf"),
        ("..", ""),
        (".", ""),
        (".htaccess", "htaccess"),
        ("a\r\nBcc: x@y.txt", "a Bcc_ x@y.txt"),
        ("a\x00.exe\x00.txt", "a\ufffd.exe\ufffd.txt"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("zero\u200bwidth.txt", "zerowidth.txt"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ('a<b>:"|?*.txt', "a_b_.txt"),
        ("   ", ""),
    ],
)
@pytest.mark.fault("G-4")
def test_a_name_loses_what_could_do_harm(name: str, shown: str) -> None:
    """Folders, control and direction characters, devices, hidden files."""
    assert harmless(name) == shown


def test_a_long_name_keeps_its_extension() -> None:
    """Names fit every file system, in bytes."""
    short = harmless("ж" * 400 + ".pdf")
    assert short.endswith(".pdf")
    assert len(short.encode()) <= 200


@pytest.mark.fault("G-4")
def test_names_in_one_mail_differ() -> None:
    """The second of two equal names gets a number, whatever its case."""
    taken: set[str] = set()
    assert [unique(name, taken) for name in ("a.txt", "A.txt", "a.txt", "b")] == ["a.txt", "A-2.txt", "a-3.txt", "b"]


def test_a_part_without_a_name_is_called_by_its_place_and_type() -> None:
    """The same mail read twice gives the same names."""
    assert derived("application/pdf", 3) == "part-3.pdf"
    assert derived("application/x-unheard-of", 4) == "part-4.bin"
