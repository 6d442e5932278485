"""A customer's thank-you: told from a mail that wants something. In doubt it is none, and the ticket opens again.

Every word of it must be one that belongs into thanks, and one of them must be the thanks themselves; so "not", "but",
"please" and "in advance", which stand in no list, are enough to make it a mail like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from maild.messages.mail import Mail, MailClass

_MOST_WORDS = 14
_LONGEST = 240
_WORDS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\S")
_QUIET = frozenset("¡。、！，.,!;:-–—()…\"'«»„“”’*_~>")
_SMILES = frozenset("👍🙏❤🧡💛💚💙😊🙂😀😃😄😁☺🌹💐🎉👌🏻🏼🏽🏾🏿\ufe0f\u200d")

_THANKS_WORDS = (
    "спасибо спасибочки спс благодарю благодарим благодарен благодарна благодарны благодарность признателен "
    "признательна признательны thanks thank thx ty cheers дякую дякуємо спасибі дзякуй danke dank dankeschön "
    "merci gracias grazie obrigado obrigada dziękuję dziekuje dzięki dzieki děkuji děkuju dekuji díky diky "
    "ďakujem dakujem bedankt dankjewel dankuwel tack takk tak kiitos ačiū paldies aitäh teşekkürler teşekkür "
    "tesekkurler sağol mulțumesc multumesc mersi köszönöm koszonom благодаря хвала hvala ευχαριστώ תודה شكرا 谢谢 "
    "謝謝 感谢 ありがとうございます ありがとうございました ありがとう 감사합니다 고맙습니다 рахмет rahmat "
    "どうもありがとうございます どうもありがとうございました 谢谢您 谢谢你 非常感谢 "
    "谢谢您的帮助 多谢"
)
_BESIDE_WORDS = (
    "большое огромное вам тебе всем вас тебя за помощь вашу быструю оперативную быстрый ответ скорый оперативный "
    "оперативность помогли помогло помог помогла очень всё все теперь уже заработало работает получилось получила "
    "получил решено решилось решили решён в порядке порядок отлично супер здорово прекрасно хорошо ок ещё еще раз "
    "от души и мы я решена закрыт снят хорошего доброго дня вечера день добрый здравствуйте привет с уважением "
    "поддержку поддержка коллеги ребята работу участие внимание понятливость терпение дуже велике щиро допомогу "
    "працює тепер добре you very much so a lot many million again all for your the help support quick fast prompt "
    "great kind reply response answer answering helping assistance time it is it's works working work worked now "
    "fixed solved resolved fine perfect perfectly excellent awesome wonderful super good well hi hello dear team "
    "guys everything that's that this has been did trick best regards have nice day and appreciated appreciate ok "
    "okay yes schön schoen vielen herzlichen besten sehr für die ihre eure deine hilfe schnelle antwort "
    "unterstützung jetzt funktioniert es alles klappt wieder gut prima mit freundlichen grüßen viele liebe grüße "
    "hallo je u wel voor de hulp hartelijk veel så mycket för hjälpen tusen hjelpen mange hjælpen paljon beaucoup "
    "bien à vous pour votre aide réponse rapide tout fonctionne maintenant c'est parfait bonjour bonne journée "
    "cordialement muchas muchísimas mil por su tu ayuda respuesta rápida ya funciona todo perfecto hola saludos "
    "mille molte tante per il l'aiuto aiuto risposta rapida ora funziona tutto perfetto buona giornata saluti "
    "muito pela ajuda resposta agora está bardzo za pomoc szybką odpowiedź działa teraz wszystko pozdrawiam moc "
    "mockrát vám už funguje to vše çok ederim mnogo много помощта lepa najlepša どうも 대단히 "
    "понял поняла поняли понятно ясно разобрался разобралась разобрались подробный подробное подробную объяснение "
    "разъяснение разъяснения информацию инфо принято принял приняла решение оперативное быстрое хороших выходных "
    "прекрасного отличного отличных пришло дошло brilliant lovely cool sorted mate understood noted clear "
    "explanation explaining information info clarification you're received weekend evening detailed"
)
_THANKS = frozenset(_THANKS_WORDS.split()) | frozenset("👍🙏❤")
_BESIDE = frozenset(_BESIDE_WORDS.split())
"""Words of many languages that stand beside thanks and want nothing."""
_MATTER = frozenset(
    ("вопрос", "вопросы", "вопроса", "проблема", "проблему", "проблемы", "problem", "issue", "question")
)
_SOLVED = frozenset(
    (
        *("решен", "решён", "решена", "решено", "решили", "решилось", "решение", "закрыт", "снят"),
        *("solved", "resolved", "fixed"),
    )
)
"""A problem is spoken of in thanks only as one that is over."""
_GOOD_FOR = frozenset(
    (
        *("помощь", "поддержку", "help", "support", "hilfe", "hulp", "aide", "ayuda", "aiuto", "ajuda", "pomoc"),
        *("объяснение", "разъяснение", "разъяснения", "информацию", "инфо", "решение"),
        *("explanation", "information", "info", "clarification"),
    )
)
_ASKED_BEFORE_WORDS = (
    "за вашу быструю for your the helping quick great kind all die ihre eure deine de pour votre por su tu "
    "l'aiuto il per pela szybką für voor"
)
_ASKED_BEFORE = frozenset(_ASKED_BEFORE_WORDS.split())
"""What stands before such a word where it is what somebody is thanked for, and not what he wants."""


_CAME = frozenset(("пришло", "дошло", "received"))
_AGAIN = frozenset(("again", "ещё", "еще", "раз", "снова"))
"""What has come is good news, unless it has come again."""
_SAYINGS = re.compile(
    r"\b(?:(?:заявку|вопрос|тикет|обращение) )?можно (?:закрыть|закрывать)(?: (?:заявку|вопрос|тикет|обращение))?\b"
    r"|\bбуду знать\b|\bи вам\b|\bвы лучши[ей]\b|\b(?:больше )?вопросов (?:больше )?нет\b|\bто,? что (?:надо|нужно)\b"
    r"|\b(?:you|we) (?:can|may) close (?:this|the|my) (?:ticket|case|request)\b|\bgot it\b|\bgood to know\b"
    r"|\b(?:works|worked|working) like a charm\b|\ball set\b|\bno (?:further|more) questions\b"
)
"""What thanks say in words that mean something else by themselves."""
_ASKS = re.compile(r"\b(?:is|has|does|did|was) (?:it|this|that|everything|all)\b(?! (?:is|was|has)\b)")
_CLOSING = re.compile(
    r"\b((?:с уважением|with best regards|best regards|kind regards|warm regards|regards)[,.!]?\s+)"
    r"[^\W\d_][\w.-]*(?:\s+[^\W\d_][\w.-]*){0,2}\s*$"
)
_REACTED = re.compile(r"[^\n]{1,80} reacted via gmail\b")
_REACTION = "text/vnd.google.email-reaction+json"


def is_reaction(mail: Mail) -> bool:
    """Whether it is no written mail: one tap on a face below the mail that it answers, which Gmail sends as a mail."""
    return any(a.content_type == _REACTION for a in mail.attachments)


def only_thanks(mail: Mail, names: Iterable[str]) -> bool:
    """Whether a mail says nothing but thanks. `names`: of people and of the desk, whose words may stand in it."""
    text = _bare(mail)
    if mail.mail_class is not MailClass.PERSON or not text or len(text) > _LONGEST or mail.forwarded is not None:
        return False
    if any(not a.seal and a.content_type != _REACTION for a in mail.attachments) or _ASKS.search(text):
        return False
    known = _BESIDE | {word for name in names for word in _words(name)}
    words = [word for word in _words(text) if word not in _QUIET]
    if len(words) > _MOST_WORDS or not any(word in _THANKS for word in words):
        return False
    return all(word in _THANKS or word in _SMILES or _said(words, i, known) for i, word in enumerate(words))


def _bare(mail: Mail) -> str:
    """The text without what thanks may say beside, and without the name that stands below them."""
    text = mail.reply.strip().casefold().replace("’", "'")
    if is_reaction(mail):
        text = "\n".join(line for line in text.split("\n") if not _REACTED.match(line)).partition("\n<http")[0]
    return _SAYINGS.sub(" ", _CLOSING.sub(r"\1", text)).strip()


def _said(words: list[str], place: int, known: frozenset[str] | set[str]) -> bool:
    word = words[place]
    if word in _MATTER:
        return not _SOLVED.isdisjoint(words)
    if word in _CAME and not _AGAIN.isdisjoint(words):
        return False
    wanted = word in _GOOD_FOR and _ASKED_BEFORE.isdisjoint(words[:place])
    return word in known and not wanted


def _words(text: str) -> list[str]:
    return [word.replace("’", "'") for word in _WORDS.findall(text.casefold())]
