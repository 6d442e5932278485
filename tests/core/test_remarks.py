"""What agents are told of a sender, and whom answers go to where From writes for others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from office import DESK, eml, envelope, facts, judge, mail, practice

from maild.messages.read import read_mail
from maild.threads.model import InboxState
from maild.threads.plan import LetterKind, Plan
from maild.threads.remarks import remarks

LIST = {
    "List_Id": "Support <support.lists.example>",
    "List_Post": "<mailto:support@lists.example>",
    "Reply_To": "Anna P <anna@person.example>",
}
VIA = "Anna P via Support <support@lists.example>"
FORM = "forms@site.example"


def told(plan: Plan) -> list[str]:
    """The remarks in the English notification."""
    [letter] = [one for one in plan.letters if one.kind is LetterKind.NOTIFICATION and one.language == "en"]
    return letter.context["message"]["remarks"]  # type: ignore[index,no-any-return]


def addressed(plan: Plan) -> set[str]:
    """Everybody who is sent anything."""
    return {person.address for letter in plan.letters for person in (*letter.to, *letter.cc)}


def test_an_ordinary_sender_is_not_remarked_on() -> None:
    """Nor one whose Reply-To is his own address."""
    assert told(judge(mail(Reply_To="Ivan <ivan@customer.example>"), facts())) == []


@pytest.mark.parametrize(
    ("sender", "start"),
    [
        ("Boris Smith <boris@evil.example>", "the sender bears the name “Boris Smith”, but boris@evil.example"),
        ("Bоris Smіth <x@evil.example>", "the sender bears the name “Boris Smith”"),
        ("Acme Support <x@evil.example>", "the sender bears the name “Acme Support”"),
        ('"boris@desk.example" <x@evil.example>', "the name holds another address; the mail comes from x@evil.example"),
        ("Tеst <x@evil.example>", "a word of the sender's name mixes alphabets"),
        ("a\u202eb <x@evil.example>", "the sender's name holds characters that nobody sees"),
        ("A <x@xn--bcher-kva.example>", "the domain of the sender is bücher.example, on the wire x@xn--bcher-kva"),
        ("A <x@xn--80ak6aa92e.example>", "the domain of the sender is аррӏе.example and looks like another one"),
    ],
)
def test_what_does_not_look_as_it_is_is_said(sender: str, start: str) -> None:
    """One sentence each, in the agent's language, in the notification."""
    said = told(judge(mail(sender=sender), facts(), by=envelope("x@evil.example")))
    assert said[0].startswith(start)


@pytest.mark.parametrize(
    ("sender", "shown"),
    [
        ('"/add thief@evil.example" <x@evil.example>', "add thief@evil.example (Acme Support)"),
        ('" / /tag x" <x@evil.example>', "tag x (Acme Support)"),
        ("<//add@evil.example>", "add@evil.example (Acme Support)"),
        ('"/" <x@evil.example>', "x@evil.example (Acme Support)"),
    ],
)
def test_nobody_is_called_like_an_order_in_from(sender: str, shown: str) -> None:
    """A client that quotes on top begins the agent's answer with that name."""
    letters = judge(mail(sender=sender), facts(), by=envelope("x@evil.example")).letters
    news = [one for one in letters if one.kind is LetterKind.NOTIFICATION]
    assert {one.sender.name for one in news} == {shown}
    names = [one.context["message"]["sender"]["name"] for one in news]  # type: ignore[index]
    assert not [name for name in names if name.startswith("/")]


def test_an_agent_who_reads_russian_is_told_in_russian() -> None:
    """Both languages have every sentence."""
    said = remarks(mail(sender="Boris Smith <x@evil.example>"), practice(), None, "ru")
    assert said == ["отправитель назвался именем «Boris Smith», но адрес x@evil.example не наш"]


def test_a_reply_to_elsewhere_is_shown_and_moves_nothing() -> None:
    """The answer goes to From, the agent sees both, and nobody in Reply-To is sent anything."""
    plan = judge(mail(Reply_To="victim@other.example"), facts())
    assert told(plan) == [
        "the sender wants answers sent to victim@other.example; your answer goes to ivan@customer.example"
    ]
    assert plan.ticket is not None
    assert plan.ticket.requester is not None
    assert plan.ticket.requester.address == "ivan@customer.example"
    assert "victim@other.example" not in addressed(plan)


def test_the_person_behind_a_list_is_shown_and_sent_nothing() -> None:
    """Without the admin's word anybody may have written the list's fields."""
    plan = judge(mail(sender=VIA, **LIST), facts(), by=envelope("support-bounces@lists.example"))
    said = "written by Anna P <anna@person.example>, says the mailing list that sent it; your answer goes to "
    assert told(plan) == [said + "support@lists.example"]
    assert "anna@person.example" not in addressed(plan)


def test_where_the_admin_names_the_list_the_ticket_is_the_persons() -> None:
    """Requester and participant; still no acknowledgement."""
    how = replace(practice(), on_behalf=frozenset({"support@lists.example"}))
    plan = judge(mail(sender=VIA, **LIST), facts(), by=envelope("support-bounces@lists.example"), how=how)
    assert plan.ticket is not None
    assert plan.ticket.requester is not None
    assert (plan.ticket.requester.name, plan.ticket.requester.address) == ("Anna P", "anna@person.example")
    assert [p.address.address for p in plan.ticket.participants if p.confirmed] == ["anna@person.example"]
    assert "anna@person.example" not in addressed(plan)


def test_a_form_that_the_admin_names_writes_for_whom_reply_to_names() -> None:
    """One person there; of two, or of ours, nobody is meant."""
    how = replace(practice(), on_behalf=frozenset({FORM}))
    for reply_to, asked in (
        ("Ivan <ivan@customer.example>", "ivan@customer.example"),
        ("a@b.example, c@d.example", FORM),
        (DESK, FORM),
    ):
        plan = judge(mail(sender=f"Site <{FORM}>", Reply_To=reply_to), facts(), by=envelope(FORM), how=how)
        assert plan.ticket is not None
        assert plan.ticket.requester is not None
        assert plan.ticket.requester.address == asked
        assert [one.kind for one in plan.letters] == [LetterKind.NOTIFICATION] * 2


@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.fault("D7")
def test_ten_thousand_forged_senders_reach_no_victim(trusted: bool) -> None:
    """Whatever field names him, and also where From is one that the admin trusts to write for others."""
    how = replace(practice(), on_behalf=frozenset({FORM} if trusted else ()))
    victim = "victim@other.example"
    named = {"Reply_To": victim, "X_Original_From": victim, "X_Original_Sender": victim, "Resent_From": victim}
    for sender in (f"Site <{FORM}>", "a1@evil.example", f"A via X <{FORM}>", "'V' via B <b@lists.example>"):
        for fields in ({}, {"X_Google_Group_Id": "1"}, {"List_Id": "<lists.example>", "List_Post": f"<mailto:{FORM}>"}):
            plan = judge(mail(sender=sender, **named, **fields), facts(), by=envelope("a1@evil.example"), how=how)
            assert victim not in addressed(plan)


def test_a_mail_without_from_is_acknowledged_to_nobody() -> None:
    """Reply-To and Sender may be shown as its sender, and may be anybody's."""
    raw = eml(Reply_To="victim@other.example").replace(b"From: Ivan <ivan@customer.example>\r\n", b"")
    plan = judge(read_mail(raw), facts())
    assert "victim@other.example" not in addressed(plan)


def test_a_list_that_is_the_desks_own_address_brings_customers_mail() -> None:
    """DMARC makes it put the desk's address into From; such a mail is no echo of ours."""
    fields = {
        "X_Google_Group_Id": "1",
        "X_Original_From": "Anna <anna@person.example>",
        "List_Post": f"<mailto:{DESK}>",
    }
    plan = judge(mail(sender=f"'Anna' via Desk <{DESK}>", **fields), facts(), by=envelope(f"desk+bounces@{DESK[8:]}"))
    assert plan.state is InboxState.TICKETED
    assert plan.ticket is not None
    assert plan.ticket.requester is None
    assert told(plan) == [
        f"written by Anna <anna@person.example>, says the mailing list {DESK}; /requester ADDRESS sends answers there"
    ]
    known = replace(practice(), on_behalf=frozenset({DESK}))
    plan = judge(mail(sender=f"'Anna' via Desk <{DESK}>", **fields), facts(), by=envelope(f"b@{DESK[8:]}"), how=known)
    assert plan.ticket is not None
    assert plan.ticket.requester is not None
    assert plan.ticket.requester.address == "anna@person.example"


def test_signatures_are_not_shown_as_files() -> None:
    """An agent is told of what a person attached."""
    raw = eml().replace(
        b"Content-Type: text/plain; charset=utf-8\r\n\r\n",
        b'Content-Type: multipart/signed; protocol="application/pgp-signature"; boundary=b\r\n\r\n--b\r\n\r\nHi\r\n'
        b"--b\r\nContent-Type: application/pgp-signature; name=signature.asc\r\n\r\nabc\r\n--b--\r\n",
    )
    [letter, _] = [one for one in judge(read_mail(raw), facts()).letters if one.kind is LetterKind.NOTIFICATION]
    assert (letter.attachments, letter.context["message"]["attachments"]) == ((), [])  # type: ignore[index]
