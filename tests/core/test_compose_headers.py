"""Header fields: nothing breaks out of them, nothing is lost in them."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.header import decode_header, make_header

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from maild.messages.mail import Address
from maild.outgoing.headers import address_field, clean, encoded_words, identifier_field, text_field, wire_address

NASTY = st.text(
    st.one_of(st.sampled_from('\r\n\0\t\x0b\x85\u2028\u2029\u202e=?_<>,;:@"\\ '), st.characters()), max_size=120
)


def unfolded(field: str) -> str:
    """The value of one field, as a reader takes it apart."""
    assert field.endswith("\r\n")
    return field[:-2].replace("\r\n ", " ").partition(": ")[2]


def assert_is_one_field(field: str) -> None:
    """One field of printable ASCII lines, each continuing the one before."""
    lines = field[:-2].split("\r\n")
    assert all(line.startswith(" ") and line.strip() for line in lines[1:])
    assert all(len(line) <= 998 for line in lines)
    assert re.fullmatch(r"[\x20-\x7e]*", "".join(lines))


@given(NASTY)
@example("hi\r\nBcc: v@x.example")
@example("=?utf-8?q?hi=0D=0ABcc:_v=40x.example?=")
@example("hi\u2028Bcc: v@x.example\u0085\0")
@pytest.mark.fault("H1")
def test_no_subject_breaks_out_of_its_field(value: str) -> None:
    """Whatever a customer calls his mail."""
    assert_is_one_field(text_field("Subject", value))


@given(NASTY)
def test_a_subject_reads_as_it_was_written(value: str) -> None:
    """Cleaned of what may not stand there, and of nothing else."""
    field = text_field("Subject", value)
    decoded = str(make_header(decode_header(unfolded(field)))) if "=?" in field else unfolded(field)
    assert " ".join(decoded.split(" ")) == clean(value)


@given(NASTY, NASTY)
@example('Петров "Иван", \\', "x")
@pytest.mark.fault("H1")
def test_no_name_breaks_out_of_its_address(name: str, other: str) -> None:
    """The addresses a reader finds are those that were given, two of them."""
    field = address_field("To", [Address(name=name, address="a@x.example"), Address(name=other, address="b@x.example")])
    assert_is_one_field(field)
    parsed = message_from_bytes(field.encode("ascii") + b"\r\n", policy=policy.SMTP)
    assert [entry.addr_spec for entry in parsed["To"].addresses] == ["a@x.example", "b@x.example"]


def test_the_ticket_number_stays_readable_beside_encoded_words() -> None:
    """Programs that do not decode still find it."""
    field = text_field("Subject", "Re: Принтер не печатает [SUP-1042]")
    assert field.startswith("Subject: Re: =?utf-8?b?")
    assert field.endswith("?=\r\n [SUP-1042]\r\n")


def test_encoded_words_are_short_and_whole() -> None:
    """RFC 2047: at most 75 characters, no character cut in two."""
    words = encoded_words("Принтер 🖨 печатает пустые страницы " * 5)
    assert all(len(word) <= 75 for word in words)
    assert all(str(make_header(decode_header(word))) for word in words)


@pytest.mark.parametrize("length", [10, 77, 78, 79, 120, 700])
def test_identifiers_are_byte_exact_however_long(length: int) -> None:
    """An answer hangs under its question only if the identifier is the very same (python/cpython#100991)."""
    long = f"<{'x' * length}@mail.example>"
    field = identifier_field("References", ["<a@x.example>", long, "<b@x.example>"])
    assert unfolded(field).split(" ") == ["<a@x.example>", long, "<b@x.example>"]
    assert all(len(line) <= 998 for line in field.split("\r\n"))


@pytest.mark.parametrize(
    "bad", ["a@b", "<a@b>\r\nBcc: <c@d>", "<>", "<a>b>", "<" + "x" * 2000 + ">", "<ю@x>", "", "< >"]
)
def test_what_is_no_identifier_is_left_out(bad: str) -> None:
    """Such a one cannot be repeated in a field; the others can."""
    assert identifier_field("References", [bad, "<b@x.example>"]) == "References: <b@x.example>\r\n"
    assert identifier_field("In-Reply-To", [bad]) == ""


def test_a_long_chain_keeps_its_root_and_its_end() -> None:
    """The root names the conversation, the last ones are what clients look for."""
    chain = [f"<{number}@x.example>" for number in range(500)]
    kept = unfolded(identifier_field("References", chain)).split(" ")
    assert (kept[0], kept[-1], len(kept)) == (chain[0], chain[-1], 60)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("ivan@почта.рф", "ivan@xn--80a1acny.xn--p1ai"),
        ("иван@почта.рф", "иван@xn--80a1acny.xn--p1ai"),
        ("a.b+c@x-y.example", "a.b+c@x-y.example"),
        ('"a b"@x.example', '"a b"@x.example'),
        ("a@[127.0.0.1]", "a@[127.0.0.1]"),
    ],
)
def test_domains_go_out_in_ascii(address: str, expected: str) -> None:
    """RFC 5890: mail servers know the xn-- form only."""
    assert wire_address(address) == expected


@pytest.mark.parametrize(
    "address",
    [
        *("", "a", "@x.example", "a@", "a b@x.example", "a>@x.example", "a@b@x.example", "a\0@x.example"),
        '"a"b"@x.example',
        *("a@x.example\r\nRCPT TO:<b@y>", "a@x..example", "a@-x.example", "a@.example", "a" * 65 + "@x.example"),
        "a@" + "ю" * 300,
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    """Nothing of it may reach an SMTP dialogue."""
    with pytest.raises(ValueError, match="not a"):
        wire_address(address)


def test_a_bad_address_leaves_the_others_in_the_field() -> None:
    """One broken participant does not stop the letter."""
    field = address_field("To", [Address(address="broken"), Address(name="Ann", address="ann@x.example")])
    assert field == "To: Ann <ann@x.example>\r\n"
    assert address_field("To", [Address(address="broken")]) == ""
