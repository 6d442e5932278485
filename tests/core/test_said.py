"""Histories and reasons in Russian: every sentence that we write down is known, names and values stay as they were."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from office import NOW

import maild
from maild.routing.checks import TESTS
from maild.routing.fields import FIELDS
from maild.threads.model import Event
from maild.threads.said import because_told, detail_told, in_language, kind_told
from maild.threads.why import why_lines

LATIN = re.compile(r"[A-Za-z]{3,}")
HOUSE = Path(maild.__file__).parent


def event(kind: str, detail: str, because: str = "") -> Event:
    """Something that happened."""
    return Event(at=NOW, kind=kind, actor="anna", detail=detail, because=because)


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("form", ["holds", "holds_many", "misses", "misses_many"])
def test_every_test_of_a_rule_is_told_in_russian(test: str, form: str) -> None:
    """Whatever it found or missed; the values are the admin's own words."""
    sentence = getattr(TESTS[test], form).format(field="subject", values="«open», «счёт»")
    said = in_language(sentence, "ru")
    assert LATIN.findall(said.replace("«open»", "")) == []
    assert ("«open»" in said) == ("«open»" in sentence)


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_of_a_rule_has_a_russian_name(name: str) -> None:
    """An agent reads why a rule did not hold, and has never seen the rules."""
    assert LATIN.findall(in_language(f"{name} is not 5", "ru")) == []


def written_down(path: str) -> Iterator[str]:
    """The sentences in a file of ours: of what is filled in there stands a 7."""
    tree = ast.parse((HOUSE / path).read_text(encoding="utf-8"))
    pieces = {id(piece) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for piece in node.values}
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(_filled(piece) for piece in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not {id(node)} & (pieces | docstrings):
            yield node.value


def _filled(piece: ast.expr) -> str:
    if isinstance(piece, ast.Constant):
        return str(piece.value)
    return "'7'" if isinstance(piece, ast.FormattedValue) and piece.conversion == ord("r") else "7"


NO_SENTENCES = {
    # Names, patterns, pieces that are put together, and what only admins read.
    "reply on 7", "by 7", "button 7 7", "this session", "an unknown day", "thread index",
    "complaint about message from|email feedback report for ip|\\[spamcop \\(|abuse report:", "it was revoked",
    "it holds a secret key, which no file of the rules may hold", "no part of it can sign any more",
    "it holds 7 keys, and one is wanted", "it holds no public key", "of the certificate in the team file, 7",
    "it holds a private key, which no file of the rules may hold", "it holds no certificate",
    "it holds 7 certificates, and one is wanted: the agent's own",
}  # fmt: skip


@pytest.mark.parametrize(
    "path",
    [
        "messages/classify.py",
        "people/proof.py",
        "crypto/dkim_check.py",
        "crypto/pgp.py",
        "crypto/smime.py",
        "desk/signatures.py",
        "threads/match.py",
        "threads/reticence.py",
        "threads/customers.py",
        "threads/agents.py",
        "threads/forwards.py",
        "threads/unproven.py",
        "threads/asked_mail.py",
    ],
)
def test_every_reason_that_is_written_down_is_told_in_russian(path: str) -> None:
    """Of the files that judge a mail: a sentence that is added there is missed here until it has its Russian."""
    sentences = {s for s in written_down(path) if " " in s.strip() and s[:1].isalpha()} - NO_SENTENCES
    said = {s: in_language(s, "ru") for s in sentences}
    assert {s: told for s, told in said.items() if not re.search("[а-я]", told)} == {}


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        (
            "answer by anna on SUP-1, proven: this session was authenticated as anna",
            "ответ сотрудника anna по заявке SUP-1",
        ),
        (
            "note by anna on SUP-1, proven: this session was authenticated as anna",
            "заметка сотрудника anna к заявке SUP-1",
        ),
        (
            "orders by anna on SUP-1, proven: this session was authenticated as anna",
            "команды сотрудника anna по заявке",
        ),
        ("list mail on SUP-1, by own id", "письмо из рассылки, заявка SUP-1, признак: номер нашего письма"),
        ("bounce on SUP-1: it carries x-failed", "письмо не доставлено, заявка SUP-1"),
        ("reply on SUP-1, by own id", "ответ по заявке SUP-1, признак: номер нашего письма"),
        ("imported: reply on SUP-1, by own id", "из архива: ответ по заявке SUP-1, признак"),
        ("rule 'x y' says so", "так решило правило «x y»"),
        ("the sender is not proven: From is not exactly one plain address", "отправитель не подтверждён: в поле From"),
    ],
)
def test_a_sentence_is_told_as_the_one_that_it_is(sentence: str, said: str) -> None:
    """A shorter sentence that stands before it must not take it for its own."""
    assert in_language(sentence, "ru").startswith(said)
    assert "proven" not in in_language(sentence, "ru")


def test_times_are_told_by_the_clock_of_the_desk() -> None:
    """What is written down in UTC is read by somebody with another clock on the wall; without one it stays."""
    moscow = ZoneInfo("Europe/Moscow")
    rests = event("rests", "until 2026-11-27 07:00 UTC")
    assert detail_told(rests, "ru", moscow) == "до 2026-11-27 10:00"
    assert detail_told(rests, "en", moscow) == "until 2026-11-27 10:00"
    assert detail_told(rests, "en") == "until 2026-11-27 07:00 UTC"
    by_hand = event("deadline", "- -> 2026-11-23 22:30 UTC")
    assert detail_told(by_hand, "ru", moscow) == "- -> 2026-11-24 01:30"
    undone = event("undone", "/take", "done 2026-11-22T10:14:33.120000+00:00")
    assert because_told(undone, "ru", moscow) == "сделано 2026-11-22 13:14"
    assert detail_told(event("subject", "at 2026-11-27 07:00 UTC"), "ru", moscow) == "at 2026-11-27 07:00 UTC"
    assert detail_told(event("rests", "until 2026-99-27 07:00 UTC"), "en", moscow) == "until 2026-99-27 07:00 UTC"


def test_how_a_ticket_was_given_is_told_in_russian() -> None:
    """Whoever stood how, whatever their names are."""
    given = event(
        "assignee",
        "- -> anna",
        "by load: 3 open; Boris Smith 5, Vera Fox is away until 2026-11-27 07:00 UTC, Gleb has 30, as many as allowed",
    )
    assert because_told(given, "ru", ZoneInfo("Europe/Moscow")) == (
        "по нагрузке: открытых 3; Boris Smith 5, Vera Fox отсутствует до 2026-11-27 10:00, Gleb — 30, больше нельзя"
    )


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
