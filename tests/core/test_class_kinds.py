"""The class of whole mails: services, campaigns, lists, calendars, receipts, challenges, complaints, and people beside them."""

# ruff: noqa: E501  the mails in here keep their long lines

from __future__ import annotations

import pytest

from maild.messages.read import read_mail

NOTE = "X-Auto-Response-Suppress: All\nauto-submitted: auto-generated\n"
REPLY = (
    "BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nUID:1\nDTSTART:20261121T100000Z\nSUMMARY:Meeting\n"
    "ATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@client.example\nEND:VEVENT\nEND:VCALENDAR\n"
)


def kind(
    subject: str,
    text: str,
    extra: str = "",
    *,
    sender: str = "Anna Petrova <anna@client.example>",
    envelope: str | None = "anna@client.example",
    content_type: str = "text/plain; charset=utf-8",
) -> str:
    """The class of a mail with these words and fields."""
    raw = (
        f"From: {sender}\nTo: support@desk.example\nSubject: {subject}\nMessage-ID: <1@client.example>\n"
        f"MIME-Version: 1.0\nContent-Type: {content_type}\n{extra}\n{text}\n"
    )
    return read_mail(raw.encode(), envelope_sender=envelope).mail_class.value


@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        ("auto_generated", "X-GitHub-Reason: mention\nList-ID: <repo.github.example>\nPrecedence: list\n"),
        ("auto_generated", "X-GitLab-Project: desk\n"), ("auto_generated", "X-JIRA-FingerPrint: 1a2b\n"),
        ("auto_generated", "X-Bugzilla-Type: changed\n"), ("auto_generated", "X-Redmine-Host: pm.client.example\n"),
        ("auto_generated", "X-Gerrit-MessageType: comment\n"), ("auto_generated", "X-Jenkins-Job: build\n"),
        ("bulk", "X-Campaign-ID: 12\n"), ("bulk", "X-MC-User: 12\n"), ("bulk", "X-CSA-Complaints: whitelist@csa.example\n"),
        ("bulk", "Feedback-ID: 1:2:3:shop\n"), ("bulk", "List-Unsubscribe: <mailto:out@shop.example>\n"),
        ("person", "Feedback-ID: i1a2b:Fastmail\n"), ("person", "Feedback-ID: 123:user:proton\n"),
        ("list", "X-BeenThere: all@client.example\nX-List-Administrivia: yes\nPrecedence: bulk\n"),
        ("list", "Mailing-List: contact all-help@client.example; run by ezmlm\n"), ("list", "X-ML-Name: all\n"),
        ("person", "Precedence: normal\nX-Mailer: Outlook\nX-Priority: 1\n"),
        ("out_of_office", "X-Autoreply: yes\nPrecedence: bulk\n"), ("auto_generated", "X-Loop: desk\n"),
    ],
)  # fmt: skip
def test_a_field_names_its_software(expected: str, fields: str) -> None:
    """GitHub to Jenkins, campaigns, lists without List-*; people's own providers write Feedback-ID too."""
    assert kind("Ticket 15", "Hello", fields) == expected


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Ticket", "Automatische Antwort: Ticket", "Réponse automatique : Ticket", "Respuesta automática: Ticket",
        "Risposta automatica: Ticket", "Resposta automática: Ticket", "Automatisch antwoord: Ticket", "Odpowiedź automatyczna: Ticket",
        "Automatická odpověď: Ticket", "Automatiskt svar: Ticket", "Automatisk svar: Ticket", "Automaattinen vastaus: Ticket",
        "Otomatik Yanıt: Ticket", "Automatikus válasz: Ticket", "Răspuns automat: Ticket", "Samodejni odgovor: Ticket",
        "Аутоматски одговор: Ticket", "Автоматичен отговор: Ticket", "Αυτόματη απάντηση: Ticket", "תשובה אוטומטית: Ticket", "رد تلقائي: Ticket",
        "Автоматический ответ: Ticket", "Автоматична відповідь: Ticket", "自动答复: Ticket", "自動回覆: Ticket", "自動応答: Ticket",
        "자동 회신: Ticket", "Trả lời tự động: Ticket", "Automaatvastus: Ticket", "Automatinis atsakymas: Ticket",
    ],
)  # fmt: skip
def test_exchange_writes_its_absence_notes_in_thirty_languages(subject: str) -> None:
    """`auto-generated` by the standard's word, an absence note by the subject's."""
    assert kind(subject, "…", NOTE, envelope="") == "out_of_office"


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Out of office assistant broken", "Please fix it."), ("Automatic reply does not work", "In Outlook it is not sent."),
        ("Автоответ не работает", "Помогите настроить."), ("How do I set an out of office reply?", "I need one."),
        ("Re: Automatic reply: Printer", "Thanks, I will wait until Monday."), ("Vacation", "I am on vacation until Monday, but please order 5 chairs."),
        ("Urlaub", "Ich bin im Urlaub bis zum 5. Mai. Bitte 5 Stühle bestellen."), ("OOO: please cover", "Please cover for me."),
        ("Out of office until Monday", "Please take care of the ticket meanwhile."),
        ("Возврат товара", "Хочу вернуть стул. Мой адрес: olga@client.example"), ("Не доставлен заказ 45", "Получатель: Иванов, ivan@client.example"),
        ("Delivery failed: chairs", "The delivery of the chairs failed, please write to anna@client.example about the address."),
        ("Rejected invoice", "The invoice was rejected. User unknown, says anna@client.example"), ("User unknown", "I cannot log in: user unknown. anna@client.example"),
        ("Undelivered mail", "I got this error when I wrote to you:\n\n<olga@client.example>: host mx said: 550 5.1.1 user unknown\n\nWhat shall I do?"),
        ("Failure notice", "Dear support,\nHi. This is the qmail-send program at mx.example.\n\n<olga@client.example>:\n550 5.1.1 no such user"),
        ("Fwd: Undelivered Mail Returned to Sender", "This is the mail system at host mx.example.\n\n<olga@client.example>: 550 5.1.1 user unknown"),
        ("Mailbox full", "My mailbox is full: anna@client.example, please raise the quota."), ("配信エラー", "olga@client.example に送信できません。"),
        ("Zustellung", "Wann kommt die Zustellung? Adresse: anna@client.example"), ("Задержка доставки", "Когда доставят? anna@client.example"),
        ("Read: the manual", "The manual has been read, and it is wrong. Please call."), ("Accepted: offer", "We accept your offer."),
        ("Please confirm your message", "Did you get it?"), ("Delivered: chairs", "The chairs were successfully delivered, but two are missing."),
        ("Spam Arrest", "How do I whitelist my boss? He must click the link below to verify."),
        ("Headers", "I see Auto-Submitted: auto-replied\nPrecedence: bulk\nin this mail. Is it spam?"),
    ],
)  # fmt: skip
def test_people_who_speak_of_bounces_and_absences_stay_people(subject: str, text: str) -> None:
    """They return goods, miss parcels, quote and pass on reports, ask how absence notes work, and write while away."""
    assert kind(subject, text) == "person"
    assert kind(subject, text, sender="anna@client.example", envelope=None) == "person"


@pytest.mark.parametrize(
    ("subject", "text", "fields", "envelope"),
    [
        ("Please confirm your message", "Reply to this message to confirm. TMDA", "Auto-Submitted: auto-replied\n", "anna+confirm@client.example"),
        ("Your email requires verification verify#1a2b", "BoxTrapper asks you to reply.", "", ""),
        ("Re: Ticket", "Spam Arrest: click the link below to verify that you are no robot.", "Precedence: bulk\n", "x@arrest.example"),
        ("AntiSpam UOL » TIRA-TEIMA", "Mensagem", "", ""),
        ("Re: Ticket", "Mailinblack: pour vous authentifier, cliquez ici.", "Auto-Submitted: auto-generated\n", "anna@client.example"),
    ],
)  # fmt: skip
def test_a_guard_of_a_mailbox_challenges(subject: str, text: str, fields: str, envelope: str) -> None:
    """TMDA, BoxTrapper, Spam Arrest, UOL AntiSpam, Mailinblack: in a person's name, with a machine's mark."""
    assert kind(subject, text, fields, envelope=envelope) == "challenge"


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Read: Ticket", "Your message\n\n   To: Anna\n   Subject: Ticket\n   Sent: 21.11.2026 10:00\n\nwas read on 21.11.2026 11:00."),
        ("Gelesen: Ticket", "Ihre Nachricht\n\n   An: Anna\n   Betreff: Ticket\n\nwurde gelesen am 21.11.2026 11:00."),
        ("Прочитано: Заявка", "Ваше сообщение\n\n   Кому: Анна\n   Тема: Заявка\n\nбыло прочитано 21.11.2026 11:00."),
        ("Lu : Ticket", "Votre message\n\n   Objet : Ticket\n\na été lu le 21/11/2026."),
    ],
)  # fmt: skip
def test_a_receipt_with_its_usual_words_is_one_without_any_field(subject: str, text: str) -> None:
    """Outlook in four languages, sent without a disposition part."""
    assert kind(subject, text) == "receipt"


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Relayed: Ticket", "Delivery to these recipients or groups is complete, but no delivery notification was sent by the destination server:\n\nolga@client.example"),
        ("Successful Mail Delivery Report", "Your message was successfully delivered to the destination(s) listed below.\n\n<olga@client.example>: delivery via mx: 250 ok"),
        ("Доставлено: Заявка", "Сообщение доставлено следующим получателям:\n\nolga@client.example"),
    ],
)  # fmt: skip
def test_a_report_of_success_is_a_receipt(subject: str, text: str) -> None:
    """Exchange and Postfix, in words alone."""
    assert kind(subject, text, sender="Mail Delivery System <MAILER-DAEMON@mx.example>", envelope="") == "receipt"


def test_an_absence_note_with_words_of_bounces_is_no_bounce() -> None:
    """It comes with an empty return path, and tells whom to write to instead."""
    text = "I am away. If your mail is undeliverable write to bob@client.example, my old address is unknown."
    assert kind("Ticket", text, "Auto-Submitted: auto-replied\n", envelope="") == "out_of_office"


def test_an_empty_return_path_of_the_dialogue_counts_for_reports() -> None:
    """A gateway's words without a daemon's name; with a return path the same words are somebody's."""
    text = "Mail for a mailbox at this site:\n\nolga@client.example\nuser unknown"
    assert kind("Ticket", text, envelope="") == "bounce"
    assert kind("Ticket", text) == "person"


def test_a_calendars_answer_is_a_machines_unless_words_were_added() -> None:
    """RFC 5546, REPLY: who only presses a button has written nothing."""
    calendar = f"--b\nContent-Type: text/calendar; method=REPLY\n\n{REPLY}\n--b--"
    words = "--b\nContent-Type: text/plain\n\nI come, but please bring five chairs.\n"
    mixed = 'multipart/mixed; boundary="b"'
    assert kind("Accepted: Meeting", calendar, content_type=mixed) == "auto_generated"
    assert kind("Accepted: Meeting", words + calendar, content_type=mixed) == "person"


def test_complaints_of_older_forms_are_abuse_reports() -> None:
    """A feedback part outside multipart/report, X-ARF, and Outlook.com's mails before ARF."""
    returned = "--b\nContent-Type: message/rfc822\n\nSubject: x\nFrom: a@b.example\n\nhi\n--b--"
    feedback = "--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n\n" + returned
    mixed = 'multipart/mixed; boundary="b"'
    assert kind("complaint about message from 192.0.2.7", returned, content_type=mixed) == "abuse_report"
    assert kind("FW: x", feedback, content_type=mixed) == "abuse_report"
    assert kind("Abuse", "Report", "X-XARF: PLAIN\n") == "abuse_report"
    assert kind("FW: x", returned, content_type=mixed) == "person"


@pytest.mark.parametrize(
    ("expected", "sender"),
    [
        ("auto_generated", "jira-no-reply@client.example"), ("auto_generated", "notifications@client.example"),
        ("auto_generated", "alerts@client.example"), ("bulk", "newsletter@shop.example"), ("bulk", "x1@newsletter.shop.example"),
        ("person", "alerton@client.example"), ("person", "reply@client.example"),
    ],
)  # fmt: skip
def test_senders_that_say_what_they_are(expected: str, sender: str) -> None:
    """No-reply inside a name, notifiers and newsletters; a name that only begins so is a person's."""
    assert kind("Ticket", "Hello", sender=sender) == expected
