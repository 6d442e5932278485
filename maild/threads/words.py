"""What orders answer, in the agent's language. Letters are templates; these are facts in them."""

from __future__ import annotations

from collections.abc import Mapping

_EN: Mapping[str, str] = {
    "not_done": "not done",
    "did_you_mean": "; did you mean {name}?",
    "known": "; known are: {names}",
    "unknown_order": "there is no order /{name}",
    "unknown_agent": "there is no agent {name}",
    "unknown_queue": "there is no queue {name}",
    "unknown_priority": "there is no priority {name}",
    "no_such_tag": "the ticket has no tag {name}",
    "not_possible": "that cannot be done with a ticket that is {status}",
    "no_argument": "/{name} stands alone on its line",
    "argument_missing": "/{name} needs a word behind it",
    "take_who": "at the command line say who takes it: assign NUMBER NAME",
    "note": "internal: the customer does not see it",
    "status": "status {before} -> {after}",
    "assigned": "assigned to {name}",
    "unassigned": "assigned to nobody",
    "priority": "priority {before} -> {after}",
    "tags": "tags: {names}",
    "queue": "queue {before} -> {after}",
    "by_rule": "rule “{rule}”",
    "by_address": "written to {address}",
    "by_default": "default queue",
    "assigned_by": "handed to you by {name}",
    "no_proof": "the sender is not proven: {reason}",
    "no_token": "the mail did not come to the agent's own reply address",
    "too_old": "the mail's date is older than a week or missing",
    "nobody_to_answer": "the ticket has no requester with an address, so there is nobody to answer",
    "your_answer": "your answer",
    "replayed": "this mail has been carried out before, or it has no Message-ID",
    "nothing_to_send": "there is no text of yours in it, or it could not be told from what you quoted",
    "words_below_ours": "your words could not be told from our letter below or above them; write above the quotation",
    "order_below": "an order stands below the text; orders are the first lines",
}
_RU: Mapping[str, str] = {
    "not_done": "не сделано",
    "did_you_mean": "; может быть, {name}?",
    "known": "; есть такие: {names}",
    "unknown_order": "команды /{name} нет",
    "unknown_agent": "сотрудника {name} нет",
    "unknown_queue": "очереди {name} нет",
    "unknown_priority": "приоритета {name} нет",
    "no_such_tag": "у заявки нет метки {name}",
    "not_possible": "с заявкой в состоянии {status} этого сделать нельзя",
    "no_argument": "/{name} пишется отдельной строкой, без слов после неё",
    "argument_missing": "после /{name} нужно слово",
    "take_who": "в командной строке укажите, кому отдать: assign НОМЕР ИМЯ",
    "note": "внутренняя заметка: клиент её не увидит",
    "status": "состояние {before} -> {after}",
    "assigned": "ответственный: {name}",
    "unassigned": "ответственного нет",
    "priority": "приоритет {before} -> {after}",
    "tags": "метки: {names}",
    "queue": "очередь {before} -> {after}",
    "by_rule": "правило «{rule}»",
    "by_address": "письмо на адрес {address}",
    "by_default": "очередь по умолчанию",
    "assigned_by": "вам передал(а) {name}",
    "no_proof": "отправитель не подтверждён: {reason}",
    "no_token": "письмо пришло не на личный адрес для ответа",
    "too_old": "дата письма старше недели или не указана",
    "nobody_to_answer": "у заявки нет отправителя с адресом, отвечать некому",
    "your_answer": "ваш ответ",
    "replayed": "это письмо уже выполнено, или у него нет Message-ID",
    "nothing_to_send": "в письме нет вашего текста, или его не удалось отличить от цитаты",
    "words_below_ours": "ваш текст не удалось отличить от нашего письма; напишите его над цитатой",
    "order_below": "команда стоит ниже текста; команды пишутся первыми строками",
}
WORDS: Mapping[str, Mapping[str, str]] = {"en": _EN, "ru": _RU}


def say(language: str, key: str, **values: object) -> str:
    """One phrase with its values filled in; English where the language is not ours."""
    return WORDS.get(language, _EN)[key].format(**values)
