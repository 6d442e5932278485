"""The line above a quote as each client writes it in each language: with a marked quote below, and without marks."""

# ruff: noqa: E501 the lines in here stay as clients write them

from __future__ import annotations

import pytest

from maild.messages.reply import split_reply

GMAIL = {
    "en": "On Sat, Nov 21, 2026 at 10:00 AM Ivan Petrov <ivan@firma.example> wrote:",
    "de": "Am Sa., 21. Nov. 2026 um 10:00 Uhr schrieb Ivan Petrov <ivan@firma.example>:",
    "fr": "Le sam. 21 nov. 2026 à 10:00, Ivan Petrov <ivan@firma.example> a écrit :",
    "es": "El sáb, 21 nov 2026 a las 10:00, Ivan Petrov (<ivan@firma.example>) escribió:",
    "it": "Il giorno sab 21 nov 2026 alle ore 10:00 Ivan Petrov <ivan@firma.example> ha scritto:",
    "pt-br": "Em sáb., 21 de nov. de 2026 às 10:00, Ivan Petrov <ivan@firma.example> escreveu:",
    "pt-pt": "Ivan Petrov <ivan@firma.example> escreveu (sábado, 21/11/2026 à(s) 10:00):",
    "pl": "sob., 21 lis 2026 o 10:00 Ivan Petrov <ivan@firma.example> napisał(a):",
    "nl": "Op za 21 nov 2026 om 10:00 schreef Ivan Petrov <ivan@firma.example>:",
    "cs": "so 21. 11. 2026 v 10:00 odesílatel Ivan Petrov <ivan@firma.example> napsal:",
    "sk": "so 21. 11. 2026 o 10:00 Ivan Petrov <ivan@firma.example> napísal(a):",
    "sv": "Den lör 21 nov. 2026 kl 10:00 skrev Ivan Petrov <ivan@firma.example>:",
    "da": "Den lør. 21. nov. 2026 kl. 10.00 skrev Ivan Petrov <ivan@firma.example>:",
    "no": "lør. 21. nov. 2026 kl. 10:00 skrev Ivan Petrov <ivan@firma.example>:",
    "fi": "la 21. marrask. 2026 klo 10.00 Ivan Petrov (ivan@firma.example) kirjoitti:",
    "tr": "Ivan Petrov <ivan@firma.example>, 21 Kas 2026 Cmt, 10:00 tarihinde şunu yazdı:",
    "hu": "Ivan Petrov <ivan@firma.example> ezt írta (időpont: 2026. nov. 21., Szo, 10:00):",
    "ro": "În sâm., 21 nov. 2026 la 10:00, Ivan Petrov <ivan@firma.example> a scris:",
    "bg": "На сб, 21.11.2026 г. в 10:00 Иван Петров <ivan@firma.example> написа:",
    "ru": "сб, 21 нояб. 2026 г. в 10:00, Иван Петров <ivan@firma.example>:",
    "uk": "сб, 21 лист. 2026 р. о 10:00 Іван Коваль <ivan@firma.example> пише:",
    "be": "сб, 21 ліс 2026 у 10:00 Іван Коваль <ivan@firma.example> піша:",
    "el": "Στις Σάβ 21 Νοε 2026 στις 10:00 π.μ., ο χρήστης Ivan Petrov <ivan@firma.example> έγραψε:",
    "he": "\u202bבתאריך שבת, 21 בנוב׳ 2026 ב-10:00 מאת \u202aIvan Petrov\u202c\u200f <\u202aivan@firma.example\u202c\u200f>:\u202c",
    "ar": "في السبت، ٢١ نوفمبر ٢٠٢٦ ١٠:٠٠ ص Ivan Petrov <ivan@firma.example> كتب:",
    "zh-hans": "Ivan Petrov <ivan@firma.example> 于2026年11月21日周六 10:00写道：",
    "zh-hant": "Ivan Petrov <ivan@firma.example> 於 2026年11月21日 週六 上午10:00寫道：",
    "ja": "2026年11月21日(土) 10:00 Ivan Petrov <ivan@firma.example>:",
    "ko": "2026년 11월 21일 (토) 오전 10:00, Ivan Petrov <ivan@firma.example>님이 작성:",
    "vi": "Vào Th 7, 21 thg 11, 2026 vào lúc 10:00 Ivan Petrov <ivan@firma.example> đã viết:",
    "id": "Pada Sab, 21 Nov 2026 pukul 10.00 Ivan Petrov <ivan@firma.example> menulis:",
    "ca": "Missatge de Ivan Petrov <ivan@firma.example> del dia ds., 21 de nov. 2026 a les 10:00:",
    "hr": "sub, 21. stu 2026. u 10:00 Ivan Petrov <ivan@firma.example> napisao je:",
    "sr": "суб, 21. нов 2026. у 10:00 Ivan Petrov <ivan@firma.example> је написао/ла:",
    "et": "Ivan Petrov (<ivan@firma.example>) kirjutas kuupäeval L, 21. november 2026 kell 10:00:",
    "lt": "2026-11-21, št, 10:00 Ivan Petrov <ivan@firma.example> rašė:",
    "lv": "sestd., 2026. g. 21. nov., plkst. 10:00 — lietotājs Ivan Petrov (<ivan@firma.example>) rakstīja:",
    "sl": "V V sob., 21. nov. 2026 ob 10:00 je oseba Ivan Petrov <ivan@firma.example> napisala:",
    "th": "ในวันที่ ส. 21 พ.ย. 2026 เวลา 10:00 Ivan Petrov <ivan@firma.example> เขียนว่า:",
    "ru mobile": "21 нояб. 2026 г. 10:00 пользователь «Иван Петров» <ivan@firma.example> написал:",
}
APPLE_MAIL = {
    "en": "On 21 Nov 2026, at 10:00, Ivan Petrov <ivan@firma.example> wrote:",
    "en no address": "On 21 Nov 2026, at 10:00, Ivan Petrov wrote:",
    "de": "Am 21.11.2026 um 10:00 schrieb Ivan Petrov <ivan@firma.example>:",
    "fr": "Le 21 nov. 2026 à 10:00, Ivan Petrov <ivan@firma.example> a écrit :",
    "es": "El 21 nov 2026, a las 10:00, Ivan Petrov <ivan@firma.example> escribió:",
    "it": "Il giorno 21 nov 2026, alle ore 10:00, Ivan Petrov <ivan@firma.example> ha scritto:",
    "pt-br": "Em 21 de nov. de 2026, à(s) 10:00, Ivan Petrov <ivan@firma.example> escreveu:",
    "pt-pt": "No dia 21/11/2026, às 10:00, Ivan Petrov <ivan@firma.example> escreveu:",
    "nl": "Op 21 nov. 2026 om 10:00 heeft Ivan Petrov <ivan@firma.example> het volgende geschreven:",
    "pl": "Wiadomość napisana przez Ivan Petrov <ivan@firma.example> w dniu 21 lis 2026, o godz. 10:00:",
    "cs": "21. 11. 2026 v 10:00, Ivan Petrov <ivan@firma.example>:",
    "sk": "Dňa 21. 11. 2026, o 10:00, Ivan Petrov <ivan@firma.example> napísal(a):",
    "sv": "21 nov. 2026 kl. 10:00 skrev Ivan Petrov <ivan@firma.example>:",
    "da": "Den 21. nov. 2026 kl. 10.00 skrev Ivan Petrov <ivan@firma.example>:",
    "no": "21. nov. 2026 kl. 10:00 skrev Ivan Petrov <ivan@firma.example>:",
    "fi": "Ivan Petrov <ivan@firma.example> kirjoitti 21.11.2026 kello 10.00:",
    "tr": "Ivan Petrov <ivan@firma.example> şunları yazdı (21 Kas 2026 10:00):",
    "ru": "21 нояб. 2026 г., в 10:00, Иван Петров <ivan@firma.example> написал(а):",
    "uk": "21 лист. 2026 р. о 10:00 Іван Коваль <ivan@firma.example> написав(-ла):",
    "hu": "2026. nov. 21. dátummal, 10:00 időpontban Ivan Petrov <ivan@firma.example> írta:",
    "ro": "Pe 21 nov. 2026, la 10:00, Ivan Petrov <ivan@firma.example> a scris:",
    "el": "Στις 21 Νοε 2026, στις 10:00, ο χρήστης Ivan Petrov <ivan@firma.example> έγραψε:",
    "he": "ב-21 בנוב׳ 2026, בשעה 10:00, Ivan Petrov <ivan@firma.example> כתב/ה:",
    "ar": "في ٢١ نوفمبر ٢٠٢٦، الساعة ١٠:٠٠ ص، كتب Ivan Petrov <ivan@firma.example>:",
    "zh-hans": "在 2026年11月21日，上午10:00，Ivan Petrov <ivan@firma.example> 写道：",
    "zh-hans 2": "2026年11月21日 10:00，Ivan Petrov <ivan@firma.example> 写道：",
    "zh-hant": "Ivan Petrov <ivan@firma.example> 於 2026年11月21日 上午10:00 寫道：",
    "ja": "2026/11/21 10:00、Ivan Petrov <ivan@firma.example>のメール:",
    "ko": "2026. 11. 21. 오전 10:00, Ivan Petrov <ivan@firma.example> 작성:",
    "ca": "El dia 21 nov 2026, a les 10:00, Ivan Petrov <ivan@firma.example> va escriure:",
    "hr": "Dana 21. stu 2026. u 10:00, Ivan Petrov <ivan@firma.example> je napisao/la:",
    "vi": "Vào 10:00, 21 thg 11, 2026, Ivan Petrov <ivan@firma.example> đã viết:",
    "id": "Pada 21 Nov 2026, pukul 10.00, Ivan Petrov <ivan@firma.example> menulis:",
}
THUNDERBIRD = {
    "en": "On 11/21/26 10:00, Ivan Petrov wrote:",
    "de": "Am 21.11.26 um 10:00 schrieb Ivan Petrov:",
    "fr": "Le 21/11/2026 à 10:00, Ivan Petrov a écrit :",
    "es": "El 21/11/26 a las 10:00, Ivan Petrov escribió:",
    "it": "Il 21/11/2026 10:00, Ivan Petrov ha scritto:",
    "pt-br": "Em 21/11/2026 10:00, Ivan Petrov escreveu:",
    "pt-pt": "Às 10:00 de 21/11/2026, Ivan Petrov escreveu:",
    "nl": "Op 21-11-2026 om 10:00 schreef Ivan Petrov:",
    "pl": "W dniu 21.11.2026 o 10:00, Ivan Petrov pisze:",
    "cs": "Dne 21. 11. 26 v 10:00 Ivan Petrov napsal(a):",
    "sk": "Dňa 21. 11. 2026 o 10:00 Ivan Petrov napísal(a):",
    "sv": "Den 2026-11-21 kl. 10:00, skrev Ivan Petrov:",
    "da": "Den 21.11.2026 kl. 10.00 skrev Ivan Petrov:",
    "nb": "Den 21.11.2026 10:00, skrev Ivan Petrov:",
    "fi": "Ivan Petrov kirjoitti 21.11.2026 klo 10.00:",
    "tr": "21.11.2026 10:00 tarihinde Ivan Petrov yazdı:",
    "ru": "21.11.2026 10:00, Иван Петров пишет:",
    "uk": "21.11.26 10:00, Іван Коваль пише:",
    "hu": "2026. 11. 21. 10:00 keltezéssel, Ivan Petrov írta:",
    "ro": "Pe 21.11.2026 10:00, Ivan Petrov a scris:",
    "bg": "На 21.11.26 г. в 10:00, Иван Петров написа:",
    "el": "Στις 21/11/2026 10:00, ο/η Ivan Petrov έγραψε:",
    "zh-hans": "在 2026/11/21 10:00, Ivan Petrov 写道:",
    "zh-hant": "Ivan Petrov 於 2026/11/21 10:00 寫道:",
    "ko": "26. 11. 21. 오전 10:00에 Ivan Petrov 이(가) 쓴 글:",
    "hr": "Ivan Petrov je napisao/la dana 21. 11. 2026. u 10:00:",
    "he": "בתאריך 21/11/2026 10:00, מאת Ivan Petrov:",
    "ar": "في 21/11/2026 10:00 ص، كتب Ivan Petrov:",
    "be": "21.11.2026 10:00, Іван Коваль піша:",
    "ca": "El 21/11/26 a les 10:00, Ivan Petrov ha escrit:",
    "sl": "Dne 21. 11. 2026 ob 10:00 je Ivan Petrov napisal:",
    "lt": "2026-11-21 10:00, Ivan Petrov rašė:",
    "et": "Ivan Petrov kirjutas 21.11.2026 kell 10:00:",
}
OTHERS = {
    "yahoo de": "Am Samstag, 21. November 2026 um 10:00:00 MEZ hat Ivan Petrov <ivan@firma.example> Folgendes geschrieben:",
    "yahoo fr": "Le samedi 21 novembre 2026 à 10:00:00 UTC+1, Ivan Petrov <ivan@firma.example> a écrit :",
    "yahoo es": "El sábado, 21 de noviembre de 2026, 10:00:00 CET, Ivan Petrov <ivan@firma.example> escribió:",
    "yahoo it": "Il sabato 21 novembre 2026 alle ore 10:00:00 CET, Ivan Petrov <ivan@firma.example> ha scritto:",
    "yahoo pt": "Em sábado, 21 de novembro de 2026 às 10:00:00 BRT, Ivan Petrov <ivan@firma.example> escreveu:",
    "yahoo zh": "Ivan Petrov <ivan@firma.example> 於 2026年11月21日 星期六 上午10:00:00 [GMT+8] 寫道：",
    "aol": "In a message dated 11/21/2026 10:00:00 AM Eastern Standard Time, ivan@firma.example writes:",
    "proton": "On Saturday, November 21st, 2026 at 10:00 AM, Ivan Petrov <ivan@firma.example> wrote:",
    "proton ru": "в суббота, 21 ноября 2026 г. в 10:00, Иван Петров <ivan@firma.example> написал(а):",
    "tuta": "Nov 21, 2026, 10:00 by ivan@firma.example:",
    "tuta de": "21. Nov. 2026, 10:00 von ivan@firma.example:",
    "roundcube en": "On 2026-11-21 10:00, Ivan Petrov wrote:",
    "roundcube de": "Am 2026-11-21 10:00, schrieb Ivan Petrov:",
    "roundcube ru": "Иван Петров писал 2026-11-21 10:00:",
    "roundcube ru2": "Иван Петров писал(а) 2026-11-21 10:00:",
    "roundcube uk": "Іван Коваль писав 2026-11-21 10:00:",
    "roundcube nl": "Ivan Petrov schreef op 2026-11-21 10:00:",
    "roundcube sv": "2026-11-21 10:00 skrev Ivan Petrov:",
    "roundcube tr": "2026-11-21 10:00 tarihinde Ivan Petrov yazdı:",
    "roundcube hu": "2026-11-21 10:00 időpontban Ivan Petrov ezt írta:",
    "roundcube zh": "在 2026-11-21 10:00，Ivan Petrov 写道：",
    "roundcube da": "Den 2026-11-21 10:00, Ivan Petrov skrev:",
    "k9 ru": "21 ноября 2026 г. 10:00:00 GMT+03:00, Иван Петров <ivan@firma.example> пишет:",
    "k9 de": "Am 21. November 2026 10:00:00 MEZ schrieb Ivan Petrov <ivan@firma.example>:",
    "fairemail": "On November 21, 2026 10:00:00 AM Ivan Petrov <ivan@firma.example> wrote:",
    "notes en": "Ivan Petrov <ivan@firma.example> wrote on 11/21/2026 10:00:00 AM:",
    "notes org": "Ivan Petrov/Firma wrote on 11/21/2026 10:00:00 AM:",
    "notes de": "Ivan Petrov <ivan@firma.example> schrieb am 21.11.2026 10:00:00:",
    "notes web": "-----Ivan Petrov <ivan@firma.example> wrote: -----",
    "notes web de": "-----Ivan Petrov <ivan@firma.example> schrieb: -----",
    "notes fr": "Ivan Petrov <ivan@firma.example> a écrit sur 21/11/2026 10:00:00 :",
    "groupwise": ">>> Ivan Petrov <ivan@firma.example> 11/21/2026 10:00 AM >>>",
    "groupwise on": ">>> On 11/21/2026 at 10:00 AM, in message <5B2.C@firma.example>, Ivan Petrov\n<ivan@firma.example> wrote:",
    "groupwise de": '>>> "Ivan Petrov" <ivan@firma.example> 21.11.2026 10:00 >>>',
    "groupwise no address": ">>> Ivan Petrov 21.11.2026 10:00 >>>",
    "netease": 'At 2026-11-21 10:00:00, "Ivan Petrov" <ivan@firma.example> wrote:',
    "netease zh": '在 2026-11-21 10:00:00，"Ivan Petrov" <ivan@firma.example> 写道：',
    "qq mobile": "Ivan Petrov <ivan@firma.example> 在 2026年11月21日 周六 10:00 写道：",
    "the bat en": "Saturday, November 21, 2026, 10:00:00 AM, you wrote:",
    "libero": "Il 21/11/2026 10:00 Ivan Petrov <ivan@firma.example> ha scritto:",
    "evolution": "On Sat, 2026-11-21 at 10:00 +0100, Ivan Petrov wrote:",
    "evolution ru": "В Сб, 21/11/2026 в 10:00 +0300, Иван Петров пишет:",
    "kmail": "On Saturday, November 21, 2026 10:00:00 AM CET Ivan Petrov wrote:",
    "kmail ru": "В письме от суббота, 21 ноября 2026 г. 10:00:00 MSK пользователь Иван Петров написал:",
    "kmail de": "Am Samstag, 21. November 2026, 10:00:00 CET schrieb Ivan Petrov:",
    "claws": "On Sat, 21 Nov 2026 10:00:00 +0100\nIvan Petrov <ivan@firma.example> wrote:",
    "mutt ru": "On Sat, Nov 21, 2026 at 10:00:00AM +0300, Иван Петров wrote:",
    "gnus": "Ivan Petrov <ivan@firma.example> writes:",
    "mail.ru new": "Суббота, 21 ноября 2026, 10:00 +03:00 от Иван Петров <ivan@firma.example>:",
    "yandex": '21.11.2026, 10:00, "Иван Петров" <ivan@firma.example>:',
    "yandex name": "21.11.2026, 10:00, Иван Петров <ivan@firma.example>:",
    "yandex en": '21.11.2026, 10:00, "Ivan Petrov" <ivan@firma.example>:',
    "brief ru": "пт, 3 окт. 2025 г. в 14:05, Иван <ivan@firma.example>:",
    "mailto": "On Sat, Nov 21, 2026 at 10:00 AM Ivan Petrov <mailto:ivan@firma.example> wrote:",
    "mailto double": "On Sat, Nov 21, 2026 at 10:00 AM Ivan Petrov <ivan@firma.example<mailto:ivan@firma.example>> wrote:",
    "link": "On Sat, Nov 21, 2026 at 10:00 AM Ivan Petrov <ivan@firma.example <mailto:ivan@firma.example>> wrote:",
    "wrapped 3": "On Sat, Nov 21, 2026 at 10:00 AM Ivan Very Long Name Petrov, Department of Long\nNames and Longer Titles, Moscow <ivan.very.long.address.petrov@\nfirma.example> wrote:",
    "wrapped fr": "Le sam. 21 nov. 2026 à 10:00, Ivan Petrov <ivan@firma.example> a\nécrit :",
    "wrapped it": "Il giorno sab 21 nov 2026 alle ore 10:00 Ivan Petrov <ivan@firma.example> ha\nscritto:",
    "wrapped es": "El sáb, 21 nov 2026 a las 10:00, Ivan Petrov (<ivan@firma.example>)\nescribió:",
    "wrapped de": "Am Sa., 21. Nov. 2026 um 10:00 Uhr schrieb Ivan Petrov <\nivan@firma.example>:",
    "wrapped tr": "Ivan Petrov <ivan@firma.example>, 21 Kas 2026 Cmt, 10:00\ntarihinde şunu yazdı:",
    "wrapped hu": "Ivan Petrov <ivan@firma.example> ezt írta (időpont: 2026. nov. 21.,\nSzo, 10:00):",
    "wrapped pt-pt": "Ivan Petrov <ivan@firma.example> escreveu (sábado, 21/11/2026\nà(s) 10:00):",
    "wrapped fi": "Ivan Petrov <ivan@firma.example>\nkirjoitti 21.11.2026 kello 10.00:",
    "wrapped pl": "Wiadomość napisana przez Ivan Petrov <ivan@firma.example> w dniu 21 lis\n2026, o godz. 10:00:",
    "wrapped zh": "Ivan Petrov <ivan@firma.example> 于2026年11月21日周六\n10:00写道：",
    "wrapped ru": "сб, 21 нояб. 2026 г. в 10:00, Иван Петров\n<ivan@firma.example>:",
}
LINES = [
    pytest.param(line, id=f"{client} {shape}")
    for client, shapes in (("gmail", GMAIL), ("apple", APPLE_MAIL), ("thunderbird", THUNDERBIRD), ("other", OTHERS))
    for shape, line in shapes.items()
]


@pytest.mark.parametrize("line", LINES)
def test_the_clients_line_goes_with_the_marked_quote_below_it(line: str) -> None:
    """The line and the quote are cut, in whatever language and order the client says it."""
    split = split_reply(f"Не помогло.\n\n{line}\n> Попробуйте ещё раз.\n>\n> Служба поддержки\n")
    assert (split.reply, split.quoted) == ("Не помогло.", f"{line}\n> Попробуйте ещё раз.\n>\n> Служба поддержки")


@pytest.mark.parametrize("line", LINES)
def test_the_clients_line_alone_begins_a_quote_without_marks(line: str) -> None:
    """Web mail and phones leave out the `>`."""
    split = split_reply(f"Не помогло.\n\n{line}\n\nПопробуйте ещё раз.\n\nСлужба поддержки\n")
    assert (split.reply, split.quoted) == ("Не помогло.", f"{line}\n\nПопробуйте ещё раз.\n\nСлужба поддержки")


@pytest.mark.parametrize("line", LINES)
def test_an_answer_below_the_quote_is_the_reply_whoever_wrote_the_line(line: str) -> None:
    """Bottom posting looks the same in every client."""
    assert split_reply(f"{line}\n> Помогло?\n\nДа, спасибо.").reply == "Да, спасибо."


@pytest.mark.parametrize(
    "text",
    [
        "On Monday I wrote: it does not print.\n\nAnd now it burns.",
        "On Monday I wrote:\n\nIt does not print. And now it burns.",
        "В чате мне ваш менеджер писал 21.11.2026 в 10:00:\nвсё работает\n\nА у меня нет.",
        "Иван Петров писал мне уже три раза, последний раз 21.11.2026 10:00:\nвсё работает\n\nА у меня нет.",
        ">>> print(2026)\n2026\n\nЧто это значит?",
        "Кому: бухгалтерия.\n\nПришлите акт сверки, пожалуйста.",
        "From: the management\n\nPlease print more.",
        "Subject: one\nSubject: two\nSubject: three\n\nWhich of these mails came?",
        "--- Original ---\nплохо\n--- New ---\nхорошо\n\nКак лучше?",
        "def wrote(self):\n    if self.date == '21.11.2026 10:00':\n        return None\n\nПочему None?",
        "Ivan <ivan@firma.example>\nAnna <anna@firma.example>\nAdd both, please:\nby 21.11.2026.",
        "Am 21.11.2026 um 10:00 kommt der Techniker.\n\nBitte bestätigen:\nja oder nein?",
        "Hello.\n\nOn Monday, 3 May 2026 I wrote:\nit does not print\n\nNow it burns.",
        "Hallo.\n\nAm 3. Mai 2026 um 10:00 schrieb ich Ihnen:\nes druckt nicht\n\nUnd jetzt?",
        "Здравствуйте.\n\n21.11.2026 я писала вам:\nпринтер не печатает\n\nКогда почините?",
        "Le 21/11/2026 à 10:00 :\nréunion\n\nMerci de confirmer.",
    ],
)
def test_what_only_resembles_a_clients_line_stays(text: str) -> None:
    """Dates, names, verbs and dashes in the sender's own words cut nothing."""
    assert split_reply(text).reply == text


def test_groupwise_marks_stay_inside_a_quote_that_is_answered() -> None:
    """Three signs in the middle of a quote are a quote of a quote."""
    text = "> Вы писали?\n>>> On 21.11.2026 10:00, Ivan <ivan@firma.example> wrote:\n>>>> Готово\nДа, готово."
    assert split_reply(text).reply == text
