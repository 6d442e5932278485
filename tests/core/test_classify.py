"""The class of a mail and its reason."""

# ruff: noqa: E501  the mails in here keep their long lines

from __future__ import annotations

import pytest

from maild.messages.classify import ClassView, classify
from maild.messages.mail import Bounce, BounceRecipient, MailClass
from maild.messages.reply import split_reply


def view(
    *headers: tuple[str, str],
    subject: str = "Принтер не печатает",
    text: str = "Добрый день, помогите.",
    sender: str | None = "olga@client.example",
    envelope: str | None = "olga@client.example",
    content_type: str = "text/plain",
    params: dict[str, str] | None = None,
    parts: tuple[str, ...] = ("text/plain",),
    own: bool = False,
    bounce: Bounce | None = None,
) -> ClassView:
    """A person's mail, except for what is given."""
    return ClassView(
        headers=(("From", sender or ""), ("Subject", subject), *headers), content_type=content_type,
        content_type_params=params or {}, part_types=parts, subject=subject, text=text, sender=sender,
        envelope_sender=envelope, own=own, bounce=bounce, said=split_reply(text).reply, quoted=bool(split_reply(text).quoted),
    )  # fmt: skip


def report(*actions: str, status: str = "5.1.1") -> Bounce:
    """A delivery report with a recipient for each action."""
    return Bounce(
        recipients=tuple(
            BounceRecipient(address=f"a{n}@x.example", status=status, action=action, kind="hard", diagnostic=None)
            for n, action in enumerate(actions)
        ),
        original_message_id=None,
    )


def kind(v: ClassView) -> MailClass:
    """Only the class."""
    return classify(v)[0]


@pytest.mark.parametrize(
    "v",
    [
        view(),
        view(("Auto-Submitted", "no")),
        view(("auto-submitted", "No (a person; really)")),
        view(("Auto-Submitted", "no; x=y")),
        view(("Precedence", "normal")),
        view(("Precedence", "first-class")),
        view(("X-Auto-Response-Suppress", "None")),
        view(("X-Auto-Response-Suppress", "NDR, RN")),
        view(("X-Autoreply", "no")),
        view(text="Auto-Submitted: auto-replied\nPrecedence: bulk\n\nТакие заголовки у письма, почему?"),
        view(text="Я в отпуске до 5 мая, но принтер нужен сейчас."),
        view(subject="Отпуск: как оформить?"),
        view(subject="Vacation request for May"),
        view(subject="Я в отпуске до 5 мая"),
        view(subject="Re: Automatic reply: Отпуск", text="Спасибо.\n\nOn 21.11.2026 10:00, Anna wrote:\n> I am away"),
        view(subject="Read: the manual says no", text="The manual says it is broken."),
        view(sender="lists@client.example"),
        view(sender="noreen@client.example"),
        view(sender="requests-team@client.example"),
        view(envelope=None),
        view(sender=None),
        view(
            subject="Fwd: Undelivered Mail Returned to Sender",
            parts=("multipart/mixed", "message/rfc822", "multipart/report", "message/disposition-notification"),
            content_type="multipart/mixed",
        ),
    ],
)
def test_a_person_stays_a_person(v: ClassView) -> None:
    """`no` in any dress, other values of the same fields, quoted header text and talk about absence are a person's."""
    assert classify(v) == (MailClass.PERSON, "nothing says that a machine wrote it")


@pytest.mark.parametrize(
    ("expected", "header"),
    [
        ("auto_generated", ("Auto-Submitted", "auto-generated")),
        ("auto_generated", ("AUTO-SUBMITTED", "Auto-Generated (cron); x=1")),
        ("auto_generated", ("Auto-Submitted", "auto-notified; owner-email=\"a@b.example\"")),
        ("out_of_office", ("Auto-Submitted", "auto-replied (vacation)")),
        ("out_of_office", ("Auto-submitted", " (comment) auto-replied")),
        ("out_of_office", ("X-Autoreply", "yes")),
        ("out_of_office", ("X-Autorespond", "")),
        ("out_of_office", ("x-autoresponder", "1")),
        ("out_of_office", ("Precedence", "auto_reply")),
        ("bulk", ("Precedence", "bulk")),
        ("bulk", ("precedence", "BULK")),
        ("bulk", ("Precedence", "junk (x)")),
        ("list", ("Precedence", "List")),
        ("list", ("List-Id", "<a.b.example>")),
        ("list", ("LIST-POST", "<mailto:a@b.example>")),
        ("bulk", ("List-Unsubscribe", "<https://b.example/u>")),
        ("auto_generated", ("X-Auto-Response-Suppress", "All")),
        ("auto_generated", ("X-Auto-Response-Suppress", "DR, RN, NRN, OOF, AutoReply")),
        ("auto_generated", ("x-auto-response-suppress", "oof")),
        ("auto_generated", ("X-Loop", "support@other.example")),
        ("bulk", ("Feedback-ID", "1:2:3:amazonses")),
        ("auto_generated", ("X-FC-MachineGenerated", "true")),
    ],
)  # fmt: skip
@pytest.mark.fault("D4")
def test_a_field_that_only_machines_write_decides(expected: str, header: tuple[str, str]) -> None:
    """RFC 3834, RFC 2369, MS-OXCMAIL and common practice; names and values without regard to case."""
    assert kind(view(header)) == expected


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Ваш запрос", "Out of Office: ticket", "Автоответ: Принтер", "Автоматический ответ: Принтер",
        "[Automatyczna odpowiedź] test", "Abwesenheitsnotiz: Drucker", "Automatische Antwort: x",
        "Réponse automatique : Imprimante", "Respuesta automática: x", "Risposta automatica: x", "Resposta automática: x",
        "Automatisch antwoord: x", "Autosvar: x", "Otomatik yanıt: x", "Автоматична відповідь: x",
        "Anna Schmidt/Berlin/Firma is out of the office.", "自動応答: x", "自动回复: x",
    ],
)  # fmt: skip
def test_the_subject_of_an_absence_note_is_enough(subject: str) -> None:
    """In many languages and in brackets; behind a reply's prefix only with a second sign of a machine."""
    assert kind(view(subject=subject)) is MailClass.OUT_OF_OFFICE
    assert kind(view(subject=f"Re: {subject}")) is MailClass.PERSON
    assert kind(view(subject=f"Re: {subject}", envelope="")) is MailClass.OUT_OF_OFFICE


def test_the_words_of_an_absence_note_need_a_second_sign() -> None:
    """The same sentence is a person's without one, and a machine's with a null return path."""
    words = "Здравствуйте! Меня нет в офисе до 5 мая."
    assert kind(view(text=words)) is MailClass.PERSON
    assert kind(view(text=words, envelope="")) is MailClass.OUT_OF_OFFICE
    assert kind(view(("List-Id", "<a.b>"), ("Precedence", "bulk"), text=words)) is MailClass.LIST


def test_a_subject_of_absence_that_people_write_too_needs_a_second_sign() -> None:
    """`Vacation ...` is a request from a person and a note from a machine."""
    assert kind(view(subject="Vacation until May 5", envelope="")) is MailClass.OUT_OF_OFFICE
    assert kind(view(("Auto-Submitted", "auto-generated"), subject="В отпуске до 5 мая")) is MailClass.OUT_OF_OFFICE


def test_what_a_list_passes_on_is_no_absence_note_by_its_words() -> None:
    """`Precedence: list` is the list's sign, not the writer's."""
    assert kind(view(("Precedence", "list"), text="I am out of the office, see you.")) is MailClass.LIST


def test_quoted_words_of_an_absence_note_do_not_count() -> None:
    """Only what the sender wrote himself is looked at."""
    words = "Спасибо.\n\n21.11.2026 10:00, Анна пишет:\n> Меня нет в офисе."
    assert kind(view(("Precedence", "bulk"), text=words)) is MailClass.BULK


@pytest.mark.parametrize(
    ("expected", "sender"),
    [
        ("auto_generated", "MAILER-DAEMON@mx.example"), ("auto_generated", "postmaster@mx.example"),
        ("auto_generated", "no-reply@shop.example"), ("auto_generated", "noreply+17@shop.example"),
        ("auto_generated", "DoNotReply@shop.example"), ("auto_generated", "no_reply@shop.example"),
        ("list", "owner-all@client.example"), ("list", "all-bounces@client.example"), ("list", "all-request@client.example"),
        ("list", "bounces+17@shop.example"), ("list", "majordomo@client.example"), ("list", "all@lists.client.example"),
    ],
)  # fmt: skip
@pytest.mark.fault("D5")
def test_a_sender_that_no_person_writes_from_decides(expected: str, sender: str) -> None:
    """Daemons, no-reply and list addresses."""
    assert kind(view(sender=sender)) == expected


def test_an_empty_return_path_is_a_machines() -> None:
    """RFC 5321, 4.5.5; from the envelope, else from Return-Path where the envelope is not known."""
    assert kind(view(envelope="")) is MailClass.AUTO_GENERATED
    assert kind(view(("Return-Path", "<>"), envelope=None)) is MailClass.AUTO_GENERATED
    assert kind(view(("Return-Path", "<>"), envelope="olga@client.example")) is MailClass.PERSON


def test_a_return_path_of_a_list_or_bulk_sender_is_a_lists() -> None:
    """VERP and owner addresses."""
    assert kind(view(envelope="owner-news@shop.example")) is MailClass.LIST
    assert kind(view(envelope="bounces+olga=client.example@shop.example")) is MailClass.LIST


def test_receipts_and_abuse_reports_say_what_they_are() -> None:
    """RFC 8098 and RFC 5965 by report-type, or by their part where it is missing."""
    receipt = view(content_type="multipart/report", params={"report-type": "Disposition-Notification"})
    abuse = view(content_type="multipart/report", params={"report-type": "feedback-report"})
    bare = view(content_type="multipart/report", parts=("text/plain", "message/disposition-notification"))
    assert [kind(v) for v in (receipt, abuse, bare)] == [MailClass.RECEIPT, MailClass.ABUSE_REPORT, MailClass.RECEIPT]


@pytest.mark.parametrize("subject", ["Прочитано: Ответ", "Read: Answer", "Gelesen: Antwort", "Lu : Réponse"])
def test_a_receipt_without_the_standard_is_told_by_its_subject_and_emptiness(subject: str) -> None:
    """Some clients send an empty text."""
    assert kind(view(subject=subject, text=" \n")) is MailClass.RECEIPT


def test_a_rejection_dressed_as_a_receipt_is_a_bounce() -> None:
    """Dovecot reports a full mailbox as a disposition notification that says rejected."""
    v = view(
        ("Auto-Submitted", "auto-replied (rejected)"),
        content_type="multipart/report",
        params={"report-type": "disposition-notification"},
        bounce=report("failed", status="5.2.2"),
    )
    assert kind(v) is MailClass.BOUNCE


def test_bounce_and_delay_are_told_apart() -> None:
    """Failed for anybody is a bounce; only delayed is a delay; delivered is a receipt."""
    assert kind(view(bounce=report("failed"))) is MailClass.BOUNCE
    assert kind(view(bounce=report("delayed", "failed"))) is MailClass.BOUNCE
    assert kind(view(bounce=report("delayed", "delayed"))) is MailClass.DELAY
    assert kind(view(bounce=report("delivered"))) is MailClass.RECEIPT
    assert kind(view(bounce=report(), subject="Delivery delayed")) is MailClass.DELAY
    assert kind(view(bounce=report(), text="The server will keep trying.")) is MailClass.DELAY
    assert kind(view(bounce=report())) is MailClass.BOUNCE


def test_a_challenge_asks_whether_the_sender_is_a_person() -> None:
    """From a robot's address; a person who asks the like is a person, a fault of the address is a bounce."""
    words = "To have your message delivered, click the link below to verify that you are human."
    assert kind(view(text=words, sender="no-reply@guard.example")) is MailClass.CHALLENGE
    assert kind(view(text=words, envelope="")) is MailClass.CHALLENGE
    assert kind(view(text=words)) is MailClass.PERSON
    assert kind(view(text=words, envelope="", bounce=report("failed"))) is MailClass.BOUNCE


def test_our_own_mail_is_ours_before_anything_else() -> None:
    """The signed mark decides, also over a bounce's look."""
    assert kind(view(("Precedence", "bulk"), own=True, bounce=report("failed"))) is MailClass.OWN


def test_monitoring_writes_its_subjects() -> None:
    """Nagios and its kin set no field."""
    assert kind(view(subject="** PROBLEM Service Alert: db1/disk is CRITICAL **")) is MailClass.AUTO_GENERATED


def test_the_reason_names_the_sign() -> None:
    """An agent reads why."""
    assert classify(view(("Precedence", "bulk")))[1] == "Precedence: bulk"
    assert classify(view(("List-Id", "x")))[1] == "it carries list-id (RFC 2919, RFC 2369)"
    assert classify(view(("Auto-Submitted", "auto-generated")))[1] == "Auto-Submitted: auto-generated (RFC 3834)"


@pytest.mark.parametrize("junk", ["", "\x00", "\ud800", "(" * 5_000, ";" * 5_000, "a" * 100_000])
def test_garbage_is_somebodys(junk: str) -> None:
    """Any values are judged."""
    v = view(
        ("Auto-Submitted", junk),
        ("Precedence", junk),
        (junk, junk),
        subject=junk,
        text=junk,
        sender=junk,
        envelope=junk,
    )
    assert isinstance(kind(v), MailClass)
