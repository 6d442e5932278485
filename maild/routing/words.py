"""Words and their inflected forms: the same stem on both sides, by the language of the word's own script.

Snowball's stems are used for Russian and English, with two repairs that a service desk needs: Russian vowels that come
and go (подписка, подписок) and the irregular forms of common words (paid, sent, писем).
"""

from __future__ import annotations

import re
from functools import lru_cache

from Stemmer import Stemmer

_WORD = re.compile(r"\w+")
_CYRILLIC = re.compile(r"[а-яіїєґў]+")
_LATIN = re.compile(r"[a-z]+")
_LONGEST = 40

_FLEETING = re.compile(r"(.*[аеиоуыэюя].*[^аеиоуыэюя]|.*[аеиоуыэюя])([оеьй])([кцглнмр])")
"""A stem with a vowel (or the sign in its place) before its last consonant, and another vowel further in front."""

_FORMS = {
    "письмо": "писем",
    "день": "дня дню днем дне дни дней дням днями днях",
    "человек": "люди людей людям людьми людях",
    "ребенок": "дети детей детям детьми детях",
    "имя": "имени именем имена имен именам именами именах",
    "время": "времени временем времена времен временам временами временах",
    "быть": "был была было были",
    "идти": "шел шла шло шли",
    "прийти": "пришел пришла пришло пришли придет придут",
    "уйти": "ушел ушла ушло ушли",
    "зайти": "зашел зашла зашло зашли",
    "войти": "вошел вошла вошло вошли",
    "найти": "нашел нашла нашло нашли",
    "pay": "paid",
    "send": "sent",
    "buy": "bought",
    "break": "broke broken",
    "lose": "lost",
    "get": "got gotten",
    "forget": "forgot forgotten",
    "freeze": "froze frozen",
    "steal": "stole stolen",
    "write": "wrote written",
    "take": "took taken",
    "go": "went gone goes",
    "find": "found",
    "pick": "picked",
    "choose": "chose chosen",
    "give": "gave given",
    "come": "came",
    "see": "saw seen",
    "hear": "heard",
    "tell": "told",
    "leave": "left",
    "bring": "brought",
    "think": "thought",
    "sell": "sold",
    "begin": "began begun",
    "run": "ran",
    "drive": "drove driven",
    "fall": "fell fallen",
    "withdraw": "withdrew withdrawn",
    "die": "dying",
    "lie": "lying",
    "tie": "tying",
    "child": "children",
    "person": "people",
    "man": "men",
    "woman": "women",
}
_IRREGULAR = {form: word for word, forms in _FORMS.items() for form in forms.split()}


def words_of(folded: str) -> list[str]:
    """The words of a folded text, in their order; a hyphen or an apostrophe divides."""
    return _WORD.findall(folded)


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """What all inflected forms of a folded word share; the word itself where its script is neither ru nor en."""
    word = _IRREGULAR.get(word, word)
    if len(word) > _LONGEST:
        return word
    # A stemmer keeps the word it works on in itself, so each call has its own: workers may call at the same time.
    if _CYRILLIC.fullmatch(word):
        return _settled(Stemmer("russian", 0).stemWord(word))
    if _LATIN.fullmatch(word):
        english: str = Stemmer("english", 0).stemWord(word)
        return english
    return word


def _settled(stemmed: str) -> str:
    """A Russian stem without the vowel that comes and goes: подписок and подписк, звонок and звонк are one."""
    found = _FLEETING.fullmatch(stemmed)
    return f"{found[1]}{found[3]}" if found is not None else stemmed


class Vocabulary:
    """The words that any rule asks for, so that the words of a mail that cannot be among them are left alone.

    A stem keeps the first two letters of its word, or the first where it is short. Irregular forms are always stemmed.
    """

    def __init__(self, stems: frozenset[str]) -> None:
        self._beginnings = frozenset(s[:2] if len(s) > 2 else s[:1] for s in stems)

    def stems(self, words: list[str]) -> list[str]:
        """The words of a mail with those that may be asked for replaced by their stems."""
        begin = self._beginnings
        return [stem(w) if w[:2] in begin or w[:1] in begin or w in _IRREGULAR else w for w in words]
