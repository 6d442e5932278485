"""What a name sounds like, in Cyrillic or in Latin letters: one key for all its usual spellings, and its nominative.

Юлия, Yulia, Julia and Iuliia are one name; so are Щукин, Shchukin and Schukin. The keys are coarse on purpose: two
people whom they do not tell apart are asked about, never guessed. Whose name it is stands in `names.py`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice, product

_LONGEST, _MOST = 40, 64
"""Letters of a word that are looked at; readings of it that are tried."""
_CYRILLIC = re.compile("[а-яёіїєґў]")
_LETTERS = {
    "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "е": "e", "ё": "e", "є": "e", "ж": "Z", "з": "z",
    "и": "i", "й": "i", "і": "i", "ї": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r",
    "с": "s", "т": "t", "у": "u", "ў": "u", "ф": "f", "х": "h", "ц": "C", "ч": "H", "ш": "S", "щ": "S", "ы": "i",
    "э": "e", "ю": "iu", "я": "ia",
}  # fmt: skip
"""Z, C, H and S are the sounds of ж, ц, ч and ш, which Latin letters write in many ways."""
_PIECE = re.compile("shch|tsch|tch|sch|zh|kh|ts|tz|sh|ch|ck|ph|[a-z]")
_READINGS: dict[str, tuple[str, ...]] = {
    "shch": ("S",), "tsch": ("H",), "tch": ("H",), "sch": ("S",), "zh": ("Z",), "kh": ("h",), "ts": ("C",),
    "tz": ("C",), "sh": ("S",), "ch": ("H", "h"), "ck": ("k",), "ph": ("f",), "c": ("k", "C"), "x": ("ks", "h"),
    "j": ("i", "Z"), "h": ("h", "g"), "y": ("i",), "w": ("v",), "q": ("k",),
}  # fmt: skip
_MARKED = {"š": "sh", "č": "ch", "ž": "zh", "ł": "l"}
# What spellings do not agree on: how a glide is written, doubled letters, -off, and the e of Peter and Alexander.
_ALIKE = (
    (re.compile("i+"), "i"),
    (re.compile("i([euo])"), lambda found: "u" if found[1] == "u" else "e"),
    (re.compile(r"(.)\1+"), r"\1"),
    (re.compile("([oe])f$"), r"\1v"),
    (re.compile("([dt])er$"), r"\1r"),
)
_ENDINGS = (
    ("ому", ("ий", "ый", "ой")), ("ему", ("ий",)), ("ого", ("ий", "ый", "ой")), ("его", ("ий",)),
    ("ой", ("а", "ая")), ("ей", ("а", "я", "яя")), ("ую", ("ая",)), ("юю", ("яя",)),
    ("ии", ("ия", "ий")), ("ию", ("ий", "ия")), ("ия", ("ий",)), ("цу", ("ец",)), ("ца", ("ец",)),
    ("у", ("", "а")), ("ю", ("й", "ь", "я")), ("а", ("",)), ("я", ("й", "ь")), ("е", ("а", "я")), ("и", ("я", "ь")),
)  # fmt: skip
"""Endings of the dative and the accusative of names (/назначить Борису, Анну), and of the nominatives they may have."""
_FLEETING = {
    **dict.fromkeys(("павлу", "павла"), "павел"),
    **dict.fromkeys(("льву", "льва"), "лев"),
}


def sounds(word: str) -> frozenset[str]:
    """The keys of a name's word, one for each way it may be read; words that share one are spellings of each other."""
    return _sounds(word.strip().casefold()[:_LONGEST])


@lru_cache(maxsize=4096)
def _sounds(word: str) -> frozenset[str]:
    if _CYRILLIC.search(word):
        return frozenset({_alike("".join(_LETTERS.get(letter, "") for letter in word))}) - {""}
    plain = "".join(_MARKED.get(letter, letter) for letter in word)
    plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if c.isascii())
    pieces = [_READINGS.get(piece, (piece,)) for piece in _PIECE.findall(plain)]
    return frozenset(_alike("".join(reading)) for reading in islice(product(*pieces), _MOST)) - {""}


def _alike(letters: str) -> str:
    for pattern, plain in _ALIKE:
        letters = pattern.sub(plain, letters)
    return letters


def nominatives(word: str) -> Iterator[str]:
    """What a Russian name (casefolded, with е for ё) may be that stands in the dative or the accusative here."""
    if word in _FLEETING:
        yield _FLEETING[word]
    for ending, others in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 1 and _CYRILLIC.match(word):
            yield from (word.removesuffix(ending) + other for other in others)
