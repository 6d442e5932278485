"""HTML becomes the lines that a person sees."""

from __future__ import annotations

import html_to_markdown
import pytest
from cost import cost

from maild.messages.html import to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>a</div><div><br></div><div>b</div>", "a\n\nb"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<p>wrapped\n  in the\n source</p>", "wrapped in the source"),
        ("<b>bold</b> and <i>it_al*ic</i><u>u</u>", "bold and it_al*icu"),
        ("<p>SUP-1001. a_b *c* 5) - # C:\\new \\_ [x](y)</p>", "SUP-1001. a_b *c* 5) - # C:\\new \\_ [x](y)"),
        ("<ul><li>one</li><li>two<ol><li>in</li></ol></li></ul>", "- one\n- two\n  1. in"),
        ("<ol start=5><li>a<li>b</ol>", "5. a\n6. b"),
        ("x<blockquote>a<blockquote>b</blockquote></blockquote>y", "x\n> a\n> > b\n\ny"),
        ("wrote:<blockquote><p>a</p><p>b</p></blockquote><p>c</p>", "wrote:\n> a\n>\n> b\n\nc"),
        ('<a href="https://a.example/b">here</a>', "here <https://a.example/b>"),
        ('<a href="https://a.example/">a.example</a>', "a.example"),
        ('<a href="mailto:a@b.example">a@b.example</a>', "a@b.example"),
        ('<a href="mailto:a@b.example?subject=x">Anna</a>', "Anna <a@b.example>"),
        ('<a href="javascript:alert(1)">x</a>', "x"),
        ("<table><tr><td>From:</td><td>Anna</td></tr><tr><td>1</td><td>2</td></tr></table>", "From: Anna\n1 | 2"),
        ("<table><tr><td><p>a</p><p>b</p></td></tr></table>", "a\n\nb"),
        ("<pre>two\n  lines</pre>", "two\n  lines"),
        ("<p class=MsoNormal>a</p><p class=MsoNormal>b</p><p class=MsoNormal><o:p>&nbsp;</o:p></p>c", "a\nb\n\nc"),
        ('<img alt="Logo" src="x"><img src="y">', "[Logo]"),
        ("-- <br>Anna", "-- \nAnna"),
        ("<div>a</div><hr><div>b</div>", "a\n" + "_" * 32 + "\nb"),
        ("&lt;b&gt; &amp; &#1087;&eacute;", "<b> & пé"),
        ("<p>1 < 2 and 3 <4 </p>", "1 < 2 and 3 <4"),
        ("no tags\nbut lines", "no tags\nbut lines"),
        ("<p>never <b>closed", "never closed"),
        ("", ""),
    ],
)
def test_lines_are_those_of_a_browser(html: str, text: str) -> None:
    """No escapes, no emphasis marks; quotes, lists, links and tables can be told."""
    assert to_text(html) == text


@pytest.mark.parametrize(
    "hidden",
    [
        "<style>p {}</style>",
        "<script>alert(1)</script>",
        "<head><title>title</title></head>",
        "<!-- comment -->",
        '<div style="display: none">x</div>',
        '<span style="font-size:0px">x</span>',
        '<div style="max-height:0;overflow:hidden">x</div>',
        "<p hidden>x</p>",
        '<p style="color: transparent">x</p>',
        '<p style="FONT-SIZE:.1px;color:red">x</p>',
        '<p style="font-size:0.0em">x</p>',
        '<p style="text-indent:-9999px">x</p>',
        '<p style="position:absolute; left:-5000px">x</p>',
        '<span style="color:#fff; opacity: 0">x</span>',
        "<xml><o:Settings>x</o:Settings></xml>",
        "<video>x</video>",
        "<!--[if mso]>x<![endif]-->",
    ],
)
@pytest.mark.fault("G-6")
def test_what_nobody_sees_is_left_out(hidden: str) -> None:
    """Style sheets, scripts, comments and text that senders hide."""
    assert to_text(f"{hidden}<p>seen</p>") == "seen"


@pytest.mark.parametrize(
    "style",
    ["font-size:0.8em", "font-size:.9em", "text-indent:-18.0pt", "background-color:transparent", "margin-left:-120px"],
)
def test_what_is_only_small_or_moved_is_seen(style: str) -> None:
    """Lists of Word hang, and newsletters are set in small letters."""
    assert to_text(f'<p style="{style}">seen</p>') == "seen"


@pytest.mark.parametrize(
    "unit",
    ["&", "<", "<div>", "<!--", "<blockquote>", "<a href=x>", "<b>x</b> ", "<table><tr><td>", "<style>", "<li><ul>"],
)
@pytest.mark.fault("G-6")
def test_hostile_html_is_cheap(unit: str) -> None:
    """A megabyte of anything is read in less than the two seconds a mail may take; a busy machine has three tries."""
    assert cost(lambda: to_text(unit * (1_000_000 // len(unit))), 2) < 2


def test_html_that_the_library_refuses_is_still_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any error of the library leads to the plain way: tags out, text kept."""

    def broken(*_arguments: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(html_to_markdown, "convert", broken)
    assert to_text("<style>p {}</style><p>words &amp;</p><div>more</div>") == "words &\nmore"


def test_a_picture_inside_the_html_does_not_push_the_text_out() -> None:
    """Embedded pictures of megabytes are left out before the input is cut."""
    page = '<img src="data:image/png;base64,' + "A" * 1_500_000 + '"><p>words</p>'
    assert to_text(page) == "words"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<a href="https://b.example/1">Two<br>lines</a>, more', "Two\nlines <https://b.example/1>, more"),
        (
            '<a href="https://b.example/1"><table><tr><td>Reset</td></tr></table></a><p>next</p>',
            "Reset <https://b.example/1>\n\nnext",
        ),
        (
            '<a href="https://b.example/1"><div>One</div></a><a href="x:2"><div>Two</div></a>',
            "One <https://b.example/1>\nTwo",
        ),
    ],
)
def test_a_link_around_lines_and_blocks_keeps_its_target(html: str, text: str) -> None:
    """Newsletters make buttons of tables; the target stands behind the last line of what it is around."""
    assert to_text(html) == text
