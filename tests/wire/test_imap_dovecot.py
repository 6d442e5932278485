"""The poller against a real Dovecot."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from dovecot import Dovecot, dovecot
from wire.imap_parts import FAST, NOW, MemoryLedger, eventually, mail, mailbox, poller, polling

from maild.ingest import imap_intake
from maild.ingest.imap_intake import MailboxIntake
from maild.ingest.mailbox import After, Cursor, Mailbox, Security, Start

_numbers = count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    """One server for all tests that leave it alive; each has a user of its own."""
    with dovecot() as running:
        yield running


@pytest.fixture
def user() -> str:
    """A user whom no other test knows."""
    return f"user{next(_numbers)}"


def test_a_mail_comes_byte_by_byte_with_the_envelope_of_its_delivery(server: Dovecot, user: str) -> None:
    """Sender from Return-Path, recipient from Delivered-To, and the source that names it for ever."""
    raw = mail("first") + b"8-bit: \xd1\x8f\xff\r\n.leading dot\r\n"
    server.deliver(raw, user=user)
    ledger = MemoryLedger()
    assert poller(mailbox(server.imap, username=user), ledger).once() == 1
    (arrival,) = ledger.arrivals
    assert arrival.raw.endswith(raw)
    assert (arrival.envelope.sender, arrival.envelope.recipients) == ("ivan@customers.test", (user,))
    assert (arrival.envelope.channel, arrival.envelope.trusted, arrival.received_at) == ("imap", True, NOW)
    uidvalidity = ledger.cursors["main/INBOX"].uidvalidity
    assert arrival.envelope.source == f"main/INBOX/{uidvalidity}/1"
    assert arrival.message_id == "<first@customers.test>"


def test_a_second_look_takes_nothing_again(server: Dovecot, user: str) -> None:
    """Also in a new poller: the cursor lies in the ledger."""
    server.append(mail("one"), mail("two"), user=user)
    ledger, box = MemoryLedger(), mailbox(server.imap, username=user)
    assert [poller(box, ledger).once() for _ in range(2)] == [2, 0]
    server.append(mail("three"), user=user)
    assert poller(box, ledger).once() == 1
    assert ledger.texts == [b"one", b"two", b"three"]


def test_nothing_is_written_on_the_server_when_mail_is_kept(server: Dovecot, user: str) -> None:
    r"""No \Seen, no keyword."""
    server.append(mail("one"), user=user)
    poller(mailbox(server.imap, username=user), MemoryLedger()).once()
    assert server.flags(user=user) == {1: set()}


@pytest.mark.fault("B13")
def test_mails_that_a_person_has_read_or_marked_for_deletion_are_taken(server: Dovecot, user: str) -> None:
    r"""\Seen and \Deleted say nothing about us."""
    server.append(mail("seen"), mail("deleted"), user=user)
    with server.person(user) as client:
        client.select_folder("INBOX")
        client.fetch([1], ["BODY[]"])
        client.delete_messages([2])
    ledger = MemoryLedger()
    poller(mailbox(server.imap, username=user), ledger).once()
    assert ledger.texts == [b"seen", b"deleted"]


@pytest.mark.fault("B6")
def test_mails_that_vanished_before_they_were_fetched_are_no_empty_mails(
    server: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody expunges one between the question for sizes and that for bodies."""
    server.append(mail("one"), mail("two"), mail("three"), user=user)
    fetch = MailboxIntake._fetch

    def expunge_first(*given: Any) -> dict[int, bytes]:
        with server.person(user) as client:
            client.select_folder("INBOX")
            client.delete_messages([2])
            client.expunge()
        return fetch(*given)

    monkeypatch.setattr(MailboxIntake, "_fetch", expunge_first)
    ledger = MemoryLedger()
    assert poller(mailbox(server.imap, username=user), ledger).once() == 2
    assert ledger.texts == [b"one", b"three"]
    assert ledger.cursors["main/INBOX"].last_uid == 3


def test_groups_are_bounded_by_number_and_by_bytes(server: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cursor moves with each of them, and a mail that is larger than a group comes alone."""
    monkeypatch.setattr(imap_intake, "GROUP_MAILS", 4)
    monkeypatch.setattr(imap_intake, "GROUP_BYTES", 50_000)
    sizes = [0] * 6 + [30_000, 30_000, 90_000, 0]
    server.append(*(mail(f"mail-{n}", size) for n, size in enumerate(sizes)), user=user)
    ledger = MemoryLedger()
    poller(mailbox(server.imap, username=user), ledger).once()
    assert ledger.groups == [4, 3, 1, 1, 1]
    assert ledger.texts == [f"mail-{n}".encode() for n in range(10)]


def test_of_a_mail_beyond_all_bounds_the_beginning_is_taken_and_the_rest_stays(
    server: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not deleted, since the server has the only whole copy; a later look leaves it alone too."""
    monkeypatch.setattr(imap_intake, "LARGEST_MAIL", 20_000)
    monkeypatch.setattr(imap_intake, "LARGE_MAIL", 10_000)
    monkeypatch.setattr(imap_intake, "PIECE_BYTES", 7_000)
    server.append(mail("huge", 30_000), mail("small"), user=user)
    ledger, box = MemoryLedger(), mailbox(server.imap, username=user, after=After.DELETE)
    poller(box, ledger).once()
    poller(box, ledger).once()
    assert [len(arrival.raw) for arrival in ledger.arrivals] == [20_000, len(mail("small"))]
    assert set(server.flags(user=user)) == {1}


def test_flag_sets_our_keyword_and_nothing_else(server: Dovecot, user: str) -> None:
    r"""\Seen stays what people made it."""
    server.append(mail("one"), user=user)
    poller(mailbox(server.imap, username=user, after=After.FLAG), MemoryLedger()).once()
    assert server.flags(user=user) == {1: {b"$MaildDone"}}


def test_move_puts_mails_into_a_folder_that_is_made_if_need_be(server: Dovecot, user: str) -> None:
    """After the commit, by MOVE."""
    server.append(mail("one"), mail("two"), user=user)
    box = mailbox(server.imap, username=user, after=After.MOVE, move_to="Done/2026")
    poller(box, MemoryLedger()).once()
    assert (server.flags(user=user), len(server.flags("Done/2026", user=user))) == ({}, 2)


def test_delete_removes_what_is_ours_and_leaves_what_others_have_marked(server: Dovecot, user: str) -> None:
    """UID EXPUNGE, never EXPUNGE."""
    server.append(mail("old"), user=user)
    with server.person(user) as client:
        client.select_folder("INBOX")
        client.delete_messages([1])
    ledger = MemoryLedger()
    box = mailbox(server.imap, username=user, after=After.DELETE, start=Start.NEW)
    assert poller(box, ledger).once() == 0
    server.append(mail("new"), user=user)
    assert poller(box, ledger).once() == 1
    assert server.flags(user=user) == {1: {rb"\Deleted"}}


@pytest.mark.fault("B10")
def test_a_folder_that_can_only_be_read_is_taken_and_the_trouble_is_told(server: Dovecot, user: str) -> None:
    """Access rights in the file system stand for those of a server."""
    server.append(mail("one"), user=user)
    (server.folder / "mail" / user / "Maildir" / "dovecot-acl").write_text(f"user={user} lr\n")
    ledger = MemoryLedger()
    with dovecot(
        f"mail_plugins = acl\nplugin {{\nacl = vfile\n}}\nmail_location = maildir:{server.folder}/mail/%u/Maildir"
    ) as strict:
        one = poller(mailbox(strict.imap, username=user, after=After.FLAG), ledger)
        assert one.once() == 1
    assert "can only be read" in (one.health.problem or "")


@pytest.mark.fault("B4")
def test_a_crash_between_commit_and_mark_is_mended_by_the_next_connection(server: Dovecot, user: str) -> None:
    """Nothing is taken twice, and what was committed is moved after all; mails of before the start stay."""
    server.append(mail("older"), user=user)
    ledger = MemoryLedger()
    box = mailbox(server.imap, username=user, after=After.MOVE, move_to="Done", start=Start.NEW)
    poller(box, ledger).once()
    server.append(mail("one"), mail("two"), user=user)

    def crash() -> None:
        raise KeyboardInterrupt

    ledger.after_commit = crash
    with pytest.raises(KeyboardInterrupt):
        poller(box, ledger).once()
    assert set(server.flags(user=user)) == {1, 2, 3}
    ledger.after_commit = lambda: None
    assert poller(box, ledger).once() == 0
    assert (set(server.flags(user=user)), len(server.flags("Done", user=user))) == ({1}, 2)
    assert ledger.texts == [b"one", b"two"]


def test_a_ledger_in_trouble_costs_neither_a_mail_nor_a_mark(server: Dovecot, user: str) -> None:
    """What was not committed is not marked, and comes again."""
    server.append(mail("one"), mail("two"), user=user)
    ledger = MemoryLedger()
    ledger.cursors["main/INBOX"] = Cursor(uidvalidity=1, last_uid=7)
    ledger.trouble = [OSError("database is locked")] * 2
    box = mailbox(server.imap, username=user, after=After.DELETE)
    for _ in range(2):
        with pytest.raises(OSError, match="locked"):
            poller(box, ledger).once()
    assert set(server.flags(user=user)) == {1, 2}
    assert poller(box, ledger).once() == 2
    assert server.flags(user=user) == {}


@pytest.mark.fault("B5")
def test_a_new_uidvalidity_makes_all_mails_be_looked_at_again(server: Dovecot, user: str) -> None:
    """The folder was removed and made again with the same mails and one more; old UIDs mean nothing."""
    with server.person(user) as client:
        client.create_folder("Desk")
    server.append(mail("one"), mail("two"), folder="Desk", user=user)
    ledger, box = MemoryLedger(), mailbox(server.imap, username=user, folder="Desk", start=Start.NEW)
    ledger.cursors["main/Desk"] = Cursor(uidvalidity=1, last_uid=0)
    poller(box, ledger).once()
    before = ledger.cursors["main/Desk"].uidvalidity
    with server.person(user) as client:
        client.delete_folder("Desk")
        client.create_folder("Desk")
    server.append(mail("one"), mail("two"), mail("three"), folder="Desk", user=user)
    assert poller(box, ledger).once() == 3
    assert ledger.texts == [b"one", b"two", b"one", b"two", b"three"]
    assert ledger.cursors["main/Desk"].uidvalidity != before
    digests = [arrival.digest for arrival in ledger.arrivals]
    assert digests[:2] == digests[2:4]


@pytest.mark.fault("B9")
def test_a_mailbox_may_begin_with_what_comes_from_now_on(server: Dovecot, user: str) -> None:
    """Old mails are neither taken nor marked; an empty mailbox begins at zero."""
    server.append(mail("old"), user=user)
    ledger, box = MemoryLedger(), mailbox(server.imap, username=user, start=Start.NEW, after=After.FLAG)
    assert poller(box, ledger).once() == 0
    server.append(mail("new"), user=user)
    assert poller(box, ledger).once() == 1
    assert (ledger.texts, server.flags(user=user)) == ([b"new"], {1: set(), 2: {b"$MaildDone"}})


def test_two_folders_of_one_account_have_cursors_of_their_own(server: Dovecot, user: str) -> None:
    """Dovecot gives folders of the same second the same UIDVALIDITY."""
    ledger = MemoryLedger()
    with server.person(user) as client:
        client.create_folder("A")
        client.create_folder("B")
    server.append(mail("a"), folder="A", user=user)
    server.append(mail("b"), folder="B", user=user)
    for folder in ("A", "B"):
        poller(mailbox(server.imap, username=user, folder=folder), ledger).once()
    assert ledger.texts == [b"a", b"b"]


def test_new_mail_comes_within_two_seconds_while_the_server_is_listened_to(server: Dovecot, user: str) -> None:
    """IDLE, with a longest wait of a minute; the quickest of three, for the machine may be busy."""
    ledger, waits = MemoryLedger(), list[float]()
    pace = replace(FAST, idle=60.0)
    with polling(mailbox(server.imap, username=user), ledger, pace) as running:
        eventually(lambda: running.health.connected)
        for number in range(1, 4):
            began = time.monotonic()
            server.deliver(mail(f"mail-{number}"), user=user)
            ledger.wait_for(number)
            waits.append(time.monotonic() - began)
    assert min(waits) < 2.0
    assert (running.health.taken, running.health.problem) == (3, None)


def test_mail_that_comes_while_others_are_moved_is_not_waited_for(server: Dovecot, user: str) -> None:
    """The server tells of it in its answer to MOVE, and never again in IDLE."""
    with server.person(user) as client:
        client.create_folder("Done")
    ledger = MemoryLedger()
    late = [mail("late")]
    ledger.after_commit = lambda: server.append(late.pop(), user=user) if late else None
    box = mailbox(server.imap, username=user, after=After.MOVE, move_to="Done")
    server.deliver(mail("first"), user=user)
    with polling(box, ledger, replace(FAST, idle=60.0, first_idle=60.0)):
        ledger.wait_for(2)


def test_stopping_ends_the_wait_for_the_server_at_once(server: Dovecot, user: str) -> None:
    """Also in the middle of a minute of IDLE."""
    patient = replace(FAST, idle=60.0, first_idle=60.0, timeouts=replace(FAST.timeouts, read=60.0))
    running = poller(mailbox(server.imap, username=user), MemoryLedger(), patient)
    running.start()
    eventually(lambda: running.health.connected)
    began = time.monotonic()
    assert running.stop(40.0)
    assert time.monotonic() - began < 20.0
    assert running.stop(5.0)


@pytest.mark.fault("B7")
def test_the_capabilities_of_poor_servers_are_enough() -> None:
    """No IDLE, no MOVE, no UIDPLUS, no NAMESPACE: polled, copied, marked as deleted and left."""
    with dovecot("imap_capability = IMAP4rev1 LITERAL+") as poor:
        ledger = MemoryLedger()
        box = mailbox(poor.imap, after=After.MOVE, move_to="Done", poll=timedelta(seconds=0.2))
        with polling(box, ledger) as running:
            poor.append(mail("one"))
            ledger.wait_for(1)
            poor.append(mail("two"))
            ledger.wait_for(2)
            eventually(lambda: len(poor.flags("Done")) == 2)
            eventually(lambda: poor.flags() == {1: {rb"\Deleted"}, 2: {rb"\Deleted"}})
            assert running.health.problem is None
        assert poller(box, ledger).once() == 0
        assert len(poor.flags("Done")) == 2


def test_a_folder_is_found_below_the_prefix_that_the_server_wants() -> None:
    """Courier's way: everything lies below "INBOX." (RFC 2342)."""
    with dovecot(separator=".", prefix="INBOX.") as prefixed:
        prefixed.append(mail("one"))
        poller(mailbox(prefixed.imap, after=After.MOVE, move_to="Done/Old"), MemoryLedger()).once()
        assert len(prefixed.flags("INBOX.Done.Old")) == 1


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_tls_works_with_a_certificate_that_holds(server: Dovecot, user: str, security: Security) -> None:
    """From the first byte, or by STARTTLS."""
    server.append(mail("one"), user=user)
    port = server.imaps if security is Security.TLS else server.imap
    box = mailbox(port, username=user, security=security, ca_file=str(server.ca_file))
    assert poller(box, MemoryLedger()).once() == 1


def test_new_mail_is_heard_through_tls(server: Dovecot, user: str) -> None:
    """IDLE over an encrypted connection."""
    box = mailbox(server.imaps, username=user, security=Security.TLS, ca_file=str(server.ca_file))
    ledger = MemoryLedger()
    with polling(box, ledger, replace(FAST, idle=60.0)) as running:
        eventually(lambda: running.health.connected)
        time.sleep(0.3)
        server.append(mail("one"), user=user)
        ledger.wait_for(1)


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
@pytest.mark.fault("B14")
def test_no_password_is_sent_to_a_server_whose_certificate_nobody_vouches_for(
    server: Dovecot, user: str, security: Security
) -> None:
    """Its log knows of no login."""
    port = server.imaps if security is Security.TLS else server.imap
    box = mailbox(port, username=user, security=security)
    with pytest.raises(Exception, match="certificate verify failed"):
        poller(box, MemoryLedger()).once()
    assert user not in (server.folder / "dovecot.log").read_text()


@pytest.mark.fault("B10")
def test_a_wrong_password_is_tried_once_and_then_not_for_a_minute(server: Dovecot, user: str) -> None:
    """Servers lock accounts that try more often."""
    with polling(mailbox(server.imap, username=user), MemoryLedger(), password="wrong") as running:
        eventually(lambda: running.health.problem is not None)
        time.sleep(0.3)
    assert "LOGIN" in (running.health.problem or "")
    assert "wrong" not in (running.health.problem or "")
    tries = lambda: (server.folder / "dovecot.log").read_text().count(f"user=<{user}>")  # noqa: E731
    eventually(lambda: tries() > 0)
    assert tries() == 1


def test_names_and_passwords_of_any_characters_reach_the_server(server: Dovecot) -> None:
    """LOGIN cannot carry them, so another way is taken."""
    user = 'Иван "the" (desk)'
    with pytest.raises(Exception, match="LOGIN") as caught:
        poller(mailbox(server.imap, username=user), MemoryLedger(), password="пароль").once()
    assert type(caught.value).__name__ == "LoginRefused"


@pytest.mark.fault("B2")
def test_killed_sessions_are_opened_again_and_no_mail_is_lost(server: Dovecot, user: str) -> None:
    """The server's session process is killed in IDLE, again and again; mail comes meanwhile."""
    ledger = MemoryLedger()
    with polling(mailbox(server.imap, username=user), ledger, replace(FAST, idle=60.0)) as running:
        for number in range(1, 4):
            eventually(lambda: running.health.connected)
            time.sleep(0.1)
            server.kill_sessions()
            server.append(mail(f"mail-{number}"), user=user)
            ledger.wait_for(number)
    assert ledger.texts == [b"mail-1", b"mail-2", b"mail-3"]


@pytest.mark.fault("B3")
def test_a_server_that_stops_answering_is_given_up_after_the_time_out_and_found_again() -> None:
    """Half-open: the processes stand still, the connection lives; the longest wait is short here."""
    with dovecot() as frozen:
        ledger = MemoryLedger()
        pace = replace(FAST, idle=0.3, timeouts=replace(FAST.timeouts, connect=0.5, read=0.5))
        with polling(mailbox(frozen.imap), ledger, pace) as running:
            eventually(lambda: running.health.connected)
            frozen.signal_all(signal.SIGSTOP)
            eventually(lambda: running.health.problem is not None)
            assert running.health.failing_since == NOW
            frozen.signal_all(signal.SIGCONT)
            frozen.append(mail("one"))
            ledger.wait_for(1)
            eventually(lambda: running.health.problem is None)
            assert running.health.failing_since is None


def test_a_mailbox_of_another_box_is_a_mistake() -> None:
    """Moving needs a folder, and a folder needs moving."""
    for changes in ({"after": After.MOVE}, {"move_to": "Done"}):
        with pytest.raises(ValueError, match="belong together"):
            Mailbox(name="main", host="mail.test", username="help", **changes)  # type: ignore[arg-type]
