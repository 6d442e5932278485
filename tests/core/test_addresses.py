"""Addresses: lists as people write them, and the strict grammar that identity hangs on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from maild.messages.addresses import SHOWN_CAP, normal, read_date, read_list, split_plus, strict_address


def pairs(value: bytes | str) -> list[tuple[str, str]]:
    """Names and addresses of a field."""
    return [(one.name, one.address) for one in read_list(value.encode() if isinstance(value, str) else value)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Anna <anna@Acme.Example>", [("Anna", "anna@acme.example")]),
        ("anna@acme.example", [("", "anna@acme.example")]),
        ('"Petrov, Ivan" <i@x.example>, b@y.example', [("Petrov, Ivan", "i@x.example"), ("", "b@y.example")]),
        ("=?utf-8?q?N=2C_x?= <a@b.example>", [("N, x", "a@b.example")]),
        ('"=?utf-8?q?quoted?=" <a@b.example>', [("quoted", "a@b.example")]),
        ("=?utf-8?q?A=D0?= =?utf-8?q?=BF?= <a@b.example>", [("Aп", "a@b.example")]),
        ("=?utf-8?q?Name_=3Ca=40b.example=3E?=", [("Name", "a@b.example")]),
        ("Анна <a@b.example>", [("Анна", "a@b.example")]),
        ("a@b.example (Anna)", [("Anna", "a@b.example")]),
        ("Anna (sales) <a@b.example>", [("Anna", "a@b.example")]),
        ('"Anna (sales)" <a@b.example>', [("Anna (sales)", "a@b.example")]),
        ("'a@b.example' <a@b.example>", [("", "a@b.example")]),
        ("Team: a@b.example, c@d.example;", [("", "a@b.example"), ("", "c@d.example")]),
        ("a@b.example; c@d.example", [("", "a@b.example"), ("", "c@d.example")]),
        ('"A" <a@b.example>; "C" <c@d.example>', [("A", "a@b.example"), ("C", "c@d.example")]),
        ("agent@corp.example <evil@evil.example>", [("agent@corp.example", "evil@evil.example")]),
        ("Foo <foo@bar.example", [("", "foo@bar.example")]),
        ("undisclosed-recipients:;", []),
        ('"name" <>', []),
        ("<>", []),
        ("", []),
        ("Mail Delivery System <MAILER-DAEMON>", [("Mail Delivery System", "MAILER-DAEMON")]),
    ],
)
def test_lists_are_read_as_people_write_them(value: str, expected: list[tuple[str, str]]) -> None:
    """Names decoded, domains in lower case, nothing invented."""
    assert pairs(value) == expected


def test_raw_russian_names_are_read() -> None:
    """A name in windows-1251 without any encoding."""
    assert pairs("Петров Иван <i@x.example>".encode("windows-1251")) == [("Петров Иван", "i@x.example")]


@pytest.mark.parametrize("value", [b"=?utf-8?b?AAAAA?= <a@b.example>", b'"' * 60_000, b"(" * 60_000, b"a@b.c," * 9000])
def test_hostile_lists_raise_nothing_and_are_cut(value: bytes) -> None:
    """Values that break other parsers, and more recipients than anyone wants to see."""
    assert len(read_list(value)) <= SHOWN_CAP


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("anna@acme.example", "anna@acme.example"),
        ("<anna@Acme.Example>", "anna@acme.example"),
        ("Anna Petrova <anna.p+x@acme.example>", "anna.p+x@acme.example"),
        ('"Petrova, Anna" <anna@acme.example>', "anna@acme.example"),
        ("=?utf-8?B?0JDQvdC90LA=?= <anna@acme.example>", "anna@acme.example"),
    ],
)
def test_an_ordinary_sender_is_strictly_one(value: str, address: str) -> None:
    """One mailbox, ASCII, nothing odd (RFC 5322, 3.4)."""
    assert strict_address(value) == address


@pytest.mark.parametrize(
    "value",
    [
        "",
        "anna",
        "<>",
        "anna@acme",
        "a@x.example, b@x.example",
        "agent@corp.example <evil@evil.example>",
        '"agent@corp.example" <evil@evil.example>',
        "<agent@corp.example> <evil@evil.example>",
        "agent@corp.example, <evil@evil.example>",
        "=?utf-8?q?agent=40corp.example?= <evil@evil.example>",
        "anna@acme.example (comment)",
        "(agent@corp.example) <evil@evil.example>",
        "anna@(x)acme.example",
        "<@route.example:anna@acme.example>",
        "Team: anna@acme.example;",
        '"an na"@acme.example',
        "anna@[127.0.0.1]",
        "анна@acme.example",
        "anna@acmе.example",
        "anna@acme.example\x00.evil.example",
        "anna@acme.example\r\nBcc: x@y.example",
        "anna@acme..example",
        ".anna@acme.example",
        "anna@-acme.example",
        "anna @acme.example",
        "Anna <anna@acme.example> x",
        "Anna\\ <anna@acme.example>",
        "a" * 65 + "@acme.example",
        "Anna <anna@acme.example>>",
    ],
)
@pytest.mark.fault("E2")
def test_anything_odd_is_no_strict_sender(value: str) -> None:
    """Where parsers disagree about who the sender is, nobody is."""
    assert strict_address(value) is None


def test_addresses_are_compared_in_one_form() -> None:
    """Case does not count, and a domain counts in its ASCII form."""
    assert normal(" <Anna@Bücher.Example> ") == "anna@xn--bcher-kva.example"
    assert normal("ANNA@ACME.EXAMPLE.") == "anna@acme.example"


def test_the_detail_behind_a_plus_is_split_off() -> None:
    """support+TOKEN@ is the address that carries our signature."""
    assert split_plus("support+a+b@desk.example") == ("support", "a+b", "desk.example")
    assert split_plus("support@desk.example") == ("support", "", "desk.example")


@pytest.mark.parametrize(
    ("value", "date"),
    [
        (b"Sun, 22 Nov 2026 10:00:00 +0300", datetime(2026, 11, 22, 7, tzinfo=UTC)),
        (b"22 Nov 2026 10:00 GMT (comment)", datetime(2026, 11, 22, 10, tzinfo=UTC)),
        (b"Sun, 22 Nov 2026 10:00:00", datetime(2026, 11, 22, 10, tzinfo=UTC)),
        (b"Sun, 99 Nov 2026 99:00:00 +0300", None),
        (b"yesterday", None),
        (b"Sun, 22 Nov 99999999 10:00:00 +9999", None),
    ],
)
def test_dates_are_aware_or_none(value: bytes, date: datetime | None) -> None:
    """A date that makes no sense is no date; the time of arrival counts anyway."""
    assert read_date([value]) == date


WORDS = "=?utf-8?Q?=D0=90=D0=BD?= =?utf-8?Q?=D0=BD=D0?= =?utf-8?Q?=B0?="


@pytest.mark.parametrize("value", [f"{WORDS} <anna@b.example>", f"Team: {WORDS} <anna@b.example>;"])
def test_a_name_in_several_words_is_one_name(value: str) -> None:
    """White space between encoded words is no space, and a letter may be cut in two (RFC 2047, 6.2)."""
    assert pairs(value) == [("Анна", "anna@b.example")]


@pytest.mark.parametrize(
    ("simple", "odd"),
    [
        ("Anna Li <anna@B.example>, ivan@b.example", "Anna Li <anna@B.example>, <ivan@b.example>"),
        ('"Li A." <anna@b.example>', '"Li \\A." <anna@b.example>'),
        ("anna@b.example,", ",anna@b.example"),
    ],
)
def test_simple_lists_are_read_like_odd_ones(simple: str, odd: str) -> None:
    """The short way for what nearly everybody writes gives what mail-parser gives for the rest."""
    assert [address for _, address in pairs(simple)] == [address for _, address in pairs(odd)]
    assert pairs(simple)[0][0] == pairs(odd)[0][0]


@pytest.mark.parametrize(
    ("simple", "odd"),
    [
        (b"Mon, 2 Mar 2026 23:30:00 +0300 (MSK)", b"Mon, 02 Mar 26 23:30:00 +0300"),
        (b"31 Dec 2026 23:30:00 -0530", b"Thu, 31 Dec 2026 23:30:00  -0530"),
    ],
)
def test_a_date_as_the_standard_has_it_is_read_like_any_other(simple: bytes, odd: bytes) -> None:
    """The short way of the usual form agrees with the standard library's reader."""
    assert read_date([simple]) == read_date([odd]) is not None
    assert read_date([b"Mon, 31 Feb 2026 10:00:00 +0300"]) is None


@pytest.mark.parametrize("value", ["Anna <mailto:anna@b.example>", "Anna <MAILTO:anna@b.example>"])
def test_a_link_for_mail_is_an_address(value: str) -> None:
    """People copy addresses out of web pages and out of Outlook."""
    assert pairs(value) == [("Anna", "anna@b.example")]
    assert pairs("<<anna@b.example>>") == [("", "anna@b.example")]


@pytest.mark.parametrize(
    "value",
    [
        b"2026-03-02T07:00:00Z",
        b"2026-03-02 10:00:00 +0300",
        b"2026-03-02T10:00:00.000+03:00",
        b"Mon, 2 Mar 2026 10:00:00 GMT+3",
        b"Mon, 2 Mar 2026 10:00:00 +03:00",
        b"Mon, 2 Mar 2026 10(ten):00 : 00 +0300",
        b"Mon, 02 Mar 2026 06:59:60 +0000",
    ],
)
def test_dates_of_careless_programs_are_read(value: bytes) -> None:
    """ISO 8601, zones with a colon or an offset to GMT, comments anywhere; a leap second is the second before."""
    date = read_date([value])
    assert date is not None
    assert abs((date - datetime(2026, 3, 2, 7, tzinfo=UTC)).total_seconds()) <= 1
