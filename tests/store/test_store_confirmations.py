"""A mail that is not proven to be an agent's, and the one reply that makes it good."""

from __future__ import annotations

from datetime import timedelta

import pytest
from office import ANNA, MINT, NOW
from store.pieces import arrival, desk, handle_all, states

from maild.messages.read import read_mail
from maild.messages.tokens import Purpose
from maild.store.keep import Keep
from maild.threads.model import Status
from maild.threads.plan import LetterKind

ANNA_FROM = "Anna <anna@desk.example>"
TO_ANNA = MINT.address(Purpose.AGENT, 1001, ANNA.id)


@pytest.fixture
def asked(keep: Keep) -> Keep:
    """A ticket of Ivan's, and an answer with Anna's address in From that nobody speaks for."""
    keep.inbox.add([arrival()])
    handle_all(desk(keep))
    come(keep, "/close\n\nClose the lid.", to=TO_ANNA, message_id="<a@desk.example>")
    return keep


def come(keep: Keep, text: str, *, to: str, after: timedelta = timedelta(minutes=1), **fields: str) -> None:
    """A mail that says it is Anna's is handled."""
    at = NOW + after
    keep.inbox.add([arrival(text, sender=ANNA_FROM, to=to, at=at, date=at, **fields)])
    handle_all(desk(keep, at))


def question(keep: Keep) -> tuple[str, str]:
    """Whom the letter that asks went to, and the address that its reply goes to."""
    (row,) = [r for r in keep.outbox.listing() if r["kind"] == LetterKind.CONFIRMATION]
    letter = read_mail(keep.outbox.raw(row["id"]))
    assert "Close the lid." in letter.text
    return row["recipients"][0]["address"], letter.reply_to[0].address


def answers(keep: Keep) -> list[str]:
    """The first line of every answer that goes to Ivan."""
    rows = [r for r in keep.outbox.listing() if r["kind"] == LetterKind.ANSWER]
    return [read_mail(keep.outbox.raw(r["id"])).reply.strip().split("\n")[0] for r in rows]


def test_nothing_is_done_before_the_agent_has_said_so(asked: Keep) -> None:
    """He is asked at his own address; the mail is kept inside, and flagged."""
    assert question(asked)[0] == ANNA.address
    assert answers(asked) == []
    whole = asked.views.ticket("1001", "SUP")
    assert whole.ticket.status is Status.NEW
    assert whole.messages[-1][1].unverified


def test_one_reply_carries_it_out_as_it_stood(asked: Keep) -> None:
    """Orders and answer; once, and it stands in the history as what it is."""
    come(asked, "Yes, that was me", to=question(asked)[1], message_id="<y@desk.example>")
    assert answers(asked) == ["Close the lid."]
    whole = asked.views.ticket("1001", "SUP")
    assert whole.ticket.status is Status.CLOSED
    assert not any(m.unverified for _, m in whole.messages)
    assert [state for state, _ in states(asked)] == ["ticketed"] * 3
    assert ("confirmed", "anna") in {(e["kind"], e["actor"]) for e in whole.events}


def test_a_second_reply_does_nothing_more(asked: Keep) -> None:
    """The answer has left already."""
    to = question(asked)[1]
    for number in (1, 2):
        come(asked, "Yes", to=to, message_id=f"<y{number}@desk.example>")
    assert answers(asked) == ["Close the lid."]


def news(keep: Keep) -> list[tuple[str, str]]:
    """Who is told of a mail, and the first words of the letter."""
    rows = [r for r in keep.outbox.listing() if r["kind"] == LetterKind.NOTIFICATION]
    return [(r["recipients"][0]["address"], read_mail(keep.outbox.raw(r["id"])).text) for r in rows]


def test_a_reply_that_is_no_yes_is_told_to_its_writer_alone(asked: Keep) -> None:
    """Colleagues have been told of the mail in question; who says no is told nothing."""
    before, to = len(news(asked)), question(asked)[1]
    come(asked, "Нет, не я", to=to, message_id="<n@desk.example>")
    assert len(news(asked)) == before
    come(asked, "This was me", to=to, message_id="<m@desk.example>")
    [(address, text)] = news(asked)[before:]
    assert address == ANNA.address
    assert "отвечают словом «да»" in text


def test_a_machines_reply_confirms_nothing(asked: Keep) -> None:
    """An absence note answers whatever comes, and knows of nothing."""
    come(asked, "I am away", to=question(asked)[1], message_id="<o@desk.example>", Auto_Submitted="auto-replied")
    assert answers(asked) == []


def test_a_robot_that_does_not_say_that_it_is_one_confirms_nothing(asked: Keep) -> None:
    """It answers whatever comes, and would confirm its own words; only a yes counts."""
    come(asked, "I am on holiday until Monday.", to=question(asked)[1], message_id="<o@desk.example>")
    assert answers(asked) == []
    come(asked, "Да, это я.", to=question(asked)[1], message_id="<y@desk.example>")
    assert answers(asked) == ["Close the lid."]


def test_a_reply_after_a_week_confirms_nothing(asked: Keep) -> None:
    """Nobody knows any more what he says yes to."""
    come(asked, "Yes", to=question(asked)[1], message_id="<l@desk.example>", after=timedelta(days=8))
    assert answers(asked) == []


def test_anybody_elses_reply_confirms_nothing(asked: Keep) -> None:
    """Even at the right address."""
    to = question(asked)[1]
    asked.inbox.add([arrival("Yes", to=to, message_id="<i@customer.example>", at=NOW + timedelta(minutes=2))])
    handle_all(desk(asked, NOW + timedelta(minutes=2)))
    assert answers(asked) == []


def test_a_guessed_address_confirms_nothing(asked: Keep) -> None:
    """Neither the agent's own one, which the forger may know, nor one for another mail."""
    for holder, purpose in (("anna", Purpose.CONFIRM), ("anna#1", Purpose.CONFIRM), ("boris#2", Purpose.CONFIRM)):
        come(asked, "Yes", to=MINT.address(purpose, 1001, holder), message_id=f"<{holder}@desk.example>")
    come(asked, "Yes", to=TO_ANNA, message_id="<again@desk.example>")
    assert answers(asked) == []
