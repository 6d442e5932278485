"""The one writer of the inbox: durable before the answer, many mails a commit, nobody left without an answer."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from maild.errors import RetryLater
from maild.ingest import inbox as inbox_module
from maild.ingest.arrival import make_arrival
from maild.ingest.inbox import Inbox, NoRoom
from maild.messages.envelope import Arrival, Envelope

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ENVELOPE = Envelope(channel="smtp", source="192.0.2.1", sender="a@b.example")


def mail(text: str | int) -> Arrival:
    """A small mail with this in its Message-ID."""
    return make_arrival(b"Message-ID: <%s@b.example>\r\n\r\nx\r\n" % str(text).encode(), ENVELOPE, NOW)


class FakeLedger:
    """Keeps groups; `check` may raise for a group, `gate` holds commits back."""

    def __init__(self, check: Callable[[Sequence[Arrival]], None] = lambda _: None) -> None:
        self.groups: list[list[Arrival]] = []
        self.tries = 0
        self.check = check
        self.gate = threading.Event()
        self.gate.set()
        self.called = threading.Event()

    def add(self, arrivals: Sequence[Arrival]) -> list[int]:
        self.called.set()
        assert self.gate.wait(10)
        self.tries += 1
        self.check(arrivals)
        first = sum(map(len, self.groups)) + 1
        self.groups.append(list(arrivals))
        return list(range(first, first + len(arrivals)))

    @property
    def ids(self) -> list[str | None]:
        return [one.message_id for group in self.groups for one in group]


async def accept_all(box: Inbox, ledger: FakeLedger, mails: Sequence[Arrival]) -> list[int | BaseException]:
    """The first mail alone occupies the writer, so that the others wait together."""
    ledger.gate.clear()
    first = asyncio.ensure_future(box.accept(mails[0]))
    await asyncio.to_thread(ledger.called.wait, 5)
    others = [asyncio.ensure_future(box.accept(one)) for one in mails[1:]]
    await asyncio.sleep(0)
    ledger.gate.set()
    return await asyncio.gather(first, *others, return_exceptions=True)


def test_an_arrival_knows_its_message_id_and_its_key():
    """What recognises a second copy is there before anything is parsed."""
    arrival = mail("one")
    assert (arrival.message_id, arrival.received_at, arrival.envelope) == ("<one@b.example>", NOW, ENVELOPE)
    assert len(arrival.digest) == 64


def test_everybody_gets_the_number_of_his_own_mail():
    """Numbers come back in order whatever the groups were."""
    ledger = FakeLedger()
    with Inbox(ledger) as box:
        results = asyncio.run(accept_all(box, ledger, [mail(n) for n in range(200)]))
    assert results == list(range(1, 201))
    assert ledger.ids == [f"<{n}@b.example>" for n in range(200)]


def test_what_waits_together_is_committed_together():
    """A group holds up to 64 mails, and no more than so many bytes unless a single mail is bigger."""
    ledger = FakeLedger()
    with Inbox(ledger) as box:
        asyncio.run(accept_all(box, ledger, [mail(n) for n in range(131)]))
    assert [len(group) for group in ledger.groups] == [1, 64, 64, 2]
    ledger = FakeLedger()
    size = len(mail(10).raw)
    with Inbox(ledger, group_bytes=2 * size) as box:
        asyncio.run(accept_all(box, ledger, [mail(n) for n in range(10, 15)]))
    assert [len(group) for group in ledger.groups] == [1, 2, 2]
    ledger = FakeLedger()
    with Inbox(ledger, group_bytes=size - 1) as box:
        asyncio.run(accept_all(box, ledger, [mail(10), mail(11)]))
    assert [len(group) for group in ledger.groups] == [1, 1]


def test_blocking_callers_share_the_writer():
    """Mailbox pollers, each in a worker of its own, get their numbers too."""
    ledger = FakeLedger()
    with Inbox(ledger) as box, ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(box.accept_now, [mail(n) for n in range(50)]))
    assert sorted(numbers) == list(range(1, 51))


def test_one_bad_mail_does_not_keep_the_others_out():
    """When a group fails each mail is tried alone; only the bad one is put off."""

    def check(arrivals: Sequence[Arrival]) -> None:
        if any(one.message_id == "<3@b.example>" for one in arrivals):
            raise ValueError("cannot encode a lone surrogate")

    ledger = FakeLedger(check)
    with Inbox(ledger) as box:
        results = asyncio.run(accept_all(box, ledger, [mail(n) for n in range(6)]))
    assert [type(one) for one in results] == [int, int, int, RetryLater, int, int]
    assert ledger.ids == [f"<{n}@b.example>" for n in (0, 1, 2, 4, 5)]


def test_when_the_ledger_itself_is_in_trouble_no_mail_is_tried_alone():
    """An error of our own names no mail: the group is put off as a whole, with the ledger's reason."""
    away = RetryLater("the database is away")

    def check(_: Sequence[Arrival]) -> None:
        raise away

    ledger = FakeLedger(check)
    with Inbox(ledger) as box:
        results = asyncio.run(accept_all(box, ledger, [mail(n) for n in range(5)]))
    assert results == [away] * 5
    assert ledger.tries == 2


def test_a_slow_failure_is_not_waited_for_again_and_again(monkeypatch):
    """A database that is locked fails after its own waiting time: the rest of the group is answered at once then."""
    monkeypatch.setattr(inbox_module, "SINGLES_WITHIN", 0.05)

    def check(arrivals: Sequence[Arrival]) -> None:
        if ledger.tries > 1:
            time.sleep(0.06)
            raise sqlite3.OperationalError("database is locked")

    ledger = FakeLedger(check)
    with Inbox(ledger) as box:
        results = asyncio.run(accept_all(box, ledger, [mail(n) for n in range(30)]))
    assert results[0] == 1
    assert {type(one) for one in results[1:]} == {RetryLater}
    assert ledger.tries == 2


def _with_cause(cause: Exception) -> Exception:
    error = RuntimeError("(wrapped)")
    error.__cause__ = cause
    return error


def _sqlite_full() -> Exception:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorname = "SQLITE_FULL"
    return error


@pytest.mark.parametrize("error", [OSError(28, "No space left"), _with_cause(_sqlite_full()), _sqlite_full()])
def test_a_full_disk_is_known_as_such(error: Exception):
    """It is told apart from other trouble, also inside another error: the door has an answer of its own for it."""

    def check(_: Sequence[Arrival]) -> None:
        raise error

    with Inbox(FakeLedger(check)) as box, pytest.raises(NoRoom):
        box.accept_now(mail(1))


def test_a_real_full_sqlite_is_known_as_such(tmp_path):
    """SQLite itself says so when its file may not grow."""
    database = sqlite3.connect(tmp_path / "x.db", check_same_thread=False)
    database.execute("CREATE TABLE inbox (raw BLOB)")
    database.execute("PRAGMA max_page_count=4")

    def check(_: Sequence[Arrival]) -> None:
        database.execute("INSERT INTO inbox VALUES (zeroblob(100000))")

    with Inbox(FakeLedger(check)) as box, pytest.raises(NoRoom):
        box.accept_now(mail(1))
    database.close()


def test_a_ledger_that_miscounts_acknowledges_nothing():
    """A number missing means that something was not kept: nobody is told otherwise."""

    class Miscounting:
        def add(self, arrivals: Sequence[Arrival]) -> list[int]:
            return [7] * (len(arrivals) - 1)

    with Inbox(Miscounting()) as box, pytest.raises(RetryLater):
        box.accept_now(mail(1))


def test_the_details_of_a_trouble_are_logged_once(caplog):
    """A database that is away for an hour is one traceback, and one line when it is back."""
    broken = True

    def check(_: Sequence[Arrival]) -> None:
        if broken:
            raise RuntimeError("disk I/O error on /var/lib/desk.db")

    caplog.set_level(logging.INFO, "maild.ingest.inbox")
    with Inbox(FakeLedger(check)) as box:
        for _ in range(5):
            with pytest.raises(RetryLater) as caught:
                box.accept_now(mail(1))
            assert "var" not in str(caught.value)
        broken = False
        box.accept_now(mail(1))
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]
    assert "disk I/O error" in caplog.text


def test_mail_that_waits_is_bounded_in_bytes():
    """What does not fit is put off at once; a single mail of any size gets in when nothing else waits."""
    ledger = FakeLedger()
    size = len(mail(1).raw)
    with Inbox(ledger, waiting_bytes=2 * size) as box, ThreadPoolExecutor(2) as pool:
        ledger.gate.clear()
        waiting = [pool.submit(box.accept_now, mail(n)) for n in (1, 2)]
        while box._bytes < 2 * size:
            time.sleep(0.001)
        with pytest.raises(NoRoom):
            box.accept_now(mail(3))
        ledger.gate.set()
        assert sorted(one.result(5) for one in waiting) == [1, 2]
        assert box.accept_now(mail("x" * 5 * size)) == 3


def test_a_caller_that_is_cancelled_takes_nothing_back():
    """The client has gone, its mail is stored, and who shares its commit is answered."""
    ledger = FakeLedger()

    async def go(box: Inbox) -> None:
        ledger.gate.clear()
        first = asyncio.ensure_future(box.accept(mail(1)))
        await asyncio.to_thread(ledger.called.wait, 5)
        gone, staying = asyncio.ensure_future(box.accept(mail(2))), asyncio.ensure_future(box.accept(mail(3)))
        await asyncio.sleep(0)
        gone.cancel()
        ledger.gate.set()
        assert (await asyncio.wait_for(first, 5), await asyncio.wait_for(staying, 5)) == (1, 3)
        assert gone.cancelled()

    with Inbox(ledger) as box:
        asyncio.run(go(box))
    assert ledger.ids == ["<1@b.example>", "<2@b.example>", "<3@b.example>"]


def test_a_loop_that_is_closed_does_not_stop_the_writer():
    """Whoever waits elsewhere is still answered."""
    ledger = FakeLedger()

    async def leave(box: Inbox) -> None:
        asyncio.ensure_future(box.accept(mail(1))).add_done_callback(lambda _: None)
        await asyncio.to_thread(ledger.called.wait, 5)

    with Inbox(ledger) as box:
        ledger.gate.clear()
        asyncio.run(leave(box))
        ledger.gate.set()
        assert box.accept_now(mail(2)) == 2


def test_stopping_finishes_what_waits_and_takes_nothing_new():
    """Whoever waits is answered by the commit; whoever comes later is put off."""
    ledger = FakeLedger()
    box = Inbox(ledger)
    box.start()
    with ThreadPoolExecutor(11) as pool:
        ledger.gate.clear()
        waiting = [pool.submit(box.accept_now, mail(n)) for n in range(10)]
        while box._bytes < 10 * len(mail(1).raw):
            time.sleep(0.001)
        stopping = pool.submit(box.stop)
        while box._open:
            time.sleep(0.001)
        with pytest.raises(RetryLater, match="stopping"):
            box.accept_now(mail(99))
        ledger.gate.set()
        stopping.result(5)
        assert sorted(one.result(5) for one in waiting) == list(range(1, 11))


def test_the_desk_is_woken_after_a_commit_and_only_then():
    """on_accepted comes once a group, not for a failure, and its own failure stops nothing."""
    woken: list[int] = []
    broken = True
    ledger = FakeLedger()

    def check(_: Sequence[Arrival]) -> None:
        if broken:
            raise RetryLater("away")

    def wake() -> None:
        woken.append(len(ledger.ids))
        raise RuntimeError("the desk sleeps deeply")

    ledger.check = check
    with Inbox(ledger, on_accepted=wake) as box:
        with pytest.raises(RetryLater):
            box.accept_now(mail(1))
        broken = False
        box.accept_now(mail(2))
        box.accept_now(mail(3))
    assert woken == [1, 2]


def test_mails_that_come_together_again_share_a_commit_again():
    """After a group the writer gives the others a moment, so that the first of them does not cost a commit alone."""

    def check(_: Sequence[Arrival]) -> None:
        time.sleep(0.01)

    ledger = FakeLedger(check)

    async def client(box: Inbox, number: int) -> None:
        for turn in range(10):
            await box.accept(mail(f"{number}-{turn}"))
            await asyncio.sleep(0.0002 * number)

    async def go(box: Inbox) -> None:
        await asyncio.gather(*(client(box, number) for number in range(8)))

    with Inbox(ledger) as box:
        asyncio.run(go(box))
    assert len(ledger.ids) == 80
    assert ledger.tries < 18


def test_a_lone_mail_waits_for_nobody():
    """When those who came last time do not come again, a mail waits at most half a commit, and the next not at all."""

    def check(_: Sequence[Arrival]) -> None:
        time.sleep(0.002)

    ledger = FakeLedger(check)
    with Inbox(ledger) as box:
        asyncio.run(accept_all(box, ledger, [mail(n) for n in range(30)]))
        began = time.monotonic()
        box.accept_now(mail("alone"))
        assert time.monotonic() - began < 0.2
        assert (box._last_group, box._wanted) == (1, 1)


def test_the_desk_is_woken_when_the_sender_has_his_answer():
    """Handling a mail takes the processor: whoever waits for his 250 goes first."""
    order: list[str] = []

    async def go(box: Inbox) -> None:
        for number in range(20):
            await box.accept(mail(number))
            order.append("answered")
            await asyncio.sleep(0.001)

    with Inbox(FakeLedger(), on_accepted=lambda: order.append("woken")) as box:
        asyncio.run(go(box))
    assert order == ["answered", "woken"] * 20


@pytest.mark.fault("A7")
def test_who_came_while_a_group_failed_slowly_does_not_wait_as_long_again(monkeypatch: pytest.MonkeyPatch):
    """A locked database answers after ten seconds: the next in the queue would hear of it after twenty."""
    monkeypatch.setattr(inbox_module, "SINGLES_WITHIN", 0.05)

    def check(_: Sequence[Arrival]) -> None:
        time.sleep(0.1)
        raise RetryLater("locked")

    ledger = FakeLedger(check)

    async def go(box: Inbox) -> list[int | BaseException]:
        return await accept_all(box, ledger, [mail(number) for number in range(5)])

    with Inbox(ledger, waiting_bytes=1000) as box:
        assert [type(one) for one in asyncio.run(go(box))] == [RetryLater] * 5
        assert ledger.tries == 1
        ledger.check = lambda _: None
        assert box.accept_now(make_arrival(b"x" * 900, ENVELOPE, NOW)) == 1
        assert box._bytes == 0
