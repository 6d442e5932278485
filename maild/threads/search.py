"""Full-text search: the words that a text is found by, and what a person who searches means.

Both databases keep the words that are made here and none of their own, so that both find the same: folded (case, ё as
е), each replaced by the stem that its inflected forms share. The store keeps and finds them; nothing here does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from maild.messages.mail import Address
from maild.routing.fold import fold

MAX_TEXT = 64 * 1024
"""Characters of a message's text that are found; what stands behind them is not."""
MAX_WORDS = 16_000
"""Words of one message that are found: PostgreSQL knows no place in a text behind 16383."""
MAX_TERMS = 12
"""Words and phrases of one search; what stands behind them is left aside."""
COMMON = frozenset(
    [
        *("а", "без", "бы", "в", "во", "вы", "для", "до", "же", "за", "и", "из", "или", "к", "как", "ко", "ли", "мы"),
        *(
            "на",
            "не",
            "но",
            "о",
            "об",
            "он",
            "она",
            "они",
            "от",
            "по",
            "при",
            "с",
            "со",
            "так",
            "то",
            "у",
            "что",
            "это",
            "я",
        ),
        *(
            "a",
            "an",
            "and",
            "are",
            "as",
            "at",
            "be",
            "but",
            "by",
            "for",
            "from",
            "he",
            "i",
            "if",
            "in",
            "is",
            "it",
            "no",
        ),
        *("not", "of", "on", "or", "she", "so", "that", "the", "they", "this", "to", "was", "we", "with", "you"),
    ]
)
"""Words that stand in nearly every text: looked for alone they find everything, and beside others they tell nothing."""
_SHORTEST_BEGINNING = 3
"""Letters that the beginning of a word must have to be looked for as one."""
# Chinese and Japanese have no spaces: there each character is a word, and a word of several is a phrase.
_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]{{1,64}}")
_NUMBER = re.compile(r"(?:[\w.]*[^\W\d]-|#)?([0-9]{1,12})")
_TERM = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """One word, or several that stand side by side. `beginning`: what the last word may begin with instead."""

    words: tuple[str, ...]
    beginning: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """What has to be found in a ticket, and what must not be. `numbers`: the tickets that it may name."""

    wanted: tuple[Term, ...]
    unwanted: tuple[Term, ...] = ()
    numbers: tuple[int, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing in it that could be found."""
        return not self.wanted and not self.unwanted


def words_of(text: str) -> list[str]:
    """The words that a text is found by, in their order."""
    # Its stemmer takes long to load, and most commands need none.
    from maild.routing.words import stem

    return list(map(stem, _WORD.findall(fold(text))))


def words_and_stems(text: str) -> Iterator[tuple[str, str]]:
    """Each word of a text, folded, and by what it is found."""
    from maild.routing.words import stem

    return ((word, stem(word)) for word in _WORD.findall(fold(text)))


def words_of_message(subject: str, sender: Address | None, files: Iterable[str], text: str) -> list[str]:
    """A message is found by its subject, its writer, the names of its attachments and its text."""
    return words_of("\n".join((subject, *_who(sender), *files, text[:MAX_TEXT])))[:MAX_WORDS]


def words_of_ticket(number: str, subject: str, tags: Iterable[str], people: Iterable[Address]) -> list[str]:
    """A ticket itself is found by its number, its subject, the people who take part and its tags."""
    who = (text for person in people for text in _who(person))
    return words_of("\n".join((number, subject, *tags, *who)))[:MAX_WORDS]


def _who(person: Address | None) -> tuple[str, ...]:
    return (person.name, person.address) if person is not None else ()


def read_query(text: str) -> Query:
    """What somebody looks for: words, "quoted phrases", -words that must not be there.

    Every one of them has to be found somewhere in the ticket, in any inflected form. The last word may be the beginning
    of one, unless it is quoted or a number. Words that stand in nearly every text count only where there are no others.
    """
    wanted, common, unwanted, numbers = list[Term](), list[Term](), list[Term](), list[int]()
    found = list(_TERM.finditer(text))[:MAX_TERMS]
    for place, match in enumerate(found):
        minus, quoted, plain = match.groups()
        words = words_of(plain if quoted is None else quoted)
        if not words:
            continue
        if minus:
            unwanted.append(Term(words=tuple(words)))
            continue
        last = quoted is None and place == len(found) - 1
        to = common if quoted is None and fold(plain) in COMMON else wanted
        to.append(Term(words=tuple(words), beginning=_beginning(plain) if last else None))
        numbers.extend(_number(plain) if quoted is None else ())
    return Query(wanted=tuple(wanted or common), unwanted=tuple(unwanted), numbers=tuple(numbers))


def _beginning(plain: str) -> str | None:
    word = _WORD.findall(fold(plain))[-1]
    return word if len(word) >= _SHORTEST_BEGINNING and not word.isdecimal() else None


def _number(plain: str) -> Iterable[int]:
    named = _NUMBER.fullmatch(plain)
    return (int(named[1]),) if named else ()
