"""What two people do at the same instant, each by a desk of its own, on both databases: never both, never neither."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from office import ANNA, BORIS, MINT, NOW, eml, practice
from store.pieces import APPLY, GATHER, OFFICE, arrival, at_once, halted, handle_all, raw_arrival, waits

from maild.clock import FixedClock
from maild.desk.handle import Desk
from maild.messages.envelope import Arrival
from maild.messages.read import read_mail
from maild.messages.tokens import Purpose
from maild.outgoing.sender import Sender
from maild.people.team import Agent
from maild.store.keep import Keep
from maild.store.views import Wanted
from maild.threads.model import Status
from maild.threads.plan import LetterKind, Outcome, OutgoingMail

Open = Callable[[str], Keep]
OFFICE_THAT_WAITS = replace(OFFICE, practice=replace(practice(), undo_delay=timedelta(minutes=1)))
MINUTE = timedelta(minutes=1)
OLGA = "Olga <olga@other.example>"
both_moments = pytest.mark.parametrize("stop_at", [GATHER, APPLY], ids=["read", "decided"])


@dataclass
class Hall:
    """Two desks on one database. Ivan's ticket is 1001, Olga's 1002; everybody has been told."""

    one: Keep
    other: Keep
    at: datetime = NOW + MINUTE
    mails: int = 0
    taken: list[str] = field(default_factory=list)

    def handle(self, keep: Keep | None = None) -> None:
        """Handle what waits, by one of the desks."""
        handle_all(Desk(keep or self.one, lambda: OFFICE_THAT_WAITS, FixedClock(self.at)))

    def from_agent(
        self, agent: Agent, text: str, *, number: int = 1001, answers: str | None = None, to: str = ""
    ) -> Arrival:
        """A proven mail of an agent's on a ticket; `answers`: the letter of ours that it replies to."""
        self.mails += 1
        to = to or MINT.address(Purpose.AGENT, number, agent.id)
        named = {"In_Reply_To": answers} if answers else {}
        raw = eml(
            text,
            sender=f"{agent.id} <{agent.address}>",
            to=to,
            date=self.at,
            message_id=f"<{self.mails}@desk>",
            **named,
        )
        return raw_arrival(raw, at=self.at, sender=agent.address, recipients=(to,), login=agent.id)

    def from_customer(self, text: str, number: int, refers: str) -> Arrival:
        """A reply of Ivan's."""
        return arrival(text, message_id=f"<{number}@customer.example>", In_Reply_To=refers, at=self.at)

    def side_by_side(self, first: Arrival, second: Arrival, stop_at: str) -> None:
        """One desk stands still over the first mail while the second comes and is taken by the other desk."""
        self.one.inbox.add([first])
        with halted(self.one, stop_at, OFFICE_THAT_WAITS, self.at) as gate:
            beside = threading.Thread(target=self._accept_and_handle, args=(second,), daemon=True)
            beside.start()
            waits(self.one, beside)
            gate.open.set()
            beside.join(20)
            assert not beside.is_alive()
        self.handle()
        assert {row["state"] for row in self.one.inbox.listing()} == {"ticketed"}
        assert {row["attempts"] for row in self.one.inbox.listing()} == {1}

    def _accept_and_handle(self, came: Arrival) -> None:
        self.other.inbox.add([came])
        self.handle(self.other)

    def letter_to(self, agent: Agent, number: int = 1001, kind: LetterKind = LetterKind.NOTIFICATION) -> str:
        """The Message-ID of the newest letter of a kind to an agent about a ticket."""
        rows = [
            row
            for row in self.one.outbox.listing()
            if (row["kind"], row["ticket"]) == (kind, f"SUP-{number}")
            and row["recipients"][0]["address"] == agent.address
        ]
        return str(rows[-1]["message_id"])

    def answers(self) -> list[tuple[str, str, str]]:
        """Every answer to a customer: its first line, whom it goes to, and where it stands."""
        rows = [row for row in self.one.outbox.listing() if row["kind"] == LetterKind.ANSWER]
        texts = [read_mail(self.one.outbox.raw(row["id"])).reply.split("\n")[0] for row in rows]
        to = [row["recipients"][0]["address"] for row in rows]
        return sorted(zip(texts, to, (str(row["state"]) for row in rows), strict=True))

    def texts(self, number: int) -> list[str]:
        """What came in and is part of a ticket, notes and orders left aside."""
        whole = self.one.views.ticket(str(number), "SUP")
        return [m.reply for _, m in whole.messages if m.direction == "in" and m.visibility == "public"]

    def status(self, number: int = 1001) -> Status:
        """Where a ticket stands."""
        return self.one.views.ticket(str(number), "SUP").ticket.status

    def told(self, agent: Agent) -> str:
        """The newest letter to an agent."""
        rows = [r for r in self.one.outbox.listing() if r["recipients"][0]["address"] == agent.address]
        return read_mail(self.one.outbox.raw(rows[-1]["id"])).text

    def send(self, mail: OutgoingMail, before_data: Callable[[], None]) -> Outcome:
        """Be the relay: take every letter, and remember it."""
        before_data()
        self.taken.append(read_mail(mail.raw).reply.split("\n")[0])
        return Outcome(accepted=mail.recipients)

    def check(self) -> None:
        """The relay is there."""

    def close(self) -> None:
        """Nothing to let go of."""

    def send_due(self, keep: Keep, at: datetime) -> int:
        """Send what is due."""
        return Sender(keep.outbox, [self], FixedClock(at)).send_due(at)


@pytest.fixture
def hall(url: str, another: Open) -> Hall:
    """Both desks; what was written so far has left."""
    made = Hall(one=another(url), other=another(url))
    made.one.inbox.add([arrival(), arrival("The lift.", sender=OLGA, message_id="<2@other.example>")])
    handle_all(Desk(made.one, lambda: OFFICE_THAT_WAITS, FixedClock(NOW)))
    made.send_due(made.one, NOW)
    made.taken.clear()
    return made


@both_moments
def test_of_two_answers_at_one_instant_one_is_sent_and_one_waits(hall: Hall, stop_at: str) -> None:
    """Both agents read both; the one that waits is sent when its writer says so, once."""
    first = hall.from_agent(ANNA, "Close the lid.", answers=hall.letter_to(ANNA))
    second = hall.from_agent(BORIS, "Pull the plug.", answers=hall.letter_to(BORIS))
    hall.side_by_side(first, second, stop_at)
    assert [to for _, to, _ in hall.answers()] == ["ivan@customer.example"] * 2
    assert sorted(state for _, _, state in hall.answers()) == ["held", "waiting"]
    held = next(ANNA if text == "Close the lid." else BORIS for text, _, state in hall.answers() if state == "held")
    kinds = [row["kind"] for row in hall.one.outbox.listing()]
    assert kinds.count(LetterKind.COLLISION) == 2
    seen = hall.letter_to(held, kind=LetterKind.COLLISION)
    hall.at += MINUTE
    twice = [hall.from_agent(held, "/send", answers=seen) for _ in range(2)]
    hall.side_by_side(*twice, stop_at)
    assert any(words in hall.told(held) for words in ("no answer of yours waits", "нет вашего ответа"))
    hall.send_due(hall.one, hall.at + MINUTE)
    assert [hall.taken.count(text) for text in ("Close the lid.", "Pull the plug.")] == [1, 1]


def test_an_answer_that_came_first_and_was_handled_last_is_not_unseen(hall: Hall) -> None:
    """The letter that Boris answers was written before Anna's mail was handled, though hers had come before it."""
    mine = hall.from_agent(ANNA, "Close the lid.", answers=hall.letter_to(ANNA))
    hall.at += MINUTE
    hall.one.inbox.add([hall.from_customer("It smokes.", 5, "<1@customer.example>")])
    hall.handle()
    seen = hall.letter_to(BORIS)
    hall.one.inbox.add([mine])
    hall.handle()
    hall.at += MINUTE
    hall.one.inbox.add([hall.from_agent(BORIS, "Pull the plug.", answers=seen)])
    hall.handle()
    assert [(text, state) for text, _, state in hall.answers()] == [
        ("Close the lid.", "waiting"),
        ("Pull the plug.", "held"),
    ]


def test_an_undo_and_the_sender_at_one_instant(hall: Hall) -> None:
    """The answer has left and the agent is told so, or it never leaves: twelve times over."""
    for number in range(12):
        text = f"Answer {number}."
        hall.one.inbox.add([hall.from_agent(ANNA, text)])
        hall.handle()
        hall.at += MINUTE
        hall.one.inbox.add([hall.from_agent(ANNA, "/undo")])
        at_once(lambda: hall.handle(hall.one), lambda: hall.send_due(hall.other, hall.at))
        hall.send_due(hall.other, hall.at + MINUTE)
        [state] = [state for found, _, state in hall.answers() if found == text]
        assert (state, hall.taken.count(text)) in (("sent", 1), ("recalled", 0))
        left = any(t == text for t in hall.taken)
        rows = [r for r in hall.one.outbox.listing() if r["kind"] == LetterKind.TRANSCRIPT]
        assert ("уже ушёл" in read_mail(hall.one.outbox.raw(rows[-1]["id"])).text) is left
        shown = [m.visibility for _, m in hall.one.views.ticket("1001", "SUP").messages if m.reply == text]
        assert shown == ["public" if left else "internal"]


@both_moments
def test_an_undo_that_is_decided_keeps_the_sender_off(hall: Hall, stop_at: str) -> None:
    """From the moment at which the desk has found that the answer can be taken back nobody begins to send it."""
    hall.one.inbox.add([hall.from_agent(ANNA, "Close the lid.")])
    hall.handle()
    hall.at += MINUTE
    hall.one.inbox.add([hall.from_agent(ANNA, "/undo")])
    with halted(hall.one, stop_at, OFFICE_THAT_WAITS, hall.at) as gate:
        sending = threading.Thread(target=hall.send_due, args=(hall.other, hall.at), daemon=True)
        sending.start()
        waits(hall.one, sending)
        gate.open.set()
        sending.join(20)
        assert not sending.is_alive()
    hall.send_due(hall.other, hall.at + MINUTE)
    [(_, _, state)] = hall.answers()
    assert (state, hall.taken.count("Close the lid.")) in (("sent", 1), ("recalled", 0))
    if stop_at == APPLY:
        assert state == "recalled"


@both_moments
@pytest.mark.parametrize("merge_first", [True, False], ids=["merge first", "reply first"])
def test_a_reply_to_a_ticket_that_is_just_being_merged(hall: Hall, stop_at: str, *, merge_first: bool) -> None:
    """It stands once, in the ticket that goes on; nothing is left behind."""
    merge = hall.from_agent(ANNA, "/merge SUP-1002")
    again = hall.from_customer("It smokes.", 5, "<1@customer.example>")
    hall.side_by_side(*((merge, again) if merge_first else (again, merge)), stop_at)
    assert hall.status(1001) is Status.MERGED
    assert hall.texts(1001) == []
    assert sorted(hall.texts(1002)) == ["It smokes.", "My printer is on fire.", "The lift."]
    more = hall.from_customer("And now it is out.", 6, "<5@customer.example>")
    hall.one.inbox.add([more])
    hall.handle()
    assert hall.one.inbox.listing()[-1]["ticket"] == "SUP-1002"


@both_moments
def test_a_reply_to_a_mail_that_is_just_being_split_off(hall: Hall, stop_at: str) -> None:
    """It goes where the mail went that it answers; or it came first, and is the one that is split off."""
    hall.one.inbox.add([hall.from_customer("The door, too.", 5, "<1@customer.example>")])
    hall.handle()
    hall.at += MINUTE
    split = hall.from_agent(ANNA, "/split")
    again = hall.from_customer("The door still.", 6, "<5@customer.example>")
    hall.side_by_side(split, again, stop_at)
    assert (hall.texts(1001), hall.texts(1003)) in (
        (["My printer is on fire."], ["The door, too.", "The door still."]),
        (["My printer is on fire.", "The door, too."], ["The door still."]),
    )


@both_moments
def test_two_merges_that_cross(hall: Hall, stop_at: str) -> None:
    """A into B and B into A: one is done, the other refused, and no mail is lost."""
    hall.side_by_side(
        hall.from_agent(ANNA, "/merge SUP-1002"), hall.from_agent(BORIS, "/merge SUP-1001", number=1002), stop_at
    )
    assert sorted([hall.status(1001), hall.status(1002)]) == ["merged", "open"]
    alive = 1001 if hall.status(1002) is Status.MERGED else 1002
    assert sorted(hall.texts(alive)) == ["My printer is on fire.", "The lift."]
    assert hall.texts(2003 - alive) == []


@both_moments
def test_the_same_button_twice_at_one_instant(hall: Hall, stop_at: str) -> None:
    """Its order is carried out once; the second mail does nothing and says so."""
    button = MINT.verb_address("close", 1001, ANNA.id, NOW.date())
    assert button is not None
    hall.side_by_side(hall.from_agent(ANNA, "", to=button), hall.from_agent(ANNA, "", to=button), stop_at)
    assert hall.status() is Status.CLOSED
    changes = [e for e in hall.one.views.ticket("1001", "SUP").events if e.kind == "status"]
    assert len(changes) == 1
    assert len([row for row in hall.one.outbox.listing() if row["kind"] == LetterKind.TRANSCRIPT]) == 2


@both_moments
def test_an_answer_to_a_ticket_that_is_just_being_merged_reaches_no_other_customer(hall: Hall, stop_at: str) -> None:
    """Boris wrote to Ivan. Anna's merge makes Olga the one who asked: his words are not for her."""
    merge = hall.from_agent(ANNA, "/merge SUP-1002")
    words = hall.from_agent(BORIS, "Ivan, your code is 4711.", answers=hall.letter_to(BORIS))
    hall.side_by_side(merge, words, stop_at)
    if hall.answers():  # his mail was the first
        assert hall.answers() == [("Ivan, your code is 4711.", "ivan@customer.example", "waiting")]
        return
    text = hall.told(BORIS)
    assert "SUP-1002" in text
    assert "your code is 4711" in text
    hall.one.inbox.add([hall.from_agent(BORIS, "/take", number=1001)])
    hall.handle()
    assert hall.one.views.ticket("1002", "SUP").ticket.assignee == BORIS.id


def test_an_answer_to_a_merged_ticket_of_the_same_customer_reaches_him(hall: Hall) -> None:
    """Two tickets of one person are one conversation: whichever letter is answered."""
    hall.one.inbox.add([arrival("And the lift.", subject="Lift", message_id="<7@customer.example>", at=hall.at)])
    hall.handle()
    assert hall.one.inbox.listing()[-1]["ticket"] == "SUP-1003"
    seen = hall.letter_to(BORIS)
    hall.one.inbox.add([hall.from_agent(ANNA, "/merge SUP-1003"), hall.from_agent(BORIS, "Pull it.", answers=seen)])
    hall.handle()
    assert hall.answers() == [("Pull it.", "ivan@customer.example", "waiting")]


def _confirmations(hall: Hall) -> list[str]:
    """The addresses to which the letters that ask "was it you?" are answered."""
    rows = [r for r in hall.one.outbox.listing() if r["kind"] == LetterKind.CONFIRMATION]
    return [read_mail(hall.one.outbox.raw(r["id"])).reply_to[0].address for r in rows]


def _says_yes(hall: Hall, to: str, words: str) -> Arrival:
    hall.mails += 1
    text, own = f"{words}\n", f"<yes{hall.mails}@desk>"
    return arrival(text, sender=f"anna <{ANNA.address}>", to=to, at=hall.at, date=hall.at, message_id=own)


@both_moments
def test_two_confirmations_at_one_instant_carry_a_mail_out_once(hall: Hall, stop_at: str) -> None:
    """From the phone and from the desk: one answer, one order, one event."""
    to = MINT.address(Purpose.AGENT, 1001, ANNA.id)
    raw = eml("/close\n\nClose the lid.", sender=f"anna <{ANNA.address}>", to=to, date=hall.at, message_id="<u@desk>")
    hall.one.inbox.add([raw_arrival(raw, at=hall.at, sender=ANNA.address, recipients=(to,))])
    hall.handle()
    [asks] = _confirmations(hall)
    hall.side_by_side(_says_yes(hall, asks, "Yes"), _says_yes(hall, asks, "да"), stop_at)
    assert [text for text, _, _ in hall.answers()] == ["Close the lid."]
    events = hall.one.views.ticket("1001", "SUP").events
    assert [e["kind"] for e in events].count("confirmed") == 1
    assert hall.status() is Status.CLOSED


@both_moments
def test_two_confirmations_of_a_forward_at_one_instant_open_one_ticket(hall: Hall, stop_at: str) -> None:
    """The customer has one ticket and is told of it once."""
    body = (
        "---------- Forwarded message ---------\nFrom: Petr <petr@third.example>\nDate: Mon, Nov 23, 2026\n"
        "Subject: Heating\nTo: anna@desk.example\n\nIt is cold.\n"
    )
    raw = eml(body, sender=f"anna <{ANNA.address}>", subject="Fwd: Heating", date=hall.at, message_id="<f@desk>")
    hall.one.inbox.add([raw_arrival(raw, at=hall.at, sender=ANNA.address)])
    hall.handle()
    [asks] = _confirmations(hall)
    hall.side_by_side(_says_yes(hall, asks, "Yes"), _says_yes(hall, asks, "да"), stop_at)
    rows = [r for r in hall.one.outbox.listing() if r["kind"] == LetterKind.ACKNOWLEDGEMENT]
    told = [r["recipients"][0]["address"] for r in rows]
    assert told.count("petr@third.example") == 1
    asked = [t.ticket.requester for t in hall.one.views.tickets(Wanted())]
    assert [a.address for a in asked if a is not None].count("petr@third.example") == 1
