"""A whole mail is read: bytes in, a Mail out, whatever the bytes."""

from __future__ import annotations

import json
import random
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maild.errors import Unreadable
from maild.messages.json_view import as_json
from maild.messages.mail import Address, MailClass
from maild.messages.read import read_mail

SAMPLES = sorted((Path(__file__).parent.parent / "mails").glob("*.eml"))
HEAD = b"From: Anna <anna@example.org>\r\nTo: support@desk.example\r\nSubject: Printer\r\nMIME-Version: 1.0\r\n"
RUSSIAN = "Добрый день! Не печатает принтер на втором этаже."


def test_an_ordinary_mail_is_read() -> None:
    """Who, to whom, what about, when, in answer to what."""
    mail = read_mail(
        HEAD
        + b"Message-ID: <2@example.org>\r\nIn-Reply-To: <1@desk.example>\r\nReferences: <0@x>\r\n <1@desk.example>\r\n"
        b"Date: Sun, 22 Nov 2026 10:00:00 +0300\r\nReply-To: box@example.org\r\nCc: Bob <bob@example.org>\r\n\r\n"
        b"It is broken.\r\n"
    )
    assert mail.sender == Address(name="Anna", address="anna@example.org")
    assert mail.strict_sender == "anna@example.org"
    assert (mail.to, mail.cc) == (
        (Address(address="support@desk.example"),),
        (Address(name="Bob", address="bob@example.org"),),
    )
    assert mail.reply_to == (Address(address="box@example.org"),)
    assert (mail.message_id, mail.in_reply_to) == ("<2@example.org>", "<1@desk.example>")
    assert mail.references == ("<0@x>", "<1@desk.example>")
    assert mail.date == datetime(2026, 11, 22, 7, tzinfo=UTC)
    assert (mail.subject, mail.text.strip(), mail.reply) == ("Printer", "It is broken.", "It is broken.")
    assert mail.mail_class is MailClass.PERSON
    assert mail.defects == ()


@pytest.mark.parametrize("codec", ["utf-8", "koi8-r", "windows-1251", "cp866"])
def test_russian_without_any_declaration_is_read(codec: str) -> None:
    """Raw subject, raw name, raw body, no charset anywhere."""
    raw = f"From: Анна Петрова <anna@example.org>\r\nSubject: Не печатает принтер\r\n\r\n{RUSSIAN}\r\n".encode(codec)
    mail = read_mail(raw)
    assert (mail.sender, mail.subject, mail.text.strip()) == (
        Address(name="Анна Петрова", address="anna@example.org"),
        "Не печатает принтер",
        RUSSIAN,
    )
    assert mail.language == "ru"


def test_an_attached_mail_is_told_as_forwarded() -> None:
    """Its sender and text are found, and stay out of the outer text."""
    raw = HEAD + (
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nPlease handle this.\r\n--b\r\n'
        b"Content-Type: message/rfc822\r\n\r\nFrom: Carl <carl@customer.example>\r\nSubject: Help\r\n\r\n"
        b"My account is locked.\r\n--b--\r\n"
    )
    mail = read_mail(raw)
    assert mail.text.strip() == "Please handle this."
    assert mail.forwarded is not None
    assert mail.forwarded.sender == Address(name="Carl", address="carl@customer.example")
    assert "My account is locked." in mail.forwarded.text


def test_our_own_mail_is_known_by_its_mark() -> None:
    """The mark is asked about, and only the one who knows the key can say yes."""
    raw = HEAD + b"X-Maild-Loop: token\r\n\r\nx"
    assert read_mail(raw, is_own=lambda mark: mark == "token").mail_class is MailClass.OWN
    assert read_mail(raw).mail_class is not MailClass.OWN


@pytest.mark.parametrize(
    "head",
    [
        b"From: anna@example.org\r\nFrom: evil@evil.example\r\n",
        b"From: anna@example.org, evil@evil.example\r\n",
        b"From: anna@example.org <evil@evil.example>\r\n",
        b"From: anna@example.org\x00\r\n",
        b"From: =?utf-8?q?anna=40example.org?= <evil@evil.example>\r\n",
        b"Sender: anna@example.org\r\n",
        b"Received: x\r\n\r\nFrom: anna@example.org\r\n",
        b"junk first\r\nFrom: anna@example.org\r\n",
        b"From: anna@example.org\r\nlost fold\r\nX-A: b\r\n",
    ],
)
def test_an_odd_sender_is_never_strict(head: bytes) -> None:
    """Several From, several addresses, tricks with names and header blocks: identity hangs on none of them."""
    assert read_mail(head + b"Subject: x\r\n\r\ntext").strict_sender is None


def test_the_first_usable_from_counts() -> None:
    """A From without an address says nothing about the sender."""
    mail = read_mail(b'From: "x" <>\r\nFrom: Bob <bob@example.org>\r\n\r\ntext')
    assert mail.sender == Address(name="Bob", address="bob@example.org")
    assert read_mail(b'From: "x" <>\r\n\r\ntext').sender is None


def test_only_the_empty_mail_is_unreadable() -> None:
    """Whatever has a byte in it becomes a Mail."""
    for raw in (b"", b"\r\n\r\n", b"\x00\x00"):
        with pytest.raises(Unreadable):
            read_mail(raw)
    assert read_mail(b"x").text == "x"


def multiparts(depth: int) -> bytes:
    """Multiparts in each other."""
    return b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(depth))


BOMBS = {
    "subject": b"From: a@b.example\r\nSubject: " + b"word " * 200_000 + b"\r\n\r\nx",
    "encoded words": b"From: a@b.example\r\nSubject: " + b"=?utf-8?q?x?= " * 20_000 + b"\r\n\r\nx",
    "quotes in To": b"From: a@b.example\r\nTo: " + b'"' * 100_000 + b"\r\n\r\nx",
    "commas in Cc": b"From: a@b.example\r\nCc: " + b"," * 50_000 + b"\r\n\r\nx",
    "recipients": b"From: a@b.example\r\nTo: " + b"user@example.org, " * 50_000 + b"\r\n\r\nx",
    "parentheses": b"From: a@b.example\r\nTo: " + b"(" * 500_000 + b"\r\n\r\nx",
    "parameters": HEAD + b"Content-Type: x/y; " + b"".join(b"a*%d*=x; " % i for i in range(30_000)) + b"\r\n\r\nx",
    "parts": HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 20_000,
    "nested parts": HEAD + multiparts(2000),
    "nested mails": (HEAD + b"Content-Type: message/rfc822\r\n\r\n") * 500,
    "empty lines": HEAD + b"\r\n" + b"\n" * 5_000_000,
    "empty bounce": b"From: MAILER-DAEMON@x.example\r\nSubject: Undelivered Mail\r\n\r\n" + b"\n" * 2_000_000,
    "ampersands": HEAD + b"Content-Type: text/html\r\n\r\n" + b"&" * 1_000_000,
    "divs": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<div>" * 200_000,
    "quotes": HEAD + b"\r\n" + b"> a\n" * 500_000,
    "one line": HEAD + b"\r\n" + b"x" * 5_000_000,
    "broken base64": HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"=A" * 1_000_000,
    "no header": b"A" * 3_000_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_no_mail_takes_long(name: str) -> None:
    """Bombs that cost other readers seconds and gigabytes stay under two seconds."""
    start = time.process_time()
    mail = read_mail(BOMBS[name])
    assert time.process_time() - start < 2
    assert len(mail.subject) <= 998
    assert len(mail.text) <= 1_000_000


def test_a_report_comes_out_clean() -> None:
    """What a delivery report says is on one line and without NUL, however it is encoded."""
    raw = (
        b"From: MAILER-DAEMON@x.example\r\nSubject: Undelivered Mail\r\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n--b\r\n\r\nNo.\r\n--b\r\n'
        b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822;"
        b"a@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 no\x00 user\r\n\r\n--b--\r\n"
    )
    mail = read_mail(raw)
    assert mail.bounce is not None
    assert [one.address for one in mail.bounce.recipients] == ["a@b.example"]
    assert "\x00" not in everything(as_json(mail, "x"))


def everything(value: object) -> str:
    """All text in a JSON value."""
    if isinstance(value, dict):
        return "".join(everything(one) for one in value.values())
    if isinstance(value, list):
        return "".join(everything(one) for one in value)
    return value if isinstance(value, str) else ""


def test_mutated_mails_raise_nothing_and_come_out_clean() -> None:
    """Flipped, cut, repeated and mixed bytes: always a Mail, always clean JSON in UTF-8 without NUL."""
    seeds = [sample.read_bytes()[:20_000] for sample in SAMPLES[:12]] + [
        HEAD + b'Content-Type: multipart/alternative; boundary="b"\r\n\r\n--b\r\n\r\nplain\r\n--b\r\n'
        b"Content-Type: text/html; charset=koi8-r\r\n\r\n<p>\xd0\xd2</p>\r\n--b--\r\n",
        f"From: Анна <a@b.example>\r\nSubject: =?utf-8?q?=D0?=\r\n\r\n{RUSSIAN}".encode(),
    ]
    chance = random.Random(2026)
    for _ in range(300):
        raw = bytearray(chance.choice(seeds))
        for _ in range(chance.randrange(1, 12)):
            at = chance.randrange(len(raw) + 1)
            kind = chance.randrange(4)
            if kind == 0:
                raw[at : at + 1] = bytes((chance.randrange(256),))
            elif kind == 1:
                del raw[at : at + chance.randrange(200)]
            elif kind == 2:
                raw[at:at] = chance.choice([b"\r\n\r\n", b"\x00", b"--b", b'"', b"=?", b"\xff", b"<", b"\n"])
            else:
                other = chance.choice(seeds)
                raw[at:at] = other[: chance.randrange(len(other))][-300:]
        if not raw.strip(b"\x00 \t\r\n"):
            continue
        shown = as_json(read_mail(bytes(raw)), "x")
        text = everything(shown)
        text.encode("utf-8")
        assert "\x00" not in text
        assert "\n" not in shown["subject"] + everything(shown["from"]) + everything(shown["to"])


def test_the_json_has_the_promised_shape() -> None:
    """Every key of `read --json`, in plain JSON."""
    raw = HEAD + (
        b'Date: Sun, 22 Nov 2026 10:00:00 +0300\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nHi\r\n'
        b"--b\r\nContent-Type: image/png; name=a.png\r\n\r\nx\r\n--b--\r\n"
    )
    shown = json.loads(json.dumps(as_json(read_mail(raw), "mails/a.eml")))
    assert list(shown) == [
        "file", "message_id", "in_reply_to", "references", "date", "from", "reply_to", "to", "cc", "subject",
        "language", "text", "text_from_html", "reply", "quoted", "signature", "html", "attachments", "class",
        "class_reason", "bounce", "forwarded", "defects",
            "signed", "encrypted", "sender",
    ]  # fmt: skip
    assert shown["file"] == "mails/a.eml"
    assert shown["date"] == "2026-11-22T07:00:00Z"
    assert shown["from"] == {"name": "Anna", "address": "anna@example.org"}
    assert shown["html"] is False
    assert set(shown["attachments"][0]) == {"filename", "content_type", "size", "sha256", "inline", "content_id"}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
@pytest.mark.fault("G-2")
def test_mails_of_real_clients_and_servers_have_a_sender_and_a_text(sample: Path) -> None:
    """Raw mails that real programs wrote are read without an exception."""
    mail = read_mail(sample.read_bytes())
    assert mail.sender is not None
    assert mail.text.strip() or mail.attachments


@pytest.mark.parametrize("end", [b"\r", b"\r\r\n"])
def test_a_mail_with_odd_line_ends_is_read(end: bytes) -> None:
    """Files of old Macs, and files that a Windows program has written twice."""
    raw = b"From: anna@b.example\nSubject: ends\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\none\ntwo\n--b--\n"
    mail = read_mail(raw.replace(b"\n", end))
    assert (mail.subject, mail.text, mail.size) == ("ends", "one\ntwo", len(raw.replace(b"\n", end)))


@pytest.mark.parametrize(
    ("head", "address"),
    [
        (b"Reply-To: Anna <anna@b.example>", "anna@b.example"),
        (b"Sender: s@b.example\nReply-To: anna@b.example", "s@b.example"),
        (b"Return-Path: <anna@b.example>", None),
    ],
)
def test_a_mail_without_from_is_from_whom_answers_go_to(head: bytes, address: str | None) -> None:
    """Sender first, then Reply-To; neither proves anybody."""
    mail = read_mail(head + b"\nSubject: s\n\ntext")
    assert (mail.sender.address if mail.sender else None, mail.strict_sender) == (address, None)
