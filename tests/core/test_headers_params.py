"""Content-Type and Content-Disposition parameters, file names above all."""

from __future__ import annotations

import pytest

from maild.messages.params import media_type, parse


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (b'attachment; filename="a;b.txt"; size=3', "a;b.txt"),
        (b"attachment; filename=no quotes here.txt", "no quotes here.txt"),
        (b'attachment; filename="say \\"hi\\".txt"', 'say "hi".txt'),
        (b'attachment; filename="never closed.txt', "never closed.txt"),
        (b'attachment; filename="=?utf-8?B?0YHRh9GR0YIudHh0?="', "счёт.txt"),
        (b"attachment; filename==?koi8-r?B?09DB08nCzw==?=", "спасибо"),
        (b"attachment; filename*=utf-8''%D1%81%D1%87%D1%91%D1%82.txt; filename=x.txt", "счёт.txt"),
        (b"attachment; filename=x.txt; filename*=utf-8''%D1%81.txt", "с.txt"),
        (b"attachment; filename*0*=utf-8''%D1; filename*1*=%81; filename*2=.txt", "с.txt"),
        (b'attachment; filename*1=b.txt; filename*0="a"', "ab.txt"),
        (b"attachment; filename*0*=utf-8'ar'%D9%85; filename*1=-plan-; filename*2*=%D9%85.pdf", "م-plan-م.pdf"),
        (b"attachment; filename*=''plain%20name.txt", "plain name.txt"),
        (b"attachment; filename*=windows-1251''%EF%F0%E8%E2%E5%F2.txt", "привет.txt"),
        (b"attachment; filename*0*=utf-8''%D1%8; filename*1*=1.txt", "с.txt"),
        (b"attachment; filename*=utf-8''=?utf-8?B?0YHRh9GR0YIudHh0?=", "счёт.txt"),
        (b"attachment; filename='my report.pdf'", "my report.pdf"),
        (b'attachment; filename="%D1%81%D1%87%D1%91%D1%82.txt"', "счёт.txt"),
        (b'attachment; filename="100%25 sure.txt"', "100%25 sure.txt"),
        (b'attachment; filename="C:\\data\\new.txt"', "C:\\data\\new.txt"),
        ("attachment; filename=счёт.txt".encode("windows-1251"), "счёт.txt"),
        ("attachment; filename=счёт.txt".encode(), "счёт.txt"),
    ],
)
def test_file_names_are_read_in_every_spelling(value: bytes, name: str) -> None:
    """Quoted, raw, encoded, extended, in pieces (RFC 2231): one name comes out."""
    disposition, params = parse(value)
    assert (disposition, params["filename"]) == ("attachment", name)


def test_a_forgotten_semicolon_does_not_hide_the_charset() -> None:
    """`text/plain charset=koi8-r` means what it looks like."""
    assert parse(b"text/plain charset=koi8-r") == ("text/plain", {"charset": "koi8-r"})


def test_the_first_of_two_equal_parameters_counts() -> None:
    """A repeated parameter cannot change what was said first."""
    assert parse(b"text/plain; charset=utf-8; charset=koi8-r")[1] == {"charset": "utf-8"}


def test_a_malformed_type_falls_back_to_the_default() -> None:
    """What is no type at all is read as plain text (RFC 2045, 5.2)."""
    assert media_type("text") == "text/plain"
    assert media_type("a/b/c") == "text/plain"
    assert media_type("plain/text") == "text/plain"
    assert media_type("html", "x/y") == "text/html"
    assert media_type("image/png", "x/y") == "image/png"


def test_thousands_of_parameter_pieces_are_cut() -> None:
    """A bomb of RFC 2231 pieces costs no more than the first hundred."""
    assert len(parse(b"x/y; " + b"".join(b"a%d=b;" % i for i in range(5000)))[1]) == 100
