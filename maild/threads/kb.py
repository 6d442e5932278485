"""Articles of the knowledge base: texts that lie ready for agents, and how one is found by words or by its name.

Pure: who reads the files stands in `desk/articles.py`. Words are compared by their stems, Russian and English, as
searches and rules compare them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from maild.routing.fold import fold
from maild.threads.search import Term, read_query, words_of

MAX_FOUND = 10
_IN_TITLE, _IN_TAGS, IN_NAME = 8, 6, 5
"""What a word says of an article that stands there; more than any that only its text has."""
_MOST_IN_TEXT = 4
"""How often a word counts in a text: a long one shall not win by repeating itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Article:
    """One text. `name` is its file's without the ending; `language` is "" where the file names none."""

    name: str
    title: str
    text: str
    tags: tuple[str, ...] = ()
    language: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """The stems of an article, and how much each of them says that the article is about it."""

    weights: Mapping[str, int]
    everything: tuple[str, ...]


def named_article(articles: Sequence[Article], words: str) -> Article | None:
    """The article whose file has this name, in any case, with or without its ending."""
    wanted = fold(words.strip()).removesuffix(".md").removesuffix(".txt")
    return next((a for a in articles if fold(a.name) == wanted), None)


def search_articles(articles: Sequence[Article], words: str) -> list[Article]:
    """The articles in which most of the words are found, those that are about them first. Rare words say more."""
    query = read_query(words)
    indexes = [index_of(a) for a in articles]
    terms = [(term, [_weight(term, index) for index in indexes]) for term in query.wanted]
    barred = [any(_weight(term, index) for term in query.unwanted) for index in indexes]
    found = []
    for place, article in enumerate(articles):
        held = [(weights[place], weights) for _, weights in terms if weights[place]]
        if barred[place] or not held or 2 * len(held) < len(terms):
            continue
        score = sum(weight * _rarity(weights) for weight, weights in held)
        found.append((-len(held), -score, article.title, article))
    return [article for *_, article in sorted(found, key=lambda one: one[:3])][:MAX_FOUND]


def _rarity(weights: Sequence[int]) -> float:
    return math.log(1 + len(weights) / sum(weight > 0 for weight in weights))


def _weight(term: Term, index: Index) -> int:
    """How much an article is about a term: nothing where a word of it is missing, or they do not stand side by side."""
    *front, last = term.words
    ends = [w for w in index.weights if w == last or (term.beginning is not None and w.startswith(term.beginning))]
    if not ends:
        return 0
    if not front:
        return max(index.weights[w] for w in ends)
    size, words = len(term.words), index.everything
    beside = any(words[i : i + size - 1] == tuple(front) and words[i + size - 1] in ends for i in range(len(words)
                 - size + 1))  # fmt: skip
    return min(index.weights[w] for w in (*front, ends[0])) if beside else 0


@lru_cache(maxsize=4096)
def index_of(article: Article) -> Index:
    """The stems of an article, weighed."""
    title, text, tags, name = (
        words_of(part) for part in (article.title, article.text, " ".join(article.tags), article.name)
    )
    weights = Counter({word: min(count, _MOST_IN_TEXT) for word, count in Counter(text).items()})
    for words, more in ((title, _IN_TITLE), (tags, _IN_TAGS), (name, IN_NAME)):
        for word in set(words):
            weights[word] += more
    return Index(weights=weights, everything=(*title, *text))


def read_article(name: str, text: str) -> Article | None:
    """The article in a file: the first line is its title, `tags: a, b` and `language: ru` may stand below it.

    None where there is no title.
    """
    lines = text.lstrip("\ufeff\n\r\t ").splitlines()
    title = lines[0].lstrip("#").strip() if lines else ""
    if not title:
        return None
    head: dict[str, str] = {}
    rest = 1
    for line in lines[1:]:
        key, colon, value = line.partition(":")
        if line.strip() and (not colon or key.strip().lower() not in _KEYS):
            break
        rest += 1
        if colon:
            head[_KEYS[key.strip().lower()]] = value.strip()
        elif head:
            break
    body = "\n".join(line.rstrip() for line in lines[rest:]).strip("\n")
    tags = tuple(tag for tag in (part.strip() for part in head.get("tags", "").split(",")) if tag)
    return Article(name=name, title=title, text=body, tags=tags, language=head.get("language", "").lower())


_KEYS = {"tags": "tags", "метки": "tags", "language": "language", "язык": "language"}


def in_short(article: Article, length: int = 160) -> str:
    """The first words of an article's text, on one line."""
    line = " ".join(_prose(article.text.splitlines()))
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def _prose(lines: Iterable[str]) -> Iterable[str]:
    """Lines without the marks of headings and lists, and the words of each."""
    for line in lines:
        yield from line.lstrip("#*->").split()
