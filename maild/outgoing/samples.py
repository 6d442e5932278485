"""An example context for every letter: what its variables are, and what a preview shows.

The examples are also the contract: a letter may name what stands here and nothing else (`lint.py`), and what the desk
leaves out of a context is filled in as empty (`complete`), so that a letter never meets a hole.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_AT = datetime(2026, 11, 23, 7, 15, tzinfo=UTC)
_BEFORE = datetime(2026, 11, 20, 12, 40, tzinfo=UTC)
_DUE = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)

_WORDS = {
    "en": {
        "desk": "Acme Support",
        "subject": "The printer on the second floor prints empty pages",
        "title": "Office equipment",
        "customer": "Ivan Petrov",
        "agent": "Anna Smirnova",
        "colleague": "Boris Novak",
        "text": "Good morning,\n\nsince this morning our printer gives out empty pages only.\n"
        "We have changed the cartridge, it did not help.\n\nIvan",
        "answer": "Good morning, Ivan!\n\nPlease switch the printer off for a minute and then on again.\n"
        "If the pages stay empty, tell me the model: it stands on the front.",
        "photo": "pages.jpg",
        "video": "video of the printer.mp4",
        "remark": "the sender wants answers sent to boss@customer.example; your answer goes to ivan@customer.example",
        "why": 'the rule "Printers go to the office team"',
        "link": "SUP-1040 was merged into it.",
        "note": "He called this morning, too.",
        "nothing": "not done",
        "unknown": "there is no order /clsoe; did you mean /close?",
        "told": "75 % of the time has passed; you are the one who answers for this ticket",
        "delay": "relay.desk.example:25: the relay cannot be reached: timed out",
        "unproven": "the sender is not proven: no trusted relay speaks for From",
        "unread": "imap.desk.example does not answer",
        "finding": "rules/routing.toml:12:1: error: unknown key then.queu (do you mean queue?)",
        "figure": "Opened: 212",
        "clock": "First response: 4h of office time (Europe/Moscow) by the promise standard. Started Mon 10:15.",
    },
    "ru": {
        "desk": "Поддержка Acme",
        "subject": "Принтер на втором этаже печатает пустые страницы",
        "title": "Оргтехника",
        "customer": "Иван Петров",
        "agent": "Анна Смирнова",
        "colleague": "Борис Новак",
        "text": "Добрый день!\n\nС утра наш принтер выдаёт только пустые страницы.\n"
        "Картридж поменяли, не помогло.\n\nИван",
        "answer": "Добрый день, Иван!\n\nВыключите, пожалуйста, принтер на минуту и включите снова.\n"
        "Если страницы останутся пустыми, напишите модель: она указана на передней панели.",
        "photo": "страницы.jpg",
        "video": "видео с принтером.mp4",
        "remark": "отправитель просит отвечать на boss@customer.example; ваш ответ уйдёт на ivan@customer.example",
        "why": "правило «Принтеры — в отдел оргтехники»",
        "link": "К ней присоединена SUP-1040.",
        "note": "Утром он ещё и звонил.",
        "nothing": "не сделано",
        "unknown": "команды /clsoe нет; может быть, /close?",
        "told": "прошло 75 % времени, за эту заявку отвечаете вы",
        "delay": "relay.desk.example:25: the relay cannot be reached: timed out",
        "unproven": "отправитель не подтверждён: ни один доверенный сервер за него не поручился",
        "unread": "imap.desk.example не отвечает",
        "finding": "rules/routing.toml:12:1: error: неизвестный ключ then.queu (возможно, queue?)",
        "figure": "Открыто: 212",
        "clock": "Первый ответ: обещано за 4 ч рабочего времени (обещание standard, календарь office, Europe/Moscow). "
        "Отсчёт начат пн 10:15.",
    },
}

_FIELDS = [{"name": "order", "value": "4711"}, {"name": "room", "value": "2.17"}]


def _parts(words: Mapping[str, str], language: str) -> dict[str, Any]:
    """The building stones that several letters share."""
    return {
        "desk": {"name": words["desk"], "address": "support@desk.example"},
        "ticket": {
            "number": "SUP-1042", "subject": words["subject"], "status": "new", "queue": "office",
            "queue_title": words["title"], "priority": "normal", "assignee": words["agent"], "line": 1,
            "tags": ["printer"], "language": language, "created_at": _AT, "organisation": "Example Ltd",
            "fields": _FIELDS,
            "due_by": _DUE, "due_set_by": words["colleague"],
        },
        "customer": {"name": words["customer"], "address": "ivan@customer.example"},
        "agent": {"name": words["agent"]},
    }  # fmt: skip


_BUTTONS = {
    "en": {"take": "Take", "close": "Close", "snooze": "Snooze 1 day", "spam": "Spam", "send": "Send my answer",
           "undo": "Undo"},
    "ru": {"take": "Беру себе", "close": "Закрыть", "snooze": "Отложить на день", "spam": "Спам",
           "send": "Отправить мой ответ", "undo": "Отменить"},
}  # fmt: skip


def _buttons(language: str, *names: str) -> dict[str, Any]:
    """Buttons as the desk gives them, to addresses that are nobody's."""
    labels = _BUTTONS.get(language, _BUTTONS["en"])
    link = "mailto:support%2Bbutton.example@desk.example?subject=%5BSUP-1042%5D"
    return {"buttons": [{"name": name, "label": labels[name], "link": link} for name in names]}


def _section(parts: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    """One answer to an agent's question, with everything that any of them may have."""
    return {
        "line": "/show SUP-1042", "kind": "show", "total": 1, "more": 2,
        "rows": [
            {"number": "SUP-1042", "subject": words["subject"], "status": "open", "queue": "office",
             "priority": "high", "line": 1, "tags": ["printer"], "fields": _FIELDS, "assignee": words["agent"],
             "customer": parts["customer"], "created_at": _AT, "due_at": _DUE, "overdue": True,
             "due_by": _DUE, "due_set_by": words["colleague"], "organisation": "Example Ltd",
             "link": "mailto:support+a.example@desk.example?subject=%5BSUP-1042%5D"},
        ],
        "people": [{"name": words["customer"], "address": "ivan@customer.example", "confirmed": True}],
        "clocks": [words["clock"]],
        "lines": [words["why"]],
        "messages": [
            {"sender": parts["customer"], "at": _AT, "text": words["text"], "cut": 3, "direction": "in",
             "internal": False, "proposed": False, "attachments": [words["photo"]]},
        ],
        "events": [
            {"at": _AT, "kind": "priority", "actor": "anna", "detail": "normal -> high",
             "because": "/priority high"},
        ],
        "reasons": [{"mail": 17, "at": _AT, "lines": [words["why"]]}],
        "links": [words["link"]],
        "changes": [{"at": _AT, "kind": "status", "actor": "anna", "detail": "new -> open", "because": "/take"}],
    }  # fmt: skip


def sample(letter: str, language: str) -> dict[str, Any]:
    """The example context of a built-in letter; KeyError for a letter that is not one."""
    words = _WORDS.get(language, _WORDS["en"])
    parts = _parts(words, language)
    own: dict[str, dict[str, Any]] = {
        "acknowledgement": {"proven": True, "respond_by": _DUE},
        "notification": {
            "event": "new",
            "message": {
                "sender": parts["customer"], "at": _AT, "text": words["text"],
                "attachments": [words["photo"], words["video"]], "mail_class": "person",
                "remarks": [words["remark"]],
            },
            "why": words["why"], "respond_by": _DUE, "omitted": [words["video"]],
            "handed": {"by": words["colleague"], "note": words["answer"], "reason": words["why"], "line_before": 1},
            "earlier": [{"number": "SUP-1007", "subject": words["title"], "status": "closed", "at": _BEFORE}],
            "history": [
                {"sender": {"name": words["agent"], "address": ""}, "at": _BEFORE, "internal": False,
                 "text": words["answer"]},
            ],
            "bounce": {
                "recipients": [
                    {"address": "ivan@customer.example", "status": "5.1.1", "action": "failed", "kind": "hard",
                     "diagnostic": "550 5.1.1 no such user"},
                ],
            },
            "passed_on": {"name": words["colleague"], "words": words["note"], "dated": "Mon, 23 Nov 2026 09:58"},
        } | _buttons(language, "take", "close", "snooze", "spam"),
        "answer": {
            "text": words["answer"], "signature": "",
            "quoted": {"sender": parts["customer"], "at": _AT, "text": words["text"]},
        },
        "transcript": {
            "orders": [
                {"line": "/priority high", "effect": words["nothing"], "ok": False},
                {"line": "/clsoe", "effect": words["unknown"], "ok": False},
            ],
            "posted": "", "error": True, "button": False, "text": words["answer"], "gone": ["SUP-1042-17.eml"],
        } | _buttons(language, "undo"),
        "asked": {"sections": [_section(parts, words)]},
        "collision": {
            "waits": True, "taken_back": False, "first": words["colleague"], "first_text": words["answer"],
            "second": words["agent"], "text": words["answer"], "orders": [{"line": "/close"}],
        } | _buttons(language, "send"),
        "confirmation": {"why": words["unproven"], "text": words["answer"]},
        "escalation": {
            "target": "first_response", "due_at": _DUE, "overdue": False, "step": "75%", "why": "standard",
            "message": {"sender": parts["customer"], "at": _AT, "text": words["text"]},
            "set_by": "", "line_before": None,
        } | _buttons(language, "take", "close", "snooze", "spam"),
        "delayed": {
            "event": "delayed", "recipients": ["ivan@customer.example"], "since": _AT, "next_at": _DUE,
            "perhaps": False, "reason": words["delay"], "text": words["answer"],
        },
        "digest": {
            "count": 3,
            "entries": [
                {"number": "SUP-1042", "subject": words["subject"], "customer": parts["customer"], "event": "new",
                 "text": words["text"].splitlines()[0], "due_at": _DUE, "target": "", "count": 2,
                 "link": "mailto:support+a.example@desk.example?subject=%5BSUP-1042%5D"},
                {"number": "SUP-1043", "subject": words["title"], "customer": parts["customer"], "event": "overdue",
                 "text": "", "due_at": _DUE, "target": "resolution", "count": 1,
                 "link": "mailto:support+b.example@desk.example?subject=%5BSUP-1043%5D"},
            ],
        },
        "alarm": {
            "cause": "mailbox_unread", "over": False,
            "troubles": [{"about": "support", "text": words["unread"], "since": _AT, "last_at": _DUE, "more": 312}],
        },
        "forwarded": _forwarded(words, parts), "rejected": {"subject": words["subject"]},
        "reply": {"proven": True, "text": words["answer"]},
        "rule_news": {
            "event": "rule", "rule": words["title"], "happened": "schedule", "note": words["told"],
            "message": {"sender": parts["customer"], "at": _AT, "text": words["text"]},
        } | _buttons(language, "take", "close", "snooze", "spam"),
        "report": {"lines": [words["figure"]], "since": _AT, "until": _DUE},
        "rules_broken": {"findings": [words["finding"]], "file": "rules/routing.toml"},
    }  # fmt: skip
    shared = _SHARED.get(letter, ("agent", "customer", "ticket"))
    return {name: parts[name] for name in ("desk", *shared)} | own[letter]


def _forwarded(words: Mapping[str, str], parts: Mapping[str, Any]) -> dict[str, Any]:
    mail = {"sender": parts["customer"], "at": _AT, "subject": words["subject"], "text": words["text"]}
    files = {"enclosed": ["SUP-1042.eml"], "gone": []}
    return {"rule": words["title"], "message": mail | {"attachments": [words["photo"]]}} | files


_SHARED: Mapping[str, tuple[str, ...]] = {
    "acknowledgement": ("customer", "ticket"),
    "alarm": (),
    "asked": ("agent",),
    "digest": ("agent",),
    "forwarded": ("customer", "ticket"),
    "rejected": ("customer",),
    "reply": ("customer", "ticket"),
    "report": (),
    "rules_broken": (),
}
"""Which building stones a letter has, where it has not all of them."""

BUILT_IN = (
    "acknowledgement",
    "alarm",
    "answer",
    "asked",
    "collision",
    "confirmation",
    "delayed",
    "digest",
    "escalation",
    "forwarded",
    "notification",
    "rejected",
    "reply",
    "report",
    "rule_news",
    "rules_broken",
    "transcript",
)
"""The letters that maild itself writes."""

_MAY_BE_ABSENT = frozenset({"quoted", "bounce", "message"})


def shape(letter: str) -> dict[str, Any]:
    """The variables of a letter as a tree; an admin's own letter may use those of all built-in ones."""
    if letter in BUILT_IN:
        return sample(letter, "en")
    return {name: value for known in BUILT_IN for name, value in sample(known, "en").items()}


class _AnyField(dict[str, Any]):
    """The fields of a ticket as an example: whatever is asked for is there."""

    def __contains__(self, _name: object) -> bool:
        return True

    def __getitem__(self, name: str) -> str:
        return name


def canned_shape() -> dict[str, Any]:
    """The variables of a canned text as a tree; which fields a ticket has, nobody can know."""
    return {**_canned_parts("en"), "fields": None}


def canned_sample(language: str) -> dict[str, Any]:
    """The example values of a canned text."""
    return {**_canned_parts(language), "fields": _AnyField()}


def with_canned_blanks(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a canned text with what they leave out as empty; fields that a ticket lacks stay missing."""
    return _filled(_canned_parts("en"), values)


def _canned_parts(language: str) -> dict[str, Any]:
    return {name: value for name, value in sample("answer", language).items() if name in _OF_CANNED}


_OF_CANNED = ("desk", "ticket", "customer", "agent")


def complete(letter: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """The context with everything that it leaves out as empty: "", no list, no time, nobody."""
    return _filled(_SHAPES[letter if letter in _SHAPES else ""], context)


def _filled(form: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    full = dict(values)
    for name, example in form.items():
        value = values.get(name)
        if isinstance(example, dict):
            if isinstance(value, Mapping) or (value is None and name not in _MAY_BE_ABSENT):
                full[name] = _filled(example, value or {})
            else:
                full.setdefault(name, None)
        elif value is None:
            full[name] = _EMPTY.get(type(example))
    return full


_EMPTY: dict[type, Any] = {str: "", list: [], bool: False, int: 0}

_SHAPES = {letter: shape(letter) for letter in BUILT_IN} | {"": shape("")}


def variables(letter: str) -> list[str]:
    """The names of all variables of a letter, dotted; `[]` behind a list."""
    found: list[str] = []

    def walk(prefix: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                walk(f"{prefix}.{key}" if prefix else key, inner)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            walk(prefix + "[]", value[0])
        else:
            found.append(prefix + ("[]" if isinstance(value, list) else ""))

    walk("", shape(letter))
    return found
