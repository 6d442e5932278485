"""Alternatives: which of them is read, and what senders put where nothing can be read."""

from __future__ import annotations

import pytest

from maild.messages.placeholders import excuses_itself, says_nothing
from maild.messages.read import read_mail

WORDS = "The printer in room 5 is broken since Monday, please help."


def alternatives(*parts: tuple[str, str]) -> str:
    """The text of a mail with these parts as alternatives."""
    inside = "".join(f"--b\n{head}; charset=utf-8\n\n{text}\n" for head, text in parts)
    raw = f"From: anna@b.example\nContent-Type: multipart/alternative; boundary=b\n\n{inside}--b--\n"
    return read_mail(raw.encode()).text.strip()


@pytest.mark.parametrize(
    "plain",
    ["[cid:image001.png@01D9]", "\u200b \u00a0\n-----\n", "<html><body><p>The printer</p></body></html>", "&nbsp;"],
)
def test_a_plain_part_without_words_gives_way_to_the_html(plain: str) -> None:
    """Pictures, rules and the HTML once more: the words stand in the HTML."""
    assert alternatives(("Content-Type: text/plain", plain), ("Content-Type: text/html", f"<p>{WORDS}</p>")) == WORDS


@pytest.mark.parametrize(
    "plain",
    [
        "Your client does not support HTML.",
        "This is an HTML message. Please use a program that can read it.",
        "Ваша программа не поддерживает HTML",
        "Diese Nachricht ist im HTML-Format; Ihr Programm kann sie nicht anzeigen.",
        "To view this message in your browser, click https://b.example/1",
        "This is a multi-part message in MIME format.",
    ],
)
def test_a_plain_part_that_excuses_itself_stands_behind_the_html(plain: str) -> None:
    """Newsletters and forms say there that they are in HTML: nothing is lost, and the words are in the HTML."""
    raw = (
        "From: anna@b.example\nContent-Type: multipart/alternative; boundary=b\n\n"
        f"--b\nContent-Type: text/plain; charset=utf-8\n\n{plain}\n"
        f"--b\nContent-Type: text/html; charset=utf-8\n\n<p>{WORDS}</p>\n--b--\n"
    )
    mail = read_mail(raw.encode())
    assert (mail.text, mail.reply) == (f"{WORDS}\n\n{plain}", WORDS)


@pytest.mark.parametrize(
    ("plain", "shown"),
    [
        ("My client does not support HTML, can you help?", "My client does not support HTML, can you help?"),
        ("Your client does not support HTML.", ""),
        ("ok", "ok"),
        ("-----", "_____"),
        ("HTML " * 100 + "does not support", WORDS),
    ],
)
def test_what_a_person_wrote_stays(plain: str, shown: str) -> None:
    """Words that stand in the HTML too, long texts, and whatever has no HTML beside it."""
    assert not says_nothing(plain, shown)
    assert not excuses_itself(plain, shown)


@pytest.mark.fault("G-9")
def test_plain_alternatives_that_say_different_things_are_all_read() -> None:
    """Scripts call every multipart an alternative; the same text twice is still one text."""
    first, second = ("Content-Type: text/plain", WORDS), ("Content-Type: text/plain", "Call me at noon.")
    assert alternatives(first, second) == f"{WORDS}\n\nCall me at noon."
    assert alternatives(first, first) == WORDS
    assert alternatives(first, ("Content-Type: text/html", "<p>Other words</p>")) == WORDS
