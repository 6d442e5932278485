"""Reply, quote, inline answers, forwards: what is the sender's own and what is not."""

# ruff: noqa: E501  the mails in here keep their long lines

from __future__ import annotations

import time

import pytest

from maild.messages.forward import find_forwarded
from maild.messages.reply import split_reply

OUTLOOK = {
    "ru": "От: Служба поддержки <help@firma.example>\nОтправлено: 21 ноября 2026 г. 10:00\nКому: Анна\nТема: Принтер",
    "ru date": "От: Служба поддержки\nДата: суббота, 21 ноября 2026 г. в 10:00\nКому: Анна <anna@b.example>\nКопия: Олег\nТема: RE: Принтер",
    "uk": "Від: Підтримка <help@firma.example>\nНадіслано: 21 листопада 2026 р. 10:00\nКому: Анна\nТема: Принтер",
    "en": "From: Support <help@firma.example>\nSent: Saturday, November 21, 2026 10:00 AM\nTo: Anna\nSubject: Printer",
    "en bold": "*From:* Support [mailto:\nhelp@firma.example]\n*Sent:* Saturday, November 21, 2026 10:00 AM\n*To:* Anna\n*Subject:* Printer",
    "de": "Von: Support <help@firma.example>\nGesendet: Samstag, 21. November 2026 10:00\nAn: Anna\nBetreff: Drucker",
    "fr": "De : Support <help@firma.example>\nEnvoyé : samedi 21 novembre 2026 10:00\nÀ : Anna\nObjet : Imprimante",
    "es": "De: Soporte <help@firma.example>\nEnviado: sábado, 21 de noviembre de 2026 10:00\nPara: Anna\nAsunto: Impresora",
    "it": "Da: Assistenza <help@firma.example>\nInviato: sabato 21 novembre 2026 10:00\nA: Anna\nOggetto: Stampante",
    "pt": "De: Suporte <help@firma.example>\nEnviada em: sábado, 21 de novembro de 2026 10:00\nPara: Anna\nAssunto: Impressora",
    "pl": "Od: Pomoc <help@firma.example>\nWysłano: sobota, 21 listopada 2026 10:00\nDo: Anna\nTemat: Drukarka",
    "nl": "Van: Hulp <help@firma.example>\nVerzonden: zaterdag 21 november 2026 10:00\nAan: Anna\nOnderwerp: Printer",
    "cs": "Od: Podpora <help@firma.example>\nOdesláno: sobota 21. listopadu 2026 10:00\nKomu: Anna\nPředmět: Tiskárna",
    "sv": "Från: Hjälp <help@firma.example>\nSkickat: den 21 november 2026 10:00\nTill: Anna\nÄmne: Skrivare",
    "tr": "Kimden: Destek <help@firma.example>\nGönderildi: 21 Kasım 2026 Cumartesi 10:00\nKime: Anna\nKonu: Yazıcı",
    "zh": "发件人: Support <help@firma.example>\n发送时间: 2026年11月21日 10:00\n收件人: Anna\n主题: Printer",
    "each in a paragraph": "От: Поддержка <help@firma.example>\n\nОтправлено: 21 ноября 2026 г.\n\nКому: Анна\n\nТема: Принтер",
}


@pytest.mark.parametrize("shape", OUTLOOK)
def test_outlooks_header_block_begins_the_quoted_mail(shape: str) -> None:
    """Outlook marks no quote: its header block in the user's language does, and everything below belongs to it."""
    split = split_reply(f"Всё ещё не печатает.\n\n{OUTLOOK[shape]}\n\nДобрый день!\n\nПерезагрузите принтер.")
    assert split.reply == "Всё ещё не печатает."
    assert split.quoted == f"{OUTLOOK[shape]}\n\nДобрый день!\n\nПерезагрузите принтер."


@pytest.mark.parametrize("line", ["_" * 32, "-" * 30, "=" * 20])
def test_the_line_above_a_header_block_goes_with_it(line: str) -> None:
    """Outlook and webmail draw a line above their header block."""
    assert split_reply(f"Ответ.\n{line}\n{OUTLOOK['ru']}\n\nДобрый день!").reply == "Ответ."


@pytest.mark.parametrize(
    "line",
    [
        "-----Original Message-----",
        "-----Исходное сообщение-----",
        "-------- Исходное сообщение --------",
        "-----Оригінал повідомлення-----",
        "-----Ursprüngliche Nachricht-----",
        "-------- Message d'origine --------",
        "-----Mensaje original-----",
        "-----Messaggio originale-----",
        "-----Mensagem Original-----",
        "-----Oorspronkelijk bericht-----",
        "-----Wiadomość oryginalna-----",
        "-----Původní zpráva-----",
        "-----Ursprungligt meddelande-----",
        "-------- Orijinal mesaj --------",
        "*-------- Original message --------*",
    ],
)
def test_the_line_of_an_original_message_ends_the_reply(line: str) -> None:
    """Outlook and Android write it above the quoted mail."""
    split = split_reply(f"Да, удалите.\n\n{line}\n\nУдалить?")
    assert (split.reply, split.quoted) == ("Да, удалите.", f"{line}\n\nУдалить?")


def test_the_line_of_outlook_with_nothing_below_it_is_no_text() -> None:
    """The quote below it was deleted; shorter lines are drawn by people."""
    split = split_reply(f"Ответ.\n\n{'_' * 32}\n\n")
    assert (split.reply, split.quoted) == ("Ответ.", "_" * 32)
    assert split_reply("Подпись: ________").reply == "Подпись: ________"
    assert split_reply("Ответ.\n________").reply == "Ответ.\n________"


def test_answers_between_quotes_are_never_cut() -> None:
    """Quotes that are answered stay, the client's own line goes, the quote that nobody answers goes."""
    text = (
        "On 21.11.2026 10:00, Support wrote:\n> Is it plugged in?\nYes.\n\n> Does it blink?\nNo, never.\n\n"
        "> Regards,\n> Support"
    )
    split = split_reply(text)
    assert split.reply == "> Is it plugged in?\nYes.\n\n> Does it blink?\nNo, never."
    assert split.quoted == "On 21.11.2026 10:00, Support wrote:\n\n> Regards,\n> Support"


def test_an_answer_below_the_quote_loses_the_quote() -> None:
    """Bottom posting: attribution, one quote, then the answer."""
    split = split_reply(
        "21.11.2026 10:00, Служба поддержки пишет:\n> Перезагрузили?\n> Помогло?\n\nДа, спасибо большое!"
    )
    assert split.reply == "Да, спасибо большое!"
    assert "> Помогло?" in split.quoted


def test_a_quote_indented_by_a_tab_is_a_quote_below_its_attribution() -> None:
    """Mail(1) and s-nail quote so; without the client's line an indented text is the sender's."""
    split = split_reply('"Support" <help@firma.example> wrote:\n\n\tRestarted?\n\tDone?\nYes, both.')
    assert split.reply == "Yes, both."
    assert split.quoted == '"Support" <help@firma.example> wrote:\n\n\tRestarted?\n\tDone?'
    assert split_reply("Вот код:\n\n\tprint(1)\nНе работает.").reply == "Вот код:\n\n\tprint(1)\nНе работает."


def test_what_the_sender_quotes_himself_above_the_clients_line_stays() -> None:
    """A quote above the attribution is the sender's choice."""
    split = split_reply("See the manual:\n> press twice\n\nOn 21.11.2026 10:00, Support wrote:\n> How?")
    assert split.reply == "See the manual:\n> press twice"


def test_a_mail_of_nothing_but_a_quote_keeps_it() -> None:
    """Without a client's line nobody says that the quoted text is another's."""
    assert split_reply("> только цитата").reply == "> только цитата"


def test_an_empty_reply_above_a_quote_is_empty() -> None:
    """The sender wrote nothing: only the client's line and the quote are there."""
    assert split_reply("> On 21.11.2026 10:00, Support wrote:\n>\n> Done?").reply == ""


def test_a_mail_that_begins_with_a_header_block_is_kept_whole() -> None:
    """Nothing stands above it, so it is all that there is."""
    text = f"{OUTLOOK['ru']}\n\nДобрый день!"
    assert split_reply(text).reply == text


def test_forwarded_text_is_kept() -> None:
    """What is passed on is the point of the mail."""
    text = 'Посмотрите, пожалуйста.\n\n-------- Пересылаемое сообщение --------\n21.11.2026, 10:00, "Анна" <a@b.example>:\n\nНе печатает.'
    split = split_reply(text)
    assert (split.reply, split.quoted) == (text, "")


def test_a_form_is_not_a_header_block() -> None:
    """Lines like `Date:` and `From:` in a customer's own list are his text."""
    text = "Прошу записать:\n\nДата: 25 ноября\nВремя: 10:00\nАдрес: Ленина, 5\n\nСпасибо!"
    assert split_reply(text).reply == text


def test_a_quote_in_the_middle_of_a_line_is_text() -> None:
    """`>` signs of shells, arrows and HTML are nobody's quote."""
    text = "Пишу так:\n>>> import this\nи ничего не происходит"
    assert split_reply(text).reply == text


def test_nothing_is_lost_whatever_is_cut() -> None:
    """Every filled line is in exactly one of the three parts."""
    text = (
        'Спасибо!\n\nС уважением,\nАнна\n\n21.11.2026, 10:00, "Поддержка" <help@firma.example>:\n> Готово?\n> -- \n> Поддержка\n'
        "-- \nАнна Петрова\n+7 495 000-00-00\n"
    )
    split = split_reply(text)
    parts = "\n".join((split.reply, split.quoted, split.signature)).split("\n")
    assert sorted(line.rstrip() for line in parts if line.strip()) == sorted(
        line.rstrip() for line in text.split("\n") if line.strip()
    )
    assert split.reply == "Спасибо!"


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "On 1 May 2026\n",
            "a:\n",
            "> a\n",
            "To: a@b.c,\n",
            "--\nx\n",
            "550 5.1.1 a@b\n",
            "a wrote:\n",
            " On mon",
            "\n",
        ),
        *(
            "\t \t",
            "Regards,\n",
            "x",
            "a@b ",
            "a:",
            "-",
            "1",
            "From: a\nTo: b\n",
            "From: a@b.c\nDate: y\n\nx\n",
            "> ",
            ">\n",
        ),
        *("On Sat, Nov 21, 2026 at 10:00 AM Ivan <i@b.c> wrote:\n", "Ivan <i@b.c>\n", "Ivan wrote 21.11.2026 10:00:\n"),
        *(
            ">>> On 21.11.2026 10:00, Ivan\n",
            "x\n>>> 21.11.2026 10:00 x\n",
            "Sent from my iPhone\n",
            "____\n",
            "| From | x |\n",
        ),
        *("On 1.1.2026 10:00 a wrote:\n\tx\n", "---------- Forwarded message ---------\nFrom: a@b.c\nSubject: x\n\n"),
    ],
)
def test_a_megabyte_is_split_in_no_time(piece: str) -> None:
    """No text makes the splitting or the search for a forward slow: both are linear, and near misses are counted."""
    text = (piece * (1_000_000 // len(piece) + 1))[:1_000_000]
    started = time.process_time()
    split_reply(text)
    between = time.process_time()
    find_forwarded(text, "", None)
    # A tenth of it on a machine that has nothing else to do.
    assert between - started < 4
    assert time.process_time() - between < 4


@pytest.mark.parametrize(
    "text",
    ["", "\n", "\x00", "\ud800", ">", "-", "--", "-- \n", ":", "：", "> \n> ", "От:", "\r\r\n\n", "\ufeff", "On"],
)
def test_garbage_never_raises(text: str) -> None:
    """Any string is split somehow."""
    split = split_reply(text)
    assert len(split.reply) + len(split.quoted) + len(split.signature) <= len(text)
