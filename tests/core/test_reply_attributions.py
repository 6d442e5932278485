"""The line that a client writes above a quote, in the languages and shapes that clients have."""

# ruff: noqa: E501  the mails in here keep their long lines

from __future__ import annotations

import pytest

from maild.messages.reply import split_reply

ABOVE_MARKED_QUOTE = {
    "gmail ru": "сб, 21 нояб. 2026 г. в 10:00, Иван Петров <ivan@firma.example>:",
    "gmail ru mobile": "21 нояб. 2026 г. 10:00 пользователь «Иван Петров» <ivan@firma.example> написал:",
    "gmail ru wrapped": "сб, 21 нояб. 2026 г. в 10:00, Служба поддержки компании Ромашка <\nsupport@firma.example>:",
    "yandex": '21.11.2026, 10:00, "Иван Петров" <ivan@firma.example>:',
    "mail.ru": "Суббота, 21 ноября 2026, 10:00 +03:00 от Иван Петров <ivan@firma.example>:",
    "thunderbird ru": "21.11.2026 10:00, Иван Петров пишет:",
    "thunderbird ru old": "21.11.2026 10:00, Ivan пишет:",
    "thunderbird ru new": "On 21.11.2026 10:00, Иван Петров wrote:",
    "apple ru": "21 нояб. 2026 г., в 10:00, Иван Петров <ivan@firma.example> написал(а):",
    "rambler": "21 ноября 2026 г., 10:00:00, Иван Петров написал:",
    "the bat": "Вы писали 21 ноября 2026 г., 10:00:00:",
    "the bat short": "Вы писали:",
    "name only ru": "Иван Петров пишет:",
    "uk gmail": "сб, 21 лист. 2026 р. о 10:00 Іван Коваль <ivan@firma.example> пише:",
    "uk thunderbird": "21.11.2026 10:00, Іван Коваль пише:",
    "uk apple": "21 лист. 2026 р. о 10:00 Іван Коваль <ivan@firma.example> написав(-ла):",
    "bg": "На сб, 21.11.2026 г. в 10:00 Иван Петров <ivan@firma.example> написа:",
    "en gmail": "On Sat, Nov 21, 2026 at 10:00 AM Ivan Petrov <ivan@firma.example> wrote:",
    "en apple": "On Nov 21, 2026, at 10:00 AM, Ivan Petrov <ivan@firma.example> wrote:",
    "en wrapped twice": "On Sat, Nov 21, 2026 at 10:00 AM A Very Long Name Of\nA Very Long Department Name <ivan@firma.example>\nwrote:",
    "en at": "At 11/21/2026 10:00 AM, you wrote:",
    "mutt": "On Sat, Nov 21, 2026 at 10:00:00AM +0300, Ivan Petrov wrote:",
    "name only en": "Ivan Petrov <ivan@firma.example> writes:",
    "iso": "2026-11-21 10:00 GMT+03:00 Ivan Petrov <ivan@firma.example>:",
    "no colon": "2026-11-21 Ivan Petrov <ivan@firma.example>",
    "de": "Am 21.11.2026 um 10:00 schrieb Ivan Petrov:",
    "de gmail": "Am Sa., 21. Nov. 2026 um 10:00 Uhr schrieb Ivan Petrov <ivan@firma.example>:",
    "fr": "Le sam. 21 nov. 2026 à 10:00, Ivan Petrov <ivan@firma.example> a écrit :",
    "es": "El sáb, 21 nov 2026 a las 10:00, Ivan Petrov (<ivan@firma.example>) escribió:",
    "it": "Il giorno sab 21 nov 2026 alle ore 10:00 Ivan Petrov <ivan@firma.example> ha scritto:",
    "pt": "Em sáb., 21 de nov. de 2026 às 10:00, Ivan Petrov <ivan@firma.example> escreveu:",
    "pl": "sob., 21 lis 2026 o 10:00 Ivan Petrov <ivan@firma.example> napisał(a):",
    "nl": "Op za 21 nov 2026 om 10:00 schreef Ivan Petrov <ivan@firma.example>:",
    "cs": "so 21. 11. 2026 v 10:00 odesílatel Ivan Petrov <ivan@firma.example> napsal:",
    "sv": "Den lör 21 nov. 2026 kl 10:00 skrev Ivan Petrov <ivan@firma.example>:",
    "da": "Den lør. 21. nov. 2026 kl. 10.00 skrev Ivan Petrov <ivan@firma.example>:",
    "fi": "la 21. marrask. 2026 klo 10.00 Ivan Petrov (ivan@firma.example) kirjoitti:",
    "tr": "Ivan Petrov <ivan@firma.example>, 21 Kas 2026 Cmt, 10:00 tarihinde şunu yazdı:",
    "hu": "Ivan Petrov <ivan@firma.example> ezt írta (időpont: 2026. nov. 21., Szo, 10:00):",
    "ro": "În sâm., 21 nov. 2026 la 10:00, Ivan Petrov <ivan@firma.example> a scris:",
    "zh": "Ivan Petrov <ivan@firma.example> 于2026年11月21日周六 10:00写道：",
    "ja": "2026年11月21日(土) 10:00 Ivan Petrov <ivan@firma.example>:",
    "ko": "2026년 11월 21일 (토) 오전 10:00, Ivan Petrov <ivan@firma.example>님이 작성:",
}
UNMARKED = (
    "gmail ru",
    "yandex",
    "mail.ru",
    "en gmail",
    "de",
    "fr",
    "uk apple",
    "thunderbird ru",
    "tr",
    "en wrapped twice",
)


@pytest.mark.parametrize("shape", ABOVE_MARKED_QUOTE)
def test_an_attribution_goes_with_the_quote_below_it(shape: str) -> None:
    """The client's line and the quote are cut, whatever language the client speaks."""
    line = ABOVE_MARKED_QUOTE[shape]
    split = split_reply(f"Не помогло.\n\n{line}\n> Попробуйте ещё раз.\n>\n> Служба поддержки\n")
    assert split.reply == "Не помогло."
    assert split.quoted == f"{line}\n> Попробуйте ещё раз.\n>\n> Служба поддержки"


@pytest.mark.parametrize("shape", UNMARKED)
def test_a_quote_without_marks_ends_the_reply(shape: str) -> None:
    """Web clients leave out the `>`: the attribution alone says where the quoted mail begins."""
    line = ABOVE_MARKED_QUOTE[shape]
    split = split_reply(f"Не помогло.\n\n{line}\n\nПопробуйте ещё раз.\n\nСлужба поддержки\n")
    assert split.reply == "Не помогло."
    assert split.quoted == f"{line}\n\nПопробуйте ещё раз.\n\nСлужба поддержки"


@pytest.mark.parametrize(
    "text",
    [
        "On the one hand it prints, on the other it does not.\nOn 3 May it broke.\n\nWhat now?",
        "21.11.2026 10:00 сервер упал, в логе написано:\n\nerror 500\n\nЧто делать?",
        "В субботу Иван написал:\nвсё работает\n\nА у меня нет.",
        "Вот журнал:\n2026-11-21 10:00:01 start\n2026-11-21 10:00:02 error: no paper\n2026-11-21 10:00:03 stop",
        "Мне пишет банк: счёт не оплачен.\nЧто делать?",
    ],
)
def test_a_sentence_that_resembles_an_attribution_stays(text: str) -> None:
    """Dates, names and "wrote" in the sender's own words are no attribution."""
    assert split_reply(text).reply == text


def test_an_attribution_glued_to_the_reply_is_cut_off_it() -> None:
    """Some clients lose the line break between the reply and the attribution."""
    split = split_reply("Yes, please. On Sat, Nov 21, 2026 at 10:00 AM, ivan@firma.example wrote:\n> Shall we?")
    assert split.reply == "Yes, please."


def test_zoho_writes_its_attribution_between_dashes() -> None:
    """`---- On ... wrote ----` has no colon and no marked quote."""
    split = split_reply(
        "Done.\n\n---- On Sat, 21 Nov 2026 10:00:00 +0300 ivan@firma.example wrote ----\n\nPlease do it."
    )
    assert split.reply == "Done."


def test_supercited_lines_count_as_quoted() -> None:
    """The Bat! puts initials before the mark."""
    split = split_reply(
        "Спасибо, помогло.\n\nВы писали 21 ноября 2026 г., 10:00:00:\n\nИП> Перезагрузите\nИП> принтер."
    )
    assert split.reply == "Спасибо, помогло."


def test_an_address_on_lines_of_its_own_belongs_to_the_attribution() -> None:
    """A client puts the address between blank lines, its closing `>` looks like a quote."""
    text = "One.\n\nOn Sat, 21 Nov 2026 at 10:00 Ivan\n\n<\nmailto:Ivan <ivan@firma.example>\n> wrote:\n\nTwo."
    assert split_reply(text).reply == "One."


def test_a_quote_below_thousands_of_dated_lines_is_still_found() -> None:
    """A pasted log is no reason to give up early, a bomb of dated lines is."""
    log = "2026-11-21 10:00:01 start\n" * 3_000
    split = split_reply(f"{log}\nOn 21.11.2026 10:00, Ivan wrote:\n\nSend the log.")
    assert split.reply == log.rstrip("\n")
    bomb = "2026-11-21 10:00:01 start\n" * 5_000
    assert split_reply(f"{bomb}\nOn 21.11.2026 10:00, Ivan wrote:\n\nSend the log.").quoted == ""
