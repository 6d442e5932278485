"""What a waiting answer prints as its recipients is whom it goes to when it leaves, on real databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from office import ANNA, NOW
from store.test_store_taking_back import MINUTE, SLOW, Scene

from maild.clock import FixedClock
from maild.desk.assembly import make_reprint
from maild.desk.orders import give_order
from maild.messages.read import read_mail
from maild.store.keep import Keep
from maild.threads.plan import LetterKind, Outcome, OutgoingMail

IVAN, OLGA, PETR = "ivan@customer.example", "olga@other.example", "petr@customer.example"


@pytest.fixture
def scene(keep: Keep) -> Scene:
    """Ivan has asked, Petr and Olga are in copy; Anna's answer waits to leave."""
    keep.outbox.print_anew_by(make_reprint(lambda: SLOW))
    made = Scene(keep)
    for mail in keep.outbox.claim(NOW, 100):
        keep.outbox.settle(mail.id, Outcome(accepted=mail.recipients), NOW, None)
    order(made, f"cc {PETR} {OLGA}")
    made.write(ANNA, "Close the lid.")
    return made


def order(scene: Scene, words: str) -> None:
    """An order of the admin's on the ticket."""
    name, _, rest = words.partition(" ")
    give_order(scene.keep, SLOW, FixedClock(scene.now), "1001", name, rest)


def leaving(scene: Scene, after: timedelta = 10 * MINUTE) -> OutgoingMail:
    """The answer as it is handed over."""
    answers = {r["id"] for r in scene.keep.outbox.listing() if r["kind"] == LetterKind.ANSWER}
    (mail,) = [m for m in scene.keep.outbox.claim(scene.now + after, 100) if m.id in answers]
    return mail


def printed(mail: OutgoingMail) -> tuple[list[str], list[str]]:
    """Its To and its Cc."""
    read = read_mail(mail.raw)
    return [a.address for a in read.to], [a.address for a in read.cc]


def test_nobody_is_printed_who_was_let_out(scene: Scene) -> None:
    """All else of the letter is as it was, and what is kept of it is what leaves."""
    before = scene.keep.outbox.listing()[-1]["id"]
    raw = next(r for i in range(1, before + 1) if b"Close the lid" in (r := scene.keep.outbox.raw(i)) and b"Cc:" in r)
    order(scene, f"uncc {PETR}")
    mail = leaving(scene)
    assert printed(mail) == ([IVAN], [OLGA])
    assert mail.recipients == (IVAN, OLGA)
    assert raw.replace(b"petr@customer.example, ", b"") == mail.raw == scene.keep.outbox.raw(mail.id)


def test_who_is_let_in_again_is_printed_again(scene: Scene) -> None:
    """Also where the letter had been tried without him meanwhile."""
    order(scene, f"uncc {PETR}")
    mail = leaving(scene)
    scene.keep.outbox.settle(
        mail.id, Outcome(deferred=tuple((r, "451") for r in mail.recipients)), scene.now, scene.now
    )
    order(scene, f"cc {PETR}")
    assert printed(leaving(scene)) == ([IVAN], [PETR, OLGA])


def test_a_letter_whose_first_reader_is_gone_goes_to_the_next_one(scene: Scene) -> None:
    """It is addressed to him."""
    order(scene, f"requester {OLGA}")
    order(scene, f"uncc {IVAN}")
    assert printed(leaving(scene)) == ([PETR], [OLGA])


def test_a_letter_that_may_have_arrived_goes_as_it_went(scene: Scene) -> None:
    """The very same bytes."""
    mail = leaving(scene)
    scene.keep.outbox.mark_uncertain(mail.id, scene.now)
    scene.keep.outbox.settle(mail.id, Outcome(uncertain=True), scene.now, scene.now)
    order(scene, f"uncc {PETR}")
    again = leaving(scene)
    assert (again.recipients, again.raw) == ((IVAN, OLGA), mail.raw)


def test_a_letter_of_whom_nobody_moved_is_never_printed_anew(scene: Scene) -> None:
    """It costs nothing."""

    def never(*_: object) -> bytes:
        raise AssertionError("nobody has moved")

    scene.keep.outbox.print_anew_by(never)
    assert printed(leaving(scene)) == ([IVAN], [PETR, OLGA])
