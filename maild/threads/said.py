"""What stands in histories and decisions, told in the language of whoever reads it.

It is written down in English once, so that a line means the same for ever and programs can rely on it (`--json` shows
it so). Here are the same sentences in Russian. What is not known here, such as the words of an older version, is shown
as it was written down.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from maild.threads.model import Event
from maild.threads.words import value_word

_KINDS: Mapping[str, str] = {
    "created": "заявка открыта",
    "message": "письмо",
    "answer": "ответ клиенту",
    "note": "внутренняя заметка",
    "held": "ответ ждёт",
    "refused": "не выполнено",
    "confirmed": "письмо подтверждено",
    "unverified": "отправитель не подтверждён",
    "proposed": "письмо предложено",
    "thanks": "благодарность",
    "linked": "связь с заявкой",
    "imported": "из архива",
    "escalated": "напоминание о сроке",
    "woken": "время ожидания вышло",
    "no_acknowledgement": "уведомление о получении не отправлено",
    "not_delivered": "не доставлено",
    "letter_left_out": "письмо не отправлено",
    "letter_gathered": "письмо вошло в сводку",
    "patterns_cut_off": "шаблоны правил не успели",
    "status": "состояние",
    "assignee": "ответственный",
    "unassigned": "ответственного нет",
    "priority": "срочность",
    "queue": "очередь",
    "line": "линия",
    "subject": "тема",
    "requester": "заявитель",
    "rests": "отложена",
    "promise": "обещание",
    "deadline": "срок вручную",
    "let_in": "получает ответы",
    "let_out": "больше не получает ответов",
    "tags": "метки",
    "split": "отделена",
    "merge": "объединена",
    "undo": "отмена",
    "passed_on": "переслано коллегой",
    "away": "отсутствие",
    "rule": "правило",
    "shadow": "правило на пробу",
    "field": "поле",
    "replied": "ответ по правилу",
    "no_reply": "ответ по правилу не отправлен",
}
_SENTENCES: Mapping[str, str] = {
    # the ladder of evidence
    "address": "личный адрес для ответа",
    "own id": "номер нашего письма",
    "known id": "номер известного письма",
    "subject tag": "номер заявки в теме",
    "thread index": "Thread-Index",
    "same subject": "та же тема",
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
    # kinds of mails and of proofs
    "nothing says that a machine wrote it": "нет признаков, что его написала программа",
    "it carries our own signed mark": "на нём наша подписанная отметка",
    "a delivery report: the mail did not reach its recipient": "отчёт о доставке: письмо не дошло до получателя",
    "neither an authenticated session nor a trusted relay's DMARC or DKIM result speaks for From": "нет ни входа с"
    " паролем, ни проверки DMARC или DKIM доверенным сервером",
    "From is not exactly one plain address": "в поле From не один обычный адрес",
    "the agent confirmed it by a reply to a letter that only he got": "подтверждено ответом на письмо, которое"
    " было только у сотрудника",
    "a trusted relay saw an authenticated session (auth=pass)": "доверенный сервер видел вход с паролем (auth=pass)",
    "the login that a trusted relay saw belongs to somebody else": "вход, который видел доверенный сервер, чужой",
    # details and reasons in histories
    "customer's reply": "ответ клиента",
    "the customer's thanks": "клиент поблагодарил",
    "nothing else stands in the mail, so the ticket stays solved": "больше в письме ничего нет, заявка остаётся решена",
    "a mail from somebody who is not in this conversation": "письмо от того, кто не участвует в переписке",
    "a mail from an archive": "письмо из архива",
    "automatic mail of an agent": "автоматическое письмо сотрудника",
    "agent's mail": "письмо сотрудника",
    "automatic mail": "автоматическое письмо",
    "refused orders": "команды не выполнены",
    "a held answer": "ответ ждёт решения",
    "unverified mail": "письмо без подтверждения",
    "confirmed mail": "подтверждённое письмо",
    "imported": "загружено из архива",
    "nothing was done": "ничего не сделано",
    "no order above the forward was done": "команды над пересланным письмом не выполнены",
    "a reply to a letter that only he got": "ответ на письмо, которое было только у сотрудника",
    "an answer of ours did not arrive": "наш ответ не дошёл",
    "the promises have changed": "обещания изменились",
    "it is the first that fits the ticket now": "первое, которое теперь подходит заявке",
    "their time was up, so they did not hold": "время вышло, поэтому считаются неподошедшими",
    "his mail program says so": "так сообщила почтовая программа",
    "passed on": "переслано",
    "a note": "заметка",
    "nobody": "никого",
    "no longer": "больше нет",
}
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(english, re.DOTALL), russian)
    for english, russian in (
        (r"tag (\d+)", "номер {0}"),
        (r"by (.+)", "{r0}"),
        (r"answer by (.+)", "ответ: {r0}"),
        (r"queue (.+), priority (\w+)", "очередь {r0}, срочность {1}"),
        (r"until (.+ UTC)", "до {0}"),
        (r"due (.+ UTC)", "срок {0}"),
        (r"follow-up of (\S+)", "продолжение заявки {0}"),
        (r"(\S+-\d+) is (\w+)", "заявка {0}: {1}"),
        (r"the ticket is (\w+)", "заявка: {0}"),
        (r"rule '(.+)'", "правило «{r0}»"),
        (r"deadline by hand, set by (.+)", "срок указан вручную ({r0})"),
        (r"(first_response|next_response|resolution) at (\S+) of (.+)", "{0}, шаг {r1}, обещание {r2}"),
        (r"(\S+ -> \S+), due (.+) -> (.+)", "{r0}, срок {r1} -> {r2}"),
        (r"mail (\d+) is (.+)'s", "письмо {r0} написано сотрудником ({r1})"),
        (r"a mail with (.+)'s address in From was not carried out", "письмо с адресом сотрудника ({r0}) не выполнено"),
        (
            r"(answer|acknowledgement|notification|escalation) to (.+): it comes in a digest",
            "{0}, {r1}: будет в сводке",
        ),
        (r"(answer|acknowledgement|notification|escalation) to (.+)", "{0}, {r1}"),
        # who wrote a mail
        (
            r"this session was authenticated as (.+), who is not the one in From",
            "вход выполнен как {0}, а это не автор",
        ),
        (r"this session was authenticated as (.+)", "вход на сервер выполнен как {0}"),
        (r"a trusted relay found dmarc=pass for (.+)", "доверенный сервер проверил: dmarc=pass для {0}"),
        (r"a trusted relay found dkim=pass by (.+)", "доверенный сервер проверил: dkim=pass, подпись {0}"),
        (r"maild itself found a DKIM signature of (.+) that holds", "подпись DKIM домена {0} проверена и верна"),
        (r"DKIM signature of (.+)", "подпись DKIM домена {0}"),
        # why a condition of a rule did not hold
        (r"it must not be that (.+)", "не должно быть так: {0}"),
        (r"(\S+) is not of the domain (.+)", "{0}: домен не {r1}"),
        (r"(\S+) is of none of the domains (.+)", "{0}: домен не из {r1}"),
        (r"(\S+) is not in the list (.+)", "{0}: нет в списке {r1}"),
        (r"(\S+) is in none of the lists (.+)", "{0}: нет в списках {r1}"),
        (r"(\S+) is not above (.+)", "{0}: не больше {r1}"),
        (r"(\S+) is above none of (.+)", "{0}: не больше {r1}"),
        (r"(\S+) is not below (.+)", "{0}: не меньше {r1}"),
        (r"(\S+) is below none of (.+)", "{0}: не меньше {r1}"),
        (r"(\S+) is not (.+)", "{0}: не {r1}"),
        (r"(\S+) is none of (.+)", "{0}: ни одно из {r1}"),
        (r"(\S+) has not the word (.+)", "{0}: нет слова {r1}"),
        (r"(\S+) has none of the words (.+)", "{0}: нет ни одного из слов {r1}"),
        (r"(\S+) does not contain (.+)", "{0}: нет текста {r1}"),
        (r"(\S+) contains none of (.+)", "{0}: нет ни одного из текстов {r1}"),
        (r"(\S+) does not match (.+)", "{0}: не подходит под {r1}"),
        (r"(\S+) matches none of (.+)", "{0}: не подходит ни под одно из {r1}"),
        (r"there is no (\S+)", "нет поля {r0}"),
        (r"there is (\S+)", "есть поле {r0}"),
        (r"(\S+) is of the domain (.+)", "{0}: домен {r1}"),
        (r"(\S+) is of one of the domains (.+)", "{0}: домен из {r1}"),
        (r"(\S+) is in the list (.+)", "{0}: есть в списке {r1}"),
        (r"(\S+) is in one of the lists (.+)", "{0}: есть в списках {r1}"),
        (r"(\S+) is above (?:one of )?(.+)", "{0}: больше {r1}"),
        (r"(\S+) is below (?:one of )?(.+)", "{0}: меньше {r1}"),
        (r"(\S+) is one of (.+)", "{0}: одно из {r1}"),
        (r"(\S+) has the word (.+)", "{0}: есть слово {r1}"),
        (r"(\S+) has one of the words (.+)", "{0}: есть одно из слов {r1}"),
        (r"(\S+) contains one of (.+)", "{0}: есть один из текстов {r1}"),
        (r"(\S+) contains (.+)", "{0}: есть текст {r1}"),
        (r"(\S+) matches (?:one of )?(.+)", "{0}: подходит под {r1}"),
        # what became of a mail
        (r"new ticket (\S+), follow-up of (\S+)", "новая заявка {0}, продолжение {1}"),
        (r"new ticket (\S+)", "новая заявка {0}"),
        (r"reply on (\S+), by (.+)", "ответ по заявке {0}, признак: {1}"),
        (r"reply on (\S+), which is spam", "ответ по заявке {0}, а она спам"),
        (
            r"thanks on (\S+), by (.+); it stays solved",
            "благодарность по заявке {0}, признак: {1}; она остаётся решённой",
        ),
        (r"proposed for (\S+), by (.+)", "предложено к заявке {0}, признак: {1}"),
        (r"imported into (\S+), by (.+)", "загружено в заявку {0}, признак: {1}"),
        (r"rule '(.+)' says spam", "спам по правилу «{r0}»"),
        (r"answer by (\S+) on (\S+), proven: (.+)", "ответ сотрудника {0} по заявке {1}, подтверждение: {2}"),
        (r"note by (\S+) on (\S+), proven: (.+)", "заметка сотрудника {0} к заявке {1}, подтверждение: {2}"),
        (r"orders by (\S+) on (\S+), proven: (.+)", "команды сотрудника {0} по заявке {1}, подтверждение: {2}"),
        (r"orders of (\S+) on (\S+) refused; nothing was sent", "команды сотрудника {0} по заявке {1} не выполнены"),
        (r"unverified mail on (\S+): (.+)", "письмо без подтверждения по заявке {0}: {1}"),
        (r"(\w+) mail on (\S+), by (.+)", "{0}, заявка {1}, признак: {2}"),
        (r"(\w+) on (\S+): (.+)", "{0}, заявка {1}: {2}"),
        (r"(\w+) mail", "{0}"),
    )
)
_DEPTH = 3
"""A sentence may hold another one, and that a third."""
# In the Russian sentences {0} is told in Russian as well, {r0} stands as it was: a name, a value, what somebody wrote.


def in_language(text: str, language: str, depth: int = _DEPTH) -> str:
    """A sentence that was written down in English, in a language that we speak; as it stands where we know it not."""
    if language != "ru" or not text or depth == 0:
        return text
    if (known := _SENTENCES.get(text)) is not None:
        return known
    for pattern, russian in _PATTERNS:
        if found := pattern.fullmatch(text):
            raw = {f"r{place}": part for place, part in enumerate(found.groups())}
            return russian.format(*(in_language(part, language, depth - 1) for part in found.groups()), **raw)
    return value_word(language, text)


def kind_told(kind: str, language: str) -> str:
    """What kind of event it is."""
    return _KINDS.get(kind, kind) if language == "ru" else kind


def detail_told(event: Event, language: str) -> str:
    """What happened. Of a change of a value both values; the words of people stay as they are."""
    if event.kind in ("subject", "tags", "field", "refused"):
        return event.detail
    before, arrow, after = event.detail.partition(" -> ")
    if arrow and event.kind in ("status", "priority", "woken"):
        return f"{value_word(language, before)} -> {value_word(language, after)}"
    return event.detail if arrow and event.kind != "promise" else in_language(event.detail, language)


def because_told(event: Event, language: str) -> str:
    """Because of what: an order stays as it was given."""
    return event.because if event.because.startswith("/") else in_language(event.because, language)
