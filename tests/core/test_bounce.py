"""Bounces: who was not reached, why, and which mail came back."""

# ruff: noqa: E501  the mails in here keep their long lines

from __future__ import annotations

import email
import time

import pytest

from maild.messages.bounce import may_be_bounce, read_bounce
from maild.messages.mail import Bounce


def bounce_of(raw: str, text: str = "") -> Bounce | None:
    """What is read from a whole mail; the text is its first text part unless given."""
    message = email.message_from_string(raw)
    first = next((p for p in message.walk() if p.get_content_type() == "text/plain"), message)
    return read_bounce(message, text or str(first.get_payload()))


def dsn(
    fields: str, words: str = "Sorry.", returned: str = "Message-ID: <answer-1@desk.example>\nTo: olga@client.example"
) -> str:
    """A delivery report by RFC 3464 with these per-recipient fields."""
    return (
        "From: Mail Delivery System <MAILER-DAEMON@mx.example>\nTo: support@desk.example\n"
        "Subject: Undelivered Mail Returned to Sender\nMessage-ID: <report@mx.example>\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        f"--b\nContent-Type: text/plain\n\n{words}\n\n--b\nContent-Type: message/delivery-status\n\n"
        f"Reporting-MTA: dns; mx.example\n\n{fields}\n\n--b\nContent-Type: message/rfc822\n\n{returned}\nSubject: x\n\nhi\n--b--\n"
    )


def plain(words: str, subject: str = "failure notice", sender: str = "MAILER-DAEMON@mx.example") -> str:
    """A report in a server's own words."""
    return f"From: {sender}\nTo: support@desk.example\nSubject: {subject}\nMessage-ID: <r@mx.example>\n\n{words}\n"


def test_a_report_by_the_standard_is_read_field_by_field() -> None:
    """RFC 3464: address, status, action and the server's words; the returned part names the mail."""
    found = bounce_of(
        dsn(
            "Final-Recipient: rfc822; Olga@Client.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user"
        )
    )
    assert found is not None
    (recipient,) = found.recipients
    assert (recipient.address, recipient.status, recipient.action) == ("Olga@client.example", "5.1.1", "failed")
    assert (recipient.kind, recipient.diagnostic) == ("hard", "550 5.1.1 no such user")
    assert found.original_message_id == "<answer-1@desk.example>"


def test_every_recipient_of_a_report_is_read_once() -> None:
    """Several groups of fields, one repeated."""
    fields = "Final-Recipient: rfc822; a@x.example\nAction: failed\nStatus: 5.1.1\n\nFinal-Recipient: rfc822; b@x.example\nAction: delayed\nStatus: 4.4.1\n\nFinal-Recipient: rfc822; A@x.example\nAction: failed\nStatus: 5.1.1"
    found = bounce_of(dsn(fields))
    assert found is not None
    assert [(r.address, r.kind) for r in found.recipients] == [("a@x.example", "hard"), ("b@x.example", "soft")]


def test_the_address_that_we_wrote_to_counts() -> None:
    """Original-Recipient stands above what a forwarding server made of it (RFC 3464, 2.3.1)."""
    found = bounce_of(
        dsn(
            "Original-Recipient: rfc822; olga@client.example\nFinal-Recipient: rfc822; box77@hosting.example\nAction: failed\nStatus: 5.2.2"
        )
    )
    assert found is not None
    assert [r.address for r in found.recipients] == ["olga@client.example"]


@pytest.mark.parametrize(
    ("status", "diagnostic", "expected"),
    [
        ("5.0.0", "smtp; 550 5.1.1 unknown", "5.1.1"),
        ("5.0.0", "smtp; 552 mailbox full", "5.2.2"),
        ("4.0.0", "smtp; 451 try again later", "4.4.1"),
        ("5.2.1 (disabled)", "smtp; 550 5.1.1 x", "5.2.1"),
        ("", "smtp; 554 rejected as spam", "5.7.1"),
        ("", "smtp; 421 too busy", "4.3.2"),
        ("", "smtp; 550 mailbox is full", "5.2.2"),
    ],
)
def test_a_general_status_gives_way_to_what_the_server_said(status: str, diagnostic: str, expected: str) -> None:
    """RFC 3463 codes inside the diagnostic, SMTP codes and words are more telling than x.0.0."""
    found = bounce_of(
        dsn(f"Final-Recipient: rfc822; a@x.example\nAction: failed\nStatus: {status}\nDiagnostic-Code: {diagnostic}")
    )
    assert found is not None
    assert found.recipients[0].status == expected


def test_a_status_part_sent_as_base64_is_read() -> None:
    """Forbidden by the standard, and done."""
    import base64

    fields = base64.b64encode(
        b"Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; a@x.example\nAction: failed\nStatus: 5.1.1\n"
    ).decode()
    raw = dsn("X: y").replace(
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nX: y",
        f"Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n{fields}",
    )
    found = bounce_of(raw)
    assert found is not None
    assert [r.address for r in found.recipients] == ["a@x.example"]


OWN_WORDS = {
    "qmail": ("Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message.\n\n<olga@client.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <support@desk.example>\nMessage-ID: <answer-1@desk.example>\nTo: other@client.example\n", "5.1.1"),
    "exim": ("This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered.\n\n  olga@client.example\n    SMTP error from remote mail server after RCPT TO:<olga@client.example>:\n    host mx.client.example: 550 5.1.1 no such user\n\n------ This is a copy of the message ------\n\nMessage-ID: <answer-1@desk.example>\n", "5.1.1"),
    "postfix text": ("This is the mail system at host mx.example.\n\n<olga@client.example>: host mx.client.example said: 552 5.2.2 Over quota\n\nMessage-ID: <answer-1@desk.example>\n", "5.2.2"),
    "exchange": ("Your message did not reach some or all of the intended recipients.\n\n      Subject: Answer\n      Sent: 21.11.2026 10:00\n\nThe following recipient(s) could not be reached:\n\n      olga@client.example on 21.11.2026 10:00\n            The e-mail account does not exist.\n\nMessage-ID: <answer-1@desk.example>\n", "5.1.1"),
    "russian": ("Ваше письмо не может быть доставлено следующим получателям:\n\nolga@client.example\n  550 Почтовый ящик не найден\n\nИсходное сообщение:\nMessage-ID: <answer-1@desk.example>\nTo: other@client.example\n", "5.1.1"),
    "opensmtpd": ("    Hi!\n\n    This is the MAILER-DAEMON, please DO NOT REPLY to this email.\n\nolga@client.example: 550 Invalid recipient: <olga@client.example>\n\n    Below is a copy of the original message:\n\nMessage-ID: <answer-1@desk.example>\n", "5.1.1"),
    "dma": ("This is the DragonFly Mail Agent at mx.example.\n\nThere was an error delivering your mail to <olga@client.example>.\n\n550 5.1.1 unknown\n\nOriginal message follows.\n\nMessage-ID: <answer-1@desk.example>\nTo: other@client.example\n", "5.1.1"),
    "german": ("Ihre Nachricht konnte nicht zugestellt werden an:\n\n  olga@client.example\n  Empfänger unbekannt\n\nMessage-ID: <answer-1@desk.example>\n", "5.1.1"),
}  # fmt: skip


@pytest.mark.parametrize("server", OWN_WORDS)
def test_a_servers_own_words_are_understood(server: str) -> None:
    """Who, why and which mail, without any status part; addresses of the returned mail are not meant."""
    words, status = OWN_WORDS[server]
    found = bounce_of(plain(words))
    assert found is not None
    assert [(r.address, r.status, r.kind) for r in found.recipients] == [("olga@client.example", status, "hard")]
    assert found.original_message_id == "<answer-1@desk.example>"


def test_exims_own_field_names_the_recipients() -> None:
    """X-Failed-Recipients, when the text is in words of the site."""
    raw = "X-Failed-Recipients: a@x.example, b@x.example\n" + plain("Something went wrong.")
    found = bounce_of(raw)
    assert found is not None
    assert [r.address for r in found.recipients] == ["a@x.example", "b@x.example"]


def test_an_old_server_that_only_the_detectors_know_is_read() -> None:
    """flufl.bounce knows of Yale's server that it leaves out the domain."""
    raw = plain(
        "Your message\n\n  Message not delivered to the following:\n\n    olga  No matches to nameserver query\n\n",
        subject="Returned mail",
        sender="Mail Router <mailer-daemon@yale.edu>",
    )
    found = bounce_of(raw)
    assert found is not None
    assert "olga@yale.edu" in [r.address for r in found.recipients]


def test_the_words_for_people_complete_a_report_without_a_code() -> None:
    """A status part that says no more than `failed`."""
    found = bounce_of(
        dsn(
            "Final-Recipient: rfc822; a@x.example\nAction: failed\nStatus: 5.0.0",
            words="<a@x.example>: mailbox is full",
        )
    )
    assert found is not None
    assert (found.recipients[0].status, found.recipients[0].diagnostic) == ("5.2.2", "<a@x.example>: mailbox is full")


def test_a_warning_speaks_of_a_delay() -> None:
    """The server goes on trying: action delayed, soft."""
    found = bounce_of(
        plain(
            "Your message has not yet been delivered to <olga@client.example>. The server will keep trying for 4 days.",
            subject="Warning: message delayed",
        )
    )
    assert found is not None
    assert [(r.action, r.kind) for r in found.recipients] == [("delayed", "soft")]


def test_a_report_that_names_nobody_is_still_one() -> None:
    """The returned mail is all that is known; with one addressee it says whom."""
    found = bounce_of(dsn("Status: 5.0.0", returned="Message-ID: <answer-1@desk.example>\nTo: olga@client.example"))
    assert found is not None
    assert [r.address for r in found.recipients] == ["olga@client.example"]
    nobody = bounce_of(plain("It did not work.", subject="Undeliverable: x"))
    assert nobody is not None
    assert nobody.recipients == ()


def test_amazon_reports_by_json() -> None:
    """SES through SNS, wrapped by the mail."""
    body = '{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bouncedRecipients":[{"emailAddress":"olga@client.example",\n"action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 unknown"}]},"mail":{"commonHeaders":{"messageId":"<answer-1@desk.example>"}}}\n\n--\nIf you wish to stop receiving notifications'
    found = bounce_of(plain(body, subject="AWS Notification Message", sender="AWS <no-reply@sns.amazonaws.com>"))
    assert found is not None
    assert [(r.address, r.status) for r in found.recipients] == [("olga@client.example", "5.1.1")]
    assert found.original_message_id == "<answer-1@desk.example>"


@pytest.mark.parametrize(
    "subject", ["Re: failure notice", "Fwd: Undelivered Mail Returned to Sender", "Отв: failure notice"]
)
def test_a_persons_mail_about_a_bounce_is_none(subject: str) -> None:
    """Asked about or passed on by a person."""
    assert bounce_of(plain(OWN_WORDS["qmail"][0], subject=subject, sender="Olga <olga@client.example>")) is None


def test_an_ordinary_mail_is_not_worth_reading() -> None:
    """The cheap question says no where nothing points to a report."""
    headers = (("From", "Olga <olga@client.example>"), ("Return-Path", "<olga@client.example>"))
    assert not may_be_bounce(headers, "text/plain", ("text/plain",), "olga@client.example", "Принтер не печатает")


@pytest.mark.parametrize(
    ("headers", "kind", "parts", "sender", "subject"),
    [
        ((), "multipart/report", (), None, ""),
        ((), "multipart/mixed", ("message/delivery-status",), "a@b.example", "x"),
        ((("return-path", "<>"),), "text/plain", (), "a@b.example", "x"),
        ((("X-Failed-Recipients", "a@b.example"),), "text/plain", (), "a@b.example", "x"),
        ((("From", "Mail Delivery Subsystem <x@b.example>"),), "text/plain", (), "x@b.example", "x"),
        ((), "text/plain", (), "postmaster@b.example", "x"),
        ((), "text/plain", (), "robot@b.example", "Сообщение не доставлено: недоставленное письмо"),
        ((), "text/plain", (), "robot@b.example", "Unzustellbar: Antwort"),
    ],
)
def test_anything_that_points_to_a_report_is_worth_reading(
    headers: tuple[tuple[str, str], ...], kind: str, parts: tuple[str, ...], sender: str | None, subject: str
) -> None:
    """Generous: type, fields, sender and subject each suffice."""
    assert may_be_bounce(headers, kind, parts, sender, subject)


@pytest.mark.parametrize(
    "piece", ["a@b.example\n", "\n", "550 5.1.1 a@b\n", "Message-ID: <a", "(", ">", "<a@b.example>:\n\n", "--b\n"]
)
def test_a_megabyte_of_report_is_read_in_no_time(piece: str) -> None:
    """Hostile reports cost little; the old detectors see a small copy."""
    message = email.message_from_string(plain(piece * (1_000_000 // len(piece))))
    message["X-Failed-Recipients"] = piece.strip() * 10_000
    started = time.process_time()
    read_bounce(message, str(message.get_payload()))
    assert time.process_time() - started < 2.0


@pytest.mark.parametrize(
    "raw",
    [
        "", "\x00", "From: MAILER-DAEMON <>\n\n", "Content-Type: multipart/report; report-type=delivery-status\n\nx",
        "Content-Type: message/delivery-status\n\n\n\n\n", "Content-Type: message/rfc822\nSubject: failure notice\n\n",
        dsn("Final-Recipient: rfc822;\nStatus: \x00\nAction:"), dsn("Final-Recipient: x400; /C=DE/\nStatus: 5"),
        plain('{"notificationType":"Bounce","bounce":{"bouncedRecipients":[1,{"emailAddress":null}]}}'),
        plain('{"notificationType":"Bounce"' + "[" * 90_000),
        'Content-Type: multipart/report; boundary="b"\nSubject: failure notice\n\n--b\nContent-Type: multipart/mixed; boundary="c"\n\n--c',
    ],
)  # fmt: skip
def test_garbage_never_raises(raw: str) -> None:
    """Broken reports are read as far as they go."""
    found = bounce_of(raw)
    assert found is None or all("@" in r.address for r in found.recipients)
