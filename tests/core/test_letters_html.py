"""The HTML that is made from the plain text."""

from __future__ import annotations

import time
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from maild.outgoing.pretty import to_html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("one\ntwo\n\nthree\n", "<p>one<br>\ntwo</p>\n<p>three</p>"),
        (
            "> a\n>> b\n> c\nd",
            "<blockquote>\n<p>a</p>\n<blockquote>\n<p>b</p>\n</blockquote>\n<p>c</p>\n</blockquote>\n<p>d</p>",
        ),
        ("> a\n>\n> b", "<blockquote>\n<p>a</p>\n<p>b</p>\n</blockquote>"),
        ("a\n----\nb", "<p>a</p>\n<hr>\n<p>b</p>"),
        ("  code", "<p>&nbsp;&nbsp;code</p>"),
        ("<b>&\"'", "<p>&lt;b&gt;&amp;&quot;&#x27;</p>"),
        ("", ""),
    ],
)
def test_text_becomes_what_it_looks_like(text: str, html: str) -> None:
    """Paragraphs, quotations, rules, and nothing of markup."""
    assert to_html(text) == html


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("see https://x.example/a?b=1&c=2.", "https://x.example/a?b=1&amp;c=2"),
        ("(http://x.example/)", "http://x.example/"),
        ("<https://x.example/a>", "https://x.example/a"),
        ("«https://x.example/ю»", "https://x.example/ю"),
    ],
)
def test_links_are_links_without_what_stands_behind_them(text: str, address: str) -> None:
    """A full stop ends the sentence, not the address."""
    assert f'<a href="{address}">{address}</a>' in to_html(text)


def test_a_link_to_a_mail_shows_the_address_unless_it_brings_words_along() -> None:
    """A reply address reads better without its subject; a text that would go along must not be sent unseen."""
    assert to_html("mailto:a+b@x.example?subject=%5BS-1%5D") == (
        '<p><a href="mailto:a+b@x.example?subject=%5BS-1%5D">a+b@x.example</a></p>'
    )
    whole = "mailto:a@x.example?subject=x&amp;body=/close"
    assert to_html("mailto:a@x.example?subject=x&body=/close") == f'<p><a href="{whole}">{whole}</a></p>'


@pytest.mark.parametrize("text", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "ftp://x.example"])
def test_other_addresses_are_no_links(text: str) -> None:
    """Only what a browser opens harmlessly."""
    assert "<a" not in to_html(text)


def test_text_before_a_link_is_escaped_too() -> None:
    """Every piece of a line is."""
    assert to_html("<script> https://x.example <i>").startswith("<p>&lt;script&gt; <a ")


class _Tags(HTMLParser):
    """Counts what is open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        assert [name for name, _ in attrs] == (["href"] if tag == "a" else [])
        if tag not in ("br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@given(st.text(st.sampled_from(" >\n-<&\"'/ahtps:x.\u202e"), max_size=80))
@example("> " * 30 + "deep\nflat")
def test_any_text_gives_well_formed_html_of_known_tags(text: str) -> None:
    """Nothing that somebody writes opens a tag of his own or leaves one open."""
    tags = _Tags()
    tags.feed(to_html(text))
    tags.close()
    assert tags.open == []
    assert tags.seen <= {"p", "br", "blockquote", "hr", "a"}


@pytest.mark.parametrize(
    "text", ["> " * 50_000, "https://" * 12_500, "-" * 100_000, "\n".join([">" * n for n in range(400)])]
)
def test_hostile_text_is_quick(text: str) -> None:
    """A hundred thousand characters at their worst."""
    begun = time.process_time()
    to_html(text)
    assert time.process_time() - begun < 0.5
