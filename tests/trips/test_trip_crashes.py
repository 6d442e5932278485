"""SIGKILL at the worst instants of a real daemon: nothing is lost, nothing is done twice."""

from __future__ import annotations

import random
import signal
import smtplib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from clients import write_mail
from daemon import HOST, SUPPORT, Daemon, ended_at_last, make_desk, wait_for
from sink import Sink, smtp_sink
from traps import trap

IVAN = "ivan@customer.example"
ANNA, BORIS = "anna@desk.example", "boris@desk.example"
INBOX, OUTBOX = ("maild.store.inbox", "InboxStore"), ("maild.store.outbox", "OutboxStore")


def ask(number: int = 1) -> bytes:
    """A customer's mail."""
    return write_mail(
        "Please help me, my printer burns.", sender=IVAN, subject="Printer", message_id=f"<m{number}@customer.example>"
    )


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Daemon]:
    """A desk that does not run yet."""
    made = make_desk(tmp_path / "d")
    with ended_at_last(made):
        yield made


def try_to_send(desk: Daemon, raw: bytes) -> bool:
    """Whether the daemon said 250 to the final dot."""
    with suppress(smtplib.SMTPException, OSError):
        desk.send(raw, IVAN)
        return True
    return False


def everything_came_once(desk: Daemon) -> None:
    """One ticket, one acknowledgement, one notification to each agent."""
    assert [r["state"] for r in desk.cli("inbox") if r["state"] != "duplicate"] == ["ticketed"]
    assert [(t["number"], t["messages"]) for t in desk.cli("tickets")] == [("SUP-1001", 1)]
    assert sorted(letter.recipient for letter in desk.letters()) == [ANNA, BORIS, IVAN]
    assert {row["state"] for row in desk.cli("outbox")} == {"sent"}


@pytest.mark.fault("A4")
def test_killed_after_the_commit_and_before_the_250_it_has_the_mail_once(desk: Daemon, tmp_path: Path) -> None:
    """The sender heard nothing and comes again: one ticket, the second copy a duplicate."""
    desk.start(**trap(tmp_path / "trap", *INBOX, "add", "after"))
    raw = ask()
    assert not try_to_send(desk, raw)
    assert desk.ended() == -signal.SIGKILL
    desk.start()
    assert try_to_send(desk, raw)
    desk.wait_idle()
    everything_came_once(desk)
    assert [r["state"] for r in desk.cli("inbox")] == ["ticketed", "duplicate"]


def test_killed_before_the_commit_it_has_nothing_and_said_nothing(desk: Daemon, tmp_path: Path) -> None:
    """No 250, no row; the mail comes again and is the first."""
    desk.start(**trap(tmp_path / "trap", *INBOX, "add", "before"))
    assert not try_to_send(desk, ask())
    assert desk.ended() == -signal.SIGKILL
    assert desk.cli("inbox") == []
    desk.start()
    desk.deliver(ask(), IVAN)
    everything_came_once(desk)


@pytest.mark.parametrize(
    "place",
    [
        ("maild.store.keep", "Keep", "apply", "before"),
        ("maild.store.keep", "Keep", "apply", "after"),
        ("maild.desk.worker", "DeskWorker", "_one", "after", -1),
        (*OUTBOX, "claim", "after", -1),
        ("maild.outgoing.maildir", "MaildirTransport", "send", "after", 2),
        (*OUTBOX, "settle", "before"),
        (*OUTBOX, "settle", "after", 2),
    ],
    ids=lambda place: "-".join(str(word) for word in place[1:]),
)
@pytest.mark.fault("A4")
def test_killed_on_the_way_from_the_inbox_to_the_letters(
    desk: Daemon, tmp_path: Path, place: tuple[str, str, str, str]
) -> None:
    """Accepted is accepted: after the restart the ticket is there once, and every letter in the folder once."""
    desk.start(**trap(tmp_path / "trap", *place))
    try_to_send(desk, ask())
    assert desk.ended() == -signal.SIGKILL
    desk.start()
    if not desk.cli("inbox"):
        desk.send(ask(), IVAN)
    desk.wait_idle()
    everything_came_once(desk)


@pytest.fixture
def sink() -> Iterator[Sink]:
    """Postfix's own receiver, which takes everything."""
    with smtp_sink() as running:
        yield running


@pytest.mark.parametrize(
    ("method", "moment", "copies"),
    [("claim", "after", 1), ("mark_uncertain", "before", 1), ("mark_uncertain", "after", 1), ("settle", "before", 2)],
)
@pytest.mark.fault("C3")
def test_killed_while_a_relay_takes_a_letter(tmp_path: Path, sink: Sink, method: str, moment: str, copies: int) -> None:
    """Before the final dot nothing has gone; behind it the very same bytes go once more after `uncertain_after`."""
    settings: dict[str, object] = {
        "outgoing.transport": "smtp",
        "outgoing.port": sink.port,
        "outgoing.uncertain_after": "2s",
    }
    desk = make_desk(tmp_path / "d", settings)
    with ended_at_last(desk):
        count = -1 if method == "claim" else 1
        desk.start(**trap(tmp_path / "trap", *OUTBOX, method, moment, count))
        try_to_send(desk, ask())
        assert desk.ended() == -signal.SIGKILL
        desk.start()
        wait_for(lambda: {r["state"] for r in desk.cli("outbox")} == {"sent"}, "all letters to be sent", 90)
        came = sink.mails()
    assert {recipient for mail in came for recipient in mail.recipients} == {IVAN, ANNA, BORIS}
    by_content = Counter(mail.raw for mail in came)
    assert len(by_content) == 3
    assert max(by_content.values()) <= copies
    assert len(came) <= 3 + copies
    for raw, count in by_content.items():
        times = sorted(mail.at for mail in came if mail.raw == raw)
        assert count == 1 or times[1] - times[0] > 1.5, "the second copy came before `uncertain_after`"


@pytest.mark.fault("A11")
def test_the_same_mail_on_fifty_connections_at_once_is_one_ticket(desk: Daemon) -> None:
    """Fifty clients bring it in the same instant: fifty times 250, one ticket, one acknowledgement."""
    desk.start()
    raw, together = ask(), threading.Barrier(50)

    def bring(_: int) -> int:
        with smtplib.SMTP(HOST, desk.port, local_hostname="client.example", timeout=30) as client:
            client.ehlo()
            client.mail(IVAN)
            client.rcpt(SUPPORT)
            together.wait(30)
            return client.data(raw)[0]

    with ThreadPoolExecutor(50) as pool:
        codes = list(pool.map(bring, range(50)))
    assert codes == [250] * 50
    desk.wait_idle()
    everything_came_once(desk)
    states = Counter(row["state"] for row in desk.cli("inbox"))
    assert states == {"ticketed": 1, "duplicate": 49}
    assert {row["ticket"] for row in desk.cli("inbox")} == {"SUP-1001"}


class Flood:
    """Clients that bring every mail until a 250 is read; one reply in twenty they throw away, and come again."""

    def __init__(self, port: int, count: int) -> None:
        self._port, self._chance = port, random.Random(7)
        self._left = list(range(count))
        self.tries = 0

    def run(self) -> None:
        """One client, until nothing is left."""
        while self._left:
            with suppress(IndexError):
                self._bring(self._left.pop())

    def _bring(self, number: int) -> None:
        sender = f"c{number}@customer.example"
        raw = write_mail(
            f"My printer number {number} burns.", sender=sender, message_id=f"<f{number}@customer.example>"
        )
        while True:
            self.tries += 1
            with suppress(smtplib.SMTPException, OSError):
                with smtplib.SMTP(HOST, self._port, local_hostname="client.example", timeout=5) as client:
                    client.sendmail(sender, [SUPPORT], raw)
                if self._chance.random() > 0.05:
                    time.sleep(0.01)
                    return
            time.sleep(0.02)


@pytest.mark.fault("A5")
def test_sigterm_in_the_middle_of_work_loses_nothing_and_ends_soon(desk: Daemon) -> None:
    """A polite stop under load: every 250 is kept, and the daemon is gone within five seconds."""
    desk.start()
    flood = Flood(desk.port, 60)
    clients = [threading.Thread(target=flood.run) for _ in range(4)]
    for client in clients:
        client.start()
    time.sleep(0.5)
    began = time.monotonic()
    assert desk.stop() == 0
    assert time.monotonic() - began < 5
    desk.start()
    for client in clients:
        client.join(30)
    desk.wait_idle()
    assert len(desk.cli("tickets")) == 60
    assert "Traceback" not in desk.log()
