"""The header block is found and cut into fields, however it is written."""

from __future__ import annotations

import pytest

from maild.messages.fields import BLOCK_CAP, FIELDS_CAP, VALUE_CAP, read_fields


@pytest.mark.parametrize(
    ("raw", "items", "body"),
    [
        (b"Subject: a\r\nTo: b\r\n\r\ntext", [("Subject", b"a"), ("To", b"b")], b"text"),
        (b"Subject: a\n b\n\tc\n\ntext", [("Subject", b"a b c")], b"text"),
        (b"From me@here Mon Jan  1 00:00:00 2026\nSubject: a\n\ntext", [("Subject", b"a")], b"text"),
        (b"\r\n\r\nSubject: a\r\n\r\ntext", [("Subject", b"a")], b"text"),
        (b"\xef\xbb\xbfSubject: a\n\ntext", [("Subject", b"a")], b"text"),
        (b"what is this\nand this\nSubject: a\n\ntext", [("Subject", b"a")], b"text"),
        (b"Subject : a\n\ntext", [("Subject", b"a")], b"text"),
        (b"Subject: a\nlost fold\nFrom: b\n\ntext", [("Subject", b"a lost fold"), ("From", b"b")], b"text"),
        (b"Subject: a\nHello Anna,\nhow are you\n", [("Subject", b"a")], b"Hello Anna,\nhow are you\n"),
        (b"Subject: a\n \nFrom: b\n\ntext", [("Subject", b"a"), ("From", b"b")], b"text"),
        (b"only words\nand more\n", [], b"only words\nand more\n"),
        (b"Subject: a", [("Subject", b"a")], b""),
        (b"", [], b""),
    ],
)
def test_fields_are_found(raw: bytes, items: list[tuple[str, bytes]], body: bytes) -> None:
    """Junk above, lost folding, a lost empty line: the fields and the body are told apart."""
    found = read_fields(raw)
    assert (list(found.items), raw[found.body :]) == (items, body)


def test_a_block_cut_by_an_empty_line_goes_on_behind_it() -> None:
    """Where the block above names no sender, the fields behind the empty line are header too."""
    raw = b"Received: x\nTo: b\n\nFrom: a\nSubject: s\n\ntext"
    found = read_fields(raw)
    assert [name for name, _ in found.items] == ["Received", "To", "From", "Subject"]
    assert raw[found.body :] == b"text"
    assert found.defects


def test_a_block_that_is_written_twice_counts_once() -> None:
    """A header that was cut and then repeated from its first line is read as it stands the second time."""
    found = read_fields(b"Return-Path: <x>\nFrom: a\n\nReturn-Path: <x>\nFrom: a\nSubject: s\n\ntext")
    assert found.items == (("Return-Path", b"<x>"), ("From", b"a"), ("Subject", b"s"))


def test_a_forwarded_header_in_the_body_stays_in_the_body() -> None:
    """Pasted fields at the start of a text are text where the mail has a sender of its own."""
    raw = b"From: a\nSubject: s\n\nFrom: b\nTo: c\n\nforwarded"
    assert raw[read_fields(raw).body :] == b"From: b\nTo: c\n\nforwarded"


def test_a_huge_header_is_cut_and_the_body_still_found() -> None:
    """Caps hold on the block, its fields and each value."""
    long = read_fields(b"Subject: " + b"a" * 100_000 + b"\n\ntext")
    assert len(long.first("subject")) == VALUE_CAP
    many = read_fields(b"X: y\n" * 2000 + b"\ntext")
    assert len(many.items) == FIELDS_CAP
    raw = b"X: y\n" * (BLOCK_CAP // 4) + b"\ntext"
    assert raw[read_fields(raw).body :] == b"text"
    assert long.defects
    assert many.defects
