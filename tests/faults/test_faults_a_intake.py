"""A: mail that comes in by SMTP while the daemon is killed, the disk is full, the database is locked."""

from __future__ import annotations

import smtplib
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from clients import write_mail
from daemon import HOST, SUPPORT, Daemon, ended_at_last, make_desk, running_desk
from faults.broken import ANSWERS_FIRST, KNOWS_NO_COPIES, WRITES_LATER, broken
from faults.lab import Flood, Verdict, drain, judge, kill_again_and_again, starts_told
from faults.order import Count, count_synced, words
from parts import need
from postgres import running

IVAN = "ivan@customer.example"
Size = Callable[[int, int], int]
Figure = Callable[[str], None]


def flood_and_kill(desk: Daemon, mails: int, kills: int, eats: float = 0.02) -> tuple[Verdict, Flood, list[float]]:
    """Clients pour, the daemon is killed again and again; then everything that waits is done."""
    with ended_at_last(desk):
        desk.start()
        flood = Flood(desk.port, mails, eats=eats)
        with flood.pouring():
            starts = kill_again_and_again(desk, kills)
        desk.kill()
        desk.start()
        drain(desk)
        return judge(desk, flood.journal), flood, starts


@pytest.mark.fault("A1", "A2", "A4")
def test_a1_a2_mails_under_constant_killing_with_lost_answers(tmp_path: Path, size: Size, figure: Figure) -> None:
    """Eight clients, a kill every 0.1 to 0.6 s, one answer in fifty lost, the last kill right after the last 250."""
    kills = size(5, 200)
    verdict, flood, starts = flood_and_kill(make_desk(tmp_path / "d"), size(300, 20_000), kills)
    journal = flood.journal
    figure(
        f"{len(journal.accepted)} mails acknowledged, {kills + 1} SIGKILLs, {journal.unanswered} answers lost: "
        f"{len(verdict.lost)} lost, {len(verdict.twice)} twice; {starts_told(starts)}"
    )
    assert verdict == Verdict(lost=[], twice=[], foreign=[], silent=[])
    assert len(journal.accepted) >= size(300, 20_000)
    assert journal.unanswered > 0
    assert {code for code in journal.refused if code >= 500} == set()


@pytest.mark.long
@pytest.mark.fault("A1", "A2")
def test_a1_a2_the_same_on_postgresql(tmp_path: Path, figure: Figure) -> None:
    """A desk that was killed and is started again finds its own work, though its lease has not ended."""
    mails, kills = 1000, 20
    with running() as server:
        desk = make_desk(tmp_path / "d", {"database.url": server.create()})
        verdict, flood, starts = flood_and_kill(desk, mails, kills)
    figure(
        f"PostgreSQL: {len(flood.journal.accepted)} mails acknowledged, {kills + 1} SIGKILLs, "
        f"{flood.journal.unanswered} answers lost: {len(verdict.lost)} lost, {len(verdict.twice)} twice; "
        f"{starts_told(starts)}"
    )
    assert verdict == Verdict(lost=[], twice=[], foreign=[], silent=[])


@pytest.mark.fault("A1")
def test_a1_finds_a_daemon_that_answers_before_the_commit(tmp_path: Path) -> None:
    """The proof of the proof: mails of a daemon that is broken this way are lost, and that is seen."""
    desk = make_desk(tmp_path / "d")
    desk.environment = broken(tmp_path / "broken", ANSWERS_FIRST)
    verdict, _, _ = flood_and_kill(desk, 50, 2)
    assert verdict.lost


@pytest.mark.fault("A2")
def test_a2_finds_a_daemon_that_knows_no_copies(tmp_path: Path) -> None:
    """And what came twice is there twice."""
    desk = make_desk(tmp_path / "d")
    desk.environment = broken(tmp_path / "broken", KNOWS_NO_COPIES)
    verdict, _, _ = flood_and_kill(desk, 60, 1, eats=0.2)
    assert verdict.twice
    assert not verdict.lost


def watch(folder: Path, mails: int, environment: dict[str, str]) -> Count:
    """One client, one mail after the other, each when the one before it is done; the trace is counted."""
    need("strace")
    desk = make_desk(folder / "d")
    desk.under, desk.environment = words(folder / "trace"), environment
    with ended_at_last(desk):
        desk.start()
        with smtplib.SMTP(HOST, desk.port, local_hostname="client.example", timeout=60) as client:
            for number in range(mails):
                sender = f"c{number}@c{number}.example"
                raw = b"Marked: mail\r\n" + write_mail("Help", sender=sender, message_id=f"<{number}@c.example>")
                client.sendmail(sender, [SUPPORT], raw)
                # What is done with this mail must not pass for the sync of the next.
                desk.wait_idle()
        desk.stop()
    return count_synced(folder / "trace", "Marked:")


@pytest.mark.fault("A3")
def test_a3_every_250_stands_behind_a_sync_of_its_mail(tmp_path: Path, size: Size, figure: Figure) -> None:
    """As the system calls tell: the log of the database is written and synced between the mail and its answer."""
    mails = size(25, 1000)
    found = watch(tmp_path, mails, {})
    figure(f"{found.synced} of {mails} answers behind a sync of the mail")
    assert (found.synced, found.not_synced) == (mails, 0)


@pytest.mark.fault("A3")
def test_a3_finds_a_daemon_that_leaves_it_to_the_system(tmp_path: Path) -> None:
    """With synchronous=NORMAL no kill loses a mail, and yet none is safe."""
    found = watch(tmp_path, 5, broken(tmp_path / "broken", WRITES_LATER))
    assert (found.synced, found.not_synced) == (0, 5)


def bring(desk: Daemon, raw: bytes, sender: str = IVAN) -> int:
    """One mail on a connection of its own; the code of the first answer that decides."""
    with smtplib.SMTP(HOST, desk.port, local_hostname="client.example", timeout=60) as client:
        client.ehlo()
        for code in (client.mail(sender)[0], client.rcpt(SUPPORT)[0]):
            if code != 250:
                return code
        try:
            return client.data(raw)[0]
        except smtplib.SMTPDataError as error:
            return error.smtp_code


@pytest.mark.long
@pytest.mark.fault("A7")
def test_a7_a_database_that_stays_locked_for_a_minute_puts_mail_off(tmp_path: Path, figure: Figure) -> None:
    """451 within 15 s while it is locked, 250 afterwards, and never a refusal for good."""
    with running_desk(tmp_path / "d") as desk:
        codes, longest = [], 0.0
        raw = write_mail("Locked", sender=IVAN, message_id="<locked@customer.example>")
        with closing(sqlite3.connect(desk.folder / "var" / "maild.db", isolation_level=None, timeout=10)) as other:
            other.execute("BEGIN IMMEDIATE")
            began = time.monotonic()
            while time.monotonic() - began < 60:
                tried = time.monotonic()
                codes.append(bring(desk, raw))
                longest = max(longest, time.monotonic() - tried)
            other.execute("ROLLBACK")
        assert set(codes) == {451}
        assert longest < 15
        assert bring(desk, raw) == 250
        desk.wait_idle()
        assert [row["state"] for row in desk.cli("inbox")] == ["ticketed"]
    figure(f"{len(codes)} tries within 60 s of lock: 451 each, the slowest after {longest:.1f} s; then 250")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A desk for cases that need no harm."""
    with running_desk(tmp_path_factory.mktemp("desk") / "d") as running:
        yield running


@pytest.mark.fault("A12")
def test_a12_one_message_id_with_two_contents_suppresses_nothing(desk: Daemon) -> None:
    """Whoever guesses the id of a mail to come cannot make it vanish: both are there, and it is remarked on."""
    name = "<guessed@bank.example>"
    desk.deliver(write_mail("I was first", sender="eve@evil.example", message_id=name), "eve@evil.example")
    desk.deliver(write_mail("My own words", sender="bob@bank.example", message_id=name), "bob@bank.example")
    rows = [row for row in desk.cli("inbox") if row["message_id"] == name]
    assert [row["state"] for row in rows] == ["ticketed", "ticketed"]
    texts = [message["reply"] for row in rows for message in desk.ticket(row["ticket"])["messages"]]
    assert {"I was first", "My own words"} <= set(texts)


ODD_IDS = {
    "none": b"",
    "empty": b"Message-ID: \r\n",
    "12 kB": b"Message-ID: <" + b"x" * 12_000 + b"@customer.example>\r\n",
    "spaces": b"Message-ID: <a b c@customer.example>\r\n",
    "NUL": b"Message-ID: <a\x00b@customer.example>\r\n",
    "two": b"Message-ID: <one@odd.example>\r\nMessage-ID: <two@odd.example>\r\n",
    "no brackets": b"Message-ID: bare@odd.example\r\n",
}


@pytest.mark.fault("A13")
@pytest.mark.parametrize("kind", ODD_IDS)
def test_a13_a_mail_with_an_odd_id_is_one_ticket_however_often_it_comes(desk: Daemon, kind: str) -> None:
    """By its content: the second copy is a duplicate of the first."""
    sender = f"odd{len(kind)}@{kind.replace(' ', '-').lower()}.example"
    head, _, body = write_mail(f"An odd id: {kind}", sender=sender, subject=f"Odd {kind}").partition(b"Message-ID: ")
    raw = head + ODD_IDS[kind] + body.partition(b"\r\n")[2]
    for _ in range(2):
        desk.deliver(raw, sender)
    rows = [row for row in desk.cli("inbox") if row["envelope_from"] == sender]
    assert [row["state"] for row in rows] == ["ticketed", "duplicate"]
    assert rows[0]["ticket"] == rows[1]["ticket"] is not None


@pytest.mark.fault("A14")
@pytest.mark.parametrize("together", [True, False])
def test_a14_a_mail_to_two_of_our_addresses_is_one_ticket(desk: Daemon, together: bool) -> None:
    """In one delivery or in two: one ticket, one acknowledgement."""
    sender = f"two{together}@customer.example".lower()
    raw = write_mail("Whom does it concern?", sender=sender, to="support@desk.example, billing@desk.example")
    for recipients in [(SUPPORT, "billing@desk.example")] if together else [(SUPPORT,), ("billing@desk.example",)]:
        desk.deliver(raw, sender, *recipients)
    rows = [row for row in desk.cli("inbox") if row["envelope_from"] == sender]
    assert len({row["ticket"] for row in rows}) == 1
    assert [row["state"] for row in rows if row["state"] != "duplicate"] == ["ticketed"]
    assert len(desk.letters(sender)) == 1
