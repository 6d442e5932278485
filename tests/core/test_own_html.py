"""An agent's HTML answer: what of it the customer gets, in the shapes of many clients, and what can never leave."""

from __future__ import annotations

import base64
import email
import re
from collections.abc import Collection
from email.message import Message

import pytest
from office import MINT, envelope, facts, judge, message, ticket

from maild.messages.mail import Mail
from maild.messages.read import read_mail
from maild.messages.tokens import Purpose
from maild.outgoing.compose import write_letter
from maild.outgoing.letters import Letters
from maild.outgoing.rich import formatted
from maild.outgoing.washing import washed
from maild.threads.plan import LetterKind, OwnHtml

TO_BORIS = MINT.address(Purpose.AGENT, 1001, "boris")
LETTERS = Letters(None, ["ru", "en"])
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
NOTICE = (
    f"Ivan wrote:<br>My printer is on fire.<hr>SUP-1001: Printer<br>/close - done for good<br>"
    f'<a href="mailto:{TO_BORIS.replace("+", "%2B")}?subject=x">Close</a>'
)
"""Our notification as a mail client quotes it: with facts, orders and a button."""


def quoted(client: str) -> str:
    """The notification below an answer, as each client quotes it."""
    return {
        "gmail": f'<br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">On Mon, 23 Nov '
        f'2026 at 09:00, Acme &lt;support@desk.example&gt; wrote:<br></div><blockquote class="gmail_quote" '
        f'style="margin:0 0 0 .8ex">{NOTICE}</blockquote></div>',
        "outlook": '<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
        f'<p class="MsoNormal"><b>From:</b> Acme &lt;{TO_BORIS}&gt;<br><b>Sent:</b> Monday<br><b>Subject:</b> '
        f"[SUP-1001] Printer</p></div></div><p class=MsoNormal>{NOTICE}</p>",
        "apple": f'<div><br><blockquote type="cite"><div>On 23 Nov 2026, at 09:00, Acme wrote:</div><br>'
        f"<div>{NOTICE}</div></blockquote></div>",
        "thunderbird": '<div class="moz-cite-prefix">On 23.11.2026 09:00, Acme wrote:<br></div>'
        f'<blockquote type="cite" cite="mid:x@y">{NOTICE}</blockquote>',
        "mail.ru": '<blockquote style="border-left:1px solid #0857A6; margin:10px; padding:0 0 0 10px">Понедельник, '
        f'23 ноября 2026, 9:00 +03:00 от Acme &lt;support@desk.example&gt;:<br>&nbsp;<div id=""><div class="js-helper '
        f'js-readmsg-msg">{NOTICE}</div></div></blockquote>',
    }[client]


def reply(html: str, *parts: str, plain: str | None = None) -> Mail:
    """Boris's mail in HTML, with further parts, and a plain alternative where one is given."""
    head = (
        f"From: Boris <boris@desk.example>\r\nTo: {TO_BORIS}\r\nSubject: Re: Printer\r\nMessage-ID: <b@desk>\r\n"
        "Date: Mon, 23 Nov 2026 09:00:00 +0000\r\nMIME-Version: 1.0\r\n"
    )
    body = f"Content-Type: text/html; charset=utf-8\r\n\r\n<html><body>{html}</body></html>\r\n"
    if plain is not None:
        text = f"Content-Type: text/plain; charset=utf-8\r\n\r\n{plain}\r\n"
        body = f'Content-Type: multipart/alternative; boundary="a"\r\n\r\n--a\r\n{text}\r\n--a\r\n{body}\r\n--a--\r\n'
    if parts:
        rest = "".join(f"--r\r\n{part}\r\n" for part in parts)
        body = f'Content-Type: multipart/related; boundary="r"\r\n\r\n--r\r\n{body}\r\n{rest}--r--\r\n'
    return read_mail((head + body).encode(), is_own=MINT.is_own)


def picture(cid: str, name: str = "screen.png") -> str:
    """An inline picture."""
    return (
        f'Content-Type: image/png; name="{name}"\r\nContent-ID: <{cid}>\r\nContent-Disposition: inline; '
        f'filename="{name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n{PNG}'
    )


def sent(mail: Mail) -> Message:
    """The mail that the customer gets."""
    by = envelope("boris@desk.example", TO_BORIS, login="boris")
    plan = judge(mail, facts(ticket(), messages=(message(),)), by=by)
    (letter,) = [x for x in plan.letters if x.kind is LetterKind.ANSWER]
    return email.message_from_bytes(write_letter(letter, LETTERS).raw)


def part(mail: Message, kind: str) -> str:
    """The text of its first part of this type."""
    found = next(p for p in mail.walk() if p.get_content_type() == kind)
    payload = found.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


def own(mail: Message) -> str:
    """The HTML up to the desk's own words."""
    body = part(mail, "text/html").partition("<body>")[2]
    html = " ".join(body.partition("<p>Boris Smith, Acme Support</p>")[0].split())
    frame = '<div style="margin: 0 0 0.9em;">'
    return html.removeprefix(frame).removesuffix("</div>") if html.startswith(frame) else html


SAID = (
    '<p>Dear Ivan,</p><p><b>close</b> the lid, see <a href="https://acme.example/lid?a=1">our page</a>:</p>'
    "<ul><li>wait</li><li>open</li></ul><ol><li>first</li><li>second</li></ol>"
    "<table border=1><tr><td>Model</td><td>Price</td></tr><tr><td>X1</td><td></td></tr></table>"
)


@pytest.mark.parametrize("client", ["gmail", "outlook", "apple", "thunderbird", "mail.ru"])
def test_what_the_agent_formatted_stays_and_the_quoted_letter_goes(client: str) -> None:
    """Bold, links, lists and tables; neither our facts nor our orders, nor an address of his."""
    mail = sent(reply(f'<div dir="ltr">{SAID}</div>{quoted(client)}'))
    html = own(mail)
    for piece in (
        "<b>close</b>",
        '<a href="https://acme.example/lid?a=1">our page</a>',
        "<li>wait</li>",
        "<ol>",
        "<td>X1</td>",
    ):
        assert piece in html, html
    assert not re.search(r"SUP-1001:|/close|Mon|Acme|desk\.example|blockquote", html), html
    assert "Ivan" in part(mail, "text/html").rpartition("Boris Smith, Acme Support")[2]
    assert "close the lid" in " ".join(part(mail, "text/plain").split())


def test_orders_above_the_words_and_a_signature_below_are_no_part_of_it() -> None:
    """As the plain text."""
    html = "<div>/take</div><div>/tag x</div><div><br></div><div><i>Done</i>!</div><div>-- <br>Boris<br>Desk</div>"
    assert own(sent(reply(html + quoted("gmail")))) == "<div><i>Done</i>!</div>"


def test_pictures_in_the_text_go_along_under_fresh_names_and_others_stay_files() -> None:
    """Only what is really shown; the letter is the same each time that it is written."""
    html = f'<p>See <b>here</b>:</p><p><img src="cid:one@pc" width=40 alt="secret words"></p>{quoted("apple")}'
    both = reply(html, picture("one@pc"), picture("two@pc", "other.png"))
    mail = sent(both)
    assert mail.get_content_type() == "multipart/related"
    assert mail.get_param("type") == "multipart/alternative"
    shown = [p for p in mail.walk() if p.get_content_type() == "image/png"]
    assert [p.get_filename() for p in shown] == ["screen.png"]
    name = shown[0]["Content-ID"].strip("<>")
    assert "one@pc" not in mail.as_string()
    assert f'<img src="cid:{name}" width="40" alt="screen.png">' in own(mail)
    assert mail.as_bytes() == sent(both).as_bytes()


def test_a_file_stays_a_file_beside_a_shown_picture() -> None:
    """multipart/mixed around it all."""
    file = 'Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="a.pdf"\r\n\r\nx'
    mail = sent(reply('<p>See <img src="cid:one@pc"> and the file</p>', picture("one@pc"), file))
    assert mail.get_content_type() == "multipart/mixed"
    kinds = [p.get_content_type() for p in mail.walk() if not p.is_multipart()]
    assert kinds == ["text/plain", "text/html", "image/png", "application/pdf"]


def test_the_logo_of_a_signature_is_not_shown() -> None:
    """It goes with the words beside it; so does a picture in what is quoted."""
    sign = "<table><tr><td><img src='cid:logo@pc'></td><td>Boris Smith<br>Acme Ltd</td></tr></table>"
    html = f"<div>It is <b>done</b>.<div>-- </div>{sign}</div>"
    html += '<blockquote type="cite"><img src="cid:logo@pc">x</blockquote>'
    assert own(sent(reply(html, picture("logo@pc")))) == "<div>It is <b>done</b>.</div>"


@pytest.mark.parametrize(
    ("evil", "gone"),
    [
        ('<img src="https://spy.example/p.gif?id=1" width=1 height=1>', "spy"),
        ("<script>alert(1)</script>", "alert"),
        ("<style>p { background: url(https://spy.example/) }</style>", "spy"),
        ('<p onclick="alert(1)" id="x" class="y">a</p>', "onclick|id=|class="),
        ('<a href="javascript:alert(1)">a</a>', "javascript"),
        ('<a href="data:text/html,x">a</a>', "data:"),
        ('<span style="background-image: url(https://spy.example/x)">a</span>', "spy"),
        ('<span style="position: absolute; left: -9px; font-size: 1px">a</span>', "style"),
        ('<span style="color: #ffffaa">a</span>', "color"),
        ('<form action="https://spy.example"><input name=a><button>a</button></form>', "spy|form|input|button"),
        ('<iframe src="https://spy.example"></iframe>', "spy"),
        ('<a href="mailto:boris@desk.example">boris@desk.example</a>', "mailto:"),
        ('<a href="mailto:anna@DESK.example?cc=x">anna@desk.example</a>', "mailto:"),
        (f'<a href="mailto:{TO_BORIS.replace("+", "%2B")}">a</a>', "mailto|support%2B"),
        (f'<a href="https://x.example/?u={TO_BORIS.replace("+", "%252B")}">a</a>', "support%"),
        ('<a href="mailto:ivan@customer.example?body=/close">a</a>', "body"),
        ("<!-- a comment -->", "comment"),
        ('<svg><a href="https://spy.example">a</a></svg>', "spy"),
    ],
)
def test_nothing_that_acts_or_fetches_or_gives_away_can_leave(evil: str, gone: str) -> None:
    """The words themselves stay."""
    html = own(sent(reply(f"<p>Close <b>the</b> lid.</p>{evil}")))
    assert "<b>the</b>" in html
    assert not re.search(gone, html), html


def test_what_nobody_sees_in_the_agents_mail_does_not_appear_in_the_customers() -> None:
    """Its hiding would have been washed away."""
    html = own(sent(reply('<p>Close <span style="display:none">he is a fool</span><b>the</b> lid.</p>')))
    assert "<b>the</b>" in html
    assert "fool" not in html


@pytest.mark.parametrize(
    ("html", "plain"),
    [
        ("<p>Close <b>the</b> door.</p>", "Close the lid."),
        ("<p>the</p><p><b>lid</b></p><p>lid</p>", "lid"),
        ("<p><b>Close</b> the lid. \u20ac 5</p>", "Close the lid. \u20ac 6"),
        ("<p><b>Close the lidless</b> door</p>", "Close the lid"),
        ("<p>" + "<b>a</b> " * 25_000 + "</p>", "a " * 25_000),
        ("<div>" * 50_000 + "Close the lid.", "Close the lid."),
        ("<div>" * 300 + "<b>Close</b> the lid." + "</div>" * 300, "Close the lid."),
        ("<p>" + "".join(f"<b id=a{i}>" for i in range(190)) + "<p>x" * 1500, "x " * 1500),
    ],
)
def test_html_that_is_not_proven_to_say_the_same_stays_at_home(html: str, plain: str) -> None:
    """The customer's HTML is then made of the plain text, as ever."""
    mail = sent(reply(html, plain=plain))
    assert "<b>" not in part(mail, "text/html")
    assert part(mail, "text/plain").startswith(plain.strip()[:5])


def test_words_that_run_from_right_to_left_still_do() -> None:
    """Hebrew and Arabic."""
    assert own(sent(reply('<div dir="rtl">שלום <b>איוון</b></div>'))) == '<div dir="rtl">שלום <b>איוון</b></div>'


def test_a_picture_among_words_that_do_not_leave_stays_with_them() -> None:
    """The logo of a signature that no client has marked."""
    html = "<div><b>Done</b></div><table><tr><td><img src='cid:logo@pc'></td><td>Boris Smith, Acme</td></tr></table>"
    assert own(sent(reply(html, picture("logo@pc"), plain="Done"))) == "<div><b>Done</b></div>"


@pytest.mark.parametrize("times", [0, 1, 2, 3])
def test_a_link_is_looked_at_however_often_it_is_encoded(times: int) -> None:
    """Links in links."""
    target = "https://x.example/?u=support+token@desk.example"
    for _ in range(times):
        target = target.replace("%", "%25").replace("+", "%2B")
    assert washed(f'<a href="{target}">a</a>', {"support+"}, marks=False) == "<a>a</a>"


def test_what_the_cleaner_would_add_or_lose_stops_the_html(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last look is at what really leaves."""
    kind = OwnHtml(html="<p>Close <b>the</b> lid.</p>", words="Close the lid.")
    assert formatted(kind, (), "s") is not None

    def careless(html: str, unlinked: Collection[str], *, marks: bool) -> str:
        return washed(html, unlinked, marks=marks) + ("" if marks else "<p>more</p>")

    monkeypatch.setattr("maild.outgoing.rich.washed", careless)
    assert formatted(kind, (), "s") is None


def test_a_plain_part_as_clients_write_it_proves_the_html() -> None:
    """Gmail marks bold, links, lists and pictures in it in ways of its own."""
    html = (
        '<div dir="ltr">Dear <b>Ivan</b>, see <a href="https://acme.example/lid">our page</a>:'
        '<ol><li>wait</li><li>open</li></ol><img src="cid:one@pc" alt="image.png"></div>'
    )
    plain = "Dear *Ivan*, see our page <https://acme.example/lid>:\n\n   1. wait\n   2. open\n\n[image: image.png]\n"
    html = own(sent(reply(html, picture("one@pc"), plain=plain)))
    assert "<b>Ivan</b>" in html
    assert "<li>open</li>" in html


def test_more_in_the_html_than_the_released_text_is_cut_away() -> None:
    """Up to the last word that was released, with its full stop."""
    html = own(sent(reply("<p>Close <b>the</b> lid. Secret.</p><p>More.</p>", plain="Close the lid.")))
    assert html == "<p>Close <b>the</b> lid.</p>"


def test_an_answer_below_the_quotation_is_found_there() -> None:
    """Bottom posting."""
    html = '<blockquote type="cite">My printer is on fire.</blockquote><p>Close <b>the</b> lid.</p>'
    assert own(sent(reply(html))) == "<p>Close <b>the</b> lid.</p>"


def test_words_paragraphs_stand_close_where_they_did_and_russian_stays_as_it_is() -> None:
    """Outlook says in a style sheet that they have no margin."""
    html = (
        '<style>p.MsoNormal {margin:0cm}</style><p class="MsoNormal">Добрый день!<o:p></o:p></p><p class="MsoNormal">'
    )
    html += '<span style="color:#1F497D;font-family:Calibri">Закройте <b>крышку</b>.</span></p>'
    assert own(sent(reply(html + quoted("outlook")))) == (
        '<p style="margin: 0">Добрый день!</p><p style="margin: 0"><span style="color: #1f497d">Закройте <b>крышку</b>.'
        "</span></p>"
    )


def test_coloured_words_stay_coloured_where_they_can_be_read_on_white() -> None:
    """Also as webmails write them; what an agent's dark screen made white is black for the customer."""
    red, white = '<font color="#ff0000">b</font>', '<span style="color: rgb(255, 255, 255)">c</span>'
    assert own(sent(reply(f"<p>{red} {white}</p>"))) == '<p><span style="color: #ff0000">b</span> <span>c</span></p>'
    html = own(sent(reply(f"<p><b>a</b> {red} <font>d</font></p>")))
    assert html == '<p><b>a</b> <span style="color: #ff0000">b</span> <span>d</span></p>'


def test_the_ground_of_a_table_stays_light_enough_for_black_words() -> None:
    """White words on it were made black."""
    row = '<tr bgcolor="{0}"><td bgcolor="{0}"><font color="#FFFFFF">Close <b>the</b> lid.</font></td></tr>'
    for colour, stays in (("#000080", False), ("Navy", False), ("#FFFFCC", True), ("yellow", True), ("fff", False)):
        html = own(sent(reply(f"<table>{row.format(colour)}</table>")))
        assert html.count(f'bgcolor="{colour}"') == (2 if stays else 0)


@pytest.mark.parametrize(
    ("html", "made"),
    [
        (
            "<div>Dear <b>Ivan</b>,</div><div>/canned&nbsp;lid</div><div>Bye</div>",
            "<div>Dear <b>Ivan</b>,</div><div>Close &lt;it&gt;<br><br>Wait</div><div>Bye</div>",
        ),
        ("Dear <b>Ivan</b>,<br>/canned lid<br>Bye", "Dear <b>Ivan</b>,<br>Close &lt;it&gt;<br><br>Wait<br>Bye"),
        ("<p>Dear <b>Ivan</b>,</p><p>/can<i>ned</i> lid</p><p>Bye</p>", None),
    ],
)
def test_canned_texts_among_the_words_stand_in_the_place_of_their_line(html: str, made: str | None) -> None:
    """As text, whatever is in it; where the line is no piece of its own, the plain text makes the HTML."""
    words, instead = "Dear Ivan,\n/canned lid\nBye", (("/canned lid", "Close <it>\n\nWait"),)
    answer = formatted(OwnHtml(html=html, words=words, instead=instead), (), "s")
    assert (answer.html if answer else None) == (f'<div style="margin: 0 0 0.9em;">{made}</div>' if made else None)


def test_a_picture_that_is_written_into_the_html_goes_along_as_a_part() -> None:
    """Some mail programs send pasted pictures so; one in what is quoted stays here, as does what is no picture."""
    data = f"data:image/png;base64,{base64.b64encode(b'PNG bytes').decode()}"
    bad = "data:image/svg+xml;base64,PHN2Zz4="
    quote = f'<blockquote type="cite">Old <img src="{data}"></blockquote>'
    html = f'<div>Look <img src="{data}"> and <img src="{bad}"> <img src="data:image/png;base64,%%%"> here</div>{quote}'
    answer = formatted(OwnHtml(html=html, words="Look and here"), (), "s")
    assert answer is not None
    [picture] = answer.pictures
    assert (picture.content, picture.content_type, picture.inline) == (b"PNG bytes", "image/png", True)
    assert answer.html.count("<img") == 1
    assert f'src="cid:{str(picture.content_id).strip("<>")}"' in answer.html


def test_the_links_of_a_canned_text_among_the_words_are_links() -> None:
    """As they are where it stands above them."""
    html, instead = (
        "<div>Dear <b>Ivan</b>,</div><div>/canned lid</div>",
        (("/canned lid", "See https://a.example/?b&c"),),
    )
    answer = formatted(OwnHtml(html=html, words="Dear Ivan,\n/canned lid", instead=instead), (), "s")
    assert answer is not None
    assert '<div>See <a href="https://a.example/?b&amp;c">https://a.example/?b&amp;c</a></div>' in answer.html


def test_canned_texts_stand_above_the_agents_own_html() -> None:
    """Each as it is."""
    html = "<div>/canned x</div><p><b>Bye</b></p>"
    made = formatted(OwnHtml(html=html, words="Bye", orders=("/canned x",), above="A & B"), (), "s")
    assert made is not None
    assert made.html.startswith("<p>A &amp; B</p>")
    assert "<b>Bye</b>" in made.html
    assert "canned" not in made.html
