"""Non-delivery reports as mail services and gateways send them, in many languages; the words stand in for theirs."""

# ruff: noqa: E501  the mails in here keep their long lines

from __future__ import annotations

import pytest

from maild.messages.mail import Bounce, Mail, MailClass
from maild.messages.read import read_mail

RETURNED = (
    "Received: from desk.example (desk.example [192.0.2.7])\n\tby mx.example; Sat, 21 Nov 2026 10:00:00 +0000\n"
    "Message-ID: <answer-1@desk.example>\nFrom: Support <support@desk.example>\nTo: olga@client.example\n"
    "Subject: Your ticket\nDate: Sat, 21 Nov 2026 10:00:00 +0000\n"
)


def plain(sender: str, subject: str, words: str, extra: str = "") -> Mail:
    """A report of one text; `{returned}` stands for the header of the mail that came back."""
    return read_mail(
        (
            f"From: {sender}\nTo: support@desk.example\nSubject: {subject}\nMessage-ID: <report-1@mx.example>\n"
            f"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n{extra}\n"
            + words.replace("{returned}", RETURNED)
        ).encode()
    )


def standard(sender: str, subject: str, words: str, fields: str, kind: str = "text/plain") -> Mail:
    """A report with words, a status part of these recipient fields and the returned header."""
    return read_mail(
        (
            f"From: {sender}\nTo: support@desk.example\nSubject: {subject}\nMessage-ID: <report-1@mx.example>\n"
            'MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
            f"--b\nContent-Type: {kind}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{words}\n\n"
            f"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n{fields}\n\n"
            f"--b\nContent-Type: message/rfc822\n\n{RETURNED}\nHello.\n--b--\n"
        ).encode()
    )


def found_in(mail: Mail) -> str:
    """Address, status and kind of everybody in the report."""
    assert isinstance(mail.bounce, Bounce), mail.class_reason
    return ", ".join(f"{r.address} {r.status or '-'} {r.kind}" for r in mail.bounce.recipients)


PLAIN: dict[str, tuple[str, str, str, str]] = {
    "gmail of old": (
        "Mail Delivery Subsystem <mailer-daemon@googlemail.com>", "Delivery Status Notification (Failure)",
        "This is an automatically generated Delivery Status Notification\n\nDelivery to the following recipient failed permanently:\n\n     olga@client.example\n\nTechnical details of permanent failure: \nGoogle tried to deliver your message, but it was rejected by the server for the recipient domain client.example by mx.client.example. [192.0.2.9].\n\nThe error that the other server returned was:\n550 5.1.1 The email account that you tried to reach does not exist.\n\n----- Original message -----\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "google groups": (
        "Mail Delivery Subsystem <mailer-daemon@google.com>", "Delivery Status Notification (Failure)",
        "Hello support@desk.example,\n\nWe're writing to let you know that the group you tried to contact (olga) may not exist, or you may not have permission to post messages to the group.\n\n----- Original message -----\n\n{returned}",
        "olga@client.example 5.7.1 hard",
    ),
    "yahoo": (
        "MAILER-DAEMON@yahoo.com", "Failure Notice",
        "Sorry, we were unable to deliver your message to the following address.\n\n<olga@client.example>:\nRemote host said: 554 delivery error: dd This user doesn't have a yahoo.com account (olga@client.example) [0] - mta1.mail.yahoo.com [BODY]\n\n--- Below this line is a copy of the message.\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "aol": (
        "Mail Delivery Subsystem <MAILER-DAEMON@aol.com>", "Mail Delivery Problem",
        "Your mail to the following recipients could not be delivered because they are not accepting mail from support@desk.example:\n\tolga@client.example\n\n{returned}",
        "olga@client.example 5.2.1 hard",
    ),
    "mail.ru": (
        "mailer-daemon@corp.mail.ru", "Mail failure.",
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  olga@client.example\n    SMTP error from remote mail server after RCPT TO:<olga@client.example>:\n    host mx.client.example [192.0.2.9]: 550 Message was not accepted -- invalid mailbox.  Local mailbox olga@client.example is unavailable: user not found\n\n------ This is a copy of the message, including all the headers. ------\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "mail.ru in Russian": (
        "Mail Delivery Subsystem <mailer-daemon@mail.ru>", "Недоставленное сообщение",
        "Это письмо создано автоматически сервером Mail.Ru, отвечать на него не нужно.\n\nК сожалению, Ваше письмо не может быть доставлено одному или нескольким получателям:\n\nolga@client.example\n  Ящик переполнен\n\n**********************\n\n{returned}",
        "olga@client.example 5.2.2 hard",
    ),
    "yandex": (
        "mailer-daemon@yandex.ru", "Недоставленное сообщение",
        "Это письмо отправлено почтовым сервером yandex.ru.\n\nК сожалению, мы вынуждены сообщить Вам о том, что Ваше письмо не может\nбыть отправлено одному или нескольким адресатам. Технические подробности можно найти ниже.\n\n<olga@client.example>: host mx.client.example[192.0.2.9] said: 550 5.7.1 No such user! (in reply to RCPT TO command)\n\n{returned}",
        "olga@client.example 5.7.1 hard",
    ),
    "rambler": (
        "MAILER-DAEMON@rambler.ru (Mail Delivery System)", "Письмо не доставлено",
        "Письмо не было доставлено следующим получателям:\n\n<olga@client.example>: неизвестный получатель\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "gmx": (
        "GMX Mailer Daemon <mailer-daemon@gmx.example>", "Mail delivery failed: returning message to sender",
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of\nits recipients. This is a permanent error. The following address\nfailed:\n\n\"olga@client.example\":\nSMTP error from remote server after RCPT command:\nhost: mx.client.example\n5.1.1 <olga@client.example>... User is unknown {mx-dz}\n\n\n--- The header of the original message is following. ---\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "t-online": (
        "Mail Delivery System <Mailer-Daemon@t-online.example>", "Unzustellbare Nachricht",
        "Ihre Nachricht konnte nicht zugestellt werden.\n\nEmpfänger: olga@client.example\nGrund: Das Postfach des Empfängers ist voll\n\nOriginal-Nachricht:\n\n{returned}",
        "olga@client.example 5.2.2 hard",
    ),
    "orange": (
        "Mail Delivery System <postmaster@orange.example>", "Echec de la remise de votre message",
        "Votre message n'a pas pu être remis au destinataire suivant :\n\n<olga@client.example> : boîte aux lettres pleine\n\nMessage d'origine :\n\n{returned}",
        "olga@client.example 5.2.2 hard",
    ),
    "free": (
        "Mailer-daemon@free.example", "Message non distribué",
        "Bonjour,\n\nle message suivant n'a pas pu etre distribue a son destinataire.\n\n<olga@client.example> : utilisateur inconnu\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "libero": (
        "Mail Delivery System <mailer-daemon@libero.example>", "Messaggio non recapitato",
        "Il suo messaggio non è stato recapitato al destinatario:\n\nolga@client.example\n  la casella del destinatario è piena\n\nMessaggio originale:\n\n{returned}",
        "olga@client.example 5.2.2 hard",
    ),
    "seznam": (
        "Mailer-Daemon@seznam.example", "Nedoručitelná zpráva",
        "Vaše zpráva nebyla doručena na adresu:\n\n<olga@client.example>: schránka neexistuje\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "onet": (
        "Mailer-Daemon@onet.example", "Nie dostarczono wiadomosci",
        "Twoja wiadomość nie została dostarczona do:\n\n<olga@client.example>: taki adres nie istnieje\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "biglobe": (
        "postmaster@biglobe.example", "Returned mail: see transcript for details",
        "   ----- The following addresses had delivery problems -----\n********@client.example\n\n   ----- Non-delivered information -----\nThe number of messages in recipient's mailbox exceeded the local limit.\n\n--- Original message ---\n\n{returned}",
        "olga@client.example 5.2.2 hard",
    ),
    "ezweb": (
        "Postmaster@ezweb.example", "Mail System Error - Returned Mail",
        "The user(s) account is temporarily over quota.\n\n<olga@client.example>\n\n{returned}",
        "olga@client.example 5.2.2 hard",
    ),
    "docomo": (
        "Mail Delivery Subsystem <MAILER-DAEMON@docomo.example>", "Returned mail: User unknown",
        "The following addresses had permanent delivery errors\n----- Transcript of session follows -----\n<olga@client.example>... User unknown\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "japanese": (
        "Mail Delivery System <MAILER-DAEMON@mx.example>", "配信できませんでした",
        "以下の宛先にメールを配信できませんでした。\n\nolga@client.example\n  宛先のアドレスが存在しません\n\n----- Original message -----\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "qq": (
        "PostMaster@qq.com", "来自qq.com的退信",
        "抱歉，您的邮件被退回来了……\n\n原邮件信息：\n收件人  olga@client.example\n退信原因  收件人邮箱不存在\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "netease": (
        "postmaster@163.com", "系统退信",
        "很抱歉，您的邮件发送失败\n\n收件人 <olga@client.example>\n\n退信原因: 对方邮箱已满\n\n{returned}",
        "olga@client.example 5.2.2 hard",
    ),
    "naver": (
        "Postmaster@naver.com", "메일이 반송되었습니다",
        "수신자: olga@client.example\n550 5.1.1 unknown user\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "mcafee": (
        "The Mail Delivery System <postmaster@mx.example>", "Undelivered Mail",
        "Your message could not be delivered.\n\n--- The following addresses had delivery problems ---\n\n<olga@client.example>   (User unknown)\n\n--- Original message ---\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "barracuda": (
        "Mail Delivery Service <MAILER-DAEMON@barracuda.example>", "**Message you sent blocked by our bulk email filter**",
        "Your message to: olga@client.example\nwas blocked by our Spam Firewall. The email you sent with the following subject has NOT BEEN DELIVERED:\n\nSubject: Your ticket\n\n{returned}",
        "olga@client.example 5.7.1 hard",
    ),
    "messagelabs": (
        "MAILER-DAEMON@messagelabs.example", "Mail Delivery Failure",
        "This message has been generated in response to a message you sent.\n\nWe were unable to deliver your message to the following address(es):\n\nolga@client.example:\n550 Invalid recipient <olga@client.example>\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "mimecast": (
        "MAILER-DAEMON@mimecast.example", "[Postmaster] Message Delivery Failure",
        "The following recipients did not receive your message:\n\nolga@client.example\n\nReason: Message Size Exceeds Limit\n\n{returned}",
        "olga@client.example 5.3.4 hard",
    ),
    "ironport": (
        "Mail Delivery System <MAILER-DAEMON@ironport.example>", "Delivery Status Notification (Failure)",
        "The following message to <olga@client.example> was undeliverable.\nThe reason for the problem:\n5.1.0 - Unknown address error 550-'5.1.1 user unknown'\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "fortimail": (
        "postmaster@fortimail.example", "Returned mail: see transcript for details",
        "   ----- The following addresses had permanent fatal errors -----\n<olga@client.example>\n    (reason: 550 5.7.1 rejected by content policy)\n\n{returned}",
        "olga@client.example 5.7.1 hard",
    ),
    "zoho": (
        "mailer-daemon@mail.zoho.example", "Undelivered Mail Returned to Sender",
        "This message was created automatically by mail delivery software.\nA message that you sent could not be delivered to one or more of its recipients. This is a permanent error.\n\nolga@client.example Invalid Address, ERROR_CODE :550, ERROR_CODE :5.1.1 <olga@client.example>... User Unknown\n\n\nReceived:from mail.zoho.example by mx.zoho.example\n\twith SMTP id 1; Sat, 21 Nov 2026 10:00:00 +0000\nMessage-ID:<answer-1@desk.example>\nDate:Sat, 21 Nov 2026 10:00:00 +0000\nFrom:Support <support@desk.example>\nTo:<olga@client.example>\nSubject:x\n",
        "olga@client.example 5.1.1 hard",
    ),
    "facebook": (
        "Facebook <mailer-daemon@mx.facebook.example>", "Sorry, your message could not be delivered",
        "This message was created automatically by Facebook.\n\nSorry, your message could not be delivered to the following recipients:\n\n<olga@client.example>\n\n550 5.1.1 RCP-P2 address unknown\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "verizon": (
        "Post Master <post_master@vtext.example>", "Undeliverable Message",
        "Error: Undeliverable\n\nTo:  olga@client.example\nSubject: Your ticket\n\nInvalid user address\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "a gateway that answers in its own name": (
        "relay@gateway.example", "RE: Your ticket : non remis (delivery failed)",
        "*******************\nVotre message n'a pas pu etre delivre a\nolga@client.example\n\nboite aux lettres pleine\n",
        "olga@client.example - hard",
    ),
}  # fmt: skip


@pytest.mark.parametrize("service", PLAIN)
def test_a_service_in_its_own_words_is_understood(service: str) -> None:
    """Class, recipient, status, hard or soft, and which of our mails came back, from one plain text."""
    sender, subject, words, expected = PLAIN[service]
    mail = plain(sender, subject, words)
    assert mail.mail_class is MailClass.BOUNCE
    assert found_in(mail) == expected
    assert mail.bounce is not None
    assert mail.bounce.original_message_id == (
        "<answer-1@desk.example>" if "{returned}" in words or "answer-1" in words else None
    )


FAILED = "Final-Recipient: rfc822;olga@client.example\nAction: failed\nStatus: 5.1.10\nDiagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found"
LANGUAGES = {
    "ru": (
        "Не удалось доставить: Ответ",
        "<p>Сбой доставки для следующих получателей или групп:</p><p>olga@client.example</p>",
    ),
    "de": ("Unzustellbar: Antwort", "<p>Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Gruppen:</p>"),
    "fr": ("Non remis : Réponse", "<p>Échec de la remise pour ces destinataires ou groupes :</p>"),
    "es": ("No se puede entregar: Respuesta", "<p>No se pudo entregar el mensaje a estos destinatarios o grupos:</p>"),
    "it": ("Non recapitabile: Risposta", "<p>Recapito non riuscito ai destinatari o gruppi seguenti:</p>"),
    "pt": ("Não é possível entregar: Resposta", "<p>Falha na entrega a estes destinatários ou grupos:</p>"),
    "ja": ("配信不能: 回答", "<p>次の受信者またはグループへの配信に失敗しました:</p>"),
    "zh": ("无法送达: 答复", "<p>未能向下列收件人或组传递邮件:</p>"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_exchange_reports_in_many_languages(language: str) -> None:
    """The status part decides, whatever the HTML says in which language."""
    subject, html = LANGUAGES[language]
    encoded = "=?utf-8?q?" + "".join(f"={b:02X}" for b in subject.encode()) + "?="
    mail = standard(
        "MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@desk.example", encoded, html, FAILED, "text/html"
    )
    assert mail.mail_class is MailClass.BOUNCE
    assert found_in(mail) == "olga@client.example 5.1.10 hard"


EXCHANGE_WORDS = {
    "ru": ("Системный администратор", "Недоставлено: Ответ", "Сообщение не было доставлено следующим получателям.\n\n      Тема:\tОтвет\n\nСледующие получатели не получили сообщение:\n\n      olga@client.example on 21.11.2026 10:00\n            Учетная запись получателя не найдена.\n"),
    "de": ("Systemadministrator", "Unzustellbar: Antwort", "Ihre Nachricht hat einige oder alle Empfänger nicht erreicht.\n\nFolgende Empfänger konnten nicht erreicht werden:\n\n      olga@client.example am 21.11.2026 10:00\n            Empfänger unbekannt.\n"),
    "fr": ("Administrateur système", "Non remis : Réponse", "Votre message n'a pas été remis à certains des destinataires.\n\nImpossible de joindre le ou les destinataires suivants :\n\n      olga@client.example le 21/11/2026 10:00\n            Destinataire inconnu.\n"),
    "es": ("Administrador del sistema", "No entregado: Respuesta", "El mensaje no llegó a todos sus destinatarios.\n\nNo se puede entregar a los siguientes destinatarios:\n\n      olga@client.example el 21/11/2026 10:00\n            Destinatario desconocido.\n"),
}  # fmt: skip


@pytest.mark.parametrize("language", EXCHANGE_WORDS)
def test_exchange_2003_in_its_own_words_and_languages(language: str) -> None:
    """The system administrator of a localized server writes without a status part."""
    name, subject, words = EXCHANGE_WORDS[language]
    mail = plain(f'"{name}" <postmaster@mx.example>', subject, words)
    assert (mail.mail_class, found_in(mail)) == (MailClass.BOUNCE, "olga@client.example 5.1.1 hard")


@pytest.mark.parametrize(
    ("service", "fields", "expected"),
    [
        ("amazon ses", "Final-Recipient: rfc822; olga@client.example\nDiagnostic-Code: Amazon SES has suppressed sending to this address because it has a recent history of bouncing as an invalid address.\nAction: failed\nStatus: 5.1.1", "olga@client.example 5.1.1 hard"),
        ("sendgrid", "Original-Recipient: <olga@client.example>\nFinal-Recipient: rfc822;<olga@client.example>\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: 550 unable to deliver to <olga@client.example>: mailbox full", "olga@client.example 5.2.2 hard"),
        ("gmail", "Final-Recipient: rfc822; olga@client.example\nAction: failed\nStatus: 5.7.26\nDiagnostic-Code: smtp; 550-5.7.26 This mail has been blocked because the sender is unauthenticated.", "olga@client.example 5.7.26 hard"),
        ("outlook", "Final-Recipient: rfc822;olga@client.example\nAction: failed\nStatus: 5.5.0\nDiagnostic-Code: smtp;550 5.7.1 Unfortunately, messages from [192.0.2.7] weren't sent.", "olga@client.example 5.7.1 hard"),
        ("icloud", "Final-Recipient: rfc822; olga@client.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 552 5.2.2 <olga@client.example>: user is over quota", "olga@client.example 5.2.2 hard"),
        ("sendmail's assumption", "Final-Recipient: RFC822; olga@client.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: SMTP; 550 5.7.1 your address is on a block list", "olga@client.example 5.7.1 hard"),
        ("the last of many tries", "Final-Recipient: rfc822; olga@client.example\nAction: failed\nStatus: 4.4.7\nDiagnostic-Code: smtp; 451 4.3.0 busy", "olga@client.example 4.4.7 soft"),
        ("a forward known to the last server", "Original-Recipient: rfc822;olga@client.example\nFinal-Recipient: rfc822;box77@hosting.example\nAction: failed\nStatus: 5.2.1", "olga@client.example 5.2.1 hard"),
        ("x-actual-recipient", "X-Actual-Recipient: rfc822; olga@client.example\nAction: failed\nStatus: 5.1.1", "olga@client.example 5.1.1 hard"),
        ("utf-8", "Final-Recipient: utf-8; оля@почта.example\nAction: failed\nStatus: 5.1.1", "оля@почта.example 5.1.1 hard"),
        ("two of whom one waits", "Final-Recipient: rfc822; olga@client.example\nAction: failed\nStatus: 5.1.1\n\nFinal-Recipient: rfc822; petr@client.example\nAction: delayed\nStatus: 4.4.1", "olga@client.example 5.1.1 hard, petr@client.example 4.4.1 soft"),
    ],
)  # fmt: skip
def test_a_status_part_is_read_as_its_writer_means_it(service: str, fields: str, expected: str) -> None:
    """RFC 3464 with the habits of each service: codes inside the diagnostic, brackets, forwards."""
    mail = standard("mailer-daemon@mx.example", "Delivery Status Notification (Failure)", "Sorry.", fields)
    assert (mail.mail_class, found_in(mail)) == (MailClass.BOUNCE, expected), service


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_what_arrived_or_was_passed_on_is_no_bounce(action: str) -> None:
    """RFC 3464, 2.3.3: these actions report success; a group's expansion too."""
    mail = standard(
        "mailer-daemon@mx.example",
        "Delivery Status Notification",
        "Fine.",
        f"Final-Recipient: rfc822; olga@client.example\nAction: {action}\nStatus: 2.0.0",
    )
    assert (mail.mail_class, mail.bounce) == (MailClass.RECEIPT, None)


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("Warning: could not send message for past 4 hours", "    **********************************************\n    **      THIS IS A WARNING MESSAGE ONLY      **\n    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **\n    **********************************************\n\n   ----- Transcript of session follows -----\n<olga@client.example>... Deferred: Connection refused by mx.client.example.\nWarning: message still undelivered after 4 hours\nWill keep trying until message is 5 days old\n"),
        ("Warning: message 1abcDE-000001-AB delayed 24 hours", "This message was created automatically by mail delivery software.\nA message that you sent has not yet been delivered to one or more of its\nrecipients after more than 24 hours on the queue on mx.example.\n\nThe address to which the message has not yet been delivered is:\n\n  olga@client.example\n    Delay reason: Connection timed out\n\nNo action is required on your part. Delivery attempts will continue for\nsome time.\n"),
        ("Delayed Mail (still being retried)", "####################################################################\n# THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE. #\n####################################################################\n\nYour message could not be delivered for more than 4 hour(s).\nIt will be retried until it is 5 day(s) old.\n\n<olga@client.example>: connect to mx.client.example: Connection timed out\n"),
        ("Доставка отложена: Ответ", "Доставка сообщения следующим получателям отложена:\n\nolga@client.example\n\nПопытки доставки будут продолжены.\n"),
        ("Zustellung verzögert: Antwort", "Die Zustellung an folgende Empfänger ist verzögert:\n\nolga@client.example\n\nWeitere Zustellversuche folgen.\n"),
        ("Delivery Status Notification (Delay)", "This is an automatically generated Delivery Status Notification\n\nTHIS IS A WARNING MESSAGE ONLY.\n\nYOU DO NOT NEED TO RESEND YOUR MESSAGE.\n\nDelivery to the following recipient has been delayed:\n\n     olga@client.example\n\nMessage will be retried for 2 more day(s)\n"),
    ],
)  # fmt: skip
def test_a_server_that_goes_on_trying_reports_a_delay(subject: str, words: str) -> None:
    """Sendmail, Exim, Postfix, Exchange and Gmail: nothing is lost yet."""
    mail = plain("Mail Delivery System <MAILER-DAEMON@mx.example>", subject, words)
    assert mail.mail_class is MailClass.DELAY
    assert mail.bounce is not None
    assert [(r.address, r.kind) for r in mail.bounce.recipients] == [("olga@client.example", "soft")]
