"""Telling the Cyrillic charsets apart by what a text looks like when it is read with each of them.

KOI8-R, windows-1251 and cp866 put letters on the same bytes, so any of them decodes any text; only the result shows
which one was meant. Wrong readings turn the case of words inside out, hold box drawings and prefer rare letters.
"""

from __future__ import annotations

import math
import re

# The first three are what mail is written in; the others count only where they fit far better.
CODECS = ("cp1251", "koi8_u", "cp866", "koi8_r", "mac_cyrillic", "iso8859_5")
_WORD = re.compile(r"[^\W\d_]{1,40}")
_LATIN = re.compile("[A-Za-z]")
# Letters of Russian by their share of text in per mille; the last ones stand for Ukrainian and Belarusian.
_SHARES = {
    "о": 110, "е": 85, "а": 80, "и": 74, "н": 67, "т": 63, "с": 55, "р": 47, "в": 45, "л": 44, "к": 35, "м": 32,
    "д": 30, "п": 28, "у": 26, "я": 20, "ы": 19, "ь": 17, "г": 17, "з": 16, "б": 16, "ч": 14, "й": 12, "х": 10,
    "ж": 9, "ш": 7, "ю": 6, "ц": 5, "щ": 4, "э": 3, "ф": 3, "ъ": 1, "ё": 5, "і": 30, "ї": 5, "є": 5, "ґ": 1, "ў": 5,
}  # fmt: skip
_LOGS = {letter: math.log(share / 49) for letter, share in _SHARES.items()}
_UNKNOWN = math.log(0.2 / 49)
_PUNCTUATION = frozenset("«»—–№“”„‘’…°§©®·•\xa0")
_USUAL = 3
_ENOUGH = 0.4
_SAMPLE = 4096


def score(text: str) -> float:
    """How much like Russian, Ukrainian or Belarusian the words beyond ASCII look: about 1 for ordinary text."""
    text = text[:_SAMPLE]
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    letters = "".join(words).lower()
    if not letters:
        return 0.0
    strange = sum(char >= "\x80" and not char.isalpha() and char not in _PUNCTUATION for char in text)
    likely = math.exp(sum(_LOGS.get(char, _UNKNOWN) for char in letters) / len(letters))
    clean = (len(letters) / (len(letters) + strange)) ** 4
    return likely * clean * sum(map(_shape, words)) / len(words)


def _shape(word: str) -> float:
    """How ordinary the case and the first letter of a word are."""
    if word[0] in "ьъыЬЪЫ":
        return 0.3
    if word.islower() or word.istitle():
        return 1.0
    return 0.8 if word.isupper() else 0.2


def torn(text: str) -> bool:
    """Whether Cyrillic letters stand inside Latin words and nowhere else: German, say, read as Russian."""
    words = [word for word in _WORD.findall(text[:_SAMPLE]) if not word.isascii()]
    whole = sum(len(word) > 1 and not _LATIN.search(word) for word in words)
    return len(words) - whole > 2 * whole and len(words) > 1


def corrected(data: bytes, text: str) -> str:
    """`text`, or another reading of the same bytes where that makes far better Cyrillic."""
    points = score(text)
    if points > 0.75 or sum(byte >= 0x80 for byte in data[:_SAMPLE]) < 8:
        return text
    better = best(data)
    return better if better is not None and score(better) > max(_ENOUGH, 1.5 * points) else text


def best(data: bytes) -> str | None:
    """The reading that looks like Russian, or None where none does."""
    scored = []
    for place, codec in enumerate(CODECS):
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        scored.append((score(text) * (1.0 if place < _USUAL else 0.75), -place, text))
    points, _, text = max(scored, default=(0.0, 0, ""))
    return text if points > _ENOUGH else None
