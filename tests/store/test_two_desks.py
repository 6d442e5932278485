"""Several desks on one PostgreSQL share the work: nothing is lost, nothing done twice, conversations stay together."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from office import DEFAULT_RULE, NOW, STANDARD, eml, practice
from store.pieces import (
    APPLY,
    GATHER,
    OFFICE,
    SECOND,
    arrival,
    at_once,
    desk,
    halted,
    handle_all,
    handled_beside,
    letter,
    post,
    raw_arrival,
    states,
)

from maild.clock import FixedClock
from maild.desk.handle import Desk, Office
from maild.desk.tick import do_due
from maild.errors import UsageError
from maild.outgoing.sender import Sender
from maild.sla.promise import At, Step, Target
from maild.store.keep import Keep
from maild.store.locks import lock_names
from maild.store.views import Wanted
from maild.threads.plan import Outcome, OutgoingMail
from maild.threads.promises import Given, Promises

Open = Callable[[str], Keep]


def reply(text: str, number: int, *refers: int, sender: str = "Ivan <ivan@customer.example>") -> bytes:
    """A mail that answers others."""
    named = {"References": " ".join(f"<{n}@customer.example>" for n in refers)} if refers else {}
    return eml(text, message_id=f"<{number}@customer.example>", sender=sender, **named)


@pytest.mark.parametrize("stop_at", [GATHER, APPLY], ids=["read", "decided"])
def test_a_reply_waits_for_the_mail_that_it_answers(shared: str, another: Open, stop_at: str) -> None:
    """Handled at the same time by another desk: it finds the ticket, and stands behind the mail it answers."""
    first, second = another(shared), another(shared)
    first.inbox.add([raw_arrival(reply("one", 1)), raw_arrival(reply("two", 2, 1, sender="olga@customer.example"))])
    assert handled_beside(first, second, stop_at)
    assert states(first) == [("ticketed", "SUP-1001")] * 2
    whole = first.views.ticket("1001", "SUP")
    assert [m.text.strip() for _, m in whole.messages] == ["one", "two"]
    assert whole.ticket.requester is not None
    assert whole.ticket.requester.address == "ivan@customer.example"


@pytest.mark.parametrize("stop_at", [GATHER, APPLY], ids=["read", "decided"])
def test_two_answers_to_a_mail_that_never_came_find_each_other(shared: str, another: Open, stop_at: str) -> None:
    """Both name an id that no ticket knows yet: the second waits until the first has made it known."""
    first, second = another(shared), another(shared)
    first.inbox.add([raw_arrival(reply("one", 1, 7)), raw_arrival(reply("two", 2, 7))])
    assert handled_beside(first, second, stop_at) is (stop_at == APPLY)
    assert states(first) == [("ticketed", "SUP-1001")] * 2


@pytest.mark.parametrize("stop_at", [GATHER, APPLY], ids=["read", "decided"])
def test_two_copies_at_the_same_time_are_one_ticket(shared: str, another: Open, stop_at: str) -> None:
    """The second waits for the first, and is told to be its copy."""
    first, second = another(shared), another(shared)
    first.inbox.add([arrival(), arrival()])
    assert handled_beside(first, second, stop_at)
    assert states(first) == [("ticketed", "SUP-1001"), ("duplicate", "SUP-1001")]


@pytest.mark.parametrize("stop_at", [GATHER, APPLY], ids=["read", "decided"])
@pytest.mark.fault("A12")
def test_one_message_id_with_two_contents_is_one_ticket(shared: str, another: Open, stop_at: str) -> None:
    """Both are kept, in the order in which they came."""
    first, second = another(shared), another(shared)
    first.inbox.add([arrival("one"), arrival("two")])
    assert handled_beside(first, second, stop_at)
    assert states(first) == [("ticketed", "SUP-1001")] * 2


@pytest.mark.parametrize("stop_at", [GATHER, APPLY], ids=["read", "decided"])
@pytest.mark.fault("A13")
def test_copies_without_a_message_id_are_told_by_their_content(shared: str, another: Open, stop_at: str) -> None:
    """There is no id to lock; the content is."""
    first, second = another(shared), another(shared)
    first.inbox.add([arrival(message_id=None), arrival(message_id=None)])
    assert handled_beside(first, second, stop_at)
    assert [state for state, _ in states(first)] == ["ticketed", "duplicate"]


def test_a_mail_of_another_conversation_waits_for_nobody(shared: str, another: Open) -> None:
    """While one desk reads a big mail the others go on."""
    first, second = another(shared), another(shared)
    first.inbox.add([arrival(), arrival("Other", message_id="<2@x.example>", sender="olga@x.example")])
    assert not handled_beside(first, second, GATHER)
    assert [state for state, _ in states(first)] == ["ticketed"] * 2


def test_a_postponed_mail_keeps_nobody_waiting(shared: str, another: Open) -> None:
    """Its answer is handled before it where it must be; later both are one ticket."""
    first, second = another(shared), another(shared)
    old, _ = first.inbox.add([raw_arrival(reply("one", 1)), raw_arrival(reply("two", 2, 1))])
    first.inbox.postpone(old, reason="bug", next_at=NOW + 10 * SECOND)
    assert handle_all(desk(second)) == 1
    assert handle_all(desk(first, NOW + 10 * SECOND)) == 1
    assert states(first) == [("ticketed", "SUP-1001")] * 2


def test_a_retry_waits_for_the_desk_that_has_the_mail(shared: str, another: Open) -> None:
    """Asked for while the mail is being handled, it is refused when that is done, and makes no second ticket."""
    first, second = another(shared), another(shared)
    first.inbox.add([arrival()])
    refused: list[str] = []

    def retry() -> None:
        try:
            second.inbox.retry(1, NOW)
        except UsageError as error:
            refused.append(str(error))

    with halted(first, APPLY) as gate:
        other = threading.Thread(target=retry, daemon=True)
        other.start()
        other.join(0.2)
        gate.open.set()
        other.join(20)
    assert refused
    assert states(first) == [("ticketed", "SUP-1001")]


def test_a_new_senders_mails_at_the_same_instant_are_a_ticket_each(shared: str, another: Open) -> None:
    """None is lost, none bounced; and together they get no more acknowledgements than one after the other."""
    keeps = [another(shared) for _ in range(4)]
    keeps[0].inbox.add([arrival(f"{n}", message_id=f"<{n}@x.example>") for n in range(8)])
    at_once(*[lambda k=k: handle_all(desk(k)) for k in keeps])  # type: ignore[misc]
    assert sorted(states(keeps[0])) == [("ticketed", f"SUP-{1001 + n}") for n in range(8)]
    kinds = Counter(row["kind"] for row in keeps[0].outbox.listing())
    assert kinds["acknowledgement"] == 3


def test_a_mountain_of_mail_is_shared_without_loss(shared: str, another: Open) -> None:
    """40 times a mail, a reply, a copy and a reply to the reply, three desks: 40 tickets of three messages."""
    keeps = [another(shared) for _ in range(3)]
    mails = []
    for number in range(40):
        first, who = number * 10, f"Ivan <ivan{number}@customer.example>"
        one, two = reply("one", first, sender=who), reply("two", first + 1, first, sender=who)
        mails += [one, two, one, reply("three", first + 2, first + 1, sender=who)]
    keeps[0].inbox.add([raw_arrival(raw) for raw in mails])
    counts = at_once(*[lambda k=k: handle_all(desk(k)) for k in keeps], seconds=60)  # type: ignore[misc]
    assert sum(counts) == len(mails)
    assert min(counts) > 0
    assert Counter(state for state, _ in states(keeps[0])) == {"ticketed": 120, "duplicate": 40}
    listed = keeps[0].views.tickets(Wanted())
    assert [one.messages for one in listed] == [3] * 40
    assert [one.ticket.id for one in listed] == list(range(1040, 1000, -1))


def test_conversations_that_cross_never_lock_each_other_out(shared: str, another: Open) -> None:
    """Mails that name each other's ids, tickets and senders in any order: everybody gets on, without one deadlock."""
    keeps = [another(shared) for _ in range(4)]
    chance = random.Random(7)
    mails = []
    for number in range(100):
        refers = chance.sample(range(120), 6)
        tags = " ".join(f"[SUP-{n}]" for n in chance.sample(range(1001, 1030), 3))
        named = " ".join(f"<{n}@customer.example>" for n in refers)
        who = f"p{chance.randrange(5)}@customer.example"
        mails.append(
            eml(f"{number}", message_id=f"<{number}@customer.example>", References=named, subject=tags, sender=who)
        )
    keeps[0].inbox.add([raw_arrival(raw) for raw in mails])
    counts = at_once(*[lambda k=k: handle_all(desk(k)) for k in keeps], seconds=60)  # type: ignore[misc]
    assert sum(counts) == 100
    assert {state for state, _ in states(keeps[0])} == {"ticketed"}
    assert [row["attempts"] for row in keeps[0].inbox.listing()] == [1] * 100


def test_names_are_locked_in_one_order() -> None:
    """Whatever order a mail names them in, and each once; the numbers fit into PostgreSQL's."""
    names = [f"id <{n}@x.example>" for n in range(100)] + ["sender \ud800"]
    assert list(lock_names(names)) == sorted(lock_names(reversed(names * 2)))
    assert all(-(2**63) <= one < 2**63 for one in lock_names(names))
    assert len(lock_names(names)) == 101


class Relay:
    """Takes every letter, and remembers it."""

    def __init__(self) -> None:
        self.taken: list[int] = []

    def send(self, mail: OutgoingMail, before_data: Callable[[], None]) -> Outcome:
        """Accept it for everybody."""
        before_data()
        self.taken.append(mail.id)
        return Outcome(accepted=mail.recipients)

    def check(self) -> None:
        """It is there."""

    def close(self) -> None:
        """Nothing to let go of."""


def test_letters_are_sent_once_by_whichever_desk(shared: str, another: Open) -> None:
    """Three desks send side by side, and take over at once what a fourth had claimed when it died."""
    dead, *keeps = [another(shared) for _ in range(4)]
    ids = post(dead, *[letter() for _ in range(90)])
    assert len(dead.outbox.claim(NOW, 15)) == 15
    with dead.database.write() as connection:
        connection.exec_driver_sql("UPDATE leases SET until = now()")
    relays = [Relay() for _ in keeps]

    def work(keep: Keep, relay: Relay) -> int:
        keep.mailboxes.lease(f"alive:{keep.holder}", NOW, timedelta(seconds=30))
        keep.outbox.recover()
        return Sender(keep.outbox, [relay], FixedClock(NOW)).send_due(NOW)

    at_once(*[lambda k=k, r=r: work(k, r) for k, r in zip(keeps, relays, strict=True)])  # type: ignore[misc]
    assert sorted(one for relay in relays for one in relay.taken) == ids
    assert {row["state"] for row in dead.outbox.listing()} == {"sent"}


def test_a_desk_never_takes_its_own_claims_for_a_dead_ones(shared: str, another: Open) -> None:
    """Nor those of a command that sends by itself and holds no other lease."""
    first, second = another(shared), another(shared)
    post(first, letter())
    assert len(first.outbox.claim(NOW, 1)) == 1
    assert first.outbox.recover() == 0
    assert second.outbox.recover() == 0


def test_two_desks_of_one_name_are_two(shared: str, another: Open) -> None:
    """Containers have one host name and one process number: the dead one's claims are found all the same."""
    first, second = another(shared), another(shared)
    assert first.holder != second.holder


def test_a_step_is_done_once_whoever_ticks(shared: str, another: Open) -> None:
    """Two desks that both think they tick: every escalation is one letter."""
    keeps = [another(shared) for _ in range(3)]
    step = Step(target=Target.FIRST_RESPONSE, at=At.parse("100%"), tell=("boris",))
    promise = replace(STANDARD, steps=(step,))
    ways = replace(
        practice(rules=(DEFAULT_RULE,)), promises=Promises(given=(Given(promise=promise, fits=lambda _: True),))
    )
    office = Office(practice=ways, letters=OFFICE.letters)
    mails = [arrival(f"{n}", message_id=f"<{n}@x.example>", sender=f"p{n}@x.example") for n in range(12)]
    keeps[0].inbox.add(mails)
    handle_all(Desk(keeps[0], lambda: office, FixedClock(NOW)))
    late = NOW + timedelta(hours=5)
    letters = at_once(*[lambda k=k: do_due(k, office, late, late) for k in keeps])  # type: ignore[misc]
    assert sum(letters) == 12
    told = [row["ticket"] for row in keeps[0].outbox.listing() if row["kind"] == "escalation"]
    assert sorted(told) == [f"SUP-{1001 + n}" for n in range(12)]
