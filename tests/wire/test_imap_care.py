"""Mailboxes that behave badly, against a real Dovecot: nothing is lost, nothing is taken twice, and people are told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from dovecot import Dovecot, dovecot
from wire.imap_parts import FAST, NOW, MemoryLedger, eventually, mail, mailbox, poller, polling
from wire.slow_line import slow_line

from maild.clock import FixedClock
from maild.ingest import imap_intake
from maild.ingest.imap import MailboxPoller, check_mailbox
from maild.ingest.mailbox import After, Cursor, NotTaken, Start

_numbers = count(1)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    """One server for all tests that leave it alive; each has a user of its own."""
    with dovecot() as running:
        yield running


@pytest.fixture
def user() -> str:
    """A user whom no other test knows."""
    return f"care{next(_numbers)}"


def comparing(
    server: Dovecot, user: str, ledger: MemoryLedger, clock: FixedClock, heard: list[Sequence[NotTaken]]
) -> int:
    """One look of a poller; how many mails it took as new ones."""
    box = mailbox(server.imap, username=user)
    return MailboxPoller(box, lambda: "secret", ledger, clock, lambda: 0.5, FAST, heard.append).once()


def test_a_mail_that_the_cursor_has_passed_is_found_told_and_taken_within_a_day(server: Dovecot, user: str) -> None:
    """Not before a day is over; then once, and never again."""
    server.append(mail("one"), mail("two"), mail("three"), user=user)
    ledger, clock, heard = MemoryLedger(), FixedClock(NOW), list[Sequence[NotTaken]]()
    comparing(server, user, ledger, clock, heard)
    del ledger.arrivals[1]
    clock.at = NOW + DAY - timedelta(seconds=1)
    comparing(server, user, ledger, clock, heard)
    assert (len(ledger.arrivals), heard) == (2, [])
    clock.at = NOW + DAY
    comparing(server, user, ledger, clock, heard)
    [[lost]] = heard
    assert (lost.uid, lost.message_id) == (2, "<two@customers.test>")
    assert lost.arrived_at is not None
    assert sorted(ledger.texts) == [b"one", b"three", b"two"]
    assert ledger.cursors["main/INBOX"].last_uid == 3
    clock.at = NOW + 3 * DAY
    comparing(server, user, ledger, clock, heard)
    assert (len(ledger.arrivals), len(heard)) == (3, 1)


def test_a_check_names_what_was_not_taken_and_takes_nothing(server: Dovecot, user: str) -> None:
    """By UID, Message-ID and date; what comes behind the cursor is only new, and what is kept is kept."""
    server.append(mail("one"), mail("two"), user=user)
    ledger, box = MemoryLedger(), mailbox(server.imap, username=user, after=After.FLAG)
    poller(box, ledger).once()
    ledger.arrivals.clear()
    server.append(mail("new"), user=user)
    lost = check_mailbox(box, lambda: "secret", ledger, FixedClock(NOW))
    assert [one.uid for one in lost] == [1, 2]
    assert "UID 1, <one@customers.test>, of 20" in str(lost[0])
    assert (ledger.arrivals, ledger.cursors["main/INBOX"].last_uid) == ([], 2)
    assert server.flags(user=user)[3] == set()


def test_what_was_left_on_purpose_or_came_another_way_is_not_missed(server: Dovecot, user: str) -> None:
    """Mails of before `start = "new"`; mails that are in the ledger under another name; another UIDVALIDITY."""
    server.append(mail("old"), user=user)
    ledger, box = MemoryLedger(), mailbox(server.imap, username=user, start=Start.NEW)
    poller(box, ledger).once()
    server.append(mail("one"), user=user)
    poller(box, ledger).once()
    check = lambda: check_mailbox(box, lambda: "secret", ledger, FixedClock(NOW))  # noqa: E731
    assert check() == []
    [arrival] = ledger.arrivals
    ledger.arrivals = [replace(arrival, envelope=replace(arrival.envelope, source="elsewhere"))]
    assert check() == []
    ledger.arrivals, cursor = [], ledger.cursors["main/INBOX"]
    assert [one.uid for one in check()] == [2]
    ledger.cursors["main/INBOX"] = replace(cursor, uidvalidity=cursor.uidvalidity + 1)
    assert check() == []


def test_mails_that_are_moved_away_are_not_missed_and_late_ones_are_moved_too(server: Dovecot, user: str) -> None:
    """With `after = "move"` the ledger alone counts for what has gone; what is left behind is taken and moved."""
    server.append(mail("one"), user=user)
    ledger, clock, heard = MemoryLedger(), FixedClock(NOW), list[Sequence[NotTaken]]()
    box = mailbox(server.imap, username=user, after=After.MOVE, move_to="Done")
    look = lambda: MailboxPoller(box, lambda: "secret", ledger, clock, lambda: 0.5, FAST, heard.append).once()  # noqa: E731
    look()
    server.append(mail("two"), user=user)
    ledger.cursors["main/INBOX"] = replace(ledger.cursors["main/INBOX"], last_uid=2)
    clock.at = NOW + DAY
    look()
    assert [[one.uid for one in lost] for lost in heard] == [[2]]
    assert (ledger.texts, server.flags(user=user), len(server.flags("Done", user=user))) == ([b"one", b"two"], {}, 2)


def test_a_large_folder_is_compared_in_windows(server: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However wide the UIDs lie apart, and no further than the cursor."""
    monkeypatch.setattr(imap_intake, "_WIDEST", 3)
    monkeypatch.setattr(imap_intake, "_WINDOW", 2)
    monkeypatch.setattr(imap_intake, "_SIZES_AT_ONCE", 2)
    server.append(*(mail(f"mail-{n}") for n in range(9)), user=user)
    ledger, box = MemoryLedger(), mailbox(server.imap, username=user)
    poller(box, ledger).once()
    assert len(ledger.arrivals) == 9
    del ledger.arrivals[3:5]
    ledger.cursors["main/INBOX"] = replace(ledger.cursors["main/INBOX"], last_uid=8)
    lost = check_mailbox(box, lambda: "secret", ledger, FixedClock(NOW))
    assert [one.uid for one in lost] == [4, 5]


@pytest.mark.fault("B9")
def test_mails_of_before_the_first_start_are_told_to_be_old(server: Dovecot, user: str) -> None:
    """By the time when they came into the mailbox; also those that a crash or a new UIDVALIDITY brings later."""
    start = datetime(2025, 6, 1, 12, 0, 0, 500_000, tzinfo=UTC)  # Dovecot takes no time of the future
    with server.person(user) as client:
        client.append("INBOX", mail("old"), msg_time=start - timedelta(seconds=1))
        client.append("INBOX", mail("now"), msg_time=start.replace(microsecond=0))
    ledger, box, clock = MemoryLedger(), mailbox(server.imap, username=user), FixedClock(start)
    look = lambda: MailboxPoller(box, lambda: "secret", ledger, clock, lambda: 0.5, FAST).once()  # noqa: E731
    look()
    with server.person(user) as client:
        client.append("INBOX", mail("moved in"), msg_time=start - 900 * DAY)
        client.append("INBOX", mail("new"), msg_time=start + DAY)
    look()
    assert [arrival.envelope.backlog for arrival in ledger.arrivals] == [True, False, True, False]
    cursor = ledger.cursors["main/INBOX"]
    assert cursor.began_at == start
    clock.at = start + 30 * DAY
    ledger.cursors["main/INBOX"] = replace(cursor, uidvalidity=1)
    look()
    assert [arrival.envelope.backlog for arrival in ledger.arrivals[4:]] == [True, False, True, False]
    ledger.cursors["main/INBOX"] = Cursor(uidvalidity=cursor.uidvalidity, last_uid=0)
    look()
    assert not any(arrival.envelope.backlog for arrival in ledger.arrivals[8:])


@pytest.mark.fault("B12")
def test_a_large_mail_over_a_line_that_breaks_comes_once_and_piece_by_piece(
    server: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut five times on its way: what has come is not asked for again."""
    monkeypatch.setattr(imap_intake, "LARGE_MAIL", 1 << 20)
    monkeypatch.setattr(imap_intake, "PIECE_BYTES", 1 << 18)
    raw = mail("large", 6 << 20)
    server.append(raw, mail("small"), user=user)
    ledger = MemoryLedger()
    with (
        slow_line(server.imap, cuts=5, after=(1 << 20) + 5_000) as line,
        polling(mailbox(line.port, username=user), ledger),
    ):
        ledger.wait_for(2, 40.0)
    assert [len(arrival.raw) for arrival in ledger.arrivals] == [len(raw), len(mail("small"))]
    assert ledger.arrivals[0].raw == raw
    assert line.cuts == 0
    assert line.carried < len(raw) + 6 * (1 << 18) + 100_000


def test_a_large_mail_that_is_removed_on_its_way_is_no_half_mail(
    server: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody expunges it between two pieces."""
    monkeypatch.setattr(imap_intake, "LARGE_MAIL", 20_000)
    monkeypatch.setattr(imap_intake, "PIECE_BYTES", 10_000)
    server.append(mail("large", 50_000), mail("small"), user=user)
    piece = imap_intake.ImapSession.piece

    def expunged(session: imap_intake.ImapSession, uid: int, start: int, length: int) -> bytes | None:
        if start:
            with server.person(user) as client:
                client.select_folder("INBOX")
                client.delete_messages([uid])
                client.expunge()
        return piece(session, uid, start, length)

    monkeypatch.setattr(imap_intake.ImapSession, "piece", expunged)
    ledger = MemoryLedger()
    poller(mailbox(server.imap, username=user), ledger).once()
    assert (ledger.texts, ledger.cursors["main/INBOX"].last_uid) == ([b"small"], 2)


@pytest.mark.fault("B5")
def test_a_folder_that_goes_is_told_and_read_again_when_it_is_back(server: Dovecot, user: str) -> None:
    """Renamed by a person, with a name beyond ASCII (modified UTF-7), and made anew."""
    with server.person(user) as client:
        client.create_folder("Заявки & жалобы")
    server.append(mail("one"), folder="Заявки & жалобы", user=user)
    ledger = MemoryLedger()
    box = mailbox(server.imap, username=user, folder="Заявки & жалобы", after=After.MOVE, move_to="Готово/2026")
    with polling(box, ledger) as running:
        ledger.wait_for(1)
        eventually(lambda: len(server.flags("Готово/2026", user=user)) == 1)
        with server.person(user) as client:
            client.rename_folder("Заявки & жалобы", "Weg")
        eventually(lambda: "SELECT Заявки" in (running.health.problem or ""))
        with server.person(user) as client:
            client.create_folder("Заявки & жалобы")
        server.append(mail("two"), folder="Заявки & жалобы", user=user)
        assert ledger.wait_for(2) == [b"one", b"two"]
        eventually(lambda: running.health.problem is None)


def test_a_folder_is_read_below_the_prefix_that_the_server_wants() -> None:
    """The settings say Desk/Mail, the server has INBOX.Desk.Mail (RFC 2342)."""
    with dovecot(separator=".", prefix="INBOX.") as prefixed:
        with prefixed.person() as client:
            client.create_folder("INBOX.Desk.Mail")
        prefixed.append(mail("one"), folder="INBOX.Desk.Mail")
        ledger = MemoryLedger()
        one = poller(mailbox(prefixed.imap, folder="Desk/Mail"), ledger)
        assert (one.once(), one.once(), ledger.texts) == (1, 0, [b"one"])
        with pytest.raises(Exception, match="SELECT Gone"):
            poller(mailbox(prefixed.imap, folder="Gone"), ledger).once()


@pytest.mark.fault("B10")
def test_a_mailbox_that_is_full_is_read_all_the_same() -> None:
    """Copying into another folder goes over the quota: nothing is deleted for it, and people are told."""
    quota = "mail_plugins = quota\nplugin {\n quota = maildir:User quota\n quota_rule = *:storage=%s\n}\n"
    poor = "imap_capability = IMAP4rev1 UIDPLUS\n"
    with dovecot(poor + quota % "20K") as full:
        with full.person() as client:
            client.create_folder("Done")
        full.append(mail("one", 12_000))
        ledger = MemoryLedger()
        one = poller(mailbox(full.imap, after=After.MOVE, move_to="Done"), ledger)
        assert one.once() == 1
        assert "not marked" in (one.health.problem or "")
        assert full.flags() == {1: set()}


@pytest.mark.fault("B4")
def test_the_server_s_session_dies_between_commit_and_mark(server: Dovecot, user: str) -> None:
    """The mark is made up for by the next connection, the mail is taken once."""
    server.append(mail("one"), user=user)
    ledger, killed = MemoryLedger(), threading.Event()

    def kill() -> None:
        ledger.after_commit = lambda: None
        server.kill_sessions()
        killed.set()

    ledger.after_commit = kill
    with polling(mailbox(server.imap, username=user, after=After.FLAG), ledger):
        assert killed.wait(40)  # a session of the test's own would die, too
        eventually(lambda: server.flags(user=user) == {1: {b"$MaildDone"}})
    assert ledger.texts == [b"one"]


@pytest.mark.fault("B10")
def test_a_server_that_lets_nobody_in_for_a_while_is_not_stormed(server: Dovecot, user: str) -> None:
    """A login that is refused is tried once a minute at most; when it is let in again all is well."""
    words = ["wrong", "wrong", "secret"]
    box, ledger = mailbox(server.imap, username=user), MemoryLedger()
    pace = replace(FAST, login_pause=0.3, longest_pause=0.6)
    running = MailboxPoller(
        box, lambda: words.pop(0) if len(words) > 1 else words[0], ledger, FixedClock(NOW), lambda: 0, pace
    )
    began = time.monotonic()
    running.start()
    try:
        server.append(mail("one"), user=user)
        ledger.wait_for(1)
        assert time.monotonic() - began >= 0.3 + 0.48
        eventually(lambda: running.health.problem is None)
    finally:
        assert running.stop(5.0)


@pytest.mark.fault("B6")
def test_a_second_client_that_moves_reads_and_removes_disturbs_nothing(server: Dovecot, user: str) -> None:
    """While mails come: each that stays is taken once, none is empty, and none is marked as read by us."""
    with server.person(user) as client:
        client.create_folder("Elsewhere")
    ledger = MemoryLedger()
    with polling(mailbox(server.imap, username=user, after=After.FLAG), ledger):
        for number in range(8):
            server.append(*(mail(f"mail-{number}-{n}") for n in range(5)), user=user)
            with server.person(user) as client:
                client.select_folder("INBOX")
                uids = client.search()
                client.add_flags(uids[0], [rb"\Seen"])
                client.move(uids[1], "Elsewhere")
                client.delete_messages([uids[2]])
                client.uid_expunge([uids[2]])
        last = mail("last")
        server.append(last, user=user)
        eventually(lambda: b"last" in ledger.texts)
        eventually(lambda: all(b"$MaildDone" in flags for flags in server.flags(user=user).values()))
    assert len(ledger.texts) == len(set(ledger.texts))
    assert all(arrival.raw.startswith(b"From: ") for arrival in ledger.arrivals)
    with server.person(user) as client:
        client.select_folder("INBOX", readonly=True)
        bodies = [
            told[b"BODY[TEXT]"].split(b"\r\n")[0] for told in client.fetch(client.search(), "BODY.PEEK[TEXT]").values()
        ]
    assert set(bodies) <= set(ledger.texts)


def test_a_connection_that_worked_is_opened_again_soon_however_often_it_breaks(server: Dovecot, user: str) -> None:
    """Only a server that lets nobody work is asked less and less often."""
    pace = replace(FAST, idle=60.0, first_pause=0.1, longest_pause=60.0, longest_pause_known=0.1)
    ledger = MemoryLedger()
    with polling(mailbox(server.imap, username=user), ledger, pace) as running:
        for pauses in range(1, 11):
            eventually(lambda: running.health.connected)
            server.kill_sessions()
            eventually(lambda least=pauses: running._pauses >= least)  # type: ignore[misc]
        server.append(mail("one"), user=user)
        ledger.wait_for(1)
