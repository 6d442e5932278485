"""Every order there is, by what names it may be called, and how a run of them is carried out: all or none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from maild.errors import UsageError
from maild.people.names import fold
from maild.threads.lookups import ASK_WORDS, PEOPLE_WORDS, Ask
from maild.threads.model import Ticket
from maild.threads.order_lines import Order
from maild.threads.orders import absence, people, place, sending, status, tickets
from maild.threads.orders.asking import asking
from maild.threads.orders.work import Done, Handler, Setting, Work, WrongError, bare, no_argument
from maild.threads.states import Happening
from maild.threads.words import HELP, say


@dataclass(frozen=True, kw_only=True, slots=True)
class Carried:
    """What a run of orders leads to. With an error the work is as it was before any of them."""

    work: Work
    done: tuple[Done, ...]
    error: bool

    @property
    def ticket(self) -> Ticket:
        return self.work.ticket


def _note(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
    no_argument(order, setting)
    return replace(work, internal=True), setting.say("note")


def _help(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
    return work, help_text(order, setting, work.ticket.language)


def help_text(order: Order, setting: Setting, customers: str) -> str:
    """One order explained, or all of them in a line each; `customers` is the customer's language. Raises WrongError."""
    wanted = bare(order.argument).lstrip("/").lower()
    if not wanted:
        return "\n".join([setting.say("all_orders"), *(help_line(name, setting.language) for name in HANDLERS)])
    name = canonical(wanted)
    if name is None:
        raise unknown_order(wanted, setting)
    return help_line(name, setting.language) + _canned_there(name, customers, setting)


def _canned_there(name: str, customers: str, setting: Setting) -> str:
    """The canned texts for a customer of this language, behind the help of the order that puts them in."""
    names = setting.practice.canned.names(customers) if name == "canned" else ()
    return setting.say("known", names=" ".join(names)) if names else ""


def help_line(name: str, language: str) -> str:
    """`/name WORDS: what it does`, in one of our languages; in Russian `/имя СЛОВА (/name): что она делает`."""
    argument, text = HELP.get(language, HELP["en"])[name]
    own = name_in(language, name)
    return f"/{own} {argument}".strip() + (f" (/{name})" if own != name else "") + f": {text}"


def name_in(language: str, name: str) -> str:
    """What an order is called in a language: in Russian by the first Russian one of its other words."""
    if language != "ru":
        return name
    return next((word for word, meant in ALIASES.items() if meant == name and not word.isascii()), name)


HANDLERS: Mapping[str, Handler] = {
    "note": _note,
    "take": place.take,
    "assign": place.assign,
    "unassign": place.unassign,
    "close": status.status(Happening.CLOSE),
    "solve": status.status(Happening.SOLVE),
    "reopen": status.status(Happening.REOPEN),
    "pending": status.status_until(Happening.PENDING),
    "hold": status.status_until(Happening.HOLD),
    "snooze": status.snooze,
    "due": status.due,
    "spam": status.status(Happening.SPAM),
    "priority": place.priority,
    "tag": place.tag,
    "untag": place.untag,
    "queue": place.queue,
    "line": place.line,
    "escalate": place.escalate,
    "away": absence.away,
    "back": absence.back,
    "subject": place.subject,
    "cc": people.cc,
    "uncc": people.uncc,
    "add": people.add,
    "requester": people.requester,
    "keep": tickets.keep,
    "split": tickets.split,
    "merge": tickets.merge,
    "send": sending.send,
    "undo": sending.undo,
    "raw": sending.raw,
    "canned": sending.canned,
    **{str(ask): asking(ask) for ask in Ask},
    "help": _help,
}
"""Every order there is; docs/agents.md has each, docs/handbook.md more of some."""

ALIASES: Mapping[str, str] = {
    alias: name
    for name, words in {
        "note": "comment internal заметка комментарий внутреннее",
        "take": "mine взять беру возьму мое моя",
        "unassign": "release снять",
        "close": "closed done закрыть закрыто закрыта закрой закрываю",
        "solve": "solved resolve resolved fixed решено решить решена решил решила",
        "reopen": "open открыть переоткрыть открой",
        "pending": "wait ожидание ждем",
        "hold": "pause приостановить пауза",
        "snooze": "later отложить позже отложи",
        "due": "deadline срок дедлайн",
        "spam": "спам",
        "priority": "prio срочность приоритет",
        "tag": "tags метка метки тег",
        "untag": "снять-метку",
        "queue": "move очередь",
        "line": "линия",
        "escalate": "up эскалация эскалировать выше",
        "away": "absent vacation отпуск отсутствие отсутствую болею",
        "back": "here вернулся вернулась на-месте",
        "subject": "title тема",
        "keep": "оставить",
        "split": "отделить разделить",
        "merge": "join объединить слить",
        "send": "отправить",
        "undo": "отменить отмена",
        "raw": "original source оригинал исходник",
        "canned": "template шаблон шаблоны заготовка заготовки",
        "help": "commands команды помощь справка ?",
        **PEOPLE_WORDS,
        **{str(ask): words for ask, words in ASK_WORDS.items()},
    }.items()
    for alias in words.split()
}
"""Other words for the orders, Russian ones among them (ё is written е)."""


def canonical(word: str) -> str | None:
    """The name of the order that a word means; None where it means none."""
    word = word.replace("ё", "е")
    return word if word in HANDLERS else ALIASES.get(word)


def noted(orders: Sequence[Order], text: str) -> tuple[tuple[Order, ...], str]:
    """The orders and the text, with the words behind /note in the text: they are the note."""
    notes = [order for order in orders if canonical(order.name) == "note" and order.argument]
    if not notes:
        return tuple(orders), text
    left = tuple(replace(order, argument="") if order in notes else order for order in orders)
    return left, "\n".join([*(order.argument for order in notes), *([text] if text else [])])


CANNED_WORDS = frozenset({"canned", *(alias for alias, name in ALIASES.items() if name == "canned")})
"""The words by which canned texts are called, on top of an answer or on a line of its own within it."""
MAX_ORDERS = 50
"""In one mail: everybody else waits while they are carried out."""


def too_many(orders: Sequence[Order], language: str) -> tuple[Done, ...]:
    """What to say of more orders than a mail may have; nothing where it has not."""
    if len(orders) <= MAX_ORDERS:
        return ()
    return (Done(line=orders[0].line, effect=say(language, "too_many_orders", limit=MAX_ORDERS), ok=False),)


def carry_out(ticket: Ticket, orders: Iterable[Order], setting: Setting) -> Carried:
    """Every order in turn, or none when one of them is wrong."""
    before = work = Work(ticket=ticket)
    orders = tuple(orders)
    if refused := too_many(orders, setting.language):
        return Carried(work=before, done=refused, error=True)
    done, error = list[Done](), False
    for order in orders:
        try:
            work, effect = _one(work, order, setting)
            done.append(Done(line=order.line, effect=effect, ok=True))
        except UsageError as wrong:
            done.append(Done(line=order.line, effect=str(wrong), ok=False))
            error = True
    if error:
        nothing = setting.say("not_done")
        done = [replace(d, effect=nothing, ok=False) if d.ok else d for d in done]
        return Carried(work=before, done=tuple(done), error=True)
    return Carried(work=work, done=tuple(done), error=False)


def _one(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
    name = canonical(order.name)
    if name is None:
        raise unknown_order(order.name, setting)
    return HANDLERS[name](
        work, replace(order, name=name, argument=_without_number(name, order, work, setting)), setting
    )


def _without_number(name: str, order: Order, work: Work, setting: Setting) -> str:
    """The words behind an order without the number of the ticket at hand: it says what is known."""
    own = re.match(
        rf"(?:{re.escape(setting.practice.tag)}-?|[#№]){work.ticket.id}(?!\w)[:,.]?", order.argument, re.IGNORECASE
    )
    return order.argument[own.end() :].strip() if own is not None and name != "merge" else order.argument


_LATIN = str.maketrans("асеорхукіј", "aceopxykij")
_CYRILLIC = str.maketrans("aceopxyk", "асеорхук")
"""Letters that look the same: a word that has both kinds looks right to whoever reads it."""
_TYPED_LATIN = str.maketrans("йцукенгшщзфывапролдячсмить", "qwertyuiopasdfghjklzxcvbnm")
_TYPED_RUSSIAN = {new: old for old, new in _TYPED_LATIN.items()}
"""The keys of one keyboard, when the other one was on."""


def _known_as(word: str, *tables: Mapping[int, int]) -> str | None:
    """The order that a word is in other letters."""
    return next((other for other in map(word.translate, tables) if canonical(other) is not None), None)


def unknown_order(word: str, setting: Setting) -> WrongError:
    """What to say of a word that is no order: which was meant, or all there are."""
    if fold(word) in place.PRIORITIES:
        return WrongError(
            setting.say("unknown_order", name=word) + setting.say("did_you_mean", name=f"/priority {word}")
        )
    if (meant := _known_as(word, _LATIN, _CYRILLIC)) is not None:
        mixed = setting.say("mixed_letters") + setting.say("did_you_mean", name=f"/{meant}")
        return WrongError(setting.say("unknown_order", name=word) + mixed)
    typed = _known_as(word, _TYPED_LATIN, _TYPED_RUSSIAN) or word
    near = get_close_matches(typed, (*HANDLERS, *ALIASES), n=1)
    known = setting.say("known", names=" ".join(f"/{name_in(setting.language, name)}" for name in HANDLERS))
    hint = setting.say("did_you_mean", name=f"/{near[0]}") if near else known
    return WrongError(setting.say("unknown_order", name=word) + hint)
