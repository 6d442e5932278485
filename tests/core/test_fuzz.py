"""Damaged mails read without harm; `make fuzz` tries many more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bombs
import fuzz
import pytest

from maild.messages.read import read_mail

SEEDS = fuzz.seeds_of([Path(fuzz.__file__).parent / "mails"])


@pytest.mark.fault("G-10")
def test_damage_never_raises_nor_reaches_the_database(
    size: Callable[[int, int], int], figure: Callable[[str], None]
) -> None:
    """Nothing but Unreadable, no value that a database refuses, no header that breaks its line."""
    mails = size(1500, 100_000)
    assert [said for raw in fuzz.damaged(SEEDS, mails) if (said := fuzz.complaint(raw))] == []
    figure(f"{mails} damaged mails: no crash, nothing unclean")


def test_the_original_of_a_report_is_clean() -> None:
    """A NUL in the Message-ID of the mail that came back goes no further."""
    note = b"Content-Type: text/plain\n\nUndelivered"
    status = b"Content-Type: message/delivery-status\n\n"
    status += b"\nFinal-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n"
    back = b"Content-Type: message/rfc822\n\nMessage-ID: <1\x002@desk.example>\nSubject: Hello\n\nHello\n"
    raw = bombs.parts_mail(note, status, back, kind=b"report; report-type=delivery-status")
    found = read_mail(raw).bounce
    assert found is not None
    assert found.original_message_id == "<1\ufffd2@desk.example>"


def test_the_same_damage_is_done_each_time() -> None:
    """So that what is found can be found again."""
    assert list(fuzz.damaged(SEEDS, 50)) == list(fuzz.damaged(SEEDS, 50))
    assert list(fuzz.damaged(SEEDS, 50)) != list(fuzz.damaged(SEEDS, 50, seed=8))
