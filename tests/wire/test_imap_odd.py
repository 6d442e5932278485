"""The poller against servers that behave as real ones do on bad days, and against hostile ones."""

from __future__ import annotations

import threading
import time
import tracemalloc
from dataclasses import replace
from datetime import timedelta

import pytest
from wire.imap_parts import FAST, MemoryLedger, eventually, mail, mailbox, poller, polling
from wire.odd_imap import Connection, OddImap, idle, odd_imap, uids_of

from maild.ingest.imap_session import CommandRefused, ConnectionLost, ImapSession, Timeouts
from maild.ingest.mailbox import After, Cursor, Security

LONG = replace(FAST, idle=60.0)


def arrives(server: OddImap, text: str) -> int:
    """One mail more on the server; its UID."""
    uid = max(server.mails, default=0) + 1
    server.mails[uid] = mail(text)
    return uid


def test_an_event_glued_to_the_first_answer_of_idle_costs_one_wait_and_no_mail() -> None:
    """It is never seen by who looks at the socket, so the folder is searched after each wait anyway."""
    with odd_imap() as server:

        def glued(connection: Connection, tag: str, args: str) -> None:
            if not server.mails:
                connection.say(f"+ idling\r\n* {arrives(server, 'one')} EXISTS\r\n")
            else:
                connection.say("+ idling\r\n")
            if connection.read() == "DONE":
                connection.say(f"{tag} OK done\r\n")

        server.handlers["IDLE"] = glued
        ledger = MemoryLedger()
        with polling(mailbox(server.port), ledger, replace(FAST, idle=0.5)) as running:
            ledger.wait_for(1)
            assert running.health.problem is None


def test_an_event_in_two_pieces_is_an_event() -> None:
    """The second half of the line comes later; the connection goes on."""
    with odd_imap() as server:

        def split(connection: Connection, tag: str, args: str) -> None:
            connection.say("+ idling\r\n")
            if not server.mails:
                uid = arrives(server, "one")
                time.sleep(0.1)
                connection.say(f"* {uid} EX")
                time.sleep(0.1)
                connection.say("ISTS\r\n")
            if connection.read() == "DONE":
                connection.say(f"{tag} OK done\r\n")

        server.handlers["IDLE"] = split
        ledger = MemoryLedger()
        with polling(mailbox(server.port), ledger, LONG):
            ledger.wait_for(1)
        assert len(server.connections) == 1


@pytest.mark.fault("B2")
def test_a_server_that_hangs_up_in_idle_does_not_make_the_worker_spin() -> None:
    """It connects again, each time after a pause."""
    with odd_imap() as server:

        def hang_up(connection: Connection, tag: str, args: str) -> None:
            connection.say("+ idling\r\n")
            connection.close()

        server.handlers["IDLE"] = hang_up
        with polling(mailbox(server.port), MemoryLedger(), replace(LONG, first_pause=0.2)):
            eventually(lambda: len(server.connections) >= 2)
            began, worked, connections = time.monotonic(), time.process_time(), len(server.connections)
            eventually(lambda: len(server.connections) >= connections + 3)
            took, used = time.monotonic() - began, time.process_time() - worked
    # Two pauses at least lie between three connections. Who spins, works as long as it takes.
    assert (used < took / 2, took > 0.3) == (True, True)


def test_a_server_that_talks_without_end_is_listened_to_less_often() -> None:
    """Flags that other people change are no mail; a mail behind the talk still comes."""
    with odd_imap() as server:

        def chatter(connection: Connection, tag: str, args: str) -> None:
            connection.say("+ idling\r\n* 1 FETCH (FLAGS (\\Seen))\r\n")
            time.sleep(0.01)
            connection.say("* 2 FETCH (FLAGS (\\Seen))\r\n")
            if connection.read() == "DONE":
                connection.say(f"{tag} OK done\r\n")

        server.handlers["IDLE"] = chatter
        ledger = MemoryLedger()
        with polling(mailbox(server.port), ledger, LONG):
            eventually(lambda: len(server.said("IDLE")) >= 2)
            time.sleep(0.7)
            assert len(server.said("IDLE")) <= 7
            arrives(server, "one")
            ledger.wait_for(1)


@pytest.mark.parametrize("answer", ["NO not now", "BAD what"])
@pytest.mark.fault("B7")
def test_a_server_that_refuses_idle_is_polled(answer: str) -> None:
    """After a few tries nothing is asked of it that it cannot do."""
    with odd_imap() as server:
        server.handlers["IDLE"] = lambda connection, tag, args: connection.say(f"{tag} {answer}\r\n")
        ledger = MemoryLedger()
        with polling(mailbox(server.port, poll=timedelta(seconds=0.05)), ledger):
            eventually(lambda: len(server.said("EXAMINE")) > 5)
            arrives(server, "one")
            ledger.wait_for(1)
        assert len(server.said("IDLE")) == 3


@pytest.mark.fault("B9")
def test_a_folder_of_two_hundred_thousand_mails_is_searched_in_windows() -> None:
    """No answer comes near the million bytes that the standard library reads, and ALL is never asked."""
    with odd_imap(dict.fromkeys(range(1, 200_001), b"")) as server:
        answers = []

        def search(connection: Connection, tag: str, args: str) -> None:
            text = " ".join(map(str, uids_of(server, args.split()[1])))
            answers.append(len(text))
            connection.say(f"* SEARCH {text}\r\n{tag} OK done\r\n")

        server.handlers["SEARCH"] = search
        ledger = MemoryLedger()
        one = poller(mailbox(server.port), ledger)
        taken = one._intake.round
        with ImapSession.open(mailbox(server.port), "secret", Timeouts()) as session:
            taken(session, lambda: len(ledger.arrivals) >= 5_500)
    assert len(ledger.arrivals) == 5_500
    assert (max(answers) < 100_000, server.said("ALL")) == (True, [])
    assert ledger.cursors["main/INBOX"].last_uid == 5_500


def test_sparse_numbers_are_searched_in_growing_windows() -> None:
    """60,000 old mails at the beginning, one at two million."""
    with odd_imap({**dict.fromkeys(range(1, 60_001), b""), 2_000_000: mail("far")}) as server:
        ledger = MemoryLedger()
        ledger.cursors["main/INBOX"] = Cursor(uidvalidity=7, last_uid=60_000)
        assert poller(mailbox(server.port), ledger).once() == 1
        assert len(server.said("SEARCH")) < 60
    assert ledger.texts == [b"far"]


def test_a_server_that_foretells_no_uid_is_read_to_its_end() -> None:
    """UIDNEXT is missing, and the last mail is answered again and again (RFC 3501, 6.4.8)."""
    with odd_imap({5: mail("one"), 9: mail("two")}) as server:
        server.uidnext = False
        ledger, box = MemoryLedger(), mailbox(server.port)
        assert [poller(box, ledger).once() for _ in range(2)] == [2, 0]
    assert ledger.texts == [b"one", b"two"]


@pytest.mark.parametrize(
    "answer", ["* CAPABILITY IMAP4rev1\r\n{tag} OK done\r\n", "* CAPABILITY IMAP4rev1 STARTTLS\r\n{tag} OK done\r\n"]
)
@pytest.mark.fault("B14")
def test_no_password_is_sent_when_starttls_is_missing_or_refused(answer: str) -> None:
    """Somebody on the way may have stripped it."""
    with odd_imap() as server:
        server.handlers["CAPABILITY"] = lambda connection, tag, args: connection.say(answer.format(tag=tag))
        server.handlers["STARTTLS"] = lambda connection, tag, args: connection.say(f"{tag} NO not today\r\n")
        with pytest.raises(CommandRefused):
            poller(mailbox(server.port, security=Security.STARTTLS), MemoryLedger()).once()
        assert (server.said("LOGIN"), server.said("AUTHENTICATE")) == ([], [])


@pytest.mark.fault("B14")
def test_no_password_is_sent_to_a_server_that_says_one_is_logged_in_already() -> None:
    """PREAUTH before STARTTLS is an old trick to keep a client in the clear."""
    with odd_imap() as server:
        server.greeting = "* PREAUTH welcome\r\n"
        server.capabilities = "IMAP4rev1 STARTTLS"
        with pytest.raises((CommandRefused, ConnectionLost)):
            poller(mailbox(server.port, security=Security.STARTTLS), MemoryLedger()).once()
        assert server.said("LOGIN") == []


@pytest.mark.parametrize(
    "answer",
    [
        "* 1 FETCH (UID 1 BODY[] {2000000000}\r\nonly this",
        "* 1 FETCH (UID 1 BODY[] {5}\r\nlonger than five)\r\n",
        "* 1 FETCH (UID 1 BODY[] {500}\r\nshorter)\r\n{tag} OK done\r\n",
        "garbage\r\n",
        "* 1 FETCH (UID one BODY[] NIL)\r\n{tag} OK done\r\n",
        "* 1 FETCH (UID 1 BODY[]\r\n{tag} OK done\r\n",
        "* " + "x" * 1_100_000,
    ],
)
@pytest.mark.fault("B11")
def test_answers_that_make_no_sense_cost_the_connection_and_nothing_else(answer: str) -> None:
    """Neither a mail, nor memory, nor the worker; once the server is sane again all is taken."""
    with odd_imap({1: mail("one")}) as server:
        sane = server.handlers["FETCH"]

        def odd(connection: Connection, tag: str, args: str) -> None:
            if "SIZE" in args:
                sane(connection, tag, args)
            else:
                connection.say(answer.replace("{tag}", tag))
                connection.close()

        server.handlers["FETCH"] = odd
        ledger = MemoryLedger()
        tracemalloc.start()
        with polling(mailbox(server.port), ledger) as running:
            eventually(lambda: "FETCH" in (running.health.problem or ""))
            assert tracemalloc.get_traced_memory()[1] < 20_000_000
            tracemalloc.stop()
            assert ledger.arrivals == []
            server.handlers["FETCH"] = sane
            ledger.wait_for(1)
    assert ledger.texts == [b"one"]


@pytest.mark.fault("B11")
def test_an_announced_flood_ends_the_connection_before_it_is_read() -> None:
    """Two gigabytes for a mail of a hundred bytes."""
    with odd_imap({1: mail("one")}) as server:
        sane = server.handlers["FETCH"]

        def flood(connection: Connection, tag: str, args: str) -> None:
            if "SIZE" in args:
                sane(connection, tag, args)
                return
            connection.say("* 1 FETCH (UID 1 BODY[] {2000000000}\r\n")
            for _ in range(1000):
                connection.say(b"x" * 65536)

        server.handlers["FETCH"] = flood
        with pytest.raises(ConnectionLost, match="2000000000 bytes, far more"):
            poller(mailbox(server.port), MemoryLedger()).once()


@pytest.mark.fault("B8")
def test_a_mail_that_is_there_but_never_given_is_passed_after_three_tries() -> None:
    """The others do not wait for it for ever, and none of them is taken twice."""
    with odd_imap({1: mail("one"), 2: None, 3: mail("three")}) as server:
        ledger = MemoryLedger()
        with polling(mailbox(server.port), ledger):
            ledger.wait_for(2)
        assert len(server.connections) == 3
    assert ledger.texts == [b"one", b"three"]
    assert ledger.cursors["main/INBOX"].last_uid == 3


@pytest.mark.fault("B8")
def test_one_mail_that_the_server_refuses_does_not_hold_up_its_group() -> None:
    """After a refused group they come one by one."""
    with odd_imap({n: mail(f"mail-{n}") for n in range(1, 6)}) as server:
        sane = server.handlers["FETCH"]

        def refusing(connection: Connection, tag: str, args: str) -> None:
            if "BODY" in args and 3 in uids_of(server, args.split()[0]):
                connection.say(f"{tag} NO [SERVERBUG] cannot read mail 3\r\n")
            else:
                sane(connection, tag, args)

        server.handlers["FETCH"] = refusing
        ledger = MemoryLedger()
        with polling(mailbox(server.port), ledger):
            ledger.wait_for(4)
    assert ledger.texts == [b"mail-1", b"mail-2", b"mail-4", b"mail-5"]


def test_a_mail_that_breaks_the_connection_holds_up_none_but_those_behind_it() -> None:
    """It is never given up, since the network may be to blame; those before it are taken, each once."""
    with odd_imap({n: mail(f"mail-{n}") for n in range(1, 6)}) as server:
        sane = server.handlers["FETCH"]
        broken = [True]

        def breaking(connection: Connection, tag: str, args: str) -> None:
            if broken and "BODY" in args and 3 in uids_of(server, args.split()[0]):
                connection.close()
            else:
                sane(connection, tag, args)

        server.handlers["FETCH"] = breaking
        ledger = MemoryLedger()
        with polling(mailbox(server.port), ledger):
            ledger.wait_for(2)
            eventually(lambda: len(server.connections) > 5)
            assert ledger.texts == [b"mail-1", b"mail-2"]
            broken.clear()
            ledger.wait_for(5)
    assert ledger.texts == [f"mail-{n}".encode() for n in range(1, 6)]


def test_marks_that_are_refused_are_told_and_the_taking_goes_on() -> None:
    """The mailbox may be over its quota."""
    with odd_imap({1: mail("one")}) as server:
        server.handlers["STORE"] = lambda connection, tag, args: connection.say(f"{tag} NO [OVERQUOTA] full\r\n")
        ledger = MemoryLedger()
        with polling(mailbox(server.port, after=After.FLAG), ledger, replace(FAST, idle=0.2)) as running:
            ledger.wait_for(1)
            eventually(lambda: "OVERQUOTA" in (running.health.problem or ""))
            arrives(server, "two")
            ledger.wait_for(2)
        assert len(server.connections) == 1


@pytest.mark.fault("B7")
def test_a_server_that_keeps_no_keywords_is_not_asked_to() -> None:
    r"""PERMANENTFLAGS without \* means that it would drop them silently (RFC 3501, 7.1)."""
    with odd_imap({1: mail("one")}) as server:
        server.handlers["SELECT"] = lambda connection, tag, args: connection.say(
            f"* 1 EXISTS\r\n* OK [UIDVALIDITY 7]\r\n* OK [PERMANENTFLAGS (\\Seen)]\r\n{tag} OK [READ-WRITE] done\r\n"
        )
        assert poller(mailbox(server.port, after=After.FLAG), MemoryLedger()).once() == 1
        assert server.said("STORE") == []


def test_a_folder_without_uidvalidity_is_not_read() -> None:
    """Its mails could not be told apart tomorrow."""
    with odd_imap({1: mail("one")}) as server:
        server.handlers["EXAMINE"] = lambda connection, tag, args: connection.say(f"* 1 EXISTS\r\n{tag} OK done\r\n")
        with pytest.raises(ConnectionLost, match="UIDVALIDITY"):
            poller(mailbox(server.port), MemoryLedger()).once()


def test_a_connection_that_breaks_in_the_login_is_no_wrong_password() -> None:
    """It is tried again soon, not after a minute."""
    with odd_imap({1: mail("one")}) as server:
        login = server.handlers["LOGIN"]
        server.handlers["LOGIN"] = lambda connection, tag, args: connection.close()
        ledger = MemoryLedger()
        with polling(mailbox(server.port), ledger):
            eventually(lambda: len(server.connections) >= 3)
            server.handlers["LOGIN"] = login
            ledger.wait_for(1)


def test_pauses_grow_and_differ_by_chance() -> None:
    """1, 2, 4, 4 tenths of a second, shortened by a fifth."""
    with odd_imap() as server:
        server.greeting = "* BYE go away\r\n"
        pace = replace(FAST, first_pause=0.1, longest_pause=0.4)
        one = poller(mailbox(server.port), MemoryLedger(), pace)
        one._chance = lambda: 0.0
        pauses: list[float] = []
        one._stop.wait = lambda seconds=None: (
            bool(pauses.append(seconds or 0))
            or (  # type: ignore[method-assign]
                one._stop.set() if len(pauses) == 4 else None
            )
            is not None
        )
        one._run()
        assert pauses == pytest.approx([0.08, 0.16, 0.32, 0.32])
        assert "connect" in (one.health.problem or "")


def test_stopping_cuts_a_connection_that_will_not_end() -> None:
    """The server never answers the fetch; the time-out is far away."""
    with odd_imap({1: mail("one")}) as server:
        over = threading.Event()
        server.handlers["FETCH"] = lambda connection, tag, args: over.wait(60) and None
        running = poller(mailbox(server.port), MemoryLedger(), replace(FAST, timeouts=Timeouts(connect=5.0, read=60.0)))
        running.start()
        eventually(lambda: bool(server.said("FETCH")))
        began = time.monotonic()
        # On a busy machine the worker may need a moment more to see that it was cut.
        assert running.stop(0.6) or running.stop(40.0)
        assert time.monotonic() - began < 20.0
        over.set()


def test_the_server_is_asked_nothing_by_sequence_number() -> None:
    """Every command that names mails names their UIDs, and none of them marks a mail as seen."""
    with odd_imap({1: mail("one")}) as server:
        server.handlers["IDLE"] = idle
        poller(mailbox(server.port, after=After.FLAG), MemoryLedger()).once()
        assert [c.split()[0] for c in server.commands] == [
            "CAPABILITY", "LOGIN", "SELECT", "CAPABILITY", "SEARCH", "FETCH", "FETCH", "STORE", "LOGOUT",
        ]  # fmt: skip
        assert server.said("BODY") == ["FETCH 1 (BODY.PEEK[])"]
        assert server.said("STORE") == ["STORE 1 +FLAGS.SILENT ($MaildDone)"]
