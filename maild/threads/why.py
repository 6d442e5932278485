"""Why a mail went where it went, in plain sentences of the language of an agent, out of what was written down then."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from maild.threads.assignment import choice_said
from maild.threads.said import in_language, times_in
from maild.threads.words import value_word

_NOTHING = "nothing found"
"""What is written down of a rung where there was nothing to count."""
_RUNGS = {
    "address": "one of our reply addresses",
    "own id": "a letter of ours that it answers",
    "known id": "a mail of a ticket that it answers",
    "subject tag": "a ticket's number in the subject",
    "thread index": "Outlook's Thread-Index",
    "same subject": "the subject of an open ticket",
}
"""What the rungs of the ladder are to a person; Russian has them in `said_words.py`."""
_LAST_OF = {"unassigned": "assignee"} | {
    name: name for name in ("status", "queue", "line", "priority", "assignee", "requester", "promise", "deadline")
}
"""Kinds of events of which the last says why something is as it is; "nobody's" is what became of an assignee."""
_EACH_OF = frozenset(
    {
        *("split", "split_off", "merge", "merged_into", "undo", "undone", "kept", "linked", "passed_on", "imported"),
        *("escalated", "thanks"),
    }
)
_TOKEN = re.compile(r"\+[a-z2-7]{20,}(?=@)")
_WORDS = {
    "en": {
        "kind": "The mail was taken for: {kind} ({why}).",
        "sender": "From {address}: {proof}.",
        "nobody": "nobody with an address",
        "unproven": "not proven",
        "ticket": "It belongs to {ticket}, found by {rung}.",
        "proposed": "It was proposed for {ticket}, found by {rung}: an agent has to say /keep or /split.",
        "new": "It fitted no ticket, and opened a new one.",
        "none": "It fitted no ticket.",
        "tried": "Looked for {rung}: {found}.",
        "absent": "Looked for {rung}: {found}.",
        "rejected": "Looked for {rung}: {found}, but it does not count: {why}.",
        "named": "It named {ticket} itself.",
        "held": "Rule “{rule}”: it held.",
        "decided": "Rule “{rule}”: it held, and decided.",
        "on_trial": "Rule “{rule}”: it held, but is on trial: that is only written down.",
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
        "tried": "Признак «{rung}»: {found}.",
        "absent": "Признак «{rung}»: {found}.",
        "rejected": "Признак «{rung}»: {found}, но не считается: {why}.",
        "named": "Письмо само называет заявку {ticket}.",
        "held": "Правило «{rule}»: подошло.",
        "decided": "Правило «{rule}»: подошло и решило.",
        "on_trial": "Правило «{rule}»: подошло, но оно на пробу и только записано.",
        "missed": "Правило «{rule}»: не подошло ({why}).",
        "given": "Передано: {name}, {why}.",
        "to_nobody": "Никому не передано, {why}.",
        "result": "Итог: очередь {queue}, линия {line}, срочность {priority}.",
        "end": "Что стало с письмом: {reason}.",
        "left_out": "Не отправлено: {kind} для {to}, {why}.",
        "gone": "Сведения о решении по этому письму больше не хранятся.",
    },
}


def why_lines(decision: Mapping[str, Any] | None, language: str, zone: ZoneInfo | None = None) -> list[str]:
    """A stored decision (`maild explain --json`) in sentences: kind, sender, every rung, every rule, the result.

    Times are by the clock of the zone, without one as they were written down, in UTC.
    """
    words = _WORDS.get(language, _WORDS["en"])
    if decision is None:
        return [words["gone"]]
    return [" ".join(line.split()) for line in _lines(decision, words, language, zone)]


def turning_points(kinds: Sequence[str]) -> list[int]:
    """The places of those events of a history, by their kinds, that say why a ticket is what it is."""
    last = {_LAST_OF[kind]: place for place, kind in enumerate(kinds) if kind in _LAST_OF}
    return sorted({*last.values(), *(place for place, kind in enumerate(kinds) if kind in _EACH_OF)})


def _lines(
    decision: Mapping[str, Any], words: Mapping[str, str], language: str, zone: ZoneInfo | None
) -> Iterator[str]:
    def spoken(text: str) -> str:
        return in_language(times_in(text, zone), language)

    def rung(name: str) -> str:
        told = spoken(name)
        return _RUNGS.get(name, name) if told == name else told

    sender, thread, result = decision["sender"], decision["thread"], decision["result"]
    yield words["kind"].format(kind=value_word(language, decision["class"]), why=spoken(decision["class_reason"]))
    proof = spoken(sender["proof_reason"])
    proof = proof if sender["proof"] != "none" else f"{words['unproven']} ({proof})"
    yield words["sender"].format(address=sender["address"] or words["nobody"], proof=proof)
    for tried in thread["tried"]:
        key = "absent" if tried["rejected"] == _NOTHING else "rejected" if tried["rejected"] else "tried"
        why = spoken(tried["rejected"] or "")
        yield words[key].format(rung=rung(tried["rung"]), found=_unsigned(spoken(tried["found"])), why=why)
    if thread["ticket"] is not None:
        key = "ticket" if thread["certain"] else "proposed" if thread["rung"] is not None else "named"
        yield words[key].format(ticket=thread["ticket"], rung=rung(thread["rung"] or "-"))
    else:
        yield words["new" if result.get("new") else "none"]
    decided = (decision.get("route") or {}).get("rule")
    for rule in decision["rules"]:
        key = "on_trial" if rule.get("shadow") else "decided" if rule["rule"] == decided else "held"
        key = key if rule["held"] else "missed"
        yield words[key].format(rule=rule["rule"], why="; ".join(map(spoken, rule["missed"])))
    if result.get("new") and decision["rules"]:
        yield words["result"].format(
            queue=result["queue"], line=result["line"], priority=value_word(language, result["priority"])
        )
    if (choice := decision.get("assignment")) is not None:
        mine = next((one["name"] for one in choice["standings"] if one["agent"] == choice["agent"]), None)
        yield words["given" if mine else "to_nobody"].format(name=mine, why=choice_said(choice, language, zone))
    for letter in decision.get("left_out", ()):
        yield words["left_out"].format(
            kind=value_word(language, letter["kind"]), to=", ".join(letter["to"]), why=spoken(letter["why"])
        )
    yield words["end"].format(reason=spoken(result["reason"]))


def _unsigned(text: str) -> str:
    """An address that somebody was given to reply to, as far as others may read it."""
    return _TOKEN.sub("+…", text)
