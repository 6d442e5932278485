"""Forwarded mails, in the text and attached."""

# ruff: noqa: E501  the mails in here keep their long lines

from __future__ import annotations

from dataclasses import replace

import pytest

from maild.messages.forward import find_forwarded
from maild.messages.mail import Address, Mail, MailClass

BODY = "Добрый день!\n\nПринтер не печатает."
HEADS = {
    "gmail": "---------- Forwarded message ---------\nFrom: Ольга Кова <olga@client.example>\nDate: Sat, Nov 21, 2026 at 10:00 AM\nSubject: Принтер\nTo: <help@firma.example>",
    "gmail ru": "---------- Forwarded message ---------\nОт: Ольга Кова <olga@client.example>\nDate: сб, 21 нояб. 2026 г. в 10:00\nSubject: Принтер\nTo: <help@firma.example>",
    "mail.ru": "-------- Пересылаемое сообщение --------\nОт: Ольга Кова <olga@client.example>\nКому: help@firma.example\nДата: Суббота, 21 ноября 2026, 10:00 +03:00\nТема: Принтер",
    "apple en": "Begin forwarded message:\n\nFrom: Ольга Кова <olga@client.example>\nSubject: Принтер\nDate: 21 November 2026 at 10:00:00 GMT+3\nTo: help@firma.example",
    "apple ru": "Начало переадресованного сообщения:\n\nОт: Ольга Кова <olga@client.example>\nТема: Принтер\nДата: 21 ноября 2026 г., 10:00\nКому: help@firma.example",
    "apple uk": "Початок листа, що пересилається:\n\nВід: Ольга Кова <olga@client.example>\nТема: Принтер\nДата: 21 листопада 2026 р.\nКому: help@firma.example",
    "thunderbird": "-------- Перенаправленное сообщение --------\nТема: \tПринтер\nДата: \tSat, 21 Nov 2026 10:00:00 +0300\nОт: \tОльга Кова <olga@client.example>\nКому: \thelp@firma.example",
    "outlook ru": "От: Ольга Кова <olga@client.example>\nОтправлено: 21 ноября 2026 г. 10:00\nКому: help@firma.example\nТема: Принтер",
    "outlook en mailto": "From: Ольга Кова [mailto:olga@client.example]\nSent: Saturday, November 21, 2026 10:00 AM\nTo: help@firma.example\nSubject: Принтер",
    "outlook line": "-----Original Message-----\nFrom: Ольга Кова <olga@client.example>\nSent: Saturday, November 21, 2026 10:00 AM\nTo: help@firma.example\nSubject: Принтер",
    "de": "-------- Weitergeleitete Nachricht --------\nBetreff: Принтер\nDatum: Sat, 21 Nov 2026 10:00:00 +0300\nVon: Ольга Кова <olga@client.example>\nAn: help@firma.example",
    "fr": "---------- Message transféré ---------\nDe : Ольга Кова <olga@client.example>\nDate : sam. 21 nov. 2026 à 10:00\nObjet : Принтер\nÀ : help@firma.example",
    "es": "---------- Mensaje reenviado ---------\nDe: Ольга Кова <olga@client.example>\nFecha: sáb, 21 nov 2026\nAsunto: Принтер\nPara: help@firma.example",
    "it": "---------- Messaggio inoltrato ---------\nDa: Ольга Кова <olga@client.example>\nData: sab 21 nov 2026\nOggetto: Принтер\nA: help@firma.example",
    "pt": "---------- Mensagem encaminhada ---------\nDe: Ольга Кова <olga@client.example>\nData: sáb., 21 de nov. de 2026\nAssunto: Принтер\nPara: help@firma.example",
    "pl": "---------- Przekazana wiadomość ---------\nOd: Ольга Кова <olga@client.example>\nData: sob., 21 lis 2026\nTemat: Принтер\nDo: help@firma.example",
    "nl": "---------- Doorgestuurd bericht ---------\nVan: Ольга Кова <olga@client.example>\nDatum: za 21 nov 2026\nOnderwerp: Принтер\nAan: help@firma.example",
    "cs": "---------- Přeposlaná zpráva ---------\nOd: Ольга Кова <olga@client.example>\nDatum: so 21. 11. 2026\nPředmět: Принтер\nKomu: help@firma.example",
    "sv": "---------- Vidarebefordrat meddelande ---------\nFrån: Ольга Кова <olga@client.example>\nDatum: lör 21 nov. 2026\nÄmne: Принтер\nTill: help@firma.example",
    "tr": "---------- Yönlendirilmiş ileti ---------\nKimden: Ольга Кова <olga@client.example>\nTarih: 21 Kas 2026\nKonu: Принтер\nKime: help@firma.example",
    "mutt": "----- Forwarded message from Ольга Кова <olga@client.example> -----\n\nDate: Sat, 21 Nov 2026 10:00:00 +0300\nFrom: Ольга Кова <olga@client.example>\nTo: help@firma.example\nSubject: Принтер",
    "quoted": "> From: Ольга Кова <olga@client.example>\n> Date: 21 November 2026\n> To: help@firma.example\n> Subject: Принтер\n>",
}


@pytest.mark.parametrize("client", HEADS)
def test_a_forwarded_mail_is_read_from_the_text(client: str) -> None:
    """Who wrote it, to whom, about what, its text, and what the forwarding person wrote above."""
    body = BODY.replace("\n", "\n> ") if client == "quoted" else BODY
    mark = "> " if client == "quoted" else ""
    found = find_forwarded(f"Посмотрите.\n\n{HEADS[client]}\n\n{mark}{body}\n", "Fwd: Принтер", None)
    assert found is not None
    assert found.sender == Address(name="Ольга Кова", address="olga@client.example")
    assert [a.address for a in found.to] == ["help@firma.example"]
    assert (found.before, found.subject, found.text) == ("Посмотрите.", "Принтер", BODY)
    assert found.date is not None
    assert "21" in found.date


@pytest.mark.parametrize("ending", ["Конец", "Завершение"])
def test_yandex_names_the_sender_in_a_line_like_an_attribution(ending: str) -> None:
    """Its forwarding line, then date, name and address; a line below ends the forwarded mail."""
    text = (
        'Посмотрите.\n\n-------- Пересылаемое сообщение --------\n21.11.2026, 10:00, "Ольга Кова" <olga@client.example>:\n\n'
        f"{BODY}\n\n-------- {ending} пересылаемого сообщения --------\n"
    )
    found = find_forwarded(text, "Fwd: Принтер", None)
    assert found is not None
    assert found.sender == Address(name="Ольга Кова", address="olga@client.example")
    assert (found.before, found.date, found.text) == ("Посмотрите.", "21.11.2026, 10:00", BODY)


@pytest.mark.parametrize(
    "prefix", ["Re:", "RE:", "Отв:", "HA:", "На:", "AW:", "SV:", "Odp:", "Re[2]:", "[SUP-1042] Re:", "[list] [x] Re:"]
)
def test_a_reply_that_quotes_a_header_block_is_no_forward(prefix: str) -> None:
    """Outlook puts the same block above the mail it answers; the subject tells them apart."""
    assert find_forwarded(f"Спасибо.\n\n{HEADS['outlook ru']}\n\n{BODY}", f"{prefix} Принтер", None) is None


def test_a_forwarding_line_makes_a_forward_even_under_a_reply_subject() -> None:
    """Clients write that line in forwards only."""
    assert find_forwarded(f"См.\n\n{HEADS['gmail']}\n\n{BODY}", "Re: Принтер", None) is not None


def test_a_forward_inside_the_mail_that_is_answered_is_not_this_mails() -> None:
    """Below the header block of a reply everything is the answered mail."""
    text = f"Спасибо.\n\n{HEADS['outlook ru']}\n\nсм. ниже\n\n{HEADS['gmail']}\n\n{BODY}"
    assert find_forwarded(text, "Re: Принтер", None) is None


def test_an_ordinary_mail_is_no_forward() -> None:
    """Talk about forwarding and a line `From:` forward nothing."""
    assert (
        find_forwarded("Перешлите мне письмо.\n\nFrom: where?\n\nThe forwarded message was lost.", "Письмо", None)
        is None
    )


def test_the_rest_of_a_raw_header_is_no_text() -> None:
    """Mutt forwards more fields than a client shows."""
    head = (
        "From: Olga <olga@client.example>\nDate: 21 Nov 2026\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/plain"
    )
    found = find_forwarded(
        f"----- Forwarded message from Olga -----\n\n{head}\n\nHello\n\n----- End forwarded message -----", "", None
    )
    assert found is not None
    assert found.text.strip() == "Hello"


def test_a_whole_header_below_the_forwarding_line_is_read() -> None:
    """Mutt quotes the header as it came, folded lines and all, and the text with it."""
    text = (
        "См.\n\n----- Forwarded message from Olga -----\n\n> Return-Path: <olga@client.example>\n> Received: from a by b;\n"
        ">  Sat, 21 Nov 2026 10:00:00 +0300\n> From: Olga (Sales)\n>  <olga@client.example>\n> Date: Sat, 21 Nov 2026 10:00:00 +0300\n"
        "> To: help@firma.example\n> Subject: Принтер\n> MIME-Version: 1.0\n> \n> Добрый день!\n> Не печатает.\n\n"
        "----- End forwarded message -----\n\n-- \nАнна\n"
    )
    found = find_forwarded(text, "[olga@client.example: Принтер]", None)
    assert found is not None
    assert found.sender == Address(name="Olga (Sales)", address="olga@client.example")
    assert (found.before, found.subject, found.text) == ("См.", "Принтер", "Добрый день!\nНе печатает.")


def test_an_address_in_a_display_name_is_not_the_senders() -> None:
    """Lists and helpdesks write `"olga@client.example via Support" <help@firma.example>`."""
    head = '---------- Forwarded message ---------\nFrom: "olga@client.example via Support" <help@firma.example>\nDate: 21.11.2026'
    head += "\nTo: a@b.example, <c@d.example>; Eva <e@f.example>\nSubject: x"
    found = find_forwarded(f"{head}\n\nHello", "Fwd: x", None)
    assert found is not None
    assert found.sender == Address(name="olga@client.example via Support", address="help@firma.example")
    assert [a.address for a in found.to] == ["a@b.example", "c@d.example", "e@f.example"]


def test_two_fields_on_one_line_are_both_read() -> None:
    """A phone runs `To` and `Subject` together."""
    head = "-------- Message d'origine --------\nDe : Olga <olga@client.example>\nDate : 21/11/26\nÀ : a@b.example Objet : Panne"
    found = find_forwarded(f"Voir.\n\n{head}\n\nBonjour", "Tr: Panne", None)
    assert found is not None
    assert (found.subject, [a.address for a in found.to]) == ("Panne", ["a@b.example"])


def test_forwarding_without_a_header_block_still_forwards() -> None:
    """The text below the line is all there is."""
    found = find_forwarded("Begin forwarded message:\n\nHello", "Fwd: x", None)
    assert found is not None
    assert (found.before, found.sender, found.text) == ("", None, "Hello")


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADS['mutt']}\n\n{BODY}\n\n----- End forwarded message -----\n\nПосмотрите.\n\n-- \nАнна",
        f"> {HEADS['quoted'][2:]}\n> {BODY}\n\nПосмотрите.\n\n-- \nАнна".replace("\n\nПринтер", "\n>\n> Принтер"),
        f"{HEADS['apple en']}\n\n> Добрый день!\n>\n> Принтер не печатает.\n\nПосмотрите.\n",
    ],
)
def test_a_note_below_the_forwarded_mail_is_the_forwarding_persons(text: str) -> None:
    """Where a line or the `>` say that the forwarded mail is over, the rest is not its text."""
    found = find_forwarded(text, "Fwd: Принтер", None)
    assert found is not None
    assert (found.before, found.text) == ("Посмотрите.", BODY)


def test_a_line_that_a_client_broke_in_a_quoted_forward_is_no_note() -> None:
    """What has lost its `>` stands between lines that have theirs."""
    found = find_forwarded(f"{HEADS['apple en']}\n\n> Не печатает\nпринтер.\n> Анна", "Fwd: Принтер", None)
    assert found is not None
    assert (found.before, found.text) == ("", "> Не печатает\nпринтер.\n> Анна")


def test_notes_above_and_below_are_both_kept() -> None:
    """Above comes first."""
    found = find_forwarded(f"Выше.\n\n{HEADS['mutt']}\n\n{BODY}\n\n--- End forwarded message ---\nНиже.", "", None)
    assert found is not None
    assert (found.before, found.below) == ("Выше.\n\nНиже.", "Ниже.")


@pytest.mark.parametrize("client", [c for c in HEADS if c not in ("mutt", "quoted")])
@pytest.mark.parametrize(
    "theirs",
    [
        "Hello\n----- End forwarded message -----\n/close",
        "Hello\n-------- Конец пересылаемого сообщения --------\n/close",
        "> What is wrong?\n\nIt burns.\n/close",
    ],
)
def test_the_customers_own_words_never_pass_for_the_forwarding_persons(client: str, theirs: str) -> None:
    """Where the client writes no line below a forward, one is the customer's, as are answers below what he quotes."""
    if client.startswith("apple") and theirs.startswith(">"):
        return  # it quotes what it forwards
    found = find_forwarded(f"{HEADS[client]}\n\n{theirs}", "Fwd: x", None)
    assert found is not None
    assert (found.before, found.text) == ("", theirs)


def test_of_several_ends_of_a_forward_the_last_is_the_clients() -> None:
    """The others were forwarded with it."""
    end = "----- End forwarded message -----"
    found = find_forwarded(f"{HEADS['mutt']}\n\nHello\n{end}\n/close\n\n{end}\nLook.", "", None)
    assert found is not None
    assert (found.before, found.text) == ("Look.", f"Hello\n{end}\n/close")


def test_a_forward_in_a_forward_is_part_of_its_text() -> None:
    """The outer mail is the one that was passed on; the inner stands in its text, line and block."""
    inner = f"Читайте.\n\n{HEADS['fr']}\n\n{BODY}"
    found = find_forwarded(f"Посмотрите.\n\n{HEADS['mail.ru']}\n\n{inner}", "Fwd: Fwd: Принтер", None)
    assert found is not None
    assert (found.before, found.text) == ("Посмотрите.", inner)
    nested = find_forwarded(found.text, "", None)
    assert nested is not None
    assert (nested.before, nested.text) == ("Читайте.", BODY)


def test_a_forward_below_a_clients_line_is_the_answered_mails() -> None:
    """The sender answers somebody who had passed it on, and his client marks no quote."""
    text = f"Спасибо.\n\n21.11.2026, 10:00, Иван <ivan@firma.example>:\n\nсм. ниже\n\n{HEADS['gmail']}\n\n{BODY}"
    assert find_forwarded(text, "Re: Принтер", None) is None


INNER = Mail(
    headers=(("Date", "Sat, 21 Nov 2026 10:00:00 +0300"),), message_id=None, in_reply_to=None, references=(), date=None,
    sender=Address(name="Ольга", address="olga@client.example"), strict_sender=None, reply_to=(),
    to=(Address(address="help@firma.example"),), cc=(), subject="Принтер", language="ru", text=BODY, text_from_html=None,
    html=None, reply=BODY, quoted="", signature="", attachments=(), mail_class=MailClass.PERSON, class_reason="", bounce=None,
    forwarded=None, defects=(), size=100,
)  # fmt: skip


def test_an_attached_mail_is_a_forward() -> None:
    """Forwarded as an attachment: its own fields say everything."""
    found = find_forwarded("Посмотрите.\n", "Fwd: Принтер", INNER)
    assert found is not None
    assert (found.before, found.sender, found.subject, found.text) == ("Посмотрите.", INNER.sender, "Принтер", BODY)
    assert found.date == "Sat, 21 Nov 2026 10:00:00 +0300"


def test_a_mail_attached_to_a_reply_is_an_attachment() -> None:
    """A customer who attaches a mail to his answer forwards nothing."""
    assert find_forwarded("Вот то письмо.", "Re: Принтер", replace(INNER)) is None


@pytest.mark.parametrize(
    "text", ["", "\x00", ">", "From:", "-------- Forwarded message --------", "> From: a\n", "\r\n\r"]
)
def test_garbage_forwards_nothing_and_never_raises(text: str) -> None:
    """Any text is looked through."""
    found = find_forwarded(text, "", None)
    assert found is None or found.sender is None
