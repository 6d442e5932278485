"""What is answered to `/kb`: articles as lines that an agent can copy out of a letter, or read on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from maild.threads.kb import Article, in_short, named_article, search_articles

_TITLES_SHOWN = 50
_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "none": "There are no articles yet.",
        "not_found": "No article is about “{words}”.",
        "there_are": "There are:",
        "others": "Others (/kb NAME sends one whole):",
        "more": "... and {count} more",
    },
    "ru": {
        "none": "Статей пока нет.",
        "not_found": "Статьи о «{words}» нет.",
        "there_are": "Есть такие:",
        "others": "Другие (команда /kb НАЗВАНИЕ пришлёт статью целиком):",
        "more": "... и ещё {count}",
    },
}


def kb_lines(articles: Sequence[Article], words: str, language: str) -> list[str]:
    """The article of that name; or the best about these words whole, the others in short; or what titles there are."""
    return list(_lines(articles, words, _WORDS.get(language, _WORDS["en"])))


def _lines(articles: Sequence[Article], words: str, say: Mapping[str, str]) -> Iterator[str]:
    if not articles:
        yield say["none"]
        return
    one = named_article(articles, words)
    found = [one] if one is not None else search_articles(articles, words)
    if not found:
        if words:
            yield say["not_found"].format(words=words)
        yield say["there_are"]
        yield from _titles(articles, say)
        return
    yield from _whole(found[0])
    if found[1:]:
        yield ""
        yield say["others"]
        yield from (f"- {a.name}: {a.title}. {in_short(a)}".rstrip(" .") for a in found[1:])


def _titles(articles: Sequence[Article], say: Mapping[str, str]) -> Iterator[str]:
    yield from (f"- {a.name}: {a.title}" for a in articles[:_TITLES_SHOWN])
    if len(articles) > _TITLES_SHOWN:
        yield say["more"].format(count=len(articles) - _TITLES_SHOWN)


def _whole(article: Article) -> Iterator[str]:
    yield f"{article.title} ({article.name})"
    yield ""
    yield from article.text.splitlines()
