"""The envelope that a delivering server leaves on top of a mail."""

from __future__ import annotations

import time

import pytest

from maild.ingest.imap_envelope import polled_envelope


def sender(*fields: str) -> str | None:
    """The envelope's sender for these header fields."""
    return polled_envelope("\r\n".join([*fields, "", "Return-Path: <body@x.test>"]).encode(), "s").sender


def recipients(*fields: str) -> tuple[str, ...]:
    """The envelope's recipients for these header fields."""
    return polled_envelope("\r\n".join([*fields, "", "Delivered-To: body@x.test"]).encode(), "s").recipients


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (["Return-Path: <ivan@x.test>"], "ivan@x.test"),
        (["Return-Path: <>"], ""),
        (["RETURN-PATH:<ivan@x.test>"], "ivan@x.test"),
        (["Return-Path:", " <ivan@x.test>"], "ivan@x.test"),
        (["Return-Path: ivan@x.test"], "ivan@x.test"),
        (["Return-Path: <first@x.test>", "Return-Path: <forged@x.test>"], "first@x.test"),
        (["Subject: x", "X-Return-Path: <no@x.test>"], None),
        (["Return-Path: <a b@x.test>"], None),
        (["Return-Path:"], None),
        (["Subject: folded", " Return-Path: <no@x.test>"], None),
    ],
)
def test_the_sender_stands_in_the_topmost_return_path(fields: list[str], expected: str | None) -> None:
    """Empty for automatic mail, None where the server wrote none."""
    assert sender(*fields) == expected


def test_recipients_are_collected_in_their_order_and_once() -> None:
    """From Delivered-To and X-Original-To, whatever their case."""
    fields = ["Delivered-To: help+t42@x.test", "X-Original-To: help@x.test", "delivered-to: help+t42@x.test"]
    assert recipients(*fields) == ("help+t42@x.test", "help@x.test")


def test_a_mail_without_header_has_an_empty_envelope() -> None:
    """Only the header is looked at, also where there is none."""
    envelope = polled_envelope(b"\r\nReturn-Path: <a@x.test>\r\n\r\n", "s")
    assert (envelope.sender, envelope.recipients, envelope.source) == (None, (), "s")


def test_bare_line_feeds_end_lines_and_headers_too() -> None:
    """As in mails that were saved on Unix."""
    envelope = polled_envelope(b"Return-Path: <a@x.test>\nDelivered-To: b@x.test\n\nDelivered-To: no@x.test\n", "s")
    assert (envelope.sender, envelope.recipients) == ("a@x.test", ("b@x.test",))


def test_what_could_harm_a_reader_is_no_address() -> None:
    """Control characters, bytes that are no text in the middle of it, and endless ones."""
    assert recipients("Delivered-To: a\x00b@x.test", f"Delivered-To: {'a' * 400}@x.test") == ()
    assert sender("Return-Path: <a\x1b[31m@x.test>") is None


@pytest.mark.parametrize(
    "raw",
    [b"Delivered-To:" * 100_000, b"Delivered-To: a@x\r\n" * 60_000, b"Return-Path:\r\n " * 100_000, b"\r" * 500_000],
)
def test_hostile_headers_cost_little(raw: bytes) -> None:
    """Neither time nor an endless list of recipients."""
    began = time.process_time()
    envelope = polled_envelope(raw, "s")
    assert time.process_time() - began < 0.5
    assert len(envelope.recipients) <= 50
