"""Header values: encoded words, raw bytes, folding, and nothing that could forge a header further on."""

from __future__ import annotations

import pytest

from maild.messages.words import decode_value, unfold


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"=?utf-8?B?0J/RgNC40LLQtdGC?=", "Привет"),
        (b"=?koi8-r?B?8NLJ18XU?=", "Привет"),
        (b"=?utf-8?q?=D0?= =?utf-8?q?=9F?=", "П"),
        (b"=?utf-8?B?0J8=?= =?utf-8?q?=D1=80?=\r\n =?utf-8?q?_x?= tail", "Пр x tail"),
        (b"a =?utf-8?q?b?= c =?utf-8?q?d?= =?utf-8?q?e?=", "a b c de"),
        (b'"=?utf-8?q?quoted?="', '"quoted"'),
        (b"=?utf-8?q?with spaces inside?= x", "with spaces inside x"),
        (b"=?utf-8?q?what??=", "what?"),
        (b"=?utf-8?q?never closed", "never closed"),
        (b"=?us-ascii*en?q?language?=", "language"),
        (b"=?utf-8?b?AAAAA?= rest", "rest"),
        (b"=?x-nothing?q?abc?=", "abc"),
        (b"no words =? at ?= all", "no words =? at ?= all"),
    ],
)
def test_encoded_words_are_read_as_they_are_written_in_the_wild(value: bytes, text: str) -> None:
    """Split characters, spaces inside, a lost end: all of it is read (RFC 2047)."""
    assert decode_value(unfold(value)) == text


@pytest.mark.parametrize("codec", ["utf-8", "koi8-r", "windows-1251"])
def test_raw_bytes_in_a_header_are_read_as_russian(codec: str) -> None:
    """Subjects without any encoding are still common, and their charset is nowhere declared."""
    assert decode_value("Не работает почта".encode(codec)) == "Не работает почта"


def test_raw_bytes_follow_the_charset_that_the_body_declares() -> None:
    """One byte says little; the body's label decides."""
    assert decode_value(b"Gr\xfc\xdfe", "iso-8859-1") == "Grüße"
    assert decode_value(b"\xc1\xe2\xd0\xe0\xeb\xd9", "iso-8859-5") == "Старый"


@pytest.mark.parametrize(
    "value",
    [
        b"=?utf-8?q?hi=0D=0ABcc:_victim=40example.org?=",
        b"=?utf-8?b?aGkNCkJjYzogdmljdGltQGV4YW1wbGUub3Jn?=",
        "hi\u2028Bcc: victim@example.org".encode(),
        b"hi\rBcc: victim@example.org",
    ],
)
def test_no_value_brings_a_line_break_along(value: bytes) -> None:
    """A line break in a subject would become a header in our answer (CVE-2024-6923)."""
    assert decode_value(value).splitlines() == ["hi Bcc: victim@example.org"]


def test_a_nul_leaves_a_mark() -> None:
    """What a NUL stood in shall not look whole."""
    assert decode_value(b"pa\x00ss") == "pa\ufffdss"


def test_words_past_the_cap_stay_as_they_are() -> None:
    """A header of thousands of encoded words costs no more than the first two hundred."""
    text = decode_value(b"=?utf-8?q?x?= " * 1000)
    assert text.startswith("x" * 200)
    assert text.count("=?utf-8?q?x?=") == 800
