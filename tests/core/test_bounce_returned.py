"""Which of our mails came back, in whatever dress; and what the words of servers stand for."""

# ruff: noqa: E501  the mails in here keep their long lines

from __future__ import annotations

import base64
import quopri

import pytest

from maild.messages import statuses
from maild.messages.mail import Mail, MailClass
from maild.messages.read import read_mail

RETURNED = "Received: from desk.example\nMessage-ID: <answer-1@desk.example>\nFrom: support@desk.example\nTo: olga@client.example\nSubject: Ticket\n"
FIELDS = "Final-Recipient: rfc822; olga@client.example\nAction: failed\nStatus: 5.1.1"


def report(*parts: str, kind: str = "multipart/report; report-type=delivery-status") -> Mail:
    """A report of these parts, each with its own header."""
    body = "".join(f"--b\n{part}\n\n" for part in parts)
    return read_mail(
        (
            "From: Mail Delivery System <MAILER-DAEMON@mx.example>\nTo: support@desk.example\n"
            "Subject: Undelivered Mail Returned to Sender\nMessage-ID: <report-1@mx.example>\nReferences: <wrong@desk.example>\n"
            f'MIME-Version: 1.0\nContent-Type: {kind}; boundary="b"\n\n{body}--b--\n'
        ).encode()
    )


WORDS = "Content-Type: text/plain\n\nSorry."
STATUS = f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n{FIELDS}"
ENCODED = base64.encodebytes((RETURNED + "\nHello.\n").encode()).decode()
QUOTED = quopri.encodestring((RETURNED.replace("answer-1", "answer-1=x") + "\nHello.\n").encode()).decode()

DRESSES = {
    "a message": (WORDS, STATUS, f"Content-Type: message/rfc822\n\n{RETURNED}\nHello."),
    "a header alone": (WORDS, STATUS, f"Content-Type: text/rfc822-headers\n\n{RETURNED}"),
    "a message cut in its header": (WORDS, STATUS, "Content-Type: message/rfc822\n\nMessage-ID: <answer-1@desk.example>\nSubject: Tick"),
    "a message beyond ASCII": (WORDS, STATUS.replace("message/delivery", "message/global-delivery"), f"Content-Type: message/global\n\n{RETURNED}\nHello."),
    "a header beyond ASCII": (WORDS, STATUS, f"Content-Type: message/global-headers\n\n{RETURNED}"),
    "base64": (WORDS, STATUS, f"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{ENCODED}"),
    "a header in base64": (WORDS, STATUS, f"Content-Type: text/rfc822-headers\nContent-Transfer-Encoding: base64\n\n{ENCODED}"),
    "a part of no fitting type": (WORDS, STATUS, f'Content-Type: application/octet-stream; name="original.eml"\n\n{RETURNED}'),
    "a nested multipart": (WORDS, STATUS, f'Content-Type: multipart/mixed; boundary="c"\n\n--c\nContent-Type: message/rfc822\n\n{RETURNED}\nHello.\n\n--c--'),
    "the status part": (WORDS, STATUS.replace("Reporting-MTA", "X-Original-Message-ID: <answer-1@desk.example>\nReporting-MTA")),
    "the text": (f"Content-Type: text/plain\n\nSorry.\n\n> {RETURNED.replace(chr(10), chr(10) + '> ')}", STATUS),
}  # fmt: skip


@pytest.mark.parametrize("dress", DRESSES)
def test_the_returned_mail_is_found_in_every_dress(dress: str) -> None:
    """RFC 3462, RFC 6522, RFC 6533, and what servers do besides; its Message-ID goes before the report's References."""
    mail = report(*DRESSES[dress])
    assert mail.bounce is not None
    assert mail.bounce.original_message_id == "<answer-1@desk.example>"
    assert [r.address for r in mail.bounce.recipients] == ["olga@client.example"]


def test_a_quoted_printable_message_is_decoded_before_it_is_read() -> None:
    """An equals sign in a Message-ID is written as =3D there."""
    mail = report(
        WORDS, STATUS, f"Content-Type: message/rfc822\nContent-Transfer-Encoding: quoted-printable\n\n{QUOTED}"
    )
    assert mail.bounce is not None
    assert mail.bounce.original_message_id == "<answer-1=x@desk.example>"


def test_a_report_inside_a_report_is_the_one_that_counts() -> None:
    """Gateways pack what they were sent; the inner status part names the recipient and the inner returned part the mail."""
    inner = (
        'From: MAILER-DAEMON@inner.example\nSubject: Returned mail\nContent-Type: multipart/report; report-type=delivery-status; boundary="i"\n\n'
        f"--i\n{WORDS}\n\n--i\n{STATUS}\n\n--i\nContent-Type: message/rfc822\n\n{RETURNED}\nHello.\n--i--\n"
    )
    mail = report(
        "Content-Type: text/plain\n\nThe following addresses had permanent delivery errors",
        f"Content-Type: message/rfc822\n\n{inner}",
        kind="multipart/mixed",
    )
    assert mail.mail_class is MailClass.BOUNCE
    assert mail.bounce is not None
    assert [(r.address, r.status) for r in mail.bounce.recipients] == [("olga@client.example", "5.1.1")]


def test_the_fields_of_a_status_part_count_inside_a_text_too() -> None:
    """Gateways flatten the parts: addresses, codes and actions still stand there."""
    mail = report(
        f"Content-Type: text/plain\n\nThis is the mail system at host mx.example.\n\n<petr@client.example>: see below\n\nReporting-MTA: dns; mx.example\n\n{FIELDS}\n",
        kind="multipart/mixed",
    )
    assert mail.bounce is not None
    assert [(r.address, r.status, r.action) for r in mail.bounce.recipients] == [
        ("olga@client.example", "5.1.1", "failed")
    ]


def test_a_masked_recipient_is_taken_from_the_returned_mail() -> None:
    """Some servers show only stars; the mail that came back went to one address."""
    mail = report(WORDS, STATUS.replace("olga@", "********@"), f"Content-Type: message/rfc822\n\n{RETURNED}\nHello.")
    assert mail.bounce is not None
    assert [r.address for r in mail.bounce.recipients] == ["olga@client.example"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("550 mailbox full", "5.2.2"), ("452 mailbox full", "4.2.2"), ("User is over the quota", "5.2.2"), ("Почтовый ящик переполнен", "5.2.2"),
        ("Das Postfach des Empfängers ist voll", "5.2.2"), ("对方邮箱已满", "5.2.2"), ("User mailbox exceeds allowed size", "5.2.2"),
        ("550 user unknown", "5.1.1"), ("does not have an account here", "5.1.1"), ("пользователь не найден", "5.1.1"), ("n'existe pas", "5.1.1"),
        ("adresse inconnue", "5.1.1"), ("Host or domain name not found", "5.1.2"), ("Unrouteable address", "5.1.2"),
        ("554 relay access denied", "5.7.1"), ("550 blocked by our spam filter", "5.7.1"), ("554 rejected due to content policy", "5.7.1"),
        ("550 SPF check failed", "5.7.23"), ("550 DMARC policy", "5.7.26"), ("550 DKIM signature is bad", "5.7.20"),
        ("550 cannot find your reverse hostname", "5.7.25"), ("550 must issue a STARTTLS command first", "5.7.10"),
        ("552 message too large", "5.3.4"), ("Die Nachricht ist zu groß", "5.3.4"), ("превышен максимальный размер", "5.3.4"),
        ("450 greylisted, try again in 300 seconds", "4.7.1"), ("421 too many connections", "4.7.0"), ("450 rate limit exceeded", "4.7.0"),
        ("Connection timed out", "4.4.1"), ("421 service not available", "4.3.2"), ("retry timeout exceeded", "4.4.7"),
        ("The account is disabled", "5.2.1"), ("550 mailbox is inactive", "5.2.1"), ("учётная запись заблокирована", "5.2.1"),
        ("550 Sender address rejected: Domain not found", "5.1.8"), ("550 sender verify failed", "5.1.8"),
        ("Too many hops", "5.4.6"), ("550", None), ("550 no reason given", "5.0.0"), ("550 in reply to RCPT TO", "5.1.1"),
        ("554 transaction failed", "5.0.0"), ("551 x", "5.1.6"), ("#5.5.0 smtp;554 5.7.1 x", "5.7.1"), ("Hello", None),
    ],
)  # fmt: skip
def test_words_and_numbers_stand_for_a_status(words: str, expected: str | None) -> None:
    """RFC 3463, RFC 5248, RFC 7372; the number says for how long, the words say what."""
    assert statuses.from_text(words) == expected


@pytest.mark.parametrize(
    ("status", "diagnostic", "expected"),
    [
        ("5.0.0", "smtp; 550 5.1.1 unknown", "5.1.1"), ("5.0.0", "smtp; 451 4.7.1 wait", "4.7.1"), ("5.0.0", "smtp; 451 wait", "5.0.0"),
        ("5.1.1", "smtp; 550 5.7.1 blocked", "5.7.1"), ("5.1.1", "smtp; 550 5.7.0 blocked", "5.1.1"), ("5.2.1", "smtp; 550 5.7.1 x", "5.2.1"),
        ("4.4.7", "smtp; 550 5.1.1 x", "4.4.7"), (None, "smtp; 550 5.2.2 full", "5.2.2"), ("5.1.10", None, "5.1.10"), (None, None, None),
    ],
)  # fmt: skip
def test_the_more_telling_of_two_codes_counts(status: str | None, diagnostic: str | None, expected: str | None) -> None:
    """What the other server answered goes before what a server assumes; a status that was meant stays."""
    assert statuses.best(status, diagnostic) == expected
