"""Conditions: every test on every kind of field, and how they are joined."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

import pytest

from maild.routing.conditions import Condition, read_condition, words
from maild.routing.fields import MAIL_FIELDS, TICKET_FIELDS, Values
from maild.routing.rules import Predicate

MAIL: Values = {
    "from": ("bob@mail.shop.example", "Bob Смирнов"),
    "to": ("support@desk.example", "billing@desk.example"),
    "subject": "Неверные СЧЕТА  за март (order 20481)",
    "body": "Добрый день!\nКоды ошибок пришли\nпосле обновления.\n",
    "reply": "",
    "attachment": ("Счёт-фактура 7.pdf", "scan.JPG"),
    "attachment_type": ("application/pdf", "image/jpeg"),
    "size": 5_000_000,
    "class": "person",
    "language": "ru",
    "auth": "none",
    "hour": 9,
    "weekday": "mon",
    "queue": "Billing",
    "customer": "bob@mail.shop.example",
    "event": "new",
    "header.x-mailer": ("The Bat! 9",),
    "header.received": ("from a.example", "from b.example"),
}
QUEUES = ("support", "Billing")


def when(toml: str) -> dict[str, Any]:
    """The `when` of a rule, from its lines."""
    return tomllib.loads(toml)


def read(toml: str) -> Condition:
    """A condition that has to be right."""
    reading = read_condition(when(toml), MAIL_FIELDS, QUEUES)
    assert reading.problems == ()
    assert reading.condition is not None
    return reading.condition


def holds(toml: str, mail: Values = MAIL) -> bool:
    """Whether a condition holds for a mail."""
    return Predicate(when=read(toml))(mail)


@pytest.mark.parametrize(
    "toml",
    [
        'from = "BOB@mail.shop.example"',
        'from = "bob смирнов"',
        'to = ["x@desk.example", "billing@desk.example"]',
        'subject = "неверные счета за март (order 20481)"',
        'subject.words = "счёт"',
        'subject.words = ["invoice", "счетами"]',
        'body.words = "код ошибки"',
        'body.words = ["ошибка пришла", "x y z"]',
        'subject.contains = "РЕВЕРНЫЕ"'.replace("РЕВЕРНЫЕ", "еверные   сч"),
        'attachment.contains = "счет-фактура"',
        "attachment.matches = '\\.jpe?g$'",
        "subject.matches = '(?-i:СЧЕТА)'",
        "body.matches = '^после'",
        'from.domain = "shop.example"',
        'from.domain = ["a.example", "mail.shop.example"]',
        'from.domain = "example"',
        'size.above = "4MB"',
        'size.below = "5001KB"',
        'size = "5MB"',
        "hour.above = 8",
        "hour.below = 10",
        "hour = [8, 9]",
        'class = ["person", "list"]',
        'queue = "billing"',
        'header.X-Mailer.contains = "bat!"',
        '"header.x-mailer".exists = true',
        'header.Received = "FROM b.example"',
        "header.X-Spam.exists = false",
        "reply.exists = false",
        "attachment.exists = true",
        'any = [{ hour = 3 }, { weekday = "mon" }]',
        'all = [{ hour = 9 }, { weekday = "mon" }]',
        'not.class = ["bulk", "list"]',
        'not = { class = "person", hour = 3 }',
        'subject = { words = "счёт", contains = "order" }',
        'event = "new"',
    ],
)
def test_a_condition_that_holds(toml: str) -> None:
    """Each test on the kinds of field that it is for."""
    assert holds(toml)


@pytest.mark.parametrize(
    "toml",
    [
        'from = "bob"',
        'from.domain = "hop.example"',
        'from.domain = "shop.example.evil.example"',
        'subject.words = "отсчёт"',
        'subject.words = "сч"',
        'body.words = "ошибки код"',
        'body.words = "день коды" '.replace("день коды", "день ошибки"),
        'attachment.words = "7 scan"',
        'subject.contains = ["invoice", "счет-"]',
        "attachment.matches = '^jpg'",
        "subject.matches = '(?-i:счета)'",
        'size.above = "5MB"',
        'size.below = "5MB"',
        "hour.above = 9",
        "hour.below = 9",
        'class = "list"',
        'header.X-Mailer = "Bat"',
        "header.X-Spam.exists = true",
        "header.X-Mailer.exists = false",
        'reply.contains = "x"',
        'any = [{ hour = 3 }, { weekday = "tue" }]',
        'all = [{ hour = 9 }, { weekday = "tue" }]',
        'not.class = ["bulk", "person"]',
        'not = { class = "person", hour = 9 }',
        'subject = { words = "счёт", contains = "invoice" }',
        'subject.words = "счёт"\nhour = 3',
    ],
)
def test_a_condition_that_does_not_hold(toml: str) -> None:
    """And those that come close."""
    assert not holds(toml)


@pytest.mark.parametrize(
    "toml",
    [
        'subject.words = "x"',
        "hour.above = 0",
        'size.below = "9GB"',
        'from.domain = "x.example"',
        'subject = "x"',
        "subject.matches = ''",
    ],
)
def test_an_empty_mail_misses_everything_but_absence(toml: str) -> None:
    """A field that is not there is not above, below or like anything."""
    if "''" in toml:
        assert holds("subject.exists = false", {})
    else:
        assert not holds(toml, {})


def problems(table: Mapping[str, Any], fields: Any = MAIL_FIELDS) -> list[tuple[str, str]]:
    """Code and path of everything that is wrong."""
    reading = read_condition(table, fields, QUEUES)
    assert reading.condition is None
    return [(p.code, ".".join(str(part) for part in p.path)) for p in reading.problems]


@pytest.mark.parametrize(
    ("toml", "code", "path"),
    [
        ('subjct = "x"', "unknown-key", "subjct"),
        ('subject.word = "x"', "unknown-key", "subject.word"),
        ('any = [{ class = "person", hours = 3 }]', "unknown-key", "any.0.hours"),
        ("any = []", "bad-value", "any"),
        ('any = { subject = "x" }', "bad-value", "any"),
        ("not = {}", "bad-value", "not"),
        ("subject = {}", "bad-value", "subject"),
        ("subject = 3", "bad-value", "subject"),
        ('subject = ""', "bad-value", "subject"),
        ('subject.words = ["ok", "!!"]', "bad-value", "subject.words.1"),
        ("subject = []", "never-holds", "subject"),
        ('subject.domain = "x.example"', "bad-value", "subject.domain"),
        ('subject.above = "5MB"', "bad-value", "subject.above"),
        ('hour.words = "x"', "bad-value", "hour.words"),
        ('class = "persn"', "bad-value", "class"),
        ('queue = "biling"', "unknown-queue", "queue"),
        ('from.domain = "a@b.example"', "bad-value", "from.domain"),
        ("size.above = 5", "bad-value", "size.above"),
        ('size.above = "big"', "bad-value", "size.above"),
        ('hour = "9"', "bad-value", "hour"),
        ("hour = true", "bad-value", "hour"),
        ("hour = 24", "never-holds", "hour"),
        ("hour = -1", "never-holds", "hour"),
        ("hour.above = 23", "never-holds", "hour.above"),
        ("hour.below = 0", "never-holds", "hour.below"),
        ('subject.exists = "yes"', "bad-value", "subject.exists"),
        ("subject.matches = '(a'", "bad-pattern", "subject.matches"),
        ("subject.matches = ['ok', '[']", "bad-pattern", "subject.matches.1"),
        ('header = "x"', "bad-value", "header"),
        ('tags = "x"', "unknown-key", "tags"),
        ('priority = "high"', "unknown-key", "priority"),
    ],
)
def test_what_is_wrong_is_told_with_its_path(toml: str, code: str, path: str) -> None:
    """One small condition per mistake."""
    assert problems(when(toml)) == [(code, path)]


def test_all_mistakes_of_a_condition_are_told_at_once() -> None:
    """Also those deep inside."""
    table = when('subjct = "x"\nany = [{ hour = 24 }, { not = { class = "x" } }]\nfrom.matches = "("')
    assert [path for _, path in problems(table)] == ["subjct", "any.0.hour", "any.1.not.class", "from.matches"]


def test_promises_may_ask_for_what_only_a_ticket_has() -> None:
    """Priority, tags and line."""
    table = when('priority = ["high", "urgent"]\ntags = "money"\nline.above = 1')
    reading = read_condition(table, TICKET_FIELDS, QUEUES)
    assert reading.condition is not None
    fits = Predicate(when=reading.condition)
    assert fits({"priority": "high", "tags": ("money", "x"), "line": 2})
    assert not fits({"priority": "low", "tags": ("money",), "line": 2})
    assert Predicate(when=None)({})


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('subject.words = ["invoice", "счёт"]', "subject has one of the words invoice, счёт"),
        ('subject.words = "счёт"\nhour.above = 17', "subject has the word счёт and hour is above 17"),
        ('any = [{ hour = 3 }, { from.domain = "x.example" }]', "hour is 3 or from is of the domain x.example"),
        ('not.class = "bulk"', "not (class is bulk)"),
        ('size.above = "5MB"', "size is above 5MB"),
        ("header.X-A.exists = false", "there is no header.x-a"),
        ('hour = 3\nany = [{ class = "list" }, { class = "bulk" }]', "hour is 3 and (class is list or class is bulk)"),
    ],
)
def test_a_condition_is_said_in_words(toml: str, said: str) -> None:
    """As `rules show` prints it."""
    assert words(read(toml)) == said
