"""Where a signature begins, and where it does not."""

# ruff: noqa: E501  the mails in here keep their long lines

from __future__ import annotations

import pytest

from maild.messages.reply import Split, split_reply

SIGNATURES = {
    "rfc 3676": "-- \nАнна Петрова\nООО «Ромашка»",
    "delimiter without its blank": "--\nAnna",
    "delimiter with a long block": "-- \n" + "\n".join(f"line {n}" for n in range(20)),
    "underscores": "____________\nAnna Petrova\nRomashka Ltd",
    "iphone ru": "Отправлено с iPhone",
    "mail.ru app": "Отправлено из Почты Mail.ru для Android",
    "yandex app": "Отправлено из мобильной Яндекс Почты",
    "iphone uk": "Надіслано з iPhone",
    "iphone en": "Sent from my iPhone",
    "iphone de": "Von meinem iPhone gesendet",
    "outlook app": "Get Outlook for iOS<https://aka.ms/o0ukef>",
    "iphone fr": "Envoyé de mon iPhone",
    "respect": "С уважением,\nАнна Петрова\nбухгалтер\nтел. +7 495 000-00-00",
    "respect on one line": "С уважением, Анна Петрова",
    "respect uk": "З повагою,\nОлена Коваль",
    "regards": "Best regards,\n\nAnna Petrova\nAccountant",
    "grüße": "Mit freundlichen Grüßen\nAnna Schmidt",
    "cordialement": "Cordialement,\nAnne Petit",
    "thanks and a name": "Thanks,\nAnna",
    "contact data": "Anna Petrova\nanna@romashka.example\n+7 495 000-00-00",
    "name and device": "Anna Petrova\nvia mobile",
    "dash and name": "- anna",
    "two in a row": "С уважением,\nАнна\n\nОтправлено с iPhone",
}


@pytest.mark.parametrize("shape", SIGNATURES)
def test_a_signature_is_told_from_the_text(shape: str) -> None:
    """The text ends where a delimiter, a phone's line, a closing or contact data begins."""
    split = split_reply(f"Добрый день.\n\nПринтер не печатает.\n\n{SIGNATURES[shape]}\n")
    assert split.reply == "Добрый день.\n\nПринтер не печатает."
    assert split.signature == "\n".join(line.rstrip() for line in SIGNATURES[shape].split("\n"))


@pytest.mark.parametrize(
    "text",
    [
        "Отправлено с ошибкой, помогите исправить пожалуйста",
        "Sent from my desk, which is much easier than from the phone.",
        "Заказ:\n\n- бумага",
        "We need:\n-- paper\n-- ink\n\nCan you?",
        "спасибо",
        "Первый вопрос.\n\n> --\n> Иван\n\nУ вас опечатка на странице;",
        "Раз. Два.\n--\nТри. И ещё кое-что.\nЧетыре.\n--\n" + "строка\n" * 60 + "конец",
        "Смотрите:\n--\n" + "строка\n" * 60 + "конец",
        "Помогло.\n\nСпасибо!",
        "С уважением отношусь к вашей работе, но принтер не печатает.\n\nКогда почините?",
        "Итог:\n----\n\nПринтер стоит, и вот что мы с ним сделали сегодня утром всем отделом.\n\nЖдём ответа до вечера пятницы.",
        "--\nАнна",
        "Зовут меня так\nИван Петров",
    ],
)
def test_text_that_resembles_a_signature_stays(text: str) -> None:
    """Sentences, lists, thanks and drawn lines are the sender's words."""
    split = split_reply(text)
    assert (split.reply, split.signature) == (text, "")


def test_signatures_above_and_below_the_quote_are_both_found() -> None:
    """K-9 and others put the signature below the quote, the sender his closing above it."""
    split = split_reply(
        "Готово.\n\nС уважением,\nАнна\n\n21.11.2026 10:00, Иван пишет:\n> Как дела?\n\n-- \nОтправлено из K-9"
    )
    assert split.reply == "Готово."
    assert split.signature.split() == ["С", "уважением,", "Анна", "--", "Отправлено", "из", "K-9"]


def test_a_trackers_sign_is_no_text() -> None:
    """Mail trackers leave a lone letter below the text."""
    assert split_reply("Готово.\n\n\u1427\n").reply == "Готово."


def test_a_lists_footer_under_a_signature_goes_with_it() -> None:
    """Two delimiters without prose between them are two signatures; prose between them is text."""
    assert split_reply("Готово.\n-- \nАнна\n-- \nСписок: all@firma.example").reply == "Готово."
    text = "Первое. Не печатает.\n--\nВторое. Не сканирует.\nИ шумит.\n--\nАнна"
    assert split_reply(text).reply == "Первое. Не печатает.\n--\nВторое. Не сканирует.\nИ шумит."


def test_a_quote_below_the_signature_is_no_part_of_it() -> None:
    """Top posting with the signature above the quote, without the client's line."""
    split = split_reply("Готово.\n-- \nАнна\n\n> Как дела?")
    assert (split.reply, split.signature, split.quoted) == ("Готово.", "--\nАнна", "> Как дела?")


def test_an_answer_below_a_quote_below_a_delimiter_is_text() -> None:
    """Whoever writes on below a quote has not signed above it."""
    assert "Да, готово." in split_reply("См. ниже\n--\n> Готово?\nДа, готово.").reply


@pytest.mark.parametrize(
    "notice",
    [
        "This e-mail and any attachments are confidential and intended solely for the addressee. Please delete it.",
        "CONFIDENTIALITY NOTICE: the contents are privileged. If you are not the recipient, please delete the mail.",
        "Diese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der Adressat sind, löschen Sie sie bitte.",
        "Ce message est confidentiel. Toute utilisation par une autre personne que son destinataire est interdite.",
        "Este mensaje contiene información confidencial. Si no es usted el destinatario, le rogamos que lo borre.",
        "Questo messaggio contiene informazioni riservate. Chi lo avesse ricevuto per errore è pregato di eliminarlo.",
        "Esta mensagem pode conter informação confidencial. Se não é o destinatário, queira por favor apagá-la já.",
        "Dit bericht is vertrouwelijk en alleen bestemd voor de geadresseerde. Gelieve het anders te verwijderen.",
        "Niniejsza wiadomość jest poufna. Jeśli nie są Państwo jej adresatem, prosimy o jej niezwłoczne usunięcie.",
        "Данное сообщение конфиденциально. Если вы получили его по ошибке, пожалуйста, удалите его немедленно.",
        "Це повідомлення конфіденційне. Якщо ви отримали його помилково, будь ласка, одразу видаліть його.",
        "*This communication* is confidential.\nIt may also be privileged.\nIf it is not for you, please delete it at once.",
    ],
)
def test_a_notice_of_confidence_is_a_signature(notice: str) -> None:
    """Companies put it below all mails, also without a delimiter; a closing above it goes too."""
    split = split_reply(f"Да, печатает.\n\nС уважением,\nАнна\n\n{notice}")
    assert (split.reply, split.signature) == ("Да, печатает.", f"С уважением,\nАнна\n\n{notice}")


@pytest.mark.parametrize(
    "text",
    [
        "Hello.\n\nThis message is confidential.",
        "Hello.\n\nThis message came today and I do not know what to do with it, please look at it and tell me all about it.",
        "Добрый день.\n\nНам нужен договор: информация в нём конфиденциальна, поэтому передайте его с курьером лично в руки.",
        "This message is confidential and I write it to you alone: the printer in the office of the director burns again.",
    ],
)
def test_a_sentence_about_confidence_is_the_senders(text: str) -> None:
    """Short ones, other beginnings, other topics, and a mail that is nothing else."""
    assert split_reply(text).reply == text


@pytest.mark.parametrize(
    "text",
    [
        "Hello\n---\nsecond\n===\nthird",
        "Part one.\n\n---\n\nThe second part is a sentence.",
        "Model A:\n- small\n-----\nModel B:\n- large",
        "Steps\n________________\n1. Open the lid\n2. Close it",
    ],
)
def test_a_drawn_line_above_words_of_nobody_parts_a_text(text: str) -> None:
    """Without a name, contact data or a closing below it, what follows is the writer's."""
    assert split_reply(text) == Split(reply=text, quoted="", signature="")


def test_of_several_drawn_lines_the_one_above_the_name_begins_the_signature() -> None:
    """What stands between the others is text."""
    split = split_reply("Steps\n------\n1. Open the lid\n2. Close it\n------\n\nBest,\nAnna")
    assert split.reply == "Steps\n------\n1. Open the lid\n2. Close it"
