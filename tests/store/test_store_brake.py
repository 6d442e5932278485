"""The brake between a decision and the outbox, on a real desk: what loops runs into budgets, and nothing is lost."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from urllib.parse import unquote

import pytest
from office import NOW, STANDARD, eml, practice
from store.pieces import letter

from maild.clock import FixedClock
from maild.desk.alarms import Alarms
from maild.desk.causes import Cause
from maild.desk.gathering import Gathering
from maild.desk.handle import Desk, Office
from maild.desk.orders import give_order
from maild.desk.tick import do_due, keep_house
from maild.ingest.arrival import make_arrival
from maild.messages.envelope import Envelope
from maild.outgoing.letters import Letters
from maild.people.quiet import Quiet
from maild.people.team import Team
from maild.sla.promise import At, Step, Target
from maild.store.keep import Keep
from maild.store.views import Wanted
from maild.threads.budget import Budgets
from maild.threads.promises import Given, Promises

IVAN = "ivan@customer.example"
AGENTS = ("anna@desk.example", "boris@desk.example")
SMALL = Budgets(per_domain=5, per_big_domain=8, storm=6, notifications=4)
USUAL = Budgets()
LETTERS = Letters(None, ["ru", "en"])


def office(budgets: Budgets = SMALL) -> Office:
    """A desk with small budgets."""
    return Office(practice=replace(practice(), budgets=budgets), letters=LETTERS)


def deliver(keep: Keep, clock: FixedClock, *mails: bytes, sender: str = IVAN, budgets: Budgets = USUAL) -> None:
    """Accept these mails and handle them all."""
    envelope = Envelope(channel="smtp", source="test", sender=sender, recipients=("support@desk.example",))
    keep.inbox.add([make_arrival(raw, envelope, clock.now()) for raw in mails])
    desk = Desk(keep, lambda: office(budgets), clock)
    while desk.take_next().mails:
        pass


def told(keep: Keep, kind: str | None = None) -> Counter[str]:
    """How many letters (of a kind) went to whom."""
    return Counter(
        row["recipients"][0]["address"] for row in keep.outbox.listing() if kind is None or row["kind"] == kind
    )


def strangers(count: int, domain: str = "{n}.example", start: int = 0) -> list[bytes]:
    """Mails of so many senders; {n} is the sender's number."""
    numbers = range(start, start + count)
    return [
        eml(f"Help {n}", sender=f"u{n}@{domain.format(n=n)}", subject=f"Help {n}", message_id=f"<s{n}@{domain}>")
        for n in numbers
    ]


def reasons(keep: Keep, kind: str) -> list[str]:
    """What all tickets' histories say of events of this kind."""
    found: list[str] = []
    for listed in keep.views.tickets(Wanted()):
        whole = keep.views.ticket(listed.ticket.number, "SUP")
        found += [f"{e['detail']}: {e['because']}" for e in whole.events if e["kind"] == kind]
    return found


def alarm_letters(keep: Keep, clock: FixedClock, admin: str | None = "root@desk.example") -> list[str]:
    """The subjects of what the admin is told at a look."""
    before = len(keep.outbox.listing())
    Alarms(keep, office, admin, clock).look()
    return [row["subject"] for row in keep.outbox.listing()[before:] if row["kind"] == "alarm"]


# -- acknowledgements --------------------------------------------------------------------------------------------------


@pytest.mark.fault("D2")
def test_a_robot_that_answers_everything_gets_one_acknowledgement_and_loses_no_mail(keep: Keep) -> None:
    """Thirty replies on one ticket at once: ten letters to each agent, the rest in a digest; thirty mails kept."""
    clock = FixedClock(NOW)
    deliver(keep, clock, eml())
    replies = [
        eml(f"I am here again, {n}.", message_id=f"<r{n}@customer.example>", References="<1@customer.example>")
        for n in range(30)
    ]
    deliver(keep, clock, *replies)
    assert told(keep) == {IVAN: 1, "anna@desk.example": 10, "boris@desk.example": 10}
    (listed,) = keep.views.tickets(Wanted())
    whole = keep.views.ticket(listed.ticket.number, "SUP")
    assert len(whole.messages) == 31
    assert "letter_gathered" in {event["kind"] for event in whole.events}
    clock.at += timedelta(minutes=2)
    assert do_due(keep, office(USUAL), clock.now()) == 2
    assert told(keep, "digest") == dict.fromkeys(AGENTS, 1)


@pytest.mark.fault("D2")
def test_an_out_of_office_robot_with_no_headers_gets_three_an_hour(keep: Keep) -> None:
    """It writes anew each time, with another Message-ID and nothing that gives it away; ten a day are the most."""
    clock = FixedClock(NOW)
    for hour in range(6):
        for n in range(6):
            deliver(keep, clock, eml("I am away.", subject=f"Away {hour} {n}", message_id=f"<{hour}.{n}@c>"))
            clock.at += timedelta(minutes=10)
        assert told(keep, "acknowledgement")[IVAN] == min(10, 3 * (hour + 1))
    assert len(keep.views.tickets(Wanted())) == 36


def test_news_on_its_way_to_a_digest_counts_before_it_is_written_and_after(keep: Keep) -> None:
    """Ten tickets that are due in one transaction flood a person as ten in ten transactions do."""
    anna, boris = AGENTS
    with keep.database.write() as connection:
        made = {"keep": keep, "connection": connection, "budgets": SMALL, "now": NOW}
        first = Gathering(**made)
        for _ in range(4):
            assert first.flooded(anna) is None
            first.add(letter("Anna@desk.example").letter, NOW)
        why = "4 letters within 10 minutes"
        assert [first.flooded(anna), first.flooded(anna), first.flooded(boris)] == [why, why, None]
        first.write()
        first.write()
        assert [Gathering(**made).flooded(anna), Gathering(**made).flooded(boris)] == [why, None]
    lines = keep.digests.take
    with keep.database.write() as connection:
        assert len(lines(connection, anna, NOW, every=timedelta(hours=1), limit=10)) == 4


@pytest.mark.fault("D3")
def test_a_robot_whose_name_changes_each_time_runs_into_the_domains_budget(keep: Keep) -> None:
    """Ten senders of one domain, also below it: five acknowledgements, ten tickets, and the history says why."""
    clock = FixedClock(NOW)
    deliver(keep, clock, *strangers(5, "robots.example"), *strangers(5, "x{n}.robots.example", 5), budgets=SMALL)
    assert sum(told(keep, "acknowledgement").values()) == 5
    assert len(keep.views.tickets(Wanted())) == 10
    why = "addresses of robots.example wanted enough acknowledgements this hour"
    assert reasons(keep, "no_acknowledgement") == [f"{why}: "] * 5
    clock.at += timedelta(hours=1, seconds=1)
    deliver(keep, clock, *strangers(1, "robots.example", 90), budgets=SMALL)
    assert sum(told(keep, "acknowledgement").values()) == 6


def test_one_domain_that_floods_leaves_the_acknowledgements_of_others_alone(keep: Keep) -> None:
    """What runs into a domain's budget is not counted over all, so the breaker stays closed."""
    clock = FixedClock(NOW)
    deliver(keep, clock, *strangers(20, "robots.example"), *strangers(1, start=50), budgets=SMALL)
    assert told(keep, "acknowledgement")["u50@50.example"] == 1
    assert not keep.troubles.any_open(Cause.ACKNOWLEDGEMENTS_STOPPED)


def test_one_domain_that_floods_cannot_hold_the_breaker_open(keep: Keep) -> None:
    """What it wants while none are given counts for it all the same, so the others get theirs when they are quiet."""
    clock = FixedClock(NOW)
    deliver(keep, clock, *strangers(7), budgets=SMALL)
    assert keep.troubles.any_open(Cause.ACKNOWLEDGEMENTS_STOPPED)
    for ten_minutes in range(4):
        clock.at += timedelta(minutes=10, seconds=1)
        deliver(keep, clock, *strangers(9, "robots.example", 100 * ten_minutes + 100), budgets=SMALL)
    deliver(keep, clock, *strangers(1, start=50), budgets=SMALL)
    assert told(keep, "acknowledgement")["u50@50.example"] == 1
    assert sum(told(keep, "acknowledgement").values()) == 6 + 5 + 1


def test_a_great_mail_provider_has_a_greater_budget(keep: Keep) -> None:
    """Its customers do not know each other."""
    deliver(keep, FixedClock(NOW), *strangers(7, "mail.ru"), budgets=replace(SMALL, storm=100))
    assert sum(told(keep, "acknowledgement").values()) == 7


def test_a_storm_stops_acknowledgements_and_nothing_else_until_it_is_over(keep: Keep) -> None:
    """Six go, then none; the admin is told once, tickets come all the while; when it is quiet they go again."""
    clock = FixedClock(NOW)
    deliver(keep, clock, *strangers(20), budgets=SMALL)
    assert sum(told(keep, "acknowledgement").values()) == 6
    assert len(keep.views.tickets(Wanted())) == 20
    assert alarm_letters(keep, clock) == ["Неполадка: подтверждения остановлены"]
    clock.at += timedelta(minutes=5)
    deliver(keep, clock, *strangers(4, start=50), budgets=SMALL)
    keep_house(keep, office(), clock.now())
    assert alarm_letters(keep, clock) == []
    assert sum(told(keep, "acknowledgement").values()) == 6
    clock.at += timedelta(minutes=11)
    keep_house(keep, office(), clock.now())
    assert alarm_letters(keep, clock) == ["Исправлено: подтверждения остановлены"]
    deliver(keep, clock, *strangers(1, start=80), budgets=SMALL)
    assert told(keep, "acknowledgement")["u80@80.example"] == 1


def test_the_breaker_closes_by_the_next_mail_too(keep: Keep) -> None:
    """No tick is needed for it."""
    clock = FixedClock(NOW)
    deliver(keep, clock, *strangers(8), budgets=SMALL)
    assert keep.troubles.any_open(Cause.ACKNOWLEDGEMENTS_STOPPED)
    clock.at += timedelta(minutes=11)
    deliver(keep, clock, *strangers(1, start=80), budgets=SMALL)
    assert told(keep, "acknowledgement")["u80@80.example"] == 1
    assert not keep.troubles.any_open(Cause.ACKNOWLEDGEMENTS_STOPPED)


def test_the_explanation_tells_what_the_brake_kept_back(keep: Keep) -> None:
    """`maild explain --inbox` shows the letters that go, and beside them those that do not, with the reason."""
    deliver(keep, FixedClock(NOW), *strangers(7), budgets=SMALL)
    decision = keep.inbox.get(7)["decision"]
    assert decision["letters"] == []
    assert [(one["kind"], one["in_digest"]) for one in decision["left_out"]] == [
        ("acknowledgement", False),
        ("notification", True),
        ("notification", True),
    ]


@pytest.mark.fault("D7")
def test_ten_thousand_forged_senders_send_a_victim_nothing(keep: Keep) -> None:
    """The victim stands in Reply-To of each (sixty here): not one letter goes there."""
    mails = [
        eml(sender=f"u{n}@{n}.example", subject=f"x{n}", message_id=f"<{n}@v>", Reply_To="victim@victim.example")
        for n in range(60)
    ]
    deliver(keep, FixedClock(NOW), *mails)
    assert told(keep)["victim@victim.example"] == 0
    assert sum(told(keep, "acknowledgement").values()) == 60


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.fault("D8")
def test_an_acknowledgement_to_an_unproven_sender_shows_nothing_that_he_wrote(keep: Keep, language: str) -> None:
    """Neither his subject nor his text nor the name beside his address; in both languages."""
    words = {
        "ru": "Срочно откройте ссылку http://evil.example сейчас же, это очень важно для вашего счёта",
        "en": "Please open the link http://evil.example at once, it is most urgent",
    }[language]
    sender = '"BUY http://evil.example" <victim@victim.example>'
    evil = eml(words, sender=sender, subject=words, message_id="<http://evil.example>")
    deliver(keep, FixedClock(NOW), evil, sender="victim@victim.example")
    (row,) = [row for row in keep.outbox.listing() if row["kind"] == "acknowledgement"]
    message = message_from_bytes(keep.outbox.raw(row["id"]), policy=policy.default)
    hidden = ("In-Reply-To", "References")
    shown = "\n".join(f"{name}: {value}" for name, value in message.items() if name not in hidden)
    shown += "".join(part.get_content() for part in message.walk() if not part.is_multipart())
    assert not any(attack in shown for attack in ("evil", "BUY", "link", "ссылку", "счёта"))
    assert ("Здравствуйте" in shown) == (language == "ru")


@pytest.mark.fault("D9")
def test_our_own_mail_that_comes_back_leads_to_nothing(keep: Keep) -> None:
    """Our From, or our own letter fetched back: one state, one reason, no letter."""
    clock = FixedClock(NOW)
    deliver(keep, clock, eml())
    ours = [keep.outbox.raw(row["id"]) for row in keep.outbox.listing()]
    before = len(ours)
    deliver(keep, clock, *ours, eml(sender="support@desk.example", message_id="<own@x>"))
    assert len(keep.outbox.listing()) == before
    assert Counter(row["state"] for row in keep.inbox.listing()) == {"ticketed": 1, "own": before + 1}


# -- news to agents ----------------------------------------------------------------------------------------------------


def test_below_the_threshold_nothing_waits(keep: Keep) -> None:
    """Four mails within ten minutes: four letters to each agent."""
    clock = FixedClock(NOW)
    deliver(keep, clock, *strangers(4), budgets=SMALL)
    assert told(keep, "notification") == dict.fromkeys(AGENTS, 4)
    assert keep.digests.due(clock.now() + timedelta(hours=1), SMALL.digest_every) == []


def test_what_would_flood_an_agent_is_gathered_and_told_once(keep: Keep) -> None:
    """Of thirty tickets four come by themselves and twenty-six in one digest, each with its own reply address."""
    clock = FixedClock(NOW)
    deliver(keep, clock, *strangers(30), budgets=SMALL)
    assert told(keep, "notification") == dict.fromkeys(AGENTS, 4)
    assert do_due(keep, office(), clock.now()) == 0, "it waits for what comes with it"
    clock.at += timedelta(minutes=1)
    assert do_due(keep, office(), clock.now()) == 2
    assert told(keep, "digest") == dict.fromkeys(AGENTS, 1)
    text = digest_text(keep, "boris@desk.example")
    assert "26 pieces of news on 26 tickets" in text
    assert all(f"Help {n}" in text for n in range(4, 30))
    assert text.count("mailto:support+") == 26
    assert do_due(keep, office(), clock.now() + timedelta(hours=1)) == 0, "nothing is told twice"


def digest_text(keep: Keep, to: str) -> str:
    """The plain text of the last digest to somebody."""
    rows = [r for r in keep.outbox.listing() if r["kind"] == "digest" and r["recipients"][0]["address"] == to]
    body = message_from_bytes(keep.outbox.raw(rows[-1]["id"]), policy=policy.default).get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_a_long_storm_gives_a_digest_a_quarter_of_an_hour(keep: Keep) -> None:
    """Three quarters of an hour of a mail a minute: four letters by themselves, four digests, all mails in them."""
    clock = FixedClock(NOW)
    for minute in range(45):
        deliver(keep, clock, *strangers(1, start=minute), budgets=SMALL)
        do_due(keep, office(), clock.now())
        clock.at += timedelta(minutes=1)
    clock.at += timedelta(minutes=15)
    do_due(keep, office(), clock.now())
    assert told(keep, "notification") == dict.fromkeys(AGENTS, 4)
    assert told(keep, "digest") == dict.fromkeys(AGENTS, 4)
    assert len(keep.views.tickets(Wanted())) == 45
    with keep.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT count(*), count(told_at) FROM gathered").one()
    assert tuple(rows) == (82, 82)


def test_the_reply_address_in_a_digest_is_the_tickets_own(keep: Keep) -> None:
    """What a mail client makes of the link comes back to the ticket, from this agent."""
    clock = FixedClock(NOW)
    deliver(keep, clock, *strangers(6), budgets=SMALL)
    clock.at += timedelta(minutes=1)
    do_due(keep, office(), clock.now())
    text = digest_text(keep, "boris@desk.example")
    links = re.findall(r"mailto:(\S+?)\?subject=(\S+)", text)
    mint = practice().mint
    claims = [mint.read_address(unquote(address)) for address, _ in links]
    assert [unquote(subject) for _, subject in links] == ["[SUP-1005]", "[SUP-1006]"]
    assert [claim.ticket if claim else None for claim in claims] == [1005, 1006]


def test_several_mails_of_a_ticket_are_one_entry(keep: Keep) -> None:
    """The newest is shown, and how many there were."""
    clock = FixedClock(NOW)
    deliver(keep, clock, *strangers(4), eml("first"), budgets=SMALL)
    more = [eml(f"more {n}", message_id=f"<m{n}@c>", References="<1@customer.example>") for n in range(3)]
    deliver(keep, clock, *more, budgets=SMALL)
    clock.at += timedelta(minutes=1)
    do_due(keep, office(), clock.now())
    text = digest_text(keep, "boris@desk.example")
    assert "4 pieces of news on 1 ticket" in text
    assert "A reply (the newest of 4): more 2" in text


def test_two_desks_write_one_digest(keep: Keep) -> None:
    """Whoever is later finds nothing left to tell."""
    clock = FixedClock(NOW)
    deliver(keep, clock, *strangers(9), budgets=SMALL)
    at, every = clock.now() + timedelta(minutes=1), SMALL.digest_every
    (first, *_) = keep.digests.due(at, every)
    with keep.database.write() as connection:
        assert len(keep.digests.take(connection, first, at, every=every, limit=100)) == 5
    with keep.database.write() as connection:
        assert keep.digests.take(connection, first, at, every=every, limit=100) == []


@pytest.mark.fault("I3")
def test_ten_thousand_deadlines_at_once_are_one_digest_for_each_agent(keep: Keep) -> None:
    """Twenty here: four letters each by themselves, the rest gathered, in the very same tick."""
    clock = FixedClock(NOW)
    budgets = replace(SMALL, per_domain=100, storm=1000)
    deliver(keep, clock, *strangers(20), budgets=budgets)
    clock.at += timedelta(minutes=1)
    do_due(keep, office(), clock.now())
    clock.at = NOW + timedelta(days=3)
    with keep.database.write() as connection:
        connection.exec_driver_sql("UPDATE tickets SET next_step_at = created_at")
    assert do_due(keep, late_office(), clock.now()) == 10
    assert told(keep, "escalation") == dict.fromkeys(AGENTS, 4)
    assert "16 pieces of news on 16 tickets" in digest_text(keep, "boris@desk.example")
    assert "The promised time is over" in digest_text(keep, "boris@desk.example")


def late_office() -> Office:
    """A desk that tells its agents when the first response is overdue."""
    step = Step(target=Target.FIRST_RESPONSE, at=At.parse("100%"), tell=("queue",))
    promise = replace(STANDARD, steps=(step,))
    promises = Promises(given=(Given(promise=promise, fits=lambda _: True),))
    return Office(practice=replace(practice(), budgets=SMALL, promises=promises), letters=LETTERS)


def test_the_ladder_lets_letters_through_again(keep: Keep) -> None:
    """An hour later there is room."""
    clock = FixedClock(NOW)
    deliver(keep, clock, eml())
    for n in range(12):
        deliver(keep, clock, eml(f"{n}", message_id=f"<r{n}@c>", References="<1@customer.example>"))
    before = told(keep)["anna@desk.example"]
    clock.at += timedelta(hours=1)
    deliver(keep, clock, eml("later", message_id="<later@c>", References="<1@customer.example>", date=clock.at))
    assert told(keep)["anna@desk.example"] == before + 1


def test_a_sender_whom_no_letter_can_name_still_gets_a_ticket(keep: Keep) -> None:
    """His mail is no poison: it is a ticket without a requester."""
    deliver(keep, FixedClock(NOW), eml(sender="Bob <bob@cust..example>"))
    (listed,) = keep.views.tickets(Wanted())
    assert listed.ticket.requester is None
    assert "bob@cust..example" not in told(keep)


def quiet_office(**wishes: object) -> Office:
    """A desk whose Anna wants something."""
    anna, boris = practice().team.agents
    team = Team(agents=(replace(anna, **wishes), boris), queues=practice().team.queues)  # type: ignore[arg-type]
    return Office(practice=practice(team=team), letters=LETTERS)


def test_what_comes_in_quiet_hours_is_told_once_when_they_end(keep: Keep) -> None:
    """Boris hears of it at once; Anna in the morning, in one letter with all of it."""
    clock, made = FixedClock(NOW), quiet_office(quiet=(Quiet.parse("08:00-12:00"),))
    envelope = Envelope(channel="smtp", source="test", sender=IVAN, recipients=("support@desk.example",))
    keep.inbox.add([make_arrival(raw, envelope, NOW) for raw in strangers(3)])
    desk = Desk(keep, lambda: made, clock)
    while desk.take_next().mails:
        pass
    assert told(keep, "notification") == {"boris@desk.example": 3}
    do_due(keep, made, NOW + timedelta(hours=2, minutes=59))
    assert told(keep, "digest") == {}
    do_due(keep, made, NOW + timedelta(hours=3))
    do_due(keep, made, NOW + timedelta(hours=4))
    assert told(keep, "digest") == {"anna@desk.example": 1}
    assert len(reasons(keep, "letter_gathered")) == 3
    assert "quiet hours of anna, until 2026-11-23 12:00 UTC" in reasons(keep, "letter_gathered")[0]


def test_who_wants_a_digest_gets_no_single_letters(keep: Keep) -> None:
    """And waits no longer than he said."""
    clock, made = FixedClock(NOW), quiet_office(digest=timedelta(hours=1))
    envelope = Envelope(channel="smtp", source="test", sender=IVAN, recipients=("support@desk.example",))
    keep.inbox.add([make_arrival(raw, envelope, NOW) for raw in strangers(2)])
    desk = Desk(keep, lambda: made, clock)
    while desk.take_next().mails:
        pass
    assert told(keep, "notification") == {"boris@desk.example": 2}
    do_due(keep, made, NOW + timedelta(minutes=59))
    assert told(keep, "digest") == {}
    do_due(keep, made, NOW + timedelta(minutes=60))
    assert told(keep, "digest") == {"anna@desk.example": 1}


def _entries_of_the_digest(keep: Keep) -> list[str]:
    """What the one digest says of each ticket."""
    [digest] = [row["id"] for row in keep.outbox.listing() if row["kind"] == "digest"]
    body = message_from_bytes(keep.outbox.raw(digest), policy=policy.default).get_body(("plain",))
    assert body is not None
    return str(body.get_content()).split("----")[1:-1]


def test_a_digest_tells_of_deadlines_as_they_are_when_it_is_written(keep: Keep) -> None:
    """What was near at night is over in the morning; what a colleague has solved meanwhile is due no more."""
    clock, made = FixedClock(NOW), quiet_office(quiet=(Quiet.parse("08:00-18:00"),), language="en")
    warning = Step(target=Target.FIRST_RESPONSE, at=At.parse("50%"), tell=("queue",))
    standard = replace(STANDARD, steps=(warning,))
    promises = Promises(given=(Given(promise=standard, fits=lambda _: True),))
    made = replace(made, practice=replace(made.practice, promises=promises))
    envelope = Envelope(channel="smtp", source="test", sender=IVAN, recipients=("support@desk.example",))
    keep.inbox.add([make_arrival(raw, envelope, NOW) for raw in strangers(2)])
    desk = Desk(keep, lambda: made, clock)
    while desk.take_next().mails:
        pass
    do_due(keep, made, NOW + timedelta(hours=2))
    clock.at = NOW + timedelta(hours=3)
    give_order(keep, made, clock, "1002", "solve", "")
    do_due(keep, made, NOW + timedelta(hours=9))
    first, second = _entries_of_the_digest(keep)
    assert ("SUP-1001" in first, "The promised time is over" in first, "An answer was due" in first) == (True,) * 3
    assert ("SUP-1002" in second, "was near; it does not run now" in second, "An answer is due" in second) == (
        True,
        True,
        False,
    )


def test_a_digest_tells_what_is_due_an_answer_or_a_solution(keep: Keep) -> None:
    """A day of forty hours is no answer that is owed."""
    clock, made = FixedClock(NOW), quiet_office(quiet=(Quiet.parse("08:00-22:00"),), language="en")
    step = Step(target=Target.RESOLUTION, at=At.parse("25%"), tell=("queue",))
    promises = Promises(given=(Given(promise=replace(STANDARD, steps=(step,)), fits=lambda _: True),))
    made = replace(made, practice=replace(made.practice, promises=promises))
    envelope = Envelope(channel="smtp", source="test", sender=IVAN, recipients=("support@desk.example",))
    keep.inbox.add([make_arrival(raw, envelope, NOW) for raw in strangers(1)])
    while Desk(keep, lambda: made, clock).take_next().mails:
        pass
    do_due(keep, made, NOW + timedelta(hours=10))
    do_due(keep, made, NOW + timedelta(hours=14))
    [entry] = _entries_of_the_digest(keep)
    assert "The promised time is near (the newest of 2)" in entry
    assert "A solution is due on Wednesday, 25 November, by " in entry
