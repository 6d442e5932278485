"""Who a mail is from: the From that counts, the person behind a list, and what is odd about either."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.messages.json_view import as_json
from maild.messages.lookalike import imitated, marks, skeleton, unicode_domain
from maild.messages.mail import Address, Mail, Mark
from maild.messages.read import read_mail


def mail(*lines: str | bytes) -> Mail:
    """A mail with these header lines."""
    head = b"\r\n".join(line.encode() if isinstance(line, str) else line for line in lines)
    return read_mail(head + b"\r\nSubject: x\r\n\r\nHi\r\n")


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("agent@corp.test <evil@evil.test>", "evil@evil.test"),
        ('"agent@corp.test" <evil@evil.test>', "evil@evil.test"),
        ("=?utf-8?q?agent=40corp.test=2C_?= <evil@evil.test>", "evil@evil.test"),
        ("=?utf-8?q?=3Cagent=40corp.test=3E?= <evil@evil.test>", "evil@evil.test"),
        ("(agent@corp.test) <evil@evil.test>", "evil@evil.test"),
        ("Pete(a \\) chap) <pete(his account)@silly.test(his host)>", "pete@silly.test"),
        ("Team: agent@corp.test;", "agent@corp.test"),
        ("a@corp.test, b@corp.test", "a@corp.test"),
        ('"john..doe"@mobile.test', '"john..doe"@mobile.test'),
        ("CRM [crm@corp.test]", "crm@corp.test"),
        ("Dan [mailto:dan@corp.test]", "dan@corp.test"),
        ("<agent@corp.test", "agent@corp.test"),
        ("MAILER-DAEMON (Mail Delivery)", "MAILER-DAEMON"),
    ],
)
@pytest.mark.fault("E2")
def test_from_is_whom_a_dmarc_checker_judges(value: str, address: str) -> None:
    """Names, comments and encoded words never give the address."""
    sender = mail(f"From: {value}").sender
    assert sender is not None
    assert sender.address == address


@pytest.mark.parametrize(
    "value",
    [
        b'"agent@corp.test" <>',
        b'"agent@corp.test <evil@evil.test>"',
        b'"<agent@corp.test>" evil@evil.test',
        b"=?utf-8?q?agent=40corp.test?=",
        b"<agent@corp.test> <evil@evil.test>",
        b"agent@corp.test, <evil@evil.test>",
        b"Team: agent@corp.test; <evil@evil.test>",
        b"agent@corp.test@evil.test",
        b"agent@corp.test%00@evil.test",
        b"<agent@corp.test\x00@evil.test>",
        b"<@evil.test,@any.test:agent@corp.test>",
        "<agent@corp\u200b.test>".encode(),
        "<agent@corp.test\u00a0>".encode(),
        "<agent\u202e@corp.test>".encode(),
    ],
)
@pytest.mark.fault("E2")
def test_where_it_cannot_be_said_who_is_judged_nobody_is_shown(value: bytes) -> None:
    """Programs read these in more than one way; a ticket of it has no requester and gets no acknowledgement."""
    read = mail(b"From: " + value)
    assert (read.sender, read.strict_sender, read.writer) == (None, None, None)
    assert as_json(read, "x")["sender"] is None


def test_two_from_fields_count_only_where_they_agree() -> None:
    """The first may be empty; of two domains nobody knows which is judged."""
    assert mail("From: a@corp.test", "From: b@evil.test").sender is None
    one = mail('From: "name" <>', "From: b@corp.test").sender
    assert one is not None
    assert one.address == "b@corp.test"


def test_who_sent_it_on_is_not_who_wrote() -> None:
    """Sender and Resent-From change nothing."""
    read = mail("Resent-From: c@evil.test", "Sender: b@evil.test", "From: a@corp.test", "Resent-Sender: d@evil.test")
    assert read.sender == Address(address="a@corp.test")
    assert read.strict_sender == "a@corp.test"


LIST = ("List-Id: Support <support.lists.example>", "List-Post: <mailto:support@lists.example>")
ANNA = "anna@person.example"


@pytest.mark.parametrize(
    ("lines", "name", "software"),
    [
        (
            ("From: \"'Anna Petrova' via Support\" <support@lists.example>", "X-Google-Group-Id: 1", *LIST,
             f"X-Original-From: Anna Petrova <{ANNA}>", "X-Original-Sender: other@person.example"),
            "Anna Petrova", "Google Groups",
        ),
        (
            ("From: Anna via Support <support@lists.example>", "X-Google-Group-Id: 1", *LIST,
             f"X-Original-Sender: {ANNA}"),
            "Anna", "Google Groups",
        ),
        (("From: Anna P via Support <support@lists.example>", f"Reply-To: P <{ANNA}>", *LIST), "P", "Mailman"),
        (
            ("From: Anna via Support <support@lists.example>", f"Reply-To: support@lists.example, {ANNA}", *LIST),
            "Anna", "Mailman",
        ),
        (
            ("From: Anna via Support <support@lists.example>", "Reply-To: support@lists.example",
             f"Cc: Boris <b@x.example>, Anna <{ANNA}>", *LIST),
            "Anna", "Mailman",
        ),
        (("From: anna at person.example via Support <support@lists.example>", *LIST), "", "Mailman"),
        (
            ("From: \"Anna (via support List)\" <support@lists.example>", f"X-Original-From: Anna <{ANNA}>", *LIST),
            "Anna", "Sympa",
        ),
        (
            (f"From: \"support (on behalf of {ANNA})\" <support@lists.example>", f"X-Original-From: {ANNA}", *LIST),
            "", "Sympa",
        ),
        (("From: Anna via groups.io <anna=person.example@groups.io>", "List-Id: <x.groups.io>"), "Anna", "groups.io"),
    ],
)  # fmt: skip
def test_the_person_behind_a_list_is_found(lines: tuple[str, ...], name: str, software: str) -> None:
    """Each rule by its software; From stays what it is."""
    read = mail(*lines)
    assert read.writer is not None
    assert (read.writer.person, read.writer.software) == (Address(name=name, address=ANNA), software)
    assert read.sender is not None
    assert read.writer.via == read.sender.address
    assert as_json(read, "x")["sender"] == {
        "name": name, "address": ANNA, "via": read.sender.address, "software": software,
        "marks": [str(mark) for mark in read.writer.marks], "shown_domain": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    "lines",
    [
        ("From: Anna via Support <support@lists.example>", f"Reply-To: {ANNA}"),
        ("From: Anna via Support <support@lists.example>", f"X-Original-From: {ANNA}", f"X-Original-Sender: {ANNA}"),
        (
            "From: Anna via LinkedIn <messages-noreply@linkedin.example>",
            f"Reply-To: {ANNA}",
            "List-Id: <l.other.example>",
        ),
        ("From: Anna <support@lists.example>", f"Reply-To: {ANNA}", *LIST),
        ("From: Anna via Support <evil@evil.example>", f"Reply-To: {ANNA}", *LIST),
        ("From: Anna via Support <support@lists.example>", f"Reply-To: {ANNA}, c@d.example", *LIST),
        ("From: Anna via Support <support@lists.example>", "X-Google-Group-Id: 1", *LIST),
        (f"From: Anna <{ANNA}>", f"X-Original-From: {ANNA}", "X-Google-Group-Id: 1", *LIST),
        ("From: Anna via groups.io <anna=person.example@groups.io.evil.example>", "List-Id: <x.groups.io>"),
    ],
)
def test_without_the_marks_of_list_software_nobody_is_behind_it(lines: tuple[str, ...]) -> None:
    """Reply-To alone names nobody; a social network's relay stays who it is; in doubt From stands."""
    read = mail(*lines)
    assert read.writer is not None
    assert (read.writer.person, read.writer.via, read.writer.software) == (read.sender, None, "")


@pytest.mark.parametrize(
    ("name", "address", "found"),
    [
        ("Anna Petrova", "a@x.example", []),
        ("Анна Петрова, IT-отдел", "a@x.example", []),
        ("Jöhn Müller", "a@x.example", []),
        ("東京 Support", "a@x.example", []),
        ("anna@corp.example", "a@x.example", ["address_in_name"]),
        ("A@X.example", "a@x.example", []),
        ("anna\uff20corp.example", "a@x.example", ["address_in_name"]),
        ("anna@co\u200brp.example", "a@x.example", ["address_in_name", "hidden_characters"]),
        ("Аnna Petrova", "a@x.example", ["mixed_scripts"]),
        ("Pαul", "a@x.example", ["mixed_scripts"]),
        ("Anna\u202evil", "a@x.example", ["hidden_characters"]),
        ("Anna", "a@xn--bcher-kva.example", ["punycode_domain"]),
        ("Anna", "a@xn--80ak6aa92e.example", ["punycode_domain", "lookalike_domain"]),
        ("Anna", "a@сор.example", ["punycode_domain", "lookalike_domain"]),
        ("Anna", "a@почта.example", ["punycode_domain"]),
    ],
)
@pytest.mark.fault("E8")
def test_odd_names_and_domains_are_marked(name: str, address: str, found: list[str]) -> None:
    """Another address in the name, mixed alphabets in one word, hidden characters, encoded domains."""
    assert [str(mark) for mark in marks(Address(name=name, address=address))] == found


def test_an_encoded_domain_is_shown_as_people_read_it() -> None:
    """Plain ones are not shown twice, broken ones stay as they are written."""
    assert unicode_domain("a@xn--bcher-kva.example") == "bücher.example"
    assert unicode_domain("a@bücher.example") == "bücher.example"
    assert unicode_domain("a@acme.example") is None
    assert unicode_domain("a@xn--\u20ac.xn--99999999.example") == "xn--\u20ac.xn--99999999.example"
    odd = mail("From: Anna <a@xn--80ak6aa92e.example>").writer
    assert odd is not None
    assert (odd.shown_domain, odd.marks) == ("аррӏе.example", (Mark.PUNYCODE_DOMAIN, Mark.LOOKALIKE_DOMAIN))


NAMES, OURS = ("Анна Петрова", "Boris Smith", "Acme Support"), ("anna@desk.example",)


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("Boris Smith", "Boris Smith"),
        ("SMITH, Boris", "Boris Smith"),
        ("Bоris Smіth", "Boris Smith"),
        ("Boris\u200b Smith", "Boris Smith"),
        ("Аннa Пeтровa", "Анна Петрова"),
        ("Acme-Support", "Acme Support"),
        ("Boris", None),
        ("Boris Smithson", None),
        ("", None),
    ],
)
@pytest.mark.fault("E8")
def test_a_stranger_who_bears_a_name_of_ours_is_noticed(name: str, ours: str | None) -> None:
    """Also in look-alike letters or another order; not our own people, nor a first name alone."""
    assert imitated(Address(name=name, address="x@evil.example"), NAMES, OURS) == ours
    assert imitated(Address(name=name, address="Anna@Desk.example"), NAMES, OURS) is None


@given(st.text(max_size=80), st.text(max_size=80), st.binary(max_size=120))
def test_no_sender_raises(name: str, domain: str, raw: bytes) -> None:
    """Any name, any domain, any bytes; what comes out is clean."""
    marks(Address(name=name, address=f"a@{domain}"))
    skeleton(name)
    imitated(Address(name=name, address=domain), NAMES, OURS)
    line = raw.replace(b"\n", b"").replace(b"\r", b"")
    read = mail(b"From: " + line, b"Reply-To: " + line, b"X-Original-From: " + line, *LIST, "X-Google-Group-Id: 1")
    if read.writer is not None:
        told = repr(as_json(read, "x")["sender"])
        assert "\\x00" not in told
        assert "\\n" not in told
        told.encode()


@pytest.mark.parametrize(
    "value",
    [
        "a@" * 30_000,
        '"' * 30_000,
        "(" * 30_000,
        "=?a?q?" * 5000,
        "a@b.example, " * 5000,
        "<a@b.example " * 3000,
        '\\"' * 20_000,
    ],
)
def test_hostile_senders_cost_little(value: str) -> None:
    """Long fields of brackets, quotes and addresses."""
    start = time.process_time()
    mail(f"From: {value}", f"Reply-To: {value}", f"X-Original-From: {value}", "X-Google-Group-Id: 1", *LIST)
    # A tenth of it when the machine is quiet; other work on the same processor counts in part.
    assert time.process_time() - start < 1.0
