"""The last rung: Outlook's Thread-Index, and a reply's subject. And what our own letters bear for Outlook."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from office import MINT, NOW, envelope, facts, judge, mail, ticket

from maild.messages.mail import Address
from maild.messages.subject import base_subject, is_reply, topic
from maild.messages.thread_index import conversation, read_thread_index, reply_index
from maild.messages.tokens import Purpose
from maild.outgoing.compose import write_letter
from maild.outgoing.letters import Letters
from maild.threads.facts import KnownId, id_hash, index_name
from maild.threads.model import Participant, Status, Ticket
from maild.threads.plan import LetterKind, Plan

LETTERS = Letters(None, ("ru", "en"))
OUTLOOK = conversation(NOW - timedelta(days=1), bytes(range(16)))
KNOWN = (KnownId(id_hash=id_hash(index_name(OUTLOOK)), ticket=1001, stored=False),)
STRANGER = "Eve <eve@stranger.example>"


def index_field(base: bytes = OUTLOOK, *, reply: bool = True) -> str:
    """The field as Outlook writes it."""
    return base64.b64encode(reply_index(base, NOW, 7) if reply else base).decode()


def tried(plan: Plan, rung: str) -> list[str]:
    """Why a rung did not count."""
    thread = plan.explanation["thread"]
    return [t["rejected"] for t in thread["tried"] if t["rung"] == rung]  # type: ignore[index]


# -- the field ---------------------------------------------------------------------------------------------------------


def test_a_thread_index_of_outlook_is_read() -> None:
    """The example has the form of every mail that Outlook sends: 01, five bytes of time, sixteen of its own."""
    first = "AdUZ3p8hHhHWcHbUTtOW1eyOH1lmxA=="
    base, is_a_reply = read_thread_index(first) or (b"", True)
    assert (len(base), is_a_reply) == (22, False)
    folded = first.rstrip("=")[:20] + "\r\n " + first[20:]
    assert read_thread_index(folded) == (base, False)
    longer = base64.b64encode(reply_index(base, NOW, 1)).decode()
    assert read_thread_index(longer) == (base, True)


@pytest.mark.parametrize(
    "value", ["", None, "none", "AdUZ", "!!!!", "Ä" * 40, "A" * 5000, base64.b64encode(b"\2" * 22).decode(),
              base64.b64encode(b"\1" * 24).decode()]
)  # fmt: skip
def test_what_is_no_thread_index_says_nothing(value: str | None) -> None:
    """Other programs write other things there."""
    assert read_thread_index(value) is None


def test_the_time_in_it_is_outlooks() -> None:
    """The first bytes are a FILETIME's upper ones (MS-OXOMSG 2.2.1.3): 2026-11-23 09:00 UTC."""
    filetime = int((NOW - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10_000_000
    assert conversation(NOW, b"x" * 16)[:6] == filetime.to_bytes(8, "big")[:6]


@given(st.timedeltas(timedelta(0), timedelta(days=9000)), st.timedeltas(timedelta(0), timedelta(days=4000)))
def test_the_time_since_comes_out_of_a_reply_again(later: timedelta, passed: timedelta) -> None:
    """As the specification computes it: 26 ms steps for 1.7 years, then 0.8 s steps."""
    start = NOW + later
    raw = reply_index(conversation(start, b"x"), start + passed, 255)
    delta = int.from_bytes(raw[22:26], "big")
    bits = 23 if delta >> 31 else 18
    step = timedelta(microseconds=(1 << bits) / 10)
    told = ((delta & 0x7FFFFFFF) << bits) / 10
    assert abs(timedelta(microseconds=told) - passed) <= step + timedelta(milliseconds=7)
    assert (delta >> 31 == 1) == (passed > timedelta(days=651, hours=14)) or abs(passed.days - 651) < 2


# -- by the index ------------------------------------------------------------------------------------------------------


def test_outlooks_reply_is_found_by_its_index_alone() -> None:
    """No id, no tag, another subject."""
    plan = judge(mail(message_id="<9@c>", Thread_Index=index_field()), facts(ticket(), known=KNOWN))
    assert (plan.belongs_to, plan.is_new) == (1001, False)
    assert plan.explanation["thread"]["rung"] == "thread index"  # type: ignore[index]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"sender": STRANGER, "Thread_Index": index_field()}, "the sender is in no such ticket"),
        ({"Thread_Index": index_field(reply=False)}, "nothing found"),
        ({"Thread_Index": index_field(b"\1" + b"z" * 21)}, "nothing found"),
    ],
)
def test_a_strangers_index_a_new_mails_and_an_unknown_one_open_a_ticket(fields: dict[str, str], why: str) -> None:
    """All mails that are made of one template of Outlook's have one index."""
    plan = judge(mail(message_id="<9@c>", **fields), facts(ticket(), known=KNOWN))
    assert plan.is_new
    assert tried(plan, "thread index") == [why]


def test_of_two_tickets_with_one_index_the_newest_of_the_senders_counts() -> None:
    """A template again: another customer's ticket has it, too."""
    hashed = KNOWN[0].id_hash
    known = tuple(KnownId(id_hash=hashed, ticket=n, stored=False) for n in (1001, 1002, 1003))
    others = ticket(1003, requester="eve@stranger.example")
    plan = judge(
        mail(message_id="<9@c>", Thread_Index=index_field()), facts(ticket(), ticket(1002), others, known=known)
    )
    assert plan.belongs_to == 1002


def test_both_names_of_a_conversation_are_remembered() -> None:
    """Ours, by which Outlook calls its replies to us, and the customer's own."""
    plan = judge(mail(message_id="<9@c>", Thread_Index=index_field(reply=False)), facts())
    assert plan.ticket is not None
    ours = MINT.conversation(Purpose.PUBLIC_ID, plan.ticket.id, plan.ticket.created_at)
    names = {r.message_id for r in plan.remember if not r.stored}
    assert {index_name(OUTLOOK), index_name(ours)} <= names


# -- by the subject ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("subject", ["Re: Printer", "RE: printer", "Отв: Printer", "AW: Printer", "Re[2]: PRINTER"])
def test_a_reply_to_the_one_open_ticket_of_that_subject_is_found(subject: str) -> None:
    """Whatever the client calls a reply."""
    plan = judge(mail(message_id="<9@c>", subject=subject), facts(ticket(), same_subject=(1001,)))
    assert (plan.belongs_to, plan.is_new) == (1001, False)
    assert plan.explanation["thread"]["rung"] == "same subject"  # type: ignore[index]


@pytest.mark.parametrize(
    ("fields", "tickets", "why"),
    [
        ({"subject": "Printer"}, (ticket(),), "nothing found"),
        ({"subject": "Fwd: Printer"}, (ticket(),), "nothing found"),
        ({"subject": "Re:"}, (ticket(base_subject=""),), "nothing found"),
        ({"subject": "Re: Printer", "Precedence": "bulk"}, (ticket(),), "nothing found"),
        ({"subject": "Re: Printer", "sender": STRANGER}, (ticket(),), "the sender has no open ticket of this subject"),
        ({"subject": "Re: Scanner"}, (ticket(),), "the sender has no open ticket of this subject"),
        (
            {"subject": "Re: Printer"},
            (ticket(), ticket(1002)),
            "the sender has several open tickets of this subject",
        ),
    ],
)
def test_what_is_no_reply_or_could_mean_another_ticket_opens_one(
    fields: dict[str, str], tickets: tuple[Ticket, ...], why: str
) -> None:
    """Never into a stranger's ticket, and in doubt into none."""
    known = facts(*tickets, same_subject=tuple(t.id for t in tickets))
    plan = judge(mail(message_id="<9@c>", **fields), known)
    assert plan.is_new
    assert tried(plan, "same subject") == [why]


def test_a_participant_is_not_the_requester() -> None:
    """That he stands in copy of one "Invoice" says nothing about his own."""
    eve = Participant(address=Address(address="eve@stranger.example"), confirmed=True)
    one = replace(ticket(), participants=(*ticket().participants, eve))
    assert judge(
        mail(message_id="<9@c>", sender=STRANGER, subject="Re: Printer"), facts(one, same_subject=(1001,))
    ).is_new


def test_an_agents_reply_is_never_found_by_its_subject() -> None:
    """His letters have an address of their own."""
    mine = ticket(requester="anna@desk.example")
    a_mail = mail(message_id="<9@c>", sender="anna@desk.example", subject="Re: Printer")
    plan = judge(a_mail, facts(mine, same_subject=(1001,)), by=envelope("anna@desk.example"))
    assert tried(plan, "same subject") == ["nothing found"]


@pytest.mark.parametrize(
    ("subject", "reply", "about"),
    [
        ("Re: Fwd: Счёт", True, "Счёт"),
        ("Fwd: Re: Счёт", False, "Счёт"),
        ("[SUP-1001] Re: Printer", True, "Printer"),
        ("HA: Printer [SUP-1001]", True, "Printer"),
        ("回复：打印机", True, "打印机"),
        ("WG: Drucker", False, "Drucker"),
        ("Re[12]: x", True, "x"),
        ("Reply: x", False, "Reply: x"),
        ("", False, ""),
    ],
)
def test_replies_are_told_from_forwards(subject: str, reply: bool, about: str) -> None:
    """By the mark that stands first; the topic keeps its own letters."""
    assert is_reply(subject) is reply
    assert topic(subject) == about
    assert base_subject(topic(subject)) == base_subject(subject)


# -- in our letters ----------------------------------------------------------------------------------------------------


def fields_of(plan: Plan, kind: LetterKind) -> dict[str, str]:
    """The header of the first letter of a kind."""
    letter = next(x for x in plan.letters if x.kind is kind)
    head = write_letter(letter, LETTERS).raw.partition(b"\r\n\r\n")[0].decode()
    return dict(line.split(": ", 1) for line in head.replace("\r\n ", " ").split("\r\n"))


def test_all_letters_about_a_ticket_have_one_conversation_and_agents_another() -> None:
    """Outlook groups by the first 22 bytes and by the topic."""
    came = mail(subject="Re: Printer", Authentication_Results="x")
    first = judge(came, facts())
    later = judge(mail(message_id="<2@c>", subject="Re: [SUP-1042] Printer"), facts(first.ticket))  # type: ignore[arg-type]
    told, again = fields_of(first, LetterKind.NOTIFICATION), fields_of(later, LetterKind.NOTIFICATION)
    thanks = fields_of(first, LetterKind.ACKNOWLEDGEMENT)
    bases = [read_thread_index(f["Thread-Index"]) for f in (told, again, thanks)]
    assert bases[0] == bases[1]
    assert bases[0] != bases[2]
    assert bases[0] is not None
    assert bases[0][1]
    assert told["Thread-Topic"] == again["Thread-Topic"] == "[SUP-1042] Re: Printer"


def test_the_topic_of_an_unproven_senders_acknowledgement_is_not_told() -> None:
    """It would be his words, and go to whoever he says he is."""
    assert "Thread-Topic" not in fields_of(judge(mail(subject="Buy now"), facts()), LetterKind.ACKNOWLEDGEMENT)


def test_a_solved_ticket_takes_a_reply_by_its_subject() -> None:
    """The store gives it as long as it is fresh, and the window is looked at as for any reply."""
    solved = ticket(status=Status.SOLVED, solved_at=NOW - timedelta(days=2))
    plan = judge(mail(message_id="<9@c>", subject="Re: Printer"), facts(solved, same_subject=(1001,)))
    assert plan.ticket is not None
    assert (plan.ticket.id, plan.ticket.status) == (1001, Status.OPEN)
