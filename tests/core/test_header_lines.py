"""The header out of the first bytes of a mail: the very lines that reading the whole mail gives, or none at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from office import eml

from maild.messages.header_lines import header_lines
from maild.messages.read import read_mail

MAILS = sorted((Path(__file__).parents[1] / "mails").glob("*.eml"))
HEAD = 64 * 1024
ENCODED = "=?utf-8?B?0KHRh9GR0YI=?="
OTHER = eml().replace(b"Subject: ", b"X-Odd: \xd1\xf7\xb8\xf2\r\nSubject: ")
"""A header line in windows-1251, which only the body's charset tells."""


@pytest.mark.parametrize("file", MAILS, ids=lambda file: file.name)
def test_the_lines_are_those_of_the_whole_mail(file: Path) -> None:
    """Names, values and order; nothing is told where the first bytes do not tell it."""
    raw = file.read_bytes()
    assert header_lines(raw[:HEAD]) in (read_mail(raw).headers, None)


def test_usual_mails_are_told_by_their_first_bytes() -> None:
    """Encoded words, folded lines, and lines that come twice."""
    raw = eml("x" * HEAD, subject=f"{ENCODED}\r\n {ENCODED}", Received="by a", X_Kind="one").replace(
        b"X-Kind", b"X-Kind: two\r\nX-Kind"
    )
    found = header_lines(raw[:HEAD])
    assert found is not None
    assert found == read_mail(raw).headers
    assert dict(found)["Subject"] == "СчётСчёт"


@pytest.mark.parametrize(
    "head",
    [OTHER, eml().replace(b"\r\n", b"\r"), eml().replace(b"\r\n", b"\r\r\n"), b"X-A: " + b"a" * HEAD, b""],
    ids=["other charset", "old Mac", "twice Windows", "no end of the header", "nothing"],
)
def test_where_the_whole_mail_is_wanted_nothing_is_told(head: bytes) -> None:
    """The body says how these are meant, or the header is not all there."""
    assert header_lines(head[:HEAD]) is None
