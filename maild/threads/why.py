"""Why a mail went where it went, in plain sentences of the language of an agent, out of what was written down then."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from maild.threads.assignment import choice_said

_RU = {
    "address": "личный адрес для ответа",
    "own id": "номер нашего письма",
    "known id": "номер известного письма",
    "subject tag": "номер заявки в теме",
    "thread index": "Thread-Index",
    "subject": "тема",
    "nothing found": "ничего не найдено",
    "no signed address among the recipients": "среди получателей нет подписанного адреса",
    "its signature does not hold": "подпись не подходит",
    "no Message-ID of ours in In-Reply-To or References": "в письме нет ссылки на наше письмо",
    "no such ticket": "такой заявки нет",
    "no Message-ID that a ticket knows": "в письме нет ссылок на известные письма",
    "this id is known from another's References only, and nobody else is in both mails": "на это письмо лишь ссылались"
    " другие, и общих участников нет",
    "no tag in the subject": "в теме нет номера заявки",
    "the sender is in no such ticket": "отправитель не участвует в такой заявке",
    "no Thread-Index of a reply": "нет Thread-Index ответа",
    "a Thread-Index that no ticket knows": "Thread-Index, которого нет ни в одной заявке",
    "a known Thread-Index": "известный Thread-Index",
    "no customer's reply with a subject": "это не ответ клиента с темой",
    "the sender has no open ticket of this subject": "у отправителя нет открытой заявки с такой темой",
    "the sender has several open tickets of this subject": "у отправителя несколько открытых заявок с такой темой",
}
"""What the ladder of evidence says; what is not here is shown as it was written down."""
_WORDS = {
    "en": {
        "kind": "The mail was taken for: {kind} ({why}).",
        "sender": "From {address}: {proof}.",
        "nobody": "nobody with an address",
        "unproven": "not proven",
        "ticket": "It belongs to {ticket}, by {rung}.",
        "proposed": "It was proposed for {ticket}, by {rung}: an agent has to say /keep or /split.",
        "new": "It fitted no ticket, and opened a new one.",
        "none": "It fitted no ticket.",
        "tried": "Looked for: {rung}. {found}",
        "rejected": "Looked for: {rung}. {found}: does not count, {why}.",
        "held": "Rule “{rule}”: it held.",
        "missed": "Rule “{rule}”: it did not hold, since {why}.",
        "given": "Given to {name} {why}.",
        "to_nobody": "Given to nobody {why}.",
        "result": "So: queue {queue}, line {line}, priority {priority}.",
        "end": "What became of the mail: {reason}.",
        "left_out": "Not sent: {kind} to {to}, {why}.",
        "gone": "What was written down about this mail is kept no longer.",
    },
    "ru": {
        "kind": "Вид письма: {kind} ({why}).",
        "sender": "Отправитель {address}: {proof}.",
        "nobody": "без адреса",
        "unproven": "не подтверждён",
        "ticket": "Письмо относится к {ticket}, признак: {rung}.",
        "proposed": "Письмо предложено к {ticket}, признак: {rung}; сотрудник решает командой /keep или /split.",
        "new": "Подходящей заявки не нашлось, открыта новая.",
        "none": "Подходящей заявки не нашлось.",
        "tried": "Признак: {rung}. {found}",
        "rejected": "Признак: {rung}. {found}: не считается, {why}.",
        "held": "Правило «{rule}»: подошло.",
        "missed": "Правило «{rule}»: не подошло ({why}).",
        "given": "Передано: {name}, {why}.",
        "to_nobody": "Никому не передано, {why}.",
        "result": "Итог: очередь {queue}, линия {line}, приоритет {priority}.",
        "end": "Что стало с письмом: {reason}.",
        "left_out": "Не отправлено: {kind} для {to}, {why}.",
        "gone": "Сведения о решении по этому письму больше не хранятся.",
    },
}


def why_lines(decision: Mapping[str, Any] | None, language: str) -> list[str]:
    """A stored decision (`maild explain --json`) in sentences: kind, sender, every rung, every rule, the result."""
    words = _WORDS.get(language, _WORDS["en"])
    if decision is None:
        return [words["gone"]]
    return [" ".join(line.split()) for line in _lines(decision, words, language)]


def _told(phrase: str, language: str) -> str:
    """A phrase of the ladder in a language."""
    if language != "ru":
        return phrase
    named = re.fullmatch(r"tag (\d+)", phrase)
    return f"номер {named[1]}" if named else _RU.get(phrase, phrase)


def _lines(decision: Mapping[str, Any], words: Mapping[str, str], language: str) -> Iterator[str]:
    told = partial(_told, language=language)
    sender, thread, result = decision["sender"], decision["thread"], decision["result"]
    yield words["kind"].format(kind=decision["class"], why=decision["class_reason"])
    proof = sender["proof_reason"] if sender["proof"] != "none" else f"{words['unproven']} ({sender['proof_reason']})"
    yield words["sender"].format(address=sender["address"] or words["nobody"], proof=proof)
    for tried in thread["tried"]:
        key = "rejected" if tried["rejected"] else "tried"
        why = told(tried["rejected"] or "")
        yield words[key].format(rung=told(tried["rung"]), found=told(tried["found"]), why=why)
    if thread["ticket"] is not None:
        key = "ticket" if thread["certain"] else "proposed"
        yield words[key].format(ticket=thread["ticket"], rung=told(thread["rung"] or "-"))
    else:
        yield words["new" if result.get("new") else "none"]
    for rule in decision["rules"]:
        key = "held" if rule["held"] else "missed"
        yield words[key].format(rule=rule["rule"], why="; ".join(rule["missed"]))
    if result.get("new") and decision["rules"]:
        yield words["result"].format(queue=result["queue"], line=result["line"], priority=result["priority"])
    if (choice := decision.get("assignment")) is not None:
        mine = next((one["name"] for one in choice["standings"] if one["agent"] == choice["agent"]), None)
        yield words["given" if mine else "to_nobody"].format(name=mine, why=choice_said(choice, language))
    for letter in decision.get("left_out", ()):
        yield words["left_out"].format(kind=letter["kind"], to=", ".join(letter["to"]), why=letter["why"])
    yield words["end"].format(reason=result["reason"])
