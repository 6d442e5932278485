"""What an agent did not see in his own mail, and what a link goes to, does not reach the customer."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from office import DESK, MINT, TEAM, envelope, facts, judge, message, practice, ticket

from maild.messages.read import read_mail
from maild.messages.tokens import Purpose
from maild.messages.unseen import unseen_in
from maild.outgoing.compose import write_letter
from maild.outgoing.letters import Letters
from maild.people.spoken import Spoken
from maild.people.team import Team
from maild.threads.plan import LetterKind, Plan
from maild.threads.release import agents_named, unlinked, without, words_to_send

LETTERS = Letters(None, ["ru", "en"])
TO_BORIS = MINT.address(Purpose.AGENT, 1001, "boris")
UNSEEN = {
    "white": '<p style="margin:0; color: #FFF">hidden words</p>',
    "nearly white": '<p style="color:rgb(250, 251, 252)">hidden words</p>',
    "font": "<font color=white><b>hidden</b> words</font>",
    "same colour": '<div style="background:#0a0b20 none"><i style="color:rgba(10,10,30,1)">hidden words</i></div>',
    "table": '<table bgcolor="#336699"><tr><td style="color:#336699">hidden words</td></tr></table>',
    "class": "<style>p.x, #y { COLOR: white !important }</style><p class='a x'>hidden words</p>",
    "id": "<style>.a{color:red} #y{display:none}</style><p id=y>hidden words</p>",
    "display": '<div style="display:none">hidden words</div>',
    "size": '<span style="font-size:0px">hidden words</span>',
}
SEEN = {
    "on dark": '<td style="background-color:black;color:white">shown words</td>',
    "dark around": '<body bgcolor=navy><p style="color:#fff">shown words</p></body>',
    "picture behind": '<div style="background-image:url(x.png);color:#fff">shown words</div>',
    "inside": '<div style="color:#fff"><span style="color:#333">shown words</span></div>',
    "black": '<p style="color:black; border-color:white; background-color:transparent">shown words</p>',
    "some screens": "<style>@media print { .x {display:none} .y {color:#fff} }</style><p class='x y'>shown words</p>",
    "gray": '<p style="color:#999999">shown words</p>',
    "link": '<font color="white"><a href="https://x.example">shown words</a></font>',
    "after": '<p style="color:#fff"></p><p>shown words</p>',
}


def of_boris(html: str, plain: str | None = None) -> Plan:
    """What becomes of an answer of Boris's."""
    head = (
        f"From: Boris <boris@desk.example>\r\nTo: {TO_BORIS}\r\nSubject: Re: Printer\r\nMessage-ID: <b@desk>\r\n"
        "Date: Mon, 23 Nov 2026 09:00:00 +0000\r\nMIME-Version: 1.0\r\n"
    )
    body = f"Content-Type: text/html; charset=utf-8\r\n\r\n<html>{html}</html>\r\n"
    if plain is not None:
        body = (
            'Content-Type: multipart/alternative; boundary="=_a"\r\n\r\n--=_a\r\nContent-Type: text/plain\r\n\r\n'
            f"{plain}\r\n--=_a\r\n{body}\r\n--=_a--\r\n"
        )
    mail = read_mail((head + body).encode(), is_own=MINT.is_own)
    by = envelope("boris@desk.example", TO_BORIS, login="boris")
    return judge(mail, facts(ticket(), messages=(message(),)), by=by)


def html_of(plan: Plan) -> str:
    """The HTML that goes to the customer."""
    (letter,) = [x for x in plan.letters if x.kind is LetterKind.ANSWER]
    return read_mail(write_letter(letter, LETTERS).raw).html or ""


def answers(plan: Plan) -> list[str]:
    """The texts that go to the customer."""
    return [str(x.context["text"]) for x in plan.letters if x.kind is LetterKind.ANSWER]


@pytest.mark.parametrize("how", UNSEEN)
def test_words_that_nobody_sees_are_found(how: str) -> None:
    """Whatever hides them; but not where they stand somewhere in the open, too, or are not among the words."""
    html = f"<p>Close the lid.</p>{UNSEEN[how]}"
    assert unseen_in(html, "Close the lid.\nhidden words").startswith("hidden")
    assert not unseen_in(html, "Close the lid.")
    assert not unseen_in(f"{html}<p>hidden words</p>", "Close the lid. hidden words")


@pytest.mark.parametrize("how", SEEN)
def test_words_that_can_be_seen_are_not_doubted(how: str) -> None:
    """White on something dark, among others."""
    assert not unseen_in(f"<p>Close the lid.</p>{SEEN[how]}", "Close the lid.\nshown words")


@pytest.mark.parametrize("plain", [None, "Close the lid.\r\nhidden words"])
@pytest.mark.parametrize("how", ["white", "same colour", "class"])
def test_an_answer_with_words_that_its_writer_did_not_see_is_not_sent(how: str, plain: str | None) -> None:
    """He is told which words they are, and gets his text back."""
    plan = of_boris(f"<p>Close the lid.</p>{UNSEEN[how]}", plain)
    assert answers(plan) == []
    (letter,) = plan.letters
    assert letter.to[0].address == "boris@desk.example"
    assert "“hidden words” is hidden" in str(letter.context)


def test_an_answer_that_was_written_on_a_dark_screen_is_sent() -> None:
    """Some mail clients make all words white there; a link or red words beside them say nothing about the screen."""
    html = '<p style="color:#fff">Close <a href="https://acme.example">the lid</a>.</p><font color=red>Now!</font>'
    assert answers(of_boris(html)) == ["Close the lid <https://acme.example>.\n\nNow!"]
    assert answers(of_boris(f"{html}<p style='color:#222'>Bye</p>")) == []


def test_hidden_elements_are_left_out_and_the_rest_is_sent() -> None:
    """They were no part of the text that was read; in what is quoted below nothing matters."""
    quoted = f'<blockquote type="cite">{UNSEEN["white"]}</blockquote>'
    plan = of_boris(f"<p>Close the lid.</p>{UNSEEN['display']}{UNSEEN['size']}{quoted}")
    assert answers(plan) == ["Close the lid."]


@pytest.mark.parametrize(
    "target",
    ["mailto:boris@desk.example", "mailto:Anna@Desk.example?subject=x", "https://x.example/?a=boris%40desk.example"],
)
def test_where_a_link_goes_tells_no_customer_an_agents_address(target: str) -> None:
    """The words of the link stay; other links keep their target."""
    plan = of_boris(f'<p>Ask <a href="{target}">me</a> or <a href="https://acme.example/lid">look</a>.</p>')
    assert answers(plan) == ["Ask me or look <https://acme.example/lid>."]


def test_an_agents_own_address_among_his_words_is_the_desks_for_the_customer() -> None:
    """As the words of a link, or typed; his client's plain text too. What else he wrote stays as it is."""
    address = "boris@desk.example"
    linked = of_boris(f'<p>Write to <a href="mailto:{address}">{address}</a>, or ivan@customer.example.</p>')
    assert answers(linked) == [f"Write to {DESK}, or ivan@customer.example."]
    both = of_boris("<p>Mail me: Boris+x@desk.example.</p>", "Mail me: Boris+x@desk.example.")
    assert answers(both) == [f"Mail me: {DESK}."]
    formatted = of_boris(f"<p><b>Write</b> to <a href='mailto:{address}'>{address}</a> today.</p>")
    assert f"<p><b>Write</b> to <a>{DESK}</a> today.</p>" in " ".join(html_of(formatted).split())
    for letter in (*linked.letters, *both.letters, *formatted.letters):
        assert letter.kind is not LetterKind.ANSWER or address not in write_letter(letter, LETTERS).raw.decode().lower()


def test_an_address_that_a_signature_in_the_files_tells_may_be_written() -> None:
    """So says the admin; and a customer who is an agent himself knows his own."""
    text = Spoken(by_language=(("", "Boris, boris@desk.example"),))
    agents = tuple(replace(one, signature=text) if one.id == "boris" else one for one in TEAM.agents)
    public = practice(team=Team(agents=agents, queues=TEAM.queues))
    words = "Ask boris@desk.example, anna@desk.example. Or notanna@desk.example"
    assert agents_named(words, public, ()) == ("anna@desk.example",)
    assert agents_named(words, public, {"anna@desk.example"}) == ()
    assert without(words, ["anna@desk.example"], DESK) == f"Ask boris@desk.example, {DESK}. Or notanna@desk.example"


@pytest.mark.parametrize("written", ["me <mailto:boris@desk.example>", "me [mailto:boris@desk.example]"])
def test_targets_that_a_mail_client_writes_into_plain_text_are_known(written: str) -> None:
    """With the two kinds of brackets that there are."""
    words = words_to_send(f"Ask {written}, a < b", "SUP-1001", set(), set(), MINT, (), unlinked(practice()))
    assert words == "Ask me, a < b"


@pytest.mark.parametrize(
    "unit", ['<p style="color:#fff">a', "<style>", "<style>.a{color:#fff}", "<p class='a b'>x</p>"]
)
def test_looking_at_much_html_costs_little(unit: str) -> None:
    """A customer's mail may be quoted in it."""
    html, start = unit * (400_000 // len(unit)), time.process_time()
    unseen_in(f"{html} color", "some words of mine")
    assert time.process_time() - start < 2
