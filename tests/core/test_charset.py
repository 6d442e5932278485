"""Bytes become the text that their writer meant: labels, wrong labels, no labels."""

from __future__ import annotations

import pytest

from maild.messages.charset import clean, codec_name, decode

RUSSIAN = "Добрый день! У нас второй день не печатает принтер в бухгалтерии."
CYRILLIC = ("utf-8", "koi8-r", "windows-1251", "cp866")


@pytest.mark.parametrize("codec", CYRILLIC)
@pytest.mark.parametrize("label", [None, "us-ascii", "utf-8", "x-unknown", "iso-8859-1", "koi8-r", "windows-1251"])
def test_russian_reads_right_whatever_the_label_says(codec: str, label: str | None) -> None:
    """Russian text is told by its letters, so a missing or false label does no harm."""
    assert decode(RUSSIAN.encode(codec), label) == RUSSIAN


@pytest.mark.parametrize("codec", ["utf-8", "koi8-r", "windows-1251"])
@pytest.mark.parametrize("text", ["Счёт", "Привет", "ОТЧЁТ ЗА МАЙ", "Вопрос", "Re: Заказ", "Иванов И.И."])
def test_a_word_or_two_is_enough_to_tell_the_charset(codec: str, text: str) -> None:
    """Subjects are short: even a single Russian word without a label is read."""
    assert decode(text.encode(codec)) == text


@pytest.mark.parametrize(
    ("text", "codec", "label"),
    [
        ("Größe über alles", "cp1252", "iso-8859-1"),
        ("“quoted” – dash", "cp1252", "iso-8859-1"),
        ("ÄÖÜäöüß", "cp1252", "iso-8859-1"),
        ("Zażółć gęślą jaźń", "iso8859-2", "iso-8859-2"),
        ("Сергей", "cp1251", "cp-1251"),
        ("Сергей", "mac_cyrillic", "x-mac-cyrillic"),
        ("朱镕基", "gb18030", "gb2312"),
        ("고맙습니다", "cp949", "ks_c_5601-1987"),
        ("שלום", "iso8859-8", "iso-8859-8-i"),
        ("髙橋㈱①", "cp932", "shift_jis"),
        ("テスト", "iso2022_jp", "iso-2022-jp"),
        ("テスト", "iso2022_jp", None),
        ("Straße", "utf-7", "utf-7"),
        ("привет", "utf-16", "utf-16"),
    ],
)
def test_labels_mean_what_senders_mean_by_them(text: str, codec: str, label: str | None) -> None:
    """Aliases and too small labels lead to the charset that holds the text."""
    assert decode(text.encode(codec), label) == text


@pytest.mark.parametrize(
    ("text", "codec", "label"),
    [
        ("測試郵件內容", "utf-8", "big5"),
        ("これはテストです", "shift_jis", "iso-2022-jp"),
        ("Grüße", "utf-8", "iso-8859-1"),
        ("Grüße", "latin-1", "utf-8"),
    ],
)
def test_a_label_that_cannot_be_true_is_not_believed(text: str, codec: str, label: str) -> None:
    """Bytes that are plainly something else than their label are read as what they are."""
    assert decode(text.encode(codec), label) == text


def test_windows_characters_in_iso_2022_jp_are_read() -> None:
    """Circled digits stand in a row that the strict codec does not know."""
    assert decode(b"\x1b$B-!-j\x1b(B", "iso-2022-jp") == "①㈱"


def test_utf8_cut_inside_a_character_stays_utf8() -> None:
    """One broken character at the end does not turn the rest into another charset."""
    assert decode("Сообщение обрезано".encode()[:-1], "utf-8") == "Сообщение обрезан\ufffd"


@pytest.mark.parametrize("label", ["hex", "rot13", "idna", "unicode_escape", "a\x00b", "undefined", "x" * 500, '"', ""])
def test_a_senseless_label_is_no_label(label: str) -> None:
    """Python knows codecs that are no charsets; none of them is ever used on a mail."""
    assert codec_name(label) is None
    assert decode(b"plain", label) == "plain"


def test_clean_text_holds_nothing_that_a_database_refuses() -> None:
    """NUL and lone surrogates break PostgreSQL and SQLite; line ends become one kind."""
    assert clean("a\x00b\r\nc\rd\ud800e\x1b") == "ab\nc\nd\ufffde"
    assert clean("a\u2028b\u2029c\x85d\x9b31m") == "a\nb\nc\nd\ufffd31m"


def test_every_byte_decodes_to_something_without_an_exception() -> None:
    """Decoding never raises, whatever the bytes and the label."""
    for label in (None, "utf-8", "ascii", "utf-7", "utf-16", "iso-2022-kr", "big5", "gb18030", "hz", "koi8-r"):
        for data in (bytes(range(256)), b"\xff" * 7, b"\x1b$)C\x0e\xff", b"\xfe\xff\xd8", b"~{\xff"):
            assert "\x00" not in decode(data, label)


@pytest.mark.parametrize(
    ("codec", "label"), [("utf-16-le", "utf-16le"), ("utf-16-be", "utf-16"), ("utf-16-le", "utf-16")]
)
def test_utf_16_reads_right_with_and_without_its_mark(codec: str, label: str) -> None:
    """Its bytes may all lie in the range of ASCII, and the byte order is told by the spaces (RFC 2781, 4.3)."""
    assert decode("Здравствуй, мир. Hello.".encode(codec), label) == "Здравствуй, мир. Hello."
    assert decode("Здравствуй".encode("utf-16"), "utf-16") == "Здравствуй"


@pytest.mark.parametrize(("label", "other"), [("utf-8", "cp1251"), (None, "koi8-r"), ("windows-1251", "cp1251")])
def test_a_footer_in_another_charset_does_not_spoil_the_text(label: str | None, other: str) -> None:
    """Servers append their lines without asking for the charset of the mail: each line is read for itself."""
    data = RUSSIAN.encode() + b"\n-- \n" + "Проверено антивирусом на сервере".encode(other)
    assert decode(data, label) == f"{RUSSIAN}\n-- \nПроверено антивирусом на сервере"


@pytest.mark.parametrize("label", ["windows-1251", "koi8-r"])
def test_german_under_a_russian_label_is_read(label: str) -> None:
    """Cyrillic letters inside Latin words and nowhere else are no Russian."""
    assert decode("Schöne Grüße aus Köln".encode("cp1252"), label) == "Schöne Grüße aus Köln"
    assert decode("Ошибка в USB-порту ПК1".encode(label), label) == "Ошибка в USB-порту ПК1"


@pytest.mark.parametrize(
    ("text", "codec", "label"),
    [
        ("印表機壞了,請盡快與我們聯絡", "big5", "gb2312"),
        ("打印机坏了,怎么办?请尽快联系我们,谢谢。", "gb2312", "iso-8859-1"),
        ("プリンタ", "shift_jis", None),
        ("プリンタの電源", "euc_jp", "iso-2022-jp"),
    ],
)
def test_east_asian_text_reads_right_under_a_wrong_label(text: str, codec: str, label: str | None) -> None:
    """Characters for private use, kana in a row and bytes that are no Western text give the label away."""
    assert decode(text.encode(codec), label) == text
