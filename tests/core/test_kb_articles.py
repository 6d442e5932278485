"""Articles of the knowledge base: how a file is read, found by words or its name, and shown."""

import os
from pathlib import Path

import pytest

from maild.desk.articles import load_articles
from maild.threads.kb import Article, in_short, named_article, read_article, search_articles
from maild.threads.kb_words import kb_lines

PASSWORD = Article(
    name="reset-password",
    title="How to set a new password",
    text="Open the login page.\n\nThe link works for one hour.",
    tags=("login",),
    language="en",
)
PRINTER = Article(name="printer", title="Empty pages", text="The printer forgot its toner. New toner is in the cellar.")
INVOICE = Article(name="счета", title="Счёт не пришёл", text="Счета уходят первого числа. Проверьте пароль от почты.")
ALL = (PASSWORD, PRINTER, INVOICE)


def names(words: str) -> list[str]:
    """What is found, the best first."""
    return [article.name for article in search_articles(ALL, words)]


def test_a_file_is_a_title_some_keys_and_a_text() -> None:
    """In either language; a text that only looks like keys is text."""
    read = read_article("a/b", "\ufeff# Пароль\nметки: вход, почта\nязык: RU\n\nОткройте страницу:\nвот так.\n\n")
    assert read == Article(
        name="a/b", title="Пароль", text="Откройте страницу:\nвот так.", tags=("вход", "почта"), language="ru"
    )
    plain = read_article("x", "Title\n\nNote: this is text.\ntags: none")
    assert plain is not None
    assert (plain.title, plain.text, plain.tags) == ("Title", "Note: this is text.\ntags: none", ())
    assert read_article("x", " \n\n") is None


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("passwords", ["reset-password"]),
        ("пароли", ["счета"]),
        ("счетов не приходит", ["счета"]),
        ("printers forget toner", ["printer"]),
        ("new", ["reset-password", "printer"]),
        ("new toner", ["printer", "reset-password"]),
        ('"new toner"', ["printer"]),
        ("new -toner", ["reset-password"]),
        ("passw", ["reset-password"]),
        ("elephants", []),
        ("new elephants under hats", []),
    ],
)
def test_articles_are_found_by_words_in_any_form(words: str, found: list[str]) -> None:
    """Most of the words have to be there; a word in the title says more, and so does a rare one."""
    assert names(words) == found


def test_an_article_is_called_by_the_name_of_its_file() -> None:
    """In any case, with its ending or without."""
    assert named_article(ALL, "Printer.md") is PRINTER
    assert named_article(ALL, "СЧЕТА") is INVOICE
    assert named_article(ALL, "print") is None


def test_the_best_is_shown_whole_and_the_others_in_short() -> None:
    """What is found of nothing says what there is."""
    lines = kb_lines(ALL, "new toner", "en")
    assert lines[:3] == ["Empty pages (printer)", "", "The printer forgot its toner. New toner is in the cellar."]
    assert lines[-1] == "- reset-password: How to set a new password. Open the login page. The link works for one hour"
    assert kb_lines(ALL, "слоны", "ru")[:3] == [
        "Статьи о «слоны» нет.",
        "Есть такие:",
        "- reset-password: How to set a new password",
    ]
    assert kb_lines((), "x", "en") == ["There are no articles yet."]
    assert kb_lines(ALL, "", "en")[0] == "There are:"


def test_a_text_in_short_is_one_line() -> None:
    """Cut where it is long, without the marks of lists."""
    assert in_short(Article(name="x", title="x", text="# One\n\n* two\n> three")) == "One two three"
    assert len(in_short(Article(name="x", title="x", text="word " * 99))) <= 160


def test_a_folder_is_read_and_what_is_no_article_is_told(tmp_path: Path) -> None:
    """The others are in force; hidden files and other endings are left alone; no folder is no mistake."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.md").write_text("# A\nText", encoding="utf-8")
    (tmp_path / "b.txt").write_bytes("Ж\n".encode("cp1251"))
    (tmp_path / "c.md").write_text("\n", encoding="utf-8")
    (tmp_path / "d.md").write_text("# D\n" + "x" * 300_000, encoding="utf-8")
    (tmp_path / ".hidden.md").write_text("# H", encoding="utf-8")
    (tmp_path / "e.pdf").write_bytes(b"%PDF")
    articles, findings = load_articles(tmp_path)
    assert [a.name for a in articles] == ["deep/a"]
    assert [f.code for f in findings] == ["article-encoding", "article-untitled", "article-large"]
    assert load_articles(tmp_path / "none") == ((), [])


def test_a_folder_with_traps_in_it_is_read_all_the_same(tmp_path: Path) -> None:
    """A pipe, an endless device and a circle of links are passed by; a text in UTF-16 is told."""
    (tmp_path / "good.md").write_text("# Good\n\nText")
    (tmp_path / "wide.md").write_bytes("# Wide".encode("utf-16-le"))
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "endless.md").symlink_to("/dev/zero")
    (tmp_path / "circle").symlink_to(tmp_path)
    articles, findings = load_articles(tmp_path)
    assert [article.name for article in articles] == ["good"]
    assert [finding.code for finding in findings] == ["article-encoding"]
