"""A letter's bytes: the same each time, fit for every relay, marked so that no machine answers."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from maild.errors import DataError
from maild.messages.mail import Address, Attachment
from maild.outgoing import samples
from maild.outgoing.compose import write_letter
from maild.outgoing.letters import Letters
from maild.threads.plan import Letter, LetterKind

LETTERS = Letters(None, ["ru", "en"], "Europe/Moscow")


def letter(**other: Any) -> Letter:
    """An acknowledgement to Ivan, with some things changed."""
    whole: dict[str, Any] = {
        "kind": LetterKind.ACKNOWLEDGEMENT,
        "template": "acknowledgement",
        "language": "ru",
        "to": (Address(name="Иван Петров", address="ivan@customer.example"),),
        "sender": Address(name="Поддержка Acme", address="support@desk.example"),
        "reply_to": "support+abc@desk.example",
        "context": samples.sample("acknowledgement", "ru"),
        "message_id": "<k1.abc@desk.example>",
        "date": datetime(2026, 11, 23, 13, 0, tzinfo=timezone(timedelta(hours=3))),
        "in_reply_to": "<question@customer.example>",
        "references": ("<root@desk.example>", "<question@customer.example>"),
        "automatic": True,
        "loop_mark": "k1.mark",
    }
    return Letter(**(whole | other))


def answer(text: str, **other: Any) -> Letter:
    """An agent's answer."""
    context = {"desk": {"name": "Acme"}, "ticket": {"number": "SUP-1"}, "text": text}
    kind = {"kind": LetterKind.ANSWER, "template": "answer", "automatic": False, "context": context}
    return letter(**(kind | other))


def attachment(name: str, content_type: str = "text/plain", content: bytes = b"abc") -> Attachment:
    """A file to send along."""
    return Attachment(
        filename=name,
        content_type=content_type,
        size=len(content),
        sha256="",
        inline=False,
        content_id=None,
        content=content,
    )


def read(raw: bytes) -> EmailMessage:
    """The mail as a modern reader sees it."""
    return cast("EmailMessage", message_from_bytes(raw, policy=policy.default))


def plain_text(given_letter: Letter) -> str:
    """The plain body of a letter as its reader sees it."""
    body = read(write_letter(given_letter, LETTERS).raw).get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def test_the_same_letter_gives_the_same_bytes() -> None:
    """A second try after a crash must be the same mail to the byte; another letter must not."""
    one = letter(attachments=(attachment("a.txt"),))
    again = letter(attachments=(attachment("a.txt"),))
    other = letter(attachments=(attachment("a.txt"),), message_id="<k1.abd@desk.example>")
    fresh = Letters(None, ["ru", "en"], "Europe/Moscow")
    assert write_letter(one, LETTERS).raw == write_letter(again, fresh).raw
    assert write_letter(one, LETTERS).raw != write_letter(other, LETTERS).raw


def test_every_field_stands_where_readers_look_for_it() -> None:
    """The whole header of an acknowledgement."""
    mail = read(write_letter(letter(cc=(Address(address="olga@customer.example"),)), LETTERS).raw)
    assert mail["From"] == "Поддержка Acme <support@desk.example>"
    assert mail["To"] == "Иван Петров <ivan@customer.example>"
    assert mail["Cc"] == "olga@customer.example"
    assert mail["Reply-To"] == "support+abc@desk.example"
    assert mail["Subject"] == "Re: Принтер на втором этаже печатает пустые страницы [SUP-1042]"
    assert mail["Date"] == "Mon, 23 Nov 2026 10:00:00 +0000"
    assert mail["Message-ID"] == "<k1.abc@desk.example>"
    assert mail["In-Reply-To"] == "<question@customer.example>"
    assert mail["References"] == "<root@desk.example> <question@customer.example>"
    assert mail["X-Maild-Loop"] == "k1.mark"
    assert mail["Content-Language"] == "ru"


@pytest.mark.parametrize(
    ("kind", "submitted", "precedence"),
    [
        (LetterKind.ACKNOWLEDGEMENT, "auto-replied", "bulk"),
        (LetterKind.TRANSCRIPT, "auto-replied", None),
        (LetterKind.NOTIFICATION, "auto-generated", None),
        (LetterKind.ESCALATION, "auto-generated", None),
        (LetterKind.ALARM, "auto-generated", None),
    ],
)
def test_automatic_letters_are_marked(kind: LetterKind, submitted: str, precedence: str | None) -> None:
    """RFC 3834; Exchange has a mark of its own."""
    mail = read(write_letter(letter(kind=kind), LETTERS).raw)
    assert (mail["Auto-Submitted"], mail["Precedence"]) == (submitted, precedence)
    assert mail["X-Auto-Response-Suppress"] == "All"


def test_an_agents_answer_carries_no_automatic_marks() -> None:
    """It is a person's mail; only our own loop mark is on it."""
    mail = read(write_letter(answer("Hello"), LETTERS).raw)
    assert mail["Auto-Submitted"] is None
    assert mail["X-Auto-Response-Suppress"] is None
    assert mail["Precedence"] is None
    assert mail["X-Maild-Loop"] == "k1.mark"


def test_the_letters_own_subject_goes_before_the_templates() -> None:
    """What the decision says is what stands there."""
    written = write_letter(letter(subject="Re: Принтер\r\nBcc: v@x.example [SUP-1]"), LETTERS)
    assert read(written.raw)["Subject"] == written.subject == "Re: Принтер Bcc: v@x.example [SUP-1]"
    assert read(written.raw)["Bcc"] is None


INJECTIONS = [
    "hi\r\nBcc: v@x.example",
    "=?utf-8?q?hi=0D=0ABcc:_v=40x.example?=",
    "hi\u2028Bcc: v@x.example\0",
    "hi\nBcc: v@x.example",
]


@pytest.mark.parametrize("text", INJECTIONS)
@pytest.mark.fault("H1")
def test_no_value_makes_a_new_field(text: str) -> None:
    """CVE-2024-6923: Python 3.11.7 itself would let it happen."""
    everywhere = letter(
        subject=text,
        to=(Address(name=text, address="ivan@customer.example"),),
        sender=Address(name=text, address="support@desk.example"),
        in_reply_to=text,
        references=(text, f"<{text}>"),
        loop_mark=text,
        reply_to=text,
        attachments=(attachment(text, content_type=text),),
    )
    raw = write_letter(everywhere, LETTERS).raw
    assert not re.search(rb"(?im)^Bcc:", raw)
    assert [key for key, _ in read(raw).items() if key.lower() == "bcc"] == []
    assert len(read(raw).get_all("From") or []) == 1


BODIES = [
    "Hello",
    "x" * 5000,
    "Привет\r\n.\r\nещё\r\n",
    ".\n..\n.hidden\nFrom here on\n",
    "x" * 5000 + "\n" + "ю" * 5000,
    "a\rb\nc\r\nd\x00e\x1bf\ud800g",
    "trailing   \n\ttab\t\n= equals =3D\n",
    "mostly plain, some déjà vu\n" * 30,
]


@pytest.mark.parametrize("text", BODIES, ids=range(len(BODIES)))
@pytest.mark.fault("C10")
def test_the_bytes_are_fit_for_every_relay(text: str) -> None:
    """CRLF only, seven bits, no line over 998, no dot that ends the mail too early."""
    raw = write_letter(answer(text, attachments=(attachment("x.bin", content=bytes(range(256)) * 9),)), LETTERS).raw
    assert raw.isascii()
    assert b"\0" not in raw
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert raw.endswith(b"\r\n")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), min_size=1, max_size=400))
@example("trailing   \n\ttab\t\n= equals =3D\nFrom x\n.\n")
def test_an_agents_text_arrives_as_it_was_written(text: str) -> None:
    """Whatever encoding was picked for it."""
    assert plain_text(answer(text)).startswith(text.strip("\n").rstrip())


def test_the_plain_text_stands_before_the_html() -> None:
    """RFC 2046, 5.1.4: the last alternative is the richest; a text reader takes the first."""
    mail = read(write_letter(letter(), LETTERS).raw)
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]


def test_attachments_come_with_their_names() -> None:
    """Cyrillic, quoted and long names, each as its owner wrote it."""
    names = ["отчёт за ноябрь.pdf", 'say "hi".txt', "plain.txt", "я" * 200 + ".docx"]
    mail = read(write_letter(answer("Hi", attachments=tuple(map(attachment, names))), LETTERS).raw)
    found = [part.get_filename() for part in mail.iter_attachments()]
    assert found == [names[0], "say 'hi'.txt", "plain.txt", "я" * 87 + ".docx"]
    assert all(part.get_content_disposition() == "attachment" for part in mail.iter_attachments())
    assert [part.get_payload(decode=True) for part in mail.iter_attachments()] == [b"abc"] * 4


@pytest.mark.parametrize("name", ["../../etc/passwd", "C:\\x\\evil.exe", "\r\nX: y", "", ".", "\u202egpj.exe", "a\0b"])
@pytest.mark.fault("G-4")
def test_hostile_file_names_are_made_harmless(name: str) -> None:
    """No folders, no line breaks, no turned writing, never empty."""
    (found,) = read(write_letter(answer("Hi", attachments=(attachment(name),)), LETTERS).raw).iter_attachments()
    filename = found.get_filename() or ""
    assert filename
    assert not re.search(r"[/\\\r\n\0\u202e]", filename)
    assert not filename.startswith(".")


@pytest.mark.parametrize(
    ("given_type", "sent"),
    [
        ("image/png", "image/png"),
        ("Application/PDF", "application/pdf"),
        ("multipart/mixed", "application/octet-stream"),
        ("message/rfc822", "application/octet-stream"),
        ("text/html; charset=x\r\nX: y", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_content_types_are_safe(given_type: str, sent: str) -> None:
    """A type comes from a stranger's mail; a multipart or a mail may not be base64."""
    (found,) = read(
        write_letter(answer("Hi", attachments=(attachment("a", given_type),)), LETTERS).raw
    ).iter_attachments()
    assert found.get_content_type() == sent
    assert found.get_payload(decode=True) == b"abc"


def test_a_text_that_knows_the_boundary_cannot_end_its_part() -> None:
    """Somebody who has seen our bytes may write them into his next mail."""
    first = write_letter(answer("Hello"), LETTERS).raw
    boundary = re.search(rb'boundary="([^"]+)"', first)
    assert boundary
    text = f"--{boundary.group(1).decode()}\n\nevil\n--{boundary.group(1).decode()}--"
    assert plain_text(answer(text)).startswith(text)


def test_a_letter_to_nobody_is_refused() -> None:
    """Before it is stored, with a clear word."""
    for broken in (letter(to=()), letter(to=(Address(address="nobody"),)), letter(sender=Address(address=""))):
        with pytest.raises(DataError):
            write_letter(broken, LETTERS)
    with pytest.raises(DataError):
        write_letter(letter(message_id="none"), LETTERS)


def test_a_letter_does_not_change_while_it_is_written() -> None:
    """Values in, values out."""
    one = letter()
    before = replace(one)
    write_letter(one, LETTERS)
    assert one == before


def test_an_acknowledgement_is_cheap() -> None:
    """Half of what EmailMessage alone would cost: 0.7 ms; ten times that here, for a busy machine."""
    one = letter()
    write_letter(one, LETTERS)
    spent = []
    for _ in range(5):
        begun = time.process_time()
        for _ in range(20):
            write_letter(one, LETTERS)
        spent.append((time.process_time() - begun) / 20)
    assert min(spent) < 0.007
