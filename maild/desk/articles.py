"""The knowledge base: a folder of text files, each an article, read as they lie there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from maild.errors import Finding
from maild.files import read_regular
from maild.threads.kb import Article, read_article

_ENDINGS = (".md", ".txt")
_LARGEST = 256 * 1024
_MOST = 2000


def load_articles(folder: Path) -> tuple[tuple[Article, ...], list[Finding]]:
    """The articles in the order of their names, and what is wrong with files that are none. No folder: nothing."""
    articles, findings = list[Article](), list[Finding]()
    for path in article_files(folder):
        found = _read(path, path.relative_to(folder).with_suffix("").as_posix())
        if isinstance(found, Article):
            articles.append(found)
        else:
            findings.append(found)
    if len(articles) > _MOST:
        findings.append(
            _finding(folder, "article-crowd", f"there are more than {_MOST} articles; the others are left out")
        )
    return tuple(articles[:_MOST]), findings


def article_files(folder: Path) -> Iterator[Path]:
    """The files that are read, sorted; hidden ones and those in hidden folders are left alone."""
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        inside = path.relative_to(folder).parts
        if path.suffix.lower() in _ENDINGS and not any(part.startswith(".") for part in inside) and path.is_file():
            yield path


def _read(path: Path, name: str) -> Article | Finding:
    try:
        if path.stat().st_size > _LARGEST:
            return _finding(path, "article-large", f"an article has at most {_LARGEST // 1024} kB")
        text = read_regular(path, _LARGEST).decode("utf-8")
        if "\0" in text:  # UTF-16 is read as UTF-8 without a word where it is all English
            raise ValueError
    except ValueError:
        return _finding(path, "article-encoding", "the text is not UTF-8", "save it as UTF-8 in your editor")
    except OSError as error:
        return _finding(path, "article-unreadable", f"cannot be read: {error.strerror or error}", "check its rights")
    article = read_article(name, text)
    return article or _finding(
        path, "article-untitled", "there is no article in it", 'write its title on top, as "# Title"'
    )


def _finding(path: Path, code: str, message: str, hint: str = "") -> Finding:
    return Finding(file=str(path), line=0, column=0, severity="error", code=code, message=message, hint=hint)
