"""Agents' mailboxes that answer, bounce or send back: nothing goes round, and what has to be told goes on."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from office import ANNA, BORIS, DESK, NOW, STANDARD, eml, practice

from maild.clock import FixedClock
from maild.desk.handle import Desk, Office
from maild.desk.tick import do_due
from maild.ingest.arrival import make_arrival
from maild.messages.envelope import Envelope
from maild.messages.tokens import Purpose
from maild.outgoing.letters import Letters
from maild.people.team import Agent, Queue, Team
from maild.sla.promise import At, Step, Target
from maild.store.keep import Keep
from maild.store.views import Wanted
from maild.threads.promises import Given, Promises

LETTERS = Letters(None, ["ru", "en"])
STEPS = (
    Step(target=Target.FIRST_RESPONSE, at=At.parse("100%"), tell=("anna",)),
    Step(target=Target.FIRST_RESPONSE, at=At.parse("+2h"), tell=("boris",)),
)
LATE = Promises(given=(Given(promise=replace(STANDARD, steps=STEPS), fits=lambda _: True),))


class Round:
    """A desk, and mailboxes that do something with every letter to them."""

    def __init__(self, keep: Keep, team: Team | None = None) -> None:
        self.keep, self.clock = keep, FixedClock(NOW)
        ways = practice(team=team) if team else practice()
        self.office = Office(practice=replace(ways, promises=LATE), letters=LETTERS)
        self.seen = 0

    def deliver(self, raw: bytes, *, sender: str, to: str = DESK, login: str | None = None) -> None:
        """One mail comes and is handled."""
        envelope = Envelope(
            channel="smtp", source="t", sender=sender, recipients=(to,), login=login, peer="127.0.0.1", trusted=True
        )
        self.keep.inbox.add([make_arrival(raw, envelope, self.clock.now())])
        desk = Desk(self.keep, lambda: self.office, self.clock)
        while desk.take_next().mails:
            pass

    def tick(self, **later: int) -> int:
        """Time passes, and what is due is done."""
        self.clock.at += timedelta(**later)
        return do_due(self.keep, self.office, self.clock.now())

    def new(self, to: str) -> list[tuple[int, bytes]]:
        """The letters to somebody that came since the last look."""
        rows = [row for row in self.keep.outbox.listing() if row["id"] > self.seen]
        self.seen = max([self.seen, *(row["id"] for row in rows)])
        return [(row["id"], self.keep.outbox.raw(row["id"])) for row in rows if row["recipients"][0]["address"] == to]

    def told(self) -> Counter[tuple[str, str]]:
        """How many letters of each kind went to whom."""
        return Counter((row["kind"], row["recipients"][0]["address"]) for row in self.keep.outbox.listing())


def field(raw: bytes, name: str) -> str:
    """A field of a letter."""
    return str(message_from_bytes(raw, policy=policy.default)[name] or "")


@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.fault("D11")
def test_an_escalation_to_a_mailbox_that_answers_by_itself_goes_on_to_the_next_level(keep: Keep, marked: bool) -> None:
    """Anna's robot answers every piece of news for seven hours: Boris is told in time, and nothing goes round."""
    desk = Round(keep)
    desk.deliver(eml(), sender="ivan@customer.example")
    answers = 0
    for minute in range(0, 7 * 60, 5):
        desk.tick(minutes=5)
        for number, raw in desk.new(ANNA.address):
            if kind_of(keep, number) not in ("notification", "escalation"):
                continue
            answers += 1
            away = eml(
                "I am on holiday.",
                sender=f"Anna <{ANNA.address}>",
                to=field(raw, "Reply-To"),
                subject=f"Away: {field(raw, 'Subject')}",
                message_id=f"<away{number}.{minute}@x>",
                **({"Auto_Submitted": "auto-replied"} if marked else {}),
            )
            desk.deliver(away, sender=ANNA.address, to=field(raw, "Reply-To"))
    assert answers == 2
    assert desk.told()["escalation", BORIS.address] == 1
    (listed,) = keep.views.tickets(Wanted())
    assert listed.ticket.status == "new"


def kind_of(keep: Keep, number: int) -> str:
    """What kind of letter it is."""
    return next(str(row["kind"]) for row in keep.outbox.listing() if row["id"] == number)


@pytest.mark.fault("D11")
def test_an_escalation_that_bounces_goes_on_to_the_next_level(keep: Keep) -> None:
    """The report changes nothing: two hours later Boris is told."""
    desk = Round(keep)
    desk.deliver(eml(), sender="ivan@customer.example")
    desk.new(ANNA.address)
    desk.tick(hours=4)
    ((_, raw),) = desk.new(ANNA.address)
    report = (
        f"From: MAILER-DAEMON@mx.example\r\nTo: {DESK}\r\nSubject: Undelivered\r\nMessage-ID: <b@mx>\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\nMIME-Version: 1.0\r\n\r\n'
        "--b\r\n\r\nno such user\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n"
        f"Final-Recipient: rfc822; {ANNA.address}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {field(raw, 'Message-ID')}\r\n\r\n--b--\r\n"
    )
    desk.deliver(report.encode(), sender="")
    desk.tick(hours=2)
    assert desk.told()["escalation", BORIS.address] == 1
    assert desk.told()["escalation", ANNA.address] == 1


@pytest.mark.fault("D12")
def test_agents_whose_mailboxes_send_everything_back_break_the_loop_at_the_first_return(keep: Keep) -> None:
    """Both redirect all their mail to the desk: our own marks are known, no letter comes of it."""
    desk = Round(keep)
    desk.deliver(eml(), sender="ivan@customer.example")
    before = desk.told()
    for address in (ANNA.address, BORIS.address):
        desk.seen = 0
        for _, raw in desk.new(address):
            desk.deliver(b"Received: from x\r\nResent-From: " + address.encode() + b"\r\n" + raw, sender=address)
    assert desk.told() == before
    assert Counter(row["state"] for row in keep.inbox.listing()) == {"ticketed": 1, "own": 2}


def test_a_mailbox_that_forwards_every_letter_as_a_mail_of_its_own_ends_in_a_digest(keep: Keep) -> None:
    """Nothing of ours is left on the forwarded mail: twenty letters and a digest now and then, no more."""
    desk = Round(keep)
    desk.deliver(eml(), sender="ivan@customer.example")
    for minute in range(60):
        desk.tick(minutes=1)
        for number, raw in desk.new(ANNA.address):
            forwarded = eml(
                "see below",
                sender=f"Anna <{ANNA.address}>",
                subject=f"FW {number}",
                message_id=f"<f{number}.{minute}@x>",
                date=desk.clock.at,
            )
            assert raw
            desk.deliver(forwarded, sender=ANNA.address)
    told = desk.told()
    assert told["acknowledgement", ANNA.address] <= 3
    assert told["notification", ANNA.address] + told["digest", ANNA.address] <= 30


@pytest.mark.fault("C12")
def test_twelve_agents_on_one_ticket_get_one_mail_for_each_message_and_none_of_their_own(keep: Keep) -> None:
    """Each replies with a note: nobody gets his own back, nobody gets a note twice, and floods become digests."""
    agents = tuple(Agent(id=f"a{n}", name=f"Agent {n}", address=f"a{n}@desk.example", language="en") for n in range(12))
    queue = Queue(name="support", agents=tuple(a.id for a in agents), default=True)
    desk = Round(keep, Team(agents=agents, queues=(queue,)))
    desk.deliver(eml(), sender="ivan@customer.example")
    mint = desk.office.practice.mint
    for n, agent in enumerate(agents[:5]):
        address = mint.address(Purpose.AGENT, 1001, agent.id)
        others = ", ".join(a.address for a in agents if a is not agent)
        note = eml(
            f"/note\nthought {n}", sender=agent.address, to=address, Cc=others, message_id=f"<n{n}@desk.example>"
        )
        desk.deliver(note, sender=agent.address, to=address, login=agent.id)
    (listed,) = keep.views.tickets(Wanted())
    assert len(keep.views.ticket(listed.ticket.number, "SUP").messages) == 6
    rows = [row for row in keep.outbox.listing() if row["kind"] == "notification"]
    bodies = Counter[tuple[str, int]]()
    for row in rows:
        part = message_from_bytes(keep.outbox.raw(row["id"]), policy=policy.default).get_body(("plain",))
        assert part is not None
        for n in range(5):
            if f"> thought {n}" in str(part.get_content()):
                bodies[row["recipients"][0]["address"], n] += 1
    assert set(bodies.values()) <= {1}
    assert not any(bodies[f"a{n}@desk.example", n] for n in range(5))
