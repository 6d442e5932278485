"""Histories and reasons in Russian: every sentence that we write down is known, names and values stay as they were."""

import re

import pytest
from office import NOW

from maild.routing.checks import TESTS
from maild.threads.model import Event
from maild.threads.said import because_told, detail_told, in_language, kind_told
from maild.threads.why import why_lines

LATIN = re.compile(r"[A-Za-z]{3,}")


def event(kind: str, detail: str, because: str = "") -> Event:
    """Something that happened."""
    return Event(at=NOW, kind=kind, actor="anna", detail=detail, because=because)


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("form", ["holds", "holds_many", "misses", "misses_many"])
def test_every_test_of_a_rule_is_told_in_russian(test: str, form: str) -> None:
    """Whatever it found or missed; the values are the admin's own words."""
    sentence = getattr(TESTS[test], form).format(field="subject", values="«open», «счёт»")
    said = in_language(sentence, "ru")
    assert LATIN.findall(said.replace("«open»", "").replace("subject", "")) == []
    assert ("«open»" in said) == ("«open»" in sentence)


def test_what_changed_is_told_in_words() -> None:
    """States and priorities in plain words, names and what people wrote as they are."""
    assert detail_told(event("status", "new -> open"), "ru") == "новая -> в работе"
    assert detail_told(event("priority", "normal -> urgent"), "ru") == "обычная -> неотложная"
    assert detail_told(event("queue", "open -> normal"), "ru") == "open -> normal"
    assert detail_told(event("subject", "by me -> nobody"), "ru") == "by me -> nobody"
    assert detail_told(event("answer", "by Boris Open"), "ru") == "Boris Open"
    assert detail_told(event("created", "queue new, priority high"), "ru") == "очередь new, срочность высокая"
    assert because_told(event("tags", "x", "/tag open"), "ru") == "/tag open"
    assert because_told(event("created", "x", "rule 'by phone'"), "ru") == "правило «by phone»"
    assert because_told(event("escalated", "x", "due 2026-11-23 13:00 UTC"), "ru") == "срок 2026-11-23 13:00 UTC"


def test_in_english_everything_stands_as_it_was_written_down() -> None:
    """And in Russian what is not known, such as the words of an older version."""
    one = event("status", "new -> open", "customer's reply")
    assert (kind_told("status", "en"), detail_told(one, "en")) == ("status", "new -> open")
    assert because_told(one, "en") == "customer's reply"
    assert in_language("some words of an older maild", "ru") == "some words of an older maild"
    assert kind_told("never_heard_of", "ru") == "never_heard_of"


def test_a_decision_is_told_in_russian_whole() -> None:
    """Kind, sender, rules and result."""
    decision = {
        "class": "person", "class_reason": "nothing says that a machine wrote it",
        "sender": {"address": "ivan@x.example", "proof": "dmarc",
                   "proof_reason": "a trusted relay found dmarc=pass for x.example"},
        "thread": {"ticket": None, "rung": None, "certain": True,
                   "tried": [{"rung": "subject tag", "found": "tag 1001", "rejected": "no such ticket"}]},
        "rules": [{"rule": "Счета", "held": False, "missed": ["subject has none of the words счёт, оплата"]}],
        "result": {"new": True, "queue": "support", "line": 1, "priority": "normal", "reason": "new ticket SUP-1001"},
    }  # fmt: skip
    assert why_lines(decision, "ru") == [
        "Вид письма: написано человеком (нет признаков, что его написала программа).",
        "Отправитель ivan@x.example: доверенный сервер проверил: dmarc=pass для x.example.",
        "Признак «номер заявки в теме»: номер 1001, но не считается: такой заявки нет.",
        "Подходящей заявки не нашлось, открыта новая.",
        "Правило «Счета»: не подошло (тема: нет ни одного из слов счёт, оплата).",
        "Итог: очередь support, линия 1, срочность обычная.",
        "Что стало с письмом: новая заявка SUP-1001.",
    ]
