"""The content key: what relays change makes no difference, what the sender wrote does."""

from __future__ import annotations

import pytest

from maild.messages.digest import content_key, message_id, message_ids

MAIL = (
    b"Message-ID: <one@example.org>\r\nFrom: Anna <anna@example.org>\r\nTo: support@desk.example\r\n"
    b"Date: Sun, 22 Nov 2026 10:00:00 +0300\r\nSubject: The printer is broken again\r\n\r\nSecond floor.\r\nThanks\r\n"
)


@pytest.mark.parametrize(
    "same",
    [
        b"Received: from a by b; now\r\nDelivered-To: x@y\r\n" + MAIL,
        b"Return-Path: <a@b>\r\n" + MAIL.replace(b"printer is", b"printer\r\n is"),
        MAIL.replace(b"\r\n", b"\n"),
        MAIL + b"\r\n\r\n",
        MAIL[:-2],
        MAIL.replace(b"\r\n\r\n", b"\r\nX-Spam: no\r\nList-Id: q\r\n\r\n", 1),
        MAIL.replace(b"Message-ID", b"Message-Id").replace(b"Subject:", b"SUBJECT :"),
        b"From anna@example.org Sun Nov 22 10:00:00 2026\n" + MAIL,
        b"\r\n" + MAIL,
    ],
)
def test_what_relays_change_makes_no_difference(same: bytes) -> None:
    """Trace headers, folding, line ends and empty lines at the end are not content."""
    assert content_key(same) == content_key(MAIL)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"one@", b"two@"),
        (b"Anna <", b"Bob <"),
        (b"10:00:00", b"10:00:01"),
        (b"again", b"still"),
        (b"Second", b"Third"),
        (b"Second floor.\r\n", b"Second floor.\r\n\r\n"),
    ],
)
def test_what_the_sender_wrote_makes_a_difference(old: bytes, new: bytes) -> None:
    """Message-ID, From, Date, Subject and each line of the body are content."""
    assert content_key(MAIL.replace(old, new))[1] != content_key(MAIL)[1]


def test_a_subject_in_the_body_is_body() -> None:
    """Fields are looked for in the header alone."""
    assert content_key(b"Subject: a\n\nFrom: x\n")[1] != content_key(b"Subject: a\nFrom: x\n\n")[1]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b" <a@b>\r\n", "<a@b>"),
        (b" <long\r\n -part@b>", "<long-part@b>"),
        (b" <a@b> (added by a relay)", "<a@b>"),
        (b" bare@id ", "bare@id"),
        (b" <a\x00b@c>", "<ab@c>"),
        (b"  ", None),
    ],
)
def test_a_message_id_comes_out_clean(value: bytes, expected: str | None) -> None:
    """Folding, comments and control characters are no part of an id; brackets stay as they are on the wire."""
    assert message_id(value) == expected


def test_a_mail_without_an_id_still_has_a_digest() -> None:
    """None and 64 hexadecimal digits."""
    found, digest = content_key(b"Subject: x\n\ny")
    assert found is None
    assert len(digest) == 64


def test_references_are_each_id_once_in_their_order() -> None:
    """Ids may stand without space between them, folded, and repeated."""
    assert message_ids(b"<a@b><c@d>\r\n <a@b> junk <e@\r\n f>") == ("<a@b>", "<c@d>", "<e@f>")


def test_an_endless_id_is_cut() -> None:
    """An id of 12 kB would break an index."""
    assert len(message_id(b"<" + b"a" * 12_000 + b"@b>") or "") <= 998
