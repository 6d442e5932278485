"""Words in their inflected forms, and text made alike for comparing."""

from __future__ import annotations

import unicodedata

import pytest

from maild.routing.fold import fold, wire_domain
from maild.routing.words import Vocabulary, stem, words_of


def stems(text: str) -> set[str]:
    """The stems of a text, as the rules compare them."""
    return {stem(word) for word in words_of(fold(text))}


@pytest.mark.parametrize(
    "forms",
    [
        "счёт счета счету счётом счете счетов счетам счетами счетах СЧЁТ",
        "оплата оплаты оплате оплату оплатой оплат оплатами",
        "подписка подписки подписок подпискам",
        "ошибка ошибки ошибок ошибками",
        "звонок звонка звонки звонков",
        "платёж платежа платежи платежей",
        "письмо письма писем письмами",
        "деньги денег деньгам деньгами",
        "копейка копейки копеек",
        "пароль пароля пароли паролей паролями",
        "день дня дни дней днём днями",
        "договор договора договоры договоров договору",
        "пришёл пришла пришло пришли",
        "invoice invoices Invoice INVOICES",
        "pay paid pays paying",
        "send sent sends sending",
        "forget forgot forgotten",
        "refund refunds refunded",
        "error errors",
        "die dying dies",
    ],
)
def test_all_forms_of_a_word_are_one(forms: str) -> None:
    """Whichever of them stands in the rule, and whichever in the mail."""
    assert len(stems(forms)) == 1


@pytest.mark.parametrize("pair", ["счёт счастье", "заказ закон", "пароль парламент", "order border", "pay play"])
def test_other_words_stay_apart(pair: str) -> None:
    """Likeness at the beginning is not enough."""
    assert len(stems(pair)) == 2


def test_words_of_other_scripts_and_endless_words_are_left_alone() -> None:
    """What no stemmer here knows is compared as it is."""
    for word in ("straße", "注文", "hp1020s", "x" * 100, "рrice"):
        assert stem(word) == word


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ёлка", "елка"),
        (unicodedata.normalize("NFD", "Ёлка, йод"), "елка, йод"),
        ("  a \n\t b  ", "a b"),
        ("Стра\u00adница", "страница"),
        ("zero\u200bwidth", "zerowidth"),
        ("STRASSE", "straße"),
        ("\ufeffText", "text"),
    ],
)
def test_texts_that_look_alike_are_alike(one: str, other: str) -> None:
    """Case, ё, composition, spaces, what cannot be seen."""
    assert fold(one) == fold(other)


def test_й_is_not_и() -> None:
    """Only ё loses its dots."""
    assert fold("мой") != fold("мои")


def test_a_domain_is_compared_as_it_goes_over_the_wire() -> None:
    """In both forms, and one that has none stays as it is."""
    assert wire_domain("Пример.example") == wire_domain("XN--E1AFMKFD.example") == "xn--e1afmkfd.example"
    assert wire_domain("ю" * 70) == "ю" * 70


def test_only_words_that_may_be_asked_for_are_stemmed() -> None:
    """The rest of a mail costs next to nothing; short stems and irregular forms are found all the same."""
    vocabulary = Vocabulary(frozenset({stem("счет"), stem("ее"), stem("pay")}))
    assert vocabulary.stems(["счетами", "ее", "paid", "договорами"]) == [stem("счет"), stem("ее"), "pay", "договорами"]
