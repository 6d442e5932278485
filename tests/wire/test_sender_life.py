"""The sender with its outbox: what is tried when, what stops what, what a crash leaves behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Barrier, Event, Lock, Thread

import pytest
from wire.relay_peer import Relay, running

from maild.clock import FixedClock
from maild.errors import RetryLater, Unavailable
from maild.outgoing.sender import Sender, SendingRules
from maild.outgoing.transports import MaildirTransport, SmtpTransport
from maild.threads.model import OutboxState
from maild.threads.plan import Outcome, OutgoingMail

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass
class Row:
    """A mail in the box."""

    mail: OutgoingMail
    state: OutboxState = OutboxState.WAITING
    next_at: datetime | None = AT
    error: str = ""
    outcomes: list[Outcome] = field(default_factory=list)


class Box:
    """An outbox in memory that keeps the promises of the port."""

    def __init__(self, count: int = 1) -> None:
        self.rows = {number: Row(self._mail(number)) for number in range(1, count + 1)}
        self.away: Exception | None = None
        self._lock = Lock()

    def _mail(self, number: int) -> OutgoingMail:
        return OutgoingMail(
            id=number, message_id=f"<{number}@desk.example>", envelope_from="",
            recipients=(f"c{number}@customer.example",), raw=b"Subject: %d\r\n\r\nHello\r\n" % number, attempts=0,
            created_at=AT,
        )  # fmt: skip

    def _reach(self) -> None:
        if self.away:
            raise self.away

    def recover(self) -> int:
        left = [row for row in self.rows.values() if row.state is OutboxState.SENDING]
        for row in left:
            row.state, row.next_at = OutboxState.WAITING, AT
        return len(left)

    def claim(self, now: datetime, limit: int) -> Sequence[OutgoingMail]:
        with self._lock:
            self._reach()
            states = (OutboxState.WAITING, OutboxState.UNCERTAIN)
            due = [row for row in self.rows.values() if row.state in states and row.next_at and row.next_at <= now]
            for row in due[:limit]:
                row.state = OutboxState.SENDING
                row.mail = replace(row.mail, attempts=row.mail.attempts + 1)
            return [row.mail for row in due[:limit]]

    def mark_uncertain(self, mail_id: int, until: datetime) -> None:
        self._reach()
        self.rows[mail_id].state, self.rows[mail_id].next_at = OutboxState.UNCERTAIN, until

    def settle(self, mail_id: int, outcome: Outcome, now: datetime, next_at: datetime | None) -> None:
        self._reach()
        row = self.rows[mail_id]
        row.outcomes.append(outcome)
        row.next_at, row.error = next_at, outcome.error
        if next_at is not None:
            row.state = OutboxState.UNCERTAIN if outcome.uncertain else OutboxState.WAITING
        else:
            row.state = OutboxState.SENT if outcome.accepted and not outcome.refused else OutboxState.FAILED

    def release(self, mail_ids: Sequence[int], reason: str, next_at: datetime) -> None:
        self._reach()
        for mail_id in mail_ids:
            row = self.rows[mail_id]
            row.state, row.next_at, row.error = OutboxState.WAITING, next_at, reason or row.error
            row.mail = replace(row.mail, attempts=row.mail.attempts - 1)

    def states(self) -> list[str]:
        return [str(row.state) for row in self.rows.values()]


class Way:
    """A transport that does what it is told for each mail."""

    def __init__(self, doing: Callable[[OutgoingMail, Callable[[], None]], Outcome] | None = None) -> None:
        self.doing = doing or (lambda mail, _before: Outcome(accepted=mail.recipients))
        self.seen: list[int] = []
        self.bytes: list[bytes] = []
        self.closed = False

    def send(self, mail: OutgoingMail, before_data: Callable[[], None]) -> Outcome:
        self.seen.append(mail.id)
        self.bytes.append(mail.raw)
        return self.doing(mail, before_data)

    def close(self) -> None:
        self.closed = True


def sender(box: Box, way: Way, at: datetime = AT, **options: object) -> Sender:
    """A sender with no jitter."""
    return Sender(box, [way], FixedClock(at), chance=lambda: 0.5, **options)  # type: ignore[arg-type]


def test_everything_due_is_sent_and_nothing_else() -> None:
    """Mails that wait for their undo delay stay."""
    box = Box(25)
    box.rows[7].next_at = AT + timedelta(seconds=1)
    assert sender(box, Way()).send_due(AT) == 24
    assert [number for number, row in box.rows.items() if row.state is not OutboxState.SENT] == [7]


def test_a_deferred_mail_waits_longer_each_time() -> None:
    """One minute, then two, then five; the box is told when."""
    box = Box()
    way = Way(lambda mail, _before: Outcome(deferred=((mail.recipients[0], "450 later"),), error="450 later"))
    now, waits = AT, []
    for _ in range(3):
        sender(box, way).send_due(now)
        next_at = box.rows[1].next_at
        assert next_at is not None
        waits.append((next_at - now) / timedelta(minutes=1))
        now = next_at
    assert waits == [1, 2, 5]
    assert box.rows[1].error == "450 later"


def test_a_mail_refused_for_good_is_not_tried_again() -> None:
    """5xx: the customer's server has spoken."""
    box = Box()
    way = Way(lambda mail, _before: Outcome(refused=((mail.recipients[0], "550 no"),), error="550 no"))
    sender(box, way).send_due(AT)
    sender(box, way).send_due(AT + timedelta(days=1))
    assert (way.seen, box.states()) == ([1], ["failed"])


def test_after_five_days_a_deferred_mail_has_failed() -> None:
    """And not before."""
    box = Box()
    way = Way(lambda mail, _before: Outcome(deferred=((mail.recipients[0], "450 later"),)))
    sender(box, way).send_due(AT + timedelta(days=4, hours=23))
    assert box.states() == ["waiting"]
    sender(box, way).send_due(AT + timedelta(days=5, hours=1))
    assert box.states() == ["failed"]


@pytest.mark.fault("C2")
def test_an_uncertain_mail_goes_again_with_the_very_same_bytes() -> None:
    """After fifteen minutes, not before; and then it is sent."""
    box = Box()
    way = Way(lambda _mail, before: (before(), Outcome(uncertain=True, error="no reply"))[1])
    sender(box, way).send_due(AT)
    assert (box.states(), box.rows[1].next_at) == (["uncertain"], AT + timedelta(minutes=15))
    way.doing = lambda mail, _before: Outcome(accepted=mail.recipients)
    assert sender(box, way).send_due(AT + timedelta(minutes=14)) == 0
    assert sender(box, way).send_due(AT + timedelta(minutes=15)) == 1
    assert box.states() == ["sent"]
    assert len(set(way.bytes)) == 1


def test_the_admins_figures_count() -> None:
    """uncertain_after and give_up are settings."""
    box = Box()
    way = Way(lambda _mail, _before: Outcome(uncertain=True))
    rules = SendingRules(give_up=timedelta(hours=1), uncertain_after=timedelta(minutes=30))
    sender(box, way, rules=rules).send_due(AT)
    assert box.rows[1].next_at == AT + timedelta(minutes=30)
    sender(box, way, rules=rules).send_due(AT + timedelta(hours=1))
    assert box.states() == ["failed"]


@pytest.mark.fault("C6")
def test_a_mail_that_sets_off_a_bug_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    """It is deferred with the error's name, the rest goes out."""

    def doing(mail: OutgoingMail, _before: Callable[[], None]) -> Outcome:
        if mail.id == 2:
            raise UnicodeError("a bug")
        return Outcome(accepted=mail.recipients)

    box = Box(3)
    assert sender(box, Way(doing)).send_due(AT) == 3
    assert box.states() == ["sent", "waiting", "sent"]
    assert box.rows[2].error == "UnicodeError: a bug"
    assert "mail 2 cannot be sent" in caplog.text


@pytest.mark.parametrize("error", [Unavailable("535 wrong password"), RetryLater("connection refused")])
def test_trouble_with_the_relay_costs_no_mail_a_try(error: Exception) -> None:
    """The whole queue waits; one connection was tried, not one a mail."""

    def doing(_mail: OutgoingMail, _before: Callable[[], None]) -> Outcome:
        raise error

    box, way = Box(25), Way(doing)
    assert sender(box, way).send_due(AT) == 0
    assert way.seen == [1]
    assert set(box.states()) == {"waiting"}
    assert {row.mail.attempts for row in box.rows.values()} == {0}
    assert box.rows[1].error == str(error)


def test_the_admin_hears_once_that_the_relay_is_away_and_once_that_it_is_back() -> None:
    """Not with every try."""
    heard: list[str] = []
    box, way = Box(3), Way()
    box.rows[3].next_at = AT + timedelta(hours=5)
    away = RetryLater("connection refused")

    def broken(_mail: OutgoingMail, _before: Callable[[], None]) -> Outcome:
        raise away

    one = sender(box, way, on_trouble=heard.append, on_recovered=lambda: heard.append("back"))
    fine, way.doing = way.doing, broken
    for hour in range(3):
        one.send_due(AT + timedelta(hours=hour))
    way.doing = fine
    one.send_due(AT + timedelta(hours=4))
    one.send_due(AT + timedelta(hours=6))
    assert heard == ["connection refused", "back"]


def test_a_relay_that_is_found_there_after_a_start_is_told() -> None:
    """The trouble may have been noted in the daemon's former life."""
    heard: list[str] = []
    sender(Box(2), Way(), on_recovered=lambda: heard.append("back")).send_due(AT)
    assert heard == ["back"]


def test_what_the_database_could_not_hear_is_told_when_it_is_back() -> None:
    """A mail that was handed over is not handed over again because a lock lasted too long."""
    box, way = Box(2), Way()

    def doing(mail: OutgoingMail, _before: Callable[[], None]) -> Outcome:
        box.away = ConnectionError("the database is away") if mail.id == 1 else None
        return Outcome(accepted=mail.recipients)

    way.doing = doing
    one = sender(box, way)
    with pytest.raises(ConnectionError):
        one.send_due(AT)
    with pytest.raises(ConnectionError):
        one.send_due(AT)
    box.away = None
    one.send_due(AT)
    assert box.rows[1].state is OutboxState.SENT
    assert way.seen.count(1) == 1


@pytest.fixture
def relay() -> Iterator[Relay]:
    """A true relay."""
    with running(Relay()) as peer:
        yield peer


def smtp(relay: Relay) -> SmtpTransport:
    """A true way to it."""
    return SmtpTransport(host="127.0.0.1", port=relay.port, local_hostname="desk.example", timeout=5.0)


def test_the_box_says_uncertain_before_the_relay_has_the_mail(relay: Relay) -> None:
    """A crash between the two must find it so: the order is what makes it safe."""
    box = Box()
    seen: list[tuple[str, int]] = []

    class Watched(Box):
        def mark_uncertain(self, mail_id: int, until: datetime) -> None:
            super().mark_uncertain(mail_id, until)
            seen.append((self.states()[0], len(relay.taken)))

    box = Watched()
    way = smtp(relay)
    Sender(box, [way], FixedClock(AT)).send_due(AT)
    way.close()
    assert seen == [("uncertain", 0)]
    assert (box.states(), len(relay.taken)) == (["sent"], 1)


def test_a_database_that_is_away_keeps_the_final_dot_back(relay: Relay) -> None:
    """What could not be written down is not sent; when it can, it is sent once."""

    class Shut(Box):
        def mark_uncertain(self, mail_id: int, until: datetime) -> None:
            self._reach()
            if not relay.taken and until == AT + timedelta(minutes=15):
                raise self.away
            super().mark_uncertain(mail_id, until)

    box, way = Shut(), smtp(relay)
    assert Sender(box, [way], FixedClock(AT)).send_due(AT) == 0
    assert (relay.taken, box.states()) == ([], ["waiting"])
    Sender(box, [way], FixedClock(AT)).send_due(AT + timedelta(hours=1))
    way.close()
    assert (len(relay.taken), box.states()) == (1, ["sent"])


def until(condition: Callable[[], bool]) -> None:
    """Waits until something holds."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_workers_send_when_they_are_woken_and_each_mail_once(relay: Relay) -> None:
    """Two connections share the work."""
    box = Box(60)
    for row in box.rows.values():
        row.next_at = AT + timedelta(hours=1)
    clock, together = FixedClock(AT), Barrier(2)

    class Patient(Way):
        """Waits with its first mail until the other one has one, too: nobody does all the work before that."""

        def __init__(self) -> None:
            super().__init__(self.doing_together)
            self.true = smtp(relay)

        def doing_together(self, mail: OutgoingMail, before_data: Callable[[], None]) -> Outcome:
            if len(self.seen) == 1:
                together.wait(20)
            return self.true.send(mail, before_data)

        def close(self) -> None:
            self.true.close()

    both = Sender(box, [Patient(), Patient()], clock)
    both.start()
    time.sleep(0.05)
    assert relay.taken == []
    clock.at = AT + timedelta(hours=2)
    both.wake()
    until(lambda: set(box.states()) == {"sent"})
    assert both.stop(20)
    assert sorted(taken.recipients[0] for taken in relay.taken) == sorted(
        f"c{number}@customer.example" for number in range(1, 61)
    )
    assert relay.connections == 2


@pytest.mark.fault("C9")
def test_a_slow_mail_does_not_hold_up_the_others_on_a_second_connection() -> None:
    """C9: a relay that takes its time with one: not even those that were claimed together with it wait."""
    box, enough = Box(30), Event()

    def doing(mail: OutgoingMail, _before: Callable[[], None]) -> Outcome:
        if mail.id == 1:
            assert enough.wait(30)
        return Outcome(accepted=mail.recipients)

    one = Sender(box, [Way(doing), Way(doing)], FixedClock(AT))
    one.start()
    until(lambda: box.states().count("sent") == 29)
    assert box.rows[1].state is OutboxState.SENDING
    enough.set()
    assert one.stop(20)


def test_a_stop_finishes_the_mail_in_hand_and_gives_the_others_back() -> None:
    """Nothing is left claimed."""
    box, told = Box(5), Event()
    begun: list[int] = []

    def doing(mail: OutgoingMail, _before: Callable[[], None]) -> Outcome:
        begun.append(mail.id)
        assert told.wait(30)
        return Outcome(accepted=mail.recipients)

    way = Way(doing)
    one = Sender(box, [way], FixedClock(AT))
    one.start()
    until(lambda: bool(begun))
    one.let_end()
    told.set()
    assert one.stop(20)
    assert box.states() == ["sent", "waiting", "waiting", "waiting", "waiting"]
    assert {row.mail.attempts for row in list(box.rows.values())[1:]} == {0}
    assert way.closed


def test_a_stop_does_not_wait_for_ever() -> None:
    """A relay that hangs does not keep the machine from going down."""
    box, over = Box(1), Event()
    stuck = Way(lambda mail, _before: (over.wait(60), Outcome(accepted=mail.recipients))[1])
    one = Sender(box, [stuck], FixedClock(AT))
    one.start()
    until(lambda: bool(stuck.seen))
    begun = time.monotonic()
    assert not one.stop(0.1)
    assert time.monotonic() - begun < 20
    over.set()


def test_a_start_finds_what_a_crash_left_in_sending() -> None:
    """Its final dot was never sent, so it goes at once; the uncertain one waits for its time."""
    box = Box(2)
    box.rows[1].state = OutboxState.SENDING
    box.rows[2].state, box.rows[2].next_at = OutboxState.UNCERTAIN, AT + timedelta(minutes=15)
    one = sender(box, Way())
    one.start()
    until(lambda: box.rows[1].state is OutboxState.SENT)
    assert one.stop(20)
    assert box.states() == ["sent", "uncertain"]


@pytest.mark.parametrize(
    ("trouble", "told", "traceback"),
    [
        (RetryLater("the database is locked"), "letters wait: the database is locked", False),
        (ConnectionError("the database is away"), "the sender stumbled and goes on: the database is away", True),
    ],
)
def test_workers_outlive_a_database_that_is_away(
    trouble: Exception, told: str, traceback: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged once, with a traceback where nobody knows the trouble, and work goes on when it is back."""
    box = Box(1)
    box.away = trouble
    one = sender(box, Way())
    one.start()
    until(lambda: told in caplog.text)
    for _ in range(3):
        time.sleep(0.02)
        one.wake()
    box.away = None
    until(lambda: (one.wake(), set(box.states()) == {"sent"})[1])
    assert one.stop(20)
    assert caplog.text.count(told) == 1
    assert ("Traceback" in caplog.text) is traceback


def test_while_the_relay_is_away_it_is_tried_seldom() -> None:
    """However often the worker is woken; and at once again when the time has come."""
    clock, box, way = FixedClock(AT), Box(3), Way()
    fine = way.doing

    def broken(_mail: OutgoingMail, _before: Callable[[], None]) -> Outcome:
        raise RetryLater("connection refused")

    way.doing = broken
    one = Sender(box, [way], clock, chance=lambda: 0.5)
    one.start()
    until(lambda: bool(way.seen))
    for _ in range(5):
        one.wake()
        time.sleep(0.01)
    assert len(way.seen) == 1
    way.doing, clock.at = fine, AT + timedelta(minutes=1)
    one.wake()
    until(lambda: set(box.states()) == {"sent"})
    assert one.stop(20)


def test_sending_by_hand_and_by_worker_do_not_share_a_connection_at_once(relay: Relay) -> None:
    """`send_due` waits for the worker's round to end."""
    box, way = Box(40), smtp(relay)
    one = Sender(box, [way], FixedClock(AT))
    by_hand = Thread(target=lambda: one.send_due(AT))
    one.start()
    by_hand.start()
    by_hand.join(20)
    until(lambda: set(box.states()) == {"sent"})
    assert one.stop(20)
    assert len(relay.taken) == 40


def test_a_maildir_needs_no_second_thought(tmp_path: object) -> None:
    """Handing over to a folder is never uncertain: twice is once."""
    from pathlib import Path

    box = Box(3)
    Sender(box, [MaildirTransport(Path(str(tmp_path)))], FixedClock(AT)).send_due(AT)
    assert box.states() == ["sent"] * 3
    assert len(list((Path(str(tmp_path)) / "new").iterdir())) == 3
