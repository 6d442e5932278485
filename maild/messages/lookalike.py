"""Names and domains that look like others: mixed alphabets, hidden characters, punycode (after UTS 39, small).

Nothing is refused here. A mark is a word of warning to the person who reads the mail.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from maild.messages.addresses import normal
from maild.messages.mail import Address, Mark
from maild.messages.words import TURNING

_NAME_CAP = 500
# Letters of other alphabets, in lower case, and the Latin ones that they look like, in either case.
_CYRILLIC = dict(zip("аеорсухіѕјԁԛԝһӏвкмнтгь", "aeopcyxisjdqwhlbkmhtrb", strict=True))
_GREEK = dict(zip("αορινκτυ", "aopivktu", strict=True))
_LIKE_LATIN = str.maketrans(_CYRILLIC | _GREEK)
_LABEL = r"[A-Za-z0-9\u0080-\uffff-]{1,63}"
_ADDRESS = re.compile(rf"[^\s<>()\[\]\\,;:\"'@]{{1,64}}@{_LABEL}(?:\.{_LABEL}){{1,8}}")
_WORD = re.compile(r"[^\W\d_]+")
_INVISIBLE = re.compile("[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200d\u2060-\u2064\u3164\ufeff\uffa0]")


def marks(person: Address) -> tuple[Mark, ...]:
    """What is odd about a sender's name and domain, in the order of the enum."""
    name, shown = person.name[:_NAME_CAP], unicode_domain(person.address)
    found = {
        Mark.ADDRESS_IN_NAME: _names_another(name, person.address),
        Mark.MIXED_SCRIPTS: any(_mixed(word) for word in _WORD.findall(name)),
        Mark.HIDDEN_CHARACTERS: bool(TURNING.search(name) or _INVISIBLE.search(name)),
        Mark.PUNYCODE_DOMAIN: shown is not None,
        Mark.LOOKALIKE_DOMAIN: shown is not None and _looks_latin(shown),
    }
    return tuple(mark for mark, holds in found.items() if holds)


def _names_another(name: str, address: str) -> bool:
    plain = _INVISIBLE.sub("", TURNING.sub("", unicodedata.normalize("NFKC", name)))
    return any(normal(found) != normal(address) for found in _ADDRESS.findall(plain))


def _script(char: str) -> str:
    """LATIN, CYRILLIC, GREEK, ARMENIAN, CHEROKEE: the alphabets that share shapes; "" for all others."""
    first = unicodedata.name(char, "").partition(" ")[0]
    return first if first in ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "FULLWIDTH", "MATHEMATICAL") else ""


def _mixed(word: str) -> bool:
    return not word.isascii() and len({_script(char) for char in word} - {""}) > 1


def unicode_domain(address: str) -> str | None:
    """The domain as people read it, where the address holds it in punycode or in other letters; else None."""
    domain = address.rpartition("@")[2].lower().rstrip(".")[:255]
    if domain.isascii() and "xn--" not in domain:
        return None
    return ".".join(_label(label) for label in domain.split("."))


def _label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        shown = label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, ValueError):
        return label
    return shown if shown.isprintable() and "\ufffd" not in shown else label


def _looks_latin(domain: str) -> bool:
    """Whether a label mixes alphabets, or would be read as plain Latin letters though it is not."""
    labels = [label for label in domain.split(".") if not label.isascii()]
    return any(_mixed(label) or label.translate(_LIKE_LATIN).isascii() for label in labels)


def skeleton(text: str) -> str:
    """Text in the letters that it looks like, for comparing by eye: case, accents and hidden characters left out."""
    plain = _INVISIBLE.sub("", TURNING.sub("", unicodedata.normalize("NFKD", text[:_NAME_CAP])))
    folded = "".join(char for char in plain if not unicodedata.combining(char)).casefold()
    return folded.translate(_LIKE_LATIN)


def imitated(person: Address, names: Iterable[str], ours: Iterable[str]) -> str | None:
    """The name of ours that a stranger bears, or that his name looks like; None where he bears none.

    `ours` are addresses that may bear it. The order of the words does not count. A name of a single word is too common
    to mean anybody, unless it is as long as a company's.
    """
    if normal(person.address) in {normal(address) for address in ours}:
        return None
    shown = _words(person.name)
    return next((name for name in names if (words := _words(name)) and words == shown and _telling(words)), None)


def _words(name: str) -> list[str]:
    return sorted(_WORD.findall(skeleton(name)))


def _telling(words: list[str]) -> bool:
    return len(words) > 1 or len("".join(words)) > 9
