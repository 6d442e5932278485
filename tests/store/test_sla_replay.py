"""Past tickets told again: under the promises in force their clocks are the stored ones, to the microsecond."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import time, timedelta

import pytest
from office import MINT, NOW, STANDARD, practice
from store.pieces import arrival

from maild.clock import FixedClock
from maild.desk.handle import Desk, Office
from maild.desk.orders import give_order
from maild.desk.tick import do_due
from maild.errors import MaildError
from maild.messages.tokens import Purpose
from maild.outgoing.letters import Letters
from maild.routing.conditions import read_condition
from maild.routing.fields import FIELDS
from maild.routing.rules import Actions, Rule
from maild.sla.calendar import Calendar, Span
from maild.sla.promise import At, Step, Target
from maild.store import open_keep
from maild.store.histories import read_histories
from maild.store.keep import Keep
from maild.threads.promises import Given, Promises
from maild.threads.replay import read_past, tell

HOUR = timedelta(hours=1)
DAYS = dict.fromkeys(range(7), (Span(time(8), time(20)),))
LONG = Calendar(name="long", timezone="Europe/Berlin", hours=DAYS)
RAISE = (
    Step(target=Target.FIRST_RESPONSE, at=At.parse("75%"), tell=("queue",)),
    Step(target=Target.FIRST_RESPONSE, at=At.parse("100%"), priority="urgent"),
    Step(target=Target.RESOLUTION, at=At.parse("50%"), line="up"),
)
URGENT = replace(STANDARD, name="urgent", first_response=HOUR, next_response=HOUR, resolution=8 * HOUR)
LAZY = replace(STANDARD, name="lazy", first_response=None, calendar=LONG, pause=frozenset({"hold"}))
VIP = replace(STANDARD, name="vip", resolution=None, calendar=LONG, first_response=2 * HOUR)
PROMISES = Promises(
    given=(
        Given(promise=URGENT, fits=lambda fields: fields["priority"] == "urgent"),
        Given(promise=VIP, fits=lambda fields: "vip" in fields["tags"]),
        Given(promise=LAZY, fits=lambda fields: fields["queue"] == "billing"),
        Given(promise=replace(STANDARD, steps=RAISE), fits=lambda _: True),
    )
)
OFFICE = Office(practice=replace(practice(), promises=PROMISES), letters=Letters(None, ("ru", "en"), "UTC"))
ORDERS = [
    ("queue", "billing"),
    ("queue", "support"),
    ("priority", "urgent"),
    ("priority", "low"),
    ("tag", "vip"),
    ("untag", "vip"),
    ("hold", ""),
    ("open", ""),
    ("pending", ""),
    ("solve", ""),
    ("close", ""),
    ("spam", ""),
    ("line", "2"),
    ("undo", ""),
    ("requester", "petr@other.example"),
    ("note", "what a day"),
]


class Life:
    """Customers and agents who do this and that, at one desk."""

    def __init__(self, keep: Keep, seed: int) -> None:
        self.keep, self.chance = keep, random.Random(seed)
        self.clock = FixedClock(NOW)
        self.desk = Desk(keep, lambda: OFFICE, self.clock)
        self.tickets, self.mails = 0, 0

    def mail(self, text: str, **fields: str) -> None:
        """A mail that was accepted a while before it is handled."""
        self.mails += 1
        waited = timedelta(seconds=self.chance.choice([0, 0, 1, 40]))
        login = {"login": "anna"} if fields["sender"].startswith("anna") else {}
        fields |= {"message_id": f"<{self.mails}@x.example>"}
        came = arrival(text, at=self.clock.at - waited, **fields)
        came = replace(came, envelope=replace(came.envelope, sender=fields["sender"], **login))
        if "to" in fields:
            came = replace(came, envelope=replace(came.envelope, recipients=(fields["to"],)))
        self.keep.inbox.add([came])
        while self.desk.take_next().mails:
            pass

    def act(self) -> None:
        """One thing that happens, some time later."""
        self.clock.at += timedelta(minutes=self.chance.choice([0, 3, 50, 400, 1500]), seconds=self.chance.randrange(60))
        do_due(self.keep, OFFICE, self.clock.at, self.clock.at)
        self.clock.at += timedelta(seconds=1)
        if self.tickets < 4 or self.chance.random() < 0.1:
            self.tickets += 1
            self.mail("Help!", sender=f"c{self.tickets}@c.example", subject=f"Trouble {self.tickets}")
            return
        number = 1000 + self.chance.randint(1, self.tickets)
        what, customer, to_anna = self.chance.random(), number - 1000, MINT.address(Purpose.AGENT, number, "anna")
        if what < 0.25:
            to = MINT.address(Purpose.CUSTOMER, number, f"c{customer}@c.example")
            self.mail(f"Still broken {self.mails}", sender=f"c{customer}@c.example", to=to)
        elif what < 0.5:
            orders = "".join(f"/{n} {w}\n" for n, w in self.chance.sample(ORDERS[:11], self.chance.choice([0, 0, 1])))
            self.mail(f"{orders}\nTry again.", sender="anna@desk.example", to=to_anna)
        elif what < 0.6:
            self.mail("/" + " ".join(self.chance.choice(ORDERS[:14])), sender="anna@desk.example", to=to_anna)
        else:
            with suppress(MaildError):
                give_order(self.keep, OFFICE, self.clock, str(number), *self.chance.choice(ORDERS))


@pytest.mark.parametrize("seed", range(4))
def test_any_history_told_again_under_the_promises_in_force_gives_the_stored_clocks(
    seed: int, url: str, size: object
) -> None:
    """Mails, answers, orders, steps, pauses, moves to other promises, and what was taken back."""
    keep = open_keep(url, "test")
    life = Life(keep, seed)
    for _ in range(120):
        life.act()
    told, kinds = 0, Counter[str]()
    for history in read_histories(keep.database, None, None):
        past = read_past(history.ticket, history.events, history.messages, history.tags)
        assert past is not None
        ticket, clocks = tell(past, PROMISES)
        story = "\n".join(f"{e.at} {e.actor} {e.kind}: {e.detail} ({e.because})" for e in history.events)
        assert clocks == history.clocks, story
        if history.ticket.status not in ("spam", "merged"):
            assert (ticket.promise, ticket.status) == (history.ticket.promise, history.ticket.status), story
        told += 1
        kinds.update(event.kind for event in history.events)
    keep.database.close()
    assert told >= life.tickets >= 8
    assert min(kinds[k] for k in ("created", "message", "answer", "status", "promise", "tags", "undone")) > 0, kinds


@pytest.mark.parametrize("when", ["new", "reply"])
def test_a_promise_that_a_rule_named_is_told_again_as_it_was(when: str, url: str) -> None:
    """At the opening, of which no event speaks, or later; whatever the ticket's fields say."""
    reading = read_condition({"event": when}, FIELDS, ("support", "billing"))
    rule = Rule(name="VIP", when=reading.condition, then=Actions(sla="vip"))
    how = replace(practice(rules=(rule, Rule(name="rest", when=None))), promises=PROMISES)
    office, keep, clock = replace(OFFICE, practice=how), open_keep(url, "test"), FixedClock(NOW)
    desk = Desk(keep, lambda: office, clock)
    for hours, fields in enumerate(({}, {"In_Reply_To": "<0@x.example>", "subject": "Re: Printer"})):
        clock.at = NOW + hours * HOUR
        keep.inbox.add([arrival(str(hours), at=clock.at, message_id=f"<{hours}@x.example>", **fields)])
        assert desk.take_next().mails == 1
    give_order(keep, office, clock, "1001", "queue", "billing")
    [history] = read_histories(keep.database, None, None)
    past = read_past(history.ticket, history.events, history.messages, history.tags)
    keep.database.close()
    assert past is not None
    ticket, clocks = tell(past, PROMISES)
    assert (ticket.promise, history.ticket.promise_set) == ("vip", True)
    assert clocks == history.clocks
