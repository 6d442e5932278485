"""Answers that have not left yet while their ticket changes: its people, spam, a close, merges; on real databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from office import ANNA, BORIS, NOW
from store.pieces import arrival
from store.test_store_taking_back import MINUTE, SLOW, Scene

from maild.clock import FixedClock
from maild.desk.orders import give_order
from maild.desk.undelivered import tell_of_letters
from maild.store.keep import Keep
from maild.threads.model import Status
from maild.threads.plan import LetterKind, Outcome

IVAN, OLGA, PETR = "ivan@customer.example", "olga@other.example", "petr@customer.example"


@pytest.fixture
def scene(keep: Keep) -> Scene:
    """Ivan has asked, Petr is in copy; the acknowledgement and the notifications have left."""
    made = Scene(keep)
    for mail in keep.outbox.claim(NOW, 100):
        keep.outbox.settle(mail.id, Outcome(accepted=mail.recipients), NOW, None)
    order(made, "cc", PETR)
    return made


def order(scene: Scene, name: str, words: str = "", number: int = 1001) -> str:
    """An order of the admin's; what it did or why it could not be done."""
    (done,) = give_order(scene.keep, SLOW, FixedClock(scene.now), str(number), name, words)
    return done.effect


def goes_to(scene: Scene) -> list[tuple[str, ...]]:
    """The envelopes of the answers that leave within ten minutes; each is then away."""
    found = []
    for mail in scene.keep.outbox.claim(scene.now + 10 * MINUTE, 100):
        if any(r["id"] == mail.id and r["kind"] == LetterKind.ANSWER for r in scene.keep.outbox.listing()):
            found.append(mail.recipients)
        scene.keep.outbox.settle(mail.id, Outcome(accepted=mail.recipients), scene.now, None)
    return found


def collide(scene: Scene) -> None:
    """Anna answers, and Boris's answer to the letter before hers is held."""
    seen = scene.letter_to(BORIS)
    scene.write(ANNA, "Close the lid.", to_letter=scene.letter_to(ANNA))
    scene.write(BORIS, "Pull the plug.", to_letter=seen)
    assert goes_to(scene) == [(IVAN, PETR)]


def send(scene: Scene) -> None:
    """Boris wants his answer to leave all the same."""
    scene.write(BORIS, "/send", to_letter=scene.letter_to(BORIS, LetterKind.COLLISION))


@pytest.mark.parametrize("by", [ANNA, BORIS])
def test_who_is_let_out_while_an_answer_waits_does_not_get_it(scene: Scene, by: object) -> None:
    """Whoever lets him out: the writer or a colleague. The others get it, and the history says so."""
    scene.write(ANNA, "Close the lid.")
    scene.write(by, f"/uncc {PETR}", after=timedelta(seconds=20))  # type: ignore[arg-type]
    assert goes_to(scene) == [(IVAN,)]
    events = scene.keep.views.ticket("1001", "SUP").events
    assert f"a waiting answer follows: {PETR}" in [e["detail"] for e in events]


def test_who_is_let_in_again_gets_it_after_all(scene: Scene) -> None:
    """By an order, or by taking the other one back."""
    scene.write(ANNA, "Close the lid.")
    order(scene, "uncc", PETR)
    order(scene, "cc", PETR)
    scene.write(BORIS, f"/uncc {PETR}", after=timedelta(seconds=10))
    scene.write(BORIS, "/undo", after=timedelta(seconds=10))
    assert goes_to(scene) == [(IVAN, PETR)]


def test_whose_ticket_it_is_again_gets_the_answer_after_all(scene: Scene) -> None:
    """Another requester was named by mistake: /undo brings the first one back into the ticket, and to the answer."""
    scene.write(ANNA, "Close the lid.")
    order(scene, "requester", OLGA)
    order(scene, "undo")
    assert goes_to(scene) == [(IVAN, PETR)]


def test_an_order_to_let_in_that_is_taken_back_lets_out_of_a_waiting_answer(scene: Scene) -> None:
    """What /cc gave, /undo takes."""
    scene.write(ANNA, f"/cc {OLGA}")
    scene.write(BORIS, "Close the lid.")
    scene.write(ANNA, "/undo", after=timedelta(seconds=10))
    assert goes_to(scene) == [(IVAN, PETR)]


def test_a_held_answer_goes_to_nobody_who_was_let_out_before_it_is_sent(scene: Scene) -> None:
    """/send is not the word for that."""
    collide(scene)
    order(scene, "uncc", PETR)
    send(scene)
    assert goes_to(scene) == [(IVAN,)]


def test_an_answer_that_nobody_is_left_for_is_taken_back_and_its_agents_told(scene: Scene) -> None:
    """The wrong requester: named by mistake, answered, and let out in time. It is our turn again."""
    order(scene, "uncc", PETR)
    scene.write(ANNA, "Close the lid.")
    order(scene, "requester", OLGA)
    order(scene, "uncc", IVAN)
    assert goes_to(scene) == []
    (row,) = [r for r in scene.keep.outbox.listing() if r["kind"] == LetterKind.ANSWER]
    assert row["state"] == "recalled"
    tell_of_letters(scene.keep, SLOW, scene.now)
    assert "was let out of the ticket before the answer left" in scene.told(ANNA)
    assert scene.keep.outbox.with_news(scene.now + timedelta(days=1), 10) == []
    answers = [m for _, m in scene.keep.views.ticket("1001", "SUP").messages if m.direction == "out"]
    assert [m.visibility for m in answers] == ["internal"]


def test_a_letter_that_is_tried_again_by_hand_goes_to_nobody_who_was_let_out(scene: Scene) -> None:
    """`maild outbox retry` knows it, too."""
    scene.write(ANNA, "Close the lid.")
    order(scene, "uncc", PETR)
    (row,) = [r for r in scene.keep.outbox.listing() if r["kind"] == LetterKind.ANSWER]
    scene.keep.outbox.retry(row["id"], scene.now)
    assert goes_to(scene) == [(IVAN,)]


@pytest.mark.parametrize(("replies", "state"), [("accepted", "sent"), ("deferred", "recalled")])
def test_a_try_that_is_on_its_way_is_the_last_one(scene: Scene, replies: str, state: str) -> None:
    """What the relay takes has been sent; what it puts off goes nowhere any more, and is told."""
    order(scene, "uncc", PETR)
    scene.write(ANNA, "Close the lid.")
    [mail] = [m for m in scene.keep.outbox.claim(scene.now + MINUTE, 100) if m.recipients == (IVAN,)]
    order(scene, "requester", OLGA)
    order(scene, "uncc", IVAN)
    outcome = Outcome(accepted=(IVAN,)) if replies == "accepted" else Outcome(deferred=((IVAN, "451 later"),))
    scene.keep.outbox.settle(mail.id, outcome, scene.now, scene.now + MINUTE)
    (row,) = [r for r in scene.keep.outbox.listing() if r["kind"] == LetterKind.ANSWER]
    assert row["state"] == state
    assert goes_to(scene) == []
    assert bool(scene.keep.outbox.with_news(scene.now, 10)) is (state == "recalled")


def test_a_held_answer_is_not_sent_on_a_ticket_that_became_spam(scene: Scene) -> None:
    """A colleague has judged otherwise; after /reopen it can be."""
    collide(scene)
    order(scene, "spam")
    send(scene)
    assert "spam by now" in scene.told(BORIS)
    assert (goes_to(scene), scene.status()) == ([], Status.SPAM)
    order(scene, "reopen")
    send(scene)
    assert goes_to(scene) == [(IVAN, PETR)]


def test_a_held_answer_on_a_ticket_that_was_closed_leaves_like_any_answer(scene: Scene) -> None:
    """It is the customer's turn then."""
    collide(scene)
    order(scene, "close")
    send(scene)
    assert (goes_to(scene), scene.status()) == ([(IVAN, PETR)], Status.PENDING)


def merge(scene: Scene) -> None:
    """Ivan's ticket goes on in one of Olga's."""
    scene.keep.inbox.add([arrival("The lift.", sender=f"Olga <{OLGA}>", message_id="<2@other.example>", at=scene.now)])
    scene.handle()
    order(scene, "merge", "SUP-1002")


def test_a_held_answer_of_a_merged_ticket_is_sent_from_the_one_that_goes_on(scene: Scene) -> None:
    """By the writer's mail, which comes to the other ticket; it leaves once, to those it was written to."""
    collide(scene)
    merge(scene)
    assert "merged" in order(scene, "send")
    send(scene)
    assert (IVAN, PETR) in goes_to(scene)
    assert "no answer of yours waits" in order(scene, "send", number=1002)
    shown = [m.text for _, m in scene.keep.views.ticket("1002", "SUP").messages if m.visibility == "public"]
    assert "Pull the plug." in shown


def test_a_held_answer_comes_home_when_the_merge_is_taken_back(scene: Scene) -> None:
    """And is sent from there."""
    collide(scene)
    merge(scene)
    order(scene, "undo", number=1002)
    assert "no answer of yours waits" in order(scene, "send", number=1002)
    send(scene)
    assert (IVAN, PETR) in goes_to(scene)


def test_an_answer_that_waits_leaves_once_though_its_ticket_is_merged_meanwhile(scene: Scene) -> None:
    """Neither lost nor doubled, also when the merge is taken back."""
    scene.write(ANNA, "Close the lid.")
    merge(scene)
    order(scene, "undo", number=1002)
    merge_again = order(scene, "merge", "SUP-1002")
    assert merge_again.startswith("goes on in SUP-1002")
    assert goes_to(scene).count((IVAN, PETR)) == 1
    assert (IVAN, PETR) not in goes_to(scene)
