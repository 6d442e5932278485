"""What rules send outside, on a real store: the mail itself goes along, once; calls wait in a lane of their own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from core.test_rule_events import rule
from daemon import parse_letter
from office import NOW, STANDARD, practice
from store.pieces import OFFICE, arrival, handle_all, letter, post, raw_arrival

from maild.clock import FixedClock
from maild.desk.causes import Cause
from maild.desk.handle import Desk, Office
from maild.desk.orders import give_order
from maild.desk.tick import do_due
from maild.errors import RetryLater
from maild.messages.mail import Address
from maild.messages.tokens import Key, Mint
from maild.outgoing.sender import Sender, Senders
from maild.routing.rules import Rule
from maild.sla.promise import At, Step, Target
from maild.store.keep import Keep
from maild.store.outbox import OutboxStore
from maild.store.tables import troubles
from maild.threads.model import OutboxState
from maild.threads.plan import LetterKind, Outcome, OutgoingMail
from maild.threads.promises import Given, Promises

DEV = "dev@partner.example"
HOOKS = {"tracker": "https://tracker.example/hooks", "chat": "https://chat.example/in"}
EVERYTHING = Rule(name="Everything else", when=None)


def office(*rules: Rule, **changes: Any) -> Office:
    """The desk with these rules and two webhooks."""
    how = replace(practice(rules=(*rules, EVERYTHING)), webhooks=HOOKS, **changes)
    return replace(OFFICE, practice=how)


def handle(keep: Keep, how: Office, *arrivals: Any) -> None:
    """These mails come in and are handled."""
    keep.inbox.add(list(arrivals))
    handle_all(Desk(keep, lambda: how, FixedClock(NOW)))


def letters(keep: Keep, kind: LetterKind) -> list[Any]:
    """The outbox's rows of a kind."""
    return [row for row in keep.outbox.listing() if row["kind"] == kind]


def story(keep: Keep, number: str = "1001") -> list[tuple[str, str, str]]:
    """A ticket's history."""
    return [(e["kind"], e["detail"], e["because"]) for e in keep.views.ticket(number, "SUP").events]


def noted(keep: Keep) -> list[tuple[str, str, str]]:
    """What the admin is told."""
    with keep.database.read() as connection:
        query = sa.select(troubles.c.cause, troubles.c.about, troubles.c.text)
        return [tuple(row) for row in connection.execute(query)]


PASS = rule("Pass", {"event": "new"}, forward=(DEV,))


def test_the_mail_as_it_came_goes_along(keep: Keep) -> None:
    """To the last byte, as a mail in the mail."""
    came = arrival("It crashes.")
    handle(keep, office(PASS), came)
    [row] = letters(keep, LetterKind.FORWARD)
    raw = keep.outbox.raw(row["id"])
    assert b"Content-Type: message/rfc822\r\n" in raw
    assert came.raw in raw
    assert b"\r\nAuto-Submitted: auto-generated\r\n" in raw
    assert b"\r\nX-Maild-Loop: " in raw
    assert (row["recipients"][0]["address"], row["state"]) == (DEV, "waiting")


def test_the_same_mail_goes_to_an_address_once_for_a_rule(keep: Keep) -> None:
    """A change of status looks at the mail that went before; the history says that it went then, and no alarm comes."""
    moved = rule("Moved", {"event": "status", "status": "pending"}, forward=(DEV,))
    how = office(moved)
    handle(keep, how, arrival())
    for order in ("pending", "reopen", "pending"):
        give_order(keep, how, FixedClock(NOW), "1001", order, "")
    assert len(letters(keep, LetterKind.FORWARD)) == 1
    assert ("letter_left_out", f"forward to {DEV}", "this mail went there before") in story(keep)
    assert noted(keep) == []


def test_of_a_mail_that_an_agent_passed_on_nothing_but_the_customers_text_goes(keep: Keep) -> None:
    """Above it stand words for colleagues."""
    inner = (
        "He is furious, mind the contract.\n\n---------- Forwarded message ---------\n"
        "From: Ivan <ivan@customer.example>\nDate: Mon, 23 Nov 2026 08:00:00 +0000\nSubject: Crash\n"
        "To: anna@desk.example\n\nIt crashes.\n"
    )
    late = rule("Late", {"event": "schedule", "age": {"above": "1h"}}, forward=("qa@partner.example",))
    how = office(PASS, late)
    mail = arrival(inner, sender="Anna <anna@desk.example>", subject="Fwd: Crash", message_id="<f@desk.example>")
    envelope = replace(mail.envelope, sender="anna@desk.example", login="anna")
    handle(keep, how, replace(mail, envelope=envelope))
    do_due(keep, how, NOW + timedelta(hours=2))
    sent = letters(keep, LetterKind.FORWARD)
    assert [row["recipients"][0]["address"] for row in sent] == [DEV, "qa@partner.example"]
    for row in sent:
        seen = parse_letter(keep.outbox.raw(row["id"]), "", DEV)
        assert "It crashes." in seen.text
        assert "furious" not in seen.everything
        assert "message/rfc822" not in seen.everything


def test_a_mail_of_another_desk_does_not_go_on_when_time_asks_either(keep: Keep) -> None:
    """Its bytes say whose it is; the admin hears of it."""
    late = rule("Late", {"event": "schedule", "age": {"above": "1h"}}, forward=(DEV,))
    how = office(late)
    handle(keep, how, arrival(X_Maild_Loop="zother"))
    do_due(keep, how, NOW + timedelta(hours=2))
    assert letters(keep, LetterKind.FORWARD) == []
    assert ("letter_left_out", f"forward to {DEV}", "a desk has written it") in story(keep)
    assert [cause for cause, _, _ in noted(keep)] == [Cause.LETTERS_LEFT_OUT]


def test_two_desks_that_pass_on_everything_to_each_other_stop_at_once(keep: Keep) -> None:
    """The other one has other keys; the mark in the letter is enough, and the letter is a ticket there all the same."""
    handle(keep, office(PASS), arrival())
    [row] = letters(keep, LetterKind.FORWARD)
    theirs = Mint((Key(id="b", secret=b"o" * 32),), "support@other.example", "other.example")
    back = rule("Back", {"event": "new"}, forward=("support@third.example",))
    other = office(back, mint=theirs, own_addresses=frozenset({"support@other.example"}))
    raw = keep.outbox.raw(row["id"])
    handle(keep, other, raw_arrival(raw, sender=row["envelope_from"], recipients=("support@other.example",)))
    assert len(letters(keep, LetterKind.FORWARD)) == 1
    assert ("not_forwarded", "support@third.example: a desk has written it", "Back") in story(keep, "1002")


def test_forwards_run_into_the_ladder_as_all_automatic_letters_do(keep: Keep) -> None:
    """So many to one address, over all tickets; the mails themselves are tickets all the same."""
    mails = [arrival(f"{n}", message_id=f"<{n}@x.example>", sender=f"p{n}@x{n}.example") for n in range(65)]
    handle(keep, office(PASS), *mails)
    assert len(letters(keep, LetterKind.FORWARD)) == 60
    assert ("letter_left_out", f"forward to {DEV}", "60 letters within 10 minutes") in story(keep, "1065")


def test_an_address_that_takes_no_forward_is_told_to_the_admin(keep: Keep) -> None:
    """It stands in the rules: no agent can mend it."""
    handle(keep, office(PASS), arrival())
    [row] = letters(keep, LetterKind.FORWARD)
    keep.outbox.settle(row["id"], Outcome(refused=((DEV, "550 5.1.1 no such user"),)), NOW, None)
    do_due(keep, office(PASS), NOW + timedelta(minutes=1))
    assert noted(keep) == [(Cause.LETTERS_LEFT_OUT, "", f"forward {row['id']} to {DEV}: 550 5.1.1 no such user")]
    assert ("not_delivered", f"forward to {DEV}", f"{DEV}: 550 5.1.1 no such user") in story(keep)
    handle(keep, office(PASS), arrival("Again.", message_id="<2@x.example>", sender="eve@x.example"))
    assert ("letter_left_out", f"forward to {DEV}", "this address refuses mail (5.1.1)") in story(keep, "1002")


# -- calls -------------------------------------------------------------------------------------------------------------

CALL = rule("Tell", {"event": "new"}, webhook=("tracker", "chat"))


class Way:
    """Takes what it is given, or does not."""

    def __init__(self, *doing: Any) -> None:
        self.doing = list(doing)
        self.seen: list[OutgoingMail] = []

    def send(self, mail: OutgoingMail, _before_data: object) -> Outcome:
        self.seen.append(mail)
        what = self.doing.pop(0) if self.doing else None
        if isinstance(what, Exception):
            raise what
        return what(mail) if what is not None else Outcome(accepted=mail.recipients)

    def check(self) -> None:
        """Never asked."""

    def close(self) -> None:
        """Holds nothing."""


def bodies(keep: Keep) -> list[Any]:
    """What the calls hold."""
    raws = [keep.outbox.raw(row["id"]) for row in letters(keep, LetterKind.WEBHOOK)]
    return [json.loads(raw.partition(b"\r\n\r\n")[2]) for raw in raws]


def test_a_call_is_written_with_what_led_to_it_and_tells_the_ticket_as_it_is_then(keep: Keep) -> None:
    """The ticket after the rules, the mail in short; nothing secret in the address, a line in the history."""
    how = office(rule("Tell", {"event": "new"}, webhook=("tracker",), tags=("told",), note="secret"))
    handle(keep, how, arrival("It crashes.\n\n> quoted\n"))
    [row] = letters(keep, LetterKind.WEBHOOK)
    assert (row["subject"], row["ticket"], row["recipients"][0]["name"]) == (
        "ticket.new SUP-1001",
        "SUP-1001",
        "tracker",
    )
    [body] = bodies(keep)
    assert (body["type"], body["timestamp"]) == ("ticket.new", "2026-11-23T09:00:00Z")
    data = body["data"]
    assert (data["event"], data["rule"], data["step"]) == ("new", "Tell", None)
    assert (data["ticket"]["number"], data["ticket"]["tags"]) == ("SUP-1001", ["told"])
    assert data["ticket"]["created_at"] == "2026-11-23T09:00:00Z"
    assert (data["message"]["from"]["address"], data["message"]["text"]) == ("ivan@customer.example", "It crashes.")
    assert "secret" not in json.dumps(body)
    assert ("called", "tracker", "Tell") in story(keep)


def test_every_key_of_a_call_stands_on_the_page(keep: Keep) -> None:
    """And none that is not there."""
    text = (Path(__file__).parents[2] / "docs/webhooks.md").read_text(encoding="utf-8")

    def told(head: str) -> set[str]:
        rows = text.partition(f"| {head} | is |\n|---|---|\n")[2].partition("\n\n")[0].splitlines()
        return {name.strip(" `") for row in rows for name in row.split("|")[1].split(",")}

    handle(keep, office(CALL), arrival())
    body = bodies(keep)[0]
    data = body.pop("data")
    assert told("key") == {*body, *(f"data.{name}" for name in data)}
    assert told("key of `ticket`") == set(data["ticket"])
    assert told("key of `message`") == set(data["message"])


def test_a_step_of_a_promise_calls_once_for_its_clock(keep: Keep) -> None:
    """With the step and the state of its clock."""
    step = Step(target=Target.FIRST_RESPONSE, at=At.parse("75%"), webhook=("tracker", "gone"))
    given = Given(promise=replace(STANDARD, steps=(step,)), fits=lambda _: True)
    how = office(promises=Promises(given=(given,)))
    handle(keep, how, arrival())
    for hours in (3, 3, 5):
        do_due(keep, how, NOW + timedelta(hours=hours))
    [body] = bodies(keep)
    assert body["data"]["step"] == {
        "promise": "standard",
        "target": "first_response",
        "at": "75%",
        "due_at": "2026-11-23T13:00:00Z",
        "state": "running",
    }
    assert (body["type"], body["data"]["rule"], body["data"]["message"]["text"]) == (
        "ticket.due",
        None,
        "My printer is on fire.",
    )
    assert [kind for kind, name, _ in story(keep) if "gone" in name] == ["not_called"]


def test_each_webhook_gets_its_own_calls_and_the_relay_none_of_them(keep: Keep) -> None:
    """Three lanes, each with what is its own."""
    handle(keep, office(CALL), arrival())
    lanes: Sequence[OutboxStore] = (keep.outbox, keep.outbox.calls_to("tracker"), keep.outbox.calls_to("chat"))
    got = [[mail.recipients for mail in lane.claim(NOW, 10)] for lane in lanes]
    assert len(got[0]) == 3
    assert ("ivan@customer.example",) in got[0]
    assert got[1:] == [[("https://tracker.example/hooks",)], [("https://chat.example/in",)]]


def test_a_webhook_that_is_away_keeps_its_own_calls_and_nothing_else(keep: Keep) -> None:
    """They wait, with no try spent, out of the way of whoever looks for due letters."""
    mails = [arrival(f"{n}", message_id=f"<{n}@x.example>", sender=f"p{n}@x.example") for n in range(4)]
    handle(keep, office(CALL), *mails)
    away, here, relay = Way(RetryLater("tracker.example: away")), Way(), Way()
    clock = FixedClock(NOW)
    senders = Senders(
        [
            Sender(keep.outbox, [relay], clock),
            Sender(keep.outbox.calls_to("tracker"), [away], clock, chance=lambda: 0.5),
            Sender(keep.outbox.calls_to("chat"), [here], clock),
        ]
    )
    senders.send_due(NOW)
    assert (len(away.seen), len(here.seen), len(relay.seen)) == (1, 4, 12)
    rows = [row for row in letters(keep, LetterKind.WEBHOOK) if row["state"] != "sent"]
    assert {(row["attempts"], row["last_error"], row["next_at"] > NOW) for row in rows} == {
        (0, "tracker.example: away", True)
    }
    assert len(rows) == 4
    assert all(row["state"] == "sent" for row in keep.outbox.listing() if row["kind"] != LetterKind.WEBHOOK)
    assert senders.send_due(NOW + timedelta(minutes=2)) == 4
    assert [mail.raw for mail in away.seen[1:2]] == [away.seen[0].raw]


def test_a_rest_that_is_asked_for_is_kept(keep: Keep) -> None:
    """Longer than the first waits of ours; a shorter one changes nothing."""
    handle(keep, office(CALL), arrival())

    def later(rest: timedelta) -> Any:
        return lambda mail: Outcome(deferred=((mail.recipients[0], "429"),), error="429", rest=rest)

    for hook, rest, at in (("tracker", timedelta(minutes=30), 30), ("chat", timedelta(seconds=1), 1)):
        way = Way(later(rest))
        Sender(keep.outbox.calls_to(hook), [way], FixedClock(NOW), chance=lambda: 0.5).send_due(NOW)
        [row] = [r for r in letters(keep, LetterKind.WEBHOOK) if r["recipients"][0]["name"] == hook]
        assert (row["state"], row["next_at"]) == ("waiting", NOW + timedelta(minutes=at))


def test_a_refused_call_is_told_to_the_admin_and_stands_in_the_history(keep: Keep) -> None:
    """Its address is not taken for a dead one, and the call goes again where the admin says so."""
    handle(keep, office(CALL), arrival())
    [tracker, _] = letters(keep, LetterKind.WEBHOOK)
    url, said = HOOKS["tracker"], "410 Gone 5.1.1"
    keep.outbox.settle(tracker["id"], Outcome(refused=((url, said),), error=said), NOW, None)
    do_due(keep, office(CALL), NOW + timedelta(minutes=1))
    assert noted(keep) == [(Cause.CALL_LOST, "tracker", f"call {tracker['id']}: {said}")]
    assert ("not_delivered", f"webhook to {url}", f"{url}: {said}") in story(keep)
    assert keep.dead.suppressed(NOW) == []
    keep.outbox.retry(tracker["id"], NOW)
    way = Way()
    assert Sender(keep.outbox.calls_to("tracker"), [way], FixedClock(NOW)).send_due(NOW) == 1
    assert letters(keep, LetterKind.WEBHOOK)[0]["state"] == OutboxState.SENT


def test_a_call_that_nobody_takes_for_hours_is_told_once_and_one_that_was_taken_not(keep: Keep) -> None:
    """As an answer that has not left is."""
    handle(keep, office(CALL), arrival())
    Sender(keep.outbox.calls_to("chat"), [Way()], FixedClock(NOW)).send_due(NOW)
    slow = Way(lambda mail: Outcome(deferred=((mail.recipients[0], "500"),), error="500"))
    Sender(keep.outbox.calls_to("tracker"), [slow], FixedClock(NOW)).send_due(NOW)
    for hours in (3, 5, 6):
        do_due(keep, office(CALL), NOW + timedelta(hours=hours))
    [(cause, about, text)] = noted(keep)
    assert (cause, about, text.partition(": ")[2]) == (Cause.CALL_LOST, "tracker", "not taken yet: 500")


def test_calls_to_a_webhook_that_the_settings_lost_have_failed(keep: Keep) -> None:
    """Nobody would ever take them; those to others wait on."""
    handle(keep, office(CALL), arrival())
    assert keep.outbox.fail_calls(("chat",), NOW) == 1
    assert keep.outbox.fail_calls(("chat",), NOW) == 0
    rows = {row["recipients"][0]["name"]: row for row in letters(keep, LetterKind.WEBHOOK)}
    assert (rows["tracker"]["state"], rows["tracker"]["last_error"]) == (
        "failed",
        "the settings know no webhook 'tracker'",
    )
    assert rows["chat"]["state"] == "waiting"


def test_what_a_dead_sender_had_in_hand_goes_again_with_the_same_bytes(keep: Keep) -> None:
    """A crash between the call and the commit: the receiver knows it by its id.

    On PostgreSQL another desk may have it in hand: what becomes of it when that is dead is tried with two desks.
    """
    handle(keep, office(CALL), arrival())
    lane = keep.outbox.calls_to("tracker")
    [first] = lane.claim(NOW, 10)
    assert keep.outbox.calls_to("chat").recover() == 0
    assert lane.recover() == int(keep.database.is_sqlite)
    again = lane.claim(NOW, 10)
    assert [(one.raw, one.attempts) for one in again] == [(first.raw, 2)] * len(again)
    assert len(again) == int(keep.database.is_sqlite)


def test_a_letter_of_another_kind_may_bear_the_name_of_a_webhook(keep: Keep) -> None:
    """The lane is told by the kind, too."""
    post(keep, letter("tracker@customer.example", to=(Address(name="tracker", address="tracker"),)))
    assert keep.outbox.calls_to("tracker").claim(NOW, 10) == []
