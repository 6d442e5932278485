"""An agent takes back what he did; two agents who answer at once; on real databases, through mails."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from office import ANNA, BORIS, MINT, NOW, eml, practice
from store.pieces import OFFICE, arrival, handle_all, raw_arrival

from maild.clock import FixedClock
from maild.desk.handle import Desk
from maild.desk.orders import give_order
from maild.messages.read import read_mail
from maild.messages.tokens import Purpose
from maild.people.team import Agent
from maild.store.keep import Keep
from maild.store.tables import undos
from maild.threads.model import Status
from maild.threads.plan import LetterKind, Outcome

SLOW = replace(OFFICE, practice=replace(practice(), undo_delay=timedelta(minutes=1)))
MINUTE = timedelta(minutes=1)


class Scene:
    """A desk whose answers wait a minute, with a ticket of Ivan's."""

    def __init__(self, keep: Keep) -> None:
        self.keep, self.now, self.mails = keep, NOW, 0
        keep.inbox.add([arrival()])
        self.handle()

    def handle(self) -> None:
        """Handle what waits."""
        handle_all(Desk(self.keep, lambda: SLOW, FixedClock(self.now)))

    def letter_to(self, agent: Agent, kind: LetterKind = LetterKind.NOTIFICATION) -> str:
        """The Message-ID of the newest letter of a kind to an agent."""
        rows = [
            r for r in self.keep.outbox.listing()
            if r["kind"] == kind and r["recipients"][0]["address"] == agent.address
        ]  # fmt: skip
        return str(rows[-1]["message_id"])

    def write(self, agent: Agent, text: str, *, to_letter: str | None = None, after: timedelta = MINUTE) -> None:
        """A proven mail of an agent on the ticket; `to_letter`: the letter of ours that it answers."""
        self.now += after
        self.mails += 1
        to = MINT.address(Purpose.AGENT, 1001, agent.id)
        fields = {"In_Reply_To": to_letter} if to_letter else {}
        raw = eml(
            text, sender=f"{agent.id} <{agent.address}>", to=to, date=self.now, message_id=f"<{self.mails}@desk>",
            **fields,
        )  # fmt: skip
        came = raw_arrival(raw, at=self.now, sender=agent.address, recipients=(to,), login=agent.id)
        self.keep.inbox.add([came])
        self.handle()

    def status(self) -> Status:
        """Where the ticket stands."""
        return self.keep.views.ticket("1001", "SUP").ticket.status

    def leaving(self, at: datetime | None = None) -> list[str]:
        """The answers that leave by then, by their first lines."""
        mails = self.keep.outbox.claim(at or self.now + 10 * MINUTE, 100)
        texts = [read_mail(m.raw) for m in mails]
        return [t.reply.split("\n")[0] for t in texts if t.to[0].address == "ivan@customer.example" and t.in_reply_to]

    def told(self, agent: Agent) -> str:
        """The newest letter to an agent."""
        rows = [r for r in self.keep.outbox.listing() if r["recipients"][0]["address"] == agent.address]
        return read_mail(self.keep.outbox.raw(rows[-1]["id"])).text


@pytest.fixture
def scene(keep: Keep) -> Scene:
    """Ivan has asked; the acknowledgement and the notifications have left."""
    made = Scene(keep)
    for mail in keep.outbox.claim(NOW, 100):
        keep.outbox.settle(mail.id, Outcome(accepted=mail.recipients), NOW, None)
    return made


def test_an_answer_waits_a_while_and_can_be_taken_back(scene: Scene) -> None:
    """It never leaves, the ticket stands where it stood, and its deadline runs again."""
    due = scene.keep.views.ticket("1001", "SUP").ticket.due_at
    scene.write(ANNA, "/tag fire\n\nClose the lid.")
    assert scene.status() is Status.PENDING
    scene.write(ANNA, "/undo", after=timedelta(seconds=30))
    assert scene.leaving() == []
    whole = scene.keep.views.ticket("1001", "SUP")
    assert (whole.ticket.status, whole.ticket.tags, whole.ticket.due_at) == (Status.NEW, (), due)
    assert [m.visibility for _, m in whole.messages if m.direction == "out"] == ["internal"]
    assert "отменено: /tag fire, ваш ответ" in scene.told(ANNA)


def test_an_answer_leaves_when_its_time_is_over_and_is_not_taken_back_then(scene: Scene) -> None:
    """The agent is told, and nothing changes."""
    scene.write(ANNA, "Close the lid.")
    assert scene.leaving(scene.now + timedelta(seconds=59)) == []
    assert scene.leaving(scene.now + MINUTE) == ["Close the lid."]
    scene.write(ANNA, "/undo")
    assert scene.status() is Status.PENDING
    assert "уже ушёл" in scene.told(ANNA)


def test_orders_are_taken_back_one_mail_after_the_other(scene: Scene) -> None:
    """The newest first; then there is nothing left."""
    scene.write(ANNA, "/priority high\n/take")
    scene.write(ANNA, "/close")
    scene.write(ANNA, "/undo")
    assert scene.status() is Status.NEW
    scene.write(ANNA, "/undo")
    ticket = scene.keep.views.ticket("1001", "SUP").ticket
    assert (ticket.priority, ticket.assignee) == ("normal", None)
    scene.write(ANNA, "/undo")
    assert "нет ваших действий" in scene.told(ANNA)


def test_nobody_takes_back_what_another_did_or_has_changed_since(scene: Scene) -> None:
    """Each his own, and only as it stands."""
    scene.write(ANNA, "/priority high")
    scene.write(BORIS, "/undo")
    assert "nothing of yours" in scene.told(BORIS)
    scene.write(BORIS, "/priority urgent")
    scene.write(ANNA, "/undo")
    assert "кто-то изменил" in scene.told(ANNA)
    assert scene.keep.views.ticket("1001", "SUP").ticket.priority == "urgent"


def test_a_merge_is_taken_back_with_its_mails_and_deadlines(scene: Scene) -> None:
    """Both tickets are as they were, and answers go to each again."""
    scene.keep.inbox.add([arrival("The lift.", sender="Olga <olga@other.example>", message_id="<2@other.example>")])
    scene.handle()
    before = [scene.keep.views.ticket(str(n), "SUP") for n in (1001, 1002)]
    scene.write(ANNA, "/merge 1002")
    assert scene.status() is Status.MERGED
    scene.write(ANNA, "/undo")
    after = [scene.keep.views.ticket(str(n), "SUP") for n in (1001, 1002)]
    for was, now in zip(before, after, strict=True):
        assert (was.ticket.status, was.ticket.due_at) == (now.ticket.status, now.ticket.due_at)
        assert [m.message_id for _, m in was.messages if m.direction == "in"] == [
            m.message_id for _, m in now.messages if m.direction == "in" and m.visibility == "public"
        ]
        assert not now.links
    back = arrival("Still burning.", message_id="<9@x>", In_Reply_To="<1@customer.example>")
    scene.keep.inbox.add([back])
    scene.handle()
    assert scene.keep.inbox.listing()[-1]["ticket"] == "SUP-1001"


def test_a_split_is_taken_back(scene: Scene) -> None:
    """The mail is home again; what is answered to the ticket that ended comes home too."""
    scene.keep.inbox.add([arrival("The door.", message_id="<8@x>", In_Reply_To="<1@customer.example>")])
    scene.handle()
    scene.write(ANNA, "/split")
    scene.write(ANNA, "/undo")
    texts = [m.reply for _, m in scene.keep.views.ticket("1001", "SUP").messages if m.visibility == "public"]
    assert texts[:2] == ["My printer is on fire.", "The door."]
    assert scene.keep.views.ticket("1002", "SUP").ticket.status is Status.MERGED
    scene.keep.inbox.add([arrival("More.", message_id="<10@x>", In_Reply_To="<8@x>")])
    scene.handle()
    assert scene.keep.inbox.listing()[-1]["ticket"] == "SUP-1001"


def test_a_second_answer_waits_when_a_colleague_was_quicker(scene: Scene) -> None:
    """Both read both; the customer gets one; /send sends the other."""
    seen = scene.letter_to(BORIS)
    scene.write(ANNA, "Close the lid.", to_letter=scene.letter_to(ANNA))
    scene.write(BORIS, "/close\n\nPull the plug.", to_letter=seen)
    assert scene.status() is Status.PENDING
    for agent in (ANNA, BORIS):
        text = scene.told(agent)
        assert "Close the lid." in text
        assert "Pull the plug." in text
    assert scene.leaving() == ["Close the lid."]
    scene.write(BORIS, "/send", to_letter=scene.letter_to(BORIS, LetterKind.COLLISION))
    assert scene.leaving() == ["Pull the plug."]
    assert "Your answer is on its way to the customer." in scene.told(BORIS)
    last = scene.keep.views.ticket("1001", "SUP").messages[-1][1]
    assert (last.visibility, last.author) != ("internal", BORIS.id) or last.direction == "in"


def test_a_new_answer_takes_the_place_of_the_one_that_waits(scene: Scene) -> None:
    """It answers the letter that showed the colleague's, so it does not wait."""
    seen = scene.letter_to(BORIS)
    scene.write(ANNA, "Close the lid.", to_letter=scene.letter_to(ANNA))
    scene.write(BORIS, "Pull the plug.", to_letter=seen)
    scene.write(BORIS, "As Anna says.", to_letter=scene.letter_to(BORIS, LetterKind.COLLISION))
    assert sorted(scene.leaving()) == ["As Anna says.", "Close the lid."]
    scene.write(BORIS, "/send")
    assert "no answer of yours waits" in scene.told(BORIS)


def test_one_agent_may_answer_twice(scene: Scene) -> None:
    """His own words collide with nobody's."""
    seen = scene.letter_to(ANNA)
    scene.write(ANNA, "Close the lid.", to_letter=seen)
    scene.write(ANNA, "And call me.", to_letter=seen)
    assert sorted(scene.leaving()) == ["And call me.", "Close the lid."]


def test_who_has_seen_the_colleagues_answer_may_answer(scene: Scene) -> None:
    """The customer wrote again; that letter is newer than the answer."""
    scene.write(ANNA, "Close the lid.", to_letter=scene.letter_to(ANNA))
    scene.now += MINUTE
    again = arrival("It burns on.", message_id="<5@x>", In_Reply_To="<1@customer.example>", at=scene.now)
    scene.keep.inbox.add([again])
    scene.handle()
    scene.write(BORIS, "Pull the plug.", to_letter=scene.letter_to(BORIS))
    assert sorted(scene.leaving()) == ["Close the lid.", "Pull the plug."]


def test_the_admin_takes_back_his_own_orders(scene: Scene) -> None:
    """At the command line as by mail."""
    for name, words in (("priority", "high"), ("undo", "")):
        (done,) = give_order(scene.keep, SLOW, FixedClock(scene.now), "1001", name, words)
        assert done.ok, done.effect
    assert scene.keep.views.ticket("1001", "SUP").ticket.priority == "normal"


def test_the_admin_takes_back_a_merge_from_either_side(scene: Scene) -> None:
    """The command line knows every ticket that the order touched, as a mail's does."""
    scene.keep.inbox.add([arrival("The lift.", sender="Olga <olga@other.example>", message_id="<2@other.example>")])
    scene.handle()
    for number in ("1001", "1002"):
        for at, name, words in (("1001", "merge", "1002"), (number, "undo", "")):
            (done,) = give_order(scene.keep, SLOW, FixedClock(scene.now), at, name, words)
            assert done.ok, done.effect
        assert scene.status() is Status.NEW
        assert not scene.keep.views.ticket("1002", "SUP").links


def test_an_answer_that_was_released_and_has_left_is_not_taken_back(scene: Scene) -> None:
    """Whoever says /undo behind /send is not told that the customer was sent nothing; the history knows the release."""
    seen = scene.letter_to(BORIS)
    scene.write(ANNA, "Close the lid.", to_letter=scene.letter_to(ANNA))
    scene.write(BORIS, "Pull the plug.", to_letter=seen)
    scene.leaving()
    scene.write(BORIS, "/send", to_letter=scene.letter_to(BORIS, LetterKind.COLLISION))
    assert scene.leaving() == ["Pull the plug."]
    scene.write(BORIS, "/undo")
    assert "has left already" in scene.told(BORIS)
    assert scene.status() is Status.PENDING
    events = scene.keep.views.ticket("1001", "SUP").events
    assert ("answer", "boris", "by Boris Smith", "/send") in [
        (e["kind"], e["actor"], e["detail"], e["because"]) for e in events
    ]


def test_an_answer_that_was_released_and_has_not_left_is_taken_back(scene: Scene) -> None:
    """The relay was away, say: it never leaves."""
    seen = scene.letter_to(BORIS)
    scene.write(ANNA, "Close the lid.", to_letter=scene.letter_to(ANNA))
    scene.write(BORIS, "Pull the plug.", to_letter=seen)
    scene.write(BORIS, "/send", to_letter=scene.letter_to(BORIS, LetterKind.COLLISION))
    scene.write(BORIS, "/undo")
    assert scene.leaving() == ["Close the lid."]


def test_who_waits_for_an_answer_that_is_taken_back_is_told(scene: Scene) -> None:
    """Else both believe that the other has answered; what he then sends waits for nobody."""
    seen = scene.letter_to(BORIS)
    scene.write(ANNA, "Close the lid.", to_letter=scene.letter_to(ANNA), after=timedelta(seconds=5))
    scene.write(BORIS, "Pull the plug.", to_letter=seen, after=timedelta(seconds=5))
    scene.write(ANNA, "/undo", after=timedelta(seconds=5))
    told = scene.told(BORIS)
    assert "has taken the answer back because of which yours waits" in told
    assert "> Close the lid." in told
    assert "> Pull the plug." in told
    scene.write(BORIS, "/send", to_letter=scene.letter_to(BORIS, LetterKind.COLLISION))
    assert scene.leaving() == ["Pull the plug."]


def test_what_was_no_spam_after_all_is_promised_an_answer_again(scene: Scene) -> None:
    """Ivan has not been answered: without a deadline nobody would hear that he waits."""
    scene.write(BORIS, "/spam")
    assert scene.keep.views.ticket("1001", "SUP").ticket.due_at is None
    scene.write(BORIS, "/reopen")
    whole = scene.keep.views.ticket("1001", "SUP")
    assert whole.ticket.status is Status.OPEN
    assert whole.ticket.due_at == scene.now + timedelta(hours=8)
    scene.write(BORIS, "It was us, sorry.")
    assert scene.status() is Status.PENDING


def test_several_mails_that_were_split_off_come_home_together(scene: Scene) -> None:
    """The agents of the new ticket read both; taken back, the first one has all three again."""
    for number, text in enumerate(("The door.", "And its lock."), 8):
        scene.keep.inbox.add([arrival(text, message_id=f"<{number}@x>", In_Reply_To="<1@customer.example>")])
        scene.handle()
    scene.write(ANNA, "/split 2")
    whole = scene.keep.views.ticket("1002", "SUP")
    assert [m.reply for _, m in whole.messages] == ["The door.", "And its lock."]
    told = scene.told(BORIS)
    assert "And its lock." in told
    assert "> The door." in told
    scene.write(ANNA, "/undo")
    texts = [m.reply for _, m in scene.keep.views.ticket("1001", "SUP").messages if m.visibility == "public"]
    assert texts == ["My printer is on fire.", "The door.", "And its lock."]


def test_a_chain_of_merges_is_taken_back_merge_by_merge(scene: Scene) -> None:
    """Each mail is home again, whichever tickets it has been through; and what came meanwhile stays where it came."""
    for number, who in ((2, "olga@other.example"), (3, "petr@third.example")):
        scene.keep.inbox.add([arrival(f"Mail {number}.", sender=f"X <{who}>", message_id=f"<{number}@{who}>")])
        scene.handle()
    numbers = (1001, 1002, 1003)
    for one, other in ((1001, 1002), (1002, 1003)):
        (done,) = give_order(scene.keep, SLOW, FixedClock(scene.now), str(one), "merge", str(other))
        assert done.ok
    again = arrival("Still burning.", message_id="<9@x>", In_Reply_To="<1@customer.example>", at=scene.now)
    scene.keep.inbox.add([again])
    scene.handle()
    for number in (1003, 1002):
        (done,) = give_order(scene.keep, SLOW, FixedClock(scene.now), str(number), "undo", "")
        assert done.ok, done.effect
    texts = [[m.reply for _, m in scene.keep.views.ticket(str(n), "SUP").messages] for n in numbers]
    assert texts == [["My printer is on fire."], ["Mail 2."], ["Mail 3.", "Still burning."]]
    assert not any(scene.keep.views.ticket(str(n), "SUP").links for n in numbers)


def test_an_action_of_an_older_version_is_taken_back_as_it_was_then(scene: Scene) -> None:
    """It does not know which mails it moved, only from where they came."""
    scene.keep.inbox.add([arrival("The lift.", sender="Olga <olga@other.example>", message_id="<2@other.example>")])
    scene.handle()
    scene.write(ANNA, "/merge 1002")
    with scene.keep.database.write() as connection:
        [row] = connection.execute(sa.select(undos)).mappings().all()
        older = {name: value for name, value in row["data"].items() if name != "moved"}
        connection.execute(undos.update().values(data=older))
    scene.write(ANNA, "/undo")
    texts = [m.reply for _, m in scene.keep.views.ticket("1001", "SUP").messages if m.visibility == "public"]
    assert texts == ["My printer is on fire."]


def test_nobody_whom_an_action_brought_waits_to_be_let_in_after_it_is_taken_back(scene: Scene) -> None:
    """A bare /add would let a stranger read Ivan's ticket, because somebody merged by mistake for a minute."""
    scene.keep.inbox.add([arrival("The lift.", sender="Olga <olga@other.example>", message_id="<2@other.example>")])
    scene.handle()
    for name, words in (("merge", "1001"), ("undo", ""), ("cc", "petr@third.example"), ("undo", "")):
        number = "1002" if name == "merge" else "1001"
        (done,) = give_order(scene.keep, SLOW, FixedClock(scene.now), number, name, words)
        assert done.ok, done.effect
        people = scene.keep.views.ticket("1001", "SUP").ticket.participants
        assert len(people) == (1 if name == "undo" else 2)
    (done,) = give_order(scene.keep, SLOW, FixedClock(scene.now), "1001", "add", "")
    assert not done.ok
